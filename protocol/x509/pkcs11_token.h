// Tokens: PKCS#11 modules, the slot that a URI means, one logged-in session for all its keys.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stdbool.h>

#include <p11-kit/p11-kit.h>

#include "base/error.h"
#include "x509/pkcs11_uri.h"

struct pkcs11_token {
    struct pkcs11_token *next;
    size_t users;
    struct pkcs11_uri uri; // by which it was opened first, and is found again
    CK_FUNCTION_LIST **modules;
    bool is_only_module; // loaded by its path, not one of those that p11-kit has registered
    CK_FUNCTION_LIST *module;
    CK_SLOT_ID slot;
    CK_TOKEN_INFO info;
    CK_SESSION_HANDLE session; // CK_INVALID_HANDLE after one was lost and none opened
    // Grows with every session: handles of objects are good for one.
    unsigned session_number;
    struct buf typed_pin; // secret; empty unless a person was asked
};

// The token that the URI means, logged in; the same one again while somebody uses it.
enum result pkcs11_token_open(const char *uri, struct pkcs11_token **out_token,
                              struct error *err);
void pkcs11_token_close(struct pkcs11_token *token);
void pkcs11_token_close_at(struct pkcs11_token **token);
// Looks for the token anew and opens another session: it was taken out, or the session ended.
// While it is missing, its module is begun anew from time to time (LIMIT_TOKEN_MODULE_SECONDS).
enum result pkcs11_token_reopen(struct pkcs11_token *token, struct error *err);
// Ends what was begun in the session and not finished, by going on in another one: until then the
// token refuses to begin anything else.
void pkcs11_token_drop_operation(struct pkcs11_token *token);
// A short session that may write; closed by the caller with pkcs11_token_end_writing.
enum result pkcs11_token_begin_writing(struct pkcs11_token *token,
                                       CK_SESSION_HANDLE *out_session, struct error *err);
void pkcs11_token_end_writing(struct pkcs11_token *token, CK_SESSION_HANDLE session);

// The label, without the blanks that fill it up.
struct bytes pkcs11_token_label(const CK_TOKEN_INFO *info);
// RESULT_UNAVAILABLE, code "token_failed": what could not be done, and what the module says.
enum result pkcs11_token_failed(struct error *err, const char *what, CK_RV code);
// Another session may help.
bool pkcs11_token_is_lost(CK_RV code);
