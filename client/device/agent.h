// One credential's turn: renew it when it is due, run its hook, remember what happened.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stdbool.h>

#include "base/error.h"
#include "client/connect/about.h"

enum agent_mode {
    AGENT_WHEN_DUE,     // the agent: jitter and pauses after failures count
    AGENT_AT_ONCE,      // a person or cron: pauses do not count
    AGENT_WHEN_ALLOWED, // by name: from the moment that the authority names
    AGENT_FORCED,       // whenever
};

// What one turn did; zeroed memory is an empty one, cleared by message_clear of `about`.
struct agent_report {
    bool is_renewed;
    bool is_hooked;
    bool has_hook_failed; // and nothing else
    bool has_new_cas;     // in ca.pem
    struct about about;   // of the present certificate
};

// Renews DIR/NAME when that is due, else looks once a day for new CAs (client/device/rollover.h), runs its hook until it succeeds for what is installed, and
// keeps the state; one at a time, under the folder's lock. RESULT_CONFLICT, code "unchanged",
// when nothing was to be done. The credential in place stays whatever fails. Code
// "state_not_kept" when all is well but could not be noted.
enum result agent_step(const char *folder, const char *name, enum agent_mode mode,
                       struct agent_report *out_report, struct error *err);

// When agent_step has something to do, for AGENT_WHEN_DUE; also for who may not read the key.
enum result agent_find_next(const char *folder, int64_t *out_time, struct error *err);
// Takes note that what the hook does has been done for the certificate of this serial number, if it is
// the one that is installed. The caller holds the folder's lock.
enum result agent_hook_done(const char *folder, const char *serial, struct error *err);
// Whether the hook has still to succeed for what is installed; false where the settings may not
// be read.
bool agent_is_hook_pending(const char *folder);
// The authority has revoked the present certificate at our own wish. The caller holds the folder's lock.
enum result agent_note_revoked(const char *folder, struct error *err);
// There is another hook: what was wrong with the one before, and the pause for it, are forgotten.
// The caller holds the folder's lock.
enum result agent_forget_hook(const char *folder, struct error *err);
// After a rollback the agent leaves the credential alone for a day, or half the time it has.
enum result agent_rest(const char *folder, struct error *err);
