// From chosen names and a key to a signed certificate.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "authority/decide/issue.h"

#include <string.h>

#include "base/limits.h"
#include "x509/der.h"
#include "x509/lint.h"
#include "x509/oid.h"

static int64_t earlier(int64_t a, int64_t b) {
    return a < b ? a : b;
}

static enum result choose_validity(const struct issuer *issuer,
                                   const struct issue_request *request,
                                   struct certificate_plan *plan, struct error *err) {
    const struct certificate *ca = &issuer->certificate;
    if (request->now < ca->not_before || request->now > ca->not_after) {
        (void)error_set_code(err, RESULT_UNAVAILABLE, "issuer_expired",
                             "the CA certificate \"%s\" is %s", issuer->record.name,
                             request->now > ca->not_after ? "expired" : "not valid yet");
        error_hint(err, "check the clock of the authority with: date -u");
        return RESULT_UNAVAILABLE;
    }
    const struct profile *profile = request->profile;
    int64_t lifetime =
        request->grant->lifetime > 0 ? request->grant->lifetime : profile->lifetime_default;
    int64_t begin = request->now - profile->backdate;
    plan->not_before = begin > ca->not_before ? begin : ca->not_before;
    // notAfter is the last second of validity (RFC 5280, 4.1.2.5).
    int64_t end =
        earlier(request->now + lifetime, plan->not_before + profile->lifetime_maximum);
    plan->not_after = earlier(end - 1, ca->not_after);
    return RESULT_OK;
}

static enum result encode_other_usages(const struct profile *profile, struct buf *out,
                                       struct error *err) {
    for (size_t i = 0; i < profile->other_usages.count; i++) {
        size_t mark = 0;
        TRY(der_begin(out, DER_OID, &mark));
        TRY(oid_encode(profile->other_usages.items[i], out, err));
        TRY(der_end(out, mark));
    }
    return RESULT_OK;
}

// A signature that came out wrong (a fault in key storage or memory) never leaves the process.
static enum result check_signed(struct bytes der, const struct issuer *issuer,
                                struct error *err) {
    struct certificate certificate = {0};
    TRY(certificate_read(der, &certificate, err));
    return certificate_verify(&certificate, &issuer->certificate, err);
}

enum result issue_certificate(const struct issuer *issuer, const struct issue_request *request,
                              struct buf *out_der, struct error *err) {
    if (issuer->key == NULL) {
        return error_set(err, RESULT_UNAVAILABLE, "the key of the CA \"%s\" is not here",
                         issuer->record.name);
    }
    uint8_t serial[SERIAL_SIZE] = {0};
    uint8_t identifier_room[SHA1_SIZE] = {0};
    struct certificate_plan plan = {
        .serial = bytes_of(serial, sizeof(serial)),
        .issuer = issuer->certificate.subject,
        .names = request->names,
        .spki = request->spki,
        .path_length = PATH_LENGTH_NONE,
        .key_usage = request->profile->key_usage,
        .crl_url = request->profile->crl_distribution_point ? request->crl_url : NULL,
        .ca_issuers_url =
            request->profile->authority_info_access ? request->ca_issuers_url : NULL,
        .ocsp_url = request->profile->ocsp_url ? request->ocsp_url : NULL,
        .ocsp_no_check = request->profile->ocsp_no_check,
    };
    AUTO(buf_clear) struct buf other_usages = {0};
    buf_init(&other_usages, LIMIT_CERTIFICATE_BYTES);
    TRY(encode_other_usages(request->profile, &other_usages, err));
    plan.other_usages = buf_bytes(&other_usages);
    memcpy(plan.extended_key_usages, request->profile->extended_key_usages,
           sizeof(plan.extended_key_usages));
    TRY(choose_validity(issuer, request, &plan, err));
    TRY(issuer_key_identifier(&issuer->certificate, identifier_room, &plan.authority_key_id));
    TRY(certificate_make_serial(serial, err));

    AUTO(buf_clear) struct buf tbs = {0};
    AUTO(buf_clear) struct buf der = {0};
    buf_init(&tbs, LIMIT_CERTIFICATE_BYTES);
    buf_init(&der, LIMIT_CERTIFICATE_BYTES);
    TRY(certificate_build_tbs(&plan, key_signature_algorithm(issuer->key), &tbs, err));
    TRY(policy_decide(buf_bytes(&tbs), request->profile, request->grant, &issuer->certificate,
                      request->now, err));
    TRY(lint_certificate(buf_bytes(&tbs), err));
    TRY(certificate_sign(buf_bytes(&tbs), issuer->key, &der, err));
    TRY(check_signed(buf_bytes(&der), issuer, err));
    if (buf_append(out_der, buf_bytes(&der)) != RESULT_OK) {
        return error_set(err, RESULT_LIMIT, "the certificate is larger than its place");
    }
    return RESULT_OK;
}
