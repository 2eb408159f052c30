// Keys of CAs: made for a file of the state folder, or on a token, and proved before use.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stdbool.h>

#include "base/error.h"
#include "x509/certificate.h"
#include "x509/key.h"

// What a new CA is to sign with.
struct ca_key_wish {
    enum key_algorithm algorithm;
    const char
        *uri; // of a key on a token, used when it is there and made otherwise; NULL: a file
};

// Zeroed memory is a valid cleared one.
struct ca_key {
    struct key *key;
    bool is_made_on_token;
    bool is_kept; // the CA is recorded: what was made stays
};

enum result ca_key_make(const struct ca_key_wish *wish, struct ca_key *out_key,
                        struct error *err);
// Removes what was made on a token and is not kept: nothing is left of a step that failed.
void ca_key_clear(struct ca_key *key);

// That it belongs to the certificate, and that what it signs is good.
enum result ca_key_prove(const struct certificate *certificate, const struct key *key,
                         struct error *err);
// The same for every CA of the set whose key is on a token.
struct issuer_set;
enum result ca_key_prove_tokens(const struct issuer_set *set, struct error *err);
