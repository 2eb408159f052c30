// Prosody's admin shell: the end of revoked streams.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stddef.h>

#include "base/bytes.h"
#include "base/error.h"

// `shell` is the argv of the admin shell, which takes its command as one more argument. Closes
// every client stream whose certificate is in one of the CRLs; *out_count says how many.
enum result prosody_end_sessions(char *const *shell, struct bytes crls, size_t *out_count,
                                 struct error *err);
