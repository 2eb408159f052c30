// The life of an issuing CA: made under the root, or requested from a root that is kept offline;
// retired; revoked. SPDX-License-Identifier: GPL-3.0-or-later
// All on an authority that is open and not running: a running one would not notice.
#pragma once

#include <stdint.h>

#include "authority/issuers/ca_key.h"
#include "authority/peer.h"
#include "base/bytes.h"
#include "base/error.h"
#include "x509/crl.h"

struct authority;

struct issuing_ca {
    const char *name;
    const char *title; // behind the authority's name in its subject; NULL: the name
    struct ca_key_wish key;
    int64_t lifetime; // cut at the root's end
    bool for_operators;
};

// Who works on the host itself, for the audit trail.
void peer_init_host(struct peer *peer);

// Makes key and certificate. Codes: "issuer_name", "issuer_exists", "title_taken", "title_long",
// "key_taken" (a key on a token that another CA has), "root_offline", "path_length".
enum result issuing_ca_add(struct authority *authority, const struct peer *peer,
                           const struct issuing_ca *wanted, struct error *err);
// Makes a key, and appends the request (PEM) that `signetd root sign` takes. Asked again, makes
// another key: the certificate for the first one is then refused.
enum result issuing_ca_request(struct authority *authority, const struct peer *peer,
                               const struct issuing_ca *wanted, struct buf *out_pem,
                               struct error *err);
// Takes the certificate (DER) for a key that was requested. Codes: "issuer_not_requested",
// "key_mismatch", and those of ca_certificate_check.
enum result issuing_ca_install(struct authority *authority, const struct peer *peer,
                               const struct issuing_ca *wanted, struct bytes certificate,
                               struct error *err);
// It issues nothing any more. Codes: "issuer_unknown", "issuer_retired".
enum result issuing_ca_retire(struct authority *authority, const struct peer *peer,
                              const char *name, struct error *err);
// Retires it, and puts its certificate on the root's CRL: at once where the root's key is here,
// which *out_is_published tells. Codes: "issuer_unknown", "already_revoked", "issuer_root".
enum result issuing_ca_revoke(struct authority *authority, const struct peer *peer,
                              const char *name, enum crl_reason reason, bool *out_is_published,
                              struct error *err);
// The records behind a revocation by `parent`, without its CRL; in the caller's transaction.
struct issuer;
enum result issuing_ca_record_revocation(struct authority *authority, const struct peer *peer,
                                         const struct issuer *issuer, enum crl_reason reason,
                                         int64_t revoked_at, struct error *err);
