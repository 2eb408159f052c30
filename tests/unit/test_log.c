// A log line stays one line, whatever its values hold, in both formats.
// SPDX-License-Identifier: GPL-3.0-or-later
#include <fcntl.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "support/test.h"

static char captured[8192];

// Points standard error at a pipe while one event is logged.
static void capture(enum log_format format, const char *value) {
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    int saved = dup(STDERR_FILENO);
    assert_true(dup2(ends[1], STDERR_FILENO) >= 0);
    log_configure(LOG_LEVEL_INFO, format, "test");
    log_event(LOG_LEVEL_DEBUG, "not seen", NULL);
    log_event(LOG_LEVEL_INFO, "token spent", "id", value, "absent", NULL, "next", "1", NULL);
    dup2(saved, STDERR_FILENO);
    close(saved);
    close(ends[1]);
    ssize_t size = read(ends[0], captured, sizeof(captured) - 1);
    close(ends[0]);
    assert_true(size > 0);
    captured[size] = '\0';
}

static void text_lines_quote_what_is_not_plain(void **state) {
    (void)state;
    clock_use_manual(0);
    capture(LOG_FORMAT_TEXT, "a\nb \"c\"");
    assert_string_equal(captured, "1970-01-01T00:00:00Z info    test: token spent "
                                  "id=\"a\\u000ab \\\"c\\\"\" next=1\n");
    capture(LOG_FORMAT_TEXT, "plain");
    assert_string_equal(captured,
                        "1970-01-01T00:00:00Z info    test: token spent id=plain next=1\n");
}

static void json_lines_are_objects(void **state) {
    (void)state;
    clock_use_manual(0);
    capture(LOG_FORMAT_JSON, "a\tb\\");
    assert_string_equal(captured, "{\"time\":\"1970-01-01T00:00:00Z\",\"level\":\"info\","
                                  "\"component\":\"test\",\"event\":\"token spent\","
                                  "\"id\":\"a\\u0009b\\\\\",\"next\":\"1\"}\n");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_lines_quote_what_is_not_plain),
        cmocka_unit_test(json_lines_are_objects),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
