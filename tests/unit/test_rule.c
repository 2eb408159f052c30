// Lists of devices: added in batches, used once each, and what is held all the same.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "support/request_fixture.h"
#include "x509/der.h"

#define MANY 1000

struct rows {
    struct rule_add message;
};

static void rows_clear(struct rows *rows) {
    message_clear(&rule_add_type, &rows->message);
}

static struct rows rows_for(const char *profile) {
    struct rows rows = {0};
    assert_int_equal(RESULT_OK, text_set(&rows.message.profile, profile));
    return rows;
}

// `name` may be NULL.
static void rows_add(struct rows *rows, const char *kind, const char *value, const char *name) {
    void *entry = NULL;
    assert_int_equal(RESULT_OK, record_add(&rows->message.entries, &rule_entry_type, &entry));
    struct rule_entry *row = entry;
    assert_int_equal(RESULT_OK, text_set(&row->kind, kind));
    assert_int_equal(RESULT_OK, text_set(&row->value, value));
    if (name != NULL) {
        assert_int_equal(RESULT_OK, text_list_add(&row->names, name));
    }
}

static struct waiting *rows_send(struct fixture *f, const struct rows *rows) {
    return fixture_ask(f, CHANNEL_ADMIN, OPERATION_RULE_ADD, &rows->message,
                       buf_bytes(&f->admin));
}

static void rows_expect(struct fixture *f, const struct rows *rows, int64_t added,
                        int64_t known) {
    struct rule_added reply = {0};
    fixture_expect_ok(rows_send(f, rows), &rule_added_type, &reply);
    assert_int_equal(added, reply.added);
    assert_int_equal(known, reply.known);
}

// One rule, or its refusal.
static void list_one(struct fixture *f, const char *kind, const char *value, const char *name) {
    AUTO(rows_clear) struct rows rows = rows_for(OPEN_PROFILE);
    rows_add(&rows, kind, value, name);
    rows_expect(f, &rows, 1, 0);
}

static void one_is_refused(struct fixture *f, const char *profile, const char *kind,
                           const char *value, const char *name, enum result result,
                           const char *code) {
    AUTO(rows_clear) struct rows rows = rows_for(profile);
    rows_add(&rows, kind, value, name);
    fixture_expect_refusal(rows_send(f, &rows), result, code);
}

static void expect_issued(struct waiting *waiting, const char *name) {
    struct issued issued = {0};
    fixture_expect_ok(waiting, &issued_type, &issued);
    assert_int_equal(1, issued.names.count);
    assert_string_equal(name, issued.names.items[0]);
    message_clear(&issued_type, &issued);
}

static void expect_held(struct waiting *waiting) {
    struct held held = {0};
    request_expect_held(waiting, &held);
    message_clear(&held_type, &held);
}

// The subject is serialNumber=SN-7, with the common name if there is one.
static struct waiting *ask_with_serial_number(struct fixture *f, const struct key *key,
                                              const char *name) {
    struct error err = {0};
    struct enroll request = {0};
    AUTO(buf_clear) struct buf der = {0};
    AUTO(names_clear) struct names names = {0};
    buf_init(&der, LIMIT_CSR_BYTES);
    if (name != NULL) {
        assert_ok(names_add_text(&names, name, &err), &err);
    }
    assert_ok(csr_build_device(key, "SN-7", &names, &der, &err), &err);
    assert_int_equal(RESULT_OK, text_set(&request.profile, OPEN_PROFILE));
    assert_int_equal(RESULT_OK, blob_set(&request.csr, buf_bytes(&der)));
    struct waiting *waiting =
        fixture_ask(f, CHANNEL_ENROLL, OPERATION_ENROLL, &request, (struct bytes){0});
    message_clear(&enroll_type, &request);
    return waiting;
}

static void a_listed_serial_number_is_approved_at_once_and_others_are_held(void **state) {
    struct fixture *f = *state;
    AUTO(key_free_at) struct key *key = fixture_key();
    AUTO(key_free_at) struct key *other = fixture_key();
    list_one(f, "serial", "SN-7", NULL);
    // Not even a claim is needed for it.
    expect_issued(request_ask_for(f, OPEN_PROFILE, key, "cn:SN-7", NULL), "cn:SN-7");
    expect_held(request_ask_for(f, OPEN_PROFILE, other, "cn:SN-8", CLAIM));
    assert_int_equal(1, fixture_audited(f, "certificate issued"));
    assert_int_equal(1, fixture_audited(f, "request held"));
}

static void a_key_that_a_renewal_retired_is_held(void **state) {
    struct fixture *f = *state;
    AUTO(key_free_at) struct key *key = fixture_key();
    AUTO(key_free_at) struct key *next = fixture_key();
    struct issued issued = {0}, renewed = {0};
    list_one(f, "serial", "SN-7", NULL);
    fixture_expect_ok(request_ask_for(f, OPEN_PROFILE, key, "cn:SN-7", NULL), &issued_type,
                      &issued);
    expect_issued(request_ask_for(f, OPEN_PROFILE, key, "cn:SN-7", NULL), "cn:SN-7");
    fixture_expect_ok(fixture_renew(f, blob_bytes(&issued.certificate), next, NULL),
                      &issued_type, &renewed);
    expect_held(request_ask_for(f, OPEN_PROFILE, key, "cn:SN-7", CLAIM));
    message_clear(&issued_type, &issued);
    message_clear(&issued_type, &renewed);
}

static void a_listed_device_in_a_loop_is_stopped(void **state) {
    struct fixture *f = *state;
    AUTO(key_free_at) struct key *key = fixture_key();
    list_one(f, "serial", "SN-7", NULL);
    for (int i = 0; i <= LIMIT_RENEWALS; i++) {
        expect_issued(request_ask_for(f, OPEN_PROFILE, key, "cn:SN-7", NULL), "cn:SN-7");
    }
    fixture_expect_refusal(request_ask_for(f, OPEN_PROFILE, key, "cn:SN-7", NULL), RESULT_LIMIT,
                           "renewed_too_often");
}

static void where_two_must_approve_a_list_is_not_enough(void **state) {
    struct fixture *f = *state;
    AUTO(key_free_at) struct key *key = fixture_key();
    one_is_refused(f, PAIR_PROFILE, "serial", "SN-7", NULL, RESULT_DENIED, "rule_not_enough");
    list_one(f, "serial", "SN-7", NULL);
    static const char twice[] =
        "\n[profile " OPEN_PROFILE "]\nextended_key_usages = clientAuth\n"
        "common_name = 1\nask = anyone\napprovals = 2\n";
    request_configure(f, twice);
    expect_held(request_ask_for(f, OPEN_PROFILE, key, "cn:SN-7", CLAIM));
    assert_int_equal(0, fixture_audited(f, "certificate issued"));
}

static void the_serial_number_of_the_subject_counts_before_its_common_name(void **state) {
    struct fixture *f = *state;
    AUTO(key_free_at) struct key *key = fixture_key();
    list_one(f, "serial", "SN-7", "cn:pump-7");
    expect_issued(ask_with_serial_number(f, key, NULL), "cn:pump-7");
}

// A certificate with another name than was asked for would be of no use, and the rule be gone.
static void what_a_rule_does_not_grant_leaves_it_open(void **state) {
    struct fixture *f = *state;
    AUTO(key_free_at) struct key *key = fixture_key();
    AUTO(key_free_at) struct key *other = fixture_key();
    list_one(f, "serial", "SN-7", "cn:pump-7");
    fixture_expect_refusal(request_ask_for(f, OPEN_PROFILE, key, "cn:SN-7", CLAIM),
                           RESULT_DENIED, "name_not_granted");
    fixture_expect_refusal(ask_with_serial_number(f, key, "cn:pump-8"), RESULT_DENIED,
                           "name_not_granted");
    expect_issued(ask_with_serial_number(f, other, "cn:pump-7"), "cn:pump-7");
}

static void a_listed_key_gets_its_names_and_no_others(void **state) {
    struct fixture *f = *state;
    AUTO(key_free_at) struct key *key = fixture_key();
    AUTO(buf_clear) struct buf fingerprint = {0};
    buf_init(&fingerprint, 65);
    assert_ok(hash_sha256_hex(key_public(key), &fingerprint), &f->err);
    list_one(f, "key", buf_string(&fingerprint), "cn:pump-7");
    fixture_expect_refusal(request_ask_for(f, OPEN_PROFILE, key, "cn:pump-8", CLAIM),
                           RESULT_DENIED, "name_not_granted");
    expect_issued(request_ask_for(f, OPEN_PROFILE, key, NULL, NULL), "cn:pump-7");
}

static void the_same_request_again_gets_the_same_certificate(void **state) {
    struct fixture *f = *state;
    AUTO(key_free_at) struct key *key = fixture_key();
    list_one(f, "serial", "SN-7", NULL);
    struct enroll request = {0};
    struct issued first = {0}, second = {0};
    assert_int_equal(RESULT_OK, text_set(&request.profile, OPEN_PROFILE));
    fixture_csr(key, "cn:SN-7", &request.csr);
    fixture_expect_ok(
        fixture_ask(f, CHANNEL_ENROLL, OPERATION_ENROLL, &request, (struct bytes){0}),
        &issued_type, &first);
    fixture_expect_ok(
        fixture_ask(f, CHANNEL_ENROLL, OPERATION_ENROLL, &request, (struct bytes){0}),
        &issued_type, &second);
    assert_string_equal(first.serial, second.serial);
    assert_int_equal(1, fixture_audited(f, "certificate issued"));
    message_clear(&enroll_type, &request);
    message_clear(&issued_type, &first);
    message_clear(&issued_type, &second);
}

static void a_rule_serves_one_line_of_certificates(void **state) {
    struct fixture *f = *state;
    AUTO(key_free_at) struct key *key = fixture_key();
    AUTO(key_free_at) struct key *thief = fixture_key();
    list_one(f, "serial", "SN-7", NULL);
    struct issued issued = {0};
    fixture_expect_ok(request_ask_for(f, OPEN_PROFILE, key, "cn:SN-7", NULL), &issued_type,
                      &issued);
    // Another key with a serial number that is taken.
    expect_held(request_ask_for(f, OPEN_PROFILE, thief, "cn:SN-7", CLAIM));
    // The same key again, in a request of its own (ECDSA signs anew).
    expect_issued(request_ask_for(f, OPEN_PROFILE, key, "cn:SN-7", NULL), "cn:SN-7");
    // Whose certificate was revoked has to be looked at.
    struct certificate_info info = {0};
    fixture_expect_ok(fixture_revoke(f, issued.serial, "privilegeWithdrawn"),
                      &certificate_info_type, &info);
    expect_held(request_ask_for(f, OPEN_PROFILE, key, "cn:SN-7", CLAIM));
    message_clear(&certificate_info_type, &info);
    message_clear(&issued_type, &issued);
}

static void rows_that_could_never_be_used_are_refused(void **state) {
    struct fixture *f = *state;
    static const char key[] =
        "8c5ffe29b9ef03920693c885f21b6c6cb9898b3296ae8f6b2596f3a206b024f1";
    one_is_refused(f, OPEN_PROFILE, "colour", "red", NULL, RESULT_INVALID, "rule_kind_unknown");
    one_is_refused(f, OPEN_PROFILE, "key", "8c5f", "cn:a", RESULT_INVALID,
                   "rule_value_invalid");
    one_is_refused(f, OPEN_PROFILE, "key", key, NULL, RESULT_INVALID, "names_missing");
    one_is_refused(f, OPEN_PROFILE, "serial", "SN-7", "dns:a.example", RESULT_DENIED,
                   "name_count");
    one_is_refused(f, OPEN_PROFILE, "serial", "SN-7", "dns:-a-", RESULT_INVALID,
                   "name_invalid");
    one_is_refused(f, "nowhere", "serial", "SN-7", NULL, RESULT_NOT_FOUND, "profile_unknown");
    one_is_refused(f, FIXTURE_PROFILE "-test", "serial", "SN-7", NULL, RESULT_DENIED,
                   "ask_denied");
    list_one(f, "key", key, "cn:pump-7");
}

static void a_batch_is_idempotent_and_refused_as_a_whole(void **state) {
    struct fixture *f = *state;
    AUTO(rows_clear) struct rows rows = rows_for(OPEN_PROFILE);
    rows_add(&rows, "serial", "SN-1", NULL);
    rows_add(&rows, "serial", "SN-2", "cn:pump-2");
    rows_add(&rows, "serial", "SN-1", "cn:SN-1");
    rows_expect(f, &rows, 2, 1);
    rows_expect(f, &rows, 0, 3);
    AUTO(rows_clear) struct rows contradiction = rows_for(OPEN_PROFILE);
    rows_add(&contradiction, "serial", "SN-3", NULL);
    rows_add(&contradiction, "serial", "SN-2", "cn:pump-3");
    struct waiting *waiting = rows_send(f, &contradiction);
    struct error err = {0};
    fixture_error(waiting, &err);
    assert_non_null(strstr(err.message, "row 2"));
    fixture_expect_refusal(waiting, RESULT_CONFLICT, "rule_conflict");
    // Nothing of it stayed.
    struct rule_list list = {0};
    struct rule_page page = {0};
    fixture_expect_ok(
        fixture_ask(f, CHANNEL_ADMIN, OPERATION_RULE_LIST, &list, buf_bytes(&f->admin)),
        &rule_page_type, &page);
    assert_int_equal(2, page.rules.count);
    message_clear(&rule_page_type, &page);
    assert_int_equal(2, fixture_audited(f, "rules added"));
}

static void fingerprint_of(const struct key *key, char out_text[65]) {
    struct error err = {0};
    AUTO(buf_clear) struct buf text = {0};
    buf_init(&text, 65);
    assert_ok(hash_sha256_hex(key_public(key), &text), &err);
    (void)snprintf(out_text, 65, "%s", buf_string(&text));
}

static void nobody_lists_the_key_of_their_own_certificate(void **state) {
    struct fixture *f = *state;
    AUTO(key_free_at) struct key *key = fixture_key();
    struct issued jane = {0};
    char fingerprint[65];
    fixture_admin(f, "jane", "owner", key, &jane);
    fingerprint_of(key, fingerprint);
    AUTO(rows_clear) struct rows rows = rows_for(OPEN_PROFILE);
    rows_add(&rows, "serial", "SN-7", NULL);
    rows_add(&rows, "key", fingerprint, "cn:jane");
    expect_held(request_ask_for(f, OPEN_PROFILE, key, "cn:jane", CLAIM));
    fixture_expect_refusal(fixture_ask(f, CHANNEL_ADMIN, OPERATION_RULE_ADD, &rows.message,
                                       blob_bytes(&jane.certificate)),
                           RESULT_DENIED, "own_request");
    expect_held(request_ask_for(f, OPEN_PROFILE, key, "cn:jane", CLAIM));
    // Another administrator may.
    rows_expect(f, &rows, 2, 0);
    expect_issued(request_ask_for(f, OPEN_PROFILE, key, "cn:jane", CLAIM), "cn:jane");
    message_clear(&issued_type, &jane);
}

// One rule for a key; how many waiting requests it approved.
static int64_t list_key(struct fixture *f, const struct key *key, const char *name) {
    char fingerprint[65];
    struct rule_added reply = {0};
    AUTO(rows_clear) struct rows rows = rows_for(OPEN_PROFILE);
    fingerprint_of(key, fingerprint);
    rows_add(&rows, "key", fingerprint, name);
    fixture_expect_ok(rows_send(f, &rows), &rule_added_type, &reply);
    return reply.approved;
}

static void a_device_that_waits_goes_through_when_its_key_is_listed(void **state) {
    struct fixture *f = *state;
    AUTO(key_free_at) struct key *key = NULL;
    char id[REQUEST_ID_TEXT_SIZE];
    request_hold_one(f, OPEN_PROFILE, "cn:pump-7", &key, id);
    assert_int_equal(0, f->authority.decided.size);
    assert_int_equal(1, list_key(f, key, "cn:pump-7"));
    assert_int_equal(REQUEST_ID_SIZE, f->authority.decided.size);
    expect_issued(request_claimed(f, id, CLAIM), "cn:pump-7");
    struct request_info info = {0};
    request_shown(f, id, &info);
    assert_string_equal("approved", info.state);
    assert_string_equal("admin:admin", info.decided_by);
    assert_non_null(info.serial);
    message_clear(&request_info_type, &info);
    assert_int_equal(1, fixture_audited(f, "request approved"));
    assert_int_equal(1, fixture_audited(f, "certificate issued"));
    // Listed once more: the rule is used, and nothing waits.
    assert_int_equal(0, list_key(f, key, "cn:pump-7"));
    // The key again, in a request of its own, is of that line.
    expect_issued(request_ask_for(f, OPEN_PROFILE, key, "cn:pump-7", NULL), "cn:pump-7");
}

static void what_a_rule_does_not_cover_waits_on(void **state) {
    struct fixture *f = *state;
    AUTO(key_free_at) struct key *other_name = NULL;
    AUTO(key_free_at) struct key *other_profile = NULL;
    AUTO(key_free_at) struct key *by_serial = NULL;
    char first[REQUEST_ID_TEXT_SIZE], second[REQUEST_ID_TEXT_SIZE], third[REQUEST_ID_TEXT_SIZE];
    request_hold_one(f, OPEN_PROFILE, "cn:pump-7", &other_name, first);
    request_hold_one(f, PAIR_PROFILE, "cn:pump-8", &other_profile, second);
    request_hold_one(f, OPEN_PROFILE, "cn:SN-9", &by_serial, third);
    assert_int_equal(0, list_key(f, other_name, "cn:pump-70"));
    assert_int_equal(0, list_key(f, other_profile, "cn:pump-8"));
    list_one(f, "serial", "SN-9", NULL);
    expect_held(request_claimed(f, first, CLAIM));
    expect_held(request_claimed(f, second, CLAIM));
    expect_held(request_claimed(f, third, CLAIM));
    assert_int_equal(3, fixture_audited(f, "rules added"));
    assert_int_equal(0, fixture_audited(f, "request approved"));
    assert_int_equal(0, f->authority.decided.size);
    // One whose time is over does not come back.
    clock_use_manual(FIXTURE_NOW + 2 * FIXTURE_DAY);
    AUTO(key_free_at) struct key *late = NULL;
    char fourth[REQUEST_ID_TEXT_SIZE];
    request_hold_one(f, OPEN_PROFILE, "cn:pump-10", &late, fourth);
    clock_use_manual(FIXTURE_NOW + 4 * FIXTURE_DAY);
    assert_int_equal(0, list_key(f, late, "cn:pump-10"));
}

static bool warns_of(struct fixture *f, const char *id, const char *words) {
    struct request_info info = {0};
    bool is_found = false;
    request_shown(f, id, &info);
    for (size_t i = 0; i < info.warnings.count; i++) {
        is_found = is_found || strstr(info.warnings.items[i], words) != NULL;
    }
    message_clear(&request_info_type, &info);
    return is_found;
}

static void why_a_listed_device_waits_is_told(void **state) {
    struct fixture *f = *state;
    AUTO(key_free_at) struct key *key = fixture_key();
    AUTO(key_free_at) struct key *thief = NULL;
    AUTO(key_free_at) struct key *stranger = NULL;
    char id[REQUEST_ID_TEXT_SIZE];
    struct issued issued = {0};
    struct held held = {0};
    struct certificate_info info = {0};
    list_one(f, "serial", "SN-7", NULL);
    fixture_expect_ok(request_ask_for(f, OPEN_PROFILE, key, "cn:SN-7", NULL), &issued_type,
                      &issued);
    request_hold_one(f, OPEN_PROFILE, "cn:SN-7", &thief, id);
    assert_true(warns_of(f, id, "another key has used its rule"));
    assert_false(warns_of(f, id, "was revoked"));
    fixture_expect_ok(fixture_revoke(f, issued.serial, "privilegeWithdrawn"),
                      &certificate_info_type, &info);
    request_expect_held(request_ask_for(f, OPEN_PROFILE, key, "cn:SN-7", CLAIM), &held);
    assert_true(warns_of(f, held.id, "its rule gave was revoked"));
    request_hold_one(f, OPEN_PROFILE, "cn:SN-8", &stranger, id);
    assert_false(warns_of(f, id, "is listed"));
    message_clear(&certificate_info_type, &info);
    message_clear(&held_type, &held);
    message_clear(&issued_type, &issued);
}

static void rules_are_listed_by_use_and_removed(void **state) {
    struct fixture *f = *state;
    AUTO(key_free_at) struct key *key = fixture_key();
    list_one(f, "serial", "SN-1", NULL);
    list_one(f, "serial", "SN-2", NULL);
    expect_issued(request_ask_for(f, OPEN_PROFILE, key, "cn:SN-1", NULL), "cn:SN-1");
    static const struct {
        const char *state;
        const char *value;
        size_t count;
    } cases[] = {{NULL, NULL, 2},   {"open", NULL, 1},   {"used", NULL, 1},
                 {NULL, "SN-2", 1}, {"used", "SN-2", 0}, {NULL, "SN", 0}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct rule_list list = {.state = (char *)(uintptr_t)cases[i].state,
                                 .value = (char *)(uintptr_t)cases[i].value};
        struct rule_page page = {0};
        fixture_expect_ok(
            fixture_ask(f, CHANNEL_ADMIN, OPERATION_RULE_LIST, &list, buf_bytes(&f->admin)),
            &rule_page_type, &page);
        assert_int_equal(cases[i].count, page.rules.count);
        message_clear(&rule_page_type, &page);
    }
    struct rule_remove remove = {.profile = (char[]){OPEN_PROFILE},
                                 .kind = (char[]){"serial"},
                                 .value = (char[]){"SN-2"}};
    struct rule_info info = {0};
    fixture_expect_ok(
        fixture_ask(f, CHANNEL_ADMIN, OPERATION_RULE_REMOVE, &remove, buf_bytes(&f->admin)),
        &rule_info_type, &info);
    message_clear(&rule_info_type, &info);
    fixture_expect_refusal(
        fixture_ask(f, CHANNEL_ADMIN, OPERATION_RULE_REMOVE, &remove, buf_bytes(&f->admin)),
        RESULT_NOT_FOUND, "rule_unknown");
    assert_int_equal(1, fixture_audited(f, "rule removed"));
    AUTO(key_free_at) struct key *other = fixture_key();
    expect_held(request_ask_for(f, OPEN_PROFILE, other, "cn:SN-2", CLAIM));
}

static void many_devices_are_listed_and_enroll(void **state) {
    struct fixture *f = *state;
    for (int first = 0; first < MANY; first += LIMIT_RULES_AT_ONCE) {
        AUTO(rows_clear) struct rows rows = rows_for(OPEN_PROFILE);
        for (int i = first; i < first + LIMIT_RULES_AT_ONCE; i++) {
            char serial[16];
            (void)snprintf(serial, sizeof(serial), "SN-%d", i);
            rows_add(&rows, "serial", serial, NULL);
        }
        rows_expect(f, &rows, LIMIT_RULES_AT_ONCE, 0);
    }
    // Spread over the list.
    for (int i = 0; i < MANY; i += 111) {
        char name[24];
        AUTO(key_free_at) struct key *key = fixture_key();
        (void)snprintf(name, sizeof(name), "cn:SN-%d", i);
        expect_issued(request_ask_for(f, OPEN_PROFILE, key, name, NULL), name);
    }
    AUTO(rows_clear) struct rows too_many = rows_for(OPEN_PROFILE);
    for (int i = 0; i <= LIMIT_RULES_AT_ONCE; i++) {
        rows_add(&too_many, "serial", "SN-1", NULL);
    }
    AUTO(buf_clear) struct buf body = {0};
    buf_init(&body, LIMIT_FRAME_REQUEST_BYTES);
    assert_int_equal(RESULT_LIMIT,
                     message_to_binary(&rule_add_type, &too_many.message, &body, &f->err));
    assert_string_equal("too_many", f->err.code);
}

int main(void) {
#define TEST(test) cmocka_unit_test_setup_teardown(test, request_set_up, fixture_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_listed_serial_number_is_approved_at_once_and_others_are_held),
        TEST(where_two_must_approve_a_list_is_not_enough),
        TEST(a_key_that_a_renewal_retired_is_held),
        TEST(a_listed_device_in_a_loop_is_stopped),
        TEST(the_serial_number_of_the_subject_counts_before_its_common_name),
        TEST(what_a_rule_does_not_grant_leaves_it_open),
        TEST(a_listed_key_gets_its_names_and_no_others),
        TEST(the_same_request_again_gets_the_same_certificate),
        TEST(a_rule_serves_one_line_of_certificates),
        TEST(rows_that_could_never_be_used_are_refused),
        TEST(nobody_lists_the_key_of_their_own_certificate),
        TEST(a_batch_is_idempotent_and_refused_as_a_whole),
        TEST(a_device_that_waits_goes_through_when_its_key_is_listed),
        TEST(what_a_rule_does_not_cover_waits_on),
        TEST(why_a_listed_device_waits_is_told),
        TEST(rules_are_listed_by_use_and_removed),
        TEST(many_devices_are_listed_and_enroll),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
