// Grants: from what a peer shows to what it may get, or to a refusal that says who may.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stdint.h>

#include "authority/decide/policy.h"
#include "authority/config/profile.h"
#include "base/error.h"
#include "store/store.h"
#include "wire/messages.h"

struct authority;
struct peer;

// What an enrollment rests on. A token comes first: who shows one is judged by it, whatever
// else there is. A client certificate counts where the profile names its holders.
struct grant_source {
    enum ask kind;
    const struct profile *profile;
    struct token_record token; // with ASK_TOKEN
    struct names names; // with ASK_HOLDERS and ASK_MANUFACTURER: what that certificate gives
    int64_t holder_id;  // with ASK_HOLDERS: id of the certificate that was shown, else 0
    char device[48];    // with ASK_MANUFACTURER: serial of the device's certificate, hex
};
void grant_source_clear(struct grant_source *source);

// Finds out who asks and of what profile, and sets the peer's actor: "token:ID",
// "certificate:SERIAL", "manufacturer:NAME" or "anyone". RESULT_DENIED with the codes of
// token_authenticate, peer_identify, manufacturer_verify and manufacturer_grant, and "ask_denied"
// when the profile is not for them; RESULT_INVALID (code "missing_field") with neither token nor
// profile. Whether a token is spent or expired is not asked here.
enum result grant_find_source(struct authority *authority, struct peer *peer,
                              const struct enroll *request, int64_t now,
                              struct grant_source *out_source, struct error *err);
// The names that this request may get at most: fixed ones, and those that it picks within the
// patterns of a fleet token. With ASK_ANYONE there are none: nobody granted any yet.
enum result grant_names(struct authority *authority, const struct grant_source *source,
                        const struct csr *csr, int64_t now, struct names *out_names,
                        struct error *err);
