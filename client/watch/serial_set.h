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
// From hex, as servers print it; what is no serial is passed over. Drops what is beyond
// LIMIT_LIVE_SERIALS, RESULT_LIMIT.
enum result serial_set_add(struct serial_set *set, struct bytes hex);
// Everything that is in the CRLs (concatenated DER).
enum result serial_set_add_revoked(struct serial_set *set, struct bytes crls,
                                   struct error *err);
// Sorts, drops what is there twice, and marks the revoked ones: one walk over the CRLs.
enum result serial_set_judge(struct serial_set *set, struct bytes crls, struct error *err);
bool serial_set_is_revoked(const struct serial_set *set, struct bytes hex);
