// Reading, changing and writing URIs of keys on tokens.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "x509/pkcs11_uri.h"

#include <string.h>
#include <strings.h>

#include "base/limits.h"
#include "base/random.h"
#include "x509/key_pkcs11.h"

#define SCHEME "pkcs11:"
#define FILE_SCHEME "file:"
#define BLANKS " \t\r\n"
// Of a fresh CKA_ID: no two keys get the same.
#define ID_SIZE 16

void pkcs11_uri_clear(struct pkcs11_uri *uri) {
    if (uri->parsed != NULL) {
        p11_kit_uri_free(uri->parsed);
    }
    string_free_secret_at(&uri->text);
    buf_clear(&uri->shown);
    *uri = (struct pkcs11_uri){0};
}

static enum result refuse(struct error *err, const struct pkcs11_uri *uri, const char *what) {
    (void)error_set_code(err, RESULT_INVALID, "key_uri", "%s: %s", buf_string(&uri->shown),
                         what);
    error_hint(err, "Such as: pkcs11:token=LABEL;object=NAME?module-path=/usr/lib/…/module.so&"
                    "pin-source=file:/etc/signet/pin");
    return RESULT_INVALID;
}

// "file:/path", "file:///path" and "/path".
static const char *path_of_source(const char *source) {
    if (strncmp(source, FILE_SCHEME, sizeof(FILE_SCHEME) - 1) == 0) {
        source += sizeof(FILE_SCHEME) - 1;
        source += strncmp(source, "///", 3) == 0 ? 2 : 0;
    }
    return source[0] == '/' && source[1] != '/' ? source : NULL;
}

static enum result read_pin(struct pkcs11_uri *uri, struct error *err) {
    const char *source = p11_kit_uri_get_pin_source(uri->parsed);
    uri->pin = p11_kit_uri_get_pin_value(uri->parsed);
    if (source == NULL) {
        return RESULT_OK;
    }
    if (uri->pin != NULL) {
        return refuse(err, uri, "pin-source and pin-value exclude each other");
    }
    uri->file = path_of_source(source);
    return uri->file != NULL
               ? RESULT_OK
               : refuse(err, uri, "pin-source is not a file: expected file:/the/path");
}

static enum result check_type(const struct pkcs11_uri *uri, struct error *err) {
    CK_OBJECT_CLASS class = CKO_PRIVATE_KEY;
    struct bytes given = pkcs11_uri_attribute(uri, CKA_CLASS);
    return given.size == 0 || bytes_equal(given, bytes_of(&class, sizeof(class)))
               ? RESULT_OK
               : refuse(err, uri, "type is not private: a key that signs is meant");
}

static enum result check_parts(struct pkcs11_uri *uri, struct error *err) {
    const char *module = p11_kit_uri_get_module_path(uri->parsed);
    if (p11_kit_uri_any_unrecognized(uri->parsed)) {
        return refuse(err, uri, "it has an attribute that is not known");
    }
    if (module != NULL && module[0] != '/') {
        return refuse(err, uri, "module-path is not an absolute path");
    }
    TRY(check_type(uri, err));
    return read_pin(uri, err);
}

// Up to the "?"; less when an attribute before it is called pin…, which may be a PIN.
static size_t size_to_show(const char *text) {
    const size_t end = strcspn(text, "?");
    for (size_t at = strcspn(text, ":"); at < end; at += strcspn(&text[at], ";&?")) {
        at++;
        if (strncasecmp(&text[at + strspn(&text[at], BLANKS)], "pin", 3) == 0) {
            return at;
        }
    }
    return end;
}

static enum result read_text(const char *text, struct pkcs11_uri *uri, struct error *err) {
    buf_init(&uri->shown, LIMIT_KEY_URI_BYTES);
    if (strlen(text) > LIMIT_KEY_URI_BYTES) {
        return refuse(err, uri, "a URI of a key is never that long");
    }
    TRY(buf_append(&uri->shown, bytes_of(text, size_to_show(text))));
    if (uri->shown.size < strcspn(text, "?")) {
        return refuse(err, uri, "pin-source and pin-value are for the query, behind the \"?\"");
    }
    uri->text = string_copy(text);
    uri->parsed = p11_kit_uri_new();
    if (uri->text == NULL || uri->parsed == NULL) {
        return error_out_of_memory(err);
    }
    // p11-kit leaves blanks out silently: what is meant for a blank is written "%20".
    if (!key_is_uri(text) || strpbrk(text, BLANKS) != NULL) {
        return refuse(err, uri, "expected pkcs11:, and no blanks (%20 in their place)");
    }
    const int code = p11_kit_uri_parse(text, P11_KIT_URI_FOR_ANY, uri->parsed);
    return code == P11_KIT_URI_OK ? check_parts(uri, err)
                                  : refuse(err, uri, p11_kit_uri_message(code));
}

enum result pkcs11_uri_read(const char *text, struct pkcs11_uri *out_uri, struct error *err) {
    AUTO(pkcs11_uri_clear) struct pkcs11_uri uri = {0};
    TRY(read_text(text, &uri, err));
    *out_uri = uri;
    uri = (struct pkcs11_uri){0};
    return RESULT_OK;
}

struct bytes pkcs11_uri_attribute(const struct pkcs11_uri *uri, CK_ATTRIBUTE_TYPE type) {
    const CK_ATTRIBUTE *found = p11_kit_uri_get_attribute(uri->parsed, type);
    return found != NULL ? bytes_of(found->pValue, found->ulValueLen) : (struct bytes){0};
}

enum result pkcs11_uri_set(struct pkcs11_uri *uri, CK_ATTRIBUTE_TYPE type, struct bytes value) {
    CK_ATTRIBUTE attribute = {type, (void *)(uintptr_t)value.data, value.size};
    return p11_kit_uri_set_attribute(uri->parsed, &attribute) == P11_KIT_URI_OK
               ? RESULT_OK
               : RESULT_INTERNAL;
}

enum result pkcs11_uri_format(const struct pkcs11_uri *uri, struct buf *out,
                              struct error *err) {
    char *text = NULL;
    if (p11_kit_uri_format(uri->parsed, P11_KIT_URI_FOR_ANY, &text) != P11_KIT_URI_OK) {
        return error_out_of_memory(err);
    }
    // The query as a person wrote it: p11-kit would escape every "/" of its paths.
    const char *query = strchr(uri->text, '?');
    enum result result = buf_append(out, bytes_of(text, strcspn(text, "?")));
    string_free_secret_at(&text);
    if (result == RESULT_OK && query != NULL) {
        result = buf_append_string(out, query);
    }
    return result == RESULT_OK ? RESULT_OK
                               : error_set(err, result, "the URI of the key is too long");
}

enum result pkcs11_uri_forget_object(struct pkcs11_uri *uri, struct error *err) {
    AUTO(buf_clear) struct buf text = {0};
    buf_init_secret(&text, 2 * LIMIT_KEY_URI_BYTES);
    p11_kit_uri_clear_attributes(uri->parsed);
    TRY(pkcs11_uri_format(uri, &text, err));
    const size_t size = strcspn(buf_string(&text), "?");
    return buf_assign(&uri->shown, bytes_slice(buf_bytes(&text), 0, size));
}

// --- for those who have only the text --------------------------------------------------------

bool key_is_uri(const char *text) {
    return strncasecmp(text, SCHEME, sizeof(SCHEME) - 1) == 0;
}

enum result key_uri_check(const char *uri, struct error *err) {
    AUTO(pkcs11_uri_clear) struct pkcs11_uri read = {0};
    return pkcs11_uri_read(uri, &read, err);
}

bool key_uri_has_pin(const char *uri) {
    AUTO(pkcs11_uri_clear) struct pkcs11_uri read = {0};
    return pkcs11_uri_read(uri, &read, NULL) == RESULT_OK && read.pin != NULL;
}

bool key_uri_names_object(const char *uri) {
    AUTO(pkcs11_uri_clear) struct pkcs11_uri read = {0};
    return pkcs11_uri_read(uri, &read, NULL) == RESULT_OK &&
           (pkcs11_uri_attribute(&read, CKA_LABEL).size > 0 ||
            pkcs11_uri_attribute(&read, CKA_ID).size > 0);
}

enum result key_uri_for_new(const char *uri, const char *label, struct buf *out,
                            struct error *err) {
    AUTO(pkcs11_uri_clear) struct pkcs11_uri read = {0};
    uint8_t id[ID_SIZE];
    TRY(pkcs11_uri_read(uri, &read, err));
    TRY(random_bytes(id, sizeof(id), err));
    if (pkcs11_uri_set(&read, CKA_ID, bytes_of(id, sizeof(id))) != RESULT_OK) {
        return error_out_of_memory(err);
    }
    if (pkcs11_uri_attribute(&read, CKA_LABEL).size == 0 &&
        pkcs11_uri_set(&read, CKA_LABEL, bytes_of_string(label)) != RESULT_OK) {
        return error_out_of_memory(err);
    }
    return pkcs11_uri_format(&read, out, err);
}
