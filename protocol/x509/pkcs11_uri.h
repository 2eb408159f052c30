// URIs of keys on tokens (RFC 7512), read by p11-kit and narrowed to what is supported.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stdbool.h>

#include <p11-kit/uri.h>

#include "base/bytes.h"
#include "base/error.h"

struct pkcs11_uri {
    P11KitUri *parsed;
    char *text;       // as it was given; may hold a PIN
    struct buf shown; // what may be shown: up to the "?", without a PIN
    const char *pin;  // pin-value, or NULL
    const char *file; // of the PIN: the path in pin-source, or NULL
};

void pkcs11_uri_clear(struct pkcs11_uri *uri);
// RESULT_INVALID, code "key_uri": no URI, attributes that nobody knows, another type than
// private, a module path that is not absolute, a PIN source that is not a file, two PINs, a PIN
// before the "?" (which is not repeated).
enum result pkcs11_uri_read(const char *text, struct pkcs11_uri *out_uri, struct error *err);
// The value of an attribute of the object (CKA_ID, CKA_LABEL); empty when it is not given.
struct bytes pkcs11_uri_attribute(const struct pkcs11_uri *uri, CK_ATTRIBUTE_TYPE type);
// Sets it; the texts stay as they were read.
enum result pkcs11_uri_set(struct pkcs11_uri *uri, CK_ATTRIBUTE_TYPE type, struct bytes value);
// Leaves what it says of the token, also in what is shown.
enum result pkcs11_uri_forget_object(struct pkcs11_uri *uri, struct error *err);
// Appends it as it is now, PIN and all.
enum result pkcs11_uri_format(const struct pkcs11_uri *uri, struct buf *out, struct error *err);
