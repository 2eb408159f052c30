// Names of the Name type: writing a common name, showing any Name (RFC 4514), reading the CN.
// SPDX-License-Identifier: GPL-3.0-or-later
#include <string.h>

#include "base/text.h"
#include "x509/der.h"
#include "x509/names.h"
#include "x509/oid.h"

// X.680, 41.4: the characters of PrintableString.
static bool is_printable_string(struct bytes text) {
    for (size_t i = 0; i < text.size; i++) {
        uint8_t c = text.data[i];
        bool is_alphanumeric =
            (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!is_alphanumeric && (c == 0 || strchr(" '()+,-./:=?", c) == NULL)) {
            return false;
        }
    }
    return true;
}

static enum result write_attribute(struct buf *out, enum oid type, const char *text) {
    if (text == NULL) {
        return RESULT_OK;
    }
    size_t set = 0, attribute = 0;
    struct bytes value = bytes_of_string(text);
    TRY(der_begin(out, DER_SET, &set));
    TRY(der_begin(out, DER_SEQUENCE, &attribute));
    TRY(oid_write(out, type));
    TRY(der_write(out, is_printable_string(value) ? DER_PRINTABLE_STRING : DER_UTF8_STRING,
                  value));
    TRY(der_end(out, attribute));
    return der_end(out, set);
}

enum result distinguished_name_write_device(struct buf *out, const char *common_name,
                                            const char *serial_number) {
    size_t name = 0;
    TRY(der_begin(out, DER_SEQUENCE, &name));
    TRY(write_attribute(out, OID_COMMON_NAME, common_name));
    TRY(write_attribute(out, OID_SERIAL_NUMBER, serial_number));
    return der_end(out, name);
}

enum result distinguished_name_write(struct buf *out, const char *common_name) {
    return distinguished_name_write_device(out, common_name, NULL);
}

struct attribute {
    struct bytes type; // content of the OID
    uint8_t value_tag;
    struct bytes value; // content
    struct bytes value_element;
};

static enum result read_attribute(struct der *set, struct attribute *out_attribute,
                                  struct error *err) {
    struct attribute attribute = {0};
    struct der inside = {0};
    TRY(der_enter(set, DER_SEQUENCE, &inside, err));
    TRY(der_read(&inside, DER_OID, &attribute.type, err));
    attribute.value_element = inside.left;
    TRY(der_read_any(&inside, &attribute.value_tag, &attribute.value, err));
    TRY(der_expect_end(&inside, err));
    *out_attribute = attribute;
    return RESULT_OK;
}

static bool is_text(const struct attribute *attribute) {
    bool is_known_tag = attribute->value_tag == DER_UTF8_STRING ||
                        attribute->value_tag == DER_PRINTABLE_STRING ||
                        attribute->value_tag == DER_IA5_STRING;
    return is_known_tag && text_is_utf8(attribute->value);
}

// RFC 4514, 2.4.
static enum result append_escaped(struct buf *out, struct bytes text) {
    for (size_t i = 0; i < text.size; i++) {
        uint8_t c = text.data[i];
        bool is_edge_space = c == ' ' && (i == 0 || i == text.size - 1);
        bool is_special = c != 0 && strchr("\"+,;<>\\", c) != NULL;
        if (c < 0x20 || c == 0x7f) {
            TRY(buf_printf(out, "\\%02x", c));
        } else if (is_edge_space || is_special || (c == '#' && i == 0)) {
            TRY(buf_printf(out, "\\%c", c));
        } else {
            TRY(buf_append_byte(out, c));
        }
    }
    return RESULT_OK;
}

static enum result format_attribute(const struct attribute *attribute, struct buf *out) {
    enum oid oid = oid_find(attribute->type);
    if (oid != OID_UNKNOWN) {
        TRY(buf_append_string(out, oid_name(oid)));
    } else {
        TRY(oid_format(attribute->type, out));
    }
    TRY(buf_append_byte(out, '='));
    if (oid != OID_UNKNOWN && is_text(attribute)) {
        return append_escaped(out, attribute->value);
    }
    TRY(buf_append_byte(out, '#'));
    return text_hex_encode(attribute->value_element, out);
}

static enum result format_set(struct der set, struct buf *out) {
    bool is_first = true;
    while (!der_at_end(&set)) {
        struct attribute attribute = {0};
        TRY(read_attribute(&set, &attribute, NULL));
        if (!is_first) {
            TRY(buf_append_byte(out, '+'));
        }
        TRY(format_attribute(&attribute, out));
        is_first = false;
    }
    return RESULT_OK;
}

// More parts than any Name has; what follows is shown as an ellipsis.
#define SHOWN_PARTS 32

enum result distinguished_name_format(struct bytes name_der, struct buf *out) {
    struct der der = der_of(name_der), name = {0}, parts[SHOWN_PARTS];
    size_t count = 0;
    TRY(der_enter(&der, DER_SEQUENCE, &name, NULL));
    TRY(der_expect_end(&der, NULL));
    AUTO(buf_clear) struct buf text = {0};
    buf_init(&text, out->maximum);
    while (!der_at_end(&name) && count < SHOWN_PARTS) {
        TRY(der_enter(&name, DER_SET, &parts[count], NULL));
        count++;
    }
    if (!der_at_end(&name)) {
        TRY(buf_append_string(&text, "…,"));
    }
    // RFC 4514, 2.1: the last part first.
    for (size_t i = count; i > 0; i--) {
        TRY(format_set(parts[i - 1], &text));
        if (i > 1) {
            TRY(buf_append_byte(&text, ','));
        }
    }
    return buf_append(out, buf_bytes(&text));
}

static enum result read_common_name(struct der *name, struct bytes *out_value, size_t *count,
                                    struct error *err) {
    struct der set = {0};
    TRY(der_enter(name, DER_SET, &set, err));
    do {
        struct attribute attribute = {0};
        TRY(read_attribute(&set, &attribute, err));
        if (oid_find(attribute.type) == OID_COMMON_NAME) {
            if (!is_text(&attribute)) {
                return error_set_code(
                    err, RESULT_INVALID, "name_invalid",
                    "the common name is of another type (tag 0x%02x) or not well-formed; "
                    "expected UTF8String, PrintableString or IA5String",
                    attribute.value_tag);
            }
            *out_value = attribute.value;
            (*count)++;
        }
    } while (!der_at_end(&set));
    return RESULT_OK;
}

enum result names_read_subject(struct names *names, struct bytes name_der, struct error *err) {
    struct der der = der_of(name_der), name = {0};
    struct bytes value = {0};
    size_t count = 0;
    TRY(der_enter(&der, DER_SEQUENCE, &name, err));
    TRY(der_expect_end(&der, err));
    while (!der_at_end(&name)) {
        TRY(read_common_name(&name, &value, &count, err));
    }
    if (count > 1) {
        return error_set_code(err, RESULT_INVALID, "name_duplicate",
                              "the subject has %zu common names; expected one at most", count);
    }
    return count == 0 ? RESULT_OK : names_add(names, NAME_CN, value, err);
}

enum result distinguished_name_find(struct bytes name_der, enum oid type,
                                    struct bytes *out_value) {
    struct der der = der_of(name_der), name = {0};
    size_t count = 0;
    TRY(der_enter(&der, DER_SEQUENCE, &name, NULL));
    while (!der_at_end(&name)) {
        struct der set = {0};
        TRY(der_enter(&name, DER_SET, &set, NULL));
        while (!der_at_end(&set)) {
            struct attribute attribute = {0};
            TRY(read_attribute(&set, &attribute, NULL));
            if (oid_find(attribute.type) != type) {
                continue;
            }
            if (!is_text(&attribute)) {
                return RESULT_NOT_FOUND;
            }
            *out_value = attribute.value;
            count++;
        }
    }
    return count == 1 ? RESULT_OK : RESULT_NOT_FOUND;
}
