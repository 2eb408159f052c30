// Walking an index from where the page before ended, over a bounded number of rows.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "store/record.h"

// A list statement (statements_list.h) and what it is run with.
struct walk {
    enum statement statement;
    struct value parameters[5];
    size_t count;
    // The columns that say where a row stands in the index; minor -1: the major says it alone.
    int major_column;
    int minor_column;
    // Of a walk along names; the owned texts are what the parameters point to.
    const struct name_filter *along;
    bool is_along_prefix;
    char *type;
    char *value;
    struct buf end;
};
void walk_clear(struct walk *walk);
void walk_add(struct walk *walk, struct value parameter);

// The walk from the newest id downwards; `equal` (NULL: none) is the index' first column.
void walk_newest(struct walk *walk, enum statement statement, const struct value *equal,
                 const struct list_position *after);
// The walk along times: upwards from `start` on to before `end`, or, as the statement has it,
// downwards from before `start` to `end`.
void walk_time(struct walk *walk, enum statement statement, int time_column, int64_t start,
               int64_t end, const struct list_position *after);
// Walks along names, on from the name that stands at `after`: position `minor` of the record
// `major`, looked up by `name_at`. RESULT_INVALID (code "cursor_invalid") when none stands there
// or it is not of the filter. `position_column` is that of the names' position; their type
// stands behind it.
struct name_walk {
    enum statement statement;
    enum statement name_at;
    int position_column;
};
enum result walk_name(struct store *store, const struct name_walk *names,
                      const struct name_filter *filter, const struct list_position *after,
                      struct walk *walk, struct error *err);
enum result walk_prefix(struct store *store, const struct name_walk *names,
                        const struct name_filter *filter, const struct list_position *after,
                        struct walk *walk, struct error *err);

// Looks at a row, and visits it when it fits and there is room.
typedef enum result walk_look(void *context, const struct query *query, bool has_room,
                              bool *out_fits, struct error *err);
// One page of at most `limit` rows that fit. Adds the last parameter: the number of rows.
enum result walk_page(struct store *store, struct walk *walk, size_t limit, walk_look *look,
                      void *context, struct list_position *out_next, struct error *err);

// --- rows ----------------------------------------------------------------------------------

// Whether a text column equals what is wanted; NULL: anything.
bool column_fits(const struct query *query, int column, const char *wanted);
// Whether the name that this row of a walk along names stands for is of the type that is searched:
// to be asked before the record is read. True in other walks.
bool row_type_fits(const struct walk *walk, const struct query *query);
// Whether the names of the record in this row fit both filters. A record stands in a walk along
// names once for each name that fits: only the first of them does here, so that it is listed once.
bool row_names_fit(const struct walk *walk, const struct query *query,
                   const struct name_record *names, size_t count,
                   const struct name_filter *name, const struct name_filter *prefix);
