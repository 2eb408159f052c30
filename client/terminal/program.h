// The common main of the client programs: read the line, run the command, report, exit status.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/bytes.h"
#include "base/options.h"
#include "client/terminal/outcome.h"

// Returns the exit status.
int program_main(const struct program *program, int argc, char **argv);
// Writes to standard output; an error when it is full or gone.
enum result program_print(const struct buf *text, struct error *err);
// A message as one line of JSON on standard output.
struct message_type;
enum result program_print_json(const struct message_type *type, const void *message,
                               struct error *err);
