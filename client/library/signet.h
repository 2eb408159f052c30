// Signet's client for firmware: keys, enrollment and renewal in memory, on wolfSSL and cJSON alone.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// From a token to a certificate (error handling left out; installed beside this as examples/enroll.c):
//
//     signet_client_new(NULL, &client);
//     signet_key_generate(client, SIGNET_P256, &key);
//     signet_enrollment_new(client, token, key, NULL, 0, &request);
//     while (signet_request_send(request, 50, &credential) == SIGNET_PENDING) { }
//     signet_credential_chain_pem(credential, room, sizeof(room), &size);
//
// The library starts no thread, opens no file and prints nothing. It blocks while it talks to the
// authority, at most a minute for each connection and each question, and only in
// signet_request_send. Use one client, and what was made with it, from one thread at a time.
//
// Ownership: a function that gives an object through its last parameter gives it to the caller, who
// ends it with the matching …_free (NULL is accepted). An object that another one needs lives on
// in it: key, request and credential may be freed in any order, but the client last. Texts and
// bytes given to a function are only read while it runs; pointers that a function returns belong
// to the object they were asked of and live as long as it. Out-parameters are written on success
// only, but sizes as said below.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define SIGNET_API __attribute__((visibility("default")))

// What a caller would do next. signet_error_… tell what happened.
enum signet_result {
    SIGNET_OK,
    SIGNET_INVALID,     // correct what was passed
    SIGNET_DENIED,      // the authority said no, or what came is not to be trusted
    SIGNET_NOT_FOUND,   // the authority does not know it
    SIGNET_CONFLICT,    // it contradicts what was done before
    SIGNET_LIMIT,       // too large, too many, or too often: wait, or give more room
    SIGNET_PENDING,     // an administrator has to decide: ask again
    SIGNET_UNAVAILABLE, // not reachable, or not now: ask again later
    SIGNET_INTERNAL     // out of memory, and what should not happen
};

// --- what the board has instead of POSIX ---------------------------------------------------

// For the whole process, before anything else is called; members that are NULL: time(2),
// clock_gettime(2) with CLOCK_MONOTONIC, getrandom(2). The struct is copied.
struct signet_platform {
    int64_t (*now)(void);          // seconds since 1970, UTC
    int64_t (*milliseconds)(void); // never goes back
    // Fills `out` with bytes that nobody can guess: keys are made of them. False: it cannot.
    bool (*random)(uint8_t *out, size_t size);
};
SIGNET_API void signet_use_platform(const struct signet_platform *platform);

// How bytes reach the authority, TLS included in them. `timeout` is in milliseconds; whoever cannot
// wait that exactly may wait for less. Connections are closed once each.
struct signet_transport {
    void *context; // given to `open`
    // 0, and the connection in *out_connection (not NULL); -1: not reachable.
    int (*open)(void *context, const char *host, uint16_t port, int timeout,
                void **out_connection);
    // Bytes read, at least one; 0 when the peer has ended the stream; -1: broken, or nothing
    // came in time.
    long (*read)(void *connection, void *data, size_t size, int timeout);
    // Bytes written, at least one; -1: broken, or nothing left in time.
    long (*write)(void *connection, const void *data, size_t size, int timeout);
    void (*close)(void *connection);
};

// --- the client ----------------------------------------------------------------------------

struct signet_client;

struct signet_options {
    // NULL: the system's sockets. Must outlive the client.
    const struct signet_transport *transport;
    // For boards without a set clock: from an enrollment, a renewal or signet_credential_ask_time on
    // (in this process), dates are judged by the time the authority told. Somebody between can forge
    // that, and so bring back a server's key whose certificate has ended.
    bool trusts_server_time;
};

// `options` may be NULL for none.
SIGNET_API enum signet_result signet_client_new(const struct signet_options *options,
                                                struct signet_client **out_client);
SIGNET_API void signet_client_free(struct signet_client *client);

// Of the last call with this client, or with an object that was made with it; "" when that
// succeeded. The code is stable: those of the authority are in its protocol's README, and ours are
// "usage", "room" (too little was given), "untrusted", "unreachable", "pending", "tls", "not_tls",
// "answer" (not one of an authority), "out_of_memory". The hint says what to do. The pointers live
// as long as the client; the texts change with the next call.
SIGNET_API const char *signet_error_code(const struct signet_client *client);
SIGNET_API const char *signet_error_text(const struct signet_client *client);
SIGNET_API const char *signet_error_hint(const struct signet_client *client);

// Functions with `room`, `size` and `out_size` write at most `size` bytes and tell how many there
// are. With too little room nothing is written, *out_size is what it takes, and the result is
// SIGNET_LIMIT, code "room"; `room` may be NULL with `size` 0, to ask for that.

// --- keys ----------------------------------------------------------------------------------

struct signet_key;

enum signet_algorithm {
    SIGNET_P256,
    SIGNET_P384,
    SIGNET_ED25519,
    SIGNET_RSA2048,
    SIGNET_RSA3072,
    SIGNET_RSA4096
};

SIGNET_API enum signet_result signet_key_generate(struct signet_client *client,
                                                  enum signet_algorithm algorithm,
                                                  struct signet_key **out_key);
// The DER of an unencrypted PKCS#8 PrivateKeyInfo (RFC 5958). Wipe it when it has been kept.
SIGNET_API enum signet_result signet_key_load(struct signet_client *client, const uint8_t *der,
                                              size_t size, struct signet_key **out_key);
SIGNET_API enum signet_result signet_key_save(struct signet_client *client,
                                              const struct signet_key *key, uint8_t *room,
                                              size_t size, size_t *out_size);
SIGNET_API void signet_key_free(struct signet_key *key);

// --- tokens --------------------------------------------------------------------------------

struct signet_token {
    char host[256];
    uint16_t port;
    uint8_t fingerprint[32]; // SHA-256 of the root certificate
};

// What an enrollment token ("signet://…") says, without its secret. Nothing is asked of anyone.
SIGNET_API enum signet_result signet_token_parse(struct signet_client *client,
                                                 const char *token,
                                                 struct signet_token *out_token);

// --- requests ------------------------------------------------------------------------------

struct signet_request;
struct signet_credential;

// A first certificate for this key. `names` ("cn:tracker-7", "dns:…", "ip:…", "email:…", "uri:…",
// "xmpp:…") is what to ask for: none takes what the token grants.
SIGNET_API enum signet_result signet_enrollment_new(struct signet_client *client,
                                                    const char *token, struct signet_key *key,
                                                    const char *const *names, size_t name_count,
                                                    struct signet_request **out_request);
// The certificate that follows this one, with another key: most profiles refuse the old one.
SIGNET_API enum signet_result signet_renewal_new(struct signet_client *client,
                                                 struct signet_credential *credential,
                                                 struct signet_key *key,
                                                 struct signet_request **out_request);
// Sends it, or asks what became of it, and checks the answer: it is for our key, under the root
// that the token (or the credential) names, valid now, and carries the names that were asked for.
// SIGNET_PENDING when an administrator has to decide: call it again, `wait_seconds` (0 to 50) being
// how long to wait for that each time. A renewal that is held is answered at once: pause before
// the next call. A request that got no answer may be sent again as often as it
// takes, and gets one certificate; SIGNET_DENIED of the authority ends it.
SIGNET_API enum signet_result signet_request_send(struct signet_request *request,
                                                  int wait_seconds,
                                                  struct signet_credential **out_credential);
// "K4TZ-9QWM", made from the key: what an administrator compares before approving.
SIGNET_API const char *signet_request_code(const struct signet_request *request);
// For what must survive a restart: the same request, its key and its secrets. Keep it where nobody
// else reads it.
SIGNET_API enum signet_result signet_request_save(struct signet_request *request, char *room,
                                                  size_t size, size_t *out_size);
SIGNET_API enum signet_result signet_request_load(struct signet_client *client,
                                                  const char *saved, size_t size,
                                                  struct signet_request **out_request);
SIGNET_API void signet_request_free(struct signet_request *request);

// --- credentials ---------------------------------------------------------------------------

// The certificate and what follows it in TLS, leaf first, in PEM; without a terminating zero.
SIGNET_API enum signet_result
signet_credential_chain_pem(const struct signet_credential *credential, char *room, size_t size,
                            size_t *out_size);
// Its DER, the concatenated DER of what follows it in TLS, and of the CAs that a peer's certificate
// may chain to: the root, and those that it vouches for.
SIGNET_API const uint8_t *
signet_credential_certificate(const struct signet_credential *credential, size_t *out_size);
SIGNET_API const uint8_t *signet_credential_chain(const struct signet_credential *credential,
                                                  size_t *out_size);
SIGNET_API const uint8_t *signet_credential_trust(const struct signet_credential *credential,
                                                  size_t *out_size);
// Not given to the caller: do not free it.
SIGNET_API struct signet_key *signet_credential_key(const struct signet_credential *credential);
SIGNET_API const char *signet_credential_serial(const struct signet_credential *credential);
SIGNET_API const char *signet_credential_profile(const struct signet_credential *credential);
// The names, as "cn:tracker-7"; NULL behind the last.
SIGNET_API const char *signet_credential_name(const struct signet_credential *credential,
                                              size_t index);
// Seconds since 1970, UTC. Renew from `renew_after` on; the time is drawn for each certificate, so
// that a fleet does not come at once.
SIGNET_API int64_t signet_credential_not_after(const struct signet_credential *credential);
SIGNET_API int64_t signet_credential_renew_after(const struct signet_credential *credential);
SIGNET_API bool signet_credential_is_due(const struct signet_credential *credential);
// What a board without a clock does after a start, before it asks whether a credential is due: has the
// credential's authority tell the time. SIGNET_DENIED unless the client trusts the server's time.
SIGNET_API enum signet_result
signet_credential_ask_time(const struct signet_credential *credential);
// As with requests: the key is in it.
SIGNET_API enum signet_result signet_credential_save(const struct signet_credential *credential,
                                                     char *room, size_t size, size_t *out_size);
SIGNET_API enum signet_result signet_credential_load(struct signet_client *client,
                                                     const char *saved, size_t size,
                                                     struct signet_credential **out_credential);
SIGNET_API void signet_credential_free(struct signet_credential *credential);

#ifdef __cplusplus
}
#endif
