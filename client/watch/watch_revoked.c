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

static enum result read_list(const struct watch *watch, struct buf *out, struct error *err) {
    const char *path = buf_string(&watch->revoked);
    buf_init(out, LIST_BYTES);
    return file_exists(path) ? file_read(path, out, err) : RESULT_OK;
}

static enum result write_list(const struct watch *watch, struct bytes list, struct error *err) {
    const char *path = buf_string(&watch->revoked);
    if (list.size > 0) {
        return file_replace(path, list, 0600, err);
    }
    return unlink(path) == 0 ? RESULT_OK
                             : error_from_errno(err, errno, "cannot remove %s", path);
}

// Those that are not marked, a line each.
static enum result append_lines(const struct serial_set *set, struct buf *list) {
    for (size_t i = 0; i < set->count; i++) {
        const struct live_serial *serial = &set->items[i];
        if (!serial->is_revoked) {
            TRY(text_hex_encode(bytes_of(serial->octets, serial->size), list));
            TRY(buf_append_byte(list, '\n'));
        }
    }
    return RESULT_OK;
}

static enum result read_lines(const char *list, struct serial_set *set) {
    while (*list != '\0') {
        size_t size = strcspn(list, "\n");
        TRY(serial_set_add(set, bytes_of(list, size)));
        list = &list[size + (list[size] == '\n')];
    }
    return RESULT_OK;
}

// Only serials, in order, and each once: what could not be installed is noted once more in the
// next round, and must not pile up.
static enum result tidy_list(struct buf *list, struct error *err) {
    AUTO(serial_set_clear) struct serial_set set = {0};
    TRY(read_lines(buf_string(list), &set));
    TRY(serial_set_judge(&set, (struct bytes){0}, err));
    buf_reset(list);
    return append_lines(&set, list);
}

enum result watch_note_revoked(const struct watch *watch, struct bytes offered,
                               struct bytes before, struct error *err) {
    if (watch->options->revoked == NULL || before.size == 0) {
        return RESULT_OK;
    }
    AUTO(serial_set_clear) struct serial_set set = {0};
    AUTO(buf_clear) struct buf list = {0};
    TRY(serial_set_add_revoked(&set, offered, err));
    TRY(serial_set_judge(&set, before, err)); // marks those who were revoked already
    TRY(read_list(watch, &list, err));
    TRY(buf_append_byte(&list, '\n'));
    TRY(append_lines(&set, &list));
    TRY(tidy_list(&list, err));
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

enum result watch_tell_revoked(const struct watch *watch, size_t *out_count,
                               struct error *err) {
    char *const *command = watch->options->revoked;
    if (command == NULL || !file_exists(buf_string(&watch->revoked))) {
        return RESULT_OK;
    }
    size_t words = count_words(command);
    AUTO(buf_clear) struct buf list = {0};
    AUTO(free_at)
    char **arguments = calloc(words + LIMIT_REVOKED_AT_ONCE + 1, sizeof(*arguments));
    if (arguments == NULL) {
        return error_out_of_memory(err);
    }
    memcpy(arguments, command, words * sizeof(*arguments));
    TRY(read_list(watch, &list, err));
    TRY(tidy_list(&list, err));
    for (size_t told = 0; told < list.size;) {
        size_t count = take_lines(&list, &told, &arguments[words]);
        TRY(reload_run(arguments, err));
        *out_count += count;
        TRY(write_list(watch, bytes_slice(buf_bytes(&list), told, list.size), err));
    }
    return RESULT_OK;
}
