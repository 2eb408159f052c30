// signetctl request list and show: what waits for a decision, and what became of it.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "client/admin/signetctl_request.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "client/connect/api.h"
#include "client/terminal/display.h"
#include "client/terminal/program.h"

#define FILTER_OPTIONS                                                                         \
    {"profile", "NAME", "of this profile", false, false},                                      \
        {"name", "NAME", "that carry this name, like cn:jjolie", false, false},                \
        {"prefix", "TEXT", "with a name that begins so, like cn:tracker-", false, false}, {    \
        "from", "ADDRESS", "that came from this address", false, false                         \
    }

const struct option request_list_options[] = {
    {"state", "STATE", "pending (default), approved, denied, expired or all", false, false},
    FILTER_OPTIONS,
    {"code", "CODE", "with this code, which the device shows, too", false, false},
    {"key", "SHA256", "of this public key", false, false},
    {"limit", "N", "no more than this many", false, false},
    {0},
};

const struct option request_approve_options[] = {
    {"all", NULL, "all that wait and are of the profile and so on below", false, false},
    FILTER_OPTIONS,
    {"yes", NULL, "do not ask", false, false},
    {0},
};

const struct option request_deny_options[] = {
    {"reason", "TEXT", "told to the device", false, false},
    {"all", NULL, "all that wait and are of the profile and so on below", false, false},
    FILTER_OPTIONS,
    {"yes", NULL, "do not ask", false, false},
    {0},
};

// --- finding -----------------------------------------------------------------------------

static const struct listing request_listing = {
    .operation = OPERATION_REQUEST_LIST,
    .page = &request_page_type,
    .record = &request_info_type,
    .records_offset = offsetof(struct request_page, requests),
    .next_offset = offsetof(struct request_page, next),
    .after_offset = offsetof(struct request_list, after),
    .limit_offset = offsetof(struct request_list, limit),
};

static enum result set_if_given(const struct arguments *arguments, const char *option,
                                char **member) {
    const char *value = arguments_value(arguments, option);
    return value != NULL ? text_set(member, value) : RESULT_OK;
}

// A code as people write it down: in any case, O and I for the digits they look like.
static enum result set_code(const char *text, char **member) {
    TRY(text_set(member, text));
    for (char *at = *member; *at != '\0'; at++) {
        const char upper = *at >= 'a' && *at <= 'z' ? (char)(*at - 'a' + 'A') : *at;
        *at = (char)(upper == 'O' ? '0' : upper == 'I' || upper == 'L' ? '1' : upper);
    }
    return RESULT_OK;
}

static enum result fill_filter(const struct arguments *arguments, const char *state,
                               struct request_list *request) {
    TRY(state != NULL ? text_set(&request->state, state) : RESULT_OK);
    TRY(set_if_given(arguments, "profile", &request->profile));
    TRY(set_if_given(arguments, "name", &request->name));
    TRY(set_if_given(arguments, "prefix", &request->prefix));
    TRY(set_if_given(arguments, "from", &request->address));
    const char *code = arguments_value(arguments, "code");
    TRY(code != NULL ? set_code(code, &request->code) : RESULT_OK);
    return set_if_given(arguments, "key", &request->key);
}

enum result request_collect(const struct arguments *arguments, struct session *session,
                            const char *state, int64_t limit, struct request_page *page,
                            struct error *err) {
    struct request_list request = {0};
    enum result result = fill_filter(arguments, state, &request) == RESULT_OK
                             ? RESULT_OK
                             : error_out_of_memory(err);
    if (result == RESULT_OK) {
        result = session_list(session, &request_listing, limit, &request, page, err);
    }
    message_clear(&request_list_type, &request);
    return result;
}

static enum result show_by_id(struct session *session, const char *id,
                              struct request_info *out_info, struct error *err) {
    struct request_show request = {0};
    enum result result = text_set(&request.id, id);
    if (result == RESULT_OK) {
        result = api_call(&session->exchange, OPERATION_REQUEST_SHOW, &request, out_info, err);
    }
    message_clear(&request_show_type, &request);
    return result;
}

static enum result refuse_code(const char *code, const struct request_page *page,
                               struct error *err) {
    if (page->requests.count == 0) {
        (void)error_set_code(err, RESULT_NOT_FOUND, "not_found",
                             "no request has the code %.20s", code);
        error_hint(err, "signetctl request list shows what waits.");
        return refused_by_authority(err);
    }
    AUTO(buf_clear) struct buf text = {0};
    AUTO(table_clear) struct table table = {0};
    buf_init(&text, PRINT_BYTES);
    TRY(request_fill_table(page, &table));
    TRY(table_write(&table, &text));
    (void)fputs(buf_string(&text), stderr);
    (void)error_set_code(err, RESULT_CONFLICT, "code_ambiguous",
                         "%zu requests have the code %.20s", page->requests.count, code);
    error_hint(err, "Name the one you mean by its id.");
    return RESULT_CONFLICT;
}

// A code is short, so several keys may have one: then nobody may guess.
static enum result show_by_code(struct session *session, const char *code,
                                struct request_info *out_info, struct error *err) {
    struct request_list request = {0};
    struct request_page page = {0};
    enum result result = set_code(code, &request.code);
    if (result == RESULT_OK) {
        result = session_list(session, &request_listing, 0, &request, &page, err);
    }
    if (result == RESULT_OK && page.requests.count != 1) {
        result = refuse_code(code, &page, err);
    }
    if (result == RESULT_OK) {
        const struct request_info *found = page.requests.items;
        result = show_by_id(session, found->id, out_info, err);
    }
    message_clear(&request_list_type, &request);
    message_clear(&request_page_type, &page);
    return result;
}

enum result request_find(struct session *session, const char *word,
                         struct request_info *out_info, struct error *err) {
    return strchr(word, '-') != NULL ? show_by_code(session, word, out_info, err)
                                     : show_by_id(session, word, out_info, err);
}

// --- list --------------------------------------------------------------------------------

static enum result add_age_cell(struct table *table, int64_t created) {
    AUTO(buf_clear) struct buf age = {0};
    buf_init(&age, 32);
    const int64_t seconds = clock_now() - created;
    const int64_t unit = seconds < 120      ? 1
                         : seconds < 7200   ? 60
                         : seconds < 172800 ? 3600
                                            : 86400;
    const char *name = unit == 1 ? "s" : unit == 60 ? "m" : unit == 3600 ? "h" : "d";
    TRY(buf_printf(&age, "%lld%s", (long long)(seconds < 0 ? 0 : seconds / unit), name));
    return table_add_buf(table, &age);
}

static enum result add_row(struct table *table, const struct request_info *request) {
    AUTO(buf_clear) struct buf approvals = {0};
    buf_init(&approvals, 64);
    TRY(table_add(table, request->code));
    TRY(table_add(table, request->state));
    TRY(table_add(table, request->profile));
    TRY(add_names_cell(table, &request->names));
    TRY(table_add(table, request->address != NULL ? request->address : ""));
    TRY(add_age_cell(table, request->created));
    TRY(buf_printf(&approvals, "%zu of %lld", request->approved_by.count,
                   (long long)request->approvals));
    TRY(table_add_buf(table, &approvals));
    TRY(add_number_cell(table, (int64_t)request->warnings.count));
    return table_add(table, request->id);
}

enum result request_fill_table(const struct request_page *page, struct table *table) {
    static const char *const headings[] = {"CODE", "STATE",    "PROFILE",  "NAMES", "FROM",
                                           "AGE",  "APPROVED", "WARNINGS", "ID",    NULL};
    TRY(table_init(table, headings));
    const struct request_info *requests = page->requests.items;
    for (size_t i = 0; i < page->requests.count; i++) {
        TRY(add_row(table, &requests[i]));
    }
    return RESULT_OK;
}

static enum result print_requests(const struct request_page *page, struct error *err) {
    AUTO(table_clear) struct table table = {0};
    TRY(request_fill_table(page, &table));
    return print_table(&table, err);
}

static enum result list(const struct arguments *arguments, struct request_page *page,
                        struct error *err) {
    static const char *const states[] = {"pending", "approved", "denied",
                                         "expired", "all",      NULL};
    const char *state = arguments_value(arguments, "state");
    const bool is_search =
        arguments_have(arguments, "code") || arguments_have(arguments, "key");
    int64_t limit = 0;
    TRY(arguments_choice(arguments, "state", states, err));
    TRY(arguments_integer(arguments, "limit", 1, INT64_MAX, 0, &limit, err));
    if (state == NULL) {
        state = is_search ? "all" : "pending";
    }
    AUTO(session_close) struct session session = {0};
    TRY(session_open(arguments, &session, err));
    TRY(request_collect(arguments, &session, strcmp(state, "all") == 0 ? NULL : state, limit,
                        page, err));
    bool is_printed = false;
    TRY(print_if_json(arguments, &request_page_type, page, &is_printed, err));
    return is_printed ? RESULT_OK : print_requests(page, err);
}

enum result run_request_list(const struct arguments *arguments, struct error *err) {
    struct request_page page = {0};
    const enum result result = list(arguments, &page, err);
    message_clear(&request_page_type, &page);
    return result;
}

// --- show --------------------------------------------------------------------------------

static bool list_has(const struct text_list *list, const char *text) {
    for (size_t i = 0; i < list->count; i++) {
        if (strcmp(list->items[i], text) == 0) {
            return true;
        }
    }
    return false;
}

// Of a name that was asked for. Who asks without showing anything has no grant before there is a
// decision, which is about the names as they are.
static const char *grant_of(const struct request_info *request, const char *name) {
    if (strcmp(request->requested_by, "anyone") != 0) {
        return list_has(&request->granted, name) ? "granted" : "";
    }
    return strcmp(request->state, "pending") == 0 ? "your decision" : request->state;
}

static enum result add_comparison_row(struct table *table, const char *name, const char *asked,
                                      const char *grant) {
    TRY(table_add(table, name));
    TRY(table_add(table, asked));
    return table_add(table, grant);
}

// Side by side: each name that was asked for, and what is granted beyond that.
static enum result write_comparison(const struct request_info *request, struct buf *out) {
    static const char *const headings[] = {"NAME", "CSR", "GRANT", NULL};
    AUTO(table_clear) struct table table = {0};
    TRY(table_init(&table, headings));
    for (size_t i = 0; i < request->asked.count; i++) {
        const char *name = request->asked.items[i];
        TRY(add_comparison_row(&table, name, "asked", grant_of(request, name)));
    }
    for (size_t i = 0; i < request->granted.count; i++) {
        const char *name = request->granted.items[i];
        if (!list_has(&request->asked, name)) {
            TRY(add_comparison_row(&table, name, "", "granted"));
        }
    }
    TRY(buf_append_byte(out, '\n'));
    return table_write(&table, out);
}

static enum result write_list(struct buf *out, const char *label,
                              const struct text_list *list) {
    for (size_t i = 0; i < list->count; i++) {
        TRY(add_line(out, i == 0 ? label : "", list->items[i]));
    }
    return RESULT_OK;
}

static enum result write_approvals(const struct request_info *request, struct buf *out) {
    AUTO(buf_clear) struct buf text = {0};
    buf_init(&text, 128);
    TRY(buf_printf(&text, "%zu of %lld", request->approved_by.count,
                   (long long)request->approvals));
    TRY(add_line(out, "approvals", buf_string(&text)));
    return write_list(out, "approved by", &request->approved_by);
}

enum result request_write(const struct request_info *request, struct buf *out) {
    TRY(add_line(out, "code", request->code));
    TRY(add_line(out, "id", request->id));
    TRY(add_line(out, "state", request->state));
    TRY(add_line(out, "profile", request->profile));
    TRY(add_names_line(out, "certificate for", &request->names));
    TRY(add_line(out, "key", request->key_algorithm));
    TRY(add_line(out, "key fingerprint", request->key_fingerprint));
    TRY(add_line(out, "from", request->address));
    TRY(add_line(out, "requested by", request->requested_by));
    TRY(add_time_line(out, "since", request->created));
    TRY(add_time_line(out, "until", request->expires));
    TRY(write_approvals(request, out));
    TRY(add_line(out, "decided by", request->decided_by));
    TRY(add_time_line(out, "decided at", request->decided_at));
    TRY(add_line(out, "reason", request->reason));
    TRY(add_line(out, "certificate", request->serial));
    TRY(write_list(out, "warning", &request->warnings));
    return request->asked.count + request->granted.count > 0 ? write_comparison(request, out)
                                                             : RESULT_OK;
}

static enum result show(const struct arguments *arguments, struct request_info *info,
                        struct error *err) {
    AUTO(session_close) struct session session = {0};
    AUTO(buf_clear) struct buf text = {0};
    bool is_printed = false;
    buf_init(&text, PRINT_BYTES);
    TRY(session_open(arguments, &session, err));
    TRY(request_find(&session, arguments->operands[0], info, err));
    TRY(print_if_json(arguments, &request_info_type, info, &is_printed, err));
    if (is_printed) {
        return RESULT_OK;
    }
    TRY(request_write(info, &text));
    return program_print(&text, err);
}

enum result run_request_show(const struct arguments *arguments, struct error *err) {
    struct request_info info = {0};
    const enum result result = show(arguments, &info, err);
    message_clear(&request_info_type, &info);
    return result;
}
