// Lists and counts of certificates: each filter walks the index that fits it best.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/record_certificate.h"

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
    if (filter->expires_before != 0 && filter->expires_before < range.to) {
        range.to = filter->expires_before;
    }
    return range;
}

// The parameter $4 of CERTIFICATE_FILTER.
static int64_t revoked_of_state(enum certificate_state state) {
    switch (state) {
    case CERTIFICATE_ANY:
        return 2;
    case CERTIFICATE_REVOKED:
        return 1;
    case CERTIFICATE_VALID:
    case CERTIFICATE_EXPIRED:
        break;
    }
    return 0;
}

static enum statement statement_of_filter(const struct certificate_filter *filter) {
    if (filter->name_value != NULL) {
        return STATEMENT_CERTIFICATE_LIST_BY_NAME;
    }
    if (filter->expires_before != 0) {
        return STATEMENT_CERTIFICATE_LIST_BY_EXPIRY;
    }
    if (filter->state == CERTIFICATE_REVOKED) {
        return STATEMENT_CERTIFICATE_LIST_REVOKED;
    }
    return filter->profile != NULL ? STATEMENT_CERTIFICATE_LIST_BY_PROFILE
                                   : STATEMENT_CERTIFICATE_LIST;
}

enum result store_list_certificates(struct store *store,
                                    const struct certificate_filter *filter,
                                    certificate_visit *visit, void *context,
                                    struct error *err) {
    struct time_range range = range_of_filter(filter);
    struct value limit = value_integer((int64_t)filter->limit);
    struct value parameters[8] = {
        value_integer(filter->before_id == 0 ? INT64_MAX : filter->before_id),
        value_integer(range.from),
        value_integer(range.to),
        value_integer(revoked_of_state(filter->state)),
        value_text(filter->profile == NULL ? "" : filter->profile),
        limit,
    };
    size_t count = 6;
    enum statement statement = statement_of_filter(filter);
    if (statement == STATEMENT_CERTIFICATE_LIST_BY_NAME) {
        parameters[5] = value_text(filter->name_value);
        parameters[6] = value_text(filter->name_type == NULL ? "" : filter->name_type);
        parameters[7] = limit;
        count = 8;
    }
    return certificate_walk(store, statement, parameters, count, visit, context, err);
}

enum result store_count_certificates(struct store *store, int64_t now, int64_t *out_valid,
                                     int64_t *out_expired, int64_t *out_revoked,
                                     struct error *err) {
    AUTO(query_end) struct query query = {0};
    const struct value parameters[] = {value_integer(now)};
    TRY(query_first(store, STATEMENT_CERTIFICATE_COUNT, parameters, 1, &query, err));
    int64_t revoked_current = query_integer(&query, 2);
    int64_t revoked_past = query_integer(&query, 3);
    *out_valid = query_integer(&query, 0) - revoked_current;
    *out_expired = query_integer(&query, 1) - revoked_past;
    *out_revoked = revoked_current + revoked_past;
    return RESULT_OK;
}
