// Inside of struct key and of parsed public keys, for the files that make up the key module.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <wolfssl/options.h>
#include <wolfssl/wolfcrypt/ecc.h>
#include <wolfssl/wolfcrypt/ed25519.h>
#include <wolfssl/wolfcrypt/hash.h>
#include <wolfssl/wolfcrypt/random.h>
#include <wolfssl/wolfcrypt/rsa.h>

#include "x509/der.h"
#include "x509/key.h"
#include "x509/oid.h"

#define KEY_RSA_BITS_LEAST 2048
#define KEY_RSA_BITS_MOST 4096
#define KEY_RSA_EXPONENT 65537
// An RSA-4096 signature; the others are smaller.
#define KEY_SIGNATURE_BYTES 512
// DigestInfo (RFC 8017, 9.2) with SHA-512 has 83.
#define KEY_DIGEST_INFO_BYTES 128
// A private RSA-4096 key in DER is below 2,400 bytes.
#define KEY_DER_BYTES 4096

// Who holds the private part: wolfCrypt (key.c), or a token (key_pkcs11.c). The scheme fits the
// key's algorithm; `key` is not const because either moves something, though never the key.
struct key_holder {
    enum result (*sign)(struct key *key, enum key_scheme scheme, struct bytes input,
                        struct buf *out_signature, struct error *err);
    void (*clear)(struct key *key);
};

// The members behind a key stay where they are: wolfCrypt keeps pointers to the generator.
struct key {
    const struct key_holder *holder;
    size_t owners;
    enum key_algorithm algorithm;
    struct buf public_info;     // SubjectPublicKeyInfo
    void *held;                 // what a holder other than wolfCrypt needs
    bool has_rng, has_material; // which of the following are initialised
    WC_RNG rng;                 // seeded once, used for blinding and nonces
    union {
        ecc_key ecc;
        ed25519_key ed25519;
        RsaKey rsa;
    } material;
};

// What is the same for all keys of an algorithm. RSA sizes share one family.
enum key_family { KEY_FAMILY_ECC, KEY_FAMILY_ED25519, KEY_FAMILY_RSA };

enum key_family key_family(enum key_algorithm algorithm);
// For EC keys: wolfCrypt's curve, its field in octets, and its name.
int key_curve(enum key_algorithm algorithm);
size_t key_curve_size(enum key_algorithm algorithm);
enum oid key_curve_oid(enum key_algorithm algorithm);
// The largest RSA algorithm that this modulus reaches; it must be within the limits above.
enum key_algorithm key_rsa_algorithm(size_t bits);

// Of keys whose material wolfCrypt has (key_sign.c).
enum result key_sign_with_material(struct key *key, enum key_scheme scheme, struct bytes input,
                                   struct buf *out_signature, struct error *err);
// A key with its generator seeded and its material initialised but empty.
enum result key_new(enum key_algorithm algorithm, struct key **out_key, struct error *err);
// A key that another holder has, with this SubjectPublicKeyInfo. Its `held` is still to be set.
enum result key_new_held(const struct key_holder *holder, enum key_algorithm algorithm,
                         struct bytes public_info, struct key **out_key, struct error *err);
// Appends the SubjectPublicKeyInfo around the bits.
enum result key_write_public(enum key_algorithm algorithm, struct bytes bits, struct buf *out);
// Signs and verifies once: a damaged key is found when it is loaded, not at the first device,
// and no signature of a faulty RSA key ever leaves (it could give the key away). Code
// "key_damaged".
enum result key_check_pair(const struct key *key, struct error *err);
// Writes the public part of the filled material into public_info.
enum result key_finish(struct key *key, struct error *err);

// Number of bits of a big-endian number without leading zero.
size_t key_count_bits(struct bytes big_endian);
// RSA modulus and exponent within what is allowed; the algorithm by size.
enum result key_check_rsa_numbers(struct bytes modulus, struct bytes exponent,
                                  enum key_algorithm *out_algorithm, struct error *err);
// From the content of an AlgorithmIdentifier of a key: algorithm and parameters. For RSA the
// algorithm is KEY_RSA2048 whatever the size.
enum result key_read_algorithm(struct der *der, enum key_algorithm *out_algorithm,
                               struct error *err);
// Appends that AlgorithmIdentifier.
enum result key_write_algorithm(enum key_algorithm algorithm, struct buf *out);

// A SubjectPublicKeyInfo taken apart; views.
struct public_key {
    enum key_algorithm algorithm;
    struct bytes bits;
    struct bytes modulus, exponent; // RSA
};

// Takes it apart; checks form and sizes, not yet the point.
enum result public_key_read(struct bytes spki, struct public_key *out_key, struct error *err);
void key_ecc_clear(ecc_key *key);
// The point as wolfCrypt's key, which the caller has initialised; refused when off the curve.
enum result public_key_import_point(const struct public_key *key, ecc_key *ecc,
                                    struct error *err);
// Refuses points of small order and unreduced coordinates.
enum result public_key_check_ed25519_encoding(const struct public_key *key, struct error *err);

// What a signature's AlgorithmIdentifier says.
struct signature_algorithm {
    enum oid oid;
    enum key_family family;
    enum wc_HashType hash;
    word32 digest_size;
    bool has_null; // as its parameters
};
enum result signature_algorithm_read(struct bytes identifier,
                                     const struct signature_algorithm **out_algorithm,
                                     struct error *err);
// RESULT_INVALID when it belongs to another kind of key.
enum result signature_algorithm_fits(const struct signature_algorithm *algorithm,
                                     const struct public_key *key, struct error *err);
// Not for Ed25519. The digest is of the hash that key_signature_algorithm names, or `algorithm`.
enum result key_sign_digest(const struct key *key, struct bytes digest,
                            struct buf *out_signature, struct error *err);
enum result public_key_verify_digest(const struct public_key *key,
                                     const struct signature_algorithm *algorithm,
                                     struct bytes digest, struct bytes signature,
                                     struct error *err);

// Codes of the two ways in which a key is refused.
#define KEY_WEAK "key_weak"
#define KEY_UNKNOWN "key_unknown"
