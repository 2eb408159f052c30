// Keeping a relying party's CRL file fresh: fetch, verify, replace, reload.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/error.h"
#include "client/watch/crl_set.h"
#include "client/connect/url.h"
#include "client/watch/watch_preset.h"

// One relying party. Only url, file (or folder), trust_file and interval_seconds must be there;
// what is zero otherwise means: not used.
struct watch_options {
    struct url url;
    const char *file;
    const char *trust_file; // PEM of every CA whose CRLs are in the file
    char *const *reload;    // argv, or NULL
    int64_t interval_seconds;
    const char *name;                  // in the state; NULL: none is kept
    const struct watch_preset *preset; // NULL: "command"
    const char *folder;                // of presets with a CApath
    const char *pid_file;              // HUP goes there; before `reload`
    const char *socket;                // HAProxy's runtime socket
    size_t socket_bytes;               // what it takes in one command
    const char *sessions_map;          // HAProxy's map of addresses to serials
    char *const *restart;              // argv, run when somebody was revoked
    char *const *revoked;              // argv, run with the serials of those who were revoked
    char *const *shell;                // argv of Prosody's admin shell, without the command
    const char *state_folder;
    const char *canary;     // folder with the credentials "good" and "revoked"
    struct url proof;       // where to prove; host empty: nowhere
    const char *proof_name; // the server's name in its certificate; NULL: proof.host
    const char *proof_ca;   // PEM of the CAs of that certificate; NULL: trust_file
    int warn_percent;       // warn when less of the CRL's life is left; 0: 25
};

struct watch;

// Reads the CA certificates and resolves where `file` leads. The options' texts must outlive
// it.
enum result watch_new(const struct watch_options *options, struct watch **out_watch,
                      struct error *err);
void watch_free(struct watch *watch);
void watch_free_at(struct watch **watch);

// What a round did, for the log and the state.
struct watch_report {
    bool is_replaced;        // there are new contents
    bool was_damaged;        // what was there before was missing or no set of CRLs
    bool was_restored;       // from our copy: the authority could not be asked
    bool is_reloaded;        // the relying party was told
    bool is_restarted;       // by a restart, to end sessions
    bool is_proven;          // the canaries were judged rightly, in this round
    bool was_repaired;       // they were not before everything was written and told once more
    bool expires_soon;       // little of its life is left: the publisher is late, or away
    const char *reloaded_by; // command, "HUP", "runtime socket"; NULL: nothing was told
    size_t ended;            // sessions of revoked certificates
    size_t told;             // serials that the command `revoked` was told
    size_t untold;           // and those that were too many for it
    struct crl_set_summary summary; // of what is installed now
};

// One round: fetches (unless the server says that nothing changed), decides (client/watch/crl_set.h),
// writes what the relying party reads, whole and with mode and owner of the old file, tells it,
// ends sessions, and proves with the canaries that it took effect. Never goes behind what is
// installed, nor behind the copy of the last installed CRLs in the state folder, from which a
// broken file is also restored when the authority is away. Telling that failed is tried again
// in every round until it succeeds, also after a restart: FILE.reload says that it is due. A
// proof that fails makes the round write and tell once more; if it fails again, code
// "proof_failed", and every round tries again. With `wait_seconds` a server that can answers
// when there is something new. RESULT_OK when something was done; code "unchanged" when nothing
// was to do; code "busy" when another watcher has the target.
enum result watch_round(struct watch *watch, int64_t wait_seconds,
                        struct watch_report *out_report, struct error *err);
// Milliseconds until the next round: the interval, shifted by up to a tenth that is drawn once
// per process (drawn anew each time, it would not spread anything), or after failures 1 s, 2 s,
// 4 s … up to the interval; never sooner than the server asked for.
int64_t watch_pause(const struct watch *watch, unsigned failures);
