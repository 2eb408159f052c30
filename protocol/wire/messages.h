// Every message of the protocol, each described once, and the numbers they carry in frames.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/limits.h"
#include "wire/message.h"

#define LIMIT_PROFILE_NAME 64
#define LIMIT_SERIAL_TEXT 40
#define LIMIT_URL_BYTES 1024
#define LIMIT_FINGERPRINT_TEXT 64
#define LIMIT_TOKEN_ID_TEXT 32

// --- anyone -------------------------------------------------------------------------------

#define nothing_FIELDS(F, R)
// (an empty struct is a GNU extension; requests without fields use it)

#define profile_info_FIELDS(F, R)                                                              \
    F(TEXT, name, LIMIT_PROFILE_NAME, REQUIRED)                                                \
    F(TEXTS, key_algorithms, 16, OPTIONAL)                                                     \
    F(TEXTS, name_types, 16, OPTIONAL)                                                         \
    F(INTEGER, lifetime, INT64_MAX, OPTIONAL)

#define authority_info_FIELDS(F, R)                                                            \
    F(TEXT, name, LIMIT_COMMON_NAME_BYTES, REQUIRED)                                           \
    F(TEXT, version, 32, REQUIRED)                                                             \
    F(TEXT, fingerprint, LIMIT_FINGERPRINT_TEXT, REQUIRED)                                     \
    F(CERTIFICATES, chain, LIMIT_CHAIN_BYTES, REQUIRED)                                        \
    F(TEXT, crl_url, LIMIT_URL_BYTES, OPTIONAL)                                                \
    R(profiles, profile_info, 100)                                                             \
    F(TIME, time, 0, REQUIRED)

// --- devices ------------------------------------------------------------------------------

// `token` is "id.secret", the part of an enrollment token between its address and fingerprint.
#define enroll_FIELDS(F, R)                                                                    \
    F(SECRET, token, LIMIT_TOKEN_TEXT_BYTES, REQUIRED)                                         \
    F(REQUEST, csr, LIMIT_CSR_BYTES, REQUIRED)

// `certificate` is the leaf alone, `chain` what a peer needs behind it, `root` the trust
// anchor. Renewal is due from `renew_after` on.
#define issued_FIELDS(F, R)                                                                    \
    F(TEXT, serial, LIMIT_SERIAL_TEXT, REQUIRED)                                               \
    F(TEXT, profile, LIMIT_PROFILE_NAME, REQUIRED)                                             \
    F(TEXTS, names, LIMIT_NAMES, OPTIONAL)                                                     \
    F(TIME, not_before, 0, REQUIRED)                                                           \
    F(TIME, not_after, 0, REQUIRED)                                                            \
    F(TIME, renew_after, 0, REQUIRED)                                                          \
    F(CERTIFICATES, certificate, LIMIT_CERTIFICATE_BYTES, REQUIRED)                            \
    F(CERTIFICATES, chain, LIMIT_CHAIN_BYTES, OPTIONAL)                                        \
    F(CERTIFICATES, root, LIMIT_CERTIFICATE_BYTES, REQUIRED)

#define renew_FIELDS(F, R) F(REQUEST, csr, LIMIT_CSR_BYTES, REQUIRED)

#define revoke_self_FIELDS(F, R) F(TEXT, reason, 32, OPTIONAL)

// --- administrators -----------------------------------------------------------------------

// `expires_in` and `lifetime` in seconds; 0 or absent takes the default.
#define token_create_FIELDS(F, R)                                                              \
    F(TEXT, profile, LIMIT_PROFILE_NAME, REQUIRED)                                             \
    F(TEXTS, names, LIMIT_NAMES, REQUIRED)                                                     \
    F(INTEGER, uses, LIMIT_TOKEN_USES, OPTIONAL)                                               \
    F(INTEGER, expires_in, 10LL * 365 * 86400, OPTIONAL)                                       \
    F(INTEGER, lifetime, 100LL * 365 * 86400, OPTIONAL)                                        \
    F(TEXT, label, LIMIT_LABEL_BYTES, OPTIONAL)

// `token` is the whole enrollment token (wire/enrollment_token.h); it cannot be shown again.
#define token_created_FIELDS(F, R)                                                             \
    F(TEXT, id, LIMIT_TOKEN_ID_TEXT, REQUIRED)                                                 \
    F(SECRET, token, LIMIT_TOKEN_TEXT_BYTES, REQUIRED)                                         \
    F(TEXT, profile, LIMIT_PROFILE_NAME, REQUIRED)                                             \
    F(TEXTS, names, LIMIT_NAMES, REQUIRED)                                                     \
    F(INTEGER, uses, LIMIT_TOKEN_USES, REQUIRED)                                               \
    F(TIME, expires, 0, REQUIRED)

// `state` is "open", "spent", "expired" or "revoked".
#define token_info_FIELDS(F, R)                                                                \
    F(TEXT, id, LIMIT_TOKEN_ID_TEXT, REQUIRED)                                                 \
    F(TEXT, profile, LIMIT_PROFILE_NAME, REQUIRED)                                             \
    F(TEXTS, names, LIMIT_NAMES, OPTIONAL)                                                     \
    F(TEXT, state, 16, REQUIRED)                                                               \
    F(INTEGER, uses, LIMIT_TOKEN_USES, REQUIRED)                                               \
    F(INTEGER, used, LIMIT_TOKEN_USES, REQUIRED)                                               \
    F(TIME, created, 0, REQUIRED)                                                              \
    F(TIME, expires, 0, REQUIRED)                                                              \
    F(TEXT, created_by, LIMIT_NAME_BYTES, OPTIONAL)                                            \
    F(TEXT, label, LIMIT_LABEL_BYTES, OPTIONAL)

// `after` is the `next` of the page before.
#define token_list_FIELDS(F, R)                                                                \
    F(TEXT, state, 16, OPTIONAL)                                                               \
    F(TEXT, profile, LIMIT_PROFILE_NAME, OPTIONAL)                                             \
    F(TEXT, after, 64, OPTIONAL)                                                               \
    F(INTEGER, limit, LIMIT_LIST_PAGE, OPTIONAL)

#define token_page_FIELDS(F, R)                                                                \
    R(tokens, token_info, LIMIT_LIST_PAGE)                                                     \
    F(TEXT, next, 64, OPTIONAL)

#define token_revoke_FIELDS(F, R) F(TEXT, id, LIMIT_TOKEN_ID_TEXT, REQUIRED)

// `state` is "valid", "expired" or "revoked". `certificate` only where one is shown.
#define certificate_info_FIELDS(F, R)                                                          \
    F(TEXT, serial, LIMIT_SERIAL_TEXT, REQUIRED)                                               \
    F(TEXT, issuer, LIMIT_LABEL_BYTES, REQUIRED)                                               \
    F(TEXT, profile, LIMIT_PROFILE_NAME, REQUIRED)                                             \
    F(TEXT, state, 16, REQUIRED)                                                               \
    F(TEXTS, names, LIMIT_NAMES, OPTIONAL)                                                     \
    F(TIME, not_before, 0, REQUIRED)                                                           \
    F(TIME, not_after, 0, REQUIRED)                                                            \
    F(TIME, revoked_at, 0, OPTIONAL)                                                           \
    F(TEXT, reason, 32, OPTIONAL)                                                              \
    F(TEXT, predecessor, LIMIT_SERIAL_TEXT, OPTIONAL)                                          \
    F(TEXT, token, LIMIT_TOKEN_ID_TEXT, OPTIONAL)                                              \
    F(TEXT, key_fingerprint, LIMIT_FINGERPRINT_TEXT, OPTIONAL)                                 \
    F(CERTIFICATES, certificate, LIMIT_CERTIFICATE_BYTES, OPTIONAL)

// `name` is "type:value" or a bare value of any type.
#define certificate_list_FIELDS(F, R)                                                          \
    F(TEXT, name, LIMIT_NAME_BYTES, OPTIONAL)                                                  \
    F(TEXT, profile, LIMIT_PROFILE_NAME, OPTIONAL)                                             \
    F(TEXT, state, 16, OPTIONAL)                                                               \
    F(INTEGER, expiring_in, 100LL * 365 * 86400, OPTIONAL)                                     \
    F(TEXT, after, 64, OPTIONAL)                                                               \
    F(INTEGER, limit, LIMIT_LIST_PAGE, OPTIONAL)

#define certificate_page_FIELDS(F, R)                                                          \
    R(certificates, certificate_info, LIMIT_LIST_PAGE)                                         \
    F(TEXT, next, 64, OPTIONAL)

#define certificate_show_FIELDS(F, R) F(TEXT, serial, LIMIT_SERIAL_TEXT, REQUIRED)

#define certificate_revoke_FIELDS(F, R)                                                        \
    F(TEXT, serial, LIMIT_SERIAL_TEXT, REQUIRED)                                               \
    F(TEXT, reason, 32, OPTIONAL)

#define crl_info_FIELDS(F, R)                                                                  \
    F(TEXT, issuer, LIMIT_LABEL_BYTES, REQUIRED)                                               \
    F(INTEGER, number, INT64_MAX, REQUIRED)                                                    \
    F(TIME, this_update, 0, REQUIRED)                                                          \
    F(TIME, next_update, 0, REQUIRED)                                                          \
    F(INTEGER, entries, INT64_MAX, REQUIRED)                                                   \
    F(INTEGER, size, INT64_MAX, REQUIRED)

#define crl_page_FIELDS(F, R) R(crls, crl_info, 100)

#define status_FIELDS(F, R)                                                                    \
    F(TEXT, name, LIMIT_COMMON_NAME_BYTES, REQUIRED)                                           \
    F(TEXT, version, 32, REQUIRED)                                                             \
    F(TEXT, fingerprint, LIMIT_FINGERPRINT_TEXT, REQUIRED)                                     \
    F(TIME, started, 0, REQUIRED)                                                              \
    F(TIME, time, 0, REQUIRED)                                                                 \
    F(TIME, issuer_not_after, 0, REQUIRED)                                                     \
    F(TIME, root_not_after, 0, REQUIRED)                                                       \
    F(INTEGER, certificates_valid, INT64_MAX, OPTIONAL)                                        \
    F(INTEGER, certificates_expired, INT64_MAX, OPTIONAL)                                      \
    F(INTEGER, certificates_revoked, INT64_MAX, OPTIONAL)                                      \
    F(INTEGER, tokens_open, INT64_MAX, OPTIONAL)                                               \
    F(INTEGER, gateways, 1000, OPTIONAL)                                                       \
    R(crls, crl_info, 100)

// --- authority to gateway -----------------------------------------------------------------

// A fresh TLS identity: PKCS#8 key, leaf and chain, and the CA certificates that client
// certificates must chain to.
#define identity_FIELDS(F, R)                                                                  \
    F(BYTES, key, LIMIT_KEY_FILE_BYTES, REQUIRED)                                              \
    F(BYTES, chain, LIMIT_CHAIN_BYTES, REQUIRED)                                               \
    F(BYTES, trust, LIMIT_CHAIN_BYTES, REQUIRED)

// Bytes to serve under a path, from memory; each replaces the one before it.
#define publication_FIELDS(F, R)                                                               \
    F(TEXT, path, 256, REQUIRED)                                                               \
    F(TEXT, content_type, 64, REQUIRED)                                                        \
    F(TEXT, etag, 80, REQUIRED)                                                                \
    F(TIME, last_modified, 0, REQUIRED)                                                        \
    F(TIME, expires, 0, OPTIONAL)                                                              \
    F(INTEGER, max_age, INT64_MAX, OPTIONAL)                                                   \
    F(BYTES, body, LIMIT_CRL_BYTES * 3LL, REQUIRED)

// The limits and log settings of this gateway; sent first and again after a reload.
#define setup_FIELDS(F, R)                                                                     \
    F(TEXT, log_level, 16, REQUIRED)                                                           \
    F(TEXT, log_format, 16, REQUIRED)                                                          \
    F(INTEGER, connections, 1000000, REQUIRED)                                                 \
    F(INTEGER, connections_per_address, 1000000, REQUIRED)                                     \
    F(INTEGER, handshake_seconds, 3600, REQUIRED)                                              \
    F(INTEGER, request_seconds, 3600, REQUIRED)                                                \
    F(INTEGER, idle_seconds, 3600, REQUIRED)

// --- declarations -------------------------------------------------------------------------

#define MESSAGES(X)                                                                            \
    X(nothing)                                                                                 \
    X(profile_info)                                                                            \
    X(authority_info)                                                                          \
    X(enroll)                                                                                  \
    X(issued)                                                                                  \
    X(renew)                                                                                   \
    X(revoke_self)                                                                             \
    X(token_create)                                                                            \
    X(token_created)                                                                           \
    X(token_info)                                                                              \
    X(token_list)                                                                              \
    X(token_page)                                                                              \
    X(token_revoke)                                                                            \
    X(certificate_info)                                                                        \
    X(certificate_list)                                                                        \
    X(certificate_page)                                                                        \
    X(certificate_show)                                                                        \
    X(certificate_revoke)                                                                      \
    X(crl_info)                                                                                \
    X(crl_page)                                                                                \
    X(status)                                                                                  \
    X(identity)                                                                                \
    X(publication)                                                                             \
    X(setup)

MESSAGE_DECLARE(nothing);
MESSAGE_DECLARE(profile_info);
MESSAGE_DECLARE(authority_info);
MESSAGE_DECLARE(enroll);
MESSAGE_DECLARE(issued);
MESSAGE_DECLARE(renew);
MESSAGE_DECLARE(revoke_self);
MESSAGE_DECLARE(token_create);
MESSAGE_DECLARE(token_created);
MESSAGE_DECLARE(token_info);
MESSAGE_DECLARE(token_list);
MESSAGE_DECLARE(token_page);
MESSAGE_DECLARE(token_revoke);
MESSAGE_DECLARE(certificate_info);
MESSAGE_DECLARE(certificate_list);
MESSAGE_DECLARE(certificate_page);
MESSAGE_DECLARE(certificate_show);
MESSAGE_DECLARE(certificate_revoke);
MESSAGE_DECLARE(crl_info);
MESSAGE_DECLARE(crl_page);
MESSAGE_DECLARE(status);
MESSAGE_DECLARE(identity);
MESSAGE_DECLARE(publication);
MESSAGE_DECLARE(setup);

// --- operations ---------------------------------------------------------------------------

// Who may ask: the channel a frame arrives on decides, whatever the frame says.
enum channel {
    CHANNEL_ENROLL = 1 << 0,
    CHANNEL_ADMIN = 1 << 1,
    CHANNEL_PUBLIC = 1 << 2,
};

// Every operation a gateway may forward: constant, number in frames, request, reply, channels.
#define OPERATION_TABLE(X)                                                                     \
    X(AUTHORITY, 1, nothing, authority_info, CHANNEL_ENROLL | CHANNEL_ADMIN)                   \
    X(ENROLL, 2, enroll, issued, CHANNEL_ENROLL)                                               \
    X(RENEW, 3, renew, issued, CHANNEL_ENROLL | CHANNEL_ADMIN)                                 \
    X(REVOKE_SELF, 4, revoke_self, certificate_info, CHANNEL_ENROLL)                           \
    X(TOKEN_CREATE, 20, token_create, token_created, CHANNEL_ADMIN)                            \
    X(TOKEN_LIST, 21, token_list, token_page, CHANNEL_ADMIN)                                   \
    X(TOKEN_REVOKE, 22, token_revoke, token_info, CHANNEL_ADMIN)                               \
    X(CERTIFICATE_LIST, 23, certificate_list, certificate_page, CHANNEL_ADMIN)                 \
    X(CERTIFICATE_SHOW, 24, certificate_show, certificate_info, CHANNEL_ADMIN)                 \
    X(CERTIFICATE_REVOKE, 25, certificate_revoke, certificate_info, CHANNEL_ADMIN)             \
    X(CRL_SHOW, 26, nothing, crl_page, CHANNEL_ADMIN)                                          \
    X(CRL_PUBLISH, 27, nothing, crl_page, CHANNEL_ADMIN)                                       \
    X(STATUS, 28, nothing, status, CHANNEL_ADMIN)

enum operation_id {
#define OPERATION_CONSTANT(constant, number, request, reply, channels)                         \
    OPERATION_##constant = number,
    OPERATION_TABLE(OPERATION_CONSTANT)
#undef OPERATION_CONSTANT
};

struct operation {
    enum operation_id id;
    const char *name; // "TOKEN_CREATE"
    const struct message_type *request;
    const struct message_type *reply;
    unsigned channels; // of enum channel
};

// NULL for a number that is not in the table.
const struct operation *operation_find(unsigned number);

// What the authority tells its gateways, unasked.
enum notice_id {
    NOTICE_SETUP = 1,
    NOTICE_IDENTITY = 2,
    NOTICE_PUBLICATION = 3,
    NOTICE_DRAIN = 4
};
