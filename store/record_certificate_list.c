// Lists and counts of certificates: each filter walks the index that fits it best.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/record_certificate.h"
#include "store/walk.h"

#include <string.h>

// Columns of CERTIFICATE_COLUMNS, and of the names' position behind them.
enum {
    COLUMN_ISSUER = 1,
    COLUMN_PROFILE = 4,
    COLUMN_NOT_AFTER = 6,
    COLUMN_KEY_HASH = 7,
    COLUMN_REVOKED_AT = 13,
    COLUMN_ADDRESS = 17,
    COLUMN_HELD_AT = 19,
    COLUMN_POSITION = 20,
};

// notAfter from the first up to, but not including, the second.
struct time_range {
    int64_t from;
    int64_t to;
};

static struct time_range range_of_filter(const struct certificate_filter *filter) {
    struct time_range range = {.from = INT64_MIN, .to = INT64_MAX};
    if (filter->state == CERTIFICATE_VALID) {
        range.from = filter->now;
    }
    if (filter->state == CERTIFICATE_EXPIRED) {
        range.to = filter->now;
    }
    if (filter->expires_from != 0 && filter->expires_from > range.from) {
        range.from = filter->expires_from;
    }
    if (filter->expires_before != 0 && filter->expires_before < range.to) {
        range.to = filter->expires_before;
    }
    return range;
}

// --- which walk ------------------------------------------------------------------------------

static const struct name_walk of_name = {
    .statement = STATEMENT_CERTIFICATE_LIST_OF_NAME,
    .name_at = STATEMENT_CERTIFICATE_NAME_AT,
    .position_column = COLUMN_POSITION,
};
static const struct name_walk of_prefix = {
    .statement = STATEMENT_CERTIFICATE_LIST_OF_PREFIX,
    .name_at = STATEMENT_CERTIFICATE_NAME_AT,
    .position_column = COLUMN_POSITION,
};

static void walk_equal(struct walk *walk, enum statement statement, struct value equal,
                       const struct certificate_filter *filter) {
    walk_newest(walk, statement, &equal, &filter->after);
}

// The walks that begin with what is known of the time and the state.
static void choose_by_time(const struct certificate_filter *filter, struct walk *walk) {
    struct time_range range = range_of_filter(filter);
    if (filter->expires_before != 0) {
        walk_time(walk, STATEMENT_CERTIFICATE_LIST_ENDING, COLUMN_NOT_AFTER, range.from,
                  range.to, &filter->after);
    } else if (filter->state == CERTIFICATE_REVOKED) {
        walk_newest(walk, STATEMENT_CERTIFICATE_LIST_REVOKED, NULL, &filter->after);
    } else if (filter->state == CERTIFICATE_HELD) {
        walk_newest(walk, STATEMENT_CERTIFICATE_LIST_HELD, NULL, &filter->after);
    } else if (filter->profile != NULL) {
        walk_equal(walk, STATEMENT_CERTIFICATE_LIST_OF_PROFILE, value_text(filter->profile),
                   filter);
    } else if (filter->issuer_id != 0) {
        walk_equal(walk, STATEMENT_CERTIFICATE_LIST_OF_ISSUER, value_integer(filter->issuer_id),
                   filter);
    } else if (filter->state == CERTIFICATE_EXPIRED) {
        walk_time(walk, STATEMENT_CERTIFICATE_LIST_ENDED, COLUMN_NOT_AFTER, range.to,
                  range.from, &filter->after);
    } else {
        walk_newest(walk, STATEMENT_CERTIFICATE_LIST, NULL, &filter->after);
    }
}

// The most selective first.
static enum result choose_walk(struct store *store, const struct certificate_filter *filter,
                               struct walk *walk, struct error *err) {
    if (filter->key_hash.size != 0) {
        walk_equal(walk, STATEMENT_CERTIFICATE_LIST_OF_KEY, value_bytes(filter->key_hash),
                   filter);
    } else if (filter->name.value != NULL) {
        TRY(walk_name(store, &of_name, &filter->name, &filter->after, walk, err));
    } else if (filter->prefix.value != NULL) {
        TRY(walk_prefix(store, &of_prefix, &filter->prefix, &filter->after, walk, err));
    } else if (filter->address != NULL) {
        walk_equal(walk, STATEMENT_CERTIFICATE_LIST_FROM_ADDRESS, value_text(filter->address),
                   filter);
    } else {
        choose_by_time(filter, walk);
    }
    return RESULT_OK;
}

// --- what fits -------------------------------------------------------------------------------

struct certificate_listing {
    struct store *store;
    const struct certificate_filter *filter;
    struct time_range range;
    const struct walk *walk;
    certificate_visit *visit;
    void *context;
};

// What is neither revoked nor on hold is valid or expired by its time range.
static bool state_fits(enum certificate_state state, const struct query *query) {
    const bool is_revoked = !query_is_null(query, COLUMN_REVOKED_AT);
    const bool is_on_hold = !is_revoked && !query_is_null(query, COLUMN_HELD_AT);
    return state == CERTIFICATE_ANY || ((state == CERTIFICATE_REVOKED) == is_revoked &&
                                        (state == CERTIFICATE_HELD) == is_on_hold);
}

// All but the names, from the columns as they are: most rows of a bad walk end here.
static bool columns_fit(const struct certificate_listing *listing, const struct query *query) {
    const struct certificate_filter *filter = listing->filter;
    int64_t not_after = query_integer(query, COLUMN_NOT_AFTER);
    return not_after >= listing->range.from && not_after < listing->range.to &&
           state_fits(filter->state, query) &&
           (filter->issuer_id == 0 ||
            query_integer(query, COLUMN_ISSUER) == filter->issuer_id) &&
           column_fits(query, COLUMN_PROFILE, filter->profile) &&
           column_fits(query, COLUMN_ADDRESS, filter->address) &&
           (filter->key_hash.size == 0 ||
            bytes_equal(query_bytes(query, COLUMN_KEY_HASH), filter->key_hash));
}

static enum result look(void *context, const struct query *query, bool has_room, bool *out_fits,
                        struct error *err) {
    struct certificate_listing *listing = context;
    if (!row_type_fits(listing->walk, query) || !columns_fit(listing, query)) {
        return RESULT_OK;
    }
    AUTO(certificate_record_clear) struct certificate_record record = {0};
    TRY(certificate_row_read(listing->store, query, &record, err));
    *out_fits = row_names_fit(listing->walk, query, record.names, record.name_count,
                              &listing->filter->name, &listing->filter->prefix);
    return *out_fits && has_room ? listing->visit(listing->context, &record, err) : RESULT_OK;
}

enum result store_list_certificates(struct store *store,
                                    const struct certificate_filter *filter,
                                    certificate_visit *visit, void *context,
                                    struct list_position *out_next, struct error *err) {
    AUTO(walk_clear) struct walk walk = {0};
    TRY(choose_walk(store, filter, &walk, err));
    struct certificate_listing listing = {
        .store = store,
        .filter = filter,
        .range = range_of_filter(filter),
        .walk = &walk,
        .visit = visit,
        .context = context,
    };
    return walk_page(store, &walk, filter->limit, look, &listing, out_next, err);
}

// --- counts ----------------------------------------------------------------------------------

static enum result count(struct store *store, enum statement statement,
                         const struct value *parameters, size_t parameter_count,
                         int64_t *out_count, struct error *err) {
    AUTO(query_end) struct query query = {0};
    TRY(query_first(store, statement, parameters, parameter_count, &query, err));
    *out_count = query_integer(&query, 0);
    return RESULT_OK;
}

// Brings what ended before `now` up to date: only what ended since the last count is looked at.
static enum result count_ended(struct store *store, int64_t now, struct error *err) {
    struct ended ended = store->counts.ended;
    if (!ended.is_counted || now < ended.until) {
        ended = (struct ended){.is_counted = true, .until = INT64_MIN};
    }
    const struct value range[] = {value_integer(ended.until), value_integer(now)};
    int64_t certificates = 0;
    int64_t revocations = 0;
    TRY(count(store, STATEMENT_CERTIFICATE_COUNT_ENDED, range, 2, &certificates, err));
    TRY(count(store, STATEMENT_REVOCATION_COUNT_ENDED, range, 2, &revocations, err));
    store->counts.ended = (struct ended){
        .is_counted = true,
        .until = now,
        .certificates = ended.certificates + certificates,
        .revocations = ended.revocations + revocations,
    };
    return RESULT_OK;
}

enum result store_count_certificates(struct store *store, int64_t now, int64_t *out_valid,
                                     int64_t *out_expired, int64_t *out_revoked,
                                     struct error *err) {
    int64_t certificates = 0;
    int64_t revocations = 0;
    TRY(count(store, STATEMENT_CERTIFICATE_COUNT, NULL, 0, &certificates, err));
    TRY(count(store, STATEMENT_REVOCATION_COUNT, NULL, 0, &revocations, err));
    TRY(count_ended(store, now, err));
    *out_expired = store->counts.ended.certificates - store->counts.ended.revocations;
    *out_valid = certificates - revocations - *out_expired;
    *out_revoked = revocations;
    return RESULT_OK;
}

enum result store_count_holds(struct store *store, int64_t now, int64_t *out_count,
                              struct error *err) {
    const struct value parameters[] = {value_integer(now)};
    return count(store, STATEMENT_HOLD_COUNT, parameters, 1, out_count, err);
}
