// What the commands of signetctl share: the connection, pages, and the forms of output.
// SPDX-License-Identifier: GPL-3.0-or-later
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/limits.h"
#include "client/connect/api.h"
#include "client/terminal/display.h"
#include "client/terminal/program.h"
#include "client/admin/signetctl.h"

// A server that never comes to an end must not keep us for ever.
#define MOST_PAGES 100000

// --- the credential ----------------------------------------------------------------------

static enum result find_home_credential(struct buf *out) {
    const char *home = getenv("HOME");
    if (home == NULL || *home != '/') {
        return RESULT_NOT_FOUND;
    }
    TRY(path_join(out, home, ".config/signet/admin"));
    return file_exists(buf_string(out)) ? RESULT_OK : RESULT_NOT_FOUND;
}

static enum result find_credential(const struct arguments *arguments, struct buf *out,
                                   struct error *err) {
    const char *named = arguments_value(arguments, "credential");
    if (named == NULL) {
        named = getenv("SIGNET_CREDENTIAL");
    }
    if (named != NULL && *named != '\0') {
        return buf_assign(out, bytes_of_string(named));
    }
    if (file_exists("/etc/signet/admin")) {
        return buf_assign(out, BYTES_LITERAL("/etc/signet/admin"));
    }
    if (find_home_credential(out) == RESULT_OK) {
        return RESULT_OK;
    }
    (void)error_set_code(err, RESULT_NOT_FOUND, "misconfigured",
                         "found no administrator's credential");
    error_hint(err,
               "Name its folder with --credential or SIGNET_CREDENTIAL: signetd init makes "
               "the first one in the authority's folder, as admin/.");
    return RESULT_NOT_FOUND;
}

static enum result take_url(const struct arguments *arguments, struct session *session,
                            struct error *err) {
    const char *text = arguments_value(arguments, "url");
    if (text == NULL) {
        return RESULT_OK;
    }
    struct error reason = {0};
    if (url_read(text, &session->credential.url, &reason) != RESULT_OK) {
        return arguments_refuse(err, "url", "%s", reason.message);
    }
    buf_reset(&session->credential.url_file);
    return session->credential.url.is_https
               ? RESULT_OK
               : arguments_refuse(err, "url", "expected an https address");
}

static enum result open_parts(const struct arguments *arguments, struct session *session,
                              struct error *err) {
    AUTO(buf_clear) struct buf folder = {0};
    buf_init(&folder, LIMIT_PATH_BYTES);
    TRY(find_credential(arguments, &folder, err));
    TRY(credential_read(buf_string(&folder), &session->credential, err));
    TRY(take_url(arguments, session, err));
    return credential_connect(&session->credential, &session->tls, &session->exchange, err);
}

enum result session_open(const struct arguments *arguments, struct session *out_session,
                         struct error *err) {
    AUTO(session_close) struct session session = {0};
    TRY(open_parts(arguments, &session, err));
    *out_session = session;
    session = (struct session){0};
    return RESULT_OK;
}

void session_close(struct session *session) {
    exchange_clear(&session->exchange);
    tls_context_free_at(&session->tls);
    credential_clear(&session->credential);
}

enum result session_call(const struct arguments *arguments, enum operation_id operation,
                         const void *request, void *reply, struct error *err) {
    AUTO(session_close) struct session session = {0};
    TRY(session_open(arguments, &session, err));
    return api_call(&session.exchange, operation, request, reply, err);
}

enum result refused_by_authority(struct error *err) {
    err->is_answer = true;
    return err->result;
}

// --- pages -------------------------------------------------------------------------------

static void *member_at(void *message, size_t offset) {
    return (uint8_t *)message + offset;
}

// Moves records from one list to the other, at most up to `limit` there (0: all).
static enum result move_records(struct record_list *from, const struct message_type *record,
                                int64_t limit, struct record_list *to) {
    for (size_t i = 0; i < from->count; i++) {
        if (limit > 0 && to->count == (size_t)limit) {
            return RESULT_OK;
        }
        void *room = NULL;
        TRY(record_add(to, record, &room));
        void *taken = member_at(from->items, i * record->size);
        memcpy(room, taken, record->size);
        memset(taken, 0, record->size); // it has another owner now
    }
    return RESULT_OK;
}

// One page; *out_is_last when there is nothing behind it.
static enum result read_page(struct session *session, const struct listing *listing,
                             int64_t limit, void *request, void *page, void *whole,
                             bool *out_is_last, struct error *err) {
    TRY(api_call(&session->exchange, listing->operation, request, page, err));
    struct record_list *all = member_at(whole, listing->records_offset);
    if (move_records(member_at(page, listing->records_offset), listing->record, limit, all) !=
        RESULT_OK) {
        return error_out_of_memory(err);
    }
    char **next = member_at(page, listing->next_offset);
    char **after = member_at(request, listing->after_offset);
    *out_is_last =
        *next == NULL || **next == '\0' || (limit > 0 && all->count >= (size_t)limit);
    string_free_at(after);
    *after = *next;
    *next = NULL;
    return RESULT_OK;
}

enum result session_list(struct session *session, const struct listing *listing, int64_t limit,
                         void *request, void *whole, struct error *err) {
    int64_t *page_limit = member_at(request, listing->limit_offset);
    *page_limit = limit > 0 && limit < LIMIT_LIST_PAGE ? limit : LIMIT_LIST_PAGE;
    void *page = calloc(1, listing->page->size);
    if (page == NULL) {
        return error_out_of_memory(err);
    }
    enum result result = RESULT_OK;
    bool is_last = false;
    for (int i = 0; result == RESULT_OK && !is_last && i < MOST_PAGES; i++) {
        result = read_page(session, listing, limit, request, page, whole, &is_last, err);
        message_clear(listing->page, page);
    }
    free(page);
    return result;
}

// --- input -------------------------------------------------------------------------------

enum result take_text(const struct arguments *arguments, const char *option, char **member) {
    const char *text = arguments_value(arguments, option);
    return text == NULL ? RESULT_OK : text_set(member, text);
}

// --- output ------------------------------------------------------------------------------

enum result print_if_json(const struct arguments *arguments, const struct message_type *type,
                          const void *message, bool *out_is_printed, struct error *err) {
    *out_is_printed = arguments_have(arguments, "json");
    return *out_is_printed ? program_print_json(type, message, err) : RESULT_OK;
}

enum result print_table(const struct table *table, struct error *err) {
    AUTO(buf_clear) struct buf text = {0};
    buf_init(&text, PRINT_BYTES);
    TRY(table_write(table, &text));
    return program_print(&text, err);
}

static void cell_init(struct buf *cell) {
    buf_init(cell, (size_t)LIMIT_NAMES * LIMIT_NAME_BYTES);
}

enum result add_time_cell(struct table *table, int64_t time) {
    AUTO(buf_clear) struct buf cell = {0};
    cell_init(&cell);
    TRY(display_time(time, &cell));
    return table_add_buf(table, &cell);
}

enum result add_names_cell(struct table *table, const struct text_list *names) {
    AUTO(buf_clear) struct buf cell = {0};
    cell_init(&cell);
    TRY(display_names(names, &cell));
    return table_add_buf(table, &cell);
}

enum result add_number_cell(struct table *table, int64_t number) {
    AUTO(buf_clear) struct buf cell = {0};
    cell_init(&cell);
    TRY(buf_printf(&cell, "%" PRId64, number));
    return table_add_buf(table, &cell);
}

enum result add_line(struct buf *out, const char *label, const char *value) {
    if (value == NULL || *value == '\0') {
        return RESULT_OK;
    }
    TRY(buf_printf(out, "%-16s", label));
    TRY(display_text(value, out));
    return buf_append_byte(out, '\n');
}

enum result add_time_line(struct buf *out, const char *label, int64_t time) {
    AUTO(buf_clear) struct buf value = {0};
    cell_init(&value);
    TRY(time != 0 ? display_time(time, &value) : RESULT_OK);
    return add_line(out, label, buf_string(&value));
}

enum result add_number_line(struct buf *out, const char *label, int64_t number) {
    AUTO(buf_clear) struct buf value = {0};
    cell_init(&value);
    TRY(buf_printf(&value, "%" PRId64, number));
    return add_line(out, label, buf_string(&value));
}

enum result add_names_line(struct buf *out, const char *label, const struct text_list *names) {
    AUTO(buf_clear) struct buf value = {0};
    cell_init(&value);
    TRY(display_names(names, &value));
    return add_line(out, label, buf_string(&value));
}
