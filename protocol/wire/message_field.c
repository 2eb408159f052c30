// One field of a message: its member, whether it is there, what must hold of it.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/message_field.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "base/text.h"
#include "x509/der.h"

// 9999-12-31T23:59:59Z, the last that RFC 3339 can write.
#define TIME_MAXIMUM 253402300799LL

void *field_member(const struct field *field, void *message) {
    return (char *)message + field->offset;
}

const void *field_member_const(const struct field *field, const void *message) {
    return (const char *)message + field->offset;
}

void *field_record(const struct field *field, const struct record_list *list, size_t index) {
    return (char *)list->items + index * field->record->size;
}

bool field_is_set(const struct field *field, const void *message) {
    const void *member = field_member_const(field, message);
    switch (field->type) {
    case FIELD_TEXT:
    case FIELD_SECRET:
        return *(char *const *)member != NULL;
    case FIELD_INTEGER:
    case FIELD_TIME:
        return *(const int64_t *)member != 0;
    case FIELD_BOOLEAN:
        return *(const bool *)member;
    case FIELD_BYTES:
    case FIELD_CERTIFICATES:
    case FIELD_REQUEST:
        return ((const struct blob *)member)->size > 0;
    case FIELD_TEXTS:
        return ((const struct text_list *)member)->count > 0;
    case FIELD_RECORDS:
        return ((const struct record_list *)member)->count > 0;
    }
    return false;
}

bool field_is_written(const struct field *field, const void *message) {
    if (field_is_set(field, message)) {
        return true;
    }
    switch (field->type) {
    case FIELD_INTEGER:
    case FIELD_BOOLEAN:
    case FIELD_TIME:
    case FIELD_TEXTS:
    case FIELD_RECORDS:
        return field->need == REQUIRED;
    default:
        return false; // there is no text or DER that would stand for none
    }
}

// --- refusing --------------------------------------------------------------------------------

enum result field_fail(const struct field *field, enum result result, const char *code,
                       struct error *err, const char *format, ...) {
    char message[sizeof(err->message)];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(message, sizeof(message), format, arguments);
    va_end(arguments);
    (void)error_set_code(err, result, code, "%s %s", field->name, message);
    error_field(err, field->name);
    return result;
}

enum result field_missing(const struct message_type *type, const struct field *field,
                          struct error *err) {
    (void)field_fail(field, RESULT_INVALID, "missing_field", err, "is missing");
    error_hint(err, "The message %s needs it.", type->name);
    return RESULT_INVALID;
}

void field_error_in_record(const struct field *field, size_t index, struct error *err) {
    if (err == NULL) {
        return;
    }
    char path[sizeof(err->field) * 3];
    (void)snprintf(path, sizeof(path), "%s[%zu]%s%s", field->name, index,
                   err->field[0] == '\0' ? "" : ".", err->field);
    error_field(err, path);
}

const struct field *message_field(const struct message_type *type, const char *name) {
    for (size_t i = 0; i < type->field_count; i++) {
        if (strcmp(type->fields[i].name, name) == 0) {
            return &type->fields[i];
        }
    }
    return NULL;
}

enum result message_unknown_field(const struct message_type *type, const char *name,
                                  enum result result, struct error *err) {
    const char *names[64];
    size_t count = 0;
    for (; count < type->field_count && count < sizeof(names) / sizeof(names[0]); count++) {
        names[count] = type->fields[count].name;
    }
    (void)error_set_code(err, result, "unknown_field", "the message %s has no field \"%.64s\"",
                         type->name, name);
    error_field(err, name);
    const char *nearest = text_nearest(name, names, count);
    if (nearest != NULL) {
        error_hint(err, "Did you mean \"%s\"?", nearest);
    } else if (count == 0) {
        error_hint(err, "It takes none at all.");
    } else {
        error_hint(err, "Leave it out; the fields are listed in the protocol's specification.");
    }
    return result;
}

// --- checking --------------------------------------------------------------------------------

static enum result check_size(const struct field *field, size_t size, const char *unit,
                              struct error *err) {
    if ((uint64_t)size <= (uint64_t)field->limit) {
        return RESULT_OK;
    }
    return field_fail(field, RESULT_LIMIT, "too_long", err,
                      "has %zu bytes%s, at most %lld are allowed", size, unit,
                      (long long)field->limit);
}

enum result field_check_count(const struct field *field, size_t count, struct error *err) {
    if ((uint64_t)count <= (uint64_t)field->limit) {
        return RESULT_OK;
    }
    return field_fail(field, RESULT_LIMIT, "too_many", err,
                      "has more than the %lld items that are allowed", (long long)field->limit);
}

static enum result check_characters(const struct field *field, struct bytes text,
                                    struct error *err) {
    if (!text_is_utf8(text)) {
        return field_fail(field, RESULT_INVALID, "wrong_value", err, "is not UTF-8");
    }
    if (text_has_control(text)) {
        return field_fail(field, RESULT_INVALID, "wrong_value", err,
                          "holds a control character");
    }
    return RESULT_OK;
}

static enum result check_text(const struct field *field, const char *text, struct error *err) {
    struct bytes bytes = bytes_of_string(text);
    TRY(check_size(field, bytes.size, "", err));
    return check_characters(field, bytes, err);
}

static enum result check_integer(const struct field *field, int64_t value, struct error *err) {
    int64_t maximum =
        field->limit < MESSAGE_INTEGER_MAXIMUM ? field->limit : MESSAGE_INTEGER_MAXIMUM;
    if (value < 0) {
        return field_fail(field, RESULT_INVALID, "wrong_value", err,
                          "is %lld, expected a number from 0 to %lld", (long long)value,
                          (long long)maximum);
    }
    if (value > maximum) {
        return field_fail(field, RESULT_LIMIT, "too_large", err,
                          "is %lld, at most %lld is allowed", (long long)value,
                          (long long)maximum);
    }
    return RESULT_OK;
}

static enum result check_time(const struct field *field, int64_t value, struct error *err) {
    if (value < 0 || value > TIME_MAXIMUM) {
        return field_fail(field, RESULT_INVALID, "wrong_value", err,
                          "lies outside of the years 1970 to 9999");
    }
    return RESULT_OK;
}

// Certificates and CSRs are SEQUENCEs, one behind the other; what is in them is read by those
// who need it.
static enum result check_der(const struct field *field, struct bytes bytes, struct error *err) {
    TRY(check_size(field, bytes.size, " of DER", err));
    struct der der = der_of(bytes);
    size_t count = 0;
    while (!der_at_end(&der)) {
        struct bytes element = {0};
        if (der_read_element(&der, DER_SEQUENCE, &element, NULL) != RESULT_OK) {
            return field_fail(field, RESULT_INVALID, "wrong_value", err,
                              "is not DER: it is cut off, or something is behind its end");
        }
        count++;
    }
    if (field->type == FIELD_REQUEST && count != 1) {
        return field_fail(field, RESULT_INVALID, "wrong_value", err,
                          "has %zu certificate requests, expected one", count);
    }
    return RESULT_OK;
}

static enum result check_texts(const struct field *field, const struct text_list *list,
                               struct error *err) {
    TRY(field_check_count(field, list->count, err));
    for (size_t i = 0; i < list->count; i++) {
        struct bytes text = bytes_of_string(list->items[i]);
        if (text.size > LIMIT_LIST_TEXT_BYTES) {
            return field_fail(field, RESULT_LIMIT, "too_long", err,
                              "has an item of %zu bytes, at most %d are allowed", text.size,
                              LIMIT_LIST_TEXT_BYTES);
        }
        TRY(check_characters(field, text, err));
    }
    return RESULT_OK;
}

enum result field_check(const struct field *field, const void *message, struct error *err) {
    const void *member = field_member_const(field, message);
    if (!field_is_written(field, message)) {
        return RESULT_OK;
    }
    switch (field->type) {
    case FIELD_TEXT:
    case FIELD_SECRET:
        return check_text(field, *(char *const *)member, err);
    case FIELD_INTEGER:
        return check_integer(field, *(const int64_t *)member, err);
    case FIELD_TIME:
        return check_time(field, *(const int64_t *)member, err);
    case FIELD_BYTES:
        return check_size(field, ((const struct blob *)member)->size, "", err);
    case FIELD_CERTIFICATES:
    case FIELD_REQUEST:
        return check_der(field, blob_bytes(member), err);
    case FIELD_TEXTS:
        return check_texts(field, member, err);
    case FIELD_RECORDS:
        return field_check_count(field, ((const struct record_list *)member)->count, err);
    case FIELD_BOOLEAN:
        break;
    }
    return RESULT_OK;
}
