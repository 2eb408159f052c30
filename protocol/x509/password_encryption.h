// Encrypting with a password as PKCS#8 and PKCS#12 files do it (RFC 8018, RFC 7292).
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/bytes.h"
#include "base/error.h"

enum password_scheme {
    // PBES2: PBKDF2-HMAC-SHA256 and AES-256-CBC. The password is UTF-8.
    PASSWORD_SCHEME_AES256,
    // pbeWithSHAAnd3-KeyTripleDES-CBC, for readers that know nothing else. The password is ASCII.
    PASSWORD_SCHEME_SHA1_3DES,
};

// Appends the AlgorithmIdentifier, with a salt made for it, and behind it an element `tag` with the
// ciphertext: the inside of EncryptedPrivateKeyInfo, and the end of EncryptedContentInfo.
enum result password_encrypt(enum password_scheme scheme, int iterations, struct bytes plain,
                             const char *password, uint8_t tag, struct buf *out_der,
                             struct error *err);

// The key derivation of PKCS#12 (RFC 7292, appendix B.2). `hash` is SHA-1 or SHA-256.
enum pkcs12_hash { PKCS12_SHA1, PKCS12_SHA256 };
enum pkcs12_purpose { PKCS12_FOR_KEY = 1, PKCS12_FOR_IV = 2, PKCS12_FOR_MAC = 3 };
// Of a password of ASCII, which it takes as UTF-16 with a zero behind it.
enum result pkcs12_derive(enum pkcs12_hash hash, enum pkcs12_purpose purpose,
                          const char *password, struct bytes salt, int iterations, uint8_t *out,
                          size_t size, struct error *err);
