// Enrollment tokens: what each allows, and how much of it is spent.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/record_token.h"

void token_record_clear(struct token_record *record) {
    buf_clear(&record->id);
    buf_clear(&record->secret_hash);
    string_free_at(&record->profile);
    record_names_free(record->names, record->name_count);
    record_names_free(record->patterns, record->pattern_count);
    string_free_at(&record->created_by);
    string_free_at(&record->label);
    *record = (struct token_record){0};
}

enum token_state token_record_state(const struct token_record *record, int64_t now) {
    if (record->revoked_at != 0) {
        return TOKEN_REVOKED;
    }
    if (record->uses_spent >= record->uses_allowed) {
        return TOKEN_SPENT;
    }
    return record->expires <= now ? TOKEN_EXPIRED : TOKEN_OPEN;
}

// One more token that can be used (1), or one less (-1).
static void count_change(struct store *store, int64_t expires, int change) {
    struct open_tokens *open = &store->counts.open;
    if (open->is_counted && expires > open->until) {
        open->count += change;
    }
}

// Of a token that was just changed.
struct token_uses {
    int64_t left;
    int64_t expires;
    bool is_revoked;
};

static enum result read_uses(struct store *store, struct bytes id, struct token_uses *out_uses,
                             struct error *err) {
    AUTO(query_end) struct query query = {0};
    const struct value parameters[] = {value_bytes(id)};
    TRY(query_first(store, STATEMENT_TOKEN_USES, parameters, 1, &query, err));
    out_uses->left = query_integer(&query, 0);
    out_uses->expires = query_integer(&query, 1);
    out_uses->is_revoked = !query_is_null(&query, 2);
    return RESULT_OK;
}

enum result store_add_token(struct store *store, const struct token_record *record,
                            struct error *err) {
    const struct value parameters[] = {
        value_bytes(buf_bytes(&record->id)), value_bytes(buf_bytes(&record->secret_hash)),
        value_text(record->profile),         value_integer(record->uses_allowed),
        value_integer(record->uses_spent),   value_integer(record->failures),
        value_integer(record->lifetime),     value_integer(record->created),
        value_integer(record->expires),      value_integer_or_null(record->revoked_at),
        value_text(record->created_by),      value_text(record->label),
    };
    int64_t sequence = 0;
    TRY(statement_insert(store->database, STATEMENT_TOKEN_ADD, parameters, COUNT_OF(parameters),
                         &sequence, err));
    if (record->revoked_at == 0 && record->uses_spent < record->uses_allowed) {
        count_change(store, record->expires, 1);
    }
    TRY(record_names_add(store, STATEMENT_TOKEN_NAME_ADD, sequence, record->names,
                         record->name_count, err));
    return record_names_add(store, STATEMENT_TOKEN_PATTERN_ADD, sequence, record->patterns,
                            record->pattern_count, err);
}

enum result token_row_read(struct store *store, const struct query *query,
                           struct token_record *record, struct error *err) {
    record->sequence = query_integer(query, 0);
    TRY(column_copy_bytes(query, 1, &record->id, err));
    TRY(column_copy_bytes(query, 2, &record->secret_hash, err));
    TRY(column_copy_text(query, 3, &record->profile, err));
    record->uses_allowed = query_integer(query, 4);
    record->uses_spent = query_integer(query, 5);
    record->failures = query_integer(query, 6);
    record->lifetime = query_integer(query, 7);
    record->created = query_integer(query, 8);
    record->expires = query_integer(query, 9);
    record->revoked_at = query_integer(query, 10);
    TRY(column_copy_text(query, 11, &record->created_by, err));
    TRY(column_copy_text(query, 12, &record->label, err));
    TRY(record_names_read(store, STATEMENT_TOKEN_NAMES, record->sequence, &record->names,
                          &record->name_count, err));
    return record_names_read(store, STATEMENT_TOKEN_PATTERNS, record->sequence,
                             &record->patterns, &record->pattern_count, err);
}

enum result store_find_token(struct store *store, struct bytes id,
                             struct token_record *out_record, struct error *err) {
    AUTO(query_end) struct query query = {0};
    const struct value parameters[] = {value_bytes(id)};
    enum result result = query_first(store, STATEMENT_TOKEN_FIND, parameters, 1, &query, err);
    if (result == RESULT_NOT_FOUND) {
        return error_set(err, RESULT_NOT_FOUND, "there is no such token");
    }
    TRY(result);
    AUTO(token_record_clear) struct token_record record = {0};
    TRY(token_row_read(store, &query, &record, err));
    *out_record = record;
    record = (struct token_record){0};
    return RESULT_OK;
}

// A change that found no row: RESULT_NOT_FOUND without such a token, else the conflict that is
// given.
static enum result explain_unchanged(struct store *store, struct bytes id, const char *code,
                                     const char *message, struct error *err) {
    AUTO(token_record_clear) struct token_record record = {0};
    TRY(store_find_token(store, id, &record, err));
    return error_set_code(err, RESULT_CONFLICT, code, "%s", message);
}

enum result store_spend_token(struct store *store, struct bytes id, struct error *err) {
    const struct value parameters[] = {value_bytes(id)};
    int64_t changed = 0;
    TRY(statement_run(store->database, STATEMENT_TOKEN_SPEND, parameters, 1, &changed, err));
    if (changed != 1) {
        return explain_unchanged(store, id, "token_spent", "every use of this token is spent",
                                 err);
    }
    struct token_uses uses;
    TRY(read_uses(store, id, &uses, err));
    if (!uses.is_revoked && uses.left == 0) {
        count_change(store, uses.expires, -1);
    }
    return RESULT_OK;
}

enum result store_give_token_back(struct store *store, struct bytes id, struct error *err) {
    const struct value parameters[] = {value_bytes(id)};
    int64_t changed = 0;
    TRY(statement_run(store->database, STATEMENT_TOKEN_GIVE_BACK, parameters, 1, &changed,
                      err));
    if (changed != 1) {
        return RESULT_OK; // none was spent
    }
    struct token_uses uses;
    TRY(read_uses(store, id, &uses, err));
    if (!uses.is_revoked && uses.left == 1) {
        count_change(store, uses.expires, 1);
    }
    return RESULT_OK;
}

enum result store_count_token_failure(struct store *store, struct bytes id, struct error *err) {
    const struct value parameters[] = {value_bytes(id)};
    int64_t changed = 0;
    TRY(statement_run(store->database, STATEMENT_TOKEN_COUNT_FAILURE, parameters, 1, &changed,
                      err));
    return changed == 1 ? RESULT_OK
                        : error_set(err, RESULT_NOT_FOUND, "there is no such token");
}

enum result store_revoke_token(struct store *store, struct bytes id, int64_t now,
                               struct error *err) {
    const struct value parameters[] = {value_integer(now), value_bytes(id)};
    int64_t changed = 0;
    TRY(statement_run(store->database, STATEMENT_TOKEN_REVOKE, parameters, 2, &changed, err));
    if (changed != 1) {
        return explain_unchanged(store, id, "already_revoked", "this token is revoked already",
                                 err);
    }
    struct token_uses uses;
    TRY(read_uses(store, id, &uses, err));
    if (uses.left > 0) {
        count_change(store, uses.expires, -1);
    }
    return RESULT_OK;
}

// --- how many can be used --------------------------------------------------------------------

static enum result count_range(struct store *store, int64_t from, int64_t to,
                               int64_t *out_count, struct error *err) {
    const struct value parameters[] = {value_integer(from), value_integer(to)};
    AUTO(query_end) struct query query = {0};
    TRY(query_first(store, STATEMENT_TOKEN_COUNT_OPEN, parameters, 2, &query, err));
    *out_count = query_integer(&query, 0);
    return RESULT_OK;
}

enum result store_count_open_tokens(struct store *store, int64_t now, int64_t *out_count,
                                    struct error *err) {
    struct open_tokens open = store->counts.open;
    if (!open.is_counted || now < open.until) {
        TRY(count_range(store, now, INT64_MAX, &open.count, err));
    } else {
        // Only what expired since the last count is looked at.
        int64_t expired = 0;
        TRY(count_range(store, open.until, now, &expired, err));
        open.count -= expired;
    }
    open.is_counted = true;
    open.until = now;
    store->counts.open = open;
    *out_count = open.count;
    return RESULT_OK;
}
