// Who signs OCSP answers for each CA: a responder with a key and a certificate of its own that
// live in memory and are replaced long before their end, or the CA itself.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "authority/issuers/issuer.h"
#include "base/error.h"
#include "base/limits.h"
#include "x509/hash.h"
#include "x509/ocsp.h"

struct authority;

// What the hashes of a CertID are compared with.
struct ocsp_issuer_hashes {
    uint8_t name_sha1[SHA1_SIZE], key_sha1[SHA1_SIZE];
    uint8_t name_sha256[SHA256_SIZE], key_sha256[SHA256_SIZE];
};

struct ocsp_responder {
    struct ocsp_issuer_hashes hashes;
    struct key *key; // NULL: none yet
    struct buf certificate;
    struct buf serial;
    int64_t not_after;
    int64_t rotate_at;
};

// By the CA's place in the issuer set. Zeroed memory is valid and empty.
struct ocsp_responders {
    struct ocsp_responder items[LIMIT_ISSUERS];
};

void ocsp_responders_clear(struct ocsp_responders *responders);
// Hashes names and keys; no responder has a key yet.
enum result ocsp_responders_open(const struct issuer_set *issuers,
                                 struct ocsp_responders *out_responders);
// The place of the CA that a CertID means; false when it is none of this authority.
bool ocsp_responders_find(const struct authority *authority,
                          const struct ocsp_certificate_id *id, size_t *out_index);
// A responder is missing, or half of its life is over, or its certificate was revoked.
bool ocsp_responders_are_due(const struct authority *authority, int64_t now);
// Makes those that are due, each in a transaction of its own; the old ones stay when it fails.
// The first failure is returned when all have been tried.
enum result ocsp_responders_replace(struct authority *authority, int64_t now,
                                    struct error *err);
// The certificate of this serial was revoked: a responder that has it gets another.
void ocsp_responders_note_revoked(struct authority *authority, struct bytes serial);

// Borrowed from the authority.
struct ocsp_signer {
    const struct key *key;
    struct bytes certificate; // empty: the CA itself
    int64_t not_after;
};

// RESULT_UNAVAILABLE (code "ocsp_no_responder") while nobody can sign.
enum result ocsp_responders_signer(const struct authority *authority, size_t index, int64_t now,
                                   struct ocsp_signer *out_signer, struct error *err);
