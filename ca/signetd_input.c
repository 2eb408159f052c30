// What the commands of signetd read from their command lines, and print.
// SPDX-License-Identifier: GPL-3.0-or-later
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>

#include "base/file.h"
#include "signetd.h"
#include "x509/pem.h"

#define LIMIT_PASSPHRASE_BYTES 1024

const char *folder_of(const struct arguments *arguments) {
    const char *folder = arguments_value(arguments, "dir");
    return folder == NULL ? DEFAULT_FOLDER : folder;
}

enum result key_type_of(const struct arguments *arguments, enum key_algorithm otherwise,
                        enum key_algorithm *out_algorithm, struct error *err) {
    const char *name = arguments_value(arguments, "key");
    if (name == NULL) {
        *out_algorithm = otherwise;
        return RESULT_OK;
    }
    if (!key_algorithm_from_name(name, out_algorithm)) {
        return arguments_refuse(err, "key", "'%s' is none of " KEY_TYPES, name);
    }
    return RESULT_OK;
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
    (void)fprintf(terminal, "%s: ", prompt);
    (void)fflush(terminal);
    bool has_line = fgets(line, sizeof(line), terminal) != NULL;
    (void)fputc('\n', terminal);
    size_t size = strcspn(line, "\r\n");
    enum result result = has_line && size > 0
                             ? buf_append(out, bytes_of(line, size))
                             : error_set(err, RESULT_INVALID, "expected a passphrase");
    explicit_bzero(line, sizeof(line));
    return result;
}

static enum result ask_twice(FILE *terminal, bool is_new, struct buf *out, struct error *err) {
    AUTO(buf_clear) struct buf again = {0};
    buf_init_secret(&again, LIMIT_PASSPHRASE_BYTES);
    TRY(read_line(terminal, "passphrase of the key", out, err));
    if (!is_new) {
        return RESULT_OK;
    }
    TRY(read_line(terminal, "the same again", &again, err));
    return bytes_equal(buf_bytes(out), buf_bytes(&again))
               ? RESULT_OK
               : error_set(err, RESULT_INVALID, "the two passphrases differ");
}

enum result passphrase_ask(const struct arguments *arguments, const char *option, bool is_new,
                           struct buf *out_passphrase, struct error *err) {
    TRY(passphrase_of(arguments, option, out_passphrase, err));
    if (out_passphrase->size > 0) {
        return RESULT_OK;
    }
    AUTO(close_terminal) FILE *terminal = fopen("/dev/tty", "r+e");
    struct termios before;
    if (terminal == NULL || tcgetattr(fileno(terminal), &before) != 0) {
        (void)arguments_refuse(err, option, "missing, and there is no terminal to ask at");
        return RESULT_INVALID;
    }
    struct termios quiet = before;
    quiet.c_lflag &= ~(tcflag_t)ECHO;
    (void)tcsetattr(fileno(terminal), TCSAFLUSH, &quiet);
    enum result result = ask_twice(terminal, is_new, out_passphrase, err);
    (void)tcsetattr(fileno(terminal), TCSAFLUSH, &before);
    return result;
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
