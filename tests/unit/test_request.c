// Held requests as their requesters see them: held, repeated, claimed, refused, expired.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "authority/requests/request_room.h"
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

static void what_can_never_be_issued_is_refused_at_once(void **state) {
    struct fixture *f = *state;
    AUTO(key_free_at) struct key *key = fixture_key();
    AUTO(key_free_at) struct key *other_kind = NULL;
    assert_ok(key_generate(KEY_P384, &other_kind, &f->err), &f->err);
    const struct {
        const char *name;
        const struct key *key;
        const char *profile;
        const char *claim;
        enum result result;
        const char *code;
    } cases[] = {
        {"dns:a.example", key, OPEN_PROFILE, CLAIM, RESULT_DENIED, "name_count"},
        {"cn:a/b", key, OPEN_PROFILE, CLAIM, RESULT_DENIED, "name_form"},
        {NULL, key, OPEN_PROFILE, CLAIM, RESULT_DENIED, "name_count"},
        {"cn:phone-7", other_kind, OPEN_PROFILE, CLAIM, RESULT_DENIED, "key_algorithm"},
        {"cn:phone-7", key, OPEN_PROFILE, NULL, RESULT_INVALID, "claim_missing"},
        {"cn:phone-7", key, OPEN_PROFILE, "123456789012345", RESULT_INVALID, "claim_short"},
        {"cn:phone-7", key, "nowhere", CLAIM, RESULT_NOT_FOUND, "profile_unknown"},
        {"cn:phone-7", key, "admin", CLAIM, RESULT_DENIED, "profile_internal"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        fixture_expect_refusal(
            request_ask_for(f, cases[i].profile, cases[i].key, cases[i].name, cases[i].claim),
            cases[i].result, cases[i].code);
    }
    assert_int_equal(0, fixture_audited(f, "request held"));
    struct held held = {0};
    request_expect_held(request_ask_for(f, OPEN_PROFILE, key, "cn:phone-7", "1234567890123456"),
                        &held);
    message_clear(&held_type, &held);
}

static void a_key_of_another_identity_is_refused_at_once(void **state) {
    struct fixture *f = *state;
    AUTO(key_free_at) struct key *key = fixture_key();
    struct issued issued = {0};
    fixture_device(f, "cn:phone-7", key, &issued);
    fixture_expect_refusal(request_ask_for(f, OPEN_PROFILE, key, "cn:phone-8", CLAIM),
                           RESULT_DENIED, "key_of_another");
    struct held held = {0};
    request_expect_held(request_ask_for(f, OPEN_PROFILE, key, "cn:phone-7", CLAIM), &held);
    message_clear(&held_type, &held);
    message_clear(&issued_type, &issued);
}

static void one_address_holds_a_bounded_number_of_requests(void **state) {
    struct fixture *f = *state;
    AUTO(key_free_at) struct key *key = fixture_key();
    char first[REQUEST_ID_TEXT_SIZE] = "";
    for (int i = 0; i < LIMIT_REQUESTS_HELD_PER_ADDRESS; i++) {
        struct held held = {0};
        request_expect_held(request_ask_for(f, OPEN_PROFILE, key, "cn:phone-7", CLAIM), &held);
        if (i == 0) {
            (void)snprintf(first, sizeof(first), "%s", held.id);
        }
        message_clear(&held_type, &held);
    }
    fixture_expect_refusal(request_ask_for(f, OPEN_PROFILE, key, "cn:phone-7", CLAIM),
                           RESULT_LIMIT, "too_many_requests_from_address");
    // A decision makes room.
    request_expect_state(request_deny_as(f, buf_bytes(&f->admin), first, NULL), "denied");
    struct held held = {0};
    request_expect_held(request_ask_for(f, OPEN_PROFILE, key, "cn:phone-7", CLAIM), &held);
    message_clear(&held_type, &held);
}

static void an_address_counts_as_the_network_that_one_host_has(void **state) {
    (void)state;
    static const struct {
        const char *address;
        const char *source;
        const char *network;
    } cases[] = {
        {"192.0.2.7", "192.0.2.7/32", "192.0.2.0/24"},
        {"::ffff:192.0.2.7", "192.0.2.7/32", "192.0.2.0/24"},
        {"2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64", "2001:db8:1::/48"},
        {"2001:db8:1:2::", "2001:db8:1:2::/64", "2001:db8:1::/48"},
        {"2001:db8:1:3::1", "2001:db8:1:3::/64", "2001:db8:1::/48"},
        {"", "", ""},
        {"host", "host", "host"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct request_origin origin = {0};
        request_origin_of(cases[i].address, &origin);
        assert_string_equal(cases[i].source, origin.source);
        assert_string_equal(cases[i].network, origin.network);
    }
}

// Straight into the store, from as many addresses of as many networks.
static void fill_queue(struct fixture *f, int count, const char *network) {
    assert_ok(store_begin(f->authority.store, &f->err), &f->err);
    for (int i = 0; i < count; i++) {
        char id[17], address[32];
        (void)snprintf(id, sizeof(id), "%016d", i);
        (void)snprintf(address, sizeof(address), "10.%d.%d.0/24", i / 256, i % 256);
        struct buf bytes = {.data = (uint8_t *)id, .size = REQUEST_ID_SIZE};
        const struct request_record record = {
            .id = bytes,
            .csr = bytes,
            .csr_hash = bytes,
            .key_hash = bytes,
            .claim_hash = bytes,
            .code = (char[]){"K4TZ-9QWM"},
            .profile = (char[]){OPEN_PROFILE},
            .profile_hash = bytes,
            .requested_by = (char[]){"anyone"},
            .address = address,
            .source = address,
            .network = network == NULL ? address : (char *)(uintptr_t)network,
            .approvals = 1,
            .created = FIXTURE_NOW,
            .expires = FIXTURE_NOW + FIXTURE_DAY,
        };
        assert_ok(store_add_request(f->authority.store, &record, &f->err), &f->err);
    }
    assert_ok(store_commit(f->authority.store, &f->err), &f->err);
}

static void one_network_fills_a_part_of_the_queue_only(void **state) {
    struct fixture *f = *state;
    AUTO(key_free_at) struct key *key = fixture_key();
    struct held held = {0};
    fill_queue(f, LIMIT_REQUESTS_HELD_PER_NETWORK - 1, "192.0.2.0/24");
    request_expect_held(request_ask_for(f, OPEN_PROFILE, key, "cn:phone-7", CLAIM), &held);
    fixture_expect_refusal(request_ask_for(f, OPEN_PROFILE, key, "cn:phone-7", CLAIM),
                           RESULT_LIMIT, "too_many_requests_from_network");
    // A decision makes room.
    request_expect_state(request_deny_as(f, buf_bytes(&f->admin), held.id, NULL), "denied");
    message_clear(&held_type, &held);
    request_expect_held(request_ask_for(f, OPEN_PROFILE, key, "cn:phone-7", CLAIM), &held);
    message_clear(&held_type, &held);
}

static void the_queue_holds_a_bounded_number_of_requests(void **state) {
    struct fixture *f = *state;
    AUTO(key_free_at) struct key *key = fixture_key();
    fill_queue(f, LIMIT_REQUESTS_HELD - 1, NULL);
    struct held held = {0};
    request_expect_held(request_ask_for(f, OPEN_PROFILE, key, "cn:phone-7", CLAIM), &held);
    message_clear(&held_type, &held);
    fixture_expect_refusal(request_ask_for(f, OPEN_PROFILE, key, "cn:phone-7", CLAIM),
                           RESULT_LIMIT, "queue_full");
    struct status status = {0};
    struct nothing nothing = {};
    fixture_expect_ok(
        fixture_ask(f, CHANNEL_ADMIN, OPERATION_STATUS, &nothing, buf_bytes(&f->admin)),
        &status_type, &status);
    assert_int_equal(LIMIT_REQUESTS_HELD, status.requests_pending);
    message_clear(&status_type, &status);
    // When their time is over there is room again, even before the next tick.
    clock_use_manual(FIXTURE_NOW + FIXTURE_DAY);
    request_expect_held(request_ask_for(f, OPEN_PROFILE, key, "cn:phone-7", CLAIM), &held);
    message_clear(&held_type, &held);
    // A tick records a bounded number of them.
    request_tick(f);
    assert_int_equal(200, fixture_audited(f, "request expired"));
}

static void a_request_nobody_decides_about_expires_and_may_be_sent_again(void **state) {
    struct fixture *f = *state;
    AUTO(key_free_at) struct key *key = fixture_key();
    struct enroll request = {0};
    struct held first = {0}, second = {0};
    assert_int_equal(RESULT_OK, text_set(&request.profile, OPEN_PROFILE));
    assert_int_equal(RESULT_OK, text_set(&request.claim, CLAIM));
    fixture_csr(key, "cn:phone-7", &request.csr);
    request_expect_held(
        fixture_ask(f, CHANNEL_ENROLL, OPERATION_ENROLL, &request, (struct bytes){0}), &first);
    clock_use_manual(first.expires - 1);
    request_tick(f);
    request_expect_held(request_claimed(f, first.id, CLAIM), &second);
    message_clear(&held_type, &second);
    clock_use_manual(first.expires);
    fixture_expect_refusal(request_claimed(f, first.id, CLAIM), RESULT_DENIED,
                           "request_expired");
    request_tick(f);
    assert_int_equal(1, fixture_audited(f, "request expired"));
    assert_int_equal(REQUEST_ID_SIZE, f->authority.decided.size);
    request_expect_held(
        fixture_ask(f, CHANNEL_ENROLL, OPERATION_ENROLL, &request, (struct bytes){0}), &second);
    assert_string_not_equal(first.id, second.id);
    message_clear(&held_type, &first);
    message_clear(&held_type, &second);
    message_clear(&enroll_type, &request);
}

// A token of PAIR_PROFILE with one use.
static char *pair_token(struct fixture *f, char out_id[LIMIT_TOKEN_ID_TEXT + 1]) {
    struct token_create create = {.uses = 1, .expires_in = 30 * FIXTURE_DAY};
    struct token_created created = {0};
    char *credential = NULL;
    assert_int_equal(RESULT_OK, text_set(&create.profile, PAIR_PROFILE));
    assert_int_equal(RESULT_OK, text_list_add(&create.names, "cn:phone-7"));
    fixture_expect_ok(
        fixture_ask(f, CHANNEL_ADMIN, OPERATION_TOKEN_CREATE, &create, buf_bytes(&f->admin)),
        &token_created_type, &created);
    fixture_credential(created.token, &credential);
    (void)snprintf(out_id, LIMIT_TOKEN_ID_TEXT + 1, "%s", created.id);
    message_clear(&token_create_type, &create);
    message_clear(&token_created_type, &created);
    return credential;
}

static struct waiting *ask_with_token(struct fixture *f, char *credential,
                                      const struct key *key) {
    struct enroll request = {.token = credential, .claim = (char[]){CLAIM}};
    fixture_csr(key, NULL, &request.csr);
    struct waiting *waiting =
        fixture_ask(f, CHANNEL_ENROLL, OPERATION_ENROLL, &request, (struct bytes){0});
    free(request.csr.data);
    return waiting;
}

static void
a_use_of_a_token_comes_back_when_the_time_is_over_but_not_when_denied(void **state) {
    struct fixture *f = *state;
    AUTO(key_free_at) struct key *key = fixture_key();
    AUTO(key_free_at) struct key *other = fixture_key();
    char token_id[LIMIT_TOKEN_ID_TEXT + 1];
    char *credential = pair_token(f, token_id);
    struct held held = {0};
    request_expect_held(ask_with_token(f, credential, key), &held);
    fixture_expect_refusal(ask_with_token(f, credential, other), RESULT_DENIED, "token_spent");
    clock_use_manual(held.expires);
    request_tick(f);
    message_clear(&held_type, &held);
    request_expect_held(ask_with_token(f, credential, other), &held);
    request_expect_state(request_deny_as(f, buf_bytes(&f->admin), held.id, NULL), "denied");
    fixture_expect_refusal(ask_with_token(f, credential, key), RESULT_DENIED, "token_spent");
    message_clear(&held_type, &held);
    string_free_secret_at(&credential);
}

static void a_token_revoked_meanwhile_ends_what_waits_on_it(void **state) {
    struct fixture *f = *state;
    AUTO(buf_clear) struct buf jane = {0};
    request_admin(f, "jane", "approver", &jane);
    AUTO(key_free_at) struct key *key = fixture_key();
    char token_id[LIMIT_TOKEN_ID_TEXT + 1], digest[LIMIT_FINGERPRINT_TEXT + 1];
    char *credential = pair_token(f, token_id);
    struct held held = {0};
    request_expect_held(ask_with_token(f, credential, key), &held);
    request_digest_of(f, held.id, digest);
    struct token_revoke revoke = {.id = token_id};
    struct token_info info = {0};
    fixture_expect_ok(
        fixture_ask(f, CHANNEL_ADMIN, OPERATION_TOKEN_REVOKE, &revoke, buf_bytes(&f->admin)),
        &token_info_type, &info);
    fixture_expect_refusal(request_approve_as(f, buf_bytes(&jane), held.id, digest),
                           RESULT_DENIED, "token_revoked");
    message_clear(&token_info_type, &info);
    message_clear(&held_type, &held);
    string_free_secret_at(&credential);
}

static void neither_audit_nor_answers_tell_the_claim(void **state) {
    struct fixture *f = *state;
    AUTO(key_free_at) struct key *key = NULL;
    char id[REQUEST_ID_TEXT_SIZE], path[128];
    request_hold_one(f, OPEN_PROFILE, "cn:phone-7", &key, id);
    AUTO(buf_clear) struct buf all = {0};
    buf_init(&all, 64 * 1024 * 1024);
    (void)snprintf(path, sizeof(path), "%s/backup", f->folder);
    assert_ok(store_backup(f->authority.store, path, &f->err), &f->err);
    assert_ok(file_read(path, &all, &f->err), &f->err);
    assert_null(memmem(all.data, all.size, CLAIM, strlen(CLAIM)));
    assert_non_null(memmem(all.data, all.size, "phone-7", 7));
}

int main(void) {
#define TEST(test) cmocka_unit_test_setup_teardown(test, request_set_up, fixture_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_request_without_token_is_held_where_anyone_may_ask),
        TEST(the_same_request_with_the_same_claim_is_the_same_request),
        TEST(what_became_of_it_is_told_to_who_has_the_claim),
        TEST(what_can_never_be_issued_is_refused_at_once),
        TEST(a_key_of_another_identity_is_refused_at_once),
        TEST(one_address_holds_a_bounded_number_of_requests),
        TEST(an_address_counts_as_the_network_that_one_host_has),
        TEST(one_network_fills_a_part_of_the_queue_only),
        TEST(the_queue_holds_a_bounded_number_of_requests),
        TEST(a_request_nobody_decides_about_expires_and_may_be_sent_again),
        TEST(a_use_of_a_token_comes_back_when_the_time_is_over_but_not_when_denied),
        TEST(a_token_revoked_meanwhile_ends_what_waits_on_it),
        TEST(neither_audit_nor_answers_tell_the_claim),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
