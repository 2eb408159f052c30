// Serials of live sessions, and which of them are revoked.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/error.h"
#include "base/limits.h"

struct live_serial {
    uint8_t octets[LIMIT_SERIAL_BYTES]; // without leading zeros
    uint8_t size;
    bool is_revoked;
};

// Zeroed memory is an empty set.
struct serial_set {
    struct live_serial *items;
    size_t count;
};

void serial_set_clear(struct serial_set *set);
// From hex, as servers print it; what is no serial is passed over. RESULT_LIMIT beyond
// LIMIT_LIVE_SERIALS.
enum result serial_set_add(struct serial_set *set, struct bytes hex, struct error *err);
// Sorts, drops what is there twice, and marks the revoked ones: one walk over the CRLs
// (concatenated DER).
enum result serial_set_judge(struct serial_set *set, struct bytes crls, struct error *err);

// How far CRLs have been walked; begins with `crls` alone, and is over when both are empty.
struct serial_walk {
    struct bytes crls;
    struct bytes entries;
};
// Replaces what is in the set by the serials that come next, LIMIT_LIVE_SERIALS at most.
enum result serial_set_fill(struct serial_set *set, struct serial_walk *walk,
                            struct error *err);
// Adds those that are not marked in `more`, and adds to *left_out how many had no room. Both are
// judged before.
enum result serial_set_merge(struct serial_set *set, const struct serial_set *more,
                             size_t *left_out, struct error *err);
bool serial_set_is_revoked(const struct serial_set *set, struct bytes hex);
