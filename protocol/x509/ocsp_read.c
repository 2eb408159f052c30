// Reading OCSP requests (RFC 6960, 4.1), which anyone may send.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "x509/ocsp.h"

#include "x509/der.h"
#include "x509/extension.h"
#include "x509/hash.h"

// Where the fields of a TBSRequest and a Request are tagged.
enum {
    TAG_VERSION = DER_CONTEXT_CONSTRUCTED(0),
    TAG_REQUESTOR = DER_CONTEXT_CONSTRUCTED(1),
    TAG_EXTENSIONS = DER_CONTEXT_CONSTRUCTED(2),
    TAG_SIGNATURE = DER_CONTEXT_CONSTRUCTED(0),
    TAG_SINGLE_EXTENSIONS = DER_CONTEXT_CONSTRUCTED(0),
};

// --- one certificate -------------------------------------------------------------------------

static size_t hash_size(enum oid hash) {
    return hash == OID_SHA1 ? SHA1_SIZE : hash == OID_SHA256 ? SHA256_SIZE : 0;
}

// RFC 5754, 2: parameters are absent, or NULL. Those of other algorithms are not looked at.
static enum result read_hash_algorithm(struct der *id, enum oid *out_hash, struct error *err) {
    struct der algorithm = {0};
    struct bytes identifier = {0};
    TRY(der_enter(id, DER_SEQUENCE, &algorithm, err));
    TRY(der_read(&algorithm, DER_OID, &identifier, err));
    enum oid hash = oid_find(identifier);
    if (hash_size(hash) == 0) {
        *out_hash = OID_UNKNOWN;
        return RESULT_OK;
    }
    if (!der_at_end(&algorithm)) {
        struct bytes nothing = {0};
        TRY(der_read(&algorithm, DER_NULL, &nothing, err));
        TRY(der_expect_end(&algorithm, err));
        if (nothing.size > 0) {
            return error_set(err, RESULT_INVALID, "a NULL with content");
        }
    }
    *out_hash = hash;
    return RESULT_OK;
}

static enum result read_serial(struct der *id, struct bytes *out_serial, struct error *err) {
    struct der before = *id;
    struct bytes content = {0};
    TRY(der_read(&before, DER_INTEGER, &content, err));
    if (content.size > LIMIT_SERIAL_BYTES) {
        return error_set(err, RESULT_INVALID, "a serial number of %zu octets; expected 1 to %d",
                         content.size, LIMIT_SERIAL_BYTES);
    }
    return der_read_unsigned(id, out_serial, err);
}

static enum result read_id(struct bytes element, struct ocsp_certificate_id *out_id,
                           struct error *err) {
    struct ocsp_certificate_id id = {.element = element};
    struct der whole = der_of(element), inside = {0};
    TRY(der_enter(&whole, DER_SEQUENCE, &inside, err));
    TRY(read_hash_algorithm(&inside, &id.hash, err));
    TRY(der_read(&inside, DER_OCTET_STRING, &id.name_hash, err));
    TRY(der_read(&inside, DER_OCTET_STRING, &id.key_hash, err));
    TRY(read_serial(&inside, &id.serial, err));
    TRY(der_expect_end(&inside, err));
    size_t size = hash_size(id.hash);
    if (size != 0 && (id.name_hash.size != size || id.key_hash.size != size)) {
        return error_set(err, RESULT_INVALID, "hashes of %zu and %zu octets; %s has %zu",
                         id.name_hash.size, id.key_hash.size, oid_name(id.hash), size);
    }
    *out_id = id;
    return RESULT_OK;
}

// RFC 6960, 4.4: what is not known is passed over unless it is critical.
static enum result refuse_critical(const struct extension *extension, struct error *err) {
    if (!extension->is_critical) {
        return RESULT_OK;
    }
    return error_set(err, RESULT_INVALID, "a critical extension that is not known here");
}

static enum result read_single(struct der *list, struct ocsp_certificate_id *out_id,
                               struct error *err) {
    struct der single = {0};
    struct bytes element = {0};
    TRY(der_enter(list, DER_SEQUENCE, &single, err));
    TRY(der_read_element(&single, DER_SEQUENCE, &element, err));
    TRY(read_id(element, out_id, err));
    if (!der_at_end(&single)) {
        struct der wrapper = {0};
        struct extensions extensions = {0};
        TRY(der_enter(&single, TAG_SINGLE_EXTENSIONS, &wrapper, err));
        TRY(extensions_read(&wrapper, &extensions, err));
        TRY(der_expect_end(&wrapper, err));
        for (size_t i = 0; i < extensions.count; i++) {
            TRY(refuse_critical(&extensions.items[i], err));
        }
    }
    return der_expect_end(&single, err);
}

// --- the whole -------------------------------------------------------------------------------

// Version 1 is the default, and a default is not sent (X.690, 11.5).
static enum result refuse_version(const struct der *tbs, struct error *err) {
    if (der_peek(tbs) != TAG_VERSION) {
        return RESULT_OK;
    }
    return error_set(err, RESULT_INVALID, "an OCSP request of another version than 1");
}

static enum result skip_requestor(struct der *tbs, struct error *err) {
    struct bytes name = {0};
    return der_peek(tbs) == TAG_REQUESTOR ? der_read(tbs, TAG_REQUESTOR, &name, err)
                                          : RESULT_OK;
}

static enum result read_list(struct der *tbs, struct ocsp_request *request, struct error *err) {
    struct der list = {0};
    TRY(der_enter(tbs, DER_SEQUENCE, &list, err));
    do { // asking for nothing is not asking
        if (request->count == LIMIT_OCSP_CERTIFICATES) {
            return error_set(err, RESULT_LIMIT, "more than %d certificates in one request",
                             LIMIT_OCSP_CERTIFICATES);
        }
        TRY(read_single(&list, &request->ids[request->count], err));
        request->count++;
    } while (!der_at_end(&list));
    return RESULT_OK;
}

static enum result read_nonce(struct bytes value, struct bytes *out_nonce, struct error *err) {
    struct der der = der_of(value);
    struct bytes nonce = {0};
    TRY(der_read(&der, DER_OCTET_STRING, &nonce, err));
    TRY(der_expect_end(&der, err));
    if (nonce.size == 0 || nonce.size > LIMIT_OCSP_NONCE_BYTES) {
        return error_set(err, RESULT_INVALID, "a nonce of %zu octets; expected 1 to %d",
                         nonce.size, LIMIT_OCSP_NONCE_BYTES);
    }
    *out_nonce = nonce;
    return RESULT_OK;
}

static enum result read_request_extensions(struct der *tbs, struct ocsp_request *request,
                                           struct error *err) {
    if (der_at_end(tbs)) {
        return RESULT_OK;
    }
    struct der wrapper = {0};
    struct extensions extensions = {0};
    TRY(der_enter(tbs, TAG_EXTENSIONS, &wrapper, err));
    TRY(extensions_read(&wrapper, &extensions, err));
    TRY(der_expect_end(&wrapper, err));
    for (size_t i = 0; i < extensions.count; i++) {
        const struct extension *extension = &extensions.items[i];
        TRY(extension->oid == OID_OCSP_NONCE
                ? read_nonce(extension->value, &request->nonce, err)
                : refuse_critical(extension, err));
    }
    return RESULT_OK;
}

static enum result read_tbs(struct der *outer, struct ocsp_request *request,
                            struct error *err) {
    struct der tbs = {0};
    TRY(der_enter(outer, DER_SEQUENCE, &tbs, err));
    TRY(refuse_version(&tbs, err));
    TRY(skip_requestor(&tbs, err));
    TRY(read_list(&tbs, request, err));
    TRY(read_request_extensions(&tbs, request, err));
    return der_expect_end(&tbs, err);
}

enum result ocsp_request_read(struct bytes der_bytes, struct ocsp_request *out_request,
                              struct error *err) {
    if (der_bytes.size > LIMIT_OCSP_REQUEST_BYTES) {
        return error_set(err, RESULT_LIMIT, "an OCSP request of %zu bytes; at most %d are read",
                         der_bytes.size, LIMIT_OCSP_REQUEST_BYTES);
    }
    struct ocsp_request request = {.count = 0};
    struct der whole = der_of(der_bytes), outer = {0};
    TRY(der_check(der_bytes, err));
    TRY(der_enter(&whole, DER_SEQUENCE, &outer, err));
    TRY(read_tbs(&outer, &request, err));
    if (!der_at_end(&outer)) {
        struct bytes signature = {0};
        TRY(der_read(&outer, TAG_SIGNATURE, &signature, err));
    }
    TRY(der_expect_end(&outer, err));
    *out_request = request;
    return RESULT_OK;
}
