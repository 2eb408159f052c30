// The command `signet status`: what is installed here, what waits, and whether it is of use.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "client/signet_status.h"

#include <string.h>

#include "base/limits.h"
#include "client/connect/credential.h"
#include "client/device/status.h"
#include "client/terminal/display.h"
#include "client/terminal/program.h"
#include "client/terminal/table.h"

#define PRINT_BYTES (64 * 1024 * 1024)

const struct option signet_status_options[] = {
    {"dir", "DIR", "where credentials are kept (default: see the man page)", false, false},
    {"json", NULL, "one JSON object for programs", false, false},
    {0},
};

static enum result add_reason(struct buf *cell, const char *before, const char *reason) {
    return reason != NULL ? buf_printf(cell, "%s%s", before, reason) : RESULT_OK;
}

static enum result add_status_row(struct table *table, const struct credential_status *line) {
    AUTO(buf_clear) struct buf cell = {0};
    buf_init(&cell, (size_t)LIMIT_NAMES * LIMIT_NAME_BYTES);
    TRY(table_add(table, line->name));
    TRY(display_names(&line->names, &cell));
    TRY(table_add_buf(table, &cell));
    TRY(table_add(table, line->profile != NULL ? line->profile : ""));
    TRY(display_time(line->not_after, &cell));
    TRY(table_add_buf(table, &cell));
    TRY(display_time(line->next, &cell));
    TRY(table_add_buf(table, &cell));
    TRY(table_add(table, line->hook != NULL ? line->hook : ""));
    TRY(buf_append_string(&cell, line->state));
    TRY(add_reason(&cell, ": ", line->problem));
    TRY(add_reason(&cell, ", last try: ", line->last_error));
    TRY(add_reason(&cell, ", hook: ", line->hook_error));
    return table_add_buf(table, &cell);
}

static enum result add_pending_row(struct table *table, const struct enrollment_status *line) {
    AUTO(buf_clear) struct buf cell = {0};
    buf_init(&cell, (size_t)LIMIT_NAMES * LIMIT_NAME_BYTES);
    TRY(table_add(table, line->code));
    TRY(display_names(&line->names, &cell));
    TRY(table_add_buf(table, &cell));
    TRY(table_add(table, line->profile != NULL ? line->profile : ""));
    TRY(display_time(line->created, &cell));
    TRY(table_add_buf(table, &cell));
    TRY(display_time(line->expires, &cell));
    TRY(table_add_buf(table, &cell));
    TRY(table_add(table, line->url));
    return table_add(table, line->state);
}

// Those that wait, below the credentials.
static enum result add_pending(const struct status_page *page, struct buf *text) {
    static const char *const headings[] = {"CODE",    "NAMES", "PROFILE", "SINCE",
                                           "EXPIRES", "AT",    "STATE",   NULL};
    AUTO(table_clear) struct table table = {0};
    if (page->pending.count == 0) {
        return RESULT_OK;
    }
    const struct enrollment_status *lines = page->pending.items;
    TRY(table_init(&table, headings));
    for (size_t i = 0; i < page->pending.count; i++) {
        TRY(add_pending_row(&table, &lines[i]));
    }
    TRY(buf_append_string(text, "\nPending enrollments:\n"));
    return table_write(&table, text);
}

// Too long for a column: of the one that is asked for.
static enum result add_key(const struct status_page *page, struct buf *text) {
    const struct credential_status *line = page->credentials.items;
    return line->key_fingerprint != NULL
               ? buf_printf(text, "\nSHA-256 of the public key: %s\n", line->key_fingerprint)
               : RESULT_OK;
}

static enum result print_status(const struct status_page *page, const char *folder, bool is_one,
                                struct error *err) {
    static const char *const headings[] = {"NAME",         "NAMES", "PROFILE", "VALID UNTIL",
                                           "NEXT RENEWAL", "HOOK",  "STATE",   NULL};
    AUTO(table_clear) struct table table = {0};
    AUTO(buf_clear) struct buf text = {0};
    buf_init(&text, PRINT_BYTES);
    TRY(table_init(&table, headings));
    const struct credential_status *lines = page->credentials.items;
    for (size_t i = 0; i < page->credentials.count; i++) {
        TRY(add_status_row(&table, &lines[i]));
    }
    if (page->credentials.count > 0) {
        TRY(table_write(&table, &text));
    } else {
        TRY(buf_printf(&text, "There are no credentials in %s.\n", folder));
    }
    TRY(is_one ? add_key(page, &text) : RESULT_OK);
    TRY(add_pending(page, &text));
    return program_print(&text, err);
}

// What is of no use now, and what to do where the line itself does not say.
static const struct {
    const char *state, *hint;
} unusable[] = {
    {"unsafe", ""},
    {"damaged", ""},
    {"revoked", "Enroll anew with a new token and --force."},
    {"held", "An administrator releases or revokes it."},
    {"expired", "signet renew gets the next one, or where it is too late a new token and "
                "signet enroll --force."},
    {"future", "Is the clock of this machine right?"},
};

// NULL: of use.
static const char *hint_for(const struct credential_status *line) {
    for (size_t i = 0; i < sizeof(unusable) / sizeof(unusable[0]); i++) {
        if (strcmp(line->state, unusable[i].state) == 0) {
            return line->hint != NULL ? line->hint : unusable[i].hint;
        }
    }
    return NULL;
}

// For the exit status.
static enum result require_usable(const struct status_page *page, struct error *err) {
    const struct credential_status *lines = page->credentials.items;
    const struct credential_status *first = NULL;
    size_t count = 0;
    for (size_t i = 0; i < page->credentials.count; i++) {
        if (hint_for(&lines[i]) != NULL) {
            first = first != NULL ? first : &lines[i];
            count++;
        }
    }
    if (first == NULL) {
        return RESULT_OK;
    }
    (void)error_set_code(err, RESULT_UNAVAILABLE, "not_usable",
                         "%zu of %zu credentials are of no use now; %s is %s", count,
                         page->credentials.count, first->name, first->state);
    error_hint(err, "%s", hint_for(first));
    return RESULT_UNAVAILABLE;
}

enum result signet_run_status(const struct arguments *arguments, struct error *err) {
    AUTO(buf_clear) struct buf folder = {0};
    buf_init(&folder, LIMIT_PATH_BYTES);
    TRY(credentials_folder(arguments_value(arguments, "dir"), &folder, err));
    const char *name = arguments->operand_count > 0 ? arguments->operands[0] : NULL;
    struct status_page page = {0};
    TRY(status_collect(buf_string(&folder), name, &page, err));
    enum result result = arguments_have(arguments, "json")
                             ? program_print_json(&status_page_type, &page, err)
                             : print_status(&page, buf_string(&folder), name != NULL, err);
    if (result == RESULT_OK) {
        result = require_usable(&page, err);
    }
    message_clear(&status_page_type, &page);
    return result;
}
