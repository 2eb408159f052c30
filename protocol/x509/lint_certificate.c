// The lints of certificates: one row each, judged in this order.
// SPDX-License-Identifier: GPL-3.0-or-later
#include <string.h>

#include "x509/lint.h"
#include "x509/lint_certificate.h"

enum {
    TAG_INTEGER = 0x02,
    TAG_BIT_STRING = 0x03,
    TAG_OCTET_STRING = 0x04,
    TAG_OID = 0x06,
    TAG_SEQUENCE = 0x30,
    TAG_EXPLICIT_0 = 0xa0,
    TAG_EXPLICIT_3 = 0xa3,
};

static const struct octets oid_subject_key_id = OID_OCTETS(0x55, 0x1d, 0x0e);
static const struct octets oid_subject_alt_name = OID_OCTETS(0x55, 0x1d, 0x11);
static const struct octets oid_basic_constraints = OID_OCTETS(0x55, 0x1d, 0x13);
static const struct octets oid_crl_points = OID_OCTETS(0x55, 0x1d, 0x1f);
static const struct octets oid_authority_key_id = OID_OCTETS(0x55, 0x1d, 0x23);
static const struct octets oid_authority_access = OID_OCTETS(0x2b, 6, 1, 5, 5, 7, 1, 1);

// --- the whole -------------------------------------------------------------------------------

// Every part in its place; what the parts say is for the lints.
static bool split(struct bytes tbs, struct lint_certificate *out) {
    struct element whole = {0}, validity = {0}, wrapper = {0}, list = {0};
    struct bytes rest = {0};
    if (!lint_only(tbs, TAG_SEQUENCE, &whole)) {
        return false;
    }
    rest = whole.content;
    out->has_version = lint_take_tag(&rest, TAG_EXPLICIT_0, &out->version);
    if (!lint_take(&rest, &out->serial) || !lint_take(&rest, &out->signature_algorithm) ||
        !lint_take(&rest, &out->issuer) || !lint_take_tag(&rest, TAG_SEQUENCE, &validity) ||
        !lint_take(&validity.content, &out->not_before) ||
        !lint_take(&validity.content, &out->not_after) || validity.content.size > 0 ||
        !lint_take_tag(&rest, TAG_SEQUENCE, &out->subject) ||
        !lint_take_tag(&rest, TAG_SEQUENCE, &out->key)) {
        return false;
    }
    struct element identifier = {0};
    while (lint_take_tag(&rest, 0x81, &identifier) || lint_take_tag(&rest, 0x82, &identifier)) {
        out->has_unique_id = true;
    }
    if (rest.size == 0) {
        return true; // the version's lint asks for extensions
    }
    return lint_only(rest, TAG_EXPLICIT_3, &wrapper) &&
           lint_only(wrapper.content, TAG_SEQUENCE, &list) &&
           lint_read_extensions(&list, &out->extensions);
}

static bool check_version(const struct lint_certificate *c) {
    struct element number = {0};
    return c->has_version && lint_only(c->version.content, TAG_INTEGER, &number) &&
           number.content.size == 1 && number.content.data[0] == 2 && c->extensions.count > 0;
}

static bool check_serial(const struct lint_certificate *c) {
    return lint_number(&c->serial, false);
}

static bool check_signature_algorithm(const struct lint_certificate *c) {
    return lint_signature_algorithm(&c->signature_algorithm);
}

static bool check_issuer(const struct lint_certificate *c) {
    return lint_name_is_filled(&c->issuer);
}

static bool check_times(const struct lint_certificate *c) {
    return lint_time(&c->not_before) && lint_time(&c->not_after);
}

static bool check_order(const struct lint_certificate *c) {
    char before[LINT_TIME_DIGITS + 1], after[LINT_TIME_DIGITS + 1];
    lint_time_digits(&c->not_before, before);
    lint_time_digits(&c->not_after, after);
    return strcmp(before, after) <= 0;
}

static bool check_unique_ids(const struct lint_certificate *c) {
    return !c->has_unique_id;
}

// --- extensions ------------------------------------------------------------------------------

static bool check_duplicates(const struct lint_certificate *c) {
    return lint_extensions_differ(&c->extensions);
}

static bool check_defaults(const struct lint_certificate *c) {
    return lint_extensions_are_der(&c->extensions);
}

static bool check_criticality(const struct lint_certificate *c) {
    static const struct octets key_usage = OID_OCTETS(0x55, 0x1d, 0x0f);
    static const struct octets extended = OID_OCTETS(0x55, 0x1d, 0x25);
    const struct {
        const struct octets *oid;
        bool is_critical;
    } rules[] = {
        {&oid_subject_key_id, false},
        {&oid_authority_key_id, false},
        {&oid_crl_points, false},
        {&oid_authority_access, false},
        {&extended, false},
        {&key_usage, true},
        {&oid_basic_constraints, true},
    };
    for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
        const struct lint_extension *extension = lint_find(&c->extensions, rules[i].oid);
        if (extension != NULL && extension->is_critical != rules[i].is_critical) {
            return false;
        }
    }
    return true;
}

static bool check_basic_constraints(const struct lint_certificate *c) {
    const struct lint_extension *extension = lint_find(&c->extensions, &oid_basic_constraints);
    struct element list = {0};
    return extension != NULL && lint_only(extension->value, TAG_SEQUENCE, &list) &&
           list.content.size == 0;
}

static bool check_subject_key_id(const struct lint_certificate *c) {
    const struct lint_extension *extension = lint_find(&c->extensions, &oid_subject_key_id);
    struct element identifier = {0};
    return extension != NULL && lint_only(extension->value, TAG_OCTET_STRING, &identifier) &&
           identifier.content.size > 0;
}

static bool check_authority_key_id(const struct lint_certificate *c) {
    return lint_authority_key_id(&c->extensions);
}

// A DistributionPoint with a fullName of http URIs, and nothing else.
static bool is_http_point(struct element *point) {
    struct element name = {0}, full_name = {0}, uri = {0};
    if (!lint_only(point->content, 0xa0, &name) || !lint_only(name.content, 0xa0, &full_name) ||
        full_name.content.size == 0) {
        return false;
    }
    while (full_name.content.size > 0) {
        if (!lint_take(&full_name.content, &uri) || !lint_http_uri(&uri)) {
            return false;
        }
    }
    return true;
}

static bool check_crl_points(const struct lint_certificate *c) {
    const struct lint_extension *extension = lint_find(&c->extensions, &oid_crl_points);
    struct element list = {0}, point = {0};
    if (extension == NULL) {
        return true;
    }
    if (!lint_only(extension->value, TAG_SEQUENCE, &list) || list.content.size == 0) {
        return false;
    }
    while (list.content.size > 0) {
        if (!lint_take_tag(&list.content, TAG_SEQUENCE, &point) || !is_http_point(&point)) {
            return false;
        }
    }
    return true;
}

static bool check_authority_access(const struct lint_certificate *c) {
    static const struct octets ocsp = OID_OCTETS(0x2b, 6, 1, 5, 5, 7, 0x30, 1);
    static const struct octets ca_issuers = OID_OCTETS(0x2b, 6, 1, 5, 5, 7, 0x30, 2);
    const struct lint_extension *extension = lint_find(&c->extensions, &oid_authority_access);
    struct element list = {0}, access = {0}, method = {0}, location = {0};
    if (extension == NULL) {
        return true;
    }
    if (!lint_only(extension->value, TAG_SEQUENCE, &list) || list.content.size == 0) {
        return false;
    }
    while (list.content.size > 0) {
        if (!lint_take_tag(&list.content, TAG_SEQUENCE, &access) ||
            !lint_take_tag(&access.content, TAG_OID, &method) ||
            !lint_take(&access.content, &location) || access.content.size > 0 ||
            !lint_http_uri(&location) ||
            (!lint_is(method.content, &ocsp) && !lint_is(method.content, &ca_issuers))) {
            return false;
        }
    }
    return true;
}

// RFC 5280, 4.2.1.6: critical exactly when it alone names the subject.
static bool check_subject_or_san(const struct lint_certificate *c) {
    const struct lint_extension *extension = lint_find(&c->extensions, &oid_subject_alt_name);
    bool is_empty = c->subject.content.size == 0;
    return extension == NULL ? !is_empty : extension->is_critical == is_empty;
}

// --- the table -------------------------------------------------------------------------------

enum { END_ENTITY = 1, CA = 2, BOTH = END_ENTITY | CA };

static const struct {
    struct lint lint;
    bool (*passes)(const struct lint_certificate *certificate);
    unsigned of;
} lints[] = {
    {{"version", "RFC 5280, 4.1.2.1", "version 3, with extensions"}, check_version, BOTH},
    {{"serial", "RFC 5280, 4.1.2.2", "a positive serial of 1 to 20 octets"},
     check_serial,
     BOTH},
    {{"signature_algorithm", "RFC 5280, 4.1.2.3; RFC 5758, 8410, 4055",
      "an algorithm of ours, with parameters only for RSA (NULL)"},
     check_signature_algorithm,
     BOTH},
    {{"issuer", "RFC 5280, 4.1.2.4", "an issuer that is not empty"}, check_issuer, BOTH},
    {{"validity_encoding", "RFC 5280, 4.1.2.5",
      "UTCTime through 2049 and GeneralizedTime from then on, with seconds and Z"},
     check_times,
     BOTH},
    {{"validity_order", "RFC 5280, 4.1.2.5", "an end that is not before the beginning"},
     check_order,
     BOTH},
    {{"subject_strings", "RFC 5280, 4.1.2.6",
      "attributes of UTF8String or PrintableString, well formed"},
     lint_subject_strings,
     BOTH},
    {{"common_name", "RFC 5280, A.1", "at most one common name, of 1 to 64 characters"},
     lint_common_name,
     BOTH},
    {{"unique_id", "RFC 5280, 4.1.2.8", "no unique identifiers"}, check_unique_ids, BOTH},
    {{"key", "RFC 5280, 4.1.2.7; RFC 3279, 5480, 8410",
      "a P-256, P-384, Ed25519 or RSA key (2048 to 4096 bits, odd exponent from 65537 on) with "
      "its parameters"},
     lint_key,
     BOTH},
    {{"extension_duplicate", "RFC 5280, 4.2", "each extension once"}, check_duplicates, BOTH},
    {{"extension_default", "X.690, 11.5", "critical FALSE to be left out"},
     check_defaults,
     BOTH},
    {{"extension_criticality", "RFC 5280, 4.2.1",
      "basicConstraints and keyUsage critical, identifiers, purposes and addresses not"},
     check_criticality,
     BOTH},
    {{"basic_constraints", "RFC 5280, 4.2.1.9", "basicConstraints of an end entity, empty"},
     check_basic_constraints,
     END_ENTITY},
    {{"key_usage", "RFC 5280, 4.2.1.3",
      "keyUsage with at least one bit in its shortest form, none of them a CA's"},
     lint_key_usage,
     END_ENTITY},
    {{"key_usage_of_key", "RFC 3279, 2.3.1; RFC 5480, 3; RFC 8410, 5",
      "keyUsage that keys of this type can do"},
     lint_key_usage_of_key,
     END_ENTITY},
    {{"extended_key_usage", "RFC 5280, 4.2.1.12",
      "at least one purpose, each once, and not anyExtendedKeyUsage"},
     lint_extended_key_usage,
     END_ENTITY},
    {{"key_usage_of_purpose", "RFC 5280, 4.2.1.12", "keyUsage that serves every purpose"},
     lint_key_usage_of_purpose,
     END_ENTITY},
    {{"subject_or_san", "RFC 5280, 4.1.2.6 and 4.2.1.6",
      "a subject, or a critical subjectAltName instead"},
     check_subject_or_san,
     END_ENTITY},
    {{"san_empty", "RFC 5280, 4.2.1.6", "a subjectAltName with at least one name, or none"},
     lint_san_filled,
     END_ENTITY},
    {{"san_type", "RFC 5280, 4.2.1.6",
      "DNS names, addresses, e-mail addresses, URIs and xmppAddr only"},
     lint_san_types,
     END_ENTITY},
    {{"san_dns", "RFC 5280, 4.2.1.6; RFC 1123", "host names of letters, digits and hyphens"},
     lint_san_dns,
     END_ENTITY},
    {{"san_ip", "RFC 5280, 4.2.1.6", "addresses of 4 or 16 octets"}, lint_san_ip, END_ENTITY},
    {{"san_email", "RFC 5280, 4.2.1.6", "e-mail addresses of printable ASCII with one @"},
     lint_san_email,
     END_ENTITY},
    {{"san_uri", "RFC 5280, 4.2.1.6", "absolute URIs of printable ASCII"},
     lint_san_uri,
     END_ENTITY},
    {{"san_xmpp", "RFC 6120, 13.7.1.4", "xmppAddr as UTF8String"}, lint_san_xmpp, END_ENTITY},
    {{"authority_key_id", "RFC 5280, 4.2.1.1", "authorityKeyIdentifier with keyIdentifier"},
     check_authority_key_id,
     END_ENTITY},
    {{"ca_basic_constraints", "RFC 5280, 4.2.1.9", "basicConstraints of a CA"},
     lint_ca_basic_constraints,
     CA},
    {{"ca_key_usage", "RFC 5280, 4.2.1.3",
      "keyUsage of keyCertSign and cRLSign and nothing else"},
     lint_ca_key_usage,
     CA},
    {{"ca_purpose", "RFC 5280, 4.2.1.12",
      "no extendedKeyUsage, which would bind what it issues"},
     lint_ca_purpose,
     CA},
    {{"ca_subject", "RFC 5280, 4.1.2.6", "a subject that is not empty, and no subjectAltName"},
     lint_ca_subject,
     CA},
    {{"ca_authority_key_id", "RFC 5280, 4.2.1.1",
      "authorityKeyIdentifier with keyIdentifier, but for a certificate by its own subject"},
     lint_ca_authority_key_id,
     CA},
    {{"subject_key_id", "RFC 5280, 4.2.1.2", "subjectKeyIdentifier"},
     check_subject_key_id,
     BOTH},
    {{"crl_distribution_points", "RFC 5280, 4.2.1.13", "http addresses and nothing else"},
     check_crl_points,
     BOTH},
    {{"authority_info_access", "RFC 5280, 4.2.2.1", "http addresses of issuer or OCSP"},
     check_authority_access,
     BOTH},
};

static enum result judge(struct bytes tbs, unsigned of, struct error *err) {
    static const struct lint structure = {"structure", "RFC 5280, 4.1",
                                          "a TBSCertificate in DER and nothing behind it"};
    struct lint_certificate certificate = {0};
    if (!split(tbs, &certificate)) {
        return lint_failed(&structure, err);
    }
    for (size_t i = 0; i < sizeof(lints) / sizeof(lints[0]); i++) {
        if ((lints[i].of & of) != 0 && !lints[i].passes(&certificate)) {
            return lint_failed(&lints[i].lint, err);
        }
    }
    return RESULT_OK;
}

enum result lint_certificate(struct bytes tbs, struct error *err) {
    return judge(tbs, END_ENTITY, err);
}

enum result lint_ca_certificate(struct bytes tbs, struct error *err) {
    return judge(tbs, CA, err);
}
