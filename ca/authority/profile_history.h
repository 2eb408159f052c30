// Which profiles there were: what changed in them since the authority last looked, audited.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/error.h"

struct authority;
struct config;

// In the caller's transaction: compares the profiles of this configuration with what the audit
// trail last said of them, and records each that was added, changed or removed, with its new and
// old hash. The trail is the memory, so an edit between two starts is noticed as well.
enum result profile_history_record(struct authority *authority, const struct config *config,
                                   struct error *err);
