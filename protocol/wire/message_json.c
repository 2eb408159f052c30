// Messages as JSON objects.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/clock.h"
#include "base/text.h"
#include "wire/json.h"
#include "wire/message_field.h"
#include "x509/pem.h"

// --- writing ---------------------------------------------------------------------------------

// An error of a field has filled `err`; the failures of the buffer leave it to the caller.
static enum result write_message(const struct message_type *type, const void *message,
                                 struct buf *out, struct error *err);

static enum result write_blob(const struct field *field, struct bytes bytes, struct buf *out) {
    AUTO(buf_clear) struct buf text = {0};
    // The smallest SEQUENCE, two octets, makes a PEM block of 59 characters.
    buf_init_secret(&text, bytes.size * 32 + 256);
    if (field->type == FIELD_CERTIFICATES) {
        TRY(pem_encode_all(PEM_CERTIFICATE, bytes, &text));
    } else if (field->type == FIELD_REQUEST) {
        TRY(pem_encode(PEM_CERTIFICATE_REQUEST, bytes, &text));
    } else {
        TRY(text_base64_encode(bytes, &text));
    }
    return json_write_string(out, buf_bytes(&text));
}

static enum result write_time(int64_t time, struct buf *out) {
    TRY(buf_append_byte(out, '"'));
    TRY(time_format_rfc3339(time, out));
    return buf_append_byte(out, '"');
}

static enum result write_texts(const struct text_list *list, struct buf *out) {
    TRY(buf_append_byte(out, '['));
    for (size_t i = 0; i < list->count; i++) {
        TRY(buf_append_string(out, i > 0 ? "," : ""));
        TRY(json_write_string(out, bytes_of_string(list->items[i])));
    }
    return buf_append_byte(out, ']');
}

static enum result write_records(const struct field *field, const struct record_list *list,
                                 struct buf *out, struct error *err) {
    TRY(buf_append_byte(out, '['));
    for (size_t i = 0; i < list->count; i++) {
        TRY(buf_append_string(out, i > 0 ? "," : ""));
        TRY(write_message(field->record, field_record(field, list, i), out, err));
    }
    return buf_append_byte(out, ']');
}

static enum result write_member(const struct field *field, const void *member, struct buf *out,
                                struct error *err) {
    switch (field->type) {
    case FIELD_TEXT:
    case FIELD_SECRET:
        return json_write_string(out, bytes_of_string(*(char *const *)member));
    case FIELD_INTEGER:
        return buf_printf(out, "%lld", (long long)*(const int64_t *)member);
    case FIELD_BOOLEAN:
        return buf_append_string(out, *(const bool *)member ? "true" : "false");
    case FIELD_TIME:
        return write_time(*(const int64_t *)member, out);
    case FIELD_BYTES:
    case FIELD_CERTIFICATES:
    case FIELD_REQUEST:
        return write_blob(field, blob_bytes(member), out);
    case FIELD_TEXTS:
        return write_texts(member, out);
    case FIELD_RECORDS:
        return write_records(field, member, out, err);
    }
    return RESULT_INTERNAL;
}

static enum result write_message(const struct message_type *type, const void *message,
                                 struct buf *out, struct error *err) {
    const char *separator = "";
    TRY(buf_append_byte(out, '{'));
    for (size_t i = 0; i < type->field_count; i++) {
        const struct field *field = &type->fields[i];
        if (!field_is_written(field, message)) {
            if (field->need == REQUIRED) {
                return field_missing(type, field, err);
            }
            continue;
        }
        TRY(field_check(field, message, err));
        TRY(buf_printf(out, "%s\"%s\":", separator, field->name));
        TRY(write_member(field, field_member_const(field, message), out, err));
        separator = ",";
    }
    return buf_append_byte(out, '}');
}

enum result message_to_json(const struct message_type *type, const void *message,
                            struct buf *out, struct error *err) {
    return message_write_whole(type, message, write_message, out, err);
}

// --- reading ---------------------------------------------------------------------------------

static enum result read_object(const struct message_type *type, const struct json *json,
                               const void *already, void *message, struct error *err);

static const char *kind_of(const struct json *json) {
    bool truth = false;
    int64_t number = 0;
    return json_string(json) != NULL     ? "a string"
           : json_is_object(json)        ? "an object"
           : json_is_array(json)         ? "an array"
           : json_is_null(json)          ? "null"
           : json_boolean(json, &truth)  ? (truth ? "true" : "false")
           : json_integer(json, &number) ? "a number"
                                         : "a number with a fraction or beyond 2^53 - 1";
}

static enum result wrong_type(const struct field *field, const char *expected,
                              const struct json *json, struct error *err) {
    return field_fail(field, RESULT_INVALID, "wrong_type", err, "should be %s, but is %s",
                      expected, kind_of(json));
}

static enum result read_time(const struct field *field, const struct json *json,
                             int64_t *member, struct error *err) {
    const char *text = json_string(json);
    if (text == NULL) {
        return wrong_type(field, "a string with a time", json, err);
    }
    if (time_read_rfc3339(bytes_of_string(text), member) != RESULT_OK) {
        (void)field_fail(field, RESULT_INVALID, "wrong_value", err, "is not a time: \"%.40s\"",
                         text);
        error_hint(err, "Write times in UTC, such as 2026-11-21T07:47:33Z.");
        return RESULT_INVALID;
    }
    return RESULT_OK;
}

static enum result too_long(const struct field *field, struct error *err) {
    return field_fail(field, RESULT_LIMIT, "too_long", err,
                      "is too long: at most %lld bytes are allowed", (long long)field->limit);
}

static enum result read_base64(const struct field *field, struct bytes text, struct buf *out,
                               struct error *err) {
    enum result result = text_base64_decode(text, out);
    if (result == RESULT_LIMIT) {
        return too_long(field, err);
    }
    return result == RESULT_INVALID
               ? field_fail(field, RESULT_INVALID, "wrong_value", err, "is not base64")
               : result;
}

static enum result read_pem(const struct field *field, struct bytes text, struct buf *out,
                            struct error *err) {
    const char *label =
        field->type == FIELD_REQUEST ? PEM_CERTIFICATE_REQUEST : PEM_CERTIFICATE;
    struct error inner = {0};
    enum result result = pem_decode_all(text, label, out, &inner);
    if (result == RESULT_LIMIT) {
        return too_long(field, err);
    }
    if (result == RESULT_INVALID) {
        (void)field_fail(field, RESULT_INVALID, "wrong_value", err, "is not as expected: %s",
                         inner.message);
        error_hint(err, "Send PEM, \"-----BEGIN %s-----\" and so on, with \\n for line ends.",
                   label);
    }
    return result;
}

static enum result read_blob(const struct field *field, const struct json *json,
                             struct blob *member, struct error *err) {
    const char *text = json_string(json);
    if (text == NULL) {
        return wrong_type(field, "a string", json, err);
    }
    AUTO(buf_clear) struct buf decoded = {0};
    buf_init_secret(&decoded, (size_t)field->limit + 4); // base64 is decoded in groups
    struct bytes bytes = bytes_of_string(text);
    TRY(field->type == FIELD_BYTES ? read_base64(field, bytes, &decoded, err)
                                   : read_pem(field, bytes, &decoded, err));
    return blob_set(member, buf_bytes(&decoded));
}

static enum result read_texts(const struct field *field, const struct json *json,
                              struct text_list *list, struct error *err) {
    if (!json_is_array(json)) {
        return wrong_type(field, "an array of strings", json, err);
    }
    for (const struct json *item = json_first(json); item != NULL; item = json_next(item)) {
        const char *text = json_string(item);
        if (text == NULL) {
            return field_fail(field, RESULT_INVALID, "wrong_type", err,
                              "should hold strings, but holds %s", kind_of(item));
        }
        TRY(field_check_count(field, list->count + 1, err));
        TRY(text_list_add(list, text));
    }
    return RESULT_OK;
}

static enum result read_record(const struct field *field, const struct json *json,
                               struct record_list *list, struct error *err) {
    if (!json_is_object(json)) {
        return field_fail(field, RESULT_INVALID, "wrong_type", err,
                          "should hold objects, but holds %s", kind_of(json));
    }
    void *record = NULL;
    TRY(field_check_count(field, list->count + 1, err));
    TRY(record_add(list, field->record, &record));
    enum result result = read_object(field->record, json, NULL, record, err);
    if (result != RESULT_OK) {
        field_error_in_record(field, list->count - 1, err);
    }
    return result;
}

static enum result read_records(const struct field *field, const struct json *json,
                                struct record_list *list, struct error *err) {
    if (!json_is_array(json)) {
        return wrong_type(field, "an array of objects", json, err);
    }
    for (const struct json *item = json_first(json); item != NULL; item = json_next(item)) {
        TRY(read_record(field, item, list, err));
    }
    return RESULT_OK;
}

static enum result read_member(const struct field *field, const struct json *json, void *member,
                               struct error *err) {
    switch (field->type) {
    case FIELD_TEXT:
    case FIELD_SECRET:
        return json_string(json) != NULL ? text_set(member, json_string(json))
                                         : wrong_type(field, "a string", json, err);
    case FIELD_INTEGER:
        return json_integer(json, member) ? RESULT_OK
                                          : wrong_type(field, "a whole number", json, err);
    case FIELD_BOOLEAN:
        return json_boolean(json, member) ? RESULT_OK
                                          : wrong_type(field, "true or false", json, err);
    case FIELD_TIME:
        return read_time(field, json, member, err);
    case FIELD_BYTES:
    case FIELD_CERTIFICATES:
    case FIELD_REQUEST:
        return read_blob(field, json, member, err);
    case FIELD_TEXTS:
        return read_texts(field, json, member, err);
    case FIELD_RECORDS:
        return read_records(field, json, member, err);
    }
    return RESULT_INTERNAL;
}

static bool has_value(const struct json *object, const char *name) {
    const struct json *member = json_member(object, name);
    return member != NULL && !json_is_null(member);
}

// Each required member is there, and none is there twice: in the JSON and `already` set.
static enum result check_presence(const struct message_type *type, const struct json *json,
                                  const void *already, struct error *err) {
    for (size_t i = 0; i < type->field_count; i++) {
        const struct field *field = &type->fields[i];
        const bool is_given = has_value(json, field->name);
        const bool is_set = already != NULL && field_is_set(field, already);
        if (is_given && is_set) {
            return field_fail(field, RESULT_INVALID, "duplicate_field", err, "is given twice");
        }
        if (field->need == REQUIRED && !is_given && !is_set) {
            return field_missing(type, field, err);
        }
    }
    return RESULT_OK;
}

// Unknown members first: a misspelt name is told as such, and not as a missing one.
static enum result check_names(const struct message_type *type, const struct json *json,
                               const void *already, struct error *err) {
    for (const struct json *member = json_first(json); member != NULL;
         member = json_next(member)) {
        if (message_field(type, json_name(member)) == NULL) {
            return message_unknown_field(type, json_name(member), RESULT_INVALID, err);
        }
    }
    return check_presence(type, json, already, err);
}

static enum result read_object(const struct message_type *type, const struct json *json,
                               const void *already, void *message, struct error *err) {
    TRY(check_names(type, json, already, err));
    for (const struct json *member = json_first(json); member != NULL;
         member = json_next(member)) {
        const struct field *field = message_field(type, json_name(member));
        if (json_is_null(member)) {
            continue;
        }
        TRY(read_member(field, member, field_member(field, message), err));
        TRY(field_check(field, message, err));
        if (field->need == REQUIRED && !field_is_written(field, message)) {
            return field_missing(type, field, err); // "" for bytes
        }
    }
    return RESULT_OK;
}

static enum result read_text(const struct message_type *type, struct bytes text,
                             const void *already, void *message, struct error *err) {
    AUTO(json_free_at) struct json *json = NULL;
    TRY(json_parse(text.size > 0 ? text : BYTES_LITERAL("{}"), &json, err));
    if (!json_is_object(json)) {
        return error_set_code(err, RESULT_INVALID, "wrong_type",
                              "a JSON object was expected, but %s came", kind_of(json));
    }
    return read_object(type, json, already, message, err);
}

enum result message_from_json(const struct message_type *type, struct bytes json,
                              void *out_message, struct error *err) {
    void *fresh = message_new(type);
    if (fresh == NULL) {
        return error_out_of_memory(err);
    }
    struct error inner = {0};
    enum result result = read_text(type, json, out_message, fresh, &inner);
    if (result == RESULT_OK) {
        message_move(type, out_message, fresh);
    } else if (inner.result == RESULT_OK) {
        (void)error_out_of_memory(&inner); // the one failure that names no field
    }
    if (result != RESULT_OK && err != NULL) {
        *err = inner;
    }
    message_discard(type, fresh);
    return result;
}
