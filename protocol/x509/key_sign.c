// Signing with private keys, whoever holds them, and what wolfCrypt does for those it holds.
// SPDX-License-Identifier: GPL-3.0-or-later
#include <wolfssl/options.h>
#include <wolfssl/wolfcrypt/asn_public.h>
#include <wolfssl/wolfcrypt/hash.h>

#include "x509/crypto.h"
#include "x509/key.h"
#include "x509/key_private.h"

static int sign_pss(struct key *key, enum key_scheme scheme, struct bytes digest,
                    uint8_t *signature, word32 size) {
    const bool is_256 = scheme == KEY_SCHEME_RSA_PSS_SHA256;
    const bool is_384 = scheme == KEY_SCHEME_RSA_PSS_SHA384;
    return wc_RsaPSS_Sign(digest.data, (word32)digest.size, signature, size,
                          is_256   ? WC_HASH_TYPE_SHA256
                          : is_384 ? WC_HASH_TYPE_SHA384
                                   : WC_HASH_TYPE_SHA512,
                          is_256   ? WC_MGF1SHA256
                          : is_384 ? WC_MGF1SHA384
                                   : WC_MGF1SHA512,
                          &key->material.rsa, &key->rng);
}

enum result key_sign_with_material(struct key *key, enum key_scheme scheme, struct bytes input,
                                   struct buf *out_signature, struct error *err) {
    uint8_t signature[KEY_SIGNATURE_BYTES];
    word32 size = sizeof(signature);
    const word32 input_size = (word32)input.size;
    int code = 0;
    switch (scheme) {
    case KEY_SCHEME_ECDSA:
        code = wc_ecc_sign_hash(input.data, input_size, signature, &size, &key->rng,
                                &key->material.ecc);
        break;
    case KEY_SCHEME_ED25519:
        code = wc_ed25519_sign_msg(input.data, input_size, signature, &size,
                                   &key->material.ed25519);
        break;
    case KEY_SCHEME_RSA_PKCS1:
        code = wc_RsaSSL_Sign(input.data, input_size, signature, size, &key->material.rsa,
                              &key->rng);
        break;
    default:
        code = sign_pss(key, scheme, input, signature, size);
        break;
    }
    if (code < 0) {
        return crypto_failed(err, "sign", code);
    }
    // The calls for RSA return the size, the others 0.
    return buf_append(out_signature, bytes_of(signature, code > 0 ? (size_t)code : size));
}

static bool scheme_fits(enum key_scheme scheme, enum key_family family) {
    switch (family) {
    case KEY_FAMILY_ECC:
        return scheme == KEY_SCHEME_ECDSA;
    case KEY_FAMILY_ED25519:
        return scheme == KEY_SCHEME_ED25519;
    case KEY_FAMILY_RSA:
        break;
    }
    return scheme != KEY_SCHEME_ECDSA && scheme != KEY_SCHEME_ED25519;
}

enum result key_sign_scheme(const struct key *key, enum key_scheme scheme, struct bytes input,
                            struct buf *out_signature, struct error *err) {
    TRY(crypto_check_size(input, err));
    if (!scheme_fits(scheme, key_family(key->algorithm))) {
        return error_set(err, RESULT_INVALID, "a key of type %s does not sign that way",
                         key_algorithm_name(key->algorithm));
    }
    // wolfCrypt moves its generator and caches, a token its session: the caller's view stays
    // const.
    struct key *state = (struct key *)(uintptr_t)key;
    return key->holder->sign(state, scheme, input, out_signature, err);
}

static enum result sign_digest_with_rsa(const struct key *key, struct bytes digest,
                                        struct buf *out_signature, struct error *err) {
    uint8_t info[KEY_DIGEST_INFO_BYTES];
    word32 size = wc_EncodeSignature(info, digest.data, (word32)digest.size,
                                     wc_GetCTC_HashOID(WC_HASH_TYPE_SHA256));
    return key_sign_scheme(key, KEY_SCHEME_RSA_PKCS1, bytes_of(info, size), out_signature, err);
}

enum result key_sign_digest(const struct key *key, struct bytes digest,
                            struct buf *out_signature, struct error *err) {
    return key_family(key->algorithm) == KEY_FAMILY_ECC
               ? key_sign_scheme(key, KEY_SCHEME_ECDSA, digest, out_signature, err)
               : sign_digest_with_rsa(key, digest, out_signature, err);
}

enum result key_sign(const struct key *key, struct bytes message, struct buf *out_signature,
                     struct error *err) {
    TRY(crypto_check_size(message, err));
    if (message.size == 0) {
        message = bytes_of("", 0);
    }
    if (key_family(key->algorithm) == KEY_FAMILY_ED25519) {
        return key_sign_scheme(key, KEY_SCHEME_ED25519, message, out_signature, err);
    }
    bool is_p384 = key->algorithm == KEY_P384;
    uint8_t digest[WC_SHA384_DIGEST_SIZE];
    word32 digest_size = is_p384 ? WC_SHA384_DIGEST_SIZE : WC_SHA256_DIGEST_SIZE;
    int code = wc_Hash(is_p384 ? WC_HASH_TYPE_SHA384 : WC_HASH_TYPE_SHA256, message.data,
                       (word32)message.size, digest, digest_size);
    return code == 0 ? key_sign_digest(key, bytes_of(digest, digest_size), out_signature, err)
                     : crypto_failed(err, "hash", code);
}

enum result key_check_pair(const struct key *key, struct error *err) {
    AUTO(buf_clear) struct buf signature = {0};
    uint8_t *room = NULL;
    buf_init(&signature, KEY_SIGNATURE_BYTES);
    if (buf_reserve(&signature, KEY_SIGNATURE_BYTES, &room) != RESULT_OK) {
        return error_out_of_memory(err); // no word about the key
    }
    struct bytes message = BYTES_LITERAL("pair");
    if (key_sign(key, message, &signature, NULL) != RESULT_OK ||
        public_key_verify(key_public(key), key_signature_algorithm(key), message,
                          buf_bytes(&signature), NULL) != RESULT_OK) {
        return error_set_code(err, RESULT_INVALID, "key_damaged",
                              "the private key is damaged: its numbers do not belong together");
    }
    return RESULT_OK;
}
