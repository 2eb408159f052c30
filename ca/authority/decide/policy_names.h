// Which names a profile and a grant allow: the part of policy that tokens are checked for as
// well. SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "authority/decide/policy.h"

// Counts and forms of the names against the profile's rules. RESULT_DENIED with the codes
// "name_count", "name_form", "name_pattern".
enum result policy_check_names(const struct names *names, const struct profile *profile,
                               struct error *err);
// The profile's patterns alone: RESULT_DENIED (code "name_pattern").
enum result policy_check_patterns(const struct names *names, const struct profile *profile,
                                  struct error *err);
// RESULT_DENIED (code "name_not_granted") unless the grant holds every one of them.
enum result policy_check_granted(const struct names *names, const struct grant *grant,
                                 struct error *err);
