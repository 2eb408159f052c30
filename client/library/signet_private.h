// What the files of the library for firmware share: its objects, and how results leave it.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/bytes.h"
#include "base/error.h"
#include "client/connect/transport.h"
#include "client/connect/url.h"
#include "client/library/signet.h"
#include "wire/messages.h"
#include "x509/key.h"

struct signet_client {
    struct transport transport;
    bool has_transport; // or else the system's sockets
    bool trusts_server_time;
    struct error error; // of the last call
};

// Begins a call: the errors of the one before are forgotten.
struct error *client_begin(struct signet_client *client);
// Ends it; a failure that nobody described gets the words of its result.
enum signet_result client_end(struct signet_client *client, enum result result);
// NULL: the system's sockets.
const struct transport *client_transport(const struct signet_client *client);
// Connections by way of what firmware supplies.
struct transport transport_of_firmware(const struct signet_transport *firmware);

// RESULT_INVALID, code "usage", when `argument` is NULL.
enum result require_argument(const void *argument, const char *name, struct error *err);
// Copies into what the caller has room for (signet.h).
enum result give_bytes(struct bytes bytes, void *room, size_t size, size_t *out_size,
                       struct error *err);

// Counted, so that they can be freed in any order.
struct signet_key {
    struct key *key;
    size_t references;
};
struct signet_key *key_keep(struct signet_key *key);
// Takes over `key`, also when it fails.
enum result key_wrap(struct key *key, struct signet_key **out_key, struct error *err);
void signet_key_free_at(struct signet_key **key);

struct signet_credential {
    struct signet_client *client;
    size_t references;
    struct signet_key *key;
    struct buf certificate, chain, trust, root; // as in connect/credential.h
    struct url url;
    char *profile;
    int64_t renew_after;
    // Read from the certificate.
    char serial[LIMIT_SERIAL_TEXT + 1];
    int64_t not_after;
    struct text_list names;
};
struct signet_credential *credential_keep(struct signet_credential *credential);
void signet_credential_free_at(struct signet_credential **credential);

// What a credential is made of, as it is kept; a request keeps its predecessor's.
#define saved_credential_FIELDS(F, R)                                                          \
    F(BYTES, key, LIMIT_KEY_FILE_BYTES, REQUIRED)                                              \
    F(CERTIFICATES, certificate, LIMIT_CERTIFICATE_BYTES, REQUIRED)                            \
    F(CERTIFICATES, chain, LIMIT_CHAIN_BYTES, OPTIONAL)                                        \
    F(CERTIFICATES, trust, LIMIT_CHAIN_BYTES, REQUIRED)                                        \
    F(CERTIFICATES, root, LIMIT_CERTIFICATE_BYTES, REQUIRED)                                   \
    F(TEXT, url, LIMIT_URL_BYTES, REQUIRED)                                                    \
    F(TEXT, profile, LIMIT_PROFILE_NAME, REQUIRED)                                             \
    F(TIME, renew_after, 0, REQUIRED)
MESSAGE_DECLARE(saved_credential);

// Of the answer that was checked (connect/issued.h). `before` is what was believed until now.
struct credential_parts {
    struct signet_client *client;
    struct signet_key *key;
    const struct issued *issued;
    const struct url *url;
    struct bytes root, before;
};
// Corrects the clock by what the credential's authority says.
enum result credential_take_time(const struct signet_credential *credential, struct error *err);
enum result credential_make(const struct credential_parts *parts,
                            struct signet_credential **out_credential, struct error *err);
enum result credential_fill_saved(const struct signet_credential *credential,
                                  struct saved_credential *out_saved, struct error *err);
enum result credential_from_saved(struct signet_client *client,
                                  const struct saved_credential *saved,
                                  struct signet_credential **out_credential, struct error *err);
