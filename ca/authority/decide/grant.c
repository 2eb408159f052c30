// Who may ask for a certificate: holders of tokens, of our own and of manufacturers'
// certificates. SPDX-License-Identifier: GPL-3.0-or-later
#include "authority/decide/grant.h"

#include <string.h>

#include "authority/authority.h"
#include "authority/certificate_text.h"
#include "authority/decide/fleet.h"
#include "authority/decide/lineage.h"
#include "authority/peer.h"
#include "authority/decide/token.h"
#include "x509/certificate.h"

void grant_source_clear(struct grant_source *source) {
    token_record_clear(&source->token);
    names_clear(&source->names);
    *source = (struct grant_source){0};
}

// --- refusing --------------------------------------------------------------------------------

static enum result add_who(struct buf *who, const char *text, const char *name) {
    return buf_printf(who, "%s%s%s", who->size == 0 ? "" : ", ", text, name);
}

// "whoever has a token, holders of a certificate of profile client".
static enum result describe_ask(const struct profile_ask *ask, struct buf *who) {
    if ((ask->kinds & ASK_TOKEN) != 0) {
        TRY(add_who(who, "whoever has a token", ""));
    }
    if ((ask->kinds & ASK_HOLDERS) != 0) {
        TRY(add_who(who, "holders of a certificate of profile ", ask->holders));
    }
    if ((ask->kinds & ASK_MANUFACTURER) != 0) {
        TRY(add_who(who, "devices with a certificate of manufacturer ", ask->manufacturer));
    }
    if ((ask->kinds & ASK_ANYONE) != 0) {
        TRY(add_who(who, "anyone, held for approval", ""));
    }
    return RESULT_OK;
}

static enum result deny(const struct profile *profile, const char *what, const char *field,
                        struct error *err) {
    AUTO(buf_clear) struct buf who = {0};
    buf_init(&who, 400);
    TRY(describe_ask(&profile->ask, &who));
    (void)error_set_code(err, RESULT_DENIED, "ask_denied",
                         "profile %s is not for %s: it may be asked for by %s", profile->name,
                         what, buf_string(&who));
    error_field(err, field);
    error_hint(err, "Ask an administrator for a token, or for another profile.");
    return RESULT_DENIED;
}

// --- tokens ----------------------------------------------------------------------------------

static enum result find_token(struct authority *authority, struct peer *peer,
                              const struct enroll *request, struct grant_source *source,
                              struct error *err) {
    TRY(token_authenticate(authority, request->token, &source->token, err));
    char id_text[TOKEN_ID_TEXT_SIZE];
    token_id_text(buf_bytes(&source->token.id), id_text);
    peer_set_actor(peer, "token", id_text);
    TRY(authority_find_token_profile(authority, source->token.profile, &source->profile, err));
    if (request->profile != NULL && strcmp(request->profile, source->profile->name) != 0) {
        (void)error_set_code(err, RESULT_DENIED, "ask_denied",
                             "the token is for profile %s, not for %.64s",
                             source->profile->name, request->profile);
        error_field(err, "profile");
        error_hint(err, "Leave the profile out, or ask for a token of that profile.");
        return RESULT_DENIED;
    }
    source->kind = ASK_TOKEN;
    return (source->profile->ask.kinds & ASK_TOKEN) != 0
               ? RESULT_OK
               : deny(source->profile, "tokens any more", "token", err);
}

// --- certificates of our own -----------------------------------------------------------------

// Those of its names that certificates of the wanted profile may carry at all.
static enum result take_fitting(const struct certificate_record *record,
                                const struct profile *profile, struct names *names,
                                struct error *err) {
    AUTO(names_clear) struct names all = {0};
    TRY(name_records_read(record->names, record->name_count, &all, err));
    for (size_t i = 0; i < all.count; i++) {
        const struct name *name = &all.items[i];
        if (profile->names[name->type].maximum > 0) {
            TRY(names_add(names, name->type, bytes_of_string(name->value), err));
        }
    }
    return RESULT_OK;
}

static enum result find_holder(struct authority *authority, struct peer *peer, int64_t now,
                               struct grant_source *source, struct error *err) {
    TRY(peer_identify(authority, peer->shown, now, peer, err));
    const struct profile *profile = source->profile;
    const char *held = peer->certificate.profile;
    if (profile_is_internal_name(held) || strcmp(held, profile->ask.holders) != 0) {
        AUTO(buf_clear) struct buf what = {0};
        buf_init(&what, 200);
        TRY(buf_printf(&what, "holders of a certificate of profile %s", held));
        return deny(profile, buf_string(&what), "profile", err);
    }
    TRY(lineage_check_good(authority, &peer->certificate, err));
    TRY(take_fitting(&peer->certificate, profile, &source->names, err));
    source->kind = ASK_HOLDERS;
    source->holder_id = peer->certificate.id;
    return RESULT_OK;
}

// --- certificates of manufacturers (IEEE 802.1AR) --------------------------------------------

static enum result find_device(struct authority *authority, struct peer *peer, int64_t now,
                               struct grant_source *source, struct error *err) {
    const char *name = source->profile->ask.manufacturer;
    const struct manufacturer *manufacturer =
        manufacturer_find(&authority->config.manufacturers, name);
    if (manufacturer == NULL) {
        return error_set(err, RESULT_INTERNAL, "manufacturer %s is not configured", name);
    }
    struct certificate device = {0};
    TRY(certificate_read(peer->shown, &device, err));
    TRY(manufacturer_verify(manufacturer, &device, now, err));
    if (device.is_ca) {
        (void)error_set_code(err, RESULT_DENIED, "manufacturer_unknown",
                             "the certificate is that of a CA of manufacturer %s, not of a "
                             "device",
                             name);
        error_hint(err, "Present the device's own certificate.");
        return RESULT_DENIED;
    }
    peer->is_manufacturers = true;
    peer_set_actor(peer, "manufacturer", name);
    TRY(manufacturer_grant(manufacturer, &device, &source->names, err));
    serial_text(device.serial, source->device);
    source->kind = ASK_MANUFACTURER;
    return RESULT_OK;
}

// --- who it is -------------------------------------------------------------------------------

static bool is_of_ours(const struct error *err) {
    return strcmp(err->code, "certificate_unknown") != 0;
}

// A certificate is judged where the profile wants one: who shows a revoked one is told so, and
// not taken for a stranger.
static enum result find_by_certificate(struct authority *authority, struct peer *peer,
                                       int64_t now, struct grant_source *source,
                                       struct error *err) {
    unsigned kinds = source->profile->ask.kinds;
    if ((kinds & ASK_HOLDERS) != 0) {
        struct error reason = {0};
        enum result result = find_holder(authority, peer, now, source, &reason);
        if (result == RESULT_OK || is_of_ours(&reason) || (kinds & ASK_MANUFACTURER) == 0) {
            if (err != NULL) {
                *err = reason;
            }
            return result;
        }
    }
    return find_device(authority, peer, now, source, err);
}

static enum result find_by_profile(struct authority *authority, struct peer *peer,
                                   const struct enroll *request, int64_t now,
                                   struct grant_source *source, struct error *err) {
    if (request->profile == NULL) {
        (void)error_set_code(err, RESULT_INVALID, "missing_field",
                             "without a token the request says which profile it wants");
        error_field(err, "profile");
        error_hint(err, "Choose one of those that signetctl profile list shows (GET "
                        "/v1/authority), or send a token.");
        return RESULT_INVALID;
    }
    TRY(authority_find_profile(authority, request->profile, &source->profile, err));
    unsigned kinds = source->profile->ask.kinds;
    if (peer->shown.size > 0 && (kinds & (ASK_HOLDERS | ASK_MANUFACTURER)) != 0) {
        return find_by_certificate(authority, peer, now, source, err);
    }
    source->kind = ASK_ANYONE;
    if ((kinds & ASK_ANYONE) != 0) {
        return RESULT_OK;
    }
    return deny(source->profile,
                peer->shown.size > 0 ? "those who show a certificate"
                                     : "those who show nothing",
                "token", err);
}

enum result grant_find_source(struct authority *authority, struct peer *peer,
                              const struct enroll *request, int64_t now,
                              struct grant_source *out_source, struct error *err) {
    AUTO(grant_source_clear) struct grant_source source = {0};
    TRY(request->token != NULL ? find_token(authority, peer, request, &source, err)
                               : find_by_profile(authority, peer, request, now, &source, err));
    *out_source = source;
    source = (struct grant_source){0};
    return RESULT_OK;
}

// --- what it gives ---------------------------------------------------------------------------

enum result grant_names(struct authority *authority, const struct grant_source *source,
                        const struct csr *csr, int64_t now, struct names *out_names,
                        struct error *err) {
    AUTO(names_clear) struct names names = {0};
    const struct token_record *token = &source->token;
    if (source->kind == ASK_TOKEN) {
        TRY(name_records_read(token->names, token->name_count, &names, err));
    } else if (names_copy(&names, &source->names) != RESULT_OK) {
        return error_out_of_memory(err);
    }
    if (token->pattern_count > 0) {
        TRY(fleet_pick(authority, token, csr, now, &names, err));
    }
    names_move(out_names, &names);
    return RESULT_OK;
}
