// The issuers: root and issuing CAs with their certificates and where their keys are.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/record.h"

void issuer_record_clear(struct issuer_record *record) {
    string_free_at(&record->name);
    buf_clear(&record->certificate);
    string_free_at(&record->key_reference);
    *record = (struct issuer_record){0};
}

enum result store_add_issuer(struct store *store, const struct issuer_record *record,
                             int64_t *out_id, struct error *err) {
    const struct value parameters[] = {
        value_text(record->name),
        value_integer(record->kind),
        value_integer_or_null(record->parent_id),
        value_bytes(buf_bytes(&record->certificate)),
        value_text(record->key_reference),
        value_integer(record->created),
    };
    return statement_insert(store->database, STATEMENT_ISSUER_ADD, parameters,
                            COUNT_OF(parameters), out_id, err);
}

// Columns of ISSUER_COLUMNS.
static enum result read_issuer(const struct query *query, struct issuer_record *record,
                               struct error *err) {
    record->id = query_integer(query, 0);
    TRY(column_copy_text(query, 1, &record->name, err));
    record->kind = (int)query_integer(query, 2);
    record->parent_id = query_integer(query, 3);
    TRY(column_copy_bytes(query, 4, &record->certificate, err));
    TRY(column_copy_text(query, 5, &record->key_reference, err));
    record->created = query_integer(query, 6);
    record->retired_at = query_integer(query, 7);
    return RESULT_OK;
}

enum result store_find_issuer(struct store *store, const char *name,
                              struct issuer_record *out_record, struct error *err) {
    AUTO(query_end) struct query query = {0};
    const struct value parameters[] = {value_text(name)};
    enum result result = query_first(store, STATEMENT_ISSUER_FIND, parameters, 1, &query, err);
    if (result == RESULT_NOT_FOUND) {
        return error_set(err, RESULT_NOT_FOUND, "there is no issuer named %s", name);
    }
    TRY(result);
    AUTO(issuer_record_clear) struct issuer_record record = {0};
    TRY(read_issuer(&query, &record, err));
    *out_record = record;
    record = (struct issuer_record){0};
    return RESULT_OK;
}

enum result store_each_issuer(struct store *store,
                              enum result (*visit)(void *context,
                                                   const struct issuer_record *record,
                                                   struct error *err),
                              void *context, struct error *err) {
    AUTO(query_end) struct query query = {0};
    TRY(query_start(store->database, STATEMENT_ISSUER_EACH, NULL, 0, &query, err));
    for (;;) {
        enum result result = query_next(&query, err);
        if (result == RESULT_NOT_FOUND) {
            return RESULT_OK;
        }
        TRY(result);
        AUTO(issuer_record_clear) struct issuer_record record = {0};
        TRY(read_issuer(&query, &record, err));
        TRY(visit(context, &record, err));
    }
}

enum result store_retire_issuer(struct store *store, int64_t id, int64_t retired_at,
                                struct error *err) {
    const struct value parameters[] = {value_integer(retired_at), value_integer(id)};
    int64_t changed = 0;
    TRY(statement_run(store->database, STATEMENT_ISSUER_RETIRE, parameters,
                      COUNT_OF(parameters), &changed, err));
    return changed == 1 ? RESULT_OK
                        : error_set_code(err, RESULT_CONFLICT, "issuer_retired",
                                         "this issuer has been retired already");
}

enum result store_set_issuer_key(struct store *store, int64_t id, const char *key_reference,
                                 struct error *err) {
    const struct value parameters[] = {value_text(key_reference), value_integer(id)};
    int64_t changed = 0;
    TRY(statement_run(store->database, STATEMENT_ISSUER_SET_KEY, parameters,
                      COUNT_OF(parameters), &changed, err));
    return changed == 1 ? RESULT_OK
                        : error_set(err, RESULT_NOT_FOUND, "there is no such issuer");
}

enum result store_issuer_usage(struct store *store, int64_t id, int64_t now,
                               struct issuer_usage *out_usage, struct error *err) {
    AUTO(query_end) struct query query = {0};
    const struct value parameters[] = {value_integer(id), value_integer(now)};
    TRY(query_start(store->database, STATEMENT_ISSUER_USAGE, parameters, COUNT_OF(parameters),
                    &query, err));
    TRY(query_next(&query, err));
    *out_usage = (struct issuer_usage){
        .issued = query_integer(&query, 0),
        .valid = query_integer(&query, 1),
        .last_not_after = query_integer(&query, 2),
    };
    return RESULT_OK;
}
