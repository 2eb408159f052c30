// Inside of a watcher, for the files that make it up.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "client/watch/watch.h"
#include "wire/tls.h"
#include "x509/hash.h"

// What the marker beside the file says.
#define WATCH_RELOAD_DUE "reload is due"
#define WATCH_RESTART_DUE "restart is due"

struct watch {
    const struct watch_options *options;
    const struct watch_preset *preset;
    struct buf file;   // where the link, if it is one, leads; empty: only a folder
    struct buf folder; // the same of the CApath; empty: only a file
    struct buf marker;
    struct buf lock;
    struct buf revoked; // serials that the command `revoked` is still to be told
    struct buf copy;    // what was installed last, in the state folder; empty: none is kept
    struct buf trust;   // concatenated DER
    struct tls_context *tls;        // NULL for http
    struct buf etag;                // of what is installed; empty when unknown
    uint8_t etag_hash[SHA256_SIZE]; // of the CRLs that the etag belongs to
    int64_t etag_number;            // of the first of them
    int64_t retry_after_seconds;
    int64_t jitter_milliseconds;
    bool has_been_ours; // there were CRLs in the file: rubbish in it now is damage
    bool is_tidy;       // what a killed predecessor left is gone
    bool is_proof_due;  // at the start, and after each change until it holds
};

// --- watch_fetch.c -----------------------------------------------------------------------

// Fetches into `out_der`; left empty when the server says that nothing changed. With
// `wait_seconds` a server that can waits that long for something newer than `installed`.
enum result watch_fetch(struct watch *watch, struct bytes installed, int64_t wait_seconds,
                        struct buf *out_der, struct buf *out_etag, struct error *err);
// The answer to the next round's question belongs to these CRLs.
enum result watch_remember_etag(struct watch *watch, struct buf *etag, struct bytes der);

// --- watch_install.c ---------------------------------------------------------------------

// The installed CRLs as DER; left empty, with *out_is_damaged, when they are missing or no CRLs.
// Any other trouble is an error: what cannot be read must not be overwritten.
enum result watch_read_installed(const struct watch *watch, struct buf *out_der,
                                 bool *out_is_damaged, struct error *err);
// What was installed last, from the state folder; empty without, also when it is damaged.
enum result watch_read_copy(const struct watch *watch, struct buf *out_der);
// Written after what it is a copy of, so that it never is newer, and after the revocations in it
// were noted.
enum result watch_write_copy(const struct watch *watch, struct bytes der, struct error *err);
// Why something is installed.
enum watch_cause {
    WATCH_CAUSE_CHANGE,
    WATCH_CAUSE_REVOCATION, // a restart is due, if there is a command for it
    WATCH_CAUSE_REPAIR,     // running processes must be told, also of a folder
};

// Marks what is due and writes the shape that the relying party reads.
enum result watch_install(const struct watch *watch, struct bytes der, enum watch_cause cause,
                          struct error *err);
// RESULT_CONFLICT, code "busy", when another watcher works on the same file.
enum result watch_lock(const struct watch *watch, int *out_descriptor, struct error *err);
void watch_unlock_at(const int *descriptor);

// --- watch_apply.c -----------------------------------------------------------------------

// Lets the relying party know of what is installed, if that is due, and ends sessions.
enum result watch_apply(const struct watch *watch, struct bytes installed,
                        struct watch_report *report, struct error *err);

// --- watch_revoked.c ---------------------------------------------------------------------

// Remembers who is revoked in `offered` and was not `before`; nothing without a command
// `revoked`, nor without anything to compare with. At most LIMIT_LIVE_SERIALS wait to be told; adds to
// *untold how many more there were.
enum result watch_note_revoked(const struct watch *watch, struct bytes offered,
                               struct bytes before, size_t *untold, struct error *err);
// Whether somebody waits to be told.
bool watch_has_noted(const struct watch *watch);
// Runs that command with the serials behind its words, LIMIT_REVOKED_AT_ONCE at a time, and
// forgets those for which it ended with 0. Adds to *out_count how many.
enum result watch_tell_revoked(const struct watch *watch, size_t *out_count, struct error *err);

// --- watch_proof.c -----------------------------------------------------------------------

// The canaries try until the good one gets in and the revoked one does not, LIMIT_PROOF_SECONDS
// at most. RESULT_DENIED, code "proof_failed", tells what happened instead; code "canary" that
// the pair itself is of no use.
enum result watch_prove(const struct watch *watch, struct bytes installed, struct error *err);

// --- watch_tidy.c ------------------------------------------------------------------------

// Under the lock: removes temporary files of a watcher that was killed.
void watch_tidy(const struct watch *watch);
