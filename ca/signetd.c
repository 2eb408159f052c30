// signetd: the authority, and (re-executed by it) its gateways. One table is dispatch and help.
// SPDX-License-Identifier: GPL-3.0-or-later
#include <limits.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "authority/check.h"
#include "authority/config.h"
#include "authority/init.h"
#include "authority/layout.h"
#include "authority/service.h"
#include "base/file.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/text.h"
#include "gateway/confinement.h"
#include "gateway/gateway.h"
#include "store/store.h"
#include "wire/tls.h"
#include "x509/names.h"

#define DEFAULT_FOLDER "/var/lib/signet"
#define LIMIT_PASSPHRASE_BYTES 1024
#define LIMIT_LISTENERS 64

enum exit_status { EXIT_OK = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

// --- options ---------------------------------------------------------------------------------

struct options {
    const char *folder;
    const char *name;
    struct config_list hosts;
    const char *key;
    const char *import_certificate;
    const char *import_key;
    const char *import_chain;
    const char *import_passphrase_file;
    const char *backup;
};

static void options_clear(struct options *options) {
    config_list_clear(&options->hosts);
}

enum command_bit { COMMAND_INIT = 1, COMMAND_RUN = 2, COMMAND_CHECK = 4, COMMAND_BACKUP = 8 };

struct option_spec {
    const char *name;
    const char *argument;
    unsigned commands;
    size_t offset; // of a const char * in struct options; SIZE_MAX for the list of hosts
    const char *help;
};

static const struct option_spec option_specs[] = {
    {"--dir", "DIR", COMMAND_INIT | COMMAND_RUN | COMMAND_CHECK | COMMAND_BACKUP,
     offsetof(struct options, folder), "state folder (" DEFAULT_FOLDER ")"},
    {"--name", "NAME", COMMAND_INIT, offsetof(struct options, name),
     "what people call the authority; required"},
    {"--host", "HOST", COMMAND_INIT, SIZE_MAX,
     "name or address under which it is reached; may be repeated (this machine's name)"},
    {"--key", "TYPE", COMMAND_INIT, offsetof(struct options, key),
     "of the CA keys: p256, p384, ed25519, rsa2048, rsa3072, rsa4096 (p256)"},
    {"--import-cert", "FILE", COMMAND_INIT, offsetof(struct options, import_certificate),
     "adopt this CA certificate instead of making one"},
    {"--import-key", "FILE", COMMAND_INIT, offsetof(struct options, import_key),
     "its key, in PEM"},
    {"--import-chain", "FILE", COMMAND_INIT, offsetof(struct options, import_chain),
     "the certificates above it, when it is not self-signed"},
    {"--import-passphrase-file", "FILE", COMMAND_INIT,
     offsetof(struct options, import_passphrase_file),
     "a file (0600) with the key's passphrase"},
    {"--to", "FILE", COMMAND_BACKUP, offsetof(struct options, backup),
     "where the copy of the store goes; required"},
};
#define OPTION_COUNT (sizeof(option_specs) / sizeof(option_specs[0]))

static void print_error(const struct error *err) {
    (void)fprintf(stderr, "signetd: %s\n", err->message);
    if (err->hint[0] != '\0') {
        (void)fprintf(stderr, "  %s\n", err->hint);
    }
}

static enum result usage_error(struct error *err, const char *hint_command, const char *format,
                               ...) __attribute__((format(printf, 3, 4)));
static enum result usage_error(struct error *err, const char *hint_command, const char *format,
                               ...) {
    char message[256];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(message, sizeof(message), format, arguments);
    va_end(arguments);
    (void)error_set_code(err, RESULT_INVALID, "usage", "%s", message);
    error_hint(err, "see: signetd help%s%s", hint_command[0] == '\0' ? "" : " ", hint_command);
    return RESULT_INVALID;
}

static const struct option_spec *find_option(const char *text, unsigned command, size_t size) {
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        const struct option_spec *spec = &option_specs[i];
        if ((spec->commands & command) != 0 && strlen(spec->name) == size &&
            strncmp(spec->name, text, size) == 0) {
            return spec;
        }
    }
    return NULL;
}

static enum result unknown_option(const char *text, const char *command, unsigned bit,
                                  struct error *err) {
    const char *known[OPTION_COUNT];
    size_t count = 0;
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        if ((option_specs[i].commands & bit) != 0) {
            known[count++] = option_specs[i].name;
        }
    }
    (void)usage_error(err, command, "%s does not know \"%s\"", command, text);
    const char *nearest = text_nearest(text, known, count);
    if (nearest != NULL) {
        error_hint(err, "did you mean %s?", nearest);
    }
    return RESULT_INVALID;
}

static enum result set_option(struct options *options, const struct option_spec *spec,
                              const char *command, const char *value, struct error *err) {
    if (value[0] == '\0') {
        return usage_error(err, command, "%s needs a value: %s %s", spec->name, spec->name,
                           spec->argument);
    }
    if (spec->offset == SIZE_MAX) {
        return config_list_add(&options->hosts, value, err);
    }
    const char **member = (const char **)(void *)((char *)options + spec->offset);
    if (*member != NULL) {
        return usage_error(err, command, "%s was given twice", spec->name);
    }
    *member = value;
    return RESULT_OK;
}

// "--name VALUE" and "--name=VALUE".
static enum result read_options(int count, char **arguments, const char *command, unsigned bit,
                                struct options *options, struct error *err) {
    for (int i = 0; i < count; i++) {
        const char *text = arguments[i];
        size_t size = strcspn(text, "=");
        const struct option_spec *spec = find_option(text, bit, size);
        if (spec == NULL) {
            return unknown_option(text, command, bit, err);
        }
        const char *value = "";
        if (text[size] == '=') {
            value = text + size + 1;
        } else if (i + 1 < count) {
            value = arguments[++i];
        }
        TRY(set_option(options, spec, command, value, err));
    }
    if (options->folder == NULL) {
        options->folder = DEFAULT_FOLDER;
    }
    return RESULT_OK;
}

// --- init ------------------------------------------------------------------------------------

// This machine's name, where it is one that a certificate can carry.
static enum result add_own_host(struct config_list *hosts, struct error *err) {
    char name[HOST_NAME_MAX + 1] = {0};
    AUTO(names_clear) struct names names = {0};
    if (gethostname(name, sizeof(name) - 1) != 0 ||
        names_add(&names, NAME_DNS, bytes_of_string(name), NULL) != RESULT_OK) {
        return config_list_add(hosts, "localhost", err);
    }
    return config_list_add(hosts, names.items[0].value, err);
}

// The first line of the file.
static enum result read_passphrase(const char *path, struct buf *out, struct error *err) {
    TRY(file_read_private(path, out, err));
    size_t size = strcspn(buf_string(out), "\r\n");
    if (size == 0) {
        return error_set(err, RESULT_INVALID, "%s: expected the passphrase on the first line",
                         path);
    }
    char *line = string_copy_bytes(bytes_slice(buf_bytes(out), 0, size));
    if (line == NULL) {
        return error_out_of_memory(err);
    }
    enum result result = buf_assign(out, bytes_of_string(line));
    string_free_secret_at(&line);
    return result;
}

// What --host takes can stand in a certificate and in a URL.
static enum result check_hosts(const struct config_list *hosts, struct error *err) {
    for (size_t i = 0; i < hosts->count; i++) {
        AUTO(names_clear) struct names names = {0};
        struct bytes host = bytes_of_string(hosts->items[i]);
        bool is_usable = names_add(&names, NAME_IP, host, NULL) == RESULT_OK ||
                         names_add(&names, NAME_DNS, host, NULL) == RESULT_OK;
        if (!is_usable || strchr(hosts->items[i], '*') != NULL) {
            return usage_error(
                err, "init",
                "--host %s: expected a DNS name without \"*\", or an address; no port",
                hosts->items[i]);
        }
    }
    return RESULT_OK;
}

static enum result check_init_options(const struct options *options,
                                      enum key_algorithm *out_algorithm, struct error *err) {
    if (options->name == NULL) {
        return usage_error(err, "init",
                           "--name is missing: signetd init --name \"Example CA\"");
    }
    if (text_count_characters(bytes_of_string(options->name)) >
        LIMIT_AUTHORITY_NAME_CHARACTERS) {
        return usage_error(err, "init", "--name: expected at most %d characters",
                           LIMIT_AUTHORITY_NAME_CHARACTERS);
    }
    TRY(check_hosts(&options->hosts, err));
    if (options->key != NULL && !key_algorithm_from_name(options->key, out_algorithm)) {
        return usage_error(err, "init",
                           "--key %s: expected p256, p384, ed25519, rsa2048, rsa3072 or "
                           "rsa4096",
                           options->key);
    }
    if (options->import_certificate == NULL &&
        (options->import_key != NULL || options->import_chain != NULL ||
         options->import_passphrase_file != NULL)) {
        return usage_error(err, "init",
                           "--import-cert is missing beside the other --import "
                           "options");
    }
    if (options->import_certificate != NULL && options->import_key == NULL) {
        return usage_error(err, "init", "--import-key is missing beside --import-cert");
    }
    if (options->import_certificate != NULL && options->key != NULL) {
        return usage_error(err, "init",
                           "--key does not go with --import-cert: the key is there");
    }
    return RESULT_OK;
}

static enum result run_init(struct options *options, struct error *err) {
    enum key_algorithm algorithm = KEY_P256;
    TRY(check_init_options(options, &algorithm, err));
    AUTO(buf_clear) struct buf passphrase = {0};
    AUTO(buf_clear) struct buf report = {0};
    buf_init_secret(&passphrase, LIMIT_PASSPHRASE_BYTES);
    buf_init(&report, 64 * 1024);
    if (options->import_passphrase_file != NULL) {
        TRY(read_passphrase(options->import_passphrase_file, &passphrase, err));
    }
    if (options->hosts.count == 0) {
        TRY(add_own_host(&options->hosts, err));
    }
    const struct init_options init = {
        .folder = options->folder,
        .name = options->name,
        .hosts = &options->hosts,
        .algorithm = algorithm,
        .import_certificate = options->import_certificate,
        .import_key = options->import_key,
        .import_chain = options->import_chain,
        .import_passphrase = passphrase.size > 0 ? buf_string(&passphrase) : NULL,
    };
    TRY(authority_init(&init, &report, err));
    (void)fputs(buf_string(&report), stdout);
    return RESULT_OK;
}

// --- the other commands ----------------------------------------------------------------------

static enum result run_service(struct options *options, struct error *err) {
    return authority_run(options->folder, err);
}

static enum result run_check(struct options *options, struct error *err) {
    AUTO(buf_clear) struct buf report = {0};
    buf_init(&report, 64 * 1024);
    enum result result = authority_check(options->folder, &report, err);
    (void)fputs(buf_string(&report), stdout);
    return result;
}

// Beside a running authority as well: the copy holds everything that was acknowledged before it began.
static enum result run_backup(struct options *options, struct error *err) {
    if (options->backup == NULL) {
        return usage_error(err, "backup", "--to is missing: where should the copy go?");
    }
    AUTO(buf_clear) struct buf path = {0};
    AUTO(store_close_at) struct store *store = NULL;
    buf_init(&path, PATH_MAX);
    if (path_join(&path, options->folder, LAYOUT_DATABASE) != RESULT_OK) {
        return error_set(err, RESULT_INVALID, "the path of the state folder is too long");
    }
    TRY(store_open(buf_string(&path), false, &store, err));
    TRY(store_backup(store, options->backup, err));
    (void)printf("%s is a whole copy of %s.\n"
                 "The keys are not in it: keep a copy of %s/%s in a safe place, too.\n",
                 options->backup, buf_string(&path), options->folder, LAYOUT_KEYS);
    return RESULT_OK;
}

static const struct command {
    const char *name;
    unsigned bit;
    enum result (*run)(struct options *options, struct error *err);
    const char *help;
} commands[] = {
    {"init", COMMAND_INIT, run_init, "make a new authority, or adopt an existing CA"},
    {"run", COMMAND_RUN, run_service, "run the authority until SIGTERM; SIGHUP reloads"},
    {"check", COMMAND_CHECK, run_check, "look whether everything in the state folder is fit"},
    {"backup", COMMAND_BACKUP, run_backup, "copy the store, also while the authority runs"},
};
#define COMMAND_COUNT (sizeof(commands) / sizeof(commands[0]))

static const struct command *find_command(const char *name) {
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        if (strcmp(commands[i].name, name) == 0) {
            return &commands[i];
        }
    }
    return NULL;
}

// --- help ------------------------------------------------------------------------------------

static void print_command_help(FILE *out, const struct command *command) {
    (void)fprintf(out, "usage: signetd %s [OPTION]…\n  %s\n\noptions:\n", command->name,
                  command->help);
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        const struct option_spec *spec = &option_specs[i];
        if ((spec->commands & command->bit) != 0) {
            (void)fprintf(out, "  %s %s\n        %s\n", spec->name, spec->argument, spec->help);
        }
    }
}

static void print_help(FILE *out) {
    (void)fputs("usage: signetd COMMAND [OPTION]…\n\ncommands:\n", out);
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        (void)fprintf(out, "  %-10s %s\n", commands[i].name, commands[i].help);
    }
    (void)fputs("  version    print the version\n"
                "  help       print this, or the options of a command: signetd help init\n",
                out);
}

static int run_help(int count, char **arguments) {
    if (count == 0 || strcmp(arguments[0], "help") == 0 ||
        strcmp(arguments[0], "version") == 0) {
        print_help(stdout);
        return EXIT_OK;
    }
    const struct command *command = find_command(arguments[0]);
    if (command == NULL) {
        (void)fprintf(stderr, "signetd: there is no command \"%s\"\n", arguments[0]);
        print_help(stderr);
        return EXIT_USAGE;
    }
    print_command_help(stdout, command);
    return EXIT_OK;
}

static int run_unknown(const char *name) {
    const char *known[COMMAND_COUNT];
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        known[i] = commands[i].name;
    }
    const char *nearest = text_nearest(name, known, COMMAND_COUNT);
    (void)fprintf(stderr, "signetd: there is no command \"%s\"\n", name);
    if (nearest != NULL) {
        (void)fprintf(stderr, "  did you mean \"%s\"?\n", nearest);
    } else {
        print_help(stderr);
    }
    return EXIT_USAGE;
}

// --- gateways --------------------------------------------------------------------------------

// "signetd gateway ROLE LISTENERS", as the authority spawns it: of no use to people, and not in
// the help.
// The order matters: the TLS library opens what it needs before nothing can be opened any more.
static enum result run_confined(enum channel role, int listener_count, struct error *err) {
    bool has_landlock = false;
    TRY(tls_prepare(err));
    TRY(confinement_enter(&has_landlock, err));
    return gateway_run(role, listener_count, err);
}

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

static bool asks_for_help(int count, char **arguments) {
    for (int i = 0; i < count; i++) {
        if (strcmp(arguments[i], "--help") == 0 || strcmp(arguments[i], "-h") == 0) {
            return true;
        }
    }
    return false;
}

static int run_command(const struct command *command, int count, char **arguments) {
    AUTO(options_clear) struct options options = {0};
    struct error err = {0};
    if (asks_for_help(count, arguments)) {
        print_command_help(stdout, command);
        return EXIT_OK;
    }
    enum result result =
        read_options(count, arguments, command->name, command->bit, &options, &err);
    if (result == RESULT_OK) {
        result = command->run(&options, &err);
    }
    if (result == RESULT_OK) {
        return EXIT_OK;
    }
    print_error(&err);
    return strcmp(err.code, "usage") == 0 ? EXIT_USAGE : EXIT_FAILED;
}

int main(int argc, char **argv) {
    if (argc < 2) {
        print_help(stderr);
        return EXIT_USAGE;
    }
    const char *name = argv[1];
    int count = argc - 2;
    char **arguments = argv + 2;
    if (strcmp(name, "version") == 0 || strcmp(name, "--version") == 0) {
        (void)puts("signetd " SIGNET_VERSION);
        return EXIT_OK;
    }
    if (strcmp(name, "help") == 0 || strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0) {
        return run_help(count, arguments);
    }
    if (strcmp(name, "gateway") == 0) {
        return run_gateway(count, arguments);
    }
    const struct command *command = find_command(name);
    return command == NULL ? run_unknown(name) : run_command(command, count, arguments);
}
