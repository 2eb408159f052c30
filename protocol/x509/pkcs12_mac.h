// The MAC over a PKCS#12 file (RFC 7292, 4 and appendix A).
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/bytes.h"
#include "base/error.h"
#include "x509/password_encryption.h"

// Appends the MacData of the AuthenticatedSafe's octets.
enum result pkcs12_write_mac(enum pkcs12_hash hash, int iterations, struct bytes content,
                             const char *password, struct buf *out, struct error *err);
