// Keys on tokens (PKCS#11: HSM, TPM, smart card), named by URIs (RFC 7512).
// SPDX-License-Identifier: GPL-3.0-or-later
//
//   pkcs11:token=ca;object=issuing?module-path=/usr/lib/m.so&pin-source=file:/etc/signet/pin
//
// Without module-path the modules are looked through that p11-kit has registered. The PIN comes
// from pin-source, a file of 0600, or is asked for; pin-value is a PIN in the URI itself, which
// every user of the machine can read while it is on a command line.
//
// Not thread-safe: all keys of one token share one session.
#pragma once

#include <stdbool.h>

#include "base/bytes.h"
#include "base/error.h"
#include "x509/key.h"

// It begins with "pkcs11:".
bool key_is_uri(const char *text);
// What it says, without opening anything. RESULT_INVALID, code "key_uri".
enum result key_uri_check(const char *uri, struct error *err);
// It holds a PIN: to be kept as secret as one.
bool key_uri_has_pin(const char *uri);
// What to tell a person who gave a PIN on a command line.
#define KEY_PIN_WARNING                                                                        \
    "warning: every user of this machine can read the PIN in the URI while this runs; put it " \
    "into a file of mode 0600, with pin-source=file:/the/path in place of pin-value"
// It says which key on the token is meant, by object or id.
bool key_uri_names_object(const char *uri);
// Appends the URI of a key that is still to be made: `uri` with a fresh CKA_ID in place of any
// that it has, and with the label where it has no object. Note it first, then make the key: what
// a crash leaves is then found again.
enum result key_uri_for_new(const char *uri, const char *label, struct buf *out,
                            struct error *err);

// Logs in where the token wants it, and proves once that the key signs. Codes: "key_uri",
// "token_module", "token_missing" (the hint names those that are there), "token_several",
// "pin_needed", "pin_wrong" (not tried again before the file has changed), "pin_locked", "pin_last_try" (a token that allows one more wrong PIN
// is left to a person), "key_missing", "key_several", "key_no_sign", "key_no_public",
// "token_mechanism", "token_failed".
enum result key_open_uri(const char *uri, struct key **out_key, struct error *err);
// Makes a key pair on the token that stays there: CKA_TOKEN, CKA_PRIVATE, CKA_SENSITIVE, not
// CKA_EXTRACTABLE. The URI has an object; where it has no id, one is drawn.
enum result key_make_at_uri(const char *uri, enum key_algorithm algorithm, struct key **out_key,
                            struct error *err);
// Opens the key that is there, or makes it (*out_is_made).
enum result key_open_or_make(const char *uri, enum key_algorithm algorithm,
                             struct key **out_key, bool *out_is_made, struct error *err);
// The URI of exactly this key, with what the one that it was opened by says of module and PIN;
// NULL for a key that is in no token.
const char *key_uri(const struct key *key);
// Removes the key from its token; fine when it is not there any more. The other owners of `key`
// cannot sign with it afterwards.
enum result key_destroy_at_uri(const char *uri, struct error *err);

// Asks a person for the PIN, which is appended; RESULT_NOT_FOUND when nobody can be asked.
typedef enum result key_pin_prompt(const char *question, struct buf *out_pin,
                                   struct error *err);
// How this program asks; without one, a URI without PIN is refused ("pin_needed"). A PIN that was
// typed is kept in memory until the last key of its token is freed, for sessions that end.
void key_pin_prompt_set(key_pin_prompt *prompt);
