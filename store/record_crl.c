// CRLs: numbers and times only move forward; the DER of old ones is let go.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/record.h"

#include "base/clock.h"
#include "base/limits.h"

// What one transaction writes of a CRL.
#define CRL_PART_BYTES ((size_t)LIMIT_CRL_STORED_PART_BYTES)

void crl_record_clear(struct crl_record *record) {
    buf_clear(&record->der);
    *record = (struct crl_record){0};
}

// What a next CRL must exceed. Zero without one, with has_last false.
struct crl_mark {
    bool has_last;
    int64_t number;
    int64_t this_update;
};

static enum result read_mark(struct store *store, int64_t issuer_id, struct crl_mark *out_mark,
                             struct error *err) {
    AUTO(query_end) struct query query = {0};
    const struct value parameters[] = {value_integer(issuer_id)};
    enum result result =
        query_first(store, STATEMENT_CRL_LAST_NUMBER, parameters, 1, &query, err);
    if (result == RESULT_NOT_FOUND) {
        *out_mark = (struct crl_mark){0};
        return RESULT_OK;
    }
    TRY(result);
    *out_mark = (struct crl_mark){.has_last = true,
                                  .number = query_integer(&query, 0),
                                  .this_update = query_integer(&query, 1)};
    return RESULT_OK;
}

static enum result check_increase(const struct crl_mark *last, const struct crl_record *record,
                                  struct error *err) {
    // Nobody could take one from the future, which a clock that ran ahead has made.
    const int64_t reached = last->this_update > clock_now() ? INT64_MIN : last->this_update;
    if (!last->has_last || (record->number > last->number && record->this_update > reached)) {
        return RESULT_OK;
    }
    return error_set_code(err, RESULT_CONFLICT, "crl_not_newer",
                          "CRL number %lld of time %lld does not follow number %lld of %lld",
                          (long long)record->number, (long long)record->this_update,
                          (long long)last->number, (long long)last->this_update);
}

// --- adding ----------------------------------------------------------------------------------

static struct bytes part_of(const struct crl_record *record, size_t position) {
    return bytes_slice(buf_bytes(&record->der), position * CRL_PART_BYTES, CRL_PART_BYTES);
}

size_t store_crl_parts(const struct crl_record *record) {
    return record->der.size == 0 ? 0 : (record->der.size - 1) / CRL_PART_BYTES;
}

static enum result drop_parts(struct store *store, const struct crl_record *record,
                              struct error *err) {
    const struct value parameters[] = {value_integer(record->issuer_id),
                                       value_integer(record->number)};
    return statement_run(store->database, STATEMENT_CRL_PART_DROP, parameters,
                         COUNT_OF(parameters), NULL, err);
}

// Of that number there may be parts from an attempt that failed.
enum result store_put_crl_part(struct store *store, const struct crl_record *record,
                               size_t position, struct error *err) {
    if (position == 1) {
        TRY(drop_parts(store, record, err));
    }
    const struct value parameters[] = {
        value_integer(record->issuer_id), value_integer(record->number),
        value_integer((int64_t)position), value_bytes(part_of(record, position))};
    return statement_run(store->database, STATEMENT_CRL_PART_ADD, parameters,
                         COUNT_OF(parameters), NULL, err);
}

static enum result check_parts(struct store *store, const struct crl_record *record,
                               struct error *err) {
    AUTO(query_end) struct query query = {0};
    const struct value parameters[] = {value_integer(record->issuer_id),
                                       value_integer(record->number)};
    TRY(query_first(store, STATEMENT_CRL_PART_SIZE, parameters, COUNT_OF(parameters), &query,
                    err));
    size_t size = (size_t)query_integer(&query, 0) + part_of(record, 0).size;
    return size == record->der.size
               ? RESULT_OK
               : error_set(err, RESULT_INTERNAL, "%zu bytes of a CRL of %zu are stored", size,
                           record->der.size);
}

enum result store_finish_crl(struct store *store, const struct crl_record *record,
                             struct error *err) {
    struct crl_mark last = {0};
    TRY(read_mark(store, record->issuer_id, &last, err));
    TRY(check_increase(&last, record, err));
    TRY(check_parts(store, record, err));
    const struct value parameters[] = {
        value_integer(record->issuer_id),   value_integer(record->number),
        value_integer(record->this_update), value_integer(record->next_update),
        value_integer(record->entry_count), value_bytes(part_of(record, 0)),
    };
    TRY(statement_run(store->database, STATEMENT_CRL_ADD, parameters, COUNT_OF(parameters),
                      NULL, err));
    if (!last.has_last) {
        return RESULT_OK;
    }
    const struct value older[] = {value_integer(record->issuer_id), value_integer(last.number)};
    return statement_run(store->database, STATEMENT_CRL_DROP_OLDER, older, COUNT_OF(older),
                         NULL, err);
}

enum result store_add_crl(struct store *store, const struct crl_record *record,
                          struct error *err) {
    TRY(drop_parts(store, record, err));
    for (size_t i = 1; i <= store_crl_parts(record); i++) {
        TRY(store_put_crl_part(store, record, i, err));
    }
    return store_finish_crl(store, record, err);
}

enum result store_drop_crl_parts(struct store *store, size_t at_most, size_t *out_dropped,
                                 struct error *err) {
    const struct value parameters[] = {value_integer((int64_t)at_most)};
    int64_t changed = 0;
    TRY(statement_run(store->database, STATEMENT_CRL_PART_DROP_UNUSED, parameters, 1, &changed,
                      err));
    *out_dropped = (size_t)changed;
    return RESULT_OK;
}

// --- reading ---------------------------------------------------------------------------------

// Appends the DER from `offset` on, up to the buffer's maximum. `first` is the part in the row.
static enum result append_der(struct store *store, const struct crl_record *record,
                              struct bytes first, size_t offset, struct buf *out,
                              struct error *err) {
    AUTO(query_end) struct query query = {0};
    size_t position = offset / CRL_PART_BYTES;
    size_t skipped = offset % CRL_PART_BYTES;
    if (position == 0) {
        TRY(buf_append(out, bytes_slice(first, skipped, out->maximum)));
        position = 1;
        skipped = 0;
    }
    const struct value parameters[] = {value_integer(record->issuer_id),
                                       value_integer(record->number),
                                       value_integer((int64_t)position)};
    TRY(query_start(store->database, STATEMENT_CRL_PART_EACH, parameters, COUNT_OF(parameters),
                    &query, err));
    enum result result = RESULT_OK;
    while (out->size < out->maximum && (result = query_next(&query, err)) == RESULT_OK) {
        TRY(buf_append(out,
                       bytes_slice(query_bytes(&query, 0), skipped, out->maximum - out->size)));
        skipped = 0;
    }
    return result == RESULT_NOT_FOUND ? RESULT_OK : result;
}

enum result store_last_crl_number(struct store *store, int64_t issuer_id, int64_t *out_number,
                                  struct error *err) {
    struct crl_mark last = {0};
    TRY(read_mark(store, issuer_id, &last, err));
    *out_number = last.number;
    return last.has_last ? RESULT_OK
                         : error_set(err, RESULT_NOT_FOUND, "this issuer has no CRL yet");
}

enum result store_last_crl(struct store *store, int64_t issuer_id,
                           struct crl_record *out_record, struct error *err) {
    AUTO(query_end) struct query query = {0};
    const struct value parameters[] = {value_integer(issuer_id)};
    enum result result = query_first(store, STATEMENT_CRL_LAST, parameters, 1, &query, err);
    if (result == RESULT_NOT_FOUND) {
        return error_set(err, RESULT_NOT_FOUND, "this issuer has no CRL yet");
    }
    TRY(result);
    struct crl_record record = {
        .issuer_id = query_integer(&query, 0),
        .number = query_integer(&query, 1),
        .this_update = query_integer(&query, 2),
        .next_update = query_integer(&query, 3),
        .entry_count = query_integer(&query, 4),
    };
    buf_init(&record.der, LIMIT_CRL_BYTES);
    result = append_der(store, &record, query_bytes(&query, 5), 0, &record.der, err);
    if (result != RESULT_OK) {
        crl_record_clear(&record);
        return result;
    }
    *out_record = record;
    return RESULT_OK;
}

void crl_piece_clear(struct crl_piece *piece) {
    buf_clear(&piece->der);
    *piece = (struct crl_piece){0};
}

enum result store_read_crl(struct store *store, int64_t issuer_id, int64_t number,
                           int64_t offset, int64_t limit, struct crl_piece *out_piece,
                           struct error *err) {
    AUTO(query_end) struct query query = {0};
    const struct value parameters[] = {value_integer(issuer_id), value_integer(number)};
    enum result result =
        query_first(store, STATEMENT_CRL_READ, parameters, COUNT_OF(parameters), &query, err);
    if (result == RESULT_NOT_FOUND) {
        (void)error_set_code(err, RESULT_NOT_FOUND, "crl_unknown",
                             number == 0 ? "this CA has no CRL yet"
                                         : "the CRL of that number is not kept");
        error_hint(err, "The last two CRLs of a CA can be read.");
        return RESULT_NOT_FOUND;
    }
    TRY(result);
    struct bytes first = query_bytes(&query, 1);
    struct crl_piece piece = {.number = query_integer(&query, 0),
                              .size = (int64_t)first.size + query_integer(&query, 2),
                              .previous = query_integer(&query, 3)};
    const struct crl_record record = {.issuer_id = issuer_id, .number = piece.number};
    buf_init(&piece.der, (size_t)limit);
    result = append_der(store, &record, first, (size_t)offset, &piece.der, err);
    if (result != RESULT_OK) {
        crl_piece_clear(&piece);
        return result;
    }
    *out_piece = piece;
    return RESULT_OK;
}
