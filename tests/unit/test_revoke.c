// Revocation: once, for a reason, and with everything a stolen key may have got.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "authority/certificate_text.h"
#include "base/text.h"
#include "support/authority_fixture.h"

static const char *state_of(struct fixture *f, const char *serial,
                            struct certificate_info *out_info) {
    struct certificate_show show = {.serial = (char *)(uintptr_t)serial};
    fixture_expect_ok(
        fixture_ask(f, CHANNEL_ADMIN, OPERATION_CERTIFICATE_SHOW, &show, buf_bytes(&f->admin)),
        &certificate_info_type, out_info);
    return out_info->state;
}

static void assert_state(struct fixture *f, const char *serial, const char *expected) {
    struct certificate_info info = {0};
    assert_string_equal(expected, state_of(f, serial, &info));
    message_clear(&certificate_info_type, &info);
}

static void a_certificate_is_revoked_once(void **state) {
    struct fixture *f = *state;
    AUTO(key_free_at) struct key *key = fixture_key();
    struct issued issued = {0};
    struct certificate_info info = {0};
    fixture_device(f, "cn:phone-7", key, &issued);
    assert_state(f, issued.serial, "valid");
    fixture_expect_ok(fixture_revoke(f, issued.serial, "superseded"), &certificate_info_type,
                      &info);
    assert_string_equal("revoked", info.state);
    assert_string_equal("superseded", info.reason);
    assert_int_equal(FIXTURE_NOW, info.revoked_at);
    fixture_expect_refusal(fixture_revoke(f, issued.serial, "superseded"), RESULT_CONFLICT,
                           "already_revoked");
    assert_int_equal(1, fixture_audited(f, "certificate revoked"));
    assert_true(publisher_is_due(&f->authority, FIXTURE_NOW));
    message_clear(&certificate_info_type, &info);
    message_clear(&issued_type, &issued);
}

static void reasons_that_do_not_fit_a_leaf_are_refused(void **state) {
    struct fixture *f = *state;
    AUTO(key_free_at) struct key *key = fixture_key();
    struct issued issued = {0};
    fixture_device(f, "cn:phone-7", key, &issued);
    static const struct {
        const char *reason;
        const char *code;
    } cases[] = {
        {"certificateHold", "reason_refused"},
        {"cACompromise", "reason_refused"},
        {"aACompromise", "reason_refused"},
        {"keycompromise", "reason_unknown"},
        {"", "reason_unknown"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        fixture_expect_refusal(fixture_revoke(f, issued.serial, cases[i].reason),
                               RESULT_INVALID, cases[i].code);
    }
    assert_state(f, issued.serial, "valid");
    message_clear(&issued_type, &issued);
}

static void unknown_and_malformed_serials_are_told_apart(void **state) {
    struct fixture *f = *state;
    fixture_expect_refusal(fixture_revoke(f, "0102", NULL), RESULT_NOT_FOUND,
                           "certificate_unknown");
    fixture_expect_refusal(fixture_revoke(f, "01 02", NULL), RESULT_INVALID, "serial_invalid");
    fixture_expect_refusal(fixture_revoke(f, "012", NULL), RESULT_INVALID, "serial_invalid");
    fixture_expect_refusal(fixture_revoke(f, "", NULL), RESULT_INVALID, "serial_invalid");
}

static void a_serial_may_be_written_in_capitals_and_with_colons(void **state) {
    struct fixture *f = *state;
    AUTO(key_free_at) struct key *key = fixture_key();
    struct issued issued = {0};
    struct certificate_info info = {0};
    fixture_device(f, "cn:phone-7", key, &issued);
    uint8_t serial[LIMIT_SERIAL_BYTES];
    size_t size = 0;
    struct certificate leaf = {0};
    assert_ok(certificate_read(blob_bytes(&issued.certificate), &leaf, &f->err), &f->err);
    char text[64] = "00";
    for (size_t i = 0; i < leaf.serial.size; i++) {
        (void)snprintf(text + strlen(text), 4, ":%02X", leaf.serial.data[i]);
    }
    assert_ok(serial_read(text, serial, &size, &f->err), &f->err);
    assert_bytes_equal(leaf.serial, bytes_of(serial, size));
    message_clear(&certificate_info_type, &info);
    message_clear(&issued_type, &issued);
}

static void key_compromise_revokes_the_whole_line_and_its_keys(void **state) {
    struct fixture *f = *state;
    AUTO(key_free_at) struct key *key = fixture_key();
    AUTO(key_free_at) struct key *next = fixture_key();
    AUTO(key_free_at) struct key *stranger_key = fixture_key();
    struct issued first = {0}, second = {0}, sibling = {0}, stranger = {0};
    struct certificate_info info = {0};
    fixture_device(f, "cn:phone-7", key, &first);
    fixture_expect_ok(fixture_renew(f, blob_bytes(&first.certificate), next, NULL),
                      &issued_type, &second);
    fixture_device(f, "cn:phone-7", key, &sibling); // the same key, enrolled anew
    fixture_device(f, "cn:phone-8", stranger_key, &stranger);
    fixture_expect_ok(fixture_revoke(f, first.serial, "keyCompromise"), &certificate_info_type,
                      &info);
    assert_state(f, first.serial, "revoked");
    assert_state(f, second.serial, "revoked");
    assert_state(f, sibling.serial, "revoked");
    assert_state(f, stranger.serial, "valid");
    assert_int_equal(3, fixture_audited(f, "certificate revoked"));
    char *credential = fixture_token(f, "cn:phone-7", 1, NULL);
    fixture_expect_refusal(fixture_enroll(f, credential, next, NULL), RESULT_DENIED,
                           "key_blocked");
    string_free_secret_at(&credential);
    message_clear(&certificate_info_type, &info);
    message_clear(&issued_type, &first);
    message_clear(&issued_type, &second);
    message_clear(&issued_type, &sibling);
    message_clear(&issued_type, &stranger);
}

// A stolen key renews every certificate that it has, not only the one that is reported.
static void key_compromise_revokes_the_renewals_of_all_certificates_of_the_key(void **state) {
    struct fixture *f = *state;
    AUTO(key_free_at) struct key *key = fixture_key();
    AUTO(key_free_at) struct key *thief = fixture_key();
    AUTO(key_free_at) struct key *other = fixture_key();
    struct issued first = {0}, sibling = {0}, stolen = {0}, stranger = {0};
    struct certificate_info info = {0};
    fixture_device(f, "cn:phone-7", key, &first);
    fixture_device(f, "cn:phone-7", key, &sibling); // the same key, enrolled anew
    fixture_device(f, "cn:phone-7", other, &stranger);
    fixture_expect_ok(fixture_renew(f, blob_bytes(&sibling.certificate), thief, NULL),
                      &issued_type, &stolen);
    fixture_expect_ok(fixture_revoke(f, sibling.serial, "superseded"), &certificate_info_type,
                      &info);
    message_clear(&certificate_info_type, &info);
    fixture_expect_ok(fixture_revoke(f, first.serial, "keyCompromise"), &certificate_info_type,
                      &info);
    assert_state(f, stolen.serial, "revoked");
    assert_state(f, stranger.serial, "valid");
    message_clear(&certificate_info_type, &info);
    message_clear(&issued_type, &first);
    message_clear(&issued_type, &sibling);
    message_clear(&issued_type, &stolen);
    message_clear(&issued_type, &stranger);
}

static void another_reason_revokes_one_certificate_only(void **state) {
    struct fixture *f = *state;
    AUTO(key_free_at) struct key *key = fixture_key();
    AUTO(key_free_at) struct key *next = fixture_key();
    struct issued first = {0}, second = {0};
    struct certificate_info info = {0};
    fixture_device(f, "cn:phone-7", key, &first);
    fixture_expect_ok(fixture_renew(f, blob_bytes(&first.certificate), next, NULL),
                      &issued_type, &second);
    fixture_expect_ok(fixture_revoke(f, first.serial, "superseded"), &certificate_info_type,
                      &info);
    assert_state(f, second.serial, "valid");
    message_clear(&certificate_info_type, &info);
    message_clear(&issued_type, &first);
    message_clear(&issued_type, &second);
}

static void an_expired_certificate_is_revoked_for_its_key_only(void **state) {
    struct fixture *f = *state;
    AUTO(key_free_at) struct key *key = fixture_key();
    AUTO(key_free_at) struct key *next = fixture_key();
    struct issued first = {0}, second = {0};
    struct certificate_info info = {0};
    fixture_device(f, "cn:phone-7", key, &first);
    clock_use_manual(first.not_after);
    fixture_expect_ok(fixture_renew(f, blob_bytes(&first.certificate), next, NULL),
                      &issued_type, &second);
    clock_use_manual(first.not_after + 1);
    fixture_expect_refusal(fixture_revoke(f, first.serial, "superseded"), RESULT_CONFLICT,
                           "certificate_expired");
    fixture_expect_ok(fixture_revoke(f, first.serial, "keyCompromise"), &certificate_info_type,
                      &info);
    assert_state(f, second.serial, "revoked");
    message_clear(&certificate_info_type, &info);
    message_clear(&issued_type, &first);
    message_clear(&issued_type, &second);
}

static void a_device_revokes_itself_and_nobody_else(void **state) {
    struct fixture *f = *state;
    AUTO(key_free_at) struct key *key = fixture_key();
    struct issued issued = {0};
    struct certificate_info info = {0};
    fixture_device(f, "cn:phone-7", key, &issued);
    struct revoke_self request = {0};
    struct bytes certificate = blob_bytes(&issued.certificate);
    fixture_expect_ok(
        fixture_ask(f, CHANNEL_ENROLL, OPERATION_REVOKE_SELF, &request, certificate),
        &certificate_info_type, &info);
    assert_string_equal(issued.serial, info.serial);
    assert_string_equal("revoked", info.state);
    fixture_expect_refusal(
        fixture_ask(f, CHANNEL_ENROLL, OPERATION_REVOKE_SELF, &request, certificate),
        RESULT_DENIED, "certificate_revoked");
    fixture_expect_refusal(
        fixture_ask(f, CHANNEL_ENROLL, OPERATION_REVOKE_SELF, &request, (struct bytes){0}),
        RESULT_DENIED, "certificate_required");
    message_clear(&certificate_info_type, &info);
    message_clear(&issued_type, &issued);
}

static void administrators_do_not_lock_themselves_out(void **state) {
    struct fixture *f = *state;
    struct certificate own = {0};
    AUTO(buf_clear) struct buf serial = {0};
    buf_init(&serial, 2 * LIMIT_SERIAL_BYTES);
    assert_ok(certificate_read(buf_bytes(&f->admin), &own, &f->err), &f->err);
    assert_int_equal(RESULT_OK, text_hex_encode(own.serial, &serial));
    fixture_expect_refusal(fixture_revoke(f, buf_string(&serial), "superseded"), RESULT_DENIED,
                           "own_certificate");
    assert_state(f, buf_string(&serial), "valid");
}

static void the_gateways_certificate_is_replaced_when_it_is_revoked(void **state) {
    struct fixture *f = *state;
    assert_ok(service_identity_replace(&f->authority, FIXTURE_NOW, &f->err), &f->err);
    assert_false(service_identity_is_due(&f->authority, FIXTURE_NOW));
    char serial[CERTIFICATE_SERIAL_TEXT_SIZE];
    serial_text(buf_bytes(&f->authority.identity.serial), serial);
    struct certificate_info info = {0};
    fixture_expect_ok(fixture_revoke(f, serial, "keyCompromise"), &certificate_info_type,
                      &info);
    assert_true(service_identity_is_due(&f->authority, FIXTURE_NOW));
    assert_ok(service_identity_replace(&f->authority, FIXTURE_NOW, &f->err), &f->err);
    assert_false(service_identity_is_due(&f->authority, FIXTURE_NOW));
    message_clear(&certificate_info_type, &info);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(a_certificate_is_revoked_once),
        TEST(reasons_that_do_not_fit_a_leaf_are_refused),
        TEST(unknown_and_malformed_serials_are_told_apart),
        TEST(a_serial_may_be_written_in_capitals_and_with_colons),
        TEST(key_compromise_revokes_the_whole_line_and_its_keys),
        TEST(key_compromise_revokes_the_renewals_of_all_certificates_of_the_key),
        TEST(another_reason_revokes_one_certificate_only),
        TEST(an_expired_certificate_is_revoked_for_its_key_only),
        TEST(a_device_revokes_itself_and_nobody_else),
        TEST(administrators_do_not_lock_themselves_out),
        TEST(the_gateways_certificate_is_replaced_when_it_is_revoked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
