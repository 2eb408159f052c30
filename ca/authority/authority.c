// What everything in the authority looks up in it, and its transactions.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "authority/authority.h"

#include <string.h>

#include "authority/issuers/issuer_choice.h"
#include "base/text.h"

bool authority_has_public_url(const struct authority *authority) {
    const char *url = authority->config.public_url;
    return url != NULL && url[0] != '\0';
}

const struct issuer *authority_find_issuer(const struct authority *authority, int64_t id) {
    for (size_t i = 0; i < authority->issuers.count; i++) {
        if (authority->issuers.items[i].record.id == id) {
            return &authority->issuers.items[i];
        }
    }
    return NULL;
}

enum result authority_issuer_for(const struct authority *authority,
                                 const struct profile *profile,
                                 const struct issuer **out_issuer, struct error *err) {
    return issuer_set_choose(&authority->issuers, profile, out_issuer, err);
}

static void suggest_profile(const struct profile_list *profiles, const char *name,
                            struct error *err) {
    const char *candidates[100];
    size_t count = 0;
    for (size_t i = 0; i < profiles->count && count < 100; i++) {
        if (!profiles->items[i].is_internal) {
            candidates[count++] = profiles->items[i].name;
        }
    }
    const char *nearest = text_nearest(name, candidates, count);
    if (nearest != NULL) {
        error_hint(err, "Did you mean %s?", nearest);
    } else {
        error_hint(err, "signetctl profile list shows the profiles (GET /v1/authority).");
    }
}

enum result authority_require_profile(const struct authority *authority, const char *name,
                                      struct error *err) {
    if (name == NULL || profile_find(&authority->config.profiles, name) != NULL) {
        return RESULT_OK;
    }
    (void)error_set_code(err, RESULT_NOT_FOUND, "profile_unknown", "there is no profile %s",
                         name);
    error_field(err, "profile");
    suggest_profile(&authority->config.profiles, name, err);
    return RESULT_NOT_FOUND;
}

enum result authority_find_profile(const struct authority *authority, const char *name,
                                   const struct profile **out_profile, struct error *err) {
    TRY(authority_require_profile(authority, name, err));
    const struct profile *profile = profile_find(&authority->config.profiles, name);
    if (profile->is_internal) {
        (void)error_set_code(err, RESULT_DENIED, "profile_internal",
                             "profile %s is the authority's own and is never granted", name);
        error_field(err, "profile");
        error_hint(err, "Choose one of those that signetctl profile list shows (GET "
                        "/v1/authority).");
        return RESULT_DENIED;
    }
    *out_profile = profile;
    return RESULT_OK;
}

enum result authority_find_token_profile(const struct authority *authority, const char *name,
                                         const struct profile **out_profile,
                                         struct error *err) {
    if (strcmp(name, PROFILE_ADMIN) != 0) {
        return authority_find_profile(authority, name, out_profile, err);
    }
    *out_profile = profile_find(&authority->config.profiles, name);
    return *out_profile != NULL
               ? RESULT_OK
               : error_set(err, RESULT_INTERNAL, "profile %s is missing", name);
}

void authority_drop_decisions(struct authority *authority, const struct error *cause) {
    store_trouble_note(&authority->store_trouble, cause);
    decisions_drop(&authority->decisions, 0);
}

void authority_tell_decisions(struct authority *authority) {
    if (authority->decisions.count > 0) { // a transaction that only read proves nothing
        store_trouble_end(&authority->store_trouble);
    }
    decisions_log(&authority->decisions);
}

enum result authority_transact(struct authority *authority,
                               enum result (*body)(struct authority *authority, void *context,
                                                   struct error *err),
                               void *context, struct error *err) {
    TRY(store_begin(authority->store, err));
    enum result result = body(authority, context, err);
    if (result == RESULT_OK) {
        result = store_commit(authority->store, err);
    } else {
        store_rollback(authority->store);
    }
    if (result != RESULT_OK) {
        authority_drop_decisions(authority, err);
        return result;
    }
    authority_tell_decisions(authority);
    return RESULT_OK;
}
