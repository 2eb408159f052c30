// Certification requests (PKCS#10, RFC 2986): build, read, proof of possession.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/bytes.h"
#include "base/error.h"
#include "x509/key.h"
#include "x509/names.h"

// What a request says. Views point into the DER that was read; `names` is owned.
struct csr {
    struct bytes der;
    struct bytes info;    // CertificationRequestInfo, the signed part
    struct bytes subject; // the whole Name
    struct bytes spki;
    struct bytes signature_algorithm;
    struct bytes signature;
    struct names names; // CN and SANs
    bool asks_for_ca;   // basicConstraints with CA:TRUE was requested
    enum key_algorithm algorithm;
};

void csr_clear(struct csr *csr);

// Appends the DER of a request for these names, signed by the key.
enum result csr_build(const struct key *key, const struct names *names, struct buf *out_der,
                      struct error *err);
// The same of a device that claims a serial number, in its subject's serialNumber; NULL: none.
enum result csr_build_device(const struct key *key, const char *serial_number,
                             const struct names *names, struct buf *out_der, struct error *err);
// Reads strictly: trailing bytes, non-minimal lengths, duplicate attributes or extensions, an
// empty or duplicate SAN, weak and unknown keys are RESULT_INVALID. Requested extensions other
// than SAN, keyUsage, extendedKeyUsage, basicConstraints and subjectKeyIdentifier are ignored;
// names are compared with a grant later, never trusted. Does not check the signature.
// RESULT_LIMIT above LIMIT_CSR_BYTES. *out_csr must be zeroed or a request read before.
enum result csr_read(struct bytes der, struct csr *out_csr, struct error *err);
// Proof of possession: the signature is by the request's own key.
enum result csr_verify(const struct csr *csr, struct error *err);
