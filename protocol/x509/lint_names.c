// Lints of the subject and of the subjectAltName.
// SPDX-License-Identifier: GPL-3.0-or-later
#include <string.h>

#include "x509/lint_certificate.h"

enum {
    TAG_OID = 0x06,
    TAG_UTF8_STRING = 0x0c,
    TAG_PRINTABLE_STRING = 0x13,
    TAG_IA5_STRING = 0x16,
    TAG_SEQUENCE = 0x30,
    TAG_SET = 0x31,
    NAME_OTHER = 0xa0,
    NAME_EMAIL = 0x81,
    NAME_DNS = 0x82,
    NAME_URI = 0x86,
    NAME_IP = 0x87,
};

// --- text ------------------------------------------------------------------------------------

static bool is_alphanumeric(uint8_t c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

// Characters of UTF-8 (RFC 3629), or SIZE_MAX when it is not.
static size_t count_characters(struct bytes text) {
    size_t count = 0;
    for (size_t i = 0; i < text.size; count++) {
        uint8_t lead = text.data[i];
        size_t size = lead < 0x80 ? 1 : lead < 0xc2 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
        if (size == 0 || lead > 0xf4 || text.size - i < size) {
            return SIZE_MAX;
        }
        for (size_t j = 1; j < size; j++) {
            if ((text.data[i + j] & 0xc0) != 0x80) {
                return SIZE_MAX;
            }
        }
        uint8_t second = size > 2 ? text.data[i + 1] : 0x80;
        bool is_overlong = (lead == 0xe0 && second < 0xa0) || (lead == 0xf0 && second < 0x90);
        bool is_outside = (lead == 0xed && second > 0x9f) || (lead == 0xf4 && second > 0x8f);
        if (is_overlong || is_outside) {
            return SIZE_MAX;
        }
        i += size;
    }
    return count;
}

static bool is_printable(struct bytes text) {
    for (size_t i = 0; i < text.size; i++) {
        uint8_t c = text.data[i];
        if (!is_alphanumeric(c) && (c == 0 || strchr(" '()+,-./:=?", c) == NULL)) {
            return false;
        }
    }
    return true;
}

static bool is_visible_ascii(struct bytes text) {
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] <= 0x20 || text.data[i] >= 0x7f) {
            return false;
        }
    }
    return text.size > 0;
}

// --- subject ---------------------------------------------------------------------------------

struct attribute {
    struct element type;
    struct element value;
};

// Takes the next attribute; *set holds those left of a set that was begun.
static bool take_attribute(struct bytes *name, struct bytes *set, struct attribute *out) {
    struct element next = {0}, attribute = {0};
    if (set->size == 0) {
        if (!lint_take_tag(name, TAG_SET, &next)) {
            return false;
        }
        *set = next.content;
    }
    return lint_take_tag(set, TAG_SEQUENCE, &attribute) &&
           lint_take_tag(&attribute.content, TAG_OID, &out->type) &&
           lint_take(&attribute.content, &out->value) && attribute.content.size == 0;
}

static bool is_string(const struct element *value) {
    switch (value->tag) {
    case TAG_UTF8_STRING:
        return value->content.size > 0 && count_characters(value->content) != SIZE_MAX;
    case TAG_PRINTABLE_STRING:
        return value->content.size > 0 && is_printable(value->content);
    default:
        return false;
    }
}

bool lint_subject_strings(const struct lint_certificate *certificate) {
    struct bytes name = certificate->subject.content, set = {0};
    struct attribute attribute = {0};
    while (name.size > 0 || set.size > 0) {
        if (!take_attribute(&name, &set, &attribute) || !is_string(&attribute.value)) {
            return false;
        }
    }
    return true;
}

bool lint_common_name(const struct lint_certificate *certificate) {
    enum { MOST_CHARACTERS = 64 }; // ub-common-name
    static const struct octets common_name = OID_OCTETS(0x55, 4, 3);
    struct bytes name = certificate->subject.content, set = {0};
    struct attribute attribute = {0};
    size_t count = 0;
    while (take_attribute(&name, &set, &attribute)) {
        if (lint_is(attribute.type.content, &common_name)) {
            size_t characters = count_characters(attribute.value.content);
            if (characters < 1 || characters > MOST_CHARACTERS) {
                return false;
            }
            count++;
        }
    }
    return count <= 1;
}

// --- subjectAltName --------------------------------------------------------------------------

// The names; false without the extension. An extension that is no list has no names, which
// lint_san_filled notices.
static bool read_san(const struct lint_certificate *certificate, struct bytes *out_names) {
    static const struct octets oid = OID_OCTETS(0x55, 0x1d, 0x11);
    const struct lint_extension *extension = lint_find(&certificate->extensions, &oid);
    struct element list = {0};
    if (extension == NULL) {
        return false;
    }
    *out_names =
        lint_only(extension->value, TAG_SEQUENCE, &list) ? list.content : (struct bytes){0};
    return true;
}

// Whether all names of the tag pass.
static bool each_name(const struct lint_certificate *certificate, uint8_t tag,
                      bool (*passes)(const struct element *name)) {
    struct bytes names = {0};
    struct element name = {0};
    if (!read_san(certificate, &names)) {
        return true;
    }
    while (lint_take(&names, &name)) {
        if (name.tag == tag && !passes(&name)) {
            return false;
        }
    }
    return true;
}

bool lint_san_filled(const struct lint_certificate *certificate) {
    struct bytes names = {0};
    return !read_san(certificate, &names) || names.size > 0;
}

static bool is_xmpp_address(const struct element *name) {
    static const struct octets xmpp = OID_OCTETS(0x2b, 6, 1, 5, 5, 7, 8, 5);
    struct bytes rest = name->content;
    struct element type = {0};
    return lint_take_tag(&rest, TAG_OID, &type) && lint_is(type.content, &xmpp);
}

bool lint_san_types(const struct lint_certificate *certificate) {
    struct bytes names = {0};
    struct element name = {0};
    if (!read_san(certificate, &names)) {
        return true;
    }
    while (names.size > 0) {
        if (!lint_take(&names, &name)) {
            return false;
        }
        bool is_plain = name.tag == NAME_EMAIL || name.tag == NAME_DNS ||
                        name.tag == NAME_URI || name.tag == NAME_IP;
        if (!is_plain && (name.tag != NAME_OTHER || !is_xmpp_address(&name))) {
            return false;
        }
    }
    return true;
}

static bool is_label(struct bytes label) {
    if (label.size < 1 || label.size > 63 || label.data[0] == '-' ||
        label.data[label.size - 1] == '-') {
        return false;
    }
    for (size_t i = 0; i < label.size; i++) {
        if (!is_alphanumeric(label.data[i]) && label.data[i] != '-') {
            return false;
        }
    }
    return true;
}

// RFC 1123, 2.1; a wildcard is the whole of the first label and has two more behind it.
static bool is_host_name(const struct element *name) {
    struct bytes rest = name->content;
    bool is_wildcard = rest.size > 1 && rest.data[0] == '*' && rest.data[1] == '.';
    if (rest.size > 253) {
        return false;
    }
    rest = is_wildcard ? bytes_slice(rest, 2, SIZE_MAX) : rest;
    for (size_t labels = 1;; labels++) {
        const uint8_t *dot = rest.size == 0 ? NULL : memchr(rest.data, '.', rest.size);
        size_t size = dot == NULL ? rest.size : (size_t)(dot - rest.data);
        if (!is_label(bytes_slice(rest, 0, size))) {
            return false;
        }
        if (dot == NULL) {
            return labels >= (is_wildcard ? 2u : 1u);
        }
        rest = bytes_slice(rest, size + 1, SIZE_MAX);
    }
}

bool lint_san_dns(const struct lint_certificate *certificate) {
    return each_name(certificate, NAME_DNS, is_host_name);
}

static bool is_address(const struct element *name) {
    return name->content.size == 4 || name->content.size == 16;
}

bool lint_san_ip(const struct lint_certificate *certificate) {
    return each_name(certificate, NAME_IP, is_address);
}

static bool is_email(const struct element *name) {
    size_t signs = 0;
    for (size_t i = 0; i < name->content.size; i++) {
        signs += name->content.data[i] == '@';
    }
    return is_visible_ascii(name->content) && signs == 1 && name->content.data[0] != '@' &&
           name->content.data[name->content.size - 1] != '@';
}

bool lint_san_email(const struct lint_certificate *certificate) {
    return each_name(certificate, NAME_EMAIL, is_email);
}

// RFC 3986, 3.1.
static bool is_uri(const struct element *name) {
    struct bytes uri = name->content;
    size_t scheme = 0;
    while (scheme < uri.size &&
           (is_alphanumeric(uri.data[scheme]) ||
            (uri.data[scheme] != 0 && strchr("+-.", uri.data[scheme]) != NULL))) {
        scheme++;
    }
    return is_visible_ascii(uri) && scheme > 0 && scheme + 1 < uri.size &&
           uri.data[scheme] == ':' && (uri.data[0] < '0' || uri.data[0] > '9') &&
           is_alphanumeric(uri.data[0]);
}

bool lint_san_uri(const struct lint_certificate *certificate) {
    return each_name(certificate, NAME_URI, is_uri);
}

static bool is_xmpp_text(const struct element *name) {
    struct bytes rest = name->content;
    struct element type = {0}, wrapper = {0}, text = {0};
    return lint_take_tag(&rest, TAG_OID, &type) && lint_only(rest, 0xa0, &wrapper) &&
           lint_only(wrapper.content, TAG_UTF8_STRING, &text) && text.content.size > 0 &&
           count_characters(text.content) != SIZE_MAX;
}

bool lint_san_xmpp(const struct lint_certificate *certificate) {
    return each_name(certificate, NAME_OTHER, is_xmpp_text);
}
