// Which CA issues under a profile.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "authority/issuers/issuer_choice.h"

#include <string.h>

static enum result find_issuer_of(const struct issuer_set *set, const struct profile *profile,
                                  const struct issuer **out_issuer, struct error *err) {
    if (profile->issuer == NULL) {
        *out_issuer =
            profile->is_internal && set->operators != NULL ? set->operators : set->issuing;
        return RESULT_OK;
    }
    const struct issuer *issuer = issuer_set_find(set, profile->issuer);
    if (issuer == NULL || issuer->record.kind == ISSUER_ROOT) {
        (void)error_set_code(err, RESULT_UNAVAILABLE, "issuer_unknown",
                             "profile %s names the issuer %s, and there is no such issuing CA",
                             profile->name, profile->issuer);
        error_hint(err,
                   "Make it with: signetd issuer add %s; or change issuer in [profile %s].",
                   profile->issuer, profile->name);
        return RESULT_UNAVAILABLE;
    }
    *out_issuer = issuer;
    return RESULT_OK;
}

enum result issuer_set_choose(const struct issuer_set *set, const struct profile *profile,
                              const struct issuer **out_issuer, struct error *err) {
    const struct issuer *issuer = NULL;
    TRY(find_issuer_of(set, profile, &issuer, err));
    if (issuer->record.retired_at != 0) {
        (void)error_set_code(err, RESULT_UNAVAILABLE, "issuer_retired",
                             "the CA %s of profile %s has been retired", issuer->record.name,
                             profile->name);
        if (profile->is_internal) {
            error_hint(err, "Make a new one with: signetd issuer add NAME --operators");
        } else {
            error_hint(err, "Set issuer in [profile %s] to another CA: signetd issuer list",
                       profile->name);
        }
        return RESULT_UNAVAILABLE;
    }
    if (issuer->key == NULL) {
        return error_set_code(err, RESULT_UNAVAILABLE, "issuer_offline",
                              "the key of the CA %s is not here", issuer->record.name);
    }
    *out_issuer = issuer;
    return RESULT_OK;
}

enum result issuer_set_check_profiles(const struct issuer_set *set,
                                      const struct profile_list *profiles, struct error *err) {
    struct error first = {0};
    for (size_t i = 0; i < profiles->count; i++) {
        const struct issuer *issuer = NULL;
        struct error failure = {0};
        if (issuer_set_choose(set, &profiles->items[i], &issuer, &failure) != RESULT_OK &&
            (first.result == RESULT_OK || strcmp(failure.code, "issuer_unknown") == 0)) {
            first = failure;
        }
    }
    if (err != NULL && first.result != RESULT_OK) {
        *err = first;
    }
    return first.result;
}
