// OCSP answers that a gateway keeps, so that the same question needs no signature again.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/error.h"
#include "x509/hash.h"

// One answer; views are valid until the store changes.
struct ocsp_kept {
    struct bytes response;
    int64_t this_update;
    int64_t next_update;
    int64_t max_age;
    char etag[2 * SHA256_SIZE + 3]; // in double quotes
};

struct ocsp_store;

// Holds at most `capacity` answers: a further one takes the place of another, each in turn.
enum result ocsp_store_new(size_t capacity, struct ocsp_store **out_store, struct error *err);
void ocsp_store_free(struct ocsp_store *store);

// Keeps a copy of the answer to this CertID (a whole element, of a certificate with this serial).
// Nothing is kept of an `epoch` before the last one that was told, nor without memory, nor above
// LIMIT_OCSP_KEPT_BYTES.
void ocsp_store_put(struct ocsp_store *store, struct bytes id, struct bytes serial,
                    int64_t epoch, const struct ocsp_kept *answer);
// NULL when there is none that still holds at `now`.
const struct ocsp_kept *ocsp_store_find(const struct ocsp_store *store, struct bytes id,
                                        struct bytes serial, int64_t now);
// True once for each kept answer, when it was asked for in the last third of its life: the moment to
// have the next one signed, so that nobody waits for it.
bool ocsp_store_wants_next(struct ocsp_store *store, struct bytes id, struct bytes serial,
                           int64_t now);
// The status of that certificate is another since `epoch`; without serial, that of all.
void ocsp_store_forget(struct ocsp_store *store, struct bytes serial, int64_t epoch);
size_t ocsp_store_count(const struct ocsp_store *store);

// The entity tag of a response: its hash.
enum result ocsp_etag(struct bytes response, char out_etag[2 * SHA256_SIZE + 3]);
