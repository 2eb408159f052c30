// What a store backend offers: transactions and numbered prepared statements, nothing else.
// SPDX-License-Identifier: GPL-3.0-or-later
// One implementation is chosen at link time (database_sqlite.c). The record functions above it
// and the SQL text in statements.h are the same for every backend.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/error.h"
#include "store/statements.h"

struct database;

enum value_type { VALUE_NULL, VALUE_INTEGER, VALUE_TEXT, VALUE_BYTES };

// A parameter of a statement; borrowed until statement_run returns or query_end is called.
struct value {
    enum value_type type;
    int64_t integer;
    struct bytes bytes; // of TEXT and BYTES
};

struct value value_null(void);
struct value value_integer(int64_t integer);
struct value value_text(const char *text); // NULL becomes SQL NULL
struct value value_bytes(struct bytes bytes);

// `path` is a file name for SQLite; ":memory:" for tests. RESULT_NOT_FOUND for a missing file
// unless `create`; RESULT_INTERNAL for a damaged file (code "store_damaged"),
// RESULT_INVALID for one that another program made ("store_foreign").
enum result database_open(const char *path, bool create, struct database **out_database,
                          struct error *err);
// A second connection to the same file, which only reads: at one moment from database_begin_reading
// to database_end_reading, whatever is written meanwhile. RESULT_INVALID for one in memory.
enum result database_open_reader(const struct database *database, struct database **out_reader,
                                 struct error *err);
enum result database_begin_reading(struct database *reader, struct error *err);
void database_end_reading(struct database *reader);
void database_close(struct database *database);
// Whether the database holds nothing yet, not even a schema.
enum result database_is_empty(struct database *database, bool *out_is_empty, struct error *err);
// Runs SQL text that returns nothing: migrations only.
enum result database_execute(struct database *database, const char *sql, struct error *err);
// Full integrity check; RESULT_INVALID names the first damage.
enum result database_check(struct database *database, struct error *err);
// An online backup of a consistent state into a new file.
// RESULT_CONFLICT when that file exists; a backup that fails leaves none.
enum result database_backup(struct database *database, const char *path, struct error *err);

// One writer at a time: RESULT_UNAVAILABLE when another process is writing. When a failed write
// ends a transaction early (a full disk may), everything up to the next database_begin is
// refused with RESULT_UNAVAILABLE, so that no half of it can become durable alone.
enum result database_begin(struct database *database, struct error *err);
// RESULT_UNAVAILABLE when the disk is full; the transaction is then rolled back.
enum result database_commit(struct database *database, struct error *err);
void database_rollback(struct database *database);
// One level inside a transaction.
enum result database_savepoint(struct database *database, struct error *err);
enum result database_release(struct database *database, struct error *err);
void database_rollback_to_savepoint(struct database *database);

// --- statements ----------------------------------------------------------------------------

// A statement being run. Ends with query_end, which is safe on zeroed memory.
struct query {
    struct database *database;
    void *statement;
};

enum result query_start(struct database *database, enum statement statement,
                        const struct value *parameters, size_t count, struct query *out_query,
                        struct error *err);
// RESULT_NOT_FOUND when there are no more rows.
enum result query_next(struct query *query, struct error *err);
int64_t query_integer(const struct query *query, int column);
// "" for NULL; valid until the next query_next.
const char *query_text(const struct query *query, int column);
struct bytes query_bytes(const struct query *query, int column);
bool query_is_null(const struct query *query, int column);
void query_end(struct query *query);

// Runs a statement that returns no rows, inside a transaction. RESULT_CONFLICT for a violated
// unique key, RESULT_DENIED for a change to an append-only table.
// *out_changed (may be NULL) counts the rows changed.
enum result statement_run(struct database *database, enum statement statement,
                          const struct value *parameters, size_t count, int64_t *out_changed,
                          struct error *err);
// As statement_run, for an INSERT … RETURNING of the new row's number.
enum result statement_insert(struct database *database, enum statement statement,
                             const struct value *parameters, size_t count, int64_t *out_id,
                             struct error *err);
