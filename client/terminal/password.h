// Where the password of an exported file comes from. It is never on a command line, where every user of
// the machine could read it. SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stdbool.h>

#include "base/bytes.h"
#include "base/error.h"

// Neither file nor is_generated: the terminal is asked, twice.
struct password_source {
    const char *file; // its first line; readable by its owner only
    bool is_generated;
    const char *out_file; // where a generated one goes; NULL: shown on the terminal
};

// Fills `out`, a secret buffer, with a password that pkcs12_check_password accepts. Code "usage" for a
// source that contradicts itself, or when nobody can be asked or told.
enum result password_obtain(const struct password_source *source, struct buf *out,
                            struct error *err);
// The first line of a file that only its owner can read, into an initialised secret buffer: any
// password, as others have made it.
enum result password_read_line(const char *path, struct buf *out, struct error *err);
// "k7mqz-x4w2h-pn9tc-rj6vy": 99 bits in characters that are not mistaken for one another.
enum result password_generate(struct buf *out, struct error *err);
// Hands a generated password over: shows it, once, when it does not go to a file.
enum result password_tell(const struct password_source *source, const struct buf *password,
                          struct error *err);
