// The audit trail: one hash-chained record per decision, in the transaction of what it tells of.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/error.h"
#include "store/store.h"

// Appends a record. `detail` is one line and holds no secret. hash = SHA-256 over the previous hash
// and every field, each behind its length.
enum result audit_append(struct store *store, int64_t now, const char *actor, const char *event,
                         const char *subject, const char *detail, struct error *err);
// Recomputes the whole chain. RESULT_INVALID names the first record that does not fit.
enum result audit_verify(struct store *store, struct error *err);
