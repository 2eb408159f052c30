// Messages as tables: each is described once; JSON and frames are two loops over that table.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/error.h"

// Owned members of message structs. All of them are valid when zeroed, which also means "absent".
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

//            in the struct        in JSON                                  limit
// TEXT         char *               string                                 bytes
// SECRET       char *, wiped        string                                 bytes
// INTEGER      int64_t              number without fraction                greatest value (least is 0)
// BOOLEAN      bool                 true or false                          -
// TIME         int64_t              string, RFC 3339                       -
// BYTES        struct blob          string, base64                         bytes
// CERTIFICATES struct blob          string, PEM of one or more             bytes of DER, concatenated
// REQUEST      struct blob          string, PEM of one CSR                 bytes of DER
// TEXTS        struct text_list     array of strings                       number of strings
// RECORDS      struct record_list   array of objects                       number of objects
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
#define MESSAGE_DECLARE(message)                                                                \
    struct message {                                                                            \
        message##_FIELDS(MESSAGE_MEMBER, MESSAGE_RECORDS_MEMBER)                                \
    };                                                                                          \
    extern const struct message_type message##_type

// --- operations on any message ---------------------------------------------------------------

// Frees (wiping secrets) and zeroes everything the message owns. `message` points to its struct.
void message_clear(const struct message_type *type, void *message);

// From JSON text: RESULT_INVALID names the field for a wrong type, a missing, unknown (with the
// nearest known name as hint) or duplicate member, a NUL in a string; RESULT_LIMIT for a value
// beyond its limit. An empty text counts as an object without members.
enum result message_from_json(const struct message_type *type, struct bytes json,
                              void *out_message, struct error *err);
// Absent members are left out. Appends.
enum result message_to_json(const struct message_type *type, const void *message,
                            struct buf *out, struct error *err);

// The same in the frames' binary form, which only our own processes speak.
enum result message_from_binary(const struct message_type *type, struct bytes binary,
                                void *out_message, struct error *err);
enum result message_to_binary(const struct message_type *type, const void *message,
                              struct buf *out, struct error *err);

// Sets one member from text, as path and query parameters need it (TEXT, INTEGER, BOOLEAN, TIME).
// RESULT_NOT_FOUND when there is no such member, RESULT_CONFLICT when it is set already.
enum result message_set(const struct message_type *type, void *message, const char *name,
                        const char *value, struct error *err);

// --- small helpers for those who fill messages -------------------------------------------------
enum result text_set(char **member, const char *text);
enum result text_set_bytes(char **member, struct bytes text);
enum result blob_set(struct blob *member, struct bytes bytes);
struct bytes blob_bytes(const struct blob *blob);
enum result text_list_add(struct text_list *list, const char *text);
// Adds a zeroed record and gives its address, valid until the next record_add.
enum result record_add(struct record_list *list, const struct message_type *record,
                       void **out_record);
