// Deciding about held requests: what an approval is bound to, who may give it, and who wins.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "support/grant_fixture.h"

static void an_approved_request_gives_its_certificate_to_who_has_the_claim(void **state) {
    struct fixture *f = *state;
    AUTO(key_free_at) struct key *key = NULL;
    char id[REQUEST_ID_TEXT_SIZE], digest[LIMIT_FINGERPRINT_TEXT + 1];
    request_hold_one(f, OPEN_PROFILE, "cn:phone-7", &key, id);
    request_digest_of(f, id, digest);
    struct request_info info = {0};
    fixture_expect_ok(request_approve_as(f, buf_bytes(&f->admin), id, digest),
                      &request_info_type, &info);
    assert_string_equal("approved", info.state);
    assert_int_equal(FIXTURE_NOW, info.decided_at);
    assert_int_equal(1, info.approved_by.count);
    struct issued issued = {0};
    fixture_expect_ok(request_claimed(f, id, CLAIM), &issued_type, &issued);
    assert_string_equal(info.serial, issued.serial);
    assert_string_equal("cn:phone-7", issued.names.items[0]);
    struct certificate leaf = {0};
    assert_ok(certificate_read(blob_bytes(&issued.certificate), &leaf, &f->err), &f->err);
    assert_bytes_equal(leaf.spki, key_public(key));
    // The audit tells of all three; the gateways are to be told once.
    assert_int_equal(1, fixture_audited(f, "request held"));
    assert_int_equal(1, fixture_audited(f, "request approved"));
    assert_int_equal(1, fixture_audited(f, "certificate issued"));
    assert_int_equal(REQUEST_ID_SIZE, f->authority.decided.size);
    message_clear(&issued_type, &issued);
    message_clear(&request_info_type, &info);
    // A wrong claim still gets nothing.
    fixture_expect_refusal(request_claimed(f, id, OTHER_CLAIM), RESULT_NOT_FOUND,
                           "request_unknown");
}

static void the_certificate_tells_where_and_how_it_was_requested(void **state) {
    struct fixture *f = *state;
    AUTO(key_free_at) struct key *key = NULL;
    char id[REQUEST_ID_TEXT_SIZE], digest[LIMIT_FINGERPRINT_TEXT + 1];
    request_hold_one(f, OPEN_PROFILE, "cn:phone-7", &key, id);
    request_digest_of(f, id, digest);
    // The administrator sits elsewhere.
    struct request_approve approve = {.id = id, .digest = digest};
    AUTO(buf_clear) struct buf body = {0};
    buf_init(&body, 4096);
    assert_ok(message_to_binary(&request_approve_type, &approve, &body, &f->err), &f->err);
    const struct frame frame = {
        .kind = FRAME_REQUEST,
        .number = OPERATION_REQUEST_APPROVE,
        .id = 7,
        .peer_address = BYTES_LITERAL("198.51.100.1"),
        .peer_certificate = buf_bytes(&f->admin),
        .body = buf_bytes(&body),
    };
    struct waiting *waiting = NULL;
    assert_ok(waiting_new(CHANNEL_ADMIN, &frame, &waiting, &f->err), &f->err);
    group_run(&f->authority, &waiting, 1);
    request_expect_state(waiting, "approved");
    AUTO(request_record_clear) struct request_record request = {0};
    AUTO(certificate_record_clear) struct certificate_record record = {0};
    AUTO(buf_clear) struct buf id_bytes = {0};
    buf_init(&id_bytes, REQUEST_ID_SIZE);
    assert_ok(text_hex_decode(bytes_of_string(id), &id_bytes), &f->err);
    assert_ok(store_find_request(f->authority.store, buf_bytes(&id_bytes), &request, &f->err),
              &f->err);
    assert_ok(store_find_certificate_by_id(f->authority.store, request.certificate_id, &record,
                                           &f->err),
              &f->err);
    assert_string_equal("192.0.2.7", record.address);
    assert_bytes_equal(buf_bytes(&record.request_id), buf_bytes(&id_bytes));
}

static void a_denied_request_tells_its_reason_and_stays_denied(void **state) {
    struct fixture *f = *state;
    AUTO(key_free_at) struct key *key = NULL;
    char id[REQUEST_ID_TEXT_SIZE], digest[LIMIT_FINGERPRINT_TEXT + 1];
    request_hold_one(f, OPEN_PROFILE, "cn:phone-7", &key, id);
    request_digest_of(f, id, digest);
    request_expect_state(request_deny_as(f, buf_bytes(&f->admin), id, "not one of ours"),
                         "denied");
    assert_int_equal(1, fixture_audited(f, "request denied"));
    struct waiting *waiting = request_claimed(f, id, CLAIM);
    struct error err = {0};
    fixture_error(waiting, &err);
    assert_non_null(strstr(err.message, "not one of ours"));
    fixture_expect_refusal(waiting, RESULT_DENIED, "request_denied");
    // A replayed approval does not bring it back.
    fixture_expect_refusal(request_approve_as(f, buf_bytes(&f->admin), id, digest),
                           RESULT_CONFLICT, "already_decided");
    fixture_expect_refusal(request_deny_as(f, buf_bytes(&f->admin), id, NULL), RESULT_CONFLICT,
                           "already_decided");
    assert_int_equal(0, fixture_audited(f, "certificate issued"));
}

static void of_two_who_decide_one_wins_and_the_other_is_told(void **state) {
    struct fixture *f = *state;
    AUTO(buf_clear) struct buf jane = {0};
    request_admin(f, "jane", "approver", &jane);
    AUTO(key_free_at) struct key *key = NULL;
    char id[REQUEST_ID_TEXT_SIZE], digest[LIMIT_FINGERPRINT_TEXT + 1];
    request_hold_one(f, OPEN_PROFILE, "cn:phone-7", &key, id);
    request_digest_of(f, id, digest);
    request_expect_state(request_approve_as(f, buf_bytes(&jane), id, digest), "approved");
    struct waiting *waiting = request_deny_as(f, buf_bytes(&f->admin), id, "no");
    struct error err = {0};
    fixture_error(waiting, &err);
    assert_non_null(strstr(err.message, "admin:jane"));
    fixture_expect_refusal(waiting, RESULT_CONFLICT, "already_decided");
    // A replayed approval issues nothing more.
    fixture_expect_refusal(request_approve_as(f, buf_bytes(&jane), id, digest), RESULT_CONFLICT,
                           "already_decided");
    assert_int_equal(1, fixture_audited(f, "certificate issued"));
}

static void two_different_administrators_are_needed_where_the_profile_says_so(void **state) {
    struct fixture *f = *state;
    AUTO(buf_clear) struct buf jane = {0};
    request_admin(f, "jane", "approver", &jane);
    AUTO(key_free_at) struct key *key = NULL;
    char id[REQUEST_ID_TEXT_SIZE], digest[LIMIT_FINGERPRINT_TEXT + 1];
    request_hold_one(f, PAIR_PROFILE, "cn:phone-7", &key, id);
    request_digest_of(f, id, digest);
    request_expect_state(request_approve_as(f, buf_bytes(&jane), id, digest), "pending");
    fixture_expect_refusal(request_approve_as(f, buf_bytes(&jane), id, digest), RESULT_CONFLICT,
                           "already_approved");
    struct held held = {0};
    request_expect_held(request_claimed(f, id, CLAIM), &held);
    assert_int_equal(2, held.approvals);
    assert_int_equal(1, held.approved);
    message_clear(&held_type, &held);
    request_expect_state(request_approve_as(f, buf_bytes(&f->admin), id, digest), "approved");
    assert_int_equal(2, fixture_audited(f, "request approved"));
}

static void an_approval_of_an_administrator_removed_since_does_not_count(void **state) {
    struct fixture *f = *state;
    AUTO(buf_clear) struct buf jane = {0}, joe = {0};
    request_admin(f, "jane", "approver", &jane);
    request_admin(f, "joe", "owner", &joe);
    AUTO(key_free_at) struct key *key = NULL;
    char id[REQUEST_ID_TEXT_SIZE], digest[LIMIT_FINGERPRINT_TEXT + 1];
    request_hold_one(f, PAIR_PROFILE, "cn:phone-7", &key, id);
    request_digest_of(f, id, digest);
    request_expect_state(request_approve_as(f, buf_bytes(&jane), id, digest), "pending");
    assert_ok(store_begin(f->authority.store, &f->err), &f->err);
    assert_ok(store_remove_admin(f->authority.store, "jane", FIXTURE_NOW, &f->err), &f->err);
    assert_ok(store_commit(f->authority.store, &f->err), &f->err);
    fixture_expect_refusal(request_approve_as(f, buf_bytes(&jane), id, digest), RESULT_DENIED,
                           "admin_removed");
    request_expect_state(request_approve_as(f, buf_bytes(&f->admin), id, digest), "pending");
    request_expect_state(request_approve_as(f, buf_bytes(&joe), id, digest), "approved");
}

// --- certificates that went bad --------------------------------------------------------------

static void change_standing(struct fixture *f, const char *serial, unsigned operation) {
    struct certificate_hold request = {.serial = (char *)(uintptr_t)serial};
    struct certificate_info info = {0};
    fixture_expect_ok(fixture_ask(f, CHANNEL_ADMIN, operation, &request, buf_bytes(&f->admin)),
                      &certificate_info_type, &info);
    message_clear(&certificate_info_type, &info);
}

static void revoke_as_stolen(struct fixture *f, const char *serial) {
    struct certificate_info info = {0};
    fixture_expect_ok(fixture_revoke(f, serial, "keyCompromise"), &certificate_info_type,
                      &info);
    message_clear(&certificate_info_type, &info);
}

static void expect_approvers(struct fixture *f, const char *id, size_t count) {
    struct request_info info = {0};
    request_shown(f, id, &info);
    assert_int_equal(count, info.approved_by.count);
    message_clear(&request_info_type, &info);
}

static void an_approval_given_with_a_stolen_certificate_goes_with_it(void **state) {
    struct fixture *f = *state;
    AUTO(buf_clear) struct buf joe = {0};
    request_admin(f, "joe", "owner", &joe);
    AUTO(key_free_at) struct key *key = NULL;
    AUTO(key_free_at) struct key *jane_key = fixture_key();
    struct issued jane = {0};
    char id[REQUEST_ID_TEXT_SIZE], digest[LIMIT_FINGERPRINT_TEXT + 1];
    fixture_admin(f, "jane", "approver", jane_key, &jane);
    request_hold_one(f, PAIR_PROFILE, "cn:phone-7", &key, id);
    request_digest_of(f, id, digest);
    request_expect_state(request_approve_as(f, blob_bytes(&jane.certificate), id, digest),
                         "pending");
    expect_approvers(f, id, 1);
    revoke_as_stolen(f, jane.serial);
    expect_approvers(f, id, 0);
    request_expect_state(request_approve_as(f, buf_bytes(&f->admin), id, digest), "pending");
    request_expect_state(request_approve_as(f, buf_bytes(&joe), id, digest), "approved");
    message_clear(&issued_type, &jane);
}

static void whoever_approves_anew_with_another_certificate_counts_once(void **state) {
    struct fixture *f = *state;
    AUTO(key_free_at) struct key *key = NULL;
    AUTO(key_free_at) struct key *jane_key = fixture_key();
    AUTO(key_free_at) struct key *next_key = fixture_key();
    struct issued jane = {0}, next = {0};
    struct renew renew = {0};
    char id[REQUEST_ID_TEXT_SIZE], digest[LIMIT_FINGERPRINT_TEXT + 1];
    fixture_admin(f, "jane", "approver", jane_key, &jane);
    fixture_csr(next_key, NULL, &renew.csr);
    fixture_expect_ok(
        fixture_ask(f, CHANNEL_ADMIN, OPERATION_RENEW, &renew, blob_bytes(&jane.certificate)),
        &issued_type, &next);
    request_hold_one(f, PAIR_PROFILE, "cn:phone-7", &key, id);
    request_digest_of(f, id, digest);
    request_expect_state(request_approve_as(f, blob_bytes(&jane.certificate), id, digest),
                         "pending");
    fixture_expect_refusal(request_approve_as(f, blob_bytes(&next.certificate), id, digest),
                           RESULT_CONFLICT, "already_approved");
    change_standing(f, jane.serial, OPERATION_CERTIFICATE_HOLD);
    expect_approvers(f, id, 0);
    request_expect_state(request_approve_as(f, blob_bytes(&next.certificate), id, digest),
                         "pending");
    expect_approvers(f, id, 1);
    // Both stand again, and are one administrator's.
    change_standing(f, jane.serial, OPERATION_CERTIFICATE_RELEASE);
    expect_approvers(f, id, 1);
    fixture_expect_refusal(request_approve_as(f, blob_bytes(&next.certificate), id, digest),
                           RESULT_CONFLICT, "already_approved");
    request_expect_state(request_approve_as(f, buf_bytes(&f->admin), id, digest), "approved");
    message_clear(&renew_type, &renew);
    message_clear(&issued_type, &jane);
    message_clear(&issued_type, &next);
}

static void an_approver_whose_certificate_expired_is_refused(void **state) {
    struct fixture *f = *state;
    AUTO(buf_clear) struct buf jane = {0};
    request_admin(f, "jane", "approver", &jane);
    struct certificate certificate = {0};
    assert_ok(certificate_read(buf_bytes(&jane), &certificate, &f->err), &f->err);
    clock_use_manual(certificate.not_after - 10);
    AUTO(key_free_at) struct key *key = NULL;
    char id[REQUEST_ID_TEXT_SIZE];
    request_hold_one(f, PAIR_PROFILE, "cn:phone-7", &key, id);
    struct request_info info = {0};
    struct request_show show = {.id = id};
    fixture_expect_ok(
        fixture_ask(f, CHANNEL_ADMIN, OPERATION_REQUEST_SHOW, &show, buf_bytes(&jane)),
        &request_info_type, &info);
    clock_use_manual(certificate.not_after + 1);
    fixture_expect_refusal(request_approve_as(f, buf_bytes(&jane), id, info.digest),
                           RESULT_DENIED, "certificate_expired");
    clock_use_manual(certificate.not_after);
    request_expect_state(request_approve_as(f, buf_bytes(&jane), id, info.digest), "pending");
    message_clear(&request_info_type, &info);
}

static void only_owners_and_approvers_decide(void **state) {
    struct fixture *f = *state;
    AUTO(buf_clear) struct buf operator= {0}, auditor = {0}, approver = {0};
    request_admin(f, "olga", "operator", &operator);
    request_admin(f, "aude", "auditor", &auditor);
    request_admin(f, "anna", "approver", &approver);
    AUTO(key_free_at) struct key *key = NULL;
    char id[REQUEST_ID_TEXT_SIZE], digest[LIMIT_FINGERPRINT_TEXT + 1];
    request_hold_one(f, OPEN_PROFILE, "cn:phone-7", &key, id);
    request_digest_of(f, id, digest);
    fixture_expect_refusal(request_approve_as(f, buf_bytes(&operator), id, digest),
                           RESULT_DENIED, "role_denied");
    fixture_expect_refusal(request_deny_as(f, buf_bytes(&auditor), id, NULL), RESULT_DENIED,
                           "role_denied");
    request_expect_state(request_approve_as(f, buf_bytes(&approver), id, digest), "approved");
}

static void nobody_approves_a_request_with_their_own_token(void **state) {
    struct fixture *f = *state;
    AUTO(buf_clear) struct buf jane = {0}, joe = {0};
    request_admin(f, "jane", "approver", &jane);
    request_admin(f, "joe", "owner", &joe);
    struct token_create create = {.uses = 1};
    assert_int_equal(RESULT_OK, text_set(&create.profile, PAIR_PROFILE));
    assert_int_equal(RESULT_OK, text_list_add(&create.names, "cn:phone-7"));
    struct token_created created = {0};
    fixture_expect_ok(
        fixture_ask(f, CHANNEL_ADMIN, OPERATION_TOKEN_CREATE, &create, buf_bytes(&f->admin)),
        &token_created_type, &created);
    char *credential = NULL;
    fixture_credential(created.token, &credential);
    AUTO(key_free_at) struct key *key = fixture_key();
    AUTO(key_free_at) struct key *other = fixture_key();
    struct enroll request = {0};
    assert_int_equal(RESULT_OK, text_set(&request.token, credential));
    fixture_csr(key, NULL, &request.csr);
    fixture_expect_refusal(
        fixture_ask(f, CHANNEL_ENROLL, OPERATION_ENROLL, &request, (struct bytes){0}),
        RESULT_INVALID, "claim_missing");
    assert_int_equal(RESULT_OK, text_set(&request.claim, CLAIM));
    struct held held = {0};
    request_expect_held(
        fixture_ask(f, CHANNEL_ENROLL, OPERATION_ENROLL, &request, (struct bytes){0}), &held);
    assert_string_equal("cn:phone-7", held.names.items[0]);
    // Its only use waits with it.
    fixture_expect_refusal(fixture_enroll(f, credential, other, NULL), RESULT_DENIED,
                           "token_spent");
    char digest[LIMIT_FINGERPRINT_TEXT + 1];
    request_digest_of(f, held.id, digest);
    fixture_expect_refusal(request_approve_as(f, buf_bytes(&f->admin), held.id, digest),
                           RESULT_DENIED, "own_request");
    request_expect_state(request_approve_as(f, buf_bytes(&jane), held.id, digest), "pending");
    request_expect_state(request_approve_as(f, buf_bytes(&joe), held.id, digest), "approved");
    struct issued issued = {0};
    fixture_expect_ok(
        fixture_ask(f, CHANNEL_ENROLL, OPERATION_ENROLL, &request, (struct bytes){0}),
        &issued_type, &issued);
    message_clear(&issued_type, &issued);
    message_clear(&held_type, &held);
    message_clear(&enroll_type, &request);
    message_clear(&token_create_type, &create);
    message_clear(&token_created_type, &created);
    string_free_secret_at(&credential);
}

// --- by way of other certificates ------------------------------------------------------------

// Two profiles whose holders get certificates of the other one, and one behind each that waits.
#define FIRST "first-test"
#define SECOND "second-test"
#define AFTER_FIRST "after-first-test"
#define AFTER_SECOND "after-second-test"
#define CHAINED_PROFILES                                                                       \
    "\n[profile " FIRST "]\nask = token holders:" SECOND "\n" GRANT_FORMS "\n[profile " SECOND \
    "]\nask = holders:" FIRST "\n" GRANT_FORMS "\n[profile " AFTER_FIRST                       \
    "]\nask = holders:" FIRST "\napprovals = 1\n" GRANT_FORMS "\n[profile " AFTER_SECOND       \
    "]\nask = holders:" SECOND "\napprovals = 1\n" GRANT_FORMS

// A certificate of the first profile, with a token of that administrator.
static void enroll_with_token_of(struct fixture *f, struct bytes admin, const struct key *key,
                                 struct issued *out_issued) {
    struct token_create create = {.uses = 1};
    assert_int_equal(RESULT_OK, text_set(&create.profile, FIRST));
    assert_int_equal(RESULT_OK, text_list_add(&create.names, "cn:phone-7"));
    struct token_created created = {0};
    fixture_expect_ok(fixture_ask(f, CHANNEL_ADMIN, OPERATION_TOKEN_CREATE, &create, admin),
                      &token_created_type, &created);
    char *credential = NULL;
    fixture_credential(created.token, &credential);
    fixture_expect_ok(fixture_enroll(f, credential, key, NULL), &issued_type, out_issued);
    string_free_secret_at(&credential);
    message_clear(&token_create_type, &create);
    message_clear(&token_created_type, &created);
}

// *issued becomes a certificate of the other profile, got with it.
static void get_next(struct fixture *f, const char *profile, struct issued *issued) {
    AUTO(key_free_at) struct key *key = fixture_key();
    const struct asked asked = {.profile = profile,
                                .certificate = blob_bytes(&issued->certificate)};
    struct issued next = {0};
    fixture_expect_ok(grant_ask(f, &asked, key), &issued_type, &next);
    message_clear(&issued_type, issued);
    *issued = next;
}

static void hold_behind(struct fixture *f, const char *profile, const struct issued *issued,
                        char out_id[REQUEST_ID_TEXT_SIZE],
                        char out_digest[LIMIT_FINGERPRINT_TEXT + 1]) {
    AUTO(key_free_at) struct key *key = fixture_key();
    const struct asked asked = {
        .profile = profile, .claim = CLAIM, .certificate = blob_bytes(&issued->certificate)};
    struct held held = {0};
    request_expect_held(grant_ask(f, &asked, key), &held);
    (void)snprintf(out_id, REQUEST_ID_TEXT_SIZE, "%s", held.id);
    message_clear(&held_type, &held);
    request_digest_of(f, out_id, out_digest);
}

static void nobody_approves_a_holder_who_began_with_their_own_token(void **state) {
    struct fixture *f = *state;
    request_configure(f, CHAINED_PROFILES);
    AUTO(buf_clear) struct buf jane = {0}, joe = {0};
    request_admin(f, "jane", "approver", &jane);
    request_admin(f, "joe", "owner", &joe);
    AUTO(key_free_at) struct key *key = fixture_key();
    AUTO(key_free_at) struct key *renewed_key = fixture_key();
    struct issued holder = {0}, renewed = {0};
    char id[REQUEST_ID_TEXT_SIZE], digest[LIMIT_FINGERPRINT_TEXT + 1];
    enroll_with_token_of(f, buf_bytes(&f->admin), key, &holder);
    hold_behind(f, AFTER_FIRST, &holder, id, digest);
    fixture_expect_refusal(request_approve_as(f, buf_bytes(&f->admin), id, digest),
                           RESULT_DENIED, "own_request");
    request_expect_state(request_approve_as(f, buf_bytes(&jane), id, digest), "approved");
    // A renewal does not make another line of it, nor does a certificate between.
    fixture_expect_ok(fixture_renew(f, blob_bytes(&holder.certificate), renewed_key, NULL),
                      &issued_type, &renewed);
    hold_behind(f, AFTER_FIRST, &renewed, id, digest);
    fixture_expect_refusal(request_approve_as(f, buf_bytes(&f->admin), id, digest),
                           RESULT_DENIED, "own_request");
    get_next(f, SECOND, &renewed);
    hold_behind(f, AFTER_SECOND, &renewed, id, digest);
    fixture_expect_refusal(request_approve_as(f, buf_bytes(&f->admin), id, digest),
                           RESULT_DENIED, "own_request");
    request_expect_state(request_approve_as(f, buf_bytes(&joe), id, digest), "approved");
    message_clear(&issued_type, &holder);
    message_clear(&issued_type, &renewed);
}

static void holders_behind_holders_are_followed_so_far_and_then_refused(void **state) {
    struct fixture *f = *state;
    request_configure(f, CHAINED_PROFILES);
    AUTO(buf_clear) struct buf joe = {0};
    request_admin(f, "joe", "owner", &joe);
    AUTO(key_free_at) struct key *key = fixture_key();
    struct issued holder = {0};
    char id[REQUEST_ID_TEXT_SIZE], digest[LIMIT_FINGERPRINT_TEXT + 1];
    enroll_with_token_of(f, buf_bytes(&joe), key, &holder);
    for (int i = 1; i < LIMIT_HOLDER_STEPS; i++) {
        get_next(f, i % 2 == 1 ? SECOND : FIRST, &holder);
    }
    hold_behind(f, AFTER_SECOND, &holder, id, digest);
    fixture_expect_refusal(request_approve_as(f, buf_bytes(&joe), id, digest), RESULT_DENIED,
                           "own_request");
    request_expect_state(request_approve_as(f, buf_bytes(&f->admin), id, digest), "approved");
    get_next(f, FIRST, &holder);
    hold_behind(f, AFTER_FIRST, &holder, id, digest);
    fixture_expect_refusal(request_approve_as(f, buf_bytes(&f->admin), id, digest),
                           RESULT_DENIED, "own_request");
    request_expect_state(request_deny_as(f, buf_bytes(&f->admin), id, NULL), "denied");
    message_clear(&issued_type, &holder);
}

// --- what is approved ------------------------------------------------------------------------

static void an_approval_is_bound_to_what_was_shown(void **state) {
    struct fixture *f = *state;
    AUTO(key_free_at) struct key *key = NULL;
    AUTO(key_free_at) struct key *other_key = NULL;
    char id[REQUEST_ID_TEXT_SIZE], other[REQUEST_ID_TEXT_SIZE];
    char digest[LIMIT_FINGERPRINT_TEXT + 1];
    request_hold_one(f, OPEN_PROFILE, "cn:phone-7", &key, id);
    request_hold_one(f, OPEN_PROFILE, "cn:phone-8", &other_key, other);
    request_digest_of(f, other, digest);
    fixture_expect_refusal(request_approve_as(f, buf_bytes(&f->admin), id, digest),
                           RESULT_CONFLICT, "request_changed");
    fixture_expect_refusal(request_approve_as(f, buf_bytes(&f->admin), id, "00"),
                           RESULT_CONFLICT, "request_changed");
    request_expect_state(request_approve_as(f, buf_bytes(&f->admin), other, digest),
                         "approved");
}

static void a_profile_edited_meanwhile_has_to_be_looked_at_again(void **state) {
    struct fixture *f = *state;
    AUTO(buf_clear) struct buf jane = {0};
    request_admin(f, "jane", "approver", &jane);
    AUTO(key_free_at) struct key *key = NULL;
    char id[REQUEST_ID_TEXT_SIZE], before[LIMIT_FINGERPRINT_TEXT + 1];
    char after[LIMIT_FINGERPRINT_TEXT + 1];
    request_hold_one(f, PAIR_PROFILE, "cn:phone-7", &key, id);
    request_digest_of(f, id, before);
    request_expect_state(request_approve_as(f, buf_bytes(&jane), id, before), "pending");
    request_configure(f, "\n[profile " PAIR_PROFILE "]\nextended_key_usages = serverAuth\n"
                         "common_name = 1\nask = anyone\napprovals = 2\n"
                         "lifetime = 30d\nlifetime_maximum = 60d\n");
    fixture_expect_refusal(request_approve_as(f, buf_bytes(&f->admin), id, before),
                           RESULT_CONFLICT, "profile_changed");
    struct request_info info = {0};
    request_shown(f, id, &info);
    assert_int_equal(0, info.approved_by.count); // jane's was for another certificate
    assert_true(info.warnings.count >= 1);
    (void)snprintf(after, sizeof(after), "%s", info.digest);
    message_clear(&request_info_type, &info);
    request_expect_state(request_approve_as(f, buf_bytes(&f->admin), id, after), "pending");
    request_expect_state(request_approve_as(f, buf_bytes(&jane), id, after), "approved");
    // A profile that does not take the names any more, and one that is gone.
    AUTO(key_free_at) struct key *next = NULL;
    request_hold_one(f, PAIR_PROFILE, "cn:phone-8", &next, id);
    request_configure(f, "");
    request_digest_of(f, id, after);
    fixture_expect_refusal(request_approve_as(f, buf_bytes(&f->admin), id, after),
                           RESULT_NOT_FOUND, "profile_unknown");
    request_expect_state(request_deny_as(f, buf_bytes(&f->admin), id, NULL), "denied");
}

static void what_policy_refuses_at_the_end_is_told_and_the_request_waits_on(void **state) {
    struct fixture *f = *state;
    AUTO(key_free_at) struct key *key = NULL;
    char id[REQUEST_ID_TEXT_SIZE], digest[LIMIT_FINGERPRINT_TEXT + 1];
    request_hold_one(f, OPEN_PROFILE, "cn:phone-7", &key, id);
    request_configure(f, "\n[profile " OPEN_PROFILE "]\nextended_key_usages = clientAuth\n"
                         "common_name = 1\ndns = 1\nask = anyone\napprovals = 1\n");
    request_digest_of(f, id, digest);
    fixture_expect_refusal(request_approve_as(f, buf_bytes(&f->admin), id, digest),
                           RESULT_DENIED, "name_count");
    struct request_info info = {0};
    request_shown(f, id, &info);
    assert_string_equal("pending", info.state);
    assert_int_equal(0, info.approved_by.count);
    message_clear(&request_info_type, &info);
    assert_int_equal(0, fixture_audited(f, "request approved"));
}

static void a_clock_that_goes_back_revives_nothing(void **state) {
    struct fixture *f = *state;
    AUTO(key_free_at) struct key *key = NULL;
    AUTO(key_free_at) struct key *second = NULL;
    char id[REQUEST_ID_TEXT_SIZE], digest[LIMIT_FINGERPRINT_TEXT + 1];
    request_hold_one(f, OPEN_PROFILE, "cn:phone-7", &key, id);
    request_digest_of(f, id, digest);
    clock_use_manual(FIXTURE_NOW + 2 * FIXTURE_DAY);
    fixture_expect_refusal(request_approve_as(f, buf_bytes(&f->admin), id, digest),
                           RESULT_CONFLICT, "request_expired");
    request_tick(f);
    clock_use_manual(FIXTURE_NOW);
    fixture_expect_refusal(request_approve_as(f, buf_bytes(&f->admin), id, digest),
                           RESULT_CONFLICT, "request_expired");
    fixture_expect_refusal(request_claimed(f, id, CLAIM), RESULT_DENIED, "request_expired");
    // A request from the future is decided like any other.
    clock_use_manual(FIXTURE_NOW + FIXTURE_DAY);
    request_hold_one(f, OPEN_PROFILE, "cn:phone-8", &second, id);
    clock_use_manual(FIXTURE_NOW);
    request_digest_of(f, id, digest);
    request_expect_state(request_approve_as(f, buf_bytes(&f->admin), id, digest), "approved");
}

int main(void) {
#define TEST(test) cmocka_unit_test_setup_teardown(test, request_set_up, fixture_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(an_approved_request_gives_its_certificate_to_who_has_the_claim),
        TEST(the_certificate_tells_where_and_how_it_was_requested),
        TEST(a_denied_request_tells_its_reason_and_stays_denied),
        TEST(of_two_who_decide_one_wins_and_the_other_is_told),
        TEST(two_different_administrators_are_needed_where_the_profile_says_so),
        TEST(an_approval_of_an_administrator_removed_since_does_not_count),
        TEST(an_approval_given_with_a_stolen_certificate_goes_with_it),
        TEST(whoever_approves_anew_with_another_certificate_counts_once),
        TEST(an_approver_whose_certificate_expired_is_refused),
        TEST(only_owners_and_approvers_decide),
        TEST(nobody_approves_a_request_with_their_own_token),
        TEST(nobody_approves_a_holder_who_began_with_their_own_token),
        TEST(holders_behind_holders_are_followed_so_far_and_then_refused),
        TEST(an_approval_is_bound_to_what_was_shown),
        TEST(a_profile_edited_meanwhile_has_to_be_looked_at_again),
        TEST(what_policy_refuses_at_the_end_is_told_and_the_request_waits_on),
        TEST(a_clock_that_goes_back_revives_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
