// What the commands of signetd read from their command lines, and print.
// SPDX-License-Identifier: GPL-3.0-or-later
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "signetd.h"

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

enum result print_text(const struct buf *text, struct error *err) {
    if ((text->size > 0 && fwrite(text->data, 1, text->size, stdout) != text->size) ||
        fflush(stdout) != 0) {
        return error_from_errno(err, errno, "cannot write to standard output");
    }
    return RESULT_OK;
}
