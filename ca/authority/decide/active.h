// How many lines of certificates one identity may have at a time: a profile's active_maximum.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stdint.h>

#include "authority/config/profile.h"
#include "base/error.h"
#include "x509/names.h"

struct authority;
struct peer;

// An identity is a profile and the first name of a line's first certificate (the common name
// where there is one). A line counts while one of its certificates is valid; renewals stay in
// their line and need no room.

// Makes room for one more line of this identity, in the caller's transaction. At the limit it
// either refuses (RESULT_DENIED, code "too_many_active"), or revokes the oldest lines as
// superseded, each audited. To be called when nothing else can refuse the certificate any more.
enum result active_make_room(struct authority *authority, const struct peer *peer,
                             const struct profile *profile, const struct names *names,
                             int64_t now, struct error *err);
// For a line that has expired and is to live again within its grace: RESULT_DENIED (code
// "too_many_active") when others have taken its place. Nothing is ever superseded for it.
enum result active_check_room(struct authority *authority, const struct profile *profile,
                              const struct names *names, int64_t now, struct error *err);
