// OpenSSL's canonical form of a Name (X509_NAME_hash): UTF8String, ASCII in lower case, blanks
// trimmed and single, without the outer SEQUENCE; then the first four octets of SHA-1, least
// first. SPDX-License-Identifier: GPL-3.0-or-later
#include "x509/name_hash.h"

#include "base/limits.h"
#include "x509/der.h"
#include "x509/hash.h"

#define DER_VISIBLE_STRING 0x1a
#define DER_UNIVERSAL_STRING 0x1c

static bool is_blank(uint8_t byte) {
    return byte == ' ' || (byte >= '\t' && byte <= '\r');
}

// T61String counts as Latin-1, of which the upper half takes two octets in UTF-8.
static enum result append_folded(uint8_t tag, uint8_t byte, struct buf *out) {
    if (byte >= 'A' && byte <= 'Z') {
        return buf_append_byte(out, (uint8_t)(byte - 'A' + 'a'));
    }
    if (tag == DER_T61_STRING && byte >= 0x80) {
        TRY(buf_append_byte(out, (uint8_t)(0xc0 | (byte >> 6))));
        return buf_append_byte(out, (uint8_t)(0x80 | (byte & 0x3f)));
    }
    return buf_append_byte(out, byte);
}

static enum result fold(uint8_t tag, struct bytes text, struct buf *out) {
    bool is_pending = false; // a blank that something must follow
    for (size_t i = 0; i < text.size; i++) {
        if (is_blank(text.data[i])) {
            is_pending = out->size > 0;
            continue;
        }
        if (is_pending) {
            TRY(buf_append_byte(out, ' '));
            is_pending = false;
        }
        TRY(append_folded(tag, text.data[i], out));
    }
    return RESULT_OK;
}

static enum result write_value(uint8_t tag, struct bytes content, struct buf *out,
                               struct error *err) {
    switch (tag) {
    case DER_UTF8_STRING:
    case DER_PRINTABLE_STRING:
    case DER_IA5_STRING:
    case DER_T61_STRING:
    case DER_VISIBLE_STRING: {
        AUTO(buf_clear) struct buf folded = {0};
        buf_init(&folded, LIMIT_CERTIFICATE_BYTES);
        TRY(fold(tag, content, &folded));
        return der_write(out, DER_UTF8_STRING, buf_bytes(&folded));
    }
    case DER_BMP_STRING:
    case DER_UNIVERSAL_STRING:
        return error_set(err, RESULT_INVALID,
                         "a CA's name in BMPString or UniversalString is not supported here");
    default:
        return der_write(out, tag, content);
    }
}

static enum result write_rdn(struct der *rdn, struct buf *out, struct error *err) {
    struct der attribute;
    struct bytes type;
    struct bytes content;
    uint8_t tag = 0;
    size_t set = 0;
    size_t sequence = 0;
    TRY(der_enter(rdn, DER_SEQUENCE, &attribute, err));
    TRY(der_read(&attribute, DER_OID, &type, err));
    TRY(der_read_any(&attribute, &tag, &content, err));
    if (!der_at_end(rdn)) {
        return error_set(
            err, RESULT_INVALID,
            "a CA's name with several attributes in one part is not supported here");
    }
    TRY(der_begin(out, DER_SET, &set));
    TRY(der_begin(out, DER_SEQUENCE, &sequence));
    TRY(der_write(out, DER_OID, type));
    TRY(write_value(tag, content, out, err));
    TRY(der_end(out, sequence));
    return der_end(out, set);
}

enum result distinguished_name_hash(struct bytes name_der, uint32_t *out_hash,
                                    struct error *err) {
    AUTO(buf_clear) struct buf canonical = {0};
    buf_init(&canonical, 2 * LIMIT_CERTIFICATE_BYTES);
    struct der whole = der_of(name_der);
    struct der name;
    TRY(der_enter(&whole, DER_SEQUENCE, &name, err));
    while (!der_at_end(&name)) {
        struct der rdn;
        TRY(der_enter(&name, DER_SET, &rdn, err));
        TRY(write_rdn(&rdn, &canonical, err));
    }
    uint8_t digest[SHA1_SIZE];
    TRY(hash_sha1(buf_bytes(&canonical), digest));
    *out_hash = (uint32_t)digest[0] | (uint32_t)digest[1] << 8 | (uint32_t)digest[2] << 16 |
                (uint32_t)digest[3] << 24;
    return RESULT_OK;
}
