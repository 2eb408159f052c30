// signetctl rule import, list and remove: devices that are approved at once.
// SPDX-License-Identifier: GPL-3.0-or-later
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/limits.h"
#include "client/connect/api.h"
#include "client/admin/device_list.h"
#include "client/terminal/display.h"
#include "client/terminal/outcome.h"
#include "client/terminal/program.h"
#include "client/admin/signetctl.h"

// What an entry takes in JSON beside its texts: member names, quotes, commas.
#define ENTRY_FRAME_BYTES 64
// Escaping may double some texts, so a batch stays well below a request's body.
#define BATCH_BYTES (LIMIT_HTTP_REQUEST_BODY_BYTES / 3)

static enum result require_profile(const struct arguments *arguments, const char **out_profile,
                                   struct error *err) {
    *out_profile = arguments_value(arguments, "profile");
    if (*out_profile != NULL) {
        return RESULT_OK;
    }
    (void)arguments_refuse(err, "profile", "%s needs it", arguments->command->name);
    error_hint(err, "signetctl authority lists the profiles.");
    return RESULT_INVALID;
}

// --- import ------------------------------------------------------------------------------

const struct option rule_import_options[] = {
    {"profile", "NAME", "the kind of certificate that these devices get", false, false},
    {"label", "TEXT", "a note for administrators", false, false},
    {0},
};

static size_t size_of(const struct rule_entry *entry) {
    size_t size = ENTRY_FRAME_BYTES + strlen(entry->value);
    for (size_t i = 0; i < entry->names.count; i++) {
        size += strlen(entry->names.items[i]) + 3;
    }
    return size;
}

// How many of the entries from `first` on go into one request; at least one.
static size_t batch_of(const struct record_list *all, size_t first) {
    const struct rule_entry *entries = all->items;
    size_t size = size_of(&entries[first]);
    size_t count = 1;
    while (first + count < all->count && count < LIMIT_RULES_AT_ONCE) {
        size += size_of(&entries[first + count]);
        if (size > BATCH_BYTES) {
            break;
        }
        count++;
    }
    return count;
}

static void show_progress(size_t done, size_t count) {
    if (isatty(STDERR_FILENO)) {
        (void)fprintf(stderr, "\r%zu of %zu%s", done, count, done == count ? "\n" : "");
    }
}

static enum result send_all(const struct arguments *arguments, struct session *session,
                            const struct record_list *all, struct rule_added *sum,
                            struct error *err) {
    struct rule_entry *entries = all->items;
    for (size_t first = 0; first < all->count;) {
        const size_t count = batch_of(all, first);
        // A view: nothing of it is owned here, so it is not cleared.
        const struct rule_add request = {.profile =
                                             (char *)arguments_value(arguments, "profile"),
                                         .label = (char *)arguments_value(arguments, "label"),
                                         .entries = {.items = &entries[first], .count = count}};
        struct rule_added reply = {0};
        const enum result result =
            api_call(&session->exchange, OPERATION_RULE_ADD, &request, &reply, err);
        if (result != RESULT_OK) {
            error_context(err, "after %zu of %zu devices", first, all->count);
            return result;
        }
        sum->added += reply.added;
        sum->known += reply.known;
        sum->approved += reply.approved;
        first += count;
        show_progress(first, all->count);
    }
    return RESULT_OK;
}

static void report_row(const struct error *reason) {
    outcome_report("signetctl", reason);
}

static enum result print_added(const struct rule_added *sum, struct error *err) {
    AUTO(buf_clear) struct buf text = {0};
    buf_init(&text, 256);
    TRY(buf_printf(&text, "%lld added, %lld were there already\n", (long long)sum->added,
                   (long long)sum->known));
    if (sum->approved > 0) {
        TRY(buf_printf(&text, "%lld of them waited, and are approved\n",
                       (long long)sum->approved));
    }
    return program_print(&text, err);
}

static enum result import(const struct arguments *arguments, struct record_list *entries,
                          struct error *err) {
    AUTO(buf_clear) struct buf text = {0};
    AUTO(session_close) struct session session = {0};
    const char *profile = NULL;
    struct rule_added sum = {0};
    buf_init(&text, DEVICE_LIST_BYTES);
    TRY(require_profile(arguments, &profile, err));
    TRY(file_read(arguments->operands[0], &text, err));
    const enum result result = device_list_read(buf_bytes(&text), report_row, entries, err);
    if (result != RESULT_OK) {
        error_context(err, "%s", arguments->operands[0]);
        return result;
    }
    TRY(session_open(arguments, &session, err));
    TRY(send_all(arguments, &session, entries, &sum, err));
    return print_added(&sum, err);
}

enum result run_rule_import(const struct arguments *arguments, struct error *err) {
    struct rule_add all = {0};
    const enum result result = import(arguments, &all.entries, err);
    message_clear(&rule_add_type, &all);
    return result;
}

// --- list --------------------------------------------------------------------------------

const struct option rule_list_options[] = {
    {"profile", "NAME", "of this profile", false, false},
    {"state", "STATE", "open (nobody came yet) or used", false, false},
    {"value", "TEXT", "the device with this serial number or fingerprint", false, false},
    {"limit", "N", "no more than this many", false, false},
    {0},
};

static const struct listing rule_listing = {
    .operation = OPERATION_RULE_LIST,
    .page = &rule_page_type,
    .record = &rule_info_type,
    .records_offset = offsetof(struct rule_page, rules),
    .next_offset = offsetof(struct rule_page, next),
    .after_offset = offsetof(struct rule_list, after),
    .limit_offset = offsetof(struct rule_list, limit),
};

static enum result print_rules(const struct rule_page *page, struct error *err) {
    static const char *const headings[] = {"PROFILE", "KIND", "VALUE", "NAMES", "CERTIFICATE",
                                           "SINCE",   "BY",   "LABEL", NULL};
    AUTO(table_clear) struct table table = {0};
    TRY(table_init(&table, headings));
    const struct rule_info *rules = page->rules.items;
    for (size_t i = 0; i < page->rules.count; i++) {
        TRY(table_add(&table, rules[i].profile));
        TRY(table_add(&table, rules[i].kind));
        TRY(table_add(&table, rules[i].value));
        TRY(add_names_cell(&table, &rules[i].names));
        TRY(table_add(&table, rules[i].serial != NULL ? rules[i].serial : ""));
        TRY(add_time_cell(&table, rules[i].created));
        TRY(table_add(&table, rules[i].created_by != NULL ? rules[i].created_by : ""));
        TRY(table_add(&table, rules[i].label != NULL ? rules[i].label : ""));
    }
    return print_table(&table, err);
}

static enum result list(const struct arguments *arguments, struct rule_list *request,
                        struct rule_page *whole, struct error *err) {
    static const char *const states[] = {"open", "used", NULL};
    const char *profile = arguments_value(arguments, "profile");
    const char *state = arguments_value(arguments, "state");
    const char *value = arguments_value(arguments, "value");
    int64_t limit = 0;
    bool is_printed = false;
    TRY(arguments_choice(arguments, "state", states, err));
    TRY(arguments_integer(arguments, "limit", 1, INT64_MAX, 0, &limit, err));
    TRY(profile != NULL ? text_set(&request->profile, profile) : RESULT_OK);
    TRY(state != NULL ? text_set(&request->state, state) : RESULT_OK);
    TRY(value != NULL ? text_set(&request->value, value) : RESULT_OK);
    AUTO(session_close) struct session session = {0};
    TRY(session_open(arguments, &session, err));
    TRY(session_list(&session, &rule_listing, limit, request, whole, err));
    TRY(print_if_json(arguments, &rule_page_type, whole, &is_printed, err));
    return is_printed ? RESULT_OK : print_rules(whole, err);
}

enum result run_rule_list(const struct arguments *arguments, struct error *err) {
    struct rule_list request = {0};
    struct rule_page whole = {0};
    const enum result result = list(arguments, &request, &whole, err);
    message_clear(&rule_list_type, &request);
    message_clear(&rule_page_type, &whole);
    return result;
}

// --- remove ------------------------------------------------------------------------------

const struct option rule_remove_options[] = {
    {"profile", "NAME", "the kind of certificate", false, false},
    {0},
};

static enum result print_removed(const struct arguments *arguments,
                                 const struct rule_info *rule, struct error *err) {
    bool is_printed = false;
    TRY(print_if_json(arguments, &rule_info_type, rule, &is_printed, err));
    if (is_printed) {
        return RESULT_OK;
    }
    AUTO(buf_clear) struct buf text = {0};
    buf_init(&text, PRINT_BYTES);
    TRY(buf_append_string(&text, "Removed "));
    TRY(display_text(rule->value, &text));
    TRY(buf_append_string(&text, rule->serial != NULL
                                     ? "; its certificate stays valid until it is revoked\n"
                                     : "\n"));
    return program_print(&text, err);
}

enum result run_rule_remove(const struct arguments *arguments, struct error *err) {
    static const char *const kinds[] = {"key", "serial", NULL};
    const char *profile = NULL;
    TRY(require_profile(arguments, &profile, err));
    if (strcmp(arguments->operands[0], kinds[0]) != 0 &&
        strcmp(arguments->operands[0], kinds[1]) != 0) {
        return error_set_code(err, RESULT_INVALID, "usage",
                              "rule remove: '%.40s' is none of key, serial",
                              arguments->operands[0]);
    }
    // A view: nothing of it is owned here, so it is not cleared.
    const struct rule_remove request = {.profile = (char *)profile,
                                        .kind = (char *)arguments->operands[0],
                                        .value = (char *)arguments->operands[1]};
    struct rule_info reply = {0};
    enum result result = session_call(arguments, OPERATION_RULE_REMOVE, &request, &reply, err);
    if (result == RESULT_OK) {
        result = print_removed(arguments, &reply, err);
    }
    message_clear(&rule_info_type, &reply);
    return result;
}
