// signetctl certificate list, show, revoke, hold, release.
// SPDX-License-Identifier: GPL-3.0-or-later
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "client/connect/api.h"
#include "client/terminal/display.h"
#include "client/terminal/program.h"
#include "client/admin/signetctl.h"
#include "x509/pem.h"

// --- list --------------------------------------------------------------------------------

const struct option certificate_list_options[] = {
    {"name", "NAME", "with this name: cn:jjolie, or jjolie for any type", false, false},
    {"prefix", "NAME", "with a name beginning so: cn:tracker-", false, false},
    {"key", "HEX", "of this key: its SHA-256, as certificate show prints it", false, false},
    {"from", "ADDRESS", "requested from this IP address", false, false},
    {"profile", "NAME", "of this profile", false, false},
    {"issuer", "NAME", "of this issuing CA", false, false},
    {"state", "STATE", "valid, expired, revoked or held", false, false},
    {"expiring", "TIME", "valid now, but not after this time: 30d; soonest first", false,
     false},
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
    TRY(table_add(table, certificate->serial));
    TRY(table_add(table, certificate->state));
    TRY(table_add(table, certificate->profile));
    TRY(add_names_cell(table, &certificate->names));
    TRY(table_add(table, certificate->issuer));
    TRY(table_add(table, certificate->address != NULL ? certificate->address : ""));
    TRY(add_time_cell(table, certificate->not_after));
    TRY(add_time_cell(table, certificate->revoked_at));
    return table_add(table, certificate->reason != NULL ? certificate->reason : "");
}

static enum result fill_certificate_table(const struct certificate_page *page,
                                          struct table *table) {
    static const char *const headings[] = {"SERIAL", "STATE", "PROFILE",     "NAMES",
                                           "ISSUER", "FROM",  "VALID UNTIL", "REVOKED",
                                           "REASON", NULL};
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

// People copy fingerprints with colons and in either case. Checked here too, so that the error is
// about the option.
static enum result take_key(const struct arguments *arguments, char **member,
                            struct error *err) {
    const char *text = arguments_value(arguments, "key");
    AUTO(buf_clear) struct buf digits = {0};
    AUTO(buf_clear) struct buf digest = {0};
    if (text == NULL) {
        return RESULT_OK;
    }
    buf_init(&digits, LIMIT_FINGERPRINT_TEXT);
    buf_init(&digest, LIMIT_FINGERPRINT_TEXT / 2);
    if (text_read_octets(text, &digest) != RESULT_OK ||
        digest.size != LIMIT_FINGERPRINT_TEXT / 2) {
        return arguments_refuse(err, "key", "expected a fingerprint of %d hexadecimal digits",
                                LIMIT_FINGERPRINT_TEXT);
    }
    TRY(text_hex_encode(buf_bytes(&digest), &digits));
    return text_set(member, buf_string(&digits));
}

static enum result take_address(const struct arguments *arguments, char **member,
                                struct error *err) {
    const char *text = arguments_value(arguments, "from");
    uint8_t address[16];
    size_t size = 0;
    if (text == NULL) {
        return RESULT_OK;
    }
    if (text_read_ip(text, address, &size) != RESULT_OK) {
        return arguments_refuse(err, "from", "expected an IP address, like 192.0.2.7");
    }
    return text_set(member, text);
}

static enum result fill_list_request(const struct arguments *arguments,
                                     struct certificate_list *request, struct error *err) {
    TRY(take_text(arguments, "name", &request->name));
    TRY(take_text(arguments, "prefix", &request->prefix));
    TRY(take_text(arguments, "profile", &request->profile));
    TRY(take_text(arguments, "issuer", &request->issuer));
    TRY(take_text(arguments, "state", &request->state));
    TRY(take_key(arguments, &request->key, err));
    TRY(take_address(arguments, &request->address, err));
    return arguments_duration(arguments, "expiring", 0, &request->expiring_in, err);
}

static enum result list_certificates(const struct arguments *arguments,
                                     struct certificate_list *request,
                                     struct certificate_page *whole, struct error *err) {
    static const char *const states[] = {"valid", "expired", "revoked", "held", NULL};
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

// --- by name -----------------------------------------------------------------------------

// `state` NULL: in any.
static enum result list_by_name(struct session *session, const char *name, const char *state,
                                struct certificate_page *page, struct error *err) {
    struct certificate_list request = {0};
    enum result result = text_set(&request.name, name);
    if (result == RESULT_OK && state != NULL) {
        result = text_set(&request.state, state);
    }
    if (result == RESULT_OK) {
        result = session_list(session, &certificate_listing, 0, &request, page, err);
    }
    message_clear(&certificate_list_type, &request);
    return result;
}

// To standard error: the command is refused because there are several.
static enum result print_candidates(const struct certificate_page *page) {
    AUTO(buf_clear) struct buf text = {0};
    AUTO(table_clear) struct table table = {0};
    buf_init(&text, PRINT_BYTES);
    TRY(fill_certificate_table(page, &table));
    TRY(table_write(&table, &text));
    (void)fputs(buf_string(&text), stderr);
    return RESULT_OK;
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
    TRY(add_time_line(out, "invalid since", certificate->invalid_since));
    TRY(add_line(out, "follows", certificate->predecessor));
    TRY(add_line(out, "token", certificate->token));
    TRY(add_line(out, "request", certificate->request));
    TRY(add_line(out, "requested from", certificate->address));
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

// Hex digits and colons are a serial; whoever is called so is found as cn:abba.
static bool is_serial(const char *text) {
    return text[strspn(text, "0123456789abcdefABCDEF:")] == '\0';
}

// The one certificate of that name: the one that is valid, or the only one that there ever was.
static enum result find_shown(struct session *session, const char *name,
                              struct certificate_page *page, struct error *err) {
    TRY(list_by_name(session, name, "valid", page, err));
    if (page->certificates.count == 0) {
        message_clear(&certificate_page_type, page);
        TRY(list_by_name(session, name, NULL, page, err));
    }
    if (page->certificates.count == 0) {
        (void)error_set_code(err, RESULT_NOT_FOUND, "not_found",
                             "no certificate carries the name %s", name);
        error_hint(err, "signetctl certificate list --prefix finds names that begin so.");
        return refused_by_authority(err);
    }
    if (page->certificates.count > 1) {
        TRY(print_candidates(page));
        (void)error_set_code(err, RESULT_CONFLICT, "name_ambiguous",
                             "%zu certificates carry the name %s", page->certificates.count,
                             name);
        error_hint(err, "Name the one you mean by its serial.");
        return RESULT_CONFLICT;
    }
    return RESULT_OK;
}

static enum result take_serial(struct session *session, const char *operand, char **serial,
                               struct error *err) {
    if (is_serial(operand)) {
        return text_set(serial, operand);
    }
    struct certificate_page page = {0};
    enum result result = find_shown(session, operand, &page, err);
    if (result == RESULT_OK) {
        const struct certificate_info *certificates = page.certificates.items;
        result = text_set(serial, certificates[0].serial);
    }
    message_clear(&certificate_page_type, &page);
    return result;
}

static enum result show_certificate(const struct arguments *arguments,
                                    struct certificate_show *request,
                                    struct certificate_info *reply, struct error *err) {
    AUTO(session_close) struct session session = {0};
    TRY(session_open(arguments, &session, err));
    TRY(take_serial(&session, arguments->operands[0], &request->serial, err));
    TRY(api_call(&session.exchange, OPERATION_CERTIFICATE_SHOW, request, reply, err));
    return print_certificate(arguments, reply, err);
}

enum result run_certificate_show(const struct arguments *arguments, struct error *err) {
    struct certificate_show request = {0};
    struct certificate_info reply = {0};
    enum result result = show_certificate(arguments, &request, &reply, err);
    message_clear(&certificate_show_type, &request);
    message_clear(&certificate_info_type, &reply);
    return result;
}

// --- revoke ------------------------------------------------------------------------------

const struct option certificate_revoke_options[] = {
    {"name", "NAME", "the one valid certificate with this name, like cn:jjolie", false, false},
    {"all", NULL, "with --name: every valid certificate with it", false, false},
    {"unknown", "ISSUER",
     "SERIAL is of this CA and may have been lost, as after restoring a backup", false, false},
    {"reason", "REASON", "keyCompromise, superseded, cessationOfOperation, …", false, false},
    {"invalid-since", "TIME", "from when on it was in other hands: 2d (ago), or a UTC time",
     false, false},
    {0},
};

static enum result refuse_several(const char *name, const struct certificate_page *page,
                                  struct error *err) {
    TRY(print_candidates(page));
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
    TRY(list_by_name(session, name, "valid", page, err));
    if (page->certificates.count == 0) {
        (void)error_set_code(err, RESULT_NOT_FOUND, "not_found",
                             "no valid certificate carries the name %s", name);
        error_hint(err, "signetctl certificate list --name %s shows those that ended.", name);
        return refused_by_authority(err);
    }
    if (page->certificates.count > 1 && !arguments_have(arguments, "all")) {
        return refuse_several(name, page, err);
    }
    return RESULT_OK;
}

// 2026-11-26T10:00:00Z, or how long ago.
static enum result take_past_time(const struct arguments *arguments, const char *option,
                                  int64_t *out_time, struct error *err) {
    const char *text = arguments_value(arguments, option);
    int64_t seconds = 0;
    if (text == NULL || time_read_rfc3339(bytes_of_string(text), out_time) == RESULT_OK) {
        return RESULT_OK;
    }
    if (text_read_duration(text, &seconds, NULL) != RESULT_OK) {
        return arguments_refuse(err, option,
                                "expected a time like 2026-11-26T10:00:00Z, or 2d for two days "
                                "ago, not '%s'",
                                text);
    }
    *out_time = clock_now() - seconds;
    return RESULT_OK;
}

static enum result revoke_serial(const struct arguments *arguments, struct session *session,
                                 const char *serial, struct certificate_info *reply,
                                 struct error *err) {
    const char *reason = arguments_value(arguments, "reason");
    const char *issuer = arguments_value(arguments, "unknown");
    struct certificate_revoke request = {0};
    TRY(take_past_time(arguments, "invalid-since", &request.invalid_since, err));
    enum result result = text_set(&request.serial, serial);
    if (result == RESULT_OK && reason != NULL) {
        result = text_set(&request.reason, reason);
    }
    if (result == RESULT_OK && issuer != NULL) {
        result = text_set(&request.issuer, issuer);
    }
    if (result == RESULT_OK) {
        result =
            api_call(&session->exchange, OPERATION_CERTIFICATE_REVOKE, &request, reply, err);
    }
    message_clear(&certificate_revoke_type, &request);
    return result;
}

static enum result print_change(const char *what, const struct certificate_info *certificate,
                                struct error *err) {
    AUTO(buf_clear) struct buf text = {0};
    buf_init(&text, PRINT_BYTES);
    TRY(buf_printf(&text, "%s ", what));
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
        result = print_change("Revoked", &reply, err);
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
    int64_t time = 0;
    TRY(take_past_time(arguments, "invalid-since", &time, err));
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
    if (arguments_have(arguments, "unknown") && arguments_have(arguments, "name")) {
        return arguments_refuse(err, "unknown", "goes with SERIAL only");
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

// --- hold and release --------------------------------------------------------------------

static enum result change_standing(const struct arguments *arguments,
                                   const struct message_type *type, enum operation_id operation,
                                   const char *what, void *request, char **serial,
                                   struct error *err) {
    AUTO(session_close) struct session session = {0};
    struct certificate_info reply = {0};
    bool is_printed = false;
    enum result result = session_open(arguments, &session, err);
    if (result == RESULT_OK) {
        result = take_serial(&session, arguments->operands[0], serial, err);
    }
    if (result == RESULT_OK) {
        result = api_call(&session.exchange, operation, request, &reply, err);
    }
    if (result == RESULT_OK) {
        result = print_if_json(arguments, &certificate_info_type, &reply, &is_printed, err);
    }
    if (result == RESULT_OK && !is_printed) {
        result = print_change(what, &reply, err);
    }
    message_clear(type, request);
    message_clear(&certificate_info_type, &reply);
    return result;
}

enum result run_certificate_hold(const struct arguments *arguments, struct error *err) {
    struct certificate_hold request = {0};
    return change_standing(arguments, &certificate_hold_type, OPERATION_CERTIFICATE_HOLD,
                           "Put on hold", &request, &request.serial, err);
}

enum result run_certificate_release(const struct arguments *arguments, struct error *err) {
    struct certificate_release request = {0};
    return change_standing(arguments, &certificate_release_type, OPERATION_CERTIFICATE_RELEASE,
                           "Released", &request, &request.serial, err);
}
