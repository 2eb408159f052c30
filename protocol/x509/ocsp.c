// Building and signing OCSP responses (RFC 6960, 4.2).
// SPDX-License-Identifier: GPL-3.0-or-later
#include "x509/ocsp.h"

#include "x509/der.h"
#include "x509/extension.h"

#define SIGNATURE_BYTES 1024

// --- what is signed --------------------------------------------------------------------------

static enum result write_revoked(struct buf *out, const struct ocsp_answer *answer) {
    size_t revoked = 0, reason = 0;
    TRY(der_begin(out, DER_CONTEXT_CONSTRUCTED(OCSP_REVOKED), &revoked));
    TRY(der_write_generalized_time(out, answer->revoked_at));
    // As in a CRL, unspecified is said by leaving the reason out.
    if (answer->reason != CRL_REASON_UNSPECIFIED) {
        const uint8_t value = (uint8_t)answer->reason;
        TRY(der_begin(out, DER_CONTEXT_CONSTRUCTED(0), &reason));
        TRY(der_write(out, DER_ENUMERATED, bytes_of(&value, 1)));
        TRY(der_end(out, reason));
    }
    return der_end(out, revoked);
}

static enum result write_answer(struct buf *out, const struct ocsp_answer *answer) {
    size_t single = 0, next = 0;
    TRY(der_begin(out, DER_SEQUENCE, &single));
    TRY(der_write_raw(out, answer->id));
    TRY(answer->status == OCSP_REVOKED
            ? write_revoked(out, answer)
            : der_write(out, (uint8_t)DER_CONTEXT(answer->status), (struct bytes){0}));
    TRY(der_write_generalized_time(out, answer->this_update));
    TRY(der_begin(out, DER_CONTEXT_CONSTRUCTED(0), &next));
    TRY(der_write_generalized_time(out, answer->next_update));
    TRY(der_end(out, next));
    return der_end(out, single);
}

static enum result write_responder(struct buf *out, struct bytes spki) {
    uint8_t identifier[SHA1_SIZE];
    size_t by_key = 0;
    TRY(public_key_identifier(spki, identifier));
    TRY(der_begin(out, DER_CONTEXT_CONSTRUCTED(2), &by_key));
    TRY(der_write(out, DER_OCTET_STRING, bytes_of(identifier, sizeof(identifier))));
    return der_end(out, by_key);
}

static enum result write_nonce(struct buf *out, struct bytes nonce) {
    struct extension_marks marks = {0};
    TRY(extension_begin(out, OID_OCSP_NONCE, false, &marks));
    TRY(der_write(out, DER_OCTET_STRING, nonce));
    return extension_end(out, &marks);
}

static enum result write_extended_revoke(struct buf *out) {
    struct extension_marks marks = {0};
    TRY(extension_begin(out, OID_OCSP_EXTENDED_REVOKE, false, &marks));
    TRY(der_write_null(out));
    return extension_end(out, &marks);
}

static enum result write_extensions(struct buf *out, const struct ocsp_plan *plan) {
    size_t wrapper = 0, list = 0;
    if (plan->nonce.size == 0 && !plan->is_extended_revoke) {
        return RESULT_OK;
    }
    TRY(der_begin(out, DER_CONTEXT_CONSTRUCTED(1), &wrapper));
    TRY(der_begin(out, DER_SEQUENCE, &list));
    if (plan->nonce.size > 0) {
        TRY(write_nonce(out, plan->nonce));
    }
    if (plan->is_extended_revoke) {
        TRY(write_extended_revoke(out));
    }
    TRY(der_end(out, list));
    return der_end(out, wrapper);
}

static enum result write_data(struct buf *out, const struct ocsp_plan *plan,
                              struct bytes spki) {
    size_t data = 0, list = 0;
    TRY(der_begin(out, DER_SEQUENCE, &data));
    TRY(write_responder(out, spki));
    TRY(der_write_generalized_time(out, plan->produced_at));
    TRY(der_begin(out, DER_SEQUENCE, &list));
    for (size_t i = 0; i < plan->answer_count; i++) {
        TRY(write_answer(out, &plan->answers[i]));
    }
    TRY(der_end(out, list));
    TRY(write_extensions(out, plan));
    return der_end(out, data);
}

// --- what is around it -----------------------------------------------------------------------

static enum result write_basic(struct buf *out, struct bytes data, const struct key *key,
                               struct bytes signature, struct bytes certificate) {
    size_t basic = 0, wrapper = 0, list = 0;
    TRY(der_begin(out, DER_SEQUENCE, &basic));
    TRY(der_write_raw(out, data));
    TRY(der_write_raw(out, key_signature_algorithm(key)));
    TRY(der_write_bit_string(out, signature));
    if (certificate.size > 0) {
        TRY(der_begin(out, DER_CONTEXT_CONSTRUCTED(0), &wrapper));
        TRY(der_begin(out, DER_SEQUENCE, &list));
        TRY(der_write_raw(out, certificate));
        TRY(der_end(out, list));
        TRY(der_end(out, wrapper));
    }
    return der_end(out, basic);
}

static enum result write_outcome(struct buf *out, enum ocsp_outcome outcome) {
    const uint8_t value = (uint8_t)outcome;
    return der_write(out, DER_ENUMERATED, bytes_of(&value, 1));
}

static enum result write_response(struct buf *out, struct bytes basic) {
    size_t response = 0, wrapper = 0, typed = 0;
    TRY(der_begin(out, DER_SEQUENCE, &response));
    TRY(write_outcome(out, OCSP_SUCCESSFUL));
    TRY(der_begin(out, DER_CONTEXT_CONSTRUCTED(0), &wrapper));
    TRY(der_begin(out, DER_SEQUENCE, &typed));
    TRY(oid_write(out, OID_OCSP_BASIC));
    TRY(der_write(out, DER_OCTET_STRING, basic));
    TRY(der_end(out, typed));
    TRY(der_end(out, wrapper));
    return der_end(out, response);
}

static enum result failed(enum result result, struct error *err) {
    return result == RESULT_LIMIT
               ? error_set(err, result, "the OCSP response is larger than %d bytes",
                           LIMIT_OCSP_RESPONSE_BYTES)
               : error_set(err, result, "could not encode the OCSP response");
}

enum result ocsp_response_build(const struct ocsp_plan *plan, const struct key *key,
                                struct buf *out_der, struct error *err) {
    AUTO(buf_clear) struct buf data = {0}, signature = {0}, basic = {0}, der = {0};
    buf_init(&data, LIMIT_OCSP_RESPONSE_BYTES);
    buf_init(&signature, SIGNATURE_BYTES);
    buf_init(&basic, LIMIT_OCSP_RESPONSE_BYTES);
    buf_init(&der, LIMIT_OCSP_RESPONSE_BYTES);
    enum result result = write_data(&data, plan, key_public(key));
    if (result != RESULT_OK) {
        return failed(result, err);
    }
    TRY(key_sign(key, buf_bytes(&data), &signature, err));
    result =
        write_basic(&basic, buf_bytes(&data), key, buf_bytes(&signature), plan->certificate);
    if (result == RESULT_OK) {
        result = write_response(&der, buf_bytes(&basic));
    }
    if (result == RESULT_OK) {
        result = buf_append(out_der, buf_bytes(&der));
    }
    return result == RESULT_OK ? RESULT_OK : failed(result, err);
}

enum result ocsp_response_refuse(enum ocsp_outcome outcome, struct buf *out_der) {
    size_t response = 0;
    TRY(der_begin(out_der, DER_SEQUENCE, &response));
    TRY(write_outcome(out_der, outcome));
    return der_end(out_der, response);
}
