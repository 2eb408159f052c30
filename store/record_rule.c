// Rules: devices that are approved at once, by their key or a serial number.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/walk.h"

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

// --- lists -----------------------------------------------------------------------------------

// Columns of RULE_SELECT.
enum { COLUMN_PROFILE = 1, COLUMN_VALUE = 3, COLUMN_CERTIFICATE = 7 };

struct rule_listing {
    struct store *store;
    const struct rule_filter *filter;
    enum result (*visit)(void *context, const struct rule_record *record, struct error *err);
    void *context;
};

// The most selective first.
static void choose_walk(const struct rule_filter *filter, struct walk *walk) {
    struct value value = value_text(filter->value);
    struct value profile = value_text(filter->profile);
    if (filter->value != NULL) {
        walk_newest(walk, STATEMENT_RULE_LIST_OF_VALUE, &value, &filter->after);
    } else if (filter->state == RULE_OPEN) {
        walk_newest(walk, STATEMENT_RULE_LIST_OPEN, NULL, &filter->after);
    } else if (filter->profile != NULL) {
        walk_newest(walk, STATEMENT_RULE_LIST_OF_PROFILE, &profile, &filter->after);
    } else {
        walk_newest(walk, STATEMENT_RULE_LIST, NULL, &filter->after);
    }
}

static bool state_fits(enum rule_state state, bool is_used) {
    return state == RULE_ANY || (state == RULE_USED) == is_used;
}

static enum result look(void *context, const struct query *query, bool has_room, bool *out_fits,
                        struct error *err) {
    struct rule_listing *listing = context;
    const struct rule_filter *filter = listing->filter;
    *out_fits = state_fits(filter->state, !query_is_null(query, COLUMN_CERTIFICATE)) &&
                column_fits(query, COLUMN_PROFILE, filter->profile) &&
                column_fits(query, COLUMN_VALUE, filter->value);
    if (!*out_fits || !has_room) {
        return RESULT_OK;
    }
    AUTO(rule_record_clear) struct rule_record record = {0};
    TRY(read_rule(listing->store, query, &record, err));
    return listing->visit(listing->context, &record, err);
}

enum result store_list_rules(struct store *store, const struct rule_filter *filter,
                             enum result (*visit)(void *context,
                                                  const struct rule_record *record,
                                                  struct error *err),
                             void *context, struct list_position *out_next, struct error *err) {
    AUTO(walk_clear) struct walk walk = {0};
    choose_walk(filter, &walk);
    struct rule_listing listing = {
        .store = store, .filter = filter, .visit = visit, .context = context};
    return walk_page(store, &walk, filter->limit, look, &listing, out_next, err);
}
