// Verifying signatures under public keys.
// SPDX-License-Identifier: GPL-3.0-or-later
#include <wolfssl/options.h>
#include <wolfssl/wolfcrypt/asn_public.h>
#include <wolfssl/wolfcrypt/error-crypt.h>
#include <wolfssl/wolfcrypt/hash.h>

#include "x509/crypto.h"
#include "x509/der.h"
#include "x509/key.h"
#include "x509/key_private.h"
#include "x509/oid.h"

static const struct signature_algorithm signature_algorithms[] = {
    {OID_ECDSA_SHA256, KEY_FAMILY_ECC, WC_HASH_TYPE_SHA256, 32, false},
    {OID_ECDSA_SHA384, KEY_FAMILY_ECC, WC_HASH_TYPE_SHA384, 48, false},
    {OID_ECDSA_SHA512, KEY_FAMILY_ECC, WC_HASH_TYPE_SHA512, 64, false},
    {OID_ED25519, KEY_FAMILY_ED25519, WC_HASH_TYPE_NONE, 0, false},
    {OID_RSA_SHA256, KEY_FAMILY_RSA, WC_HASH_TYPE_SHA256, 32, true},
    {OID_RSA_SHA384, KEY_FAMILY_RSA, WC_HASH_TYPE_SHA384, 48, true},
    {OID_RSA_SHA512, KEY_FAMILY_RSA, WC_HASH_TYPE_SHA512, 64, true},
};

static enum result unknown_signature(struct error *err, struct bytes oid) {
    AUTO(buf_clear) struct buf text = {0};
    buf_init(&text, 256);
    enum oid known = oid_find(oid);
    if (known != OID_UNKNOWN) {
        (void)buf_append_string(&text, oid_name(known));
    } else {
        (void)oid_format(oid, &text);
    }
    return error_set_code(err, RESULT_INVALID, "signature_algorithm_unknown",
                          "the signature algorithm is %s; expected ECDSA or RSA (PKCS#1 v1.5) "
                          "with SHA-256, SHA-384 or SHA-512, or Ed25519",
                          buf_string(&text));
}

enum result signature_algorithm_read(struct bytes identifier,
                                     const struct signature_algorithm **out_algorithm,
                                     struct error *err) {
    struct der der = der_of(identifier), inside = {0};
    struct bytes content = {0}, null = {0};
    TRY(der_enter(&der, DER_SEQUENCE, &inside, err));
    TRY(der_expect_end(&der, err));
    TRY(der_read(&inside, DER_OID, &content, err));
    enum oid oid = oid_find(content);
    for (size_t i = 0; i < sizeof(signature_algorithms) / sizeof(signature_algorithms[0]);
         i++) {
        const struct signature_algorithm *algorithm = &signature_algorithms[i];
        if (algorithm->oid != oid) {
            continue;
        }
        // RFC 4055, 5: absent parameters must be taken for RSA as well.
        if (algorithm->has_null && !der_at_end(&inside)) {
            TRY(der_read(&inside, DER_NULL, &null, err));
        }
        TRY(der_expect_end(&inside, err));
        if (null.size != 0) {
            break;
        }
        *out_algorithm = algorithm;
        return RESULT_OK;
    }
    return unknown_signature(err, content);
}

static enum result does_not_fit(struct error *err) {
    return error_set_code(err, RESULT_DENIED, "signature_wrong",
                          "the signature does not fit the content and the key");
}

// Ecdsa-Sig-Value in strict DER (RFC 3279, 2.2.3), so that a signature has one encoding only.
static bool is_ecdsa_signature(struct bytes signature, size_t curve_size) {
    struct der der = der_of(signature), inside = {0};
    struct bytes r = {0}, s = {0};
    return der_enter(&der, DER_SEQUENCE, &inside, NULL) == RESULT_OK && der_at_end(&der) &&
           der_read_unsigned(&inside, &r, NULL) == RESULT_OK &&
           der_read_unsigned(&inside, &s, NULL) == RESULT_OK && der_at_end(&inside) &&
           r.size > 0 && r.size <= curve_size && s.size > 0 && s.size <= curve_size;
}

static enum result verify_ecdsa(const struct public_key *key, struct bytes digest,
                                struct bytes signature, struct error *err) {
    AUTO(key_ecc_clear) ecc_key ecc;
    int code = wc_ecc_init(&ecc);
    if (code != 0) {
        return crypto_failed(err, "prepare a key", code);
    }
    TRY(public_key_import_point(key, &ecc, err));
    if (!is_ecdsa_signature(signature, key_curve_size(key->algorithm))) {
        return does_not_fit(err);
    }
    int fits = 0;
    code = wc_ecc_verify_hash(signature.data, (word32)signature.size, digest.data,
                              (word32)digest.size, &fits, &ecc);
    if (code == MEMORY_E) {
        return error_out_of_memory(err);
    }
    return code == 0 && fits == 1 ? RESULT_OK : does_not_fit(err);
}

static enum result verify_ed25519(const struct public_key *key, struct bytes message,
                                  struct bytes signature, struct error *err) {
    TRY(public_key_check_ed25519_encoding(key, err));
    if (signature.size != ED25519_SIG_SIZE) {
        return does_not_fit(err);
    }
    ed25519_key ed25519;
    int code = wc_ed25519_init(&ed25519);
    if (code != 0) {
        return crypto_failed(err, "prepare a key", code);
    }
    int fits = 0;
    code = wc_ed25519_import_public(key->bits.data, ED25519_PUB_KEY_SIZE, &ed25519);
    if (code == 0) {
        code = wc_ed25519_verify_msg(signature.data, (word32)signature.size, message.data,
                                     (word32)message.size, &fits, &ed25519);
    }
    wc_ed25519_free(&ed25519);
    if (code == MEMORY_E) {
        return error_out_of_memory(err);
    }
    return code == 0 && fits == 1 ? RESULT_OK : does_not_fit(err);
}

static void rsa_clear(RsaKey *key) {
    (void)wc_FreeRsaKey(key);
}

static enum result verify_rsa(const struct public_key *key,
                              const struct signature_algorithm *algorithm, struct bytes digest,
                              struct bytes signature, struct error *err) {
    AUTO(rsa_clear) RsaKey rsa;
    int code = wc_InitRsaKey(&rsa, NULL);
    if (code != 0) {
        return crypto_failed(err, "prepare a key", code);
    }
    code = wc_RsaPublicKeyDecodeRaw(key->modulus.data, (word32)key->modulus.size,
                                    key->exponent.data, (word32)key->exponent.size, &rsa);
    if (code != 0) {
        return crypto_failed(err, "read the RSA key", code);
    }
    uint8_t expected[KEY_DIGEST_INFO_BYTES], came[KEY_SIGNATURE_BYTES];
    word32 expected_size = wc_EncodeSignature(expected, digest.data, (word32)digest.size,
                                              wc_GetCTC_HashOID((int)algorithm->hash));
    if (signature.size != key->modulus.size) {
        return does_not_fit(err);
    }
    code = wc_RsaSSL_Verify(signature.data, (word32)signature.size, came, sizeof(came), &rsa);
    if (code == MEMORY_E) {
        return error_out_of_memory(err);
    }
    bool fits = code > 0 &&
                bytes_equal(bytes_of(came, (size_t)code), bytes_of(expected, expected_size));
    return fits ? RESULT_OK : does_not_fit(err);
}

enum result signature_algorithm_fits(const struct signature_algorithm *algorithm,
                                     const struct public_key *key, struct error *err) {
    if (algorithm->family == key_family(key->algorithm)) {
        return RESULT_OK;
    }
    return error_set_code(err, RESULT_INVALID, "signature_algorithm_unknown",
                          "the signature algorithm %s does not belong to a %s key",
                          oid_name(algorithm->oid), key_algorithm_name(key->algorithm));
}

enum result public_key_verify_digest(const struct public_key *key,
                                     const struct signature_algorithm *algorithm,
                                     struct bytes digest, struct bytes signature,
                                     struct error *err) {
    return algorithm->family == KEY_FAMILY_ECC
               ? verify_ecdsa(key, digest, signature, err)
               : verify_rsa(key, algorithm, digest, signature, err);
}

enum result public_key_verify(struct bytes spki, struct bytes signature_algorithm,
                              struct bytes message, struct bytes signature, struct error *err) {
    struct public_key key = {0};
    const struct signature_algorithm *algorithm = NULL;
    TRY(public_key_read(spki, &key, err));
    TRY(signature_algorithm_read(signature_algorithm, &algorithm, err));
    TRY(signature_algorithm_fits(algorithm, &key, err));
    TRY(crypto_check_size(message, err));
    if (message.size == 0) {
        message = bytes_of("", 0);
    }
    if (algorithm->family == KEY_FAMILY_ED25519) {
        return verify_ed25519(&key, message, signature, err);
    }
    uint8_t digest[WC_MAX_DIGEST_SIZE];
    int code = wc_Hash(algorithm->hash, message.data, (word32)message.size, digest,
                       algorithm->digest_size);
    if (code != 0) {
        return crypto_failed(err, "hash", code);
    }
    return public_key_verify_digest(&key, algorithm, bytes_of(digest, algorithm->digest_size),
                                    signature, err);
}
