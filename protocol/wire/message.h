// Messages as tables: each is described once; JSON and frames are two loops over that table.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/error.h"

// Owned members of message structs. All of them are valid when zeroed, which also means
// "absent".
struct blob {
    uint8_t *data;
    size_t size;
};
struct text_list {
    char **items;
    size_t count;
};
struct record_list {
    void *items; // an array of the record's struct
    size_t count;
};

// clang-format off
//              in the struct        in JSON                         limit
// TEXT         char *               string                          bytes
// SECRET       char *, wiped        string                          bytes
// INTEGER      int64_t              number without fraction         greatest value (least is 0)
// BOOLEAN      bool                 true or false                   -
// TIME         int64_t              string, RFC 3339                -
// BYTES        struct blob, wiped   string, base64                  bytes
// CERTIFICATES struct blob          string, PEM of one or more      bytes of DER, concatenated
// REQUEST      struct blob          string, PEM of one CSR          bytes of DER
// TEXTS        struct text_list     array of strings                number of strings
// RECORDS      struct record_list   array of objects                number of objects
// clang-format on
// Texts are UTF-8 without control characters. Each string of TEXTS has at most
// LIMIT_LIST_TEXT_BYTES, an INTEGER is at most MESSAGE_INTEGER_MAXIMUM whatever its limit says.
enum field_type {
    FIELD_TEXT,
    FIELD_SECRET,
    FIELD_INTEGER,
    FIELD_BOOLEAN,
    FIELD_TIME,
    FIELD_BYTES,
    FIELD_CERTIFICATES,
    FIELD_REQUEST,
    FIELD_TEXTS,
    FIELD_RECORDS,
};

// 2^53 - 1: the greatest integer that every reader of JSON holds exactly (RFC 7493, 2.2).
#define MESSAGE_INTEGER_MAXIMUM 9007199254740991LL

// Numbers, booleans, times and arrays that are REQUIRED are written also when they are zero or
// empty; lists of records always are.
enum field_need { OPTIONAL, REQUIRED };

struct message_type;

struct field {
    const char *name;
    enum field_type type;
    size_t offset;
    int64_t limit;
    enum field_need need;
    const struct message_type *record; // of FIELD_RECORDS
};

struct message_type {
    const char *name;
    const struct field *fields;
    size_t field_count;
    size_t size; // of the struct
};

// --- one description makes the struct and the table ------------------------------------------
// #define thing_FIELDS(F, R)
//     F(TEXT, name, 64, REQUIRED)
//     R(items, item, 100)              (a list of records described by item_FIELDS)
// MESSAGE_DECLARE(thing);              in the header: struct thing, thing_type
// MESSAGE_DEFINE(thing);               in one .c file: the table
#define MESSAGE_C_TEXT char *
#define MESSAGE_C_SECRET char *
#define MESSAGE_C_INTEGER int64_t
#define MESSAGE_C_BOOLEAN bool
#define MESSAGE_C_TIME int64_t
#define MESSAGE_C_BYTES struct blob
#define MESSAGE_C_CERTIFICATES struct blob
#define MESSAGE_C_REQUEST struct blob
#define MESSAGE_C_TEXTS struct text_list

#define MESSAGE_MEMBER(type, name, limit, need) MESSAGE_C_##type name;
#define MESSAGE_RECORDS_MEMBER(name, record, limit) struct record_list name;
#define MESSAGE_DECLARE(message)                                                               \
    struct message {                                                                           \
        message##_FIELDS(MESSAGE_MEMBER, MESSAGE_RECORDS_MEMBER)                               \
    };                                                                                         \
    extern const struct message_type message##_type

#define MESSAGE_DEFINE(message)                                                                \
    static const struct field message##_fields[] = {                                           \
        MESSAGE_ROWS(message message##_FIELDS(MESSAGE_ITEM, MESSAGE_RECORDS_ITEM))};           \
    const struct message_type message##_type = {                                               \
        .name = #message,                                                                      \
        .fields = message##_fields,                                                            \
        .field_count = sizeof(message##_fields) / sizeof(struct field),                        \
        .size = sizeof(struct message),                                                        \
    }

#define MESSAGE_ROW(message, type_, name_, limit_, need_)                                      \
    {.name = #name_,                                                                           \
     .type = FIELD_##type_,                                                                    \
     .offset = offsetof(struct message, name_),                                                \
     .limit = (limit_),                                                                        \
     .need = need_},
#define MESSAGE_RECORDS_ROW(message, name_, record_, limit_)                                   \
    {.name = #name_,                                                                           \
     .type = FIELD_RECORDS,                                                                    \
     .offset = offsetof(struct message, name_),                                                \
     .limit = (limit_),                                                                        \
     .need = REQUIRED,                                                                         \
     .record = &record_##_type},

// A description does not know whose it is, but offsetof must. So its fields become a list of
// items (row macro, arguments…) behind the message's name; MESSAGE_NEXT takes one item after
// the other and gives the name to its row. A macro cannot call itself within one pass:
// MESSAGE_AGAIN defers that to the next, and MESSAGE_PASSES makes 64 of them (a field each).
#define MESSAGE_ITEM(...) , (MESSAGE_ROW, __VA_ARGS__)
#define MESSAGE_RECORDS_ITEM(...) , (MESSAGE_RECORDS_ROW, __VA_ARGS__)
#define MESSAGE_ROWS(...) MESSAGE_START(__VA_ARGS__)
#define MESSAGE_START(message, ...)                                                            \
    __VA_OPT__(MESSAGE_PASSES(MESSAGE_NEXT(message, __VA_ARGS__)))
#define MESSAGE_NEXT(message, item, ...)                                                       \
    MESSAGE_MAKE_ROW(message, MESSAGE_OPEN item)                                               \
    __VA_OPT__(MESSAGE_AGAIN MESSAGE_PARENTHESES(message, __VA_ARGS__))
#define MESSAGE_AGAIN() MESSAGE_NEXT
#define MESSAGE_PARENTHESES ()
#define MESSAGE_OPEN(...) __VA_ARGS__
#define MESSAGE_MAKE_ROW(message, ...) MESSAGE_CALL_ROW(message, __VA_ARGS__)
#define MESSAGE_CALL_ROW(message, row, ...) row(message, __VA_ARGS__)
#define MESSAGE_PASSES(...) MESSAGE_16(MESSAGE_16(MESSAGE_16(MESSAGE_16(__VA_ARGS__))))
#define MESSAGE_16(...) MESSAGE_4(MESSAGE_4(MESSAGE_4(MESSAGE_4(__VA_ARGS__))))
#define MESSAGE_4(...) MESSAGE_1(MESSAGE_1(MESSAGE_1(MESSAGE_1(__VA_ARGS__))))
#define MESSAGE_1(...) __VA_ARGS__

// --- operations on any message ---------------------------------------------------------------

// Frees (wiping secrets) and zeroes everything the message owns. `message` points to its
// struct.
void message_clear(const struct message_type *type, void *message);

// From JSON text. `out_message` is zeroed memory, or holds what message_set has put there: that
// counts as present, and as given twice when the JSON has it, too. RESULT_INVALID with the
// field and one of the codes "not_json", "unknown_field" (the nearest known name is the hint),
// "missing_field", "duplicate_field", "wrong_type", "wrong_value"; RESULT_LIMIT with
// "too_long", "too_many", "too_large", "too_deep". A member that is null counts as absent, an
// empty text as an object without members.
enum result message_from_json(const struct message_type *type, struct bytes json,
                              void *out_message, struct error *err);
// Absent members are left out. Appends; a message that message_from_json would not take (a
// required text missing, a value beyond its limit) is refused in the same words.
enum result message_to_json(const struct message_type *type, const void *message,
                            struct buf *out, struct error *err);

// The same in the frames' binary form, which only our own processes speak; as strict, and with
// one encoding per message. `out_message` is zeroed memory.
enum result message_from_binary(const struct message_type *type, struct bytes binary,
                                void *out_message, struct error *err);
enum result message_to_binary(const struct message_type *type, const void *message,
                              struct buf *out, struct error *err);

// Sets one member from text, as path and query parameters need it (TEXT, INTEGER, BOOLEAN,
// TIME). RESULT_NOT_FOUND (code "unknown_field") when there is no such member or it is of
// another type, RESULT_CONFLICT (code "duplicate_field") when it is set already.
enum result message_set(const struct message_type *type, void *message, const char *name,
                        const char *value, struct error *err);

// --- small helpers for those who fill messages -----------------------------------------------
enum result text_set(char **member, const char *text);
enum result text_set_bytes(char **member, struct bytes text);
// Empty bytes make it absent.
enum result blob_set(struct blob *member, struct bytes bytes);
// The buffer's memory instead of a copy; the buffer is left cleared.
void blob_take(struct blob *member, struct buf *buf);
struct bytes blob_bytes(const struct blob *blob);
enum result text_list_add(struct text_list *list, const char *text);
void text_list_clear(struct text_list *list);
// Adds a zeroed record and gives its address, valid until the next record_add.
enum result record_add(struct record_list *list, const struct message_type *record,
                       void **out_record);
