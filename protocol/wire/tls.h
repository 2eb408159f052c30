// TLS 1.2 and 1.3 as bytes in, bytes out: wolfSSL over memory, no sockets. The files tls*
// are the only doorway to wolfssl/ssl.h.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stdbool.h>

#include "base/bytes.h"
#include "base/error.h"
#include "x509/key.h"

// Opens what the TLS library needs from the system. Contexts do it by themselves; a process
// that gives up the file system calls it before. Later connections need getrandom(2) only.
enum result tls_prepare(struct error *err);

// What many connections share: certificate, key, trust.
struct tls_context;

enum tls_client_certificate {
    TLS_CLIENT_CERTIFICATE_NONE,
    TLS_CLIENT_CERTIFICATE_OPTIONAL,
    TLS_CLIENT_CERTIFICATE_REQUIRED,
};

// `chain` is concatenated DER, leaf first; `trust` the concatenated DER of the CA certificates
// a client certificate must chain to (empty with …_NONE). Dates and extended
// key usage of client certificates are not checked here: the authority decides about expiry,
// revocation, and what a certificate may be used for.
enum result tls_server_context_new(struct bytes chain, const struct key *key,
                                   struct bytes trust, enum tls_client_certificate wanted,
                                   struct tls_context **out_context, struct error *err);
// `trust` is the concatenated DER of the roots the server must chain to; `chain` and `key` are
// the client's own, empty and NULL without.
enum result tls_client_context_new(struct bytes trust, struct bytes chain,
                                   const struct key *key, struct tls_context **out_context,
                                   struct error *err);
// From now on only an authority is taken for the server (wire/tls_peer.h), not another server that
// has a certificate of the same CA for the same name.
void tls_client_expect_authority(struct tls_context *context);
// Verifies nothing about the server: only for fetching a chain that is then compared with a
// fingerprint.
enum result tls_client_context_new_insecure(struct tls_context **out_context,
                                            struct error *err);
// Connections made from it live on.
void tls_context_free(struct tls_context *context);
void tls_context_free_at(struct tls_context **context);

struct tls; // one connection

enum result tls_accept_new(struct tls_context *context, struct tls **out_tls,
                           struct error *err);
// `host` is the name or address the server's certificate must carry; also sent as SNI if a
// name.
enum result tls_connect_new(struct tls_context *context, const char *host, struct tls **out_tls,
                            struct error *err);
void tls_free(struct tls *tls);
void tls_free_at(struct tls **tls);

// Feeds what came from the network (any amount), runs the handshake, appends decrypted bytes to
// `plain` (as far as its maximum allows: RESULT_LIMIT tells that some are left; call again with
// empty input). RESULT_DENIED: the peer's certificate was refused (says why). RESULT_INVALID:
// not TLS (code "not_tls", for instance plain HTTP) or a broken record. After an error
// send what tls_output holds (an alert), then close.
enum result tls_input(struct tls *tls, struct bytes cipher, struct buf *plain,
                      struct error *err);
// Encrypts. Before the handshake is over: RESULT_PENDING, nothing is kept.
enum result tls_write(struct tls *tls, struct bytes plain, struct error *err);
// What must go to the network; the caller consumes what it sent.
struct buf *tls_output(struct tls *tls);
// Starts a client's handshake (its first flight appears in tls_output).
enum result tls_start(struct tls *tls, struct error *err);
// Queues close_notify once.
void tls_close(struct tls *tls);

bool tls_is_established(const struct tls *tls);
// The peer said close_notify: an end of input after it is clean.
bool tls_peer_closed(const struct tls *tls);
// The DER of the peer's certificate; empty without one. A view that lives as long as `tls`.
struct bytes tls_peer_certificate(const struct tls *tls);
// "TLSv1.3".
const char *tls_version(const struct tls *tls);
