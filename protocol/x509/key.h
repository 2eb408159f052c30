// Keys: make, load, save, sign and verify. P-256, P-384, Ed25519, RSA of 2048 to 4096 bits.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/error.h"
#include "x509/hash.h"

// Constant, name in options and configuration, bits.
#define KEY_ALGORITHM_TABLE(X)                                                                 \
    X(P256, "p256", 256)                                                                       \
    X(P384, "p384", 384)                                                                       \
    X(ED25519, "ed25519", 256)                                                                 \
    X(RSA2048, "rsa2048", 2048)                                                                \
    X(RSA3072, "rsa3072", 3072)                                                                \
    X(RSA4096, "rsa4096", 4096)

// A loaded RSA key of another size counts as the largest of these that it reaches.
enum key_algorithm {
#define KEY_CONSTANT(constant, name, bits) KEY_##constant,
    KEY_ALGORITHM_TABLE(KEY_CONSTANT)
#undef KEY_CONSTANT
        KEY_ALGORITHM_COUNT
};

const char *key_algorithm_name(enum key_algorithm algorithm);
bool key_algorithm_from_name(const char *name, enum key_algorithm *out_algorithm);

// --- private keys ----------------------------------------------------------------------------

struct key;

enum result key_generate(enum key_algorithm algorithm, struct key **out_key, struct error *err);
// From PEM: PKCS#8 ("PRIVATE KEY"), encrypted PKCS#8 (PBES2 with PBKDF2 and AES), and the
// traditional "EC PRIVATE KEY" (an "EC PARAMETERS" block before it is skipped) and
// "RSA PRIVATE KEY". `passphrase` may be NULL; RESULT_DENIED when one is needed or is wrong.
// RESULT_INVALID for weak (RSA below 2048) or unknown keys.
enum result key_load_pem(struct bytes pem, const char *passphrase, struct key **out_key,
                         struct error *err);
// From the DER of an unencrypted PKCS#8 PrivateKeyInfo.
enum result key_load_pkcs8(struct bytes der, struct key **out_key, struct error *err);
// PKCS#8 (RFC 5958, version 0), EC keys with named curve and public key inside. RESULT_DENIED
// for a key on a token, which never leaves it.
enum result key_save_pkcs8(const struct key *key, struct buf *out_der);
// PKCS#8 in PEM; with a passphrase PBES2, PBKDF2-HMAC-SHA256 with 600,000 iterations,
// AES-256-CBC. Code "key_not_exportable" for a key on a token.
enum result key_save_pem(const struct key *key, const char *passphrase, struct buf *out,
                         struct error *err);
// What a key file of ours holds: the key in PEM, or where it is, a line with its URI
// (x509/key_pkcs11.h).
enum result key_save_text(const struct key *key, struct buf *out, struct error *err);
enum result key_load_text(struct bytes text, const char *passphrase, struct key **out_key,
                          struct error *err);
// Reads a private key file, which must be readable by its owner only. A URI in place of the path
// opens the key on its token.
enum result key_load_file(const char *path, const char *passphrase, struct key **out_key,
                          struct error *err);
void key_free(struct key *key);
void key_free_at(struct key **key);
// Another owner of the same key, who frees it, too.
struct key *key_share(const struct key *key);

enum key_algorithm key_algorithm(const struct key *key);
// The SubjectPublicKeyInfo in DER; a view that lives as long as the key.
struct bytes key_public(const struct key *key);
// The AlgorithmIdentifier in DER of the signatures this key makes (ECDSA with the curve's hash,
// RSA PKCS#1 v1.5 with SHA-256, Ed25519); static memory.
struct bytes key_signature_algorithm(const struct key *key);
// The same for all keys of this kind.
struct bytes key_algorithm_signature(enum key_algorithm algorithm);
// Appends the signature over `message` as it goes into the BIT STRING. Not thread-safe per key.
enum result key_sign(const struct key *key, struct bytes message, struct buf *out_signature,
                     struct error *err);

// What a protocol engine that hashes by itself asks of a key: the input is the digest, for
// PKCS#1 v1.5 its DigestInfo (RFC 8017, 9.2), for Ed25519 the message. PSS has a salt as long as
// its digest.
enum key_scheme {
    KEY_SCHEME_ECDSA,
    KEY_SCHEME_ED25519,
    KEY_SCHEME_RSA_PKCS1,
    KEY_SCHEME_RSA_PSS_SHA256,
    KEY_SCHEME_RSA_PSS_SHA384,
    KEY_SCHEME_RSA_PSS_SHA512,
};
// RESULT_UNAVAILABLE, code "key_unavailable", when the key's token does not answer, or is gone.
enum result key_sign_scheme(const struct key *key, enum key_scheme scheme, struct bytes input,
                            struct buf *out_signature, struct error *err);

// --- public keys -----------------------------------------------------------------------------

// Checks a SubjectPublicKeyInfo: known algorithm and curve, point on the curve, RSA modulus of
// 2048 to 4096 bits and odd exponent of at least 65537. RESULT_INVALID (code "key_weak" or
// "key_unknown") says what was expected.
enum result public_key_check(struct bytes spki, enum key_algorithm *out_algorithm,
                             struct error *err);
// RESULT_DENIED when the signature does not fit; RESULT_INVALID for an algorithm that is
// unknown, does not belong to the key, or uses SHA-1 or weaker.
enum result public_key_verify(struct bytes spki, struct bytes signature_algorithm,
                              struct bytes message, struct bytes signature, struct error *err);
// RFC 5280, 4.2.1.2 (1): SHA-1 of the public key's bits.
enum result public_key_identifier(struct bytes spki, uint8_t out_identifier[SHA1_SIZE]);
// "K4TZ-9QWM": 40 bits of SHA-256("signet-code-1" || SPKI) in Crockford's base32, for people to
// compare on two screens. Too short to name a key by: whoever needs certainty compares the hash.
#define PUBLIC_KEY_CODE_SIZE 10
enum result public_key_code(struct bytes spki, char out_code[PUBLIC_KEY_CODE_SIZE]);
// The bits inside: EC point, Ed25519 key, RSAPublicKey.
enum result public_key_bits(struct bytes spki, struct bytes *out_bits, struct error *err);
