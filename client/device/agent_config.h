// The agent's configuration: which folders it keeps.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/error.h"
#include "wire/message.h"

#define AGENT_CONFIG_FILE "/etc/signet/agent.conf"

// "[agent]" with one "dir = PATH" for each folder. RESULT_INVALID, with path and line, for
// anything else, a path that is not absolute, one that comes twice, none at all, and more than
// LIMIT_AGENT_FOLDERS.
enum result agent_config_read(const char *path, struct text_list *out_folders,
                              struct error *err);
