// What a gateway gives up before it meets the network: all but an event loop over what is open.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stdbool.h>

#include "base/error.h"

// Irrevocable. Afterwards only the system calls of a short list can be made (seccomp), among
// them none that takes a path: no file can be opened, changed or looked at, no socket made or
// connected, no process, thread or program started, no memory made executable, no other process
// reached. Landlock, where the kernel has it (*out_has_landlock), forbids once more what its
// version knows. What is open already is read, written and closed as before. The TLS library
// must be prepared before.
enum result confinement_enter(bool *out_has_landlock, struct error *err);
