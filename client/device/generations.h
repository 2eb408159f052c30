// The generations of a credential: where they are, which is in use, and which of the others stay.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stdint.h>

#include "base/bytes.h"
#include "base/error.h"

// Zeroed memory is a valid cleared one.
struct generations {
    const char *credential; // DIR/NAME, borrowed
    struct buf link;        // DIR/NAME/current
    struct buf folder;      // DIR/NAME/generations
    int64_t number;         // that the link leads to; 0: nothing is installed
};

void generations_clear(struct generations *all);
// RESULT_CONFLICT, code "misconfigured", when `current` is something else than such a link.
enum result generations_open(const char *credential, struct generations *out_all,
                             struct error *err);
// *out is initialised here.
enum result generations_path(const struct generations *all, int64_t number, struct buf *out);
// The last one before the present one that has another certificate; settings and new CAs make
// generations, too. 0 when there is none.
int64_t generations_before(const struct generations *all);
// The one with the certificate that the hook has last succeeded for, when that is not the present
// one: until it succeeds again whoever is told by the hook knows no other. 0 when there is none.
int64_t generations_hooked(const struct generations *all);
// The number for a new one, whose place nothing has that stays.
int64_t generations_next(const struct generations *all);
// Removes all but the present one and these two. A failure costs only space.
void generations_prune(const struct generations *all);
