// Making the certificate of a CA: of a root by itself, of others by their parent.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stdint.h>

#include "base/error.h"
#include "x509/certificate.h"
#include "x509/key.h"

#define CA_YEAR (365LL * 24 * 60 * 60)
#define ROOT_LIFETIME (20 * CA_YEAR)
#define ISSUING_LIFETIME (10 * CA_YEAR)
// Issuing CAs below the root, and none below those.
#define ROOT_PATH_LENGTH 1
#define ISSUING_PATH_LENGTH 0

// All borrowed.
struct ca_plan {
    const char *common_name;
    int64_t now;
    int64_t lifetime; // cut at the end of the parent
    int path_length;
    struct bytes spki;
    const struct certificate *parent; // NULL: it signs itself
    const struct key *signer;         // the parent's, or its own
};

// Appends the DER; a little backdated, for devices whose clock is behind. RESULT_INVALID when the
// parent may not stand above another CA (code "path_length") or has expired (code "ca_expired").
enum result ca_certificate_make(const struct ca_plan *plan, struct buf *out_der,
                                struct error *err);
// Of a certificate that was made elsewhere: issued by this root; fit to issue and to sign CRLs,
// with path length 0 (codes "issuer_other", "ca_path_length", and those of issuer_check).
enum result ca_certificate_check(const struct certificate *certificate,
                                 const struct certificate *root, int64_t now,
                                 struct error *err);
