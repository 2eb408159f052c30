// Messages in the frames' binary form: the fields in order, each behind a presence byte.
// SPDX-License-Identifier: GPL-3.0-or-later
// Numbers are 8 bytes, sizes and counts 4, all big-endian. The reader trusts nobody: the limits
// of the table hold here as well, every message has one encoding, and the last byte must be the
// last.
#include "wire/message_field.h"

static enum result append_number(struct buf *out, uint64_t value, size_t size) {
    uint8_t *room = NULL;
    TRY(buf_reserve(out, size, &room));
    for (size_t i = 0; i < size; i++) {
        room[i] = (uint8_t)(value >> (8 * (size - 1 - i)));
    }
    buf_commit(out, size);
    return RESULT_OK;
}

static enum result append_bytes(struct buf *out, struct bytes bytes) {
    TRY(append_number(out, bytes.size, 4));
    return buf_append(out, bytes);
}

// An error of a field has filled `err`; the failures of the buffer leave it to the caller.
static enum result write_message(const struct message_type *type, const void *message,
                                 struct buf *out, struct error *err);

static enum result write_texts(const struct text_list *list, struct buf *out) {
    TRY(append_number(out, list->count, 4));
    for (size_t i = 0; i < list->count; i++) {
        TRY(append_bytes(out, bytes_of_string(list->items[i])));
    }
    return RESULT_OK;
}

static enum result write_records(const struct field *field, const struct record_list *list,
                                 struct buf *out, struct error *err) {
    TRY(append_number(out, list->count, 4));
    for (size_t i = 0; i < list->count; i++) {
        TRY(write_message(field->record, field_record(field, list, i), out, err));
    }
    return RESULT_OK;
}

static enum result write_member(const struct field *field, const void *member, struct buf *out,
                                struct error *err) {
    switch (field->type) {
    case FIELD_TEXT:
    case FIELD_SECRET:
        return append_bytes(out, bytes_of_string(*(char *const *)member));
    case FIELD_INTEGER:
    case FIELD_TIME:
        return append_number(out, (uint64_t)(*(const int64_t *)member), 8);
    case FIELD_BOOLEAN:
        return append_number(out, *(const bool *)member, 1);
    case FIELD_BYTES:
    case FIELD_CERTIFICATES:
    case FIELD_REQUEST:
        return append_bytes(out, blob_bytes(member));
    case FIELD_TEXTS:
        return write_texts(member, out);
    case FIELD_RECORDS:
        return write_records(field, member, out, err);
    }
    return RESULT_INTERNAL;
}

static enum result write_message(const struct message_type *type, const void *message,
                                 struct buf *out, struct error *err) {
    for (size_t i = 0; i < type->field_count; i++) {
        const struct field *field = &type->fields[i];
        bool is_written = field_is_written(field, message);
        if (!is_written && field->need == REQUIRED) {
            return field_missing(type, field, err);
        }
        TRY(field_check(field, message, err));
        TRY(append_number(out, is_written, 1));
        if (is_written) {
            TRY(write_member(field, field_member_const(field, message), out, err));
        }
    }
    return RESULT_OK;
}

enum result message_to_binary(const struct message_type *type, const void *message,
                              struct buf *out, struct error *err) {
    return message_write_whole(type, message, write_message, out, err);
}

// --- reading ---------------------------------------------------------------------------------

static enum result damaged(struct error *err) {
    return error_set(err, RESULT_INVALID, "a binary message is cut off or damaged");
}

static bool take_number(struct bytes *input, size_t size, uint64_t *out_value) {
    if (input->size < size) {
        return false;
    }
    uint64_t value = 0;
    for (size_t i = 0; i < size; i++) {
        value = value << 8 | input->data[i];
    }
    *input = bytes_slice(*input, size, input->size);
    *out_value = value;
    return true;
}

static bool take_bytes(struct bytes *input, struct bytes *out_bytes) {
    uint64_t size = 0;
    if (!take_number(input, 4, &size) || size > input->size) {
        return false;
    }
    *out_bytes = bytes_slice(*input, 0, (size_t)size);
    *input = bytes_slice(*input, (size_t)size, input->size);
    return true;
}

static enum result take_count(const struct field *field, struct bytes *input,
                              uint64_t *out_count, struct error *err) {
    // Every item takes at least a byte: a count beyond the input is a lie, and costs nothing.
    if (!take_number(input, 4, out_count) || *out_count > input->size) {
        return damaged(err);
    }
    return field_check_count(field, (size_t)*out_count, err);
}

static enum result read_text(struct bytes *input, char **out_text, struct error *err) {
    struct bytes text = {0};
    if (!take_bytes(input, &text) || bytes_contain_zero(text)) {
        return damaged(err);
    }
    return text_set_bytes(out_text, text) == RESULT_OK ? RESULT_OK : error_out_of_memory(err);
}

static enum result read_blob(struct bytes *input, struct blob *blob, struct error *err) {
    struct bytes bytes = {0};
    if (!take_bytes(input, &bytes)) {
        return damaged(err);
    }
    return blob_set(blob, bytes) == RESULT_OK ? RESULT_OK : error_out_of_memory(err);
}

static enum result read_number(const struct field *field, struct bytes *input, void *member,
                               struct error *err) {
    uint64_t number = 0;
    if (field->type == FIELD_BOOLEAN) {
        if (!take_number(input, 1, &number) || number > 1) {
            return damaged(err);
        }
        *(bool *)member = number == 1;
        return RESULT_OK;
    }
    if (!take_number(input, 8, &number)) {
        return damaged(err);
    }
    *(int64_t *)member = (int64_t)number;
    return RESULT_OK;
}

static enum result read_texts(const struct field *field, struct bytes *input,
                              struct text_list *list, struct error *err) {
    uint64_t count = 0;
    TRY(take_count(field, input, &count, err));
    for (uint64_t i = 0; i < count; i++) {
        AUTO(string_free_at) char *text = NULL;
        TRY(read_text(input, &text, err));
        if (text_list_add(list, text) != RESULT_OK) {
            return error_out_of_memory(err);
        }
    }
    return RESULT_OK;
}

static enum result read_message(const struct message_type *type, struct bytes *input,
                                void *message, struct error *err);

static enum result read_records(const struct field *field, struct bytes *input,
                                struct record_list *list, struct error *err) {
    uint64_t count = 0;
    TRY(take_count(field, input, &count, err));
    for (uint64_t i = 0; i < count; i++) {
        void *record = NULL;
        if (record_add(list, field->record, &record) != RESULT_OK) {
            return error_out_of_memory(err);
        }
        enum result result = read_message(field->record, input, record, err);
        if (result != RESULT_OK) {
            field_error_in_record(field, (size_t)i, err);
            return result;
        }
    }
    return RESULT_OK;
}

static enum result read_member(const struct field *field, struct bytes *input, void *member,
                               struct error *err) {
    switch (field->type) {
    case FIELD_TEXT:
    case FIELD_SECRET:
        return read_text(input, member, err);
    case FIELD_INTEGER:
    case FIELD_TIME:
    case FIELD_BOOLEAN:
        return read_number(field, input, member, err);
    case FIELD_BYTES:
    case FIELD_CERTIFICATES:
    case FIELD_REQUEST:
        return read_blob(input, member, err);
    case FIELD_TEXTS:
        return read_texts(field, input, member, err);
    case FIELD_RECORDS:
        return read_records(field, input, member, err);
    }
    return RESULT_INTERNAL;
}

static enum result read_message(const struct message_type *type, struct bytes *input,
                                void *message, struct error *err) {
    for (size_t i = 0; i < type->field_count; i++) {
        const struct field *field = &type->fields[i];
        uint64_t is_present = 0;
        if (!take_number(input, 1, &is_present) || is_present > 1) {
            return damaged(err);
        }
        if (is_present == 0 && field->need == REQUIRED) {
            return field_missing(type, field, err);
        }
        if (is_present == 0) {
            continue;
        }
        TRY(read_member(field, input, field_member(field, message), err));
        // An optional nothing is left out, so that nothing has two forms.
        if (!field_is_written(field, message)) {
            return damaged(err);
        }
        TRY(field_check(field, message, err));
    }
    return RESULT_OK;
}

enum result message_from_binary(const struct message_type *type, struct bytes binary,
                                void *out_message, struct error *err) {
    void *message = message_new(type);
    if (message == NULL) {
        return error_out_of_memory(err);
    }
    enum result result = read_message(type, &binary, message, err);
    if (result == RESULT_OK && binary.size > 0) {
        result = damaged(err);
    }
    if (result == RESULT_OK) {
        message_move(type, out_message, message);
    }
    message_discard(type, message);
    return result;
}
