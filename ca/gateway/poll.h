// A request whose answer may be waited for: what to ask again, and until when.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stdbool.h>

#include "base/bytes.h"
#include "base/error.h"
#include "gateway/parking.h"
#include "wire/messages.h"

struct poll {
    struct parked place;
    char *key;          // of the notices that make a new answer likely
    struct buf request; // in binary form; of a wait for a publication: none
    int64_t after;      // the number of the publication that the peer has
    char *tags;         // its If-None-Match; NULL without
    int64_t wait_seconds;
    uint64_t due; // parking_now and that, the owner's to set
};

// NULL in *out_poll for a request that wants its answer at once.
enum result poll_new(enum operation_id operation, struct bytes request, struct poll **out_poll,
                     struct error *err);
// Of one that waits for the next version of what is published under that path. `tags` may be NULL.
enum result poll_new_published(const char *path, int64_t after, const char *tags,
                               int64_t seconds, struct poll **out_poll, struct error *err);
bool poll_is_for_publication(const struct poll *poll);
// Gives up its place. NULL is fine.
void poll_free(struct poll *poll);
