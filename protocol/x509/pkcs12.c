// Writing PKCS#12: bags with attributes, in safes, in an authenticated whole.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "x509/pkcs12.h"

#include <string.h>

#include "base/limits.h"
#include "base/text.h"
#include "x509/certificate.h"
#include "x509/der.h"
#include "x509/oid.h"
#include "x509/password_encryption.h"
#include "x509/pkcs12_mac.h"

#define VERSION 3
#define ATTRIBUTE_BYTES (2 * LIMIT_FRIENDLY_NAME_BYTES + 64)

static const char *const profile_names[] = {
#define PKCS12_NAME(constant, name) [PKCS12_##constant] = name,
    PKCS12_PROFILE_TABLE(PKCS12_NAME)
#undef PKCS12_NAME
};

static const struct {
    enum password_scheme scheme;
    enum pkcs12_hash mac;
} profiles[] = {
    [PKCS12_COMPAT] = {PASSWORD_SCHEME_SHA1_3DES, PKCS12_SHA1},
    [PKCS12_MODERN] = {PASSWORD_SCHEME_AES256, PKCS12_SHA256},
};

const char *pkcs12_profile_name(enum pkcs12_profile profile) {
    return profile_names[profile];
}

bool pkcs12_profile_from_name(const char *name, enum pkcs12_profile *out_profile) {
    for (size_t i = 0; i < PKCS12_PROFILE_COUNT; i++) {
        if (strcmp(profile_names[i], name) == 0) {
            *out_profile = (enum pkcs12_profile)i;
            return true;
        }
    }
    return false;
}

// --- what is refused -----------------------------------------------------------------------

enum result pkcs12_check_password(const char *password, struct error *err) {
    size_t size = strlen(password);
    if (size < LIMIT_PKCS12_PASSWORD_LEAST_BYTES || size > LIMIT_PKCS12_PASSWORD_BYTES) {
        return error_set_code(err, RESULT_INVALID, "password",
                              "the password has %zu characters; expected %d to %d", size,
                              LIMIT_PKCS12_PASSWORD_LEAST_BYTES, LIMIT_PKCS12_PASSWORD_BYTES);
    }
    for (size_t i = 0; i < size; i++) {
        if (password[i] < 0x20 || password[i] > 0x7e) {
            (void)error_set_code(err, RESULT_INVALID, "password",
                                 "the password has a character that is not printable ASCII");
            error_hint(err,
                       "Apps encode other characters in different ways, and then the right "
                       "password does not open the file: use letters, digits and signs.");
            return RESULT_INVALID;
        }
    }
    return RESULT_OK;
}

enum result pkcs12_check_friendly_name(const char *name, struct error *err) {
    struct bytes text = bytes_of_string(name);
    if (text.size == 0 || text.size > LIMIT_FRIENDLY_NAME_BYTES) {
        return error_set_code(err, RESULT_INVALID, "friendly_name",
                              "the friendly name has %zu bytes; expected 1 to %d", text.size,
                              LIMIT_FRIENDLY_NAME_BYTES);
    }
    if (!text_is_utf8(text) || text_has_control(text)) {
        return error_set_code(err, RESULT_INVALID, "friendly_name",
                              "the friendly name is not UTF-8, or has control characters");
    }
    AUTO(buf_clear) struct buf characters = {0};
    buf_init(&characters, 2 * LIMIT_FRIENDLY_NAME_BYTES);
    if (text_ucs2_encode(text, &characters) == RESULT_INVALID) {
        (void)error_set_code(
            err, RESULT_INVALID, "friendly_name",
            "the friendly name has a character above U+FFFF, such as an emoji");
        error_hint(err, "Some readers lose the whole name then: choose another with "
                        "--friendly-name.");
        return RESULT_INVALID;
    }
    return RESULT_OK;
}

// --- attributes ----------------------------------------------------------------------------

// What joins key and leaf: each attribute a whole element.
struct attributes {
    struct buf friendly_name, local_key_id;
};

static void attributes_clear(struct attributes *attributes) {
    buf_clear(&attributes->friendly_name);
    buf_clear(&attributes->local_key_id);
}

static enum result write_attribute(enum oid type, uint8_t tag, struct bytes value,
                                   struct buf *out) {
    size_t attribute = 0, values = 0;
    buf_init(out, ATTRIBUTE_BYTES);
    TRY(der_begin(out, DER_SEQUENCE, &attribute));
    TRY(oid_write(out, type));
    TRY(der_begin(out, DER_SET, &values));
    TRY(der_write(out, tag, value));
    TRY(der_end(out, values));
    return der_end(out, attribute);
}

static enum result make_attributes(const struct pkcs12_plan *plan, struct attributes *out) {
    AUTO(buf_clear) struct buf name = {0};
    uint8_t identifier[SHA1_SIZE];
    buf_init(&name, 2 * LIMIT_FRIENDLY_NAME_BYTES);
    TRY(text_ucs2_encode(bytes_of_string(plan->friendly_name), &name));
    TRY(write_attribute(OID_FRIENDLY_NAME, DER_BMP_STRING, buf_bytes(&name),
                        &out->friendly_name));
    TRY(public_key_identifier(key_public(plan->key), identifier));
    return write_attribute(OID_LOCAL_KEY_ID, DER_OCTET_STRING,
                           bytes_of(identifier, sizeof(identifier)), &out->local_key_id);
}

// A SET OF is sorted by its encoded elements (X.690, 11.6).
static enum result write_attributes(const struct attributes *attributes, struct buf *out) {
    struct bytes first = buf_bytes(&attributes->friendly_name);
    struct bytes second = buf_bytes(&attributes->local_key_id);
    bool is_sorted = bytes_compare(first, second) < 0;
    size_t set = 0;
    TRY(der_begin(out, DER_SET, &set));
    TRY(der_write_raw(out, is_sorted ? first : second));
    TRY(der_write_raw(out, is_sorted ? second : first));
    return der_end(out, set);
}

// --- bags ----------------------------------------------------------------------------------

static enum result begin_bag(enum oid type, struct buf *out, size_t out_marks[2]) {
    TRY(der_begin(out, DER_SEQUENCE, &out_marks[0]));
    TRY(oid_write(out, type));
    return der_begin(out, DER_CONTEXT_CONSTRUCTED(0), &out_marks[1]);
}

static enum result end_bag(const struct attributes *attributes, const size_t marks[2],
                           struct buf *out) {
    TRY(der_end(out, marks[1]));
    TRY(attributes != NULL ? write_attributes(attributes, out) : RESULT_OK);
    return der_end(out, marks[0]);
}

static enum result write_certificate_bag(struct bytes certificate,
                                         const struct attributes *attributes, struct buf *out) {
    size_t bag[2] = {0}, value = 0, content = 0;
    TRY(begin_bag(OID_CERTIFICATE_BAG, out, bag));
    TRY(der_begin(out, DER_SEQUENCE, &value));
    TRY(oid_write(out, OID_X509_CERTIFICATE));
    TRY(der_begin(out, DER_CONTEXT_CONSTRUCTED(0), &content));
    TRY(der_write(out, DER_OCTET_STRING, certificate));
    TRY(der_end(out, content));
    TRY(der_end(out, value));
    return end_bag(attributes, bag, out);
}

static enum result write_key_bag(const struct pkcs12_plan *plan,
                                 const struct attributes *attributes, struct buf *out,
                                 struct error *err) {
    AUTO(buf_clear) struct buf key = {0};
    buf_init_secret(&key, LIMIT_KEY_FILE_BYTES);
    TRY(key_save_pkcs8(plan->key, &key));
    size_t bag[2] = {0}, value = 0;
    TRY(begin_bag(OID_SHROUDED_KEY_BAG, out, bag));
    TRY(der_begin(out, DER_SEQUENCE, &value));
    TRY(password_encrypt(profiles[plan->profile].scheme, PKCS12_ITERATIONS, buf_bytes(&key),
                         plan->password, DER_OCTET_STRING, out, err));
    TRY(der_end(out, value));
    return end_bag(attributes, bag, out);
}

static enum result write_certificate_bags(const struct pkcs12_plan *plan,
                                          const struct attributes *attributes, struct buf *out,
                                          struct error *err) {
    size_t safe = 0;
    TRY(der_begin(out, DER_SEQUENCE, &safe));
    TRY(write_certificate_bag(plan->certificate, attributes, out));
    for (struct der chain = der_of(plan->chain); !der_at_end(&chain);) {
        struct bytes certificate = {0};
        TRY(der_read_element(&chain, DER_SEQUENCE, &certificate, err));
        TRY(write_certificate_bag(certificate, NULL, out));
    }
    return der_end(out, safe);
}

// --- safes ---------------------------------------------------------------------------------

// ContentInfo of the type data (RFC 5652, 4).
static enum result write_data(struct bytes octets, struct buf *out) {
    size_t information = 0, content = 0;
    TRY(der_begin(out, DER_SEQUENCE, &information));
    TRY(oid_write(out, OID_PKCS7_DATA));
    TRY(der_begin(out, DER_CONTEXT_CONSTRUCTED(0), &content));
    TRY(der_write(out, DER_OCTET_STRING, octets));
    TRY(der_end(out, content));
    return der_end(out, information);
}

// ContentInfo of the type encryptedData (RFC 5652, 8).
static enum result write_encrypted(const struct pkcs12_plan *plan, struct bytes octets,
                                   struct buf *out, struct error *err) {
    size_t information = 0, content = 0, data = 0, inside = 0;
    TRY(der_begin(out, DER_SEQUENCE, &information));
    TRY(oid_write(out, OID_PKCS7_ENCRYPTED_DATA));
    TRY(der_begin(out, DER_CONTEXT_CONSTRUCTED(0), &content));
    TRY(der_begin(out, DER_SEQUENCE, &data));
    TRY(der_write_integer(out, 0));
    TRY(der_begin(out, DER_SEQUENCE, &inside));
    TRY(oid_write(out, OID_PKCS7_DATA));
    TRY(password_encrypt(profiles[plan->profile].scheme, PKCS12_ITERATIONS, octets,
                         plan->password, DER_CONTEXT(0), out, err));
    TRY(der_end(out, inside));
    TRY(der_end(out, data));
    TRY(der_end(out, content));
    return der_end(out, information);
}

static enum result write_certificate_safe(const struct pkcs12_plan *plan,
                                          const struct attributes *attributes, struct buf *out,
                                          struct error *err) {
    AUTO(buf_clear) struct buf bags = {0};
    buf_init(&bags, LIMIT_PKCS12_BYTES);
    TRY(write_certificate_bags(plan, attributes, &bags, err));
    return write_encrypted(plan, buf_bytes(&bags), out, err);
}

static enum result write_key_safe(const struct pkcs12_plan *plan,
                                  const struct attributes *attributes, struct buf *out,
                                  struct error *err) {
    AUTO(buf_clear) struct buf bags = {0};
    size_t safe = 0;
    buf_init(&bags, LIMIT_PKCS12_BYTES);
    TRY(der_begin(&bags, DER_SEQUENCE, &safe));
    TRY(write_key_bag(plan, attributes, &bags, err));
    TRY(der_end(&bags, safe));
    return write_data(buf_bytes(&bags), out);
}

// --- the whole -----------------------------------------------------------------------------

static enum result check_plan(const struct pkcs12_plan *plan, struct error *err) {
    struct certificate certificate;
    TRY(pkcs12_check_password(plan->password, err));
    TRY(pkcs12_check_friendly_name(plan->friendly_name, err));
    TRY(certificate_read(plan->certificate, &certificate, err));
    return bytes_equal(certificate.spki, key_public(plan->key))
               ? RESULT_OK
               : error_set(err, RESULT_INVALID, "key and certificate do not belong together");
}

static enum result write_safes(const struct pkcs12_plan *plan, struct buf *out,
                               struct error *err) {
    AUTO(attributes_clear) struct attributes attributes = {0};
    size_t safes = 0;
    TRY(make_attributes(plan, &attributes));
    TRY(der_begin(out, DER_SEQUENCE, &safes));
    TRY(write_certificate_safe(plan, &attributes, out, err));
    TRY(write_key_safe(plan, &attributes, out, err));
    return der_end(out, safes);
}

enum result pkcs12_write(const struct pkcs12_plan *plan, struct buf *out_der,
                         struct error *err) {
    AUTO(buf_clear) struct buf safes = {0};
    buf_init(&safes, LIMIT_PKCS12_BYTES);
    TRY(check_plan(plan, err));
    TRY(write_safes(plan, &safes, err));
    size_t file = 0;
    TRY(der_begin(out_der, DER_SEQUENCE, &file));
    TRY(der_write_integer(out_der, VERSION));
    TRY(write_data(buf_bytes(&safes), out_der));
    TRY(pkcs12_write_mac(profiles[plan->profile].mac, PKCS12_ITERATIONS, buf_bytes(&safes),
                         plan->password, out_der, err));
    return der_end(out_der, file);
}
