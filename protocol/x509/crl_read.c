// Reading, verifying and searching certificate revocation lists.
// SPDX-License-Identifier: GPL-3.0-or-later
#include <string.h>

#include "x509/crl.h"
#include "x509/der.h"
#include "x509/extension.h"

// --- entries ---

static enum result read_reason(struct bytes value, struct crl_entry *entry, struct error *err) {
    struct der der = der_of(value);
    struct bytes content = {0};
    TRY(der_read(&der, DER_ENUMERATED, &content, err));
    TRY(der_expect_end(&der, err));
    if (content.size != 1 || content.data[0] > CRL_REASON_AA_COMPROMISE) {
        return error_set(err, RESULT_INVALID, "a CRL entry has an unknown reason");
    }
    entry->reason = content.data[0];
    return RESULT_OK;
}

static enum result use_entry_extension(struct crl_entry *entry,
                                       const struct extension *extension, struct error *err) {
    struct der der = der_of(extension->value);
    switch (extension->oid) {
    case OID_CRL_REASON:
        return read_reason(extension->value, entry, err);
    case OID_INVALIDITY_DATE:
        TRY(der_read_time(&der, &entry->invalid_since, err));
        return der_expect_end(&der, err);
    default:
        entry->has_unknown_critical |= extension->is_critical;
        return RESULT_OK;
    }
}

static enum result read_entry(struct der *list, struct crl_entry *out_entry,
                              struct error *err) {
    struct crl_entry entry = {0};
    struct der inside = {0};
    struct bytes serial = {0};
    TRY(der_enter(list, DER_SEQUENCE, &inside, err));
    TRY(der_read_unsigned(&inside, &serial, err));
    if (serial.size > LIMIT_SERIAL_BYTES) {
        return error_set_code(err, RESULT_INVALID, "serial_invalid",
                              "a revoked serial number has %zu octets; expected at most %d",
                              serial.size, LIMIT_SERIAL_BYTES);
    }
    if (serial.size > 0) {
        memcpy(entry.serial, serial.data, serial.size);
    }
    entry.serial_size = (uint8_t)serial.size;
    TRY(der_read_time(&inside, &entry.revoked_at, err));
    if (!der_at_end(&inside)) {
        struct extensions extensions; // 2 kB, filled only where they exist
        TRY(extensions_read(&inside, &extensions, err));
        for (size_t i = 0; i < extensions.count; i++) {
            TRY(use_entry_extension(&entry, &extensions.items[i], err));
        }
    }
    TRY(der_expect_end(&inside, err));
    *out_entry = entry;
    return RESULT_OK;
}

enum result crl_next_entry(struct bytes *cursor, struct crl_entry *out_entry,
                           struct error *err) {
    struct der der = der_of(*cursor);
    if (der_at_end(&der)) {
        return RESULT_NOT_FOUND; // the ordinary end of a walk
    }
    TRY(read_entry(&der, out_entry, err));
    *cursor = der.left;
    return RESULT_OK;
}

enum result crl_count(const struct crl *crl, size_t *out_count, struct error *err) {
    struct der der = der_of(crl->entries);
    struct bytes skipped = {0};
    size_t count = 0;
    while (!der_at_end(&der)) {
        TRY(der_read(&der, DER_SEQUENCE, &skipped, err));
        count++;
    }
    *out_count = count;
    return RESULT_OK;
}

enum result crl_find(const struct crl *crl, struct bytes serial, struct crl_entry *out_entry,
                     struct error *err) {
    struct der der = der_of(crl->entries);
    while (serial.size > 0 && serial.data[0] == 0) {
        serial = bytes_slice(serial, 1, serial.size);
    }
    while (!der_at_end(&der)) {
        struct der entry = der, inside = {0};
        struct bytes listed = {0};
        TRY(der_enter(&der, DER_SEQUENCE, &inside, err));
        TRY(der_read_unsigned(&inside, &listed, err));
        if (bytes_equal(listed, serial)) {
            return read_entry(&entry, out_entry, err);
        }
    }
    return error_set(err, RESULT_NOT_FOUND, "the serial number is not in the CRL");
}

// --- the list ---

static enum result check_entries(struct crl *crl, struct error *err) {
    struct der der = der_of(crl->entries);
    struct crl_entry entry = {0};
    while (!der_at_end(&der)) {
        TRY(read_entry(&der, &entry, err));
        crl->has_unknown_critical |= entry.has_unknown_critical;
    }
    return RESULT_OK;
}

static enum result use_extension(struct crl *crl, const struct extension *extension,
                                 struct error *err) {
    struct der der = der_of(extension->value);
    switch (extension->oid) {
    case OID_CRL_NUMBER:
        TRY(der_read_unsigned(&der, &crl->number, err));
        if (crl->number.size == 0) {
            crl->number = BYTES_LITERAL("\0"); // zero is a number, absence is not
        }
        return der_expect_end(&der, err);
    case OID_AUTHORITY_KEY_ID:
        return extension_read_authority_key_id(extension->value, &crl->authority_key_id, err);
    default: // also issuingDistributionPoint, whose scope is not enforced here
        crl->has_unknown_critical |= extension->is_critical;
        return RESULT_OK;
    }
}

static enum result read_extensions(struct crl *crl, struct der *tbs, struct error *err) {
    struct der wrapper = {0};
    struct extensions extensions = {0};
    TRY(der_enter(tbs, DER_CONTEXT_CONSTRUCTED(0), &wrapper, err));
    TRY(extensions_read(&wrapper, &extensions, err));
    TRY(der_expect_end(&wrapper, err));
    for (size_t i = 0; i < extensions.count; i++) {
        TRY(use_extension(crl, &extensions.items[i], err));
    }
    return RESULT_OK;
}

static bool is_time(uint8_t tag) {
    return tag == DER_UTC_TIME || tag == DER_GENERALIZED_TIME;
}

// TBSCertList (RFC 5280, 5.1).
static enum result read_tbs(struct crl *crl, struct error *err) {
    struct der der = der_of(crl->tbs), tbs = {0}, entries = {0};
    struct bytes algorithm = {0};
    int64_t version = 0;
    TRY(der_enter(&der, DER_SEQUENCE, &tbs, err));
    if (der_peek(&tbs) == DER_INTEGER) {
        TRY(der_read_integer(&tbs, &version, err));
        if (version != 1) {
            return error_set(err, RESULT_INVALID,
                             "the CRL's version field is %lld; expected 1 (version 2)",
                             (long long)version);
        }
    }
    TRY(der_read_element(&tbs, DER_SEQUENCE, &algorithm, err));
    if (!bytes_equal(algorithm, crl->signature_algorithm)) {
        return error_set(err, RESULT_INVALID,
                         "the CRL names two different signature algorithms");
    }
    TRY(der_read_element(&tbs, DER_SEQUENCE, &crl->issuer, err));
    TRY(der_check(crl->issuer, err));
    TRY(der_read_time(&tbs, &crl->this_update, err));
    if (is_time(der_peek(&tbs))) {
        TRY(der_read_time(&tbs, &crl->next_update, err));
    }
    if (der_peek(&tbs) == DER_SEQUENCE) {
        TRY(der_enter(&tbs, DER_SEQUENCE, &entries, err));
        crl->entries = entries.left;
    }
    if (version == 1 && !der_at_end(&tbs)) {
        TRY(read_extensions(crl, &tbs, err));
    }
    return der_expect_end(&tbs, err);
}

enum result crl_read_frame(struct bytes der_bytes, struct crl *out_crl, struct error *err) {
    if (der_bytes.size > LIMIT_CRL_BYTES) {
        return error_set(err, RESULT_LIMIT, "the CRL has %zu bytes; at most %d are read",
                         der_bytes.size, LIMIT_CRL_BYTES);
    }
    struct crl crl = {.der = der_bytes};
    struct der der = der_of(der_bytes), inside = {0};
    TRY(der_enter(&der, DER_SEQUENCE, &inside, err));
    TRY(der_expect_end(&der, err));
    TRY(der_read_element(&inside, DER_SEQUENCE, &crl.tbs, err));
    TRY(der_read_element(&inside, DER_SEQUENCE, &crl.signature_algorithm, err));
    TRY(der_read_bit_string(&inside, &crl.signature, err));
    TRY(der_expect_end(&inside, err));
    TRY(read_tbs(&crl, err));
    *out_crl = crl;
    return RESULT_OK;
}

enum result crl_read(struct bytes der, struct crl *out_crl, struct error *err) {
    struct crl crl = {0};
    TRY(crl_read_frame(der, &crl, err));
    TRY(check_entries(&crl, err));
    *out_crl = crl;
    return RESULT_OK;
}

enum result crl_read_next(struct bytes *list, struct crl *out_crl, struct error *err) {
    struct der der = der_of(*list);
    struct bytes element = {0};
    TRY(der_read_element(&der, DER_SEQUENCE, &element, err));
    TRY(crl_read(element, out_crl, err));
    *list = der.left;
    return RESULT_OK;
}

static enum result other_issuer(struct error *err, const char *what) {
    return error_set_code(err, RESULT_DENIED, "issuer_other", "the CRL is not by this CA: %s",
                          what);
}

enum result crl_verify_frame(const struct crl *crl, const struct certificate *issuer,
                             struct error *err) {
    if (!bytes_equal(crl->issuer, issuer->subject)) {
        return other_issuer(err, "its issuer has another name");
    }
    bool has_both_ids = crl->authority_key_id.size > 0 && issuer->subject_key_id.size > 0;
    if (has_both_ids && !bytes_equal(crl->authority_key_id, issuer->subject_key_id)) {
        return other_issuer(err, "its key identifier is another");
    }
    if (issuer->has_key_usage && (issuer->key_usage & KEY_USAGE_CRL_SIGN) == 0) {
        return error_set_code(err, RESULT_DENIED, "issuer_no_ca",
                              "the issuer's key usage has no cRLSign");
    }
    if (!issuer->is_ca && issuer->version != 1) {
        return error_set_code(err, RESULT_DENIED, "issuer_no_ca", "the CRL's issuer is no CA");
    }
    if (crl->has_unknown_critical) {
        return error_set_code(err, RESULT_DENIED, "extension_unknown",
                              "the CRL has a critical extension that is not supported, such as "
                              "issuingDistributionPoint; expected one complete CRL");
    }
    return RESULT_OK;
}

enum result crl_verify(const struct crl *crl, const struct certificate *issuer,
                       struct error *err) {
    TRY(crl_verify_frame(crl, issuer, err));
    return public_key_verify(issuer->spki, crl->signature_algorithm, crl->tbs, crl->signature,
                             err);
}
