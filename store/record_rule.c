// Rules: devices that are approved at once, by their key or a serial number.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/record.h"

void rule_record_clear(struct rule_record *record) {
    string_free_at(&record->profile);
    string_free_at(&record->kind);
    string_free_at(&record->value);
    string_free_at(&record->created_by);
    string_free_at(&record->label);
    record_names_free(record->names, record->name_count);
    *record = (struct rule_record){0};
}

enum result store_add_rule(struct store *store, const struct rule_record *record,
                           struct error *err) {
    const struct value parameters[] = {
        value_text(record->profile),    value_text(record->kind),
        value_text(record->value),      value_integer(record->created),
        value_text(record->created_by), value_text(record->label),
    };
    int64_t sequence = 0;
    TRY(statement_insert(store->database, STATEMENT_RULE_ADD, parameters, COUNT_OF(parameters),
                         &sequence, err));
    return record_names_add(store, STATEMENT_RULE_NAME_ADD, sequence, record->names,
                            record->name_count, err);
}

// Columns of RULE_SELECT.
static enum result read_rule(struct store *store, const struct query *query,
                             struct rule_record *record, struct error *err) {
    record->sequence = query_integer(query, 0);
    TRY(column_copy_text(query, 1, &record->profile, err));
    TRY(column_copy_text(query, 2, &record->kind, err));
    TRY(column_copy_text(query, 3, &record->value, err));
    record->created = query_integer(query, 4);
    TRY(column_copy_text(query, 5, &record->created_by, err));
    TRY(column_copy_text(query, 6, &record->label, err));
    record->certificate_id = query_integer(query, 7);
    return record_names_read(store, STATEMENT_RULE_NAMES, record->sequence, &record->names,
                             &record->name_count, err);
}

enum result store_find_rule(struct store *store, const char *profile, const char *kind,
                            const char *value, struct rule_record *out_record,
                            struct error *err) {
    AUTO(query_end) struct query query = {0};
    const struct value parameters[] = {value_text(value), value_text(kind),
                                       value_text(profile)};
    enum result result =
        query_first(store, STATEMENT_RULE_FIND, parameters, COUNT_OF(parameters), &query, err);
    if (result == RESULT_NOT_FOUND) {
        return error_set(err, RESULT_NOT_FOUND, "there is no such rule");
    }
    TRY(result);
    AUTO(rule_record_clear) struct rule_record record = {0};
    TRY(read_rule(store, &query, &record, err));
    *out_record = record;
    record = (struct rule_record){0};
    return RESULT_OK;
}

enum result store_use_rule(struct store *store, int64_t sequence, int64_t certificate_id,
                           struct error *err) {
    const struct value parameters[] = {value_integer(certificate_id), value_integer(sequence)};
    int64_t changed = 0;
    TRY(statement_run(store->database, STATEMENT_RULE_USE, parameters, COUNT_OF(parameters),
                      &changed, err));
    return changed == 1 ? RESULT_OK
                        : error_set(err, RESULT_CONFLICT, "this rule was used before");
}

enum result store_remove_rule(struct store *store, int64_t sequence, struct error *err) {
    const struct value parameters[] = {value_integer(sequence)};
    int64_t changed = 0;
    TRY(statement_run(store->database, STATEMENT_RULE_REMOVE, parameters, 1, &changed, err));
    return changed == 1 ? RESULT_OK : error_set(err, RESULT_NOT_FOUND, "there is no such rule");
}

enum result store_list_rules(struct store *store, const struct rule_filter *filter,
                             enum result (*visit)(void *context,
                                                  const struct rule_record *record,
                                                  struct error *err),
                             void *context, struct error *err) {
    AUTO(query_end) struct query query = {0};
    const struct value parameters[] = {
        value_integer(filter->before_sequence == 0 ? INT64_MAX : filter->before_sequence),
        value_integer(filter->state),
        value_text(filter->profile == NULL ? "" : filter->profile),
        value_text(filter->value == NULL ? "" : filter->value),
        value_integer((int64_t)filter->limit),
    };
    TRY(query_start(store->database,
                    filter->value == NULL ? STATEMENT_RULE_LIST : STATEMENT_RULE_LIST_BY_VALUE,
                    parameters, COUNT_OF(parameters), &query, err));
    for (;;) {
        enum result result = query_next(&query, err);
        if (result == RESULT_NOT_FOUND) {
            return RESULT_OK;
        }
        TRY(result);
        AUTO(rule_record_clear) struct rule_record record = {0};
        TRY(read_rule(store, &query, &record, err));
        TRY(visit(context, &record, err));
    }
}
