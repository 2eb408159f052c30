// CAs to believe, grown from one root: new ones are known before the first certificate needs them.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stdint.h>

#include "base/bytes.h"
#include "base/error.h"

// Appends to `trust` those certificates of `candidates` (concatenated DER) that are not in it yet,
// are of CAs, and chain to `root` at `now` by way of the candidates: new issuing CAs, old ones that
// have not ended, a new root that the old one vouches for. Others are left out. RESULT_LIMIT, code
// "too_many_cas", when there are more than LIMIT_TRUST_CERTIFICATES, or than fit: none is left out
// because of that.
enum result trust_add(struct bytes candidates, struct bytes root, int64_t now,
                      struct buf *trust, struct error *err);
// What to believe after a certificate came with `chain`: the root, the CAs of the chain, and those
// believed before, because peers still have certificates of them.
enum result trust_gather(struct bytes root, struct bytes chain, struct bytes before,
                         struct buf *out, struct error *err);
// Every CA that an authority shows must be one of ours: it is not asked which to believe. Code
// "untrusted" when our root does not vouch for one; "too_many_cas" when there are more than a device
// keeps.
enum result trust_check(struct bytes chain, struct bytes root, struct error *err);
