// Revocations and holds: once written they stay, whatever happens.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/record.h"

#include <string.h>

static enum result forget_ended(struct store *store, int64_t certificate_id,
                                struct error *err) {
    AUTO(query_end) struct query query = {0};
    const struct value parameters[] = {value_integer(certificate_id)};
    TRY(query_first(store, STATEMENT_CERTIFICATE_END, parameters, 1, &query, err));
    store_forget_ended(store, query_integer(&query, 0));
    return RESULT_OK;
}

enum result store_revoke_certificate(struct store *store, int64_t certificate_id,
                                     int64_t revoked_at, int reason, int64_t invalid_since,
                                     struct error *err) {
    const struct value parameters[] = {
        value_integer(revoked_at),
        value_integer(reason),
        value_integer_or_null(invalid_since),
        value_integer(certificate_id),
    };
    int64_t changed = 0;
    enum result result = statement_run(store->database, STATEMENT_REVOCATION_ADD, parameters,
                                       COUNT_OF(parameters), &changed, err);
    if (result == RESULT_CONFLICT) {
        return error_set_code(err, RESULT_CONFLICT, "already_revoked",
                              "this certificate is revoked already");
    }
    TRY(result);
    if (changed != 1) {
        return error_set(err, RESULT_NOT_FOUND, "there is no such certificate");
    }
    return forget_ended(store, certificate_id, err);
}

static enum result read_serial(const struct query *query, struct revocation_record *record,
                               struct error *err) {
    struct bytes serial = query_bytes(query, 0);
    if (serial.size == 0 || serial.size > sizeof(record->serial)) {
        return error_set_code(err, RESULT_INTERNAL, "store_damaged",
                              "a revocation has a serial of %zu bytes", serial.size);
    }
    memcpy(record->serial, serial.data, serial.size);
    record->serial_size = (uint8_t)serial.size;
    return RESULT_OK;
}

static enum result read_revocation(const struct query *query, struct revocation_record *record,
                                   struct error *err) {
    TRY(read_serial(query, record, err));
    record->reason = (int)query_integer(query, 1);
    record->revoked_at = query_integer(query, 2);
    record->invalid_since = query_integer(query, 3);
    record->not_after = query_integer(query, 4);
    return RESULT_OK;
}

static enum result read_hold(const struct query *query, struct revocation_record *record,
                             struct error *err) {
    TRY(read_serial(query, record, err));
    record->reason = REVOCATION_HOLD;
    record->revoked_at = query_integer(query, 1);
    record->not_after = query_integer(query, 2);
    return RESULT_OK;
}

typedef enum result revocation_visit(void *context, const struct revocation_record *record,
                                     struct error *err);

static enum result visit_row(const struct query *query, bool is_hold, revocation_visit *visit,
                             void *context, struct error *err) {
    struct revocation_record record = {0};
    TRY(is_hold ? read_hold(query, &record, err) : read_revocation(query, &record, err));
    return visit(context, &record, err);
}

static enum result each_row(struct store *store, enum statement statement,
                            const struct value parameters[2], revocation_visit *visit,
                            void *context, struct error *err) {
    AUTO(query_end) struct query query = {0};
    TRY(query_start(store->database, statement, parameters, 2, &query, err));
    for (;;) {
        enum result result = query_next(&query, err);
        if (result == RESULT_NOT_FOUND) {
            return RESULT_OK;
        }
        TRY(result);
        TRY(visit_row(&query, statement == STATEMENT_HOLD_EACH, visit, context, err));
    }
}

enum result store_each_revocation(struct store *store, int64_t issuer_id,
                                  int64_t not_after_from,
                                  enum result (*visit)(void *context,
                                                       const struct revocation_record *record,
                                                       struct error *err),
                                  void *context, struct error *err) {
    const struct value parameters[] = {value_integer(issuer_id), value_integer(not_after_from)};
    TRY(each_row(store, STATEMENT_REVOCATION_EACH, parameters, visit, context, err));
    return each_row(store, STATEMENT_HOLD_EACH, parameters, visit, context, err);
}

// --- holds -----------------------------------------------------------------------------------

static enum result certificate_exists(struct store *store, int64_t certificate_id,
                                      struct error *err) {
    AUTO(query_end) struct query query = {0};
    const struct value parameters[] = {value_integer(certificate_id)};
    enum result result =
        query_first(store, STATEMENT_CERTIFICATE_END, parameters, 1, &query, err);
    return result == RESULT_NOT_FOUND
               ? error_set(err, RESULT_NOT_FOUND, "there is no such certificate")
               : result;
}

enum result store_hold_certificate(struct store *store, int64_t certificate_id, int64_t held_at,
                                   struct error *err) {
    const struct value parameters[] = {value_integer(held_at), value_integer(certificate_id)};
    int64_t changed = 0;
    TRY(certificate_exists(store, certificate_id, err));
    TRY(statement_run(store->database, STATEMENT_HOLD_ADD, parameters, COUNT_OF(parameters),
                      &changed, err));
    return changed == 1 ? RESULT_OK
                        : error_set_code(err, RESULT_CONFLICT, "already_revoked",
                                         "this certificate is revoked or on hold already");
}

enum result store_release_certificate(struct store *store, int64_t certificate_id,
                                      int64_t released_at, struct error *err) {
    const struct value parameters[] = {value_integer(released_at),
                                       value_integer(certificate_id)};
    int64_t changed = 0;
    TRY(statement_run(store->database, STATEMENT_HOLD_RELEASE_ADD, parameters,
                      COUNT_OF(parameters), &changed, err));
    return changed == 1 ? RESULT_OK
                        : error_set_code(err, RESULT_CONFLICT, "not_on_hold",
                                         "this certificate is not on hold");
}

enum result store_was_released(struct store *store, int64_t certificate_id, int64_t held_at,
                               bool *out_was_released, struct error *err) {
    AUTO(query_end) struct query query = {0};
    const struct value parameters[] = {value_integer(certificate_id), value_integer(held_at)};
    enum result result =
        query_first(store, STATEMENT_HOLD_RELEASED, parameters, 2, &query, err);
    if (result != RESULT_OK && result != RESULT_NOT_FOUND) {
        return result;
    }
    *out_was_released = result == RESULT_OK;
    return RESULT_OK;
}
