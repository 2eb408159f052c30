// Errors carry code, message, field and hint, and are cut at whole characters.
// SPDX-License-Identifier: GPL-3.0-or-later
#include <errno.h>

#include "base/text.h"
#include "support/test.h"

static enum result fail_with(struct error *err) {
    (void)error_set_code(err, RESULT_DENIED, "token_spent", "token %s is spent", "abc");
    error_hint(err, "Ask for %s.", "another");
    error_field(err, "token");
    return RESULT_DENIED;
}

static enum result fail_through(struct error *err) {
    TRY(fail_with(err));
    return RESULT_OK;
}

static void an_error_travels_upwards_with_everything_it_says(void **state) {
    (void)state;
    struct error err = {0};
    assert_int_equal(fail_through(&err), RESULT_DENIED);
    error_context(&err, "%s:%d", "file", 12);
    assert_int_equal(err.result, RESULT_DENIED);
    assert_string_equal(err.code, "token_spent");
    assert_string_equal(err.message, "file:12: token abc is spent");
    assert_string_equal(err.hint, "Ask for another.");
    assert_string_equal(err.field, "token");
}

static void nobody_needs_to_listen(void **state) {
    (void)state;
    assert_int_equal(fail_with(NULL), RESULT_DENIED);
    error_context(NULL, "x");
}

static void a_long_message_is_cut_at_a_whole_character(void **state) {
    (void)state;
    char text[700] = "";
    for (size_t shift = 0; shift < 4; shift++) {
        memset(text, 'x', shift);
        for (size_t i = shift; i + 3 < sizeof(text); i += 3) {
            memcpy(text + i, "\xe2\x82\xac", 4); // the euro sign
        }
        struct error err = {0};
        assert_int_equal(error_set(&err, RESULT_INVALID, "%s", text), RESULT_INVALID);
        assert_true(strlen(err.message) > sizeof(err.message) - 5);
        assert_true(text_is_utf8(bytes_of_string(err.message)));
        error_field(&err, text);
        assert_true(text_is_utf8(bytes_of_string(err.field)));
    }
}

static void an_error_may_quote_itself(void **state) {
    (void)state;
    struct error err = {0};
    assert_int_equal(error_set(&err, RESULT_INVALID, "inner"), RESULT_INVALID);
    assert_int_equal(error_set(&err, RESULT_LIMIT, "outer (%s)", err.message), RESULT_LIMIT);
    assert_string_equal(err.message, "outer (inner)");
    assert_string_equal(err.code, "limit");
}

static void results_have_stable_names_and_statuses(void **state) {
    (void)state;
    for (int i = 0; i < RESULT_COUNT; i++) {
        enum result result = (enum result)i;
        assert_int_equal(result_from_wire_name(result_wire_name(result)), result);
        assert_true(result_http_status(result) >= 200);
    }
    assert_int_equal(result_from_wire_name("nonsense"), RESULT_INTERNAL);
    assert_int_equal(result_http_status(RESULT_NOT_FOUND), 404);
}

static void system_errors_become_results(void **state) {
    (void)state;
    static const struct {
        int value;
        enum result result;
    } cases[] = {{ENOENT, RESULT_NOT_FOUND},
                 {EACCES, RESULT_DENIED},
                 {EEXIST, RESULT_CONFLICT},
                 {ENOSPC, RESULT_UNAVAILABLE}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct error err = {0};
        assert_int_equal(error_from_errno(&err, cases[i].value, "cannot open %s", "x"),
                         cases[i].result);
        assert_non_null(strstr(err.message, "cannot open x: "));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_error_travels_upwards_with_everything_it_says),
        cmocka_unit_test(nobody_needs_to_listen),
        cmocka_unit_test(a_long_message_is_cut_at_a_whole_character),
        cmocka_unit_test(an_error_may_quote_itself),
        cmocka_unit_test(results_have_stable_names_and_statuses),
        cmocka_unit_test(system_errors_become_results),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
