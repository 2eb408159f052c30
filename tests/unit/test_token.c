// Tokens: created within their profile, locked after guesses, listed and revoked.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "support/authority_fixture.h"

static struct waiting *create(struct fixture *f, const char *profile, const char *name,
                              int64_t lifetime) {
    struct token_create request = {.lifetime = lifetime};
    assert_int_equal(RESULT_OK, text_set(&request.profile, profile));
    assert_int_equal(RESULT_OK, text_list_add(&request.names, name));
    struct waiting *waiting =
        fixture_ask(f, CHANNEL_ADMIN, OPERATION_TOKEN_CREATE, &request, buf_bytes(&f->admin));
    message_clear(&token_create_type, &request);
    return waiting;
}

static void a_token_carries_address_fingerprint_and_default_use(void **state) {
    struct fixture *f = *state;
    struct token_created reply = {0};
    fixture_expect_ok(create(f, FIXTURE_PROFILE "-test", "cn:phone-7", 0), &token_created_type,
                      &reply);
    assert_int_equal(1, reply.uses);
    assert_int_equal(FIXTURE_NOW + f->authority.config.token_lifetime, reply.expires);
    struct enrollment_token token = {0};
    assert_ok(enrollment_token_read(reply.token, &token, &f->err), &f->err);
    assert_string_equal("ca.example", token.host);
    assert_int_equal(8443, token.port);
    assert_memory_equal(f->authority.root_fingerprint, token.root_fingerprint, SHA256_SIZE);
    enrollment_token_clear(&token);
    assert_int_equal(1, fixture_audited(f, "token created"));
    message_clear(&token_created_type, &reply);
}

static void the_store_keeps_no_secret(void **state) {
    struct fixture *f = *state;
    struct token_created reply = {0};
    fixture_expect_ok(create(f, FIXTURE_PROFILE "-test", "cn:phone-7", 0), &token_created_type,
                      &reply);
    struct enrollment_token token = {0};
    assert_ok(enrollment_token_read(reply.token, &token, &f->err), &f->err);
    AUTO(token_record_clear) struct token_record record = {0};
    assert_ok(store_find_token(f->authority.store, bytes_of(token.id, TOKEN_ID_SIZE), &record,
                               &f->err),
              &f->err);
    uint8_t hash[SHA256_SIZE];
    assert_int_equal(RESULT_OK, hash_sha256(bytes_of(token.secret, TOKEN_SECRET_SIZE), hash));
    assert_bytes_equal(bytes_of(hash, SHA256_SIZE), buf_bytes(&record.secret_hash));
    enrollment_token_clear(&token);
    message_clear(&token_created_type, &reply);
}

static void a_token_that_could_never_be_used_is_refused(void **state) {
    struct fixture *f = *state;
    fixture_expect_refusal(create(f, "nonesuch", "cn:phone-7", 0), RESULT_NOT_FOUND,
                           "profile_unknown");
    fixture_expect_refusal(create(f, PROFILE_ADMIN, "cn:mallory", 0), RESULT_DENIED,
                           "profile_internal");
    fixture_expect_refusal(create(f, PROFILE_SERVICE, "dns:ca.example", 0), RESULT_DENIED,
                           "profile_internal");
    // The profile wants one common name, and takes no e-mail address.
    struct waiting *without = create(f, FIXTURE_PROFILE "-test", "dns:phone.example", 0);
    assert_int_equal(RESULT_DENIED, without->answer.result);
    waiting_free(without);
    struct waiting *foreign = create(f, FIXTURE_PROFILE "-test", "email:a@b.example", 0);
    assert_int_equal(RESULT_DENIED, foreign->answer.result);
    waiting_free(foreign);
    struct waiting *malformed = create(f, FIXTURE_PROFILE "-test", "dns:not a name", 0);
    assert_int_equal(RESULT_INVALID, malformed->answer.result);
    waiting_free(malformed);
}

static void a_lifetime_above_the_profiles_maximum_is_refused(void **state) {
    struct fixture *f = *state;
    fixture_expect_refusal(
        create(f, FIXTURE_PROFILE "-test", "cn:phone-7", 60LL * FIXTURE_DAY + 1), RESULT_DENIED,
        "lifetime");
    struct token_created reply = {0};
    fixture_expect_ok(create(f, FIXTURE_PROFILE "-test", "cn:phone-7", 60LL * FIXTURE_DAY),
                      &token_created_type, &reply);
    char *credential = NULL;
    fixture_credential(reply.token, &credential);
    AUTO(key_free_at) struct key *key = fixture_key();
    struct issued issued = {0};
    fixture_expect_ok(fixture_enroll(f, credential, key, NULL), &issued_type, &issued);
    assert_true(issued.not_after > FIXTURE_NOW + 59LL * FIXTURE_DAY);
    assert_true(issued.not_after < FIXTURE_NOW + 60LL * FIXTURE_DAY);
    message_clear(&issued_type, &issued);
    message_clear(&token_created_type, &reply);
    string_free_secret_at(&credential);
}

// The same id with another secret.
static char *with_wrong_secret(const char *credential) {
    uint8_t id[TOKEN_ID_SIZE];
    uint8_t secret[TOKEN_SECRET_SIZE];
    struct error err = {0};
    assert_ok(token_credential_read(credential, id, secret, &err), &err);
    secret[0] ^= 1;
    AUTO(buf_clear) struct buf text = {0};
    buf_init(&text, LIMIT_TOKEN_TEXT_BYTES);
    assert_int_equal(RESULT_OK, token_credential_format(id, secret, &text));
    return string_copy(buf_string(&text));
}

static void wrong_secrets_look_like_unknown_tokens_and_lock_the_token(void **state) {
    struct fixture *f = *state;
    char *credential = fixture_token(f, "cn:phone-7", 1, NULL);
    char *wrong = with_wrong_secret(credential);
    AUTO(key_free_at) struct key *key = fixture_key();
    for (int i = 0; i < LIMIT_TOKEN_FAILURES; i++) {
        fixture_expect_refusal(fixture_enroll(f, wrong, key, NULL), RESULT_DENIED,
                               "token_unknown");
    }
    fixture_expect_refusal(fixture_enroll(f, wrong, key, NULL), RESULT_DENIED, "token_locked");
    fixture_expect_refusal(fixture_enroll(f, credential, key, NULL), RESULT_DENIED,
                           "token_locked");
    // Each counted refusal is audited; those of the locked token are not any more.
    assert_int_equal(LIMIT_TOKEN_FAILURES, fixture_audited(f, "enrollment refused"));
    string_free_secret_at(&wrong);
    string_free_secret_at(&credential);
}

static void one_failure_less_does_not_lock(void **state) {
    struct fixture *f = *state;
    char *credential = fixture_token(f, "cn:phone-7", 1, NULL);
    char *wrong = with_wrong_secret(credential);
    AUTO(key_free_at) struct key *key = fixture_key();
    for (int i = 0; i < LIMIT_TOKEN_FAILURES - 1; i++) {
        fixture_expect_refusal(fixture_enroll(f, wrong, key, NULL), RESULT_DENIED,
                               "token_unknown");
    }
    struct issued issued = {0};
    fixture_expect_ok(fixture_enroll(f, credential, key, NULL), &issued_type, &issued);
    message_clear(&issued_type, &issued);
    string_free_secret_at(&wrong);
    string_free_secret_at(&credential);
}

static void made_up_tokens_leave_no_trace_in_the_audit(void **state) {
    struct fixture *f = *state;
    uint8_t id[TOKEN_ID_SIZE] = {1};
    uint8_t secret[TOKEN_SECRET_SIZE] = {2};
    AUTO(buf_clear) struct buf text = {0};
    buf_init(&text, LIMIT_TOKEN_TEXT_BYTES);
    assert_int_equal(RESULT_OK, token_credential_format(id, secret, &text));
    AUTO(key_free_at) struct key *key = fixture_key();
    fixture_expect_refusal(fixture_enroll(f, buf_string(&text), key, NULL), RESULT_DENIED,
                           "token_unknown");
    assert_int_equal(0, fixture_audited(f, "enrollment refused"));
}

static void a_revoked_token_is_refused_and_cannot_be_revoked_again(void **state) {
    struct fixture *f = *state;
    char id[LIMIT_TOKEN_ID_TEXT + 1];
    char *credential = fixture_token(f, "cn:phone-7", 1, id);
    struct token_revoke request = {.id = id};
    struct token_info info = {0};
    fixture_expect_ok(
        fixture_ask(f, CHANNEL_ADMIN, OPERATION_TOKEN_REVOKE, &request, buf_bytes(&f->admin)),
        &token_info_type, &info);
    assert_string_equal("revoked", info.state);
    fixture_expect_refusal(
        fixture_ask(f, CHANNEL_ADMIN, OPERATION_TOKEN_REVOKE, &request, buf_bytes(&f->admin)),
        RESULT_CONFLICT, "already_revoked");
    AUTO(key_free_at) struct key *key = fixture_key();
    fixture_expect_refusal(fixture_enroll(f, credential, key, NULL), RESULT_DENIED,
                           "token_revoked");
    struct token_revoke unknown = {.id = (char[]){"0102030405060708"}};
    fixture_expect_refusal(
        fixture_ask(f, CHANNEL_ADMIN, OPERATION_TOKEN_REVOKE, &unknown, buf_bytes(&f->admin)),
        RESULT_NOT_FOUND, "token_unknown");
    struct token_revoke bad = {.id = (char[]){"xyz"}};
    fixture_expect_refusal(
        fixture_ask(f, CHANNEL_ADMIN, OPERATION_TOKEN_REVOKE, &bad, buf_bytes(&f->admin)),
        RESULT_INVALID, "token_id_invalid");
    message_clear(&token_info_type, &info);
    string_free_secret_at(&credential);
}

static size_t list(struct fixture *f, const char *token_state, const char *after, int64_t limit,
                   struct token_page *out_page) {
    struct token_list request = {.limit = limit};
    if (token_state != NULL) {
        assert_int_equal(RESULT_OK, text_set(&request.state, token_state));
    }
    if (after != NULL) {
        assert_int_equal(RESULT_OK, text_set(&request.after, after));
    }
    fixture_expect_ok(
        fixture_ask(f, CHANNEL_ADMIN, OPERATION_TOKEN_LIST, &request, buf_bytes(&f->admin)),
        &token_page_type, out_page);
    message_clear(&token_list_type, &request);
    return out_page->tokens.count;
}

static void tokens_are_listed_page_by_page_newest_first(void **state) {
    struct fixture *f = *state;
    char ids[3][LIMIT_TOKEN_ID_TEXT + 1];
    for (int i = 0; i < 3; i++) {
        char *credential = fixture_token(f, "cn:phone-7", 1, ids[i]);
        string_free_secret_at(&credential);
    }
    struct token_page first = {0}, second = {0}, spent = {0};
    assert_int_equal(2, list(f, "open", NULL, 2, &first));
    const struct token_info *infos = first.tokens.items;
    assert_string_equal(ids[2], infos[0].id);
    assert_string_equal(ids[1], infos[1].id);
    assert_non_null(first.next);
    assert_int_equal(1, list(f, "open", first.next, 2, &second));
    infos = second.tokens.items;
    assert_string_equal(ids[0], infos[0].id);
    assert_null(second.next);
    assert_int_equal(0, list(f, "spent", NULL, 0, &spent));
    message_clear(&token_page_type, &first);
    message_clear(&token_page_type, &second);
    message_clear(&token_page_type, &spent);
}

static void bad_states_and_cursors_are_refused_by_name(void **state) {
    struct fixture *f = *state;
    struct token_list bad_state = {.state = (char[]){"opne"}};
    fixture_expect_refusal(
        fixture_ask(f, CHANNEL_ADMIN, OPERATION_TOKEN_LIST, &bad_state, buf_bytes(&f->admin)),
        RESULT_INVALID, "state_unknown");
    struct token_list bad_cursor = {.after = (char[]){"7"}};
    fixture_expect_refusal(
        fixture_ask(f, CHANNEL_ADMIN, OPERATION_TOKEN_LIST, &bad_cursor, buf_bytes(&f->admin)),
        RESULT_INVALID, "cursor_invalid");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(a_token_carries_address_fingerprint_and_default_use),
        TEST(the_store_keeps_no_secret),
        TEST(a_token_that_could_never_be_used_is_refused),
        TEST(a_lifetime_above_the_profiles_maximum_is_refused),
        TEST(wrong_secrets_look_like_unknown_tokens_and_lock_the_token),
        TEST(one_failure_less_does_not_lock),
        TEST(made_up_tokens_leave_no_trace_in_the_audit),
        TEST(a_revoked_token_is_refused_and_cannot_be_revoked_again),
        TEST(tokens_are_listed_page_by_page_newest_first),
        TEST(bad_states_and_cursors_are_refused_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
