// What is the same for every message whatever its form: clearing, setting, filling.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/message.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "wire/message_field.h"

// --- clearing --------------------------------------------------------------------------------

static void blob_clear(struct blob *blob) {
    free(blob->data);
    *blob = (struct blob){0};
}

void text_list_clear(struct text_list *list) {
    for (size_t i = 0; i < list->count; i++) {
        free(list->items[i]);
    }
    free(list->items);
    *list = (struct text_list){0};
}

static void record_list_clear(const struct field *field, struct record_list *list) {
    for (size_t i = 0; i < list->count; i++) {
        message_clear(field->record, field_record(field, list, i));
    }
    free(list->items);
    *list = (struct record_list){0};
}

static void field_clear(const struct field *field, void *message) {
    void *member = field_member(field, message);
    switch (field->type) {
    case FIELD_TEXT:
        string_free_at(member);
        break;
    case FIELD_SECRET:
        string_free_secret_at(member);
        break;
    case FIELD_BYTES: // may be a private key
        memory_wipe(((struct blob *)member)->data, ((struct blob *)member)->size);
        blob_clear(member);
        break;
    case FIELD_CERTIFICATES:
    case FIELD_REQUEST:
        blob_clear(member);
        break;
    case FIELD_TEXTS:
        text_list_clear(member);
        break;
    case FIELD_RECORDS:
        record_list_clear(field, member);
        break;
    case FIELD_INTEGER:
    case FIELD_BOOLEAN:
    case FIELD_TIME:
        break;
    }
}

void message_clear(const struct message_type *type, void *message) {
    for (size_t i = 0; i < type->field_count; i++) {
        field_clear(&type->fields[i], message);
    }
    if (type->size > 0) {
        memset(message, 0, type->size);
    }
}

void *message_new(const struct message_type *type) {
    return calloc(1, type->size > 0 ? type->size : 1);
}

void message_discard(const struct message_type *type, void *message) {
    if (message != NULL) {
        message_clear(type, message);
        free(message);
    }
}

static size_t member_size(const struct field *field) {
    switch (field->type) {
    case FIELD_TEXT:
    case FIELD_SECRET:
        return sizeof(char *);
    case FIELD_INTEGER:
    case FIELD_TIME:
        return sizeof(int64_t);
    case FIELD_BOOLEAN:
        return sizeof(bool);
    case FIELD_BYTES:
    case FIELD_CERTIFICATES:
    case FIELD_REQUEST:
        return sizeof(struct blob);
    case FIELD_TEXTS:
        return sizeof(struct text_list);
    case FIELD_RECORDS:
        return sizeof(struct record_list);
    }
    return 0;
}

void message_move(const struct message_type *type, void *to, void *from) {
    for (size_t i = 0; i < type->field_count; i++) {
        const struct field *field = &type->fields[i];
        if (field_is_set(field, from)) {
            size_t size = member_size(field);
            memcpy(field_member(field, to), field_member(field, from), size);
            memset(field_member(field, from), 0, size);
        }
    }
}

// --- setting from text -----------------------------------------------------------------------

static enum result wrong_value(const struct field *field, const char *expected,
                               const char *came, struct error *err) {
    return field_fail(field, RESULT_INVALID, "wrong_value", err,
                      "should be %s, but is \"%.64s\"", expected, came);
}

static enum result set_member(const struct field *field, void *member, const char *value,
                              struct error *err) {
    struct bytes text = bytes_of_string(value);
    switch (field->type) {
    case FIELD_TEXT:
        return text_set(member, value) == RESULT_OK ? RESULT_OK : error_out_of_memory(err);
    case FIELD_INTEGER:
        return text_read_int64(text, 0, INT64_MAX, member) == RESULT_OK
                   ? RESULT_OK
                   : wrong_value(field, "a whole number", value, err);
    case FIELD_BOOLEAN:
        return text_read_bool(value, member) == RESULT_OK
                   ? RESULT_OK
                   : wrong_value(field, "true or false", value, err);
    case FIELD_TIME:
        return time_read_rfc3339(text, member) == RESULT_OK
                   ? RESULT_OK
                   : wrong_value(field, "a time such as 2026-11-21T07:47:33Z", value, err);
    default:
        return RESULT_INTERNAL; // message_set lets no other pass
    }
}

static bool is_settable(const struct field *field) {
    return field->type == FIELD_TEXT || field->type == FIELD_INTEGER ||
           field->type == FIELD_BOOLEAN || field->type == FIELD_TIME;
}

enum result message_set(const struct message_type *type, void *message, const char *name,
                        const char *value, struct error *err) {
    const struct field *field = message_field(type, name);
    if (field == NULL || !is_settable(field)) {
        return message_unknown_field(type, name, RESULT_NOT_FOUND, err);
    }
    if (field_is_set(field, message)) {
        return field_fail(field, RESULT_CONFLICT, "duplicate_field", err, "is given twice");
    }
    void *fresh = message_new(type);
    if (fresh == NULL) {
        return error_out_of_memory(err);
    }
    enum result result = set_member(field, field_member(field, fresh), value, err);
    if (result == RESULT_OK) {
        result = field_check(field, fresh, err);
    }
    if (result == RESULT_OK) {
        message_move(type, message, fresh);
    }
    message_discard(type, fresh);
    return result;
}

// --- filling ---------------------------------------------------------------------------------

enum result text_set(char **member, const char *text) {
    return text_set_bytes(member, bytes_of_string(text));
}

enum result text_set_bytes(char **member, struct bytes text) {
    char *copy = string_copy_bytes(text);
    if (copy == NULL) {
        return RESULT_INTERNAL;
    }
    string_free_at(member);
    *member = copy;
    return RESULT_OK;
}

enum result blob_set(struct blob *member, struct bytes bytes) {
    uint8_t *copy = NULL;
    if (bytes.size > 0) {
        copy = malloc(bytes.size);
        if (copy == NULL) {
            return RESULT_INTERNAL;
        }
        memcpy(copy, bytes.data, bytes.size);
    }
    blob_clear(member);
    *member = (struct blob){.data = copy, .size = bytes.size};
    return RESULT_OK;
}

void blob_take(struct blob *member, struct buf *buf) {
    blob_clear(member);
    if (buf->size == 0) {
        buf_clear(buf);
        return;
    }
    *member = (struct blob){.data = buf->data, .size = buf->size};
    *buf = (struct buf){0};
}

struct bytes blob_bytes(const struct blob *blob) {
    return bytes_of(blob->data, blob->size);
}

// Lists have room for the next power of two of their count, so that adding stays cheap although
// no capacity is kept.
static enum result make_room(void **items, size_t count, size_t item_size) {
    if ((count & (count - 1)) != 0) {
        return RESULT_OK;
    }
    void *grown = realloc(*items, (count == 0 ? 1 : 2 * count) * item_size);
    if (grown == NULL) {
        return RESULT_INTERNAL;
    }
    *items = grown;
    return RESULT_OK;
}

enum result text_list_add(struct text_list *list, const char *text) {
    char *copy = string_copy(text);
    if (copy == NULL) {
        return RESULT_INTERNAL;
    }
    void *items = list->items;
    if (make_room(&items, list->count, sizeof(char *)) != RESULT_OK) {
        free(copy);
        return RESULT_INTERNAL;
    }
    list->items = items;
    list->items[list->count++] = copy;
    return RESULT_OK;
}

enum result record_add(struct record_list *list, const struct message_type *record,
                       void **out_record) {
    TRY(make_room(&list->items, list->count, record->size));
    void *added = (char *)list->items + list->count * record->size;
    memset(added, 0, record->size);
    list->count++;
    *out_record = added;
    return RESULT_OK;
}

enum result message_write_whole(const struct message_type *type, const void *message,
                                message_writer *write, struct buf *out, struct error *err) {
    size_t before = out->size;
    struct error inner = {0};
    enum result result = write(type, message, out, &inner);
    if (result == RESULT_OK) {
        return RESULT_OK;
    }
    out->size = before;
    if (inner.result == RESULT_OK) {
        return error_set(err, result, "no room for a message %s", type->name);
    }
    if (err != NULL) {
        *err = inner;
    }
    return result;
}
