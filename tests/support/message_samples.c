// Fills messages of any type with values.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "support/message_samples.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void need(enum result result) {
    if (result != RESULT_OK) {
        abort();
    }
}

static void sample_text(const struct field *field, enum sample sample, char **member) {
    char text[4096] = "";
    size_t size = (size_t)field->limit;
    if (sample == SAMPLE_LARGEST && size < sizeof(text)) {
        memset(text, 'x', size);
    } else {
        (void)snprintf(text, size + 1 < sizeof(text) ? size + 1 : sizeof(text),
                       "%s \"\\/\xc3\xa9", field->name);
    }
    need(text_set(member, text));
}

static void sample_texts(const struct field *field, enum sample sample,
                         struct text_list *list) {
    size_t count = sample == SAMPLE_LARGEST ? (size_t)field->limit : 2;
    for (size_t i = 0; i < count; i++) {
        char text[64];
        (void)snprintf(text, sizeof(text), "%s %zu", field->name, i);
        need(text_list_add(list, text));
    }
}

static void sample_records(const struct field *field, enum sample sample,
                           struct record_list *list) {
    for (size_t i = 0; i < 3; i++) {
        void *record = NULL;
        need(record_add(list, field->record, &record));
        message_sample(field->record, i == 0 ? SAMPLE_REQUIRED : sample, record);
    }
}

static int64_t lesser(int64_t a, int64_t b) {
    return a < b ? a : b;
}

static int64_t sample_integer(const struct field *field, enum sample sample, int64_t usual) {
    int64_t greatest = lesser(field->limit, MESSAGE_INTEGER_MAXIMUM);
    return sample == SAMPLE_LARGEST ? greatest : lesser(usual, greatest);
}

static void sample_field(const struct field *field, enum sample sample, size_t index,
                         void *member) {
    switch (field->type) {
    case FIELD_TEXT:
    case FIELD_SECRET:
        sample_text(field, sample, member);
        break;
    case FIELD_INTEGER:
        *(int64_t *)member = sample_integer(field, sample, (int64_t)index + 1);
        break;
    case FIELD_BOOLEAN:
        *(bool *)member = true;
        break;
    case FIELD_TIME:
        *(int64_t *)member =
            sample == SAMPLE_LARGEST ? 253402300799LL : 1795247253 + (int64_t)index;
        break;
    case FIELD_BYTES:
        need(blob_set(member, bytes_of_string(field->name)));
        break;
    case FIELD_CERTIFICATES:
        need(blob_set(member, BYTES_LITERAL(SAMPLE_DER SAMPLE_DER)));
        break;
    case FIELD_REQUEST:
        need(blob_set(member, BYTES_LITERAL(SAMPLE_DER)));
        break;
    case FIELD_TEXTS:
        sample_texts(field, sample, member);
        break;
    case FIELD_RECORDS:
        sample_records(field, sample, member);
        break;
    }
}

void message_sample(const struct message_type *type, enum sample sample, void *message) {
    for (size_t i = 0; i < type->field_count; i++) {
        const struct field *field = &type->fields[i];
        if (sample != SAMPLE_REQUIRED || field->need == REQUIRED) {
            sample_field(field, sample, i, (char *)message + field->offset);
        }
    }
}
