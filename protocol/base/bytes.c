// Views and owned buffers.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/bytes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct bytes bytes_of(const void *data, size_t size) {
    return (struct bytes){.data = data, .size = size};
}

struct bytes bytes_of_string(const char *text) {
    return bytes_of(text, text != NULL ? strlen(text) : 0);
}

bool bytes_equal(struct bytes a, struct bytes b) {
    return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

bool bytes_equal_secret(struct bytes a, struct bytes b) {
    if (a.size != b.size) {
        return false;
    }
    // volatile keeps the compiler from leaving the loop early.
    volatile uint8_t difference = 0;
    for (size_t i = 0; i < a.size; i++) {
        difference = (uint8_t)(difference | (a.data[i] ^ b.data[i]));
    }
    return difference == 0;
}

int bytes_compare(struct bytes a, struct bytes b) {
    size_t shared = a.size < b.size ? a.size : b.size;
    int order = shared > 0 ? memcmp(a.data, b.data, shared) : 0;
    if (order != 0) {
        return order;
    }
    return a.size < b.size ? -1 : a.size > b.size ? 1 : 0;
}

struct bytes bytes_slice(struct bytes whole, size_t offset, size_t size) {
    if (offset >= whole.size) {
        // Behind the end, and not NULL: memchr and its kin want a pointer also for no bytes.
        return bytes_of(whole.size > 0 ? whole.data + whole.size : whole.data, 0);
    }
    size_t left = whole.size - offset;
    return bytes_of(whole.data + offset, size < left ? size : left);
}

bool bytes_contain_zero(struct bytes text) {
    return text.size > 0 && memchr(text.data, 0, text.size) != NULL;
}

void buf_init(struct buf *buf, size_t maximum) {
    *buf = (struct buf){.maximum = maximum};
}

void buf_init_secret(struct buf *buf, size_t maximum) {
    *buf = (struct buf){.maximum = maximum, .is_secret = true};
}

static void release_memory(struct buf *buf) {
    if (buf->is_secret && buf->data != NULL) {
        memory_wipe(buf->data, buf->capacity);
    }
    free(buf->data);
    buf->data = NULL;
}

void buf_clear(struct buf *buf) {
    release_memory(buf);
    *buf = (struct buf){0};
}

void buf_reset(struct buf *buf) {
    if (buf->is_secret && buf->data != NULL) {
        memory_wipe(buf->data, buf->capacity);
    }
    buf->size = 0;
}

// Grows the memory to at least `needed` bytes and one for a terminator. A secret's old memory
// is wiped, which realloc would not do.
static enum result grow(struct buf *buf, size_t needed) {
    size_t capacity = buf->capacity < 64 ? 64 : buf->capacity;
    while (capacity < needed + 1) {
        capacity = capacity > SIZE_MAX / 2 ? needed + 1 : capacity * 2;
    }
    if (buf->is_secret) {
        uint8_t *fresh = malloc(capacity);
        if (fresh == NULL) {
            return RESULT_INTERNAL;
        }
        if (buf->size > 0) {
            memcpy(fresh, buf->data, buf->size);
        }
        release_memory(buf);
        buf->data = fresh;
    } else {
        uint8_t *fresh = realloc(buf->data, capacity);
        if (fresh == NULL) {
            return RESULT_INTERNAL;
        }
        buf->data = fresh;
    }
    buf->capacity = capacity;
    return RESULT_OK;
}

enum result buf_reserve(struct buf *buf, size_t size, uint8_t **out_room) {
    if (size > buf->maximum || buf->size > buf->maximum - size) {
        return RESULT_LIMIT;
    }
    if (buf->data == NULL || buf->size + size + 1 > buf->capacity) {
        TRY(grow(buf, buf->size + size));
    }
    *out_room = buf->data + buf->size;
    return RESULT_OK;
}

void buf_commit(struct buf *buf, size_t written) {
    buf->size += written;
}

enum result buf_append(struct buf *buf, struct bytes more) {
    if (more.size == 0) {
        return RESULT_OK;
    }
    uint8_t *room = NULL;
    TRY(buf_reserve(buf, more.size, &room));
    memcpy(room, more.data, more.size);
    buf_commit(buf, more.size);
    return RESULT_OK;
}

enum result buf_append_byte(struct buf *buf, uint8_t byte) {
    return buf_append(buf, bytes_of(&byte, 1));
}

enum result buf_append_string(struct buf *buf, const char *text) {
    return buf_append(buf, bytes_of_string(text));
}

enum result buf_vprintf(struct buf *buf, const char *format, va_list arguments) {
    va_list again;
    va_copy(again, arguments);
    int length = vsnprintf(NULL, 0, format, again);
    va_end(again);
    if (length < 0) {
        return RESULT_INTERNAL;
    }
    uint8_t *room = NULL;
    TRY(buf_reserve(buf, (size_t)length, &room));
    vsnprintf((char *)room, (size_t)length + 1, format, arguments);
    buf_commit(buf, (size_t)length);
    return RESULT_OK;
}

enum result buf_printf(struct buf *buf, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    enum result result = buf_vprintf(buf, format, arguments);
    va_end(arguments);
    return result;
}

enum result buf_insert(struct buf *buf, size_t offset, struct bytes more) {
    if (more.size == 0) {
        return RESULT_OK;
    }
    uint8_t *room = NULL;
    TRY(buf_reserve(buf, more.size, &room));
    if (offset > buf->size) {
        offset = buf->size;
    }
    memmove(buf->data + offset + more.size, buf->data + offset, buf->size - offset);
    memcpy(buf->data + offset, more.data, more.size);
    buf_commit(buf, more.size);
    return RESULT_OK;
}

void buf_consume(struct buf *buf, size_t size) {
    if (size >= buf->size) {
        buf_reset(buf);
        return;
    }
    if (size == 0) {
        return;
    }
    memmove(buf->data, buf->data + size, buf->size - size);
    if (buf->is_secret) {
        memory_wipe(buf->data + buf->size - size, size);
    }
    buf->size -= size;
}

enum result buf_assign(struct buf *buf, struct bytes contents) {
    if (contents.size > buf->maximum) {
        return RESULT_LIMIT;
    }
    buf_reset(buf);
    return buf_append(buf, contents);
}

void buf_move(struct buf *to, struct buf *from) {
    buf_clear(to);
    *to = *from;
    *from = (struct buf){0};
}

struct bytes buf_bytes(const struct buf *buf) {
    return bytes_of(buf->data, buf->size);
}

const char *buf_string(const struct buf *buf) {
    if (buf->data == NULL) {
        return "";
    }
    buf->data[buf->size] = '\0'; // grow() always keeps one byte for it
    return (const char *)buf->data;
}

void memory_wipe(void *data, size_t size) {
    if (data != NULL && size > 0) {
        explicit_bzero(data, size);
    }
}

char *string_copy(const char *text) {
    return string_copy_bytes(bytes_of_string(text));
}

char *string_copy_bytes(struct bytes text) {
    char *copy = malloc(text.size + 1);
    if (copy != NULL) {
        if (text.size > 0) {
            memcpy(copy, text.data, text.size);
        }
        copy[text.size] = '\0';
    }
    return copy;
}

void string_free_at(char **text) {
    free(*text);
    *text = NULL;
}

void string_free_secret_at(char **text) {
    if (*text != NULL) {
        memory_wipe(*text, strlen(*text));
    }
    string_free_at(text);
}
