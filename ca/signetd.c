// signetd: the authority, and (re-executed by it) its gateways. One table is dispatch and help.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "signetd.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "authority/host/check.h"
#include "authority/config/layout.h"
#include "authority/service/service.h"
#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "gateway/confinement.h"
#include "gateway/gateway.h"
#include "store/store.h"
#include "wire/tls.h"
#include "x509/key_pkcs11.h"

#define LIMIT_LISTENERS 64
#define LIMIT_REPORT_BYTES (64 * 1024)
#define LIMIT_HELP_BYTES (64 * 1024)

enum exit_status { EXIT_OK = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

// --- commands without a file of their own ----------------------------------------------------

static const struct option folder_options[] = {FOLDER_OPTION, {0}};

static const struct option backup_options[] = {
    FOLDER_OPTION,
    {"to", "FILE", "where the copy of the store goes; required", false, false},
    {0},
};

static enum result run_service(const struct arguments *arguments, struct error *err) {
    return authority_run(folder_of(arguments), err);
}

static enum result run_check(const struct arguments *arguments, struct error *err) {
    AUTO(buf_clear) struct buf report = {0};
    buf_init(&report, LIMIT_REPORT_BYTES);
    enum result result = authority_check(folder_of(arguments), &report, err);
    enum result printed = print_text(&report, result == RESULT_OK ? err : NULL);
    return result == RESULT_OK ? printed : result;
}

// Beside a running authority as well: the copy holds everything that was acknowledged before it
// began.
static enum result run_backup(const struct arguments *arguments, struct error *err) {
    const char *target = NULL;
    TRY(required_value(arguments, "to", &target, err));
    AUTO(buf_clear) struct buf path = {0};
    AUTO(store_close_at) struct store *store = NULL;
    buf_init(&path, PATH_MAX);
    if (path_join(&path, folder_of(arguments), LAYOUT_DATABASE) != RESULT_OK) {
        return error_set(err, RESULT_INVALID, "the path of the state folder is too long");
    }
    TRY(store_open(buf_string(&path), false, &store, err));
    TRY(store_backup(store, target, err));
    (void)printf("%s is a whole copy of %s.\n"
                 "The keys are not in it: keep a copy of %s/%s in a safe place, too.\n",
                 target, buf_string(&path), folder_of(arguments), LAYOUT_KEYS);
    return RESULT_OK;
}

// --- the table -------------------------------------------------------------------------------

static const struct command commands[] = {
    {"init", "", 0, 0, init_options, "make a new authority, or adopt an existing CA", run_init},
    {"run", "", 0, 0, folder_options, "run the authority until SIGTERM; SIGHUP reloads",
     run_service},
    {"check", "", 0, 0, folder_options, "look whether everything in the state folder is fit",
     run_check},
    {"issuer add", "NAME", 1, 1, issuer_add_options, "make an issuing CA under the root",
     run_issuer_add},
    {"issuer list", "", 0, 0, issuer_list_options, "list the CAs", run_issuer_list},
    {"issuer request", "NAME", 1, 1, issuer_request_options,
     "make a key and a request for a root that is kept offline", run_issuer_request},
    {"issuer install", "NAME", 1, 1, issuer_install_options,
     "take the certificate that was made for a request", run_issuer_install},
    {"issuer retire", "NAME", 1, 1, issuer_retire_options,
     "let a CA issue nothing any more; its CRLs go on while they are needed",
     run_issuer_retire},
    {"issuer revoke", "NAME", 1, 1, issuer_revoke_options,
     "declare a CA and all that it issued invalid, for good", run_issuer_revoke},
    {"root export", "", 0, 0, root_export_options, "take the root's key offline",
     run_root_export},
    {"root import", "", 0, 0, root_import_options, "bring the root's key back",
     run_root_import},
    {"root sign", "", 0, 0, root_sign_options,
     "offline: make an issuing CA's certificate for a request", run_root_sign},
    {"root crl", "", 0, 0, root_crl_options, "offline: make the root's next CRL", run_root_crl},
    {"root install-crl", "", 0, 0, root_install_crl_options,
     "take the CRL that was made offline", run_root_install_crl},
    {"renew-own", "", 0, 0, renew_own_options,
     "renew the administrator's credential in the state folder, even an expired one",
     run_renew_own},
    {"backup", "", 0, 0, backup_options, "copy the store, also while the authority runs",
     run_backup},
    {"admin reset", "", 0, 0, admin_reset_options,
     "make an owner anew, while the authority does not run", run_admin_reset},
    {"audit list", "", 0, 0, audit_list_options, "show the audit trail, newest first",
     run_audit_list},
    {"audit verify", "", 0, 0, audit_verify_options,
     "look whether the audit trail is whole\n\n"
     "Names the first record that is missing or was changed. Only with a checkpoint is it\n"
     "noticed that the tail was cut off, or that all was written anew.",
     run_audit_verify},
    {0},
};

static const struct program program = {
    .name = "signetd",
    .summary = "The Signet authority: decides, signs, records, publishes.",
    .commands = commands,
    .footer = "Exit status: 0 done, 1 failed, 2 usage. See signetd(8).\n",
};

// --- gateways --------------------------------------------------------------------------------

// The order matters: the TLS library opens what it needs before nothing can be opened any more.
static enum result run_confined(enum channel role, int listener_count, struct error *err) {
    bool has_landlock = false;
    TRY(tls_prepare(err));
    TRY(confinement_enter(&has_landlock, err));
    return gateway_run(role, listener_count, err);
}

// "signetd gateway ROLE LISTENERS", as the authority spawns it: of no use to people, and not in
// the help.
static int run_gateway(int count, char **arguments) {
    static const struct {
        const char *name;
        enum channel role;
    } roles[] = {
        {"enroll", CHANNEL_ENROLL}, {"admin", CHANNEL_ADMIN}, {"public", CHANNEL_PUBLIC}};
    int64_t listeners = 0;
    size_t role = 0;
    while (count == 2 && role < 3 && strcmp(roles[role].name, arguments[0]) != 0) {
        role++;
    }
    if (count != 2 || role == 3 ||
        text_read_int64(bytes_of_string(arguments[1]), 0, LIMIT_LISTENERS, &listeners) !=
            RESULT_OK) {
        (void)fputs("signetd: gateways are started by signetd run\n", stderr);
        return EXIT_USAGE;
    }
    struct error err = {0};
    if (run_confined(roles[role].role, (int)listeners, &err) != RESULT_OK) {
        log_error(LOG_LEVEL_ERROR, "gateway ended", &err);
        return EXIT_FAILED;
    }
    return EXIT_OK;
}

// --- main ------------------------------------------------------------------------------------

static void warn_of_pin(const struct arguments *arguments) {
    for (size_t i = 0; i < arguments->value_count; i++) {
        const char *text = arguments->values[i].text;
        if (text != NULL && key_is_uri(text) && key_uri_has_pin(text)) {
            (void)fputs("signetd: " KEY_PIN_WARNING "\n", stderr);
        }
    }
}

static enum result run_command(int argc, char **argv, struct error *err) {
    AUTO(arguments_clear) struct arguments arguments = {0};
    TRY(arguments_read(&program, argc, argv, &arguments, err));
    if (!arguments.wants_help && !arguments.wants_version) {
        warn_of_pin(&arguments);
        key_pin_prompt_set(pin_ask);
        return arguments.command->run(&arguments, err);
    }
    AUTO(buf_clear) struct buf text = {0};
    buf_init(&text, LIMIT_HELP_BYTES);
    enum result result = arguments.wants_help
                             ? arguments_write_help(&arguments, &text)
                             : buf_printf(&text, "%s %s\n", program.name, SIGNET_VERSION);
    if (result != RESULT_OK) {
        return error_out_of_memory(err);
    }
    return print_text(&text, err);
}

static void print_error(const struct error *err) {
    (void)fprintf(stderr, "signetd: %s\n", err->message);
    if (err->hint[0] != '\0') {
        (void)fprintf(stderr, "  %s\n", err->hint);
    }
}

int main(int argc, char **argv) {
    static char version[] = "--version";
    if (argc > 1 && strcmp(argv[1], "gateway") == 0) {
        return run_gateway(argc - 2, argv + 2);
    }
    if (argc == 2 && strcmp(argv[1], "version") == 0) {
        argv[1] = version;
    }
    struct error err = {0};
    if (run_command(argc, argv, &err) == RESULT_OK) {
        return EXIT_OK;
    }
    print_error(&err);
    return strcmp(err.code, "usage") == 0 ? EXIT_USAGE : EXIT_FAILED;
}
