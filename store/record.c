// Copying columns into records, and the lists of names.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/record.h"

#include <stdlib.h>
#include <string.h>

#include "base/limits.h"

struct value value_integer_or_null(int64_t integer) {
    return integer == 0 ? value_null() : value_integer(integer);
}

struct value value_bytes_or_null(struct bytes bytes) {
    return bytes.size == 0 ? value_null() : value_bytes(bytes);
}

enum result column_copy_text(const struct query *query, int column, char **out_text,
                             struct error *err) {
    char *copy = NULL;
    if (!query_is_null(query, column)) {
        copy = string_copy(query_text(query, column));
        if (copy == NULL) {
            return error_out_of_memory(err);
        }
    }
    *out_text = copy;
    return RESULT_OK;
}

enum result column_copy_bytes(const struct query *query, int column, struct buf *out_bytes,
                              struct error *err) {
    struct bytes value = query_bytes(query, column);
    struct buf copy = {0};
    buf_init(&copy, value.size);
    if (buf_append(&copy, value) != RESULT_OK) {
        return error_out_of_memory(err);
    }
    *out_bytes = copy;
    return RESULT_OK;
}

enum result column_read_array(const struct query *query, int column, uint8_t *out_array,
                              size_t size, struct error *err) {
    struct bytes value = query_bytes(query, column);
    if (value.size != size) {
        (void)error_set_code(err, RESULT_INTERNAL, "store_damaged",
                             "a record of the store has %zu bytes where %zu belong", value.size,
                             size);
        error_hint(err, "Stop signetd and look with `signetd check`.");
        return RESULT_INTERNAL;
    }
    memcpy(out_array, value.data, size);
    return RESULT_OK;
}

enum result query_first(struct store *store, enum statement statement,
                        const struct value *parameters, size_t count, struct query *out_query,
                        struct error *err) {
    struct query query = {0};
    TRY(query_start(store->database, statement, parameters, count, &query, err));
    enum result result = query_next(&query, err);
    if (result != RESULT_OK) {
        query_end(&query);
        return result;
    }
    *out_query = query;
    return RESULT_OK;
}

// --- names -----------------------------------------------------------------------------------

struct name_list {
    struct name_record *names;
    size_t count;
};

static void name_list_clear(struct name_list *list) {
    record_names_free(list->names, list->count);
    *list = (struct name_list){0};
}

// The memory grows when the count reaches a power of two.
static enum result name_list_grow(struct name_list *list, struct error *err) {
    if ((list->count & (list->count - 1)) != 0) {
        return RESULT_OK;
    }
    size_t capacity = list->count == 0 ? 1 : 2 * list->count;
    struct name_record *names = realloc(list->names, capacity * sizeof(*names));
    if (names == NULL) {
        return error_out_of_memory(err);
    }
    list->names = names;
    return RESULT_OK;
}

static enum result name_list_add(struct name_list *list, const struct query *query,
                                 struct error *err) {
    TRY(name_list_grow(list, err));
    struct name_record *name = &list->names[list->count];
    *name = (struct name_record){0};
    list->count++;
    TRY(column_copy_text(query, 0, &name->type, err));
    return column_copy_text(query, 1, &name->value, err);
}

enum result record_names_read(struct store *store, enum statement statement, int64_t owner,
                              struct name_record **out_names, size_t *out_count,
                              struct error *err) {
    AUTO(name_list_clear) struct name_list list = {0};
    AUTO(query_end) struct query query = {0};
    const struct value parameters[] = {value_integer(owner)};
    TRY(query_start(store->database, statement, parameters, 1, &query, err));
    for (;;) {
        enum result result = query_next(&query, err);
        if (result == RESULT_NOT_FOUND) {
            break;
        }
        TRY(result);
        TRY(name_list_add(&list, &query, err));
    }
    *out_names = list.names;
    *out_count = list.count;
    list = (struct name_list){0};
    return RESULT_OK;
}

enum result record_names_add(struct store *store, enum statement statement, int64_t owner,
                             const struct name_record *names, size_t count, struct error *err) {
    if (count > LIMIT_NAMES) {
        return error_set(err, RESULT_LIMIT, "%zu names, %d are allowed", count, LIMIT_NAMES);
    }
    for (size_t i = 0; i < count; i++) {
        const struct value parameters[] = {value_integer(owner), value_integer((int64_t)i),
                                           value_text(names[i].type),
                                           value_text(names[i].value)};
        TRY(statement_run(store->database, statement, parameters, COUNT_OF(parameters), NULL,
                          err));
    }
    return RESULT_OK;
}

void record_names_free(struct name_record *names, size_t count) {
    for (size_t i = 0; i < count; i++) {
        string_free_at(&names[i].type);
        string_free_at(&names[i].value);
    }
    free(names);
}
