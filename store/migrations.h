// The schema as numbered steps, each applied once and recorded in the database.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "store/database.h"

// Applies the steps that are missing, all in one transaction. RESULT_INVALID (code
// "store_newer") when the database knows more steps than this program.
enum result migrations_apply(struct database *database, struct error *err);
// The number of the last step.
int64_t migrations_latest(void);
