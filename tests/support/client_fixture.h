// What the client's tests share: a small CA made on the spot, answers as an authority gives
// them, and a folder that is removed at the end. SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/text.h"
#include "support/test.h"
#include "wire/messages.h"
#include "x509/certificate.h"
#include "x509/crl.h"
#include "x509/key.h"

// The time the certificates are made for; a test that does TLS sets it to the real one.
static int64_t test_now = 1800000000;
#define NOW test_now
#define DAY 86400

static char test_folder[64];

static inline int make_test_folder(void **state) {
    (void)state;
    snprintf(test_folder, sizeof(test_folder), "/tmp/signet-test-XXXXXX");
    return mkdtemp(test_folder) == NULL ? -1 : 0;
}

static inline int remove_test_folder(void **state) {
    (void)state;
    char command[128];
    snprintf(command, sizeof(command), "rm -rf '%s'", test_folder);
    return system(command);
}

// "FOLDER/name" in one of four buffers, used in turn.
static inline const char *in_test_folder(const char *name) {
    static char paths[4][300];
    static unsigned turn;
    char *path = paths[turn++ % 4];
    snprintf(path, sizeof(paths[0]), "%s/%s", test_folder, name);
    return path;
}

// A key with its certificate.
struct test_identity {
    struct key *key;
    struct buf certificate; // DER
};

static inline void test_identity_clear(struct test_identity *identity) {
    key_free_at(&identity->key);
    buf_clear(&identity->certificate);
}

struct test_names {
    const char *texts[4]; // "type:value", ended by NULL
};

// Issued by `issuer`, or self-signed when that is NULL.
static inline void make_identity(struct test_identity *identity, struct test_names names,
                                 const struct test_identity *issuer, bool is_ca,
                                 int64_t not_before, int64_t not_after) {
    struct error err = {0};
    AUTO(names_clear) struct names set = {0};
    AUTO(buf_clear) struct buf tbs = {0};
    AUTO(buf_clear) struct buf subject = {0};
    buf_init(&tbs, LIMIT_CERTIFICATE_BYTES);
    buf_init(&subject, 1024);
    buf_init(&identity->certificate, LIMIT_CERTIFICATE_BYTES);
    for (size_t i = 0; names.texts[i] != NULL; i++) {
        assert_ok(names_add_text(&set, names.texts[i], &err), &err);
    }
    if (identity->key == NULL) {
        assert_ok(key_generate(KEY_P256, &identity->key, &err), &err);
    }
    struct certificate ca = {0};
    uint8_t ca_id[SHA1_SIZE] = {0};
    const struct key *signer = issuer != NULL ? issuer->key : identity->key;
    if (issuer != NULL) {
        assert_ok(certificate_read(buf_bytes(&issuer->certificate), &ca, &err), &err);
    } else {
        assert_ok(distinguished_name_write(&subject, names_first(&set, NAME_CN)), &err);
        ca.subject = buf_bytes(&subject);
    }
    assert_ok(public_key_identifier(key_public(signer), ca_id), &err);
    uint8_t serial[SERIAL_SIZE];
    assert_ok(certificate_make_serial(serial, &err), &err);
    const struct certificate_plan plan = {
        .serial = bytes_of(serial, sizeof(serial)),
        .issuer = ca.subject,
        .names = &set,
        .not_before = not_before,
        .not_after = not_after,
        .spki = key_public(identity->key),
        .is_ca = is_ca,
        .path_length = PATH_LENGTH_NONE,
        .key_usage =
            is_ca ? KEY_USAGE_KEY_CERT_SIGN | KEY_USAGE_CRL_SIGN : KEY_USAGE_DIGITAL_SIGNATURE,
        .extended_key_usages = {is_ca ? OID_UNKNOWN : OID_CLIENT_AUTH,
                                is_ca ? OID_UNKNOWN : OID_SERVER_AUTH,
                                is_ca ? OID_UNKNOWN : OID_CMC_RA},
        .authority_key_id = bytes_of(ca_id, sizeof(ca_id)),
    };
    assert_ok(certificate_build_tbs(&plan, key_signature_algorithm(signer), &tbs, &err), &err);
    assert_ok(certificate_sign(buf_bytes(&tbs), signer, &identity->certificate, &err), &err);
}

// Root, issuing CA below it, and a stranger's root.
struct test_ca {
    struct test_identity root;
    struct test_identity issuing;
    struct test_identity stranger;
};

static inline void make_test_ca(struct test_ca *ca) {
    *ca = (struct test_ca){0};
    make_identity(&ca->root, (struct test_names){{"cn:Test Root"}}, NULL, true, NOW - DAY,
                  NOW + 1000 * DAY);
    make_identity(&ca->issuing, (struct test_names){{"cn:Test Issuing"}}, &ca->root, true,
                  NOW - DAY, NOW + 900 * DAY);
    make_identity(&ca->stranger, (struct test_names){{"cn:Another Root"}}, NULL, true,
                  NOW - DAY, NOW + 1000 * DAY);
}

static inline void test_ca_clear(struct test_ca *ca) {
    test_identity_clear(&ca->root);
    test_identity_clear(&ca->issuing);
    test_identity_clear(&ca->stranger);
}

// The answer that an authority gives for this certificate; message_clear(&issued_type, …) ends
// it.
static inline void make_issued(const struct test_ca *ca, const struct test_identity *leaf,
                               struct issued *out_issued) {
    struct error err = {0};
    struct certificate certificate;
    AUTO(names_clear) struct names names = {0};
    AUTO(buf_clear) struct buf serial = {0};
    buf_init(&serial, 64);
    *out_issued = (struct issued){0};
    assert_ok(certificate_read(buf_bytes(&leaf->certificate), &certificate, &err), &err);
    assert_ok(certificate_names(&certificate, &names, &err), &err);
    assert_ok(text_hex_encode(certificate.serial, &serial), &err);
    assert_ok(text_set(&out_issued->serial, buf_string(&serial)), &err);
    assert_ok(text_set(&out_issued->profile, "mqtt"), &err);
    for (size_t i = 0; i < names.count; i++) {
        AUTO(buf_clear) struct buf text = {0};
        buf_init(&text, 1024);
        assert_ok(name_format(&names.items[i], &text), &err);
        assert_ok(text_list_add(&out_issued->names, buf_string(&text)), &err);
    }
    out_issued->not_before = certificate.not_before;
    out_issued->not_after = certificate.not_after;
    out_issued->renew_after = certificate.not_before + 2 * DAY;
    assert_ok(blob_set(&out_issued->certificate, buf_bytes(&leaf->certificate)), &err);
    assert_ok(blob_set(&out_issued->chain, buf_bytes(&ca->issuing.certificate)), &err);
    assert_ok(blob_set(&out_issued->root, buf_bytes(&ca->root.certificate)), &err);
}

// Appends a CRL of `issuer` that lists `count` serials.
static inline void make_crl(const struct test_identity *issuer, uint64_t number,
                            int64_t this_update, int64_t next_update, size_t count,
                            struct buf *out) {
    struct error err = {0};
    struct certificate ca;
    uint8_t id[SHA1_SIZE];
    struct crl_entry entries[8] = {0};
    assert_true(count <= 8);
    for (size_t i = 0; i < count; i++) {
        entries[i] = (struct crl_entry){
            .serial = {(uint8_t)(i + 1)}, .serial_size = 1, .revoked_at = this_update - 10};
    }
    assert_ok(certificate_read(buf_bytes(&issuer->certificate), &ca, &err), &err);
    assert_ok(public_key_identifier(ca.spki, id), &err);
    const struct crl_plan plan = {.issuer = ca.subject,
                                  .authority_key_id = bytes_of(id, sizeof(id)),
                                  .number = number,
                                  .this_update = this_update,
                                  .next_update = next_update,
                                  .entries = entries,
                                  .entry_count = count};
    assert_ok(crl_build(&plan, issuer->key, out, &err), &err);
}
