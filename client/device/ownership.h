// Whether only root can change what root's agent acts on.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/error.h"
#include "client/device/folder.h"

// Run by root: RESULT_DENIED, code "not_private", with the cure, when the credential's folder
// (DIR/NAME), the one that it is in, its generations, or a file in them belongs to somebody else or
// may be written by others. key.pem and combined.pem may be a service's. For others it is always
// fine: they cannot be made to do more than they may.
enum result ownership_check(const char *folder, struct error *err);
// The same for DIR alone, before anything is in it.
enum result ownership_check_home(const char *home, struct error *err);
// ownership_check, then folder_lock: for whoever writes there, or acts on what is there.
enum result ownership_lock(const char *folder, struct folder_lock *out_lock, struct error *err);
