// The number by which OpenSSL finds a CA's files in a folder: HASH.0, HASH.r0 (openssl rehash).
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stdint.h>

#include "base/bytes.h"
#include "base/error.h"

// Of a Name element. RESULT_INVALID for what no CA of ours has: several attributes in one RDN,
// and BMPString or UniversalString.
enum result distinguished_name_hash(struct bytes name_der, uint32_t *out_hash,
                                    struct error *err);
