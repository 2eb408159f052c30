// New CAs of the authority, known before the first certificate that needs them: what ca.pem holds.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stdbool.h>

#include "base/bytes.h"
#include "base/error.h"

// Asks the authority, under the pinned root, for its CAs, and installs ca.pem anew as a generation
// of its own when there are some that it does not hold. The caller holds the folder's lock. Code
// "untrusted" when what it shows for a CA does not chain to our root; nothing is changed then.
enum result rollover_check(const char *folder, bool *out_is_changed, struct error *err);
