// Issuing: from a plan within a grant to a signed certificate, through policy.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stdint.h>

#include "authority/config/config.h"
#include "authority/issuers/issuer.h"
#include "authority/decide/policy.h"
#include "authority/config/profile.h"
#include "base/error.h"

struct issue_request {
    const struct profile *profile;
    const struct grant *grant;
    const struct names *names; // the chosen ones
    struct bytes spki;
    const char *crl_url; // NULL leaves it out
    const char *ca_issuers_url;
    const char *ocsp_url;
    int64_t now;
};

// Builds the TBSCertificate, lets policy decide on it and the lint judge it (RESULT_DENIED, code "lint_failed"), signs. notAfter is inclusive (lifetime
// minus one second) and never behind the issuer's. Appends the certificate's DER; writes nothing
// to the store.
enum result issue_certificate(const struct issuer *issuer, const struct issue_request *request,
                              struct buf *out_der, struct error *err);
