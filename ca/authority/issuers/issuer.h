// The CA certificates and keys of an authority, loaded.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "store/store.h"
#include "x509/certificate.h"
#include "x509/key.h"

// One CA: its record, its parsed certificate (views into the record) and its key, which is NULL
// for a root that is kept offline and for the CAs above an adopted one: there the key is
// elsewhere, and so are new CRLs.
struct issuer {
    struct issuer_record record;
    struct certificate certificate;
    struct key *key;
    bool is_revoked; // by its parent
};

// All CAs of an authority, in the order in which they came. An adopted self-signed CA is root and
// issuing CA in one: `root` is then the same as `issuing`.
struct issuer_set {
    struct issuer *items;
    size_t count;
    struct issuer *root;
    struct issuer *issuing;   // of the profiles that name none; may be retired
    struct issuer *operators; // of the internal profiles; NULL: `issuing` makes those, too
};

void issuer_set_clear(struct issuer_set *set);
// Loads all issuers of the store with their keys from DIR/keys. Checks that each key fits its
// certificate, that the certificate may sign certificates and CRLs, and that the chain from the
// default issuing CA to the root holds now: an expired CA is an error that names the cure.
// RESULT_LIMIT above LIMIT_ISSUERS; RESULT_NOT_FOUND (code "key_missing") without a key file.
enum result issuer_set_load(const char *folder, struct store *store, struct issuer_set *out_set,
                            struct error *err);
// DIR/keys/NAME.key
enum result issuer_key_path(const char *folder, const char *name, struct buf *out_path);
// NULL when there is none of that name.
const struct issuer *issuer_set_find(const struct issuer_set *set, const char *name);
// NULL for a root.
const struct issuer *issuer_parent(const struct issuer_set *set, const struct issuer *issuer);
// From this issuer up to but without the root, as concatenated DER; nothing for the root.
enum result issuer_set_intermediates(const struct issuer_set *set, const struct issuer *issuer,
                                     struct buf *out_der);
// The same with the root: what a peer needs behind a leaf.
enum result issuer_set_chain(const struct issuer_set *set, const struct issuer *issuer,
                             struct buf *out_der);
// What devices may come to need: the default issuing CA and those above it, every other CA that is
// neither revoked nor outside its dates nor of operators, whom devices have nothing to do with,
// as far as `out_der` has room, and the root, which is last.
enum result issuer_set_announced(const struct issuer_set *set, int64_t now,
                                 struct buf *out_der);
// All CA certificates that a certificate of this authority may chain to, the root first; without
// revoked ones.
enum result issuer_set_trust(const struct issuer_set *set, struct buf *out_der);

// Letters, digits and "-"; else RESULT_INVALID (code "issuer_name").
enum result issuer_check_name(const char *name, struct error *err);
// "root", "issuing", "operators".
const char *issuer_kind_name(const struct issuer *issuer);
// "active", "retired", "revoked", "expired", "offline".
const char *issuer_state_name(const struct issuer *issuer, int64_t now);

// Why this certificate and key cannot be those of an issuing CA (RESULT_INVALID, with the
// cure), by what they say themselves: CA flag, key usage, EKU, unknown critical extensions,
// dates, key. The parts that it consists of are there by themselves as well.
enum result issuer_check(const struct certificate *certificate, const struct key *key,
                         int64_t now, struct error *err);
enum result issuer_check_flags(const struct certificate *certificate, struct error *err);
enum result issuer_check_key(const struct certificate *certificate, const struct key *key,
                             struct error *err);
enum result issuer_check_dates(const struct certificate *certificate, int64_t now,
                               struct error *err);
// The key identifier that issued certificates and CRLs name: a view of the certificate's own,
// or (it has none) of `room`, which is then filled with the SHA-1 of its key.
enum result issuer_key_identifier(const struct certificate *certificate,
                                  uint8_t room[SHA1_SIZE], struct bytes *out_identifier);
