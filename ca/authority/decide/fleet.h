// Fleet tokens: many devices share one, and each picks a free name within its patterns.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "authority/decide/policy.h"
#include "base/error.h"
#include "base/limits.h"
#include "store/store.h"
#include "wire/message.h"

struct authority;

// The patterns of a token, in canonical form. Zeroed memory is an empty, cleared one.
struct fleet {
    struct name_record patterns[LIMIT_NAME_PATTERNS];
    size_t count;
};
void fleet_clear(struct fleet *fleet);

// From the form "type:pattern". RESULT_INVALID (code "pattern_invalid", field "patterns"),
// RESULT_LIMIT above LIMIT_NAME_PATTERNS.
enum result fleet_read(const struct text_list *texts, struct fleet *out_fleet,
                       struct error *err);
// Whether a device that picks one name for each pattern, and has the fixed ones beside them,
// can get a certificate of this profile and lifetime: with policy's codes. A pattern that has
// no name in common with those of the profile is refused.
enum result fleet_check(const struct fleet *fleet, const struct names *fixed,
                        const struct profile *profile, int64_t lifetime, struct error *err);

// Adds to `granted` (the token's fixed names) what the request picks: one name for each
// pattern. RESULT_DENIED with the codes "name_not_granted" (fits no pattern, or one too many),
// "name_not_chosen" (a pattern has none), "name_form" (characters beyond ASCII, or a wildcard,
// in the place of a star); RESULT_CONFLICT (code "name_taken") unless the name is free: no
// certificate since its last release carries it, and no request with a token waits for it,
// other than those of this very key. The owner's key gets its name again while its newest
// certificate is not revoked.
enum result fleet_pick(struct authority *authority, const struct token_record *token,
                       const struct csr *csr, int64_t now, struct names *granted,
                       struct error *err);
