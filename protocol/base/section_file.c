// Lines of configuration files, each mistake with its place.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/section_file.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

enum result section_file_mistake(const struct section_reader *reader, struct error *err,
                                 const char *format, ...) {
    char message[320];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(message, sizeof(message), format, arguments);
    va_end(arguments);
    return error_set(err, RESULT_INVALID, "%s:%zu: %s", reader->path, reader->line, message);
}

// Cuts blanks off both ends, in place.
static char *trim(char *text) {
    char *start = &text[strspn(text, " \t\r")];
    size_t size = strlen(start);
    while (size > 0 && strchr(" \t\r", start[size - 1]) != NULL) {
        size--;
    }
    start[size] = '\0';
    return start;
}

static void cut_comment(char *line) {
    for (size_t i = 0; line[i] != '\0'; i++) {
        if (line[i] == '#' && (i == 0 || line[i - 1] == ' ' || line[i - 1] == '\t')) {
            line[i] = '\0';
            return;
        }
    }
}

static enum result read_line(const struct section_reader *reader, char *line,
                             struct error *err) {
    cut_comment(line);
    char *text = trim(line);
    if (text[0] == '\0') {
        return RESULT_OK;
    }
    size_t size = strlen(text);
    if (text[0] == '[') {
        if (text[size - 1] != ']') {
            return section_file_mistake(reader, err, "expected \"]\" at the end of \"%s\"",
                                        text);
        }
        text[size - 1] = '\0';
        return reader->begin_section(reader->context, trim(&text[1]), err);
    }
    char *equals = strchr(text, '=');
    if (equals == NULL) {
        return section_file_mistake(reader, err,
                                    "expected [section] or key = value, not \"%s\"", text);
    }
    *equals = '\0';
    return reader->set(reader->context, trim(text), trim(&equals[1]), err);
}

static enum result check_characters(const struct section_reader *reader, struct bytes line,
                                    struct error *err) {
    if (!text_is_utf8(line)) {
        return section_file_mistake(reader, err, "expected text in UTF-8");
    }
    for (size_t i = 0; i < line.size; i++) {
        if (line.data[i] < ' ' && line.data[i] != '\t' && line.data[i] != '\r') {
            return section_file_mistake(
                reader, err, "a control character (0x%02x) does not belong here", line.data[i]);
        }
    }
    return RESULT_OK;
}

enum result section_file_read(struct section_reader *reader, struct bytes text,
                              struct error *err) {
    reader->line = 0;
    while (text.size > 0) {
        const uint8_t *end = memchr(text.data, '\n', text.size);
        size_t size = end == NULL ? text.size : (size_t)(end - text.data);
        struct bytes line = bytes_slice(text, 0, size);
        text = bytes_slice(text, size + 1, text.size);
        reader->line++;
        TRY(check_characters(reader, line, err));
        AUTO(string_free_at) char *copy = string_copy_bytes(line);
        if (copy == NULL) {
            return error_out_of_memory(err);
        }
        TRY(read_line(reader, copy, err));
    }
    return RESULT_OK;
}
