// signetctl crl show, publish and diff.
// SPDX-License-Identifier: GPL-3.0-or-later
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/file.h"
#include "client/admin/crl_report.h"
#include "client/admin/signetctl.h"
#include "client/connect/api.h"
#include "client/terminal/display.h"
#include "client/terminal/program.h"
#include "x509/pem.h"

const struct option crl_show_options[] = {
    {"issuer", "NAME", "every entry of this CA's CRL: root, issuing, …", false, false},
    {0},
};

const struct option crl_diff_options[] = {
    {"issuer", "NAME", "compare with what is published for this CA now", false, false},
    {0},
};

// --- all of them -----------------------------------------------------------------------------

enum result write_crls(const struct record_list *crls, struct buf *out) {
    static const char *const headings[] = {"CRL OF",  "NUMBER", "HOLDS FROM", "HOLDS UNTIL",
                                           "REVOKED", "BYTES",  NULL};
    AUTO(table_clear) struct table table = {0};
    TRY(table_init(&table, headings));
    const struct crl_info *items = crls->items;
    for (size_t i = 0; i < crls->count; i++) {
        TRY(table_add(&table, items[i].issuer));
        TRY(add_number_cell(&table, items[i].number));
        TRY(add_time_cell(&table, items[i].this_update));
        TRY(add_time_cell(&table, items[i].next_update));
        TRY(add_number_cell(&table, items[i].entries));
        TRY(add_number_cell(&table, items[i].size));
    }
    return table_write(&table, out);
}

static enum result print_crls(const struct arguments *arguments, const struct crl_page *page,
                              struct error *err) {
    bool is_printed = false;
    TRY(print_if_json(arguments, &crl_page_type, page, &is_printed, err));
    if (is_printed) {
        return RESULT_OK;
    }
    AUTO(buf_clear) struct buf text = {0};
    buf_init(&text, PRINT_BYTES);
    TRY(write_crls(&page->crls, &text));
    return program_print(&text, err);
}

static enum result show_all(const struct arguments *arguments, struct error *err) {
    const struct nothing request = {};
    struct crl_page reply = {0};
    enum result result = session_call(arguments, OPERATION_CRL_SHOW, &request, &reply, err);
    if (result == RESULT_OK) {
        result = print_crls(arguments, &reply, err);
    }
    message_clear(&crl_page_type, &reply);
    return result;
}

// --- publishing ------------------------------------------------------------------------------

// A CRL of millions of entries is made between other requests.
#define WAIT_MILLISECONDS 200
#define WAIT_SECONDS_AT_MOST 600

static const struct crl_info *find_crl(const struct crl_page *page, const char *issuer) {
    const struct crl_info *items = page->crls.items;
    for (size_t i = 0; i < page->crls.count; i++) {
        if (strcmp(items[i].issuer, issuer) == 0) {
            return &items[i];
        }
    }
    return NULL;
}

// Whether every CRL that was still to be made has a successor.
static bool is_published(const struct crl_page *asked, const struct crl_page *now) {
    const struct crl_info *items = asked->crls.items;
    for (size_t i = 0; i < asked->crls.count; i++) {
        const struct crl_info *found = find_crl(now, items[i].issuer);
        if (items[i].is_being_replaced && found != NULL && found->number <= items[i].number) {
            return false;
        }
    }
    return true;
}

static void pause_shortly(void) {
    const struct timespec pause = {.tv_nsec = WAIT_MILLISECONDS * 1000000L};
    (void)nanosleep(&pause, NULL);
}

static enum result wait_until_published(struct session *session, const struct crl_page *asked,
                                        struct crl_page *page, struct error *err) {
    const struct nothing request = {};
    const int64_t until = clock_monotonic_milliseconds() + WAIT_SECONDS_AT_MOST * 1000;
    while (!is_published(asked, page)) {
        if (clock_monotonic_milliseconds() > until) {
            (void)error_set_code(err, RESULT_UNAVAILABLE, "server_unavailable",
                                 "the CRL is still being made");
            error_hint(err, "The authority's log says why; signetctl crl show looks again.");
            return RESULT_UNAVAILABLE;
        }
        pause_shortly();
        message_clear(&crl_page_type, page);
        TRY(api_call(&session->exchange, OPERATION_CRL_SHOW, &request, page, err));
    }
    return RESULT_OK;
}

static enum result publish(const struct arguments *arguments, struct crl_page *asked,
                           struct crl_page *page, struct error *err) {
    const struct nothing request = {};
    AUTO(session_close) struct session session = {0};
    TRY(session_open(arguments, &session, err));
    TRY(api_call(&session.exchange, OPERATION_CRL_PUBLISH, &request, asked, err));
    if (is_published(asked, asked)) {
        return print_crls(arguments, asked, err);
    }
    TRY(api_call(&session.exchange, OPERATION_CRL_SHOW, &request, page, err));
    TRY(wait_until_published(&session, asked, page, err));
    return print_crls(arguments, page, err);
}

enum result run_crl_publish(const struct arguments *arguments, struct error *err) {
    struct crl_page asked = {0}, page = {0};
    enum result result = publish(arguments, &asked, &page, err);
    message_clear(&crl_page_type, &asked);
    message_clear(&crl_page_type, &page);
    return result;
}

// --- one of them -----------------------------------------------------------------------------

static enum result take_part(const struct crl_part *part, struct crl_read *request,
                             struct buf *der, int64_t *out_previous, bool *out_is_whole,
                             struct error *err) {
    TRY(buf_append(der, blob_bytes(&part->der)));
    if (part->number <= 0 || part->der.size == 0 || (int64_t)der->size > part->size ||
        (request->number != 0 && part->number != request->number)) {
        return error_set_code(err, RESULT_INVALID, "answer",
                              "the authority sent parts that are of no one CRL");
    }
    request->number = part->number;
    request->offset = (int64_t)der->size;
    *out_previous = part->previous;
    *out_is_whole = (int64_t)der->size == part->size;
    return RESULT_OK;
}

// `number` 0: the last one. *out_previous is 0 when the one before it cannot be read.
static enum result fetch(struct session *session, const char *issuer, int64_t number,
                         struct buf *out_der, int64_t *out_previous, struct error *err) {
    struct crl_read request = {.issuer = (char *)(uintptr_t)issuer, .number = number};
    bool is_whole = false;
    enum result result = RESULT_OK;
    while (result == RESULT_OK && !is_whole) {
        struct crl_part part = {0};
        result = api_call(&session->exchange, OPERATION_CRL_READ, &request, &part, err);
        if (result == RESULT_OK) {
            result = take_part(&part, &request, out_der, out_previous, &is_whole, err);
        }
        message_clear(&crl_part_type, &part);
    }
    return result;
}

static enum result add_entry_row(struct table *table, const struct crl_line *line) {
    TRY(table_add(table, line->serial));
    TRY(add_time_cell(table, line->revoked_at));
    TRY(table_add(table, line->reason));
    return add_time_cell(table, line->invalid_since);
}

static enum result write_report(const struct crl_report *report, struct buf *out) {
    static const char *const headings[] = {"SERIAL", "REVOKED", "REASON", "INVALID SINCE",
                                           NULL};
    AUTO(table_clear) struct table table = {0};
    TRY(add_line(out, "CRL of", report->issuer));
    TRY(add_number_line(out, "number", report->number));
    TRY(add_time_line(out, "holds from", report->this_update));
    TRY(add_time_line(out, "holds until", report->next_update));
    TRY(add_number_line(out, "revoked", report->entries));
    TRY(add_number_line(out, "bytes", report->size));
    if (report->revoked.count == 0) {
        return RESULT_OK;
    }
    TRY(buf_append_byte(out, '\n'));
    TRY(table_init(&table, headings));
    const struct crl_line *lines = report->revoked.items;
    for (size_t i = 0; i < report->revoked.count; i++) {
        TRY(add_entry_row(&table, &lines[i]));
    }
    return table_write(&table, out);
}

static enum result print_report(const struct arguments *arguments, struct bytes der,
                                const char *issuer, struct crl_report *report,
                                struct error *err) {
    struct crl crl = {0};
    TRY(crl_read(der, &crl, err));
    TRY(crl_report(&crl, issuer, arguments->operands, arguments->operand_count, report, err));
    bool is_printed = false;
    TRY(print_if_json(arguments, &crl_report_type, report, &is_printed, err));
    if (is_printed) {
        return RESULT_OK;
    }
    AUTO(buf_clear) struct buf text = {0};
    buf_init(&text, PRINT_BYTES);
    TRY(write_report(report, &text));
    return program_print(&text, err);
}

static enum result show_one(const struct arguments *arguments, const char *issuer,
                            struct error *err) {
    AUTO(session_close) struct session session = {0};
    AUTO(buf_clear) struct buf der = {0};
    buf_init(&der, LIMIT_CRL_BYTES);
    int64_t previous = 0;
    TRY(session_open(arguments, &session, err));
    TRY(fetch(&session, issuer, 0, &der, &previous, err));
    struct crl_report report = {0};
    enum result result = print_report(arguments, buf_bytes(&der), issuer, &report, err);
    message_clear(&crl_report_type, &report);
    return result;
}

enum result run_crl_show(const struct arguments *arguments, struct error *err) {
    const char *issuer = arguments_value(arguments, "issuer");
    if (issuer != NULL) {
        return show_one(arguments, issuer, err);
    }
    if (arguments->operand_count > 0) {
        return arguments_refuse(err, "issuer", "whose CRL? SERIAL goes with --issuer NAME");
    }
    return show_all(arguments, err);
}

// --- two of them -----------------------------------------------------------------------------

static const char pem_begin[] = "-----BEGIN";

// PEM or DER, one CRL.
static enum result read_crl_file(const char *path, struct buf *out_der, struct error *err) {
    AUTO(buf_clear) struct buf contents = {0};
    buf_init(&contents, 2 * (size_t)LIMIT_CRL_BYTES);
    TRY(file_read(path, &contents, err));
    struct bytes start = bytes_slice(buf_bytes(&contents), 0, sizeof(pem_begin) - 1);
    enum result result = bytes_equal(start, bytes_of_string(pem_begin))
                             ? pem_decode_all(buf_bytes(&contents), PEM_CRL, out_der, err)
                             : buf_append(out_der, buf_bytes(&contents));
    struct crl crl = {0};
    if (result == RESULT_OK) {
        result = crl_read(buf_bytes(out_der), &crl, err);
    }
    if (result != RESULT_OK) {
        error_context(err, "%s is not one CRL in PEM or DER", path);
    }
    return result;
}

// FILE against what is published, or what was published before against what is now.
static enum result gather_published(const struct arguments *arguments, const char *issuer,
                                    struct buf *old_der, struct buf *new_der,
                                    struct error *err) {
    AUTO(session_close) struct session session = {0};
    int64_t previous = 0, ignored = 0;
    if (arguments->operand_count == 1) {
        TRY(read_crl_file(arguments->operands[0], old_der, err));
    }
    TRY(session_open(arguments, &session, err));
    TRY(fetch(&session, issuer, 0, new_der, &previous, err));
    if (arguments->operand_count == 1) {
        return RESULT_OK;
    }
    if (previous == 0) {
        return error_set_code(err, RESULT_NOT_FOUND, "crl_unknown",
                              "the CA %s has published one CRL only", issuer);
    }
    return fetch(&session, issuer, previous, old_der, &ignored, err);
}

static enum result gather(const struct arguments *arguments, struct buf *old_der,
                          struct buf *new_der, struct error *err) {
    const char *issuer = arguments_value(arguments, "issuer");
    if (issuer != NULL && arguments->operand_count <= 1) {
        return gather_published(arguments, issuer, old_der, new_der, err);
    }
    if (issuer != NULL || arguments->operand_count != 2) {
        (void)error_set_code(err, RESULT_INVALID, "usage",
                             "crl diff: expected two files, or --issuer NAME and at most one");
        return RESULT_INVALID;
    }
    TRY(read_crl_file(arguments->operands[0], old_der, err));
    return read_crl_file(arguments->operands[1], new_der, err);
}

static enum result write_side(const char *sign, const struct crl_head *head, struct buf *out) {
    TRY(buf_printf(out, "%s number %lld, holds from ", sign, (long long)head->number));
    TRY(display_time(head->this_update, out));
    TRY(buf_append_string(out, " until "));
    TRY(display_time(head->next_update, out));
    return buf_printf(out, ", %lld revoked\n", (long long)head->entries);
}

static enum result write_lines(const char *sign, const struct record_list *list,
                               struct buf *out) {
    const struct crl_line *lines = list->items;
    for (size_t i = 0; i < list->count; i++) {
        TRY(buf_printf(out, "%s %s revoked ", sign, lines[i].serial));
        TRY(display_time(lines[i].revoked_at, out));
        TRY(buf_printf(out, " %s", lines[i].reason));
        if (lines[i].invalid_since != 0) {
            TRY(buf_append_string(out, ", invalid since "));
            TRY(display_time(lines[i].invalid_since, out));
        }
        TRY(buf_append_byte(out, '\n'));
    }
    return RESULT_OK;
}

static enum result write_time_change(const char *what, int64_t before, int64_t after,
                                     struct buf *out) {
    if (before == after) {
        return RESULT_OK;
    }
    TRY(buf_printf(out, " %s ", what));
    TRY(display_time(before, out));
    TRY(buf_append_string(out, " -> "));
    return display_time(after, out);
}

static enum result write_changes(const struct record_list *list, struct buf *out) {
    const struct crl_changed_line *lines = list->items;
    for (size_t i = 0; i < list->count; i++) {
        const struct crl_changed_line *line = &lines[i];
        TRY(buf_printf(out, "! %s", line->serial));
        if (strcmp(line->old_reason, line->reason) != 0) {
            TRY(buf_printf(out, " %s -> %s", line->old_reason, line->reason));
        }
        TRY(write_time_change("revoked", line->old_revoked_at, line->revoked_at, out));
        TRY(write_time_change("invalid since", line->old_invalid_since, line->invalid_since,
                              out));
        TRY(buf_append_byte(out, '\n'));
    }
    return RESULT_OK;
}

static enum result write_difference(const struct crl_difference *difference, struct buf *out) {
    const struct crl_head *heads = difference->crls.items;
    TRY(write_side("<", &heads[0], out));
    TRY(write_side(">", &heads[1], out));
    TRY(write_lines("+", &difference->added, out));
    TRY(write_lines("-", &difference->removed, out));
    return write_changes(&difference->changed, out);
}

static enum result print_difference(const struct arguments *arguments,
                                    const struct crl_difference *difference,
                                    struct error *err) {
    bool is_printed = false;
    TRY(print_if_json(arguments, &crl_difference_type, difference, &is_printed, err));
    if (is_printed || difference->is_same) {
        return RESULT_OK;
    }
    AUTO(buf_clear) struct buf text = {0};
    buf_init(&text, PRINT_BYTES);
    TRY(write_difference(difference, &text));
    return program_print(&text, err);
}

static enum result compare(const struct arguments *arguments, struct crl_difference *difference,
                           struct error *err) {
    AUTO(buf_clear) struct buf old_der = {0};
    AUTO(buf_clear) struct buf new_der = {0};
    buf_init(&old_der, LIMIT_CRL_BYTES);
    buf_init(&new_der, LIMIT_CRL_BYTES);
    struct crl old_crl = {0}, new_crl = {0};
    TRY(gather(arguments, &old_der, &new_der, err));
    TRY(crl_read(buf_bytes(&old_der), &old_crl, err));
    TRY(crl_read(buf_bytes(&new_der), &new_crl, err));
    TRY(crl_compare(&old_crl, &new_crl, difference, err));
    return print_difference(arguments, difference, err);
}

// As diff(1) ends: 0 the same, 1 different, 2 trouble.
enum result run_crl_diff(const struct arguments *arguments, struct error *err) {
    struct crl_difference difference = {0};
    enum result result = compare(arguments, &difference, err);
    if (result != RESULT_OK) {
        (void)snprintf(err->code, sizeof(err->code), "trouble");
        err->is_answer = false; // refused or not, there was no comparison
    } else if (!difference.is_same) {
        result = error_set_code(err, RESULT_CONFLICT, "different", "the CRLs differ");
    }
    message_clear(&crl_difference_type, &difference);
    return result;
}
