// The audit trail on this side of the network: read from the server or a file, checked, kept.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "client/connect/credential.h"
#include "client/connect/exchange.h"
#include "wire/audit_chain.h"

typedef enum result trail_visit(void *context, const struct audit_info *info,
                                struct error *err);

// From record `from` to the end, a page at a time: never more than one page is in memory.
enum result trail_walk_server(struct exchange *exchange, int64_t from, trail_visit *visit,
                              void *context, struct error *err);
// An export: one record as JSON on each line. RESULT_INVALID names the line that is none. A last
// line without end, as an interrupted export leaves it, is skipped; *out_size is what is before
// it. Neither out-parameter may be NULL.
enum result trail_walk_file(const char *path, trail_visit *visit, void *context,
                            int64_t *out_size, struct error *err);

// A visitor's context that recomputes the chain.
struct trail_check {
    struct audit_chain chain;
    const struct audit_checkpoint *checkpoint; // NULL: none
    int64_t first;                             // record seen; 0: none yet
    const char *progress;                      // "checked": told on a terminal; NULL: quiet
};
enum result trail_check_step(void *context, const struct audit_info *info, struct error *err);
// After the last record. RESULT_INVALID, code "audit_cut"; code "checkpoint_outside" when the
// records begin behind the checkpoint.
enum result trail_check_end(const struct trail_check *check, struct error *err);

// Reads a checkpoint; its signer must lead to what the credential trusts, at the time of signing.
// RESULT_DENIED or RESULT_INVALID, code "checkpoint_invalid".
enum result trail_read_checkpoint(const char *path, const struct credential *credential,
                                  struct audit_checkpoint *out_checkpoint, struct error *err);
