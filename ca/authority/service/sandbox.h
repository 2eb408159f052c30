// What the authority gives up after its start: the network, and writing outside its folder.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stdbool.h>

#include "authority/config/config_list.h"
#include "base/error.h"

// Irrevocable, and inherited by every child: sockets of other families than AF_UNIX cannot be
// made (seccomp), and files can be written, made and removed under `folder` and `others` only
// (Landlock, where the kernel has it: *out_has_landlock). Listening sockets must be open before.
enum result sandbox_enter(const char *folder, const struct config_list *others,
                          bool *out_has_landlock, struct error *err);
