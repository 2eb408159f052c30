// Enrollment: a certificate for whoever has a grant, within it; or a request held for approval.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/error.h"
#include "wire/messages.h"

struct authority;
struct peer;

// Finds what grants the request (grant.h), checks proof of possession, names and key, issues,
// records and spends a token's use, all in the caller's transaction. Where the profile wants
// approvals, or nobody granted anything yet, the request is held: RESULT_PENDING with peer->held.
// The same CSR of the same requester gets the same certificate again, unless that was revoked.
// When it is refused, token_note_refusal must follow the roll-back.
enum result enroll_device(struct authority *authority, struct peer *peer,
                          const struct enroll *request, struct issued *reply,
                          struct error *err);
