// Filling and extending an error.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

// After a text was cut at its array's size, removes the incomplete UTF-8 character at its end.
static void trim_incomplete_character(char *text) {
    size_t length = strlen(text);
    size_t start = length;
    while (start > 0 && length - start < 3 && ((unsigned char)text[start - 1] & 0xc0) == 0x80) {
        start--;
    }
    if (start == 0) {
        return;
    }
    unsigned char lead = (unsigned char)text[start - 1];
    size_t expected = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 1;
    if (expected > length - start + 1) {
        text[start - 1] = '\0';
    }
}

__attribute__((format(printf, 3, 0))) static void
put_text(char *target, size_t size, const char *format, va_list arguments) {
    int length = vsnprintf(target, size, format, arguments);
    if (length < 0) {
        target[0] = '\0';
    } else if ((size_t)length >= size) {
        trim_incomplete_character(target);
    }
}

static void put_literal(char *target, size_t size, const char *text) {
    size_t length = strnlen(text, size);
    bool is_cut = length == size;
    if (is_cut) {
        length = size - 1;
    }
    memcpy(target, text, length);
    target[length] = '\0';
    if (is_cut) {
        trim_incomplete_character(target);
    }
}

__attribute__((format(printf, 4, 0))) static enum result
set_error(struct error *err, enum result result, const char *code, const char *format,
          va_list arguments) {
    if (err != NULL) {
        // The arguments may point into the error that is being replaced.
        struct error fresh = {.result = result};
        put_literal(fresh.code, sizeof(fresh.code), code);
        put_text(fresh.message, sizeof(fresh.message), format, arguments);
        *err = fresh;
    }
    return result;
}

enum result error_set(struct error *err, enum result result, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    (void)set_error(err, result, result_wire_name(result), format, arguments);
    va_end(arguments);
    return result;
}

enum result error_set_code(struct error *err, enum result result, const char *code,
                           const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    (void)set_error(err, result, code, format, arguments);
    va_end(arguments);
    return result;
}

void error_hint(struct error *err, const char *format, ...) {
    if (err == NULL) {
        return;
    }
    va_list arguments;
    va_start(arguments, format);
    put_text(err->hint, sizeof(err->hint), format, arguments);
    va_end(arguments);
}

void error_field(struct error *err, const char *field) {
    if (err != NULL) {
        put_literal(err->field, sizeof(err->field), field);
    }
}

void error_context(struct error *err, const char *format, ...) {
    if (err == NULL) {
        return;
    }
    char prefix[sizeof(err->message)];
    va_list arguments;
    va_start(arguments, format);
    put_text(prefix, sizeof(prefix), format, arguments);
    va_end(arguments);
    char whole[sizeof(prefix) + sizeof(err->message) + 2];
    snprintf(whole, sizeof(whole), "%s: %s", prefix, err->message);
    put_literal(err->message, sizeof(err->message), whole);
}

enum result error_out_of_memory(struct error *err) {
    return error_set_code(err, RESULT_INTERNAL, "out_of_memory", "out of memory");
}

static enum result result_of_errno(int errno_value) {
    switch (errno_value) {
    case ENOENT:
    case ENOTDIR:
        return RESULT_NOT_FOUND;
    case EACCES:
    case EPERM:
    case EROFS:
        return RESULT_DENIED;
    case EEXIST:
    case ENOTEMPTY:
    case EISDIR:
    case EADDRINUSE:
        return RESULT_CONFLICT;
    case ENAMETOOLONG:
    case EINVAL:
        return RESULT_INVALID;
    case ENOMEM:
        return RESULT_INTERNAL;
    default:
        return RESULT_UNAVAILABLE;
    }
}

enum result error_from_errno(struct error *err, int errno_value, const char *format, ...) {
    enum result result = result_of_errno(errno_value);
    char subject[256];
    va_list arguments;
    va_start(arguments, format);
    put_text(subject, sizeof(subject), format, arguments);
    va_end(arguments);
    return error_set(err, result, "%s: %s", subject, strerror(errno_value));
}
