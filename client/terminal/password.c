// Reading, asking for and making passwords.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "client/terminal/password.h"

#include <string.h>

#include "base/file.h"
#include "base/limits.h"
#include "base/random.h"
#include "client/terminal/terminal.h"
#include "x509/pkcs12.h"

// No 0, o, 1, i or l; lower case only, because phones make switching tedious.
static const char alphabet[] = "abcdefghjkmnpqrstuvwxyz23456789";
#define ALPHABET_SIZE (sizeof(alphabet) - 1)
// The greatest multiple of the alphabet's size in an octet: octets above are drawn again, so that all
// characters are equally likely.
#define FAIR_OCTETS (256 / ALPHABET_SIZE * ALPHABET_SIZE)
#define GROUPS 4
#define GROUP_SIZE 5
// More than one try helps whoever mistypes; more than a few helps nobody.
#define TRIES 3

static enum result add_character(struct buf *out, struct error *err) {
    uint8_t octet = 0;
    do {
        TRY(random_bytes(&octet, 1, err));
    } while (octet >= FAIR_OCTETS);
    return buf_append_byte(out, (uint8_t)alphabet[octet % ALPHABET_SIZE]);
}

enum result password_generate(struct buf *out, struct error *err) {
    for (size_t i = 0; i < GROUPS * GROUP_SIZE; i++) {
        if (i > 0 && i % GROUP_SIZE == 0) {
            TRY(buf_append_byte(out, '-'));
        }
        TRY(add_character(out, err));
    }
    return RESULT_OK;
}

static struct bytes first_line(struct bytes text) {
    size_t size = 0;
    while (size < text.size && text.data[size] != '\n') {
        size++;
    }
    return bytes_slice(text, 0, size);
}

enum result password_read_line(const char *path, struct buf *out, struct error *err) {
    AUTO(buf_clear) struct buf text = {0};
    buf_init_secret(&text, LIMIT_PASSWORD_FILE_BYTES);
    TRY(file_read_private(path, &text, err));
    struct bytes line = first_line(buf_bytes(&text));
    if (line.size > 0 && line.data[line.size - 1] == '\r') {
        line = bytes_slice(line, 0, line.size - 1);
    }
    if (bytes_contain_zero(line)) {
        return error_set_code(err, RESULT_INVALID, "password", "%s holds a NUL", path);
    }
    return buf_assign(out, line) == RESULT_OK
               ? RESULT_OK
               : error_set_code(err, RESULT_LIMIT, "password",
                                "%s: a password has at most %zu characters", path,
                                out->maximum);
}

static enum result read_file(const char *path, struct buf *out, struct error *err) {
    TRY(password_read_line(path, out, err));
    enum result result = pkcs12_check_password(buf_string(out), err);
    if (result != RESULT_OK) {
        error_context(err, "%s", path);
    }
    return result;
}

static enum result usage(struct error *err, const char *message, const char *hint) {
    (void)error_set_code(err, RESULT_INVALID, "usage", "%s", message);
    error_hint(err, "%s", hint);
    return RESULT_INVALID;
}

static enum result ask_once(struct buf *out, struct error *err) {
    AUTO(buf_clear) struct buf again = {0};
    buf_init_secret(&again, LIMIT_PKCS12_PASSWORD_BYTES);
    buf_reset(out);
    TRY(terminal_ask_secret("Password for the exported file: ", out, err));
    TRY(pkcs12_check_password(buf_string(out), err));
    TRY(terminal_ask_secret("Once more: ", &again, err));
    return bytes_equal_secret(buf_bytes(out), buf_bytes(&again))
               ? RESULT_OK
               : error_set_code(err, RESULT_INVALID, "password", "these were two passwords");
}

static enum result give(const struct error *reason, enum result result, struct error *err) {
    if (err != NULL && result != RESULT_OK) {
        *err = *reason;
    }
    return result;
}

static enum result ask(struct buf *out, struct error *err) {
    if (!terminal_exists()) {
        return usage(err, "there is no terminal to ask for a password",
                     "Give --password-file FILE, or --generate-password --password-out FILE.");
    }
    struct error reason = {0};
    for (int i = 0; i < TRIES; i++) {
        enum result result = ask_once(out, &reason);
        if (result == RESULT_OK || strcmp(reason.code, "password") != 0) {
            return give(&reason, result, err);
        }
        AUTO(buf_clear) struct buf complaint = {0};
        buf_init(&complaint, sizeof(reason.message) + sizeof(reason.hint) + 8);
        TRY(buf_printf(&complaint, "%s\n%s%s", reason.message, reason.hint,
                       reason.hint[0] != '\0' ? "\n" : ""));
        TRY(terminal_tell(buf_bytes(&complaint), err));
    }
    return give(&reason, reason.result, err);
}

static enum result generate(const struct password_source *source, struct buf *out,
                            struct error *err) {
    if (source->out_file == NULL && !terminal_exists()) {
        return usage(err, "there is no terminal to show the password on",
                     "Give --password-out FILE.");
    }
    return password_generate(out, err);
}

enum result password_obtain(const struct password_source *source, struct buf *out,
                            struct error *err) {
    if (source->file != NULL && source->is_generated) {
        return usage(err, "--password-file and --generate-password exclude each other",
                     "Give one of them, or neither to be asked.");
    }
    if (source->out_file != NULL && !source->is_generated) {
        return usage(err, "--password-out is for a password made by --generate-password",
                     "Add --generate-password.");
    }
    AUTO(buf_clear) struct buf password = {0};
    buf_init_secret(&password, LIMIT_PKCS12_PASSWORD_BYTES);
    TRY(source->file != NULL   ? read_file(source->file, &password, err)
        : source->is_generated ? generate(source, &password, err)
                               : ask(&password, err));
    return buf_assign(out, buf_bytes(&password));
}

enum result password_tell(const struct password_source *source, const struct buf *password,
                          struct error *err) {
    if (!source->is_generated || source->out_file != NULL) {
        return RESULT_OK;
    }
    AUTO(buf_clear) struct buf text = {0};
    buf_init_secret(&text, LIMIT_PKCS12_PASSWORD_BYTES + 64);
    TRY(buf_printf(&text, "Password (shown only now): %s\n", buf_string(password)));
    return terminal_tell(buf_bytes(&text), err);
}
