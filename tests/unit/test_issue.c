// Tests of issuing: what comes out is signed, verifiable, and within profile, grant and issuer.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "support/policy_fixture.h"

#include "authority/decide/issue.h"

static struct issuer issuer_of(struct policy_fixture *f) {
    static char name[] = "issuing";
    return (struct issuer){.record = {.name = name}, .certificate = f->ca, .key = f->ca_key};
}

static struct issue_request request_of(struct policy_fixture *f) {
    return (struct issue_request){
        .profile = &f->profile,
        .grant = &f->grant,
        .names = &f->names,
        .spki = key_public(f->key),
        .crl_url = "http://ca.example/crl/issuing.crl",
        .now = POLICY_NOW,
    };
}

static void issue(struct policy_fixture *f, struct buf *der, struct certificate *out) {
    struct error err = {0};
    const struct issuer issuer = issuer_of(f);
    const struct issue_request request = request_of(f);
    buf_clear(der);
    buf_init(der, LIMIT_CERTIFICATE_BYTES);
    assert_ok(issue_certificate(&issuer, &request, der, &err), &err);
    assert_ok(certificate_read(buf_bytes(der), out, &err), &err);
}

static void a_certificate_verifies_and_carries_what_was_chosen(void **state) {
    struct policy_fixture *f = *state;
    AUTO(buf_clear) struct buf der = {0};
    AUTO(names_clear) struct names names = {0};
    struct certificate certificate = {0};
    struct error err = {0};
    issue(f, &der, &certificate);
    assert_ok(certificate_verify(&certificate, &f->ca, &err), &err);
    assert_ok(
        certificate_verify_chain(&certificate, (struct bytes){0}, &f->ca, POLICY_NOW, &err),
        &err);
    assert_ok(certificate_names(&certificate, &names, &err), &err);
    assert_true(names_equal(&names, &f->names));
    assert_bytes_equal(certificate.spki, key_public(f->key));
    assert_bytes_equal(certificate.issuer, f->ca.subject);
    assert_int_equal(certificate.serial.size, SERIAL_SIZE);
    assert_int_equal(certificate.key_usage, KEY_USAGE_DIGITAL_SIGNATURE);
    assert_false(certificate.is_ca);
    assert_true(certificate.crl_distribution_points.size > 0);
}

static void the_lifetime_ends_with_its_last_second(void **state) {
    struct policy_fixture *f = *state;
    AUTO(buf_clear) struct buf der = {0};
    struct certificate certificate = {0};
    issue(f, &der, &certificate);
    assert_int_equal(certificate.not_before, POLICY_NOW - 300);
    assert_int_equal(certificate.not_after, POLICY_NOW + 90 * POLICY_DAY - 1);
    f->grant.lifetime = 60;
    issue(f, &der, &certificate);
    assert_int_equal(certificate.not_after, POLICY_NOW + 60 - 1);
    f->grant.lifetime = 500 * POLICY_DAY; // the profile's maximum counts from notBefore
    issue(f, &der, &certificate);
    assert_int_equal(certificate.not_after, POLICY_NOW - 300 + 120 * POLICY_DAY - 1);
}

static void a_certificate_ends_with_its_issuer(void **state) {
    struct policy_fixture *f = *state;
    AUTO(buf_clear) struct buf der = {0};
    struct certificate certificate = {0};
    f->ca.not_after = POLICY_NOW + 10;
    f->ca.not_before = POLICY_NOW - 10;
    issue(f, &der, &certificate);
    assert_int_equal(certificate.not_after, POLICY_NOW + 10);
    assert_int_equal(certificate.not_before, POLICY_NOW - 10);
}

static void expect_refusal(struct policy_fixture *f, const struct issuer *issuer,
                           enum result result, const char *code) {
    AUTO(buf_clear) struct buf der = {0};
    struct error err = {0};
    const struct issue_request request = request_of(f);
    buf_init(&der, LIMIT_CERTIFICATE_BYTES);
    assert_result(result, issue_certificate(issuer, &request, &der, &err), &err);
    assert_string_equal(err.code, code);
    assert_int_equal(der.size, 0);
}

static void an_expired_issuer_issues_nothing(void **state) {
    struct policy_fixture *f = *state;
    struct issuer issuer = issuer_of(f);
    issuer.certificate.not_after = POLICY_NOW - 1;
    expect_refusal(f, &issuer, RESULT_UNAVAILABLE, "issuer_expired");
    issuer.certificate.not_after = POLICY_NOW + 10;
    issuer.certificate.not_before = POLICY_NOW + 1;
    expect_refusal(f, &issuer, RESULT_UNAVAILABLE, "issuer_expired");
}

static void without_a_key_nothing_is_issued(void **state) {
    struct policy_fixture *f = *state;
    struct issuer issuer = issuer_of(f);
    issuer.key = NULL;
    expect_refusal(f, &issuer, RESULT_UNAVAILABLE, "unavailable");
}

static void what_policy_denies_is_not_signed(void **state) {
    struct policy_fixture *f = *state;
    struct issuer issuer = issuer_of(f);
    names_clear(&f->granted);
    expect_refusal(f, &issuer, RESULT_DENIED, "name_not_granted");
}

static void a_signature_of_another_key_does_not_leave(void **state) {
    struct policy_fixture *f = *state;
    struct issuer issuer = issuer_of(f);
    AUTO(buf_clear) struct buf der = {0};
    struct error err = {0};
    const struct issue_request request = request_of(f);
    buf_init(&der, LIMIT_CERTIFICATE_BYTES);
    issuer.key = f->key;
    assert_result(RESULT_DENIED, issue_certificate(&issuer, &request, &der, &err), &err);
    assert_int_equal(der.size, 0);
}

static void every_certificate_has_a_serial_of_its_own(void **state) {
    struct policy_fixture *f = *state;
    AUTO(buf_clear) struct buf first = {0};
    AUTO(buf_clear) struct buf second = {0};
    struct certificate a = {0};
    struct certificate b = {0};
    issue(f, &first, &a);
    issue(f, &second, &b);
    assert_false(bytes_equal(a.serial, b.serial));
}

#define ISSUE_TEST(test)                                                                       \
    cmocka_unit_test_setup_teardown(test, policy_fixture_set_up, policy_fixture_tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        ISSUE_TEST(a_certificate_verifies_and_carries_what_was_chosen),
        ISSUE_TEST(the_lifetime_ends_with_its_last_second),
        ISSUE_TEST(a_certificate_ends_with_its_issuer),
        ISSUE_TEST(an_expired_issuer_issues_nothing),
        ISSUE_TEST(without_a_key_nothing_is_issued),
        ISSUE_TEST(what_policy_denies_is_not_signed),
        ISSUE_TEST(a_signature_of_another_key_does_not_leave),
        ISSUE_TEST(every_certificate_has_a_serial_of_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
