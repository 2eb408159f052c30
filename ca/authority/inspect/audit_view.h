// The audit trail as administrators see it, and signed statements about where it ends.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/error.h"
#include "store/store.h"
#include "wire/messages.h"

struct authority;
struct peer;

// Newest first, or with `from` in order from that record on. A page may hold fewer records than
// asked for, when they are long.
enum result audit_list(struct authority *authority, const struct peer *peer,
                       const struct audit_list *request, struct audit_page *reply,
                       struct error *err);
// Signed with the issuing CA's key; a use of that key, so itself in the trail.
enum result audit_sign_checkpoint(struct authority *authority, const struct peer *peer,
                                  const struct nothing *request, struct audit_checkpoint *reply,
                                  struct error *err);
// One of the CAs in this store signed the checkpoint. RESULT_DENIED, code "checkpoint_invalid".
enum result audit_trust_checkpoint(struct store *store,
                                   const struct audit_checkpoint *checkpoint,
                                   struct error *err);
enum result audit_info_fill(const struct audit_record *record, struct audit_info *info);
