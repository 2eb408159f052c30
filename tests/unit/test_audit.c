// Tests of the audit chain: it verifies, and a record that was tampered with is named.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "support/test.h"

#include "authority/audit.h"
#include "store/store.h"
#include "x509/hash.h"

static int set_up(void **state) {
    struct store *store = NULL;
    struct error err = {0};
    assert_ok(store_open(":memory:", true, &store, &err), &err);
    assert_ok(store_begin(store, &err), &err);
    *state = store;
    return 0;
}

static int tear_down(void **state) {
    store_rollback(*state);
    store_close(*state);
    return 0;
}

static void append(struct store *store, int64_t now, const char *detail) {
    struct error err = {0};
    assert_ok(audit_append(store, now, "admin:jane", "token created", "t1", detail, &err),
              &err);
}

static void an_empty_chain_is_whole(void **state) {
    struct error err = {0};
    assert_ok(audit_verify(*state, &err), &err);
}

static void records_follow_each_other(void **state) {
    struct store *store = *state;
    struct error err = {0};
    AUTO(audit_record_clear) struct audit_record last = {0};
    append(store, 100, "one");
    append(store, 200, "");
    append(store, 150, "a clock that went back does no harm");
    assert_ok(audit_verify(store, &err), &err);
    assert_ok(store_last_audit(store, &last, &err), &err);
    assert_int_equal(last.sequence, 3);
    assert_int_equal(last.time, 150);
    assert_string_equal(last.actor, "admin:jane");
    assert_string_equal(last.event, "token created");
    assert_string_equal(last.subject, "t1");
}

static void a_record_stays_one_line(void **state) {
    struct store *store = *state;
    struct error err = {0};
    AUTO(audit_record_clear) struct audit_record last = {0};
    append(store, 100,
           "label=a\nb\x7f"
           "c");
    assert_ok(store_last_audit(store, &last, &err), &err);
    assert_string_equal(last.detail, "label=a b c");
    assert_ok(audit_verify(store, &err), &err);
}

// A record as the chain would have it, with a member changed after hashing.
static void a_changed_record_is_named(void **state) {
    struct store *store = *state;
    struct error err = {0};
    AUTO(audit_record_clear) struct audit_record last = {0};
    append(store, 100, "one");
    append(store, 200, "two");
    assert_ok(store_last_audit(store, &last, &err), &err);
    // What a forger appends: the right predecessor, but a hash that is not over these fields.
    struct audit_record forged = last;
    forged.sequence = 3;
    memcpy(forged.previous_hash, last.hash, SHA256_SIZE);
    assert_ok(store_add_audit(store, &forged, &err), &err);
    assert_result(RESULT_INVALID, audit_verify(store, &err), &err);
    assert_string_equal(err.code, "audit_broken");
    assert_string_equal(err.message, "audit record 3 was changed: its hash does not fit");
}

static void a_record_off_the_chain_is_named(void **state) {
    struct store *store = *state;
    struct error err = {0};
    AUTO(audit_record_clear) struct audit_record first = {0};
    append(store, 100, "one");
    assert_ok(store_last_audit(store, &first, &err), &err);
    append(store, 200, "two");
    struct audit_record forged = first; // its predecessor is not the second record
    forged.sequence = 3;
    assert_ok(store_add_audit(store, &forged, &err), &err);
    append(store, 300, "four");
    assert_result(RESULT_INVALID, audit_verify(store, &err), &err);
    assert_string_equal(err.message,
                        "audit record 3 does not name the hash of the one before it");
}

#define AUDIT_TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        AUDIT_TEST(an_empty_chain_is_whole),         AUDIT_TEST(records_follow_each_other),
        AUDIT_TEST(a_record_stays_one_line),         AUDIT_TEST(a_changed_record_is_named),
        AUDIT_TEST(a_record_off_the_chain_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
