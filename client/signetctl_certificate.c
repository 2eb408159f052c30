// signetctl certificate list, show, revoke.
// SPDX-License-Identifier: GPL-3.0-or-later
#include <stdio.h>
#include <string.h>

#include "client/api.h"
#include "client/display.h"
#include "client/program.h"
#include "client/signetctl.h"
#include "x509/pem.h"

// --- list --------------------------------------------------------------------------------

const struct option certificate_list_options[] = {
    {"name", "NAME", "with this name: cn:jjolie, or jjolie for any type", false, false},
    {"profile", "NAME", "of this profile", false, false},
    {"state", "STATE", "valid, expired or revoked", false, false},
    {"expiring", "TIME", "valid now, but not after this time: 30d", false, false},
    {"limit", "N", "no more than this many", false, false},
    {0},
};

static const struct listing certificate_listing = {
    .operation = OPERATION_CERTIFICATE_LIST,
    .page = &certificate_page_type,
    .record = &certificate_info_type,
    .records_offset = offsetof(struct certificate_page, certificates),
    .next_offset = offsetof(struct certificate_page, next),
    .after_offset = offsetof(struct certificate_list, after),
    .limit_offset = offsetof(struct certificate_list, limit),
};

static enum result add_certificate_row(struct table *table,
                                       const struct certificate_info *certificate) {
    bool is_revoked = strcmp(certificate->state, "revoked") == 0;
    TRY(table_add(table, certificate->serial));
    TRY(table_add(table, certificate->state));
    TRY(table_add(table, certificate->profile));
    TRY(add_names_cell(table, &certificate->names));
    TRY(add_time_cell(table, certificate->not_after));
    TRY(add_time_cell(table, is_revoked ? certificate->revoked_at : 0));
    return table_add(table, certificate->reason != NULL ? certificate->reason : "");
}

static enum result fill_certificate_table(const struct certificate_page *page,
                                          struct table *table) {
    static const char *const headings[] = {"SERIAL",      "STATE",   "PROFILE", "NAMES",
                                           "VALID UNTIL", "REVOKED", "REASON",  NULL};
    TRY(table_init(table, headings));
    const struct certificate_info *certificates = page->certificates.items;
    for (size_t i = 0; i < page->certificates.count; i++) {
        TRY(add_certificate_row(table, &certificates[i]));
    }
    return RESULT_OK;
}

static enum result print_certificates(const struct certificate_page *page, struct error *err) {
    AUTO(table_clear) struct table table = {0};
    TRY(fill_certificate_table(page, &table));
    return print_table(&table, err);
}

static enum result fill_list_request(const struct arguments *arguments,
                                     struct certificate_list *request, struct error *err) {
    const char *name = arguments_value(arguments, "name");
    const char *profile = arguments_value(arguments, "profile");
    const char *state = arguments_value(arguments, "state");
    TRY(name != NULL ? text_set(&request->name, name) : RESULT_OK);
    TRY(profile != NULL ? text_set(&request->profile, profile) : RESULT_OK);
    TRY(state != NULL ? text_set(&request->state, state) : RESULT_OK);
    return arguments_duration(arguments, "expiring", 0, &request->expiring_in, err);
}

static enum result list_certificates(const struct arguments *arguments,
                                     struct certificate_list *request,
                                     struct certificate_page *whole, struct error *err) {
    static const char *const states[] = {"valid", "expired", "revoked", NULL};
    int64_t limit = 0;
    TRY(arguments_choice(arguments, "state", states, err));
    TRY(arguments_integer(arguments, "limit", 1, INT64_MAX, 0, &limit, err));
    TRY(fill_list_request(arguments, request, err));
    AUTO(session_close) struct session session = {0};
    TRY(session_open(arguments, &session, err));
    TRY(session_list(&session, &certificate_listing, limit, request, whole, err));
    bool is_printed = false;
    TRY(print_if_json(arguments, &certificate_page_type, whole, &is_printed, err));
    return is_printed ? RESULT_OK : print_certificates(whole, err);
}

enum result run_certificate_list(const struct arguments *arguments, struct error *err) {
    struct certificate_list request = {0};
    struct certificate_page whole = {0};
    enum result result = list_certificates(arguments, &request, &whole, err);
    message_clear(&certificate_list_type, &request);
    message_clear(&certificate_page_type, &whole);
    return result;
}

// --- show --------------------------------------------------------------------------------

const struct option certificate_show_options[] = {
    {"pem", NULL, "print the certificate itself", false, false},
    {0},
};

static enum result write_certificate(const struct certificate_info *certificate,
                                     struct buf *out) {
    TRY(add_line(out, "serial", certificate->serial));
    TRY(add_line(out, "issuer", certificate->issuer));
    TRY(add_line(out, "profile", certificate->profile));
    TRY(add_line(out, "state", certificate->state));
    TRY(add_names_line(out, "names", &certificate->names));
    TRY(add_time_line(out, "valid from", certificate->not_before));
    TRY(add_time_line(out, "valid until", certificate->not_after));
    TRY(add_time_line(out, "revoked", certificate->revoked_at));
    TRY(add_line(out, "reason", certificate->reason));
    TRY(add_line(out, "follows", certificate->predecessor));
    TRY(add_line(out, "token", certificate->token));
    return add_line(out, "key SHA-256", certificate->key_fingerprint);
}

static enum result print_certificate(const struct arguments *arguments,
                                     const struct certificate_info *certificate,
                                     struct error *err) {
    bool is_printed = false;
    TRY(print_if_json(arguments, &certificate_info_type, certificate, &is_printed, err));
    if (is_printed) {
        return RESULT_OK;
    }
    AUTO(buf_clear) struct buf text = {0};
    buf_init(&text, PRINT_BYTES);
    if (!arguments_have(arguments, "pem")) {
        TRY(write_certificate(certificate, &text));
    } else if (certificate->certificate.size > 0) {
        TRY(pem_encode(PEM_CERTIFICATE, blob_bytes(&certificate->certificate), &text));
    } else {
        return error_set_code(err, RESULT_NOT_FOUND, "answer",
                              "the authority sent no certificate with it");
    }
    return program_print(&text, err);
}

enum result run_certificate_show(const struct arguments *arguments, struct error *err) {
    struct certificate_show request = {0};
    struct certificate_info reply = {0};
    enum result result = text_set(&request.serial, arguments->operands[0]);
    if (result == RESULT_OK) {
        result = session_call(arguments, OPERATION_CERTIFICATE_SHOW, &request, &reply, err);
    }
    if (result == RESULT_OK) {
        result = print_certificate(arguments, &reply, err);
    }
    message_clear(&certificate_show_type, &request);
    message_clear(&certificate_info_type, &reply);
    return result;
}

// --- revoke ------------------------------------------------------------------------------

const struct option certificate_revoke_options[] = {
    {"name", "NAME", "the one valid certificate with this name, like cn:jjolie", false, false},
    {"all", NULL, "with --name: every valid certificate with it", false, false},
    {"reason", "REASON", "keyCompromise, superseded, cessationOfOperation, …", false, false},
    {0},
};

static enum result refuse_several(const char *name, const struct certificate_page *page,
                                  struct error *err) {
    AUTO(buf_clear) struct buf text = {0};
    AUTO(table_clear) struct table table = {0};
    buf_init(&text, PRINT_BYTES);
    TRY(fill_certificate_table(page, &table));
    TRY(table_write(&table, &text));
    (void)fputs(buf_string(&text), stderr);
    (void)error_set_code(err, RESULT_CONFLICT, "name_ambiguous",
                         "%zu valid certificates carry the name %s, none was revoked",
                         page->certificates.count, name);
    error_hint(err, "Revoke them all with --all, or name the one you mean by its serial.");
    return RESULT_CONFLICT;
}

// The valid certificates of that name: one, unless all are wanted.
static enum result find_by_name(const struct arguments *arguments, struct session *session,
                                struct certificate_page *page, struct error *err) {
    const char *name = arguments_value(arguments, "name");
    struct certificate_list request = {0};
    enum result result = text_set(&request.name, name);
    if (result == RESULT_OK) {
        result = text_set(&request.state, "valid");
    }
    if (result == RESULT_OK) {
        result = session_list(session, &certificate_listing, 0, &request, page, err);
    }
    message_clear(&certificate_list_type, &request);
    TRY(result);
    if (page->certificates.count == 0) {
        (void)error_set_code(err, RESULT_NOT_FOUND, "not_found",
                             "no valid certificate carries the name %s", name);
        error_hint(err, "signetctl certificate list --name %s shows those that ended.", name);
        return RESULT_NOT_FOUND;
    }
    if (page->certificates.count > 1 && !arguments_have(arguments, "all")) {
        return refuse_several(name, page, err);
    }
    return RESULT_OK;
}

static enum result revoke_serial(const struct arguments *arguments, struct session *session,
                                 const char *serial, struct certificate_info *reply,
                                 struct error *err) {
    const char *reason = arguments_value(arguments, "reason");
    struct certificate_revoke request = {0};
    enum result result = text_set(&request.serial, serial);
    if (result == RESULT_OK && reason != NULL) {
        result = text_set(&request.reason, reason);
    }
    if (result == RESULT_OK) {
        result =
            api_call(&session->exchange, OPERATION_CERTIFICATE_REVOKE, &request, reply, err);
    }
    message_clear(&certificate_revoke_type, &request);
    return result;
}

static enum result print_revoked(const struct certificate_info *certificate,
                                 struct error *err) {
    AUTO(buf_clear) struct buf text = {0};
    buf_init(&text, PRINT_BYTES);
    TRY(buf_append_string(&text, "Revoked "));
    TRY(display_text(certificate->serial, &text));
    TRY(buf_append_string(&text, " ("));
    TRY(display_names(&certificate->names, &text));
    TRY(buf_append_string(&text, ")\n"));
    return program_print(&text, err);
}

static enum result revoke_one(const struct arguments *arguments, struct session *session,
                              const char *serial, struct error *err) {
    struct certificate_info reply = {0};
    bool is_printed = false;
    enum result result = revoke_serial(arguments, session, serial, &reply, err);
    if (result == RESULT_OK) {
        result = print_if_json(arguments, &certificate_info_type, &reply, &is_printed, err);
    }
    if (result == RESULT_OK && !is_printed) {
        result = print_revoked(&reply, err);
    }
    message_clear(&certificate_info_type, &reply);
    return result;
}

// keyCompromise takes the rest of the line along, so one of the list may be revoked already.
static enum result revoke_each(const struct arguments *arguments, struct session *session,
                               const struct certificate_page *page, struct error *err) {
    const struct certificate_info *certificates = page->certificates.items;
    for (size_t i = 0; i < page->certificates.count; i++) {
        struct error reason = {0};
        enum result result = revoke_one(arguments, session, certificates[i].serial, &reason);
        if (result != RESULT_OK && strcmp(reason.code, "already_revoked") != 0) {
            *err = reason;
            return result;
        }
    }
    return RESULT_OK;
}

static enum result check_revoke(const struct arguments *arguments, struct error *err) {
    TRY(arguments_choice(arguments, "reason", revocation_reasons, err));
    if ((arguments->operand_count > 0) == arguments_have(arguments, "name")) {
        (void)error_set_code(err, RESULT_INVALID, "usage",
                             "certificate revoke: expected SERIAL or --name NAME");
        error_hint(err, "signetctl certificate list shows the serials.");
        return RESULT_INVALID;
    }
    if (arguments_have(arguments, "all") && !arguments_have(arguments, "name")) {
        return arguments_refuse(err, "all", "goes with --name only");
    }
    return RESULT_OK;
}

enum result run_certificate_revoke(const struct arguments *arguments, struct error *err) {
    TRY(check_revoke(arguments, err));
    AUTO(session_close) struct session session = {0};
    TRY(session_open(arguments, &session, err));
    if (!arguments_have(arguments, "name")) {
        return revoke_one(arguments, &session, arguments->operands[0], err);
    }
    struct certificate_page page = {0};
    enum result result = find_by_name(arguments, &session, &page, err);
    if (result == RESULT_OK) {
        result = revoke_each(arguments, &session, &page, err);
    }
    message_clear(&certificate_page_type, &page);
    return result;
}
