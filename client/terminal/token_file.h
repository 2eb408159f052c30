// An enrollment token that is not on the command line, where every user of the machine could read
// it. SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/bytes.h"
#include "base/error.h"

// Appends the first line of the file, which only its owner may read, or of standard input ("-"), to an
// initialised secret buffer. Code "usage" when there is none.
enum result token_file_read(const char *path, struct buf *out, struct error *err);
