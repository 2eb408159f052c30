// Reads manufacturers' CAs and maps their devices' subjects to names.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "authority/config/manufacturer.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "authority/config/name_pattern.h"
#include "base/file.h"
#include "base/limits.h"
#include "base/text.h"
#include "x509/der.h"
#include "x509/oid.h"
#include "x509/pem.h"

// The name or dotted identifier of an attribute in a template.
#define ATTRIBUTE_NAME_SIZE 64
// Octets of an identifier.
#define ATTRIBUTE_OID_BYTES 64

void manufacturer_clear(struct manufacturer *manufacturer) {
    string_free_at(&manufacturer->name);
    string_free_at(&manufacturer->file);
    buf_clear(&manufacturer->chain);
    config_list_clear(&manufacturer->names);
    *manufacturer = (struct manufacturer){0};
}

void manufacturer_list_clear(struct manufacturer_list *list) {
    for (size_t i = 0; i < list->count; i++) {
        manufacturer_clear(&list->items[i]);
    }
    free(list->items);
    *list = (struct manufacturer_list){0};
}

const struct manufacturer *manufacturer_find(const struct manufacturer_list *list,
                                             const char *name) {
    for (size_t i = 0; i < list->count; i++) {
        if (strcmp(list->items[i].name, name) == 0) {
            return &list->items[i];
        }
    }
    return NULL;
}

// --- templates -------------------------------------------------------------------------------

// Literal text, then (unless the template is at its end) an attribute.
struct piece {
    struct bytes literal;
    char attribute[ATTRIBUTE_NAME_SIZE]; // "" at the end
};

static enum result bad_template(struct error *err, const char *why) {
    (void)error_set_code(err, RESULT_INVALID, "template_invalid", "%s", why);
    error_hint(err, "Write TYPE:TEXT with {ATTRIBUTE} for what the subject says, such as "
                    "cn:{serialNumber} or uri:urn:device:{serialNumber}.");
    return RESULT_INVALID;
}

static size_t find(struct bytes text, const char *set) {
    for (size_t i = 0; i < text.size; i++) {
        if (strchr(set, (char)text.data[i]) != NULL) {
            return i;
        }
    }
    return text.size;
}

static enum result next_piece(struct bytes *rest, struct piece *out_piece, struct error *err) {
    *out_piece = (struct piece){0};
    size_t open = find(*rest, "{}");
    out_piece->literal = bytes_slice(*rest, 0, open);
    if (open == rest->size) {
        *rest = (struct bytes){0};
        return RESULT_OK;
    }
    struct bytes behind = bytes_slice(*rest, open + 1, SIZE_MAX);
    size_t close = find(behind, "{}");
    if (rest->data[open] != '{' || close == behind.size || behind.data[close] != '}') {
        return bad_template(err, "a brace has no partner");
    }
    if (close == 0 || close >= ATTRIBUTE_NAME_SIZE) {
        return bad_template(err, "there is no attribute between the braces");
    }
    memcpy(out_piece->attribute, behind.data, close);
    out_piece->attribute[close] = '\0';
    *rest = bytes_slice(behind, close + 1, SIZE_MAX);
    return RESULT_OK;
}

// Only what subjects are made of has a name in templates; all else has its dotted identifier.
static enum result attribute_oid(const char *attribute, struct buf *out, struct error *err) {
    static const enum oid known[] = {OID_COMMON_NAME,
                                     OID_SERIAL_NUMBER,
                                     OID_COUNTRY,
                                     OID_LOCALITY,
                                     OID_STATE,
                                     OID_ORGANIZATION,
                                     OID_ORGANIZATIONAL_UNIT,
                                     OID_DOMAIN_COMPONENT,
                                     OID_EMAIL_ADDRESS};
    enum { COUNT = sizeof(known) / sizeof(known[0]) };
    const char *names[COUNT];
    for (size_t i = 0; i < COUNT; i++) {
        names[i] = oid_name(known[i]);
        if (strcmp(names[i], attribute) == 0) {
            return buf_append(out, oid_content(known[i]));
        }
    }
    if (oid_encode(attribute, out, NULL) == RESULT_OK) {
        return RESULT_OK;
    }
    (void)error_set_code(err, RESULT_INVALID, "template_invalid",
                         "\"%s\" is no attribute of a subject", attribute);
    const char *nearest = text_nearest(attribute, names, COUNT);
    if (nearest != NULL) {
        error_hint(err, "did you mean \"%s\"?", nearest);
    } else {
        error_hint(err, "expected serialNumber, CN, O, OU, C, L, ST, DC, emailAddress or a "
                        "dotted identifier");
    }
    return RESULT_INVALID;
}

static enum result split_type(const char *template, enum name_type *out_type,
                              struct bytes *out_text, struct error *err) {
    struct bytes whole = bytes_of_string(template);
    size_t colon = find(whole, ":");
    AUTO(string_free_at) char *prefix = string_copy_bytes(bytes_slice(whole, 0, colon));
    if (prefix == NULL) {
        return error_out_of_memory(err);
    }
    if (colon == whole.size || !name_type_from_prefix(prefix, out_type)) {
        return bad_template(err, "it does not start with the type of the name");
    }
    *out_text = bytes_slice(whole, colon + 1, SIZE_MAX);
    return RESULT_OK;
}

enum result manufacturer_check_template(const char *template, struct error *err) {
    enum name_type type = NAME_CN;
    struct bytes rest = {0};
    TRY(split_type(template, &type, &rest, err));
    size_t attributes = 0;
    while (rest.size > 0) {
        struct piece piece = {0};
        TRY(next_piece(&rest, &piece, err));
        if (piece.attribute[0] != '\0') {
            AUTO(buf_clear) struct buf oid = {0};
            buf_init(&oid, ATTRIBUTE_OID_BYTES);
            TRY(attribute_oid(piece.attribute, &oid, err));
            attributes++;
        }
    }
    return attributes > 0 ? RESULT_OK
                          : bad_template(err, "without an attribute every device would get the "
                                              "same name");
}

// --- subjects --------------------------------------------------------------------------------

static bool is_text_tag(uint8_t tag) {
    return tag == DER_UTF8_STRING || tag == DER_PRINTABLE_STRING || tag == DER_IA5_STRING;
}

static enum result deny_attribute(struct error *err, const char *attribute, const char *why) {
    (void)error_set_code(err, RESULT_DENIED, "manufacturer_attribute",
                         "the subject of the manufacturer's certificate %s %s", why, attribute);
    error_field(err, attribute);
    error_hint(err, "The names in [manufacturer …] of signetd.conf say which attributes are "
                    "needed.");
    return RESULT_DENIED;
}

// The values of all attributes of this type; the last one is kept.
static enum result collect(struct der set, struct bytes oid, uint8_t *out_tag,
                           struct bytes *out_value, size_t *count, struct error *err) {
    while (!der_at_end(&set)) {
        struct der attribute = {0};
        struct bytes type = {0}, value = {0};
        uint8_t tag = 0;
        TRY(der_enter(&set, DER_SEQUENCE, &attribute, err));
        TRY(der_read(&attribute, DER_OID, &type, err));
        TRY(der_read_any(&attribute, &tag, &value, err));
        if (bytes_equal(type, oid)) {
            *out_tag = tag;
            *out_value = value;
            (*count)++;
        }
    }
    return RESULT_OK;
}

static enum result find_value(struct bytes subject, const char *attribute,
                              struct bytes *out_value, struct error *err) {
    AUTO(buf_clear) struct buf oid = {0};
    buf_init(&oid, ATTRIBUTE_OID_BYTES);
    TRY(attribute_oid(attribute, &oid, err));
    struct der whole = der_of(subject), name = {0};
    TRY(der_enter(&whole, DER_SEQUENCE, &name, err));
    size_t count = 0;
    uint8_t tag = 0;
    struct bytes value = {0};
    while (!der_at_end(&name)) {
        struct der set = {0};
        TRY(der_enter(&name, DER_SET, &set, err));
        TRY(collect(set, buf_bytes(&oid), &tag, &value, &count, err));
    }
    if (count != 1) {
        return deny_attribute(err, attribute, count == 0 ? "has no" : "has more than one");
    }
    if (!is_text_tag(tag) || !text_is_utf8(value) || value.size == 0) {
        return deny_attribute(err, attribute, "has no text in its");
    }
    *out_value = value;
    return RESULT_OK;
}

// --- granting --------------------------------------------------------------------------------

static enum result deny_name(struct error *err, const char *template, struct error *cause) {
    char code_message[sizeof(cause->message)];
    memcpy(code_message, cause->message, sizeof(code_message));
    (void)error_set_code(err, RESULT_DENIED, "manufacturer_name",
                         "the manufacturer's certificate gives no name for %s: %s", template,
                         code_message);
    error_hint(err, "The device's subject and the names in [manufacturer …] of signetd.conf do "
                    "not fit together.");
    return RESULT_DENIED;
}

// A value that is only a part of the name must not bring a separator into it, or else it would
// choose the rest as well: "evil@other.example/" in front of "@example.org".
static enum result append_value(struct buf *out, enum name_type type, struct bytes value,
                                bool is_whole, struct error *err) {
    if (find(value, "*") < value.size ||
        (!is_whole && find(value, name_pattern_separators(type)) < value.size)) {
        return error_set(err, RESULT_INVALID, "\"%.*s\" holds one of the characters *%s",
                         (int)(value.size < 64 ? value.size : 64), (const char *)value.data,
                         is_whole ? "" : name_pattern_separators(type));
    }
    return buf_append(out, value);
}

static enum result fill_in(const char *template, struct bytes subject, struct names *names,
                           struct error *err) {
    enum name_type type = NAME_CN;
    struct bytes rest = {0};
    TRY(split_type(template, &type, &rest, err));
    AUTO(buf_clear) struct buf value = {0};
    buf_init(&value, LIMIT_NAME_BYTES);
    struct error cause = {0};
    enum result result = RESULT_OK;
    while (rest.size > 0 && result == RESULT_OK) {
        struct piece piece = {0};
        TRY(next_piece(&rest, &piece, err));
        result = buf_append(&value, piece.literal);
        if (piece.attribute[0] != '\0' && result == RESULT_OK) {
            struct bytes attribute = {0};
            TRY(find_value(subject, piece.attribute, &attribute, err));
            bool is_whole = value.size == 0 && rest.size == 0;
            result = append_value(&value, type, attribute, is_whole, &cause);
        }
    }
    if (result == RESULT_OK) {
        result = names_add(names, type, buf_bytes(&value), &cause);
    } else if (cause.result == RESULT_OK) {
        (void)error_set(&cause, result, "it is too long");
    }
    return result == RESULT_OK ? RESULT_OK : deny_name(err, template, &cause);
}

enum result manufacturer_grant(const struct manufacturer *manufacturer,
                               const struct certificate *device, struct names *out_names,
                               struct error *err) {
    AUTO(names_clear) struct names names = {0};
    for (size_t i = 0; i < manufacturer->names.count; i++) {
        TRY(fill_in(manufacturer->names.items[i], device->subject, &names, err));
    }
    names_move(out_names, &names);
    return RESULT_OK;
}

enum result manufacturer_verify(const struct manufacturer *manufacturer,
                                const struct certificate *device, int64_t now,
                                struct error *err) {
    struct bytes rest = buf_bytes(&manufacturer->chain);
    struct error last = {0};
    while (rest.size > 0) {
        struct certificate anchor = {0};
        TRY(certificate_read_next(&rest, &anchor, err));
        struct error reason = {0};
        const enum result result =
            certificate_verify_chain(device, (struct bytes){0}, &anchor, now, &reason);
        if (result == RESULT_OK) {
            return RESULT_OK;
        }
        if (result == RESULT_INTERNAL) {
            return error_out_of_memory(err);
        }
        // That of the certificate's own issuer says most.
        if (last.result == RESULT_OK || bytes_equal(device->issuer, anchor.subject)) {
            last = reason;
        }
    }
    (void)error_set_code(err, RESULT_DENIED, "manufacturer_unknown",
                         "the certificate is not one of the manufacturer %s: %s",
                         manufacturer->name, last.message);
    error_hint(err, "certificates in [manufacturer %s] must hold the CA that issued it.",
               manufacturer->name);
    return RESULT_DENIED;
}

// --- loading ---------------------------------------------------------------------------------

static enum result check_certificates(struct bytes chain, struct error *err) {
    size_t count = 0;
    while (chain.size > 0) {
        struct certificate certificate = {0};
        TRY(certificate_read_next(&chain, &certificate, err));
        bool may_sign =
            certificate.is_ca && (!certificate.has_key_usage ||
                                  (certificate.key_usage & KEY_USAGE_KEY_CERT_SIGN) != 0);
        // A root of before version 3 says nothing about itself.
        if (!may_sign && certificate.version == 3) {
            return error_set(err, RESULT_INVALID,
                             "certificate %zu is not that of a CA: it would vouch for nobody",
                             count + 1);
        }
        count++;
    }
    return RESULT_OK;
}

enum result manufacturer_load(struct manufacturer *manufacturer, const char *folder,
                              struct error *err) {
    AUTO(buf_clear) struct buf path = {0};
    AUTO(buf_clear) struct buf text = {0};
    AUTO(buf_clear) struct buf chain = {0};
    buf_init(&path, PATH_MAX);
    buf_init(&text, 2 * LIMIT_CHAIN_BYTES);
    buf_init(&chain, LIMIT_CHAIN_BYTES);
    if (manufacturer->file[0] == '/') {
        TRY(buf_append_string(&path, manufacturer->file));
    } else {
        TRY(path_join(&path, folder, manufacturer->file));
    }
    TRY(file_read(buf_string(&path), &text, err));
    enum result result = pem_decode_all(buf_bytes(&text), PEM_CERTIFICATE, &chain, err);
    if (result == RESULT_OK) {
        result = check_certificates(buf_bytes(&chain), err);
    }
    if (result != RESULT_OK) {
        error_context(err, "%s", buf_string(&path));
        return result;
    }
    buf_clear(&manufacturer->chain);
    buf_move(&manufacturer->chain, &chain);
    return RESULT_OK;
}
