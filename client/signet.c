// signet, the program of devices and relying parties: its commands and their options.
// SPDX-License-Identifier: GPL-3.0-or-later
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/limits.h"
#include "base/text.h"
#include "client/device/agent.h"
#include "client/connect/credential.h"
#include "client/terminal/display.h"
#include "client/device/enroll.h"
#include "client/export/export_command.h"
#include "base/options.h"
#include "client/terminal/program.h"
#include "client/device/renew.h"
#include "client/signet_agent.h"
#include "client/signet_status.h"
#include "client/device/status.h"
#include "client/terminal/table.h"
#include "client/terminal/token_file.h"
#include "client/terminal/waiting.h"
#include "client/signet_watch.h"
#include "client/signet_xmpp.h"
#include "x509/key_pkcs11.h"

#define TOKEN_SCHEME "signet://"
#define PRINT_BYTES (64 * 1024 * 1024)
// The option that most commands have.
#define DIR_OPTION                                                                             \
    { "dir", "DIR", "where credentials are kept (default: see the man page)", false, false }

// Options named like a name type add one value each to the set.
static enum result collect_names(const struct arguments *arguments, struct names *names,
                                 struct error *err) {
    for (size_t i = 0; i < arguments->value_count; i++) {
        const struct option_value *value = &arguments->values[i];
        enum name_type type = NAME_CN;
        if (!name_type_from_prefix(value->option->name, &type)) {
            continue;
        }
        struct error reason = {0};
        if (names_add(names, type, bytes_of_string(value->text), &reason) != RESULT_OK) {
            return arguments_refuse(err, value->option->name, "%s", reason.message);
        }
    }
    return RESULT_OK;
}

static enum result find_folder(const struct arguments *arguments, struct buf *out,
                               struct error *err) {
    buf_init(out, LIMIT_PATH_BYTES);
    return credentials_folder(arguments_value(arguments, "dir"), out, err);
}

// --- enroll ------------------------------------------------------------------------------

static const struct option enroll_options[] = {
    DIR_OPTION,
    {"url", "URL", "without a token: the authority's enroll gateway", false, false},
    {"fingerprint", "SHA256", "of its root certificate, with colons or without", false, false},
    {"profile", "NAME", "the kind of certificate: client, mqtt, xmpp, server, …", false, false},
    {"with", "NAME", "ask as the holder of this credential, which knows the authority", false,
     false},
    {"name", "NAME", "the credential's folder there (default: its common name)", false, false},
    {"key", "TYPE|URI",
     "p256 (default), p384, ed25519, rsa2048, rsa3072, rsa4096; or on a token: pkcs11:…", false,
     false},
    {"key-type", "TYPE", "of the key that is made, where --key is a URI (p256)", false, false},
    {"cn", "VALUE", "ask for this common name; with a token of those it grants", false, false},
    {"dns", "VALUE", "ask for this DNS name; may be repeated, as all below", true, false},
    {"ip", "VALUE", "ask for this IP address", true, false},
    {"email", "VALUE", "ask for this e-mail address", true, false},
    {"uri", "VALUE", "ask for this URI", true, false},
    {"xmpp", "VALUE", "ask for this XMPP address", true, false},
    {"serial-number", "TEXT", "of this device, as it stands on the authority's list of devices",
     false, false},
    {"force", NULL, "replace a credential of the same name", false, false},
    SETTINGS_OPTIONS,
    {"wait", "TIME", "wait so long for a decision (on a terminal: until there is one)", false,
     false},
    {"no-wait", NULL, "end with status 3 when the request has to wait", false, false},
    {"trust-server-time", NULL, "judge dates by the authority's clock; this one is not set",
     false, false},
    {"token-file", "FILE",
     "the token is its first line; -: of standard input (ps shows what is on the line)", false,
     false},
    {"cancel", NULL, "forget a pending enrollment; its code, if there are several", false,
     false},
    {"resume", NULL, "go on with a pending enrollment; its code, if there are several", false,
     false},
    {0},
};

static enum result read_key_type(const char *option, const char *text,
                                 enum key_algorithm *out_algorithm, struct error *err) {
    return key_algorithm_from_name(text, out_algorithm)
               ? RESULT_OK
               : arguments_refuse(
                     err, option,
                     "'%s' is none of p256, p384, ed25519, rsa2048, rsa3072, rsa4096", text);
}

static enum result read_key(const struct arguments *arguments, struct enroll_options *options,
                            struct error *err) {
    const char *key = arguments_value(arguments, "key");
    const char *type = arguments_value(arguments, "key-type");
    const bool is_uri = key != NULL && key_is_uri(key);
    options->algorithm = KEY_P256;
    if (type != NULL && !is_uri) {
        return arguments_refuse(err, "key-type", "it goes with the URI of a key in --key");
    }
    if (is_uri) {
        options->key_uri = key;
        TRY(key_uri_check(key, err));
        return type != NULL ? read_key_type("key-type", type, &options->algorithm, err)
                            : RESULT_OK;
    }
    return key != NULL ? read_key_type("key", key, &options->algorithm, err) : RESULT_OK;
}

static enum result print_enrolled(const struct enrolled *enrolled, struct error *err) {
    AUTO(buf_clear) struct buf text = {0};
    buf_init(&text, PRINT_BYTES);
    TRY(buf_append_string(&text, "Enrolled: "));
    TRY(display_names(&enrolled->about.names, &text));
    TRY(buf_append_string(&text, "\n  certificate  "));
    TRY(display_text(enrolled->about.serial, &text));
    TRY(buf_append_string(&text, "\n  valid until  "));
    TRY(display_time(enrolled->about.not_after, &text));
    TRY(buf_append_string(&text, "\n  renew after  "));
    TRY(display_time(enrolled->about.renew_after, &text));
    TRY(buf_append_string(&text, "\n  key SHA-256  "));
    TRY(credential_key_hash(buf_string(&enrolled->folder), &text, err));
    TRY(buf_printf(&text, "\n  installed in %s\n", buf_string(&enrolled->folder)));
    if (enrolled->is_administrator) {
        TRY(buf_printf(&text, "  administer   signetctl --credential '%s' status\n",
                       buf_string(&enrolled->folder)));
    }
    return program_print(&text, err);
}

// A person at a terminal sees what it waits for and can end it; a script is told, and comes again.
static enum result read_wait(const struct arguments *arguments, int64_t *out_seconds,
                             struct error *err) {
    if (arguments_have(arguments, "no-wait")) {
        *out_seconds = 0;
        return arguments_have(arguments, "wait")
                   ? arguments_refuse(err, "no-wait", "contradicts --wait")
                   : RESULT_OK;
    }
    return arguments_duration(arguments, "wait", isatty(STDERR_FILENO) ? INT64_MAX : 0,
                              out_seconds, err);
}

// Options that say what to ask for, which a token or a pending enrollment says by itself.
static enum result refuse_beside(const struct arguments *arguments, const char *const *names,
                                 const char *what, struct error *err) {
    for (size_t i = 0; names[i] != NULL; i++) {
        if (arguments_have(arguments, names[i])) {
            return arguments_refuse(err, names[i], "%s says that already", what);
        }
    }
    return RESULT_OK;
}

// --hook takes all that stands behind it, a token as well.
static enum result refuse_without_token(const struct arguments *arguments, struct error *err) {
    for (size_t i = 0; arguments->rest != NULL && arguments->rest[i] != NULL; i++) {
        if (text_starts_with(arguments->rest[i], TOKEN_SCHEME)) {
            (void)arguments_refuse(err, "hook",
                                   "it takes the rest of the line, and with it the token");
            error_hint(err, "The token goes before --hook.");
            return RESULT_INVALID;
        }
    }
    (void)error_set_code(
        err, RESULT_INVALID, "usage",
        "enroll: expected TOKEN, --token-file FILE, or --url with --fingerprint and --profile");
    error_hint(err, "signet enroll --help");
    return RESULT_INVALID;
}

static enum result check_enroll(const struct arguments *arguments, bool is_resumed,
                                struct error *err) {
    static const char *const in_token[] = {"url", "fingerprint", "profile", "with", NULL};
    static const char *const in_ticket[] = {
        "url",      "fingerprint", "profile",       "with",       "name",  "key",
        "key-type", "cn",          "dns",           "ip",         "email", "uri",
        "xmpp",     "force",       "serial-number", "token-file", NULL};
    if (is_resumed) {
        return refuse_beside(arguments, in_ticket, "the pending enrollment", err);
    }
    if (arguments->operand_count > 0 && arguments_have(arguments, "token-file")) {
        return arguments_refuse(err, "token-file", "there is a token on the line, too");
    }
    if (arguments->operand_count > 0 || arguments_have(arguments, "token-file")) {
        return refuse_beside(arguments, in_token, "the token", err);
    }
    if (arguments_have(arguments, "url") || arguments_have(arguments, "with")) {
        return RESULT_OK;
    }
    return refuse_without_token(arguments, err);
}

// It stands beside a common name in a subject, and has the same limits there.
static enum result check_serial_number(const char *text, struct error *err) {
    AUTO(names_clear) struct names alike = {0};
    if (text == NULL || names_add(&alike, NAME_CN, bytes_of_string(text), NULL) == RESULT_OK) {
        return RESULT_OK;
    }
    return arguments_refuse(err, "serial-number", "expected 1 to %d characters",
                            LIMIT_COMMON_NAME_CHARACTERS);
}

static enum result read_token_file(const struct arguments *arguments, struct buf *room,
                                   const char **out_token, struct error *err) {
    const char *path = arguments_value(arguments, "token-file");
    buf_init_secret(room, LIMIT_TOKEN_TEXT_BYTES);
    if (path == NULL) {
        return RESULT_OK;
    }
    TRY(token_file_read(path, room, err));
    *out_token = buf_string(room);
    return RESULT_OK;
}

static enum result cancel(const struct arguments *arguments, struct error *err) {
    static const char *const heeded[] = {"cancel", "dir"};
    AUTO(buf_clear) struct buf folder = {0};
    AUTO(buf_clear) struct buf code = {0};
    AUTO(buf_clear) struct buf text = {0};
    buf_init(&code, LIMIT_CODE_TEXT);
    buf_init(&text, 256);
    for (size_t i = 0; i < arguments->value_count; i++) {
        const char *option = arguments->values[i].option->name;
        if (strcmp(option, heeded[0]) != 0 && strcmp(option, heeded[1]) != 0) {
            return arguments_refuse(err, option, "has no meaning beside --cancel");
        }
    }
    TRY(find_folder(arguments, &folder, err));
    TRY(enroll_cancel(buf_string(&folder),
                      arguments->operand_count > 0 ? arguments->operands[0] : NULL, &code,
                      err));
    TRY(buf_printf(
        &text,
        "Forgot the enrollment %s and its key. What was asked of the authority stays "
        "there\nuntil somebody denies it or its time ends.\n",
        buf_string(&code)));
    return program_print(&text, err);
}

static enum result run_enroll(const struct arguments *arguments, struct error *err) {
    AUTO(buf_clear) struct buf folder = {0};
    AUTO(names_clear) struct names names = {0};
    AUTO(enrolled_clear) struct enrolled enrolled = {0};
    AUTO(settings_clear) struct settings settings = {0};
    const char *operand = arguments->operand_count > 0 ? arguments->operands[0] : NULL;
    AUTO(buf_clear) struct buf token = {0};
    bool is_resumed = arguments_have(arguments, "resume");
    if (arguments_have(arguments, "cancel")) {
        return cancel(arguments, err);
    }
    struct enroll_options options = {
        .token = operand,
        .url = arguments_value(arguments, "url"),
        .fingerprint = arguments_value(arguments, "fingerprint"),
        .profile = arguments_value(arguments, "profile"),
        .with = arguments_value(arguments, "with"),
        .name = arguments_value(arguments, "name"),
        .serial_number = arguments_value(arguments, "serial-number"),
        .names = &names,
        .replaces = arguments_have(arguments, "force"),
        .settings = &settings,
        .trusts_server_time = arguments_have(arguments, "trust-server-time"),
        .events = {.on_held = waiting_begins,
                   .on_wait = waiting_goes_on,
                   .on_trouble = waiting_has_trouble},
    };
    TRY(check_enroll(arguments, is_resumed, err));
    TRY(check_serial_number(options.serial_number, err));
    TRY(read_token_file(arguments, &token, &options.token, err));
    TRY(read_key(arguments, &options, err));
    TRY(read_wait(arguments, &options.wait_seconds, err));
    TRY(collect_names(arguments, &names, err));
    TRY(signet_take_settings(arguments, &settings, err));
    TRY(find_folder(arguments, &folder, err));
    options.folder = buf_string(&folder);
    TRY(is_resumed ? enroll_resume(&options, operand, &enrolled, err)
                   : enroll_run(&options, &enrolled, err));
    return print_enrolled(&enrolled, err);
}

// --- renew -------------------------------------------------------------------------------

static const struct option renew_options[] = {
    DIR_OPTION,
    {"all", NULL, "every credential there that is due", false, false},
    {"force", NULL, "also when it is not due", false, false},
    {0},
};

static enum result print_renewed(const char *name, const struct agent_report *report,
                                 struct error *err) {
    AUTO(buf_clear) struct buf text = {0};
    buf_init(&text, PRINT_BYTES);
    if (report->is_renewed) {
        TRY(buf_printf(&text, "Renewed %s: certificate %s, valid until ", name,
                       report->about.serial));
        TRY(display_time(report->about.not_after, &text));
        TRY(buf_append_byte(&text, '\n'));
    } else if (report->has_new_cas) {
        TRY(buf_printf(&text, "New CAs of the authority are in ca.pem of %s.\n", name));
    } else if (report->is_hooked) {
        TRY(buf_printf(&text, "Ran the hook of %s.\n", name));
    }
    return text.size > 0 ? program_print(&text, err) : RESULT_OK;
}

static enum result renew_one(const char *folder, const char *name, enum agent_mode mode,
                             struct error *err) {
    AUTO(buf_clear) struct buf path = {0};
    buf_init(&path, LIMIT_PATH_BYTES);
    TRY(credential_check_name(name, err));
    TRY(path_join(&path, folder, name));
    struct agent_report report = {0};
    enum result result = agent_step(buf_string(&path), name, mode, &report, err);
    enum result printed = print_renewed(name, &report, result == RESULT_OK ? err : NULL);
    message_clear(&about_type, &report.about);
    return result == RESULT_OK ? printed : result;
}

// Renews all; the first failure is the result, "unchanged" only when nothing else happened.
static enum result renew_all(const char *folder, enum agent_mode mode, struct error *err) {
    struct status_page page = {0};
    TRY(status_collect(folder, NULL, &page, err));
    const struct credential_status *lines = page.credentials.items;
    enum result result = RESULT_OK;
    size_t renewed = 0;
    for (size_t i = 0; i < page.credentials.count; i++) {
        struct error reason = {0};
        enum result one = renew_one(folder, lines[i].name, mode, &reason);
        renewed += one == RESULT_OK;
        if (one == RESULT_OK || outcome_of(one, &reason) == OUTCOME_UNCHANGED) {
            continue;
        }
        if (result != RESULT_OK) {
            outcome_report("signet", &reason);
        } else {
            result = one;
            *err = reason;
        }
    }
    message_clear(&status_page_type, &page);
    if (result == RESULT_OK && renewed == 0) {
        return error_set_code(err, RESULT_CONFLICT, "unchanged", "nothing in %s is due",
                              folder);
    }
    return result;
}

static enum result run_renew(const struct arguments *arguments, struct error *err) {
    AUTO(buf_clear) struct buf folder = {0};
    bool is_forced = arguments_have(arguments, "force");
    bool wants_all = arguments_have(arguments, "all");
    if (wants_all == (arguments->operand_count > 0)) {
        (void)error_set_code(err, RESULT_INVALID, "usage", "renew: expected NAME or --all");
        error_hint(err, "signet status lists the names.");
        return RESULT_INVALID;
    }
    TRY(find_folder(arguments, &folder, err));
    if (wants_all) {
        return renew_all(buf_string(&folder), is_forced ? AGENT_FORCED : AGENT_AT_ONCE, err);
    }
    return renew_one(buf_string(&folder), arguments->operands[0],
                     is_forced ? AGENT_FORCED : AGENT_WHEN_ALLOWED, err);
}

// --- export ------------------------------------------------------------------------------

static const struct option export_options[] = {
    DIR_OPTION,
    EXPORT_OPTIONS,
};

static enum result run_export(const struct arguments *arguments, struct error *err) {
    AUTO(buf_clear) struct buf folder = {0};
    AUTO(buf_clear) struct buf path = {0};
    AUTO(credential_clear) struct credential credential = {0};
    AUTO(buf_clear) struct buf password = {0};
    struct export_request request;
    const char *name = arguments->operands[0];
    buf_init(&path, LIMIT_PATH_BYTES);
    buf_init_secret(&password, LIMIT_PKCS12_PASSWORD_BYTES);
    TRY(export_read_request(arguments, &request, err));
    TRY(find_folder(arguments, &folder, err));
    TRY(credential_check_name(name, err));
    TRY(path_join(&path, buf_string(&folder), name));
    TRY(credential_read(buf_string(&path), &credential, err));
    TRY(export_check_key(&request, credential.key, err));
    TRY(export_prepare(&request, name, key_algorithm(credential.key), &password, err));
    return export_finish(&request, &credential, name, &password, err);
}

// --- all of them -------------------------------------------------------------------------

static const struct command commands[] = {
    {"enroll", "TOKEN | --token-file FILE | --url URL …", 0, 1, enroll_options,
     "get a certificate\n\n"
     "Makes a key here, checks the authority against the fingerprint, sends the request, "
     "checks\n"
     "the answer and installs key, certificate and chain as one. Without a token, or where "
     "the\n"
     "profile wants approval, it shows a code and waits for an administrator. Interrupted, it\n"
     "goes on with the same command, or with --resume.",
     run_enroll},
    {"status", "[NAME]", 0, 1, signet_status_options, "list the credentials and when they end",
     signet_run_status},
    {"renew", "NAME | --all", 0, 1, renew_options,
     "get a new key and certificate with the present one\n\n"
     "Ends with status 7 when nothing is due.",
     run_renew},
    {"run", "", 0, 0, signet_run_options,
     "keep every credential renewed, until it is ended\n\n"
     "Renews each when it is due, runs its hook until it succeeds, and sleeps otherwise.",
     signet_run_agent},
    {"set", "NAME", 1, 1, signet_set_options,
     "say who may read a credential's key, and what is run after a renewal", signet_run_set},
    {"rollback", "NAME", 1, 1, signet_rollback_options,
     "go back to the certificate before\n\n"
     "The agent leaves it alone for a day.",
     signet_run_rollback},
    {"revoke", "NAME", 1, 1, signet_revoke_options,
     "declare this device's own certificate invalid\n\n"
     "It cannot be undone. The files stay.",
     signet_run_revoke},
    {"export", "NAME", 1, 1, export_options,
     "write a credential in the form that an app takes\n\n"
     "Files with the key are encrypted with a password, which is asked for, read from a file\n"
     "or generated; it is never given on the command line.",
     run_export},
    {"watch", "", 0, 0, signet_watch_options,
     "keep the CRLs of brokers and proxies fresh, and prove it\n\n"
     "Fetches, verifies issuer, signature, number and dates, never goes back, replaces what "
     "they\n"
     "read whole, tells them until it succeeds, and tries with a good and a revoked "
     "certificate.",
     signet_run_watch},
    {"xmpp register", "NAME", 1, 1, signet_xmpp_register_options,
     "put a credential's certificate on its XMPP account\n\n"
     "For servers that keep the certificates of each user (XEP-0257). Logs in with the "
     "certificate\n"
     "if the account has it, else with the one before it, else with a password.",
     signet_run_xmpp_register},
    {"xmpp list", "", 0, 0, signet_xmpp_list_options,
     "list the certificates of an XMPP account", signet_run_xmpp_list},
    {"xmpp disable", "CERTIFICATE", 1, 1, signet_xmpp_remove_options,
     "take a certificate off an XMPP account; sessions stay", signet_run_xmpp_disable},
    {"xmpp revoke", "CERTIFICATE", 1, 1, signet_xmpp_remove_options,
     "take a certificate off an XMPP account and end its sessions", signet_run_xmpp_revoke},
    {"xmpp prune", "", 0, 0, signet_xmpp_prune_options,
     "take the expired certificates off an XMPP account\n\n"
     "Ends with status 7 when there is none.",
     signet_run_xmpp_prune},
    {0},
};

static const struct option no_common_options[] = {{0}};

static const struct program program = {
    .name = "signet",
    .summary = "Gets, renews and shows this machine's certificates, and keeps CRLs fresh.",
    .options = no_common_options,
    .commands = commands,
    .footer = "Exit status: 0 done, 1 failed, 2 usage, 3 waits for approval, 4 refused by the\n"
              "authority, 5 misconfigured or not to be trusted, 6 unreachable, 7 unchanged. "
              "See signet(1).\n",
};

int main(int argc, char **argv) {
    return program_main(&program, argc, argv);
}
