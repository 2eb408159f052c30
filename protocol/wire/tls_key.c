// Keys that wolfSSL does not get: it knows their public part, and asks us for each signature.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/tls_private.h"

#include <string.h>

#include <wolfssl/wolfcrypt/error-crypt.h>

#include "base/limits.h"

// Room for a signature of RSA-4096.
#define SIGNATURE_BYTES 512

static int sign(WOLFSSL *wolf, enum key_scheme scheme, struct bytes input, byte *out,
                word32 *size) {
    struct tls *tls = wolfSSL_GetIOReadCtx(wolf);
    struct error refusal = {0};
    AUTO(buf_clear) struct buf signature = {0};
    buf_init(&signature, SIGNATURE_BYTES);
    if (key_sign_scheme(tls->context->key, scheme, input, &signature, &refusal) != RESULT_OK) {
        tls_keep_refusal(tls, &refusal);
        return WC_HW_E;
    }
    if (signature.size > *size) {
        return BUFFER_E;
    }
    memcpy(out, signature.data, signature.size);
    *size = (word32)signature.size;
    return 0;
}

static int sign_ecc(WOLFSSL *wolf, const unsigned char *in, unsigned int in_size,
                    unsigned char *out, word32 *size, const unsigned char *key,
                    unsigned int key_size, void *context) {
    (void)key;
    (void)key_size;
    (void)context;
    return sign(wolf, KEY_SCHEME_ECDSA, bytes_of(in, in_size), out, size);
}

static int sign_ed25519(WOLFSSL *wolf, const unsigned char *in, unsigned int in_size,
                        unsigned char *out, unsigned int *size, const unsigned char *key,
                        unsigned int key_size, void *context) {
    (void)key;
    (void)key_size;
    (void)context;
    return sign(wolf, KEY_SCHEME_ED25519, bytes_of(in, in_size), out, size);
}

static int sign_rsa(WOLFSSL *wolf, const unsigned char *in, unsigned int in_size,
                    unsigned char *out, word32 *size, const unsigned char *key,
                    unsigned int key_size, void *context) {
    (void)key;
    (void)key_size;
    (void)context;
    return sign(wolf, KEY_SCHEME_RSA_PKCS1, bytes_of(in, in_size), out, size);
}

// The hashes have different sizes, and TLS takes the salt as long as the hash.
static int sign_pss(WOLFSSL *wolf, const unsigned char *in, unsigned int in_size,
                    unsigned char *out, unsigned int *size, int hash, int mask,
                    const unsigned char *key, unsigned int key_size, void *context) {
    (void)hash;
    (void)mask;
    (void)key;
    (void)key_size;
    (void)context;
    const enum key_scheme scheme = in_size == WC_SHA256_DIGEST_SIZE ? KEY_SCHEME_RSA_PSS_SHA256
                                   : in_size == WC_SHA384_DIGEST_SIZE
                                       ? KEY_SCHEME_RSA_PSS_SHA384
                                       : KEY_SCHEME_RSA_PSS_SHA512;
    return sign(wolf, scheme, bytes_of(in, in_size), out, size);
}

int tls_use_foreign_key(struct tls_context *context, const struct key *key) {
    WOLFSSL_CTX *wolf = context->wolf;
    const struct bytes public = key_public(key);
    context->key = key_share(key);
    wolfSSL_CTX_SetEccSignCb(wolf, sign_ecc);
    wolfSSL_CTX_SetEd25519SignCb(wolf, sign_ed25519);
    wolfSSL_CTX_SetRsaSignCb(wolf, sign_rsa);
    wolfSSL_CTX_SetRsaPssSignCb(wolf, sign_pss);
    // In place of a private key wolfSSL takes a public one where callbacks sign.
    return wolfSSL_CTX_use_PrivateKey_buffer(wolf, public.data, (long)public.size,
                                             WOLFSSL_FILETYPE_ASN1);
}
