// The TLS certificate and key of the gateways: issued by this authority, replaced long before
// its end. SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/error.h"
#include "wire/messages.h"

struct authority;

struct service_identity {
    struct buf key;   // PKCS#8, secret
    struct buf chain; // leaf and the CAs behind it, DER
    struct buf serial;
    int64_t rotate_at;
    bool is_outdated;      // the host names changed, or it was revoked
    bool is_refusal_noted; // that the next one was refused is in the audit trail
};

void service_identity_clear(struct service_identity *identity);
bool service_identity_is_due(const struct authority *authority, int64_t now);
// Makes a new key and certificate in a transaction of its own. The old ones stay when it fails.
enum result service_identity_replace(struct authority *authority, int64_t now,
                                     struct error *err);
// Appends the body of NOTICE_IDENTITY to a secret buffer. Enroll gateways (`role`) also trust
// the CAs of manufacturers that are configured: their devices enroll with their certificates.
// Nobody administers with one.
enum result service_identity_encode(const struct authority *authority, enum channel role,
                                    struct buf *out, struct error *err);
