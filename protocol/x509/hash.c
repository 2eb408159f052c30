// Digests and MACs from wolfCrypt.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "x509/hash.h"

#include <wolfssl/options.h>
#include <wolfssl/wolfcrypt/hash.h>
#include <wolfssl/wolfcrypt/hmac.h>
#include <wolfssl/wolfcrypt/pwdbased.h>

#include "base/text.h"
#include "x509/crypto.h"

static enum result hash_with(enum wc_HashType type, struct bytes data, uint8_t *out_digest,
                             uint32_t size) {
    TRY(crypto_check_size(data, NULL));
    // wolfCrypt refuses a null pointer even for no bytes.
    const uint8_t *start = data.size > 0 ? data.data : (const uint8_t *)"";
    return wc_Hash(type, start, (word32)data.size, out_digest, size) == 0 ? RESULT_OK
                                                                          : RESULT_INTERNAL;
}

enum result hash_sha256(struct bytes data, uint8_t out_digest[SHA256_SIZE]) {
    return hash_with(WC_HASH_TYPE_SHA256, data, out_digest, SHA256_SIZE);
}

enum result hash_sha1(struct bytes data, uint8_t out_digest[SHA1_SIZE]) {
    return hash_with(WC_HASH_TYPE_SHA, data, out_digest, SHA1_SIZE);
}

static enum result hmac_with(int type, struct bytes key, struct bytes data, uint8_t *out_mac) {
    TRY(crypto_check_size(key, NULL));
    TRY(crypto_check_size(data, NULL));
    Hmac hmac;
    if (wc_HmacInit(&hmac, NULL, INVALID_DEVID) != 0) {
        return RESULT_INTERNAL;
    }
    const uint8_t *key_start = key.size > 0 ? key.data : (const uint8_t *)"";
    int code = wc_HmacSetKey(&hmac, type, key_start, (word32)key.size);
    if (code == 0 && data.size > 0) {
        code = wc_HmacUpdate(&hmac, data.data, (word32)data.size);
    }
    if (code == 0) {
        code = wc_HmacFinal(&hmac, out_mac);
    }
    wc_HmacFree(&hmac);
    return code == 0 ? RESULT_OK : RESULT_INTERNAL;
}

enum result hash_hmac_sha1(struct bytes key, struct bytes data, uint8_t out_mac[SHA1_SIZE]) {
    return hmac_with(WC_SHA, key, data, out_mac);
}

enum result hash_hmac_sha256(struct bytes key, struct bytes data,
                             uint8_t out_mac[SHA256_SIZE]) {
    return hmac_with(WC_SHA256, key, data, out_mac);
}

static enum result pbkdf2_with(int type, struct bytes password, struct bytes salt,
                               int iterations, uint8_t *out_key, int size) {
    TRY(crypto_check_size(password, NULL));
    TRY(crypto_check_size(salt, NULL));
    return wc_PBKDF2(out_key, password.data, (int)password.size, salt.data, (int)salt.size,
                     iterations, size, type) == 0
               ? RESULT_OK
               : RESULT_INTERNAL;
}

enum result hash_pbkdf2_sha1(struct bytes password, struct bytes salt, int iterations,
                             uint8_t out_key[SHA1_SIZE]) {
    return pbkdf2_with(WC_SHA, password, salt, iterations, out_key, SHA1_SIZE);
}

enum result hash_pbkdf2_sha256(struct bytes password, struct bytes salt, int iterations,
                               uint8_t out_key[SHA256_SIZE]) {
    return pbkdf2_with(WC_SHA256, password, salt, iterations, out_key, SHA256_SIZE);
}

enum result hash_sha256_hex(struct bytes data, struct buf *out) {
    uint8_t digest[SHA256_SIZE];
    TRY(hash_sha256(data, digest));
    return text_hex_encode(bytes_of(digest, sizeof(digest)), out);
}
