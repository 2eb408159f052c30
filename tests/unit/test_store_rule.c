// Rules in the store: unique, used once, listed, removed.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/limits.h"
#include "support/store_records.h"

static void add_rule(struct store *store, const char *profile, const char *kind,
                     const char *value) {
    struct error err = {0};
    struct name_record names[] = {{"cn", (char *)(uintptr_t)value}};
    const struct rule_record record = {
        .profile = (char *)(uintptr_t)profile,
        .kind = (char *)(uintptr_t)kind,
        .value = (char *)(uintptr_t)value,
        .names = names,
        .name_count = 1,
        .created = NOW,
        .created_by = "admin:jane",
        .label = "delivery",
    };
    assert_ok(store_add_rule(store, &record, &err), &err);
}

static void a_rule_comes_out_as_it_went_in_and_is_unique(void **state) {
    (void)state;
    struct error err = {0};
    AUTO(store_close_at) struct store *store = open_with_issuers();
    add_rule(store, "client", "serial", "SN-1");
    AUTO(rule_record_clear) struct rule_record found = {0};
    assert_ok(store_find_rule(store, "client", "serial", "SN-1", &found, &err), &err);
    assert_int_equal(1, found.sequence);
    assert_int_equal(1, found.name_count);
    assert_string_equal("SN-1", found.names[0].value);
    assert_int_equal(NOW, found.created);
    assert_string_equal("admin:jane", found.created_by);
    assert_string_equal("delivery", found.label);
    assert_int_equal(0, found.certificate_id);
    assert_result(RESULT_CONFLICT, store_add_rule(store, &found, &err), &err);
    // Another kind and another profile are other rules.
    add_rule(store, "client", "key", "SN-1");
    add_rule(store, "mqtt", "serial", "SN-1");
    AUTO(rule_record_clear) struct rule_record none = {0};
    assert_result(RESULT_NOT_FOUND, store_find_rule(store, "mqtt", "key", "SN-1", &none, &err),
                  &err);
}

static void a_rule_is_used_once_and_removed_once(void **state) {
    (void)state;
    struct error err = {0};
    AUTO(store_close_at) struct store *store = open_with_issuers();
    struct certificate_record record = certificate_of("1");
    int64_t certificate = add(store, &record);
    add_rule(store, "client", "serial", "SN-1");
    assert_ok(store_use_rule(store, 1, certificate, &err), &err);
    assert_result(RESULT_CONFLICT, store_use_rule(store, 1, certificate, &err), &err);
    assert_ok(store_remove_rule(store, 1, &err), &err);
    assert_result(RESULT_NOT_FOUND, store_remove_rule(store, 1, &err), &err);
    AUTO(rule_record_clear) struct rule_record none = {0};
    assert_result(RESULT_NOT_FOUND,
                  store_find_rule(store, "client", "serial", "SN-1", &none, &err), &err);
}

static enum result see_rule(void *context, const struct rule_record *record,
                            struct error *err) {
    (void)err;
    struct seen *seen = context;
    size_t used = strlen(seen->text);
    snprintf(seen->text + used, sizeof(seen->text) - used, "%s/%s ", record->profile,
             record->value);
    return RESULT_OK;
}

// All pages of two, one after another.
static void expect_rules(struct store *store, struct rule_filter filter, const char *expected) {
    struct error err = {0};
    struct seen seen = {0};
    filter.limit = 2;
    do {
        struct list_position next = {0};
        assert_ok(store_list_rules(store, &filter, see_rule, &seen, &next, &err), &err);
        filter.after = next;
    } while (filter.after.is_set);
    assert_string_equal(expected, seen.text);
}

static void rules_are_listed_by_what_is_known_of_them(void **state) {
    (void)state;
    struct error err = {0};
    AUTO(store_close_at) struct store *store = open_with_issuers();
    struct certificate_record record = certificate_of("1");
    int64_t certificate = add(store, &record);
    add_rule(store, "client", "serial", "a");
    add_rule(store, "mqtt", "serial", "a");
    add_rule(store, "client", "serial", "b");
    add_rule(store, "client", "serial", "c");
    assert_ok(store_use_rule(store, 3, certificate, &err), &err);
    expect_rules(store, (struct rule_filter){0}, "client/c client/b mqtt/a client/a ");
    expect_rules(store, (struct rule_filter){.value = "a"}, "mqtt/a client/a ");
    expect_rules(store, (struct rule_filter){.value = "*"}, "");
    expect_rules(store, (struct rule_filter){.profile = "client"},
                 "client/c client/b client/a ");
    expect_rules(store, (struct rule_filter){.profile = "client", .value = "a"}, "client/a ");
    expect_rules(store, (struct rule_filter){.state = RULE_OPEN}, "client/c mqtt/a client/a ");
    expect_rules(store, (struct rule_filter){.state = RULE_USED}, "client/b ");
    expect_rules(store, (struct rule_filter){.state = RULE_OPEN, .profile = "mqtt"}, "mqtt/a ");
    expect_rules(store, (struct rule_filter){.state = RULE_USED, .value = "a"}, "");
}

static void a_page_examines_a_bounded_number_of_rows(void **state) {
    (void)state;
    struct error err = {0};
    AUTO(store_close_at) struct store *store = open_with_issuers();
    add_rule(store, "mqtt", "serial", "0");
    for (int i = 1; i <= LIMIT_LIST_EXAMINED; i++) {
        char value[16];
        snprintf(value, sizeof(value), "%d", i);
        add_rule(store, "client", "serial", value);
    }
    struct rule_filter filter = {.state = RULE_OPEN, .profile = "mqtt", .limit = 10};
    struct seen seen = {0};
    struct list_position next = {0};
    assert_ok(store_list_rules(store, &filter, see_rule, &seen, &next, &err), &err);
    assert_string_equal("", seen.text);
    assert_true(next.is_set);
    filter.after = next;
    assert_ok(store_list_rules(store, &filter, see_rule, &seen, &next, &err), &err);
    assert_string_equal("mqtt/0 ", seen.text);
    assert_false(next.is_set);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_rule_comes_out_as_it_went_in_and_is_unique),
        cmocka_unit_test(a_rule_is_used_once_and_removed_once),
        cmocka_unit_test(rules_are_listed_by_what_is_known_of_them),
        cmocka_unit_test(a_page_examines_a_bounded_number_of_rows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
