// Administrators and their roles.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/record.h"

void admin_record_clear(struct admin_record *record) {
    string_free_at(&record->name);
    string_free_at(&record->role);
    string_free_at(&record->created_by);
    buf_clear(&record->token_id);
    *record = (struct admin_record){0};
}

enum result store_add_admin(struct store *store, const struct admin_record *record,
                            struct error *err) {
    const struct value parameters[] = {
        value_text(record->name),       value_text(record->role),
        value_integer(record->created), value_integer_or_null(record->removed_at),
        value_text(record->created_by), value_bytes_or_null(buf_bytes(&record->token_id)),
    };
    enum result result = statement_run(store->database, STATEMENT_ADMIN_ADD, parameters,
                                       COUNT_OF(parameters), NULL, err);
    if (result == RESULT_CONFLICT) {
        (void)error_set_code(err, RESULT_CONFLICT, "admin_exists",
                             "the administrator name %s is in use or was", record->name);
        error_hint(err, "Choose another name: those of removed administrators stay theirs.");
    }
    return result;
}

enum result store_find_admin(struct store *store, const char *name,
                             struct admin_record *out_record, struct error *err) {
    AUTO(query_end) struct query query = {0};
    const struct value parameters[] = {value_text(name)};
    enum result result = query_first(store, STATEMENT_ADMIN_FIND, parameters, 1, &query, err);
    if (result == RESULT_NOT_FOUND) {
        return error_set(err, RESULT_NOT_FOUND, "there is no administrator %s", name);
    }
    TRY(result);
    AUTO(admin_record_clear) struct admin_record record = {0};
    TRY(column_copy_text(&query, 0, &record.name, err));
    TRY(column_copy_text(&query, 1, &record.role, err));
    record.created = query_integer(&query, 2);
    record.removed_at = query_integer(&query, 3);
    TRY(column_copy_text(&query, 4, &record.created_by, err));
    TRY(column_copy_bytes(&query, 5, &record.token_id, err));
    *out_record = record;
    record = (struct admin_record){0};
    return RESULT_OK;
}

enum result store_remove_admin(struct store *store, const char *name, int64_t now,
                               struct error *err) {
    const struct value parameters[] = {value_integer(now), value_text(name)};
    int64_t changed = 0;
    TRY(statement_run(store->database, STATEMENT_ADMIN_REMOVE, parameters, 2, &changed, err));
    if (changed == 1) {
        return RESULT_OK;
    }
    AUTO(admin_record_clear) struct admin_record record = {0};
    TRY(store_find_admin(store, name, &record, err));
    return error_set_code(err, RESULT_CONFLICT, "already_removed",
                          "the administrator %s is removed already", name);
}
