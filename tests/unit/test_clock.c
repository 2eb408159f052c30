// Dates round-trip, calendars are right, foreign forms are refused.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/clock.h"
#include "support/test.h"

static void dates_are_written_and_read_back(void **state) {
    (void)state;
    static const struct {
        int64_t time;
        const char *rfc3339, *http;
    } cases[] = {
        {0, "1970-01-01T00:00:00Z", "Thu, 01 Jan 1970 00:00:00 GMT"},
        {951782400, "2000-02-29T00:00:00Z", "Tue, 29 Feb 2000 00:00:00 GMT"},
        {1795247253, "2026-11-21T07:47:33Z", "Sat, 21 Nov 2026 07:47:33 GMT"},
        {2524607999, "2049-12-31T23:59:59Z", "Fri, 31 Dec 2049 23:59:59 GMT"},
        {4107542400, "2100-03-01T00:00:00Z", "Mon, 01 Mar 2100 00:00:00 GMT"},
        {-1, "1969-12-31T23:59:59Z", "Wed, 31 Dec 1969 23:59:59 GMT"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        AUTO(buf_clear) struct buf text;
        buf_init(&text, 64);
        int64_t time = 0;
        assert_int_equal(time_format_rfc3339(cases[i].time, &text), RESULT_OK);
        assert_string_equal(buf_string(&text), cases[i].rfc3339);
        assert_int_equal(time_read_rfc3339(buf_bytes(&text), &time), RESULT_OK);
        assert_int_equal(time, cases[i].time);
        buf_reset(&text);
        assert_int_equal(time_format_plain(cases[i].time, &text), RESULT_OK);
        assert_int_equal(text.size, sizeof("2026-11-21 07:47:33 UTC") - 1);
        assert_memory_equal(text.data, cases[i].rfc3339, sizeof("2026-11-21") - 1);
        assert_memory_equal(&text.data[11], &cases[i].rfc3339[11], sizeof("07:47:33") - 1);
        assert_non_null(strstr(buf_string(&text), " UTC"));
        buf_reset(&text);
        assert_int_equal(time_format_http(cases[i].time, &text), RESULT_OK);
        assert_string_equal(buf_string(&text), cases[i].http);
        assert_int_equal(time_read_http(buf_bytes(&text), &time), RESULT_OK);
        assert_int_equal(time, cases[i].time);
    }
}

static void every_day_of_four_centuries_round_trips(void **state) {
    (void)state;
    for (int64_t day = -1000; day < 146097; day++) {
        int64_t time = 0;
        assert_int_equal(date_to_time(date_from_time(day * 86400), &time), RESULT_OK);
        assert_int_equal(time, day * 86400);
    }
}

static void wrong_dates_are_refused(void **state) {
    (void)state;
    static const char *const rfc3339[] = {
        "",
        "2026-02-30T00:00:00Z",
        "2026-13-01T00:00:00Z",
        "2026-00-01T00:00:00Z",
        "2026-01-01T24:00:00Z",
        "2026-01-01T00:60:00Z",
        "2026-01-01T00:00:60Z",
        "2026-01-01 00:00:00Z",
        "2026-01-01T00:00:00",
        "2026-01-01T00:00:00+00:00",
        "2026-01-01T00:00:00Z ",
        "1900-02-29T00:00:00Z",
    };
    int64_t time = 7;
    for (size_t i = 0; i < sizeof(rfc3339) / sizeof(rfc3339[0]); i++) {
        assert_int_equal(time_read_rfc3339(bytes_of_string(rfc3339[i]), &time), RESULT_INVALID);
    }
    static const char *const http[] = {
        "Fri, 21 Nov 2026 07:47:33 GMT", // a Saturday
        "Sat, 21 Nov 2026 07:47:33 UTC",    "Sat, 21 Nop 2026 07:47:33 GMT",
        "Saturday, 21-Nov-26 07:47:33 GMT", "Sat Nov 21 07:47:33 2026",
    };
    for (size_t i = 0; i < sizeof(http) / sizeof(http[0]); i++) {
        assert_int_equal(time_read_http(bytes_of_string(http[i]), &time), RESULT_INVALID);
    }
    assert_int_equal(time, 7);
}

static void a_manual_clock_stands_still(void **state) {
    (void)state;
    clock_use_manual(1000);
    assert_int_equal(clock_now(), 1000);
    clock_use_system();
    assert_true(clock_now() > 1700000000);
}

static void a_corrected_clock_goes_on_from_there(void **state) {
    (void)state;
    clock_use_manual(1000);
    clock_correct(1800000000);
    assert_int_equal(clock_now(), 1800001000);
    clock_correct(0);
    assert_int_equal(clock_now(), 1000);
    clock_use_system();
}

static int64_t board_now(void) {
    return 1900000000;
}

static int64_t board_milliseconds(void) {
    return 42;
}

static void a_board_brings_its_own_clocks(void **state) {
    (void)state;
    clock_use_sources(board_now, board_milliseconds);
    assert_int_equal(clock_now(), 1900000000);
    assert_int_equal(clock_monotonic_milliseconds(), 42);
    clock_correct(10);
    assert_int_equal(clock_now(), 1900000010);
    assert_int_equal(clock_correction(), 10);
    clock_correct(0);
    clock_use_sources(NULL, NULL);
    assert_true(clock_now() != 1900000000);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dates_are_written_and_read_back),
        cmocka_unit_test(every_day_of_four_centuries_round_trips),
        cmocka_unit_test(wrong_dates_are_refused),
        cmocka_unit_test(a_manual_clock_stands_still),
        cmocka_unit_test(a_corrected_clock_goes_on_from_there),
        cmocka_unit_test(a_board_brings_its_own_clocks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
