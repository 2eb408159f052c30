// Keys that stay on a token: opened, made and removed there, and signing by asking it.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "x509/key_pkcs11.h"

#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "x509/der.h"
#include "x509/key_private.h"
#include "x509/pkcs11_object.h"
#include "x509/pkcs11_pin.h"

struct token_key {
    struct pkcs11_token *token;
    struct pkcs11_uri uri; // of exactly this key
    struct pkcs11_object object;
};

static void token_key_free_at(struct token_key **held) {
    if (*held != NULL) {
        pkcs11_token_close_at(&(*held)->token);
        pkcs11_uri_clear(&(*held)->uri);
        free(*held);
    }
    *held = NULL;
}

// --- signing ---------------------------------------------------------------------------------

struct signing {
    CK_MECHANISM mechanism;
    CK_RSA_PKCS_PSS_PARAMS pss;
};

static void choose_mechanism(enum key_scheme scheme, struct signing *out_signing) {
    *out_signing = (struct signing){0};
    CK_RSA_PKCS_PSS_PARAMS *pss = &out_signing->pss;
    switch (scheme) {
    case KEY_SCHEME_ECDSA:
        out_signing->mechanism.mechanism = CKM_ECDSA;
        return;
    case KEY_SCHEME_ED25519:
        out_signing->mechanism.mechanism = CKM_EDDSA;
        return;
    case KEY_SCHEME_RSA_PKCS1:
        out_signing->mechanism.mechanism = CKM_RSA_PKCS;
        return;
    case KEY_SCHEME_RSA_PSS_SHA256:
        *pss = (CK_RSA_PKCS_PSS_PARAMS){CKM_SHA256, CKG_MGF1_SHA256, 32};
        break;
    case KEY_SCHEME_RSA_PSS_SHA384:
        *pss = (CK_RSA_PKCS_PSS_PARAMS){CKM_SHA384, CKG_MGF1_SHA384, 48};
        break;
    case KEY_SCHEME_RSA_PSS_SHA512:
        *pss = (CK_RSA_PKCS_PSS_PARAMS){CKM_SHA512, CKG_MGF1_SHA512, 64};
        break;
    }
    out_signing->mechanism = (CK_MECHANISM){CKM_RSA_PKCS_PSS, pss, sizeof(*pss)};
}

// An ended session gives RESULT_PENDING: once more, in another one.
static enum result refuse(struct error *err, CK_RV code) {
    (void)pkcs11_token_failed(err, "sign", code);
    return pkcs11_token_is_lost(code) ? RESULT_PENDING : RESULT_UNAVAILABLE;
}

// After C_SignInit.
static enum result finish(struct token_key *held, struct bytes input, struct buf *out,
                          struct error *err) {
    struct pkcs11_token *token = held->token;
    uint8_t signature[KEY_SIGNATURE_BYTES];
    CK_ULONG size = sizeof(signature);
    if (held->object.wants_pin_each_time) {
        TRY(pkcs11_pin_give(token, CKU_CONTEXT_SPECIFIC, err));
    }
    const CK_RV code = token->module->C_Sign(token->session, (CK_BYTE_PTR)(uintptr_t)input.data,
                                             input.size, signature, &size);
    return code == CKR_OK ? buf_append(out, bytes_of(signature, size)) : refuse(err, code);
}

static enum result sign_once(struct token_key *held, enum key_scheme scheme, struct bytes input,
                             struct buf *out, struct error *err) {
    struct pkcs11_token *token = held->token;
    struct signing signing;
    choose_mechanism(scheme, &signing);
    const CK_RV code =
        token->module->C_SignInit(token->session, &signing.mechanism, held->object.handle);
    if (code != CKR_OK) {
        return refuse(err, code);
    }
    const enum result result = finish(held, input, out, err);
    if (result != RESULT_OK && result != RESULT_PENDING) {
        pkcs11_token_drop_operation(token);
    }
    return result;
}

// Another token of the same label must not sign in place of the one that was taken out.
static enum result find_again(struct token_key *held, struct bytes public_info,
                              struct error *err) {
    AUTO(buf_clear) struct buf spki = {0};
    enum key_algorithm algorithm = KEY_P256;
    buf_init(&spki, LIMIT_KEY_FILE_BYTES);
    TRY(pkcs11_object_find(held->token, &held->uri, &held->object, err));
    TRY(pkcs11_object_public(held->token, &held->object, &spki, &algorithm, err));
    return bytes_equal(buf_bytes(&spki), public_info)
               ? RESULT_OK
               : error_set_code(err, RESULT_CONFLICT, "key_mismatch",
                                "the token has another key of the same name now");
}

static enum result sign_twice(struct token_key *held, struct bytes public_info,
                              enum key_scheme scheme, struct bytes input, struct buf *out,
                              struct error *err) {
    const bool has_session = held->token->session != CK_INVALID_HANDLE;
    if (has_session && held->object.session_number == held->token->session_number) {
        enum result result = sign_once(held, scheme, input, out, err);
        if (result != RESULT_PENDING) {
            return result;
        }
    }
    if (!has_session || held->object.session_number == held->token->session_number) {
        TRY(pkcs11_token_reopen(held->token, err));
    }
    TRY(find_again(held, public_info, err));
    return sign_once(held, scheme, input, out, err);
}

// PKCS#11 gives r and s side by side (2.3.1), certificates have them in DER (RFC 5480).
static enum result write_ecdsa(struct bytes raw, struct buf *out) {
    const size_t half = raw.size / 2;
    size_t mark = 0;
    TRY(der_begin(out, DER_SEQUENCE, &mark));
    TRY(der_write_unsigned(out, DER_INTEGER, bytes_slice(raw, 0, half)));
    TRY(der_write_unsigned(out, DER_INTEGER, bytes_slice(raw, half, half)));
    return der_end(out, mark);
}

static enum result sign(struct key *key, enum key_scheme scheme, struct bytes input,
                        struct buf *out_signature, struct error *err) {
    struct token_key *held = key->held;
    AUTO(buf_clear) struct buf raw = {0};
    struct error reason = {0};
    buf_init(&raw, KEY_SIGNATURE_BYTES);
    if (sign_twice(held, key_public(key), scheme, input, &raw, &reason) != RESULT_OK) {
        const struct bytes label = pkcs11_token_label(&held->token->info);
        (void)error_set_code(err, RESULT_UNAVAILABLE, "key_unavailable",
                             "the key on the token \"%.*s\" cannot sign: %s", (int)label.size,
                             (const char *)label.data, reason.message);
        error_hint(err, "%s", reason.hint);
        return RESULT_UNAVAILABLE;
    }
    return scheme == KEY_SCHEME_ECDSA ? write_ecdsa(buf_bytes(&raw), out_signature)
                                      : buf_append(out_signature, buf_bytes(&raw));
}

static void clear(struct key *key) {
    struct token_key *held = key->held;
    token_key_free_at(&held);
}

static const struct key_holder token_holder = {sign, clear};

// --- opening ---------------------------------------------------------------------------------

// Completes the URI with id and label of the key that it led to.
static enum result make_exact(struct token_key *held, struct error *err) {
    static const CK_ATTRIBUTE_TYPE types[] = {CKA_ID, CKA_LABEL};
    AUTO(buf_clear) struct buf text = {0};
    buf_init_secret(&text, 2 * LIMIT_KEY_URI_BYTES);
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        AUTO(buf_clear) struct buf value = {0};
        buf_init(&value, LIMIT_KEY_URI_BYTES);
        if (pkcs11_object_attribute(held->token, held->object.handle, types[i], &value) ==
                RESULT_OK &&
            value.size > 0 &&
            pkcs11_uri_set(&held->uri, types[i], buf_bytes(&value)) != RESULT_OK) {
            return error_out_of_memory(err);
        }
    }
    TRY(pkcs11_uri_format(&held->uri, &text, err));
    pkcs11_uri_clear(&held->uri);
    return pkcs11_uri_read(buf_string(&text), &held->uri, err);
}

static enum result prove(const struct key *key, struct error *err) {
    AUTO(buf_clear) struct buf signature = {0};
    const struct bytes message = BYTES_LITERAL("pair");
    buf_init(&signature, KEY_SIGNATURE_BYTES);
    TRY(key_sign(key, message, &signature, err));
    if (public_key_verify(key_public(key), key_signature_algorithm(key), message,
                          buf_bytes(&signature), NULL) == RESULT_OK) {
        return RESULT_OK;
    }
    return error_set_code(err, RESULT_INVALID, "key_damaged",
                          "the private key of the token does not belong to the public key "
                          "beside it");
}

enum result key_open_uri(const char *uri, struct key **out_key, struct error *err) {
    AUTO(token_key_free_at) struct token_key *held = calloc(1, sizeof(*held));
    AUTO(key_free_at) struct key *key = NULL;
    AUTO(buf_clear) struct buf spki = {0};
    enum key_algorithm algorithm = KEY_P256;
    if (held == NULL) {
        return error_out_of_memory(err);
    }
    buf_init(&spki, LIMIT_KEY_FILE_BYTES);
    TRY(pkcs11_uri_read(uri, &held->uri, err));
    TRY(pkcs11_token_open(uri, &held->token, err));
    TRY(pkcs11_object_find(held->token, &held->uri, &held->object, err));
    TRY(pkcs11_object_public(held->token, &held->object, &spki, &algorithm, err));
    TRY(make_exact(held, err));
    TRY(key_new_held(&token_holder, algorithm, buf_bytes(&spki), &key, err));
    key->held = held;
    held = NULL;
    TRY(prove(key, err));
    *out_key = key;
    key = NULL;
    return RESULT_OK;
}

const char *key_uri(const struct key *key) {
    return key->holder == &token_holder ? ((const struct token_key *)key->held)->uri.text
                                        : NULL;
}

// --- making and removing ---------------------------------------------------------------------

static enum result make_pair(const struct pkcs11_uri *uri, enum key_algorithm algorithm,
                             struct error *err) {
    AUTO(pkcs11_token_close_at) struct pkcs11_token *token = NULL;
    TRY(pkcs11_token_open(uri->text, &token, err));
    return pkcs11_object_make_pair(token, uri, algorithm, err);
}

enum result key_make_at_uri(const char *uri, enum key_algorithm algorithm, struct key **out_key,
                            struct error *err) {
    AUTO(pkcs11_uri_clear) struct pkcs11_uri wanted = {0};
    AUTO(buf_clear) struct buf exact = {0};
    buf_init_secret(&exact, 2 * LIMIT_KEY_URI_BYTES);
    TRY(pkcs11_uri_read(uri, &wanted, err));
    TRY(pkcs11_uri_attribute(&wanted, CKA_ID).size > 0
            ? pkcs11_uri_format(&wanted, &exact, err)
            : key_uri_for_new(uri, "signet", &exact, err));
    pkcs11_uri_clear(&wanted);
    TRY(pkcs11_uri_read(buf_string(&exact), &wanted, err));
    // Held open, so that making and opening log in once.
    AUTO(pkcs11_token_close_at) struct pkcs11_token *token = NULL;
    TRY(pkcs11_token_open(buf_string(&exact), &token, err));
    TRY(make_pair(&wanted, algorithm, err));
    return key_open_uri(buf_string(&exact), out_key, err);
}

enum result key_open_or_make(const char *uri, enum key_algorithm algorithm,
                             struct key **out_key, bool *out_is_made, struct error *err) {
    struct error reason = {0};
    enum result result = key_open_uri(uri, out_key, &reason);
    *out_is_made = result == RESULT_NOT_FOUND && strcmp(reason.code, "key_missing") == 0;
    if (*out_is_made) {
        return key_make_at_uri(uri, algorithm, out_key, err);
    }
    if (err != NULL && result != RESULT_OK) {
        *err = reason;
    }
    return result;
}

enum result key_destroy_at_uri(const char *uri, struct error *err) {
    AUTO(pkcs11_uri_clear) struct pkcs11_uri exact = {0};
    AUTO(pkcs11_token_close_at) struct pkcs11_token *token = NULL;
    TRY(pkcs11_uri_read(uri, &exact, err));
    // Nothing less than the name of one key may remove.
    if (pkcs11_uri_attribute(&exact, CKA_ID).size == 0) {
        return error_set_code(err, RESULT_INVALID, "key_uri",
                              "%.200s has no id: it does not say which key to remove",
                              buf_string(&exact.shown));
    }
    TRY(pkcs11_token_open(uri, &token, err));
    return pkcs11_object_remove(token, &exact, err);
}
