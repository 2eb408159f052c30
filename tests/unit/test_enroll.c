// Enrollment: what a token grants, once; and what is refused.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "support/authority_fixture.h"

static void a_token_gives_a_certificate_with_its_names(void **state) {
    struct fixture *f = *state;
    AUTO(key_free_at) struct key *key = fixture_key();
    struct issued issued = {0};
    fixture_device(f, "cn:phone-7", key, &issued);
    assert_string_equal(FIXTURE_PROFILE "-test", issued.profile);
    assert_int_equal(1, issued.names.count);
    assert_string_equal("cn:phone-7", issued.names.items[0]);
    assert_true(issued.not_before <= FIXTURE_NOW);
    assert_true(issued.not_after < FIXTURE_NOW + 30 * FIXTURE_DAY);
    assert_true(issued.renew_after > FIXTURE_NOW && issued.renew_after < issued.not_after);
    struct certificate leaf = {0}, root = {0};
    assert_ok(certificate_read(blob_bytes(&issued.certificate), &leaf, &f->err), &f->err);
    assert_ok(certificate_read(blob_bytes(&issued.root), &root, &f->err), &f->err);
    assert_ok(
        certificate_verify_chain(&leaf, blob_bytes(&issued.chain), &root, FIXTURE_NOW, &f->err),
        &f->err);
    assert_bytes_equal(leaf.spki, key_public(key));
    assert_int_equal(1, fixture_audited(f, "certificate issued"));
    message_clear(&issued_type, &issued);
}

static void the_same_request_with_the_same_token_gets_the_same_certificate(void **state) {
    struct fixture *f = *state;
    AUTO(key_free_at) struct key *key = fixture_key();
    char *credential = fixture_token(f, "cn:phone-7", 1, NULL);
    struct enroll request = {0};
    assert_int_equal(RESULT_OK, text_set(&request.token, credential));
    fixture_csr(key, NULL, &request.csr);
    struct issued first = {0}, second = {0};
    fixture_expect_ok(
        fixture_ask(f, CHANNEL_ENROLL, OPERATION_ENROLL, &request, (struct bytes){0}),
        &issued_type, &first);
    // Even after the token's own end.
    clock_use_manual(FIXTURE_NOW + 8 * FIXTURE_DAY);
    fixture_expect_ok(
        fixture_ask(f, CHANNEL_ENROLL, OPERATION_ENROLL, &request, (struct bytes){0}),
        &issued_type, &second);
    assert_bytes_equal(blob_bytes(&first.certificate), blob_bytes(&second.certificate));
    assert_int_equal(first.renew_after, second.renew_after);
    assert_int_equal(1, fixture_audited(f, "certificate issued"));
    // But not after it was revoked.
    struct certificate_info info = {0};
    fixture_expect_ok(fixture_revoke(f, first.serial, NULL), &certificate_info_type, &info);
    fixture_expect_refusal(
        fixture_ask(f, CHANNEL_ENROLL, OPERATION_ENROLL, &request, (struct bytes){0}),
        RESULT_DENIED, "certificate_revoked");
    message_clear(&certificate_info_type, &info);
    message_clear(&issued_type, &first);
    message_clear(&issued_type, &second);
    message_clear(&enroll_type, &request);
    string_free_secret_at(&credential);
}

static void a_spent_token_is_refused_to_another_request(void **state) {
    struct fixture *f = *state;
    AUTO(key_free_at) struct key *key = fixture_key();
    AUTO(key_free_at) struct key *other = fixture_key();
    char *credential = fixture_token(f, "cn:phone-7", 1, NULL);
    struct issued issued = {0};
    fixture_expect_ok(fixture_enroll(f, credential, key, NULL), &issued_type, &issued);
    fixture_expect_refusal(fixture_enroll(f, credential, other, NULL), RESULT_DENIED,
                           "token_spent");
    assert_int_equal(1, fixture_audited(f, "enrollment refused"));
    message_clear(&issued_type, &issued);
    string_free_secret_at(&credential);
}

static void a_token_of_two_uses_serves_two_keys_and_no_third(void **state) {
    struct fixture *f = *state;
    char *credential = fixture_token(f, "cn:phone-7", 2, NULL);
    for (int i = 0; i < 3; i++) {
        AUTO(key_free_at) struct key *key = fixture_key();
        struct waiting *waiting = fixture_enroll(f, credential, key, NULL);
        if (i < 2) {
            struct issued issued = {0};
            fixture_expect_ok(waiting, &issued_type, &issued);
            message_clear(&issued_type, &issued);
        } else {
            fixture_expect_refusal(waiting, RESULT_DENIED, "token_spent");
        }
    }
    string_free_secret_at(&credential);
}

static void an_expired_token_is_refused(void **state) {
    struct fixture *f = *state;
    AUTO(key_free_at) struct key *key = fixture_key();
    char *credential = fixture_token(f, "cn:phone-7", 1, NULL);
    clock_use_manual(FIXTURE_NOW + 7 * FIXTURE_DAY);
    fixture_expect_refusal(fixture_enroll(f, credential, key, NULL), RESULT_DENIED,
                           "token_expired");
    clock_use_manual(FIXTURE_NOW + 7 * FIXTURE_DAY - 1);
    struct issued issued = {0};
    fixture_expect_ok(fixture_enroll(f, credential, key, NULL), &issued_type, &issued);
    message_clear(&issued_type, &issued);
    string_free_secret_at(&credential);
}

static void names_outside_the_grant_are_refused_and_the_token_stays_unspent(void **state) {
    struct fixture *f = *state;
    AUTO(key_free_at) struct key *key = fixture_key();
    char *credential = fixture_token(f, "cn:phone-7", 1, NULL);
    fixture_expect_refusal(fixture_enroll(f, credential, key, "cn:phone-8"), RESULT_DENIED,
                           "name_not_granted");
    struct issued issued = {0};
    fixture_expect_ok(fixture_enroll(f, credential, key, "cn:phone-7"), &issued_type, &issued);
    message_clear(&issued_type, &issued);
    string_free_secret_at(&credential);
}

static void a_request_without_proof_of_possession_is_refused(void **state) {
    struct fixture *f = *state;
    AUTO(key_free_at) struct key *key = fixture_key();
    char *credential = fixture_token(f, "cn:phone-7", 1, NULL);
    struct enroll request = {0};
    assert_int_equal(RESULT_OK, text_set(&request.token, credential));
    fixture_csr(key, NULL, &request.csr);
    request.csr.data[request.csr.size - 1] ^= 1;
    struct waiting *waiting =
        fixture_ask(f, CHANNEL_ENROLL, OPERATION_ENROLL, &request, (struct bytes){0});
    assert_true(waiting->answer.result == RESULT_DENIED ||
                waiting->answer.result == RESULT_INVALID);
    struct error err = {0};
    fixture_error(waiting, &err);
    assert_string_equal("csr", err.field);
    waiting_free(waiting);
    message_clear(&enroll_type, &request);
    string_free_secret_at(&credential);
}

static void a_key_certified_for_one_identity_is_refused_to_another(void **state) {
    struct fixture *f = *state;
    AUTO(key_free_at) struct key *key = fixture_key();
    struct issued issued = {0}, again = {0};
    fixture_device(f, "cn:phone-7", key, &issued);
    char *other = fixture_token(f, "cn:phone-8", 1, NULL);
    fixture_expect_refusal(fixture_enroll(f, other, key, NULL), RESULT_DENIED,
                           "key_of_another");
    // The same identity may come again with its key.
    fixture_device(f, "cn:phone-7", key, &again);
    assert_string_not_equal(issued.serial, again.serial);
    message_clear(&issued_type, &issued);
    message_clear(&issued_type, &again);
    string_free_secret_at(&other);
}

static void a_compromised_key_is_blocked(void **state) {
    struct fixture *f = *state;
    AUTO(key_free_at) struct key *key = fixture_key();
    struct issued issued = {0};
    fixture_device(f, "cn:phone-7", key, &issued);
    struct certificate_info info = {0};
    fixture_expect_ok(fixture_revoke(f, issued.serial, "keyCompromise"), &certificate_info_type,
                      &info);
    char *credential = fixture_token(f, "cn:phone-7", 1, NULL);
    fixture_expect_refusal(fixture_enroll(f, credential, key, NULL), RESULT_DENIED,
                           "key_blocked");
    message_clear(&certificate_info_type, &info);
    message_clear(&issued_type, &issued);
    string_free_secret_at(&credential);
}

static void one_group_spends_the_last_use_once(void **state) {
    struct fixture *f = *state;
    char *credential = fixture_token(f, "cn:phone-7", 1, NULL);
    struct waiting *group[2] = {NULL, NULL};
    for (int i = 0; i < 2; i++) {
        AUTO(key_free_at) struct key *key = fixture_key();
        struct enroll request = {0};
        assert_int_equal(RESULT_OK, text_set(&request.token, credential));
        fixture_csr(key, NULL, &request.csr);
        AUTO(buf_clear) struct buf body = {0};
        buf_init(&body, LIMIT_FRAME_REQUEST_BYTES);
        assert_ok(message_to_binary(&enroll_type, &request, &body, &f->err), &f->err);
        struct frame frame = {.kind = FRAME_REQUEST,
                              .number = OPERATION_ENROLL,
                              .peer_address = BYTES_LITERAL("192.0.2.7"),
                              .body = buf_bytes(&body)};
        assert_ok(waiting_new(CHANNEL_ENROLL, &frame, &group[i], &f->err), &f->err);
        message_clear(&enroll_type, &request);
    }
    group_run(&f->authority, group, 2);
    struct issued issued = {0};
    fixture_expect_ok(group[0], &issued_type, &issued);
    fixture_expect_refusal(group[1], RESULT_DENIED, "token_spent");
    message_clear(&issued_type, &issued);
    string_free_secret_at(&credential);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(a_token_gives_a_certificate_with_its_names),
        TEST(the_same_request_with_the_same_token_gets_the_same_certificate),
        TEST(a_spent_token_is_refused_to_another_request),
        TEST(a_token_of_two_uses_serves_two_keys_and_no_third),
        TEST(an_expired_token_is_refused),
        TEST(names_outside_the_grant_are_refused_and_the_token_stays_unspent),
        TEST(a_request_without_proof_of_possession_is_refused),
        TEST(a_key_certified_for_one_identity_is_refused_to_another),
        TEST(a_compromised_key_is_blocked),
        TEST(one_group_spends_the_last_use_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
