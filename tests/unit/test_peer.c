// Who is behind a request: exact certificates, their state, roles of administrators.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "authority/peer.h"
#include "support/authority_fixture.h"

static enum result identify(struct fixture *f, struct bytes certificate, int64_t now) {
    AUTO(peer_clear) struct peer peer = {0};
    peer_init(&peer, BYTES_LITERAL("192.0.2.7"));
    f->err = (struct error){0};
    enum result result = peer_identify(&f->authority, certificate, now, &peer, &f->err);
    assert_int_equal(result == RESULT_OK, peer.is_identified);
    return result;
}

static void assert_refused(struct fixture *f, struct bytes certificate, int64_t now,
                           const char *code) {
    assert_int_equal(RESULT_DENIED, identify(f, certificate, now));
    assert_string_equal(code, f->err.code);
}

static void a_known_certificate_is_accepted_while_it_is_valid(void **state) {
    struct fixture *f = *state;
    AUTO(key_free_at) struct key *key = fixture_key();
    struct issued issued = {0};
    fixture_device(f, "cn:phone-7", key, &issued);
    struct bytes certificate = blob_bytes(&issued.certificate);
    assert_ok(identify(f, certificate, FIXTURE_NOW), &f->err);
    assert_ok(identify(f, certificate, issued.not_after), &f->err);
    assert_refused(f, certificate, issued.not_after + 1, "certificate_expired");
    assert_ok(identify(f, certificate, issued.not_before), &f->err);
    assert_refused(f, certificate, issued.not_before - 1, "certificate_not_yet_valid");
    struct certificate_info info = {0};
    fixture_expect_ok(fixture_revoke(f, issued.serial, NULL), &certificate_info_type, &info);
    assert_refused(f, certificate, FIXTURE_NOW, "certificate_revoked");
    message_clear(&certificate_info_type, &info);
    message_clear(&issued_type, &issued);
}

static void other_bytes_with_the_same_serial_are_refused(void **state) {
    struct fixture *f = *state;
    AUTO(key_free_at) struct key *key = fixture_key();
    struct issued issued = {0};
    fixture_device(f, "cn:phone-7", key, &issued);
    // The last byte belongs to the signature, which this process does not verify.
    issued.certificate.data[issued.certificate.size - 1] ^= 1;
    assert_refused(f, blob_bytes(&issued.certificate), FIXTURE_NOW, "certificate_unknown");
    message_clear(&issued_type, &issued);
}

static void certificates_of_others_and_of_the_authority_itself_are_refused(void **state) {
    struct fixture *f = *state;
    assert_refused(f, (struct bytes){0}, FIXTURE_NOW, "certificate_required");
    assert_refused(f, f->authority.issuers.issuing->certificate.der, FIXTURE_NOW,
                   "certificate_unknown");
    assert_refused(f, f->authority.issuers.root->certificate.der, FIXTURE_NOW,
                   "certificate_unknown");
    assert_int_equal(RESULT_INVALID,
                     identify(f, BYTES_LITERAL("not a certificate"), FIXTURE_NOW));
}

static enum result require(struct fixture *f, struct bytes certificate, unsigned roles) {
    AUTO(peer_clear) struct peer peer = {0};
    peer_init(&peer, BYTES_LITERAL("192.0.2.7"));
    f->err = (struct error){0};
    assert_ok(peer_identify(&f->authority, certificate, FIXTURE_NOW, &peer, &f->err), &f->err);
    return peer_require_role(&f->authority, roles, &peer, &f->err);
}

static void the_first_administrator_is_an_owner(void **state) {
    struct fixture *f = *state;
    assert_ok(require(f, buf_bytes(&f->admin), ADMIN_ROLE_OWNER), &f->err);
    assert_int_equal(RESULT_DENIED, require(f, buf_bytes(&f->admin), ADMIN_ROLE_AUDITOR));
    assert_string_equal("role_denied", f->err.code);
}

static void a_device_certificate_is_no_administrators(void **state) {
    struct fixture *f = *state;
    AUTO(key_free_at) struct key *key = fixture_key();
    struct issued issued = {0};
    // Not even one that carries the administrator's name.
    AUTO(peer_clear) struct peer admin = {0};
    peer_init(&admin, (struct bytes){0});
    assert_ok(peer_identify(&f->authority, buf_bytes(&f->admin), FIXTURE_NOW, &admin, &f->err),
              &f->err);
    AUTO(buf_clear) struct buf name = {0};
    buf_init(&name, 300);
    assert_int_equal(RESULT_OK, buf_printf(&name, "cn:%s", admin.certificate.names[0].value));
    fixture_device(f, buf_string(&name), key, &issued);
    assert_int_equal(RESULT_DENIED, require(f, blob_bytes(&issued.certificate), ~0U));
    assert_string_equal("admin_required", f->err.code);
    message_clear(&issued_type, &issued);
}

static void a_removed_administrator_is_refused(void **state) {
    struct fixture *f = *state;
    AUTO(peer_clear) struct peer admin = {0};
    peer_init(&admin, (struct bytes){0});
    assert_ok(peer_identify(&f->authority, buf_bytes(&f->admin), FIXTURE_NOW, &admin, &f->err),
              &f->err);
    assert_ok(store_begin(f->authority.store, &f->err), &f->err);
    assert_ok(store_remove_admin(f->authority.store, admin.certificate.names[0].value,
                                 FIXTURE_NOW, &f->err),
              &f->err);
    assert_ok(store_commit(f->authority.store, &f->err), &f->err);
    assert_refused(f, buf_bytes(&f->admin), FIXTURE_NOW, "admin_removed");
    // Whoever got further is asked again for the role.
    assert_result(RESULT_DENIED, peer_require_role(&f->authority, ~0U, &admin, &f->err),
                  &f->err);
    assert_string_equal("admin_removed", f->err.code);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(a_known_certificate_is_accepted_while_it_is_valid),
        TEST(other_bytes_with_the_same_serial_are_refused),
        TEST(certificates_of_others_and_of_the_authority_itself_are_refused),
        TEST(the_first_administrator_is_an_owner),
        TEST(a_device_certificate_is_no_administrators),
        TEST(a_removed_administrator_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
