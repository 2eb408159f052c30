// OCSP: requests are read or refused, responses are built, read again and linted.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "support/der_text.h"
#include "support/x509_fixture.h"

#include "x509/lint.h"
#include "x509/ocsp.h"

// A request for two certificates, by SHA-1 and SHA-256, with all that may stand in it.
#define NAME_HASH "000102030405060708090a0b0c0d0e0f10111213"
#define KEY_HASH "202122232425262728292a2b2c2d2e2f30313233"
#define HASH_32 "404142434445464748494a4b4c4d4e4f505152535455565758595a5b5c5d5e5f"
#define SHA1_ALGORITHM "30{ 06{ 2b0e03021a } 05{} }"
#define ID_1 "30{ " SHA1_ALGORITHM " 04{ " NAME_HASH " } 04{ " KEY_HASH " } 02{ 00c1 } }"
#define ID_2                                                                                   \
    "30{ 30{ 06{ 608648016503040201 } } 04{ " HASH_32 " } 04{ " HASH_32 " } 02{ 0102 } }"
#define SINGLE_EXTENSIONS "a0{ 30{ 30{ 06{ 2a0304 } 04{ 0500 } } } }"
#define NONCE "30{ 06{ 2b0601050507300102 } 04{ 04{ a1a2a3 } } }"
#define REQUEST                                                                                \
    "30{ 30{ a1{ 82{ 'me' } } 30{ 30{ " ID_1 " } 30{ " ID_2 " " SINGLE_EXTENSIONS " } } "      \
    "a2{ 30{ " NONCE " } } } a0{ 30{ 05{} } } }"

static void a_request_is_read_with_all_that_may_stand_in_it(void **state) {
    (void)state;
    AUTO(buf_clear) struct buf der = {0};
    struct ocsp_request request = {0};
    struct error err = {0};
    buf_init(&der, 4096);
    assert_string_equal(der_text_read(REQUEST, &der), "");
    assert_ok(ocsp_request_read(buf_bytes(&der), &request, &err), &err);
    assert_int_equal(request.count, 2);
    assert_hex(request.nonce, "a1a2a3");
    assert_int_equal(request.ids[0].hash, OID_SHA1);
    assert_hex(request.ids[0].name_hash, NAME_HASH);
    assert_hex(request.ids[0].key_hash, KEY_HASH);
    assert_hex(request.ids[0].serial, "c1");
    assert_int_equal(request.ids[1].hash, OID_SHA256);
    assert_hex(request.ids[1].serial, "0102");
    AUTO(buf_clear) struct buf id = {0};
    buf_init(&id, 256);
    assert_string_equal(der_text_read(ID_1, &id), "");
    assert_bytes_equal(request.ids[0].element, buf_bytes(&id));
}

static void variants_of_a_request_are_taken(void **state) {
    (void)state;
    static const struct {
        const char *find, *replace;
        size_t count, nonce_size;
        enum oid hash; // of the first
    } cases[] = {
        {" a0{ 30{ 05{} } }", "", 2, 3, OID_SHA1},                // not signed
        {"a1{ 82{ 'me' } } ", "", 2, 3, OID_SHA1},                // nobody's
        {"a2{ 30{ " NONCE " } } ", "", 2, 0, OID_SHA1},           // without a nonce
        {NONCE, "30{ 06{ 2a0305 } 04{ 0500 } }", 2, 0, OID_SHA1}, // another extension
        {SINGLE_EXTENSIONS, "", 2, 3, OID_SHA1},
        {"2b0e03021a } 05{}", "2b0e03021a }", 2, 3, OID_SHA1},              // no parameters
        {"2b0e03021a } 05{}", "2b0e03021b } 0c{ 'x' }", 2, 3, OID_UNKNOWN}, // another hash
        {"a1a2a3", "a1", 2, 1, OID_SHA1},     // the shortest nonce
        {"a1a2a3", HASH_32, 2, 32, OID_SHA1}, // the longest
        {"00c1", "00", 2, 3, OID_SHA1},       // zero is nobody's serial
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        AUTO(buf_clear) struct buf der = {0};
        struct ocsp_request request = {0};
        struct error err = {0};
        print_message("%zu\n", i);
        der_text_spoiled(REQUEST, cases[i].find, cases[i].replace, &der);
        assert_ok(ocsp_request_read(buf_bytes(&der), &request, &err), &err);
        assert_int_equal(request.count, cases[i].count);
        assert_int_equal(request.nonce.size, cases[i].nonce_size);
        assert_int_equal(request.ids[0].hash, cases[i].hash);
    }
}

static void what_is_no_request_is_refused(void **state) {
    (void)state;
    static const struct {
        const char *find, *replace, *message;
    } cases[] = {
        {"30{ 30{ a1", "31{ 30{ a1", "expected tag 0x30, came 0x31"},
        {"30{ 30{ a1{ 82{ 'me' } }", "30{ 30{ a0{ 02{ 00 } }",
         "an OCSP request of another version than 1"},
        {"30{ 30{ a1{ 82{ 'me' } }", "30{ 30{ a0{ 02{ 01 } }",
         "an OCSP request of another version than 1"},
        {"30{ 30{ " ID_1 " } 30{ " ID_2 " " SINGLE_EXTENSIONS " } }", "30{}", "came the end"},
        {SHA1_ALGORITHM, "30{ 06{ 2b0e03021a } 05{ 00 } }", "a NULL with content"},
        {SHA1_ALGORITHM, "30{ 06{ 2b0e03021a } 0c{} }", "expected tag 0x05, came 0x0c"},
        {SHA1_ALGORITHM, "30{ 06{ 2b0e03021a } 05{} 05{} }", "more follows"},
        {SHA1_ALGORITHM, "30{}", "expected tag 0x06, came the end"},
        {NAME_HASH, "00", "hashes of 1 and 20 octets; SHA-1 has 20"},
        {KEY_HASH, KEY_HASH "34", "hashes of 20 and 21 octets; SHA-1 has 20"},
        {HASH_32, NAME_HASH, "hashes of 20 and 32 octets; SHA-256 has 32"},
        {"02{ 00c1 }", "02{ c1 }", "a negative INTEGER"},
        {"02{ 00c1 }", "02{ 0041 }", "not in its shortest form"},
        {"02{ 00c1 }", "02{}", "an INTEGER without content"},
        {"02{ 00c1 }", "02{ 7f" NAME_HASH " }",
         "a serial number of 21 octets; expected 1 to 20"},
        {"02{ 00c1 }", "02{ 01 } 05{}", "more follows"},
        {"2a0304 }", "2a0304 } 01{ ff }", "a critical extension that is not known here"},
        {"2a0304 }", "2a0304 } 01{ 00 }", "an encoded default value"},
        {"a0{ 30{ 30{ 06{ 2a0304", "a1{ 30{ 30{ 06{ 2a0304", "expected tag 0xa0, came 0xa1"},
        {NONCE, "30{ 06{ 2a0305 } 01{ ff } 04{ 0500 } }",
         "a critical extension that is not known here"},
        {NONCE, NONCE " " NONCE, "is there twice"},
        {NONCE, "", "expected tag 0x30, came the end"},
        {"04{ 04{ a1a2a3 } }", "04{ 04{} }", "a nonce of 0 octets; expected 1 to 32"},
        {"04{ 04{ a1a2a3 } }", "04{ 04{ " HASH_32 "60 } }", "a nonce of 33 octets"},
        {"04{ 04{ a1a2a3 } }", "04{ a1a2a3 }", "expected tag 0x04, came 0xa1"},
        {"04{ 04{ a1a2a3 } }", "04{ 04{ a1 } 00 }", "more follows"},
        {"a0{ 30{ 05{} } } }", "a0{ 30{ 05{} } } 05{} }", "more follows"},
        {"a0{ 30{ 05{} } } }", "a1{ 30{ 05{} } } }", "expected tag 0xa0, came 0xa1"},
        {"a0{ 30{ 05{} } } }", "} 00", "more follows"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        AUTO(buf_clear) struct buf der = {0};
        struct ocsp_request request = {0};
        struct error err = {0};
        der_text_spoiled(REQUEST, cases[i].find, cases[i].replace, &der);
        assert_result(RESULT_INVALID, ocsp_request_read(buf_bytes(&der), &request, &err), &err);
        if (strstr(err.message, cases[i].message) == NULL) {
            print_error("%zu: expected \"%s\", came \"%s\"\n", i, cases[i].message,
                        err.message);
            fail();
        }
    }
}

static void every_cut_request_is_refused(void **state) {
    (void)state;
    AUTO(buf_clear) struct buf der = {0};
    struct ocsp_request request = {0};
    buf_init(&der, 4096);
    assert_string_equal(der_text_read(REQUEST, &der), "");
    for (size_t size = 0; size < der.size; size++) {
        assert_int_equal(
            ocsp_request_read(bytes_slice(buf_bytes(&der), 0, size), &request, NULL),
            RESULT_INVALID);
    }
}

static void write_request(size_t count, struct buf *out) {
    size_t outer = 0, tbs = 0, list = 0, single = 0;
    buf_init(out, 65536);
    assert_int_equal(der_begin(out, DER_SEQUENCE, &outer), RESULT_OK);
    assert_int_equal(der_begin(out, DER_SEQUENCE, &tbs), RESULT_OK);
    assert_int_equal(der_begin(out, DER_SEQUENCE, &list), RESULT_OK);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(der_begin(out, DER_SEQUENCE, &single), RESULT_OK);
        assert_string_equal(der_text_read(ID_1, out), "");
        assert_int_equal(der_end(out, single), RESULT_OK);
    }
    assert_int_equal(der_end(out, list), RESULT_OK);
    assert_int_equal(der_end(out, tbs), RESULT_OK);
    assert_int_equal(der_end(out, outer), RESULT_OK);
}

static void the_limits_of_a_request_hold_on_both_sides(void **state) {
    (void)state;
    AUTO(buf_clear) struct buf most = {0}, more = {0}, large = {0};
    struct ocsp_request request = {0};
    struct error err = {0};
    write_request(LIMIT_OCSP_CERTIFICATES, &most);
    assert_ok(ocsp_request_read(buf_bytes(&most), &request, &err), &err);
    assert_int_equal(request.count, LIMIT_OCSP_CERTIFICATES);
    write_request(LIMIT_OCSP_CERTIFICATES + 1, &more);
    assert_result(RESULT_LIMIT, ocsp_request_read(buf_bytes(&more), &request, &err), &err);
    write_request(200, &large);
    assert_true(large.size > LIMIT_OCSP_REQUEST_BYTES);
    assert_result(RESULT_LIMIT, ocsp_request_read(buf_bytes(&large), &request, &err), &err);
    assert_non_null(strstr(err.message, "at most 8192 are read"));
}

// --- responses -------------------------------------------------------------------------------

struct made_response {
    struct buf request_der;
    struct ocsp_request request;
    struct ocsp_answer answers[2];
    struct ocsp_plan plan;
    struct key *key;
    struct buf certificate;
    struct buf der;
};

static void made_response_clear(struct made_response *made) {
    buf_clear(&made->request_der);
    key_free_at(&made->key);
    buf_clear(&made->certificate);
    buf_clear(&made->der);
}

// A responder's certificate, as a CA makes it.
static void make_responder(struct made_response *made, enum oid usage) {
    AUTO(names_clear) struct names names = {0};
    AUTO(buf_clear) struct buf tbs = {0};
    struct error err = {0};
    static const uint8_t serial[] = {7};
    assert_ok(names_add_text(&names, "cn:OCSP", &err), &err);
    const uint8_t issuer[] = {DER_SEQUENCE, 0};
    const struct certificate_plan plan = {
        .serial = bytes_of(serial, 1),
        .issuer = bytes_of(issuer, 2),
        .names = &names,
        .not_before = TODAY - DAY,
        .not_after = TODAY + DAY,
        .spki = key_public(made->key),
        .path_length = PATH_LENGTH_NONE,
        .key_usage = KEY_USAGE_DIGITAL_SIGNATURE,
        .extended_key_usages = {usage},
        .ocsp_no_check = true,
    };
    buf_init(&tbs, LIMIT_CERTIFICATE_BYTES);
    buf_init(&made->certificate, LIMIT_CERTIFICATE_BYTES);
    assert_ok(certificate_build_tbs(&plan, key_signature_algorithm(made->key), &tbs, &err),
              &err);
    assert_ok(certificate_sign(buf_bytes(&tbs), made->key, &made->certificate, &err), &err);
}

static void prepare(struct made_response *made, enum key_algorithm algorithm) {
    struct error err = {0};
    *made = (struct made_response){0};
    buf_init(&made->request_der, 4096);
    buf_init(&made->der, LIMIT_OCSP_RESPONSE_BYTES);
    assert_string_equal(der_text_read(REQUEST, &made->request_der), "");
    assert_ok(ocsp_request_read(buf_bytes(&made->request_der), &made->request, &err), &err);
    assert_ok(key_generate(algorithm, &made->key, &err), &err);
    make_responder(made, OID_OCSP_SIGNING);
    made->answers[0] = (struct ocsp_answer){.id = made->request.ids[0].element,
                                            .status = OCSP_GOOD,
                                            .this_update = TODAY,
                                            .next_update = TODAY + 3600};
    made->answers[1] = (struct ocsp_answer){.id = made->request.ids[1].element,
                                            .status = OCSP_REVOKED,
                                            .revoked_at = TODAY - 60,
                                            .reason = CRL_REASON_SUPERSEDED,
                                            .this_update = TODAY,
                                            .next_update = TODAY + 3600};
    made->plan = (struct ocsp_plan){.produced_at = TODAY,
                                    .answers = made->answers,
                                    .answer_count = 2,
                                    .nonce = made->request.nonce,
                                    .certificate = buf_bytes(&made->certificate)};
}

static void build(struct made_response *made) {
    struct error err = {0};
    buf_reset(&made->der);
    assert_ok(ocsp_response_build(&made->plan, made->key, &made->der, &err), &err);
}

static enum result check(const struct made_response *made, struct error *err) {
    return ocsp_response_check(buf_bytes(&made->der), &made->request, true,
                               key_public(made->key), err);
}

static void a_response_says_what_was_planned_and_is_signed(void **state) {
    (void)state;
    static const enum key_algorithm algorithms[] = {KEY_P256, KEY_P384, KEY_ED25519,
                                                    KEY_RSA2048};
    for (size_t i = 0; i < sizeof(algorithms) / sizeof(algorithms[0]); i++) {
        AUTO(made_response_clear) struct made_response made = {0};
        struct ocsp_response response = {0};
        struct error err = {0};
        prepare(&made, algorithms[i]);
        made.plan.is_extended_revoke = i % 2 == 1;
        build(&made);
        assert_ok(check(&made, &err), &err);
        assert_ok(ocsp_response_read(buf_bytes(&made.der), &response, &err), &err);
        assert_ok(ocsp_response_verify(&response, key_public(made.key), &err), &err);
        assert_int_equal(response.outcome, OCSP_SUCCESSFUL);
        assert_int_equal(response.produced_at, TODAY);
        assert_int_equal(response.answer_count, 2);
        assert_int_equal(response.answers[0].status, OCSP_GOOD);
        assert_int_equal(response.answers[1].status, OCSP_REVOKED);
        assert_int_equal(response.answers[1].revoked_at, TODAY - 60);
        assert_int_equal(response.answers[1].reason, CRL_REASON_SUPERSEDED);
        assert_int_equal(response.answers[1].next_update, TODAY + 3600);
        assert_int_equal(response.is_extended_revoke, i % 2 == 1);
        assert_hex(response.nonce, "a1a2a3");
        assert_bytes_equal(response.certificate, buf_bytes(&made.certificate));
        // One bit of what is signed is another: the signature fits no more.
        made.der.data[response.data.data - made.der.data + 20] ^= 1;
        assert_int_equal(ocsp_response_verify(&response, key_public(made.key), &err),
                         RESULT_DENIED);
    }
}

static void a_status_that_is_good_or_unknown_is_told_as_such(void **state) {
    (void)state;
    static const enum ocsp_status statuses[] = {OCSP_GOOD, OCSP_UNKNOWN};
    for (size_t i = 0; i < 2; i++) {
        AUTO(made_response_clear) struct made_response made = {0};
        struct ocsp_response response = {0};
        struct error err = {0};
        prepare(&made, KEY_P256);
        made.answers[0].status = statuses[i];
        made.plan.certificate = (struct bytes){0};
        build(&made);
        assert_ok(ocsp_response_read(buf_bytes(&made.der), &response, &err), &err);
        assert_int_equal(response.answers[0].status, statuses[i]);
        assert_int_equal(response.certificate.size, 0);
    }
}

static void refusals_are_a_status_alone(void **state) {
    (void)state;
    static const struct {
        enum ocsp_outcome outcome;
        const char *hex;
    } cases[] = {
        {OCSP_MALFORMED_REQUEST, "30030a0101"},
        {OCSP_INTERNAL_ERROR, "30030a0102"},
        {OCSP_TRY_LATER, "30030a0103"},
        {OCSP_UNAUTHORIZED, "30030a0106"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        AUTO(buf_clear) struct buf der = {0};
        struct ocsp_response response = {0};
        struct error err = {0};
        buf_init(&der, 16);
        assert_ok(ocsp_response_refuse(cases[i].outcome, &der), &err);
        assert_hex(buf_bytes(&der), cases[i].hex);
        assert_ok(ocsp_response_read(buf_bytes(&der), &response, &err), &err);
        assert_int_equal(response.outcome, cases[i].outcome);
    }
}

// --- the lint --------------------------------------------------------------------------------

static void swap_ids(struct made_response *made) {
    made->answers[0].id = made->request.ids[1].element;
    made->answers[1].id = made->request.ids[0].element;
}
static void answer_one(struct made_response *made) {
    made->plan.answer_count = 1;
}
static void end_before(struct made_response *made) {
    made->answers[1].next_update = TODAY;
}
static void begin_later(struct made_response *made) {
    made->answers[0].this_update = TODAY + 1;
}
static void revoke_later(struct made_response *made) {
    made->answers[1].revoked_at = TODAY + 1;
}
static void revoke_unissued(struct made_response *made) {
    made->answers[1].revoked_at = 0;
    made->answers[1].reason = CRL_REASON_CERTIFICATE_HOLD;
}
static void revoke_unissued_for_another_reason(struct made_response *made) {
    made->answers[1].revoked_at = 0;
    made->plan.is_extended_revoke = true;
}
static void another_nonce(struct made_response *made) {
    made->plan.nonce = BYTES_LITERAL("other");
}
static void no_nonce(struct made_response *made) {
    made->plan.nonce = (struct bytes){0};
}
static void outlive_the_responder(struct made_response *made) {
    made->answers[0].next_update = TODAY + DAY + 1;
}
static void wrong_usage(struct made_response *made) {
    buf_clear(&made->certificate);
    make_responder(made, OID_SERVER_AUTH);
    made->plan.certificate = buf_bytes(&made->certificate);
}

static void a_response_that_breaks_a_rule_does_not_leave(void **state) {
    (void)state;
    static const struct {
        void (*spoil)(struct made_response *made);
        const char *lint;
    } cases[] = {
        {swap_ids, "questions: "},
        {answer_one, "questions: "},
        {end_before, "times: "},
        {begin_later, "times: "},
        {revoke_later, "revocations: "},
        {revoke_unissued, "revocations: "},
        {revoke_unissued_for_another_reason, "revocations: "},
        {another_nonce, "nonce: "},
        {no_nonce, "nonce: "},
        {outlive_the_responder, "certificate: "},
        {wrong_usage, "certificate: "},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        AUTO(made_response_clear) struct made_response made = {0};
        struct error err = {0};
        prepare(&made, KEY_P256);
        cases[i].spoil(&made);
        build(&made);
        assert_result(RESULT_DENIED, check(&made, &err), &err);
        assert_string_equal(err.code, LINT_CODE);
        if (strncmp(err.message, cases[i].lint, strlen(cases[i].lint)) != 0) {
            print_error("%zu: expected %s, came %s\n", i, cases[i].lint, err.message);
            fail();
        }
    }
}

static void a_response_of_another_signer_or_of_none_does_not_leave(void **state) {
    (void)state;
    AUTO(made_response_clear) struct made_response made = {0}, other = {0};
    struct error err = {0};
    prepare(&made, KEY_P256);
    prepare(&other, KEY_P256);
    build(&made);
    assert_result(RESULT_DENIED,
                  ocsp_response_check(buf_bytes(&made.der), &made.request, true,
                                      key_public(other.key), &err),
                  &err);
    assert_non_null(strstr(err.message, "responder: "));
    assert_result(RESULT_DENIED,
                  ocsp_response_check(BYTES_LITERAL("\x30\x03\x0a\x01\x03"), &made.request,
                                      true, key_public(made.key), &err),
                  &err);
    assert_non_null(strstr(err.message, "structure: "));
    // What was never issued may be told as held since 1970, beside the extension.
    revoke_unissued(&made);
    made.plan.is_extended_revoke = true;
    build(&made);
    assert_ok(check(&made, &err), &err);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_is_read_with_all_that_may_stand_in_it),
        cmocka_unit_test(variants_of_a_request_are_taken),
        cmocka_unit_test(what_is_no_request_is_refused),
        cmocka_unit_test(every_cut_request_is_refused),
        cmocka_unit_test(the_limits_of_a_request_hold_on_both_sides),
        cmocka_unit_test(a_response_says_what_was_planned_and_is_signed),
        cmocka_unit_test(a_status_that_is_good_or_unknown_is_told_as_such),
        cmocka_unit_test(refusals_are_a_status_alone),
        cmocka_unit_test(a_response_that_breaks_a_rule_does_not_leave),
        cmocka_unit_test(a_response_of_another_signer_or_of_none_does_not_leave),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
