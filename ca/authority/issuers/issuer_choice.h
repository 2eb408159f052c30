// Which CA issues under a profile.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "authority/issuers/issuer.h"
#include "authority/config/profile.h"
#include "base/error.h"

// The CA that the profile names; of the internal profiles the operators' where there is one; of all
// others the default one. RESULT_UNAVAILABLE with the codes "issuer_unknown", "issuer_retired",
// "issuer_offline" (its key is not here), and the cure.
enum result issuer_set_choose(const struct issuer_set *set, const struct profile *profile,
                              const struct issuer **out_issuer, struct error *err);
// The error of a profile under which nothing can be issued; that of one whose issuer does not
// exist rather than another's.
enum result issuer_set_check_profiles(const struct issuer_set *set,
                                      const struct profile_list *profiles, struct error *err);
