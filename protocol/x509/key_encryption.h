// Encrypted PKCS#8: PBES2 (RFC 8018) with PBKDF2 and AES-CBC.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/bytes.h"
#include "base/error.h"

// Appends the EncryptedPrivateKeyInfo of a PrivateKeyInfo: PBKDF2-HMAC-SHA256 with 600,000
// iterations and AES-256-CBC.
enum result key_encrypt(struct bytes pkcs8, const char *passphrase, struct buf *out_der,
                        struct error *err);
// Appends the PrivateKeyInfo inside. RESULT_DENIED for a wrong passphrase, RESULT_INVALID for
// algorithms other than PBKDF2 with HMAC-SHA-1, -256, -384 or -512, and AES-128, AES-256 or
// triple DES (what `openssl req` writes) in CBC mode.
enum result key_decrypt(struct bytes encrypted, const char *passphrase, struct buf *out_pkcs8,
                        struct error *err);
