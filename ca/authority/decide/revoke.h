// Revocation, by an administrator or by the holder of the certificate; holds and their release.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/error.h"
#include "store/store.h"
#include "wire/messages.h"
#include "x509/crl.h"

struct authority;
struct peer;

// Revokes and marks the CRL as outdated; the publisher makes a new one after the commit. One on
// hold is revoked since the hold began. `invalid_since` lies within the certificate's life and not
// in the future (else RESULT_INVALID, code "invalid_since"). With keyCompromise, every unexpired
// certificate of the same lineage and of the same key goes too, with what was issued to the holder
// of any of them under other profiles, and the key stays blocked. That is bounded
// (LIMIT_COMPROMISED_CERTIFICATES): a second time goes on, as long as something is left.
// With an `issuer`, one that the store has lost is revoked as well (decide/revoke_unknown.h).
// RESULT_CONFLICT (code "already_revoked") the second time. Administrators' certificates are for
// owners, also those taken along: RESULT_DENIED, "role_denied"; "last_owner" when no owner with a
// valid certificate would be left; "own_certificate".
enum result revoke_certificate(struct authority *authority, const struct peer *peer,
                               const struct certificate_revoke *request,
                               struct certificate_info *reply, struct error *err);
enum result revoke_own_certificate(struct authority *authority, const struct peer *peer,
                                   const struct revoke_self *request,
                                   struct certificate_info *reply, struct error *err);
// Puts a valid certificate on hold: everything refuses it as if it were revoked, until it is released
// or revoked for good. RESULT_CONFLICT (codes "already_revoked", "already_on_hold",
// "certificate_expired"); RESULT_DENIED as above, but an owner is always left: who asks.
enum result hold_certificate(struct authority *authority, const struct peer *peer,
                             const struct certificate_hold *request,
                             struct certificate_info *reply, struct error *err);
// Ends a hold: the next CRL does not list it any more. RESULT_CONFLICT (codes "not_on_hold",
// "already_revoked"); RESULT_DENIED ("role_denied") as above.
enum result release_certificate(struct authority *authority, const struct peer *peer,
                                const struct certificate_release *request,
                                struct certificate_info *reply, struct error *err);
// Revokes a certificate that is valid or on hold, for what another operation decided: no checks, one audit record.
enum result revoke_one(struct authority *authority, const struct peer *peer,
                       const struct certificate_record *record, enum crl_reason reason,
                       int64_t now, struct error *err);
