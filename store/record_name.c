// Names and the lines of certificates that own them, until they are released.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/record_certificate.h"

enum result store_find_name_owner(struct store *store, const struct name_record *name,
                                  struct certificate_record *out_record, struct error *err) {
    const struct value parameters[] = {value_text(name->value), value_text(name->type)};
    return certificate_first(store, STATEMENT_NAME_OWNER, parameters, 2, out_record, err);
}

enum result store_each_certificate_of_name(struct store *store, const struct name_record *name,
                                           int64_t not_after_from, certificate_visit *visit,
                                           void *context, struct error *err) {
    const struct value parameters[] = {value_text(name->value), value_text(name->type),
                                       value_integer(not_after_from)};
    return certificate_walk(store, STATEMENT_NAME_CERTIFICATES, parameters, 3, visit, context,
                            err);
}

enum result store_release_name(struct store *store, const struct name_record *name,
                               int64_t certificate_id, int64_t released_at,
                               const char *released_by, struct error *err) {
    const struct value parameters[] = {
        value_text(name->type),     value_text(name->value), value_integer(certificate_id),
        value_integer(released_at), value_text(released_by),
    };
    return statement_run(store->database, STATEMENT_NAME_RELEASE_ADD, parameters,
                         COUNT_OF(parameters), NULL, err);
}

static enum result read_integer(struct store *store, enum statement statement,
                                const struct value *parameters, int64_t *out_integer,
                                struct error *err) {
    AUTO(query_end) struct query query = {0};
    TRY(query_first(store, statement, parameters, 2, &query, err));
    *out_integer = query_integer(&query, 0); // SQL NULL reads as 0
    return RESULT_OK;
}

enum result store_last_name_release(struct store *store, const struct name_record *name,
                                    int64_t *out_certificate_id, struct error *err) {
    const struct value parameters[] = {value_text(name->type), value_text(name->value)};
    return read_integer(store, STATEMENT_NAME_RELEASE_LAST, parameters, out_certificate_id,
                        err);
}

enum result store_is_name_held(struct store *store, const struct name_record *name,
                               struct bytes key_hash, int64_t now, bool *out_is_held,
                               struct error *err) {
    AUTO(query_end) struct query query = {0};
    const struct value parameters[] = {value_text(name->value), value_text(name->type),
                                       value_bytes(key_hash), value_integer(now)};
    enum result result =
        query_first(store, STATEMENT_NAME_HELD, parameters, COUNT_OF(parameters), &query, err);
    if (result != RESULT_OK && result != RESULT_NOT_FOUND) {
        return result;
    }
    *out_is_held = result == RESULT_OK;
    return RESULT_OK;
}

enum result store_count_name(struct store *store, const struct name_record *name,
                             int64_t *out_count, struct error *err) {
    const struct value parameters[] = {value_text(name->value), value_text(name->type)};
    return read_integer(store, STATEMENT_NAME_COUNT, parameters, out_count, err);
}
