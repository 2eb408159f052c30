// Objects on a token: finding a private key, its public part, making and removing pairs.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stdbool.h>

#include "base/bytes.h"
#include "base/error.h"
#include "x509/key.h"
#include "x509/pkcs11_token.h"

// A private key in the token's present session.
struct pkcs11_object {
    CK_OBJECT_HANDLE handle;
    unsigned session_number;
    bool wants_pin_each_time; // CKA_ALWAYS_AUTHENTICATE
};

// The one private key with the id and label that the URI has. Codes "key_missing",
// "key_several", "key_no_sign".
enum result pkcs11_object_find(struct pkcs11_token *token, const struct pkcs11_uri *uri,
                               struct pkcs11_object *out_object, struct error *err);
// Appends its SubjectPublicKeyInfo, checked. Code "key_no_public" when the token does not tell.
enum result pkcs11_object_public(struct pkcs11_token *token, const struct pkcs11_object *object,
                                 struct buf *out_spki, enum key_algorithm *out_algorithm,
                                 struct error *err);
// Appends an attribute of it; RESULT_NOT_FOUND when it has none.
enum result pkcs11_object_attribute(struct pkcs11_token *token, CK_OBJECT_HANDLE object,
                                    CK_ATTRIBUTE_TYPE type, struct buf *out);
// Makes a pair with id and label of the URI. Code "token_mechanism" when the token has no keys
// of this kind.
enum result pkcs11_object_make_pair(struct pkcs11_token *token, const struct pkcs11_uri *uri,
                                    enum key_algorithm algorithm, struct error *err);
// Removes every private and public key with exactly this id and label.
enum result pkcs11_object_remove(struct pkcs11_token *token, const struct pkcs11_uri *uri,
                                 struct error *err);
