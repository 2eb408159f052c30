// signetctl request approve and deny: one by one, or all that a filter selects.
// SPDX-License-Identifier: GPL-3.0-or-later
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "client/connect/api.h"
#include "client/terminal/display.h"
#include "client/terminal/outcome.h"
#include "client/terminal/program.h"
#include "client/admin/signetctl_request.h"

// The two decisions differ in these.
struct decision {
    const char *verb; // in questions
    const char *done; // in what is told
    enum result (*send)(const struct arguments *arguments, struct session *session,
                        const struct request_info *seen, struct request_info *out_info,
                        struct error *err);
};

// --- one decision ------------------------------------------------------------------------

// Bound to what was shown: had it changed meanwhile, the authority would refuse.
static enum result send_approval(const struct arguments *arguments, struct session *session,
                                 const struct request_info *seen, struct request_info *out_info,
                                 struct error *err) {
    (void)arguments;
    // A view: nothing of it is owned here, so it is not cleared.
    const struct request_approve request = {.id = seen->id, .digest = seen->digest};
    return api_call(&session->exchange, OPERATION_REQUEST_APPROVE, &request, out_info, err);
}

static enum result send_denial(const struct arguments *arguments, struct session *session,
                               const struct request_info *seen, struct request_info *out_info,
                               struct error *err) {
    struct request_deny request = {0};
    const char *reason = arguments_value(arguments, "reason");
    enum result result = text_set(&request.id, seen->id);
    if (result == RESULT_OK && reason != NULL) {
        result = text_set(&request.reason, reason);
    }
    if (result == RESULT_OK) {
        result = api_call(&session->exchange, OPERATION_REQUEST_DENY, &request, out_info, err);
    }
    message_clear(&request_deny_type, &request);
    return result;
}

static const struct decision approval = {"Approve", "Approved", send_approval};
static const struct decision denial = {"Deny", "Denied", send_denial};

static enum result print_decided(const struct decision *decision,
                                 const struct request_info *info, struct error *err) {
    AUTO(buf_clear) struct buf text = {0};
    buf_init(&text, PRINT_BYTES);
    TRY(buf_printf(&text, "%s ", decision->done));
    TRY(display_text(info->code, &text));
    TRY(buf_append_string(&text, " ("));
    TRY(display_names(&info->names, &text));
    TRY(buf_append_byte(&text, ')'));
    if (strcmp(info->state, "pending") == 0) {
        TRY(buf_printf(&text, "; %zu of %lld approvals, it still waits",
                       info->approved_by.count, (long long)info->approvals));
    } else if (info->serial != NULL) {
        TRY(buf_append_string(&text, ": certificate "));
        TRY(display_text(info->serial, &text));
    }
    TRY(buf_append_byte(&text, '\n'));
    return program_print(&text, err);
}

static enum result decide(const struct arguments *arguments, const struct decision *decision,
                          struct session *session, const struct request_info *seen,
                          struct error *err) {
    struct request_info info = {0};
    bool is_printed = false;
    enum result result = decision->send(arguments, session, seen, &info, err);
    if (result == RESULT_OK) {
        result = print_if_json(arguments, &request_info_type, &info, &is_printed, err);
    }
    if (result == RESULT_OK && !is_printed) {
        result = print_decided(decision, &info, err);
    }
    message_clear(&request_info_type, &info);
    return result;
}

// --- asking first ------------------------------------------------------------------------

// True when the person says yes; whoever just presses return has not.
static bool is_confirmed(const char *question, size_t count) {
    char answer[16] = "";
    (void)fprintf(stderr, "%s %zu request%s? [y/N] ", question, count, count == 1 ? "" : "s");
    (void)fflush(stderr);
    return fgets(answer, sizeof(answer), stdin) != NULL &&
           (answer[0] == 'y' || answer[0] == 'Y');
}

static enum result confirm(const struct arguments *arguments, const struct decision *decision,
                           size_t count, struct error *err) {
    if (arguments_have(arguments, "yes")) {
        return RESULT_OK;
    }
    if (!isatty(STDIN_FILENO)) {
        return arguments_have(arguments, "all")
                   ? arguments_refuse(err, "all",
                                      "needs --yes where nobody can be asked; nothing was done")
                   : RESULT_OK; // the line names each one
    }
    return is_confirmed(decision->verb, count)
               ? RESULT_OK
               : error_set_code(err, RESULT_CONFLICT, "local", "nothing was done");
}

static void show_on_terminal(const struct arguments *arguments, const struct buf *text) {
    if (!arguments_have(arguments, "json")) {
        (void)fputs(buf_string(text), stderr);
    }
}

static enum result preview_one(const struct arguments *arguments,
                               const struct request_info *info) {
    AUTO(buf_clear) struct buf text = {0};
    buf_init(&text, PRINT_BYTES);
    TRY(request_write(info, &text));
    TRY(buf_append_byte(&text, '\n'));
    show_on_terminal(arguments, &text);
    return RESULT_OK;
}

static enum result preview_all(const struct arguments *arguments,
                               const struct request_page *page) {
    AUTO(buf_clear) struct buf text = {0};
    AUTO(table_clear) struct table table = {0};
    buf_init(&text, PRINT_BYTES);
    TRY(request_fill_table(page, &table));
    TRY(table_write(&table, &text));
    show_on_terminal(arguments, &text);
    return RESULT_OK;
}

// --- many --------------------------------------------------------------------------------

static void show_progress(size_t done, size_t count) {
    if (isatty(STDERR_FILENO) && (done % 50 == 0 || done == count)) {
        (void)fprintf(stderr, "%zu of %zu\n", done, count);
    }
}

// Goes on behind a failure: each request is decided on its own.
static enum result decide_each(const struct arguments *arguments,
                               const struct decision *decision, struct session *session,
                               const struct request_page *page, struct error *err) {
    const struct request_info *requests = page->requests.items;
    size_t failures = 0;
    for (size_t i = 0; i < page->requests.count; i++) {
        struct error reason = {0};
        if (decide(arguments, decision, session, &requests[i], &reason) != RESULT_OK) {
            error_context(&reason, "%s", requests[i].code);
            outcome_report("signetctl", &reason);
            failures++;
        }
        show_progress(i + 1, page->requests.count);
    }
    if (failures == 0) {
        return RESULT_OK;
    }
    (void)error_set_code(err, RESULT_CONFLICT, "local", "%zu of %zu failed, as told above",
                         failures, page->requests.count);
    error_hint(err, "The others are done. What failed is still there: signetctl request list.");
    return RESULT_CONFLICT;
}

static enum result run_all(const struct arguments *arguments, const struct decision *decision,
                           struct session *session, struct request_page *page,
                           struct error *err) {
    TRY(request_collect(arguments, session, "pending", 0, page, err));
    if (page->requests.count == 0) {
        (void)error_set_code(err, RESULT_NOT_FOUND, "not_found", "no such request waits");
        error_hint(err, "signetctl request list shows what waits.");
        return refused_by_authority(err);
    }
    TRY(preview_all(arguments, page));
    TRY(confirm(arguments, decision, page->requests.count, err));
    return decide_each(arguments, decision, session, page, err);
}

static enum result run_named(const struct arguments *arguments, const struct decision *decision,
                             struct session *session, struct request_page *page,
                             struct error *err) {
    for (size_t i = 0; i < arguments->operand_count; i++) {
        void *room = NULL;
        if (record_add(&page->requests, &request_info_type, &room) != RESULT_OK) {
            return error_out_of_memory(err);
        }
        TRY(request_find(session, arguments->operands[i], room, err));
        TRY(preview_one(arguments, room));
    }
    TRY(confirm(arguments, decision, page->requests.count, err));
    const struct request_info *requests = page->requests.items;
    return page->requests.count == 1 ? decide(arguments, decision, session, requests, err)
                                     : decide_each(arguments, decision, session, page, err);
}

// A filter without --all, or beside names, would be taken for something it is not.
static enum result check(const struct arguments *arguments, struct error *err) {
    static const char *const filters[] = {"profile", "name", "prefix", "from", NULL};
    const bool wants_all = arguments_have(arguments, "all");
    size_t given = 0;
    for (size_t i = 0; filters[i] != NULL; i++) {
        given += arguments_have(arguments, filters[i]);
        if (!wants_all && arguments_have(arguments, filters[i])) {
            return arguments_refuse(err, filters[i], "goes with --all only");
        }
    }
    if (wants_all == (arguments->operand_count > 0)) {
        (void)error_set_code(err, RESULT_INVALID, "usage",
                             "%s: expected IDs or codes, or --all with a filter",
                             arguments->command->name);
        error_hint(err, "signetctl request list shows what waits.");
        return RESULT_INVALID;
    }
    if (wants_all && given == 0) {
        (void)arguments_refuse(err, "all", "needs a filter");
        error_hint(err, "Give one of --profile, --name, --prefix and --from.");
        return RESULT_INVALID;
    }
    return RESULT_OK;
}

static enum result run(const struct arguments *arguments, const struct decision *decision,
                       struct error *err) {
    TRY(check(arguments, err));
    AUTO(session_close) struct session session = {0};
    TRY(session_open(arguments, &session, err));
    struct request_page page = {0};
    const enum result result = arguments_have(arguments, "all")
                                   ? run_all(arguments, decision, &session, &page, err)
                                   : run_named(arguments, decision, &session, &page, err);
    message_clear(&request_page_type, &page);
    return result;
}

enum result run_request_approve(const struct arguments *arguments, struct error *err) {
    return run(arguments, &approval, err);
}

enum result run_request_deny(const struct arguments *arguments, struct error *err) {
    return run(arguments, &denial, err);
}
