// The text of each numbered statement.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/statements.h"

static const char *const texts[] = {
#define STATEMENT_TEXT(constant, sql) [STATEMENT_##constant] = sql,
    STATEMENT_TABLE(STATEMENT_TEXT)
#undef STATEMENT_TEXT
};

const char *statement_sql(enum statement statement) {
    return texts[statement];
}
