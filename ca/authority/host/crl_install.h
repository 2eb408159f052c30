// Taking over a CRL that was made elsewhere, by a root whose key is kept offline.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stdint.h>

#include "authority/peer.h"
#include "base/bytes.h"
#include "base/error.h"

struct authority;

// Checks the CRL (DER) against the CA, the last one and the records, and records it; what it
// revokes among the CAs here is revoked and retired here, too. Codes: "issuer_other" (of a CA that
// is not here), "root_online" (the key is here, and so are its CRLs made), "crl_not_newer",
// "crl_future", "crl_expired", "crl_lost_entry", "crl_lacks_revocation".
enum result crl_install(struct authority *authority, const struct peer *peer, struct bytes der,
                        int64_t now, struct error *err);
