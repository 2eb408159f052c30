// Opening, checking and copying the store, and its transactions.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/store.h"

#include <assert.h>
#include <stdlib.h>

#include "store/database.h"
#include "store/migrations.h"
#include "store/record.h"

// Cheap whatever the size: the schema and the ends of the audit table are read, which a
// truncated or overwritten file rarely survives. store_check reads everything.
static enum result look_at(struct store *store, struct error *err) {
    AUTO(audit_record_clear) struct audit_record last = {0};
    enum result result = store_last_audit(store, &last, err);
    return result == RESULT_NOT_FOUND ? RESULT_OK : result;
}

static enum result open_into(struct store *store, const char *path, bool create,
                             struct error *err) {
    TRY(database_open(path, create, &store->database, err));
    TRY(migrations_apply(store->database, err));
    return look_at(store, err);
}

enum result store_open(const char *path, bool create, struct store **out_store,
                       struct error *err) {
    struct store *store = calloc(1, sizeof(*store));
    if (store == NULL) {
        return error_out_of_memory(err);
    }
    enum result result = open_into(store, path, create, err);
    if (result != RESULT_OK) {
        store_close(store);
        return result;
    }
    *out_store = store;
    return RESULT_OK;
}

enum result store_open_reader(const struct store *store, struct store **out_reader,
                              struct error *err) {
    struct store *reader = calloc(1, sizeof(*reader));
    if (reader == NULL) {
        return error_out_of_memory(err);
    }
    enum result result = database_open_reader(store->database, &reader->database, err);
    if (result != RESULT_OK) {
        free(reader);
        return result;
    }
    *out_reader = reader;
    return RESULT_OK;
}

enum result store_begin_reading(struct store *reader, struct error *err) {
    return database_begin_reading(reader->database, err);
}

void store_end_reading(struct store *reader) {
    database_end_reading(reader->database);
}

void store_close(struct store *store) {
    if (store != NULL) {
        database_close(store->database);
        free(store);
    }
}

void store_close_at(struct store **store) {
    store_close(*store);
    *store = NULL;
}

enum result store_check(struct store *store, struct error *err) {
    TRY(database_check(store->database, err));
    AUTO(query_end) struct query query = {0};
    TRY(query_first(store, STATEMENT_AUDIT_GAPS, NULL, 0, &query, err));
    int64_t missing = query_integer(&query, 0);
    if (missing != 0) {
        (void)error_set_code(err, RESULT_INTERNAL, "store_damaged",
                             "%lld audit records are missing", (long long)missing);
        error_hint(err, "Somebody removed them: compare with the backups made by `signetd "
                        "backup`.");
        return RESULT_INTERNAL;
    }
    return RESULT_OK;
}

enum result store_backup(struct store *store, const char *path, struct error *err) {
    return database_backup(store->database, path, err);
}

// What a transaction counted is forgotten when it fails: it may have counted what it had changed.
static void end_transaction(struct store *store, bool is_kept) {
    store->savepoints = 0;
    if (!is_kept) {
        store->counts = (struct counts){0};
    }
}

enum result store_begin(struct store *store, struct error *err) {
    return database_begin(store->database, err);
}

enum result store_commit(struct store *store, struct error *err) {
    enum result result = database_commit(store->database, err);
    end_transaction(store, result == RESULT_OK);
    return result;
}

void store_rollback(struct store *store) {
    end_transaction(store, false);
    database_rollback(store->database);
}

enum result store_savepoint(struct store *store, struct error *err) {
    assert(store->savepoints < SAVEPOINTS);
    TRY(database_savepoint(store->database, err));
    store->before[store->savepoints++] = store->counts;
    return RESULT_OK;
}

enum result store_release(struct store *store, struct error *err) {
    assert(store->savepoints > 0);
    store->savepoints--;
    return database_release(store->database, err);
}

void store_rollback_to_savepoint(struct store *store) {
    assert(store->savepoints > 0);
    // Refusals are many, and counting anew would cost more than they do.
    store->counts = store->before[--store->savepoints];
    database_rollback_to_savepoint(store->database);
}
