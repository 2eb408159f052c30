// Reading and writing extensions.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "x509/extension.h"

#include <limits.h>

static enum result read_extension(struct der *der, struct extension *out_extension,
                                  struct error *err) {
    struct extension extension = {0};
    struct der inside = {0};
    TRY(der_enter(der, DER_SEQUENCE, &inside, err));
    TRY(der_read(&inside, DER_OID, &extension.type, err));
    if (der_peek(&inside) == DER_BOOLEAN) {
        TRY(der_read_boolean(&inside, &extension.is_critical, err));
        if (!extension.is_critical) { // X.690, 11.5: a default is not sent
            return error_set(err, RESULT_INVALID, "an extension with an encoded default value");
        }
    }
    TRY(der_read(&inside, DER_OCTET_STRING, &extension.value, err));
    TRY(der_expect_end(&inside, err));
    extension.oid = oid_find(extension.type);
    *out_extension = extension;
    return RESULT_OK;
}

static enum result check_new(const struct extensions *extensions, struct bytes type,
                             struct error *err) {
    for (size_t i = 0; i < extensions->count; i++) {
        if (bytes_equal(extensions->items[i].type, type)) {
            return error_set_code(err, RESULT_INVALID, "extension_duplicate",
                                  "the extension %s is there twice",
                                  oid_name(extensions->items[i].oid));
        }
    }
    if (extensions->count >= LIMIT_EXTENSIONS) {
        return error_set(err, RESULT_INVALID, "more than %d extensions", LIMIT_EXTENSIONS);
    }
    return RESULT_OK;
}

enum result extensions_read(struct der *der, struct extensions *out_extensions,
                            struct error *err) {
    out_extensions->count = 0;
    struct der list = {0};
    TRY(der_enter(der, DER_SEQUENCE, &list, err));
    do { // RFC 5280, 4.1: at least one
        struct extension extension = {0};
        TRY(read_extension(&list, &extension, err));
        TRY(check_new(out_extensions, extension.type, err));
        out_extensions->items[out_extensions->count++] = extension;
    } while (!der_at_end(&list));
    return RESULT_OK;
}

enum result extension_begin(struct buf *out, enum oid oid, bool is_critical,
                            struct extension_marks *out_marks) {
    TRY(der_begin(out, DER_SEQUENCE, &out_marks->extension));
    TRY(oid_write(out, oid));
    if (is_critical) {
        TRY(der_write_boolean(out, true));
    }
    return der_begin(out, DER_OCTET_STRING, &out_marks->value);
}

enum result extension_end(struct buf *out, const struct extension_marks *marks) {
    TRY(der_end(out, marks->value));
    return der_end(out, marks->extension);
}

enum result extension_read_basic_constraints(struct bytes value, bool *out_is_ca,
                                             int *out_path_length, struct error *err) {
    struct der der = der_of(value), inside = {0};
    bool is_ca = false;
    int64_t path_length = -1;
    TRY(der_enter(&der, DER_SEQUENCE, &inside, err));
    TRY(der_expect_end(&der, err));
    if (der_peek(&inside) == DER_BOOLEAN) {
        TRY(der_read_boolean(&inside, &is_ca, err));
        if (!is_ca) {
            return error_set(err, RESULT_INVALID, "basicConstraints with an encoded default");
        }
    }
    if (!der_at_end(&inside)) {
        TRY(der_read_integer(&inside, &path_length, err));
        if (path_length < 0 || path_length > INT_MAX || !is_ca) {
            return error_set(err, RESULT_INVALID,
                             "basicConstraints with a path length that is negative, too large, "
                             "or without CA:TRUE");
        }
    }
    TRY(der_expect_end(&inside, err));
    *out_is_ca = is_ca;
    *out_path_length = (int)path_length;
    return RESULT_OK;
}

enum result extension_read_authority_key_id(struct bytes value, struct bytes *out_key_id,
                                            struct error *err) {
    struct der der = der_of(value), inside = {0};
    struct bytes key_id = {0}, skipped = {0};
    uint8_t tag = 0;
    TRY(der_enter(&der, DER_SEQUENCE, &inside, err));
    TRY(der_expect_end(&der, err));
    if (der_peek(&inside) == DER_CONTEXT(0)) {
        TRY(der_read(&inside, DER_CONTEXT(0), &key_id, err));
    }
    while (!der_at_end(&inside)) { // issuer and serial number, which OpenSSL adds on request
        TRY(der_read_any(&inside, &tag, &skipped, err));
    }
    *out_key_id = key_id;
    return RESULT_OK;
}

enum result extension_write_authority_key_id(struct buf *out, struct bytes key_id) {
    struct extension_marks marks = {0};
    size_t mark = 0;
    TRY(extension_begin(out, OID_AUTHORITY_KEY_ID, false, &marks));
    TRY(der_begin(out, DER_SEQUENCE, &mark));
    TRY(der_write(out, DER_CONTEXT(0), key_id));
    TRY(der_end(out, mark));
    return extension_end(out, &marks);
}
