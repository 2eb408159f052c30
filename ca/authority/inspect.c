// What anyone and what administrators may see.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "authority/inspect.h"

#include <string.h>

#include "authority/authority.h"
#include "authority/certificate_text.h"
#include "authority/cursor.h"
#include "base/clock.h"

// --- the authority ---------------------------------------------------------------------------

static enum result fill_profile(const struct profile *profile, struct profile_info *info) {
    TRY(text_set(&info->name, profile->name));
    for (int i = 0; i < KEY_ALGORITHM_COUNT; i++) {
        if (profile->key_algorithms[i]) {
            TRY(text_list_add(&info->key_algorithms,
                              key_algorithm_name((enum key_algorithm)i)));
        }
    }
    for (int i = 0; i < NAME_TYPE_COUNT; i++) {
        if (profile->names[i].maximum > 0) {
            TRY(text_list_add(&info->name_types, name_type_prefix((enum name_type)i)));
        }
    }
    info->lifetime = profile->lifetime_default;
    return RESULT_OK;
}

static enum result fill_authority(const struct authority *authority,
                                  struct authority_info *reply) {
    const struct config *config = &authority->config;
    TRY(text_set(&reply->name, config->name));
    TRY(text_set(&reply->version, SIGNET_VERSION));
    TRY(text_set(&reply->fingerprint, authority->root_fingerprint_text));
    TRY(blob_set(&reply->chain, buf_bytes(&authority->chain)));
    if (authority_has_public_url(authority)) {
        AUTO(buf_clear) struct buf crl_url = {0};
        buf_init(&crl_url, LIMIT_URL_BYTES);
        TRY(config_crl_url(config, authority->issuers.issuing->record.name, &crl_url));
        TRY(text_set(&reply->crl_url, buf_string(&crl_url)));
    }
    for (size_t i = 0; i < config->profiles.count; i++) {
        if (!config->profiles.items[i].is_internal) {
            void *info = NULL;
            TRY(record_add(&reply->profiles, &profile_info_type, &info));
            TRY(fill_profile(&config->profiles.items[i], info));
        }
    }
    return RESULT_OK;
}

enum result inspect_authority(struct authority *authority, const struct peer *peer,
                              const struct nothing *request, struct authority_info *reply,
                              struct error *err) {
    (void)peer;
    (void)request;
    reply->time = clock_now();
    if (fill_authority(authority, reply) != RESULT_OK) {
        return error_out_of_memory(err);
    }
    return RESULT_OK;
}

// --- certificates ----------------------------------------------------------------------------

static enum result read_state(const char *text, enum certificate_state *out_state,
                              struct error *err) {
    static const struct {
        const char *name;
        enum certificate_state state;
    } states[] = {
        {"valid", CERTIFICATE_VALID},
        {"expired", CERTIFICATE_EXPIRED},
        {"revoked", CERTIFICATE_REVOKED},
    };
    if (text == NULL) {
        *out_state = CERTIFICATE_ANY;
        return RESULT_OK;
    }
    for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
        if (strcmp(states[i].name, text) == 0) {
            *out_state = states[i].state;
            return RESULT_OK;
        }
    }
    (void)error_set_code(err, RESULT_INVALID, "state_unknown",
                         "%.16s is not a state of certificates", text);
    error_field(err, "state");
    error_hint(err, "Use valid, expired or revoked.");
    return RESULT_INVALID;
}

// "type:value" with a known type is brought to canonical form; anything else is a bare value
// ("fe80::1" and "https://…" have colons of their own).
static enum result read_name(const char *text, struct names *names,
                             struct certificate_filter *filter, struct error *err) {
    const char *colon = strchr(text, ':');
    char prefix[16] = {0};
    enum name_type type = NAME_CN;
    if (colon != NULL && (size_t)(colon - text) < sizeof(prefix)) {
        memcpy(prefix, text, (size_t)(colon - text));
    }
    if (prefix[0] == '\0' || !name_type_from_prefix(prefix, &type)) {
        filter->name_value = text;
        return RESULT_OK;
    }
    enum result result = names_add_text(names, text, err);
    if (result != RESULT_OK) {
        error_field(err, "name");
        return result;
    }
    filter->name_type = name_type_prefix(type);
    filter->name_value = names->items[0].value;
    return RESULT_OK;
}

struct certificate_listing {
    const struct authority *authority;
    struct certificate_page *page;
    size_t limit;
    int64_t now;
    int64_t last_id;
    bool has_more;
};

static enum result add_to_page(void *context, const struct certificate_record *record,
                               struct error *err) {
    struct certificate_listing *listing = context;
    if (listing->page->certificates.count == listing->limit) {
        listing->has_more = true;
        return RESULT_OK;
    }
    void *info = NULL;
    if (record_add(&listing->page->certificates, &certificate_info_type, &info) != RESULT_OK ||
        certificate_info_fill(listing->authority, record, listing->now, info) != RESULT_OK) {
        return error_out_of_memory(err);
    }
    listing->last_id = record->id;
    return RESULT_OK;
}

enum result inspect_list_certificates(struct authority *authority, const struct peer *peer,
                                      const struct certificate_list *request,
                                      struct certificate_page *reply, struct error *err) {
    (void)peer;
    int64_t now = clock_now();
    struct certificate_filter filter = {.profile = request->profile, .now = now};
    AUTO(names_clear) struct names names = {0};
    if (request->name != NULL) {
        TRY(read_name(request->name, &names, &filter, err));
    }
    TRY(read_state(request->state, &filter.state, err));
    TRY(cursor_read(request->after, &filter.before_id, err));
    filter.expires_before = request->expiring_in == 0 ? 0 : now + request->expiring_in;
    struct certificate_listing listing = {
        .authority = authority,
        .page = reply,
        .limit = cursor_page_size(request->limit),
        .now = now,
    };
    filter.limit = listing.limit + 1; // one more tells whether there is another page
    TRY(store_list_certificates(authority->store, &filter, add_to_page, &listing, err));
    return listing.has_more ? cursor_write(listing.last_id, &reply->next) : RESULT_OK;
}

enum result inspect_find_certificate(struct authority *authority, const char *serial,
                                     struct certificate_record *out_record, struct error *err) {
    uint8_t octets[LIMIT_SERIAL_BYTES];
    size_t size = 0;
    TRY(serial_read(serial, octets, &size, err));
    enum result result = store_find_certificate_by_serial(
        authority->store, bytes_of(octets, size), out_record, err);
    if (result == RESULT_NOT_FOUND) {
        (void)error_set_code(err, RESULT_NOT_FOUND, "certificate_unknown",
                             "this authority has issued no certificate %s", serial);
        error_field(err, "serial");
        error_hint(err, "Find its serial by name in the list of certificates.");
    }
    return result;
}

static enum result fill_shown(struct authority *authority,
                              const struct certificate_record *record,
                              struct certificate_info *reply, struct error *err) {
    TRY(certificate_info_fill(authority, record, clock_now(), reply));
    TRY(blob_set(&reply->certificate, buf_bytes(&record->der)));
    if (record->predecessor_id == 0) {
        return RESULT_OK;
    }
    AUTO(certificate_record_clear) struct certificate_record predecessor = {0};
    TRY(store_find_certificate_by_id(authority->store, record->predecessor_id, &predecessor,
                                     err));
    char serial[CERTIFICATE_SERIAL_TEXT_SIZE];
    serial_text(buf_bytes(&predecessor.serial), serial);
    return text_set(&reply->predecessor, serial);
}

enum result inspect_show_certificate(struct authority *authority, const struct peer *peer,
                                     const struct certificate_show *request,
                                     struct certificate_info *reply, struct error *err) {
    (void)peer;
    AUTO(certificate_record_clear) struct certificate_record record = {0};
    TRY(inspect_find_certificate(authority, request->serial, &record, err));
    return fill_shown(authority, &record, reply, err);
}

// --- CRLs and state --------------------------------------------------------------------------

static enum result add_crls(const struct authority *authority, struct record_list *list) {
    for (size_t i = 0; i < PUBLISHER_ISSUERS; i++) {
        if (authority->publisher.crls[i].number != 0) {
            TRY(published_crl_add(&authority->publisher.crls[i], list));
        }
    }
    return RESULT_OK;
}

enum result inspect_crls(struct authority *authority, const struct peer *peer,
                         const struct nothing *request, struct crl_page *reply,
                         struct error *err) {
    (void)peer;
    (void)request;
    if (add_crls(authority, &reply->crls) != RESULT_OK) {
        return error_out_of_memory(err);
    }
    return RESULT_OK;
}

enum result inspect_status(struct authority *authority, const struct peer *peer,
                           const struct nothing *request, struct status *reply,
                           struct error *err) {
    (void)peer;
    (void)request;
    int64_t now = clock_now();
    TRY(store_count_certificates(authority->store, now, &reply->certificates_valid,
                                 &reply->certificates_expired, &reply->certificates_revoked,
                                 err));
    TRY(store_count_open_tokens(authority->store, now, &reply->tokens_open, err));
    TRY(store_count_held_requests(authority->store, NULL, now, &reply->requests_pending, err));
    reply->started = authority->started;
    reply->time = now;
    reply->issuer_not_after = authority->issuers.issuing->certificate.not_after;
    reply->root_not_after = authority->issuers.root->certificate.not_after;
    reply->gateways = authority->gateways;
    if (text_set(&reply->name, authority->config.name) != RESULT_OK ||
        text_set(&reply->version, SIGNET_VERSION) != RESULT_OK ||
        text_set(&reply->fingerprint, authority->root_fingerprint_text) != RESULT_OK ||
        add_crls(authority, &reply->crls) != RESULT_OK) {
        return error_out_of_memory(err);
    }
    return RESULT_OK;
}
