// Encrypting and decrypting PKCS#8 keys with a passphrase (RFC 8018, section 6.2).
// SPDX-License-Identifier: GPL-3.0-or-later
#include "x509/key_encryption.h"

#include <string.h>

#include <wolfssl/options.h>
#include <wolfssl/wolfcrypt/aes.h>
#include <wolfssl/wolfcrypt/des3.h>
#include <wolfssl/wolfcrypt/hash.h>
#include <wolfssl/wolfcrypt/pwdbased.h>

#include "base/limits.h"
#include "x509/crypto.h"
#include "x509/der.h"
#include "x509/oid.h"
#include "x509/password_encryption.h"

// OWASP's figure for PBKDF2-HMAC-SHA256: half a second on a small machine.
#define ITERATIONS 600000
#define KEY_SIZE_MOST 32
// Longer ones are an accident.
#define PASSPHRASE_SIZE_MOST 1024

struct cipher {
    enum oid oid;
    size_t key_size, block_size;
};

static const struct cipher ciphers[] = {
    {OID_AES256_CBC, 32, 16},
    {OID_AES128_CBC, 16, 16},
    {OID_DES_EDE3_CBC, 24, 8},
};

// What a PBES2 AlgorithmIdentifier says; views.
struct encryption {
    struct bytes salt;
    int64_t iterations;
    int hash;
    const struct cipher *cipher;
    struct bytes iv;
};

// A derived key, wiped at the end of its scope.
struct cipher_key {
    uint8_t octets[KEY_SIZE_MOST];
};

static void cipher_key_clear(struct cipher_key *key) {
    memory_wipe(key, sizeof(*key));
}

static enum result unsupported(struct error *err, const char *what) {
    (void)error_set_code(err, RESULT_INVALID, "key_encryption_unknown",
                         "the key is encrypted with %s that is not supported; expected PBES2 "
                         "with PBKDF2 and AES-256-CBC",
                         what);
    error_hint(err,
               "Convert it: openssl pkcs8 -topk8 -v2 aes-256-cbc -in OLD.key -out NEW.key");
    return RESULT_INVALID;
}

static enum result check_passphrase(const char *passphrase, struct error *err) {
    size_t size = strlen(passphrase);
    if (size == 0 || size > PASSPHRASE_SIZE_MOST) {
        return error_set(err, RESULT_INVALID, "a passphrase has 1 to %d octets; came %zu",
                         PASSPHRASE_SIZE_MOST, size);
    }
    return RESULT_OK;
}

static enum result derive(const struct encryption *encryption, const char *passphrase,
                          struct cipher_key *out_key, struct error *err) {
    int code = wc_PBKDF2(out_key->octets, (const byte *)passphrase, (int)strlen(passphrase),
                         encryption->salt.data, (int)encryption->salt.size,
                         (int)encryption->iterations, (int)encryption->cipher->key_size,
                         encryption->hash);
    return code != 0 ? crypto_failed(err, "derive a key from the passphrase", code) : RESULT_OK;
}

// --- reading ---

static enum result read_prf(struct der *der, int *out_hash, struct error *err) {
    struct der prf = {0};
    struct bytes oid = {0}, null = {0};
    TRY(der_enter(der, DER_SEQUENCE, &prf, err));
    TRY(der_read(&prf, DER_OID, &oid, err));
    if (!der_at_end(&prf)) {
        TRY(der_read(&prf, DER_NULL, &null, err));
    }
    TRY(der_expect_end(&prf, err));
    switch (oid_find(oid)) {
    case OID_HMAC_SHA1:
        *out_hash = WC_SHA;
        return RESULT_OK;
    case OID_HMAC_SHA256:
        *out_hash = WC_SHA256;
        return RESULT_OK;
    case OID_HMAC_SHA384:
        *out_hash = WC_SHA384;
        return RESULT_OK;
    case OID_HMAC_SHA512:
        *out_hash = WC_SHA512;
        return RESULT_OK;
    default:
        return unsupported(err, "a PBKDF2 hash");
    }
}

static enum result read_derivation(struct der *der, struct encryption *out_encryption,
                                   int64_t *out_key_size, struct error *err) {
    struct der function = {0}, parameters = {0};
    struct bytes oid = {0};
    TRY(der_enter(der, DER_SEQUENCE, &function, err));
    TRY(der_read(&function, DER_OID, &oid, err));
    if (oid_find(oid) != OID_PBKDF2) {
        return unsupported(err, "a key derivation");
    }
    TRY(der_enter(&function, DER_SEQUENCE, &parameters, err));
    TRY(der_expect_end(&function, err));
    TRY(der_read(&parameters, DER_OCTET_STRING, &out_encryption->salt, err));
    TRY(der_read_integer(&parameters, &out_encryption->iterations, err));
    if (out_encryption->iterations < 1 ||
        out_encryption->iterations > LIMIT_PBKDF2_ITERATIONS) {
        return error_set(err, RESULT_INVALID,
                         "the key asks for %lld iterations of PBKDF2; expected 1 to %d",
                         (long long)out_encryption->iterations, LIMIT_PBKDF2_ITERATIONS);
    }
    if (der_peek(&parameters) == DER_INTEGER) {
        TRY(der_read_integer(&parameters, out_key_size, err));
    }
    out_encryption->hash = WC_SHA; // RFC 8018, A.2: the default
    if (!der_at_end(&parameters)) {
        TRY(read_prf(&parameters, &out_encryption->hash, err));
    }
    return der_expect_end(&parameters, err);
}

static enum result read_cipher(struct der *der, struct encryption *out_encryption,
                               struct error *err) {
    struct der scheme = {0};
    struct bytes oid = {0};
    TRY(der_enter(der, DER_SEQUENCE, &scheme, err));
    TRY(der_read(&scheme, DER_OID, &oid, err));
    enum oid known = oid_find(oid);
    for (size_t i = 0; i < sizeof(ciphers) / sizeof(ciphers[0]); i++) {
        if (known != OID_UNKNOWN && ciphers[i].oid == known) {
            out_encryption->cipher = &ciphers[i];
        }
    }
    if (out_encryption->cipher == NULL) {
        return unsupported(err, "a cipher");
    }
    TRY(der_read(&scheme, DER_OCTET_STRING, &out_encryption->iv, err));
    if (out_encryption->iv.size != out_encryption->cipher->block_size) {
        return error_set(err, RESULT_INVALID,
                         "the initialisation vector has %zu octets, not %zu",
                         out_encryption->iv.size, out_encryption->cipher->block_size);
    }
    return der_expect_end(&scheme, err);
}

static enum result read_encryption(struct der *der, struct encryption *out_encryption,
                                   struct error *err) {
    struct encryption encryption = {0};
    struct der identifier = {0}, parameters = {0};
    struct bytes oid = {0};
    TRY(der_enter(der, DER_SEQUENCE, &identifier, err));
    TRY(der_read(&identifier, DER_OID, &oid, err));
    if (oid_find(oid) != OID_PBES2) {
        return unsupported(err, "a scheme");
    }
    int64_t key_size = -1;
    TRY(der_enter(&identifier, DER_SEQUENCE, &parameters, err));
    TRY(der_expect_end(&identifier, err));
    TRY(read_derivation(&parameters, &encryption, &key_size, err));
    TRY(read_cipher(&parameters, &encryption, err));
    TRY(der_expect_end(&parameters, err));
    if (key_size != -1 && key_size != (int64_t)encryption.cipher->key_size) {
        return error_set(err, RESULT_INVALID, "the key length %lld does not fit the cipher",
                         (long long)key_size);
    }
    *out_encryption = encryption;
    return RESULT_OK;
}

static int decrypt_aes(const struct encryption *encryption, const struct cipher_key *key,
                       struct bytes input, uint8_t *out) {
    Aes aes;
    int code = wc_AesInit(&aes, NULL, INVALID_DEVID);
    if (code != 0) {
        return code;
    }
    code = wc_AesSetKey(&aes, key->octets, (word32)encryption->cipher->key_size,
                        encryption->iv.data, AES_DECRYPTION);
    if (code == 0) {
        code = wc_AesCbcDecrypt(&aes, out, input.data, (word32)input.size);
    }
    wc_AesFree(&aes);
    memory_wipe(&aes, sizeof(aes));
    return code;
}

static int decrypt_des3(const struct encryption *encryption, const struct cipher_key *key,
                        struct bytes input, uint8_t *out) {
    Des3 des3;
    int code = wc_Des3Init(&des3, NULL, INVALID_DEVID);
    if (code != 0) {
        return code;
    }
    code = wc_Des3_SetKey(&des3, key->octets, encryption->iv.data, DES_DECRYPTION);
    if (code == 0) {
        code = wc_Des3_CbcDecrypt(&des3, out, input.data, (word32)input.size);
    }
    wc_Des3Free(&des3);
    memory_wipe(&des3, sizeof(des3));
    return code;
}

static enum result wrong_passphrase(struct error *err) {
    (void)error_set_code(err, RESULT_DENIED, "passphrase_wrong",
                         "the passphrase does not open the private key");
    error_hint(err, "Try another one: without the right one the key cannot be read.");
    return RESULT_DENIED;
}

// RFC 8018, 6.1.1: n octets of the value n.
static bool remove_padding(struct buf *plain, size_t block_size) {
    uint8_t padding = plain->data[plain->size - 1];
    if (padding == 0 || padding > block_size) {
        return false;
    }
    for (size_t i = plain->size - padding; i < plain->size; i++) {
        if (plain->data[i] != padding) {
            return false;
        }
    }
    plain->size -= padding;
    return true;
}

enum result key_decrypt(struct bytes encrypted, const char *passphrase, struct buf *out_pkcs8,
                        struct error *err) {
    struct encryption encryption = {0};
    struct der der = der_of(encrypted), inside = {0};
    struct bytes content = {0};
    TRY(der_enter(&der, DER_SEQUENCE, &inside, err));
    TRY(der_expect_end(&der, err));
    TRY(read_encryption(&inside, &encryption, err));
    TRY(der_read(&inside, DER_OCTET_STRING, &content, err));
    TRY(der_expect_end(&inside, err));
    if (content.size == 0 || content.size % encryption.cipher->block_size != 0) {
        return error_set(err, RESULT_INVALID, "the encrypted key is cut off");
    }
    if (strlen(passphrase) == 0 || strlen(passphrase) > PASSPHRASE_SIZE_MOST) {
        return wrong_passphrase(err);
    }
    AUTO(cipher_key_clear) struct cipher_key key = {0};
    TRY(derive(&encryption, passphrase, &key, err));
    AUTO(buf_clear) struct buf plain = {0};
    buf_init_secret(&plain, content.size);
    uint8_t *room = NULL;
    TRY(buf_reserve(&plain, content.size, &room));
    int code = encryption.cipher->oid == OID_DES_EDE3_CBC
                   ? decrypt_des3(&encryption, &key, content, room)
                   : decrypt_aes(&encryption, &key, content, room);
    if (code != 0) {
        return crypto_failed(err, "decrypt the private key", code);
    }
    buf_commit(&plain, content.size);
    if (!remove_padding(&plain, encryption.cipher->block_size) ||
        der_check(buf_bytes(&plain), NULL) != RESULT_OK) {
        return wrong_passphrase(err);
    }
    return buf_append(out_pkcs8, buf_bytes(&plain));
}

// --- writing ---

enum result key_encrypt(struct bytes pkcs8, const char *passphrase, struct buf *out_der,
                        struct error *err) {
    TRY(check_passphrase(passphrase, err));
    size_t mark = 0;
    TRY(der_begin(out_der, DER_SEQUENCE, &mark));
    TRY(password_encrypt(PASSWORD_SCHEME_AES256, ITERATIONS, pkcs8, passphrase,
                         DER_OCTET_STRING, out_der, err));
    return der_end(out_der, mark);
}
