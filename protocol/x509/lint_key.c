// Lints of the key and of what it is for.
// SPDX-License-Identifier: GPL-3.0-or-later
#include <string.h>

#include "x509/lint_certificate.h"

enum {
    TAG_INTEGER = 0x02,
    TAG_BIT_STRING = 0x03,
    TAG_NULL = 0x05,
    TAG_OID = 0x06,
    TAG_SEQUENCE = 0x30,
};

// keyUsage (RFC 5280, 4.2.1.3) as it lies in the first octet: bit 0 is the highest.
enum {
    DIGITAL_SIGNATURE = 0x80,
    NON_REPUDIATION = 0x40,
    KEY_ENCIPHERMENT = 0x20,
    DATA_ENCIPHERMENT = 0x10,
    KEY_AGREEMENT = 0x08,
    KEY_CERT_SIGN = 0x04,
    CRL_SIGN = 0x02,
};

// --- the key ---------------------------------------------------------------------------------

enum kind { KIND_UNKNOWN, KIND_EC, KIND_ED25519, KIND_RSA };

struct key_parts {
    enum kind kind;
    struct bytes parameters; // behind the algorithm's OID
    struct bytes bits;       // without the octet of unused bits
};

static bool split(const struct lint_certificate *certificate, struct key_parts *out) {
    static const struct {
        struct octets oid;
        enum kind kind;
    } kinds[] = {
        {OID_OCTETS(0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1), KIND_EC},
        {OID_OCTETS(0x2b, 0x65, 0x70), KIND_ED25519},
        {OID_OCTETS(0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1), KIND_RSA},
    };
    struct bytes rest = certificate->key.content;
    struct element algorithm = {0}, oid = {0}, bits = {0};
    *out = (struct key_parts){0};
    if (!lint_take_tag(&rest, TAG_SEQUENCE, &algorithm) ||
        !lint_take_tag(&algorithm.content, TAG_OID, &oid) ||
        !lint_only(rest, TAG_BIT_STRING, &bits) || bits.content.size < 2 ||
        bits.content.data[0] != 0) {
        return false;
    }
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (lint_is(oid.content, &kinds[i].oid)) {
            out->kind = kinds[i].kind;
        }
    }
    out->parameters = algorithm.content;
    out->bits = bytes_slice(bits.content, 1, SIZE_MAX);
    return out->kind != KIND_UNKNOWN;
}

// RFC 5480, 2.1.1 and 2.2: a named curve, and a point in the form without compression.
static bool is_ec(const struct key_parts *key) {
    static const struct {
        struct octets oid;
        size_t point;
    } curves[] = {
        {OID_OCTETS(0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7), 65},
        {OID_OCTETS(0x2b, 0x81, 4, 0, 0x22), 97},
    };
    struct element curve = {0};
    if (!lint_only(key->parameters, TAG_OID, &curve)) {
        return false;
    }
    for (size_t i = 0; i < sizeof(curves) / sizeof(curves[0]); i++) {
        if (lint_is(curve.content, &curves[i].oid)) {
            return key->bits.size == curves[i].point && key->bits.data[0] == 4;
        }
    }
    return false;
}

// The magnitude of a positive INTEGER in its shortest form.
static bool take_positive(struct bytes *rest, struct bytes *out) {
    struct element number = {0};
    if (!lint_take_tag(rest, TAG_INTEGER, &number) || number.content.size == 0 ||
        number.content.data[0] >= 0x80) {
        return false;
    }
    bool is_padded = number.content.data[0] == 0;
    if (is_padded && (number.content.size == 1 || number.content.data[1] < 0x80)) {
        return false;
    }
    *out = bytes_slice(number.content, is_padded ? 1 : 0, SIZE_MAX);
    return true;
}

static bool is_modulus(struct bytes modulus) {
    enum { LEAST = 2048 / 8, MOST = 4096 / 8 };
    return modulus.size >= LEAST && modulus.size <= MOST &&
           (modulus.size > LEAST || modulus.data[0] >= 0x80) &&
           modulus.data[modulus.size - 1] % 2 == 1;
}

static bool is_exponent(struct bytes exponent) {
    // 65537 is the least number of three octets with this first one that is odd.
    bool is_large = exponent.size > 3 || (exponent.size == 3 && exponent.data[0] >= 1);
    return is_large && exponent.data[exponent.size - 1] % 2 == 1;
}

// RFC 3279, 2.3.1: NULL, modulus, exponent.
static bool is_rsa(const struct key_parts *key) {
    struct element null = {0}, numbers = {0};
    struct bytes modulus = {0}, exponent = {0};
    return lint_only(key->parameters, TAG_NULL, &null) && null.content.size == 0 &&
           lint_only(key->bits, TAG_SEQUENCE, &numbers) &&
           take_positive(&numbers.content, &modulus) &&
           take_positive(&numbers.content, &exponent) && numbers.content.size == 0 &&
           is_modulus(modulus) && is_exponent(exponent);
}

bool lint_key(const struct lint_certificate *certificate) {
    struct key_parts key = {0};
    if (!split(certificate, &key)) {
        return false;
    }
    switch (key.kind) {
    case KIND_EC:
        return is_ec(&key);
    case KIND_ED25519: // RFC 8410, 3 and 4
        return key.parameters.size == 0 && key.bits.size == 32;
    case KIND_RSA:
        return is_rsa(&key);
    default:
        return false;
    }
}

// --- what it is for --------------------------------------------------------------------------

// The bits, or 0 when they are not in their one form (X.690, 11.2). A ninth bit (decipherOnly)
// is nobody's here.
static uint8_t usage_bits(const struct lint_certificate *certificate) {
    static const struct octets oid = OID_OCTETS(0x55, 0x1d, 0x0f);
    const struct lint_extension *extension = lint_find(&certificate->extensions, &oid);
    struct element bits = {0};
    if (extension == NULL || !lint_only(extension->value, TAG_BIT_STRING, &bits) ||
        bits.content.size != 2 || bits.content.data[0] > 7) {
        return 0;
    }
    uint8_t unused = bits.content.data[0], octet = bits.content.data[1];
    bool is_shortest = (octet >> unused & 1) == 1 && (octet & ((1u << unused) - 1)) == 0;
    return is_shortest ? octet : 0;
}

bool lint_key_usage(const struct lint_certificate *certificate) {
    uint8_t bits = usage_bits(certificate);
    return bits != 0 && (bits & (KEY_CERT_SIGN | CRL_SIGN)) == 0;
}

bool lint_key_usage_of_key(const struct lint_certificate *certificate) {
    uint8_t bits = usage_bits(certificate);
    struct key_parts key = {0};
    if (!split(certificate, &key)) {
        return false;
    }
    switch (key.kind) {
    case KIND_EC:
        return (bits & (KEY_ENCIPHERMENT | DATA_ENCIPHERMENT)) == 0;
    case KIND_ED25519:
        return (bits & ~(DIGITAL_SIGNATURE | NON_REPUDIATION)) == 0;
    default:
        return (bits & KEY_AGREEMENT) == 0;
    }
}

static const struct octets oid_extended_key_usage = OID_OCTETS(0x55, 0x1d, 0x25);

// Its list of purposes; false when it is not a list of at least one.
static bool purposes(const struct lint_certificate *certificate, struct bytes *out_list) {
    const struct lint_extension *extension =
        lint_find(&certificate->extensions, &oid_extended_key_usage);
    struct element list = {0};
    if (extension == NULL || !lint_only(extension->value, TAG_SEQUENCE, &list)) {
        return false;
    }
    *out_list = list.content;
    return list.content.size > 0;
}

static bool is_among(struct bytes list, const struct element *purpose) {
    struct element other = {0};
    while (lint_take(&list, &other)) {
        if (bytes_equal(other.whole, purpose->whole)) {
            return true;
        }
    }
    return false;
}

bool lint_extended_key_usage(const struct lint_certificate *certificate) {
    static const struct octets any = OID_OCTETS(0x55, 0x1d, 0x25, 0);
    struct bytes rest = {0};
    struct element purpose = {0};
    if (!purposes(certificate, &rest)) {
        return false;
    }
    while (rest.size > 0) {
        if (!lint_take_tag(&rest, TAG_OID, &purpose) || purpose.content.size == 0 ||
            lint_is(purpose.content, &any) || is_among(rest, &purpose)) {
            return false;
        }
    }
    return true;
}

bool lint_key_usage_of_purpose(const struct lint_certificate *certificate) {
    static const struct {
        struct octets oid;
        uint8_t one_of;
    } rules[] = {
        {OID_OCTETS(0x2b, 6, 1, 5, 5, 7, 3, 1), // serverAuth
         DIGITAL_SIGNATURE | KEY_ENCIPHERMENT | KEY_AGREEMENT},
        {OID_OCTETS(0x2b, 6, 1, 5, 5, 7, 3, 2),
         DIGITAL_SIGNATURE | KEY_AGREEMENT},                        // clientAuth
        {OID_OCTETS(0x2b, 6, 1, 5, 5, 7, 3, 3), DIGITAL_SIGNATURE}, // codeSigning
        {OID_OCTETS(0x2b, 6, 1, 5, 5, 7, 3, 4),                     // emailProtection
         DIGITAL_SIGNATURE | NON_REPUDIATION | KEY_ENCIPHERMENT | KEY_AGREEMENT},
        {OID_OCTETS(0x2b, 6, 1, 5, 5, 7, 3, 8), DIGITAL_SIGNATURE | NON_REPUDIATION}, // time
        {OID_OCTETS(0x2b, 6, 1, 5, 5, 7, 3, 9), DIGITAL_SIGNATURE | NON_REPUDIATION}, // OCSP
    };
    uint8_t bits = usage_bits(certificate);
    struct bytes rest = {0};
    struct element purpose = {0};
    if (!purposes(certificate, &rest)) {
        return false;
    }
    while (lint_take(&rest, &purpose)) {
        for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
            if (lint_is(purpose.content, &rules[i].oid) && (bits & rules[i].one_of) == 0) {
                return false;
            }
        }
    }
    return true;
}
