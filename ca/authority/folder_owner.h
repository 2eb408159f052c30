// Files that an administrator makes in a folder that is the service's.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/error.h"

// Run by root, gives `path` to the owner of `folder`, links as links; fine when there is no `path`.
// Does nothing for others, who make files as themselves.
enum result folder_hand_over(const char *folder, const char *path, struct error *err);

// Refuses whoever may not look into `folder`: who that is, and who may. RESULT_DENIED, code
// "folder_closed".
enum result folder_refuse_stranger(const char *folder, struct error *err);
