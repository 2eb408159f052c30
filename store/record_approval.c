// Approvals of held requests: each is one administrator's, for exactly what was seen.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/record.h"

static void approval_record_clear(struct approval_record *record) {
    string_free_at(&record->admin);
    buf_clear(&record->digest);
    *record = (struct approval_record){0};
}

enum result store_add_approval(struct store *store, int64_t request_sequence,
                               const struct approval_record *record, struct error *err) {
    const struct value parameters[] = {
        value_integer(request_sequence),         value_text(record->admin),
        value_bytes(buf_bytes(&record->digest)), value_integer(record->approved_at),
        value_integer(record->certificate_id),
    };
    int64_t changed = 0;
    TRY(statement_run(store->database, STATEMENT_APPROVAL_ADD, parameters, COUNT_OF(parameters),
                      &changed, err));
    return changed == 1 ? RESULT_OK
                        : error_set_code(err, RESULT_CONFLICT, "already_approved",
                                         "%s has approved this request already", record->admin);
}

enum result store_each_approval(struct store *store, int64_t request_sequence,
                                enum result (*visit)(void *context,
                                                     const struct approval_record *record,
                                                     struct error *err),
                                void *context, struct error *err) {
    AUTO(query_end) struct query query = {0};
    const struct value parameters[] = {value_integer(request_sequence)};
    TRY(query_start(store->database, STATEMENT_APPROVAL_EACH, parameters, 1, &query, err));
    for (;;) {
        enum result result = query_next(&query, err);
        if (result == RESULT_NOT_FOUND) {
            return RESULT_OK;
        }
        TRY(result);
        AUTO(approval_record_clear)
        struct approval_record record = {
            .approved_at = query_integer(&query, 2),
            .certificate_id = query_integer(&query, 3),
            .stands = query_integer(&query, 4) != 0,
        };
        TRY(column_copy_text(&query, 0, &record.admin, err));
        TRY(column_copy_bytes(&query, 1, &record.digest, err));
        TRY(visit(context, &record, err));
    }
}
