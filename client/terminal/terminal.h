// The person at the terminal, whatever standard input and output are connected to.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/bytes.h"
#include "base/error.h"

// This process has a terminal.
bool terminal_exists(void);
// Prints the question and appends the line that is typed, without its end and without echo. Echo is back
// on return, and also when a signal ends or stops the process meanwhile. RESULT_NOT_FOUND, code
// "no_terminal"; code "interrupted" for a signal that the process survives, or the end of input.
enum result terminal_ask_secret(const char *question, struct buf *out, struct error *err);
// The columns of the terminal that standard output is; 0 when it is none, or does not say.
size_t terminal_width(void);
// RESULT_NOT_FOUND, code "no_terminal", when there is none.
enum result terminal_tell(struct bytes text, struct error *err);
