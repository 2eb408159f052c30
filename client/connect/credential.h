// A credential on disk: key, certificate, chain, trust and address, read as one.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/bytes.h"
#include "base/error.h"
#include "client/connect/about.h"
#include "client/connect/exchange.h"
#include "wire/tls.h"
#include "x509/key.h"

// What `signet enroll` installs below DIR/NAME, each generation a folder of its own:
//   DIR/NAME/current -> generations/N
//   DIR/NAME/generations/N/ key.pem cert.pem chain.pem ca.pem root.pem fullchain.pem
//   combined.pem
//                           url about.json
//   DIR/NAME/lock
// `signetd init` makes key.pem cert.pem chain.pem ca.pem url for the first administrator.
#define CREDENTIAL_CURRENT "current"
#define CREDENTIAL_GENERATIONS "generations"
#define CREDENTIAL_KEY "key.pem"
// In place of key.pem and combined.pem, where the key is on a token: the URI of exactly this key,
// on one line.
#define CREDENTIAL_KEY_URI "key.uri"
// Beside it, empty, when signet made that key: it is removed from the token with the last folder
// that names it. A key that somebody else made stays.
#define CREDENTIAL_KEY_MADE "key.made"
#define CREDENTIAL_CERTIFICATE "cert.pem"
#define CREDENTIAL_CHAIN "chain.pem"
#define CREDENTIAL_TRUST "ca.pem"
#define CREDENTIAL_ROOT "root.pem"
#define CREDENTIAL_FULL_CHAIN "fullchain.pem"
#define CREDENTIAL_COMBINED "combined.pem"
#define CREDENTIAL_URL "url"
#define CREDENTIAL_ABOUT "about.json"

// Zeroed memory is an empty one.
struct credential {
    struct key *key;
    struct buf certificate; // DER
    struct buf chain;       // concatenated DER, what goes behind the certificate
    struct buf trust;       // concatenated DER
    struct buf root;        // DER; empty for a credential without root.pem
    struct url url;
    struct buf url_file; // the path that it was read from; empty when it came from elsewhere
    struct about about;  // zeroed without about.json
};

void credential_clear(struct credential *credential);
// Reads a folder with the files in it, or one that has `current` in it. Code "misconfigured",
// with the path, when something is missing or damaged; links are not followed. The key may be
// readable by a group (brokers), never by others, and belong to whom it likes: it is one in PEM,
// that of the certificate. key.uri belongs to this user or root.
enum result credential_read(const char *folder, struct credential *out_credential,
                            struct error *err);
// Reads only what a person may see: the certificate, and the about.json that belongs to it.
enum result credential_read_about(const char *folder, struct about *out_about,
                                  struct error *err);
// What credential_read would refuse, without asking a token, and as far as this user may look: of a
// key that only its owner can read, who else may open it. Code "not_private" for that.
enum result credential_check(const char *folder, struct error *err);
// Appends the SHA-256 of the certificate's public key, in hexadecimal: what lists of devices and
// administrators know the key by.
enum result credential_key_hash(const char *folder, struct buf *out, struct error *err);
// A connection to the credential's address with mutual TLS. `*out_tls` must outlive the
// exchange.
enum result credential_connect(const struct credential *credential,
                               struct tls_context **out_tls, struct exchange *out_exchange,
                               struct error *err);

// `option` if not NULL, else what the environment says, else /etc/signet/credentials for root and
// ~/.config/signet/credentials for others.
#define CREDENTIALS_VARIABLE "SIGNET_DIR"
enum result credentials_folder(const char *option, struct buf *out, struct error *err);
// A name that is one safe folder name: letters, digits, and "._@-" (not in front); the rest
// becomes
// "_". RESULT_INVALID when nothing is left.
enum result credential_safe_name(const char *text, struct buf *out, struct error *err);
// RESULT_INVALID, code "usage", when `name` would be changed by credential_safe_name.
enum result credential_check_name(const char *name, struct error *err);
