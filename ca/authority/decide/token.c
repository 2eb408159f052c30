// Enrollment tokens as administrators see them; token_accept.c is the side of the devices.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "authority/decide/token.h"

#include <string.h>

#include "authority/config/address.h"
#include "authority/authority.h"
#include "authority/certificate_text.h"
#include "authority/decide/fleet.h"
#include "authority/peer.h"
#include "authority/decide/policy.h"
#include "base/clock.h"
#include "base/random.h"
#include "base/text.h"

void token_id_text(struct bytes id, char out_text[TOKEN_ID_TEXT_SIZE]) {
    char text[CERTIFICATE_SERIAL_TEXT_SIZE];
    serial_text(bytes_slice(id, 0, TOKEN_ID_SIZE), text);
    memcpy(out_text, text, strlen(text) + 1);
}

static enum result token_id_read(const char *text, uint8_t out_id[TOKEN_ID_SIZE],
                                 struct error *err) {
    AUTO(buf_clear) struct buf id = {0};
    buf_init(&id, TOKEN_ID_SIZE);
    if (text_hex_decode(bytes_of_string(text), &id) != RESULT_OK || id.size != TOKEN_ID_SIZE) {
        (void)error_set_code(err, RESULT_INVALID, "token_id_invalid",
                             "%.40s is not a token id: expected %d hexadecimal digits", text,
                             2 * TOKEN_ID_SIZE);
        error_field(err, "id");
        error_hint(err, "Copy it from the list of tokens.");
        return RESULT_INVALID;
    }
    memcpy(out_id, id.data, TOKEN_ID_SIZE);
    return RESULT_OK;
}

// --- create ----------------------------------------------------------------------------------

static enum result read_names(const struct text_list *texts, struct names *out_names,
                              struct error *err) {
    AUTO(names_clear) struct names names = {0};
    for (size_t i = 0; i < texts->count; i++) {
        enum result result = names_add_text(&names, texts->items[i], err);
        if (result != RESULT_OK) {
            error_field(err, "names");
            return result;
        }
    }
    names_move(out_names, &names);
    return RESULT_OK;
}

// What the token is to grant: names, and patterns that devices pick names within.
struct granting {
    struct names names;
    struct fleet fleet;
};

static void granting_clear(struct granting *granting) {
    names_clear(&granting->names);
    fleet_clear(&granting->fleet);
}

static enum result read_granting(const struct token_create *request, struct granting *granting,
                                 struct error *err) {
    TRY(read_names(&request->names, &granting->names, err));
    TRY(fleet_read(&request->patterns, &granting->fleet, err));
    if (granting->names.count == 0 && granting->fleet.count == 0) {
        (void)error_set_code(err, RESULT_INVALID, "names_missing",
                             "a token grants at least one name or pattern");
        error_field(err, "names");
        error_hint(err, "Write names as type:value, for instance cn:phone-7, and patterns as "
                        "cn:tracker-*.");
        return RESULT_INVALID;
    }
    return RESULT_OK;
}

static enum result check_ask(const struct profile *profile, struct error *err) {
    if ((profile->ask.kinds & ASK_TOKEN) != 0) {
        return RESULT_OK;
    }
    (void)error_set_code(err, RESULT_DENIED, "ask_denied", "profile %s takes no tokens",
                         profile->name);
    error_field(err, "profile");
    error_hint(err, "Choose another profile, or add token to its ask in signetd.conf.");
    return RESULT_DENIED;
}

// Where devices reach this authority, from its configuration.
static enum result fill_address(const struct config *config, struct enrollment_token *token,
                                struct error *err) {
    struct url url = {0};
    enum result result = url_read(config->enroll_url, &url, err);
    if (result != RESULT_OK) {
        error_context(err, "enroll_url");
        return result;
    }
    bool is_ipv6 = strchr(url.host, ':') != NULL;
    AUTO(buf_clear) struct buf host = {0};
    buf_init(&host, sizeof(token->host) - 1);
    if (buf_printf(&host, is_ipv6 ? "[%s]" : "%s", url.host) != RESULT_OK) {
        return error_set(err, RESULT_INVALID, "the host in enroll_url is too long");
    }
    memcpy(token->host, buf_string(&host), host.size + 1);
    token->port = url.port;
    return RESULT_OK;
}

static enum result make_token(const struct authority *authority,
                              struct enrollment_token *out_token, struct error *err) {
    AUTO(enrollment_token_clear) struct enrollment_token token = {0};
    TRY(fill_address(&authority->config, &token, err));
    TRY(random_bytes(token.id, sizeof(token.id), err));
    TRY(random_bytes(token.secret, sizeof(token.secret), err));
    memcpy(token.root_fingerprint, authority->root_fingerprint, SHA256_SIZE);
    *out_token = token;
    return RESULT_OK;
}

static enum result add_token(struct authority *authority, const struct peer *peer,
                             const struct token_create *request,
                             const struct granting *granting,
                             const struct enrollment_token *token, int64_t expires,
                             const struct profile *profile, struct error *err) {
    uint8_t secret_hash[SHA256_SIZE];
    TRY(hash_sha256(bytes_of(token->secret, TOKEN_SECRET_SIZE), secret_hash));
    AUTO(name_records_free_at) struct name_record *name_records = NULL;
    TRY(name_records_borrow(&granting->names, &name_records));
    struct token_record record = {
        .id = {.data = (uint8_t *)(uintptr_t)token->id, .size = TOKEN_ID_SIZE},
        .secret_hash = {.data = secret_hash, .size = SHA256_SIZE},
        .profile = profile->name,
        .names = name_records,
        .name_count = granting->names.count,
        .patterns = (struct name_record *)(uintptr_t)granting->fleet.patterns,
        .pattern_count = granting->fleet.count,
        .uses_allowed = request->uses == 0 ? 1 : request->uses,
        .lifetime = request->lifetime,
        .created = clock_now(),
        .expires = expires,
        .created_by = (char *)(uintptr_t)peer->actor,
        .label = request->label,
    };
    return store_add_token(authority->store, &record, err);
}

// As far as there is room.
static enum result add_texts(struct buf *detail, const char *label,
                             const struct text_list *texts) {
    for (size_t i = 0; i < texts->count; i++) {
        enum result result = buf_printf(detail, "%s%s", i == 0 ? label : ", ", texts->items[i]);
        if (result != RESULT_OK) {
            return result == RESULT_LIMIT ? RESULT_OK : result;
        }
    }
    return RESULT_OK;
}

static enum result record_creation(struct authority *authority, const struct peer *peer,
                                   const struct token_created *created, struct error *err) {
    AUTO(buf_clear) struct buf detail = {0};
    buf_init(&detail, (LIMIT_NAME_BYTES + 16) * 4);
    TRY(buf_printf(&detail, "profile=%s uses=%lld", created->profile,
                   (long long)created->uses));
    TRY(add_texts(&detail, " names=", &created->names));
    TRY(add_texts(&detail, " patterns=", &created->patterns));
    return decision_record(authority, peer, LOG_LEVEL_INFO, "token created", created->id,
                           buf_string(&detail), err);
}

static enum result fill_created(const struct enrollment_token *token,
                                const struct profile *profile, const struct granting *granting,
                                struct token_created *reply) {
    AUTO(buf_clear) struct buf text = {0};
    buf_init_secret(&text, LIMIT_TOKEN_TEXT_BYTES);
    TRY(enrollment_token_format(token, &text));
    TRY(text_set(&reply->token, buf_string(&text)));
    char id[TOKEN_ID_TEXT_SIZE];
    token_id_text(bytes_of(token->id, TOKEN_ID_SIZE), id);
    TRY(text_set(&reply->id, id));
    TRY(text_set(&reply->profile, profile->name));
    AUTO(name_records_free_at) struct name_record *name_records = NULL;
    TRY(name_records_borrow(&granting->names, &name_records));
    TRY(name_records_list(name_records, granting->names.count, &reply->names));
    return name_records_list(granting->fleet.patterns, granting->fleet.count, &reply->patterns);
}

enum result token_create(struct authority *authority, const struct peer *peer,
                         const struct token_create *request, struct token_created *reply,
                         struct error *err) {
    const struct profile *profile = NULL;
    TRY(authority_find_profile(authority, request->profile, &profile, err));
    return token_create_in(authority, peer, profile, request, reply, err);
}

enum result token_create_in(struct authority *authority, const struct peer *peer,
                            const struct profile *profile, const struct token_create *request,
                            struct token_created *reply, struct error *err) {
    TRY(check_ask(profile, err));
    AUTO(granting_clear) struct granting granting = {0};
    TRY(read_granting(request, &granting, err));
    TRY(fleet_check(&granting.fleet, &granting.names, profile, request->lifetime, err));
    AUTO(enrollment_token_clear) struct enrollment_token token = {0};
    TRY(make_token(authority, &token, err));
    int64_t expires_in =
        request->expires_in == 0 ? authority->config.token_lifetime : request->expires_in;
    int64_t expires = clock_now() + expires_in;
    TRY(add_token(authority, peer, request, &granting, &token, expires, profile, err));
    if (fill_created(&token, profile, &granting, reply) != RESULT_OK) {
        return error_out_of_memory(err);
    }
    reply->uses = request->uses == 0 ? 1 : request->uses;
    reply->expires = expires;
    return record_creation(authority, peer, reply, err);
}

// --- list and revoke -------------------------------------------------------------------------

static const struct {
    enum token_state state;
    const char *name;
} token_states[] = {
    {TOKEN_OPEN, "open"},
    {TOKEN_SPENT, "spent"},
    {TOKEN_EXPIRED, "expired"},
    {TOKEN_REVOKED, "revoked"},
};

#define TOKEN_STATE_COUNT (sizeof(token_states) / sizeof(token_states[0]))

static const char *token_state_name(enum token_state state) {
    for (size_t i = 0; i < TOKEN_STATE_COUNT; i++) {
        if (token_states[i].state == state) {
            return token_states[i].name;
        }
    }
    return "unknown";
}

enum result token_state_read(const char *text, enum token_state *out_state, struct error *err) {
    if (text == NULL) {
        *out_state = TOKEN_ANY;
        return RESULT_OK;
    }
    for (size_t i = 0; i < TOKEN_STATE_COUNT; i++) {
        if (strcmp(token_states[i].name, text) == 0) {
            *out_state = token_states[i].state;
            return RESULT_OK;
        }
    }
    (void)error_set_code(err, RESULT_INVALID, "state_unknown", "%.16s is not a state of tokens",
                         text);
    error_field(err, "state");
    error_hint(err, "Use open, spent, expired or revoked.");
    return RESULT_INVALID;
}

enum result token_info_fill(const struct token_record *record, int64_t now,
                            struct token_info *info) {
    char id[TOKEN_ID_TEXT_SIZE];
    token_id_text(buf_bytes(&record->id), id);
    TRY(text_set(&info->id, id));
    TRY(text_set(&info->profile, record->profile));
    TRY(text_set(&info->state, token_state_name(token_record_state(record, now))));
    TRY(name_records_list(record->names, record->name_count, &info->names));
    TRY(name_records_list(record->patterns, record->pattern_count, &info->patterns));
    if (record->created_by != NULL) {
        TRY(text_set(&info->created_by, record->created_by));
    }
    if (record->label != NULL) {
        TRY(text_set(&info->label, record->label));
    }
    info->uses = record->uses_allowed;
    info->used = record->uses_spent;
    info->created = record->created;
    info->expires = record->expires;
    return RESULT_OK;
}

// An invitation decides who administers: that is for owners, as with certificates.
static enum result check_role(const struct peer *peer, const struct token_record *token,
                              struct error *err) {
    if (strcmp(token->profile, PROFILE_ADMIN) != 0 || peer->role == ADMIN_ROLE_OWNER) {
        return RESULT_OK;
    }
    (void)error_set_code(err, RESULT_DENIED, "role_denied",
                         "this token is the invitation of an administrator, which only owners "
                         "revoke");
    error_hint(err, "Ask an owner.");
    return RESULT_DENIED;
}

enum result token_revoke(struct authority *authority, const struct peer *peer,
                         const struct token_revoke *request, struct token_info *reply,
                         struct error *err) {
    uint8_t id[TOKEN_ID_SIZE];
    TRY(token_id_read(request->id, id, err));
    struct bytes id_bytes = bytes_of(id, TOKEN_ID_SIZE);
    AUTO(token_record_clear) struct token_record token = {0};
    enum result result = store_find_token(authority->store, id_bytes, &token, err);
    if (result == RESULT_NOT_FOUND) {
        return error_set_code(err, RESULT_NOT_FOUND, "token_unknown", "there is no token %s",
                              request->id);
    }
    TRY(result);
    TRY(check_role(peer, &token, err));
    if (token.revoked_at != 0) {
        return error_set_code(err, RESULT_CONFLICT, "already_revoked",
                              "token %s is revoked already", request->id);
    }
    int64_t now = clock_now();
    TRY(store_revoke_token(authority->store, id_bytes, now, err));
    token.revoked_at = now;
    if (token_info_fill(&token, now, reply) != RESULT_OK) {
        return error_out_of_memory(err);
    }
    return decision_record(authority, peer, LOG_LEVEL_INFO, "token revoked", reply->id, "",
                           err);
}
