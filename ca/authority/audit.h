// The audit trail: one hash-chained record per decision, in the transaction of what it tells of.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/error.h"
#include "store/store.h"
#include "wire/audit_chain.h"

// Appends a record. `detail` is one line and holds no secret. Texts are cut to the limits of the
// message audit_info, and what is no UTF-8 or a control character is replaced: every record can be
// shown. The hash is that of wire/audit_chain.h.
enum result audit_append(struct store *store, int64_t now, const char *actor, const char *event,
                         const char *subject, const char *detail, struct error *err);
enum result audit_follow(struct audit_chain *chain, const struct audit_record *record,
                         struct error *err);
// Recomputes the whole chain. RESULT_INVALID names the first record that does not fit.
enum result audit_verify(struct store *store, struct error *err);
// The same against a checkpoint (NULL: none), whose signature is the caller's business; tells
// where the chain ends.
enum result audit_verify_to(struct store *store, const struct audit_checkpoint *checkpoint,
                            struct audit_chain *out_end, struct error *err);
