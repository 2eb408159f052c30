// The table of object identifiers and the dotted form.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "support/x509_fixture.h"

#include "x509/oid.h"

static void every_row_is_found_by_content_and_by_name(void **state) {
    (void)state;
    for (int i = OID_UNKNOWN + 1; i < OID_COUNT; i++) {
        enum oid oid = (enum oid)i;
        assert_true(oid_content(oid).size > 0);
        assert_int_equal(oid_find(oid_content(oid)), oid);
        assert_int_equal(oid_from_name(oid_name(oid)), oid);
    }
    assert_int_equal(oid_from_name("nothing"), OID_UNKNOWN);
    assert_int_equal(oid_from_name("clientauth"), OID_UNKNOWN);
    assert_int_equal(oid_find((struct bytes){0}), OID_UNKNOWN);
    assert_int_equal(oid_content(OID_UNKNOWN).size, 0);
}

static void known_identifiers_have_the_octets_of_their_rfc(void **state) {
    (void)state;
    assert_hex(oid_content(OID_COMMON_NAME), "550403");
    assert_hex(oid_content(OID_XMPP_ADDR), "2b06010505070805");
    assert_hex(oid_content(OID_EC_PUBLIC_KEY), "2a8648ce3d0201");
    assert_hex(oid_content(OID_DOMAIN_COMPONENT), "0992268993f22c640119");
    assert_hex(oid_content(OID_AES256_CBC), "60864801650304012a");
    AUTO(buf_clear) struct buf out = {0};
    buf_init(&out, 64);
    assert_int_equal(oid_write(&out, OID_ED25519), RESULT_OK);
    assert_hex(buf_bytes(&out), "06032b6570");
}

static void dotted_forms_survive_the_round_trip(void **state) {
    (void)state;
    static const struct {
        const char *dotted, *hex;
    } cases[] = {
        {"0.0", "00"},
        {"1.39", "4f"},
        {"2.5.4.3", "550403"},
        {"2.999.3", "883703"},
        {"1.2.840.113549", "2a864886f70d"},
        {"2.0", "50"},
        {"1.2.4294967295", "2a8fffffff7f"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        AUTO(buf_clear) struct buf out = {0}, text = {0};
        struct error err = {0};
        buf_init(&out, 64);
        buf_init(&text, 64);
        assert_ok(oid_encode(cases[i].dotted, &out, &err), &err);
        assert_hex(buf_bytes(&out), cases[i].hex);
        assert_int_equal(oid_format(buf_bytes(&out), &text), RESULT_OK);
        assert_string_equal(buf_string(&text), cases[i].dotted);
    }
}

static void text_that_is_no_identifier_is_refused(void **state) {
    (void)state;
    static const char *const cases[] = {"",     "1",    "3.1",    "1.40",
                                        "1.2.", ".1.2", "1..2",   "1.2a",
                                        "1.02", "-1.2", "1.2.3 ", "1.2.99999999999999999999"};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        AUTO(buf_clear) struct buf out = {0};
        struct error err = {0};
        buf_init(&out, 64);
        assert_result(RESULT_INVALID, oid_encode(cases[i], &out, &err), &err);
        assert_int_equal(out.size, 0);
    }
}

static void octets_that_are_no_identifier_are_refused(void **state) {
    (void)state;
    static const char *const cases[] = {"", "80", "2a80", "2a8001",
                                        "2affffffffffffffffffffffff7f"};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        AUTO(buf_clear) struct buf content = {0}, text = {0};
        buf_init(&content, 64);
        buf_init(&text, 64);
        append_hex(&content, cases[i]);
        assert_int_equal(oid_format(buf_bytes(&content), &text), RESULT_INVALID);
        assert_int_equal(text.size, 0);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_is_found_by_content_and_by_name),
        cmocka_unit_test(known_identifiers_have_the_octets_of_their_rfc),
        cmocka_unit_test(dotted_forms_survive_the_round_trip),
        cmocka_unit_test(text_that_is_no_identifier_is_refused),
        cmocka_unit_test(octets_that_are_no_identifier_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
