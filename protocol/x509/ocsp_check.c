// Reading OCSP responses, and a lint of our own before they leave.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "x509/ocsp.h"

#include "x509/certificate.h"
#include "x509/der.h"
#include "x509/extension.h"
#include "x509/lint.h"

// --- one answer ------------------------------------------------------------------------------

static enum result read_reason(struct der *revoked, struct ocsp_answer *answer,
                               struct error *err) {
    struct der wrapper = {0};
    struct bytes content = {0};
    TRY(der_enter(revoked, DER_CONTEXT_CONSTRUCTED(0), &wrapper, err));
    TRY(der_read(&wrapper, DER_ENUMERATED, &content, err));
    TRY(der_expect_end(&wrapper, err));
    if (content.size != 1) {
        return error_set(err, RESULT_INVALID, "a reason of %zu octets", content.size);
    }
    answer->reason = (enum crl_reason)content.data[0];
    return RESULT_OK;
}

static enum result read_status(struct der *single, struct ocsp_answer *answer,
                               struct error *err) {
    if (der_peek(single) == DER_CONTEXT_CONSTRUCTED(OCSP_REVOKED)) {
        struct der revoked = {0};
        TRY(der_enter(single, DER_CONTEXT_CONSTRUCTED(OCSP_REVOKED), &revoked, err));
        answer->status = OCSP_REVOKED;
        TRY(der_read_time(&revoked, &answer->revoked_at, err));
        if (!der_at_end(&revoked)) {
            TRY(read_reason(&revoked, answer, err));
        }
        return der_expect_end(&revoked, err);
    }
    const uint8_t tag = der_peek(single);
    struct bytes nothing = {0};
    if (tag != DER_CONTEXT(OCSP_GOOD) && tag != DER_CONTEXT(OCSP_UNKNOWN)) {
        return error_set(err, RESULT_INVALID, "a status that is none");
    }
    answer->status = tag == DER_CONTEXT(OCSP_GOOD) ? OCSP_GOOD : OCSP_UNKNOWN;
    TRY(der_read(single, tag, &nothing, err));
    return nothing.size == 0 ? RESULT_OK
                             : error_set(err, RESULT_INVALID, "a status with content");
}

static enum result read_single(struct der *list, struct ocsp_answer *answer,
                               struct error *err) {
    struct der single = {0}, next = {0};
    TRY(der_enter(list, DER_SEQUENCE, &single, err));
    TRY(der_read_element(&single, DER_SEQUENCE, &answer->id, err));
    TRY(read_status(&single, answer, err));
    TRY(der_read_time(&single, &answer->this_update, err));
    if (der_peek(&single) == DER_CONTEXT_CONSTRUCTED(0)) {
        TRY(der_enter(&single, DER_CONTEXT_CONSTRUCTED(0), &next, err));
        TRY(der_read_time(&next, &answer->next_update, err));
        TRY(der_expect_end(&next, err));
    }
    return der_expect_end(&single, err); // ours have no extensions of their own
}

// --- what is signed --------------------------------------------------------------------------

static enum result read_responder(struct der *data, struct ocsp_response *response,
                                  struct error *err) {
    struct der by_key = {0};
    TRY(der_enter(data, DER_CONTEXT_CONSTRUCTED(2), &by_key, err));
    TRY(der_read(&by_key, DER_OCTET_STRING, &response->key_hash, err));
    return der_expect_end(&by_key, err);
}

static enum result read_answers(struct der *data, struct ocsp_response *response,
                                struct error *err) {
    struct der list = {0};
    TRY(der_enter(data, DER_SEQUENCE, &list, err));
    while (!der_at_end(&list)) {
        if (response->answer_count == LIMIT_OCSP_CERTIFICATES) {
            return error_set(err, RESULT_LIMIT, "more than %d answers in one response",
                             LIMIT_OCSP_CERTIFICATES);
        }
        TRY(read_single(&list, &response->answers[response->answer_count], err));
        response->answer_count++;
    }
    return RESULT_OK;
}

static enum result use_extension(struct ocsp_response *response,
                                 const struct extension *extension, struct error *err) {
    struct der value = der_of(extension->value);
    struct bytes nothing = {0};
    switch (extension->oid) {
    case OID_OCSP_NONCE:
        TRY(der_read(&value, DER_OCTET_STRING, &response->nonce, err));
        break;
    case OID_OCSP_EXTENDED_REVOKE:
        TRY(der_read(&value, DER_NULL, &nothing, err));
        response->is_extended_revoke = true;
        break;
    default:
        return extension->is_critical
                   ? error_set(err, RESULT_INVALID, "an unknown critical extension")
                   : RESULT_OK;
    }
    return der_expect_end(&value, err);
}

static enum result read_extensions(struct der *data, struct ocsp_response *response,
                                   struct error *err) {
    struct der wrapper = {0};
    struct extensions extensions = {0};
    if (der_at_end(data)) {
        return RESULT_OK;
    }
    TRY(der_enter(data, DER_CONTEXT_CONSTRUCTED(1), &wrapper, err));
    TRY(extensions_read(&wrapper, &extensions, err));
    TRY(der_expect_end(&wrapper, err));
    for (size_t i = 0; i < extensions.count; i++) {
        TRY(use_extension(response, &extensions.items[i], err));
    }
    return RESULT_OK;
}

static enum result read_data(struct ocsp_response *response, struct error *err) {
    struct der whole = der_of(response->data), data = {0};
    TRY(der_enter(&whole, DER_SEQUENCE, &data, err));
    TRY(read_responder(&data, response, err));
    TRY(der_read_time(&data, &response->produced_at, err));
    TRY(read_answers(&data, response, err));
    TRY(read_extensions(&data, response, err));
    return der_expect_end(&data, err);
}

// --- what is around it -----------------------------------------------------------------------

static enum result read_certificate(struct der *basic, struct ocsp_response *response,
                                    struct error *err) {
    struct der wrapper = {0}, list = {0};
    if (der_at_end(basic)) {
        return RESULT_OK;
    }
    TRY(der_enter(basic, DER_CONTEXT_CONSTRUCTED(0), &wrapper, err));
    TRY(der_enter(&wrapper, DER_SEQUENCE, &list, err));
    TRY(der_expect_end(&wrapper, err));
    return der_read_element(&list, DER_SEQUENCE, &response->certificate, err);
}

static enum result read_basic(struct bytes content, struct ocsp_response *response,
                              struct error *err) {
    struct der whole = der_of(content), basic = {0};
    TRY(der_check(content, err));
    TRY(der_enter(&whole, DER_SEQUENCE, &basic, err));
    TRY(der_read_element(&basic, DER_SEQUENCE, &response->data, err));
    TRY(der_read_element(&basic, DER_SEQUENCE, &response->signature_algorithm, err));
    TRY(der_read_bit_string(&basic, &response->signature, err));
    TRY(read_certificate(&basic, response, err));
    TRY(der_expect_end(&basic, err));
    return read_data(response, err);
}

static enum result read_typed(struct der *outer, struct ocsp_response *response,
                              struct error *err) {
    struct der wrapper = {0}, typed = {0};
    struct bytes type = {0}, content = {0};
    TRY(der_enter(outer, DER_CONTEXT_CONSTRUCTED(0), &wrapper, err));
    TRY(der_enter(&wrapper, DER_SEQUENCE, &typed, err));
    TRY(der_expect_end(&wrapper, err));
    TRY(der_read(&typed, DER_OID, &type, err));
    TRY(der_read(&typed, DER_OCTET_STRING, &content, err));
    TRY(der_expect_end(&typed, err));
    if (oid_find(type) != OID_OCSP_BASIC) {
        return error_set(err, RESULT_INVALID, "a response that is not a basic one");
    }
    return read_basic(content, response, err);
}

enum result ocsp_response_read(struct bytes der_bytes, struct ocsp_response *out_response,
                               struct error *err) {
    struct ocsp_response response = {.outcome = OCSP_SUCCESSFUL};
    struct der whole = der_of(der_bytes), outer = {0};
    struct bytes outcome = {0};
    TRY(der_check(der_bytes, err));
    TRY(der_enter(&whole, DER_SEQUENCE, &outer, err));
    TRY(der_read(&outer, DER_ENUMERATED, &outcome, err));
    if (outcome.size != 1) {
        return error_set(err, RESULT_INVALID, "an outcome of %zu octets", outcome.size);
    }
    response.outcome = (enum ocsp_outcome)outcome.data[0];
    if (response.outcome == OCSP_SUCCESSFUL) {
        TRY(read_typed(&outer, &response, err));
    }
    TRY(der_expect_end(&outer, err));
    *out_response = response;
    return RESULT_OK;
}

enum result ocsp_response_verify(const struct ocsp_response *response, struct bytes spki,
                                 struct error *err) {
    return public_key_verify(spki, response->signature_algorithm, response->data,
                             response->signature, err);
}

// --- the lint --------------------------------------------------------------------------------

struct checked {
    const struct ocsp_response *response;
    const struct ocsp_request *request;
    bool wants_nonce;
    struct bytes signer;
};

static bool check_questions(const struct checked *checked) {
    const struct ocsp_response *response = checked->response;
    if (response->answer_count != checked->request->count) {
        return false;
    }
    for (size_t i = 0; i < response->answer_count; i++) {
        if (!bytes_equal(response->answers[i].id, checked->request->ids[i].element)) {
            return false;
        }
    }
    return true;
}

static bool check_times(const struct checked *checked) {
    const struct ocsp_response *response = checked->response;
    for (size_t i = 0; i < response->answer_count; i++) {
        const struct ocsp_answer *answer = &response->answers[i];
        if (answer->this_update > response->produced_at ||
            answer->next_update <= response->produced_at) {
            return false;
        }
    }
    return true;
}

// RFC 6960, 2.2: what was never issued is held since 1970, and only beside the extension.
static bool check_revocations(const struct checked *checked) {
    const struct ocsp_response *response = checked->response;
    for (size_t i = 0; i < response->answer_count; i++) {
        const struct ocsp_answer *answer = &response->answers[i];
        const bool was_never_issued = answer->revoked_at == 0;
        if (answer->status == OCSP_REVOKED &&
            (answer->revoked_at > response->produced_at ||
             (was_never_issued && (!response->is_extended_revoke ||
                                   answer->reason != CRL_REASON_CERTIFICATE_HOLD)))) {
            return false;
        }
    }
    return true;
}

static bool check_nonce(const struct checked *checked) {
    struct bytes wanted = {0};
    return bytes_equal(checked->response->nonce,
                       checked->wants_nonce ? checked->request->nonce : wanted);
}

static bool check_responder(const struct checked *checked) {
    uint8_t identifier[SHA1_SIZE];
    return public_key_identifier(checked->signer, identifier) == RESULT_OK &&
           bytes_equal(checked->response->key_hash, bytes_of(identifier, sizeof(identifier)));
}

// RFC 6960, 4.2.2.2: the certificate is the signer's, for this purpose, and holds as long as the
// answers do.
static bool check_certificate(const struct checked *checked) {
    const struct ocsp_response *response = checked->response;
    struct certificate certificate = {0};
    if (response->certificate.size == 0) {
        return true;
    }
    if (certificate_read(response->certificate, &certificate, NULL) != RESULT_OK ||
        !bytes_equal(certificate.spki, checked->signer) ||
        !certificate_has_extended_key_usage(&certificate, OID_OCSP_SIGNING)) {
        return false;
    }
    for (size_t i = 0; i < response->answer_count; i++) {
        if (response->answers[i].this_update < certificate.not_before ||
            response->answers[i].next_update > certificate.not_after) {
            return false;
        }
    }
    return true;
}

static const struct {
    const char *name;
    const char *section;
    const char *expected;
    bool (*passes)(const struct checked *checked);
} lints[] = {
    {"questions", "RFC 6960, 4.2.2.3", "an answer to each question, in their order",
     check_questions},
    {"times", "RFC 6960, 4.2.2.1", "thisUpdate, producedAt and nextUpdate in this order",
     check_times},
    {"revocations", "RFC 6960, 2.2 and 4.4.8",
     "revocations of the past, and certificateHold of what was never issued",
     check_revocations},
    {"nonce", "RFC 6960, 4.4.1", "the nonce of the request", check_nonce},
    {"responder", "RFC 6960, 4.2.2.3", "the hash of the signing key", check_responder},
    {"certificate", "RFC 6960, 4.2.2.2",
     "the signer's certificate for OCSPSigning, valid as long as the answers",
     check_certificate},
};

enum result ocsp_response_check(struct bytes der, const struct ocsp_request *request,
                                bool wants_nonce, struct bytes signer_spki, struct error *err) {
    struct ocsp_response response = {0};
    if (ocsp_response_read(der, &response, NULL) != RESULT_OK ||
        response.outcome != OCSP_SUCCESSFUL) {
        return error_set_code(err, RESULT_DENIED, LINT_CODE,
                              "structure: expected an OCSP response in DER (RFC 6960, 4.2.1)");
    }
    const struct checked checked = {
        .response = &response,
        .request = request,
        .wants_nonce = wants_nonce,
        .signer = signer_spki,
    };
    for (size_t i = 0; i < sizeof(lints) / sizeof(lints[0]); i++) {
        if (!lints[i].passes(&checked)) {
            return error_set_code(err, RESULT_DENIED, LINT_CODE, "%s: expected %s (%s)",
                                  lints[i].name, lints[i].expected, lints[i].section);
        }
    }
    return RESULT_OK;
}
