// Running another program, without a shell, and waiting for its end.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/bytes.h"
#include "base/error.h"

// `arguments` is an argv ended by NULL; its first is looked up in PATH. RESULT_UNAVAILABLE,
// code "reload_failed", with the exit status or signal, unless it ends with status 0 within
// LIMIT_RELOAD_SECONDS; after that it is killed.
enum result reload_run(char *const *arguments, struct error *err);
// As reload_run, with another limit.
enum result reload_run_within(char *const *arguments, int seconds, struct error *err);
// As reload_run; what it wrote to standard output is appended, as far as the maximum of `out`
// allows.
enum result reload_capture(char *const *arguments, struct buf *out, struct error *err);
// Sends HUP to the process whose number is in the file. RESULT_UNAVAILABLE, code
// "reload_failed", when there is none.
enum result reload_by_pid_file(const char *path, struct error *err);
