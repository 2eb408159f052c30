// One field of a message, for the codecs: its member, its presence, what must hold of it.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "wire/message.h"

void *field_member(const struct field *field, void *message);
const void *field_member_const(const struct field *field, const void *message);
// The struct of one item of a FIELD_RECORDS.
void *field_record(const struct field *field, const struct record_list *list, size_t index);

// It holds something else than zero or nothing.
bool field_is_set(const struct field *field, const void *message);
// It is to be written: set, or of a kind that a REQUIRED field writes although it is zero.
bool field_is_written(const struct field *field, const void *message);
// What must hold of a member that is written or was read: limits, UTF-8, no control characters,
// DER that delimits itself. Of records only their number: each is checked by itself. Errors as
// message_from_json lists them.
enum result field_check(const struct field *field, const void *message, struct error *err);
// The number of items of a list, before they are read.
enum result field_check_count(const struct field *field, size_t count, struct error *err);

// Fills code, field and message, and returns `result`.
enum result field_fail(const struct field *field, enum result result, const char *code,
                       struct error *err, const char *format, ...)
    __attribute__((format(printf, 5, 6)));
enum result field_missing(const struct message_type *type, const struct field *field,
                          struct error *err);
// After the record of that index was refused: "state" becomes "tokens[3].state".
void field_error_in_record(const struct field *field, size_t index, struct error *err);

// NULL when the message has none of that name.
const struct field *message_field(const struct message_type *type, const char *name);
// Suggests the nearest.
enum result message_unknown_field(const struct message_type *type, const char *name,
                                  enum result result, struct error *err);
// A zeroed struct on the heap; NULL when memory is out. message_discard clears and frees it.
void *message_new(const struct message_type *type);
void message_discard(const struct message_type *type, void *message);
// Moves every member that is set in `from` into `to`.
void message_move(const struct message_type *type, void *to, void *from);

// One codec's way of writing a message; it may stop halfway.
typedef enum result message_writer(const struct message_type *type, const void *message,
                                   struct buf *out, struct error *err);
// Runs it, and leaves all of the message in `out` or nothing.
enum result message_write_whole(const struct message_type *type, const void *message,
                                message_writer *write, struct buf *out, struct error *err);
