// The decision whether a certificate may be signed, taken once, on the final TBSCertificate.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stdint.h>

#include "authority/config/profile.h"
#include "base/error.h"
#include "x509/certificate.h"
#include "x509/csr.h"
#include "x509/names.h"

// What a grant (token, predecessor, or the authority itself) allows.
struct grant {
    const struct names *names;
    int64_t lifetime; // seconds; 0: the profile's default
};

// Names to put into the certificate: the CSR's, all of which the grant must hold; a CSR without
// any name takes all of the grant's. JIDs are compared (and put into the certificate) as RFC
// 7622 prepares them. RESULT_DENIED (code "name_not_granted") names the one; RESULT_INVALID
// (code "name_invalid") a JID that cannot be prepared; RESULT_CONFLICT (code "name_duplicate")
// two that are the same then.
enum result policy_choose_names(const struct csr *csr, const struct grant *grant,
                                struct names *out_names, struct error *err);

// Whether a certificate with exactly the grant's names and lifetime is possible in this
// profile: what a token is checked for when it is made, so that its device is not refused
// later.
enum result policy_check_grant(const struct profile *profile, const struct grant *grant,
                               struct error *err);

// RESULT_DENIED (code "key_algorithm") names those that the profile takes.
enum result policy_check_key_algorithm(const struct profile *profile,
                                       enum key_algorithm algorithm, struct error *err);

// Everything policy checks, by reading the TBSCertificate anew (it shares nothing with what
// built it): profile's names, counts and forms, grant, key algorithm, lifetime and backdating,
// key usage, EKUs, CA:FALSE, issuer's name and end, serial. RESULT_DENIED names profile, field
// and cure.
enum result policy_decide(struct bytes tbs, const struct profile *profile,
                          const struct grant *grant, const struct certificate *issuer,
                          int64_t now, struct error *err);
