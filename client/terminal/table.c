// Laying out columns.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "client/terminal/table.h"

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/text.h"
#include "client/terminal/display.h"
#include "client/terminal/terminal.h"

#define CELL_BYTES (LIMIT_NAMES * (LIMIT_NAME_BYTES + 8))
#define COLUMN_GAP 2
#define NOTHING "-"

enum result table_init(struct table *table, const char *const *headings) {
    *table = (struct table){0};
    size_t columns = 0;
    for (; headings[columns] != NULL; columns++) {
        enum result result = table_add(table, headings[columns]);
        if (result != RESULT_OK) {
            table_clear(table);
            return result;
        }
    }
    table->columns = columns;
    return RESULT_OK;
}

void table_clear(struct table *table) {
    for (size_t i = 0; i < table->cell_count; i++) {
        free(table->cells[i]);
    }
    free(table->cells);
    *table = (struct table){0};
}

enum result table_add(struct table *table, const char *text) {
    AUTO(buf_clear) struct buf shown = {0};
    buf_init(&shown, CELL_BYTES);
    TRY(display_text(text, &shown));
    char **grown = realloc(table->cells, (table->cell_count + 1) * sizeof(*grown));
    if (grown == NULL) {
        return RESULT_INTERNAL;
    }
    table->cells = grown;
    char *cell = string_copy(shown.size > 0 ? buf_string(&shown) : NOTHING);
    if (cell == NULL) {
        return RESULT_INTERNAL;
    }
    table->cells[table->cell_count++] = cell;
    return RESULT_OK;
}

enum result table_add_buf(struct table *table, struct buf *text) {
    TRY(table_add(table, buf_string(text)));
    buf_reset(text);
    return RESULT_OK;
}

size_t table_rows(const struct table *table) {
    return table->columns == 0 ? 0 : table->cell_count / table->columns - 1;
}

static size_t cell_width(const struct table *table, size_t cell) {
    return text_count_characters(bytes_of_string(table->cells[cell]));
}

static size_t column_width(const struct table *table, size_t column) {
    size_t widest = 0;
    for (size_t cell = column; cell < table->cell_count; cell += table->columns) {
        size_t width = cell_width(table, cell);
        widest = width > widest ? width : widest;
    }
    return widest;
}

static enum result pad(struct buf *out, size_t count) {
    for (size_t i = 0; i < count; i++) {
        TRY(buf_append_byte(out, ' '));
    }
    return RESULT_OK;
}

static enum result write_columns(const struct table *table, const size_t *widths,
                                 struct buf *out) {
    for (size_t cell = 0; cell < table->cell_count; cell++) {
        size_t column = cell % table->columns;
        TRY(buf_append_string(out, table->cells[cell]));
        if (column + 1 == table->columns) {
            TRY(buf_append_byte(out, '\n'));
        } else {
            TRY(pad(out, widths[column] - cell_width(table, cell) + COLUMN_GAP));
        }
    }
    return RESULT_OK;
}

static enum result write_blocks(const struct table *table, struct buf *out) {
    size_t widest = 0;
    for (size_t column = 0; column < table->columns; column++) {
        size_t width = cell_width(table, column);
        widest = width > widest ? width : widest;
    }
    for (size_t cell = table->columns; cell < table->cell_count; cell++) {
        size_t column = cell % table->columns;
        if (column == 0 && cell > table->columns) {
            TRY(buf_append_byte(out, '\n'));
        }
        if (column == 0 || strcmp(table->cells[cell], NOTHING) != 0) {
            TRY(buf_append_string(out, table->cells[column]));
            TRY(pad(out, widest - cell_width(table, column) + COLUMN_GAP));
            TRY(buf_append_string(out, table->cells[cell]));
            TRY(buf_append_byte(out, '\n'));
        }
    }
    return RESULT_OK;
}

enum result table_write_within(const struct table *table, size_t width, struct buf *out) {
    assert(table->columns > 0 && table->cell_count % table->columns == 0);
    size_t *widths = calloc(table->columns, sizeof(*widths));
    if (widths == NULL) {
        return RESULT_INTERNAL;
    }
    size_t all = COLUMN_GAP * (table->columns - 1);
    for (size_t column = 0; column < table->columns; column++) {
        widths[column] = column_width(table, column);
        all += widths[column];
    }
    // A heading alone says that there is nothing, and stays one.
    bool fits = width == 0 || all <= width || table_rows(table) == 0;
    enum result result = fits ? write_columns(table, widths, out) : write_blocks(table, out);
    free(widths);
    return result;
}

enum result table_write(const struct table *table, struct buf *out) {
    return table_write_within(table, terminal_width(), out);
}
