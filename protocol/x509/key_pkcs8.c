// Private keys in DER: PKCS#8 (RFC 5958), ECPrivateKey (RFC 5915), RSAPrivateKey (RFC 8017).
// SPDX-License-Identifier: GPL-3.0-or-later
#include "x509/key_pkcs8.h"

#include <string.h>

#include <wolfssl/options.h>
#include <wolfssl/wolfcrypt/asn_public.h>
#include <wolfssl/wolfcrypt/error-crypt.h>

#include "x509/crypto.h"
#include "x509/der.h"
#include "x509/key_private.h"

// --- loading ---

static enum result damaged(struct error *err) {
    return error_set_code(err, RESULT_INVALID, "key_damaged",
                          "the private key is damaged: its numbers do not belong together");
}

static enum result fill_ecc(struct key *key, struct bytes number, struct bytes public_point,
                            struct error *err) {
    ecc_key *ecc = &key->material.ecc;
    int code = wc_ecc_import_private_key_ex(number.data, (word32)number.size, NULL, 0, ecc,
                                            key_curve(key->algorithm));
    if (code == 0) {
        code = wc_ecc_make_pub_ex(ecc, NULL, &key->rng);
    }
    if (code == 0) {
        code = wc_ecc_check_key(ecc);
    }
    if (code == MEMORY_E) {
        return error_out_of_memory(err);
    }
    if (code != 0) {
        return damaged(err);
    }
    TRY(key_finish(key, err));
    struct bytes point = {0};
    TRY(public_key_bits(key_public(key), &point, err));
    return public_point.size == 0 || bytes_equal(point, public_point) ? RESULT_OK
                                                                      : damaged(err);
}

// ECPrivateKey. `algorithm` is that of the wrapping PKCS#8, or KEY_ALGORITHM_COUNT when the
// curve must stand inside.
static enum result load_ecc(struct der *der, enum key_algorithm algorithm, struct key **out_key,
                            struct error *err) {
    struct der inside = {0}, parameters = {0}, wrapper = {0};
    struct bytes number = {0}, point = {0}, curve = {0};
    int64_t version = 0;
    TRY(der_enter(der, DER_SEQUENCE, &inside, err));
    TRY(der_read_integer(&inside, &version, err));
    TRY(der_read(&inside, DER_OCTET_STRING, &number, err));
    if (der_peek(&inside) == DER_CONTEXT_CONSTRUCTED(0)) {
        TRY(der_enter(&inside, DER_CONTEXT_CONSTRUCTED(0), &parameters, err));
        if (der_peek(&parameters) != DER_OID) {
            return error_set_code(
                err, RESULT_INVALID, KEY_UNKNOWN,
                "the EC key has explicit curve parameters; expected the named "
                "curve P-256 or P-384");
        }
        TRY(der_read(&parameters, DER_OID, &curve, err));
        TRY(der_expect_end(&parameters, err));
    }
    if (der_peek(&inside) == DER_CONTEXT_CONSTRUCTED(1)) {
        TRY(der_enter(&inside, DER_CONTEXT_CONSTRUCTED(1), &wrapper, err));
        TRY(der_read_bit_string(&wrapper, &point, err));
        TRY(der_expect_end(&wrapper, err));
    }
    TRY(der_expect_end(&inside, err));
    if (curve.size > 0) {
        enum oid oid = oid_find(curve);
        enum key_algorithm inner = oid == OID_CURVE_P256   ? KEY_P256
                                   : oid == OID_CURVE_P384 ? KEY_P384
                                                           : KEY_ALGORITHM_COUNT;
        if (inner != algorithm && algorithm != KEY_ALGORITHM_COUNT) {
            return damaged(err);
        }
        algorithm = inner;
    }
    if (version != 1 || algorithm == KEY_ALGORITHM_COUNT) {
        return error_set_code(err, RESULT_INVALID, KEY_UNKNOWN,
                              "the EC key is of an unknown kind; expected a key with the named "
                              "curve P-256 or P-384");
    }
    if (number.size == 0 || number.size > key_curve_size(algorithm)) {
        return damaged(err);
    }
    AUTO(key_free_at) struct key *key = NULL;
    TRY(key_new(algorithm, &key, err));
    TRY(fill_ecc(key, number, point, err));
    *out_key = key;
    key = NULL;
    return RESULT_OK;
}

// CurvePrivateKey, an OCTET STRING of 32 octets (RFC 8410, 7).
static enum result load_ed25519(struct der *der, struct key **out_key, struct error *err) {
    struct bytes seed = {0};
    TRY(der_read(der, DER_OCTET_STRING, &seed, err));
    if (seed.size != ED25519_KEY_SIZE) {
        return damaged(err);
    }
    AUTO(key_free_at) struct key *key = NULL;
    TRY(key_new(KEY_ED25519, &key, err));
    ed25519_key *ed25519 = &key->material.ed25519;
    uint8_t public_octets[ED25519_PUB_KEY_SIZE];
    int code = wc_ed25519_import_private_only(seed.data, (word32)seed.size, ed25519);
    if (code == 0) {
        code = wc_ed25519_make_public(ed25519, public_octets, sizeof(public_octets));
    }
    if (code == 0) {
        code = wc_ed25519_import_private_key(seed.data, (word32)seed.size, public_octets,
                                             sizeof(public_octets), ed25519);
    }
    if (code != 0) {
        return crypto_failed(err, "load the Ed25519 key", code);
    }
    TRY(key_finish(key, err));
    *out_key = key;
    key = NULL;
    return RESULT_OK;
}

// RSAPrivateKey with two primes.
static enum result load_rsa(struct der *der, struct key **out_key, struct error *err) {
    struct der inside = {0};
    struct bytes whole = {0}, modulus = {0}, exponent = {0}, number = {0};
    int64_t version = 0;
    enum key_algorithm algorithm = KEY_RSA2048;
    struct der again = *der;
    TRY(der_read_element(&again, DER_SEQUENCE, &whole, err));
    TRY(der_enter(der, DER_SEQUENCE, &inside, err));
    TRY(der_read_integer(&inside, &version, err));
    TRY(der_read_unsigned(&inside, &modulus, err));
    TRY(der_read_unsigned(&inside, &exponent, err));
    for (int i = 0; i < 6; i++) { // d, p, q, d mod (p-1), d mod (q-1), 1/q mod p
        TRY(der_read_unsigned(&inside, &number, err));
    }
    TRY(der_expect_end(&inside, err));
    TRY(key_check_rsa_numbers(modulus, exponent, &algorithm, err));
    AUTO(key_free_at) struct key *key = NULL;
    TRY(key_new(algorithm, &key, err));
    word32 offset = 0;
    int code =
        wc_RsaPrivateKeyDecode(whole.data, &offset, &key->material.rsa, (word32)whole.size);
    if (code == MEMORY_E) {
        return error_out_of_memory(err);
    }
    if (code != 0 || version != 0) {
        return damaged(err);
    }
    TRY(key_finish(key, err));
    *out_key = key;
    key = NULL;
    return RESULT_OK;
}

static enum result load_inner(struct bytes der_bytes, enum key_algorithm algorithm,
                              struct key **out_key, struct error *err) {
    AUTO(key_free_at) struct key *key = NULL;
    struct der der = der_of(der_bytes);
    bool is_ecc = algorithm == KEY_ALGORITHM_COUNT || key_family(algorithm) == KEY_FAMILY_ECC;
    if (is_ecc) {
        TRY(load_ecc(&der, algorithm, &key, err));
    } else if (key_family(algorithm) == KEY_FAMILY_RSA) {
        TRY(load_rsa(&der, &key, err));
    } else {
        TRY(load_ed25519(&der, &key, err));
    }
    TRY(der_expect_end(&der, err));
    TRY(key_check_pair(key, err));
    *out_key = key;
    key = NULL;
    return RESULT_OK;
}

enum result key_load_ec_private(struct bytes der, struct key **out_key, struct error *err) {
    return load_inner(der, KEY_ALGORITHM_COUNT, out_key, err);
}

enum result key_load_rsa_private(struct bytes der, struct key **out_key, struct error *err) {
    return load_inner(der, KEY_RSA2048, out_key, err);
}

enum result key_load_pkcs8(struct bytes der_bytes, struct key **out_key, struct error *err) {
    struct der der = der_of(der_bytes), inside = {0};
    struct bytes content = {0}, skipped = {0};
    int64_t version = 0;
    uint8_t tag = 0;
    enum key_algorithm algorithm = KEY_P256;
    TRY(der_enter(&der, DER_SEQUENCE, &inside, err));
    TRY(der_expect_end(&der, err));
    TRY(der_read_integer(&inside, &version, err));
    if (version != 0 && version != 1) {
        return error_set(err, RESULT_INVALID,
                         "the PKCS#8 key has version %lld; expected 0 or 1",
                         (long long)version);
    }
    TRY(key_read_algorithm(&inside, &algorithm, err));
    TRY(der_read(&inside, DER_OCTET_STRING, &content, err));
    // Attributes [0] and public key [1] add nothing that is needed.
    while (!der_at_end(&inside)) {
        TRY(der_read_any(&inside, &tag, &skipped, err));
        bool is_known = tag == DER_CONTEXT_CONSTRUCTED(0) || tag == DER_CONTEXT(1);
        if (!is_known) {
            return error_set(err, RESULT_INVALID,
                             "the PKCS#8 key has an unknown part with tag 0x%02x", tag);
        }
    }
    return load_inner(content, algorithm, out_key, err);
}

// --- saving ---

static enum result write_ec_private(struct key *key, struct buf *out) {
    uint8_t number[MAX_ECC_BYTES];
    word32 size = sizeof(number);
    if (wc_ecc_export_private_only(&key->material.ecc, number, &size) != 0) {
        return RESULT_INTERNAL;
    }
    struct bytes point = {0};
    size_t mark = 0, wrapper = 0;
    enum result result = der_begin(out, DER_SEQUENCE, &mark);
    if (result == RESULT_OK) {
        result = der_write_integer(out, 1);
    }
    if (result == RESULT_OK) {
        result = der_write(out, DER_OCTET_STRING, bytes_of(number, size));
    }
    memory_wipe(number, sizeof(number));
    TRY(result);
    TRY(public_key_bits(key_public(key), &point, NULL));
    TRY(der_begin(out, DER_CONTEXT_CONSTRUCTED(1), &wrapper));
    TRY(der_write_bit_string(out, point));
    TRY(der_end(out, wrapper));
    return der_end(out, mark);
}

static enum result write_ed25519_private(struct key *key, struct buf *out) {
    uint8_t seed[ED25519_KEY_SIZE];
    word32 size = sizeof(seed);
    if (wc_ed25519_export_private_only(&key->material.ed25519, seed, &size) != 0) {
        return RESULT_INTERNAL;
    }
    enum result result = der_write(out, DER_OCTET_STRING, bytes_of(seed, size));
    memory_wipe(seed, sizeof(seed));
    return result;
}

static enum result write_rsa_private(struct key *key, struct buf *out) {
    uint8_t *room = NULL;
    TRY(buf_reserve(out, KEY_DER_BYTES, &room));
    int size = wc_RsaKeyToDer(&key->material.rsa, room, KEY_DER_BYTES);
    if (size <= 0) {
        return RESULT_INTERNAL;
    }
    buf_commit(out, (size_t)size);
    return RESULT_OK;
}

static enum result write_inner(struct key *key, struct buf *out) {
    switch (key_family(key->algorithm)) {
    case KEY_FAMILY_ECC:
        return write_ec_private(key, out);
    case KEY_FAMILY_ED25519:
        return write_ed25519_private(key, out);
    case KEY_FAMILY_RSA:
        break;
    }
    return write_rsa_private(key, out);
}

enum result key_save_pkcs8(const struct key *key, struct buf *out_der) {
    if (!key->has_material) {
        return RESULT_DENIED;
    }
    // wolfCrypt's exporters take no const, but change nothing.
    struct key *state = (struct key *)(uintptr_t)key;
    AUTO(buf_clear) struct buf der = {0}, inner = {0};
    buf_init_secret(&der, 2 * KEY_DER_BYTES);
    buf_init_secret(&inner, 2 * KEY_DER_BYTES);
    size_t mark = 0;
    TRY(write_inner(state, &inner));
    TRY(der_begin(&der, DER_SEQUENCE, &mark));
    TRY(der_write_integer(&der, 0));
    TRY(key_write_algorithm(key->algorithm, &der));
    TRY(der_write(&der, DER_OCTET_STRING, buf_bytes(&inner)));
    TRY(der_end(&der, mark));
    return buf_append(out_der, buf_bytes(&der));
}
