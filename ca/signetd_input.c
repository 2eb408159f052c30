// What the commands of signetd read from their command lines, and print.
// SPDX-License-Identifier: GPL-3.0-or-later
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>

#include "base/file.h"
#include "signetd.h"
#include "x509/key_pkcs11.h"
#include "x509/pem.h"

#define LIMIT_PASSPHRASE_BYTES 1024

const char *folder_of(const struct arguments *arguments) {
    const char *folder = arguments_value(arguments, "dir");
    return folder == NULL ? DEFAULT_FOLDER : folder;
}

static enum result type_of(const char *option, const char *name,
                           enum key_algorithm *out_algorithm, struct error *err) {
    return key_algorithm_from_name(name, out_algorithm)
               ? RESULT_OK
               : arguments_refuse(err, option, "'%s' is none of " KEY_TYPES, name);
}

enum result key_uri_of(const struct arguments *arguments, const char *option,
                       const char **out_uri, struct error *err) {
    const char *uri = arguments_value(arguments, option);
    if (uri == NULL) {
        *out_uri = NULL;
        return RESULT_OK;
    }
    TRY(key_uri_check(uri, err));
    if (!key_uri_names_object(uri)) {
        return arguments_refuse(err, option,
                                "the URI names no key of the token: add object=NAME");
    }
    *out_uri = uri;
    return RESULT_OK;
}

enum result key_of(const struct arguments *arguments, enum key_algorithm *out_algorithm,
                   const char **out_uri, struct error *err) {
    const char *key = arguments_value(arguments, "key");
    const char *type = arguments_value(arguments, "key-type");
    *out_algorithm = KEY_P256;
    *out_uri = NULL;
    if (key != NULL && !key_is_uri(key)) {
        return type == NULL
                   ? type_of("key", key, out_algorithm, err)
                   : arguments_refuse(err, "key-type",
                                      "it goes with a URI in --key, and there is a type");
    }
    if (type != NULL) {
        TRY(type_of("key-type", type, out_algorithm, err));
    }
    return key_uri_of(arguments, "key", out_uri, err);
}

enum result required_value(const struct arguments *arguments, const char *option,
                           const char **out_value, struct error *err) {
    const char *value = arguments_value(arguments, option);
    if (value == NULL || value[0] == '\0') {
        (void)arguments_refuse(err, option, "this option is missing, or has no value");
        error_hint(err, "signetd %s --help", arguments->command->name);
        return RESULT_INVALID;
    }
    *out_value = value;
    return RESULT_OK;
}

enum result passphrase_of(const struct arguments *arguments, const char *option,
                          struct buf *out_passphrase, struct error *err) {
    buf_init_secret(out_passphrase, LIMIT_PASSPHRASE_BYTES);
    const char *path = arguments_value(arguments, option);
    if (path == NULL) {
        return RESULT_OK;
    }
    TRY(file_read_private(path, out_passphrase, err));
    size_t size = strcspn(buf_string(out_passphrase), "\r\n");
    if (size == 0) {
        return error_set(err, RESULT_INVALID, "%s: expected the passphrase on the first line",
                         path);
    }
    char *line = string_copy_bytes(bytes_slice(buf_bytes(out_passphrase), 0, size));
    if (line == NULL) {
        return error_out_of_memory(err);
    }
    enum result result = buf_assign(out_passphrase, bytes_of_string(line));
    string_free_secret_at(&line);
    return result;
}

// --- passphrases at the terminal -------------------------------------------------------------

static void close_terminal(FILE **terminal) {
    if (*terminal != NULL) {
        (void)fclose(*terminal);
    }
}

static enum result read_line(FILE *terminal, const char *prompt, struct buf *out,
                             struct error *err) {
    char line[LIMIT_PASSPHRASE_BYTES] = {0};
    (void)fputs(prompt, terminal);
    (void)fflush(terminal);
    bool has_line = fgets(line, sizeof(line), terminal) != NULL;
    (void)fputc('\n', terminal);
    size_t size = strcspn(line, "\r\n");
    enum result result = has_line && size > 0
                             ? buf_append(out, bytes_of(line, size))
                             : error_set(err, RESULT_INVALID, "nothing was typed");
    explicit_bzero(line, sizeof(line));
    return result;
}

static enum result ask_twice(FILE *terminal, const void *context, struct buf *out,
                             struct error *err) {
    const bool is_new = *(const bool *)context;
    AUTO(buf_clear) struct buf again = {0};
    buf_init_secret(&again, LIMIT_PASSPHRASE_BYTES);
    TRY(read_line(terminal, "passphrase of the key: ", out, err));
    if (!is_new) {
        return RESULT_OK;
    }
    TRY(read_line(terminal, "the same again: ", &again, err));
    return bytes_equal(buf_bytes(out), buf_bytes(&again))
               ? RESULT_OK
               : error_set(err, RESULT_INVALID, "the two passphrases differ");
}

// The URI itself, or a file that holds one.
static bool is_on_token(const char *path) {
    char start[8] = {0};
    if (path == NULL || key_is_uri(path)) {
        return path != NULL;
    }
    FILE *file = fopen(path, "re");
    const bool has_line = file != NULL && fgets(start, sizeof(start), file) != NULL;
    if (file != NULL) {
        (void)fclose(file);
    }
    return has_line && key_is_uri(start);
}

// Asks with `ask` while nothing that is typed shows. RESULT_NOT_FOUND without a terminal.
static enum result ask_quietly(enum result (*ask)(FILE *terminal, const void *context,
                                                  struct buf *out, struct error *err),
                               const void *context, struct buf *out, struct error *err) {
    AUTO(close_terminal) FILE *terminal = fopen("/dev/tty", "r+e");
    struct termios before;
    if (terminal == NULL || tcgetattr(fileno(terminal), &before) != 0) {
        return error_set(err, RESULT_NOT_FOUND, "there is no terminal to ask at");
    }
    struct termios quiet = before;
    quiet.c_lflag &= ~(tcflag_t)ECHO;
    (void)tcsetattr(fileno(terminal), TCSAFLUSH, &quiet);
    enum result result = ask(terminal, context, out, err);
    (void)tcsetattr(fileno(terminal), TCSAFLUSH, &before);
    return result;
}

enum result passphrase_ask(const struct arguments *arguments, const char *option,
                           const char *path, struct buf *out_passphrase, struct error *err) {
    const bool is_new = path == NULL;
    TRY(passphrase_of(arguments, option, out_passphrase, err));
    if (out_passphrase->size > 0 || is_on_token(path)) {
        return RESULT_OK;
    }
    enum result result = ask_quietly(ask_twice, &is_new, out_passphrase, err);
    return result == RESULT_NOT_FOUND
               ? arguments_refuse(err, option, "missing, and there is no terminal to ask at")
               : result;
}

static enum result ask_line(FILE *terminal, const void *question, struct buf *out,
                            struct error *err) {
    return read_line(terminal, question, out, err);
}

enum result pin_ask(const char *question, struct buf *out_pin, struct error *err) {
    return ask_quietly(ask_line, question, out_pin, err);
}

// --- files -----------------------------------------------------------------------------------

enum result read_object(const char *path, const char *label, size_t limit, struct buf *out_der,
                        struct error *err) {
    AUTO(buf_clear) struct buf contents = {0};
    buf_init(&contents, 2 * limit);
    buf_init(out_der, limit);
    TRY(file_read(path, &contents, err));
    bool is_pem = contents.size > 0 && contents.data[0] != 0x30;
    enum result result = is_pem ? pem_decode_all(buf_bytes(&contents), label, out_der, err)
                                : buf_append(out_der, buf_bytes(&contents));
    if (result != RESULT_OK) {
        if (err->result == RESULT_OK) {
            (void)error_set(err, result, "larger than its place");
        }
        error_context(err, "%s", path);
    }
    return result;
}

enum result write_object(const struct arguments *arguments, const char *label, struct bytes der,
                         struct error *err) {
    const char *path = NULL;
    AUTO(buf_clear) struct buf pem = {0};
    buf_init(&pem, 2 * der.size + 256);
    TRY(required_value(arguments, "out", &path, err));
    TRY(pem_encode(label, der, &pem));
    return file_create(path, buf_bytes(&pem), 0644, err);
}

enum result print_text(const struct buf *text, struct error *err) {
    if ((text->size > 0 && fwrite(text->data, 1, text->size, stdout) != text->size) ||
        fflush(stdout) != 0) {
        return error_from_errno(err, errno, "cannot write to standard output");
    }
    return RESULT_OK;
}
