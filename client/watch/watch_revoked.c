// Telling the operator's program whose certificates were revoked, so that it can end their sessions.
// SPDX-License-Identifier: GPL-3.0-or-later
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/limits.h"
#include "base/text.h"
#include "client/device/reload.h"
#include "client/watch/serial_set.h"
#include "client/watch/watch_private.h"

// Hex and the end of its line.
#define LINE_BYTES (2 * LIMIT_SERIAL_BYTES + 1)
#define LIST_BYTES ((size_t)LIMIT_LIVE_SERIALS * LINE_BYTES)

static enum result write_list(const struct watch *watch, struct bytes list, struct error *err) {
    const char *path = buf_string(&watch->revoked);
    if (list.size > 0) {
        return file_replace(path, list, 0600, err);
    }
    return unlink(path) == 0 || errno == ENOENT
               ? RESULT_OK
               : error_from_errno(err, errno, "cannot remove %s", path);
}

// In order, and each once.
static enum result read_due(const struct watch *watch, struct serial_set *out_due,
                            struct error *err) {
    const char *path = buf_string(&watch->revoked);
    AUTO(buf_clear) struct buf list = {0};
    buf_init(&list, LIST_BYTES);
    if (!file_exists(path)) {
        return RESULT_OK;
    }
    TRY(file_read(path, &list, err));
    for (const char *line = buf_string(&list); *line != '\0';) {
        size_t size = strcspn(line, "\n");
        TRY(serial_set_add(out_due, bytes_of(line, size), err));
        line = &line[size + (line[size] == '\n')];
    }
    return serial_set_judge(out_due, (struct bytes){0}, err);
}

static enum result format_due(const struct serial_set *due, struct buf *out) {
    buf_init(out, LIST_BYTES);
    for (size_t i = 0; i < due->count; i++) {
        const struct live_serial *serial = &due->items[i];
        TRY(text_hex_encode(bytes_of(serial->octets, serial->size), out));
        TRY(buf_append_byte(out, '\n'));
    }
    return RESULT_OK;
}

// A part of the CRLs at a time, in whatever order they are: how long they are does not matter.
static enum result add_new(struct serial_set *due, struct bytes offered, struct bytes before,
                           size_t *untold, struct error *err) {
    struct serial_walk walk = {.crls = offered};
    while (walk.crls.size > 0 || walk.entries.size > 0) {
        AUTO(serial_set_clear) struct serial_set part = {0};
        TRY(serial_set_fill(&part, &walk, err));
        TRY(serial_set_judge(&part, before, err)); // marks those who were revoked already
        TRY(serial_set_merge(due, &part, untold, err));
    }
    return RESULT_OK;
}

enum result watch_note_revoked(const struct watch *watch, struct bytes offered,
                               struct bytes before, size_t *untold, struct error *err) {
    if (watch->options->revoked == NULL || before.size == 0) {
        return RESULT_OK;
    }
    AUTO(serial_set_clear) struct serial_set due = {0};
    AUTO(buf_clear) struct buf list = {0};
    TRY(read_due(watch, &due, err));
    TRY(add_new(&due, offered, before, untold, err));
    if (format_due(&due, &list) != RESULT_OK) {
        return error_out_of_memory(err);
    }
    return list.size > 0 ? write_list(watch, buf_bytes(&list), err) : RESULT_OK;
}

// The lines from *at on become texts that follow the command's words, as many as go at once.
static size_t take_lines(struct buf *list, size_t *at, char **arguments) {
    size_t count = 0;
    while (*at < list->size && count < LIMIT_REVOKED_AT_ONCE) {
        char *line = (char *)&list->data[*at];
        size_t size = strcspn(line, "\n");
        line[size] = '\0';
        arguments[count++] = line;
        *at += size + 1;
    }
    arguments[count] = NULL;
    return count;
}

static size_t count_words(char *const *words) {
    size_t count = 0;
    while (words[count] != NULL) {
        count++;
    }
    return count;
}

static void free_at(char ***arguments) {
    free(*arguments);
}

bool watch_has_noted(const struct watch *watch) {
    return watch->options->revoked != NULL && file_exists(buf_string(&watch->revoked));
}

enum result watch_tell_revoked(const struct watch *watch, size_t *out_count,
                               struct error *err) {
    char *const *command = watch->options->revoked;
    if (!watch_has_noted(watch)) {
        return RESULT_OK;
    }
    size_t words = count_words(command);
    AUTO(serial_set_clear) struct serial_set due = {0};
    AUTO(buf_clear) struct buf list = {0};
    AUTO(free_at)
    char **arguments = calloc(words + LIMIT_REVOKED_AT_ONCE + 1, sizeof(*arguments));
    if (arguments == NULL) {
        return error_out_of_memory(err);
    }
    memcpy(arguments, command, words * sizeof(*arguments));
    TRY(read_due(watch, &due, err));
    if (format_due(&due, &list) != RESULT_OK) {
        return error_out_of_memory(err);
    }
    if (list.size == 0) {
        return write_list(watch, buf_bytes(&list), err); // nothing but rubbish
    }
    for (size_t told = 0; told < list.size;) {
        size_t count = take_lines(&list, &told, &arguments[words]);
        TRY(reload_run(arguments, err));
        *out_count += count;
        TRY(write_list(watch, bytes_slice(buf_bytes(&list), told, list.size), err));
    }
    return RESULT_OK;
}
