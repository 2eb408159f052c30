// From rows to entries.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "client/admin/device_list.h"

#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/text.h"
#include "client/admin/csv.h"
#include "x509/hash.h"
#include "x509/names.h"

// More rows than that are not told: the file is another one.
#define MOST_REPORTS 50

enum column { COLUMN_KIND, COLUMN_VALUE, COLUMN_NAMES, COLUMN_COUNT };
static const char *const column_names[COLUMN_COUNT] = {"kind", "value", "names"};

struct reader {
    struct csv csv;
    size_t columns[COLUMN_COUNT]; // which field; CSV_FIELDS: none
    size_t width;                 // fields of the header
    struct record_list entries;
    size_t *lines; // of the entries
    size_t bad_rows;
    void (*report)(const struct error *reason);
};

static void reader_clear(struct reader *reader) {
    struct rule_add all = {.entries = reader->entries};
    message_clear(&rule_add_type, &all);
    csv_clear(&reader->csv);
    free(reader->lines);
    *reader = (struct reader){0};
}

static void report_row(struct reader *reader, size_t line, struct error *reason) {
    error_context(reason, "line %zu", line);
    if (reader->bad_rows < MOST_REPORTS) {
        reader->report(reason);
    }
    reader->bad_rows++;
}

// --- the header --------------------------------------------------------------------------

static enum result take_column(struct reader *reader, size_t field, struct error *err) {
    const char *name = buf_string(&reader->csv.fields[field]);
    for (size_t i = 0; i < COLUMN_COUNT; i++) {
        if (text_equal_ignoring_case(name, column_names[i])) {
            if (reader->columns[i] != CSV_FIELDS) {
                (void)error_set(err, RESULT_INVALID, "the column %s is there twice",
                                column_names[i]);
                error_hint(err, "The first line is: kind,value,names");
                return RESULT_INVALID;
            }
            reader->columns[i] = field;
            return RESULT_OK;
        }
    }
    (void)error_set(err, RESULT_INVALID, "there is no column \"%.60s\"", name);
    error_hint(err, "The first line is: kind,value,names");
    return RESULT_INVALID;
}

static enum result read_header(struct reader *reader, struct error *err) {
    const enum result result = csv_next(&reader->csv, err);
    if (result == RESULT_NOT_FOUND) {
        (void)error_set(err, RESULT_INVALID, "the file is empty");
        error_hint(err, "The first line is: kind,value,names");
        return RESULT_INVALID;
    }
    TRY(result);
    for (size_t i = 0; i < COLUMN_COUNT; i++) {
        reader->columns[i] = CSV_FIELDS;
    }
    reader->width = reader->csv.count;
    for (size_t i = 0; i < reader->width; i++) {
        TRY(take_column(reader, i, err));
    }
    for (size_t i = COLUMN_KIND; i <= COLUMN_VALUE; i++) {
        if (reader->columns[i] == CSV_FIELDS) {
            (void)error_set(err, RESULT_INVALID, "the column %s is missing", column_names[i]);
            error_hint(err, "The first line is: kind,value,names");
            return RESULT_INVALID;
        }
    }
    return RESULT_OK;
}

// --- rows --------------------------------------------------------------------------------

static const char *field_of(const struct reader *reader, enum column column) {
    const size_t field = reader->columns[column];
    return field < reader->csv.count ? buf_string(&reader->csv.fields[field]) : "";
}

// As the protocol has it: lower case, no colons.
static enum result take_fingerprint(const char *text, struct rule_entry *entry,
                                    struct error *err) {
    AUTO(buf_clear) struct buf digits = {0};
    AUTO(buf_clear) struct buf bytes = {0};
    buf_init(&digits, 2 * SHA256_SIZE);
    buf_init(&bytes, SHA256_SIZE);
    if (text_read_octets(text, &bytes) != RESULT_OK || bytes.size != SHA256_SIZE) {
        (void)error_set(err, RESULT_INVALID, "\"%.80s\" is no fingerprint of a key", text);
        error_hint(err, "It is the SHA-256 of the public key in 64 hexadecimal digits.");
        return RESULT_INVALID;
    }
    TRY(text_hex_encode(buf_bytes(&bytes), &digits));
    return text_set_bytes(&entry->value, buf_bytes(&digits));
}

static enum result take_value(const char *kind, const char *value, struct rule_entry *entry,
                              struct error *err) {
    TRY(text_set(&entry->kind, kind));
    if (*value == '\0' || strlen(value) > LIMIT_LABEL_BYTES) {
        return error_set(err, RESULT_INVALID, "the value is %s",
                         *value == '\0' ? "missing" : "longer than 200 bytes");
    }
    if (strcmp(kind, "key") == 0) {
        return take_fingerprint(value, entry, err);
    }
    if (strcmp(kind, "serial") == 0) {
        return text_set(&entry->value, value);
    }
    (void)error_set(err, RESULT_INVALID, "\"%.40s\" is no kind", kind);
    error_hint(err, "It is key or serial.");
    return RESULT_INVALID;
}

// "cn:tracker-1 dns:tracker-1.example"
static enum result take_names(const char *text, struct rule_entry *entry, struct error *err) {
    AUTO(names_clear) struct names names = {0};
    while (*text != '\0') {
        const size_t size = strcspn(text, " \t");
        if (size > 0) {
            AUTO(string_free_at) char *name = string_copy_bytes(bytes_of(text, size));
            if (name == NULL) {
                return error_out_of_memory(err);
            }
            TRY(names_add_text(&names, name, err));
            AUTO(buf_clear) struct buf canonical = {0};
            buf_init(&canonical, LIMIT_LIST_TEXT_BYTES);
            TRY(name_format(&names.items[names.count - 1], &canonical));
            TRY(text_list_add(&entry->names, buf_string(&canonical)));
        }
        text = text[size] == '\0' ? &text[size] : &text[size + 1];
    }
    return RESULT_OK;
}

static enum result take_row(struct reader *reader, struct rule_entry *entry,
                            struct error *err) {
    if (reader->csv.count > reader->width) {
        (void)error_set(err, RESULT_INVALID, "%zu fields, but the header has %zu",
                        reader->csv.count, reader->width);
        error_hint(err, "Several names stand between blanks; a value with a comma in quotes.");
        return RESULT_INVALID;
    }
    TRY(take_value(field_of(reader, COLUMN_KIND), field_of(reader, COLUMN_VALUE), entry, err));
    return take_names(field_of(reader, COLUMN_NAMES), entry, err);
}

static enum result note_line(struct reader *reader, struct error *err) {
    const size_t count = reader->entries.count;
    // Doubled at each power of two.
    if ((count & (count - 1)) == 0) {
        size_t *lines = realloc(reader->lines, 2 * count * sizeof(*lines));
        if (lines == NULL) {
            return error_out_of_memory(err);
        }
        reader->lines = lines;
    }
    reader->lines[count - 1] = reader->csv.line;
    return RESULT_OK;
}

static enum result read_row(struct reader *reader, struct error *err) {
    if (reader->csv.count == 1 && reader->csv.fields[0].size == 0) {
        return RESULT_OK; // blanks alone
    }
    void *room = NULL;
    if (record_add(&reader->entries, &rule_entry_type, &room) != RESULT_OK) {
        return error_out_of_memory(err);
    }
    TRY(note_line(reader, err));
    struct error reason = {0};
    const enum result result = take_row(reader, room, &reason);
    if (result == RESULT_INTERNAL) {
        *err = reason;
        return result;
    }
    if (result != RESULT_OK) {
        report_row(reader, reader->csv.line, &reason);
    }
    return RESULT_OK;
}

static enum result read_rows(struct reader *reader, struct error *err) {
    while (true) { // each turn takes from the text
        struct error reason = {0};
        const enum result result = csv_next(&reader->csv, &reason);
        if (result == RESULT_NOT_FOUND) {
            return RESULT_OK;
        }
        if (result == RESULT_INVALID) {
            report_row(reader, reader->csv.line, &reason);
        } else if (result != RESULT_OK) {
            *err = reason;
            return result;
        } else {
            TRY(read_row(reader, err));
        }
    }
}

// --- rows that contradict each other -----------------------------------------------------

struct place {
    const struct rule_entry *entry;
    size_t line;
};

static int compare_places(const void *a, const void *b) {
    const struct place *one = a;
    const struct place *other = b;
    int order = strcmp(one->entry->kind, other->entry->kind);
    if (order == 0) {
        order = strcmp(one->entry->value, other->entry->value);
    }
    return order != 0 ? order : (one->line > other->line) - (one->line < other->line);
}

static bool is_same_device(const struct place *one, const struct place *other) {
    return strcmp(one->entry->kind, other->entry->kind) == 0 &&
           strcmp(one->entry->value, other->entry->value) == 0;
}

static enum result check_unique(struct reader *reader, struct error *err) {
    const struct rule_entry *entries = reader->entries.items;
    const size_t count = reader->entries.count;
    struct place *places = calloc(count + 1, sizeof(*places));
    if (places == NULL) {
        return error_out_of_memory(err);
    }
    for (size_t i = 0; i < count; i++) {
        places[i] = (struct place){&entries[i], reader->lines[i]};
    }
    qsort(places, count, sizeof(*places), compare_places);
    for (size_t i = 1; i < count; i++) {
        if (is_same_device(&places[i - 1], &places[i])) {
            struct error reason = {0};
            (void)error_set(&reason, RESULT_INVALID, "the device stands in line %zu already",
                            places[i - 1].line);
            error_hint(&reason, "Remove one of the two.");
            report_row(reader, places[i].line, &reason);
        }
    }
    free(places);
    return RESULT_OK;
}

// --- the whole ---------------------------------------------------------------------------

static enum result read_list(struct reader *reader, struct error *err) {
    struct error reason = {0};
    const enum result header = read_header(reader, &reason);
    if (header != RESULT_OK) {
        error_context(&reason, "line %zu", reader->csv.line > 0 ? reader->csv.line : 1);
        *err = reason;
        return header;
    }
    TRY(read_rows(reader, err));
    if (reader->bad_rows == 0) {
        TRY(check_unique(reader, err));
    }
    if (reader->bad_rows > 0) {
        (void)error_set_code(err, RESULT_INVALID, "local", "%zu row%s cannot be taken",
                             reader->bad_rows, reader->bad_rows == 1 ? "" : "s");
        error_hint(err, "Nothing was sent.");
        return RESULT_INVALID;
    }
    return RESULT_OK;
}

enum result device_list_read(struct bytes text, void (*report)(const struct error *reason),
                             struct record_list *out_entries, struct error *err) {
    AUTO(reader_clear) struct reader reader = {.report = report};
    csv_init(&reader.csv, text);
    TRY(read_list(&reader, err));
    *out_entries = reader.entries;
    reader.entries = (struct record_list){0};
    return RESULT_OK;
}
