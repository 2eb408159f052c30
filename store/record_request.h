// Reading requests from a query; shared by the lookups and the lists.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "store/record.h"

typedef enum result request_visit(void *context, const struct request_record *record,
                                  struct error *err);

// Columns of REQUEST_COLUMNS, into a zeroed record.
enum result request_row_read(struct store *store, const struct query *query,
                             struct request_record *record, struct error *err);
