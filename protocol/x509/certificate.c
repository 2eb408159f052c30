// Reading certificates.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "x509/certificate.h"

#include "x509/der.h"
#include "x509/extension.h"

// --- extensions ---

static enum result read_key_usage(struct certificate *certificate,
                                  const struct extension *extension, struct error *err) {
    struct der der = der_of(extension->value);
    TRY(der_read_named_bits(&der, &certificate->key_usage, err));
    certificate->has_key_usage = true;
    certificate->key_usage_critical = extension->is_critical;
    return der_expect_end(&der, err);
}

static enum result read_extended_key_usage(struct certificate *certificate,
                                           const struct extension *extension,
                                           struct error *err) {
    struct der der = der_of(extension->value), inside = {0};
    struct bytes oid = {0};
    TRY(der_enter(&der, DER_SEQUENCE, &inside, err));
    TRY(der_expect_end(&der, err));
    certificate->extended_key_usages = inside.left;
    do { // RFC 5280, 4.2.1.12: at least one
        TRY(der_read(&inside, DER_OID, &oid, err));
    } while (!der_at_end(&inside));
    return RESULT_OK;
}

static enum result read_subject_key_id(struct certificate *certificate,
                                       const struct extension *extension, struct error *err) {
    struct der der = der_of(extension->value);
    TRY(der_read(&der, DER_OCTET_STRING, &certificate->subject_key_id, err));
    return der_expect_end(&der, err);
}

static enum result use_extension(struct certificate *certificate,
                                 const struct extension *extension, struct error *err) {
    switch (extension->oid) {
    case OID_BASIC_CONSTRAINTS:
        certificate->has_basic_constraints = true;
        certificate->basic_constraints_critical = extension->is_critical;
        return extension_read_basic_constraints(extension->value, &certificate->is_ca,
                                                &certificate->path_length, err);
    case OID_KEY_USAGE:
        return read_key_usage(certificate, extension, err);
    case OID_EXTENDED_KEY_USAGE:
        return read_extended_key_usage(certificate, extension, err);
    case OID_SUBJECT_ALT_NAME:
        certificate->has_subject_alt_name = true;
        certificate->subject_alt_name_critical = extension->is_critical;
        certificate->subject_alt_name = extension->value;
        return der_check(extension->value, err);
    case OID_SUBJECT_KEY_ID:
        return read_subject_key_id(certificate, extension, err);
    case OID_AUTHORITY_KEY_ID:
        return extension_read_authority_key_id(extension->value, &certificate->authority_key_id,
                                               err);
    case OID_CRL_DISTRIBUTION_POINTS:
        certificate->crl_distribution_points = extension->value;
        return der_check(extension->value, err);
    case OID_AUTHORITY_INFO_ACCESS:
        certificate->authority_info_access = extension->value;
        return der_check(extension->value, err);
    default: // also those of the table that are not enforced here, such as nameConstraints
        certificate->has_unknown_critical |= extension->is_critical;
        return RESULT_OK;
    }
}

static enum result read_extensions(struct certificate *certificate, struct der *tbs,
                                   struct error *err) {
    struct der wrapper = {0};
    struct extensions extensions = {0};
    TRY(der_enter(tbs, DER_CONTEXT_CONSTRUCTED(3), &wrapper, err));
    TRY(extensions_read(&wrapper, &extensions, err));
    TRY(der_expect_end(&wrapper, err));
    for (size_t i = 0; i < extensions.count; i++) {
        TRY(use_extension(certificate, &extensions.items[i], err));
    }
    return RESULT_OK;
}

// --- the fields of a TBSCertificate (RFC 5280, 4.1) ---

static enum result read_version(struct certificate *certificate, struct der *tbs,
                                struct error *err) {
    certificate->version = 1;
    if (der_peek(tbs) != DER_CONTEXT_CONSTRUCTED(0)) {
        return RESULT_OK;
    }
    struct der wrapper = {0};
    int64_t version = 0;
    TRY(der_enter(tbs, DER_CONTEXT_CONSTRUCTED(0), &wrapper, err));
    TRY(der_read_integer(&wrapper, &version, err));
    TRY(der_expect_end(&wrapper, err));
    if (version != 2) {
        return error_set(err, RESULT_INVALID,
                         "the certificate's version field is %lld; expected 2 (version 3)",
                         (long long)version);
    }
    certificate->version = 3;
    return RESULT_OK;
}

static enum result read_serial(struct certificate *certificate, struct der *tbs,
                               struct error *err) {
    struct der before = *tbs;
    struct bytes content = {0};
    TRY(der_read(&before, DER_INTEGER, &content, err));
    if (content.size > LIMIT_SERIAL_BYTES) { // with the sign octet, as RFC 5280, 4.1.2.2 counts
        return error_set_code(err, RESULT_INVALID, "serial_invalid",
                              "the serial number has %zu octets; expected 1 to %d",
                              content.size, LIMIT_SERIAL_BYTES);
    }
    TRY(der_read_unsigned(tbs, &certificate->serial, err));
    if (certificate->serial.size == 0) {
        return error_set_code(err, RESULT_INVALID, "serial_invalid",
                              "the serial number is zero; expected a positive one");
    }
    return RESULT_OK;
}

static enum result read_validity(struct certificate *certificate, struct der *tbs,
                                 struct error *err) {
    struct der validity = {0};
    TRY(der_enter(tbs, DER_SEQUENCE, &validity, err));
    TRY(der_read_time(&validity, &certificate->not_before, err));
    TRY(der_read_time(&validity, &certificate->not_after, err));
    TRY(der_expect_end(&validity, err));
    if (certificate->not_before > certificate->not_after) {
        return error_set(err, RESULT_INVALID, "the certificate ends before it begins");
    }
    return RESULT_OK;
}

static enum result read_tbs(struct certificate *certificate, struct error *err) {
    struct der der = der_of(certificate->tbs), tbs = {0};
    certificate->path_length = PATH_LENGTH_NONE;
    TRY(der_enter(&der, DER_SEQUENCE, &tbs, err));
    TRY(der_expect_end(&der, err));
    TRY(read_version(certificate, &tbs, err));
    TRY(read_serial(certificate, &tbs, err));
    TRY(der_read_element(&tbs, DER_SEQUENCE, &certificate->tbs_signature_algorithm, err));
    TRY(der_read_element(&tbs, DER_SEQUENCE, &certificate->issuer, err));
    TRY(read_validity(certificate, &tbs, err));
    TRY(der_read_element(&tbs, DER_SEQUENCE, &certificate->subject, err));
    TRY(der_read_element(&tbs, DER_SEQUENCE, &certificate->spki, err));
    if (certificate->version == 3 && !der_at_end(&tbs)) {
        TRY(read_extensions(certificate, &tbs, err));
    }
    return der_expect_end(&tbs, err);
}

enum result certificate_read_tbs(struct bytes tbs, struct certificate *out_certificate,
                                 struct error *err) {
    struct certificate certificate = {.tbs = tbs};
    TRY(der_check(tbs, err));
    TRY(read_tbs(&certificate, err));
    *out_certificate = certificate;
    return RESULT_OK;
}

enum result certificate_read(struct bytes der_bytes, struct certificate *out_certificate,
                             struct error *err) {
    if (der_bytes.size > LIMIT_CERTIFICATE_BYTES) {
        return error_set(err, RESULT_LIMIT,
                         "the certificate has %zu bytes; at most %d are read", der_bytes.size,
                         LIMIT_CERTIFICATE_BYTES);
    }
    struct certificate certificate = {.der = der_bytes};
    struct der der = der_of(der_bytes), inside = {0};
    TRY(der_check(der_bytes, err));
    TRY(der_enter(&der, DER_SEQUENCE, &inside, err));
    TRY(der_read_element(&inside, DER_SEQUENCE, &certificate.tbs, err));
    TRY(der_read_element(&inside, DER_SEQUENCE, &certificate.signature_algorithm, err));
    TRY(der_read_bit_string(&inside, &certificate.signature, err));
    TRY(der_expect_end(&inside, err));
    TRY(read_tbs(&certificate, err));
    // RFC 5280, 4.1.1.2: only one of the two is signed.
    if (!bytes_equal(certificate.signature_algorithm, certificate.tbs_signature_algorithm)) {
        return error_set(err, RESULT_INVALID,
                         "the certificate names two different signature algorithms");
    }
    *out_certificate = certificate;
    return RESULT_OK;
}

enum result certificate_read_next(struct bytes *chain, struct certificate *out_certificate,
                                  struct error *err) {
    struct der der = der_of(*chain);
    struct bytes element = {0};
    TRY(der_read_element(&der, DER_SEQUENCE, &element, err));
    TRY(certificate_read(element, out_certificate, err));
    *chain = der.left;
    return RESULT_OK;
}

enum result certificate_names(const struct certificate *certificate, struct names *out_names,
                              struct error *err) {
    AUTO(names_clear) struct names names = {0};
    TRY(names_read_subject(&names, certificate->subject, err));
    if (certificate->has_subject_alt_name) {
        TRY(names_read_san(&names, certificate->subject_alt_name, true, err));
    }
    names_move(out_names, &names);
    return RESULT_OK;
}

bool certificate_has_extended_key_usage(const struct certificate *certificate, enum oid oid) {
    struct der der = der_of(certificate->extended_key_usages);
    struct bytes content = {0};
    while (!der_at_end(&der)) {
        if (der_read(&der, DER_OID, &content, NULL) != RESULT_OK) {
            return false;
        }
        if (bytes_equal(content, oid_content(oid))) {
            return true;
        }
    }
    return false;
}

bool certificate_is_self_issued(const struct certificate *certificate) {
    return bytes_equal(certificate->issuer, certificate->subject);
}
