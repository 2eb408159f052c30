// Looking for keys on a token, and reading what they are.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "x509/pkcs11_object.h"

#include "base/limits.h"
#include "x509/der.h"
#include "x509/key_private.h"

// RSA modulus, EC point, SubjectPublicKeyInfo: all are smaller.
#define ATTRIBUTE_BYTES 2048
// One too many is as good as many.
#define FOUND_MOST 16

// --- attributes ------------------------------------------------------------------------------

enum result pkcs11_object_attribute(struct pkcs11_token *token, CK_OBJECT_HANDLE object,
                                    CK_ATTRIBUTE_TYPE type, struct buf *out) {
    uint8_t value[ATTRIBUTE_BYTES];
    CK_ATTRIBUTE attribute = {type, value, sizeof(value)};
    const CK_RV code =
        token->module->C_GetAttributeValue(token->session, object, &attribute, 1);
    if (code != CKR_OK || attribute.ulValueLen == CK_UNAVAILABLE_INFORMATION) {
        return RESULT_NOT_FOUND;
    }
    return buf_append(out, bytes_of(value, attribute.ulValueLen));
}

static bool read_flag(struct pkcs11_token *token, CK_OBJECT_HANDLE object,
                      CK_ATTRIBUTE_TYPE type, bool otherwise) {
    AUTO(buf_clear) struct buf value = {0};
    buf_init(&value, sizeof(CK_BBOOL));
    return pkcs11_object_attribute(token, object, type, &value) == RESULT_OK && value.size == 1
               ? value.data[0] != CK_FALSE
               : otherwise;
}

// --- searches --------------------------------------------------------------------------------

static enum result search(struct pkcs11_token *token, CK_ATTRIBUTE *template, CK_ULONG count,
                          CK_OBJECT_HANDLE *out_found, CK_ULONG *out_count, struct error *err) {
    CK_FUNCTION_LIST *module = token->module;
    CK_RV code = module->C_FindObjectsInit(token->session, template, count);
    if (code == CKR_OK) {
        code = module->C_FindObjects(token->session, out_found, FOUND_MOST, out_count);
        (void)module->C_FindObjectsFinal(token->session);
    }
    if (code != CKR_OK && pkcs11_token_is_lost(code)) {
        (void)pkcs11_token_failed(err, "look for the key", code);
        return RESULT_PENDING; // to pkcs11_object_find: once more, in another session
    }
    return code == CKR_OK ? RESULT_OK : pkcs11_token_failed(err, "look for the key", code);
}

static enum result search_class(struct pkcs11_token *token, CK_OBJECT_CLASS class,
                                struct bytes id, struct bytes label,
                                CK_OBJECT_HANDLE *out_found, CK_ULONG *out_count,
                                struct error *err) {
    CK_ATTRIBUTE template[3] = {{CKA_CLASS, &class, sizeof(class)}};
    CK_ULONG count = 1;
    if (id.size > 0) {
        template[count++] = (CK_ATTRIBUTE){CKA_ID, (void *)(uintptr_t)id.data, id.size};
    }
    if (label.size > 0) {
        template[count++] =
            (CK_ATTRIBUTE){CKA_LABEL, (void *)(uintptr_t)label.data, label.size};
    }
    return search(token, template, count, out_found, out_count, err);
}

static enum result refuse_missing(const struct pkcs11_uri *uri, struct error *err) {
    (void)error_set_code(err, RESULT_NOT_FOUND, "key_missing",
                         "there is no private key %.250s on the token",
                         buf_string(&uri->shown));
    error_hint(err, "See which there are: pkcs11-tool --module PATH --login --list-objects "
                    "--type privkey");
    return RESULT_NOT_FOUND;
}

static enum result find_once(struct pkcs11_token *token, const struct pkcs11_uri *uri,
                             struct pkcs11_object *out_object, struct error *err) {
    CK_OBJECT_HANDLE found[FOUND_MOST];
    CK_ULONG count = 0;
    TRY(search_class(token, CKO_PRIVATE_KEY, pkcs11_uri_attribute(uri, CKA_ID),
                     pkcs11_uri_attribute(uri, CKA_LABEL), found, &count, err));
    if (count == 0) {
        return refuse_missing(uri, err);
    }
    if (count > 1) {
        (void)error_set_code(err, RESULT_CONFLICT, "key_several",
                             "%lu private keys of the token fit the URI %.200s",
                             (unsigned long)count, buf_string(&uri->shown));
        error_hint(err, "Say which one, with id=%%01 (in hexadecimal) or another object=.");
        return RESULT_CONFLICT;
    }
    if (!read_flag(token, found[0], CKA_SIGN, true)) {
        (void)error_set_code(err, RESULT_DENIED, "key_no_sign",
                             "the key %.250s may not sign (CKA_SIGN is false)",
                             buf_string(&uri->shown));
        error_hint(err, "Name another key: the use of this one was fixed when it was made.");
        return RESULT_DENIED;
    }
    *out_object = (struct pkcs11_object){
        .handle = found[0],
        .session_number = token->session_number,
        .wants_pin_each_time = read_flag(token, found[0], CKA_ALWAYS_AUTHENTICATE, false),
    };
    return RESULT_OK;
}

enum result pkcs11_object_find(struct pkcs11_token *token, const struct pkcs11_uri *uri,
                               struct pkcs11_object *out_object, struct error *err) {
    enum result result = find_once(token, uri, out_object, err);
    if (result == RESULT_PENDING) {
        TRY(pkcs11_token_reopen(token, err));
        result = find_once(token, uri, out_object, err);
    }
    return result == RESULT_PENDING ? RESULT_UNAVAILABLE : result;
}

// --- the public part -------------------------------------------------------------------------

// The public key beside the private one: the same id, or where it has none the same label.
static CK_OBJECT_HANDLE find_public(struct pkcs11_token *token, CK_OBJECT_HANDLE private) {
    AUTO(buf_clear) struct buf id = {0};
    AUTO(buf_clear) struct buf label = {0};
    CK_OBJECT_HANDLE found[FOUND_MOST];
    CK_ULONG count = 0;
    buf_init(&id, ATTRIBUTE_BYTES);
    buf_init(&label, ATTRIBUTE_BYTES);
    (void)!pkcs11_object_attribute(token, private, CKA_ID, &id);
    if (id.size == 0) {
        (void)!pkcs11_object_attribute(token, private, CKA_LABEL, &label);
    }
    const bool has_name = id.size > 0 || label.size > 0;
    return has_name &&
                   search_class(token, CKO_PUBLIC_KEY, buf_bytes(&id), buf_bytes(&label), found,
                                &count, NULL) == RESULT_OK &&
                   count > 0
               ? found[0]
               : CK_INVALID_HANDLE;
}

static enum result read_rsa(struct pkcs11_token *token, CK_OBJECT_HANDLE object,
                            struct buf *out_spki) {
    AUTO(buf_clear) struct buf modulus = {0};
    AUTO(buf_clear) struct buf exponent = {0};
    AUTO(buf_clear) struct buf bits = {0};
    size_t mark = 0;
    buf_init(&modulus, ATTRIBUTE_BYTES);
    buf_init(&exponent, ATTRIBUTE_BYTES);
    buf_init(&bits, 3 * ATTRIBUTE_BYTES);
    TRY(pkcs11_object_attribute(token, object, CKA_MODULUS, &modulus));
    TRY(pkcs11_object_attribute(token, object, CKA_PUBLIC_EXPONENT, &exponent));
    TRY(der_begin(&bits, DER_SEQUENCE, &mark));
    TRY(der_write_unsigned(&bits, DER_INTEGER, buf_bytes(&modulus)));
    TRY(der_write_unsigned(&bits, DER_INTEGER, buf_bytes(&exponent)));
    TRY(der_end(&bits, mark));
    return key_write_public(KEY_RSA2048, buf_bytes(&bits), out_spki);
}

// The point is an OCTET STRING around the octets (PKCS#11, 2.3.3); some tokens give the octets.
static struct bytes unwrap_point(struct bytes value, size_t expected) {
    struct der der = der_of(value);
    struct bytes inside = {0};
    return value.size != expected &&
                   der_read(&der, DER_OCTET_STRING, &inside, NULL) == RESULT_OK
               ? inside
               : value;
}

static enum result read_point(struct pkcs11_token *token, CK_OBJECT_HANDLE object,
                              enum key_algorithm algorithm, struct buf *out_spki) {
    AUTO(buf_clear) struct buf value = {0};
    buf_init(&value, ATTRIBUTE_BYTES);
    TRY(pkcs11_object_attribute(token, object, CKA_EC_POINT, &value));
    const size_t size =
        algorithm == KEY_ED25519 ? ED25519_PUB_KEY_SIZE : 1 + 2 * key_curve_size(algorithm);
    return key_write_public(algorithm, unwrap_point(buf_bytes(&value), size), out_spki);
}

static enum result read_ec(struct pkcs11_token *token, CK_OBJECT_HANDLE object,
                           struct buf *out_spki) {
    AUTO(buf_clear) struct buf parameters = {0};
    struct bytes curve = {0};
    buf_init(&parameters, ATTRIBUTE_BYTES);
    TRY(pkcs11_object_attribute(token, object, CKA_EC_PARAMS, &parameters));
    struct der der = der_of(buf_bytes(&parameters));
    TRY(der_read(&der, DER_OID, &curve, NULL));
    const enum oid oid = oid_find(curve);
    if (oid != OID_CURVE_P256 && oid != OID_CURVE_P384) {
        return RESULT_INVALID;
    }
    return read_point(token, object, oid == OID_CURVE_P256 ? KEY_P256 : KEY_P384, out_spki);
}

static enum result read_key_type(struct pkcs11_token *token, CK_OBJECT_HANDLE object,
                                 CK_KEY_TYPE *out_type) {
    AUTO(buf_clear) struct buf value = {0};
    buf_init(&value, sizeof(*out_type));
    TRY(pkcs11_object_attribute(token, object, CKA_KEY_TYPE, &value));
    if (value.size != sizeof(*out_type)) {
        return RESULT_INVALID;
    }
    *out_type = *(const CK_KEY_TYPE *)(const void *)value.data;
    return RESULT_OK;
}

static enum result read_public(struct pkcs11_token *token, CK_OBJECT_HANDLE object,
                               struct buf *out_spki) {
    CK_KEY_TYPE type = 0;
    buf_reset(out_spki);
    TRY(read_key_type(token, object, &type));
    switch (type) {
    case CKK_RSA:
        return read_rsa(token, object, out_spki);
    case CKK_EC:
        return read_ec(token, object, out_spki);
    case CKK_EC_EDWARDS:
        return read_point(token, object, KEY_ED25519, out_spki);
    default:
        return RESULT_INVALID;
    }
}

enum result pkcs11_object_public(struct pkcs11_token *token, const struct pkcs11_object *object,
                                 struct buf *out_spki, enum key_algorithm *out_algorithm,
                                 struct error *err) {
    AUTO(buf_clear) struct buf spki = {0};
    buf_init(&spki, LIMIT_KEY_FILE_BYTES);
    const CK_OBJECT_HANDLE public = find_public(token, object->handle);
    enum result result =
        public != CK_INVALID_HANDLE ? read_public(token, public, &spki) : RESULT_NOT_FOUND;
    if (result != RESULT_OK) {
        result = read_public(token, object->handle, &spki); // RSA keys have it, others may
    }
    if (result != RESULT_OK) {
        buf_reset(&spki);
        result = pkcs11_object_attribute(token, object->handle, CKA_PUBLIC_KEY_INFO, &spki);
    }
    if (result != RESULT_OK || spki.size == 0) {
        (void)error_set_code(
            err, RESULT_INVALID, "key_no_public",
            "the token does not tell the public part of the key, or it is of a "
            "kind that is not supported");
        error_hint(err,
                   "Expected RSA, P-256, P-384 or Ed25519, with the public key as an object "
                   "of the same id beside the private one.");
        return RESULT_INVALID;
    }
    result = public_key_check(buf_bytes(&spki), out_algorithm, err);
    if (result != RESULT_OK) {
        error_hint(err, "Name another key of the token, or let one be made there: RSA of 2048 "
                        "bits or more, P-256, P-384 or Ed25519.");
        return result;
    }
    return buf_append(out_spki, buf_bytes(&spki));
}

// --- making ----------------------------------------------------------------------------------

// A pair to be made: how, and what its public half says of it.
struct pair_plan {
    CK_MECHANISM_TYPE mechanism;
    CK_ATTRIBUTE kind[2];
    CK_ULONG kind_count;
};

static CK_ULONG modulus_bits[KEY_ALGORITHM_COUNT] = {
    [KEY_RSA2048] = 2048, [KEY_RSA3072] = 3072, [KEY_RSA4096] = 4096};
static uint8_t exponent[] = {0x01, 0x00, 0x01};
// The curves as an OID (RFC 5480), and as the name that PKCS#11 v3.0 (6.3.3) has for Edwards
// curves.
static uint8_t curve_p256[] = {0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07};
static uint8_t curve_p384[] = {0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x22};
static uint8_t curve_ed25519[] = {0x13, 0x0c, 'e', 'd', 'w', 'a', 'r',
                                  'd',  's',  '2', '5', '5', '1', '9'};

static struct pair_plan plan_pair(enum key_algorithm algorithm) {
    switch (algorithm) {
    case KEY_P256:
        return (struct pair_plan){
            CKM_EC_KEY_PAIR_GEN, {{CKA_EC_PARAMS, curve_p256, sizeof(curve_p256)}}, 1};
    case KEY_P384:
        return (struct pair_plan){
            CKM_EC_KEY_PAIR_GEN, {{CKA_EC_PARAMS, curve_p384, sizeof(curve_p384)}}, 1};
    case KEY_ED25519:
        return (struct pair_plan){CKM_EC_EDWARDS_KEY_PAIR_GEN,
                                  {{CKA_EC_PARAMS, curve_ed25519, sizeof(curve_ed25519)}},
                                  1};
    default:
        return (struct pair_plan){
            CKM_RSA_PKCS_KEY_PAIR_GEN,
            {{CKA_MODULUS_BITS, &modulus_bits[algorithm], sizeof(modulus_bits[algorithm])},
             {CKA_PUBLIC_EXPONENT, exponent, sizeof(exponent)}},
            2};
    }
}

static enum result check_mechanism(const struct pkcs11_token *token,
                                   CK_MECHANISM_TYPE mechanism, enum key_algorithm algorithm,
                                   struct error *err) {
    CK_MECHANISM_INFO info;
    if (token->module->C_GetMechanismInfo(token->slot, mechanism, &info) == CKR_OK) {
        return RESULT_OK;
    }
    const struct bytes label = pkcs11_token_label(&token->info);
    (void)error_set_code(err, RESULT_INVALID, "token_mechanism",
                         "the token \"%.*s\" makes no keys of type %s", (int)label.size,
                         (const char *)label.data, key_algorithm_name(algorithm));
    error_hint(err, "Choose another type; p256 and rsa2048 are what most tokens have. What it "
                    "can: pkcs11-tool --module PATH --list-mechanisms");
    return RESULT_INVALID;
}

static CK_RV generate(const struct pkcs11_token *token, CK_SESSION_HANDLE session,
                      const struct pair_plan *plan, const struct pkcs11_uri *uri) {
    CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
    struct bytes id = pkcs11_uri_attribute(uri, CKA_ID);
    struct bytes label = pkcs11_uri_attribute(uri, CKA_LABEL);
    const CK_ATTRIBUTE id_attribute = {CKA_ID, (void *)(uintptr_t)id.data, id.size};
    const CK_ATTRIBUTE label_attribute = {CKA_LABEL, (void *)(uintptr_t)label.data, label.size};
    CK_ATTRIBUTE public[] = {
        {CKA_TOKEN, &yes, sizeof(yes)},
        {CKA_VERIFY, &yes, sizeof(yes)},
        id_attribute,
        label_attribute,
        plan->kind[0],
        plan->kind[1],
    };
    CK_ATTRIBUTE private[] = {
        {CKA_TOKEN, &yes, sizeof(yes)},
        {CKA_PRIVATE, &yes, sizeof(yes)},
        {CKA_SENSITIVE, &yes, sizeof(yes)},
        {CKA_EXTRACTABLE, &no, sizeof(no)},
        {CKA_SIGN, &yes, sizeof(yes)},
        id_attribute,
        label_attribute,
    };
    CK_MECHANISM mechanism = {plan->mechanism, NULL, 0};
    CK_OBJECT_HANDLE made_public = 0, made_private = 0;
    return token->module->C_GenerateKeyPair(session, &mechanism, public, 4 + plan->kind_count,
                                            private, sizeof(private) / sizeof(private[0]),
                                            &made_public, &made_private);
}

enum result pkcs11_object_make_pair(struct pkcs11_token *token, const struct pkcs11_uri *uri,
                                    enum key_algorithm algorithm, struct error *err) {
    const struct pair_plan plan = plan_pair(algorithm);
    CK_SESSION_HANDLE session = CK_INVALID_HANDLE;
    TRY(check_mechanism(token, plan.mechanism, algorithm, err));
    TRY(pkcs11_token_begin_writing(token, &session, err));
    const CK_RV code = generate(token, session, &plan, uri);
    pkcs11_token_end_writing(token, session);
    return code == CKR_OK ? RESULT_OK : pkcs11_token_failed(err, "make a key", code);
}

// --- removing --------------------------------------------------------------------------------

static enum result remove_class(struct pkcs11_token *token, const struct pkcs11_uri *uri,
                                CK_OBJECT_CLASS class, CK_SESSION_HANDLE session,
                                struct error *err) {
    CK_OBJECT_HANDLE found[FOUND_MOST];
    CK_ULONG count = 0;
    TRY(search_class(token, class, pkcs11_uri_attribute(uri, CKA_ID),
                     pkcs11_uri_attribute(uri, CKA_LABEL), found, &count, err));
    for (CK_ULONG i = 0; i < count; i++) {
        const CK_RV code = token->module->C_DestroyObject(session, found[i]);
        if (code != CKR_OK) {
            return pkcs11_token_failed(err, "remove a key", code);
        }
    }
    return RESULT_OK;
}

// The private key last: while it is there, the next try finds what is left.
enum result pkcs11_object_remove(struct pkcs11_token *token, const struct pkcs11_uri *uri,
                                 struct error *err) {
    CK_SESSION_HANDLE session = CK_INVALID_HANDLE;
    TRY(pkcs11_token_begin_writing(token, &session, err));
    enum result result = remove_class(token, uri, CKO_PUBLIC_KEY, session, err);
    if (result == RESULT_OK) {
        result = remove_class(token, uri, CKO_PRIVATE_KEY, session, err);
    }
    pkcs11_token_end_writing(token, session);
    return result == RESULT_PENDING ? RESULT_UNAVAILABLE : result;
}
