// What a root key does on a machine that keeps it offline: files in, files out, no state folder.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stdint.h>

#include "base/bytes.h"
#include "base/error.h"
#include "x509/certificate.h"
#include "x509/crl.h"
#include "x509/key.h"

// A root CRL made by hand lives this long unless something else is asked for.
#define OFFLINE_CRL_LIFETIME (180LL * 24 * 60 * 60)

// The root as the ceremony has it; all borrowed.
struct ceremony {
    const struct certificate *root;
    const struct key *key;
    int64_t now;
};

// Root and key belong together, and the root is one that may sign. Codes "key_mismatch" and those
// of issuer_check.
enum result ceremony_check(const struct ceremony *ceremony, struct error *err);
// Makes the issuing CA's certificate (DER) for a request (DER) with one CN and nothing else.
// Codes: "csr_names", those of csr_read and csr_verify, "path_length".
enum result ceremony_sign(const struct ceremony *ceremony, struct bytes csr, int64_t lifetime,
                          struct buf *out_der, struct error *err);

struct ceremony_crl {
    struct bytes previous; // DER of the last one, whose entries are kept; empty: there is none
    int64_t number;        // 0: the Unix time
    int64_t lifetime;
    const struct crl_entry *revoked; // in addition
    size_t revoked_count;
};
// Codes: "crl_not_newer" when the number does not exceed the previous one's, "crl_limit".
enum result ceremony_crl(const struct ceremony *ceremony, const struct ceremony_crl *wanted,
                         struct buf *out_der, struct error *err);
