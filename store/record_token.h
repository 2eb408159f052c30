// Reading tokens from a query; shared by the lookups and the lists.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "store/record.h"

// Columns of TOKEN_COLUMNS, into a zeroed record.
enum result token_row_read(struct store *store, const struct query *query,
                           struct token_record *record, struct error *err);
