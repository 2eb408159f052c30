// Certificate revocation lists, version 2 (RFC 5280, section 5): build, read, verify, look up.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/error.h"
#include "base/limits.h"
#include "x509/certificate.h"
#include "x509/key.h"

// RFC 5280, 5.3.1. Value, name in options and messages.
#define CRL_REASON_TABLE(X)                                                                    \
    X(UNSPECIFIED, 0, "unspecified")                                                           \
    X(KEY_COMPROMISE, 1, "keyCompromise")                                                      \
    X(CA_COMPROMISE, 2, "cACompromise")                                                        \
    X(AFFILIATION_CHANGED, 3, "affiliationChanged")                                            \
    X(SUPERSEDED, 4, "superseded")                                                             \
    X(CESSATION_OF_OPERATION, 5, "cessationOfOperation")                                       \
    X(CERTIFICATE_HOLD, 6, "certificateHold")                                                  \
    X(PRIVILEGE_WITHDRAWN, 9, "privilegeWithdrawn")                                            \
    X(AA_COMPROMISE, 10, "aACompromise")

enum crl_reason {
#define CRL_REASON_CONSTANT(constant, value, name) CRL_REASON_##constant = value,
    CRL_REASON_TABLE(CRL_REASON_CONSTANT)
#undef CRL_REASON_CONSTANT
};

const char *crl_reason_name(enum crl_reason reason);
bool crl_reason_from_name(const char *name, enum crl_reason *out_reason);

struct crl_entry {
    uint8_t serial[LIMIT_SERIAL_BYTES]; // big-endian, without leading zero
    uint8_t serial_size;
    uint8_t reason; // enum crl_reason; unspecified is left out of the encoding
    int64_t revoked_at;
    int64_t invalid_since;     // 0 leaves the invalidityDate out
    bool has_unknown_critical; // an extension, where the entry was read
};

struct crl_plan {
    struct bytes issuer; // Name element
    struct bytes authority_key_id;
    uint64_t number;
    int64_t this_update;
    int64_t next_update;
    const struct crl_entry *entries; // of crl_build
    size_t entry_count;
    // Judges the final TBSCertList before it is signed; NULL: nobody does.
    enum result (*judge)(struct bytes tbs, struct error *err);
};

// Appends the signed CertificateList; nothing when `judge` refuses it, whose result is returned. No issuingDistributionPoint, no delta: several verifiers
// ignore them and accept revoked certificates.
enum result crl_build(const struct crl_plan *plan, const struct key *key, struct buf *out_der,
                      struct error *err);

// The same in pieces, for a list so long that other work has to go on meanwhile. First the entries,
// one after the other, into an empty buffer:
enum result crl_write_entry(struct buf *entries, const struct crl_entry *entry,
                            struct error *err);
// then everything around them, which makes the buffer hold the TBSCertList of `plan` (whose entries
// and judge are not looked at),
enum result crl_wrap_tbs(const struct crl_plan *plan, struct bytes signature_algorithm,
                         struct buf *entries, struct error *err);
// and the signature over that, which makes it the CertificateList.
enum result crl_wrap_list(struct buf *tbs, struct bytes signature_algorithm,
                          struct bytes signature, struct error *err);

// What a CRL says; views into the DER that was read.
struct crl {
    struct bytes der;
    struct bytes tbs;
    struct bytes issuer;
    struct bytes signature_algorithm;
    struct bytes signature;
    struct bytes authority_key_id;
    struct bytes number; // big-endian; empty when absent
    int64_t this_update;
    int64_t next_update;  // 0 when absent
    struct bytes entries; // content of revokedCertificates; empty when absent
    bool has_unknown_critical;
};

// Strict DER; walks every entry once. `has_unknown_critical` covers the entries' extensions
// too.
enum result crl_read(struct bytes der, struct crl *out_crl, struct error *err);
// As crl_read, but the entries are left to crl_next_entry: `has_unknown_critical` does not cover
// them.
enum result crl_read_frame(struct bytes der, struct crl *out_crl, struct error *err);
// Reads the first CRL off concatenated DER and moves *list behind it.
enum result crl_read_next(struct bytes *list, struct crl *out_crl, struct error *err);
// The signature is by this issuer, its name fits, it may sign CRLs, and nothing critical in it
// is unknown (RFC 5280, 5.2: such a list must not be used). Does not look at dates.
enum result crl_verify(const struct crl *crl, const struct certificate *issuer,
                       struct error *err);
// All of that but the signature itself.
enum result crl_verify_frame(const struct crl *crl, const struct certificate *issuer,
                             struct error *err);
// RESULT_NOT_FOUND when the serial is not listed.
enum result crl_find(const struct crl *crl, struct bytes serial, struct crl_entry *out_entry,
                     struct error *err);
enum result crl_count(const struct crl *crl, size_t *out_count, struct error *err);
// Walks the entries: start with *cursor = crl->entries; RESULT_NOT_FOUND at the end.
enum result crl_next_entry(struct bytes *cursor, struct crl_entry *out_entry,
                           struct error *err);
