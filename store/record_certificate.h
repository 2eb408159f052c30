// Reading certificates from a query; shared by the lookups and the lists.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "store/record.h"

typedef enum result certificate_visit(void *context, const struct certificate_record *record,
                                      struct error *err);

// Columns of CERTIFICATE_COLUMNS, into a zeroed record.
enum result certificate_row_read(struct store *store, const struct query *query,
                                 struct certificate_record *record, struct error *err);
// Runs a statement of CERTIFICATE_COLUMNS and calls `visit` for each row.
enum result certificate_walk(struct store *store, enum statement statement,
                             const struct value *parameters, size_t count,
                             certificate_visit *visit, void *context, struct error *err);
// The first row; RESULT_NOT_FOUND without one, RESULT_CONFLICT when there is another.
enum result certificate_first(struct store *store, enum statement statement,
                              const struct value *parameters, size_t count,
                              struct certificate_record *out_record, struct error *err);
