// Private keys: making, sharing, freeing, and their public part.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "x509/key.h"

#include <stdlib.h>
#include <string.h>

#include <wolfssl/options.h>

#include "base/limits.h"
#include "x509/crypto.h"
#include "x509/der.h"
#include "x509/key_private.h"
#include "x509/oid.h"

struct algorithm {
    const char *name;
    int bits;
    enum key_family family;
    int curve;
    enum oid curve_oid;
    enum oid signature;
};

static const struct algorithm algorithms[KEY_ALGORITHM_COUNT] = {
    [KEY_P256] = {"p256", 256, KEY_FAMILY_ECC, ECC_SECP256R1, OID_CURVE_P256, OID_ECDSA_SHA256},
    [KEY_P384] = {"p384", 384, KEY_FAMILY_ECC, ECC_SECP384R1, OID_CURVE_P384, OID_ECDSA_SHA384},
    [KEY_ED25519] = {"ed25519", 256, KEY_FAMILY_ED25519, 0, OID_UNKNOWN, OID_ED25519},
    [KEY_RSA2048] = {"rsa2048", 2048, KEY_FAMILY_RSA, 0, OID_UNKNOWN, OID_RSA_SHA256},
    [KEY_RSA3072] = {"rsa3072", 3072, KEY_FAMILY_RSA, 0, OID_UNKNOWN, OID_RSA_SHA256},
    [KEY_RSA4096] = {"rsa4096", 4096, KEY_FAMILY_RSA, 0, OID_UNKNOWN, OID_RSA_SHA256},
};

const char *key_algorithm_name(enum key_algorithm algorithm) {
    return algorithm < KEY_ALGORITHM_COUNT ? algorithms[algorithm].name : "unknown";
}

bool key_algorithm_from_name(const char *name, enum key_algorithm *out_algorithm) {
    for (int i = 0; i < KEY_ALGORITHM_COUNT; i++) {
        if (strcmp(algorithms[i].name, name) == 0) {
            *out_algorithm = (enum key_algorithm)i;
            return true;
        }
    }
    return false;
}

enum key_family key_family(enum key_algorithm algorithm) {
    return algorithms[algorithm].family;
}

int key_curve(enum key_algorithm algorithm) {
    return algorithms[algorithm].curve;
}

size_t key_curve_size(enum key_algorithm algorithm) {
    return (size_t)algorithms[algorithm].bits / 8;
}

enum oid key_curve_oid(enum key_algorithm algorithm) {
    return algorithms[algorithm].curve_oid;
}

enum key_algorithm key_rsa_algorithm(size_t bits) {
    return bits >= 4096 ? KEY_RSA4096 : bits >= 3072 ? KEY_RSA3072 : KEY_RSA2048;
}

// --- life ---

static int init_material(struct key *key) {
    switch (key_family(key->algorithm)) {
    case KEY_FAMILY_ECC:
        return wc_ecc_init(&key->material.ecc);
    case KEY_FAMILY_ED25519:
        return wc_ed25519_init(&key->material.ed25519);
    case KEY_FAMILY_RSA:
        break;
    }
    return wc_InitRsaKey(&key->material.rsa, NULL);
}

static int connect_generator(struct key *key) {
    switch (key_family(key->algorithm)) {
    case KEY_FAMILY_ECC:
        return wc_ecc_set_rng(&key->material.ecc, &key->rng);
    case KEY_FAMILY_RSA:
        return wc_RsaSetRNG(&key->material.rsa, &key->rng);
    case KEY_FAMILY_ED25519:
        break; // its signatures are deterministic
    }
    return 0;
}

static void clear_material(struct key *key) {
    if (key->has_material) {
        switch (key_family(key->algorithm)) {
        case KEY_FAMILY_ECC:
            (void)wc_ecc_free(&key->material.ecc);
            break;
        case KEY_FAMILY_ED25519:
            wc_ed25519_free(&key->material.ed25519);
            break;
        case KEY_FAMILY_RSA:
            (void)wc_FreeRsaKey(&key->material.rsa);
            break;
        }
    }
    if (key->has_rng) {
        (void)wc_FreeRng(&key->rng);
    }
}

static const struct key_holder wolfcrypt_holder = {key_sign_with_material, clear_material};

enum result key_new(enum key_algorithm algorithm, struct key **out_key, struct error *err) {
    AUTO(key_free_at) struct key *key = calloc(1, sizeof(*key));
    if (key == NULL) {
        return error_out_of_memory(err);
    }
    key->holder = &wolfcrypt_holder;
    key->owners = 1;
    key->algorithm = algorithm;
    buf_init(&key->public_info, LIMIT_KEY_FILE_BYTES);
    TRY(crypto_prepare(err));
    int code = wc_InitRng_ex(&key->rng, NULL, CRYPTO_RANDOM_DEVICE);
    if (code != 0) {
        return crypto_failed(err, "start the random generator", code);
    }
    key->has_rng = true;
    code = init_material(key);
    if (code != 0) {
        return crypto_failed(err, "prepare a key", code);
    }
    key->has_material = true;
    code = connect_generator(key);
    if (code != 0) {
        return crypto_failed(err, "prepare a key", code);
    }
    *out_key = key;
    key = NULL;
    return RESULT_OK;
}

enum result key_new_held(const struct key_holder *holder, enum key_algorithm algorithm,
                         struct bytes public_info, struct key **out_key, struct error *err) {
    AUTO(key_free_at) struct key *key = calloc(1, sizeof(*key));
    if (key == NULL) {
        return error_out_of_memory(err);
    }
    key->holder = holder;
    key->owners = 1;
    key->algorithm = algorithm;
    buf_init(&key->public_info, LIMIT_KEY_FILE_BYTES);
    if (buf_append(&key->public_info, public_info) != RESULT_OK) {
        return error_out_of_memory(err);
    }
    *out_key = key;
    key = NULL;
    return RESULT_OK;
}

struct key *key_share(const struct key *key) {
    struct key *shared = (struct key *)(uintptr_t)key; // its owners are counted, not its value
    shared->owners++;
    return shared;
}

void key_free(struct key *key) {
    if (key == NULL || --key->owners > 0) {
        return;
    }
    key->holder->clear(key);
    buf_clear(&key->public_info);
    memory_wipe(key, sizeof(*key));
    free(key);
}

void key_free_at(struct key **key) {
    key_free(*key);
    *key = NULL;
}

enum result key_generate(enum key_algorithm algorithm, struct key **out_key,
                         struct error *err) {
    AUTO(key_free_at) struct key *key = NULL;
    TRY(key_new(algorithm, &key, err));
    int bits = algorithms[algorithm].bits, code = 0;
    switch (key_family(algorithm)) {
    case KEY_FAMILY_ECC:
        code =
            wc_ecc_make_key_ex(&key->rng, bits / 8, &key->material.ecc, key_curve(algorithm));
        break;
    case KEY_FAMILY_ED25519:
        code = wc_ed25519_make_key(&key->rng, ED25519_KEY_SIZE, &key->material.ed25519);
        break;
    case KEY_FAMILY_RSA:
        code = wc_MakeRsaKey(&key->material.rsa, bits, KEY_RSA_EXPONENT, &key->rng);
        break;
    }
    if (code != 0) {
        return crypto_failed(err, "make a key", code);
    }
    TRY(key_finish(key, err));
    *out_key = key;
    key = NULL;
    return RESULT_OK;
}

// --- the public part ---

enum result key_write_algorithm(enum key_algorithm algorithm, struct buf *out) {
    size_t mark = 0;
    TRY(der_begin(out, DER_SEQUENCE, &mark));
    switch (key_family(algorithm)) {
    case KEY_FAMILY_ECC:
        TRY(oid_write(out, OID_EC_PUBLIC_KEY));
        TRY(oid_write(out, key_curve_oid(algorithm)));
        break;
    case KEY_FAMILY_ED25519:
        TRY(oid_write(out, OID_ED25519));
        break;
    case KEY_FAMILY_RSA:
        TRY(oid_write(out, OID_RSA));
        TRY(der_write_null(out));
        break;
    }
    return der_end(out, mark);
}

static enum result write_rsa_public(struct key *key, struct buf *out, struct error *err) {
    uint8_t modulus[KEY_RSA_BITS_MOST / 8], exponent[KEY_RSA_BITS_MOST / 8];
    word32 modulus_size = sizeof(modulus), exponent_size = sizeof(exponent);
    int code = wc_RsaFlattenPublicKey(&key->material.rsa, exponent, &exponent_size, modulus,
                                      &modulus_size);
    if (code != 0) {
        return crypto_failed(err, "read the public key", code);
    }
    size_t mark = 0;
    TRY(der_begin(out, DER_SEQUENCE, &mark));
    TRY(der_write_unsigned(out, DER_INTEGER, bytes_of(modulus, modulus_size)));
    TRY(der_write_unsigned(out, DER_INTEGER, bytes_of(exponent, exponent_size)));
    return der_end(out, mark);
}

static enum result write_public_bits(struct key *key, struct buf *out, struct error *err) {
    if (key_family(key->algorithm) == KEY_FAMILY_RSA) {
        return write_rsa_public(key, out, err);
    }
    uint8_t bits[1 + 2 * MAX_ECC_BYTES];
    word32 size = sizeof(bits);
    int code = key_family(key->algorithm) == KEY_FAMILY_ECC
                   ? wc_ecc_export_x963(&key->material.ecc, bits, &size)
                   : wc_ed25519_export_public(&key->material.ed25519, bits, &size);
    if (code != 0) {
        return crypto_failed(err, "read the public key", code);
    }
    return buf_append(out, bytes_of(bits, size));
}

enum result key_write_public(enum key_algorithm algorithm, struct bytes bits, struct buf *out) {
    size_t mark = 0;
    TRY(der_begin(out, DER_SEQUENCE, &mark));
    TRY(key_write_algorithm(algorithm, out));
    TRY(der_write_bit_string(out, bits));
    return der_end(out, mark);
}

enum result key_finish(struct key *key, struct error *err) {
    AUTO(buf_clear) struct buf bits = {0};
    buf_init(&bits, KEY_DER_BYTES);
    TRY(write_public_bits(key, &bits, err));
    buf_reset(&key->public_info);
    return key_write_public(key->algorithm, buf_bytes(&bits), &key->public_info);
}

enum key_algorithm key_algorithm(const struct key *key) {
    return key->algorithm;
}

struct bytes key_public(const struct key *key) {
    return buf_bytes(&key->public_info);
}

// --- what its signatures are ---

struct bytes key_signature_algorithm(const struct key *key) {
    return key_algorithm_signature(key->algorithm);
}

struct bytes key_algorithm_signature(enum key_algorithm algorithm) {
    // SEQUENCE { OID } for ECDSA (RFC 5758, 3.2) and Ed25519 (RFC 8410, 3: no parameters),
    // SEQUENCE { OID, NULL } for RSA (RFC 4055, 5).
    static const uint8_t ecdsa_sha256[] = {0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86,
                                           0x48, 0xce, 0x3d, 0x04, 0x03, 0x02};
    static const uint8_t ecdsa_sha384[] = {0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86,
                                           0x48, 0xce, 0x3d, 0x04, 0x03, 0x03};
    static const uint8_t ed25519[] = {0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70};
    static const uint8_t rsa_sha256[] = {0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86,
                                         0xf7, 0x0d, 0x01, 0x01, 0x0b, 0x05, 0x00};
    switch (algorithms[algorithm].signature) {
    case OID_ECDSA_SHA256:
        return bytes_of(ecdsa_sha256, sizeof(ecdsa_sha256));
    case OID_ECDSA_SHA384:
        return bytes_of(ecdsa_sha384, sizeof(ecdsa_sha384));
    case OID_ED25519:
        return bytes_of(ed25519, sizeof(ed25519));
    default:
        return bytes_of(rsa_sha256, sizeof(rsa_sha256));
    }
}
