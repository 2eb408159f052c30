// Enrollment tokens: spent as often as allowed, counted, revoked, listed by state.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "support/store_records.h"

// --- tokens ----------------------------------------------------------------------------------

static struct token_record token_of(const char *id) {
    return (struct token_record){
        .id = borrow(bytes_of_string(id)),
        .secret_hash = BORROW("secret hash"),
        .profile = "client",
        .uses_allowed = 1,
        .created = NOW,
        .expires = NOW + 100,
    };
}

static void add_token(struct store *store, const struct token_record *record) {
    struct error err = {0};
    assert_ok(store_add_token(store, record, &err), &err);
}

static void a_token_comes_out_as_it_went_in(void **state) {
    (void)state;
    struct error err = {0};
    AUTO(store_close_at) struct store *store = open_with_issuers();
    struct name_record names[] = {{"dns", "a.example"}, {"cn", "a"}};
    struct token_record record = token_of("one");
    record.names = names;
    record.name_count = 2;
    struct name_record patterns[] = {{"cn", "hall-*"}};
    record.patterns = patterns;
    record.pattern_count = 1;
    record.uses_allowed = 7;
    record.uses_spent = 2;
    record.failures = 3;
    record.lifetime = 86400;
    record.created_by = "admin:jane";
    record.label = "hall \"sensor\"; -- ü";
    add_token(store, &record);
    AUTO(token_record_clear) struct token_record found = {0};
    assert_ok(store_find_token(store, BYTES_LITERAL("one"), &found, &err), &err);
    assert_bytes_equal(buf_bytes(&found.id), BYTES_LITERAL("one"));
    assert_bytes_equal(buf_bytes(&found.secret_hash), BYTES_LITERAL("secret hash"));
    assert_string_equal(found.profile, "client");
    assert_int_equal(found.name_count, 2);
    assert_string_equal(found.names[0].type, "dns");
    assert_string_equal(found.names[1].value, "a");
    assert_int_equal(found.pattern_count, 1);
    assert_string_equal(found.patterns[0].type, "cn");
    assert_string_equal(found.patterns[0].value, "hall-*");
    assert_int_equal(found.uses_allowed, 7);
    assert_int_equal(found.uses_spent, 2);
    assert_int_equal(found.failures, 3);
    assert_int_equal(found.lifetime, 86400);
    assert_int_equal(found.created, NOW);
    assert_int_equal(found.expires, NOW + 100);
    assert_int_equal(found.revoked_at, 0);
    assert_string_equal(found.created_by, "admin:jane");
    assert_string_equal(found.label, "hall \"sensor\"; -- ü");
    assert_int_equal(found.sequence, 1);
    record = token_of("two");
    add_token(store, &record);
    AUTO(token_record_clear) struct token_record plain = {0};
    assert_ok(store_find_token(store, BYTES_LITERAL("two"), &plain, &err), &err);
    assert_null(plain.label);
    assert_null(plain.created_by);
    assert_int_equal(plain.name_count, 0);
    assert_int_equal(plain.pattern_count, 0);
    assert_int_equal(plain.sequence, 2);
    assert_result(RESULT_CONFLICT, store_add_token(store, &record, &err), &err);
    AUTO(token_record_clear) struct token_record none = {0};
    assert_result(RESULT_NOT_FOUND, store_find_token(store, BYTES_LITERAL("on"), &none, &err),
                  &err);
}

static void a_token_is_spent_as_often_as_allowed(void **state) {
    (void)state;
    struct error err = {0};
    AUTO(store_close_at) struct store *store = open_with_issuers();
    struct token_record record = token_of("one");
    record.uses_allowed = 2;
    add_token(store, &record);
    assert_ok(store_spend_token(store, BYTES_LITERAL("one"), &err), &err);
    assert_ok(store_spend_token(store, BYTES_LITERAL("one"), &err), &err);
    assert_result(RESULT_CONFLICT, store_spend_token(store, BYTES_LITERAL("one"), &err), &err);
    assert_string_equal(err.code, "token_spent");
    assert_result(RESULT_NOT_FOUND, store_spend_token(store, BYTES_LITERAL("two"), &err), &err);
    AUTO(token_record_clear) struct token_record found = {0};
    assert_ok(store_find_token(store, BYTES_LITERAL("one"), &found, &err), &err);
    assert_int_equal(found.uses_spent, 2);
}

static void failures_are_counted_and_tokens_revoked_once(void **state) {
    (void)state;
    struct error err = {0};
    AUTO(store_close_at) struct store *store = open_with_issuers();
    struct token_record record = token_of("one");
    add_token(store, &record);
    struct bytes one = BYTES_LITERAL("one");
    struct bytes two = BYTES_LITERAL("two");
    assert_ok(store_count_token_failure(store, one, &err), &err);
    assert_ok(store_count_token_failure(store, one, &err), &err);
    assert_result(RESULT_NOT_FOUND, store_count_token_failure(store, two, &err), &err);
    assert_ok(store_revoke_token(store, one, NOW + 5, &err), &err);
    assert_result(RESULT_CONFLICT, store_revoke_token(store, one, NOW + 6, &err), &err);
    assert_string_equal(err.code, "already_revoked");
    assert_result(RESULT_NOT_FOUND, store_revoke_token(store, two, NOW, &err), &err);
    AUTO(token_record_clear) struct token_record found = {0};
    assert_ok(store_find_token(store, one, &found, &err), &err);
    assert_int_equal(found.failures, 2);
    assert_int_equal(found.revoked_at, NOW + 5);
}

struct seen_tokens {
    char text[200];
    enum token_state expected_state;
};

static enum result see_token(void *context, const struct token_record *record,
                             struct error *err) {
    struct seen_tokens *seen = context;
    size_t used = strlen(seen->text);
    snprintf(seen->text + used, sizeof(seen->text) - used, "%.*s ", (int)record->id.size,
             (const char *)record->id.data);
    // The list and the function must agree on what a state is.
    if (seen->expected_state != TOKEN_ANY &&
        token_record_state(record, NOW) != seen->expected_state) {
        return error_set(err, RESULT_INTERNAL, "state %d", token_record_state(record, NOW));
    }
    return RESULT_OK;
}

// a: open. b: spent. c: expires now, so expired. d: revoked and spent. e: expired and spent.
// f: open for a last second, of another profile.
static struct store *open_with_tokens(void) {
    struct store *store = open_with_issuers();
    struct token_record records[6];
    static const char *const ids[] = {"a", "b", "c", "d", "e", "f"};
    for (size_t i = 0; i < 6; i++) {
        records[i] = token_of(ids[i]);
    }
    records[1].uses_spent = 1;
    records[2].expires = NOW;
    records[3].uses_spent = 1;
    records[3].revoked_at = NOW;
    records[4].uses_spent = 1;
    records[4].expires = NOW - 1;
    records[5].expires = NOW + 1;
    records[5].profile = "server";
    for (size_t i = 0; i < 6; i++) {
        add_token(store, &records[i]);
    }
    return store;
}

static void tokens_are_listed_by_state_and_profile(void **state) {
    (void)state;
    AUTO(store_close_at) struct store *store = open_with_tokens();
    static const struct {
        struct token_filter filter;
        const char *expected;
    } cases[] = {
        {{.state = TOKEN_ANY}, "f e d c b a "},
        {{.state = TOKEN_OPEN}, "f a "},
        {{.state = TOKEN_SPENT}, "e b "},
        {{.state = TOKEN_EXPIRED}, "c "},
        {{.state = TOKEN_REVOKED}, "d "},
        {{.state = TOKEN_OPEN, .profile = "server"}, "f "},
        {{.profile = "client"}, "e d c b a "},
        {{.profile = "none"}, ""},
        {{.limit = 2}, "f e "},
        {{.limit = 2, .after = {true, 5, 0}}, "d c "},
        {{.after = {true, 1, 0}}, ""},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct error err = {0};
        struct seen_tokens seen = {.expected_state = cases[i].filter.state};
        struct list_position next = {0};
        struct token_filter filter = cases[i].filter;
        filter.now = NOW;
        filter.limit = filter.limit == 0 ? 100 : filter.limit;
        assert_ok(store_list_tokens(store, &filter, see_token, &seen, &next, &err), &err);
        assert_string_equal(seen.text, cases[i].expected);
    }
}

// a and b are tracker-1, a made by jane, both expire late; c is tracker-2 of jane and expires soon;
// d grants it as two types and another with the same beginning.
static struct store *open_with_named_tokens(void) {
    static struct name_record names[][3] = {
        {{"cn", "tracker-1"}},
        {{"cn", "tracker-1"}},
        {{"cn", "tracker-2"}},
        {{"dns", "tracker-2"}, {"cn", "tracker-2"}, {"cn", "tracker-0"}},
    };
    static const char *const ids[] = {"a", "b", "c", "d"};
    struct store *store = open_with_issuers();
    for (size_t i = 0; i < 4; i++) {
        struct token_record record = token_of(ids[i]);
        record.names = names[i];
        record.name_count = i == 3 ? 3 : 1;
        record.created_by = i % 2 == 0 ? "admin:jane" : "admin:joe";
        record.expires = i == 2 ? NOW + 10 : record.expires;
        add_token(store, &record);
    }
    return store;
}

static void tokens_are_searched_in_any_combination(void **state) {
    (void)state;
    AUTO(store_close_at) struct store *store = open_with_named_tokens();
    static const struct {
        struct token_filter filter;
        const char *expected;
    } cases[] = {
        {{.name = {"cn", "tracker-1"}}, "b a "},
        {{.name = {NULL, "tracker-2"}}, "d c "},
        {{.name = {"dns", "tracker-2"}}, "d "},
        {{.name = {"cn", "tracker"}}, ""},
        {{.prefix = {"cn", "tracker-"}}, "d a b c "},
        {{.prefix = {"dns", "tracker-"}}, "d "},
        {{.prefix = {NULL, "tracker-2"}}, "c d "},
        {{.prefix = {NULL, "tracker_"}}, ""},
        {{.created_by = "admin:jane"}, "c a "},
        {{.created_by = "admin:jan"}, ""},
        {{.expires_from = NOW, .expires_before = NOW + 11}, "c "},
        {{.expires_from = NOW, .expires_before = NOW + 10}, ""},
        {{.expires_from = NOW, .expires_before = NOW + 101}, "c a b d "},
        {{.expires_from = NOW + 11, .expires_before = NOW + 101}, "a b d "},
        {{.name = {"cn", "tracker-1"}, .prefix = {"cn", "tracker-2"}}, ""},
        {{.name = {"cn", "tracker-2"}, .prefix = {"cn", "tracker-0"}}, "d "},
        {{.name = {"cn", "tracker-1"}, .created_by = "admin:jane"}, "a "},
        {{.name = {"cn", "tracker-2"}, .expires_before = NOW + 11}, "c "},
        {{.prefix = {"cn", "t"}, .created_by = "admin:joe"}, "d b "},
        {{.prefix = {"cn", "t"}, .expires_before = NOW + 11}, "c "},
        {{.expires_before = NOW + 101, .created_by = "admin:joe"}, "b d "},
        {{.profile = "server", .created_by = "admin:jane"}, ""},
        {{.state = TOKEN_OPEN, .created_by = "admin:jane"}, "c a "},
        {{.state = TOKEN_SPENT, .name = {"cn", "tracker-1"}}, ""},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        for (size_t limit = 1; limit < 6; limit++) {
            struct error err = {0};
            struct seen_tokens seen = {0};
            struct token_filter filter = cases[i].filter;
            filter.now = NOW;
            filter.limit = limit;
            do {
                assert_ok(
                    store_list_tokens(store, &filter, see_token, &seen, &filter.after, &err),
                    &err);
            } while (filter.after.is_set);
            assert_string_equal(seen.text, cases[i].expected);
        }
    }
}

static void open_tokens_are_counted(void **state) {
    (void)state;
    struct error err = {0};
    AUTO(store_close_at) struct store *store = open_with_tokens();
    int64_t count = 0;
    assert_ok(store_count_open_tokens(store, NOW, &count, &err), &err);
    assert_int_equal(count, 2);
    assert_ok(store_count_open_tokens(store, NOW + 1, &count, &err), &err);
    assert_int_equal(count, 1);
}

// What is kept up to date is what a store that counts for the first time finds.
static void expect_open(struct store *store, int64_t now) {
    struct error err = {0};
    char sql[160];
    char counted[32] = {0};
    int64_t count = 0;
    assert_ok(store_count_open_tokens(store, now, &count, &err), &err);
    commit(store);
    snprintf(sql, sizeof(sql),
             "SELECT COUNT(*) FROM token WHERE revoked_at IS NULL AND uses_spent < uses_allowed"
             " AND expires > %lld",
             (long long)now);
    assert_int_equal(run_sql(in_folder("counts.db"), sql, counted, sizeof(counted)), SQLITE_OK);
    assert_int_equal(count, strtoll(counted, NULL, 10));
    begin(store);
}

static void a_count_is_kept_with_every_change(void **state) {
    (void)state;
    struct error err = {0};
    AUTO(store_close_at) struct store *store = NULL;
    assert_ok(store_open(in_folder("counts.db"), true, &store, &err), &err);
    begin(store);
    expect_open(store, NOW);
    static const char *const ids[] = {"a", "b", "c", "d", "e", "f"};
    for (size_t i = 0; i < 6; i++) {
        struct token_record record = token_of(ids[i]);
        record.uses_allowed = 1 + (int64_t)i % 2;
        record.expires = NOW + 10 * (int64_t)i; // the first is over already
        add_token(store, &record);
        expect_open(store, NOW);
    }
    for (size_t i = 0; i < 6; i++) {
        assert_ok(store_spend_token(store, bytes_of_string(ids[i]), &err), &err);
        expect_open(store, NOW);
    }
    assert_ok(store_spend_token(store, BYTES_LITERAL("b"), &err), &err);
    assert_result(RESULT_CONFLICT, store_spend_token(store, BYTES_LITERAL("b"), &err), &err);
    expect_open(store, NOW + 5);
    // Given back once, and not more often than spent.
    assert_ok(store_give_token_back(store, BYTES_LITERAL("c"), &err), &err);
    expect_open(store, NOW + 5);
    assert_ok(store_give_token_back(store, BYTES_LITERAL("c"), &err), &err);
    expect_open(store, NOW + 5);
    // Revoked with uses left, and without; what is spent of a revoked one counts no more.
    assert_ok(store_revoke_token(store, BYTES_LITERAL("d"), NOW, &err), &err);
    expect_open(store, NOW + 5);
    assert_ok(store_revoke_token(store, BYTES_LITERAL("e"), NOW, &err), &err);
    expect_open(store, NOW + 5);
    assert_ok(store_spend_token(store, BYTES_LITERAL("d"), &err), &err);
    assert_ok(store_give_token_back(store, BYTES_LITERAL("d"), &err), &err);
    expect_open(store, NOW + 5);
    // Time goes on, and back.
    expect_open(store, NOW + 20);
    expect_open(store, NOW + 1000);
    expect_open(store, NOW);
    commit(store);
}

static void a_count_goes_back_with_what_is_undone(void **state) {
    (void)state;
    struct error err = {0};
    AUTO(store_close_at) struct store *store = NULL;
    assert_ok(store_open(in_folder("counts.db"), true, &store, &err), &err);
    begin(store);
    struct token_record record = token_of("undone");
    add_token(store, &record);
    expect_open(store, NOW);
    assert_ok(store_savepoint(store, &err), &err);
    assert_ok(store_savepoint(store, &err), &err);
    assert_ok(store_spend_token(store, BYTES_LITERAL("undone"), &err), &err);
    store_rollback_to_savepoint(store);
    assert_ok(store_spend_token(store, BYTES_LITERAL("undone"), &err), &err);
    assert_ok(store_release(store, &err), &err);
    expect_open(store, NOW);
    assert_ok(store_give_token_back(store, BYTES_LITERAL("undone"), &err), &err);
    assert_ok(store_savepoint(store, &err), &err);
    assert_ok(store_spend_token(store, BYTES_LITERAL("undone"), &err), &err);
    store_rollback_to_savepoint(store);
    expect_open(store, NOW);
    assert_ok(store_spend_token(store, BYTES_LITERAL("undone"), &err), &err);
    store_rollback(store);
    begin(store);
    expect_open(store, NOW);
    commit(store);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_token_comes_out_as_it_went_in),
        cmocka_unit_test(a_token_is_spent_as_often_as_allowed),
        cmocka_unit_test(failures_are_counted_and_tokens_revoked_once),
        cmocka_unit_test(tokens_are_listed_by_state_and_profile),
        cmocka_unit_test(tokens_are_searched_in_any_combination),
        cmocka_unit_test(open_tokens_are_counted),
        cmocka_unit_test(a_count_is_kept_with_every_change),
        cmocka_unit_test(a_count_goes_back_with_what_is_undone),
    };
    return cmocka_run_group_tests_name("store_token", tests, make_folder, remove_folder);
}
