// The few results of anything that can fail, named for what the caller would do next.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// One line per result: constant, wire name, HTTP status, default text.
#define RESULT_TABLE(X)                                                                        \
    X(OK, "ok", 200, "done")                                                                   \
    X(INVALID, "invalid", 400, "the input is not well-formed")                                 \
    X(DENIED, "denied", 403, "this is not allowed")                                            \
    X(NOT_FOUND, "not_found", 404, "there is no such thing")                                   \
    X(CONFLICT, "conflict", 409, "this contradicts what is already there")                     \
    X(LIMIT, "limit", 429, "a limit was reached")                                              \
    X(PENDING, "pending", 202, "this waits for a decision")                                    \
    X(UNAVAILABLE, "unavailable", 503, "this cannot be done at the moment")                    \
    X(INTERNAL, "internal", 500, "something went wrong on this side")

// Marked on the type, so that the compiler complains of every ignored result.
enum [[nodiscard]] result{
#define RESULT_CONSTANT(constant, wire, status, text) RESULT_##constant,
    RESULT_TABLE(RESULT_CONSTANT)
#undef RESULT_CONSTANT
        RESULT_COUNT};

// The stable lower-case name that travels in messages, such as "not_found".
const char *result_wire_name(enum result result);

// The result of that wire name; RESULT_INTERNAL for a name that is not known.
enum result result_from_wire_name(const char *name);

int result_http_status(enum result result);

const char *result_text(enum result result);

// Returns the result of `call` from the current function unless it is RESULT_OK.
#define TRY(call)                                                                              \
    do {                                                                                       \
        enum result try_result_ = (call);                                                      \
        if (try_result_ != RESULT_OK) {                                                        \
            return try_result_;                                                                \
        }                                                                                      \
    } while (0)

// Runs `destructor(&variable)` when the variable's scope ends: AUTO(buf_clear) struct buf b =
// …; For a heap object the destructor is its `…_free_at`, which takes the pointer's address.
#define AUTO(destructor) __attribute__((cleanup(destructor)))
