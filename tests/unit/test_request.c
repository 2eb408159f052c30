// Held requests as their requesters see them: held, repeated, claimed, refused, expired.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "support/request_fixture.h"

static void a_request_without_token_is_held_where_anyone_may_ask(void **state) {
    struct fixture *f = *state;
    AUTO(key_free_at) struct key *key = fixture_key();
    char code[PUBLIC_KEY_CODE_SIZE];
    assert_int_equal(RESULT_OK, public_key_code(key_public(key), code));
    struct held held = {0};
    request_expect_held(request_ask_for(f, OPEN_PROFILE, key, "cn:phone-7", CLAIM), &held);
    assert_string_equal(OPEN_PROFILE, held.profile);
    assert_string_equal(code, held.code);
    assert_int_equal(1, held.names.count);
    assert_string_equal("cn:phone-7", held.names.items[0]);
    assert_int_equal(1, held.approvals);
    assert_int_equal(0, held.approved);
    assert_int_equal(FIXTURE_NOW + 2 * FIXTURE_DAY, held.expires);
    assert_true(held.retry_after > 0);
    assert_int_equal(1, fixture_audited(f, "request held"));
    assert_int_equal(0, fixture_audited(f, "certificate issued"));
    message_clear(&held_type, &held);
    // The neighbour: a profile that only takes tokens.
    fixture_expect_refusal(
        request_ask_for(f, FIXTURE_PROFILE "-test", key, "cn:phone-7", CLAIM), RESULT_DENIED,
        "ask_denied");
}

static void the_same_request_with_the_same_claim_is_the_same_request(void **state) {
    struct fixture *f = *state;
    AUTO(key_free_at) struct key *key = fixture_key();
    struct held first = {0}, second = {0};
    struct enroll request = {0};
    assert_int_equal(RESULT_OK, text_set(&request.profile, OPEN_PROFILE));
    assert_int_equal(RESULT_OK, text_set(&request.claim, CLAIM));
    fixture_csr(key, "cn:phone-7", &request.csr);
    request_expect_held(
        fixture_ask(f, CHANNEL_ENROLL, OPERATION_ENROLL, &request, (struct bytes){0}), &first);
    request_expect_held(
        fixture_ask(f, CHANNEL_ENROLL, OPERATION_ENROLL, &request, (struct bytes){0}), &second);
    assert_string_equal(first.id, second.id);
    assert_int_equal(1, fixture_audited(f, "request held"));
    // With another claim it is somebody who saw it.
    string_free_at(&request.claim);
    assert_int_equal(RESULT_OK, text_set(&request.claim, OTHER_CLAIM));
    fixture_expect_refusal(
        fixture_ask(f, CHANNEL_ENROLL, OPERATION_ENROLL, &request, (struct bytes){0}),
        RESULT_DENIED, "claim_unknown");
    message_clear(&held_type, &first);
    message_clear(&held_type, &second);
    message_clear(&enroll_type, &request);
}

static void what_became_of_it_is_told_to_who_has_the_claim(void **state) {
    struct fixture *f = *state;
    AUTO(key_free_at) struct key *key = NULL;
    char id[REQUEST_ID_TEXT_SIZE];
    request_hold_one(f, OPEN_PROFILE, "cn:phone-7", &key, id);
    struct held held = {0};
    request_expect_held(request_claimed(f, id, CLAIM), &held);
    assert_string_equal(id, held.id);
    message_clear(&held_type, &held);
    // An unknown id and a wrong claim look alike.
    fixture_expect_refusal(request_claimed(f, id, OTHER_CLAIM), RESULT_NOT_FOUND,
                           "request_unknown");
    fixture_expect_refusal(request_claimed(f, "00000000000000000000000000000000", CLAIM),
                           RESULT_NOT_FOUND, "request_unknown");
    fixture_expect_refusal(request_claimed(f, "not an id", CLAIM), RESULT_NOT_FOUND,
                           "request_unknown");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_request_without_token_is_held_where_anyone_may_ask,
                                        request_set_up, fixture_tear_down),
        cmocka_unit_test_setup_teardown(
            the_same_request_with_the_same_claim_is_the_same_request, request_set_up,
            fixture_tear_down),
        cmocka_unit_test_setup_teardown(what_became_of_it_is_told_to_who_has_the_claim,
                                        request_set_up, fixture_tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
