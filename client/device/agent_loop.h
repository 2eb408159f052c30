// `signet run`: sleeps until a credential is due, and gives it its turn in a process of its own.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/error.h"
#include "wire/message.h"

// Until SIGTERM or SIGINT. `folders` are those that credentials are kept in. Only what changes
// there, a clock that is set, SIGHUP and the next due moment wake it. Code "busy" when another
// agent has one of the folders.
enum result agent_run(const struct text_list *folders, struct error *err);
