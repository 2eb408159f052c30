// Making and judging CA certificates.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "authority/issuers/ca_certificate.h"

#include "authority/issuers/issuer.h"
#include "base/limits.h"
#include "x509/lint.h"

#define CA_BACKDATE (60LL * 60)

static int64_t earlier(int64_t a, int64_t b) {
    return a < b ? a : b;
}

static enum result check_parent(const struct ca_plan *ca, struct error *err) {
    if (ca->parent->path_length == 0) {
        (void)error_set_code(err, RESULT_INVALID, "path_length",
                             "the root's path length of 0 forbids a CA below it");
        error_hint(err, "Make another authority with: signetd init");
        return RESULT_INVALID;
    }
    return issuer_check_dates(ca->parent, ca->now, err);
}

// A Name of its own for the root; the parent's subject, byte by byte, for others.
static enum result write_issuer_name(const struct ca_plan *ca, struct buf *out) {
    return ca->parent == NULL ? distinguished_name_write(out, ca->common_name)
                              : buf_append(out, ca->parent->subject);
}

enum result ca_certificate_make(const struct ca_plan *ca, struct buf *out_der,
                                struct error *err) {
    AUTO(names_clear) struct names names = {0};
    AUTO(buf_clear) struct buf issuer = {0};
    AUTO(buf_clear) struct buf tbs = {0};
    buf_init(&issuer, LIMIT_CERTIFICATE_BYTES);
    buf_init(&tbs, LIMIT_CERTIFICATE_BYTES);
    if (ca->parent != NULL) {
        TRY(check_parent(ca, err));
    }
    TRY(names_add(&names, NAME_CN, bytes_of_string(ca->common_name), err));
    TRY(write_issuer_name(ca, &issuer));
    uint8_t serial[SERIAL_SIZE] = {0};
    uint8_t identifier_room[SHA1_SIZE] = {0};
    TRY(certificate_make_serial(serial, err));
    struct certificate_plan plan = {
        .serial = bytes_of(serial, sizeof(serial)),
        .issuer = buf_bytes(&issuer),
        .names = &names,
        .not_before = ca->now - CA_BACKDATE,
        .not_after = ca->now - CA_BACKDATE + ca->lifetime - 1,
        .spki = ca->spki,
        .is_ca = true,
        .path_length = ca->path_length,
        .key_usage = KEY_USAGE_KEY_CERT_SIGN | KEY_USAGE_CRL_SIGN,
    };
    if (ca->parent != NULL) {
        plan.not_before =
            ca->parent->not_before > plan.not_before ? ca->parent->not_before : plan.not_before;
        plan.not_after = earlier(plan.not_after, ca->parent->not_after);
        TRY(issuer_key_identifier(ca->parent, identifier_room, &plan.authority_key_id));
    }
    TRY(certificate_build_tbs(&plan, key_signature_algorithm(ca->signer), &tbs, err));
    TRY(lint_ca_certificate(buf_bytes(&tbs), err));
    return certificate_sign(buf_bytes(&tbs), ca->signer, out_der, err);
}

enum result ca_certificate_check(const struct certificate *certificate,
                                 const struct certificate *root, int64_t now,
                                 struct error *err) {
    enum result result = certificate_verify(certificate, root, err);
    if (result != RESULT_OK) {
        error_hint(err, "Have it made by the root of this authority: signetd root sign");
        return result;
    }
    TRY(issuer_check_flags(certificate, err));
    if (certificate->path_length != ISSUING_PATH_LENGTH) {
        (void)error_set_code(
            err, RESULT_INVALID, "ca_path_length",
            "the certificate's path length is %s, so that CAs below it would be "
            "accepted",
            certificate->path_length == PATH_LENGTH_NONE ? "not limited" : "not 0");
        error_hint(err, "Have it made anew with: signetd root sign");
        return RESULT_INVALID;
    }
    return issuer_check_dates(certificate, now, err);
}
