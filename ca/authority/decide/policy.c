// Policy's decision on a TBSCertificate: it is read anew, and everything in it must be
// accounted for. SPDX-License-Identifier: GPL-3.0-or-later
#include "authority/decide/policy.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "authority/issuers/issuer.h"
#include "authority/decide/policy_names.h"
#include "x509/der.h"
#include "x509/hash.h"
#include "x509/oid.h"

// Octets of an OID that a profile may name.
#define USAGE_BYTES 64

// All that a decision looks at; the certificate's views point into the bytes to be signed.
struct decision_input {
    const struct certificate *certificate;
    const struct profile *profile;
    const struct grant *grant;
    const struct certificate *issuer;
    int64_t now;
};

static enum result deny(struct error *err, const struct profile *profile, const char *code,
                        const char *format, ...) __attribute__((format(printf, 4, 5)));
static enum result deny(struct error *err, const struct profile *profile, const char *code,
                        const char *format, ...) {
    char message[256];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(message, sizeof(message), format, arguments);
    va_end(arguments);
    return error_set_code(err, RESULT_DENIED, code, "profile %s: %s", profile->name, message);
}

// --- form ------------------------------------------------------------------------------------

enum criticality { NEVER_CRITICAL, ALWAYS_CRITICAL, EITHER };

#define EVERY_PROFILE SIZE_MAX

// Every extension a certificate of ours may have; anything else is refused.
static const struct {
    enum oid oid;
    enum criticality criticality;
    bool is_required;
    size_t allowed_offset; // of the profile's bool that allows it
} extensions[] = {
    {OID_SUBJECT_KEY_ID, NEVER_CRITICAL, true, EVERY_PROFILE},
    {OID_AUTHORITY_KEY_ID, NEVER_CRITICAL, true, EVERY_PROFILE},
    {OID_BASIC_CONSTRAINTS, ALWAYS_CRITICAL, true, EVERY_PROFILE},
    {OID_KEY_USAGE, ALWAYS_CRITICAL, true, EVERY_PROFILE},
    {OID_EXTENDED_KEY_USAGE, NEVER_CRITICAL, true, EVERY_PROFILE},
    {OID_SUBJECT_ALT_NAME, EITHER, false, EVERY_PROFILE},
    {OID_CRL_DISTRIBUTION_POINTS, NEVER_CRITICAL, false,
     offsetof(struct profile, crl_distribution_point)},
    {OID_AUTHORITY_INFO_ACCESS, NEVER_CRITICAL, false,
     offsetof(struct profile, authority_info_access)},
    {OID_OCSP_NO_CHECK, NEVER_CRITICAL, false, offsetof(struct profile, ocsp_no_check)},
};
#define EXTENSION_COUNT (sizeof(extensions) / sizeof(extensions[0]))

// Of the two things that may stand in authorityInfoAccess, one is enough.
static bool is_allowed(const struct profile *profile, enum oid oid, size_t offset) {
    bool allowed = true;
    if (oid == OID_AUTHORITY_INFO_ACCESS && profile->ocsp_url) {
        return true;
    }
    if (offset != EVERY_PROFILE) {
        memcpy(&allowed, &((const uint8_t *)profile)[offset], sizeof(allowed));
    }
    return allowed;
}

static enum result check_extension(struct der *extension, const struct profile *profile,
                                   bool seen[EXTENSION_COUNT], struct error *err) {
    struct bytes identifier = {0};
    bool is_critical = false;
    TRY(der_read(extension, DER_OID, &identifier, err));
    if (der_peek(extension) == DER_BOOLEAN) {
        TRY(der_read_boolean(extension, &is_critical, err));
    }
    enum oid oid = oid_find(identifier);
    size_t i = 0;
    while (i < EXTENSION_COUNT && extensions[i].oid != oid) {
        i++;
    }
    if (i == EXTENSION_COUNT) {
        return deny(err, profile, "extension", "an extension that no profile has (%s)",
                    oid == OID_UNKNOWN ? "unknown" : oid_name(oid));
    }
    if (!is_allowed(profile, oid, extensions[i].allowed_offset)) {
        return deny(err, profile, "extension", "it does not want %s", oid_name(oid));
    }
    if (extensions[i].criticality != EITHER &&
        is_critical != (extensions[i].criticality == ALWAYS_CRITICAL)) {
        return deny(err, profile, "extension", "%s must%s be critical", oid_name(oid),
                    is_critical ? " not" : "");
    }
    seen[i] = true;
    return RESULT_OK;
}

// RFC 5280, 4.1: version, serial, signature, issuer, validity, subject, key; then optional
// unique identifiers, which nobody needs, and the extensions.
static enum result find_extensions(struct bytes tbs, const struct profile *profile,
                                   struct der *out_list, struct error *err) {
    struct der outer = der_of(tbs);
    struct der fields = {0};
    TRY(der_enter(&outer, DER_SEQUENCE, &fields, err));
    TRY(der_expect_end(&outer, err));
    enum { FIELDS_BEFORE_EXTENSIONS = 7 };
    if (der_peek(&fields) != DER_CONTEXT_CONSTRUCTED(0)) {
        return deny(err, profile, "version", "the certificate is not of version 3");
    }
    for (int i = 0; i < FIELDS_BEFORE_EXTENSIONS; i++) {
        uint8_t tag = 0;
        struct bytes content = {0};
        TRY(der_read_any(&fields, &tag, &content, err));
    }
    if (der_peek(&fields) != DER_CONTEXT_CONSTRUCTED(3)) {
        return deny(err, profile, "extension", "expected extensions behind the key");
    }
    struct der wrapped = {0};
    TRY(der_enter(&fields, DER_CONTEXT_CONSTRUCTED(3), &wrapped, err));
    TRY(der_expect_end(&fields, err));
    TRY(der_enter(&wrapped, DER_SEQUENCE, out_list, err));
    return der_expect_end(&wrapped, err);
}

static enum result check_extensions(struct bytes tbs, const struct profile *profile,
                                    struct error *err) {
    struct der list = {0};
    TRY(find_extensions(tbs, profile, &list, err));
    bool seen[EXTENSION_COUNT] = {false};
    while (!der_at_end(&list)) {
        struct der extension = {0};
        TRY(der_enter(&list, DER_SEQUENCE, &extension, err));
        TRY(check_extension(&extension, profile, seen, err));
    }
    for (size_t i = 0; i < EXTENSION_COUNT; i++) {
        if (extensions[i].is_required && !seen[i]) {
            return deny(err, profile, "extension", "the extension %s is missing",
                        oid_name(extensions[i].oid));
        }
    }
    return RESULT_OK;
}

// --- names -----------------------------------------------------------------------------------

// Empty, or one attribute and this a common name.
static enum result check_subject_form(const struct decision_input *input, bool *out_is_empty,
                                      struct error *err) {
    struct der whole = der_of(input->certificate->subject);
    struct der name = {0};
    TRY(der_enter(&whole, DER_SEQUENCE, &name, err));
    *out_is_empty = der_at_end(&name);
    if (*out_is_empty) {
        return RESULT_OK;
    }
    struct der set = {0};
    struct der attribute = {0};
    struct bytes type = {0};
    TRY(der_enter(&name, DER_SET, &set, err));
    TRY(der_enter(&set, DER_SEQUENCE, &attribute, err));
    TRY(der_read(&attribute, DER_OID, &type, err));
    if (oid_find(type) != OID_COMMON_NAME || !der_at_end(&set) || !der_at_end(&name)) {
        return deny(err, input->profile, "subject",
                    "the subject holds more than a common name");
    }
    return RESULT_OK;
}

static enum result check_names(const struct decision_input *input, struct error *err) {
    const struct certificate *certificate = input->certificate;
    AUTO(names_clear) struct names names = {0};
    bool has_empty_subject = false;
    TRY(check_subject_form(input, &has_empty_subject, err));
    TRY(names_read_subject(&names, certificate->subject, err));
    if (certificate->has_subject_alt_name) {
        TRY(names_read_san(&names, certificate->subject_alt_name, false, err));
        // RFC 5280, 4.2.1.6.
        if (certificate->subject_alt_name_critical != has_empty_subject) {
            return deny(err, input->profile, "subject_alt_name",
                        "subjectAltName must be critical exactly when the subject is empty");
        }
    }
    if (names.count == 0) {
        return deny(err, input->profile, "name_count", "the certificate names nobody");
    }
    TRY(policy_check_names(&names, input->profile, err));
    return policy_check_granted(&names, input->grant, err);
}

// --- key and usages --------------------------------------------------------------------------

enum result policy_check_key_algorithm(const struct profile *profile,
                                       enum key_algorithm algorithm, struct error *err) {
    if (profile->key_algorithms[algorithm]) {
        return RESULT_OK;
    }
    AUTO(buf_clear) struct buf taken = {0};
    buf_init(&taken, 128);
    for (size_t i = 0; i < KEY_ALGORITHM_COUNT; i++) {
        if (profile->key_algorithms[i]) {
            TRY(buf_printf(&taken, " %s", key_algorithm_name((enum key_algorithm)i)));
        }
    }
    (void)deny(err, profile, "key_algorithm", "keys of type %s are not taken",
               key_algorithm_name(algorithm));
    error_field(err, "key");
    error_hint(err, "make a key of one of these:%s", buf_string(&taken));
    return RESULT_DENIED;
}

static enum result check_key(const struct decision_input *input, struct error *err) {
    enum key_algorithm algorithm = KEY_P256;
    TRY(public_key_check(input->certificate->spki, &algorithm, err));
    TRY(policy_check_key_algorithm(input->profile, algorithm, err));
    uint8_t identifier[SHA1_SIZE];
    TRY(public_key_identifier(input->certificate->spki, identifier));
    if (!bytes_equal(input->certificate->subject_key_id,
                     bytes_of(identifier, sizeof(identifier)))) {
        return deny(err, input->profile, "subject_key_id",
                    "subjectKeyIdentifier is not that of the key");
    }
    return RESULT_OK;
}

// The profile's usages, each as the content of its OID.
struct usages {
    struct buf octets[LIMIT_EXTENDED_KEY_USAGES];
    bool found[LIMIT_EXTENDED_KEY_USAGES];
    size_t count;
};

static void usages_clear(struct usages *usages) {
    for (size_t i = 0; i < LIMIT_EXTENDED_KEY_USAGES; i++) {
        buf_clear(&usages->octets[i]);
    }
}

static enum result read_usages(const struct profile *profile, struct usages *usages,
                               struct error *err) {
    for (size_t i = 0; i < LIMIT_EXTENDED_KEY_USAGES; i++) {
        buf_init(&usages->octets[i], USAGE_BYTES);
    }
    for (size_t i = 0;
         i < LIMIT_EXTENDED_KEY_USAGES && profile->extended_key_usages[i] != OID_UNKNOWN; i++) {
        TRY(buf_append(&usages->octets[usages->count++],
                       oid_content(profile->extended_key_usages[i])));
    }
    for (size_t i = 0; i < profile->other_usages.count; i++) {
        if (usages->count == LIMIT_EXTENDED_KEY_USAGES) {
            return deny(err, profile, "extended_key_usage", "it has too many usages");
        }
        TRY(oid_encode(profile->other_usages.items[i], &usages->octets[usages->count++], err));
    }
    return RESULT_OK;
}

static enum result deny_usage(const struct profile *profile, struct bytes usage,
                              const char *what, struct error *err) {
    AUTO(buf_clear) struct buf dotted = {0};
    buf_init(&dotted, 256);
    bool is_dotted = oid_find(usage) == OID_UNKNOWN && oid_format(usage, &dotted) == RESULT_OK;
    return deny(err, profile, "extended_key_usage", "the extended key usage %s %s",
                is_dotted ? buf_string(&dotted) : oid_name(oid_find(usage)), what);
}

// Marks the profile's usage as found.
static enum result find_usage(const struct profile *profile, struct usages *usages,
                              struct bytes usage, struct error *err) {
    for (size_t i = 0; i < usages->count; i++) {
        if (bytes_equal(buf_bytes(&usages->octets[i]), usage)) {
            if (usages->found[i]) {
                return deny_usage(profile, usage, "stands there twice", err);
            }
            usages->found[i] = true;
            return RESULT_OK;
        }
    }
    return deny_usage(profile, usage, "does not belong to it", err);
}

// What speaks for the authority itself, and the one profile that may give it: whatever a profile
// of the configuration came to say.
static const struct {
    enum oid usage;
    const char *profile;
} reserved_usages[] = {
    {OID_CMC_RA, PROFILE_SERVICE},
    {OID_OCSP_SIGNING, PROFILE_OCSP},
};

static enum result check_reserved_usages(const struct decision_input *input,
                                         struct error *err) {
    for (size_t i = 0; i < sizeof(reserved_usages) / sizeof(reserved_usages[0]); i++) {
        if (certificate_has_extended_key_usage(input->certificate, reserved_usages[i].usage) &&
            strcmp(input->profile->name, reserved_usages[i].profile) != 0) {
            return deny_usage(input->profile, oid_content(reserved_usages[i].usage),
                              "is for the authority alone", err);
        }
    }
    return RESULT_OK;
}

// Exactly the profile's, in any order.
static enum result check_extended_key_usages(const struct decision_input *input,
                                             struct error *err) {
    TRY(check_reserved_usages(input, err));
    AUTO(usages_clear) struct usages usages = {0};
    TRY(read_usages(input->profile, &usages, err));
    struct der list = der_of(input->certificate->extended_key_usages);
    while (!der_at_end(&list)) {
        struct bytes content = {0};
        TRY(der_read(&list, DER_OID, &content, err));
        TRY(find_usage(input->profile, &usages, content, err));
    }
    for (size_t i = 0; i < usages.count; i++) {
        if (!usages.found[i]) {
            return deny_usage(input->profile, buf_bytes(&usages.octets[i]), "is missing", err);
        }
    }
    return RESULT_OK;
}

static enum result check_usages(const struct decision_input *input, struct error *err) {
    const struct certificate *certificate = input->certificate;
    if (certificate->is_ca || certificate->path_length != PATH_LENGTH_NONE) {
        (void)deny(err, input->profile, "is_ca", "no profile makes CA certificates");
        error_field(err, "basicConstraints");
        return RESULT_DENIED;
    }
    if (certificate->key_usage != input->profile->key_usage) {
        (void)deny(err, input->profile, "key_usage",
                   "the key usage bits are 0x%x, expected 0x%x",
                   (unsigned)certificate->key_usage, (unsigned)input->profile->key_usage);
        error_field(err, "keyUsage");
        return RESULT_DENIED;
    }
    return check_extended_key_usages(input, err);
}

// --- issuer, serial, time --------------------------------------------------------------------

static bool is_known_signature(struct bytes algorithm) {
    struct der whole = der_of(algorithm);
    struct der inside = {0};
    struct bytes content = {0};
    if (der_enter(&whole, DER_SEQUENCE, &inside, NULL) != RESULT_OK ||
        der_read(&inside, DER_OID, &content, NULL) != RESULT_OK) {
        return false;
    }
    switch (oid_find(content)) {
    case OID_ECDSA_SHA256:
    case OID_ECDSA_SHA384:
    case OID_ECDSA_SHA512:
    case OID_RSA_SHA256:
    case OID_RSA_SHA384:
    case OID_RSA_SHA512:
    case OID_ED25519:
        return true;
    default:
        return false;
    }
}

static enum result check_issuer(const struct decision_input *input, struct error *err) {
    const struct certificate *certificate = input->certificate;
    if (!bytes_equal(certificate->issuer, input->issuer->subject)) {
        return deny(err, input->profile, "issuer", "the issuer's name is not the CA's");
    }
    uint8_t room[SHA1_SIZE];
    struct bytes identifier = {0};
    TRY(issuer_key_identifier(input->issuer, room, &identifier));
    if (!bytes_equal(certificate->authority_key_id, identifier)) {
        return deny(err, input->profile, "authority_key_id",
                    "authorityKeyIdentifier is not that of the CA");
    }
    if (!is_known_signature(certificate->tbs_signature_algorithm)) {
        return deny(err, input->profile, "signature_algorithm",
                    "the signature algorithm is not one we make");
    }
    // The reader refuses zero and negative ones, and drops the sign's octet.
    if (certificate->serial.size != SERIAL_SIZE) {
        return deny(err, input->profile, "serial", "expected a serial of %d octets, not %zu",
                    SERIAL_SIZE, certificate->serial.size);
    }
    return RESULT_OK;
}

static enum result deny_time(struct error *err, const struct profile *profile, const char *code,
                             const char *what) {
    (void)deny(err, profile, code, "%s", what);
    error_field(err, "lifetime");
    return RESULT_DENIED;
}

static enum result check_time(const struct decision_input *input, struct error *err) {
    const struct profile *profile = input->profile;
    int64_t not_before = input->certificate->not_before;
    int64_t not_after = input->certificate->not_after;
    if (not_before > input->now || not_before < input->now - profile->backdate) {
        return deny_time(err, profile, "not_before",
                         "notBefore must be now, or earlier by at most the backdating");
    }
    if (not_after < input->now) {
        return deny_time(err, profile, "not_after", "the certificate would be expired already");
    }
    if (not_before < input->issuer->not_before || not_after > input->issuer->not_after) {
        return deny_time(err, profile, "outlives_issuer",
                         "the certificate would be valid when its issuer is not");
    }
    // notAfter is the last second of validity (RFC 5280, 4.1.2.5), hence the one.
    if (not_after - not_before + 1 > profile->lifetime_maximum) {
        return deny_time(err, profile, "lifetime", "the lifetime is above lifetime_maximum");
    }
    int64_t granted =
        input->grant->lifetime > 0 ? input->grant->lifetime : profile->lifetime_default;
    if (not_after - input->now + 1 > granted) {
        return deny_time(err, profile, "lifetime", "the lifetime is above what was granted");
    }
    return RESULT_OK;
}

enum result policy_decide(struct bytes tbs, const struct profile *profile,
                          const struct grant *grant, const struct certificate *issuer,
                          int64_t now, struct error *err) {
    struct certificate certificate = {0};
    TRY(certificate_read_tbs(tbs, &certificate, err));
    TRY(check_extensions(tbs, profile, err));
    const struct decision_input input = {
        .certificate = &certificate,
        .profile = profile,
        .grant = grant,
        .issuer = issuer,
        .now = now,
    };
    TRY(check_names(&input, err));
    TRY(check_key(&input, err));
    TRY(check_usages(&input, err));
    TRY(check_issuer(&input, err));
    return check_time(&input, err);
}
