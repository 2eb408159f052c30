// What the authority gives up after its start: the network, other processes, writing elsewhere.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stdbool.h>

#include "authority/config/config_list.h"
#include "base/error.h"

// Irrevocable, and inherited by every child. Sockets of other families than AF_UNIX cannot be
// made, io_uring cannot be used, nor what traces other processes, makes namespaces, mounts, or
// administers the kernel (seccomp, for threads that exist already as well). Files can be
// written, cut, made and removed under `folder` and `others` only, and TCP sockets neither
// bound nor connected (Landlock, for this thread and later ones, as far as the kernel's version
// goes; *out_has_landlock says whether there is any). Owners, modes and times are left to file
// permissions. Listening sockets must be open before.
enum result sandbox_enter(const char *folder, const struct config_list *others,
                          bool *out_has_landlock, struct error *err);
