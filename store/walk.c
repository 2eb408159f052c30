// Parameters and pages of walks; the names that a walk passes.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/walk.h"

#include <assert.h>
#include <string.h>

#include "base/limits.h"
#include "base/text.h"

void walk_clear(struct walk *walk) {
    string_free_at(&walk->type);
    string_free_at(&walk->value);
    buf_clear(&walk->end);
    *walk = (struct walk){0};
}

void walk_add(struct walk *walk, struct value parameter) {
    assert(walk->count < COUNT_OF(walk->parameters));
    walk->parameters[walk->count++] = parameter;
}

void walk_newest(struct walk *walk, enum statement statement, const struct value *equal,
                 const struct list_position *after) {
    walk->statement = statement;
    walk->minor_column = -1;
    if (equal != NULL) {
        walk_add(walk, *equal);
    }
    walk_add(walk, value_integer(after->is_set ? after->major : INT64_MAX));
}

void walk_time(struct walk *walk, enum statement statement, int time_column, int64_t start,
               int64_t end, const struct list_position *after) {
    walk->statement = statement;
    walk->major_column = time_column;
    // Ids begin with 1: upwards all of that second lie behind 0, downwards none.
    walk_add(walk, value_integer(after->is_set ? after->major : start));
    walk_add(walk, value_integer(after->is_set ? after->minor : 0));
    walk_add(walk, value_integer(end));
}

// --- pages -----------------------------------------------------------------------------------

static struct list_position row_position(const struct walk *walk, const struct query *query) {
    return (struct list_position){
        .is_set = true,
        .major = query_integer(query, walk->major_column),
        .minor = walk->minor_column < 0 ? 0 : query_integer(query, walk->minor_column),
    };
}

enum result walk_page(struct store *store, struct walk *walk, size_t limit, walk_look *look,
                      void *context, struct list_position *out_next, struct error *err) {
    AUTO(query_end) struct query query = {0};
    struct list_position last = {0};
    size_t taken = 0;
    walk_add(walk, value_integer(LIMIT_LIST_EXAMINED + 1));
    TRY(query_start(store->database, walk->statement, walk->parameters, walk->count, &query,
                    err));
    for (int examined = 0;; examined++) {
        enum result result = query_next(&query, err);
        if (result == RESULT_NOT_FOUND) {
            *out_next = (struct list_position){0};
            return RESULT_OK;
        }
        TRY(result);
        bool fits = false;
        if (examined < LIMIT_LIST_EXAMINED) {
            TRY(look(context, &query, taken < limit, &fits, err));
        }
        if (examined == LIMIT_LIST_EXAMINED || (fits && taken == limit)) {
            *out_next = last;
            return RESULT_OK;
        }
        taken += fits;
        last = row_position(walk, &query);
    }
}

// --- walks along names -----------------------------------------------------------------------

static bool value_fits(const char *value, const char *wanted, bool is_prefix) {
    return is_prefix ? text_starts_with(value, wanted) : strcmp(value, wanted) == 0;
}

static enum result refuse_position(struct error *err) {
    return error_set_code(err, RESULT_INVALID, "cursor_invalid",
                          "no page of this list ends there");
}

// Reads the name where the page before ended into the walk.
static enum result find_name(struct store *store, const struct name_walk *names,
                             const struct list_position *after, struct walk *walk,
                             struct error *err) {
    const struct value parameters[] = {value_integer(after->major),
                                       value_integer(after->minor)};
    AUTO(query_end) struct query query = {0};
    enum result result = query_first(store, names->name_at, parameters, 2, &query, err);
    if (result == RESULT_NOT_FOUND) {
        return refuse_position(err);
    }
    TRY(result);
    TRY(column_copy_text(&query, 0, &walk->type, err));
    TRY(column_copy_text(&query, 1, &walk->value, err));
    return value_fits(walk->value, walk->along->value, walk->is_along_prefix)
               ? RESULT_OK
               : refuse_position(err);
}

static void start_names(struct walk *walk, const struct name_walk *names,
                        const struct name_filter *filter, bool is_prefix) {
    walk->statement = names->statement;
    walk->minor_column = names->position_column;
    walk->along = filter;
    walk->is_along_prefix = is_prefix;
}

enum result walk_name(struct store *store, const struct name_walk *names,
                      const struct name_filter *filter, const struct list_position *after,
                      struct walk *walk, struct error *err) {
    start_names(walk, names, filter, false);
    if (after->is_set) {
        TRY(find_name(store, names, after, walk, err));
    }
    walk_add(walk, value_text(filter->value));
    walk_add(walk, value_integer(after->is_set ? after->major : INT64_MAX));
    walk_add(walk, value_text(after->is_set ? walk->type : ""));
    return RESULT_OK;
}

// What is greater than every name that begins with the prefix, and smaller than all that are
// greater and do not: no name is as long, and no character is greater than U+10FFFF. Unlike the
// prefix with its last byte counted up, it is always UTF-8.
static enum result write_prefix_end(const char *prefix, struct buf *out) {
    TRY(buf_append_string(out, prefix));
    while (out->size <= LIMIT_NAME_BYTES) {
        TRY(buf_append_string(out, "\U0010FFFF"));
    }
    return RESULT_OK;
}

enum result walk_prefix(struct store *store, const struct name_walk *names,
                        const struct name_filter *filter, const struct list_position *after,
                        struct walk *walk, struct error *err) {
    start_names(walk, names, filter, true);
    if (after->is_set) {
        TRY(find_name(store, names, after, walk, err));
    }
    buf_init(&walk->end, strlen(filter->value) + LIMIT_NAME_BYTES + 4);
    if (write_prefix_end(filter->value, &walk->end) != RESULT_OK) {
        return error_out_of_memory(err);
    }
    walk_add(walk, value_text(after->is_set ? walk->value : filter->value));
    walk_add(walk, value_integer(after->is_set ? after->major : 0));
    walk_add(walk, value_text(after->is_set ? walk->type : ""));
    walk_add(walk, value_text(buf_string(&walk->end)));
    return RESULT_OK;
}

// --- rows ------------------------------------------------------------------------------------

bool column_fits(const struct query *query, int column, const char *wanted) {
    return wanted == NULL || strcmp(query_text(query, column), wanted) == 0;
}

bool row_type_fits(const struct walk *walk, const struct query *query) {
    return walk->along == NULL || column_fits(query, walk->minor_column + 1, walk->along->type);
}

static bool name_fits(const struct name_record *name, const struct name_filter *filter,
                      bool is_prefix) {
    return (filter->type == NULL || strcmp(name->type, filter->type) == 0) &&
           value_fits(name->value, filter->value, is_prefix);
}

static bool any_fits(const struct name_record *names, size_t count,
                     const struct name_filter *filter, bool is_prefix) {
    for (size_t i = 0; i < count; i++) {
        if (name_fits(&names[i], filter, is_prefix)) {
            return true;
        }
    }
    return false;
}

// The order of the index, for names of one owner.
static int compare(const struct name_record *a, const struct name_record *b) {
    int order = strcmp(a->value, b->value);
    return order != 0 ? order : strcmp(a->type, b->type);
}

static bool is_first_fit(const struct name_record *names, size_t count, size_t position,
                         const struct name_filter *filter, bool is_prefix) {
    if (position >= count || !name_fits(&names[position], filter, is_prefix)) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (compare(&names[i], &names[position]) < 0 &&
            name_fits(&names[i], filter, is_prefix)) {
            return false;
        }
    }
    return true;
}

bool row_names_fit(const struct walk *walk, const struct query *query,
                   const struct name_record *names, size_t count,
                   const struct name_filter *name, const struct name_filter *prefix) {
    if (walk->along != NULL &&
        !is_first_fit(names, count, (size_t)query_integer(query, walk->minor_column),
                      walk->along, walk->is_along_prefix)) {
        return false;
    }
    return (name->value == NULL || any_fits(names, count, name, false)) &&
           (prefix->value == NULL || any_fits(names, count, prefix, true));
}
