// OCSP from the records: good, revoked and unknown, one signer, and what gateways are told.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "support/authority_fixture.h"
#include "support/ocsp_fixture.h"

#include "authority/authority_open.h"
#include "authority/publish/ocsp.h"

static int set_up(void **state) {
    if (fixture_set_up(state) != 0) {
        return -1;
    }
    struct fixture *f = *state;
    return ocsp_responders_replace(&f->authority, FIXTURE_NOW, &f->err) == RESULT_OK ? 0 : -1;
}

static struct waiting *ask(struct fixture *f, struct bytes request) {
    struct ocsp_query query = {0};
    assert_int_equal(blob_set(&query.request, request), RESULT_OK);
    struct waiting *waiting =
        fixture_ask(f, CHANNEL_PUBLIC, OPERATION_OCSP, &query, (struct bytes){0});
    message_clear(&ocsp_query_type, &query);
    return waiting;
}

// A reply and what it says; `reply` owns what `response` views.
struct told {
    struct ocsp_reply reply;
    struct ocsp_response response;
};

static void told_clear(struct told *told) {
    message_clear(&ocsp_reply_type, &told->reply);
}

static void expect(struct fixture *f, struct bytes request, struct told *out_told) {
    fixture_expect_ok(ask(f, request), &ocsp_reply_type, &out_told->reply);
    assert_ok(
        ocsp_response_read(blob_bytes(&out_told->reply.response), &out_told->response, &f->err),
        &f->err);
    assert_int_equal(out_told->response.outcome, OCSP_SUCCESSFUL);
}

static const struct certificate *issuing(const struct fixture *f) {
    return &f->authority.issuers.issuing->certificate;
}

static void expect_serial(struct fixture *f, struct bytes serial, struct told *out_told) {
    AUTO(buf_clear) struct buf request = {0};
    ocsp_fixture_ask(issuing(f), serial, &request);
    expect(f, buf_bytes(&request), out_told);
}

// A device's certificate; `issued` owns it.
static void enroll(struct fixture *f, const char *name, struct issued *issued,
                   struct certificate *out_certificate) {
    AUTO(key_free_at) struct key *key = fixture_key();
    fixture_device(f, name, key, issued);
    assert_ok(certificate_read(blob_bytes(&issued->certificate), out_certificate, &f->err),
              &f->err);
}

static void revoke_issued(struct fixture *f, const struct issued *issued, const char *reason) {
    struct certificate_info info = {0};
    fixture_expect_ok(fixture_revoke(f, issued->serial, reason), &certificate_info_type, &info);
    message_clear(&certificate_info_type, &info);
}

static void a_certificate_is_good_until_it_is_revoked(void **state) {
    struct fixture *f = *state;
    struct issued issued = {0};
    struct certificate certificate = {0};
    enroll(f, "cn:phone-1", &issued, &certificate);
    AUTO(told_clear) struct told before = {0}, after = {0};
    expect_serial(f, certificate.serial, &before);
    assert_int_equal(before.response.answers[0].status, OCSP_GOOD);
    assert_int_equal(before.reply.this_update, FIXTURE_NOW);
    assert_int_equal(before.reply.next_update, FIXTURE_NOW + 3600);
    assert_int_equal(before.response.answers[0].next_update, FIXTURE_NOW + 3600);
    assert_int_equal(before.reply.max_age, 60);
    assert_true(before.reply.keep);
    const struct ocsp_responder *responder =
        &f->authority.responders
             .items[f->authority.issuers.issuing - f->authority.issuers.items];
    assert_ok(ocsp_response_verify(&before.response, key_public(responder->key), &f->err),
              &f->err);
    assert_bytes_equal(before.response.certificate, buf_bytes(&responder->certificate));

    clock_use_manual(FIXTURE_NOW + 10);
    revoke_issued(f, &issued, "superseded");
    clock_use_manual(FIXTURE_NOW + 20);
    expect_serial(f, certificate.serial, &after);
    assert_int_equal(after.response.answers[0].status, OCSP_REVOKED);
    assert_int_equal(after.response.answers[0].revoked_at, FIXTURE_NOW + 10);
    assert_int_equal(after.response.answers[0].reason, CRL_REASON_SUPERSEDED);
    assert_true(after.reply.keep);
    assert_true(after.reply.epoch > before.reply.epoch);
    message_clear(&issued_type, &issued);
}

// The message of either has a serial and nothing else.
static void ask_admin(struct fixture *f, enum operation_id operation, const char *serial) {
    struct certificate_hold request = {.serial = (char *)(uintptr_t)serial};
    struct certificate_info info = {0};
    fixture_expect_ok(fixture_ask(f, CHANNEL_ADMIN, operation, &request, buf_bytes(&f->admin)),
                      &certificate_info_type, &info);
    message_clear(&certificate_info_type, &info);
}

static void a_certificate_on_hold_is_revoked_until_it_is_released(void **state) {
    struct fixture *f = *state;
    struct issued issued = {0};
    struct certificate certificate = {0};
    struct status_changed changed = {0};
    enroll(f, "cn:phone-1", &issued, &certificate);
    AUTO(told_clear) struct told held = {0}, released = {0};
    ask_admin(f, OPERATION_CERTIFICATE_HOLD, issued.serial);
    assert_true(ocsp_changes_take(&f->authority.status_changes, &changed));
    message_clear(&status_changed_type, &changed);
    expect_serial(f, certificate.serial, &held);
    assert_int_equal(held.response.answers[0].status, OCSP_REVOKED);
    assert_int_equal(held.response.answers[0].reason, CRL_REASON_CERTIFICATE_HOLD);
    assert_int_equal(held.response.answers[0].revoked_at, FIXTURE_NOW);
    ask_admin(f, OPERATION_CERTIFICATE_RELEASE, issued.serial);
    assert_true(ocsp_changes_take(&f->authority.status_changes, &changed));
    assert_bytes_equal(blob_bytes(&changed.serial), certificate.serial);
    message_clear(&status_changed_type, &changed);
    expect_serial(f, certificate.serial, &released);
    assert_int_equal(released.response.answers[0].status, OCSP_GOOD);
    message_clear(&issued_type, &issued);
}

static void what_was_never_issued_is_never_good(void **state) {
    struct fixture *f = *state;
    static const uint8_t strange[] = {0x12, 0x34};
    const struct bytes serials[] = {bytes_of(strange, 2), {0}};
    for (size_t i = 0; i < 2; i++) {
        AUTO(told_clear) struct told unknown = {0}, revoked = {0};
        f->authority.config.ocsp_unknown_is_revoked = false;
        expect_serial(f, serials[i], &unknown);
        assert_int_equal(unknown.response.answers[0].status, OCSP_UNKNOWN);
        assert_false(unknown.response.is_extended_revoke);
        assert_false(unknown.reply.keep);
        f->authority.config.ocsp_unknown_is_revoked = true;
        expect_serial(f, serials[i], &revoked);
        assert_int_equal(revoked.response.answers[0].status, OCSP_REVOKED);
        assert_int_equal(revoked.response.answers[0].revoked_at, 0);
        assert_int_equal(revoked.response.answers[0].reason, CRL_REASON_CERTIFICATE_HOLD);
        assert_true(revoked.response.is_extended_revoke);
        assert_false(revoked.reply.keep);
    }
}

static void several_are_answered_together_by_one_signer(void **state) {
    struct fixture *f = *state;
    struct issued good = {0}, bad = {0};
    struct certificate good_certificate = {0}, bad_certificate = {0};
    enroll(f, "cn:phone-1", &good, &good_certificate);
    enroll(f, "cn:phone-2", &bad, &bad_certificate);
    revoke_issued(f, &bad, NULL);
    const struct certificate *root = &f->authority.issuers.root->certificate;
    AUTO(buf_clear) struct buf ids = {0}, request = {0};
    buf_init(&ids, 4096);
    ocsp_fixture_id(NULL, OID_SHA1, good_certificate.serial, &ids); // of nobody here
    ocsp_fixture_id(issuing(f), OID_SHA256, good_certificate.serial, &ids);
    ocsp_fixture_id(issuing(f), OID_SHA1, bad_certificate.serial, &ids);
    ocsp_fixture_id(root, OID_SHA1, issuing(f)->serial, &ids); // ours, but of another signer
    ocsp_fixture_request(buf_bytes(&ids), (struct bytes){0}, &request);
    AUTO(told_clear) struct told told = {0};
    expect(f, buf_bytes(&request), &told);
    assert_int_equal(told.response.answer_count, 4);
    assert_int_equal(told.response.answers[0].status, OCSP_UNKNOWN);
    assert_int_equal(told.response.answers[1].status, OCSP_GOOD);
    assert_int_equal(told.response.answers[2].status, OCSP_REVOKED);
    assert_int_equal(told.response.answers[2].reason, CRL_REASON_UNSPECIFIED);
    assert_int_equal(told.response.answers[3].status, OCSP_UNKNOWN);
    assert_false(told.reply.keep);
    message_clear(&issued_type, &good);
    message_clear(&issued_type, &bad);
}

static void a_nonce_is_repeated_or_passed_over(void **state) {
    struct fixture *f = *state;
    struct issued issued = {0};
    struct certificate certificate = {0};
    enroll(f, "cn:phone-1", &issued, &certificate);
    AUTO(buf_clear) struct buf ids = {0}, request = {0};
    buf_init(&ids, 4096);
    ocsp_fixture_id(issuing(f), OID_SHA1, certificate.serial, &ids);
    ocsp_fixture_request(buf_bytes(&ids), BYTES_LITERAL("once"), &request);
    AUTO(told_clear) struct told repeated = {0}, passed_over = {0};
    expect(f, buf_bytes(&request), &repeated);
    assert_bytes_equal(repeated.response.nonce, BYTES_LITERAL("once"));
    assert_false(repeated.reply.keep);
    f->authority.config.ocsp_nonce = false;
    expect(f, buf_bytes(&request), &passed_over);
    assert_int_equal(passed_over.response.nonce.size, 0);
    assert_true(passed_over.reply.keep);
    message_clear(&issued_type, &issued);
}

static void the_issuing_ca_is_asked_about_under_its_root(void **state) {
    struct fixture *f = *state;
    AUTO(buf_clear) struct buf request = {0};
    ocsp_fixture_ask(&f->authority.issuers.root->certificate, issuing(f)->serial, &request);
    AUTO(told_clear) struct told good = {0};
    expect(f, buf_bytes(&request), &good);
    assert_int_equal(good.response.answers[0].status, OCSP_GOOD);
    // Of a root that is kept offline nobody here can say anything.
    struct key *key = f->authority.issuers.root->key;
    f->authority.issuers.root->key = NULL;
    fixture_expect_refusal(ask(f, buf_bytes(&request)), RESULT_DENIED, "ocsp_unauthorized");
    f->authority.issuers.root->key = key;
}

static void what_cannot_be_answered_is_refused(void **state) {
    struct fixture *f = *state;
    AUTO(buf_clear) struct buf foreign = {0}, ours = {0};
    ocsp_fixture_ask(NULL, BYTES_LITERAL("\x01"), &foreign);
    ocsp_fixture_ask(issuing(f), BYTES_LITERAL("\x01"), &ours);
    fixture_expect_refusal(ask(f, buf_bytes(&foreign)), RESULT_DENIED, "ocsp_unauthorized");
    fixture_expect_refusal(ask(f, BYTES_LITERAL("junk")), RESULT_INVALID, "ocsp_malformed");
    clock_use_manual(FIXTURE_NOW + 2 * FIXTURE_DAY); // the responder's certificate is over
    fixture_expect_refusal(ask(f, buf_bytes(&ours)), RESULT_UNAVAILABLE, "ocsp_no_responder");
    f->authority.config.ocsp_enabled = false;
    fixture_expect_refusal(ask(f, buf_bytes(&ours)), RESULT_NOT_FOUND, "ocsp_disabled");
}

static void an_answer_never_outlives_its_signer(void **state) {
    struct fixture *f = *state;
    AUTO(told_clear) struct told told = {0};
    const int64_t end = FIXTURE_NOW + 2 * FIXTURE_DAY - 1;
    clock_use_manual(end - 20);
    expect_serial(f, BYTES_LITERAL("\x01"), &told);
    assert_int_equal(told.response.answers[0].next_update, end);
    assert_int_equal(told.reply.max_age, 20);
}

static void the_issuer_signs_by_configuration(void **state) {
    struct fixture *f = *state;
    f->authority.config.ocsp_signing = OCSP_BY_ISSUER;
    AUTO(told_clear) struct told told = {0};
    expect_serial(f, BYTES_LITERAL("\x01"), &told);
    assert_int_equal(told.response.certificate.size, 0);
    assert_ok(ocsp_response_verify(&told.response, issuing(f)->spki, &f->err), &f->err);
}

static void gateways_are_told_of_each_change(void **state) {
    struct fixture *f = *state;
    struct ocsp_changes *changes = &f->authority.status_changes;
    struct issued issued = {0};
    struct certificate certificate = {0};
    struct status_changed changed = {0};
    enroll(f, "cn:phone-1", &issued, &certificate);
    assert_false(ocsp_changes_take(changes, &changed));
    const int64_t before = changes->epoch;
    revoke_issued(f, &issued, NULL);
    assert_true(ocsp_changes_take(changes, &changed));
    assert_bytes_equal(blob_bytes(&changed.serial), certificate.serial);
    assert_true(changed.epoch > before);
    message_clear(&status_changed_type, &changed);
    assert_false(ocsp_changes_take(changes, &changed));
    bool needs_restart = false;
    assert_ok(authority_reload(&f->authority, &needs_restart, &f->err), &f->err);
    assert_true(ocsp_changes_take(changes, &changed));
    assert_int_equal(changed.serial.size, 0);
    // More than can be told one by one.
    for (int i = 0; i < 2000; i++) {
        ocsp_note_changed(&f->authority, certificate.serial);
    }
    assert_true(ocsp_changes_take(changes, &changed));
    assert_int_equal(changed.serial.size, 0);
    assert_false(ocsp_changes_take(changes, &changed));
    message_clear(&issued_type, &issued);
}

int main(void) {
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, fixture_tear_down)
        TEST(a_certificate_is_good_until_it_is_revoked),
        TEST(a_certificate_on_hold_is_revoked_until_it_is_released),
        TEST(what_was_never_issued_is_never_good),
        TEST(several_are_answered_together_by_one_signer),
        TEST(a_nonce_is_repeated_or_passed_over),
        TEST(the_issuing_ca_is_asked_about_under_its_root),
        TEST(what_cannot_be_answered_is_refused),
        TEST(an_answer_never_outlives_its_signer),
        TEST(the_issuer_signs_by_configuration),
        TEST(gateways_are_told_of_each_change),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
