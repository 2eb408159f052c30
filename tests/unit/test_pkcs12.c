// PKCS#12: the structure read back by our DER reader, the contents by wolfSSL's own reader, and what is
// refused.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "support/x509_fixture.h"

#include <wolfssl/options.h>
#include <wolfssl/wolfcrypt/pkcs12.h>

#include "x509/der.h"
#include "x509/key_encryption.h"
#include "x509/pkcs12.h"

#define PASSWORD "correct horse"
// "Zoë 電話": characters in two and three octets of UTF-8.
#define NAME "Zo\xc3\xab \xe9\x9b\xbb\xe8\xa9\xb1"
#define NAME_UCS2 "005a 006f 00eb 0020 96fb 8a71"

// A leaf under an issuing CA under a root.
static struct made root, issuing, leaf;

static int make_chain(void **state) {
    (void)state;
    make_certificate(&root, "Root", true, NULL);
    make_certificate(&issuing, "Issuing", true, &root);
    make_certificate(&leaf, "jjolie", false, &issuing);
    return 0;
}

static int clear_chain(void **state) {
    (void)state;
    made_clear(&leaf);
    made_clear(&issuing);
    made_clear(&root);
    return 0;
}

static struct pkcs12_plan plan_of(enum pkcs12_profile profile) {
    return (struct pkcs12_plan){.profile = profile,
                                .key = leaf.key,
                                .certificate = buf_bytes(&leaf.der),
                                .chain = buf_bytes(&issuing.der),
                                .friendly_name = NAME,
                                .password = PASSWORD};
}

static void write_file(const struct pkcs12_plan *plan, struct buf *out) {
    struct error err = {0};
    buf_init(out, LIMIT_PKCS12_BYTES);
    assert_ok(pkcs12_write(plan, out, &err), &err);
    assert_ok(der_check(buf_bytes(out), &err), &err);
}

// --- reading with our reader ---------------------------------------------------------------

static struct der enter(struct der *der, uint8_t tag) {
    struct der inside = {0};
    struct error err = {0};
    assert_ok(der_enter(der, tag, &inside, &err), &err);
    return inside;
}

static struct bytes take(struct der *der, uint8_t tag) {
    struct bytes content = {0};
    struct error err = {0};
    assert_ok(der_read(der, tag, &content, &err), &err);
    return content;
}

static void expect_oid(struct der *der, enum oid oid) {
    assert_int_equal(oid_find(take(der, DER_OID)), oid);
}

static int64_t take_integer(struct der *der) {
    int64_t value = -1;
    struct error err = {0};
    assert_ok(der_read_integer(der, &value, &err), &err);
    return value;
}

// ContentInfo of the type data: its octets.
static struct bytes take_data(struct der *der) {
    struct der information = enter(der, DER_SEQUENCE);
    expect_oid(&information, OID_PKCS7_DATA);
    struct der content = enter(&information, DER_CONTEXT_CONSTRUCTED(0));
    return take(&content, DER_OCTET_STRING);
}

static void expect_scheme(struct der *der, enum pkcs12_profile profile) {
    struct der identifier = enter(der, DER_SEQUENCE);
    expect_oid(&identifier, profile == PKCS12_COMPAT ? OID_PBE_SHA1_3DES : OID_PBES2);
    struct der parameters = enter(&identifier, DER_SEQUENCE);
    if (profile == PKCS12_COMPAT) {
        assert_int_equal(take(&parameters, DER_OCTET_STRING).size, 16);
        assert_int_equal(take_integer(&parameters), PKCS12_ITERATIONS);
        return;
    }
    struct der function = enter(&parameters, DER_SEQUENCE);
    expect_oid(&function, OID_PBKDF2);
    struct der derivation = enter(&function, DER_SEQUENCE);
    assert_int_equal(take(&derivation, DER_OCTET_STRING).size, 16);
    assert_int_equal(take_integer(&derivation), PKCS12_ITERATIONS);
    struct der prf = enter(&derivation, DER_SEQUENCE);
    expect_oid(&prf, OID_HMAC_SHA256);
    assert_int_equal(take(&prf, DER_NULL).size, 0);
    struct der cipher = enter(&parameters, DER_SEQUENCE);
    expect_oid(&cipher, OID_AES256_CBC);
    assert_int_equal(take(&cipher, DER_OCTET_STRING).size, 16);
}

static void expect_attributes(struct der *bag) {
    struct der set = enter(bag, DER_SET);
    struct der first = enter(&set, DER_SEQUENCE);
    expect_oid(&first, OID_FRIENDLY_NAME);
    struct der names = enter(&first, DER_SET);
    assert_hex(take(&names, DER_BMP_STRING), NAME_UCS2);
    struct der second = enter(&set, DER_SEQUENCE);
    expect_oid(&second, OID_LOCAL_KEY_ID);
    struct der identifiers = enter(&second, DER_SET);
    assert_bytes_equal(take(&identifiers, DER_OCTET_STRING), bytes_of(leaf.key_id, SHA1_SIZE));
    assert_true(der_at_end(&set));
    assert_true(der_at_end(bag));
}

static void expect_key_safe(struct der *safes, enum pkcs12_profile profile) {
    struct der octets = der_of(take_data(safes));
    struct der bags = enter(&octets, DER_SEQUENCE);
    struct der bag = enter(&bags, DER_SEQUENCE);
    expect_oid(&bag, OID_SHROUDED_KEY_BAG);
    struct der value = enter(&bag, DER_CONTEXT_CONSTRUCTED(0));
    struct bytes encrypted = value.left;
    struct der information = enter(&value, DER_SEQUENCE);
    expect_scheme(&information, profile);
    expect_attributes(&bag);
    assert_true(der_at_end(&bags));
    if (profile == PKCS12_MODERN) { // which our own reader of keys opens, too
        AUTO(buf_clear) struct buf plain = {0};
        AUTO(key_free_at) struct key *key = NULL;
        struct error err = {0};
        buf_init_secret(&plain, LIMIT_KEY_FILE_BYTES);
        assert_ok(key_decrypt(encrypted, PASSWORD, &plain, &err), &err);
        assert_ok(key_load_pkcs8(buf_bytes(&plain), &key, &err), &err);
        assert_bytes_equal(key_public(key), key_public(leaf.key));
    }
}

static void the_structure_is_that_of_rfc_7292(void **state) {
    (void)state;
    for (enum pkcs12_profile profile = 0; profile < PKCS12_PROFILE_COUNT; profile++) {
        AUTO(buf_clear) struct buf file = {0};
        struct pkcs12_plan plan = plan_of(profile);
        write_file(&plan, &file);
        struct der der = der_of(buf_bytes(&file));
        struct der whole = enter(&der, DER_SEQUENCE);
        assert_int_equal(take_integer(&whole), 3);
        struct der octets = der_of(take_data(&whole));
        struct der safes = enter(&octets, DER_SEQUENCE);
        struct der certificates = enter(&safes, DER_SEQUENCE);
        expect_oid(&certificates, OID_PKCS7_ENCRYPTED_DATA);
        struct der content = enter(&certificates, DER_CONTEXT_CONSTRUCTED(0));
        struct der data = enter(&content, DER_SEQUENCE);
        assert_int_equal(take_integer(&data), 0);
        struct der inside = enter(&data, DER_SEQUENCE);
        expect_oid(&inside, OID_PKCS7_DATA);
        expect_scheme(&inside, profile);
        assert_true(take(&inside, DER_CONTEXT(0)).size > leaf.der.size + issuing.der.size);
        expect_key_safe(&safes, profile);
        assert_true(der_at_end(&safes));
        struct der mac = enter(&whole, DER_SEQUENCE);
        struct der digest = enter(&mac, DER_SEQUENCE);
        struct der algorithm = enter(&digest, DER_SEQUENCE);
        expect_oid(&algorithm, profile == PKCS12_COMPAT ? OID_SHA1 : OID_SHA256);
        assert_int_equal(take(&algorithm, DER_NULL).size, 0);
        assert_int_equal(take(&digest, DER_OCTET_STRING).size,
                         profile == PKCS12_COMPAT ? SHA1_SIZE : SHA256_SIZE);
        assert_int_equal(take(&mac, DER_OCTET_STRING).size, 16);
        assert_int_equal(take_integer(&mac), PKCS12_ITERATIONS);
        assert_true(der_at_end(&whole));
    }
}

// --- reading with wolfSSL's reader ---------------------------------------------------------

// What wolfSSL found; its memory.
struct found {
    byte *key, *certificate;
    word32 key_size, certificate_size;
    WC_DerCertList *others;
};

static void found_clear(struct found *found) {
    free(found->key);
    free(found->certificate);
    while (found->others != NULL) {
        WC_DerCertList *next = found->others->next;
        free(found->others->buffer);
        free(found->others);
        found->others = next;
    }
}

static int parse(struct bytes file, const char *password, struct found *out) {
    WC_PKCS12 *pkcs12 = wc_PKCS12_new();
    assert_non_null(pkcs12);
    int code = wc_d2i_PKCS12(file.data, (word32)file.size, pkcs12);
    if (code == 0) {
        code = wc_PKCS12_parse(pkcs12, password, &out->key, &out->key_size, &out->certificate,
                               &out->certificate_size, &out->others);
    }
    wc_PKCS12_free(pkcs12);
    return code;
}

static void wolfssl_finds_key_leaf_and_chain(void **state) {
    (void)state;
    for (enum pkcs12_profile profile = 0; profile < PKCS12_PROFILE_COUNT; profile++) {
        AUTO(buf_clear) struct buf file = {0};
        AUTO(found_clear) struct found found = {0};
        AUTO(buf_clear) struct buf key = {0};
        struct pkcs12_plan plan = plan_of(profile);
        write_file(&plan, &file);
        assert_int_equal(parse(buf_bytes(&file), PASSWORD, &found), 0);
        assert_bytes_equal(bytes_of(found.certificate, found.certificate_size),
                           buf_bytes(&leaf.der));
        assert_non_null(found.others);
        assert_bytes_equal(bytes_of(found.others->buffer, found.others->bufferSz),
                           buf_bytes(&issuing.der));
        assert_null(found.others->next);
        assert_true(found.key_size > 0);
    }
}

static void a_wrong_password_or_a_changed_octet_is_noticed(void **state) {
    (void)state;
    for (enum pkcs12_profile profile = 0; profile < PKCS12_PROFILE_COUNT; profile++) {
        AUTO(buf_clear) struct buf file = {0};
        struct pkcs12_plan plan = plan_of(profile);
        write_file(&plan, &file);
        AUTO(found_clear) struct found none = {0};
        assert_int_not_equal(parse(buf_bytes(&file), "wrong horse", &none), 0);
        for (size_t i = 0; i < file.size; i += file.size / 20) {
            AUTO(found_clear) struct found found = {0};
            file.data[i] ^= 0x01;
            assert_int_not_equal(parse(buf_bytes(&file), PASSWORD, &found), 0);
            file.data[i] ^= 0x01;
        }
    }
}

static void salts_are_new_each_time(void **state) {
    (void)state;
    AUTO(buf_clear) struct buf first = {0}, second = {0};
    struct pkcs12_plan plan = plan_of(PKCS12_MODERN);
    write_file(&plan, &first);
    write_file(&plan, &second);
    assert_int_equal(first.size, second.size);
    assert_false(bytes_equal(buf_bytes(&first), buf_bytes(&second)));
}

static void every_key_is_written(void **state) {
    (void)state;
    static const enum key_algorithm algorithms[] = {KEY_P384, KEY_RSA2048, KEY_ED25519};
    for (size_t i = 0; i < sizeof(algorithms) / sizeof(algorithms[0]); i++) {
        AUTO(names_clear) struct names names = {0};
        AUTO(buf_clear) struct buf tbs = {0}, certificate = {0}, file = {0};
        AUTO(key_free_at) struct key *key = NULL;
        struct error err = {0};
        buf_init(&tbs, LIMIT_CERTIFICATE_BYTES);
        buf_init(&certificate, LIMIT_CERTIFICATE_BYTES);
        assert_ok(key_generate(algorithms[i], &key, &err), &err);
        struct certificate_plan content = plan_for(&names, "jjolie", false);
        content.spki = key_public(key);
        content.issuer = buf_bytes(&issuing.subject);
        assert_ok(
            certificate_build_tbs(&content, key_signature_algorithm(issuing.key), &tbs, &err),
            &err);
        assert_ok(certificate_sign(buf_bytes(&tbs), issuing.key, &certificate, &err), &err);
        struct pkcs12_plan plan = plan_of(PKCS12_MODERN);
        plan.key = key;
        plan.certificate = buf_bytes(&certificate);
        write_file(&plan, &file);
    }
}

// --- what is refused -----------------------------------------------------------------------

#define EIGHT "12345678"
#define SIXTEEN EIGHT EIGHT
#define HUNDRED_TWENTY_EIGHT SIXTEEN SIXTEEN SIXTEEN SIXTEEN SIXTEEN SIXTEEN SIXTEEN SIXTEEN

static void passwords_are_ascii_of_a_sensible_length(void **state) {
    (void)state;
    static const struct {
        const char *password;
        enum result result;
    } cases[] = {
        {EIGHT, RESULT_OK},
        {"1234567", RESULT_INVALID},
        {"", RESULT_INVALID},
        {HUNDRED_TWENTY_EIGHT, RESULT_OK},
        {HUNDRED_TWENTY_EIGHT "9", RESULT_INVALID},
        {"with space~!", RESULT_OK},
        {"Zo\xc3\xab Zo\xc3\xab", RESULT_INVALID},
        {"tab\tinside", RESULT_INVALID},
        {"delete\x7f inside", RESULT_INVALID},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct error err = {0};
        assert_result(cases[i].result, pkcs12_check_password(cases[i].password, &err), &err);
        assert_true(cases[i].result == RESULT_OK || strcmp(err.code, "password") == 0);
    }
    AUTO(buf_clear) struct buf file = {0};
    struct error err = {0};
    struct pkcs12_plan plan = plan_of(PKCS12_MODERN);
    plan.password = "";
    buf_init(&file, LIMIT_PKCS12_BYTES);
    assert_result(RESULT_INVALID, pkcs12_write(&plan, &file, &err), &err);
    assert_int_equal(file.size, 0);
}

static void friendly_names_are_text(void **state) {
    (void)state;
    char longest[LIMIT_FRIENDLY_NAME_BYTES + 2] = {0};
    struct error err = {0};
    memset(longest, 'a', LIMIT_FRIENDLY_NAME_BYTES);
    assert_ok(pkcs12_check_friendly_name(longest, &err), &err);
    longest[LIMIT_FRIENDLY_NAME_BYTES] = 'a';
    static const char *const refused[] = {"", "a\nb", "\xff", "cut \xc3", "\xf0\x9f\x93\xb1"};
    assert_result(RESULT_INVALID, pkcs12_check_friendly_name(longest, &err), &err);
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        assert_result(RESULT_INVALID, pkcs12_check_friendly_name(refused[i], &err), &err);
        assert_string_equal(err.code, "friendly_name");
    }
}

static void a_strangers_key_is_refused(void **state) {
    (void)state;
    AUTO(buf_clear) struct buf file = {0};
    struct error err = {0};
    struct pkcs12_plan plan = plan_of(PKCS12_COMPAT);
    plan.key = issuing.key;
    buf_init(&file, LIMIT_PKCS12_BYTES);
    assert_result(RESULT_INVALID, pkcs12_write(&plan, &file, &err), &err);
    assert_int_equal(file.size, 0);
}

static void profiles_have_names(void **state) {
    (void)state;
    enum pkcs12_profile profile = PKCS12_PROFILE_COUNT;
    assert_true(pkcs12_profile_from_name("compat", &profile));
    assert_int_equal(profile, PKCS12_COMPAT);
    assert_string_equal(pkcs12_profile_name(PKCS12_MODERN), "modern");
    assert_false(pkcs12_profile_from_name("legacy", &profile));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_structure_is_that_of_rfc_7292),
        cmocka_unit_test(wolfssl_finds_key_leaf_and_chain),
        cmocka_unit_test(a_wrong_password_or_a_changed_octet_is_noticed),
        cmocka_unit_test(salts_are_new_each_time),
        cmocka_unit_test(every_key_is_written),
        cmocka_unit_test(passwords_are_ascii_of_a_sensible_length),
        cmocka_unit_test(friendly_names_are_text),
        cmocka_unit_test(a_strangers_key_is_refused),
        cmocka_unit_test(profiles_have_names),
    };
    return cmocka_run_group_tests(tests, make_chain, clear_chain);
}
