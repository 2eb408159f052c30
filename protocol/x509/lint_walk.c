// Elements, numbers, times and the parts that certificates and CRLs share, for the lints.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "x509/lint_walk.h"

#include <string.h>

#include "x509/lint.h"

enum {
    TAG_BOOLEAN = 0x01,
    TAG_INTEGER = 0x02,
    TAG_OCTET_STRING = 0x04,
    TAG_NULL = 0x05,
    TAG_OID = 0x06,
    TAG_UTC_TIME = 0x17,
    TAG_GENERALIZED_TIME = 0x18,
    TAG_SEQUENCE = 0x30,
    TAG_SET = 0x31,
};

// --- elements --------------------------------------------------------------------------------

// X.690, 8.1.3 and 10.1: the shortest form of a definite length; *header becomes its end.
static bool take_length(struct bytes input, size_t *header, size_t *out_length) {
    uint8_t first = input.data[1];
    *header = 2;
    if (first < 0x80) {
        *out_length = first;
        return true;
    }
    size_t octets = first & 0x7f;
    if (octets == 0 || octets > 4 || input.size < 2 + octets || input.data[2] == 0) {
        return false;
    }
    size_t length = 0;
    for (size_t i = 0; i < octets; i++) {
        length = length << 8 | input.data[2 + i];
    }
    *header = 2 + octets;
    *out_length = length;
    return length >= 0x80;
}

bool lint_take(struct bytes *rest, struct element *out) {
    size_t header = 0, length = 0;
    if (rest->size < 2 || (rest->data[0] & 0x1f) == 0x1f ||
        !take_length(*rest, &header, &length) || rest->size - header < length) {
        return false;
    }
    *out = (struct element){
        .tag = rest->data[0],
        .content = bytes_slice(*rest, header, length),
        .whole = bytes_slice(*rest, 0, header + length),
    };
    *rest = bytes_slice(*rest, header + length, SIZE_MAX);
    return true;
}

bool lint_take_tag(struct bytes *rest, uint8_t tag, struct element *out) {
    return rest->size > 0 && rest->data[0] == tag && lint_take(rest, out);
}

bool lint_only(struct bytes whole, uint8_t tag, struct element *out) {
    return lint_take_tag(&whole, tag, out) && whole.size == 0;
}

bool lint_is(struct bytes content, const struct octets *oid) {
    return content.size == oid->size && memcmp(content.data, oid->data, oid->size) == 0;
}

// --- numbers and times -----------------------------------------------------------------------

bool lint_number(const struct element *number, bool may_be_zero) {
    struct bytes octets = number->content;
    if (number->tag != TAG_INTEGER || octets.size == 0 || octets.size > 20 ||
        octets.data[0] >= 0x80) {
        return false;
    }
    if (octets.data[0] != 0) {
        return true;
    }
    return octets.size == 1 ? may_be_zero : octets.data[1] >= 0x80;
}

static bool are_digits(struct bytes text) {
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] < '0' || text.data[i] > '9') {
            return false;
        }
    }
    return true;
}

static unsigned two_digits(const char *text) {
    return (unsigned)(text[0] - '0') * 10 + (unsigned)(text[1] - '0');
}

static bool is_in_calendar(const char digits[LINT_TIME_DIGITS + 1]) {
    static const unsigned days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    unsigned century = two_digits(digits), year = two_digits(&digits[2]);
    unsigned month = two_digits(&digits[4]), day = two_digits(&digits[6]);
    bool is_leap = year % 4 == 0 && (year != 0 || century % 4 == 0);
    if (month < 1 || month > 12 || day < 1) {
        return false;
    }
    unsigned last = days[month - 1] + (month == 2 && is_leap ? 1 : 0);
    return day <= last && two_digits(&digits[8]) < 24 && two_digits(&digits[10]) < 60 &&
           two_digits(&digits[12]) < 60;
}

void lint_time_digits(const struct element *time, char out[LINT_TIME_DIGITS + 1]) {
    memset(out, '0', LINT_TIME_DIGITS);
    out[LINT_TIME_DIGITS] = '\0';
    size_t digits = time->content.size == 0 ? 0 : time->content.size - 1;
    if (time->tag == TAG_UTC_TIME && digits == LINT_TIME_DIGITS - 2) {
        memcpy(out, time->content.data[0] < '5' ? "20" : "19", 2);
        memcpy(&out[2], time->content.data, digits);
    } else if (digits == LINT_TIME_DIGITS) {
        memcpy(out, time->content.data, digits);
    }
}

// Digits, then Z: no fraction, no offset, no missing seconds.
static bool is_plain(const struct element *time, size_t digits) {
    char text[LINT_TIME_DIGITS + 1];
    if (time->content.size != digits + 1 || time->content.data[digits] != 'Z' ||
        !are_digits(bytes_slice(time->content, 0, digits))) {
        return false;
    }
    lint_time_digits(time, text);
    return is_in_calendar(text);
}

bool lint_generalized_time(const struct element *time) {
    return time->tag == TAG_GENERALIZED_TIME && is_plain(time, LINT_TIME_DIGITS);
}

bool lint_time(const struct element *time) {
    if (time->tag == TAG_UTC_TIME) {
        return is_plain(time, LINT_TIME_DIGITS - 2);
    }
    return lint_generalized_time(time) && memcmp(time->content.data, "2050", 4) >= 0;
}

// --- parts of both ---------------------------------------------------------------------------

bool lint_signature_algorithm(const struct element *algorithm) {
    static const struct {
        struct octets oid;
        bool has_null;
    } known[] = {
        {OID_OCTETS(0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2), false},         // ECDSA, SHA-256
        {OID_OCTETS(0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 3), false},         // ECDSA, SHA-384
        {OID_OCTETS(0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 4), false},         // ECDSA, SHA-512
        {OID_OCTETS(0x2b, 0x65, 0x70), false},                              // Ed25519
        {OID_OCTETS(0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 0x0b), true}, // RSA, SHA-256
        {OID_OCTETS(0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 0x0c), true}, // RSA, SHA-384
        {OID_OCTETS(0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 0x0d), true}, // RSA, SHA-512
    };
    struct bytes rest = algorithm->content;
    struct element oid = {0}, parameters = {0};
    if (algorithm->tag != TAG_SEQUENCE || !lint_take_tag(&rest, TAG_OID, &oid)) {
        return false;
    }
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (lint_is(oid.content, &known[i].oid)) {
            return known[i].has_null
                       ? lint_only(rest, TAG_NULL, &parameters) && parameters.content.size == 0
                       : rest.size == 0;
        }
    }
    return false;
}

bool lint_name_is_filled(const struct element *name) {
    struct bytes rest = name->content;
    if (name->tag != TAG_SEQUENCE || rest.size == 0) {
        return false;
    }
    while (rest.size > 0) {
        struct element set = {0}, attribute = {0}, type = {0}, value = {0};
        if (!lint_take_tag(&rest, TAG_SET, &set) || set.content.size == 0) {
            return false;
        }
        struct bytes inside = set.content;
        while (inside.size > 0) {
            if (!lint_take_tag(&inside, TAG_SEQUENCE, &attribute) ||
                !lint_take_tag(&attribute.content, TAG_OID, &type) ||
                !lint_take(&attribute.content, &value) || attribute.content.size > 0) {
                return false;
            }
        }
    }
    return true;
}

bool lint_http_uri(const struct element *general_name) {
    static const char http[] = "http://";
    struct bytes uri = general_name->content;
    if (general_name->tag != 0x86 || uri.size < sizeof(http) ||
        memcmp(uri.data, http, sizeof(http) - 1) != 0) {
        return false;
    }
    for (size_t i = 0; i < uri.size; i++) {
        if (uri.data[i] <= 0x20 || uri.data[i] >= 0x7f) {
            return false;
        }
    }
    return true;
}

static bool read_extension(struct element *extension, struct lint_extension *out) {
    struct element oid = {0}, critical = {0}, value = {0};
    struct bytes rest = extension->content;
    if (!lint_take_tag(&rest, TAG_OID, &oid)) {
        return false;
    }
    bool has_critical = lint_take_tag(&rest, TAG_BOOLEAN, &critical);
    if (has_critical && (critical.content.size != 1 ||
                         (critical.content.data[0] != 0 && critical.content.data[0] != 0xff))) {
        return false;
    }
    if (!lint_only(rest, TAG_OCTET_STRING, &value)) {
        return false;
    }
    *out = (struct lint_extension){
        .oid = oid.content,
        .value = value.content,
        .is_critical = has_critical && critical.content.data[0] == 0xff,
        .has_default = has_critical && critical.content.data[0] == 0,
    };
    return true;
}

bool lint_read_extensions(const struct element *list, struct lint_extensions *out) {
    struct bytes rest = list->content;
    out->count = 0;
    if (list->tag != TAG_SEQUENCE || rest.size == 0) {
        return false;
    }
    while (rest.size > 0) {
        struct element extension = {0};
        if (out->count == LINT_EXTENSIONS || !lint_take_tag(&rest, TAG_SEQUENCE, &extension) ||
            !read_extension(&extension, &out->items[out->count])) {
            return false;
        }
        out->count++;
    }
    return true;
}

const struct lint_extension *lint_find(const struct lint_extensions *extensions,
                                       const struct octets *oid) {
    for (size_t i = 0; i < extensions->count; i++) {
        if (lint_is(extensions->items[i].oid, oid)) {
            return &extensions->items[i];
        }
    }
    return NULL;
}

bool lint_extensions_differ(const struct lint_extensions *extensions) {
    for (size_t i = 0; i < extensions->count; i++) {
        for (size_t j = 0; j < i; j++) {
            if (bytes_equal(extensions->items[i].oid, extensions->items[j].oid)) {
                return false;
            }
        }
    }
    return true;
}

bool lint_extensions_are_der(const struct lint_extensions *extensions) {
    for (size_t i = 0; i < extensions->count; i++) {
        if (extensions->items[i].has_default) {
            return false;
        }
    }
    return true;
}

bool lint_authority_key_id(const struct lint_extensions *extensions) {
    static const struct octets oid = OID_OCTETS(0x55, 0x1d, 0x23);
    const struct lint_extension *extension = lint_find(extensions, &oid);
    struct element list = {0}, key_id = {0};
    return extension != NULL && lint_only(extension->value, TAG_SEQUENCE, &list) &&
           lint_take_tag(&list.content, 0x80, &key_id) && key_id.content.size > 0;
}

enum result lint_failed(const struct lint *lint, struct error *err) {
    (void)error_set_code(err, RESULT_DENIED, LINT_CODE, "%s: expected %s (%s)", lint->name,
                         lint->expected, lint->section);
    error_hint(err,
               "This would be a mistake of the authority itself, so nothing was signed; the "
               "audit trail holds it.");
    return RESULT_DENIED;
}
