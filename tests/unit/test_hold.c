// Holds: refused like a revoked certificate, listed while they last, gone from the CRL behind them.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "support/authority_fixture.h"

#include "authority/authority_open.h"
#include "authority/certificate_text.h"
#include "x509/crl.h"

// --- asking ----------------------------------------------------------------------------------

static struct waiting *hold(struct fixture *f, const char *serial) {
    struct certificate_hold request = {.serial = (char *)(uintptr_t)serial};
    return fixture_ask(f, CHANNEL_ADMIN, OPERATION_CERTIFICATE_HOLD, &request,
                       buf_bytes(&f->admin));
}

static struct waiting *release(struct fixture *f, const char *serial) {
    struct certificate_release request = {.serial = (char *)(uintptr_t)serial};
    return fixture_ask(f, CHANNEL_ADMIN, OPERATION_CERTIFICATE_RELEASE, &request,
                       buf_bytes(&f->admin));
}

static void expect_state(struct waiting *waiting, const char *state) {
    struct certificate_info info = {0};
    fixture_expect_ok(waiting, &certificate_info_type, &info);
    assert_string_equal(state, info.state);
    message_clear(&certificate_info_type, &info);
}

static struct waiting *revoke_since(struct fixture *f, const char *serial, const char *reason,
                                    int64_t invalid_since) {
    struct certificate_revoke request = {.serial = (char *)(uintptr_t)serial,
                                         .reason = (char *)(uintptr_t)reason,
                                         .invalid_since = invalid_since};
    return fixture_ask(f, CHANNEL_ADMIN, OPERATION_CERTIFICATE_REVOKE, &request,
                       buf_bytes(&f->admin));
}

// Makes the CRL that is due and looks the certificate up in it. RESULT_NOT_FOUND when it is free.
static enum result listed(struct fixture *f, const struct issued *issued, int64_t now,
                          struct crl_entry *out_entry) {
    AUTO(crl_record_clear) struct crl_record record = {0};
    struct crl crl = {0};
    struct certificate certificate = {0};
    clock_use_manual(now);
    assert_ok(publisher_run(&f->authority, now, &f->err), &f->err);
    assert_ok(store_last_crl(f->authority.store, f->authority.issuers.issuing->record.id,
                             &record, &f->err),
              &f->err);
    assert_ok(crl_read(buf_bytes(&record.der), &crl, &f->err), &f->err);
    assert_ok(certificate_read(blob_bytes(&issued->certificate), &certificate, &f->err),
              &f->err);
    return crl_find(&crl, certificate.serial, out_entry, NULL);
}

// --- a hold and its end ----------------------------------------------------------------------

static void a_hold_is_listed_and_a_release_takes_it_off(void **state) {
    struct fixture *f = *state;
    AUTO(key_free_at) struct key *key = fixture_key();
    struct issued issued = {0};
    struct crl_entry entry = {0};
    fixture_device(f, "cn:phone-7", key, &issued);
    expect_state(hold(f, issued.serial), "held");
    assert_true(publisher_is_due(&f->authority, FIXTURE_NOW));
    assert_int_equal(RESULT_OK, listed(f, &issued, FIXTURE_NOW + 1, &entry));
    assert_int_equal(CRL_REASON_CERTIFICATE_HOLD, entry.reason);
    assert_int_equal(FIXTURE_NOW, entry.revoked_at);
    expect_state(release(f, issued.serial), "valid");
    assert_int_equal(RESULT_NOT_FOUND, listed(f, &issued, FIXTURE_NOW + 2, &entry));
    // And again, which is another record.
    expect_state(hold(f, issued.serial), "held");
    assert_int_equal(RESULT_OK, listed(f, &issued, FIXTURE_NOW + 3, &entry));
    assert_int_equal(FIXTURE_NOW + 2, entry.revoked_at);
    assert_int_equal(2, fixture_audited(f, "certificate held"));
    assert_int_equal(1, fixture_audited(f, "certificate released"));
    message_clear(&issued_type, &issued);
}

static void what_cannot_be_held_or_released_says_why(void **state) {
    struct fixture *f = *state;
    AUTO(key_free_at) struct key *key = fixture_key();
    struct issued issued = {0};
    fixture_device(f, "cn:phone-7", key, &issued);
    fixture_expect_refusal(hold(f, "0102"), RESULT_NOT_FOUND, "certificate_unknown");
    fixture_expect_refusal(release(f, "0102"), RESULT_NOT_FOUND, "certificate_unknown");
    fixture_expect_refusal(release(f, issued.serial), RESULT_CONFLICT, "not_on_hold");
    expect_state(hold(f, issued.serial), "held");
    fixture_expect_refusal(hold(f, issued.serial), RESULT_CONFLICT, "already_on_hold");
    expect_state(release(f, issued.serial), "valid");
    fixture_expect_refusal(release(f, issued.serial), RESULT_CONFLICT, "not_on_hold");
    expect_state(fixture_revoke(f, issued.serial, "superseded"), "revoked");
    fixture_expect_refusal(hold(f, issued.serial), RESULT_CONFLICT, "already_revoked");
    fixture_expect_refusal(release(f, issued.serial), RESULT_CONFLICT, "already_revoked");
    message_clear(&issued_type, &issued);
}

static void an_expired_certificate_is_not_held(void **state) {
    struct fixture *f = *state;
    AUTO(key_free_at) struct key *key = fixture_key();
    struct issued issued = {0};
    fixture_device(f, "cn:phone-7", key, &issued);
    clock_use_manual(issued.not_after + 1);
    fixture_expect_refusal(hold(f, issued.serial), RESULT_CONFLICT, "certificate_expired");
    message_clear(&issued_type, &issued);
}

static void a_hold_becomes_a_revocation_since_it_began(void **state) {
    struct fixture *f = *state;
    AUTO(key_free_at) struct key *key = fixture_key();
    struct issued issued = {0};
    struct crl_entry entry = {0};
    fixture_device(f, "cn:phone-7", key, &issued);
    expect_state(hold(f, issued.serial), "held");
    assert_int_equal(RESULT_OK, listed(f, &issued, FIXTURE_NOW + 60, &entry));
    expect_state(fixture_revoke(f, issued.serial, "cessationOfOperation"), "revoked");
    assert_int_equal(RESULT_OK, listed(f, &issued, FIXTURE_NOW + 61, &entry));
    assert_int_equal(CRL_REASON_CESSATION_OF_OPERATION, entry.reason);
    assert_int_equal(FIXTURE_NOW, entry.revoked_at);
    fixture_expect_refusal(release(f, issued.serial), RESULT_CONFLICT, "already_revoked");
    assert_int_equal(RESULT_OK, listed(f, &issued, FIXTURE_NOW + 2LL * FIXTURE_DAY, &entry));
    message_clear(&issued_type, &issued);
}

static void a_compromised_key_takes_those_on_hold_along(void **state) {
    struct fixture *f = *state;
    AUTO(key_free_at) struct key *key = fixture_key();
    AUTO(key_free_at) struct key *next = fixture_key();
    struct issued first = {0}, second = {0};
    struct crl_entry entry = {0};
    fixture_device(f, "cn:phone-7", key, &first);
    fixture_expect_ok(fixture_renew(f, blob_bytes(&first.certificate), next, NULL),
                      &issued_type, &second);
    expect_state(hold(f, second.serial), "held");
    expect_state(fixture_revoke(f, first.serial, "keyCompromise"), "revoked");
    fixture_expect_refusal(release(f, second.serial), RESULT_CONFLICT, "already_revoked");
    assert_int_equal(RESULT_OK, listed(f, &second, FIXTURE_NOW + 1, &entry));
    assert_int_equal(CRL_REASON_KEY_COMPROMISE, entry.reason);
    message_clear(&issued_type, &first);
    message_clear(&issued_type, &second);
}

// --- what a hold refuses ---------------------------------------------------------------------

static void a_held_certificate_does_nothing_until_it_is_released(void **state) {
    struct fixture *f = *state;
    AUTO(key_free_at) struct key *key = fixture_key();
    AUTO(key_free_at) struct key *next = fixture_key();
    struct issued issued = {0}, renewed = {0};
    struct revoke_self self = {0};
    struct enroll request = {.token = fixture_token(f, "cn:phone-7", 1, NULL)};
    fixture_csr(key, NULL, &request.csr);
    fixture_expect_ok(
        fixture_ask(f, CHANNEL_ENROLL, OPERATION_ENROLL, &request, (struct bytes){0}),
        &issued_type, &issued);
    struct bytes certificate = blob_bytes(&issued.certificate);
    expect_state(hold(f, issued.serial), "held");
    fixture_expect_refusal(fixture_renew(f, certificate, next, NULL), RESULT_DENIED,
                           "certificate_held");
    fixture_expect_refusal(
        fixture_ask(f, CHANNEL_ENROLL, OPERATION_REVOKE_SELF, &self, certificate),
        RESULT_DENIED, "certificate_held");
    // The answer to the same request again, as after a lost one.
    fixture_expect_refusal(
        fixture_ask(f, CHANNEL_ENROLL, OPERATION_ENROLL, &request, (struct bytes){0}),
        RESULT_DENIED, "certificate_held");
    expect_state(release(f, issued.serial), "valid");
    fixture_expect_ok(fixture_renew(f, certificate, next, NULL), &issued_type, &renewed);
    message_clear(&enroll_type, &request);
    message_clear(&issued_type, &issued);
    message_clear(&issued_type, &renewed);
}

static void serial_of(struct fixture *f, struct bytes der,
                      char text[CERTIFICATE_SERIAL_TEXT_SIZE]) {
    struct certificate certificate = {0};
    assert_ok(certificate_read(der, &certificate, &f->err), &f->err);
    serial_text(certificate.serial, text);
}

static void an_administrator_on_hold_is_refused_and_nobody_holds_the_own_one(void **state) {
    struct fixture *f = *state;
    AUTO(key_free_at) struct key *key = fixture_key();
    struct issued jane = {0};
    char own[CERTIFICATE_SERIAL_TEXT_SIZE];
    char *credential = fixture_invitation(f, "jane", "owner");
    fixture_expect_ok(fixture_enroll(f, credential, key, NULL), &issued_type, &jane);
    struct certificate_hold request = {.serial = own};
    serial_of(f, buf_bytes(&f->admin), own);
    fixture_expect_refusal(hold(f, own), RESULT_DENIED, "own_certificate");
    expect_state(hold(f, jane.serial), "held");
    fixture_expect_refusal(fixture_ask(f, CHANNEL_ADMIN, OPERATION_CERTIFICATE_HOLD, &request,
                                       blob_bytes(&jane.certificate)),
                           RESULT_DENIED, "certificate_held");
    expect_state(release(f, jane.serial), "valid");
    expect_state(fixture_ask(f, CHANNEL_ADMIN, OPERATION_CERTIFICATE_HOLD, &request,
                             blob_bytes(&jane.certificate)),
                 "held");
    string_free_secret_at(&credential);
    message_clear(&issued_type, &jane);
}

static void certificates_of_administrators_are_held_and_released_by_owners(void **state) {
    struct fixture *f = *state;
    AUTO(key_free_at) struct key *jane_key = fixture_key();
    AUTO(key_free_at) struct key *olga_key = fixture_key();
    AUTO(key_free_at) struct key *device_key = fixture_key();
    struct issued jane = {0}, olga = {0}, device = {0};
    fixture_admin(f, "jane", "owner", jane_key, &jane);
    fixture_admin(f, "olga", "operator", olga_key, &olga);
    fixture_device(f, "cn:phone-7", device_key, &device);
    struct certificate_hold held = {.serial = jane.serial}, phone = {.serial = device.serial};
    struct certificate_release back = {.serial = jane.serial};
    struct bytes operator= blob_bytes(&olga.certificate);
    fixture_expect_refusal(
        fixture_ask(f, CHANNEL_ADMIN, OPERATION_CERTIFICATE_HOLD, &held, operator),
        RESULT_DENIED, "role_denied");
    expect_state(hold(f, jane.serial), "held");
    fixture_expect_refusal(
        fixture_ask(f, CHANNEL_ADMIN, OPERATION_CERTIFICATE_RELEASE, &back, operator),
        RESULT_DENIED, "role_denied");
    expect_state(release(f, jane.serial), "valid");
    expect_state(fixture_ask(f, CHANNEL_ADMIN, OPERATION_CERTIFICATE_HOLD, &phone, operator),
                 "held");
    message_clear(&issued_type, &jane);
    message_clear(&issued_type, &olga);
    message_clear(&issued_type, &device);
}

// --- records ---------------------------------------------------------------------------------

static int count_in_state(struct fixture *f, const char *state) {
    struct certificate_list request = {.state = (char *)(uintptr_t)state};
    struct certificate_page page = {0};
    fixture_expect_ok(fixture_ask(f, CHANNEL_ADMIN, OPERATION_CERTIFICATE_LIST, &request,
                                  buf_bytes(&f->admin)),
                      &certificate_page_type, &page);
    int count = (int)page.certificates.count;
    message_clear(&certificate_page_type, &page);
    return count;
}

static struct status status_of(struct fixture *f) {
    struct nothing request = {};
    struct status status = {0};
    fixture_expect_ok(
        fixture_ask(f, CHANNEL_ADMIN, OPERATION_STATUS, &request, buf_bytes(&f->admin)),
        &status_type, &status);
    struct status numbers = {
        .certificates_valid = status.certificates_valid,
        .certificates_revoked = status.certificates_revoked,
        .certificates_held = status.certificates_held,
    };
    message_clear(&status_type, &status);
    return numbers;
}

static void lists_and_counts_tell_held_from_revoked_and_valid(void **state) {
    struct fixture *f = *state;
    AUTO(key_free_at) struct key *key = fixture_key();
    AUTO(key_free_at) struct key *other = fixture_key();
    struct issued issued = {0}, second = {0};
    fixture_device(f, "cn:phone-7", key, &issued);
    fixture_device(f, "cn:phone-8", other, &second);
    int valid = count_in_state(f, "valid");
    int64_t valid_before = status_of(f).certificates_valid;
    expect_state(hold(f, issued.serial), "held");
    assert_int_equal(valid - 1, count_in_state(f, "valid"));
    assert_int_equal(1, count_in_state(f, "held"));
    assert_int_equal(0, count_in_state(f, "revoked"));
    assert_int_equal(valid_before - 1, status_of(f).certificates_valid);
    assert_int_equal(1, status_of(f).certificates_held);
    expect_state(fixture_revoke(f, issued.serial, "superseded"), "revoked");
    assert_int_equal(0, count_in_state(f, "held"));
    assert_int_equal(1, count_in_state(f, "revoked"));
    assert_int_equal(0, status_of(f).certificates_held);
    assert_int_equal(1, status_of(f).certificates_revoked);
    assert_int_equal(valid_before - 1, status_of(f).certificates_valid);
    message_clear(&issued_type, &issued);
    message_clear(&issued_type, &second);
}

static void a_crash_before_the_crl_of_a_release_is_found_at_the_start(void **state) {
    struct fixture *f = *state;
    AUTO(key_free_at) struct key *key = fixture_key();
    struct issued issued = {0};
    struct crl_entry entry = {0};
    fixture_device(f, "cn:phone-7", key, &issued);
    expect_state(hold(f, issued.serial), "held");
    assert_int_equal(RESULT_OK, listed(f, &issued, FIXTURE_NOW + 1, &entry));
    expect_state(release(f, issued.serial), "valid");
    authority_clear(&f->authority);
    fixture_open(f);
    assert_true(publisher_is_due(&f->authority, FIXTURE_NOW + 1));
    assert_int_equal(RESULT_NOT_FOUND, listed(f, &issued, FIXTURE_NOW + 2, &entry));
    // And nothing is due once it is published.
    authority_clear(&f->authority);
    fixture_open(f);
    assert_false(publisher_is_due(&f->authority, FIXTURE_NOW + 2));
    message_clear(&issued_type, &issued);
}

// --- since when ------------------------------------------------------------------------------

static void the_crl_says_since_when_a_key_was_in_other_hands(void **state) {
    struct fixture *f = *state;
    AUTO(key_free_at) struct key *key = fixture_key();
    AUTO(key_free_at) struct key *next = fixture_key();
    struct issued first = {0}, second = {0};
    struct crl_entry entry = {0};
    fixture_device(f, "cn:phone-7", key, &first);
    int64_t stolen = FIXTURE_NOW + 3600;
    clock_use_manual(FIXTURE_NOW + FIXTURE_DAY);
    fixture_expect_ok(fixture_renew(f, blob_bytes(&first.certificate), next, NULL),
                      &issued_type, &second);
    fixture_expect_refusal(
        revoke_since(f, first.serial, "keyCompromise", FIXTURE_NOW + FIXTURE_DAY + 1),
        RESULT_INVALID, "invalid_since");
    fixture_expect_refusal(
        revoke_since(f, first.serial, "keyCompromise", FIXTURE_NOW - 2LL * FIXTURE_DAY),
        RESULT_INVALID, "invalid_since");
    expect_state(revoke_since(f, first.serial, "keyCompromise", stolen), "revoked");
    int64_t now = FIXTURE_NOW + FIXTURE_DAY + 1;
    assert_int_equal(RESULT_OK, listed(f, &first, now, &entry));
    assert_int_equal(stolen, entry.invalid_since);
    assert_int_equal(FIXTURE_NOW + FIXTURE_DAY, entry.revoked_at);
    // What was made after the theft was never good.
    struct certificate renewed = {0};
    assert_ok(certificate_read(blob_bytes(&second.certificate), &renewed, &f->err), &f->err);
    assert_int_equal(RESULT_OK, listed(f, &second, now, &entry));
    assert_int_equal(renewed.not_before, entry.invalid_since);
    message_clear(&issued_type, &first);
    message_clear(&issued_type, &second);
}

// --- older certificates of the line ----------------------------------------------------------

// Renews `from` with a fresh key.
static struct waiting *renew_again(struct fixture *f, const struct issued *from) {
    AUTO(key_free_at) struct key *key = fixture_key();
    return fixture_renew(f, blob_bytes(&from->certificate), key, NULL);
}

static void an_older_certificate_does_not_get_around_a_hold_of_the_newer(void **state) {
    struct fixture *f = *state;
    AUTO(key_free_at) struct key *key = fixture_key();
    struct issued first = {0}, second = {0}, third = {0};
    fixture_device(f, "cn:phone-7", key, &first);
    fixture_expect_ok(renew_again(f, &first), &issued_type, &second);
    expect_state(hold(f, second.serial), "held");
    fixture_expect_refusal(renew_again(f, &first), RESULT_DENIED, "certificate_held");
    expect_state(release(f, second.serial), "valid");
    fixture_expect_ok(renew_again(f, &first), &issued_type, &third);
    expect_state(revoke_since(f, third.serial, "privilegeWithdrawn", 0), "revoked");
    fixture_expect_refusal(renew_again(f, &first), RESULT_DENIED, "certificate_revoked");
    fixture_expect_refusal(renew_again(f, &second), RESULT_DENIED, "certificate_revoked");
    message_clear(&issued_type, &first);
    message_clear(&issued_type, &second);
    message_clear(&issued_type, &third);
}

static void a_newer_one_that_was_superseded_keeps_nobody_from_renewing(void **state) {
    struct fixture *f = *state;
    AUTO(key_free_at) struct key *key = fixture_key();
    struct issued first = {0}, second = {0}, third = {0};
    fixture_device(f, "cn:phone-7", key, &first);
    fixture_expect_ok(renew_again(f, &first), &issued_type, &second);
    expect_state(revoke_since(f, second.serial, "superseded", 0), "revoked");
    fixture_expect_ok(renew_again(f, &first), &issued_type, &third);
    // And an older one that was put away does not stop the newest.
    expect_state(revoke_since(f, first.serial, "cessationOfOperation", 0), "revoked");
    struct issued fourth = {0};
    fixture_expect_ok(renew_again(f, &third), &issued_type, &fourth);
    message_clear(&issued_type, &first);
    message_clear(&issued_type, &second);
    message_clear(&issued_type, &third);
    message_clear(&issued_type, &fourth);
}

static void a_key_on_hold_is_not_certified_again(void **state) {
    struct fixture *f = *state;
    AUTO(key_free_at) struct key *key = fixture_key();
    struct issued issued = {0}, again = {0};
    fixture_device(f, "cn:phone-7", key, &issued);
    expect_state(hold(f, issued.serial), "held");
    char *credential = fixture_token(f, "cn:phone-7", 1, NULL);
    fixture_expect_refusal(fixture_enroll(f, credential, key, NULL), RESULT_DENIED,
                           "certificate_held");
    expect_state(release(f, issued.serial), "valid");
    fixture_expect_ok(fixture_enroll(f, credential, key, NULL), &issued_type, &again);
    string_free_secret_at(&credential);
    message_clear(&issued_type, &issued);
    message_clear(&issued_type, &again);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(a_hold_is_listed_and_a_release_takes_it_off),
        TEST(what_cannot_be_held_or_released_says_why),
        TEST(an_expired_certificate_is_not_held),
        TEST(a_hold_becomes_a_revocation_since_it_began),
        TEST(a_compromised_key_takes_those_on_hold_along),
        TEST(a_held_certificate_does_nothing_until_it_is_released),
        TEST(an_administrator_on_hold_is_refused_and_nobody_holds_the_own_one),
        TEST(certificates_of_administrators_are_held_and_released_by_owners),
        TEST(lists_and_counts_tell_held_from_revoked_and_valid),
        TEST(a_crash_before_the_crl_of_a_release_is_found_at_the_start),
        TEST(the_crl_says_since_when_a_key_was_in_other_hands),
        TEST(an_older_certificate_does_not_get_around_a_hold_of_the_newer),
        TEST(a_newer_one_that_was_superseded_keeps_nobody_from_renewing),
        TEST(a_key_on_hold_is_not_certified_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
