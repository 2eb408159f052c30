// TLS contexts: parameters, certificate, key and trust that many connections share.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/tls_private.h"

#include <stdlib.h>
#include <string.h>

#include <wolfssl/wolfcrypt/asn_public.h>
#include <wolfssl/wolfcrypt/error-crypt.h>

#include "base/clock.h"
#include "base/limits.h"
#include "x509/certificate.h"
#include "x509/crypto.h"

// Forward secrecy and authenticated encryption only. TLS 1.2 is for old devices.
#define CIPHER_SUITES                                                                          \
    "TLS13-AES128-GCM-SHA256:TLS13-AES256-GCM-SHA384:TLS13-CHACHA20-POLY1305-SHA256:"          \
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:"                               \
    "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:"                               \
    "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305"

// Without the SHA-1 that wolfSSL would take in TLS 1.2 (RFC 9155).
#define SIGNATURE_ALGORITHMS                                                                   \
    "ECDSA+SHA256:ECDSA+SHA384:ECDSA+SHA512:ED25519:RSA-PSS+SHA256:RSA-PSS+SHA384:"            \
    "RSA-PSS+SHA512:RSA+SHA256:RSA+SHA384:RSA+SHA512"

// In order of preference. X25519 comes first because wolfSSL multiplies a point of P-256 that
// it has not met before eight times as slowly, and keeps a table of most of a megabyte for it.
static const int groups[] = {WOLFSSL_ECC_X25519, WOLFSSL_ECC_SECP256R1, WOLFSSL_ECC_SECP384R1};
#define GROUP_COUNT (sizeof(groups) / sizeof(groups[0]))

// --- start-up ----------------------------------------------------------------------------

// wolfSSL judges the dates of CAs itself, by the one clock that all of us go by.
static time_t read_clock(time_t *out_time) {
    time_t now = (time_t)clock_now();
    if (out_time != NULL) {
        *out_time = now;
    }
    return now;
}

enum result tls_prepare(struct error *err) {
    static bool is_ready;
    if (is_ready) {
        return RESULT_OK;
    }
    TRY(crypto_prepare(err));
    if (wolfSSL_Init() != WOLFSSL_SUCCESS || wc_SetTimeCb(read_clock) != 0) {
        return error_set(err, RESULT_UNAVAILABLE, "the TLS library could not be initialised");
    }
    is_ready = true;
    return RESULT_OK;
}

// --- contexts ----------------------------------------------------------------------------

static enum result context_failed(struct error *err, const char *what, int code) {
    wolfSSL_ERR_clear_error();
    return error_set_code(err, RESULT_INTERNAL, "tls_setup", "TLS could not %s (%d)", what,
                          code);
}

static enum result configure(WOLFSSL_CTX *wolf, struct error *err) {
    if (wolfSSL_CTX_SetMinVersion(wolf, WOLFSSL_TLSV1_2) != WOLFSSL_SUCCESS ||
        wolfSSL_CTX_set_cipher_list(wolf, CIPHER_SUITES) != WOLFSSL_SUCCESS ||
        wolfSSL_CTX_set1_sigalgs_list(wolf, SIGNATURE_ALGORITHMS) != WOLFSSL_SUCCESS ||
        wolfSSL_CTX_SetMinRsaKey_Sz(wolf, 2048) != WOLFSSL_SUCCESS ||
        wolfSSL_CTX_SetMinEccKey_Sz(wolf, 256) != WOLFSSL_SUCCESS ||
        wolfSSL_CTX_SetDevId(wolf, CRYPTO_RANDOM_DEVICE) != WOLFSSL_SUCCESS) {
        return context_failed(err, "be configured", 0);
    }
    for (size_t i = 0; i < GROUP_COUNT; i++) {
        const int code = wolfSSL_CTX_UseSupportedCurve(wolf, (word16)groups[i]);
        if (code != WOLFSSL_SUCCESS) {
            return context_failed(err, "choose its curves", code);
        }
    }
    // The order by which a client chooses its key share, and a server among those offered.
    int preference[GROUP_COUNT];
    memcpy(preference, groups, sizeof(groups));
    if (wolfSSL_CTX_set_groups(wolf, preference, (int)GROUP_COUNT) != WOLFSSL_SUCCESS) {
        return context_failed(err, "order its curves", 0);
    }
    // No session is ever resumed: a revoked client would come back without being looked at.
    (void)wolfSSL_CTX_set_session_cache_mode(wolf, WOLFSSL_SESS_CACHE_OFF);
    wolfSSL_CTX_SetIORecv(wolf, tls_give_bytes);
    wolfSSL_CTX_SetIOSend(wolf, tls_take_bytes);
    return RESULT_OK;
}

static enum result context_new(bool is_server, enum verification verification,
                               struct tls_context **out_context, struct error *err) {
    TRY(tls_prepare(err));
    AUTO(tls_context_free_at) struct tls_context *context = calloc(1, sizeof(*context));
    if (context == NULL) {
        return error_out_of_memory(err);
    }
    context->references = 1;
    context->is_server = is_server;
    context->verification = verification;
    context->wolf =
        wolfSSL_CTX_new(is_server ? wolfSSLv23_server_method() : wolfSSLv23_client_method());
    if (context->wolf == NULL) {
        return error_out_of_memory(err);
    }
    TRY(configure(context->wolf, err));
    if (is_server && (wolfSSL_CTX_NoTicketTLSv12(context->wolf) != WOLFSSL_SUCCESS ||
                      wolfSSL_CTX_no_ticket_TLSv13(context->wolf) != 0)) {
        return context_failed(err, "turn tickets off", 0);
    }
    *out_context = context;
    context = NULL;
    return RESULT_OK;
}

// Dates of the anchors do not matter here: tls_peer_check looks at them at every connection.
static enum result set_trust(struct tls_context *context, struct bytes trust,
                             struct error *err) {
    buf_init(&context->trust, trust.size);
    if (buf_append(&context->trust, trust) != RESULT_OK) {
        return error_out_of_memory(err);
    }
    while (trust.size > 0) {
        struct certificate anchor = {0};
        TRY(certificate_read_next(&trust, &anchor, err));
        const int code = wolfSSL_CTX_load_verify_buffer_ex(
            context->wolf, anchor.der.data, (long)anchor.der.size, WOLFSSL_FILETYPE_ASN1, 0,
            WOLFSSL_LOAD_FLAG_DATE_ERR_OKAY);
        if (code != WOLFSSL_SUCCESS) {
            return context_failed(err, "load a trusted certificate", code);
        }
    }
    return RESULT_OK;
}

static enum result set_key(struct tls_context *context, const struct key *key,
                           struct error *err) {
    AUTO(buf_clear) struct buf der = {0};
    buf_init_secret(&der, LIMIT_KEY_FILE_BYTES);
    const enum result saved = key_save_pkcs8(key, &der);
    if (saved != RESULT_OK && saved != RESULT_DENIED) {
        return error_out_of_memory(err);
    }
    const int code = saved == RESULT_DENIED
                         ? tls_use_foreign_key(context, key)
                         : wolfSSL_CTX_use_PrivateKey_buffer(
                               context->wolf, der.data, (long)der.size, WOLFSSL_FILETYPE_ASN1);
    return code == WOLFSSL_SUCCESS ? RESULT_OK
                                   : context_failed(err, "use the private key", code);
}

static enum result set_identity(struct tls_context *context, struct bytes chain,
                                const struct key *key, struct error *err) {
    struct certificate leaf = {0};
    struct bytes left = chain;
    TRY(certificate_read_next(&left, &leaf, err));
    if (!bytes_equal(leaf.spki, key_public(key))) {
        return error_set_code(err, RESULT_INVALID, "key_mismatch",
                              "the private key does not belong to the certificate");
    }
    int code = wolfSSL_CTX_use_certificate_chain_buffer_format(
        context->wolf, chain.data, (long)chain.size, WOLFSSL_FILETYPE_ASN1);
    if (code != WOLFSSL_SUCCESS) {
        return context_failed(err, "use the certificate chain", code);
    }
    return set_key(context, key, err);
}

enum result tls_server_context_new(struct bytes chain, const struct key *key,
                                   struct bytes trust, enum tls_client_certificate wanted,
                                   struct tls_context **out_context, struct error *err) {
    AUTO(tls_context_free_at) struct tls_context *context = NULL;
    const bool asks = wanted != TLS_CLIENT_CERTIFICATE_NONE;
    TRY(context_new(true, asks ? VERIFY_CLIENT : VERIFY_NOBODY, &context, err));
    TRY(set_identity(context, chain, key, err));
    if (asks) {
        if (trust.size == 0) {
            return error_set(err, RESULT_INVALID,
                             "client certificates are asked for, but no CA is given for them");
        }
        TRY(set_trust(context, trust, err));
    }
    context->requires_certificate = wanted == TLS_CLIENT_CERTIFICATE_REQUIRED;
    const int mode = WOLFSSL_VERIFY_PEER |
                     (context->requires_certificate ? WOLFSSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0);
    wolfSSL_CTX_set_verify(context->wolf, asks ? mode : WOLFSSL_VERIFY_NONE,
                           asks ? tls_verify_peer : NULL);
    *out_context = context;
    context = NULL;
    return RESULT_OK;
}

enum result tls_client_context_new(struct bytes trust, struct bytes chain,
                                   const struct key *key, struct tls_context **out_context,
                                   struct error *err) {
    AUTO(tls_context_free_at) struct tls_context *context = NULL;
    if (trust.size == 0) {
        return error_set(err, RESULT_INVALID, "no CA is given that the server must chain to");
    }
    TRY(context_new(false, VERIFY_SERVER, &context, err));
    TRY(set_trust(context, trust, err));
    if (key != NULL) {
        TRY(set_identity(context, chain, key, err));
    }
    wolfSSL_CTX_set_verify(context->wolf, WOLFSSL_VERIFY_PEER, tls_verify_peer);
    *out_context = context;
    context = NULL;
    return RESULT_OK;
}

void tls_client_expect_authority(struct tls_context *context) {
    context->expects_authority = true;
}

enum result tls_client_context_new_insecure(struct tls_context **out_context,
                                            struct error *err) {
    TRY(context_new(false, VERIFY_INSECURE, out_context, err));
    wolfSSL_CTX_set_verify((*out_context)->wolf, WOLFSSL_VERIFY_NONE, tls_verify_peer);
    return RESULT_OK;
}

// Connections keep their context alive by counting as references.
void tls_context_free(struct tls_context *context) {
    if (context != NULL && --context->references == 0) {
        wolfSSL_CTX_free(context->wolf);
        key_free(context->key);
        buf_clear(&context->trust);
        free(context);
    }
}

void tls_context_free_at(struct tls_context **context) {
    tls_context_free(*context);
    *context = NULL;
}
