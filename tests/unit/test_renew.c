// Renewal: bound to the exact predecessor, with a new key.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "support/grant_fixture.h"

static void a_renewal_keeps_names_profile_and_lineage(void **state) {
    struct fixture *f = *state;
    AUTO(key_free_at) struct key *key = fixture_key();
    AUTO(key_free_at) struct key *next = fixture_key();
    struct issued issued = {0}, renewed = {0};
    fixture_device(f, "cn:phone-7", key, &issued);
    clock_use_manual(FIXTURE_NOW + 20LL * FIXTURE_DAY);
    fixture_expect_ok(fixture_renew(f, blob_bytes(&issued.certificate), next, NULL),
                      &issued_type, &renewed);
    assert_string_not_equal(issued.serial, renewed.serial);
    assert_string_equal(issued.profile, renewed.profile);
    assert_string_equal("cn:phone-7", renewed.names.items[0]);
    assert_true(renewed.not_after > issued.not_after);
    struct certificate_show show = {.serial = renewed.serial};
    struct certificate_info info = {0};
    fixture_expect_ok(
        fixture_ask(f, CHANNEL_ADMIN, OPERATION_CERTIFICATE_SHOW, &show, buf_bytes(&f->admin)),
        &certificate_info_type, &info);
    assert_string_equal(issued.serial, info.predecessor);
    assert_int_equal(1, fixture_audited(f, "certificate renewed"));
    message_clear(&certificate_info_type, &info);
    message_clear(&issued_type, &issued);
    message_clear(&issued_type, &renewed);
}

static void the_same_renewal_twice_gets_the_same_certificate(void **state) {
    struct fixture *f = *state;
    AUTO(key_free_at) struct key *key = fixture_key();
    AUTO(key_free_at) struct key *next = fixture_key();
    struct issued issued = {0}, first = {0}, second = {0};
    fixture_device(f, "cn:phone-7", key, &issued);
    struct renew request = {0};
    fixture_csr(next, NULL, &request.csr);
    struct bytes certificate = blob_bytes(&issued.certificate);
    fixture_expect_ok(fixture_ask(f, CHANNEL_ENROLL, OPERATION_RENEW, &request, certificate),
                      &issued_type, &first);
    fixture_expect_ok(fixture_ask(f, CHANNEL_ENROLL, OPERATION_RENEW, &request, certificate),
                      &issued_type, &second);
    assert_string_equal(first.serial, second.serial);
    assert_int_equal(1, fixture_audited(f, "certificate renewed"));
    message_clear(&renew_type, &request);
    message_clear(&issued_type, &issued);
    message_clear(&issued_type, &first);
    message_clear(&issued_type, &second);
}

static void a_device_that_lost_answer_and_key_may_renew_again(void **state) {
    struct fixture *f = *state;
    AUTO(key_free_at) struct key *key = fixture_key();
    struct issued issued = {0};
    fixture_device(f, "cn:phone-7", key, &issued);
    for (int i = 0; i < 2; i++) {
        AUTO(key_free_at) struct key *next = fixture_key();
        struct issued renewed = {0};
        fixture_expect_ok(fixture_renew(f, blob_bytes(&issued.certificate), next, NULL),
                          &issued_type, &renewed);
        message_clear(&issued_type, &renewed);
    }
    assert_int_equal(2, fixture_audited(f, "certificate renewed"));
    message_clear(&issued_type, &issued);
}

static void the_old_key_is_refused(void **state) {
    struct fixture *f = *state;
    AUTO(key_free_at) struct key *key = fixture_key();
    struct issued issued = {0};
    fixture_device(f, "cn:phone-7", key, &issued);
    fixture_expect_refusal(fixture_renew(f, blob_bytes(&issued.certificate), key, NULL),
                           RESULT_CONFLICT, "key_reused");
    message_clear(&issued_type, &issued);
}

// Where the profile allows it: the key of the certificate that is renewed, and no other.
static void a_profile_may_let_a_renewal_keep_its_key(void **state) {
    struct fixture *f = *state;
    AUTO(key_free_at) struct key *key = fixture_key();
    AUTO(key_free_at) struct key *next = fixture_key();
    AUTO(key_free_at) struct key *other = fixture_key();
    struct issued issued = {0}, kept = {0}, renewed = {0}, others = {0};
    struct certificate_info info = {0};
    grant_profile(f, FIXTURE_PROFILE "-test")->key_reuse = true;
    fixture_device(f, "cn:phone-7", key, &issued);
    fixture_device(f, "cn:phone-8", other, &others);
    fixture_expect_ok(fixture_renew(f, blob_bytes(&issued.certificate), key, NULL),
                      &issued_type, &kept);
    assert_string_not_equal(issued.serial, kept.serial);
    // Also from the one that kept it, and a new key still goes.
    fixture_expect_ok(fixture_renew(f, blob_bytes(&kept.certificate), next, NULL), &issued_type,
                      &renewed);
    fixture_expect_refusal(fixture_renew(f, blob_bytes(&renewed.certificate), key, NULL),
                           RESULT_CONFLICT, "key_reused"); // it was given up before
    fixture_expect_refusal(fixture_renew(f, blob_bytes(&renewed.certificate), other, NULL),
                           RESULT_DENIED, "key_of_another");
    fixture_expect_ok(fixture_revoke(f, renewed.serial, "keyCompromise"),
                      &certificate_info_type, &info);
    fixture_expect_refusal(fixture_renew(f, blob_bytes(&renewed.certificate), next, NULL),
                           RESULT_DENIED, "certificate_revoked");
    message_clear(&certificate_info_type, &info);
    message_clear(&issued_type, &issued);
    message_clear(&issued_type, &kept);
    message_clear(&issued_type, &renewed);
    message_clear(&issued_type, &others);
}

static void a_key_of_another_device_is_refused(void **state) {
    struct fixture *f = *state;
    AUTO(key_free_at) struct key *key = fixture_key();
    AUTO(key_free_at) struct key *other = fixture_key();
    struct issued issued = {0}, others = {0};
    fixture_device(f, "cn:phone-7", key, &issued);
    fixture_device(f, "cn:phone-8", other, &others);
    fixture_expect_refusal(fixture_renew(f, blob_bytes(&issued.certificate), other, NULL),
                           RESULT_DENIED, "key_of_another");
    message_clear(&issued_type, &issued);
    message_clear(&issued_type, &others);
}

static void other_names_than_the_predecessors_are_refused(void **state) {
    struct fixture *f = *state;
    AUTO(key_free_at) struct key *key = fixture_key();
    AUTO(key_free_at) struct key *next = fixture_key();
    struct issued issued = {0};
    fixture_device(f, "cn:phone-7", key, &issued);
    fixture_expect_refusal(
        fixture_renew(f, blob_bytes(&issued.certificate), next, "cn:phone-8"), RESULT_DENIED,
        "name_not_granted");
    message_clear(&issued_type, &issued);
}

static void renewal_is_refused_after_expiry(void **state) {
    struct fixture *f = *state;
    AUTO(key_free_at) struct key *key = fixture_key();
    AUTO(key_free_at) struct key *next = fixture_key();
    struct issued issued = {0}, renewed = {0};
    fixture_device(f, "cn:phone-7", key, &issued);
    clock_use_manual(issued.not_after + 1);
    fixture_expect_refusal(fixture_renew(f, blob_bytes(&issued.certificate), next, NULL),
                           RESULT_DENIED, "certificate_expired");
    clock_use_manual(issued.not_after); // the last second it is valid
    fixture_expect_ok(fixture_renew(f, blob_bytes(&issued.certificate), next, NULL),
                      &issued_type, &renewed);
    message_clear(&issued_type, &issued);
    message_clear(&issued_type, &renewed);
}

static void set_grace(struct fixture *f, int64_t seconds) {
    grant_profile(f, FIXTURE_PROFILE "-test")->renew_grace = seconds;
}

static void a_certificate_renews_within_its_grace_to_the_second(void **state) {
    struct fixture *f = *state;
    AUTO(key_free_at) struct key *key = fixture_key();
    AUTO(key_free_at) struct key *next = fixture_key();
    struct issued issued = {0}, renewed = {0};
    set_grace(f, 3600);
    fixture_device(f, "cn:phone-7", key, &issued);
    struct bytes certificate = blob_bytes(&issued.certificate);
    clock_use_manual(issued.not_after + 3601);
    fixture_expect_refusal(fixture_renew(f, certificate, next, NULL), RESULT_DENIED,
                           "certificate_expired");
    clock_use_manual(issued.not_after + 3600);
    fixture_expect_ok(fixture_renew(f, certificate, next, NULL), &issued_type, &renewed);
    // The whole lifetime, counted from now.
    assert_int_equal(issued.not_after + 3600 + 30 * FIXTURE_DAY - 1, renewed.not_after);
    message_clear(&issued_type, &issued);
    message_clear(&issued_type, &renewed);
}

static void grace_is_for_renewals_alone_and_not_for_the_revoked(void **state) {
    struct fixture *f = *state;
    AUTO(key_free_at) struct key *key = fixture_key();
    AUTO(key_free_at) struct key *next = fixture_key();
    struct issued issued = {0};
    struct certificate_info info = {0};
    set_grace(f, 3600);
    fixture_device(f, "cn:phone-7", key, &issued);
    struct bytes certificate = blob_bytes(&issued.certificate);
    fixture_expect_ok(fixture_revoke(f, issued.serial, NULL), &certificate_info_type, &info);
    clock_use_manual(issued.not_after + 1);
    fixture_expect_refusal(fixture_renew(f, certificate, next, NULL), RESULT_DENIED,
                           "certificate_revoked");
    AUTO(key_free_at) struct key *other = fixture_key();
    clock_use_manual(FIXTURE_NOW);
    message_clear(&issued_type, &issued);
    fixture_device(f, "cn:phone-8", other, &issued);
    clock_use_manual(issued.not_after + 1);
    struct revoke_self revocation = {0};
    fixture_expect_refusal(fixture_ask(f, CHANNEL_ENROLL, OPERATION_REVOKE_SELF, &revocation,
                                       blob_bytes(&issued.certificate)),
                           RESULT_DENIED, "certificate_expired");
    message_clear(&certificate_info_type, &info);
    message_clear(&issued_type, &issued);
}

static void a_line_is_renewed_a_bounded_number_of_times(void **state) {
    struct fixture *f = *state;
    AUTO(key_free_at) struct key *key = fixture_key();
    struct issued issued = {0}, renewed = {0};
    fixture_device(f, "cn:phone-7", key, &issued);
    for (int i = 0; i < LIMIT_RENEWALS; i++) {
        AUTO(key_free_at) struct key *next = fixture_key();
        struct issued one = {0};
        fixture_expect_ok(fixture_renew(f, blob_bytes(&issued.certificate), next, NULL),
                          &issued_type, &one);
        message_clear(&issued_type, &one);
    }
    AUTO(key_free_at) struct key *last = fixture_key();
    struct bytes certificate = blob_bytes(&issued.certificate);
    fixture_expect_refusal(fixture_renew(f, certificate, last, NULL), RESULT_LIMIT,
                           "renewed_too_often");
    // A quarter of the lifetime later it may go on.
    int64_t quarter = 30 * FIXTURE_DAY / 4;
    clock_use_manual(FIXTURE_NOW + quarter - 1);
    fixture_expect_refusal(fixture_renew(f, certificate, last, NULL), RESULT_LIMIT,
                           "renewed_too_often");
    clock_use_manual(FIXTURE_NOW + quarter);
    fixture_expect_ok(fixture_renew(f, certificate, last, NULL), &issued_type, &renewed);
    message_clear(&issued_type, &issued);
    message_clear(&issued_type, &renewed);
}

static void a_renewal_needs_no_approval(void **state) {
    struct fixture *f = *state;
    AUTO(key_free_at) struct key *key = fixture_key();
    AUTO(key_free_at) struct key *next = fixture_key();
    struct issued issued = {0}, renewed = {0};
    fixture_device(f, "cn:phone-7", key, &issued);
    grant_profile(f, FIXTURE_PROFILE "-test")->approvals = 2;
    fixture_expect_ok(fixture_renew(f, blob_bytes(&issued.certificate), next, NULL),
                      &issued_type, &renewed);
    message_clear(&issued_type, &issued);
    message_clear(&issued_type, &renewed);
}

static void renewal_is_refused_after_revocation(void **state) {
    struct fixture *f = *state;
    AUTO(key_free_at) struct key *key = fixture_key();
    AUTO(key_free_at) struct key *next = fixture_key();
    struct issued issued = {0};
    struct certificate_info info = {0};
    fixture_device(f, "cn:phone-7", key, &issued);
    fixture_expect_ok(fixture_revoke(f, issued.serial, "superseded"), &certificate_info_type,
                      &info);
    fixture_expect_refusal(fixture_renew(f, blob_bytes(&issued.certificate), next, NULL),
                           RESULT_DENIED, "certificate_revoked");
    message_clear(&certificate_info_type, &info);
    message_clear(&issued_type, &issued);
}

static void renewal_without_certificate_is_refused(void **state) {
    struct fixture *f = *state;
    AUTO(key_free_at) struct key *next = fixture_key();
    fixture_expect_refusal(fixture_renew(f, (struct bytes){0}, next, NULL), RESULT_DENIED,
                           "certificate_required");
}

static void a_vanished_profile_ends_the_line(void **state) {
    struct fixture *f = *state;
    AUTO(key_free_at) struct key *key = fixture_key();
    AUTO(key_free_at) struct key *next = fixture_key();
    struct issued issued = {0};
    fixture_device(f, "cn:phone-7", key, &issued);
    struct profile_list *profiles = &f->authority.config.profiles;
    for (size_t i = 0; i < profiles->count; i++) {
        if (strcmp(profiles->items[i].name, FIXTURE_PROFILE "-test") == 0) {
            profiles->items[i].name[0] = '_';
        }
    }
    fixture_expect_refusal(fixture_renew(f, blob_bytes(&issued.certificate), next, NULL),
                           RESULT_DENIED, "profile_unknown");
    message_clear(&issued_type, &issued);
}

static struct waiting *renew_on_admin_channel(struct fixture *f, struct bytes certificate,
                                              const struct key *key) {
    struct renew request = {0};
    fixture_csr(key, NULL, &request.csr);
    struct waiting *waiting =
        fixture_ask(f, CHANNEL_ADMIN, OPERATION_RENEW, &request, certificate);
    message_clear(&renew_type, &request);
    return waiting;
}

// An enroll gateway that was taken over would otherwise make itself an administrator: all it
// needs is the certificate, which is no secret.
static void an_enroll_gateway_cannot_renew_an_administrators_certificate(void **state) {
    struct fixture *f = *state;
    AUTO(key_free_at) struct key *next = fixture_key();
    fixture_expect_refusal(fixture_renew(f, buf_bytes(&f->admin), next, NULL), RESULT_DENIED,
                           "profile_internal");
    struct revoke_self revocation = {0};
    fixture_expect_refusal(fixture_ask(f, CHANNEL_ENROLL, OPERATION_REVOKE_SELF, &revocation,
                                       buf_bytes(&f->admin)),
                           RESULT_DENIED, "profile_internal");
    assert_int_equal(0, fixture_audited(f, "certificate renewed"));
    assert_int_equal(0, fixture_audited(f, "certificate revoked"));
}

static void an_administrator_renews_until_removed(void **state) {
    struct fixture *f = *state;
    AUTO(key_free_at) struct key *next = fixture_key();
    AUTO(key_free_at) struct key *last = fixture_key();
    struct issued renewed = {0};
    fixture_expect_ok(renew_on_admin_channel(f, buf_bytes(&f->admin), next), &issued_type,
                      &renewed);
    assert_string_equal(PROFILE_ADMIN, renewed.profile);
    const char *name = strchr(renewed.names.items[0], ':') + 1;
    assert_ok(store_begin(f->authority.store, &f->err), &f->err);
    assert_ok(store_remove_admin(f->authority.store, name, FIXTURE_NOW, &f->err), &f->err);
    assert_ok(store_commit(f->authority.store, &f->err), &f->err);
    fixture_expect_refusal(renew_on_admin_channel(f, blob_bytes(&renewed.certificate), last),
                           RESULT_DENIED, "admin_removed");
    message_clear(&issued_type, &renewed);
}

static void the_gateways_own_certificate_is_not_renewed_on_request(void **state) {
    struct fixture *f = *state;
    AUTO(key_free_at) struct key *next = fixture_key();
    assert_ok(service_identity_replace(&f->authority, FIXTURE_NOW, &f->err), &f->err);
    struct certificate leaf = {0};
    struct bytes chain = buf_bytes(&f->authority.identity.chain);
    assert_ok(certificate_read_next(&chain, &leaf, &f->err), &f->err);
    fixture_expect_refusal(fixture_renew(f, leaf.der, next, NULL), RESULT_DENIED,
                           "profile_internal");
    fixture_expect_refusal(renew_on_admin_channel(f, leaf.der, next), RESULT_DENIED,
                           "profile_internal");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(a_renewal_keeps_names_profile_and_lineage),
        TEST(the_same_renewal_twice_gets_the_same_certificate),
        TEST(a_device_that_lost_answer_and_key_may_renew_again),
        TEST(the_old_key_is_refused),
        TEST(a_profile_may_let_a_renewal_keep_its_key),
        TEST(a_key_of_another_device_is_refused),
        TEST(other_names_than_the_predecessors_are_refused),
        TEST(renewal_is_refused_after_expiry),
        TEST(a_certificate_renews_within_its_grace_to_the_second),
        TEST(grace_is_for_renewals_alone_and_not_for_the_revoked),
        TEST(a_line_is_renewed_a_bounded_number_of_times),
        TEST(a_renewal_needs_no_approval),
        TEST(renewal_is_refused_after_revocation),
        TEST(renewal_without_certificate_is_refused),
        TEST(a_vanished_profile_ends_the_line),
        TEST(an_enroll_gateway_cannot_renew_an_administrators_certificate),
        TEST(an_administrator_renews_until_removed),
        TEST(the_gateways_own_certificate_is_not_renewed_on_request),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
