// Building and signing certificates by the profile of RFC 5280.
// SPDX-License-Identifier: GPL-3.0-or-later
#include <string.h>

#include "base/random.h"
#include "x509/certificate.h"
#include "x509/der.h"
#include "x509/extension.h"

// GeneralName and DistributionPoint choices.
#define GENERAL_NAME_URI DER_CONTEXT(6)
#define DISTRIBUTION_POINT_NAME DER_CONTEXT_CONSTRUCTED(0)
#define FULL_NAME DER_CONTEXT_CONSTRUCTED(0)

static enum result write_validity(struct buf *out, const struct certificate_plan *plan) {
    size_t mark = 0;
    TRY(der_begin(out, DER_SEQUENCE, &mark));
    TRY(der_write_time(out, plan->not_before));
    TRY(der_write_time(out, plan->not_after));
    return der_end(out, mark);
}

static enum result write_basic_constraints(struct buf *out,
                                           const struct certificate_plan *plan) {
    struct extension_marks marks = {0};
    size_t mark = 0;
    TRY(extension_begin(out, OID_BASIC_CONSTRAINTS, true, &marks));
    TRY(der_begin(out, DER_SEQUENCE, &mark));
    if (plan->is_ca) {
        TRY(der_write_boolean(out, true));
        if (plan->path_length != PATH_LENGTH_NONE) {
            TRY(der_write_integer(out, plan->path_length));
        }
    }
    TRY(der_end(out, mark));
    return extension_end(out, &marks);
}

static enum result write_key_usage(struct buf *out, uint16_t bits) {
    struct extension_marks marks = {0};
    if (bits == 0) {
        return RESULT_OK;
    }
    TRY(extension_begin(out, OID_KEY_USAGE, true, &marks));
    TRY(der_write_named_bits(out, bits));
    return extension_end(out, &marks);
}

static enum result write_extended_key_usages(struct buf *out,
                                             const struct certificate_plan *plan) {
    const enum oid *usages = plan->extended_key_usages;
    struct extension_marks marks = {0};
    size_t mark = 0;
    if (usages[0] == OID_UNKNOWN && plan->other_usages.size == 0) {
        return RESULT_OK;
    }
    TRY(extension_begin(out, OID_EXTENDED_KEY_USAGE, false, &marks));
    TRY(der_begin(out, DER_SEQUENCE, &mark));
    for (size_t i = 0; i < LIMIT_EXTENDED_KEY_USAGES && usages[i] != OID_UNKNOWN; i++) {
        TRY(oid_write(out, usages[i]));
    }
    TRY(der_write_raw(out, plan->other_usages));
    TRY(der_end(out, mark));
    return extension_end(out, &marks);
}

static enum result write_subject_alt_name(struct buf *out, const struct names *names) {
    struct extension_marks marks = {0};
    if (names->count == names_count_type(names, NAME_CN)) {
        return RESULT_OK;
    }
    // RFC 5280, 4.2.1.6: critical when the subject is empty.
    TRY(extension_begin(out, OID_SUBJECT_ALT_NAME, names_first(names, NAME_CN) == NULL,
                        &marks));
    TRY(names_write_san(out, names));
    return extension_end(out, &marks);
}

static enum result write_subject_key_id(struct buf *out, struct bytes spki) {
    struct extension_marks marks = {0};
    uint8_t identifier[SHA1_SIZE];
    TRY(public_key_identifier(spki, identifier));
    TRY(extension_begin(out, OID_SUBJECT_KEY_ID, false, &marks));
    TRY(der_write(out, DER_OCTET_STRING, bytes_of(identifier, sizeof(identifier))));
    return extension_end(out, &marks);
}

static enum result write_crl_distribution_point(struct buf *out, const char *url) {
    struct extension_marks marks = {0};
    size_t points = 0, point = 0, name = 0, full_name = 0;
    if (url == NULL) {
        return RESULT_OK;
    }
    TRY(extension_begin(out, OID_CRL_DISTRIBUTION_POINTS, false, &marks));
    TRY(der_begin(out, DER_SEQUENCE, &points));
    TRY(der_begin(out, DER_SEQUENCE, &point));
    TRY(der_begin(out, DISTRIBUTION_POINT_NAME, &name));
    TRY(der_begin(out, FULL_NAME, &full_name));
    TRY(der_write(out, GENERAL_NAME_URI, bytes_of_string(url)));
    TRY(der_end(out, full_name));
    TRY(der_end(out, name));
    TRY(der_end(out, point));
    TRY(der_end(out, points));
    return extension_end(out, &marks);
}

static enum result write_access(struct buf *out, enum oid method, const char *url) {
    size_t mark = 0;
    if (url == NULL) {
        return RESULT_OK;
    }
    TRY(der_begin(out, DER_SEQUENCE, &mark));
    TRY(oid_write(out, method));
    TRY(der_write(out, GENERAL_NAME_URI, bytes_of_string(url)));
    return der_end(out, mark);
}

static enum result write_authority_info_access(struct buf *out,
                                               const struct certificate_plan *plan) {
    struct extension_marks marks = {0};
    size_t mark = 0;
    if (plan->ocsp_url == NULL && plan->ca_issuers_url == NULL) {
        return RESULT_OK;
    }
    TRY(extension_begin(out, OID_AUTHORITY_INFO_ACCESS, false, &marks));
    TRY(der_begin(out, DER_SEQUENCE, &mark));
    TRY(write_access(out, OID_AD_OCSP, plan->ocsp_url));
    TRY(write_access(out, OID_AD_CA_ISSUERS, plan->ca_issuers_url));
    TRY(der_end(out, mark));
    return extension_end(out, &marks);
}

static enum result write_no_check(struct buf *out) {
    struct extension_marks marks = {0};
    TRY(extension_begin(out, OID_OCSP_NO_CHECK, false, &marks));
    TRY(der_write_null(out));
    return extension_end(out, &marks);
}

static enum result write_extensions(struct buf *out, const struct certificate_plan *plan) {
    size_t wrapper = 0, list = 0;
    TRY(der_begin(out, DER_CONTEXT_CONSTRUCTED(3), &wrapper));
    TRY(der_begin(out, DER_SEQUENCE, &list));
    TRY(write_basic_constraints(out, plan));
    TRY(write_key_usage(out, plan->key_usage));
    TRY(write_extended_key_usages(out, plan));
    TRY(write_subject_alt_name(out, plan->names));
    TRY(write_subject_key_id(out, plan->spki));
    if (plan->authority_key_id.size > 0) {
        TRY(extension_write_authority_key_id(out, plan->authority_key_id));
    }
    TRY(write_crl_distribution_point(out, plan->crl_url));
    TRY(write_authority_info_access(out, plan));
    if (plan->ocsp_no_check) {
        TRY(write_no_check(out));
    }
    TRY(der_end(out, list));
    return der_end(out, wrapper);
}

static enum result write_tbs(struct buf *out, const struct certificate_plan *plan,
                             struct bytes signature_algorithm) {
    size_t tbs = 0, version = 0;
    TRY(der_begin(out, DER_SEQUENCE, &tbs));
    TRY(der_begin(out, DER_CONTEXT_CONSTRUCTED(0), &version));
    TRY(der_write_integer(out, 2));
    TRY(der_end(out, version));
    TRY(der_write_unsigned(out, DER_INTEGER, plan->serial));
    TRY(der_write_raw(out, signature_algorithm));
    TRY(der_write_raw(out, plan->issuer));
    TRY(write_validity(out, plan));
    TRY(distinguished_name_write(out, names_first(plan->names, NAME_CN)));
    TRY(der_write_raw(out, plan->spki));
    TRY(write_extensions(out, plan));
    return der_end(out, tbs);
}

static bool is_serial(struct bytes serial) {
    // Also the octet that keeps a number with the top bit positive must fit (RFC
    // 5280, 4.1.2.2).
    return serial.size > 0 && serial.data[0] != 0 &&
           serial.size + (serial.data[0] >> 7) <= LIMIT_SERIAL_BYTES;
}

static enum result check_plan(const struct certificate_plan *plan, struct error *err) {
    if (!is_serial(plan->serial)) {
        return error_set_code(err, RESULT_INVALID, "serial_invalid",
                              "a serial number is positive, of at most %d octets",
                              LIMIT_SERIAL_BYTES);
    }
    if (plan->not_before > plan->not_after) {
        return error_set(err, RESULT_INVALID, "the certificate would end before it begins");
    }
    size_t common_names = names_count_type(plan->names, NAME_CN);
    if (common_names > 1) {
        return error_set_code(err, RESULT_INVALID, "name_duplicate",
                              "a certificate has one common name at most; came %zu",
                              common_names);
    }
    // RFC 5280, 4.1.2.6: a CA has a subject; an end entity that or a subjectAltName.
    if (plan->names->count == 0 || (plan->is_ca && common_names == 0)) {
        return error_set_code(err, RESULT_INVALID, "names_missing",
                              plan->is_ca ? "a CA needs a common name"
                                          : "a certificate needs at least one name");
    }
    bool may_sign = (plan->key_usage & KEY_USAGE_KEY_CERT_SIGN) != 0;
    if (!plan->is_ca && (may_sign || plan->path_length > 0)) {
        return error_set(err, RESULT_INVALID,
                         "only a CA has a path length and the key usage keyCertSign");
    }
    return RESULT_OK;
}

static enum result failed(enum result result, struct error *err) {
    if (result == RESULT_LIMIT) {
        return error_set(err, result, "the certificate is larger than %d bytes",
                         LIMIT_CERTIFICATE_BYTES);
    }
    return error_set(err, result, "could not encode the certificate");
}

enum result certificate_build_tbs(const struct certificate_plan *plan,
                                  struct bytes signature_algorithm, struct buf *out_tbs,
                                  struct error *err) {
    TRY(check_plan(plan, err));
    AUTO(buf_clear) struct buf tbs = {0};
    buf_init(&tbs, LIMIT_CERTIFICATE_BYTES);
    enum result result = write_tbs(&tbs, plan, signature_algorithm);
    if (result == RESULT_OK) {
        result = buf_append(out_tbs, buf_bytes(&tbs));
    }
    return result == RESULT_OK ? RESULT_OK : failed(result, err);
}

static enum result write_certificate(struct buf *out, struct bytes tbs, const struct key *key,
                                     struct bytes signature) {
    size_t mark = 0;
    TRY(der_begin(out, DER_SEQUENCE, &mark));
    TRY(der_write_raw(out, tbs));
    TRY(der_write_raw(out, key_signature_algorithm(key)));
    TRY(der_write_bit_string(out, signature));
    return der_end(out, mark);
}

enum result certificate_sign(struct bytes tbs, const struct key *key, struct buf *out_der,
                             struct error *err) {
    AUTO(buf_clear) struct buf signature = {0}, der = {0};
    buf_init(&signature, LIMIT_CERTIFICATE_BYTES);
    buf_init(&der, LIMIT_CERTIFICATE_BYTES);
    TRY(key_sign(key, tbs, &signature, err));
    enum result result = write_certificate(&der, tbs, key, buf_bytes(&signature));
    if (result == RESULT_OK) {
        result = buf_append(out_der, buf_bytes(&der));
    }
    return result == RESULT_OK ? RESULT_OK : failed(result, err);
}

enum result certificate_make_serial(uint8_t out_serial[SERIAL_SIZE], struct error *err) {
    uint8_t serial[SERIAL_SIZE];
    do {
        TRY(random_bytes(serial, sizeof(serial), err));
        serial[0] &= 0x7f;
    } while (serial[0] == 0); // keeps all 16 octets in the encoding
    memcpy(out_serial, serial, sizeof(serial));
    return RESULT_OK;
}
