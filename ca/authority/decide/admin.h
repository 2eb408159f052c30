// Administrators: invited, listed, given another role, removed.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stdint.h>

#include "base/error.h"
#include "store/store.h"
#include "wire/messages.h"
#include "x509/crl.h"

struct authority;
struct peer;

// Keeps the name for good and makes the token with which its owner enrolls, once. RESULT_CONFLICT
// (code "admin_exists") for a name that was ever used, RESULT_LIMIT ("too_many_admins").
enum result admin_add(struct authority *authority, const struct peer *peer,
                      const struct admin_add *request, struct token_created *reply,
                      struct error *err);
enum result admin_list(struct authority *authority, const struct peer *peer,
                       const struct nothing *request, struct admin_page *reply,
                       struct error *err);
// Takes effect at the next request, and for good: token and certificates are revoked as well.
// RESULT_DENIED for the last owner who can act (code "last_owner") and for the one who asks
// ("own_admin"); RESULT_CONFLICT ("already_removed").
enum result admin_remove(struct authority *authority, const struct peer *peer,
                         const struct admin_remove *request, struct admin_info *reply,
                         struct error *err);
// RESULT_DENIED ("last_owner"); RESULT_CONFLICT ("admin_removed", "role_unchanged").
enum result admin_change(struct authority *authority, const struct peer *peer,
                         const struct admin_change *request, struct admin_info *reply,
                         struct error *err);

// --- for what takes certificates of administrators ---------------------------------------------

// Somebody must be left who can undo it: an owner with a valid certificate. Asked when it is
// done, in its transaction. RESULT_DENIED (code "last_owner").
enum result admin_require_owner(struct authority *authority, struct error *err);

// --- for `signetd admin reset` ----------------------------------------------------------------

// RESULT_INVALID (code "name_invalid") with the reason.
enum result admin_check_name(const char *name, struct error *err);
// Revokes the valid certificates of this name and counts them.
enum result admin_revoke_certificates(struct authority *authority, const struct peer *peer,
                                      const char *name, enum crl_reason reason, int64_t now,
                                      int64_t *out_count, struct error *err);
// Marks as removed, and revokes the invitation and the certificates.
enum result admin_take_away(struct authority *authority, const struct peer *peer,
                            const struct admin_record *admin, int64_t now, struct error *err);
