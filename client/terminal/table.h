// Tables for people: aligned columns, widths in characters, no trailing blanks; a block of lines for
// each row where the terminal is too narrow for them.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/bytes.h"
#include "base/error.h"

// Zeroed memory is an empty table without columns.
struct table {
    char **cells; // row by row; the first row holds the headings
    size_t cell_count;
    size_t columns;
};

// `headings` end with NULL.
enum result table_init(struct table *table, const char *const *headings);
void table_clear(struct table *table);
// Adds the next cell, row by row. Control characters are replaced; an empty text becomes "-".
enum result table_add(struct table *table, const char *text);
// As table_add, taking a buffer filled by display.h and emptying it.
enum result table_add_buf(struct table *table, struct buf *text);
size_t table_rows(const struct table *table);
// Appends heading and rows, as they fit into `width` characters, 0: without end. Where the columns do
// not, a row is a block of lines with heading and cell, without those that are "-": nothing is cut
// off. A last row that is not complete is a mistake of ours.
enum result table_write_within(const struct table *table, size_t width, struct buf *out);
// As wide as the terminal, if standard output is one.
enum result table_write(const struct table *table, struct buf *out);
