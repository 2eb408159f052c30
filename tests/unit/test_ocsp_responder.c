// OCSP responders: issued by each CA that may, replaced long before their end.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "support/authority_fixture.h"

#include "authority/certificate_text.h"

#define LIFETIME (2 * FIXTURE_DAY)

static size_t index_of(const struct fixture *f, const struct issuer *issuer) {
    return (size_t)(issuer - f->authority.issuers.items);
}

static struct ocsp_responder *responder_of(struct fixture *f, const struct issuer *issuer) {
    return &f->authority.responders.items[index_of(f, issuer)];
}

static void replace(struct fixture *f, int64_t now) {
    clock_use_manual(now);
    assert_true(ocsp_responders_are_due(&f->authority, now));
    assert_ok(ocsp_responders_replace(&f->authority, now, &f->err), &f->err);
    assert_false(ocsp_responders_are_due(&f->authority, now));
}

static void each_ca_with_a_key_issues_one_and_it_says_what_it_is(void **state) {
    struct fixture *f = *state;
    replace(f, FIXTURE_NOW);
    for (size_t i = 0; i < f->authority.issuers.count; i++) {
        const struct issuer *issuer = &f->authority.issuers.items[i];
        struct certificate certificate = {0};
        assert_ok(certificate_read(buf_bytes(&responder_of(f, issuer)->certificate),
                                   &certificate, &f->err),
                  &f->err);
        assert_ok(certificate_verify(&certificate, &issuer->certificate, &f->err), &f->err);
        assert_true(certificate_has_extended_key_usage(&certificate, OID_OCSP_SIGNING));
        assert_false(certificate_has_extended_key_usage(&certificate, OID_CLIENT_AUTH));
        assert_false(certificate.is_ca);
        assert_int_equal(certificate.key_usage, KEY_USAGE_DIGITAL_SIGNATURE);
        assert_int_equal(certificate.crl_distribution_points.size, 0);
        assert_int_equal(certificate.not_after, FIXTURE_NOW + LIFETIME - 1);
        assert_bytes_equal(certificate.spki, key_public(responder_of(f, issuer)->key));
        // id-pkix-ocsp-nocheck with NULL.
        static const uint8_t no_check[] = {0x30, 0x0f, 0x06, 0x09, 0x2b, 0x06, 0x01, 0x05, 0x05,
                                           0x07, 0x30, 0x01, 0x05, 0x04, 0x02, 0x05, 0x00};
        assert_non_null(
            memmem(certificate.tbs.data, certificate.tbs.size, no_check, sizeof(no_check)));
    }
    assert_int_equal(fixture_audited(f, "ocsp responder issued"),
                     (int)f->authority.issuers.count);
}

static void they_are_replaced_half_way_by_other_keys(void **state) {
    struct fixture *f = *state;
    replace(f, FIXTURE_NOW);
    const struct ocsp_responder *responder = responder_of(f, f->authority.issuers.issuing);
    AUTO(buf_clear) struct buf old = {0};
    buf_init(&old, 4096);
    assert_int_equal(buf_append(&old, key_public(responder->key)), RESULT_OK);
    assert_false(ocsp_responders_are_due(&f->authority, FIXTURE_NOW + LIFETIME / 2 - 60));
    replace(f, FIXTURE_NOW + LIFETIME / 2);
    assert_false(bytes_equal(buf_bytes(&old), key_public(responder->key)));
}

static void longer_answers_make_longer_responders(void **state) {
    struct fixture *f = *state;
    f->authority.config.ocsp_lifetime = 7 * FIXTURE_DAY;
    replace(f, FIXTURE_NOW);
    const struct ocsp_responder *responder = responder_of(f, f->authority.issuers.issuing);
    assert_int_equal(responder->not_after, FIXTURE_NOW + 14 * FIXTURE_DAY - 1);
    assert_true(responder->not_after - responder->rotate_at >= 7 * FIXTURE_DAY - 1);
}

static void a_revoked_one_is_replaced(void **state) {
    struct fixture *f = *state;
    replace(f, FIXTURE_NOW);
    char serial[CERTIFICATE_SERIAL_TEXT_SIZE];
    serial_text(buf_bytes(&responder_of(f, f->authority.issuers.issuing)->serial), serial);
    struct certificate_info info = {0};
    fixture_expect_ok(fixture_revoke(f, serial, NULL), &certificate_info_type, &info);
    message_clear(&certificate_info_type, &info);
    replace(f, FIXTURE_NOW);
    assert_int_equal(fixture_audited(f, "ocsp responder issued"),
                     (int)f->authority.issuers.count + 1);
}

static void who_signs_depends_on_configuration_and_state(void **state) {
    struct fixture *f = *state;
    struct issuer *issuing = f->authority.issuers.issuing;
    const size_t index = index_of(f, issuing);
    struct ocsp_signer signer = {0};
    assert_result(RESULT_UNAVAILABLE,
                  ocsp_responders_signer(&f->authority, index, FIXTURE_NOW, &signer, &f->err),
                  &f->err);
    assert_string_equal(f->err.code, "ocsp_no_responder");
    replace(f, FIXTURE_NOW);
    assert_ok(ocsp_responders_signer(&f->authority, index, FIXTURE_NOW, &signer, &f->err),
              &f->err);
    assert_ptr_equal(signer.key, responder_of(f, issuing)->key);
    assert_true(signer.certificate.size > 0);
    // One that could not be replaced for two days.
    assert_result(
        RESULT_UNAVAILABLE,
        ocsp_responders_signer(&f->authority, index, FIXTURE_NOW + LIFETIME, &signer, &f->err),
        &f->err);
    // By configuration; and a retired CA issues no responder.
    for (int i = 0; i < 2; i++) {
        f->authority.config.ocsp_signing = i == 0 ? OCSP_BY_ISSUER : OCSP_BY_DELEGATE;
        issuing->record.retired_at = i == 0 ? 0 : FIXTURE_NOW;
        assert_ok(ocsp_responders_signer(&f->authority, index, FIXTURE_NOW + LIFETIME, &signer,
                                         &f->err),
                  &f->err);
        assert_ptr_equal(signer.key, issuing->key);
        assert_int_equal(signer.certificate.size, 0);
    }
    issuing->record.retired_at = 0;
}

static void none_is_made_when_it_is_switched_off_or_the_ca_is_over(void **state) {
    struct fixture *f = *state;
    f->authority.config.ocsp_enabled = false;
    assert_false(ocsp_responders_are_due(&f->authority, FIXTURE_NOW));
    f->authority.config.ocsp_enabled = true;
    const int64_t end = f->authority.issuers.root->certificate.not_after;
    assert_false(ocsp_responders_are_due(&f->authority, end + 1));
}

int main(void) {
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)
        TEST(each_ca_with_a_key_issues_one_and_it_says_what_it_is),
        TEST(they_are_replaced_half_way_by_other_keys),
        TEST(longer_answers_make_longer_responders),
        TEST(a_revoked_one_is_replaced),
        TEST(who_signs_depends_on_configuration_and_state),
        TEST(none_is_made_when_it_is_switched_off_or_the_ca_is_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
