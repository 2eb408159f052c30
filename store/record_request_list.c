// Lists of requests: each filter walks the index that fits it best.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/record_request.h"
#include "store/walk.h"

// Columns of REQUEST_COLUMNS, and of the names' position behind them.
enum {
    COLUMN_KEY_HASH = 4,
    COLUMN_CODE = 6,
    COLUMN_PROFILE = 7,
    COLUMN_ADDRESS = 14,
    COLUMN_STATE = 17,
    COLUMN_EXPIRES = 19,
    COLUMN_POSITION = 27,
};

static const struct name_walk of_name = {
    .statement = STATEMENT_REQUEST_LIST_OF_NAME,
    .name_at = STATEMENT_REQUEST_NAME_AT,
    .position_column = COLUMN_POSITION,
};
static const struct name_walk of_prefix = {
    .statement = STATEMENT_REQUEST_LIST_OF_PREFIX,
    .name_at = STATEMENT_REQUEST_NAME_AT,
    .position_column = COLUMN_POSITION,
};

// --- which walk ------------------------------------------------------------------------------

static void walk_equal(struct walk *walk, enum statement statement, struct value equal,
                       const struct request_filter *filter) {
    walk_newest(walk, statement, &equal, &filter->after);
}

static void choose_by_state(const struct request_filter *filter, struct walk *walk) {
    if (filter->state == REQUEST_EXPIRED) {
        walk_newest(walk, STATEMENT_REQUEST_LIST_EXPIRED, NULL, &filter->after);
    } else if (filter->state == REQUEST_PENDING || filter->state == REQUEST_DENIED) {
        walk_equal(walk, STATEMENT_REQUEST_LIST_OF_STATE, value_integer(filter->state), filter);
    } else if (filter->profile != NULL) {
        walk_equal(walk, STATEMENT_REQUEST_LIST_OF_PROFILE, value_text(filter->profile),
                   filter);
    } else if (filter->state == REQUEST_APPROVED) {
        walk_equal(walk, STATEMENT_REQUEST_LIST_OF_STATE, value_integer(filter->state), filter);
    } else {
        walk_newest(walk, STATEMENT_REQUEST_LIST, NULL, &filter->after);
    }
}

// The most selective first.
static enum result choose_walk(struct store *store, const struct request_filter *filter,
                               struct walk *walk, struct error *err) {
    if (filter->key_hash.size != 0) {
        walk_equal(walk, STATEMENT_REQUEST_LIST_OF_KEY, value_bytes(filter->key_hash), filter);
    } else if (filter->code != NULL) {
        walk_equal(walk, STATEMENT_REQUEST_LIST_OF_CODE, value_text(filter->code), filter);
    } else if (filter->name.value != NULL) {
        TRY(walk_name(store, &of_name, &filter->name, &filter->after, walk, err));
    } else if (filter->prefix.value != NULL) {
        TRY(walk_prefix(store, &of_prefix, &filter->prefix, &filter->after, walk, err));
    } else if (filter->address != NULL) {
        walk_equal(walk, STATEMENT_REQUEST_LIST_FROM_ADDRESS, value_text(filter->address),
                   filter);
    } else {
        choose_by_state(filter, walk);
    }
    return RESULT_OK;
}

// --- what fits -------------------------------------------------------------------------------

struct request_listing {
    struct store *store;
    const struct request_filter *filter;
    const struct walk *walk;
    request_visit *visit;
    void *context;
};

static bool state_fits(const struct request_filter *filter, const struct query *query) {
    int state = (int)query_integer(query, COLUMN_STATE);
    if (state == REQUEST_PENDING && query_integer(query, COLUMN_EXPIRES) <= filter->now) {
        state = REQUEST_EXPIRED;
    }
    return filter->state == 0 || state == filter->state;
}

// All but the names, from the columns as they are: most rows of a bad walk end here.
static bool columns_fit(const struct request_filter *filter, const struct query *query) {
    return state_fits(filter, query) && column_fits(query, COLUMN_PROFILE, filter->profile) &&
           column_fits(query, COLUMN_ADDRESS, filter->address) &&
           column_fits(query, COLUMN_CODE, filter->code) &&
           (filter->key_hash.size == 0 ||
            bytes_equal(query_bytes(query, COLUMN_KEY_HASH), filter->key_hash));
}

static enum result look(void *context, const struct query *query, bool has_room, bool *out_fits,
                        struct error *err) {
    struct request_listing *listing = context;
    if (!row_type_fits(listing->walk, query) || !columns_fit(listing->filter, query)) {
        return RESULT_OK;
    }
    AUTO(request_record_clear) struct request_record record = {0};
    TRY(request_row_read(listing->store, query, &record, err));
    *out_fits = row_names_fit(listing->walk, query, record.names, record.name_count,
                              &listing->filter->name, &listing->filter->prefix);
    return *out_fits && has_room ? listing->visit(listing->context, &record, err) : RESULT_OK;
}

enum result store_list_requests(struct store *store, const struct request_filter *filter,
                                request_visit *visit, void *context,
                                struct list_position *out_next, struct error *err) {
    AUTO(walk_clear) struct walk walk = {0};
    TRY(choose_walk(store, filter, &walk, err));
    struct request_listing listing = {
        .store = store,
        .filter = filter,
        .walk = &walk,
        .visit = visit,
        .context = context,
    };
    return walk_page(store, &walk, filter->limit, look, &listing, out_next, err);
}
