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

// Columns of ADMIN_FIND and ADMIN_EACH.
static enum result read_admin(const struct query *query, struct admin_record *out_record,
                              struct error *err) {
    AUTO(admin_record_clear) struct admin_record record = {0};
    TRY(column_copy_text(query, 0, &record.name, err));
    TRY(column_copy_text(query, 1, &record.role, err));
    record.created = query_integer(query, 2);
    record.removed_at = query_integer(query, 3);
    TRY(column_copy_text(query, 4, &record.created_by, err));
    TRY(column_copy_bytes(query, 5, &record.token_id, err));
    *out_record = record;
    record = (struct admin_record){0};
    return RESULT_OK;
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
    return read_admin(&query, out_record, err);
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

static enum result change_one(struct store *store, enum statement statement,
                              const struct value *parameters, size_t count, const char *name,
                              struct error *err) {
    int64_t changed = 0;
    TRY(statement_run(store->database, statement, parameters, count, &changed, err));
    if (changed == 1) {
        return RESULT_OK;
    }
    AUTO(admin_record_clear) struct admin_record record = {0};
    TRY(store_find_admin(store, name, &record, err));
    return error_set_code(err, RESULT_CONFLICT, "admin_removed",
                          "the administrator %s is removed", name);
}

enum result store_change_admin(struct store *store, const char *name, const char *role,
                               struct error *err) {
    const struct value parameters[] = {value_text(role), value_text(name)};
    return change_one(store, STATEMENT_ADMIN_CHANGE, parameters, COUNT_OF(parameters), name,
                      err);
}

enum result store_invite_admin_again(struct store *store, const char *name, const char *role,
                                     struct bytes token_id, struct error *err) {
    const struct value parameters[] = {value_text(role), value_bytes(token_id),
                                       value_text(name)};
    return change_one(store, STATEMENT_ADMIN_INVITE_AGAIN, parameters, COUNT_OF(parameters),
                      name, err);
}

enum result store_each_admin(struct store *store, size_t limit,
                             enum result (*visit)(void *context,
                                                  const struct admin_record *record,
                                                  struct error *err),
                             void *context, struct error *err) {
    AUTO(query_end) struct query query = {0};
    const struct value parameters[] = {value_integer((int64_t)limit)};
    TRY(query_start(store->database, STATEMENT_ADMIN_EACH, parameters, 1, &query, err));
    for (;;) {
        enum result result = query_next(&query, err);
        if (result == RESULT_NOT_FOUND) {
            return RESULT_OK;
        }
        TRY(result);
        AUTO(admin_record_clear) struct admin_record record = {0};
        TRY(read_admin(&query, &record, err));
        TRY(visit(context, &record, err));
    }
}

enum result store_count_admins(struct store *store, int64_t *out_count, struct error *err) {
    AUTO(query_end) struct query query = {0};
    TRY(query_first(store, STATEMENT_ADMIN_COUNT, NULL, 0, &query, err));
    *out_count = query_integer(&query, 0);
    return RESULT_OK;
}

enum result store_count_able_admins(struct store *store, const char *role, const char *except,
                                    const char *profile, int64_t now, int64_t *out_count,
                                    struct error *err) {
    AUTO(query_end) struct query query = {0};
    const struct value parameters[] = {value_text(role), value_text(except),
                                       value_text(profile), value_integer(now)};
    TRY(query_first(store, STATEMENT_ADMIN_COUNT_ABLE, parameters, COUNT_OF(parameters), &query,
                    err));
    *out_count = query_integer(&query, 0);
    return RESULT_OK;
}

enum result store_count_admin_certificates(struct store *store, const char *name,
                                           const char *profile, int64_t now,
                                           struct admin_certificates *out_certificates,
                                           struct error *err) {
    AUTO(query_end) struct query query = {0};
    const struct value parameters[] = {value_integer(now), value_text(name),
                                       value_text(profile)};
    TRY(query_first(store, STATEMENT_ADMIN_COUNT_CERTIFICATES, parameters, COUNT_OF(parameters),
                    &query, err));
    *out_certificates = (struct admin_certificates){
        .issued = query_integer(&query, 0),
        .valid = query_integer(&query, 1),
        .not_after = query_integer(&query, 2),
    };
    return RESULT_OK;
}
