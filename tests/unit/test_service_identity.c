// The gateways' certificate: what it says, and that it is replaced long before its end.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "authority/authority_open.h"
#include "support/authority_fixture.h"

static void read_leaf(struct fixture *f, struct certificate *out_leaf) {
    struct bytes chain = buf_bytes(&f->authority.identity.chain);
    assert_ok(certificate_read_next(&chain, out_leaf, &f->err), &f->err);
}

static void it_names_the_hosts_and_chains_to_the_root(void **state) {
    struct fixture *f = *state;
    assert_true(service_identity_is_due(&f->authority, FIXTURE_NOW));
    assert_ok(service_identity_replace(&f->authority, FIXTURE_NOW, &f->err), &f->err);
    struct certificate leaf = {0};
    read_leaf(f, &leaf);
    assert_ok(certificate_verify_chain(&leaf, buf_bytes(&f->authority.trust),
                                       &f->authority.issuers.root->certificate, FIXTURE_NOW,
                                       &f->err),
              &f->err);
    assert_true(certificate_has_extended_key_usage(&leaf, OID_SERVER_AUTH));
    assert_true(certificate_has_extended_key_usage(&leaf, OID_CMC_RA));
    assert_false(certificate_has_extended_key_usage(&leaf, OID_CLIENT_AUTH));
    AUTO(names_clear) struct names names = {0};
    assert_ok(certificate_names(&leaf, &names, &f->err), &f->err);
    assert_true(names_contain(&names, NAME_DNS, "ca.example"));
    AUTO(key_free_at) struct key *key = NULL;
    assert_ok(key_load_pkcs8(buf_bytes(&f->authority.identity.key), &key, &f->err), &f->err);
    assert_bytes_equal(leaf.spki, key_public(key));
    assert_int_equal(1, fixture_audited(f, "service certificate issued"));
}

static void it_is_replaced_half_way_by_another_key(void **state) {
    struct fixture *f = *state;
    int64_t half = f->authority.config.service_lifetime / 2;
    assert_ok(service_identity_replace(&f->authority, FIXTURE_NOW, &f->err), &f->err);
    AUTO(buf_clear) struct buf old_key = {0};
    buf_init_secret(&old_key, LIMIT_KEY_FILE_BYTES);
    assert_int_equal(RESULT_OK, buf_append(&old_key, buf_bytes(&f->authority.identity.key)));
    assert_false(service_identity_is_due(&f->authority, FIXTURE_NOW + half - 60));
    assert_true(service_identity_is_due(&f->authority, FIXTURE_NOW + half));
    clock_use_manual(FIXTURE_NOW + half);
    assert_ok(service_identity_replace(&f->authority, FIXTURE_NOW + half, &f->err), &f->err);
    assert_false(service_identity_is_due(&f->authority, FIXTURE_NOW + half));
    assert_false(bytes_equal(buf_bytes(&old_key), buf_bytes(&f->authority.identity.key)));
}

static void other_hosts_in_the_configuration_make_it_due(void **state) {
    struct fixture *f = *state;
    assert_ok(service_identity_replace(&f->authority, FIXTURE_NOW, &f->err), &f->err);
    struct config_list *hosts = &f->authority.config.hosts;
    string_free_at(&hosts->items[0]);
    hosts->items[0] = string_copy("old.example");
    bool needs_restart = true;
    assert_ok(authority_reload(&f->authority, &needs_restart, &f->err), &f->err);
    assert_false(needs_restart);
    assert_true(service_identity_is_due(&f->authority, FIXTURE_NOW));
}

static void the_old_one_stays_when_none_can_be_made(void **state) {
    struct fixture *f = *state;
    assert_ok(service_identity_replace(&f->authority, FIXTURE_NOW, &f->err), &f->err);
    size_t size = f->authority.identity.chain.size;
    int64_t end = f->authority.issuers.operators->certificate.not_after;
    assert_true(service_identity_replace(&f->authority, end + 1, &f->err) != RESULT_OK);
    assert_int_equal(size, f->authority.identity.chain.size);
    assert_int_equal(1, fixture_audited(f, "service certificate issued"));
}

static void the_notice_carries_key_chain_and_trust(void **state) {
    struct fixture *f = *state;
    assert_ok(service_identity_replace(&f->authority, FIXTURE_NOW, &f->err), &f->err);
    AUTO(buf_clear) struct buf body = {0};
    buf_init_secret(&body, LIMIT_FRAME_REQUEST_BYTES);
    assert_ok(service_identity_encode(&f->authority, CHANNEL_ENROLL, &body, &f->err), &f->err);
    struct identity identity = {0};
    assert_ok(message_from_binary(&identity_type, buf_bytes(&body), &identity, &f->err),
              &f->err);
    assert_bytes_equal(buf_bytes(&f->authority.identity.key), blob_bytes(&identity.key));
    assert_bytes_equal(buf_bytes(&f->authority.identity.chain), blob_bytes(&identity.chain));
    assert_bytes_equal(buf_bytes(&f->authority.trust), blob_bytes(&identity.trust));
    message_clear(&identity_type, &identity);
}

static void read_trust(struct fixture *f, enum channel role, struct buf *out_trust) {
    AUTO(buf_clear) struct buf body = {0};
    buf_init_secret(&body, LIMIT_FRAME_REQUEST_BYTES);
    assert_ok(service_identity_encode(&f->authority, role, &body, &f->err), &f->err);
    struct identity identity = {0};
    assert_ok(message_from_binary(&identity_type, buf_bytes(&body), &identity, &f->err),
              &f->err);
    buf_init(out_trust, LIMIT_CHAIN_BYTES);
    assert_int_equal(RESULT_OK, buf_append(out_trust, blob_bytes(&identity.trust)));
    message_clear(&identity_type, &identity);
}

static void manufacturers_are_trusted_at_the_enroll_gateway_alone(void **state) {
    struct fixture *f = *state;
    assert_ok(service_identity_replace(&f->authority, FIXTURE_NOW, &f->err), &f->err);
    struct manufacturer_list *list = &f->authority.config.manufacturers;
    list->items = calloc(1, sizeof(*list->items));
    list->count = 1;
    buf_init(&list->items[0].chain, 16);
    assert_int_equal(RESULT_OK, buf_append_string(&list->items[0].chain, "a CA"));
    AUTO(buf_clear) struct buf enroll = {0};
    AUTO(buf_clear) struct buf admin = {0};
    read_trust(f, CHANNEL_ENROLL, &enroll);
    read_trust(f, CHANNEL_ADMIN, &admin);
    assert_bytes_equal(buf_bytes(&f->authority.trust), buf_bytes(&admin));
    size_t own = admin.size;
    assert_bytes_equal(buf_bytes(&admin), bytes_slice(buf_bytes(&enroll), 0, own));
    assert_bytes_equal(BYTES_LITERAL("a CA"), bytes_slice(buf_bytes(&enroll), own, SIZE_MAX));
}

static void a_refusal_is_audited_once(void **state) {
    struct fixture *f = *state;
    struct profile *profile = (struct profile *)(uintptr_t)profile_find(
        &f->authority.config.profiles, PROFILE_SERVICE);
    profile->key_usage |= KEY_USAGE_KEY_ENCIPHERMENT; // which no P-256 key can do
    for (int i = 0; i < 2; i++) {
        assert_result(RESULT_DENIED,
                      service_identity_replace(&f->authority, FIXTURE_NOW, &f->err), &f->err);
        assert_string_equal(f->err.code, "lint_failed");
        assert_int_equal(1, fixture_audited(f, "service certificate refused"));
    }
    assert_int_equal(0, fixture_audited(f, "service certificate issued"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(it_names_the_hosts_and_chains_to_the_root),
        TEST(it_is_replaced_half_way_by_another_key),
        TEST(other_hosts_in_the_configuration_make_it_due),
        TEST(the_old_one_stays_when_none_can_be_made),
        TEST(the_notice_carries_key_chain_and_trust),
        TEST(manufacturers_are_trusted_at_the_enroll_gateway_alone),
        TEST(a_refusal_is_audited_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
