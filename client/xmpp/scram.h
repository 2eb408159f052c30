// SCRAM-SHA-1 and SCRAM-SHA-256, the client's side (RFC 5802, RFC 7677), without channel binding.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stdbool.h>

#include "base/bytes.h"
#include "base/error.h"
#include "x509/hash.h"

struct scram_kind;

// Zeroed memory is a valid cleared one.
struct scram {
    const struct scram_kind *kind;
    struct buf password; // secret
    struct buf nonce;
    struct buf exchange; // what both sides sign (AuthMessage)
    uint8_t server_signature[SHA256_SIZE];
};

void scram_clear(struct scram *scram);
// It is one of the two mechanisms.
bool scram_knows(const char *mechanism);
// Appends the first message. User and password are in the form that servers compare (SASLprep);
// `nonce` is printable and without commas, and never used again.
enum result scram_begin(struct scram *scram, const char *mechanism, const char *user,
                        const char *password, const char *nonce, struct buf *out_message,
                        struct error *err);
// Takes the server's first message and appends our final one. RESULT_INVALID, code "answer", for
// one that is no such message or not for us; RESULT_DENIED, code "untrusted", when it asks for
// fewer iterations than RFC 7677 allows; RESULT_LIMIT, code "answer", for too many.
enum result scram_answer(struct scram *scram, struct bytes message, struct buf *out_message,
                         struct error *err);
// Takes the server's final message. RESULT_DENIED, code "untrusted", when it does not prove that
// the server knows the password, too.
enum result scram_finish(const struct scram *scram, struct bytes message, struct error *err);
