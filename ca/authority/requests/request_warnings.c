// Comparing a held request with what the records know of its names, its key and its requester.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "authority/requests/request_warnings.h"

#include <stdarg.h>
#include <string.h>

#include "authority/authority.h"
#include "authority/certificate_text.h"
#include "authority/requests/rule.h"
#include "base/lookalike.h"

// A request with a hundred taken names needs no more to be looked at closely.
#define LIMIT_WARNINGS 16

struct warner {
    struct authority *authority;
    const struct request_record *record;
    struct text_list *warnings;
    int64_t now;
};

static enum result warn(struct warner *warner, struct error *err, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static enum result warn(struct warner *warner, struct error *err, const char *format, ...) {
    if (warner->warnings->count >= LIMIT_WARNINGS) {
        return RESULT_OK;
    }
    AUTO(buf_clear) struct buf text = {0};
    buf_init(&text, LIMIT_LIST_TEXT_BYTES);
    va_list arguments;
    va_start(arguments, format);
    enum result result = buf_vprintf(&text, format, arguments);
    va_end(arguments);
    if (result == RESULT_LIMIT) {
        return RESULT_OK; // of a name as long as a page; the other warnings say enough
    }
    if (result != RESULT_OK ||
        text_list_add(warner->warnings, buf_string(&text)) != RESULT_OK) {
        return error_out_of_memory(err);
    }
    return RESULT_OK;
}

// --- names -----------------------------------------------------------------------------------

// A valid certificate that carries one of the request's names.
static enum result warn_of_owner(void *context, const struct certificate_record *owner,
                                 struct error *err) {
    struct warner *warner = context;
    char serial[CERTIFICATE_SERIAL_TEXT_SIZE];
    serial_text(buf_bytes(&owner->serial), serial);
    const struct request_record *record = warner->record;
    if (owner->id == record->predecessor_id) {
        return RESULT_OK;
    }
    if (!bytes_equal(buf_bytes(&owner->key_hash), buf_bytes(&record->key_hash))) {
        TRY(warn(warner, err,
                 "certificate %s, of another key, has one of these names and is %s", serial,
                 certificate_state_name(owner, warner->now)));
    }
    if (owner->address != NULL && record->address != NULL &&
        strcmp(owner->address, record->address) != 0) {
        TRY(warn(warner, err,
                 "it comes from %s; certificate %s with one of these names was "
                 "requested from %s",
                 record->address, serial, owner->address));
    }
    return RESULT_OK;
}

static enum result warn_of_name(struct warner *warner, const struct name_record *name,
                                enum certificate_state state, struct error *err) {
    const struct certificate_filter filter = {
        .name = {.type = name->type, .value = name->value},
        .state = state,
        .now = warner->now,
        .limit = 1,
    };
    struct list_position next = {0}; // the newest is enough
    return store_list_certificates(warner->authority->store, &filter, warn_of_owner, warner,
                                   &next, err);
}

// Those that expired do not matter; a name whose certificate was taken away does most of all.
static enum result warn_of_names(struct warner *warner, struct error *err) {
    static const enum certificate_state states[] = {CERTIFICATE_VALID, CERTIFICATE_HELD,
                                                    CERTIFICATE_REVOKED};
    for (size_t i = 0; i < warner->record->name_count; i++) {
        for (size_t k = 0; k < sizeof(states) / sizeof(states[0]); k++) {
            TRY(warn_of_name(warner, &warner->record->names[i], states[k], err));
        }
    }
    return RESULT_OK;
}

static enum result warn_of_fewer(struct warner *warner, const struct names *asked,
                                 const struct names *granted, struct error *err) {
    if (granted == NULL || asked->count == 0) {
        return RESULT_OK;
    }
    const struct name *left_out = names_outside(granted, asked);
    if (left_out == NULL) {
        return RESULT_OK;
    }
    return warn(
        warner, err, "it asks for %zu of the %zu names that are granted; %s:%s is left out",
        asked->count, granted->count, name_type_prefix(left_out->type), left_out->value);
}

static enum result warn_of_scripts(struct warner *warner, struct error *err) {
    for (size_t i = 0; i < warner->record->name_count; i++) {
        const struct name_record *name = &warner->record->names[i];
        if (text_mixes_scripts(bytes_of_string(name->value))) {
            TRY(warn(
                warner, err,
                "%s:%s has letters of several scripts: it may be made to look like another "
                "name",
                name->type, name->value));
        }
    }
    return RESULT_OK;
}

// --- key, profile, token ---------------------------------------------------------------------

static enum result warn_of_key_use(void *context, const struct certificate_record *record,
                                   struct error *err) {
    struct warner *warner = context;
    char serial[CERTIFICATE_SERIAL_TEXT_SIZE];
    serial_text(buf_bytes(&record->serial), serial);
    return warn(warner, err, "this key was certified before: %s, which is %s", serial,
                certificate_state_name(record, warner->now));
}

static enum result warn_of_profile(struct warner *warner, struct error *err) {
    const struct request_record *record = warner->record;
    const struct profile *profile =
        profile_find(&warner->authority->config.profiles, record->profile);
    if (profile == NULL) {
        return warn(warner, err, "there is no profile %s any more", record->profile);
    }
    if (!bytes_equal(bytes_of(profile->hash, SHA256_SIZE), buf_bytes(&record->profile_hash))) {
        return warn(warner, err, "profile %s was changed since the request came",
                    record->profile);
    }
    return RESULT_OK;
}

static enum result warn_of_token(struct warner *warner, struct error *err) {
    if (warner->record->token_id.size == 0) {
        return RESULT_OK;
    }
    AUTO(token_record_clear) struct token_record token = {0};
    TRY(store_find_token(warner->authority->store, buf_bytes(&warner->record->token_id), &token,
                         err));
    return token.revoked_at == 0 ? RESULT_OK : warn(warner, err, "its token was revoked");
}

// Why a device that is listed waits all the same.
static enum result warn_of_rule(struct warner *warner, const struct csr *csr,
                                struct error *err) {
    enum rule_standing standing = RULE_STANDING_NONE;
    const struct request_record *record = warner->record;
    if (record->is_granted || record->token_id.size > 0) {
        return RESULT_OK; // did not ask as a listed device
    }
    TRY(rule_standing_of(warner->authority, record->profile, csr, &standing, err));
    if (standing == RULE_STANDING_TAKEN) {
        return warn(warner, err, "this device is listed, but another key has used its rule");
    }
    if (standing == RULE_STANDING_REVOKED) {
        return warn(warner, err,
                    "this device is listed, but a certificate that its rule gave was revoked");
    }
    return RESULT_OK;
}

enum result request_warn(struct authority *authority, const struct request_record *record,
                         const struct csr *csr, const struct names *granted, int64_t now,
                         struct text_list *out_warnings, struct error *err) {
    struct warner warner = {
        .authority = authority, .record = record, .warnings = out_warnings, .now = now};
    TRY(warn_of_profile(&warner, err));
    TRY(warn_of_token(&warner, err));
    TRY(warn_of_rule(&warner, csr, err));
    TRY(warn_of_names(&warner, err));
    TRY(warn_of_scripts(&warner, err));
    TRY(store_each_certificate_of_key(authority->store, buf_bytes(&record->key_hash),
                                      warn_of_key_use, &warner, err));
    return warn_of_fewer(&warner, &csr->names, granted, err);
}
