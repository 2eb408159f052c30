// What a watcher leaves behind for `signet watch --status`.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/limits.h"
#include "client/watch/watch.h"
#include "wire/message.h"

// STATE/NAME.json, and one line of `signet watch --status --json`. `state` is
//   "fresh"    the last round was fine
//   "failing"  it was not (`problem` says why), what is installed is still good
//   "late"     little of the CRL's life is left and there is no newer one
//   "unproven" the canaries were not judged as they should be, or are of no use
//   "expired"  the relying party refuses everybody
//   "missing"  there is no CRL yet
//   "stopped"  no watcher has looked for three intervals
//   "unknown"  no watcher has ever looked
#define watch_status_FIELDS(F, R)                                                              \
    F(TEXT, name, 256, REQUIRED)                                                               \
    F(TEXT, preset, 64, REQUIRED)                                                              \
    F(TEXT, file, LIMIT_PATH_BYTES, OPTIONAL)                                                  \
    F(TEXT, state, 16, REQUIRED)                                                               \
    F(TEXT, problem, 1024, OPTIONAL)                                                           \
    F(TEXT, hint, 1024, OPTIONAL)                                                              \
    F(TIME, checked, 0, OPTIONAL)                                                              \
    F(TIME, fetched, 0, OPTIONAL)                                                              \
    F(TIME, changed, 0, OPTIONAL)                                                              \
    F(TIME, proven, 0, OPTIONAL)                                                               \
    F(TIME, this_update, 0, OPTIONAL)                                                          \
    F(TIME, next_update, 0, OPTIONAL)                                                          \
    F(INTEGER, lists, MESSAGE_INTEGER_MAXIMUM, OPTIONAL)                                       \
    F(INTEGER, revoked, MESSAGE_INTEGER_MAXIMUM, OPTIONAL)                                     \
    F(INTEGER, interval, LIMIT_WATCH_INTERVAL_SECONDS, OPTIONAL)                               \
    F(TEXT, proof, 16, OPTIONAL)                                                               \
    F(TEXT, sessions, 512, OPTIONAL)

#define watch_page_FIELDS(F, R) R(targets, watch_status, LIMIT_WATCH_TARGETS)

MESSAGE_DECLARE(watch_status);
MESSAGE_DECLARE(watch_page);

// Brings a status up to date with a round that gave `result` and `err` at `now`: pure.
enum result watch_status_follow(struct watch_status *status,
                                const struct watch_options *options,
                                const struct watch_report *report, enum result result,
                                const struct error *err, int64_t now);
// The same, for the file in the state folder; nothing without one.
enum result watch_state_record(const struct watch_options *options,
                               const struct watch_report *report, enum result result,
                               const struct error *round_error, struct error *err);
// Reads the file and judges it at `now`: what was fresh then may have expired since.
enum result watch_state_read(const struct watch_options *options, int64_t now,
                             struct watch_status *out_status, struct error *err);
