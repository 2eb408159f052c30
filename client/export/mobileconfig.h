// Configuration profiles of Apple's systems, with a root certificate in them.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/bytes.h"
#include "base/error.h"

// Appends the property list of an unsigned profile that installs `root` (DER). Its identifiers come from
// the root's fingerprint: the same root again replaces the profile, another one stands beside it.
enum result mobileconfig_write(struct bytes root, struct buf *out, struct error *err);
