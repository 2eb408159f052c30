// What the files of the TLS engine share: its structs, and wolfSSL's verdicts as errors.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <wolfssl/options.h>
#include <wolfssl/ssl.h>

#include "wire/tls.h"

enum verification { VERIFY_NOBODY, VERIFY_CLIENT, VERIFY_SERVER, VERIFY_INSECURE };

struct tls_context {
    WOLFSSL_CTX *wolf;
    struct buf trust;
    struct key *key; // where wolfSSL has only its public part (tls_key.c); NULL otherwise
    enum verification verification;
    bool is_server;
    bool requires_certificate;
    bool expects_authority;
    size_t references;
};

struct tls {
    struct tls_context *context;
    WOLFSSL *wolf;
    char *host;
    struct bytes offered; // during tls_input: what wolfSSL may still take
    struct buf unread;    // what it did not take, because `plain` was full
    struct buf output;
    struct buf peer;       // the leaf's DER
    struct error *refusal; // why the peer's certificate was refused
    size_t begun;          // bytes of the first record header that were seen, up to 3
    bool is_established;
    bool is_peer_closed;
    bool is_closed;
    bool is_failed;
};

// --- tls_error.c ---------------------------------------------------------------------------

// An alert of the peer; its name is the field of the error.
enum result tls_refuse_alert(int number, struct error *err);
// What the verify callback was told: a wolfSSL error or one of its X509_V_ERR numbers.
enum result tls_refuse_certificate(int code, struct error *err);
// What wolfSSL_get_error tells.
enum result tls_refuse_code(int code, struct error *err);
bool tls_is_date_error(int code);
// A refusal of the leaf that tls_peer_check decides about anew: its dates, its extended key
// usage.
bool tls_is_left_to_us(int code);

// --- tls_key.c -----------------------------------------------------------------------------

// The context asks `key` for its signatures, and keeps it. wolfSSL's verdict.
int tls_use_foreign_key(struct tls_context *context, const struct key *key);

// --- tls.c: wolfSSL's callbacks ------------------------------------------------------------

int tls_verify_peer(int is_accepted, WOLFSSL_X509_STORE_CTX *store);
int tls_give_bytes(WOLFSSL *wolf, char *room, int size, void *context);
int tls_take_bytes(WOLFSSL *wolf, char *bytes, int size, void *context);
// Why one of them failed, for who reads the connection's result; the first reason stays.
void tls_keep_refusal(struct tls *tls, const struct error *refusal);
