// signetctl status and authority.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/text.h"
#include "client/connect/ask.h"
#include "client/terminal/display.h"
#include "client/terminal/program.h"
#include "client/admin/signetctl.h"

// --- status ------------------------------------------------------------------------------

static enum result write_status(const struct status *status, struct buf *out) {
    TRY(add_line(out, "authority", status->name));
    TRY(add_line(out, "version", status->version));
    TRY(add_line(out, "root SHA-256", status->fingerprint));
    TRY(add_time_line(out, "root ends", status->root_not_after));
    TRY(add_time_line(out, "issuing ends", status->issuer_not_after));
    TRY(add_time_line(out, "started", status->started));
    TRY(add_time_line(out, "its time", status->time));
    TRY(add_number_line(out, "valid", status->certificates_valid));
    TRY(add_number_line(out, "expired", status->certificates_expired));
    TRY(add_number_line(out, "revoked", status->certificates_revoked));
    TRY(status->certificates_held > 0
            ? add_number_line(out, "on hold", status->certificates_held)
            : RESULT_OK);
    TRY(add_number_line(out, "open tokens", status->tokens_open));
    TRY(add_number_line(out, "gateways", status->gateways));
    for (size_t i = 0; i < status->warnings.count; i++) {
        TRY(add_line(out, "warning", status->warnings.items[i]));
    }
    TRY(buf_append_byte(out, '\n'));
    return write_crls(&status->crls, out);
}

static enum result print_status(const struct arguments *arguments, const struct status *status,
                                struct error *err) {
    bool is_printed = false;
    TRY(print_if_json(arguments, &status_type, status, &is_printed, err));
    if (is_printed) {
        return RESULT_OK;
    }
    AUTO(buf_clear) struct buf text = {0};
    buf_init(&text, PRINT_BYTES);
    TRY(write_status(status, &text));
    return program_print(&text, err);
}

enum result run_status(const struct arguments *arguments, struct error *err) {
    const struct nothing request = {};
    struct status reply = {0};
    enum result result = session_call(arguments, OPERATION_STATUS, &request, &reply, err);
    if (result == RESULT_OK) {
        result = print_status(arguments, &reply, err);
    }
    message_clear(&status_type, &reply);
    return result;
}

// --- authority ---------------------------------------------------------------------------

static enum result join_texts(const struct text_list *texts, struct buf *out) {
    for (size_t i = 0; i < texts->count; i++) {
        TRY(buf_append_string(out, i > 0 ? ", " : ""));
        TRY(buf_append_string(out, texts->items[i]));
    }
    return RESULT_OK;
}

static enum result write_profiles(const struct record_list *profiles, struct buf *out) {
    static const char *const headings[] = {"PROFILE", "NAMES", "KEYS", "LIFETIME", NULL};
    AUTO(table_clear) struct table table = {0};
    AUTO(buf_clear) struct buf cell = {0};
    buf_init(&cell, 4096);
    TRY(table_init(&table, headings));
    const struct profile_info *items = profiles->items;
    for (size_t i = 0; i < profiles->count; i++) {
        TRY(table_add(&table, items[i].name));
        TRY(join_texts(&items[i].name_types, &cell));
        TRY(table_add_buf(&table, &cell));
        TRY(join_texts(&items[i].key_algorithms, &cell));
        TRY(table_add_buf(&table, &cell));
        TRY(items[i].lifetime > 0 ? text_format_duration(items[i].lifetime, &cell) : RESULT_OK);
        TRY(table_add_buf(&table, &cell));
    }
    return table_write(&table, out);
}

static enum result print_authority(const struct arguments *arguments,
                                   const struct authority_info *info, struct error *err) {
    bool is_printed = false;
    TRY(print_if_json(arguments, &authority_info_type, info, &is_printed, err));
    if (is_printed) {
        return RESULT_OK;
    }
    AUTO(buf_clear) struct buf text = {0};
    buf_init(&text, PRINT_BYTES);
    TRY(add_line(&text, "authority", info->name));
    TRY(add_line(&text, "version", info->version));
    TRY(add_line(&text, "root SHA-256", info->fingerprint));
    TRY(add_line(&text, "CRL", info->crl_url));
    TRY(add_time_line(&text, "its time", info->time));
    TRY(buf_append_byte(&text, '\n'));
    TRY(write_profiles(&info->profiles, &text));
    return program_print(&text, err);
}

enum result run_authority(const struct arguments *arguments, struct error *err) {
    AUTO(session_close) struct session session = {0};
    struct authority_info reply = {0};
    TRY(session_open(arguments, &session, err));
    enum result result = ask_authority(&session.exchange, &reply, err);
    if (result == RESULT_OK) {
        result = print_authority(arguments, &reply, err);
    }
    message_clear(&authority_info_type, &reply);
    return result;
}
