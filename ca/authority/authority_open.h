// The life of an authority in its folder: opened, reloaded, closed.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stdbool.h>

#include "base/error.h"

struct authority;

// Locks the folder, reads its configuration, opens the store and loads the keys.
// RESULT_CONFLICT when another process runs this authority; RESULT_NOT_FOUND when the folder
// holds none.
enum result authority_open(const char *folder, struct authority *out_authority,
                           struct error *err);
void authority_clear(struct authority *authority);
// The first and the last record of a time in service, each in a transaction of its own; the
// first also tells which profiles are others than at the last start.
enum result authority_record_start(struct authority *authority, struct error *err);
enum result authority_record_stop(struct authority *authority, struct error *err);
// Reads the configuration anew and audits what changed in its profiles; with a mistake in it,
// and when the record cannot be written, the old one stays. *out_needs_restart
// tells that something changed which only a restart brings into effect (names it in `err`'s
// message).
enum result authority_reload(struct authority *authority, bool *out_needs_restart,
                             struct error *err);
