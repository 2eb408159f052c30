// The audit records: a sequence without gaps that only grows.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/record.h"

void audit_record_clear(struct audit_record *record) {
    string_free_at(&record->actor);
    string_free_at(&record->event);
    string_free_at(&record->subject);
    string_free_at(&record->detail);
    *record = (struct audit_record){0};
}

enum result store_add_audit(struct store *store, const struct audit_record *record,
                            struct error *err) {
    const struct value parameters[] = {
        value_integer(record->sequence),
        value_integer(record->time),
        value_text(record->actor),
        value_text(record->event),
        value_text(record->subject),
        value_text(record->detail),
        value_bytes(bytes_of(record->previous_hash, sizeof(record->previous_hash))),
        value_bytes(bytes_of(record->hash, sizeof(record->hash))),
    };
    int64_t changed = 0;
    TRY(statement_run(store->database, STATEMENT_AUDIT_ADD, parameters, COUNT_OF(parameters),
                      &changed, err));
    return changed == 1 ? RESULT_OK
                        : error_set_code(err, RESULT_CONFLICT, "audit_sequence",
                                         "audit record %lld does not follow the last one",
                                         (long long)record->sequence);
}

// Columns of AUDIT_SELECT.
static enum result read_audit(const struct query *query, struct audit_record *record,
                              struct error *err) {
    record->sequence = query_integer(query, 0);
    record->time = query_integer(query, 1);
    TRY(column_copy_text(query, 2, &record->actor, err));
    TRY(column_copy_text(query, 3, &record->event, err));
    TRY(column_copy_text(query, 4, &record->subject, err));
    TRY(column_copy_text(query, 5, &record->detail, err));
    TRY(column_read_array(query, 6, record->previous_hash, sizeof(record->previous_hash), err));
    return column_read_array(query, 7, record->hash, sizeof(record->hash), err);
}

enum result store_last_audit(struct store *store, struct audit_record *out_record,
                             struct error *err) {
    AUTO(query_end) struct query query = {0};
    enum result result = query_first(store, STATEMENT_AUDIT_LAST, NULL, 0, &query, err);
    if (result == RESULT_NOT_FOUND) {
        return error_set(err, RESULT_NOT_FOUND, "there is no audit record yet");
    }
    TRY(result);
    AUTO(audit_record_clear) struct audit_record record = {0};
    TRY(read_audit(&query, &record, err));
    *out_record = record;
    record = (struct audit_record){0};
    return RESULT_OK;
}

static enum result visit_all(struct query *query,
                             enum result (*visit)(void *context,
                                                  const struct audit_record *record,
                                                  struct error *err),
                             void *context, struct error *err) {
    for (;;) {
        enum result result = query_next(query, err);
        if (result == RESULT_NOT_FOUND) {
            return RESULT_OK;
        }
        TRY(result);
        AUTO(audit_record_clear) struct audit_record record = {0};
        TRY(read_audit(query, &record, err));
        TRY(visit(context, &record, err));
    }
}

enum result store_each_audit(struct store *store, int64_t from_sequence,
                             enum result (*visit)(void *context,
                                                  const struct audit_record *record,
                                                  struct error *err),
                             void *context, struct error *err) {
    AUTO(query_end) struct query query = {0};
    const struct value parameters[] = {value_integer(from_sequence)};
    TRY(query_start(store->database, STATEMENT_AUDIT_EACH, parameters, 1, &query, err));
    return visit_all(&query, visit, context, err);
}

// By the index that leaves the least to look at.
static enum statement choose_list(const struct audit_filter *filter) {
    if (filter->subject != NULL) {
        return filter->is_ascending ? STATEMENT_AUDIT_LIST_BY_SUBJECT_ASC
                                    : STATEMENT_AUDIT_LIST_BY_SUBJECT_DESC;
    }
    if (filter->actor != NULL) {
        return filter->is_ascending ? STATEMENT_AUDIT_LIST_BY_ACTOR_ASC
                                    : STATEMENT_AUDIT_LIST_BY_ACTOR_DESC;
    }
    if (filter->event != NULL) {
        return filter->is_ascending ? STATEMENT_AUDIT_LIST_BY_EVENT_ASC
                                    : STATEMENT_AUDIT_LIST_BY_EVENT_DESC;
    }
    return filter->is_ascending ? STATEMENT_AUDIT_LIST_ASC : STATEMENT_AUDIT_LIST_DESC;
}

static struct value text_or_empty(const char *text) {
    return value_text(text == NULL ? "" : text);
}

enum result store_list_audit(struct store *store, const struct audit_filter *filter,
                             enum result (*visit)(void *context,
                                                  const struct audit_record *record,
                                                  struct error *err),
                             void *context, struct error *err) {
    AUTO(query_end) struct query query = {0};
    const struct value parameters[] = {
        value_integer(filter->from_sequence),
        value_integer(filter->before_sequence == 0 ? INT64_MAX : filter->before_sequence),
        text_or_empty(filter->event),
        text_or_empty(filter->actor),
        text_or_empty(filter->subject),
        value_integer((int64_t)filter->limit),
    };
    TRY(query_start(store->database, choose_list(filter), parameters, COUNT_OF(parameters),
                    &query, err));
    return visit_all(&query, visit, context, err);
}
