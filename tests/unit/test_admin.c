// Administrators: invited once, with a role that counts at each request, removed for good.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "authority/decide/admin.h"
#include "authority/peer.h"
#include "support/authority_fixture.h"

static void clock_advance(int64_t seconds) {
    clock_use_manual(clock_now() + seconds);
}

static struct waiting *remove_by(struct fixture *f, struct bytes by, const char *name) {
    struct admin_remove request = {.name = (char *)(uintptr_t)name};
    return fixture_ask(f, CHANNEL_ADMIN, OPERATION_ADMIN_REMOVE, &request, by);
}

static struct waiting *change_by(struct fixture *f, struct bytes by, const char *name,
                                 const char *role) {
    struct admin_change request = {.name = (char *)(uintptr_t)name,
                                   .role = (char *)(uintptr_t)role};
    return fixture_ask(f, CHANNEL_ADMIN, OPERATION_ADMIN_CHANGE, &request, by);
}

static struct waiting *look_by(struct fixture *f, struct bytes by) {
    struct nothing nothing = {};
    return fixture_ask(f, CHANNEL_ADMIN, OPERATION_ADMIN_LIST, &nothing, by);
}

static void expect_seen(struct waiting *waiting) {
    struct admin_page page = {0};
    fixture_expect_ok(waiting, &admin_page_type, &page);
    message_clear(&admin_page_type, &page);
}

static void expect_info(struct waiting *waiting, const char *role, const char *state) {
    struct admin_info info = {0};
    fixture_expect_ok(waiting, &admin_info_type, &info);
    assert_string_equal(role, info.role);
    assert_string_equal(state, info.state);
    message_clear(&admin_info_type, &info);
}

static void assert_listed(struct fixture *f, const char *name, const char *state,
                          int64_t certificates) {
    struct admin_page page = {0};
    fixture_expect_ok(look_by(f, buf_bytes(&f->admin)), &admin_page_type, &page);
    const struct admin_info *admins = page.admins.items;
    bool is_found = false;
    for (size_t i = 0; i < page.admins.count; i++) {
        if (strcmp(admins[i].name, name) == 0) {
            is_found = true;
            assert_string_equal(state, admins[i].state);
            assert_int_equal(certificates, admins[i].certificates);
            assert_int_equal(certificates > 0, admins[i].not_after > FIXTURE_NOW);
        }
    }
    assert_true(is_found);
    message_clear(&admin_page_type, &page);
}

// --- add -------------------------------------------------------------------------------------

static void who_is_invited_enrolls_once_and_is_an_administrator(void **state) {
    struct fixture *f = *state;
    AUTO(key_free_at) struct key *key = fixture_key();
    AUTO(key_free_at) struct key *other_key = fixture_key();
    char *credential = fixture_invitation(f, "jane", "auditor");
    assert_listed(f, "jane", "invited", 0);
    struct issued issued = {0};
    fixture_expect_ok(fixture_enroll(f, credential, key, NULL), &issued_type, &issued);
    assert_string_equal(PROFILE_ADMIN, issued.profile);
    assert_string_equal("cn:jane", issued.names.items[0]);
    assert_string_equal(f->authority.config.admin_url, issued.admin_url);
    assert_listed(f, "jane", "active", 1);
    expect_seen(look_by(f, blob_bytes(&issued.certificate)));
    fixture_expect_refusal(fixture_enroll(f, credential, other_key, NULL), RESULT_DENIED,
                           "token_spent");
    assert_int_equal(1, fixture_audited(f, "admin added"));
    string_free_secret_at(&credential);
    message_clear(&issued_type, &issued);
}

static void the_certificate_has_the_name_of_the_invitation_and_no_other(void **state) {
    struct fixture *f = *state;
    AUTO(key_free_at) struct key *key = fixture_key();
    char *credential = fixture_invitation(f, "jane", "auditor");
    fixture_expect_refusal(fixture_enroll(f, credential, key, "cn:admin"), RESULT_DENIED,
                           "name_not_granted");
    string_free_secret_at(&credential);
}

static void an_invitation_lasts_a_day_or_as_long_as_was_said(void **state) {
    struct fixture *f = *state;
    struct token_created reply = {0};
    fixture_expect_ok(fixture_invite(f, buf_bytes(&f->admin), "jane", "auditor"),
                      &token_created_type, &reply);
    assert_int_equal(FIXTURE_NOW + LIMIT_INVITATION_SECONDS_DEFAULT, reply.expires);
    assert_int_equal(1, reply.uses);
    message_clear(&token_created_type, &reply);
    struct admin_add request = {
        .name = (char[]){"john"}, .role = (char[]){"auditor"}, .expires_in = 600};
    fixture_expect_ok(
        fixture_ask(f, CHANNEL_ADMIN, OPERATION_ADMIN_ADD, &request, buf_bytes(&f->admin)),
        &token_created_type, &reply);
    assert_int_equal(FIXTURE_NOW + 600, reply.expires);
    char *credential = NULL;
    fixture_credential(reply.token, &credential);
    AUTO(key_free_at) struct key *key = fixture_key();
    clock_advance(600);
    fixture_expect_refusal(fixture_enroll(f, credential, key, NULL), RESULT_DENIED,
                           "token_expired");
    string_free_secret_at(&credential);
    message_clear(&token_created_type, &reply);
}

static void names_and_roles_are_checked(void **state) {
    struct fixture *f = *state;
    char longest[LIMIT_ADMIN_NAME_CHARACTERS + 2];
    memset(longest, 'x', sizeof(longest));
    longest[LIMIT_ADMIN_NAME_CHARACTERS] = '\0';
    struct bytes owner = buf_bytes(&f->admin);
    struct token_created reply = {0};
    fixture_expect_ok(fixture_invite(f, owner, longest, "owner"), &token_created_type, &reply);
    message_clear(&token_created_type, &reply);
    longest[LIMIT_ADMIN_NAME_CHARACTERS] = 'x';
    longest[LIMIT_ADMIN_NAME_CHARACTERS + 1] = '\0';
    const char *const bad[] = {longest, "", "a/b", ".", "..", " jane"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        print_message("\"%s\"\n", bad[i]);
        fixture_expect_refusal(fixture_invite(f, owner, bad[i], "owner"), RESULT_INVALID,
                               "name_invalid");
    }
    fixture_expect_refusal(fixture_invite(f, owner, "jane", "Owner"), RESULT_INVALID,
                           "role_unknown");
    fixture_expect_refusal(fixture_invite(f, owner, "jane", "root"), RESULT_INVALID,
                           "role_unknown");
}

static void a_name_stays_taken_for_good(void **state) {
    struct fixture *f = *state;
    struct bytes owner = buf_bytes(&f->admin);
    fixture_expect_refusal(fixture_invite(f, owner, "admin", "auditor"), RESULT_CONFLICT,
                           "admin_exists");
    char *credential = fixture_invitation(f, "jane", "auditor");
    AUTO(key_free_at) struct key *key = fixture_key();
    struct issued issued = {0};
    fixture_expect_ok(fixture_enroll(f, credential, key, NULL), &issued_type, &issued);
    message_clear(&issued_type, &issued);
    fixture_expect_refusal(fixture_invite(f, owner, "jane", "auditor"), RESULT_CONFLICT,
                           "admin_exists");
    expect_info(remove_by(f, owner, "jane"), "auditor", "removed");
    fixture_expect_refusal(fixture_invite(f, owner, "jane", "owner"), RESULT_CONFLICT,
                           "admin_exists");
    string_free_secret_at(&credential);
}

static void who_has_not_enrolled_is_invited_anew_and_the_old_invitation_ends(void **state) {
    struct fixture *f = *state;
    struct bytes owner = buf_bytes(&f->admin);
    char *lost = fixture_invitation(f, "jane", "auditor");
    char *found = fixture_invitation(f, "jane", "approver");
    AUTO(key_free_at) struct key *key = fixture_key();
    fixture_expect_refusal(fixture_enroll(f, lost, key, NULL), RESULT_DENIED, "token_revoked");
    assert_listed(f, "jane", "invited", 0);
    assert_int_equal(1, fixture_audited(f, "admin invited again"));
    clock_advance(LIMIT_INVITATION_SECONDS_DEFAULT);
    fixture_expect_refusal(fixture_enroll(f, found, key, NULL), RESULT_DENIED, "token_expired");
    char *last = fixture_invitation(f, "jane", "auditor");
    struct issued issued = {0};
    fixture_expect_ok(fixture_enroll(f, last, key, NULL), &issued_type, &issued);
    message_clear(&issued_type, &issued);
    expect_info(remove_by(f, owner, "jane"), "auditor", "removed");
    string_free_secret_at(&lost);
    string_free_secret_at(&found);
    string_free_secret_at(&last);
}

static void as_many_as_fit_on_a_page_are_invited(void **state) {
    struct fixture *f = *state;
    assert_ok(store_begin(f->authority.store, &f->err), &f->err);
    for (int i = 1; i < LIMIT_ADMINS - 1; i++) {
        char name[32];
        (void)snprintf(name, sizeof(name), "admin-%d", i);
        const struct admin_record record = {
            .name = name, .role = (char[]){"auditor"}, .created = FIXTURE_NOW};
        assert_ok(store_add_admin(f->authority.store, &record, &f->err), &f->err);
    }
    assert_ok(store_commit(f->authority.store, &f->err), &f->err);
    char *credential = fixture_invitation(f, "the-last", "auditor");
    fixture_expect_refusal(fixture_invite(f, buf_bytes(&f->admin), "one-more", "auditor"),
                           RESULT_LIMIT, "too_many_admins");
    struct admin_page page = {0};
    fixture_expect_ok(look_by(f, buf_bytes(&f->admin)), &admin_page_type, &page);
    assert_int_equal(LIMIT_ADMINS, page.admins.count);
    message_clear(&admin_page_type, &page);
    // A removed one makes room.
    expect_info(remove_by(f, buf_bytes(&f->admin), "the-last"), "auditor", "removed");
    string_free_secret_at(&credential);
    credential = fixture_invitation(f, "one-more", "auditor");
    string_free_secret_at(&credential);
}

static void nobody_makes_a_token_for_administrators_in_another_way(void **state) {
    struct fixture *f = *state;
    struct token_create request = {.profile = (char[]){PROFILE_ADMIN}};
    assert_int_equal(RESULT_OK, text_list_add(&request.names, "cn:admin"));
    fixture_expect_refusal(
        fixture_ask(f, CHANNEL_ADMIN, OPERATION_TOKEN_CREATE, &request, buf_bytes(&f->admin)),
        RESULT_DENIED, "profile_internal");
    request.profile = NULL; // was not ours to free
    message_clear(&token_create_type, &request);
}

// --- remove ----------------------------------------------------------------------------------

static void who_is_removed_is_refused_at_the_next_request(void **state) {
    struct fixture *f = *state;
    AUTO(key_free_at) struct key *key = fixture_key();
    AUTO(key_free_at) struct key *new_key = fixture_key();
    struct issued issued = {0};
    fixture_admin(f, "jane", "owner", key, &issued);
    struct bytes jane = blob_bytes(&issued.certificate);
    expect_seen(look_by(f, jane));
    expect_info(remove_by(f, buf_bytes(&f->admin), "jane"), "owner", "removed");
    fixture_expect_refusal(look_by(f, jane), RESULT_DENIED, "admin_removed");
    fixture_expect_refusal(fixture_renew(f, jane, new_key, NULL), RESULT_DENIED,
                           "admin_removed");
    // The certificate is on the next CRL, for those who look at nothing else.
    struct certificate_show show = {.serial = issued.serial};
    struct certificate_info info = {0};
    fixture_expect_ok(
        fixture_ask(f, CHANNEL_ADMIN, OPERATION_CERTIFICATE_SHOW, &show, buf_bytes(&f->admin)),
        &certificate_info_type, &info);
    assert_string_equal("revoked", info.state);
    assert_string_equal("cessationOfOperation", info.reason);
    assert_true(publisher_is_due(&f->authority, FIXTURE_NOW));
    assert_listed(f, "jane", "removed", 0);
    fixture_expect_refusal(remove_by(f, buf_bytes(&f->admin), "jane"), RESULT_CONFLICT,
                           "already_removed");
    fixture_expect_refusal(change_by(f, buf_bytes(&f->admin), "jane", "auditor"),
                           RESULT_CONFLICT, "admin_removed");
    assert_int_equal(1, fixture_audited(f, "admin removed"));
    message_clear(&certificate_info_type, &info);
    message_clear(&issued_type, &issued);
}

static void an_invitation_of_one_who_is_removed_is_worth_nothing(void **state) {
    struct fixture *f = *state;
    AUTO(key_free_at) struct key *key = fixture_key();
    char *credential = fixture_invitation(f, "jane", "owner");
    expect_info(remove_by(f, buf_bytes(&f->admin), "jane"), "owner", "removed");
    fixture_expect_refusal(fixture_enroll(f, credential, key, NULL), RESULT_DENIED,
                           "token_revoked");
    assert_int_equal(1, fixture_audited(f, "token revoked"));
    string_free_secret_at(&credential);
}

static void more_certificates_than_a_batch_are_revoked_with_their_holder(void **state) {
    struct fixture *f = *state;
    AUTO(key_free_at) struct key *key = fixture_key();
    struct issued issued = {0};
    fixture_admin(f, "jane", "auditor", key, &issued);
    const int renewals = 70;
    for (int i = 0; i < renewals; i++) {
        // A quarter of the lifetime later, so that the renewals are not too many for it.
        clock_use_manual(FIXTURE_NOW + (int64_t)(i / LIMIT_RENEWALS) * 100 * FIXTURE_DAY);
        AUTO(key_free_at) struct key *next = fixture_key();
        struct renew request = {0};
        struct issued renewed = {0};
        fixture_csr(next, NULL, &request.csr);
        fixture_expect_ok(fixture_ask(f, CHANNEL_ADMIN, OPERATION_RENEW, &request,
                                      blob_bytes(&issued.certificate)),
                          &issued_type, &renewed);
        assert_string_equal(f->authority.config.admin_url, renewed.admin_url);
        message_clear(&renew_type, &request);
        message_clear(&issued_type, &renewed);
    }
    assert_listed(f, "jane", "active", renewals + 1);
    expect_info(remove_by(f, buf_bytes(&f->admin), "jane"), "auditor", "removed");
    assert_listed(f, "jane", "removed", 0);
    assert_int_equal(renewals + 1, fixture_audited(f, "certificate revoked"));
    message_clear(&issued_type, &issued);
}

static void a_device_of_the_same_name_is_left_alone(void **state) {
    struct fixture *f = *state;
    AUTO(key_free_at) struct key *key = fixture_key();
    AUTO(key_free_at) struct key *device_key = fixture_key();
    struct issued issued = {0}, device = {0};
    fixture_admin(f, "jane", "auditor", key, &issued);
    fixture_device(f, "cn:jane", device_key, &device);
    assert_listed(f, "jane", "active", 1);
    expect_info(remove_by(f, buf_bytes(&f->admin), "jane"), "auditor", "removed");
    assert_int_equal(1, fixture_audited(f, "certificate revoked"));
    AUTO(key_free_at) struct key *next = fixture_key();
    struct issued renewed = {0};
    fixture_expect_ok(fixture_renew(f, blob_bytes(&device.certificate), next, NULL),
                      &issued_type, &renewed);
    assert_null(renewed.admin_url);
    message_clear(&issued_type, &renewed);
    message_clear(&issued_type, &device);
    message_clear(&issued_type, &issued);
}

static void the_last_owner_stays_one(void **state) {
    struct fixture *f = *state;
    struct bytes first = buf_bytes(&f->admin);
    fixture_expect_refusal(remove_by(f, first, "admin"), RESULT_DENIED, "last_owner");
    fixture_expect_refusal(change_by(f, first, "admin", "auditor"), RESULT_DENIED,
                           "last_owner");
    // One who is only invited cannot act yet.
    char *credential = fixture_invitation(f, "jane", "owner");
    fixture_expect_refusal(change_by(f, first, "admin", "auditor"), RESULT_DENIED,
                           "last_owner");
    AUTO(key_free_at) struct key *key = fixture_key();
    struct issued issued = {0};
    fixture_expect_ok(fixture_enroll(f, credential, key, NULL), &issued_type, &issued);
    // Nobody removes themselves, but an owner may step back when there is another.
    fixture_expect_refusal(remove_by(f, first, "admin"), RESULT_DENIED, "own_admin");
    expect_info(change_by(f, first, "admin", "auditor"), "auditor", "active");
    fixture_expect_refusal(change_by(f, first, "admin", "owner"), RESULT_DENIED, "role_denied");
    fixture_expect_refusal(change_by(f, blob_bytes(&issued.certificate), "jane", "operator"),
                           RESULT_DENIED, "last_owner");
    string_free_secret_at(&credential);
    message_clear(&issued_type, &issued);
}

static void an_owner_whose_certificate_has_ended_does_not_count(void **state) {
    struct fixture *f = *state;
    AUTO(key_free_at) struct key *key = fixture_key();
    AUTO(key_free_at) struct key *next = fixture_key();
    struct issued issued = {0}, renewed = {0};
    fixture_admin(f, "jane", "owner", key, &issued);
    clock_advance(FIXTURE_DAY);
    struct renew request = {0};
    fixture_csr(next, NULL, &request.csr);
    fixture_expect_ok(
        fixture_ask(f, CHANNEL_ADMIN, OPERATION_RENEW, &request, buf_bytes(&f->admin)),
        &issued_type, &renewed);
    struct bytes admin = blob_bytes(&renewed.certificate);
    clock_advance(issued.not_after - clock_now());
    expect_seen(look_by(f, blob_bytes(&issued.certificate)));
    clock_advance(1);
    fixture_expect_refusal(look_by(f, blob_bytes(&issued.certificate)), RESULT_DENIED,
                           "certificate_expired");
    fixture_expect_refusal(change_by(f, admin, "admin", "auditor"), RESULT_DENIED,
                           "last_owner");
    message_clear(&renew_type, &request);
    message_clear(&issued_type, &renewed);
    message_clear(&issued_type, &issued);
}

static void the_cure_of_an_expired_administrator_is_not_a_devices(void **state) {
    struct fixture *f = *state;
    AUTO(peer_clear) struct peer peer = {0};
    peer_init(&peer, BYTES_LITERAL("192.0.2.7"));
    assert_result(RESULT_DENIED,
                  peer_identify(&f->authority, buf_bytes(&f->admin),
                                FIXTURE_NOW + 3000LL * FIXTURE_DAY, &peer, &f->err),
                  &f->err);
    assert_string_equal("certificate_expired", f->err.code);
    assert_non_null(strstr(f->err.hint, "signetd admin reset"));
}

// --- change ----------------------------------------------------------------------------------

static void a_new_role_counts_at_the_next_request(void **state) {
    struct fixture *f = *state;
    AUTO(key_free_at) struct key *key = fixture_key();
    struct issued issued = {0};
    fixture_admin(f, "jane", "auditor", key, &issued);
    struct bytes jane = blob_bytes(&issued.certificate);
    fixture_expect_refusal(fixture_invite(f, jane, "john", "auditor"), RESULT_DENIED,
                           "role_denied");
    expect_info(change_by(f, buf_bytes(&f->admin), "jane", "owner"), "owner", "active");
    struct token_created reply = {0};
    fixture_expect_ok(fixture_invite(f, jane, "john", "auditor"), &token_created_type, &reply);
    fixture_expect_refusal(change_by(f, jane, "jane", "owner"), RESULT_CONFLICT,
                           "role_unchanged");
    fixture_expect_refusal(change_by(f, jane, "nobody", "owner"), RESULT_NOT_FOUND,
                           "admin_unknown");
    fixture_expect_refusal(remove_by(f, jane, "nobody"), RESULT_NOT_FOUND, "admin_unknown");
    fixture_expect_refusal(change_by(f, jane, "john", "emperor"), RESULT_INVALID,
                           "role_unknown");
    assert_int_equal(1, fixture_audited(f, "admin changed"));
    message_clear(&token_created_type, &reply);
    message_clear(&issued_type, &issued);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(who_is_invited_enrolls_once_and_is_an_administrator),
        TEST(the_certificate_has_the_name_of_the_invitation_and_no_other),
        TEST(an_invitation_lasts_a_day_or_as_long_as_was_said),
        TEST(names_and_roles_are_checked),
        TEST(a_name_stays_taken_for_good),
        TEST(who_has_not_enrolled_is_invited_anew_and_the_old_invitation_ends),
        TEST(as_many_as_fit_on_a_page_are_invited),
        TEST(nobody_makes_a_token_for_administrators_in_another_way),
        TEST(who_is_removed_is_refused_at_the_next_request),
        TEST(an_invitation_of_one_who_is_removed_is_worth_nothing),
        TEST(more_certificates_than_a_batch_are_revoked_with_their_holder),
        TEST(a_device_of_the_same_name_is_left_alone),
        TEST(the_last_owner_stays_one),
        TEST(an_owner_whose_certificate_has_ended_does_not_count),
        TEST(the_cure_of_an_expired_administrator_is_not_a_devices),
        TEST(a_new_role_counts_at_the_next_request),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
