// Renewing what the authority itself has made, on the host: the credential in DIR/admin, however
// long it has been expired. SPDX-License-Identifier: GPL-3.0-or-later
// The gateways' certificate is made anew at every start, and renews itself.
#pragma once

#include <stdint.h>

#include "authority/peer.h"
#include "base/bytes.h"
#include "base/error.h"

struct authority;

// Renews it when it is due, has expired, or its CA issues no administrators any more, and appends a
// line for a person to `report`. Codes: "admin_required" (it is not an administrator's),
// "admin_removed", "certificate_revoked", "certificate_unknown", and why its CA cannot issue.
enum result renew_own(struct authority *authority, const struct peer *peer, int64_t now,
                      struct buf *report, struct error *err);
