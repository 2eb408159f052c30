// Requests held for approval: added once, decided once.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/record_request.h"

void request_record_clear(struct request_record *record) {
    buf_clear(&record->id);
    buf_clear(&record->csr);
    buf_clear(&record->csr_hash);
    buf_clear(&record->key_hash);
    buf_clear(&record->claim_hash);
    buf_clear(&record->profile_hash);
    buf_clear(&record->token_id);
    record_names_free(record->names, record->name_count);
    string_free_at(&record->code);
    string_free_at(&record->profile);
    string_free_at(&record->requested_by);
    string_free_at(&record->responsible);
    string_free_at(&record->address);
    string_free_at(&record->source);
    string_free_at(&record->network);
    string_free_at(&record->decided_by);
    string_free_at(&record->reason);
    *record = (struct request_record){0};
}

enum result store_add_request(struct store *store, const struct request_record *record,
                              struct error *err) {
    const struct value parameters[] = {
        value_bytes(buf_bytes(&record->id)),
        value_bytes(buf_bytes(&record->csr)),
        value_bytes(buf_bytes(&record->csr_hash)),
        value_bytes(buf_bytes(&record->key_hash)),
        value_bytes(buf_bytes(&record->claim_hash)),
        value_text(record->code),
        value_text(record->profile),
        value_bytes(buf_bytes(&record->profile_hash)),
        value_bytes_or_null(buf_bytes(&record->token_id)),
        value_integer(record->is_granted),
        value_integer(record->lifetime),
        value_text(record->requested_by),
        value_text(record->responsible),
        value_text(record->address),
        value_integer_or_null(record->predecessor_id),
        value_integer(record->approvals),
        value_integer(record->created),
        value_integer(record->expires),
        value_text(record->source),
        value_text(record->network),
        value_integer_or_null(record->holder_id),
    };
    int64_t sequence = 0;
    TRY(statement_insert(store->database, STATEMENT_REQUEST_ADD, parameters,
                         COUNT_OF(parameters), &sequence, err));
    return record_names_add(store, STATEMENT_REQUEST_NAME_ADD, sequence, record->names,
                            record->name_count, err);
}

enum result request_row_read(struct store *store, const struct query *query,
                             struct request_record *record, struct error *err) {
    record->sequence = query_integer(query, 0);
    TRY(column_copy_bytes(query, 1, &record->id, err));
    TRY(column_copy_bytes(query, 2, &record->csr, err));
    TRY(column_copy_bytes(query, 3, &record->csr_hash, err));
    TRY(column_copy_bytes(query, 4, &record->key_hash, err));
    TRY(column_copy_bytes(query, 5, &record->claim_hash, err));
    TRY(column_copy_text(query, 6, &record->code, err));
    TRY(column_copy_text(query, 7, &record->profile, err));
    TRY(column_copy_bytes(query, 8, &record->profile_hash, err));
    TRY(column_copy_bytes(query, 9, &record->token_id, err));
    record->is_granted = query_integer(query, 10) != 0;
    record->lifetime = query_integer(query, 11);
    TRY(column_copy_text(query, 12, &record->requested_by, err));
    TRY(column_copy_text(query, 13, &record->responsible, err));
    TRY(column_copy_text(query, 14, &record->address, err));
    record->predecessor_id = query_integer(query, 15);
    record->approvals = query_integer(query, 16);
    record->state = (int)query_integer(query, 17);
    record->created = query_integer(query, 18);
    record->expires = query_integer(query, 19);
    record->decided_at = query_integer(query, 20);
    TRY(column_copy_text(query, 21, &record->decided_by, err));
    TRY(column_copy_text(query, 22, &record->reason, err));
    record->certificate_id = query_integer(query, 23);
    TRY(column_copy_text(query, 24, &record->source, err));
    TRY(column_copy_text(query, 25, &record->network, err));
    record->holder_id = query_integer(query, 26);
    return record_names_read(store, STATEMENT_REQUEST_NAMES, record->sequence, &record->names,
                             &record->name_count, err);
}

static enum result find(struct store *store, enum statement statement,
                        const struct value *parameters, size_t count,
                        struct request_record *out_record, struct error *err) {
    AUTO(query_end) struct query query = {0};
    enum result result = query_first(store, statement, parameters, count, &query, err);
    if (result == RESULT_NOT_FOUND) {
        return error_set(err, RESULT_NOT_FOUND, "there is no such request");
    }
    TRY(result);
    AUTO(request_record_clear) struct request_record record = {0};
    TRY(request_row_read(store, &query, &record, err));
    *out_record = record;
    record = (struct request_record){0};
    return RESULT_OK;
}

enum result store_find_request(struct store *store, struct bytes id,
                               struct request_record *out_record, struct error *err) {
    const struct value parameters[] = {value_bytes(id)};
    return find(store, STATEMENT_REQUEST_FIND, parameters, 1, out_record, err);
}

enum result store_find_request_of_csr(struct store *store, struct bytes csr_hash,
                                      const char *requested_by,
                                      struct request_record *out_record, struct error *err) {
    const struct value parameters[] = {value_bytes(csr_hash), value_text(requested_by)};
    return find(store, STATEMENT_REQUEST_FIND_OF_CSR, parameters, 2, out_record, err);
}

static enum result count_held(struct store *store, enum statement statement,
                              const struct value *parameters, size_t count, int64_t *out_count,
                              struct error *err) {
    AUTO(query_end) struct query query = {0};
    TRY(query_first(store, statement, parameters, count, &query, err));
    *out_count = query_integer(&query, 0);
    return RESULT_OK;
}

enum result store_count_held_requests(struct store *store, int64_t now, int64_t *out_count,
                                      struct error *err) {
    const struct value parameters[] = {value_integer(now)};
    return count_held(store, STATEMENT_REQUEST_COUNT_HELD, parameters, 1, out_count, err);
}

enum result store_count_held_of_source(struct store *store, const char *source, int64_t now,
                                       int64_t *out_count, struct error *err) {
    const struct value parameters[] = {value_text(source), value_integer(now)};
    return count_held(store, STATEMENT_REQUEST_COUNT_HELD_OF_SOURCE, parameters, 2, out_count,
                      err);
}

enum result store_count_held_of_network(struct store *store, const char *network, int64_t now,
                                        int64_t *out_count, struct error *err) {
    const struct value parameters[] = {value_text(network), value_integer(now)};
    return count_held(store, STATEMENT_REQUEST_COUNT_HELD_OF_NETWORK, parameters, 2, out_count,
                      err);
}

static enum result walk(struct store *store, enum statement statement,
                        const struct value *parameters, size_t count, request_visit *visit,
                        void *context, struct error *err) {
    AUTO(query_end) struct query query = {0};
    TRY(query_start(store->database, statement, parameters, count, &query, err));
    for (;;) {
        enum result result = query_next(&query, err);
        if (result == RESULT_NOT_FOUND) {
            return RESULT_OK;
        }
        TRY(result);
        AUTO(request_record_clear) struct request_record record = {0};
        TRY(request_row_read(store, &query, &record, err));
        TRY(visit(context, &record, err));
    }
}

enum result store_each_request_over(struct store *store, int64_t now, size_t limit,
                                    request_visit *visit, void *context, struct error *err) {
    const struct value parameters[] = {value_integer(now), value_integer((int64_t)limit)};
    return walk(store, STATEMENT_REQUEST_EACH_OVER, parameters, COUNT_OF(parameters), visit,
                context, err);
}

enum result store_each_held_of_key(struct store *store, struct bytes key_hash,
                                   const char *profile, int64_t now, request_visit *visit,
                                   void *context, struct error *err) {
    const struct value parameters[] = {value_bytes(key_hash), value_text(profile),
                                       value_integer(now)};
    return walk(store, STATEMENT_REQUEST_EACH_HELD_OF_KEY, parameters, COUNT_OF(parameters),
                visit, context, err);
}

static enum result explain_undecided(struct store *store, struct bytes id, struct error *err) {
    AUTO(request_record_clear) struct request_record record = {0};
    TRY(store_find_request(store, id, &record, err));
    return error_set_code(err, RESULT_CONFLICT, "already_decided",
                          "this request was decided before, by %s",
                          record.decided_by == NULL ? "nobody" : record.decided_by);
}

enum result store_decide_request(struct store *store, struct bytes id, int state,
                                 int64_t decided_at, const char *decided_by, const char *reason,
                                 int64_t certificate_id, struct error *err) {
    const struct value parameters[] = {
        value_integer(state),
        value_integer(decided_at),
        value_text(decided_by),
        value_text(reason),
        value_integer_or_null(certificate_id),
        value_bytes(id),
    };
    int64_t changed = 0;
    TRY(statement_run(store->database, STATEMENT_REQUEST_DECIDE, parameters,
                      COUNT_OF(parameters), &changed, err));
    return changed == 1 ? RESULT_OK : explain_undecided(store, id, err);
}

enum result store_refresh_request(struct store *store, struct bytes id,
                                  struct bytes profile_hash, int64_t approvals,
                                  struct error *err) {
    const struct value parameters[] = {value_bytes(profile_hash), value_integer(approvals),
                                       value_bytes(id)};
    int64_t changed = 0;
    TRY(statement_run(store->database, STATEMENT_REQUEST_REFRESH, parameters,
                      COUNT_OF(parameters), &changed, err));
    return changed == 1 ? RESULT_OK : explain_undecided(store, id, err);
}
