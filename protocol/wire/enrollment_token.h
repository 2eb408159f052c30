// The one string that bootstraps a device: address, root fingerprint, token id and secret.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/bytes.h"
#include "base/error.h"
#include "x509/hash.h"

#define TOKEN_ID_SIZE 8
#define TOKEN_SECRET_SIZE 20

// Text form, safe in shells, chat and QR codes (base64url parts, dots between):
//   signet://HOST:PORT/ID.SECRET.FINGERPRINT
// HOST is a name, an IPv4 address or a bracketed IPv6 address. All of ID.SECRET is what the
// protocol's `token` field carries.
struct enrollment_token {
    char host[256];
    uint16_t port;
    uint8_t id[TOKEN_ID_SIZE];
    uint8_t secret[TOKEN_SECRET_SIZE];
    uint8_t root_fingerprint[SHA256_SIZE]; // SHA-256 of the root certificate's DER
};

void enrollment_token_clear(struct enrollment_token *token);
enum result enrollment_token_format(const struct enrollment_token *token, struct buf *out);
// RESULT_INVALID says which part is damaged (cut off, other characters, missing).
enum result enrollment_token_read(const char *text, struct enrollment_token *out_token,
                                  struct error *err);
// The "ID.SECRET" part alone, written and read.
enum result token_credential_format(const uint8_t id[TOKEN_ID_SIZE],
                                    const uint8_t secret[TOKEN_SECRET_SIZE], struct buf *out);
enum result token_credential_read(const char *text, uint8_t out_id[TOKEN_ID_SIZE],
                                  uint8_t out_secret[TOKEN_SECRET_SIZE], struct error *err);
