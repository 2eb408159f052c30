// Lists of tokens: each filter walks the index that fits it best.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/record_token.h"
#include "store/walk.h"

#include <string.h>

// Columns of TOKEN_COLUMNS, and of the names' position behind them.
enum {
    COLUMN_PROFILE = 3,
    COLUMN_USES_ALLOWED = 4,
    COLUMN_USES_SPENT = 5,
    COLUMN_EXPIRES = 9,
    COLUMN_REVOKED_AT = 10,
    COLUMN_CREATED_BY = 11,
    COLUMN_POSITION = 13,
};

static const struct name_walk of_name = {
    .statement = STATEMENT_TOKEN_LIST_OF_NAME,
    .name_at = STATEMENT_TOKEN_NAME_AT,
    .position_column = COLUMN_POSITION,
};
static const struct name_walk of_prefix = {
    .statement = STATEMENT_TOKEN_LIST_OF_PREFIX,
    .name_at = STATEMENT_TOKEN_NAME_AT,
    .position_column = COLUMN_POSITION,
};

// The most selective first.
static enum result choose_walk(struct store *store, const struct token_filter *filter,
                               struct walk *walk, struct error *err) {
    if (filter->name.value != NULL) {
        return walk_name(store, &of_name, &filter->name, &filter->after, walk, err);
    }
    if (filter->prefix.value != NULL) {
        return walk_prefix(store, &of_prefix, &filter->prefix, &filter->after, walk, err);
    }
    if (filter->expires_before != 0) {
        walk_time(walk, STATEMENT_TOKEN_LIST_ENDING, COLUMN_EXPIRES, filter->expires_from,
                  filter->expires_before, &filter->after);
    } else if (filter->created_by != NULL) {
        struct value created_by = value_text(filter->created_by);
        walk_newest(walk, STATEMENT_TOKEN_LIST_MADE_BY, &created_by, &filter->after);
    } else {
        walk_newest(walk, STATEMENT_TOKEN_LIST, NULL, &filter->after);
    }
    return RESULT_OK;
}

// --- what fits -------------------------------------------------------------------------------

struct token_listing {
    struct store *store;
    const struct token_filter *filter;
    const struct walk *walk;
    enum result (*visit)(void *context, const struct token_record *record, struct error *err);
    void *context;
};

static enum token_state row_state(const struct query *query, int64_t now) {
    const struct token_record record = {
        .uses_allowed = query_integer(query, COLUMN_USES_ALLOWED),
        .uses_spent = query_integer(query, COLUMN_USES_SPENT),
        .expires = query_integer(query, COLUMN_EXPIRES),
        .revoked_at = query_integer(query, COLUMN_REVOKED_AT),
    };
    return token_record_state(&record, now);
}

// All but the names, from the columns as they are: most rows of a bad walk end here.
static bool columns_fit(const struct token_filter *filter, const struct query *query) {
    int64_t expires = query_integer(query, COLUMN_EXPIRES);
    return (filter->expires_from == 0 || expires >= filter->expires_from) &&
           (filter->expires_before == 0 || expires < filter->expires_before) &&
           (filter->state == TOKEN_ANY || row_state(query, filter->now) == filter->state) &&
           column_fits(query, COLUMN_PROFILE, filter->profile) &&
           column_fits(query, COLUMN_CREATED_BY, filter->created_by);
}

static enum result look(void *context, const struct query *query, bool has_room, bool *out_fits,
                        struct error *err) {
    struct token_listing *listing = context;
    if (!row_type_fits(listing->walk, query) || !columns_fit(listing->filter, query)) {
        return RESULT_OK;
    }
    AUTO(token_record_clear) struct token_record record = {0};
    TRY(token_row_read(listing->store, query, &record, err));
    *out_fits = row_names_fit(listing->walk, query, record.names, record.name_count,
                              &listing->filter->name, &listing->filter->prefix);
    return *out_fits && has_room ? listing->visit(listing->context, &record, err) : RESULT_OK;
}

enum result store_list_tokens(
    struct store *store, const struct token_filter *filter,
    enum result (*visit)(void *context, const struct token_record *record, struct error *err),
    void *context, struct list_position *out_next, struct error *err) {
    AUTO(walk_clear) struct walk walk = {0};
    TRY(choose_walk(store, filter, &walk, err));
    struct token_listing listing = {
        .store = store,
        .filter = filter,
        .walk = &walk,
        .visit = visit,
        .context = context,
    };
    return walk_page(store, &walk, filter->limit, look, &listing, out_next, err);
}
