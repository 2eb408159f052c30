// Records and fields of CSV.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "client/admin/csv.h"

#include "base/text.h"

void csv_clear(struct csv *csv) {
    for (size_t i = 0; i < CSV_FIELDS; i++) {
        buf_clear(&csv->fields[i]);
    }
    *csv = (struct csv){0};
}

// --- bytes -------------------------------------------------------------------------------

// The next byte, or -1 at the end; a CRLF counts as its LF.
static int look(const struct csv *csv) {
    if (csv->rest.size == 0) {
        return -1;
    }
    if (csv->rest.data[0] == '\r' && csv->rest.size > 1 && csv->rest.data[1] == '\n') {
        return '\n';
    }
    return csv->rest.data[0];
}

static void skip(struct csv *csv) {
    const bool is_crlf = csv->rest.data[0] == '\r' && look(csv) == '\n';
    if (look(csv) == '\n') {
        csv->next_line++;
    }
    csv->rest = bytes_slice(csv->rest, is_crlf ? 2 : 1, SIZE_MAX);
}

static bool is_end_of_line(int byte) {
    return byte == -1 || byte == '\n';
}

static void skip_line(struct csv *csv) {
    while (!is_end_of_line(look(csv))) {
        skip(csv);
    }
    if (look(csv) == '\n') {
        skip(csv);
    }
}

static bool is_blank(const struct csv *csv, int byte) {
    return (byte == ' ' || byte == '\t') && byte != csv->separator;
}

static void skip_blanks(struct csv *csv) {
    while (is_blank(csv, look(csv))) {
        skip(csv);
    }
}

// --- fields ------------------------------------------------------------------------------

static enum result keep(struct csv *csv, struct buf *field, struct error *err) {
    const enum result result = buf_append_byte(field, (uint8_t)look(csv));
    skip(csv);
    return result != RESULT_LIMIT
               ? result
               : error_set(err, RESULT_INVALID, "a field is longer than %d bytes",
                           CSV_FIELD_BYTES);
}

// Behind the opening quote, to behind the closing one.
static enum result read_quoted(struct csv *csv, struct buf *field, struct error *err) {
    while (true) {
        const int byte = look(csv);
        if (byte == -1) {
            (void)error_set(err, RESULT_INVALID, "a quote is not closed");
            error_hint(err, "Close it with \"; a quote inside is written \"\".");
            return RESULT_INVALID;
        }
        if (byte == '"') {
            skip(csv);
            if (look(csv) != '"') {
                return RESULT_OK;
            }
        }
        TRY(keep(csv, field, err));
    }
}

static enum result read_plain(struct csv *csv, struct buf *field, struct error *err) {
    while (look(csv) != csv->separator && !is_end_of_line(look(csv))) {
        if (look(csv) == '"') {
            (void)error_set(err, RESULT_INVALID, "a quote stands inside a field");
            error_hint(err,
                       "Put the whole field into quotes, and write the one inside as \"\".");
            return RESULT_INVALID;
        }
        TRY(keep(csv, field, err));
    }
    while (field->size > 0 && is_blank(csv, field->data[field->size - 1])) {
        field->size--;
    }
    return RESULT_OK;
}

static enum result check_field(const struct buf *field, struct error *err) {
    const struct bytes text = buf_bytes(field);
    if (!text_is_utf8(text) || text_has_control(text)) {
        (void)error_set(err, RESULT_INVALID,
                        "a field is not UTF-8 or holds a control character");
        error_hint(err, "Save the file as CSV in UTF-8.");
        return RESULT_INVALID;
    }
    return RESULT_OK;
}

static enum result read_field(struct csv *csv, struct error *err) {
    if (csv->count == CSV_FIELDS) {
        return error_set(err, RESULT_INVALID, "more than %d fields", CSV_FIELDS);
    }
    struct buf *field = &csv->fields[csv->count++];
    buf_reset(field);
    skip_blanks(csv);
    if (look(csv) != '"') {
        TRY(read_plain(csv, field, err));
        return check_field(field, err);
    }
    skip(csv);
    TRY(read_quoted(csv, field, err));
    skip_blanks(csv);
    if (look(csv) != csv->separator && !is_end_of_line(look(csv))) {
        (void)error_set(err, RESULT_INVALID, "something follows a closing quote");
        error_hint(err, "Separate fields by %s, as in the first line.",
                   csv->separator == ';'    ? "semicolons"
                   : csv->separator == '\t' ? "tabs"
                                            : "commas");
        return RESULT_INVALID;
    }
    return check_field(field, err);
}

// --- records -----------------------------------------------------------------------------

static void skip_empty_lines(struct csv *csv) {
    while (csv->rest.size > 0 && (look(csv) == '\n' || look(csv) == '#')) {
        skip_line(csv);
    }
}

static enum result read_record(struct csv *csv, struct error *err) {
    TRY(read_field(csv, err));
    while (look(csv) == csv->separator) {
        skip(csv);
        TRY(read_field(csv, err));
    }
    return RESULT_OK;
}

// A comma wherever the line has one outside of quotes, then a semicolon, then a tab.
static int choose_separator(struct bytes text) {
    bool is_quoted = false, has_semicolon = false, has_tab = false;
    for (size_t i = 0; i < text.size && (is_quoted || text.data[i] != '\n'); i++) {
        const uint8_t byte = text.data[i];
        if (byte == '"') {
            is_quoted = !is_quoted;
        } else if (!is_quoted && byte == ',') {
            return ',';
        }
        has_semicolon = has_semicolon || (!is_quoted && byte == ';');
        has_tab = has_tab || (!is_quoted && byte == '\t');
    }
    return has_semicolon ? ';' : has_tab ? '\t' : ',';
}

void csv_init(struct csv *csv, struct bytes text) {
    static const uint8_t mark[] = {0xef, 0xbb, 0xbf};
    *csv = (struct csv){.rest = text, .next_line = 1, .separator = ','};
    if (bytes_equal(bytes_slice(text, 0, sizeof(mark)), bytes_of(mark, sizeof(mark)))) {
        csv->rest = bytes_slice(text, sizeof(mark), SIZE_MAX);
    }
    for (size_t i = 0; i < CSV_FIELDS; i++) {
        buf_init(&csv->fields[i], CSV_FIELD_BYTES);
    }
    skip_empty_lines(csv);
    csv->separator = choose_separator(csv->rest);
}

enum result csv_next(struct csv *csv, struct error *err) {
    csv->count = 0;
    skip_empty_lines(csv);
    if (csv->rest.size == 0) {
        return RESULT_NOT_FOUND;
    }
    csv->line = csv->next_line;
    const enum result result = read_record(csv, err);
    skip_line(csv);
    return result;
}
