// Events as lines on standard error.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/log.h"

#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"

// A line longer than this loses its last values; it stays one line and valid JSON.
#define LINE_MAXIMUM (16 * 1024)

static enum log_level least_level = LOG_LEVEL_INFO;
static enum log_format chosen_format = LOG_FORMAT_TEXT;
static const char *component_name = "signet";

static const char *const level_names[] = {"debug", "info", "warning", "error"};

void log_configure(enum log_level least, enum log_format format, const char *component) {
    least_level = least;
    chosen_format = format;
    component_name = component;
}

bool log_level_from_name(const char *name, enum log_level *out_level) {
    for (size_t i = 0; i < sizeof(level_names) / sizeof(level_names[0]); i++) {
        if (strcmp(level_names[i], name) == 0) {
            *out_level = (enum log_level)i;
            return true;
        }
    }
    return false;
}

static enum result append_escaped(struct buf *line, const char *text) {
    for (const unsigned char *p = (const unsigned char *)text; *p != '\0'; p++) {
        if (*p == '"' || *p == '\\') {
            TRY(buf_append_byte(line, '\\'));
            TRY(buf_append_byte(line, *p));
        } else if (*p < 0x20 || *p == 0x7f) {
            TRY(buf_printf(line, "\\u%04x", *p));
        } else {
            TRY(buf_append_byte(line, *p));
        }
    }
    return RESULT_OK;
}

static enum result append_quoted(struct buf *line, const char *text) {
    TRY(buf_append_byte(line, '"'));
    TRY(append_escaped(line, text));
    return buf_append_byte(line, '"');
}

static bool is_plain(const char *text) {
    for (const char *p = text; *p != '\0'; p++) {
        if (*p <= ' ' || *p == '"' || *p == '\\' || *p == '=' || *p == 0x7f) {
            return false;
        }
    }
    return text[0] != '\0';
}

static enum result append_head(struct buf *line, enum log_level level, const char *event) {
    if (chosen_format == LOG_FORMAT_JSON) {
        TRY(buf_append_string(line, "{\"time\":\""));
        TRY(time_format_rfc3339(clock_now(), line));
        TRY(buf_printf(line, "\",\"level\":\"%s\",\"component\":", level_names[level]));
        TRY(append_quoted(line, component_name));
        TRY(buf_append_string(line, ",\"event\":"));
        return append_quoted(line, event);
    }
    TRY(time_format_rfc3339(clock_now(), line));
    TRY(buf_printf(line, " %-7s %s: ", level_names[level], component_name));
    return append_escaped(line, event);
}

static enum result append_pair(struct buf *line, const char *name, const char *value) {
    if (chosen_format == LOG_FORMAT_JSON) {
        TRY(buf_append_byte(line, ','));
        TRY(append_quoted(line, name));
        TRY(buf_append_byte(line, ':'));
        return append_quoted(line, value);
    }
    TRY(buf_printf(line, " %s=", name));
    return is_plain(value) ? buf_append_string(line, value) : append_quoted(line, value);
}

// Appends a pair whole or not at all.
static void append_pair_or_nothing(struct buf *line, const char *name, const char *value) {
    size_t before = line->size;
    if (value != NULL && append_pair(line, name, value) != RESULT_OK) {
        line->size = before;
    }
}

static void write_line(struct buf *line) {
    line->maximum += 2;
    (void)buf_append_string(line, chosen_format == LOG_FORMAT_JSON ? "}\n" : "\n");
    // One write per line, so that lines of several processes do not mix. Nobody can be told
    // when it fails.
    ssize_t written = write(STDERR_FILENO, line->data, line->size);
    (void)written;
}

void log_event(enum log_level level, const char *event, ...) {
    if (level < least_level) {
        return;
    }
    AUTO(buf_clear) struct buf line;
    buf_init(&line, LINE_MAXIMUM);
    if (append_head(&line, level, event) != RESULT_OK) {
        return;
    }
    va_list pairs;
    va_start(pairs, event);
    for (const char *name; (name = va_arg(pairs, const char *)) != NULL;) {
        append_pair_or_nothing(&line, name, va_arg(pairs, const char *));
    }
    va_end(pairs);
    write_line(&line);
}

static const char *text_or_null(const char *text) {
    return text[0] != '\0' ? text : NULL;
}

void log_error(enum log_level level, const char *event, const struct error *err) {
    log_event(level, event, "code", text_or_null(err->code), "message",
              text_or_null(err->message), "field", text_or_null(err->field), "hint",
              text_or_null(err->hint), NULL);
}
