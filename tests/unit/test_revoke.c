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

static struct waiting *revoke_unknown(struct fixture *f, const char *serial, const char *issuer,
                                      struct bytes admin) {
    struct certificate_revoke request = {.serial = (char *)(uintptr_t)serial,
                                         .issuer = (char *)(uintptr_t)issuer};
    return fixture_ask(f, CHANNEL_ADMIN, OPERATION_CERTIFICATE_REVOKE, &request, admin);
}

// After a backup was restored, the store does not know what was issued since.
static void a_serial_that_was_lost_is_revoked_with_its_issuer(void **state) {
    struct fixture *f = *state;
    const struct bytes owner = buf_bytes(&f->admin);
    struct certificate_info info = {0};
    fixture_expect_refusal(fixture_revoke(f, "1102", NULL), RESULT_NOT_FOUND,
                           "certificate_unknown");
    fixture_expect_refusal(revoke_unknown(f, "1102", "root", owner), RESULT_NOT_FOUND,
                           "issuer_unknown");
    fixture_expect_refusal(revoke_unknown(f, "1102", "nowhere", owner), RESULT_NOT_FOUND,
                           "issuer_unknown");
    fixture_expect_refusal(revoke_unknown(f, "11 2", "issuing", owner), RESULT_INVALID,
                           "serial_invalid");
    fixture_expect_ok(revoke_unknown(f, "11:02", "issuing", owner), &certificate_info_type,
                      &info);
    assert_string_equal(info.profile, "(unknown)");
    assert_string_equal(info.serial, "1102");
    message_clear(&certificate_info_type, &info);
    assert_state(f, "1102", "revoked");
    assert_int_equal(1, fixture_audited(f, "certificate revoked"));
    fixture_expect_refusal(revoke_unknown(f, "1102", "issuing", owner), RESULT_CONFLICT,
                           "already_revoked");
    // A second lost one is not taken for the same key.
    fixture_expect_ok(revoke_unknown(f, "1103", "issuing", owner), &certificate_info_type,
                      &info);
    message_clear(&certificate_info_type, &info);
    fixture_expect_refusal(fixture_revoke(f, "1102", "keyCompromise"), RESULT_CONFLICT,
                           "already_revoked");
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

static struct waiting *revoke_as(struct fixture *f, const struct issued *admin,
                                 const char *serial, const char *reason) {
    struct certificate_revoke request = {.serial = (char *)(uintptr_t)serial,
                                         .reason = (char *)(uintptr_t)reason};
    return fixture_ask(f, CHANNEL_ADMIN, OPERATION_CERTIFICATE_REVOKE, &request,
                       blob_bytes(&admin->certificate));
}

static void expect_revoked(struct waiting *waiting) {
    struct certificate_info info = {0};
    fixture_expect_ok(waiting, &certificate_info_type, &info);
    assert_string_equal("revoked", info.state);
    message_clear(&certificate_info_type, &info);
}

static void certificates_of_administrators_are_for_owners(void **state) {
    struct fixture *f = *state;
    AUTO(key_free_at) struct key *key = fixture_key();
    AUTO(key_free_at) struct key *olga_key = fixture_key();
    AUTO(key_free_at) struct key *device_key = fixture_key();
    struct issued jane = {0}, olga = {0}, device = {0}, shared = {0};
    fixture_admin(f, "jane", "auditor", key, &jane);
    fixture_admin(f, "olga", "operator", olga_key, &olga);
    fixture_device(f, "cn:phone-7", device_key, &device);
    fixture_device(f, "cn:jane", key, &shared); // a device with her key
    fixture_expect_refusal(revoke_as(f, &olga, jane.serial, "superseded"), RESULT_DENIED,
                           "role_denied");
    // Nor by way of the key.
    fixture_expect_refusal(revoke_as(f, &olga, shared.serial, "keyCompromise"), RESULT_DENIED,
                           "role_denied");
    assert_state(f, shared.serial, "valid");
    assert_state(f, jane.serial, "valid");
    // Nor by its serial alone, where it may be one.
    fixture_expect_refusal(
        revoke_unknown(f, "1102", "operators", blob_bytes(&olga.certificate)), RESULT_DENIED,
        "role_denied");
    expect_revoked(revoke_unknown(f, "1102", "issuing", blob_bytes(&olga.certificate)));
    expect_revoked(revoke_unknown(f, "1103", "operators", buf_bytes(&f->admin)));
    expect_revoked(revoke_as(f, &olga, device.serial, "keyCompromise"));
    expect_revoked(revoke_as(f, &olga, shared.serial, "superseded"));
    expect_revoked(fixture_revoke(f, jane.serial, "superseded"));
    message_clear(&issued_type, &jane);
    message_clear(&issued_type, &olga);
    message_clear(&issued_type, &device);
    message_clear(&issued_type, &shared);
}

static void a_stolen_key_does_not_take_the_last_owner_along(void **state) {
    struct fixture *f = *state;
    AUTO(key_free_at) struct key *next_key = fixture_key();
    AUTO(key_free_at) struct key *jane_key = fixture_key();
    struct issued next = {0}, jane = {0};
    struct renew renew = {0};
    struct certificate first = {0};
    char serial[CERTIFICATE_SERIAL_TEXT_SIZE];
    assert_ok(certificate_read(buf_bytes(&f->admin), &first, &f->err), &f->err);
    serial_text(first.serial, serial);
    fixture_csr(next_key, NULL, &renew.csr);
    fixture_expect_ok(
        fixture_ask(f, CHANNEL_ADMIN, OPERATION_RENEW, &renew, buf_bytes(&f->admin)),
        &issued_type, &next);
    fixture_expect_refusal(revoke_as(f, &next, serial, "keyCompromise"), RESULT_DENIED,
                           "last_owner");
    assert_state(f, serial, "valid");
    assert_state(f, next.serial, "valid");
    // With another owner they go, both.
    fixture_admin(f, "jane", "owner", jane_key, &jane);
    expect_revoked(revoke_as(f, &next, serial, "keyCompromise"));
    fixture_expect_refusal(revoke_as(f, &next, jane.serial, NULL), RESULT_DENIED,
                           "certificate_revoked");
    message_clear(&renew_type, &renew);
    message_clear(&issued_type, &next);
    message_clear(&issued_type, &jane);
}

static void operators_revoke_also_when_the_owners_certificates_have_ended(void **state) {
    struct fixture *f = *state;
    AUTO(key_free_at) struct key *key = fixture_key();
    AUTO(key_free_at) struct key *olga_key = fixture_key();
    struct issued olga = {0}, device = {0};
    struct certificate owner = {0};
    assert_ok(certificate_read(buf_bytes(&f->admin), &owner, &f->err), &f->err);
    clock_use_manual(FIXTURE_NOW + FIXTURE_DAY);
    fixture_admin(f, "olga", "operator", olga_key, &olga);
    fixture_device(f, "cn:phone-7", key, &device);
    clock_use_manual(owner.not_after + 1);
    expect_revoked(revoke_as(f, &olga, device.serial, "keyCompromise"));
    message_clear(&issued_type, &olga);
    message_clear(&issued_type, &device);
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
        TEST(a_serial_that_was_lost_is_revoked_with_its_issuer),
        TEST(a_serial_may_be_written_in_capitals_and_with_colons),
        TEST(key_compromise_revokes_the_whole_line_and_its_keys),
        TEST(key_compromise_revokes_the_renewals_of_all_certificates_of_the_key),
        TEST(another_reason_revokes_one_certificate_only),
        TEST(an_expired_certificate_is_revoked_for_its_key_only),
        TEST(a_device_revokes_itself_and_nobody_else),
        TEST(administrators_do_not_lock_themselves_out),
        TEST(certificates_of_administrators_are_for_owners),
        TEST(a_stolen_key_does_not_take_the_last_owner_along),
        TEST(operators_revoke_also_when_the_owners_certificates_have_ended),
        TEST(the_gateways_certificate_is_replaced_when_it_is_revoked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
