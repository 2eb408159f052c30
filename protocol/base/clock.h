// The only source of time. Times are int64_t seconds since 1970 UTC, without leap seconds.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stdint.h>

#include "base/bytes.h"
#include "base/error.h"

int64_t clock_now(void);
// 2026-01-01: before it this code did not exist, so a clock that says so is not set.
#define CLOCK_LEAST INT64_C(1767225600)
// From now on clock_now is so many seconds ahead of the system's: for a device whose clock is not
// set, after somebody who may be believed told it the time. The system's clock stays.
void clock_correct(int64_t seconds);
// What was last given to clock_correct; 0 before.
int64_t clock_correction(void);
// Never goes back; for timeouts and rates, not for dates.
int64_t clock_monotonic_milliseconds(void);

// For firmware: from now on these are asked instead of the system; NULL: the system after all.
typedef int64_t clock_source(void);
void clock_use_sources(clock_source *now, clock_source *monotonic_milliseconds);

// For tests: from now on clock_now returns this time; clock_use_system ends it.
void clock_use_manual(int64_t now);
void clock_use_system(void);

// A date of the proleptic Gregorian calendar, UTC; month and day count from 1.
struct date {
    int year, month, day, hour, minute, second;
};

struct date date_from_time(int64_t time);
// RESULT_INVALID when a part is out of range (also 30 February, hour 24, second 60).
enum result date_to_time(struct date date, int64_t *out_time);

// "2026-11-21T07:47:33Z" (RFC 3339).
enum result time_format_rfc3339(int64_t time, struct buf *out);
enum result time_read_rfc3339(struct bytes text, int64_t *out_time);
// "2026-11-21 07:47:33 UTC", for people.
enum result time_format_plain(int64_t time, struct buf *out);
// "Sat, 21 Nov 2026 07:47:33 GMT" (RFC 9110 IMF-fixdate). Reading takes that form only.
enum result time_format_http(int64_t time, struct buf *out);
enum result time_read_http(struct bytes text, int64_t *out_time);
