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
#define LIMIT_REQUEST_ID_TEXT 32
#define LIMIT_CODE_TEXT 16

// --- anyone -------------------------------------------------------------------------------

#define nothing_FIELDS(F, R)
// (an empty struct is a GNU extension; requests without fields use it)

#define profile_info_FIELDS(F, R)                                                              \
    F(TEXT, name, LIMIT_PROFILE_NAME, REQUIRED)                                                \
    F(TEXTS, key_algorithms, 16, OPTIONAL)                                                     \
    F(TEXTS, name_types, 16, OPTIONAL)                                                         \
    F(INTEGER, lifetime, INT64_MAX, OPTIONAL)                                                  \
    F(TEXTS, ask, 16, OPTIONAL)                                                                \
    F(INTEGER, approvals, LIMIT_APPROVALS, OPTIONAL)

#define authority_info_FIELDS(F, R)                                                            \
    F(TEXT, name, LIMIT_COMMON_NAME_BYTES, REQUIRED)                                           \
    F(TEXT, version, 32, REQUIRED)                                                             \
    F(TEXT, fingerprint, LIMIT_FINGERPRINT_TEXT, REQUIRED)                                     \
    F(CERTIFICATES, chain, LIMIT_CHAIN_BYTES, REQUIRED)                                        \
    F(TEXT, crl_url, LIMIT_URL_BYTES, OPTIONAL)                                                \
    R(profiles, profile_info, 100)                                                             \
    F(TIME, time, 0, REQUIRED)

// --- devices ------------------------------------------------------------------------------

// `token` is "id.secret", the part of an enrollment token between its address and fingerprint;
// without one, `profile` is asked for. `claim` is a secret of the device's own making: with it
// the device asks what became of a request that is held, also after an answer was lost.
#define enroll_FIELDS(F, R)                                                                    \
    F(SECRET, token, LIMIT_TOKEN_TEXT_BYTES, OPTIONAL)                                         \
    F(TEXT, profile, LIMIT_PROFILE_NAME, OPTIONAL)                                             \
    F(SECRET, claim, LIMIT_CLAIM_BYTES, OPTIONAL)                                              \
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
    F(CERTIFICATES, root, LIMIT_CERTIFICATE_BYTES, REQUIRED)                                   \
    F(TEXT, admin_url, LIMIT_URL_BYTES, OPTIONAL)

#define renew_FIELDS(F, R) F(REQUEST, csr, LIMIT_CSR_BYTES, REQUIRED)

#define revoke_self_FIELDS(F, R) F(TEXT, reason, 32, OPTIONAL)

// Asking for what became of a held request. `claim` is the secret that came with the request.
#define claim_FIELDS(F, R)                                                                     \
    F(TEXT, id, LIMIT_REQUEST_ID_TEXT, REQUIRED)                                               \
    F(SECRET, claim, LIMIT_CLAIM_BYTES, REQUIRED)                                              \
    F(INTEGER, wait, LIMIT_POLL_SECONDS, OPTIONAL)

// The answer with status 202 to whatever waits for a decision. `code` is made from the public
// key: device and administrator both show it, so that people can compare.
#define held_FIELDS(F, R)                                                                      \
    F(TEXT, id, LIMIT_REQUEST_ID_TEXT, REQUIRED)                                               \
    F(TEXT, profile, LIMIT_PROFILE_NAME, REQUIRED)                                             \
    F(TEXTS, names, LIMIT_NAMES, OPTIONAL)                                                     \
    F(TEXT, code, LIMIT_CODE_TEXT, REQUIRED)                                                   \
    F(INTEGER, approvals, LIMIT_APPROVALS, REQUIRED)                                           \
    F(INTEGER, approved, LIMIT_APPROVALS, REQUIRED)                                            \
    F(TIME, expires, 0, REQUIRED)                                                              \
    F(INTEGER, retry_after, LIMIT_RETRY_AFTER_SECONDS, REQUIRED)

// --- anyone who relies on certificates ------------------------------------------------------

// An OCSPRequest (RFC 6960, 4.1) as it came over HTTP, where it is no JSON.
#define ocsp_query_FIELDS(F, R) F(BYTES, request, LIMIT_OCSP_REQUEST_BYTES, REQUIRED)

// `response` is an OCSPResponse. With `keep` a gateway may answer the same question by itself up
// to `next_update`, unless it has been told of a later `epoch` (status_changed).
#define ocsp_reply_FIELDS(F, R)                                                                \
    F(BYTES, response, LIMIT_OCSP_RESPONSE_BYTES, REQUIRED)                                    \
    F(TIME, this_update, 0, REQUIRED)                                                          \
    F(TIME, next_update, 0, REQUIRED)                                                          \
    F(INTEGER, max_age, 86400, REQUIRED)                                                       \
    F(BOOLEAN, keep, 0, REQUIRED)                                                              \
    F(INTEGER, epoch, INT64_MAX, REQUIRED)

// --- administrators -----------------------------------------------------------------------

// `expires_in` and `lifetime` in seconds; 0 or absent takes the default.
#define token_create_FIELDS(F, R)                                                              \
    F(TEXT, profile, LIMIT_PROFILE_NAME, REQUIRED)                                             \
    F(TEXTS, names, LIMIT_NAMES, OPTIONAL)                                                     \
    F(TEXTS, patterns, LIMIT_NAME_PATTERNS, OPTIONAL)                                          \
    F(INTEGER, uses, LIMIT_TOKEN_USES, OPTIONAL)                                               \
    F(INTEGER, expires_in, 10LL * 365 * 86400, OPTIONAL)                                       \
    F(INTEGER, lifetime, 100LL * 365 * 86400, OPTIONAL)                                        \
    F(TEXT, label, LIMIT_LABEL_BYTES, OPTIONAL)

// `token` is the whole enrollment token (wire/enrollment_token.h); it cannot be shown again.
#define token_created_FIELDS(F, R)                                                             \
    F(TEXT, id, LIMIT_TOKEN_ID_TEXT, REQUIRED)                                                 \
    F(SECRET, token, LIMIT_TOKEN_TEXT_BYTES, REQUIRED)                                         \
    F(TEXT, profile, LIMIT_PROFILE_NAME, REQUIRED)                                             \
    F(TEXTS, names, LIMIT_NAMES, OPTIONAL)                                                     \
    F(TEXTS, patterns, LIMIT_NAME_PATTERNS, OPTIONAL)                                          \
    F(INTEGER, uses, LIMIT_TOKEN_USES, REQUIRED)                                               \
    F(TIME, expires, 0, REQUIRED)

// `state` is "open", "spent", "expired" or "revoked".
#define token_info_FIELDS(F, R)                                                                \
    F(TEXT, id, LIMIT_TOKEN_ID_TEXT, REQUIRED)                                                 \
    F(TEXT, profile, LIMIT_PROFILE_NAME, REQUIRED)                                             \
    F(TEXTS, names, LIMIT_NAMES, OPTIONAL)                                                     \
    F(TEXTS, patterns, LIMIT_NAME_PATTERNS, OPTIONAL)                                          \
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
    F(TEXT, name, LIMIT_NAME_BYTES, OPTIONAL)                                                  \
    F(TEXT, prefix, LIMIT_NAME_BYTES, OPTIONAL)                                                \
    F(TEXT, created_by, LIMIT_AUDIT_TEXT, OPTIONAL)                                            \
    F(INTEGER, expiring_in, 100LL * 365 * 86400, OPTIONAL)                                     \
    F(TEXT, after, 64, OPTIONAL)                                                               \
    F(INTEGER, limit, LIMIT_LIST_PAGE, OPTIONAL)

#define token_page_FIELDS(F, R)                                                                \
    R(tokens, token_info, LIMIT_LIST_PAGE)                                                     \
    F(TEXT, next, 64, OPTIONAL)

#define token_revoke_FIELDS(F, R) F(TEXT, id, LIMIT_TOKEN_ID_TEXT, REQUIRED)

// `state` is "valid", "expired", "revoked" or "held". `certificate` only where one is shown.
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
    F(TIME, invalid_since, 0, OPTIONAL)                                                        \
    F(TEXT, predecessor, LIMIT_SERIAL_TEXT, OPTIONAL)                                          \
    F(TEXT, token, LIMIT_TOKEN_ID_TEXT, OPTIONAL)                                              \
    F(TEXT, request, LIMIT_REQUEST_ID_TEXT, OPTIONAL)                                          \
    F(TEXT, address, 64, OPTIONAL)                                                             \
    F(TEXT, key_fingerprint, LIMIT_FINGERPRINT_TEXT, OPTIONAL)                                 \
    F(CERTIFICATES, certificate, LIMIT_CERTIFICATE_BYTES, OPTIONAL)

// `name` is "type:value" or a bare value of any type.
#define certificate_list_FIELDS(F, R)                                                          \
    F(TEXT, name, LIMIT_NAME_BYTES, OPTIONAL)                                                  \
    F(TEXT, prefix, LIMIT_NAME_BYTES, OPTIONAL)                                                \
    F(TEXT, issuer, LIMIT_LABEL_BYTES, OPTIONAL)                                               \
    F(TEXT, key, LIMIT_FINGERPRINT_TEXT, OPTIONAL)                                             \
    F(TEXT, address, 64, OPTIONAL)                                                             \
    F(TEXT, profile, LIMIT_PROFILE_NAME, OPTIONAL)                                             \
    F(TEXT, state, 16, OPTIONAL)                                                               \
    F(INTEGER, expiring_in, 100LL * 365 * 86400, OPTIONAL)                                     \
    F(TEXT, after, 64, OPTIONAL)                                                               \
    F(INTEGER, limit, LIMIT_LIST_PAGE, OPTIONAL)

#define certificate_page_FIELDS(F, R)                                                          \
    R(certificates, certificate_info, LIMIT_LIST_PAGE)                                         \
    F(TEXT, next, 64, OPTIONAL)

#define certificate_show_FIELDS(F, R) F(TEXT, serial, LIMIT_SERIAL_TEXT, REQUIRED)

// `invalid_since`: when the key is known or thought to have become invalid (RFC 5280, 5.3.2).
// `issuer`: its CA; with it, a serial that the store has lost is revoked as well.
#define certificate_revoke_FIELDS(F, R)                                                        \
    F(TEXT, serial, LIMIT_SERIAL_TEXT, REQUIRED)                                               \
    F(TEXT, issuer, LIMIT_LABEL_BYTES, OPTIONAL)                                               \
    F(TEXT, reason, 32, OPTIONAL)                                                              \
    F(TIME, invalid_since, 0, OPTIONAL)

#define certificate_hold_FIELDS(F, R) F(TEXT, serial, LIMIT_SERIAL_TEXT, REQUIRED)
#define certificate_release_FIELDS(F, R) F(TEXT, serial, LIMIT_SERIAL_TEXT, REQUIRED)

#define crl_info_FIELDS(F, R)                                                                  \
    F(TEXT, issuer, LIMIT_LABEL_BYTES, REQUIRED)                                               \
    F(INTEGER, number, INT64_MAX, REQUIRED)                                                    \
    F(TIME, this_update, 0, REQUIRED)                                                          \
    F(TIME, next_update, 0, REQUIRED)                                                          \
    F(INTEGER, entries, INT64_MAX, REQUIRED)                                                   \
    F(INTEGER, size, INT64_MAX, REQUIRED)                                                      \
    F(BOOLEAN, is_being_replaced, 0, OPTIONAL)

#define crl_page_FIELDS(F, R) R(crls, crl_info, 100)

// A CRL comes in parts, so that no answer is a large one. `number` 0 means the last one; with that of
// the first part the others are of the same CRL.
#define crl_read_FIELDS(F, R)                                                                  \
    F(TEXT, issuer, LIMIT_LABEL_BYTES, REQUIRED)                                               \
    F(INTEGER, number, INT64_MAX, OPTIONAL)                                                    \
    F(INTEGER, offset, LIMIT_CRL_BYTES, OPTIONAL)

#define crl_part_FIELDS(F, R)                                                                  \
    F(TEXT, issuer, LIMIT_LABEL_BYTES, REQUIRED)                                               \
    F(INTEGER, number, INT64_MAX, REQUIRED)                                                    \
    F(INTEGER, size, INT64_MAX, REQUIRED)                                                      \
    F(INTEGER, previous, INT64_MAX, OPTIONAL)                                                  \
    F(BYTES, der, LIMIT_CRL_PART_BYTES, REQUIRED)

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
    F(INTEGER, certificates_held, INT64_MAX, OPTIONAL)                                         \
    F(INTEGER, tokens_open, INT64_MAX, OPTIONAL)                                               \
    F(INTEGER, requests_pending, INT64_MAX, OPTIONAL)                                          \
    F(INTEGER, gateways, 1000, OPTIONAL)                                                       \
    R(crls, crl_info, 100)                                                                     \
    F(TEXTS, warnings, 100, OPTIONAL)

// `digest` is what an approval is bound to: the CSR, the profile and the names granted.
// `state` is "pending", "approved", "denied" or "expired". `csr` only where one is shown.
#define request_info_FIELDS(F, R)                                                              \
    F(TEXT, id, LIMIT_REQUEST_ID_TEXT, REQUIRED)                                               \
    F(TEXT, state, 16, REQUIRED)                                                               \
    F(TEXT, profile, LIMIT_PROFILE_NAME, REQUIRED)                                             \
    F(TEXTS, names, LIMIT_NAMES, OPTIONAL)                                                     \
    F(TEXTS, granted, LIMIT_NAMES, OPTIONAL)                                                   \
    F(TEXTS, asked, LIMIT_NAMES, OPTIONAL)                                                     \
    F(TEXTS, warnings, 16, OPTIONAL)                                                           \
    F(TEXT, code, LIMIT_CODE_TEXT, REQUIRED)                                                   \
    F(TEXT, key_algorithm, 32, REQUIRED)                                                       \
    F(TEXT, key_fingerprint, LIMIT_FINGERPRINT_TEXT, REQUIRED)                                 \
    F(TEXT, digest, LIMIT_FINGERPRINT_TEXT, REQUIRED)                                          \
    F(TEXT, address, 64, OPTIONAL)                                                             \
    F(TEXT, requested_by, LIMIT_AUDIT_TEXT, REQUIRED)                                          \
    F(TIME, created, 0, REQUIRED)                                                              \
    F(TIME, expires, 0, REQUIRED)                                                              \
    F(INTEGER, approvals, LIMIT_APPROVALS, REQUIRED)                                           \
    F(TEXTS, approved_by, 10, OPTIONAL)                                                        \
    F(TEXT, decided_by, LIMIT_AUDIT_TEXT, OPTIONAL)                                            \
    F(TIME, decided_at, 0, OPTIONAL)                                                           \
    F(TEXT, reason, LIMIT_LABEL_BYTES, OPTIONAL)                                               \
    F(TEXT, serial, LIMIT_SERIAL_TEXT, OPTIONAL)                                               \
    F(REQUEST, csr, LIMIT_CSR_BYTES, OPTIONAL)

#define request_list_FIELDS(F, R)                                                              \
    F(TEXT, state, 16, OPTIONAL)                                                               \
    F(TEXT, profile, LIMIT_PROFILE_NAME, OPTIONAL)                                             \
    F(TEXT, name, LIMIT_NAME_BYTES, OPTIONAL)                                                  \
    F(TEXT, prefix, LIMIT_NAME_BYTES, OPTIONAL)                                                \
    F(TEXT, address, 64, OPTIONAL)                                                             \
    F(TEXT, key, LIMIT_FINGERPRINT_TEXT, OPTIONAL)                                             \
    F(TEXT, code, LIMIT_CODE_TEXT, OPTIONAL)                                                   \
    F(TEXT, after, 64, OPTIONAL)                                                               \
    F(INTEGER, limit, LIMIT_LIST_PAGE, OPTIONAL)

#define request_page_FIELDS(F, R)                                                              \
    R(requests, request_info, LIMIT_LIST_PAGE)                                                 \
    F(TEXT, next, 64, OPTIONAL)

#define request_show_FIELDS(F, R) F(TEXT, id, LIMIT_REQUEST_ID_TEXT, REQUIRED)

#define request_approve_FIELDS(F, R)                                                           \
    F(TEXT, id, LIMIT_REQUEST_ID_TEXT, REQUIRED)                                               \
    F(TEXT, digest, LIMIT_FINGERPRINT_TEXT, REQUIRED)

#define request_deny_FIELDS(F, R)                                                              \
    F(TEXT, id, LIMIT_REQUEST_ID_TEXT, REQUIRED)                                               \
    F(TEXT, reason, LIMIT_LABEL_BYTES, OPTIONAL)

// A device that is approved at once. `kind` "key": `value` is its key's fingerprint; "serial": a
// serial number, which the request claims and does not prove. Each is good for one line of
// certificates.
#define rule_entry_FIELDS(F, R)                                                                \
    F(TEXT, kind, 16, REQUIRED)                                                                \
    F(TEXT, value, LIMIT_LABEL_BYTES, REQUIRED)                                                \
    F(TEXTS, names, LIMIT_NAMES, OPTIONAL)

#define rule_add_FIELDS(F, R)                                                                  \
    F(TEXT, profile, LIMIT_PROFILE_NAME, REQUIRED)                                             \
    R(entries, rule_entry, LIMIT_RULES_AT_ONCE)                                                \
    F(TEXT, label, LIMIT_LABEL_BYTES, OPTIONAL)

#define rule_added_FIELDS(F, R)                                                                \
    F(INTEGER, added, LIMIT_RULES_AT_ONCE, REQUIRED)                                           \
    F(INTEGER, known, LIMIT_RULES_AT_ONCE, REQUIRED)                                           \
    F(INTEGER, approved, LIMIT_RULES_AT_ONCE, OPTIONAL)

#define rule_info_FIELDS(F, R)                                                                 \
    F(TEXT, profile, LIMIT_PROFILE_NAME, REQUIRED)                                             \
    F(TEXT, kind, 16, REQUIRED)                                                                \
    F(TEXT, value, LIMIT_LABEL_BYTES, REQUIRED)                                                \
    F(TEXTS, names, LIMIT_NAMES, OPTIONAL)                                                     \
    F(TEXT, serial, LIMIT_SERIAL_TEXT, OPTIONAL)                                               \
    F(TIME, created, 0, REQUIRED)                                                              \
    F(TEXT, created_by, LIMIT_AUDIT_TEXT, OPTIONAL)                                            \
    F(TEXT, label, LIMIT_LABEL_BYTES, OPTIONAL)

#define rule_list_FIELDS(F, R)                                                                 \
    F(TEXT, profile, LIMIT_PROFILE_NAME, OPTIONAL)                                             \
    F(TEXT, state, 16, OPTIONAL)                                                               \
    F(TEXT, value, LIMIT_LABEL_BYTES, OPTIONAL)                                                \
    F(TEXT, after, 64, OPTIONAL)                                                               \
    F(INTEGER, limit, LIMIT_LIST_PAGE, OPTIONAL)

#define rule_page_FIELDS(F, R)                                                                 \
    R(rules, rule_info, LIMIT_LIST_PAGE)                                                       \
    F(TEXT, next, 64, OPTIONAL)

#define rule_remove_FIELDS(F, R)                                                               \
    F(TEXT, profile, LIMIT_PROFILE_NAME, REQUIRED)                                             \
    F(TEXT, kind, 16, REQUIRED)                                                                \
    F(TEXT, value, LIMIT_LABEL_BYTES, REQUIRED)

#define name_release_FIELDS(F, R) F(TEXT, name, LIMIT_LIST_TEXT_BYTES, REQUIRED)

#define name_released_FIELDS(F, R)                                                             \
    F(TEXT, name, LIMIT_LIST_TEXT_BYTES, REQUIRED)                                             \
    F(INTEGER, certificates, INT64_MAX, REQUIRED)

#define admin_add_FIELDS(F, R)                                                                 \
    F(TEXT, name, LIMIT_COMMON_NAME_BYTES, REQUIRED)                                           \
    F(TEXT, role, 16, REQUIRED)                                                                \
    F(INTEGER, expires_in, 10LL * 365 * 86400, OPTIONAL)

#define admin_info_FIELDS(F, R)                                                                \
    F(TEXT, name, LIMIT_COMMON_NAME_BYTES, REQUIRED)                                           \
    F(TEXT, role, 16, REQUIRED)                                                                \
    F(TEXT, state, 16, REQUIRED)                                                               \
    F(TIME, created, 0, REQUIRED)                                                              \
    F(TEXT, created_by, LIMIT_AUDIT_TEXT, OPTIONAL)                                            \
    F(TIME, removed_at, 0, OPTIONAL)                                                           \
    F(INTEGER, certificates, INT64_MAX, OPTIONAL)                                              \
    F(TIME, not_after, 0, OPTIONAL)

#define admin_page_FIELDS(F, R) R(admins, admin_info, LIMIT_LIST_PAGE)

#define admin_remove_FIELDS(F, R) F(TEXT, name, LIMIT_COMMON_NAME_BYTES, REQUIRED)

#define admin_change_FIELDS(F, R)                                                              \
    F(TEXT, name, LIMIT_COMMON_NAME_BYTES, REQUIRED)                                           \
    F(TEXT, role, 16, REQUIRED)

// A record of the audit trail, as it is hashed (wire/audit_chain.h).
#define audit_info_FIELDS(F, R)                                                                \
    F(INTEGER, sequence, INT64_MAX, REQUIRED)                                                  \
    F(TIME, time, 0, REQUIRED)                                                                 \
    F(TEXT, actor, LIMIT_AUDIT_TEXT, REQUIRED)                                                 \
    F(TEXT, event, LIMIT_AUDIT_EVENT, REQUIRED)                                                \
    F(TEXT, subject, LIMIT_NAME_BYTES, OPTIONAL)                                               \
    F(TEXT, detail, LIMIT_AUDIT_DETAIL, OPTIONAL)                                              \
    F(TEXT, previous_hash, LIMIT_FINGERPRINT_TEXT, REQUIRED)                                   \
    F(TEXT, hash, LIMIT_FINGERPRINT_TEXT, REQUIRED)

#define audit_list_FIELDS(F, R)                                                                \
    F(INTEGER, from, INT64_MAX, OPTIONAL)                                                      \
    F(TEXT, event, LIMIT_AUDIT_EVENT, OPTIONAL)                                                \
    F(TEXT, actor, LIMIT_AUDIT_TEXT, OPTIONAL)                                                 \
    F(TEXT, subject, LIMIT_NAME_BYTES, OPTIONAL)                                               \
    F(TEXT, after, 64, OPTIONAL)                                                               \
    F(INTEGER, limit, LIMIT_LIST_PAGE, OPTIONAL)

#define audit_page_FIELDS(F, R)                                                                \
    R(records, audit_info, LIMIT_LIST_PAGE)                                                    \
    F(TEXT, next, 64, OPTIONAL)

// Signed: whoever keeps it notices when the trail is cut before `sequence`, or rewritten up to it.
// What is signed is said by audit_checkpoint_text; `chain` is the CA that signed, those above it,
// the root last.
#define audit_checkpoint_FIELDS(F, R)                                                          \
    F(INTEGER, sequence, INT64_MAX, REQUIRED)                                                  \
    F(TEXT, hash, LIMIT_FINGERPRINT_TEXT, REQUIRED)                                            \
    F(TIME, time, 0, REQUIRED)                                                                 \
    F(TEXT, issuer, LIMIT_LABEL_BYTES, REQUIRED)                                               \
    F(BYTES, signature, 1024, REQUIRED)                                                        \
    F(CERTIFICATES, chain, LIMIT_CHAIN_BYTES, REQUIRED)

#define issuer_info_FIELDS(F, R)                                                               \
    F(TEXT, name, LIMIT_LABEL_BYTES, REQUIRED)                                                 \
    F(TEXT, kind, 16, REQUIRED)                                                                \
    F(TEXT, state, 16, REQUIRED)                                                               \
    F(TEXT, subject, LIMIT_NAME_BYTES, REQUIRED)                                               \
    F(TEXT, parent, LIMIT_LABEL_BYTES, OPTIONAL)                                               \
    F(TEXT, key_algorithm, 32, REQUIRED)                                                       \
    F(TEXT, fingerprint, LIMIT_FINGERPRINT_TEXT, REQUIRED)                                     \
    F(TIME, not_before, 0, REQUIRED)                                                           \
    F(TIME, not_after, 0, REQUIRED)                                                            \
    F(TEXTS, profiles, 100, OPTIONAL)                                                          \
    F(INTEGER, certificates, INT64_MAX, OPTIONAL)                                              \
    F(INTEGER, crl_number, INT64_MAX, OPTIONAL)                                                \
    F(TIME, crl_next_update, 0, OPTIONAL)                                                      \
    F(CERTIFICATES, certificate, LIMIT_CERTIFICATE_BYTES, OPTIONAL)

#define issuer_page_FIELDS(F, R) R(issuers, issuer_info, 100)

#define profile_detail_FIELDS(F, R)                                                            \
    F(TEXT, name, LIMIT_PROFILE_NAME, REQUIRED)                                                \
    F(TEXT, issuer, LIMIT_LABEL_BYTES, REQUIRED)                                               \
    F(TEXT, hash, LIMIT_FINGERPRINT_TEXT, REQUIRED)                                            \
    F(TEXTS, ask, 16, REQUIRED)                                                                \
    F(INTEGER, approvals, LIMIT_APPROVALS, REQUIRED)                                           \
    F(TEXTS, usages, 16, OPTIONAL)                                                             \
    F(TEXTS, key_algorithms, 16, OPTIONAL)                                                     \
    F(TEXTS, names, 100, OPTIONAL)                                                             \
    F(INTEGER, lifetime, INT64_MAX, REQUIRED)                                                  \
    F(INTEGER, lifetime_maximum, INT64_MAX, REQUIRED)                                          \
    F(INTEGER, renew_percent, 100, REQUIRED)                                                   \
    F(INTEGER, renew_grace, INT64_MAX, REQUIRED)                                               \
    F(BOOLEAN, key_reuse, 0, REQUIRED)                                                         \
    F(INTEGER, active_maximum, 1000000, REQUIRED)

#define profile_page_FIELDS(F, R) R(profiles, profile_detail, 102)

// --- authority to gateway -----------------------------------------------------------------

// A fresh TLS identity: PKCS#8 key, leaf and chain, and the CA certificates that client
// certificates must chain to.
#define identity_FIELDS(F, R)                                                                  \
    F(BYTES, key, LIMIT_KEY_FILE_BYTES, REQUIRED)                                              \
    F(BYTES, chain, LIMIT_CHAIN_BYTES, REQUIRED)                                               \
    F(BYTES, trust, LIMIT_TRUST_BYTES, REQUIRED)

// Bytes to serve under a path, from memory; each replaces the one before it.
#define publication_FIELDS(F, R)                                                               \
    F(TEXT, path, 256, REQUIRED)                                                               \
    F(TEXT, content_type, 64, REQUIRED)                                                        \
    F(TEXT, etag, 200, REQUIRED)                                                               \
    F(TIME, last_modified, 0, REQUIRED)                                                        \
    F(TIME, expires, 0, OPTIONAL)                                                              \
    F(INTEGER, max_age, INT64_MAX, OPTIONAL)                                                   \
    F(BYTES, body, LIMIT_CRL_BYTES, OPTIONAL)                                                  \
    F(TEXTS, pem_of, LIMIT_CHAIN_CERTIFICATES, OPTIONAL)                                       \
    F(TEXT, same_as, 256, OPTIONAL)                                                            \
    F(INTEGER, size, LIMIT_CRL_BYTES, OPTIONAL)

// What follows a publication whose body is shorter than its `size`, until it is not.
#define publication_piece_FIELDS(F, R) F(BYTES, body, LIMIT_PUBLICATION_PIECE_BYTES, REQUIRED)

// The limits and log settings of this gateway; sent first and again after a reload.
#define setup_FIELDS(F, R)                                                                     \
    F(TEXT, log_level, 16, REQUIRED)                                                           \
    F(TEXT, log_format, 16, REQUIRED)                                                          \
    F(INTEGER, connections, 1000000, REQUIRED)                                                 \
    F(INTEGER, connections_per_address, 1000000, REQUIRED)                                     \
    F(INTEGER, handshake_seconds, 3600, REQUIRED)                                              \
    F(INTEGER, request_seconds, 3600, REQUIRED)                                                \
    F(INTEGER, idle_seconds, 3600, REQUIRED)                                                   \
    F(BOOLEAN, ocsp_ignores_nonce, 0, OPTIONAL)

// A held request is decided: who waits for it asks again.
#define decided_FIELDS(F, R) F(TEXT, id, LIMIT_REQUEST_ID_TEXT, REQUIRED)

// The status of a certificate is another: kept OCSP answers about it are forgotten, and those of
// an earlier epoch that are still under way are not kept. Without `serial`, all of them.
#define status_changed_FIELDS(F, R)                                                            \
    F(BYTES, serial, LIMIT_SERIAL_BYTES, OPTIONAL)                                             \
    F(INTEGER, epoch, INT64_MAX, REQUIRED)

// --- declarations -------------------------------------------------------------------------

#define MESSAGES(X)                                                                            \
    X(nothing)                                                                                 \
    X(profile_info)                                                                            \
    X(authority_info)                                                                          \
    X(enroll)                                                                                  \
    X(issued)                                                                                  \
    X(renew)                                                                                   \
    X(revoke_self)                                                                             \
    X(claim)                                                                                   \
    X(held)                                                                                    \
    X(ocsp_query)                                                                              \
    X(ocsp_reply)                                                                              \
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
    X(certificate_hold)                                                                        \
    X(certificate_release)                                                                     \
    X(crl_info)                                                                                \
    X(crl_page)                                                                                \
    X(crl_read)                                                                                \
    X(crl_part)                                                                                \
    X(status)                                                                                  \
    X(request_info)                                                                            \
    X(request_list)                                                                            \
    X(request_page)                                                                            \
    X(request_show)                                                                            \
    X(request_approve)                                                                         \
    X(request_deny)                                                                            \
    X(rule_entry)                                                                              \
    X(rule_add)                                                                                \
    X(rule_added)                                                                              \
    X(rule_info)                                                                               \
    X(rule_list)                                                                               \
    X(rule_page)                                                                               \
    X(rule_remove)                                                                             \
    X(name_release)                                                                            \
    X(name_released)                                                                           \
    X(admin_add)                                                                               \
    X(admin_info)                                                                              \
    X(admin_page)                                                                              \
    X(admin_remove)                                                                            \
    X(admin_change)                                                                            \
    X(audit_info)                                                                              \
    X(audit_list)                                                                              \
    X(audit_page)                                                                              \
    X(audit_checkpoint)                                                                        \
    X(issuer_info)                                                                             \
    X(issuer_page)                                                                             \
    X(profile_detail)                                                                          \
    X(profile_page)                                                                            \
    X(identity)                                                                                \
    X(publication)                                                                             \
    X(publication_piece)                                                                       \
    X(setup)                                                                                   \
    X(decided)                                                                                 \
    X(status_changed)

MESSAGE_DECLARE(nothing);
MESSAGE_DECLARE(profile_info);
MESSAGE_DECLARE(authority_info);
MESSAGE_DECLARE(enroll);
MESSAGE_DECLARE(issued);
MESSAGE_DECLARE(renew);
MESSAGE_DECLARE(revoke_self);
MESSAGE_DECLARE(claim);
MESSAGE_DECLARE(held);
MESSAGE_DECLARE(ocsp_query);
MESSAGE_DECLARE(ocsp_reply);
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
MESSAGE_DECLARE(certificate_hold);
MESSAGE_DECLARE(certificate_release);
MESSAGE_DECLARE(crl_info);
MESSAGE_DECLARE(crl_page);
MESSAGE_DECLARE(crl_read);
MESSAGE_DECLARE(crl_part);
MESSAGE_DECLARE(status);
MESSAGE_DECLARE(request_info);
MESSAGE_DECLARE(request_list);
MESSAGE_DECLARE(request_page);
MESSAGE_DECLARE(request_show);
MESSAGE_DECLARE(request_approve);
MESSAGE_DECLARE(request_deny);
MESSAGE_DECLARE(rule_entry);
MESSAGE_DECLARE(rule_add);
MESSAGE_DECLARE(rule_added);
MESSAGE_DECLARE(rule_info);
MESSAGE_DECLARE(rule_list);
MESSAGE_DECLARE(rule_page);
MESSAGE_DECLARE(rule_remove);
MESSAGE_DECLARE(name_release);
MESSAGE_DECLARE(name_released);
MESSAGE_DECLARE(admin_add);
MESSAGE_DECLARE(admin_info);
MESSAGE_DECLARE(admin_page);
MESSAGE_DECLARE(admin_remove);
MESSAGE_DECLARE(admin_change);
MESSAGE_DECLARE(audit_info);
MESSAGE_DECLARE(audit_list);
MESSAGE_DECLARE(audit_page);
MESSAGE_DECLARE(audit_checkpoint);
MESSAGE_DECLARE(issuer_info);
MESSAGE_DECLARE(issuer_page);
MESSAGE_DECLARE(profile_detail);
MESSAGE_DECLARE(profile_page);
MESSAGE_DECLARE(identity);
MESSAGE_DECLARE(publication);
MESSAGE_DECLARE(publication_piece);
MESSAGE_DECLARE(setup);
MESSAGE_DECLARE(decided);
MESSAGE_DECLARE(status_changed);

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
    X(CLAIM, 5, claim, issued, CHANNEL_ENROLL)                                                 \
    X(OCSP, 6, ocsp_query, ocsp_reply, CHANNEL_PUBLIC | CHANNEL_ENROLL)                        \
    X(TOKEN_CREATE, 20, token_create, token_created, CHANNEL_ADMIN)                            \
    X(TOKEN_LIST, 21, token_list, token_page, CHANNEL_ADMIN)                                   \
    X(TOKEN_REVOKE, 22, token_revoke, token_info, CHANNEL_ADMIN)                               \
    X(CERTIFICATE_LIST, 23, certificate_list, certificate_page, CHANNEL_ADMIN)                 \
    X(CERTIFICATE_SHOW, 24, certificate_show, certificate_info, CHANNEL_ADMIN)                 \
    X(CERTIFICATE_REVOKE, 25, certificate_revoke, certificate_info, CHANNEL_ADMIN)             \
    X(CERTIFICATE_HOLD, 38, certificate_hold, certificate_info, CHANNEL_ADMIN)                 \
    X(CERTIFICATE_RELEASE, 39, certificate_release, certificate_info, CHANNEL_ADMIN)           \
    X(CRL_SHOW, 26, nothing, crl_page, CHANNEL_ADMIN)                                          \
    X(CRL_PUBLISH, 27, nothing, crl_page, CHANNEL_ADMIN)                                       \
    X(CRL_READ, 48, crl_read, crl_part, CHANNEL_ADMIN)                                         \
    X(STATUS, 28, nothing, status, CHANNEL_ADMIN)                                              \
    X(REQUEST_LIST, 30, request_list, request_page, CHANNEL_ADMIN)                             \
    X(REQUEST_SHOW, 31, request_show, request_info, CHANNEL_ADMIN)                             \
    X(REQUEST_APPROVE, 32, request_approve, request_info, CHANNEL_ADMIN)                       \
    X(REQUEST_DENY, 33, request_deny, request_info, CHANNEL_ADMIN)                             \
    X(NAME_RELEASE, 37, name_release, name_released, CHANNEL_ADMIN)                            \
    X(ADMIN_ADD, 40, admin_add, token_created, CHANNEL_ADMIN)                                  \
    X(ADMIN_LIST, 41, nothing, admin_page, CHANNEL_ADMIN)                                      \
    X(ADMIN_REMOVE, 42, admin_remove, admin_info, CHANNEL_ADMIN)                               \
    X(ADMIN_CHANGE, 43, admin_change, admin_info, CHANNEL_ADMIN)                               \
    X(AUDIT_LIST, 44, audit_list, audit_page, CHANNEL_ADMIN)                                   \
    X(AUDIT_CHECKPOINT, 45, nothing, audit_checkpoint, CHANNEL_ADMIN)                          \
    X(RULE_ADD, 34, rule_add, rule_added, CHANNEL_ADMIN)                                       \
    X(RULE_LIST, 35, rule_list, rule_page, CHANNEL_ADMIN)                                      \
    X(RULE_REMOVE, 36, rule_remove, rule_info, CHANNEL_ADMIN)                                  \
    X(ISSUER_LIST, 46, nothing, issuer_page, CHANNEL_ADMIN)                                    \
    X(PROFILE_LIST, 47, nothing, profile_page, CHANNEL_ADMIN)

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
    NOTICE_DRAIN = 4,
    NOTICE_DECIDED = 5,
    NOTICE_STATUS_CHANGED = 6,
    NOTICE_PUBLICATION_PIECE = 7
};
