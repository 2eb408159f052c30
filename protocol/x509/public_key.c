// Public keys: taking them apart, and the checks that every foreign key passes.
// SPDX-License-Identifier: GPL-3.0-or-later
#include <string.h>

#include <wolfssl/options.h>
#include <wolfssl/wolfcrypt/error-crypt.h>

#include "base/limits.h"
#include "x509/crypto.h"
#include "x509/der.h"
#include "x509/key.h"
#include "x509/key_private.h"
#include "x509/oid.h"

#define WHAT_IS_EXPECTED "expected P-256, P-384, Ed25519 or RSA of 2048 to 4096 bits"

static enum result unknown_key(struct error *err, struct bytes oid, const char *kind) {
    AUTO(buf_clear) struct buf text = {0};
    buf_init(&text, 256);
    enum oid known = oid_find(oid);
    if (known != OID_UNKNOWN) {
        (void)buf_append_string(&text, oid_name(known));
    } else {
        (void)oid_format(oid, &text);
    }
    (void)error_set_code(err, RESULT_INVALID, KEY_UNKNOWN,
                         "the key has %s %s; " WHAT_IS_EXPECTED, kind, buf_string(&text));
    error_hint(err,
               "Make another key, such as: openssl ecparam -name prime256v1 -genkey -noout");
    return RESULT_INVALID;
}

static enum result read_curve(struct der *parameters, enum key_algorithm *out_algorithm,
                              struct error *err) {
    if (der_peek(parameters) != DER_OID) {
        return error_set_code(err, RESULT_INVALID, KEY_UNKNOWN,
                              "the EC key has no named curve; " WHAT_IS_EXPECTED);
    }
    struct bytes curve = {0};
    TRY(der_read(parameters, DER_OID, &curve, err));
    TRY(der_expect_end(parameters, err));
    switch (oid_find(curve)) {
    case OID_CURVE_P256:
        *out_algorithm = KEY_P256;
        return RESULT_OK;
    case OID_CURVE_P384:
        *out_algorithm = KEY_P384;
        return RESULT_OK;
    default:
        return unknown_key(err, curve, "the curve");
    }
}

enum result key_read_algorithm(struct der *der, enum key_algorithm *out_algorithm,
                               struct error *err) {
    struct der inside = {0};
    struct bytes oid = {0}, null = {0};
    TRY(der_enter(der, DER_SEQUENCE, &inside, err));
    TRY(der_read(&inside, DER_OID, &oid, err));
    switch (oid_find(oid)) {
    case OID_EC_PUBLIC_KEY:
        return read_curve(&inside, out_algorithm, err);
    case OID_ED25519:
        *out_algorithm = KEY_ED25519;
        return der_expect_end(&inside, err);
    case OID_RSA:
        *out_algorithm = KEY_RSA2048;
        TRY(der_read(&inside, DER_NULL, &null, err));
        if (null.size != 0) {
            return error_set(err, RESULT_INVALID, "the RSA key has parameters; expected NULL");
        }
        return der_expect_end(&inside, err);
    default:
        return unknown_key(err, oid, "the algorithm");
    }
}

size_t key_count_bits(struct bytes big_endian) {
    if (big_endian.size == 0) {
        return 0;
    }
    size_t bits = 8 * (big_endian.size - 1);
    for (unsigned top = big_endian.data[0]; top != 0; top >>= 1) {
        bits++;
    }
    return bits;
}

enum result key_check_rsa_numbers(struct bytes modulus, struct bytes exponent,
                                  enum key_algorithm *out_algorithm, struct error *err) {
    size_t bits = key_count_bits(modulus);
    if (bits < KEY_RSA_BITS_LEAST || bits > KEY_RSA_BITS_MOST) {
        return error_set_code(err, RESULT_INVALID,
                              bits < KEY_RSA_BITS_LEAST ? KEY_WEAK : KEY_UNKNOWN,
                              "the RSA key has %zu bits; " WHAT_IS_EXPECTED, bits);
    }
    size_t exponent_bits = key_count_bits(exponent);
    bool is_odd = exponent.size > 0 && (exponent.data[exponent.size - 1] & 1) != 0 &&
                  (modulus.data[modulus.size - 1] & 1) != 0;
    if (!is_odd || exponent_bits < 17 || exponent_bits > 256) {
        return error_set_code(err, RESULT_INVALID, KEY_WEAK,
                              "the RSA key has an exponent of %zu bits or an even number; "
                              "expected an odd exponent of at least 65537",
                              exponent_bits);
    }
    *out_algorithm = key_rsa_algorithm(bits);
    return RESULT_OK;
}

static enum result check_bits(struct public_key *key, struct error *err) {
    switch (key_family(key->algorithm)) {
    case KEY_FAMILY_ECC: {
        // RFC 5480, 2.2: the uncompressed form is the one that all must support.
        size_t expected = 1 + 2 * key_curve_size(key->algorithm);
        if (key->bits.size != expected || key->bits.data[0] != 0x04) {
            return error_set_code(err, RESULT_INVALID, KEY_UNKNOWN,
                                  "expected an uncompressed EC point of %zu octets, came %zu",
                                  expected, key->bits.size);
        }
        return RESULT_OK;
    }
    case KEY_FAMILY_ED25519:
        if (key->bits.size != ED25519_PUB_KEY_SIZE) {
            return error_set_code(err, RESULT_INVALID, KEY_UNKNOWN,
                                  "an Ed25519 key has %d octets; came %zu",
                                  ED25519_PUB_KEY_SIZE, key->bits.size);
        }
        return RESULT_OK;
    case KEY_FAMILY_RSA:
        break;
    }
    struct der der = der_of(key->bits), inside = {0};
    TRY(der_enter(&der, DER_SEQUENCE, &inside, err));
    TRY(der_expect_end(&der, err));
    TRY(der_read_unsigned(&inside, &key->modulus, err));
    TRY(der_read_unsigned(&inside, &key->exponent, err));
    TRY(der_expect_end(&inside, err));
    return key_check_rsa_numbers(key->modulus, key->exponent, &key->algorithm, err);
}

enum result public_key_read(struct bytes spki, struct public_key *out_key, struct error *err) {
    struct public_key key = {0};
    struct der der = der_of(spki), inside = {0};
    TRY(der_enter(&der, DER_SEQUENCE, &inside, err));
    TRY(der_expect_end(&der, err));
    TRY(key_read_algorithm(&inside, &key.algorithm, err));
    TRY(der_read_bit_string(&inside, &key.bits, err));
    TRY(der_expect_end(&inside, err));
    TRY(check_bits(&key, err));
    *out_key = key;
    return RESULT_OK;
}

void key_ecc_clear(ecc_key *key) {
    (void)wc_ecc_free(key);
}

// On these curves, whose cofactor is 1, every point on the curve but infinity is a valid key
// (SP 800-56A, 5.6.2.3.4).
enum result public_key_import_point(const struct public_key *key, ecc_key *ecc,
                                    struct error *err) {
    int curve = key_curve(key->algorithm);
    int code = wc_ecc_import_x963_ex(key->bits.data, (word32)key->bits.size, ecc, curve);
    if (code == MEMORY_E) {
        return error_out_of_memory(err);
    }
    if (code != 0 || wc_ecc_point_is_on_curve(&ecc->pubkey, wc_ecc_get_curve_idx(curve)) != 0) {
        return error_set_code(err, RESULT_INVALID, KEY_WEAK,
                              "the EC key's point is not on the curve %s",
                              oid_name(key_curve_oid(key->algorithm)));
    }
    return RESULT_OK;
}

static enum result check_ecc(const struct public_key *key, struct error *err) {
    AUTO(key_ecc_clear) ecc_key ecc;
    int code = wc_ecc_init(&ecc);
    return code != 0 ? crypto_failed(err, "prepare a key", code)
                     : public_key_import_point(key, &ecc, err);
}

static enum result no_ed25519_point(struct error *err) {
    return error_set_code(err, RESULT_INVALID, KEY_WEAK,
                          "the Ed25519 key is no point of the curve");
}

// The eight points of small order make signatures that fit any message.
enum result public_key_check_ed25519_encoding(const struct public_key *key, struct error *err) {
    static const uint8_t small_order_y[][ED25519_PUB_KEY_SIZE] = {
        {0x00},
        {0x01},
        {0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4,
         0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6,
         0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05},
        {0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b,
         0x76, 0x0d, 0x10, 0x67, 0x0f, 0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39,
         0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a},
        {0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
         0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
         0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f},
    };
    uint8_t y[ED25519_PUB_KEY_SIZE];
    memcpy(y, key->bits.data, sizeof(y));
    y[sizeof(y) - 1] &= 0x7f; // without the sign of x
    for (size_t i = 0; i < sizeof(small_order_y) / sizeof(small_order_y[0]); i++) {
        if (memcmp(y, small_order_y[i], sizeof(y)) == 0) {
            return error_set_code(err, RESULT_INVALID, KEY_WEAK,
                                  "the Ed25519 key is a point of small order");
        }
    }
    // RFC 8032, 5.1.3 (1): y is below 2^255 - 19.
    bool is_reduced = y[31] != 0x7f || y[0] < 0xed;
    for (size_t i = 1; i < 31 && !is_reduced; i++) {
        is_reduced = y[i] != 0xff;
    }
    return is_reduced ? RESULT_OK : no_ed25519_point(err);
}

// wolfCrypt 5.5 decompresses a public key only when it verifies: a signature of zeros tells a
// point (it does not fit) from what is none (a bad argument).
static enum result check_ed25519_point(const struct public_key *key, struct error *err) {
    static const uint8_t zeros[ED25519_SIG_SIZE];
    ed25519_key ed25519;
    int fits = 0, code = wc_ed25519_init(&ed25519);
    if (code != 0) {
        return crypto_failed(err, "prepare a key", code);
    }
    code = wc_ed25519_import_public(key->bits.data, ED25519_PUB_KEY_SIZE, &ed25519);
    if (code == 0) {
        code = wc_ed25519_verify_msg(zeros, sizeof(zeros), zeros, 1, &fits, &ed25519);
    }
    wc_ed25519_free(&ed25519);
    return code == SIG_VERIFY_E ? RESULT_OK : no_ed25519_point(err);
}

enum result public_key_check(struct bytes spki, enum key_algorithm *out_algorithm,
                             struct error *err) {
    struct public_key key = {0};
    TRY(public_key_read(spki, &key, err));
    if (key_family(key.algorithm) == KEY_FAMILY_ECC) {
        TRY(check_ecc(&key, err));
    } else if (key_family(key.algorithm) == KEY_FAMILY_ED25519) {
        TRY(public_key_check_ed25519_encoding(&key, err));
        TRY(check_ed25519_point(&key, err));
    }
    *out_algorithm = key.algorithm;
    return RESULT_OK;
}

enum result public_key_bits(struct bytes spki, struct bytes *out_bits, struct error *err) {
    struct der der = der_of(spki), inside = {0};
    struct bytes algorithm = {0};
    TRY(der_enter(&der, DER_SEQUENCE, &inside, err));
    TRY(der_expect_end(&der, err));
    TRY(der_read(&inside, DER_SEQUENCE, &algorithm, err));
    TRY(der_read_bit_string(&inside, out_bits, err));
    return der_expect_end(&inside, err);
}

enum result public_key_identifier(struct bytes spki, uint8_t out_identifier[SHA1_SIZE]) {
    struct bytes bits = {0};
    TRY(public_key_bits(spki, &bits, NULL));
    return hash_sha1(bits, out_identifier);
}

enum result public_key_code(struct bytes spki, char out_code[PUBLIC_KEY_CODE_SIZE]) {
    // Without I, L, O and U, which are misread or misheard.
    static const char digits[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    enum { GROUP = 4, DIGITS = 8, BITS = 5 };
    AUTO(buf_clear) struct buf text = {0};
    buf_init(&text, LIMIT_CERTIFICATE_BYTES);
    TRY(buf_append_string(&text, "signet-code-1"));
    TRY(buf_append(&text, spki));
    uint8_t hash[SHA256_SIZE];
    TRY(hash_sha256(buf_bytes(&text), hash));
    uint64_t bits = 0;
    for (size_t i = 0; i < DIGITS * BITS / 8; i++) {
        bits = bits << 8 | hash[i];
    }
    for (size_t i = 0; i < DIGITS; i++) {
        out_code[i < GROUP ? i : i + 1] = digits[bits >> (BITS * (DIGITS - 1 - i)) & 31];
    }
    out_code[GROUP] = '-';
    out_code[DIGITS + 1] = '\0';
    return RESULT_OK;
}
