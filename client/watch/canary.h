// The canary pair: one certificate that must get in, and one that is revoked and must not.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stdbool.h>

#include "base/bytes.h"
#include "base/error.h"
#include "client/connect/credential.h"

// FOLDER/good and FOLDER/revoked are credentials as `signet enroll` installs them; their keys
// were made on this machine and never leave it.
#define CANARY_GOOD "good"
#define CANARY_REVOKED "revoked"
#define CANARY_REPLACEMENT "replacement"

// Enrolls both with one token of two uses and lets the authority revoke the second.
// Interrupted, it may be repeated with the same token, without `is_forced`. Of a pair that is there
// already, what has expired is replaced, or with `is_forced` both: then they may be of no use for
// another reason. RESULT_CONFLICT, code "unchanged", when both are valid and the authority says
// that the second is revoked.
enum result canary_enroll(const char *token, const char *folder, bool is_forced,
                          struct error *err);

// Renews the good one when that is due. When the revoked one comes of age, which nobody can
// renew, the good one is renewed as well: the certificate before it is revoked and becomes the
// next revoked one (FOLDER/replacement), as soon as a CRL lists it, if it ends later. Code
// "unchanged" when nothing is due.
enum result canary_renew(const char *folder, struct error *err);

struct canary_pair {
    struct credential good;
    struct credential revoked;
};

void canary_pair_clear(struct canary_pair *pair);
// Puts a replacement in place that the CRLs list by now.
// RESULT_UNAVAILABLE, code "canary", with the cure, unless both can be read and are valid now,
// and of the CRLs (concatenated DER) one lists the revoked one and none the good one: else
// their handshakes would prove nothing.
enum result canary_read(const char *folder, struct bytes crls, struct canary_pair *out_pair,
                        struct error *err);
