// A request whose answer may be waited for: what to ask again, and until when.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/bytes.h"
#include "base/error.h"
#include "gateway/parking.h"
#include "wire/messages.h"

struct poll {
    struct parked place;
    char *key;          // of the notices that make a new answer likely
    struct buf request; // in binary form
    int64_t wait_seconds;
    uint64_t due; // parking_now and that, the owner's to set
};

// NULL in *out_poll for a request that wants its answer at once.
enum result poll_new(enum operation_id operation, struct bytes request, struct poll **out_poll,
                     struct error *err);
// Gives up its place. NULL is fine.
void poll_free(struct poll *poll);
