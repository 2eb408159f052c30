// Certificates that the store has lost, so that they can be revoked: after a backup was restored.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/error.h"
#include "wire/messages.h"

struct authority;
struct peer;

// The profile of such a record; no configuration can have one of that name.
#define PROFILE_UNKNOWN "(unknown)"

// Adds a record of a certificate of the CA `request->issuer`, of which nothing but the serial is
// known, unless there is one already. As nothing says when it ends, it stays on CRLs as long as its
// CA. RESULT_NOT_FOUND (code "issuer_unknown"), also for a root that issues CAs only; RESULT_DENIED
// ("role_denied") of a CA of administrators, unless an owner asks: it may be one of them.
enum result revoke_add_unknown(struct authority *authority, const struct peer *peer,
                               const struct certificate_revoke *request, struct error *err);
