// What went wrong, for a person: filled once, where the failure is known, and carried upwards.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stdbool.h>

#include "base/result.h"

// Plain data without ownership; a zeroed struct means "no error". Texts are cut at their size,
// at a UTF-8 boundary. `code` is stable and machine-readable ("token_spent"); `hint` is the
// cure. `is_answer` is for clients: it is the authority that says so, in an answer of its own.
struct error {
    enum result result;
    bool is_answer;
    char code[32];
    char field[64];
    char message[320];
    char hint[256];
};

// Fills the message (and, as the code, the result's wire name), clears field and hint, and
// returns `result`. `err` may be NULL everywhere below: then only the result is returned.
enum result error_set(struct error *err, enum result result, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

// As error_set, with a stable code of its own.
enum result error_set_code(struct error *err, enum result result, const char *code,
                           const char *format, ...) __attribute__((format(printf, 4, 5)));

// Adds the cure: what to do next, as a full sentence or a command.
void error_hint(struct error *err, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

// Adds the name of the message field, option or configuration key that is at fault.
void error_field(struct error *err, const char *field);

// Puts "prefix: " before the message, to say in which file or step it happened.
void error_context(struct error *err, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

// Out of memory is an ordinary result.
enum result error_out_of_memory(struct error *err);

// From errno: RESULT_NOT_FOUND, RESULT_DENIED, RESULT_CONFLICT, RESULT_UNAVAILABLE (no space,
// and the like), each with the system's text behind the formatted subject.
enum result error_from_errno(struct error *err, int errno_value, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
