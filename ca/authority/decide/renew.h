// Renewal: a new key and certificate for the holder of a valid one.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/error.h"
#include "wire/messages.h"

struct authority;
struct peer;

// Bound to the identified peer's exact certificate: its names, its profile, its lineage. A new
// key is required (code "key_reused") unless the profile lets it keep the predecessor's. The same CSR gets the same certificate again; another
// CSR gets another certificate while the predecessor is valid, so that a device that lost both
// answer and key can go on.
enum result renew_certificate(struct authority *authority, const struct peer *peer,
                              const struct renew *request, struct issued *reply,
                              struct error *err);
