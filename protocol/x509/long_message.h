// Signatures over a message that is hashed piece by piece, because it is too long for one turn.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stdbool.h>

#include "base/bytes.h"
#include "base/error.h"

struct key;
struct long_message;

// Whether signatures of this algorithm (AlgorithmIdentifier in DER) are over a hash. Ed25519 wants
// the message itself, twice (RFC 8032, 5.1.6): key_sign and public_key_verify take it whole.
bool long_message_suits(struct bytes signature_algorithm);
// RESULT_INVALID for an algorithm that it does not suit.
enum result long_message_new(struct bytes signature_algorithm,
                             struct long_message **out_message, struct error *err);
enum result long_message_add(struct long_message *message, struct bytes piece,
                             struct error *err);
void long_message_free(struct long_message *message);
void long_message_free_at(struct long_message **message);

// As key_sign and public_key_verify over all that was added; once, and nothing is added behind it.
enum result long_message_sign(struct long_message *message, const struct key *key,
                              struct buf *out_signature, struct error *err);
enum result long_message_verify(struct long_message *message, struct bytes spki,
                                struct bytes signature, struct error *err);
