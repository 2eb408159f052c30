// Certification requests: built, read, and refused.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "support/x509_fixture.h"

#include <stdlib.h>
#include <time.h>

#include "x509/csr.h"
#include "x509/der.h"
#include "x509/oid.h"

// One key for all tests: what is refused does not depend on it.
static struct key *key;

static int make_key(void **state) {
    (void)state;
    struct error err = {0};
    return key_generate(KEY_P256, &key, &err) == RESULT_OK ? 0 : -1;
}

static int free_key(void **state) {
    (void)state;
    key_free_at(&key);
    return 0;
}

static void a_request_survives_the_round_trip(void **state) {
    (void)state;
    static const char *const texts[] = {"cn:pump 7",        "dns:pump.example",
                                        "ip:192.0.2.7",     "email:pump@example.net",
                                        "uri:urn:device:7", "xmpp:pump@example.net"};
    static const enum key_algorithm algorithms[] = {KEY_P256, KEY_P384, KEY_ED25519,
                                                    KEY_RSA2048};
    for (size_t i = 0; i < sizeof(algorithms) / sizeof(algorithms[0]); i++) {
        AUTO(key_free_at) struct key *own = NULL;
        AUTO(names_clear) struct names names = {0};
        AUTO(csr_clear) struct csr csr = {0};
        AUTO(buf_clear) struct buf der = {0};
        struct error err = {0};
        buf_init(&der, LIMIT_CSR_BYTES);
        for (size_t k = 0; k < sizeof(texts) / sizeof(texts[0]); k++) {
            assert_ok(names_add_text(&names, texts[k], &err), &err);
        }
        assert_ok(key_generate(algorithms[i], &own, &err), &err);
        assert_ok(csr_build(own, &names, &der, &err), &err);
        assert_ok(csr_read(buf_bytes(&der), &csr, &err), &err);
        assert_true(names_equal(&csr.names, &names));
        assert_int_equal(csr.algorithm, algorithms[i]);
        assert_false(csr.asks_for_ca);
        assert_bytes_equal(csr.spki, key_public(own));
        assert_ok(csr_verify(&csr, &err), &err);
    }
}

static void a_request_without_names_is_possible(void **state) {
    (void)state;
    AUTO(names_clear) struct names names = {0};
    AUTO(csr_clear) struct csr csr = {0};
    AUTO(buf_clear) struct buf der = {0};
    struct error err = {0};
    buf_init(&der, LIMIT_CSR_BYTES);
    assert_ok(csr_build(key, &names, &der, &err), &err);
    assert_ok(csr_read(buf_bytes(&der), &csr, &err), &err);
    assert_int_equal(csr.names.count, 0);
    assert_ok(csr_verify(&csr, &err), &err);
}

static void two_common_names_are_not_built(void **state) {
    (void)state;
    AUTO(names_clear) struct names names = {0};
    AUTO(buf_clear) struct buf der = {0};
    struct error err = {0};
    buf_init(&der, LIMIT_CSR_BYTES);
    assert_ok(names_add_text(&names, "cn:a", &err), &err);
    assert_ok(names_add_text(&names, "cn:b", &err), &err);
    assert_result(RESULT_INVALID, csr_build(key, &names, &der, &err), &err);
    assert_int_equal(der.size, 0);
}

static void requests_of_openssl_are_read(void **state) {
    (void)state;
    AUTO(csr_clear) struct csr csr = {0};
    AUTO(buf_clear) struct buf der = {0}, ed25519 = {0}, ca = {0};
    struct error err = {0};
    read_data_der("openssl-p256.csr", &der);
    assert_ok(csr_read(buf_bytes(&der), &csr, &err), &err);
    assert_ok(csr_verify(&csr, &err), &err);
    assert_int_equal(csr.names.count, 6);
    assert_true(names_contain(&csr.names, NAME_CN, "pump 7"));
    assert_true(names_contain(&csr.names, NAME_DNS, "pump.example"));
    assert_true(names_contain(&csr.names, NAME_IP, "192.0.2.7"));
    assert_true(names_contain(&csr.names, NAME_EMAIL, "p@example.net"));
    assert_true(names_contain(&csr.names, NAME_URI, "urn:x:1"));
    assert_true(names_contain(&csr.names, NAME_XMPP, "p@example.net"));
    read_data_der("openssl-ed25519.csr", &ed25519);
    assert_ok(csr_read(buf_bytes(&ed25519), &csr, &err), &err);
    assert_ok(csr_verify(&csr, &err), &err);
    assert_int_equal(csr.algorithm, KEY_ED25519);
    assert_false(csr.asks_for_ca);
    read_data_der("openssl-asks-for-ca.csr", &ca);
    assert_ok(csr_read(buf_bytes(&ca), &csr, &err), &err);
    assert_true(csr.asks_for_ca);
}

static void weak_and_foreign_requests_are_refused(void **state) {
    (void)state;
    static const struct {
        const char *file, *code;
    } cases[] = {
        {"rsa-1024.csr", "key_weak"},     {"p521.csr", "key_unknown"},
        {"secp256k1.csr", "key_unknown"}, {"directory-name.csr", "name_type_unknown"},
        {"openssl-root.crt", "invalid"}, // a certificate is no request
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        AUTO(csr_clear) struct csr csr = {0};
        AUTO(buf_clear) struct buf der = {0};
        struct error err = {0};
        read_data_der(cases[i].file, &der);
        print_message("%s\n", cases[i].file);
        assert_result(RESULT_INVALID, csr_read(buf_bytes(&der), &csr, &err), &err);
        assert_string_equal(err.code, cases[i].code);
    }
}

static void a_sha1_signature_proves_nothing(void **state) {
    (void)state;
    AUTO(csr_clear) struct csr csr = {0};
    AUTO(buf_clear) struct buf der = {0};
    struct error err = {0};
    read_data_der("sha1.csr", &der);
    assert_ok(csr_read(buf_bytes(&der), &csr, &err), &err);
    assert_result(RESULT_INVALID, csr_verify(&csr, &err), &err);
    assert_string_equal(err.code, "signature_algorithm_unknown");
}

// --- requests made by hand ---

#define SUBJECT "300c310a300806035504030c0161" // CN=a

// The parts of a request in hex; NULL: the usual one.
struct parts {
    const char *version, *subject, *attributes, *tail;
};

static void build(const struct parts *parts, struct buf *out) {
    size_t csr = 0, info = 0;
    buf_init(out, 65536);
    assert_int_equal(der_begin(out, DER_SEQUENCE, &csr), RESULT_OK);
    assert_int_equal(der_begin(out, DER_SEQUENCE, &info), RESULT_OK);
    append_hex(out, parts->version != NULL ? parts->version : "020100");
    append_hex(out, parts->subject != NULL ? parts->subject : SUBJECT);
    assert_int_equal(der_write_raw(out, key_public(key)), RESULT_OK);
    append_hex(out, parts->attributes != NULL ? parts->attributes : "a000");
    assert_int_equal(der_end(out, info), RESULT_OK);
    assert_int_equal(der_write_raw(out, key_signature_algorithm(key)), RESULT_OK);
    assert_int_equal(der_write_bit_string(out, BYTES_LITERAL("x")), RESULT_OK);
    assert_int_equal(der_end(out, csr), RESULT_OK);
    append_hex(out, parts->tail != NULL ? parts->tail : "");
}

// [0] { SEQUENCE { extensionRequest, SET { SEQUENCE { the extensions } } } }
static char *attributes_with(const char *extensions, int copies) {
    AUTO(buf_clear) struct buf out = {0}, hex = {0};
    size_t all = 0, attribute = 0, set = 0, list = 0;
    buf_init(&out, 4096);
    buf_init(&hex, 8192);
    assert_int_equal(der_begin(&out, DER_CONTEXT_CONSTRUCTED(0), &all), RESULT_OK);
    for (int i = 0; i < copies; i++) {
        assert_int_equal(der_begin(&out, DER_SEQUENCE, &attribute), RESULT_OK);
        assert_int_equal(oid_write(&out, OID_EXTENSION_REQUEST), RESULT_OK);
        assert_int_equal(der_begin(&out, DER_SET, &set), RESULT_OK);
        assert_int_equal(der_begin(&out, DER_SEQUENCE, &list), RESULT_OK);
        append_hex(&out, extensions);
        assert_int_equal(der_end(&out, list), RESULT_OK);
        assert_int_equal(der_end(&out, set), RESULT_OK);
        assert_int_equal(der_end(&out, attribute), RESULT_OK);
    }
    assert_int_equal(der_end(&out, all), RESULT_OK);
    assert_int_equal(text_hex_encode(buf_bytes(&out), &hex), RESULT_OK);
    return string_copy(buf_string(&hex));
}

static void parts_in_another_form_are_refused(void **state) {
    (void)state;
    static const struct {
        const char *what;
        struct parts parts;
        enum result expected;
    } cases[] = {
        {"the usual", {NULL, NULL, NULL, NULL}, RESULT_OK},
        {"version 1", {"020101", NULL, NULL, NULL}, RESULT_INVALID},
        {"no version", {"", NULL, NULL, NULL}, RESULT_INVALID},
        {"empty subject", {NULL, "3000", NULL, NULL}, RESULT_OK},
        {"zero byte in the CN",
         {NULL, "300e310c300a06035504030c03610062", NULL, NULL},
         RESULT_INVALID},
        {"escape in the CN",
         {NULL, "300d310b300906035504030c02611b", NULL, NULL},
         RESULT_INVALID},
        {"two CNs",
         {NULL, "3018310a300806035504030c0161310a300806035504030c0162", NULL, NULL},
         RESULT_INVALID},
        {"an empty RDN", {NULL, "30023100", NULL, NULL}, RESULT_INVALID},
        {"no attributes field", {NULL, NULL, "", NULL}, RESULT_INVALID},
        {"something behind the attributes", {NULL, NULL, "a0000500", NULL}, RESULT_INVALID},
        {"trailing byte", {NULL, NULL, NULL, "00"}, RESULT_INVALID},
        {"trailing element", {NULL, NULL, NULL, "0500"}, RESULT_INVALID},
        {"a challenge password",
         {NULL, NULL, "a012301006092a864886f70d01090731030c0161", NULL},
         RESULT_OK},
        {"an attribute twice",
         {NULL, NULL, "a014 3008 06032b0101 3101 05 3008 06032b0101 3101 05", NULL},
         RESULT_INVALID},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        AUTO(csr_clear) struct csr csr = {0};
        AUTO(buf_clear) struct buf der = {0};
        struct error err = {0};
        build(&cases[i].parts, &der);
        print_message("%s\n", cases[i].what);
        assert_result(cases[i].expected, csr_read(buf_bytes(&der), &csr, &err), &err);
    }
}

static void requested_extensions_are_read_strictly(void **state) {
    (void)state;
    static const struct {
        const char *what, *extensions;
        int copies;
        enum result expected;
        bool asks_for_ca;
    } cases[] = {
        {"a SAN", "300c0603551d1104053003820161", 1, RESULT_OK, false},
        {"an empty SAN", "30090603551d1104023000", 1, RESULT_INVALID, false},
        {"a SAN twice", "300c0603551d1104053003820161300c0603551d1104053003820162", 1,
         RESULT_INVALID, false},
        {"the same name twice", "300f0603551d1104083006820161820161", 1, RESULT_INVALID, false},
        {"the attribute twice", "300c0603551d1104053003820161", 2, RESULT_INVALID, false},
        {"a critical SAN", "300f0603551d110101ff04053003820161", 1, RESULT_OK, false},
        {"an encoded default", "300f0603551d1101010004053003820161", 1, RESULT_INVALID, false},
        {"a SAN with a trailing byte", "300d0603551d110406300382016100", 1, RESULT_INVALID,
         false},
        {"no extension", "", 1, RESULT_INVALID, false},
        {"CA:TRUE", "300c0603551d130405300301 01ff", 1, RESULT_OK, true},
        {"CA:FALSE", "30090603551d1304023000", 1, RESULT_OK, false},
        {"CA:FALSE as an encoded default", "300c0603551d13040530030101 00", 1, RESULT_INVALID,
         false},
        {"a path length without CA", "300c0603551d1304053003020100", 1, RESULT_INVALID, false},
        {"a negative path length", "300f0603551d13040830060101ff0201ff", 1, RESULT_INVALID,
         false},
        {"key usage", "300b0603551d0f040403020780", 1, RESULT_OK, false},
        {"key usage that is no DER", "300b0603551d0f0404030307 80", 1, RESULT_INVALID, false},
        {"an unknown extension", "300806032b0101040105", 1, RESULT_OK, false},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        AUTO(csr_clear) struct csr csr = {0};
        AUTO(buf_clear) struct buf der = {0};
        AUTO(string_free_at)
        char *attributes = attributes_with(cases[i].extensions, cases[i].copies);
        struct error err = {0};
        const struct parts parts = {.attributes = attributes};
        build(&parts, &der);
        print_message("%s\n", cases[i].what);
        assert_result(cases[i].expected, csr_read(buf_bytes(&der), &csr, &err), &err);
        assert_int_equal(csr.asks_for_ca, cases[i].asks_for_ca);
    }
}

static void a_request_above_the_limit_is_not_read(void **state) {
    (void)state;
    AUTO(buf_clear) struct buf der = {0};
    AUTO(csr_clear) struct csr csr = {0};
    struct error err = {0};
    size_t mark = 0;
    uint8_t *room = NULL;
    buf_init(&der, 2 * LIMIT_CSR_BYTES);
    assert_int_equal(der_begin(&der, DER_SEQUENCE, &mark), RESULT_OK);
    assert_int_equal(buf_reserve(&der, LIMIT_CSR_BYTES, &room), RESULT_OK);
    memset(room, 0x05, LIMIT_CSR_BYTES);
    buf_commit(&der, LIMIT_CSR_BYTES);
    assert_int_equal(der_end(&der, mark), RESULT_OK);
    assert_result(RESULT_LIMIT, csr_read(buf_bytes(&der), &csr, &err), &err);
}

// --- encodings and numbers of names ---

#define XMPP_ADDR "0608 2b06010505070805"

static void names_in_other_encodings_are_refused_clearly(void **state) {
    (void)state;
    static const struct {
        const char *what, *subject, *extensions;
        const char *code; // NULL: read
        const char *message;
    } cases[] = {
        {"a PrintableString", "300c310a30080603550403130161", NULL, NULL, NULL},
        {"an IA5String", "300c310a30080603550403160161", NULL, NULL, NULL},
        {"a BMPString", "300d310b300906035504031e020061", NULL, "name_invalid", "tag 0x1e"},
        {"a T61String", "300c310a30080603550403140161", NULL, "name_invalid", "tag 0x14"},
        {"a UniversalString", "300f310d300b06035504031c0400000061", NULL, "name_invalid",
         "tag 0x1c"},
        {"a UTF8String that is none", "300c310a300806035504030c01ff", NULL, "name_invalid",
         "not well-formed"},
        {"an xmppAddr", NULL, "301b0603551d110414 3012 a010" XMPP_ADDR "a004 0c02 6162", NULL,
         NULL},
        {"an xmppAddr as IA5String", NULL,
         "301b0603551d110414 3012 a010" XMPP_ADDR "a004 1602 6162", "name_type_unknown",
         "no UTF8String"},
        {"an xmppAddr as BMPString", NULL,
         "301b0603551d110414 3012 a010" XMPP_ADDR "a004 1e02 0061", "name_type_unknown",
         "no UTF8String"},
        {"a DNS name in UTF-8", NULL, "30110603551d11040a3008 8206 62c3bc632e61",
         "name_invalid", "no DNS name"},
        {"a DNS name with a zero byte", NULL, "300e0603551d1104073005 8203 610062",
         "name_invalid", "DNS name"},
        {"a directory name", NULL, "300d0603551d1104063004 a402 3000", "name_type_unknown",
         "another type"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        AUTO(csr_clear) struct csr csr = {0};
        AUTO(buf_clear) struct buf der = {0};
        AUTO(string_free_at)
        char *attributes =
            cases[i].extensions == NULL ? NULL : attributes_with(cases[i].extensions, 1);
        struct error err = {0};
        const struct parts parts = {.subject = cases[i].subject, .attributes = attributes};
        build(&parts, &der);
        print_message("%s\n", cases[i].what);
        enum result result = csr_read(buf_bytes(&der), &csr, &err);
        if (cases[i].code == NULL) {
            assert_ok(result, &err);
            continue;
        }
        assert_result(RESULT_INVALID, result, &err);
        assert_string_equal(err.code, cases[i].code);
        assert_non_null(strstr(err.message, cases[i].message));
    }
}

// A request for this many DNS names, all of them different.
static void build_many(size_t count, struct buf *out) {
    size_t marks[9] = {0};
    const uint8_t tags[] = {DER_SEQUENCE, DER_SEQUENCE};
    buf_init(out, 1 << 20);
    for (size_t i = 0; i < sizeof(tags); i++) {
        assert_int_equal(der_begin(out, tags[i], &marks[i]), RESULT_OK);
    }
    append_hex(out, "020100" SUBJECT);
    assert_int_equal(der_write_raw(out, key_public(key)), RESULT_OK);
    assert_int_equal(der_begin(out, DER_CONTEXT_CONSTRUCTED(0), &marks[2]), RESULT_OK);
    assert_int_equal(der_begin(out, DER_SEQUENCE, &marks[3]), RESULT_OK);
    assert_int_equal(oid_write(out, OID_EXTENSION_REQUEST), RESULT_OK);
    assert_int_equal(der_begin(out, DER_SET, &marks[4]), RESULT_OK);
    assert_int_equal(der_begin(out, DER_SEQUENCE, &marks[5]), RESULT_OK);
    assert_int_equal(der_begin(out, DER_SEQUENCE, &marks[6]), RESULT_OK);
    assert_int_equal(oid_write(out, OID_SUBJECT_ALT_NAME), RESULT_OK);
    assert_int_equal(der_begin(out, DER_OCTET_STRING, &marks[7]), RESULT_OK);
    assert_int_equal(der_begin(out, DER_SEQUENCE, &marks[8]), RESULT_OK);
    for (size_t i = 0; i < count; i++) {
        char name[32];
        (void)snprintf(name, sizeof(name), "a%zx", i);
        assert_int_equal(der_write(out, DER_CONTEXT(2), bytes_of_string(name)), RESULT_OK);
    }
    for (size_t i = 9; i > 1; i--) {
        assert_int_equal(der_end(out, marks[i - 1]), RESULT_OK);
    }
    assert_int_equal(der_write_raw(out, key_signature_algorithm(key)), RESULT_OK);
    assert_int_equal(der_write_bit_string(out, BYTES_LITERAL("x")), RESULT_OK);
    assert_int_equal(der_end(out, marks[0]), RESULT_OK);
}

static void thousands_of_names_are_refused_at_once(void **state) {
    (void)state;
    static const struct {
        size_t count;
        enum result expected;
        const char *message;
    } cases[] = {
        {LIMIT_NAMES - 1, RESULT_OK, NULL}, // and the common name
        {LIMIT_NAMES, RESULT_LIMIT, "more than 100 names"},
        {5000, RESULT_LIMIT, "more than 100 names"},
        {10000, RESULT_LIMIT, "the request has"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        AUTO(csr_clear) struct csr csr = {0};
        AUTO(buf_clear) struct buf der = {0};
        struct error err = {0};
        build_many(cases[i].count, &der);
        clock_t begin = clock();
        enum result result = csr_read(buf_bytes(&der), &csr, &err);
        assert_true((double)(clock() - begin) / CLOCKS_PER_SEC < 0.5);
        assert_result(cases[i].expected, result, &err);
        if (cases[i].message != NULL) {
            assert_string_equal(err.code, result_wire_name(RESULT_LIMIT));
            assert_non_null(strstr(err.message, cases[i].message));
        }
    }
}

// Whatever byte is changed: either it is not read, or the proof fails.
static void a_request_with_any_byte_changed_proves_nothing(void **state) {
    (void)state;
    AUTO(names_clear) struct names names = {0};
    AUTO(buf_clear) struct buf der = {0};
    struct error err = {0};
    size_t denied = 0;
    buf_init(&der, LIMIT_CSR_BYTES);
    assert_ok(names_add_text(&names, "cn:pump 7", &err), &err);
    assert_ok(names_add_text(&names, "dns:pump.example", &err), &err);
    assert_ok(csr_build(key, &names, &der, &err), &err);
    for (size_t i = 0; i < der.size; i++) {
        AUTO(csr_clear) struct csr csr = {0};
        der.data[i] ^= 0x01;
        enum result result = csr_read(buf_bytes(&der), &csr, &err);
        if (result == RESULT_OK) {
            result = csr_verify(&csr, &err);
            denied += result == RESULT_DENIED;
        }
        assert_true(result == RESULT_INVALID || result == RESULT_DENIED);
        der.data[i] ^= 0x01;
    }
    assert_true(denied > 64); // at least the names and the signature
    // Cut at every length.
    for (size_t size = 0; size < der.size; size++) {
        AUTO(csr_clear) struct csr csr = {0};
        assert_result(RESULT_INVALID,
                      csr_read(bytes_slice(buf_bytes(&der), 0, size), &csr, &err), &err);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_survives_the_round_trip),
        cmocka_unit_test(a_request_without_names_is_possible),
        cmocka_unit_test(two_common_names_are_not_built),
        cmocka_unit_test(requests_of_openssl_are_read),
        cmocka_unit_test(weak_and_foreign_requests_are_refused),
        cmocka_unit_test(a_sha1_signature_proves_nothing),
        cmocka_unit_test(parts_in_another_form_are_refused),
        cmocka_unit_test(requested_extensions_are_read_strictly),
        cmocka_unit_test(a_request_above_the_limit_is_not_read),
        cmocka_unit_test(names_in_other_encodings_are_refused_clearly),
        cmocka_unit_test(thousands_of_names_are_refused_at_once),
        cmocka_unit_test(a_request_with_any_byte_changed_proves_nothing),
    };
    return cmocka_run_group_tests(tests, make_key, free_key);
}
