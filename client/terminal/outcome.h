// How a program ends: the exit status that scripts hold on to, and the error on standard error.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/error.h"

// Documented in the man pages; never renumber.
enum outcome {
    OUTCOME_DONE = 0,
    OUTCOME_FAILED = 1,
    OUTCOME_DIFFERENT = 1, // of a comparison, as diff(1) has it; nothing failed
    OUTCOME_USAGE = 2,
    OUTCOME_TROUBLE = 2, // of a comparison that could not be made
    OUTCOME_PENDING = 3,
    OUTCOME_DENIED = 4,        // by the authority: whatever it answers with a status of 4xx
    OUTCOME_MISCONFIGURED = 5, // or not to be trusted
    OUTCOME_UNREACHABLE = 6,
    OUTCOME_UNCHANGED = 7,
};

// Of a call that gave `result`, with `err` filled when it failed.
enum outcome outcome_of(enum result result, const struct error *err);
// "program: message" and "hint: …", each on one line, control characters replaced; nothing for a
// comparison that found a difference.
void outcome_report(const char *program, const struct error *err);
