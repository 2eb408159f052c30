// What goes wrong in TLS, in words a person can act on.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/tls_private.h"

#include <wolfssl/error-ssl.h>
#include <wolfssl/wolfcrypt/error-crypt.h>

#include "base/clock.h"

// The alerts that mean "I do not like your certificate", and those that tell something else
// worth saying (RFC 8446, 6.2).
static const struct {
    int number;
    enum result result;
    const char *name;
    const char *meaning;
} alerts[] = {
    {40, RESULT_DENIED, "handshake_failure",
     "no common parameters, or a certificate is missing"},
    {42, RESULT_DENIED, "bad_certificate", "it refused our certificate"},
    {43, RESULT_DENIED, "unsupported_certificate", "our certificate is not for this use"},
    {44, RESULT_DENIED, "certificate_revoked", "our certificate is revoked"},
    {45, RESULT_DENIED, "certificate_expired", "our certificate has expired by its clock"},
    {46, RESULT_DENIED, "certificate_unknown", "it refused our certificate"},
    {48, RESULT_DENIED, "unknown_ca", "it does not trust the CA of our certificate"},
    {49, RESULT_DENIED, "access_denied", "it refused our certificate"},
    {51, RESULT_INVALID, "decrypt_error", "a signature or checksum of ours did not fit"},
    {70, RESULT_INVALID, "protocol_version", "it speaks no TLS version that we do"},
    {71, RESULT_INVALID, "insufficient_security", "it asks for stronger parameters"},
    {80, RESULT_UNAVAILABLE, "internal_error", "something went wrong there"},
    {116, RESULT_DENIED, "certificate_required", "it asks for a client certificate"},
};

enum result tls_refuse_alert(int number, struct error *err) {
    for (size_t i = 0; i < sizeof(alerts) / sizeof(alerts[0]); i++) {
        if (alerts[i].number == number) {
            (void)error_set_code(err, alerts[i].result, "tls_alert",
                                 "the peer ended the TLS connection: %s (alert %s)",
                                 alerts[i].meaning, alerts[i].name);
            error_field(err, alerts[i].name);
            return alerts[i].result;
        }
    }
    return error_set_code(err, RESULT_INVALID, "tls_alert",
                          "the peer ended the TLS connection with alert %d", number);
}

bool tls_is_date_error(int code) {
    // The first two with, the others without wolfSSL's OPENSSL_COMPATIBLE_DEFAULTS.
    return code == X509_V_ERR_ERROR_IN_CERT_NOT_AFTER_FIELD ||
           code == X509_V_ERR_ERROR_IN_CERT_NOT_BEFORE_FIELD || code == ASN_AFTER_DATE_E ||
           code == ASN_BEFORE_DATE_E;
}

bool tls_is_left_to_us(int code) {
    return tls_is_date_error(code) || code == EXTKEYUSE_AUTH_E;
}

static enum result refuse_date_of_ca(int code, struct error *err) {
    AUTO(buf_clear) struct buf now = {0};
    buf_init(&now, 64);
    (void)error_set_code(err, RESULT_DENIED, "certificate_expired",
                         "the peer's certificate chain was refused: a CA is outside its "
                         "validity (%d)",
                         code);
    // A machine that has just started without a clock is more frequent than a CA that has ended.
    if (time_format_rfc3339(clock_now(), &now) == RESULT_OK) {
        error_hint(err, "Is this machine's clock right? It says %s.", buf_string(&now));
    }
    return RESULT_DENIED;
}

enum result tls_refuse_certificate(int code, struct error *err) {
    switch (code) {
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case ASN_NO_SIGNER_E:
    case ASN_SELF_SIGNED_E:
        (void)error_set_code(err, RESULT_DENIED, "issuer_unknown",
                             "the peer's certificate was not issued by a CA that is trusted "
                             "here");
        error_hint(err, "Check that both sides belong to the same authority.");
        return RESULT_DENIED;
    case X509_V_ERR_CERT_SIGNATURE_FAILURE:
    case ASN_SIG_CONFIRM_E:
        return error_set_code(err, RESULT_DENIED, "signature_wrong",
                              "a signature in the peer's certificate chain is wrong");
    case EXTKEYUSE_AUTH_E:
    case KEYUSE_SIGNATURE_E:
        return error_set_code(err, RESULT_DENIED, "certificate_usage",
                              "the peer's certificate is not for this use");
    default:
        return tls_is_date_error(code)
                   ? refuse_date_of_ca(code, err)
                   : error_set_code(err, RESULT_DENIED, "certificate_bad",
                                    "the peer's certificate chain was refused: %s (%d)",
                                    wolfSSL_ERR_reason_error_string(
                                        (unsigned long)(code < 0 ? -code : code)),
                                    code);
    }
}

enum result tls_refuse_code(int code, struct error *err) {
    switch (code) {
    case NO_PEER_CERT:
        (void)error_set_code(err, RESULT_DENIED, "certificate_missing",
                             "a client certificate is required, and none came");
        error_hint(err, "Connect with a certificate of this authority.");
        return RESULT_DENIED;
    case VERSION_ERROR:
        return error_set_code(err, RESULT_INVALID, "tls_version",
                              "the peer speaks neither TLS 1.3 nor TLS 1.2");
    case MATCH_SUITE_ERROR:
    case UNSUPPORTED_SUITE:
    case ECC_CURVE_ERROR:
        return error_set_code(err, RESULT_INVALID, "tls_parameters",
                              "the peer has no cipher suite or curve in common with us");
    case MEMORY_E:
        return error_out_of_memory(err);
    default:
        return error_set_code(
            err, RESULT_INVALID, "tls_broken", "the TLS connection is broken: %s (%d)",
            wolfSSL_ERR_reason_error_string((unsigned long)(code < 0 ? -code : code)), code);
    }
}
