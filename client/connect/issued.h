// Looking at the authority's answer before anything of it is installed.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/bytes.h"
#include "base/error.h"
#include "wire/messages.h"
#include "x509/names.h"

struct issued_expectation {
    struct bytes public_key;   // SubjectPublicKeyInfo of our key
    struct bytes root;         // DER of the root we trust
    const struct names *names; // must all be in the certificate
    const char *profile;       // of the certificate that is renewed; NULL: any
    int64_t now;
};

// RESULT_DENIED, code "untrusted", unless: the certificate is for our key; it chains to our
// root at this time; serial, names and dates are those that the answer states; the names asked
// for are in it; and its profile is the expected one.
enum result issued_check(const struct issued *issued,
                         const struct issued_expectation *expectation, struct error *err);
// The root certificate with this SHA-256 among concatenated DER certificates. RESULT_DENIED,
// code "untrusted", naming both fingerprints, when there is none.
enum result issued_find_root(struct bytes chain, struct bytes fingerprint,
                             struct bytes *out_root, struct error *err);
// Reads "type:value" texts.
enum result issued_read_names(const struct text_list *texts, struct names *out_names,
                              struct error *err);
