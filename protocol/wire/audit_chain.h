// The audit trail as a hash chain: what a record's hash covers, and whether records follow one
// another. Shared by the authority, which writes the chain, and by those who do not trust it.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "wire/messages.h"
#include "x509/hash.h"

// A view of one record. Texts may be NULL for "".
struct audit_entry {
    int64_t sequence; // 1, 2, 3, … without gaps
    int64_t time;
    const char *actor;
    const char *event;
    const char *subject;
    const char *detail;
    const uint8_t *previous_hash; // SHA256_SIZE bytes each
    const uint8_t *hash;
};

// SHA-256 over previous_hash, sequence and time (8 bytes each, big-endian), then actor, event,
// subject and detail, each behind its size in 4 bytes. `hash` is not looked at.
enum result audit_entry_hash(const struct audit_entry *entry, uint8_t out_hash[SHA256_SIZE],
                             struct error *err);

// Where a walk along the chain stands. Zeroed memory stands before the first record.
struct audit_chain {
    int64_t sequence; // of the last record; 0 before the first
    uint8_t hash[SHA256_SIZE];
    bool is_open; // the walk began in the middle: the first record's predecessor was not seen
};

// Takes the next step. RESULT_INVALID (code "audit_broken") names a record that does not follow
// the one before it, or that is not what was hashed.
enum result audit_chain_follow(struct audit_chain *chain, const struct audit_entry *entry,
                               struct error *err);
// The same for a record as it travels.
enum result audit_chain_follow_info(struct audit_chain *chain, const struct audit_info *info,
                                    struct error *err);

// --- checkpoints ------------------------------------------------------------------------------

// Appends what the signature of a checkpoint covers. It begins with a word, so that it can never
// be taken for a certificate or a CRL, which begin with the octet 0x30.
enum result audit_checkpoint_text(const struct audit_checkpoint *checkpoint, struct buf *out);
// The first certificate of the checkpoint's chain signed it. Whether that certificate is to be
// trusted is the caller's question. RESULT_INVALID or RESULT_DENIED, code "checkpoint_invalid".
enum result audit_checkpoint_verify(const struct audit_checkpoint *checkpoint,
                                    struct error *err);
// To be called after each step: RESULT_INVALID, code "audit_broken", when the chain stands at the
// checkpoint's record and that is another one than was signed.
enum result audit_checkpoint_compare(const struct audit_checkpoint *checkpoint,
                                     const struct audit_chain *chain, struct error *err);
// To be called at the end of the trail: RESULT_INVALID, code "audit_cut", when it does not reach
// the checkpoint.
enum result audit_checkpoint_reached(const struct audit_checkpoint *checkpoint,
                                     const struct audit_chain *chain, struct error *err);
