// Online certificate status (RFC 6960, RFC 5019): read requests, build and check responses.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/error.h"
#include "base/limits.h"
#include "x509/crl.h"
#include "x509/key.h"
#include "x509/oid.h"

// --- requests --------------------------------------------------------------------------------

// A CertID: hashes of the issuer's name and key, and a serial. Views into the request.
struct ocsp_certificate_id {
    struct bytes element; // as it came, which is how the answer repeats it
    enum oid hash;        // OID_SHA1 or OID_SHA256; OID_UNKNOWN for all others
    struct bytes name_hash;
    struct bytes key_hash;
    struct bytes serial; // big-endian, without leading zero
};

struct ocsp_request {
    struct ocsp_certificate_id ids[LIMIT_OCSP_CERTIFICATES];
    size_t count;       // at least 1
    struct bytes nonce; // empty without
};

// Strict DER. A name and a signature of the sender are passed over: whoever asks is answered
// (RFC 5019, 2.1.1). RESULT_INVALID for a critical extension that is not the nonce, for a nonce
// of no or more than LIMIT_OCSP_NONCE_BYTES octets (RFC 8954, 2.1), and hashes of a wrong size;
// RESULT_LIMIT for more than LIMIT_OCSP_CERTIFICATES and LIMIT_OCSP_REQUEST_BYTES.
enum result ocsp_request_read(struct bytes der, struct ocsp_request *out_request,
                              struct error *err);

// --- responses -------------------------------------------------------------------------------

// OCSPResponseStatus (RFC 6960, 4.2.1).
enum ocsp_outcome {
    OCSP_SUCCESSFUL = 0,
    OCSP_MALFORMED_REQUEST = 1,
    OCSP_INTERNAL_ERROR = 2,
    OCSP_TRY_LATER = 3,
    OCSP_UNAUTHORIZED = 6,
};

// CertStatus; the values are those of its tags.
enum ocsp_status { OCSP_GOOD = 0, OCSP_REVOKED = 1, OCSP_UNKNOWN = 2 };

// What is said of one certificate.
struct ocsp_answer {
    struct bytes id; // CertID element
    enum ocsp_status status;
    int64_t revoked_at; // of OCSP_REVOKED
    enum crl_reason reason;
    int64_t this_update;
    int64_t next_update;
};

// Everything a response is made of; all borrowed.
struct ocsp_plan {
    int64_t produced_at;
    const struct ocsp_answer *answers;
    size_t answer_count;
    struct bytes nonce;       // empty leaves it out
    bool is_extended_revoke;  // says that "revoked" may mean "never issued" (4.4.8)
    struct bytes certificate; // of the responder, DER; empty when the issuer signs itself
};

// Appends a successful response that names its signer by key and is signed by `key`.
enum result ocsp_response_build(const struct ocsp_plan *plan, const struct key *key,
                                struct buf *out_der, struct error *err);
// Appends a response of any other outcome, which is never signed.
enum result ocsp_response_refuse(enum ocsp_outcome outcome, struct buf *out_der);

// What a response says; views into the DER that was read.
struct ocsp_response {
    enum ocsp_outcome outcome; // the rest only with OCSP_SUCCESSFUL
    struct bytes data;         // ResponseData, which is what is signed
    struct bytes key_hash;     // of the responder; empty when it is named otherwise
    int64_t produced_at;
    struct ocsp_answer answers[LIMIT_OCSP_CERTIFICATES];
    size_t answer_count;
    struct bytes nonce;
    bool is_extended_revoke;
    struct bytes signature_algorithm;
    struct bytes signature;
    struct bytes certificate; // the first that comes with it; empty without
};

enum result ocsp_response_read(struct bytes der, struct ocsp_response *out_response,
                               struct error *err);
// A last look at a response of ours, as a lint: it is read anew and must answer every question of
// `request` once, in order and with its nonce, with times that fit each other and a signer that
// it names. RESULT_DENIED (code LINT_CODE, lint.h) names the first rule that is broken. Does not
// verify the signature.
enum result ocsp_response_check(struct bytes der, const struct ocsp_request *request,
                                bool wants_nonce, struct bytes signer_spki, struct error *err);
// The signature is by this key.
enum result ocsp_response_verify(const struct ocsp_response *response, struct bytes spki,
                                 struct error *err);
