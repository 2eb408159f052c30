// The CA certificates and keys of an authority, loaded.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stdint.h>

#include "base/error.h"
#include "store/store.h"
#include "x509/certificate.h"
#include "x509/key.h"

// One CA: its record, its parsed certificate (views into the record) and its key, which is NULL
// for a CA above an adopted one: its key is elsewhere, and so are its CRLs.
struct issuer {
    struct issuer_record record;
    struct certificate certificate;
    struct key *key;
};

// Root and issuing CA. An adopted self-signed CA is both: `root` is then the same as `issuing`.
struct issuer_set {
    struct issuer *items;
    size_t count;
    struct issuer *root;
    struct issuer *issuing;
};

void issuer_set_clear(struct issuer_set *set);
// Loads all issuers of the store with their keys from DIR/keys. Checks that each key fits its
// certificate, that the certificate may sign certificates and CRLs, and that the chain from the
// issuing CA to the root holds now: an expired CA is an error that names the cure.
enum result issuer_set_load(const char *folder, struct store *store, struct issuer_set *out_set,
                            struct error *err);
// From the issuing CA up to and with the root, as concatenated DER: what a peer needs behind a
// leaf.
enum result issuer_set_chain(const struct issuer_set *set, struct buf *out_der);

// Why this certificate and key cannot be those of an issuing CA (RESULT_INVALID, with the
// cure), by what they say themselves: CA flag, key usage, EKU, unknown critical extensions,
// dates, key.
enum result issuer_check(const struct certificate *certificate, const struct key *key,
                         int64_t now, struct error *err);
// The key identifier that issued certificates and CRLs name: a view of the certificate's own,
// or (it has none) of `room`, which is then filled with the SHA-1 of its key.
enum result issuer_key_identifier(const struct certificate *certificate,
                                  uint8_t room[SHA1_SIZE], struct bytes *out_identifier);
