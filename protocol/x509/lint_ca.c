// Lints of CAs' certificates, where they differ from those of end entities.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "x509/lint_certificate.h"

enum {
    TAG_BOOLEAN = 0x01,
    TAG_INTEGER = 0x02,
    TAG_BIT_STRING = 0x03,
    TAG_SEQUENCE = 0x30,
    // keyCertSign (5) and cRLSign (6) in the first octet, of which the last bit is not used.
    SIGNING_BITS = 0x06,
    UNUSED_BITS = 1,
};

static const struct octets oid_key_usage = OID_OCTETS(0x55, 0x1d, 0x0f);
static const struct octets oid_subject_alt_name = OID_OCTETS(0x55, 0x1d, 0x11);
static const struct octets oid_basic_constraints = OID_OCTETS(0x55, 0x1d, 0x13);
static const struct octets oid_authority_key_id = OID_OCTETS(0x55, 0x1d, 0x23);
static const struct octets oid_extended_key_usage = OID_OCTETS(0x55, 0x1d, 0x25);

bool lint_ca_basic_constraints(const struct lint_certificate *c) {
    const struct lint_extension *extension = lint_find(&c->extensions, &oid_basic_constraints);
    struct element list = {0}, is_ca = {0}, length = {0};
    if (extension == NULL || !lint_only(extension->value, TAG_SEQUENCE, &list) ||
        !lint_take_tag(&list.content, TAG_BOOLEAN, &is_ca) || is_ca.content.size != 1 ||
        is_ca.content.data[0] != 0xff) {
        return false;
    }
    return list.content.size == 0 ||
           (lint_only(list.content, TAG_INTEGER, &length) && lint_number(&length, true));
}

bool lint_ca_key_usage(const struct lint_certificate *c) {
    const struct lint_extension *extension = lint_find(&c->extensions, &oid_key_usage);
    struct element bits = {0};
    return extension != NULL && lint_only(extension->value, TAG_BIT_STRING, &bits) &&
           bits.content.size == 2 && bits.content.data[0] == UNUSED_BITS &&
           bits.content.data[1] == SIGNING_BITS;
}

bool lint_ca_purpose(const struct lint_certificate *c) {
    return lint_find(&c->extensions, &oid_extended_key_usage) == NULL;
}

bool lint_ca_subject(const struct lint_certificate *c) {
    return lint_name_is_filled(&c->subject) &&
           lint_find(&c->extensions, &oid_subject_alt_name) == NULL;
}

bool lint_ca_authority_key_id(const struct lint_certificate *c) {
    bool is_self_issued = bytes_equal(c->issuer.whole, c->subject.whole);
    bool has_none = lint_find(&c->extensions, &oid_authority_key_id) == NULL;
    return (is_self_issued && has_none) || lint_authority_key_id(&c->extensions);
}
