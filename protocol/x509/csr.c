// Building, reading and verifying certification requests.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "x509/csr.h"

#include "base/limits.h"
#include "x509/der.h"
#include "x509/extension.h"
#include "x509/oid.h"

void csr_clear(struct csr *csr) {
    names_clear(&csr->names);
    *csr = (struct csr){0};
}

// --- building ---

// extensionRequest (RFC 2985, 5.4.2) with the names.
static enum result write_extension_request(struct buf *out, const struct names *names) {
    size_t attribute = 0, set = 0, list = 0;
    struct extension_marks marks = {0};
    TRY(der_begin(out, DER_SEQUENCE, &attribute));
    TRY(oid_write(out, OID_EXTENSION_REQUEST));
    TRY(der_begin(out, DER_SET, &set));
    TRY(der_begin(out, DER_SEQUENCE, &list));
    TRY(extension_begin(out, OID_SUBJECT_ALT_NAME, false, &marks));
    TRY(names_write_san(out, names));
    TRY(extension_end(out, &marks));
    TRY(der_end(out, list));
    TRY(der_end(out, set));
    return der_end(out, attribute);
}

static enum result write_info(struct buf *out, const struct key *key, const char *serial_number,
                              const struct names *names) {
    size_t info = 0, attributes = 0;
    TRY(der_begin(out, DER_SEQUENCE, &info));
    TRY(der_write_integer(out, 0));
    TRY(distinguished_name_write_device(out, names_first(names, NAME_CN), serial_number));
    TRY(der_write_raw(out, key_public(key)));
    TRY(der_begin(out, DER_CONTEXT_CONSTRUCTED(0), &attributes));
    if (names->count > names_count_type(names, NAME_CN)) {
        TRY(write_extension_request(out, names));
    }
    TRY(der_end(out, attributes));
    return der_end(out, info);
}

static enum result write_csr(struct buf *out, struct bytes info, const struct key *key,
                             struct bytes signature) {
    size_t mark = 0;
    TRY(der_begin(out, DER_SEQUENCE, &mark));
    TRY(der_write_raw(out, info));
    TRY(der_write_raw(out, key_signature_algorithm(key)));
    TRY(der_write_bit_string(out, signature));
    return der_end(out, mark);
}

static enum result too_large(enum result result, struct error *err) {
    if (result == RESULT_LIMIT) {
        return error_set(err, result, "the request is larger than %d bytes", LIMIT_CSR_BYTES);
    }
    return error_set(err, result, "could not encode the request");
}

enum result csr_build_device(const struct key *key, const char *serial_number,
                             const struct names *names, struct buf *out_der,
                             struct error *err) {
    if (names_count_type(names, NAME_CN) > 1) {
        return error_set_code(err, RESULT_INVALID, "name_duplicate",
                              "a request has one common name at most");
    }
    AUTO(buf_clear) struct buf info = {0}, signature = {0}, der = {0};
    buf_init(&info, LIMIT_CSR_BYTES);
    buf_init(&signature, LIMIT_CSR_BYTES);
    buf_init(&der, LIMIT_CSR_BYTES);
    enum result result = write_info(&info, key, serial_number, names);
    if (result != RESULT_OK) {
        return too_large(result, err);
    }
    TRY(key_sign(key, buf_bytes(&info), &signature, err));
    result = write_csr(&der, buf_bytes(&info), key, buf_bytes(&signature));
    if (result == RESULT_OK) {
        result = buf_append(out_der, buf_bytes(&der));
    }
    return result == RESULT_OK ? RESULT_OK : too_large(result, err);
}

enum result csr_build(const struct key *key, const struct names *names, struct buf *out_der,
                      struct error *err) {
    return csr_build_device(key, NULL, names, out_der, err);
}

// --- reading ---

static enum result use_extension(struct csr *csr, const struct extension *extension,
                                 struct error *err) {
    int path_length = 0;
    switch (extension->oid) {
    case OID_SUBJECT_ALT_NAME:
        return names_read_san(&csr->names, extension->value, false, err);
    case OID_BASIC_CONSTRAINTS:
        return extension_read_basic_constraints(extension->value, &csr->asks_for_ca,
                                                &path_length, err);
    case OID_KEY_USAGE:
    case OID_EXTENDED_KEY_USAGE:
    case OID_SUBJECT_KEY_ID:
        return der_check(extension->value, err); // the profile decides these
    default:
        return RESULT_OK;
    }
}

static enum result read_extension_request(struct csr *csr, struct der *values,
                                          struct error *err) {
    struct extensions extensions = {0};
    TRY(extensions_read(values, &extensions, err));
    TRY(der_expect_end(values, err)); // SINGLE VALUE TRUE
    for (size_t i = 0; i < extensions.count; i++) {
        TRY(use_extension(csr, &extensions.items[i], err));
    }
    return RESULT_OK;
}

static enum result read_attributes(struct csr *csr, struct der *attributes, struct error *err) {
    struct bytes seen[LIMIT_EXTENSIONS];
    size_t count = 0;
    while (!der_at_end(attributes)) {
        struct der attribute = {0}, values = {0};
        struct bytes type = {0};
        TRY(der_enter(attributes, DER_SEQUENCE, &attribute, err));
        TRY(der_read(&attribute, DER_OID, &type, err));
        TRY(der_enter(&attribute, DER_SET, &values, err));
        TRY(der_expect_end(&attribute, err));
        for (size_t i = 0; i < count; i++) {
            if (bytes_equal(seen[i], type)) {
                return error_set(err, RESULT_INVALID,
                                 "an attribute of the request is there twice");
            }
        }
        if (count == LIMIT_EXTENSIONS) {
            return error_set(err, RESULT_INVALID, "the request has more than %d attributes",
                             LIMIT_EXTENSIONS);
        }
        seen[count++] = type;
        if (oid_find(type) == OID_EXTENSION_REQUEST) {
            TRY(read_extension_request(csr, &values, err));
        }
    }
    return RESULT_OK;
}

static enum result read_info(struct csr *csr, struct error *err) {
    struct der der = der_of(csr->info), info = {0}, attributes = {0};
    int64_t version = 0;
    TRY(der_enter(&der, DER_SEQUENCE, &info, err));
    TRY(der_read_integer(&info, &version, err));
    if (version != 0) {
        return error_set(err, RESULT_INVALID, "the request has version %lld; expected 0",
                         (long long)version);
    }
    TRY(der_read_element(&info, DER_SEQUENCE, &csr->subject, err));
    TRY(names_read_subject(&csr->names, csr->subject, err));
    TRY(der_read_element(&info, DER_SEQUENCE, &csr->spki, err));
    TRY(public_key_check(csr->spki, &csr->algorithm, err));
    TRY(der_enter(&info, DER_CONTEXT_CONSTRUCTED(0), &attributes, err));
    TRY(der_expect_end(&info, err));
    return read_attributes(csr, &attributes, err);
}

enum result csr_read(struct bytes der_bytes, struct csr *out_csr, struct error *err) {
    if (der_bytes.size > LIMIT_CSR_BYTES) {
        return error_set(err, RESULT_LIMIT, "the request has %zu bytes; at most %d are read",
                         der_bytes.size, LIMIT_CSR_BYTES);
    }
    AUTO(csr_clear) struct csr csr = {.der = der_bytes};
    struct der der = der_of(der_bytes), inside = {0};
    TRY(der_check(der_bytes, err));
    TRY(der_enter(&der, DER_SEQUENCE, &inside, err));
    TRY(der_read_element(&inside, DER_SEQUENCE, &csr.info, err));
    TRY(der_read_element(&inside, DER_SEQUENCE, &csr.signature_algorithm, err));
    TRY(der_read_bit_string(&inside, &csr.signature, err));
    TRY(der_expect_end(&inside, err));
    TRY(read_info(&csr, err));
    csr_clear(out_csr);
    *out_csr = csr;
    csr = (struct csr){0};
    return RESULT_OK;
}

enum result csr_verify(const struct csr *csr, struct error *err) {
    enum result result =
        public_key_verify(csr->spki, csr->signature_algorithm, csr->info, csr->signature, err);
    if (result != RESULT_OK) {
        error_context(err, "the request does not prove that its sender has the key");
    }
    return result;
}
