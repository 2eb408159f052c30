// The CA certificates and keys of an authority, loaded.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stdint.h>

#include "base/error.h"
#include "store/store.h"
#include "x509/certificate.h"
#include "x509/key.h"

// One CA: its record, its parsed certificate (views into the record) and its key.
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
// certificate, that the certificate may sign certificates and CRLs, and warns (in err's hint,
// RESULT_OK) of nothing: an expired CA is an error that names the cure.
enum result issuer_set_load(const char *folder, struct store *store,
                            struct issuer_set *out_set, struct error *err);
// Issuing CA (when it is not the root) and root as concatenated DER: what a peer needs behind a leaf.
enum result issuer_set_chain(const struct issuer_set *set, struct buf *out_der);
