// Reading an existing CA, so that it becomes the issuing CA of a new authority.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stdint.h>

#include "authority/host/init.h"
#include "base/bytes.h"
#include "base/error.h"
#include "x509/key.h"

// Zeroed memory is a valid cleared adoption.
struct adoption {
    struct buf chain; // DER: the adopted CA, then those above it, up to the root
    struct key *key;  // the adopted CA's
    struct buf notes; // lines for a person: what is not refused but should be known
};

void adoption_clear(struct adoption *adoption);
// Reads and checks the files that the options name (PEM, or a certificate in DER). Refuses with
// the cure what could not issue: not a CA, key usage without keyCertSign and cRLSign, a key
// that does not belong to it, weak keys, a chain that does not end in a root, dates.
enum result adoption_read(const struct init_options *options, int64_t now,
                          struct adoption *out_adoption, struct error *err);
