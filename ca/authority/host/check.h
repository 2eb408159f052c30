// `signetd check`: whether everything in the state folder is fit to run.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/bytes.h"
#include "base/error.h"

// Looks at configuration, file modes, keys and certificates, chain, store and audit chain, and
// appends one line for each to `report`, and one for each warning, which is no failure. Goes on after a failure; the first one is the result.
// Changes nothing; may run beside the service.
enum result authority_check(const char *folder, struct buf *report, struct error *err);
