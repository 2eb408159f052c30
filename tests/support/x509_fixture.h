// For the tests of protocol/x509: hex, files of tests/data/x509, and quick certificates.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/file.h"
#include "base/text.h"
#include "support/test.h"
#include "x509/certificate.h"
#include "x509/key.h"
#include "x509/names.h"
#include "x509/pem.h"

#define MAYBE_UNUSED __attribute__((unused))

// 2026-01-01T00:00:00Z, the day on which the tests play.
#define TODAY 1767225600
#define DAY 86400

// Hex with spaces for the eye.
MAYBE_UNUSED static void append_hex(struct buf *out, const char *hex) {
    AUTO(buf_clear) struct buf digits = {0};
    buf_init(&digits, 65536);
    for (const char *at = hex; *at != '\0'; at++) {
        if (*at != ' ') {
            assert_int_equal(buf_append_byte(&digits, (uint8_t)*at), RESULT_OK);
        }
    }
    assert_int_equal(text_hex_decode(buf_bytes(&digits), out), RESULT_OK);
}

MAYBE_UNUSED static void assert_hex(struct bytes actual, const char *expected) {
    AUTO(buf_clear) struct buf bytes = {0};
    buf_init(&bytes, 65536);
    append_hex(&bytes, expected);
    assert_bytes_equal(actual, buf_bytes(&bytes));
}

MAYBE_UNUSED static void read_data(const char *name, struct buf *out) {
    AUTO(buf_clear) struct buf path = {0};
    struct error err = {0};
    buf_init(&path, 4096);
    buf_init(out, 1 << 20);
    assert_int_equal(path_join(&path, TEST_DATA, name), RESULT_OK);
    assert_ok(file_read(buf_string(&path), out, &err), &err);
}

// The first PEM block of the file.
MAYBE_UNUSED static void read_data_der(const char *name, struct buf *out) {
    AUTO(buf_clear) struct buf text = {0};
    AUTO(pem_block_clear) struct pem_block block = {0};
    struct error err = {0};
    read_data(name, &text);
    struct bytes left = buf_bytes(&text);
    assert_ok(pem_read_next(&left, &block, &err), &err);
    buf_init(out, 1 << 20);
    assert_int_equal(buf_append(out, buf_bytes(&block.der)), RESULT_OK);
}

// A CA or leaf made in the test. `der` owns what `certificate` views.
struct made {
    struct key *key;
    struct buf der, subject;
    uint8_t key_id[SHA1_SIZE];
    struct certificate certificate;
};

MAYBE_UNUSED static void made_clear(struct made *made) {
    key_free_at(&made->key);
    buf_clear(&made->der);
    buf_clear(&made->subject);
}

// A plan for a CA or leaf with this one common name, which lives in *names.
MAYBE_UNUSED static struct certificate_plan plan_for(struct names *names,
                                                     const char *common_name, bool is_ca) {
    static const uint8_t serial[] = {0x12, 0x34};
    struct error err = {0};
    assert_ok(names_add(names, NAME_CN, bytes_of_string(common_name), &err), &err);
    return (struct certificate_plan){
        .serial = bytes_of(serial, sizeof(serial)),
        .names = names,
        .not_before = TODAY - DAY,
        .not_after = TODAY + 100 * DAY,
        .is_ca = is_ca,
        .path_length = PATH_LENGTH_NONE,
        .key_usage =
            is_ca ? KEY_USAGE_KEY_CERT_SIGN | KEY_USAGE_CRL_SIGN : KEY_USAGE_DIGITAL_SIGNATURE,
    };
}

// Makes the key, completes the plan (issuer NULL: self-signed), signs and reads back.
MAYBE_UNUSED static void make_by_plan(struct made *made, struct certificate_plan plan,
                                      const struct made *issuer) {
    struct error err = {0};
    AUTO(buf_clear) struct buf tbs = {0};
    buf_init(&tbs, LIMIT_CERTIFICATE_BYTES);
    buf_init(&made->der, LIMIT_CERTIFICATE_BYTES);
    buf_init(&made->subject, LIMIT_CERTIFICATE_BYTES);
    assert_ok(key_generate(KEY_P256, &made->key, &err), &err);
    assert_int_equal(public_key_identifier(key_public(made->key), made->key_id), RESULT_OK);
    assert_int_equal(distinguished_name_write(&made->subject, names_first(plan.names, NAME_CN)),
                     RESULT_OK);
    plan.spki = key_public(made->key);
    plan.issuer = buf_bytes(issuer != NULL ? &issuer->subject : &made->subject);
    if (issuer != NULL) {
        plan.authority_key_id = bytes_of(issuer->key_id, SHA1_SIZE);
    }
    const struct key *signer = issuer != NULL ? issuer->key : made->key;
    assert_ok(certificate_build_tbs(&plan, key_signature_algorithm(signer), &tbs, &err), &err);
    assert_ok(certificate_sign(buf_bytes(&tbs), signer, &made->der, &err), &err);
    assert_ok(certificate_read(buf_bytes(&made->der), &made->certificate, &err), &err);
}

MAYBE_UNUSED static void make_certificate(struct made *made, const char *common_name,
                                          bool is_ca, const struct made *issuer) {
    AUTO(names_clear) struct names names = {0};
    make_by_plan(made, plan_for(&names, common_name, is_ca), issuer);
}
