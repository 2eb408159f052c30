// Notes on standard error while a request waits.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "client/terminal/waiting.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "client/terminal/display.h"
#include "client/terminal/outcome.h"

#define NOTE_BYTES ((size_t)LIMIT_NAMES * LIMIT_NAME_BYTES)

// What is told while waiting goes where a person reads it, and scripts do not.
static void print_note(const struct buf *text) {
    (void)fputs(buf_string(text), stderr);
    (void)fflush(stderr);
}

static enum result write_held(const struct held *held, const char *url, struct buf *out) {
    TRY(buf_append_string(out, "\nThis request waits for approval.\n\n        code  "));
    TRY(display_text(held->code, out));
    TRY(buf_append_string(out, "\n\n  profile    "));
    TRY(display_text(held->profile, out));
    TRY(buf_append_string(out, "\n  names      "));
    TRY(display_names(&held->names, out));
    TRY(buf_printf(out, "\n  approvals  %lld of %lld", (long long)held->approved,
                   (long long)held->approvals));
    TRY(buf_append_string(out, "\n  until      "));
    TRY(display_time(held->expires, out));
    TRY(buf_append_string(out, "\n  at         "));
    TRY(display_text(url, out));
    return buf_append_string(out,
                             "\n\nTell the code to an administrator, who sees the same with "
                             "signetctl request list.\n");
}

void waiting_begins(const struct held *held, const char *url) {
    AUTO(buf_clear) struct buf text = {0};
    buf_init(&text, NOTE_BYTES);
    if (write_held(held, url, &text) == RESULT_OK) {
        print_note(&text);
    }
}

void waiting_goes_on(const struct held *held, int64_t seconds) {
    AUTO(buf_clear) struct buf text = {0};
    buf_init(&text, NOTE_BYTES);
    if (isatty(STDERR_FILENO) &&
        buf_printf(&text, "\rStill waiting after %lld:%02lld, %lld of %lld approvals. ",
                   (long long)seconds / 60, (long long)seconds % 60, (long long)held->approved,
                   (long long)held->approvals) == RESULT_OK) {
        print_note(&text);
    }
}

void waiting_has_trouble(const struct error *reason, int64_t seconds) {
    struct error note = *reason;
    error_hint(&note, "Trying again in %lld seconds.", (long long)seconds);
    outcome_report(program_invocation_short_name, &note);
}
