// Checks and canonical forms of common names, host names, addresses, URIs and JIDs.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "x509/name_syntax.h"

#include <string.h>

#include "base/limits.h"
#include "base/lookalike.h"
#include "base/text.h"

// RFC 1035: a label has at most 63 octets.
#define LABEL_BYTES 63
// RFC 5321, 4.5.3.1.1.
#define EMAIL_LOCAL_BYTES 64
// RFC 7622: each part of a JID has at most 1023 octets.
#define JID_PART_BYTES 1023

static enum result wrong(struct error *err, enum name_type type, struct bytes value,
                         const char *expected) {
    // Only what a terminal can bear is shown.
    bool is_shown = value.size > 0 && text_is_utf8(value) && !text_has_hidden(value);
    int length = (int)(value.size < 100 ? value.size : 100);
    if (!is_shown) {
        return error_set_code(err, RESULT_INVALID, "name_invalid", "not a %s: expected %s",
                              name_type_text(type), expected);
    }
    return error_set_code(err, RESULT_INVALID, "name_invalid", "\"%.*s\" is no %s: expected %s",
                          length, (const char *)value.data, name_type_text(type), expected);
}

static bool is_letter(uint8_t c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(uint8_t c) {
    return c >= '0' && c <= '9';
}

static uint8_t lower(uint8_t c) {
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c + ('a' - 'A')) : c;
}

static bool is_one_of(uint8_t c, const char *set) {
    return c != 0 && strchr(set, c) != NULL;
}

static bool is_ascii(struct bytes text) {
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] >= 0x80) {
            return false;
        }
    }
    return true;
}

// Where `c` occurs first, or the size.
static size_t find(struct bytes text, char c) {
    const uint8_t *at = text.size > 0 ? memchr(text.data, c, text.size) : NULL;
    return at != NULL ? (size_t)(at - text.data) : text.size;
}

static enum result append_lower(struct buf *out, struct bytes text) {
    uint8_t *room = NULL;
    TRY(buf_reserve(out, text.size, &room));
    for (size_t i = 0; i < text.size; i++) {
        room[i] = lower(text.data[i]);
    }
    buf_commit(out, text.size);
    return RESULT_OK;
}

static bool is_label(struct bytes label) {
    if (label.size == 0 || label.size > LABEL_BYTES || label.data[0] == '-' ||
        label.data[label.size - 1] == '-') {
        return false;
    }
    for (size_t i = 0; i < label.size; i++) {
        if (!is_letter(label.data[i]) && !is_digit(label.data[i]) && label.data[i] != '-') {
            return false;
        }
    }
    return true;
}

static bool is_number(struct bytes label) {
    for (size_t i = 0; i < label.size; i++) {
        if (!is_digit(label.data[i])) {
            return false;
        }
    }
    return true;
}

// RFC 1123, 2.1: labels of letters, digits and inner hyphens; the last is not a number, so that
// no IPv4 address passes for a host name.
static bool is_host_name(struct bytes text) {
    if (text.size == 0 || text.size > LIMIT_DNS_NAME_BYTES) {
        return false;
    }
    while (true) {
        size_t dot = find(text, '.');
        struct bytes label = bytes_slice(text, 0, dot);
        if (!is_label(label)) {
            return false;
        }
        if (dot == text.size) {
            return !is_number(label);
        }
        text = bytes_slice(text, dot + 1, text.size);
    }
}

static enum result canonicalize_common_name(struct bytes value, struct buf *out,
                                            struct error *err) {
    bool is_fine = value.size > 0 && value.size <= LIMIT_COMMON_NAME_BYTES &&
                   text_is_utf8(value) && !text_has_hidden(value) &&
                   text_count_characters(value) <= LIMIT_COMMON_NAME_CHARACTERS &&
                   value.data[0] != ' ' && value.data[value.size - 1] != ' ';
    if (!is_fine) {
        return wrong(err, NAME_CN, value,
                     "1 to 64 characters of UTF-8 that can be seen, without space "
                     "at either end");
    }
    return buf_append(out, value);
}

static enum result canonicalize_dns(struct bytes value, struct buf *out, struct error *err) {
    bool is_wildcard = value.size > 2 && value.data[0] == '*' && value.data[1] == '.';
    struct bytes host = is_wildcard ? bytes_slice(value, 2, value.size) : value;
    if (value.size > LIMIT_DNS_NAME_BYTES || !is_host_name(host)) {
        (void)wrong(err, NAME_DNS, value,
                    "labels of letters, digits and inner hyphens, separated by dots, such as "
                    "broker.example");
        if (!is_ascii(value)) {
            error_hint(err, "Write an international name in its ASCII form, \"xn--…\".");
        }
        return RESULT_INVALID;
    }
    return append_lower(out, value);
}

static enum result canonicalize_ip(struct bytes value, struct buf *out, struct error *err) {
    uint8_t address[16];
    size_t size = 0;
    char text[64] = {0};
    bool is_fine = value.size > 0 && value.size < sizeof(text) && !bytes_contain_zero(value);
    if (is_fine) {
        memcpy(text, value.data, value.size);
        is_fine = text_read_ip(text, address, &size) == RESULT_OK;
    }
    if (!is_fine) {
        return wrong(err, NAME_IP, value, "an IPv4 or IPv6 address, such as 192.0.2.1");
    }
    return text_format_ip(bytes_of(address, size), out);
}

// RFC 5322, 3.2.3: dot-atom, without quoting.
static bool is_dot_atom(struct bytes text) {
    uint8_t previous = '.';
    for (size_t i = 0; i < text.size; i++) {
        uint8_t c = text.data[i];
        bool is_atom = is_letter(c) || is_digit(c) || is_one_of(c, "!#$%&'*+-/=?^_`{|}~");
        if (!is_atom && (c != '.' || previous == '.')) {
            return false;
        }
        previous = c;
    }
    return previous != '.';
}

static enum result canonicalize_email(struct bytes value, struct buf *out, struct error *err) {
    size_t at = find(value, '@');
    struct bytes local = bytes_slice(value, 0, at);
    struct bytes host = bytes_slice(value, at + 1, value.size);
    if (value.size > LIMIT_EMAIL_BYTES || local.size > EMAIL_LOCAL_BYTES ||
        !is_dot_atom(local) || !is_host_name(host)) {
        return wrong(err, NAME_EMAIL, value, "name@host.example in ASCII");
    }
    TRY(buf_append(out, local));
    TRY(buf_append_byte(out, '@'));
    return append_lower(out, host);
}

static enum result canonicalize_uri(struct bytes value, struct buf *out, struct error *err) {
    size_t colon = find(value, ':');
    bool is_fine = value.size <= LIMIT_URI_BYTES && colon > 0 && colon + 1 < value.size &&
                   is_letter(value.data[0]);
    for (size_t i = 0; is_fine && i < value.size; i++) {
        uint8_t c = value.data[i];
        is_fine = i < colon ? is_letter(c) || is_digit(c) || is_one_of(c, "+-.")
                            : c > 0x20 && c < 0x7f && !is_one_of(c, "\"<>\\^`{|}");
    }
    if (!is_fine) {
        return wrong(err, NAME_URI, value,
                     "an absolute URI of printable ASCII, such as urn:uuid:…");
    }
    return buf_append(out, value);
}

static bool is_jid_local_part(struct bytes text) {
    if (text.size == 0 || text.size > JID_PART_BYTES) {
        return false;
    }
    for (size_t i = 0; i < text.size; i++) {
        if (is_one_of(text.data[i], " \"&'/:<>@")) { // RFC 7622, 3.3.1
            return false;
        }
    }
    return true;
}

static bool is_ip_literal(struct bytes text) {
    char address[64] = {0};
    uint8_t octets[16];
    size_t size = 0;
    bool is_bracketed = text.size > 2 && text.data[0] == '[' && text.data[text.size - 1] == ']';
    struct bytes inner = is_bracketed ? bytes_slice(text, 1, text.size - 2) : text;
    if (inner.size == 0 || inner.size >= sizeof(address)) {
        return false;
    }
    memcpy(address, inner.data, inner.size);
    return text_read_ip(address, octets, &size) == RESULT_OK &&
           size == (is_bracketed ? 16u : 4u);
}

// RFC 7622, 3.2: a host name, possibly with U-labels, or an IP address.
static bool is_jid_domain(struct bytes text) {
    if (text.size == 0 || text.size > JID_PART_BYTES) {
        return false;
    }
    if (is_ascii(text)) {
        return is_host_name(text) || is_ip_literal(text);
    }
    uint8_t previous = '.';
    for (size_t i = 0; i < text.size; i++) {
        uint8_t c = text.data[i];
        bool is_label_octet = c >= 0x80 || is_letter(c) || is_digit(c) || c == '-';
        if (!is_label_octet && (c != '.' || previous == '.')) {
            return false;
        }
        previous = c;
    }
    return previous != '.';
}

static enum result canonicalize_jid(struct bytes value, struct buf *out, struct error *err) {
    // RFC 7622, 3.1: first the resource behind the first "/", then the local part before "@".
    size_t slash = find(value, '/');
    struct bytes bare = bytes_slice(value, 0, slash);
    struct bytes resource = bytes_slice(value, slash + 1, value.size);
    size_t at = find(bare, '@');
    bool has_local = at < bare.size;
    struct bytes local = has_local ? bytes_slice(bare, 0, at) : (struct bytes){0};
    struct bytes domain = has_local ? bytes_slice(bare, at + 1, bare.size) : bare;
    bool has_resource = slash < value.size;
    // What is not seen is taken out, or refused, where addresses are prepared.
    bool is_fine = value.size <= LIMIT_JID_BYTES && text_is_utf8(value) &&
                   !text_has_control(value) && (!has_local || is_jid_local_part(local)) &&
                   is_jid_domain(domain) &&
                   (!has_resource || (resource.size > 0 && resource.size <= JID_PART_BYTES));
    if (!is_fine) {
        return wrong(err, NAME_XMPP, value, "user@host.example or user@host.example/resource");
    }
    if (has_local) {
        TRY(buf_append(out, local));
        TRY(buf_append_byte(out, '@'));
    }
    TRY(append_lower(out, domain));
    return buf_append(out, bytes_slice(value, slash, value.size));
}

enum result name_canonicalize(enum name_type type, struct bytes value, struct buf *out,
                              struct error *err) {
    static enum result (*const canonicalize[NAME_TYPE_COUNT])(struct bytes, struct buf *,
                                                              struct error *) = {
        [NAME_CN] = canonicalize_common_name, [NAME_DNS] = canonicalize_dns,
        [NAME_IP] = canonicalize_ip,          [NAME_EMAIL] = canonicalize_email,
        [NAME_URI] = canonicalize_uri,        [NAME_XMPP] = canonicalize_jid,
    };
    return canonicalize[type](value, out, err);
}
