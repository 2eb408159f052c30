// One issuance: a certificate is made within its grant, recorded, and put into the reply.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stdint.h>

#include "authority/decide/policy.h"
#include "base/error.h"
#include "store/store.h"
#include "wire/messages.h"
#include "x509/hash.h"

struct authority;
struct issuer;
struct peer;

struct issuance {
    const struct profile *profile;
    const struct grant *grant;
    const struct names *names; // the chosen ones
    struct bytes spki;
    struct bytes csr_hash;   // empty when the authority made the key
    struct bytes token_id;   // empty when not from a token
    struct bytes request_id; // of an approved request, else empty
    const char *address;     // where it was requested from; NULL: where the peer is
    const char *device; // serial of the manufacturer's certificate, for the audit; NULL or ""
    const struct certificate_record *predecessor; // of a renewal, else NULL
    int64_t holder_id; // the certificate of another profile that was shown for it, else 0
    const struct issuer *issuer; // NULL: the profile's
    int64_t now;
};

// Refuses a key that must not be certified for these names: revoked for compromise (code
// "key_blocked"), or certified before for a name outside them (code "key_of_another").
enum result issuance_check_key(struct authority *authority, struct bytes spki,
                               const struct names *granted, struct error *err);
// Signs and records, both in the caller's transaction, together with the decision (`event`).
enum result issuance_run(struct authority *authority, const struct peer *peer,
                         const char *event, const struct issuance *issuance,
                         struct certificate_record *out_record, struct error *err);
// The answer to enrollment and renewal, made from the record alone, so that an answer that was
// lost can be given again.
enum result issuance_reply(const struct authority *authority,
                           const struct certificate_record *record, struct issued *reply,
                           struct error *err);
