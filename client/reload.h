// Running another program, without a shell, and waiting for its end.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/error.h"

// `arguments` is an argv ended by NULL; its first is looked up in PATH. RESULT_UNAVAILABLE,
// code "reload_failed", with the exit status or signal, unless it ends with status 0 within
// LIMIT_RELOAD_SECONDS; after that it is killed.
enum result reload_run(char *const *arguments, struct error *err);
