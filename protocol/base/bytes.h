// Byte strings: a borrowed view, and an owned buffer that always has a maximum.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/result.h"

// A borrowed view. Whoever receives one keeps nothing of it after returning.
struct bytes {
    const uint8_t *data;
    size_t size;
};

// An owned, growable buffer that never holds more than `maximum` bytes. Zeroed memory is a
// valid cleared buffer with maximum 0: every append to it is refused until buf_init.
struct buf {
    uint8_t *data;
    size_t size;
    size_t capacity;
    size_t maximum;
    bool is_secret;
};

#define BYTES_LITERAL(text) ((struct bytes){(const uint8_t *)(text), sizeof(text) - 1})

struct bytes bytes_of(const void *data, size_t size);
struct bytes bytes_of_string(const char *text);
bool bytes_equal(struct bytes a, struct bytes b);
// Takes the same time wherever the contents differ; use it for every secret. Sizes are not
// secret.
bool bytes_equal_secret(struct bytes a, struct bytes b);
// memcmp order, a shorter prefix first.
int bytes_compare(struct bytes a, struct bytes b);
// The part from `offset` of at most `size` bytes; empty when `offset` lies behind the end.
struct bytes bytes_slice(struct bytes whole, size_t offset, size_t size);
bool bytes_contain_zero(struct bytes text);

// `maximum` in bytes. A secret buffer is wiped whenever its memory is given back or moved.
void buf_init(struct buf *buf, size_t maximum);
void buf_init_secret(struct buf *buf, size_t maximum);
// Frees and zeroes; the maximum is lost. Safe on zeroed memory and when called twice.
void buf_clear(struct buf *buf);
// Empties but keeps memory and maximum.
void buf_reset(struct buf *buf);

// All appends return RESULT_LIMIT when the maximum would be passed, RESULT_INTERNAL when memory
// is out; the buffer is then unchanged.
enum result buf_append(struct buf *buf, struct bytes more);
enum result buf_append_byte(struct buf *buf, uint8_t byte);
enum result buf_append_string(struct buf *buf, const char *text);
enum result buf_printf(struct buf *buf, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
enum result buf_vprintf(struct buf *buf, const char *format, va_list arguments)
    __attribute__((format(printf, 2, 0)));
// Makes room for `size` more bytes and gives their address in *out_room; buf_commit then adds
// those that were really written.
enum result buf_reserve(struct buf *buf, size_t size, uint8_t **out_room);
void buf_commit(struct buf *buf, size_t written);
// Inserts at `offset`, moving what is behind it.
enum result buf_insert(struct buf *buf, size_t offset, struct bytes more);
// Drops the first `size` bytes (all, when there are fewer).
void buf_consume(struct buf *buf, size_t size);
// Replaces the contents.
enum result buf_assign(struct buf *buf, struct bytes contents);
// Moves the contents of `from` (which is left cleared) into the cleared `to`.
void buf_move(struct buf *to, struct buf *from);

struct bytes buf_bytes(const struct buf *buf);
// The contents as a C string; a terminator is kept behind them and does not count as size.
// "" for an empty buffer; never NULL.
const char *buf_string(const struct buf *buf);

// Wipes memory in a way the compiler keeps.
void memory_wipe(void *data, size_t size);
// calloc'ed copy with a terminating zero behind it; NULL when memory is out.
char *string_copy(const char *text);
char *string_copy_bytes(struct bytes text);
void string_free_at(char **text);
// As string_free_at, wiping it first.
void string_free_secret_at(char **text);
