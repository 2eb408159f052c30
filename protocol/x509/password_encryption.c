// The two schemes: PBES2 with AES, and the triple DES of PKCS#12.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "x509/password_encryption.h"

#include <string.h>

#include <wolfssl/options.h>
#include <wolfssl/wolfcrypt/aes.h>
#include <wolfssl/wolfcrypt/des3.h>
#include <wolfssl/wolfcrypt/hash.h>
#include <wolfssl/wolfcrypt/pwdbased.h>

#include "base/limits.h"
#include "base/random.h"
#include "base/text.h"
#include "x509/crypto.h"
#include "x509/der.h"
#include "x509/oid.h"

#define SALT_SIZE 16
#define KEY_SIZE_MOST 32
#define BLOCK_SIZE_MOST 16
#define DES3_KEY_SIZE 24
#define DES3_BLOCK_SIZE 8

// What one encryption uses; the secret part is wiped at the end of its scope.
struct encryption {
    int iterations;
    const char *password;
    uint8_t salt[SALT_SIZE];
    uint8_t iv[BLOCK_SIZE_MOST];
    uint8_t key[KEY_SIZE_MOST];
};

static void encryption_clear(struct encryption *encryption) {
    memory_wipe(encryption, sizeof(*encryption));
}

// --- PBES2 -------------------------------------------------------------------------------------

static enum result derive_aes(struct encryption *encryption, struct error *err) {
    TRY(random_bytes(encryption->iv, sizeof(encryption->iv), err));
    int code = wc_PBKDF2(encryption->key, (const byte *)encryption->password,
                         (int)strlen(encryption->password), encryption->salt, SALT_SIZE,
                         encryption->iterations, KEY_SIZE_MOST, WC_SHA256);
    return code != 0 ? crypto_failed(err, "derive a key from the password", code) : RESULT_OK;
}

// The PRF is written with its NULL, and the key length is not: iOS reads no other form.
static enum result write_derivation(const struct encryption *encryption, struct buf *out) {
    size_t function = 0, parameters = 0, prf = 0;
    TRY(der_begin(out, DER_SEQUENCE, &function));
    TRY(oid_write(out, OID_PBKDF2));
    TRY(der_begin(out, DER_SEQUENCE, &parameters));
    TRY(der_write(out, DER_OCTET_STRING, bytes_of(encryption->salt, SALT_SIZE)));
    TRY(der_write_integer(out, encryption->iterations));
    TRY(der_begin(out, DER_SEQUENCE, &prf));
    TRY(oid_write(out, OID_HMAC_SHA256));
    TRY(der_write_null(out));
    TRY(der_end(out, prf));
    TRY(der_end(out, parameters));
    return der_end(out, function);
}

static enum result write_aes(const struct encryption *encryption, struct buf *out) {
    size_t identifier = 0, parameters = 0, scheme = 0;
    TRY(der_begin(out, DER_SEQUENCE, &identifier));
    TRY(oid_write(out, OID_PBES2));
    TRY(der_begin(out, DER_SEQUENCE, &parameters));
    TRY(write_derivation(encryption, out));
    TRY(der_begin(out, DER_SEQUENCE, &scheme));
    TRY(oid_write(out, OID_AES256_CBC));
    TRY(der_write(out, DER_OCTET_STRING, bytes_of(encryption->iv, sizeof(encryption->iv))));
    TRY(der_end(out, scheme));
    TRY(der_end(out, parameters));
    return der_end(out, identifier);
}

static int encrypt_aes(const struct encryption *encryption, struct buf *padded) {
    Aes aes;
    int code = wc_AesInit(&aes, NULL, INVALID_DEVID);
    if (code != 0) {
        return code;
    }
    code = wc_AesSetKey(&aes, encryption->key, KEY_SIZE_MOST, encryption->iv, AES_ENCRYPTION);
    if (code == 0) {
        code = wc_AesCbcEncrypt(&aes, padded->data, padded->data, (word32)padded->size);
    }
    wc_AesFree(&aes);
    memory_wipe(&aes, sizeof(aes));
    return code;
}

// --- PKCS#12 -----------------------------------------------------------------------------------

enum result pkcs12_derive(enum pkcs12_hash hash, enum pkcs12_purpose purpose,
                          const char *password, struct bytes salt, int iterations, uint8_t *out,
                          size_t size, struct error *err) {
    AUTO(buf_clear) struct buf wide = {0};
    buf_init_secret(&wide, 2 * (LIMIT_PKCS12_PASSWORD_BYTES + 1));
    TRY(text_ucs2_encode(bytes_of_string(password), &wide));
    TRY(buf_append(&wide, bytes_of((const uint8_t[]){0, 0}, 2)));
    int code =
        wc_PKCS12_PBKDF(out, wide.data, (int)wide.size, salt.data, (int)salt.size, iterations,
                        (int)size, hash == PKCS12_SHA1 ? WC_SHA : WC_SHA256, (int)purpose);
    return code != 0 ? crypto_failed(err, "derive a key from the password", code) : RESULT_OK;
}

static enum result derive_des3(struct encryption *encryption, struct error *err) {
    struct bytes salt = bytes_of(encryption->salt, SALT_SIZE);
    TRY(pkcs12_derive(PKCS12_SHA1, PKCS12_FOR_KEY, encryption->password, salt,
                      encryption->iterations, encryption->key, DES3_KEY_SIZE, err));
    return pkcs12_derive(PKCS12_SHA1, PKCS12_FOR_IV, encryption->password, salt,
                         encryption->iterations, encryption->iv, DES3_BLOCK_SIZE, err);
}

static enum result write_des3(const struct encryption *encryption, struct buf *out) {
    size_t identifier = 0, parameters = 0;
    TRY(der_begin(out, DER_SEQUENCE, &identifier));
    TRY(oid_write(out, OID_PBE_SHA1_3DES));
    TRY(der_begin(out, DER_SEQUENCE, &parameters));
    TRY(der_write(out, DER_OCTET_STRING, bytes_of(encryption->salt, SALT_SIZE)));
    TRY(der_write_integer(out, encryption->iterations));
    TRY(der_end(out, parameters));
    return der_end(out, identifier);
}

static int encrypt_des3(const struct encryption *encryption, struct buf *padded) {
    Des3 des3;
    int code = wc_Des3Init(&des3, NULL, INVALID_DEVID);
    if (code != 0) {
        return code;
    }
    code = wc_Des3_SetKey(&des3, encryption->key, encryption->iv, DES_ENCRYPTION);
    if (code == 0) {
        code = wc_Des3_CbcEncrypt(&des3, padded->data, padded->data, (word32)padded->size);
    }
    wc_Des3Free(&des3);
    memory_wipe(&des3, sizeof(des3));
    return code;
}

// --- both --------------------------------------------------------------------------------------

static const struct scheme {
    size_t block_size;
    enum result (*derive)(struct encryption *encryption, struct error *err);
    enum result (*write)(const struct encryption *encryption, struct buf *out);
    int (*encrypt)(const struct encryption *encryption, struct buf *padded);
} schemes[] = {
    [PASSWORD_SCHEME_AES256] = {16, derive_aes, write_aes, encrypt_aes},
    [PASSWORD_SCHEME_SHA1_3DES] = {DES3_BLOCK_SIZE, derive_des3, write_des3, encrypt_des3},
};

// RFC 8018, 6.1.1: n octets of the value n.
static enum result pad(struct bytes plain, size_t block_size, struct buf *out) {
    TRY(buf_append(out, plain));
    uint8_t padding = (uint8_t)(block_size - plain.size % block_size);
    for (uint8_t i = 0; i < padding; i++) {
        TRY(buf_append_byte(out, padding));
    }
    return RESULT_OK;
}

enum result password_encrypt(enum password_scheme scheme, int iterations, struct bytes plain,
                             const char *password, uint8_t tag, struct buf *out_der,
                             struct error *err) {
    const struct scheme *chosen = &schemes[scheme];
    AUTO(encryption_clear)
    struct encryption encryption = {.iterations = iterations, .password = password};
    AUTO(buf_clear) struct buf padded = {0};
    buf_init_secret(&padded, plain.size + BLOCK_SIZE_MOST);
    TRY(crypto_check_size(plain, err));
    TRY(random_bytes(encryption.salt, SALT_SIZE, err));
    TRY(chosen->derive(&encryption, err));
    TRY(pad(plain, chosen->block_size, &padded));
    int code = chosen->encrypt(&encryption, &padded);
    if (code != 0) {
        return crypto_failed(err, "encrypt with the password", code);
    }
    TRY(chosen->write(&encryption, out_der));
    return der_write(out_der, tag, buf_bytes(&padded));
}
