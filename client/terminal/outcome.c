// From errors to exit statuses.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "client/terminal/outcome.h"

#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "client/terminal/display.h"

// Of this side's errors codes decide before results do: a file that may not be read and a server
// that cannot be trusted are both RESULT_DENIED.
static const struct {
    const char *code;
    enum outcome outcome;
} by_code[] = {
    {"usage", OUTCOME_USAGE},
    {"different", OUTCOME_DIFFERENT},
    {"trouble", OUTCOME_TROUBLE},
    {"unreachable", OUTCOME_UNREACHABLE},
    {"interrupted", OUTCOME_UNREACHABLE},
    {"tls", OUTCOME_UNREACHABLE},
    {"server_unavailable", OUTCOME_UNREACHABLE},
    {"store_unavailable", OUTCOME_UNREACHABLE}, // the authority's disk is full, for one
    {"overloaded", OUTCOME_UNREACHABLE},
    {"key_unavailable", OUTCOME_UNREACHABLE}, // the authority's, or our own on its token
    {"untrusted", OUTCOME_MISCONFIGURED},
    {"pin_needed", OUTCOME_MISCONFIGURED},
    {"pin_wrong", OUTCOME_MISCONFIGURED},
    {"pin_locked", OUTCOME_MISCONFIGURED},
    {"pin_last_try", OUTCOME_MISCONFIGURED},
    {"key_uri", OUTCOME_MISCONFIGURED},
    {"key_missing", OUTCOME_MISCONFIGURED},
    {"key_several", OUTCOME_MISCONFIGURED},
    {"key_no_sign", OUTCOME_MISCONFIGURED},
    {"key_no_public", OUTCOME_MISCONFIGURED},
    {"key_not_exportable", OUTCOME_MISCONFIGURED},
    {"token_failed", OUTCOME_MISCONFIGURED},
    {"token_mechanism", OUTCOME_MISCONFIGURED},
    {"token_missing", OUTCOME_MISCONFIGURED},
    {"token_module", OUTCOME_MISCONFIGURED},
    {"token_several", OUTCOME_MISCONFIGURED},
    {"crl_refused", OUTCOME_MISCONFIGURED},
    {"not_tls", OUTCOME_MISCONFIGURED},
    {"misconfigured", OUTCOME_MISCONFIGURED},
    {"not_private", OUTCOME_MISCONFIGURED},
    {"denied", OUTCOME_MISCONFIGURED}, // the local file system; see api.h
    {"unchanged", OUTCOME_UNCHANGED},
    {"local", OUTCOME_FAILED},
};

// Whatever the authority says no to is one outcome, and its codes have no say in it: they are not
// ours to trust, and there will be new ones.
static enum outcome outcome_of_answer(enum result result) {
    switch (result) {
    case RESULT_UNAVAILABLE:
        return OUTCOME_UNREACHABLE;
    case RESULT_INTERNAL:
        return OUTCOME_FAILED;
    default:
        return OUTCOME_DENIED;
    }
}

enum outcome outcome_of(enum result result, const struct error *err) {
    if (result == RESULT_OK) {
        return OUTCOME_DONE;
    }
    if (err->is_answer) {
        return outcome_of_answer(result);
    }
    for (size_t i = 0; i < sizeof(by_code) / sizeof(by_code[0]); i++) {
        if (strcmp(err->code, by_code[i].code) == 0) {
            return by_code[i].outcome;
        }
    }
    if (result == RESULT_PENDING) {
        return OUTCOME_PENDING;
    }
    return result == RESULT_DENIED ? OUTCOME_DENIED : OUTCOME_FAILED;
}

static void print_line(const char *prefix, const char *text) {
    AUTO(buf_clear) struct buf shown = {0};
    buf_init(&shown, 2 * sizeof(((struct error *)NULL)->message));
    // The server chooses some of these bytes; a terminal must not obey them.
    if (display_text(text, &shown) == RESULT_OK) {
        (void)fprintf(stderr, "%s: %s\n", prefix, buf_string(&shown));
    }
}

void outcome_report(const char *program, const struct error *err) {
    if (strcmp(err->code, "different") == 0 && !err->is_answer) {
        return; // what was asked for has been answered
    }
    print_line(program, err->message[0] != '\0' ? err->message : result_text(err->result));
    if (err->hint[0] != '\0') {
        print_line("hint", err->hint);
    }
}
