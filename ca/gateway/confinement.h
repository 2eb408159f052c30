// What a gateway gives up before it meets the network: files, other processes, new sockets.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stdbool.h>

#include "base/error.h"

// Irrevocable. Afterwards no file can be opened (Landlock where the kernel has it, which
// *out_has_landlock tells, and seccomp), no socket made or connected, no program run, no other process
// looked into; what is open already stays usable. The TLS library must be prepared before.
enum result confinement_enter(bool *out_has_landlock, struct error *err);
