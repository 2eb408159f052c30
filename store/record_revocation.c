// Revocations and holds: once written they stay, whatever happens.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/record.h"

#include <stdlib.h>
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

// --- walking ---------------------------------------------------------------------------------

// ids of the revocations that matter, for the first of them; the revocations; the holds.
enum walk_stage { WALK_IDS, WALK_REVOCATIONS, WALK_HOLDS };

struct revocation_walk {
    struct store *store;
    int64_t issuer_id;
    int64_t not_after_from;
    enum walk_stage stage;
    int64_t first_id; // 0: there is none
    struct query query;
};

static enum result enter_stage(struct revocation_walk *walk, enum walk_stage stage,
                               struct error *err) {
    static const enum statement statements[] = {
        [WALK_IDS] = STATEMENT_REVOCATION_IDS,
        [WALK_REVOCATIONS] = STATEMENT_REVOCATION_EACH,
        [WALK_HOLDS] = STATEMENT_HOLD_EACH,
    };
    const struct value parameters[] = {value_integer(walk->first_id),
                                       value_integer(walk->issuer_id),
                                       value_integer(walk->not_after_from)};
    const size_t skipped = stage == WALK_REVOCATIONS ? 0 : 1;
    query_end(&walk->query);
    walk->stage = stage;
    return query_start(walk->store->database, statements[stage], &parameters[skipped],
                       COUNT_OF(parameters) - skipped, &walk->query, err);
}

enum result revocation_walk_new(struct store *store, int64_t issuer_id, int64_t not_after_from,
                                struct revocation_walk **out_walk, struct error *err) {
    AUTO(revocation_walk_free_at) struct revocation_walk *walk = calloc(1, sizeof(*walk));
    if (walk == NULL) {
        return error_out_of_memory(err);
    }
    walk->store = store;
    walk->issuer_id = issuer_id;
    walk->not_after_from = not_after_from;
    TRY(enter_stage(walk, WALK_IDS, err));
    *out_walk = walk;
    walk = NULL;
    return RESULT_OK;
}

void revocation_walk_free(struct revocation_walk *walk) {
    if (walk != NULL) {
        query_end(&walk->query);
        free(walk);
    }
}

void revocation_walk_free_at(struct revocation_walk **walk) {
    revocation_walk_free(*walk);
    *walk = NULL;
}

enum result revocation_walk_prepare(struct revocation_walk *walk, size_t at_most,
                                    bool *out_is_ready, struct error *err) {
    *out_is_ready = walk->stage != WALK_IDS;
    for (size_t i = 0; i < at_most && walk->stage == WALK_IDS; i++) {
        enum result result = query_next(&walk->query, err);
        if (result == RESULT_NOT_FOUND) {
            *out_is_ready = true;
            return enter_stage(walk, walk->first_id == 0 ? WALK_HOLDS : WALK_REVOCATIONS, err);
        }
        TRY(result);
        int64_t id = query_integer(&walk->query, 0);
        walk->first_id = walk->first_id == 0 || id < walk->first_id ? id : walk->first_id;
    }
    return RESULT_OK;
}

enum result revocation_walk_next(struct revocation_walk *walk,
                                 struct revocation_record *out_record, struct error *err) {
    struct revocation_record record = {0};
    enum result result = query_next(&walk->query, err);
    if (result == RESULT_NOT_FOUND && walk->stage == WALK_REVOCATIONS) {
        TRY(enter_stage(walk, WALK_HOLDS, err));
        result = query_next(&walk->query, err);
    }
    if (result != RESULT_OK) {
        return result;
    }
    TRY(walk->stage == WALK_HOLDS ? read_hold(&walk->query, &record, err)
                                  : read_revocation(&walk->query, &record, err));
    *out_record = record;
    return RESULT_OK;
}

enum result store_each_revocation(struct store *store, int64_t issuer_id,
                                  int64_t not_after_from,
                                  enum result (*visit)(void *context,
                                                       const struct revocation_record *record,
                                                       struct error *err),
                                  void *context, struct error *err) {
    AUTO(revocation_walk_free_at) struct revocation_walk *walk = NULL;
    struct revocation_record record = {0};
    bool is_ready = false;
    TRY(revocation_walk_new(store, issuer_id, not_after_from, &walk, err));
    TRY(revocation_walk_prepare(walk, SIZE_MAX, &is_ready, err));
    for (;;) {
        enum result result = revocation_walk_next(walk, &record, err);
        if (result == RESULT_NOT_FOUND) {
            return RESULT_OK;
        }
        TRY(result);
        TRY(visit(context, &record, err));
    }
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
