// A small PKI for tests: keys and certificates made in one call each.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "support/test.h"

#include "base/clock.h"
#include "x509/certificate.h"
#include "x509/key.h"

struct identity {
    struct key *key;
    struct buf der;
};

// What a certificate is to say. Zero: a P-256 end entity without names and usage, valid from an
// hour ago for a day.
struct identity_plan {
    const char *names[4]; // "cn:…", "dns:…"
    bool is_ca;
    enum oid usage;
    bool is_authority; // has cmcRA besides
    enum key_algorithm algorithm;
    int64_t not_before;
    int64_t not_after;
};

static inline void identity_clear(struct identity *identity) {
    key_free_at(&identity->key);
    buf_clear(&identity->der);
}

static inline struct certificate identity_certificate(const struct identity *identity) {
    struct certificate certificate = {0};
    struct error err = {0};
    assert_ok(certificate_read(buf_bytes(&identity->der), &certificate, &err), &err);
    return certificate;
}

// `issuer` NULL makes it self-signed. The key is made, unless `out` has one.
static inline void identity_make(struct identity *out, const struct identity *issuer,
                                 const struct identity_plan *plan) {
    struct error err = {0};
    AUTO(names_clear) struct names names = {0};
    AUTO(buf_clear) struct buf subject = {0};
    AUTO(buf_clear) struct buf tbs = {0};
    uint8_t serial[SERIAL_SIZE];
    buf_init(&subject, 1024);
    buf_init(&tbs, LIMIT_CERTIFICATE_BYTES);
    buf_init(&out->der, LIMIT_CERTIFICATE_BYTES);
    for (size_t i = 0; i < 4 && plan->names[i] != NULL; i++) {
        assert_ok(names_add_text(&names, plan->names[i], &err), &err);
    }
    if (out->key == NULL) {
        assert_ok(key_generate(plan->algorithm, &out->key, &err), &err);
    }
    assert_ok(certificate_make_serial(serial, &err), &err);
    assert_int_equal(distinguished_name_write(&subject, names_first(&names, NAME_CN)),
                     RESULT_OK);
    const struct certificate issuer_read =
        issuer != NULL ? identity_certificate(issuer) : (struct certificate){0};
    const struct key *signer = issuer != NULL ? issuer->key : out->key;
    const struct certificate_plan certificate_plan = {
        .serial = bytes_of(serial, sizeof(serial)),
        .issuer = issuer != NULL ? issuer_read.subject : buf_bytes(&subject),
        .names = &names,
        .not_before = plan->not_before != 0 ? plan->not_before : clock_now() - 3600,
        .not_after = plan->not_after != 0 ? plan->not_after : clock_now() + 86400,
        .spki = key_public(out->key),
        .is_ca = plan->is_ca,
        .path_length = PATH_LENGTH_NONE,
        .key_usage = plan->is_ca ? KEY_USAGE_KEY_CERT_SIGN | KEY_USAGE_CRL_SIGN
                                 : KEY_USAGE_DIGITAL_SIGNATURE,
        .extended_key_usages = {plan->usage, plan->is_authority ? OID_CMC_RA : OID_UNKNOWN},
        .authority_key_id = issuer_read.subject_key_id,
    };
    assert_ok(
        certificate_build_tbs(&certificate_plan, key_signature_algorithm(signer), &tbs, &err),
        &err);
    assert_ok(certificate_sign(buf_bytes(&tbs), signer, &out->der, &err), &err);
}
