// The authority fixture with profiles that are asked for in every way, and a manufacturer.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "authority/config/profile.h"
#include "support/request_fixture.h"
#include "x509/certificate.h"

#define HOLDER_PROFILE FIXTURE_PROFILE "-test"
#define DERIVED_PROFILE "derived-test" // holders of HOLDER_PROFILE; a common name only
#define BORN_PROFILE "born-test"       // devices of the manufacturer
#define MIXED_PROFILE "mixed-test"     // both, tokens too
#define PATIENT_PROFILE "patient-test" // as the one before, with an approval

#define GRANT_FORMS                                                                            \
    "extended_key_usages = clientAuth\ncommon_name = 1\n"                                      \
    "lifetime = 30d\nlifetime_maximum = 60d\n"
#define GRANT_PROFILES                                                                         \
    "\n[manufacturer maker]\ncertificates = maker.pem\nnames = cn:{CN}\n"                      \
    "\n[profile " DERIVED_PROFILE "]\nask = holders:" HOLDER_PROFILE "\n" GRANT_FORMS          \
    "\n[profile " BORN_PROFILE "]\nask = manufacturer:maker\n" GRANT_FORMS                     \
    "\n[profile " MIXED_PROFILE "]\nask = token holders:" HOLDER_PROFILE                       \
    " manufacturer:maker\ndns = 0-3\n" GRANT_FORMS "\n[profile " PATIENT_PROFILE               \
    "]\nask = token holders:" HOLDER_PROFILE                                                   \
    " manufacturer:maker\napprovals = 1\n" GRANT_FORMS

// To change a profile without a file: its hash stays.
static inline struct profile *grant_profile(struct fixture *f, const char *name) {
    const struct profile *profile = profile_find(&f->authority.config.profiles, name);
    assert_non_null(profile);
    return (struct profile *)(uintptr_t)profile;
}

// --- a manufacturer --------------------------------------------------------------------------

struct maker {
    struct key *key;
    struct buf ca; // DER
};

static inline void maker_clear(struct maker *maker) {
    key_free_at(&maker->key);
    buf_clear(&maker->ca);
}

#define MAKER_END 253402300799 // 99991231235959Z: no expiration (IEEE 802.1AR, 8.7)

// A certificate of this common name, by the maker's key; `issuer` empty: self-signed.
static inline void maker_sign(const struct maker *maker, const char *name, bool is_ca,
                              struct bytes spki, struct buf *out_der) {
    struct error err = {0};
    AUTO(names_clear) struct names names = {0};
    AUTO(buf_clear) struct buf issuer = {0};
    AUTO(buf_clear) struct buf tbs = {0};
    uint8_t serial[SERIAL_SIZE];
    buf_init(&issuer, 1024);
    buf_init(&tbs, LIMIT_CERTIFICATE_BYTES);
    buf_init(out_der, LIMIT_CERTIFICATE_BYTES);
    assert_ok(names_add(&names, NAME_CN, bytes_of_string(name), &err), &err);
    assert_int_equal(RESULT_OK, distinguished_name_write(&issuer, "Maker CA"));
    assert_ok(certificate_make_serial(serial, &err), &err);
    const struct certificate_plan plan = {
        .serial = bytes_of(serial, sizeof(serial)),
        .issuer = buf_bytes(&issuer),
        .names = &names,
        .not_before = FIXTURE_NOW - FIXTURE_DAY,
        .not_after = MAKER_END,
        .spki = spki,
        .is_ca = is_ca,
        .path_length = PATH_LENGTH_NONE,
        .key_usage = is_ca ? KEY_USAGE_KEY_CERT_SIGN : KEY_USAGE_DIGITAL_SIGNATURE,
    };
    assert_ok(certificate_build_tbs(&plan, key_signature_algorithm(maker->key), &tbs, &err),
              &err);
    assert_ok(certificate_sign(buf_bytes(&tbs), maker->key, out_der, &err), &err);
}

static inline void maker_make(struct maker *out_maker) {
    out_maker->key = fixture_key();
    maker_sign(out_maker, "Maker CA", true, key_public(out_maker->key), &out_maker->ca);
}

// A device's own certificate (IDevID), for a key that is of no interest here.
static inline void maker_device(const struct maker *maker, const char *name,
                                struct buf *out_der) {
    AUTO(key_free_at) struct key *key = fixture_key();
    maker_sign(maker, name, false, key_public(key), out_der);
}

// --- asking ----------------------------------------------------------------------------------

// Configures the profiles above, with this maker as the manufacturer.
static inline void grant_configure(struct fixture *f, const struct maker *maker) {
    char path[128];
    (void)snprintf(path, sizeof(path), "%s/maker.pem", f->folder);
    AUTO(buf_clear) struct buf pem = {0};
    buf_init(&pem, 65536);
    assert_int_equal(RESULT_OK, pem_encode_all(PEM_CERTIFICATE, buf_bytes(&maker->ca), &pem));
    assert_ok(file_replace(path, buf_bytes(&pem), 0600, &f->err), &f->err);
    request_configure(f, GRANT_PROFILES);
}

// Any of token, profile, names and certificate may be NULL or empty.
struct asked {
    const char *token;
    const char *profile;
    const char *claim;
    const char *names[4];
    struct bytes certificate;
};

static inline void grant_csr(const struct key *key, const char *const *texts, size_t count,
                             struct blob *out_csr) {
    struct error err = {0};
    AUTO(names_clear) struct names names = {0};
    for (size_t i = 0; i < count && texts[i] != NULL; i++) {
        assert_ok(names_add_text(&names, texts[i], &err), &err);
    }
    AUTO(buf_clear) struct buf der = {0};
    buf_init(&der, LIMIT_CSR_BYTES);
    assert_ok(csr_build(key, &names, &der, &err), &err);
    assert_int_equal(RESULT_OK, blob_set(out_csr, buf_bytes(&der)));
}

static inline struct waiting *grant_ask(struct fixture *f, const struct asked *asked,
                                        const struct key *key) {
    struct enroll request = {0};
    if (asked->token != NULL) {
        assert_int_equal(RESULT_OK, text_set(&request.token, asked->token));
    }
    if (asked->profile != NULL) {
        assert_int_equal(RESULT_OK, text_set(&request.profile, asked->profile));
    }
    if (asked->claim != NULL) {
        assert_int_equal(RESULT_OK, text_set(&request.claim, asked->claim));
    }
    grant_csr(key, asked->names, 4, &request.csr);
    struct waiting *waiting =
        fixture_ask(f, CHANNEL_ENROLL, OPERATION_ENROLL, &request, asked->certificate);
    message_clear(&enroll_type, &request);
    return waiting;
}

// Asks with a new key and requires a certificate with this as its first name.
static inline void grant_expect_issued(struct fixture *f, const struct asked *asked,
                                       const char *name) {
    AUTO(key_free_at) struct key *key = fixture_key();
    struct issued issued = {0};
    fixture_expect_ok(grant_ask(f, asked, key), &issued_type, &issued);
    assert_string_equal(name, issued.names.items[0]);
    message_clear(&issued_type, &issued);
}

static inline void grant_expect_refusal(struct fixture *f, const struct asked *asked,
                                        enum result result, const char *code) {
    AUTO(key_free_at) struct key *key = fixture_key();
    fixture_expect_refusal(grant_ask(f, asked, key), result, code);
}

// --- fleets ----------------------------------------------------------------------------------

static inline struct waiting *fleet_ask(struct fixture *f, const char *profile,
                                        const char *const *names, const char *const *patterns,
                                        int64_t uses) {
    struct token_create request = {.uses = uses};
    assert_int_equal(RESULT_OK, text_set(&request.profile, profile));
    for (size_t i = 0; names != NULL && names[i] != NULL; i++) {
        assert_int_equal(RESULT_OK, text_list_add(&request.names, names[i]));
    }
    for (size_t i = 0; patterns[i] != NULL; i++) {
        assert_int_equal(RESULT_OK, text_list_add(&request.patterns, patterns[i]));
    }
    struct waiting *waiting =
        fixture_ask(f, CHANNEL_ADMIN, OPERATION_TOKEN_CREATE, &request, buf_bytes(&f->admin));
    message_clear(&token_create_type, &request);
    return waiting;
}

// The credential of a fleet token with one pattern.
static inline char *fleet_token(struct fixture *f, const char *profile, const char *pattern,
                                int64_t uses) {
    const char *patterns[] = {pattern, NULL};
    struct token_created created = {0};
    fixture_expect_ok(fleet_ask(f, profile, NULL, patterns, uses), &token_created_type,
                      &created);
    char *credential = NULL;
    fixture_credential(created.token, &credential);
    message_clear(&token_created_type, &created);
    return credential;
}
