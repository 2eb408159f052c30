// A table in a CSV file (RFC 4180), read line by line.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stddef.h>

#include "base/bytes.h"
#include "base/error.h"

// Fields of one record: more are a file of another kind.
#define CSV_FIELDS 16
// Of one field: a hundred names.
#define CSV_FIELD_BYTES (400 * 1024)

struct csv {
    struct bytes rest; // not yet read
    int separator;     // of fields: a comma, or what stands in the first record instead of it
    size_t line;       // number of the record's first line, from 1
    size_t next_line;
    size_t count; // of fields in the record
    struct buf fields[CSV_FIELDS];
};

// Takes a view of the whole text, which outlives it. A byte order mark at the start is skipped.
// Where a comma is the decimal point, spreadsheets separate fields by semicolons, and what was
// copied out of one by tabs: the first record's line decides.
void csv_init(struct csv *csv, struct bytes text);
void csv_clear(struct csv *csv);
// The next record. Empty lines and lines that begin with "#" are skipped; blanks around a field
// that is not quoted do not count. RESULT_NOT_FOUND at the end. RESULT_INVALID for a quote that is
// never closed or is followed by something, a quote inside a field, a control character, text
// that is not UTF-8, more than CSV_FIELDS fields: err says which, and the record is skipped.
enum result csv_next(struct csv *csv, struct error *err);
