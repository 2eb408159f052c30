// Certificates: adding one, and finding it again by what is known of it.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/record_certificate.h"

#include "base/limits.h"

void certificate_record_clear(struct certificate_record *record) {
    buf_clear(&record->serial);
    buf_clear(&record->der);
    string_free_at(&record->profile);
    buf_clear(&record->key_hash);
    buf_clear(&record->csr_hash);
    buf_clear(&record->token_id);
    buf_clear(&record->request_id);
    string_free_at(&record->address);
    record_names_free(record->names, record->name_count);
    *record = (struct certificate_record){0};
}

enum result store_add_certificate(struct store *store, const struct certificate_record *record,
                                  int64_t *out_id, struct error *err) {
    if (record->serial.size == 0 || record->serial.size > LIMIT_SERIAL_BYTES) {
        return error_set(err, RESULT_INVALID, "a serial of %zu bytes; 1 to %d were expected",
                         record->serial.size, LIMIT_SERIAL_BYTES);
    }
    const struct value parameters[] = {
        value_integer(record->issuer_id),
        value_bytes(buf_bytes(&record->serial)),
        value_bytes(buf_bytes(&record->der)),
        value_text(record->profile),
        value_integer(record->not_before),
        value_integer(record->not_after),
        value_bytes(buf_bytes(&record->key_hash)),
        value_bytes_or_null(buf_bytes(&record->csr_hash)),
        value_bytes_or_null(buf_bytes(&record->token_id)),
        value_integer_or_null(record->predecessor_id),
        value_integer_or_null(record->lineage_id),
        value_integer(record->created),
        value_bytes_or_null(buf_bytes(&record->request_id)),
        value_text(record->address),
        value_integer_or_null(record->holder_id),
    };
    int64_t id = 0;
    TRY(statement_insert(store->database, STATEMENT_CERTIFICATE_ADD, parameters,
                         COUNT_OF(parameters), &id, err));
    TRY(record_names_add(store, STATEMENT_CERTIFICATE_NAME_ADD, id, record->names,
                         record->name_count, err));
    store_forget_ended(store, record->not_after);
    *out_id = id;
    return RESULT_OK;
}

enum result certificate_row_read(struct store *store, const struct query *query,
                                 struct certificate_record *record, struct error *err) {
    record->id = query_integer(query, 0);
    record->issuer_id = query_integer(query, 1);
    TRY(column_copy_bytes(query, 2, &record->serial, err));
    TRY(column_copy_bytes(query, 3, &record->der, err));
    TRY(column_copy_text(query, 4, &record->profile, err));
    record->not_before = query_integer(query, 5);
    record->not_after = query_integer(query, 6);
    TRY(column_copy_bytes(query, 7, &record->key_hash, err));
    TRY(column_copy_bytes(query, 8, &record->csr_hash, err));
    TRY(column_copy_bytes(query, 9, &record->token_id, err));
    record->predecessor_id = query_integer(query, 10);
    record->lineage_id = query_integer(query, 11);
    record->created = query_integer(query, 12);
    record->revoked_at = query_integer(query, 13);
    record->revocation_reason = (int)query_integer(query, 14);
    record->invalid_since = query_integer(query, 15);
    TRY(column_copy_bytes(query, 16, &record->request_id, err));
    TRY(column_copy_text(query, 17, &record->address, err));
    record->holder_id = query_integer(query, 18);
    record->is_on_hold = record->revoked_at == 0 && !query_is_null(query, 19);
    if (record->is_on_hold) {
        record->revoked_at = query_integer(query, 19);
        record->revocation_reason = REVOCATION_HOLD;
    }
    return record_names_read(store, STATEMENT_CERTIFICATE_NAMES, record->id, &record->names,
                             &record->name_count, err);
}

enum result certificate_walk(struct store *store, enum statement statement,
                             const struct value *parameters, size_t count,
                             certificate_visit *visit, void *context, struct error *err) {
    AUTO(query_end) struct query query = {0};
    TRY(query_start(store->database, statement, parameters, count, &query, err));
    for (;;) {
        enum result result = query_next(&query, err);
        if (result == RESULT_NOT_FOUND) {
            return RESULT_OK;
        }
        TRY(result);
        AUTO(certificate_record_clear) struct certificate_record record = {0};
        TRY(certificate_row_read(store, &query, &record, err));
        TRY(visit(context, &record, err));
    }
}

enum result certificate_first(struct store *store, enum statement statement,
                              const struct value *parameters, size_t count,
                              struct certificate_record *out_record, struct error *err) {
    AUTO(query_end) struct query query = {0};
    enum result result = query_first(store, statement, parameters, count, &query, err);
    if (result == RESULT_NOT_FOUND) {
        return error_set(err, RESULT_NOT_FOUND, "there is no such certificate");
    }
    TRY(result);
    AUTO(certificate_record_clear) struct certificate_record record = {0};
    TRY(certificate_row_read(store, &query, &record, err));
    result = query_next(&query, err);
    if (result == RESULT_OK) {
        (void)error_set(err, RESULT_CONFLICT, "more than one issuer used this serial number");
        error_hint(err, "Name the issuer as well.");
        return RESULT_CONFLICT;
    }
    if (result != RESULT_NOT_FOUND) {
        return result;
    }
    *out_record = record;
    record = (struct certificate_record){0};
    return RESULT_OK;
}

enum result store_find_certificate(struct store *store, int64_t issuer_id, struct bytes serial,
                                   struct certificate_record *out_record, struct error *err) {
    const struct value parameters[] = {value_integer(issuer_id), value_bytes(serial)};
    return certificate_first(store, STATEMENT_CERTIFICATE_FIND, parameters, 2, out_record, err);
}

enum result store_find_certificate_by_serial(struct store *store, struct bytes serial,
                                             struct certificate_record *out_record,
                                             struct error *err) {
    const struct value parameters[] = {value_bytes(serial)};
    return certificate_first(store, STATEMENT_CERTIFICATE_FIND_BY_SERIAL, parameters, 1,
                             out_record, err);
}

enum result store_find_certificate_by_id(struct store *store, int64_t id,
                                         struct certificate_record *out_record,
                                         struct error *err) {
    const struct value parameters[] = {value_integer(id)};
    return certificate_first(store, STATEMENT_CERTIFICATE_FIND_BY_ID, parameters, 1, out_record,
                             err);
}

enum result store_each_certificate_of_key(struct store *store, struct bytes key_hash,
                                          certificate_visit *visit, void *context,
                                          struct error *err) {
    const struct value parameters[] = {value_bytes(key_hash)};
    return certificate_walk(store, STATEMENT_CERTIFICATE_OF_KEY, parameters, 1, visit, context,
                            err);
}

enum result store_each_certificate_of_lineage(struct store *store, int64_t lineage_id,
                                              int64_t not_after_from, certificate_visit *visit,
                                              void *context, struct error *err) {
    const struct value parameters[] = {value_integer(lineage_id),
                                       value_integer(not_after_from)};
    return certificate_walk(store, STATEMENT_CERTIFICATE_OF_LINEAGE, parameters, 2, visit,
                            context, err);
}

enum result store_each_certificate_of_holder(struct store *store, int64_t holder_id,
                                             certificate_visit *visit, void *context,
                                             struct error *err) {
    const struct value parameters[] = {value_integer(holder_id)};
    return certificate_walk(store, STATEMENT_CERTIFICATE_OF_HOLDER, parameters, 1, visit,
                            context, err);
}

enum result store_find_certificate_of_token(struct store *store, struct bytes token_id,
                                            struct bytes csr_hash,
                                            struct certificate_record *out_record,
                                            struct error *err) {
    const struct value parameters[] = {value_bytes(token_id), value_bytes(csr_hash)};
    return certificate_first(store, STATEMENT_CERTIFICATE_OF_TOKEN, parameters, 2, out_record,
                             err);
}

enum result store_each_certificate_of_identity(struct store *store, const char *profile,
                                               const struct name_record *name, int64_t now,
                                               certificate_visit *visit, void *context,
                                               struct error *err) {
    const struct value parameters[] = {value_text(name->value), value_text(name->type),
                                       value_text(profile), value_integer(now)};
    return certificate_walk(store, STATEMENT_CERTIFICATE_OF_IDENTITY, parameters,
                            COUNT_OF(parameters), visit, context, err);
}

enum result store_count_renewals(struct store *store, int64_t lineage_id, int64_t created_after,
                                 int64_t *out_count, struct error *err) {
    AUTO(query_end) struct query query = {0};
    const struct value parameters[] = {value_integer(lineage_id), value_integer(created_after)};
    TRY(query_first(store, STATEMENT_CERTIFICATE_RENEWALS, parameters, 2, &query, err));
    *out_count = query_integer(&query, 0);
    return RESULT_OK;
}

enum result store_find_successor(struct store *store, int64_t predecessor_id,
                                 struct bytes csr_hash, struct certificate_record *out_record,
                                 struct error *err) {
    const struct value parameters[] = {value_integer(predecessor_id), value_bytes(csr_hash)};
    bool is_any = csr_hash.size == 0;
    return certificate_first(store,
                             is_any ? STATEMENT_CERTIFICATE_SUCCESSOR
                                    : STATEMENT_CERTIFICATE_SUCCESSOR_OF_CSR,
                             parameters, is_any ? 1 : 2, out_record, err);
}
