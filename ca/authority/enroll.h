// Enrollment: a certificate for whoever holds a token, within what the token grants.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/error.h"
#include "wire/messages.h"

struct authority;
struct peer;

// Without a token the request is held where the profile allows that (request.h), and so it is
// with a token of a profile that needs approval. Else:
// Checks the token, proof of possession, names and key, issues, records and spends the token,
// all in the caller's transaction. The same CSR with the same token gets the same certificate
// again, unless that was revoked. When it is refused, token_note_refusal must follow the
// roll-back.
enum result enroll_device(struct authority *authority, struct peer *peer,
                          const struct enroll *request, struct issued *reply,
                          struct error *err);
