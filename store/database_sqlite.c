// The store's backend on SQLite: one connection in WAL mode, statements prepared once and kept.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/database.h"

#include "store/store_file.h"
#include "base/file.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sqlite3.h>

// "SIGN" in ASCII; the first migration writes it.
#define APPLICATION_ID 1397311310

// Long enough for another process to finish a transaction, short enough to answer.
#define BUSY_TIMEOUT_MILLISECONDS 2000

struct prepared {
    sqlite3_stmt *handle;
    bool is_running;
    bool is_temporary;
};

struct database {
    sqlite3 *handle;
    char *path;
    // Between database_begin and its end. SQLite ends a transaction by itself when a write
    // fails badly; is_in_transaction stays until somebody was told.
    bool is_in_transaction;
    bool is_broken;
    struct prepared statements[STATEMENT_COUNT];
};

// --- errors ----------------------------------------------------------------------------------

static enum result refuse_write(struct database *database, int code, struct error *err) {
    if (code == SQLITE_FULL) {
        (void)error_set_code(err, RESULT_UNAVAILABLE, "store_full",
                             "the disk is full: %s cannot grow", database->path);
        error_hint(err, "Free space on that file system; nothing that was acknowledged is "
                        "lost.");
        return RESULT_UNAVAILABLE;
    }
    int cause = sqlite3_system_errno(database->handle);
    (void)error_set_code(err, RESULT_UNAVAILABLE, "store_io", "cannot read or write %s: %s",
                         database->path,
                         cause != 0 ? strerror(cause) : sqlite3_errmsg(database->handle));
    error_hint(err, "Free space and check the disk and the limits of the process; nothing that "
                    "was acknowledged is lost.");
    return RESULT_UNAVAILABLE;
}

static enum result refuse_constraint(struct database *database, int extended_code,
                                     struct error *err) {
    const char *message = sqlite3_errmsg(database->handle);
    switch (extended_code) {
    case SQLITE_CONSTRAINT_UNIQUE:
    case SQLITE_CONSTRAINT_PRIMARYKEY:
    case SQLITE_CONSTRAINT_ROWID:
        return error_set(err, RESULT_CONFLICT, "this record exists already (%s)", message);
    case SQLITE_CONSTRAINT_TRIGGER:
        return error_set_code(err, RESULT_DENIED, "append_only", "%s", message);
    case SQLITE_CONSTRAINT_FOREIGNKEY:
        return error_set_code(err, RESULT_INVALID, "reference_missing",
                              "this record refers to one that does not exist");
    default:
        return error_set(err, RESULT_INTERNAL, "the schema refuses this record: %s", message);
    }
}

// The one place where SQLite's codes become results.
static enum result refuse(struct database *database, struct error *err) {
    int extended_code = sqlite3_extended_errcode(database->handle);
    int code = extended_code & 0xff;
    switch (code) {
    case SQLITE_FULL:
    case SQLITE_IOERR:
        return refuse_write(database, code, err);
    case SQLITE_CORRUPT:
        return store_file_refuse_damaged(err, database->path, sqlite3_errmsg(database->handle));
    case SQLITE_NOTADB:
        return store_file_refuse_damaged(err, database->path,
                                         "its header is not that of a store");
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        (void)error_set_code(err, RESULT_UNAVAILABLE, "store_busy",
                             "another process is writing to %s", database->path);
        error_hint(err, "Another signetd runs on this store: stop one of them.");
        return RESULT_UNAVAILABLE;
    case SQLITE_CONSTRAINT:
        return refuse_constraint(database, extended_code, err);
    case SQLITE_NOMEM:
        return error_out_of_memory(err);
    case SQLITE_TOOBIG:
        return error_set(err, RESULT_LIMIT, "this record is too large for the store");
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
    case SQLITE_PERM:
        (void)error_set(err, RESULT_DENIED, "cannot write %s: %s", database->path,
                        sqlite3_errmsg(database->handle));
        error_hint(err, "The user signetd runs as must own that file and its folder.");
        return RESULT_DENIED;
    default:
        return error_set(err, RESULT_INTERNAL, "%s: %s", database->path,
                         sqlite3_errmsg(database->handle));
    }
}

// --- values ----------------------------------------------------------------------------------

struct value value_null(void) {
    return (struct value){.type = VALUE_NULL};
}

struct value value_integer(int64_t integer) {
    return (struct value){.type = VALUE_INTEGER, .integer = integer};
}

struct value value_text(const char *text) {
    if (text == NULL) {
        return value_null();
    }
    return (struct value){.type = VALUE_TEXT, .bytes = bytes_of_string(text)};
}

struct value value_bytes(struct bytes bytes) {
    return (struct value){.type = VALUE_BYTES, .bytes = bytes};
}

// --- opening ---------------------------------------------------------------------------------

// Runs SQL text; rows are passed over.
static enum result execute(struct database *database, const char *sql, struct error *err) {
    if (sqlite3_exec(database->handle, sql, NULL, NULL, NULL) != SQLITE_OK) {
        return refuse(database, err);
    }
    return RESULT_OK;
}

// The first column of the first row as text, appended to `out`; nothing when there is no row.
static enum result read_first(struct database *database, const char *sql, struct buf *out,
                              struct error *err) {
    sqlite3_stmt *statement = NULL;
    enum result result = RESULT_OK;
    int code = sqlite3_prepare_v2(database->handle, sql, -1, &statement, NULL);
    if (code == SQLITE_OK) {
        code = sqlite3_step(statement);
    }
    if (code == SQLITE_ROW) {
        const char *text = (const char *)sqlite3_column_text(statement, 0);
        struct bytes whole = bytes_of_string(text == NULL ? "" : text);
        result = buf_append(out, bytes_slice(whole, 0, out->maximum - out->size));
    } else if (code != SQLITE_DONE) {
        result = refuse(database, err);
    }
    (void)sqlite3_finalize(statement);
    return result;
}

// Room for the first line of SQLite's findings.
#define FINDING_BYTES 4096

static enum result read_number(struct database *database, const char *sql, int64_t *out_number,
                               struct error *err) {
    AUTO(buf_clear) struct buf text = {0};
    buf_init(&text, FINDING_BYTES);
    TRY(read_first(database, sql, &text, err));
    *out_number = strtoll(buf_string(&text), NULL, 10);
    return RESULT_OK;
}

// Before anything is written: is this file ours? Reading the schema also proves the header and
// the file's length.
static enum result identify(struct database *database, bool create, struct error *err) {
    int64_t application_id = 0;
    TRY(read_number(database, "PRAGMA application_id", &application_id, err));
    bool is_empty = false;
    TRY(database_is_empty(database, &is_empty, err));
    if (application_id == APPLICATION_ID && !is_empty) {
        return RESULT_OK;
    }
    if (application_id == 0 && is_empty) {
        return create ? RESULT_OK
                      : store_file_refuse_damaged(err, database->path,
                                                  "it holds no tables at all");
    }
    (void)error_set_code(err, RESULT_INVALID, "store_foreign",
                         "%s is an SQLite database of another program", database->path);
    error_hint(err, "Choose another file or folder for the store.");
    return RESULT_INVALID;
}

static enum result use_write_ahead_log(struct database *database, struct error *err) {
    AUTO(buf_clear) struct buf mode = {0};
    buf_init(&mode, FINDING_BYTES);
    TRY(read_first(database, "PRAGMA journal_mode = WAL", &mode, err));
    if (strcmp(buf_string(&mode), "wal") == 0 || strcmp(buf_string(&mode), "memory") == 0) {
        return RESULT_OK;
    }
    (void)error_set(err, RESULT_UNAVAILABLE,
                    "the file system of %s does not support a write-ahead log", database->path);
    error_hint(err, "Keep the store on a local file system.");
    return RESULT_UNAVAILABLE;
}

// What makes the file trustworthy: nothing in a tampered schema runs code, double quotes never
// become strings, and the internals cannot be written by SQL.
static void harden(sqlite3 *handle) {
    (void)sqlite3_db_config(handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    (void)sqlite3_db_config(handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    (void)sqlite3_db_config(handle, SQLITE_DBCONFIG_DQS_DML, 0, NULL);
    (void)sqlite3_db_config(handle, SQLITE_DBCONFIG_DQS_DDL, 0, NULL);
}

static enum result open_connection(struct database *database, bool create, struct error *err) {
    bool is_memory = strcmp(database->path, ":memory:") == 0;
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    flags |= is_memory ? SQLITE_OPEN_CREATE : 0;
    if (sqlite3_open_v2(database->path, &database->handle, flags, NULL) != SQLITE_OK) {
        return database->handle == NULL ? error_out_of_memory(err) : refuse(database, err);
    }
    harden(database->handle);
    (void)sqlite3_busy_timeout(database->handle, BUSY_TIMEOUT_MILLISECONDS);
    TRY(identify(database, create, err));
    TRY(use_write_ahead_log(database, err));
    // Temporary tables stay in memory: the sandbox leaves no other folder to write to. The log
    // shrinks again after a burst; the cache holds the indexes of a large fleet.
    return execute(database,
                   "PRAGMA synchronous = FULL;"
                   "PRAGMA foreign_keys = ON;"
                   "PRAGMA cell_size_check = ON;"
                   "PRAGMA temp_store = MEMORY;"
                   "PRAGMA journal_size_limit = 67108864;"
                   "PRAGMA cache_size = -16000;",
                   err);
}

enum result database_open(const char *path, bool create, struct database **out_database,
                          struct error *err) {
    if (strcmp(path, ":memory:") != 0) {
        TRY(store_file_prepare(path, create, err));
    }
    struct database *database = calloc(1, sizeof(*database));
    if (database == NULL) {
        return error_out_of_memory(err);
    }
    database->path = string_copy(path);
    enum result result = database->path == NULL ? error_out_of_memory(err)
                                                : open_connection(database, create, err);
    if (result != RESULT_OK) {
        database_close(database);
        return result;
    }
    *out_database = database;
    return RESULT_OK;
}

// It walks through tables once, so a cache is of little use.
static enum result open_for_reading(struct database *reader, struct error *err) {
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    if (sqlite3_open_v2(reader->path, &reader->handle, flags, NULL) != SQLITE_OK) {
        return reader->handle == NULL ? error_out_of_memory(err) : refuse(reader, err);
    }
    harden(reader->handle);
    (void)sqlite3_busy_timeout(reader->handle, BUSY_TIMEOUT_MILLISECONDS);
    return execute(reader,
                   "PRAGMA query_only = ON;"
                   "PRAGMA cell_size_check = ON;"
                   "PRAGMA temp_store = MEMORY;"
                   "PRAGMA cache_size = -1000;",
                   err);
}

enum result database_open_reader(const struct database *database, struct database **out_reader,
                                 struct error *err) {
    if (strcmp(database->path, ":memory:") == 0) {
        return error_set(err, RESULT_INVALID, "a database in memory has one connection");
    }
    struct database *reader = calloc(1, sizeof(*reader));
    if (reader == NULL) {
        return error_out_of_memory(err);
    }
    reader->path = string_copy(database->path);
    enum result result =
        reader->path == NULL ? error_out_of_memory(err) : open_for_reading(reader, err);
    if (result != RESULT_OK) {
        database_close(reader);
        return result;
    }
    *out_reader = reader;
    return RESULT_OK;
}

// BEGIN alone reads nothing yet: the first look at the schema fixes the moment.
enum result database_begin_reading(struct database *reader, struct error *err) {
    TRY(execute(reader, "BEGIN", err));
    enum result result = execute(reader, "SELECT COUNT(*) FROM sqlite_schema", err);
    if (result != RESULT_OK) {
        database_end_reading(reader);
    }
    return result;
}

void database_end_reading(struct database *reader) {
    if (sqlite3_get_autocommit(reader->handle) == 0) {
        (void)execute(reader, "ROLLBACK", NULL);
    }
}

void database_close(struct database *database) {
    if (database == NULL) {
        return;
    }
    for (size_t i = 0; i < STATEMENT_COUNT; i++) {
        assert(!database->statements[i].is_running);
        (void)sqlite3_finalize(database->statements[i].handle);
    }
    (void)sqlite3_close(database->handle);
    string_free_at(&database->path);
    free(database);
}

enum result database_is_empty(struct database *database, bool *out_is_empty,
                              struct error *err) {
    int64_t count = 0;
    TRY(read_number(database, "SELECT COUNT(*) FROM sqlite_schema", &count, err));
    *out_is_empty = count == 0;
    return RESULT_OK;
}

enum result database_check(struct database *database, struct error *err) {
    AUTO(buf_clear) struct buf finding = {0};
    buf_init(&finding, FINDING_BYTES);
    TRY(read_first(database, "PRAGMA integrity_check(1)", &finding, err));
    if (strcmp(buf_string(&finding), "ok") != 0) {
        for (size_t i = 0; i < finding.size; i++) {
            finding.data[i] = finding.data[i] == '\n' ? ' ' : finding.data[i];
        }
        return store_file_refuse_damaged(err, database->path, buf_string(&finding));
    }
    buf_reset(&finding);
    TRY(read_first(database, "PRAGMA foreign_key_check", &finding, err));
    if (finding.size != 0) {
        (void)buf_append_string(&finding, " refers to a record that is missing");
        return store_file_refuse_damaged(err, database->path, buf_string(&finding));
    }
    return RESULT_OK;
}

// --- backup ----------------------------------------------------------------------------------

static enum result copy_pages(struct database *database, const char *path, struct error *err) {
    struct database target = {.path = (char *)path};
    enum result result = RESULT_OK;
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    if (sqlite3_open_v2(path, &target.handle, flags, NULL) != SQLITE_OK) {
        result = target.handle == NULL ? error_out_of_memory(err) : refuse(&target, err);
        (void)sqlite3_close(target.handle);
        return result;
    }
    sqlite3_backup *backup =
        sqlite3_backup_init(target.handle, "main", database->handle, "main");
    if (backup == NULL) {
        result = refuse(&target, err);
    } else {
        // In one step: the copy is one snapshot, and in WAL mode it stops no writer.
        int stepped = sqlite3_backup_step(backup, -1);
        int finished = sqlite3_backup_finish(backup);
        if (stepped == SQLITE_BUSY || stepped == SQLITE_LOCKED) {
            result = error_set_code(err, RESULT_UNAVAILABLE, "store_busy",
                                    "%s is being written by another process", path);
        } else if (stepped != SQLITE_DONE || finished != SQLITE_OK) {
            result = refuse(&target, err);
        }
    }
    (void)sqlite3_close(target.handle);
    return result;
}

enum result database_backup(struct database *database, const char *path, struct error *err) {
    // Under another name until it is whole, so that no half of one is ever taken for a backup.
    AUTO(buf_clear) struct buf partial = {0};
    buf_init(&partial, 2 * FINDING_BYTES);
    if (buf_printf(&partial, "%s.partial", path) != RESULT_OK) {
        return error_set(err, RESULT_INVALID, "the backup's path is too long");
    }
    const char *partial_path = buf_string(&partial);
    if (file_exists(path)) {
        return error_set(err, RESULT_CONFLICT, "%s exists already", path);
    }
    (void)unlink(partial_path); // of an attempt that a crash ended
    enum result result = store_file_create(partial_path, err);
    if (result == RESULT_OK) {
        result = copy_pages(database, partial_path, err);
    }
    if (result == RESULT_OK) {
        result = store_file_rename(partial_path, path, err);
    }
    if (result != RESULT_OK) {
        (void)unlink(partial_path);
    }
    return result;
}

// --- transactions ----------------------------------------------------------------------------

// After a badly failed write the transaction is gone; what followed it would be committed
// statement by statement, without what came before.
static bool is_transaction_lost(const struct database *database) {
    return database->is_in_transaction &&
           (database->is_broken || sqlite3_get_autocommit(database->handle) != 0);
}

static enum result refuse_lost(struct error *err) {
    return error_set_code(err, RESULT_UNAVAILABLE, "transaction_lost",
                          "an earlier write of this transaction failed and ended it");
}

enum result database_execute(struct database *database, const char *sql, struct error *err) {
    if (is_transaction_lost(database)) {
        return refuse_lost(err);
    }
    return execute(database, sql, err);
}

enum result database_begin(struct database *database, struct error *err) {
    if (database->is_in_transaction) {
        return error_set(err, RESULT_INTERNAL, "a transaction inside a transaction");
    }
    // IMMEDIATE: another writer is noticed here and not in the middle.
    TRY(execute(database, "BEGIN IMMEDIATE", err));
    database->is_in_transaction = true;
    database->is_broken = false;
    return RESULT_OK;
}

enum result database_commit(struct database *database, struct error *err) {
    if (!database->is_in_transaction) {
        return error_set(err, RESULT_INTERNAL, "a commit outside a transaction");
    }
    enum result result =
        is_transaction_lost(database) ? refuse_lost(err) : execute(database, "COMMIT", err);
    if (result != RESULT_OK) {
        database_rollback(database);
        return result;
    }
    database->is_in_transaction = false;
    return RESULT_OK;
}

void database_rollback(struct database *database) {
    // An error leaves no transaction open either: SQLite refuses a ROLLBACK only outside one.
    if (sqlite3_get_autocommit(database->handle) == 0) {
        (void)execute(database, "ROLLBACK", NULL);
    }
    database->is_in_transaction = false;
    database->is_broken = false;
}

enum result database_savepoint(struct database *database, struct error *err) {
    if (!database->is_in_transaction) {
        return error_set(err, RESULT_INTERNAL, "a savepoint outside a transaction");
    }
    return database_execute(database, "SAVEPOINT request", err);
}

enum result database_release(struct database *database, struct error *err) {
    return database_execute(database, "RELEASE request", err);
}

void database_rollback_to_savepoint(struct database *database) {
    if (database_execute(database, "ROLLBACK TO request; RELEASE request", NULL) != RESULT_OK) {
        database->is_broken = true;
    }
}

// --- statements ------------------------------------------------------------------------------

// SQLite numbers $n by first appearance; a text that names them in another order would bind the
// wrong values.
static enum result check_order(sqlite3_stmt *handle, struct error *err) {
    for (int i = 1; i <= sqlite3_bind_parameter_count(handle); i++) {
        char expected[16];
        (void)snprintf(expected, sizeof(expected), "$%d", i);
        const char *name = sqlite3_bind_parameter_name(handle, i);
        if (name == NULL || strcmp(name, expected) != 0) {
            return error_set(err, RESULT_INTERNAL, "parameter %d is called %s in: %s", i,
                             name == NULL ? "nothing" : name, sqlite3_sql(handle));
        }
    }
    return RESULT_OK;
}

static enum result prepare(struct database *database, enum statement statement,
                           struct prepared *prepared, struct error *err) {
    if (prepared->handle != NULL) {
        return RESULT_OK;
    }
    sqlite3_stmt *handle = NULL;
    if (sqlite3_prepare_v3(database->handle, statement_sql(statement), -1,
                           SQLITE_PREPARE_PERSISTENT, &handle, NULL) != SQLITE_OK) {
        return refuse(database, err);
    }
    enum result result = check_order(handle, err);
    if (result != RESULT_OK) {
        (void)sqlite3_finalize(handle);
        return result;
    }
    prepared->handle = handle;
    return RESULT_OK;
}

// The kept statement, or a temporary twin while that one is being walked (a visitor may look
// something up with the very statement that called it).
static enum result take_statement(struct database *database, enum statement statement,
                                  struct prepared **out_prepared, struct error *err) {
    struct prepared *kept = &database->statements[statement];
    if (!kept->is_running) {
        TRY(prepare(database, statement, kept, err));
        kept->is_running = true;
        *out_prepared = kept;
        return RESULT_OK;
    }
    struct prepared *twin = calloc(1, sizeof(*twin));
    if (twin == NULL) {
        return error_out_of_memory(err);
    }
    enum result result = prepare(database, statement, twin, err);
    if (result != RESULT_OK) {
        free(twin);
        return result;
    }
    twin->is_running = true;
    twin->is_temporary = true;
    *out_prepared = twin;
    return RESULT_OK;
}

static int bind_value(sqlite3_stmt *handle, int index, const struct value *value) {
    // NULL as an address would bind SQL NULL; an empty value is not that.
    const void *data = value->bytes.data == NULL ? (const void *)"" : value->bytes.data;
    switch (value->type) {
    case VALUE_INTEGER:
        return sqlite3_bind_int64(handle, index, value->integer);
    case VALUE_TEXT:
        return sqlite3_bind_text64(handle, index, data, value->bytes.size, SQLITE_STATIC,
                                   SQLITE_UTF8);
    case VALUE_BYTES:
        return sqlite3_bind_blob64(handle, index, data, value->bytes.size, SQLITE_STATIC);
    case VALUE_NULL:
        break;
    }
    return sqlite3_bind_null(handle, index);
}

enum result query_start(struct database *database, enum statement statement,
                        const struct value *parameters, size_t count, struct query *out_query,
                        struct error *err) {
    if (is_transaction_lost(database)) {
        return refuse_lost(err);
    }
    struct prepared *prepared = NULL;
    TRY(take_statement(database, statement, &prepared, err));
    struct query query = {.database = database, .statement = prepared};
    enum result result = RESULT_OK;
    if ((size_t)sqlite3_bind_parameter_count(prepared->handle) != count) {
        result = error_set(err, RESULT_INTERNAL, "%zu values for: %s", count,
                           statement_sql(statement));
    }
    for (size_t i = 0; result == RESULT_OK && i < count; i++) {
        if (bind_value(prepared->handle, (int)i + 1, &parameters[i]) != SQLITE_OK) {
            result = refuse(database, err);
        }
    }
    if (result != RESULT_OK) {
        query_end(&query);
        return result;
    }
    *out_query = query;
    return RESULT_OK;
}

static sqlite3_stmt *handle_of(const struct query *query) {
    const struct prepared *prepared = query->statement;
    return prepared->handle;
}

enum result query_next(struct query *query, struct error *err) {
    int code = sqlite3_step(handle_of(query));
    if (code == SQLITE_ROW) {
        return RESULT_OK;
    }
    return code == SQLITE_DONE ? RESULT_NOT_FOUND : refuse(query->database, err);
}

int64_t query_integer(const struct query *query, int column) {
    return sqlite3_column_int64(handle_of(query), column);
}

const char *query_text(const struct query *query, int column) {
    const unsigned char *text = sqlite3_column_text(handle_of(query), column);
    return text == NULL ? "" : (const char *)text;
}

struct bytes query_bytes(const struct query *query, int column) {
    const void *data = sqlite3_column_blob(handle_of(query), column);
    int size = sqlite3_column_bytes(handle_of(query), column);
    return bytes_of(data, data == NULL ? 0 : (size_t)size);
}

bool query_is_null(const struct query *query, int column) {
    return sqlite3_column_type(handle_of(query), column) == SQLITE_NULL;
}

void query_end(struct query *query) {
    struct prepared *prepared = query->statement;
    if (prepared == NULL) {
        return;
    }
    if (prepared->is_temporary) {
        (void)sqlite3_finalize(prepared->handle);
        free(prepared);
    } else {
        (void)sqlite3_reset(prepared->handle);
        (void)sqlite3_clear_bindings(prepared->handle); // they point into the caller's memory
        prepared->is_running = false;
    }
    *query = (struct query){0};
}

enum result statement_run(struct database *database, enum statement statement,
                          const struct value *parameters, size_t count, int64_t *out_changed,
                          struct error *err) {
    if (!database->is_in_transaction) {
        return error_set(err, RESULT_INTERNAL, "a change outside a transaction");
    }
    AUTO(query_end) struct query query = {0};
    TRY(query_start(database, statement, parameters, count, &query, err));
    enum result result = query_next(&query, err);
    if (result != RESULT_NOT_FOUND) {
        assert(result != RESULT_OK); // a statement that returns rows is a query
        return result;
    }
    if (out_changed != NULL) {
        *out_changed = sqlite3_changes64(database->handle);
    }
    return RESULT_OK;
}

enum result statement_insert(struct database *database, enum statement statement,
                             const struct value *parameters, size_t count, int64_t *out_id,
                             struct error *err) {
    if (!database->is_in_transaction) {
        return error_set(err, RESULT_INTERNAL, "a change outside a transaction");
    }
    AUTO(query_end) struct query query = {0};
    TRY(query_start(database, statement, parameters, count, &query, err));
    TRY(query_next(&query, err));
    int64_t id = query_integer(&query, 0);
    // The row was inserted by the first step; this one ends the statement.
    enum result result = query_next(&query, err);
    if (result != RESULT_NOT_FOUND) {
        assert(result != RESULT_OK);
        return result;
    }
    *out_id = id;
    return RESULT_OK;
}
