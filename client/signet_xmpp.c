// Commands about the certificates that an XMPP server keeps for an account (XEP-0257).
// SPDX-License-Identifier: GPL-3.0-or-later
#include "client/signet_xmpp.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/limits.h"
#include "base/text.h"
#include "client/terminal/display.h"
#include "client/terminal/program.h"
#include "client/terminal/table.h"
#include "client/xmpp/registration_hook.h"
#include "client/xmpp/removal.h"
#include "client/xmpp/xmpp_certificates.h"
#include "client/xmpp/xmpp_session.h"
#include "x509/certificate.h"

#define PRINT_BYTES (8 * 1024 * 1024)

// clang-format off
#define JSON_OPTION {"json", NULL, "one JSON object for programs", false, false}
#define WITH_OPTION                                                                            \
    {"with", "NAME", "log in with this credential, to the account that it names", false, false}
#define ACCOUNT_OPTIONS                                                                        \
    {"dir", "DIR", "where credentials are kept (default: see the man page)", false, false},    \
    {"jid", "USER@DOMAIN", "the account (default: the one in the certificate)", false, false}, \
    {"password-file", "FILE", "log in by password, the file's first line", false, false},      \
    {"host", "NAME", "of the server (default: the domain; SRV is not looked up)", false, false},\
    {"port", "N", "of the server (default: 5222)", false, false},                              \
    {"direct-tls", NULL, "TLS from the first byte, port 5223, instead of STARTTLS", false, false},\
    {"ca", "FILE", "PEM of the CAs of the server's certificate (default: see the man page)",   \
     false, false}
// clang-format on

const struct option signet_xmpp_register_options[] = {
    {"name", "TEXT", "what the account calls it (default: the credential's name)", false,
     false},
    {"replace", NULL, "disable the others of this name, once this one is there", false, false},
    {"after-renewal", NULL, "let the agent do the same after each renewal (sets the hook)",
     false, false},
    ACCOUNT_OPTIONS,
    {0},
};

const struct option signet_xmpp_list_options[] = {
    WITH_OPTION,
    ACCOUNT_OPTIONS,
    JSON_OPTION,
    {0},
};

const struct option signet_xmpp_remove_options[] = {
    WITH_OPTION,
    ACCOUNT_OPTIONS,
    JSON_OPTION,
    {0},
};

const struct option signet_xmpp_prune_options[] = {
    WITH_OPTION,
    ACCOUNT_OPTIONS,
    {"superseded", NULL, "those with a newer one of the same name, too", false, false},
    {"foreign", NULL, "those that the CA of --with has not issued, too", false, false},
    JSON_OPTION,
    {0},
};

// --- getting in ------------------------------------------------------------------------------

static void note(const struct error *reason) {
    outcome_report("signet", reason);
}

// The folder DIR/NAME; left empty without a name.
static enum result find_credential(const struct arguments *arguments, const char *name,
                                   struct buf *out, struct error *err) {
    AUTO(buf_clear) struct buf folder = {0};
    buf_init(&folder, LIMIT_PATH_BYTES);
    buf_init(out, LIMIT_PATH_BYTES);
    if (name == NULL) {
        return RESULT_OK;
    }
    TRY(credentials_folder(arguments_value(arguments, "dir"), &folder, err));
    TRY(credential_check_name(name, err));
    return path_join(out, buf_string(&folder), name);
}

// `name` is that of a credential, or NULL.
static enum result open_session(const struct arguments *arguments, const char *name,
                                struct xmpp_session *out_session, struct error *err) {
    AUTO(buf_clear) struct buf folder = {0};
    int64_t port = 0;
    TRY(arguments_integer(arguments, "port", 1, 65535, 0, &port, err));
    TRY(find_credential(arguments, name, &folder, err));
    const struct xmpp_session_options options = {
        .credential = name != NULL ? buf_string(&folder) : NULL,
        .jid = arguments_value(arguments, "jid"),
        .password_file = arguments_value(arguments, "password-file"),
        .trust_file = arguments_value(arguments, "ca"),
        .server = {.host = arguments_value(arguments, "host"),
                   .port = (uint16_t)port,
                   .is_direct_tls = arguments_have(arguments, "direct-tls")},
        .on_note = note,
    };
    return xmpp_session_open(&options, out_session, err);
}

static void say_cut(const char *what) {
    struct error reason = {0};
    (void)error_set_code(&reason, RESULT_LIMIT, "answer",
                         "the account has more certificates than are read here: %s", what);
    error_hint(&reason, "Disable what is not yours; signet xmpp prune --foreign does it.");
    note(&reason);
}

static enum result list(struct xmpp_session *session, struct registered_page *out_page,
                        struct error *err) {
    return xmpp_certificates_list(&session->stream, &session->account, clock_now(), out_page,
                                  err);
}

// --- removing --------------------------------------------------------------------------------

static enum result print_removed(const struct arguments *arguments, const char *what,
                                 const struct removed *removed, struct error *err) {
    AUTO(buf_clear) struct buf text = {0};
    buf_init(&text, PRINT_BYTES);
    if (arguments_have(arguments, "json")) {
        return program_print_json(&removed_type, removed, err);
    }
    for (size_t i = 0; i < removed->removed.count; i++) {
        TRY(buf_printf(&text, "%s %s.\n", what, removed->removed.items[i]));
    }
    return text.size > 0 ? program_print(&text, err) : RESULT_OK;
}

// Also what was removed before something failed is told; that failure is the result then.
static enum result remove_from(const struct arguments *arguments, const char *what,
                               struct xmpp_session *session, const struct registered_page *page,
                               const struct removal *removal, size_t *out_count,
                               struct error *err) {
    AUTO(removed_clear) struct removed removed = {0};
    struct error reason = {0};
    enum result result =
        removal_run(removal, &session->stream, &session->account, page, &removed, &reason);
    *out_count = removed.removed.count;
    if (removed.removed.count > 0) {
        TRY(print_removed(arguments, what, &removed, err));
    }
    if (result != RESULT_OK) {
        *err = reason;
        return result;
    }
    if (removed.removed.count > 0 && !removed.is_checked) {
        say_cut("whether all of it is gone cannot be seen");
    }
    return RESULT_OK;
}

// Revoking ends every session that came in with the certificate, also this one, and then nobody
// says whether it was done.
static enum result refuse_own(const struct xmpp_session *session,
                              const struct registered_page *page, const struct removal *removal,
                              struct error *err) {
    struct bytes shown = buf_bytes(&session->shown);
    if (!removal->ends_sessions || shown.size == 0) {
        return RESULT_OK;
    }
    const struct registered *own = registered_find(page, shown);
    bool is_own = own != NULL ? removal_takes(removal, own)
                              : page->is_cut && registered_is_name_of(removal->name, shown);
    if (!is_own) {
        return RESULT_OK;
    }
    (void)error_set_code(err, RESULT_CONFLICT, "own_certificate",
                         "%.100s is the certificate that this login was made with",
                         own != NULL ? own->name : removal->name);
    error_hint(err, "Revoke it from another device or with --password-file, or disable it.");
    return RESULT_CONFLICT;
}

// A list that cannot be had does not stand in the way of who knows a name: it is taken for one that was
// cut at once, on a new stream, as the old one ended with it.
static enum result list_if_possible(const struct arguments *arguments,
                                    struct xmpp_session *session,
                                    struct registered_page *out_page, struct error *err) {
    struct error reason = {0};
    enum result result = list(session, out_page, &reason);
    if (result == RESULT_OK) {
        return RESULT_OK;
    }
    if (!xmpp_certificates_unreadable(result, &reason)) {
        *err = reason;
        return result;
    }
    note(&reason);
    xmpp_session_close(session);
    out_page->is_cut = true;
    return open_session(arguments, arguments_value(arguments, "with"), session, err);
}

static enum result remove_named(const struct arguments *arguments, bool ends_sessions,
                                struct error *err) {
    AUTO(xmpp_session_close) struct xmpp_session session = {0};
    AUTO(registered_page_clear) struct registered_page page = {0};
    const struct removal removal = {.name = arguments->operands[0],
                                    .ends_sessions = ends_sessions};
    size_t count = 0;
    TRY(open_session(arguments, arguments_value(arguments, "with"), &session, err));
    TRY(list_if_possible(arguments, &session, &page, err));
    TRY(refuse_own(&session, &page, &removal, err));
    TRY(remove_from(arguments, ends_sessions ? "Revoked" : "Disabled", &session, &page,
                    &removal, &count, err));
    if (count > 0) {
        return RESULT_OK;
    }
    (void)error_set_code(err, RESULT_NOT_FOUND, "not_found", "%.100s has no certificate %.100s",
                         buf_string(&session.account.bare), removal.name);
    error_hint(err, "signet xmpp list shows the names.");
    return RESULT_NOT_FOUND;
}

enum result signet_run_xmpp_disable(const struct arguments *arguments, struct error *err) {
    return remove_named(arguments, false, err);
}

enum result signet_run_xmpp_revoke(const struct arguments *arguments, struct error *err) {
    return remove_named(arguments, true, err);
}

enum result signet_run_xmpp_prune(const struct arguments *arguments, struct error *err) {
    AUTO(xmpp_session_close) struct xmpp_session session = {0};
    AUTO(registered_page_clear) struct registered_page page = {0};
    struct removal removal = {.takes_expired = true,
                              .takes_superseded = arguments_have(arguments, "superseded")};
    size_t count = 0;
    if (arguments_have(arguments, "foreign") && !arguments_have(arguments, "with")) {
        return arguments_refuse(err, "foreign", "foreign to whom? Add --with NAME");
    }
    TRY(open_session(arguments, arguments_value(arguments, "with"), &session, err));
    if (arguments_have(arguments, "foreign")) {
        removal.issuers = buf_bytes(&session.credential.trust);
    }
    TRY(list(&session, &page, err));
    TRY(remove_from(arguments, "Removed", &session, &page, &removal, &count, err));
    if (count > 0) {
        return RESULT_OK;
    }
    return error_set_code(err, RESULT_CONFLICT, "unchanged",
                          "%.100s has no certificate to remove%s",
                          buf_string(&session.account.bare),
                          page.is_cut ? " among those that are read here" : "");
}

// --- register --------------------------------------------------------------------------------

// Servers refuse one that does not name the account, without saying so, and take one that has ended.
static enum result check_certificate(const struct xmpp_session *session, struct error *err) {
    struct certificate certificate;
    AUTO(names_clear) struct names names = {0};
    const char *bare = buf_string(&session->account.bare);
    size_t size = strlen(bare);
    TRY(certificate_read(buf_bytes(&session->credential.certificate), &certificate, err));
    TRY(certificate_names(&certificate, &names, err));
    if (clock_now() > certificate.not_after) {
        (void)error_set_code(err, RESULT_INVALID, "expired", "the certificate has ended");
        error_hint(err, "Renew it, or enroll anew.");
        return RESULT_INVALID;
    }
    for (size_t i = 0; i < names.count; i++) {
        const struct name *name = &names.items[i];
        if (name->type == NAME_XMPP && strncmp(name->value, bare, size) == 0 &&
            (name->value[size] == '\0' || name->value[size] == '/')) {
            return RESULT_OK;
        }
    }
    return error_set_code(err, RESULT_INVALID, "usage",
                          "the certificate does not name the account %s", bare);
}

static enum result check_label(const char *label, struct error *err) {
    struct bytes text = bytes_of_string(label);
    return text.size > 0 && text_is_utf8(text) && !text_has_control(text)
               ? RESULT_OK
               : arguments_refuse(err, "name", "expected a text without control characters");
}

// A server that says yes has not always done it, and what is there else may go because of it.
static enum result look_for_own(struct xmpp_session *session, struct registered_page *page,
                                const struct registered **out_own, struct error *err) {
    registered_page_clear(page);
    *page = (struct registered_page){0};
    TRY(list(session, page, err));
    *out_own = registered_find(page, buf_bytes(&session->credential.certificate));
    if (*out_own != NULL) {
        return RESULT_OK;
    }
    if (page->is_cut) {
        (void)error_set_code(err, RESULT_LIMIT, "answer",
                             "the account has more certificates than are read here: whether "
                             "this one is there now cannot be seen");
        error_hint(err, "Disable what is not yours, as with signet xmpp prune --foreign, and "
                        "register again.");
        return RESULT_LIMIT;
    }
    return error_set_code(err, RESULT_CONFLICT, "server_refused",
                          "the server does not have the certificate, although it said that it "
                          "was added; nothing else was changed");
}

// Puts it there unless it is there already; *out_own is how the account has it, on the page.
static enum result put_certificate(struct xmpp_session *session, struct registered_page *page,
                                   const char *label, const struct registered **out_own,
                                   bool *out_is_new, struct error *err) {
    AUTO(buf_clear) struct buf name = {0};
    struct bytes certificate = buf_bytes(&session->credential.certificate);
    buf_init(&name, LIMIT_XMPP_NAME_BYTES);
    *out_own = registered_find(page, certificate);
    *out_is_new = *out_own == NULL;
    if (*out_own != NULL) {
        return RESULT_OK;
    }
    TRY(registered_name(label, certificate, &name, err));
    TRY(xmpp_certificates_append(&session->stream, &session->account, buf_string(&name),
                                 certificate, err));
    return look_for_own(session, page, out_own, err);
}

// Whatever else has the label goes, also a newer one: somebody may have gone back.
static enum result replace_others(const struct arguments *arguments,
                                  struct xmpp_session *session,
                                  const struct registered_page *page, const char *label,
                                  const char *name, struct error *err) {
    const struct removal removal = {.label = label, .keeps = name};
    size_t count = 0;
    return remove_from(arguments, "Disabled", session, page, &removal, &count, err);
}

// The words of the hook. It logs in with the certificate before the renewed one, so that no password
// is kept anywhere.
static enum result write_hook(const struct arguments *arguments, struct text_list *out,
                              struct error *err) {
    static const char *const kept[] = {"dir", "name", "jid", "host", "port", "ca"};
    TRY(registration_hook_begin(arguments->operands[0], out, err));
    for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++) {
        const char *value = arguments_value(arguments, kept[i]);
        bool is_path = strcmp(kept[i], "dir") == 0 || strcmp(kept[i], "ca") == 0;
        if (value != NULL) {
            TRY(registration_hook_add(kept[i], value, is_path, out, err));
        }
    }
    return arguments_have(arguments, "direct-tls")
               ? registration_hook_add("direct-tls", NULL, false, out, err)
               : RESULT_OK;
}

// Before anything is registered: whether the hook may be set, and what it will be.
static enum result prepare_hook(const struct arguments *arguments, struct text_list *out_hook,
                                struct error *err) {
    AUTO(buf_clear) struct buf folder = {0};
    if (!arguments_have(arguments, "after-renewal")) {
        return RESULT_OK;
    }
    TRY(find_credential(arguments, arguments->operands[0], &folder, err));
    TRY(registration_hook_check(buf_string(&folder), err));
    return write_hook(arguments, out_hook, err);
}

static enum result keep_hook(const struct arguments *arguments, struct text_list *hook,
                             const char *serial, struct error *err) {
    AUTO(buf_clear) struct buf folder = {0};
    if (hook->count == 0) {
        return RESULT_OK;
    }
    TRY(find_credential(arguments, arguments->operands[0], &folder, err));
    return registration_hook_set(buf_string(&folder), hook, serial, err);
}

enum result signet_run_xmpp_register(const struct arguments *arguments, struct error *err) {
    AUTO(xmpp_session_close) struct xmpp_session session = {0};
    AUTO(registered_page_clear) struct registered_page page = {0};
    AUTO(text_list_clear) struct text_list hook = {0};
    AUTO(buf_clear) struct buf text = {0};
    const struct registered *own = NULL;
    const char *credential = arguments->operands[0];
    const char *label = arguments_value(arguments, "name");
    bool is_new = false;
    buf_init(&text, PRINT_BYTES);
    label = label != NULL ? label : credential;
    TRY(check_label(label, err));
    TRY(prepare_hook(arguments, &hook, err));
    TRY(open_session(arguments, credential, &session, err));
    TRY(check_certificate(&session, err));
    TRY(list(&session, &page, err));
    TRY(put_certificate(&session, &page, label, &own, &is_new, err));
    TRY(buf_printf(&text, "%s has this certificate %s %s.\n", buf_string(&session.account.bare),
                   is_new ? "now, as" : "already, as", own->name));
    TRY(program_print(&text, err));
    if (arguments_have(arguments, "replace")) {
        TRY(replace_others(arguments, &session, &page, label, own->name, err));
    }
    return keep_hook(arguments, &hook, session.credential.about.serial, err);
}

// --- list ------------------------------------------------------------------------------------

static enum result add_texts(struct table *table, const struct text_list *texts) {
    AUTO(buf_clear) struct buf cell = {0};
    buf_init(&cell, (size_t)LIMIT_NAMES * LIMIT_LIST_TEXT_BYTES);
    if (texts->count > 0) {
        TRY(display_names(texts, &cell));
    }
    return table_add_buf(table, &cell);
}

static enum result add_row(struct table *table, const struct registered *line) {
    AUTO(buf_clear) struct buf cell = {0};
    buf_init(&cell, 64);
    TRY(table_add(table, line->name));
    TRY(add_texts(table, &line->names));
    TRY(table_add(table, line->issuer != NULL ? line->issuer : ""));
    TRY(display_time(line->not_after, &cell));
    TRY(table_add_buf(table, &cell));
    TRY(add_texts(table, &line->resources));
    return table_add(table, line->state);
}

static enum result print_page(const struct registered_page *page,
                              const struct xmpp_address *account, struct error *err) {
    static const char *const headings[] = {"NAME",      "NAMES", "ISSUER", "VALID UNTIL",
                                           "IN USE BY", "STATE", NULL};
    AUTO(table_clear) struct table table = {0};
    AUTO(buf_clear) struct buf text = {0};
    const struct registered *lines = page->certificates.items;
    buf_init(&text, PRINT_BYTES);
    if (page->certificates.count == 0) {
        TRY(buf_printf(&text, "%s has no certificates.\n", buf_string(&account->bare)));
        return program_print(&text, err);
    }
    TRY(table_init(&table, headings));
    for (size_t i = 0; i < page->certificates.count; i++) {
        TRY(add_row(&table, &lines[i]));
    }
    TRY(table_write(&table, &text));
    return program_print(&text, err);
}

enum result signet_run_xmpp_list(const struct arguments *arguments, struct error *err) {
    AUTO(xmpp_session_close) struct xmpp_session session = {0};
    AUTO(registered_page_clear) struct registered_page page = {0};
    TRY(open_session(arguments, arguments_value(arguments, "with"), &session, err));
    TRY(list(&session, &page, err));
    TRY(arguments_have(arguments, "json")
            ? program_print_json(&registered_page_type, &page, err)
            : print_page(&page, &session.account, err));
    if (page.is_cut) {
        say_cut("the list is the beginning only");
    }
    return RESULT_OK;
}
