// The time of the system, of firmware or by hand, and the two date formats of the protocols.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/clock.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static bool is_manual;
static int64_t manual_now;
static int64_t correction;
static clock_source *now_source;
static clock_source *monotonic_source;

int64_t clock_now(void) {
    if (is_manual) {
        return manual_now + correction;
    }
    return (now_source != NULL ? now_source() : (int64_t)time(NULL)) + correction;
}

void clock_correct(int64_t seconds) {
    correction = seconds;
}

int64_t clock_correction(void) {
    return correction;
}

int64_t clock_monotonic_milliseconds(void) {
    if (monotonic_source != NULL) {
        return monotonic_source();
    }
    struct timespec now = {0};
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void clock_use_sources(clock_source *now, clock_source *monotonic_milliseconds) {
    now_source = now;
    monotonic_source = monotonic_milliseconds;
}

void clock_use_manual(int64_t now) {
    is_manual = true;
    manual_now = now;
}

void clock_use_system(void) {
    is_manual = false;
}

// --- the calendar ----------------------------------------------------------------------------

// Days from 1970-01-01 to a civil date, and back, by counting years from March in eras of 400
// years: leap days then fall at the end, and no table is needed.
static int64_t days_from_civil(int64_t year, int64_t month, int64_t day) {
    year -= month <= 2;
    int64_t era = (year >= 0 ? year : year - 399) / 400;
    int64_t year_of_era = year - era * 400;
    int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + day_of_era - 719468;
}

struct date date_from_time(int64_t time) {
    int64_t days = time / 86400;
    int64_t seconds = time % 86400;
    if (seconds < 0) {
        seconds += 86400;
        days--;
    }
    days += 719468;
    int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    int64_t day_of_era = days - era * 146097;
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year =
        day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t shifted_month = (5 * day_of_year + 2) / 153;
    int64_t month = shifted_month < 10 ? shifted_month + 3 : shifted_month - 9;
    return (struct date){
        .year = (int)(year_of_era + era * 400 + (month <= 2)),
        .month = (int)month,
        .day = (int)(day_of_year - (153 * shifted_month + 2) / 5 + 1),
        .hour = (int)(seconds / 3600),
        .minute = (int)(seconds / 60 % 60),
        .second = (int)(seconds % 60),
    };
}

static int days_in_month(int year, int month) {
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return month == 2 && is_leap ? 29 : days[month - 1];
}

enum result date_to_time(struct date date, int64_t *out_time) {
    if (date.year < 0 || date.year > 9999 || date.month < 1 || date.month > 12 ||
        date.day < 1 || date.day > days_in_month(date.year, date.month) || date.hour < 0 ||
        date.hour > 23 || date.minute < 0 || date.minute > 59 || date.second < 0 ||
        date.second > 59) {
        return RESULT_INVALID;
    }
    *out_time = days_from_civil(date.year, date.month, date.day) * 86400 + date.hour * 3600 +
                date.minute * 60 + date.second;
    return RESULT_OK;
}

// --- formats ---------------------------------------------------------------------------------

// A pattern's digits stand for digits of the text, read into `values` in groups; every other
// character must be the same in both. "0000-00" reads two numbers.
static bool read_pattern(struct bytes text, const char *pattern, int *values) {
    if (text.size != strlen(pattern)) {
        return false;
    }
    size_t group = 0;
    bool is_inside = false;
    for (size_t i = 0; i < text.size; i++) {
        uint8_t character = text.data[i];
        if (pattern[i] != '0') {
            if (is_inside) {
                group++;
                is_inside = false;
            }
            if (pattern[i] != '?' && character != (uint8_t)pattern[i]) {
                return false;
            }
            continue;
        }
        if (character < '0' || character > '9') {
            return false;
        }
        values[group] = (is_inside ? values[group] * 10 : 0) + (character - '0');
        is_inside = true;
    }
    return true;
}

enum result time_format_rfc3339(int64_t time, struct buf *out) {
    struct date date = date_from_time(time);
    return buf_printf(out, "%04d-%02d-%02dT%02d:%02d:%02dZ", date.year, date.month, date.day,
                      date.hour, date.minute, date.second);
}

enum result time_format_plain(int64_t time, struct buf *out) {
    struct date date = date_from_time(time);
    return buf_printf(out, "%04d-%02d-%02d %02d:%02d:%02d UTC", date.year, date.month, date.day,
                      date.hour, date.minute, date.second);
}

enum result time_read_rfc3339(struct bytes text, int64_t *out_time) {
    int values[6] = {0};
    if (!read_pattern(text, "0000-00-00T00:00:00Z", values)) {
        return RESULT_INVALID;
    }
    struct date date = {.year = values[0],
                        .month = values[1],
                        .day = values[2],
                        .hour = values[3],
                        .minute = values[4],
                        .second = values[5]};
    return date_to_time(date, out_time);
}

static const char *const month_names[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                          "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
static const char *const day_names[] = {"Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"};

static const char *day_name_of(int64_t time) {
    int64_t days = time >= 0 ? time / 86400 : (time - 86399) / 86400;
    return day_names[((days % 7) + 7) % 7];
}

enum result time_format_http(int64_t time, struct buf *out) {
    struct date date = date_from_time(time);
    return buf_printf(out, "%s, %02d %s %04d %02d:%02d:%02d GMT", day_name_of(time), date.day,
                      month_names[date.month - 1], date.year, date.hour, date.minute,
                      date.second);
}

enum result time_read_http(struct bytes text, int64_t *out_time) {
    int values[5] = {0};
    if (!read_pattern(text, "???, 00 ??? 0000 00:00:00 GMT", values)) {
        return RESULT_INVALID;
    }
    int month = 0;
    for (int i = 0; i < 12; i++) {
        if (memcmp(text.data + 8, month_names[i], 3) == 0) {
            month = i + 1;
        }
    }
    struct date date = {.year = values[1],
                        .month = month,
                        .day = values[0],
                        .hour = values[2],
                        .minute = values[3],
                        .second = values[4]};
    int64_t time = 0;
    TRY(date_to_time(date, &time));
    if (memcmp(text.data, day_name_of(time), 3) != 0) {
        return RESULT_INVALID;
    }
    *out_time = time;
    return RESULT_OK;
}
