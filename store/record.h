// What the record files share: the store itself, columns with "none", and lists of names.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "store/database.h"
#include "store/store.h"

// What ended before `until` when it was counted last. Counting a million again for every status
// would keep the authority busy. To be forgotten when such a certificate is added or revoked, and
// when a transaction fails that may have counted what it had changed.
struct ended {
    bool is_counted;
    int64_t until;
    int64_t certificates;
    int64_t revocations;
};

// Tokens that have uses left, are not revoked, and expire behind `until`: counted once, then
// kept up to date with every change of a token.
struct open_tokens {
    bool is_counted;
    int64_t until;
    int64_t count;
};

struct counts {
    struct ended ended;
    struct open_tokens open;
};

// A request within a group, and one step within that request.
#define SAVEPOINTS 2

struct store {
    struct database *database;
    struct counts counts;
    struct counts before[SAVEPOINTS]; // as they were where the savepoints are
    size_t savepoints;
};

// To be called with the notAfter of a certificate that is added or revoked.
static inline void store_forget_ended(struct store *store, int64_t not_after) {
    struct ended *ended = &store->counts.ended;
    ended->is_counted = ended->is_counted && not_after >= ended->until;
}

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

// SQL NULL for 0 or empty.
struct value value_integer_or_null(int64_t integer);
struct value value_bytes_or_null(struct bytes bytes);

// Owned copies of a column. SQL NULL is a NULL text and an empty buffer.
enum result column_copy_text(const struct query *query, int column, char **out_text,
                             struct error *err);
enum result column_copy_bytes(const struct query *query, int column, struct buf *out_bytes,
                              struct error *err);
// A column of exactly `size` bytes; RESULT_INTERNAL (code "store_damaged") otherwise.
enum result column_read_array(const struct query *query, int column, uint8_t *out_array,
                              size_t size, struct error *err);

// Starts a query and goes to its first row; RESULT_NOT_FOUND (error untouched) without one.
enum result query_first(struct store *store, enum statement statement,
                        const struct value *parameters, size_t count, struct query *out_query,
                        struct error *err);

// The names of one owner, in their order; `statement` is its …_NAMES or …_NAME_ADD.
enum result record_names_read(struct store *store, enum statement statement, int64_t owner,
                              struct name_record **out_names, size_t *out_count,
                              struct error *err);
enum result record_names_add(struct store *store, enum statement statement, int64_t owner,
                             const struct name_record *names, size_t count, struct error *err);
void record_names_free(struct name_record *names, size_t count);
