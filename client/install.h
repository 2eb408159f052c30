// Installing key, certificate and chain as one unit: a crash leaves the old set or the new one.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/error.h"
#include "wire/messages.h"
#include "x509/key.h"

// What one generation is made of; all borrowed. The answer was checked before
// (client/issued.h).
struct installation {
    const struct key *key;
    const struct issued *issued;
    const char *url; // "https://host:port"
};

// Puts it into `folder` (DIR/NAME, made when missing) as the next generation and moves
// `current` to it. Keeps the generation before and removes older ones, and what a crash left.
// Files take over mode and owner of the generation before (a broker's group keeps its access);
// the first has 0600 for what holds the key and 0644 for the rest. The caller holds the
// folder's lock.
enum result install_credential(const char *folder, const struct installation *installation,
                               struct error *err);
