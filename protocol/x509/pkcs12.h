// PKCS#12 files (RFC 7292): a key with its certificate and chain under a password, written only.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stdbool.h>

#include "base/bytes.h"
#include "base/error.h"
#include "x509/key.h"

// Constant, name in options. Two are enough:
//   compat  triple DES under SHA-1 for key and certificates, HMAC-SHA-1: every iOS and Android, and
//           OpenSSL 3 without -legacy
//   modern  PBES2 with AES-256-CBC and PBKDF2-HMAC-SHA256, HMAC-SHA-256: iOS 18, Android 14 and
//           everything newer than about 2015
#define PKCS12_PROFILE_TABLE(X)                                                                \
    X(COMPAT, "compat")                                                                        \
    X(MODERN, "modern")

enum pkcs12_profile {
#define PKCS12_CONSTANT(constant, name) PKCS12_##constant,
    PKCS12_PROFILE_TABLE(PKCS12_CONSTANT)
#undef PKCS12_CONSTANT
        PKCS12_PROFILE_COUNT
};

const char *pkcs12_profile_name(enum pkcs12_profile profile);
bool pkcs12_profile_from_name(const char *name, enum pkcs12_profile *out_profile);

// What goes into a file; all borrowed. `key` is that of `certificate`.
struct pkcs12_plan {
    enum pkcs12_profile profile;
    const struct key *key;
    struct bytes certificate;  // DER
    struct bytes chain;        // concatenated DER, without it; may be empty
    const char *friendly_name; // under which readers list key and certificate
    const char *password;
};

// RESULT_INVALID, code "password", unless it has 8 to 128 characters of printable ASCII: readers
// turn others into octets in different ways (UTF-8 for PBES2, UTF-16 for the MAC), and then the right
// password is "wrong".
enum result pkcs12_check_password(const char *password, struct error *err);
// RESULT_INVALID, code "friendly_name", for bad UTF-8, control characters, empty, too long,
// and for characters above U+FFFF, which a BMPString has no place for.
enum result pkcs12_check_friendly_name(const char *name, struct error *err);

// Appends the file. Key and leaf are joined by localKeyId and friendlyName; the chain has neither.
// RESULT_INVALID as above, and when key and certificate do not belong together.
enum result pkcs12_write(const struct pkcs12_plan *plan, struct buf *out_der,
                         struct error *err);
