// Requests and approvals in the store: what comes out, who decides once, counts and lists.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/limits.h"
#include "support/store_records.h"

static struct request_record request_of(const char *id) {
    return (struct request_record){
        .id = borrow(bytes_of_string(id)),
        .csr = BORROW("csr"),
        .csr_hash = BORROW("csr hash"),
        .key_hash = BORROW("key hash"),
        .claim_hash = BORROW("claim hash"),
        .code = "K4TZ-9QWM",
        .profile = "client",
        .profile_hash = BORROW("profile hash"),
        .requested_by = "anyone",
        .address = "192.0.2.7",
        .source = "192.0.2.7/32",
        .network = "192.0.2.0/24",
        .approvals = 1,
        .created = NOW,
        .expires = NOW + 100,
    };
}

static void add_request(struct store *store, const struct request_record *record) {
    struct error err = {0};
    assert_ok(store_add_request(store, record, &err), &err);
}

static void decide(struct store *store, const char *id, int state) {
    struct error err = {0};
    assert_ok(store_decide_request(store, bytes_of_string(id), state, NOW + 1, "admin:jane",
                                   NULL, 0, &err),
              &err);
}

static void a_request_comes_out_as_it_went_in(void **state) {
    (void)state;
    struct error err = {0};
    AUTO(store_close_at) struct store *store = open_with_issuers();
    struct certificate_record shown = certificate_of("1");
    int64_t certificate = add(store, &shown);
    struct name_record names[] = {{"cn", "a"}, {"dns", "a.example"}};
    struct request_record record = request_of("one");
    record.token_id = BORROW("token");
    record.names = names;
    record.name_count = 2;
    record.is_granted = true;
    record.lifetime = 86400;
    record.responsible = "admin:joe";
    record.predecessor_id = certificate;
    record.holder_id = certificate;
    record.approvals = 2;
    add_request(store, &record);
    AUTO(request_record_clear) struct request_record found = {0};
    assert_ok(store_find_request(store, BYTES_LITERAL("one"), &found, &err), &err);
    assert_int_equal(1, found.sequence);
    assert_bytes_equal(buf_bytes(&found.csr), BYTES_LITERAL("csr"));
    assert_bytes_equal(buf_bytes(&found.csr_hash), BYTES_LITERAL("csr hash"));
    assert_bytes_equal(buf_bytes(&found.key_hash), BYTES_LITERAL("key hash"));
    assert_bytes_equal(buf_bytes(&found.claim_hash), BYTES_LITERAL("claim hash"));
    assert_bytes_equal(buf_bytes(&found.profile_hash), BYTES_LITERAL("profile hash"));
    assert_bytes_equal(buf_bytes(&found.token_id), BYTES_LITERAL("token"));
    assert_string_equal("K4TZ-9QWM", found.code);
    assert_string_equal("client", found.profile);
    assert_string_equal("anyone", found.requested_by);
    assert_string_equal("admin:joe", found.responsible);
    assert_string_equal("192.0.2.7", found.address);
    assert_string_equal("192.0.2.7/32", found.source);
    assert_string_equal("192.0.2.0/24", found.network);
    assert_int_equal(certificate, found.predecessor_id);
    assert_int_equal(certificate, found.holder_id);
    assert_int_equal(2, found.name_count);
    assert_string_equal("a.example", found.names[1].value);
    assert_true(found.is_granted);
    assert_int_equal(86400, found.lifetime);
    assert_int_equal(2, found.approvals);
    assert_int_equal(REQUEST_PENDING, found.state);
    assert_int_equal(NOW, found.created);
    assert_int_equal(NOW + 100, found.expires);
    assert_int_equal(0, found.decided_at);
    assert_null(found.decided_by);
    assert_result(RESULT_CONFLICT, store_add_request(store, &record, &err), &err);
    AUTO(request_record_clear) struct request_record none = {0};
    assert_result(RESULT_NOT_FOUND, store_find_request(store, BYTES_LITERAL("on"), &none, &err),
                  &err);
}

static void a_request_is_decided_once(void **state) {
    (void)state;
    struct error err = {0};
    AUTO(store_close_at) struct store *store = open_with_issuers();
    struct request_record record = request_of("one");
    add_request(store, &record);
    assert_ok(store_refresh_request(store, BYTES_LITERAL("one"), BYTES_LITERAL("new"), 2, &err),
              &err);
    assert_ok(store_decide_request(store, BYTES_LITERAL("one"), REQUEST_DENIED, NOW + 1,
                                   "admin:jane", "no", 0, &err),
              &err);
    assert_result(RESULT_CONFLICT,
                  store_decide_request(store, BYTES_LITERAL("one"), REQUEST_APPROVED, NOW + 2,
                                       "admin:joe", NULL, 0, &err),
                  &err);
    assert_string_equal("already_decided", err.code);
    assert_non_null(strstr(err.message, "admin:jane"));
    assert_result(
        RESULT_CONFLICT,
        store_refresh_request(store, BYTES_LITERAL("one"), BYTES_LITERAL("newer"), 2, &err),
        &err);
    AUTO(request_record_clear) struct request_record found = {0};
    assert_ok(store_find_request(store, BYTES_LITERAL("one"), &found, &err), &err);
    assert_int_equal(REQUEST_DENIED, found.state);
    assert_string_equal("no", found.reason);
    assert_int_equal(2, found.approvals);
    assert_bytes_equal(buf_bytes(&found.profile_hash), BYTES_LITERAL("new"));
    assert_result(RESULT_NOT_FOUND,
                  store_decide_request(store, BYTES_LITERAL("two"), REQUEST_DENIED, NOW,
                                       "admin:jane", NULL, 0, &err),
                  &err);
}

static int64_t held(struct store *store, const char *source, const char *network, int64_t now) {
    struct error err = {0};
    int64_t count = -1;
    assert_ok(source != NULL    ? store_count_held_of_source(store, source, now, &count, &err)
              : network != NULL ? store_count_held_of_network(store, network, now, &count, &err)
                                : store_count_held_requests(store, now, &count, &err),
              &err);
    return count;
}

static void only_those_that_wait_are_counted(void **state) {
    (void)state;
    AUTO(store_close_at) struct store *store = open_with_issuers();
    static const char *const ids[] = {"one", "two", "three", "four"};
    for (size_t i = 0; i < 4; i++) {
        struct request_record record = request_of(ids[i]);
        record.source = i == 3 ? "192.0.2.8/32" : "192.0.2.7/32";
        add_request(store, &record);
    }
    decide(store, "two", REQUEST_DENIED);
    assert_int_equal(2, held(store, "192.0.2.7/32", NULL, NOW));
    assert_int_equal(1, held(store, "192.0.2.8/32", NULL, NOW));
    assert_int_equal(0, held(store, "192.0.2.9/32", NULL, NOW));
    assert_int_equal(3, held(store, NULL, "192.0.2.0/24", NOW));
    assert_int_equal(0, held(store, NULL, "192.0.3.0/24", NOW));
    assert_int_equal(3, held(store, NULL, NULL, NOW + 99));
    assert_int_equal(0, held(store, NULL, NULL, NOW + 100));
}

static enum result see_request(void *context, const struct request_record *record,
                               struct error *err) {
    (void)err;
    struct seen *seen = context;
    size_t used = strlen(seen->text);
    snprintf(seen->text + used, sizeof(seen->text) - used, "%.*s ", (int)record->id.size,
             (const char *)record->id.data);
    return RESULT_OK;
}

// All pages of two, one after another.
static void expect_requests(struct store *store, struct request_filter filter,
                            const char *expected) {
    struct error err = {0};
    struct seen seen = {0};
    filter.limit = 2;
    filter.now = NOW;
    do {
        struct list_position next = {0};
        assert_ok(store_list_requests(store, &filter, see_request, &seen, &next, &err), &err);
        filter.after = next;
    } while (filter.after.is_set);
    assert_string_equal(expected, seen.text);
}

static void add_five(struct store *store) {
    struct name_record names[][2] = {{{"cn", "b"}, {"dns", "b"}},
                                     {{"cn", "a"}, {"dns", "ab"}},
                                     {{"cn", "ac"}, {"dns", "x"}},
                                     {{"cn", "*"}, {"dns", "y"}},
                                     {{"cn", "a"}, {"dns", "z"}}};
    static const char *const ids[] = {"1", "2", "3", "4", "5"};
    for (size_t i = 0; i < 5; i++) {
        struct request_record record = request_of(ids[i]);
        record.names = names[i];
        record.name_count = 2;
        record.profile = i % 2 == 0 ? "client" : "mqtt";
        record.code = i == 2 ? "AAAA-AAAA" : "K4TZ-9QWM";
        record.address = i == 3 ? "2001:db8::7" : "192.0.2.7";
        record.key_hash = i == 1 ? BORROW("other key") : BORROW("key hash");
        record.expires = i == 4 ? NOW : NOW + 100;
        add_request(store, &record);
    }
    decide(store, "3", REQUEST_DENIED);
    decide(store, "4", REQUEST_EXPIRED);
}

static void requests_are_listed_by_what_is_known_of_them(void **state) {
    (void)state;
    AUTO(store_close_at) struct store *store = open_with_issuers();
    add_five(store);
    expect_requests(store, (struct request_filter){0}, "5 4 3 2 1 ");
    expect_requests(store, (struct request_filter){.state = REQUEST_PENDING}, "2 1 ");
    expect_requests(store, (struct request_filter){.state = REQUEST_DENIED}, "3 ");
    expect_requests(store, (struct request_filter){.state = REQUEST_APPROVED}, "");
    expect_requests(store, (struct request_filter){.state = REQUEST_EXPIRED}, "5 4 ");
    expect_requests(store, (struct request_filter){.profile = "client"}, "5 3 1 ");
    expect_requests(
        store, (struct request_filter){.profile = "client", .state = REQUEST_PENDING}, "1 ");
    expect_requests(store, (struct request_filter){.address = "192.0.2.7"}, "5 3 2 1 ");
    expect_requests(store, (struct request_filter){.code = "AAAA-AAAA"}, "3 ");
    expect_requests(store, (struct request_filter){.key_hash = BYTES_LITERAL("other key")},
                    "2 ");
    expect_requests(store, (struct request_filter){.name = {"cn", "a"}}, "5 2 ");
    expect_requests(store, (struct request_filter){.name = {NULL, "b"}}, "1 ");
    expect_requests(store, (struct request_filter){.name = {"dns", "a"}}, "");
    // In the order of the names, each once: a, a, ab, ac.
    expect_requests(store, (struct request_filter){.prefix = {NULL, "a"}}, "2 5 3 ");
    expect_requests(store, (struct request_filter){.prefix = {"dns", "a"}}, "2 ");
    expect_requests(store, (struct request_filter){.prefix = {"cn", "a"}, .name = {"dns", "x"}},
                    "3 ");
    expect_requests(store, (struct request_filter){.name = {NULL, "*"}}, "4 ");
    expect_requests(store, (struct request_filter){.prefix = {NULL, "%"}}, "");
}

static void a_page_examines_a_bounded_number_of_rows(void **state) {
    (void)state;
    struct error err = {0};
    AUTO(store_close_at) struct store *store = open_with_issuers();
    for (int i = 0; i <= LIMIT_LIST_EXAMINED; i++) {
        char id[16];
        snprintf(id, sizeof(id), "%d", i);
        struct request_record record = request_of(id);
        record.profile = i == 0 ? "mqtt" : "client";
        add_request(store, &record);
    }
    struct request_filter filter = {
        .profile = "mqtt", .state = REQUEST_PENDING, .now = NOW, .limit = 10};
    struct seen seen = {0};
    struct list_position next = {0};
    assert_ok(store_list_requests(store, &filter, see_request, &seen, &next, &err), &err);
    assert_string_equal("", seen.text);
    assert_true(next.is_set);
    filter.after = next;
    assert_ok(store_list_requests(store, &filter, see_request, &seen, &next, &err), &err);
    assert_string_equal("0 ", seen.text);
    assert_false(next.is_set);
    // No name of this list stands there.
    filter.prefix = (struct name_filter){.value = "a"};
    filter.after = (struct list_position){.is_set = true, .major = 1, .minor = 0};
    assert_result(RESULT_INVALID,
                  store_list_requests(store, &filter, see_request, &seen, &next, &err), &err);
    assert_string_equal("cursor_invalid", err.code);
}

static void those_that_wait_with_a_key_are_found(void **state) {
    (void)state;
    struct error err = {0};
    AUTO(store_close_at) struct store *store = open_with_issuers();
    add_five(store);
    struct seen seen = {0};
    assert_ok(store_each_held_of_key(store, BYTES_LITERAL("key hash"), "client", NOW - 1,
                                     see_request, &seen, &err),
              &err);
    assert_string_equal("5 1 ", seen.text);
    seen = (struct seen){0};
    assert_ok(store_each_held_of_key(store, BYTES_LITERAL("key hash"), "mqtt", NOW, see_request,
                                     &seen, &err),
              &err);
    assert_string_equal("", seen.text);
}

static enum result see_approval(void *context, const struct approval_record *record,
                                struct error *err) {
    (void)err;
    struct seen *seen = context;
    size_t used = strlen(seen->text);
    snprintf(seen->text + used, sizeof(seen->text) - used, "%s:%.*s%s ", record->admin,
             (int)record->digest.size, (const char *)record->digest.data,
             record->stands ? "" : "!");
    return RESULT_OK;
}

static void each_administrator_approves_what_was_seen_once(void **state) {
    (void)state;
    struct error err = {0};
    AUTO(store_close_at) struct store *store = open_with_issuers();
    struct request_record record = request_of("one");
    add_request(store, &record);
    struct certificate_record of_jane = certificate_of("1"), of_joe = certificate_of("2");
    struct approval_record approval = {.admin = "jane",
                                       .certificate_id = add(store, &of_jane),
                                       .digest = BORROW("first"),
                                       .approved_at = NOW};
    assert_ok(store_add_approval(store, 1, &approval, &err), &err);
    assert_result(RESULT_CONFLICT, store_add_approval(store, 1, &approval, &err), &err);
    assert_string_equal("already_approved", err.code);
    approval.digest = BORROW("second");
    assert_ok(store_add_approval(store, 1, &approval, &err), &err);
    approval.admin = "joe";
    approval.certificate_id = add(store, &of_joe);
    assert_ok(store_add_approval(store, 1, &approval, &err), &err);
    struct seen seen = {0};
    assert_ok(store_each_approval(store, 1, see_approval, &seen, &err), &err);
    assert_string_equal("jane:first jane:second joe:second ", seen.text);
}

static void an_approval_stands_as_long_as_its_certificate(void **state) {
    (void)state;
    struct error err = {0};
    AUTO(store_close_at) struct store *store = open_with_issuers();
    struct request_record record = request_of("one");
    add_request(store, &record);
    struct certificate_record old = certificate_of("1"), new = certificate_of("2");
    struct approval_record approval = {.admin = "jane",
                                       .certificate_id = add(store, &old),
                                       .digest = BORROW("first"),
                                       .approved_at = NOW};
    int64_t old_id = approval.certificate_id;
    assert_ok(store_add_approval(store, 1, &approval, &err), &err);
    assert_ok(store_hold_certificate(store, old_id, NOW, &err), &err);
    approval.certificate_id = add(store, &new);
    assert_ok(store_add_approval(store, 1, &approval, &err), &err);
    assert_result(RESULT_CONFLICT, store_add_approval(store, 1, &approval, &err), &err);
    struct seen seen = {0};
    assert_ok(store_each_approval(store, 1, see_approval, &seen, &err), &err);
    assert_string_equal("jane:first! jane:first ", seen.text);
    assert_ok(store_release_certificate(store, old_id, NOW + 1, &err), &err);
    assert_ok(store_revoke_certificate(store, approval.certificate_id, NOW + 1, 1, 0, &err),
              &err);
    seen = (struct seen){0};
    assert_ok(store_each_approval(store, 1, see_approval, &seen, &err), &err);
    assert_string_equal("jane:first jane:first! ", seen.text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_comes_out_as_it_went_in),
        cmocka_unit_test(a_request_is_decided_once),
        cmocka_unit_test(only_those_that_wait_are_counted),
        cmocka_unit_test(requests_are_listed_by_what_is_known_of_them),
        cmocka_unit_test(a_page_examines_a_bounded_number_of_rows),
        cmocka_unit_test(those_that_wait_with_a_key_are_found),
        cmocka_unit_test(each_administrator_approves_what_was_seen_once),
        cmocka_unit_test(an_approval_stands_as_long_as_its_certificate),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
