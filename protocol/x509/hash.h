// Digests and MACs from wolfCrypt, as one-call functions.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stdint.h>

#include "base/bytes.h"
#include "base/error.h"

#define SHA1_SIZE 20
#define SHA256_SIZE 32

enum result hash_sha256(struct bytes data, uint8_t out_digest[SHA256_SIZE]);
// For key identifiers (RFC 5280, 4.2.1.2) and SCRAM-SHA-1 only, never for a signature.
enum result hash_sha1(struct bytes data, uint8_t out_digest[SHA1_SIZE]);
// For the MAC of PKCS#12 files that old phones read and for SCRAM-SHA-1, and nothing else.
enum result hash_hmac_sha1(struct bytes key, struct bytes data, uint8_t out_mac[SHA1_SIZE]);
enum result hash_hmac_sha256(struct bytes key, struct bytes data, uint8_t out_mac[SHA256_SIZE]);
// PBKDF2 (RFC 8018) with HMAC of that hash, one block of it: the Hi() of SCRAM (RFC 5802).
enum result hash_pbkdf2_sha1(struct bytes password, struct bytes salt, int iterations,
                             uint8_t out_key[SHA1_SIZE]);
enum result hash_pbkdf2_sha256(struct bytes password, struct bytes salt, int iterations,
                               uint8_t out_key[SHA256_SIZE]);
// SHA-256 in lower-case hex, 64 characters, appended.
enum result hash_sha256_hex(struct bytes data, struct buf *out);
