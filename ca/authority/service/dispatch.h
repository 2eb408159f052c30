// From a request frame to the answer's body: one closed table of operations.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/bytes.h"
#include "base/error.h"
#include "wire/frame.h"
#include "wire/messages.h"

struct authority;

// Zeroed memory is a valid cleared answer.
struct answer {
    bool is_for_admin; // who may know more of what goes wrong here
    enum result result;
    struct buf body; // the reply's message, or the encoded error
};

void answer_clear(struct answer *answer);
// Replaces what is in it by an error.
void answer_refuse(struct answer *answer, const struct error *err);

// The roles (mask of enum admin_role) of which an administrator must have one to ask for this
// operation; 0 for operations that are not theirs.
unsigned dispatch_roles(unsigned number);

// Inside a transaction: refuses what is unknown and what this channel may not ask, whatever the
// frame says; decodes, identifies the peer, runs the one operation in a savepoint, encodes.
// A refused request leaves nothing behind but the note of its refusal. A handler that holds a
// request fills peer->held and returns RESULT_PENDING: that is kept like a success, and the
// body is the message `held`.
void dispatch(struct authority *authority, enum channel channel, const struct frame *request,
              struct answer *out_answer);
