// active_maximum: how many lines of certificates an identity may have, and what one more does.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "support/grant_fixture.h"

#define PHONE "cn:phone-7"

static void limit(struct fixture *f, int64_t maximum, enum at_limit at_limit) {
    struct profile *profile = grant_profile(f, HOLDER_PROFILE);
    profile->active_maximum = maximum;
    profile->at_limit = at_limit;
}

// A new line for that name, by a token of its own.
static struct waiting *ask(struct fixture *f, const char *name) {
    char *token = fixture_token(f, name, 1, NULL);
    AUTO(key_free_at) struct key *key = fixture_key();
    struct waiting *waiting = fixture_enroll(f, token, key, NULL);
    string_free_secret_at(&token);
    return waiting;
}

static void expect_line(struct fixture *f, const char *name, struct issued *out_issued) {
    fixture_expect_ok(ask(f, name), &issued_type, out_issued);
}

static void expect_lines(struct fixture *f, const char *name, int count) {
    for (int i = 0; i < count; i++) {
        struct issued issued = {0};
        expect_line(f, name, &issued);
        message_clear(&issued_type, &issued);
    }
}

// "valid", "superseded" or another reason.
static void assert_state(struct fixture *f, const char *serial, const char *expected) {
    struct certificate_show request = {.serial = (char *)(uintptr_t)serial};
    struct certificate_info info = {0};
    fixture_expect_ok(fixture_ask(f, CHANNEL_ADMIN, OPERATION_CERTIFICATE_SHOW, &request,
                                  buf_bytes(&f->admin)),
                      &certificate_info_type, &info);
    assert_string_equal(expected, info.reason != NULL ? info.reason : info.state);
    message_clear(&certificate_info_type, &info);
}

static void renew(struct fixture *f, const struct issued *issued, struct issued *out_renewed) {
    AUTO(key_free_at) struct key *next = fixture_key();
    fixture_expect_ok(fixture_renew(f, blob_bytes(&issued->certificate), next, NULL),
                      &issued_type, out_renewed);
}

// --- refusing --------------------------------------------------------------------------------

static void as_many_as_allowed_and_not_one_more(void **state) {
    struct fixture *f = *state;
    limit(f, 2, AT_LIMIT_REFUSE);
    expect_lines(f, PHONE, 2);
    struct waiting *waiting = ask(f, PHONE);
    struct error err = {0};
    fixture_error(waiting, &err);
    assert_non_null(strstr(err.message, "cn:phone-7 has 2 active certificates"));
    fixture_expect_refusal(waiting, RESULT_DENIED, "too_many_active");
    expect_lines(f, "cn:phone-8", 2); // another identity
    assert_int_equal(0, fixture_audited(f, "certificate revoked"));
}

static void without_a_limit_there_is_none(void **state) {
    struct fixture *f = *state;
    expect_lines(f, PHONE, 5);
}

static void a_refused_one_spends_no_use(void **state) {
    struct fixture *f = *state;
    limit(f, 1, AT_LIMIT_REFUSE);
    struct issued issued = {0}, second = {0};
    expect_line(f, PHONE, &issued);
    char *token = fixture_token(f, PHONE, 1, NULL);
    AUTO(key_free_at) struct key *key = fixture_key();
    fixture_expect_refusal(fixture_enroll(f, token, key, NULL), RESULT_DENIED,
                           "too_many_active");
    struct certificate_info info = {0};
    fixture_expect_ok(fixture_revoke(f, issued.serial, NULL), &certificate_info_type, &info);
    fixture_expect_ok(fixture_enroll(f, token, key, NULL), &issued_type, &second);
    message_clear(&certificate_info_type, &info);
    message_clear(&issued_type, &issued);
    message_clear(&issued_type, &second);
    string_free_secret_at(&token);
}

static void renewals_stay_in_their_line(void **state) {
    struct fixture *f = *state;
    limit(f, 1, AT_LIMIT_REFUSE);
    struct issued first = {0}, second = {0}, third = {0};
    expect_line(f, PHONE, &first);
    renew(f, &first, &second);
    renew(f, &second, &third);
    fixture_expect_refusal(ask(f, PHONE), RESULT_DENIED, "too_many_active");
    // The line lives as long as one of its certificates does.
    struct certificate_info info = {0};
    fixture_expect_ok(fixture_revoke(f, first.serial, NULL), &certificate_info_type, &info);
    fixture_expect_refusal(ask(f, PHONE), RESULT_DENIED, "too_many_active");
    message_clear(&certificate_info_type, &info);
    message_clear(&issued_type, &first);
    message_clear(&issued_type, &second);
    message_clear(&issued_type, &third);
}

static void an_expired_line_makes_room_to_the_second(void **state) {
    struct fixture *f = *state;
    limit(f, 1, AT_LIMIT_REFUSE);
    struct issued issued = {0};
    expect_line(f, PHONE, &issued);
    clock_use_manual(issued.not_after);
    fixture_expect_refusal(ask(f, PHONE), RESULT_DENIED, "too_many_active");
    clock_use_manual(issued.not_after + 1);
    expect_lines(f, PHONE, 1);
    message_clear(&issued_type, &issued);
}

// In its grace an expired certificate would come back beside the one that took its place.
static void a_line_in_its_grace_comes_back_only_where_there_is_room(void **state) {
    struct fixture *f = *state;
    limit(f, 1, AT_LIMIT_SUPERSEDE);
    grant_profile(f, HOLDER_PROFILE)->renew_grace = FIXTURE_DAY;
    struct issued issued = {0}, successor = {0}, renewed = {0};
    expect_line(f, PHONE, &issued);
    clock_use_manual(issued.not_after + 1);
    expect_line(f, PHONE, &successor);
    AUTO(key_free_at) struct key *next = fixture_key();
    fixture_expect_refusal(fixture_renew(f, blob_bytes(&issued.certificate), next, NULL),
                           RESULT_DENIED, "too_many_active");
    struct certificate_info info = {0};
    fixture_expect_ok(fixture_revoke(f, successor.serial, NULL), &certificate_info_type, &info);
    renew(f, &issued, &renewed);
    message_clear(&certificate_info_type, &info);
    message_clear(&issued_type, &issued);
    message_clear(&issued_type, &successor);
    message_clear(&issued_type, &renewed);
}

// --- superseding -----------------------------------------------------------------------------

static void the_oldest_line_makes_room(void **state) {
    struct fixture *f = *state;
    limit(f, 2, AT_LIMIT_SUPERSEDE);
    struct issued first = {0}, renewed = {0}, second = {0}, third = {0};
    expect_line(f, PHONE, &first);
    expect_line(f, PHONE, &second);
    renew(f, &first, &renewed);
    assert_int_equal(0, fixture_audited(f, "certificate revoked"));
    const struct issuer_set *issuers = &f->authority.issuers;
    struct crl_line *line = &f->authority.publisher.lines[issuers->issuing - issuers->items];
    line->is_outdated = false;
    expect_line(f, PHONE, &third);
    // All of the line, in the same transaction, audited and due for a CRL.
    assert_state(f, first.serial, "superseded");
    assert_state(f, renewed.serial, "superseded");
    assert_state(f, second.serial, "valid");
    assert_state(f, third.serial, "valid");
    assert_int_equal(2, fixture_audited(f, "certificate revoked"));
    assert_true(line->is_outdated);
    message_clear(&issued_type, &first);
    message_clear(&issued_type, &renewed);
    message_clear(&issued_type, &second);
    message_clear(&issued_type, &third);
}

static void a_limit_that_was_lowered_ends_several(void **state) {
    struct fixture *f = *state;
    struct issued lines[4] = {0};
    for (size_t i = 0; i < 4; i++) {
        if (i == 3) {
            limit(f, 2, AT_LIMIT_SUPERSEDE);
        }
        expect_line(f, PHONE, &lines[i]);
    }
    assert_state(f, lines[0].serial, "superseded");
    assert_state(f, lines[1].serial, "superseded");
    assert_state(f, lines[2].serial, "valid");
    assert_state(f, lines[3].serial, "valid");
    for (size_t i = 0; i < 4; i++) {
        message_clear(&issued_type, &lines[i]);
    }
}

static void what_policy_refuses_supersedes_nothing(void **state) {
    struct fixture *f = *state;
    struct issued issued = {0};
    expect_line(f, PHONE, &issued);
    char *token = fixture_token(f, PHONE, 1, NULL);
    limit(f, 1, AT_LIMIT_SUPERSEDE);
    // The profile takes no keys of this kind any more: only the finished TBSCertificate shows it.
    grant_profile(f, HOLDER_PROFILE)->key_algorithms[KEY_P256] = false;
    AUTO(key_free_at) struct key *key = fixture_key();
    fixture_expect_refusal(fixture_enroll(f, token, key, NULL), RESULT_DENIED, "key_algorithm");
    assert_state(f, issued.serial, "valid");
    assert_int_equal(0, fixture_audited(f, "certificate revoked"));
    grant_profile(f, HOLDER_PROFILE)->key_algorithms[KEY_P256] = true;
    struct issued second = {0};
    fixture_expect_ok(fixture_enroll(f, token, key, NULL), &issued_type, &second);
    assert_state(f, issued.serial, "superseded");
    message_clear(&issued_type, &issued);
    message_clear(&issued_type, &second);
    string_free_secret_at(&token);
}

// --- with other ways of asking ---------------------------------------------------------------

static void the_limit_holds_for_fleets(void **state) {
    struct fixture *f = *state;
    limit(f, 1, AT_LIMIT_REFUSE);
    char *token = fleet_token(f, HOLDER_PROFILE, "cn:tracker-*", 10);
    AUTO(key_free_at) struct key *key = fixture_key();
    struct issued issued = {0}, renewed = {0};
    fixture_expect_ok(fixture_enroll(f, token, key, "cn:tracker-1"), &issued_type, &issued);
    // The same key may have the name again, but the profile allows one line.
    fixture_expect_refusal(fixture_enroll(f, token, key, "cn:tracker-1"), RESULT_DENIED,
                           "too_many_active");
    limit(f, 1, AT_LIMIT_SUPERSEDE);
    fixture_expect_ok(fixture_enroll(f, token, key, "cn:tracker-1"), &issued_type, &renewed);
    assert_state(f, issued.serial, "superseded");
    message_clear(&issued_type, &issued);
    message_clear(&issued_type, &renewed);
    string_free_secret_at(&token);
}

// Holds a request of anyone for this name and approves it.
static struct waiting *ask_and_approve(struct fixture *f, const char *name) {
    AUTO(key_free_at) struct key *key = NULL;
    char id[REQUEST_ID_TEXT_SIZE];
    request_hold_one(f, OPEN_PROFILE, name, &key, id);
    struct request_show show = {.id = id};
    struct request_info info = {0};
    fixture_expect_ok(
        fixture_ask(f, CHANNEL_ADMIN, OPERATION_REQUEST_SHOW, &show, buf_bytes(&f->admin)),
        &request_info_type, &info);
    struct request_approve approve = {.id = id, .digest = info.digest};
    struct waiting *waiting = fixture_ask(f, CHANNEL_ADMIN, OPERATION_REQUEST_APPROVE, &approve,
                                          buf_bytes(&f->admin));
    message_clear(&request_info_type, &info);
    return waiting;
}

static void expect_approved(struct fixture *f, const char *name, char **out_serial) {
    struct request_info info = {0};
    fixture_expect_ok(ask_and_approve(f, name), &request_info_type, &info);
    assert_non_null(info.serial);
    *out_serial = string_copy(info.serial);
    message_clear(&request_info_type, &info);
}

static void the_limit_holds_for_approvals(void **state) {
    struct fixture *f = *state;
    request_configure(f, HELD_PROFILES);
    struct profile *profile = grant_profile(f, OPEN_PROFILE);
    profile->active_maximum = 1;
    char *first = NULL, *second = NULL;
    expect_approved(f, PHONE, &first);
    fixture_expect_refusal(ask_and_approve(f, PHONE), RESULT_DENIED, "too_many_active");
    assert_state(f, first, "valid");
    profile->at_limit = AT_LIMIT_SUPERSEDE;
    expect_approved(f, PHONE, &second);
    assert_state(f, first, "superseded");
    assert_state(f, second, "valid");
    string_free_at(&first);
    string_free_at(&second);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(as_many_as_allowed_and_not_one_more),
        TEST(without_a_limit_there_is_none),
        TEST(a_refused_one_spends_no_use),
        TEST(renewals_stay_in_their_line),
        TEST(an_expired_line_makes_room_to_the_second),
        TEST(a_line_in_its_grace_comes_back_only_where_there_is_room),
        TEST(the_oldest_line_makes_room),
        TEST(a_limit_that_was_lowered_ends_several),
        TEST(what_policy_refuses_supersedes_nothing),
        TEST(the_limit_holds_for_fleets),
        TEST(the_limit_holds_for_approvals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
