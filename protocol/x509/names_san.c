// Names in DER: the GeneralNames of a subjectAltName extension (RFC 5280, 4.2.1.6).
// SPDX-License-Identifier: GPL-3.0-or-later
#include "x509/names.h"

#include "base/text.h"
#include "x509/der.h"
#include "x509/oid.h"

// GeneralName choices.
#define GENERAL_NAME_OTHER DER_CONTEXT_CONSTRUCTED(0)
#define GENERAL_NAME_EMAIL DER_CONTEXT(1)
#define GENERAL_NAME_DNS DER_CONTEXT(2)
#define GENERAL_NAME_URI DER_CONTEXT(6)
#define GENERAL_NAME_IP DER_CONTEXT(7)

// RFC 6120, 13.7.1.4: otherName with the type id-on-xmppAddr and a UTF8String.
static enum result write_xmpp_address(struct buf *out, const char *value) {
    size_t name = 0, wrapper = 0;
    TRY(der_begin(out, GENERAL_NAME_OTHER, &name));
    TRY(oid_write(out, OID_XMPP_ADDR));
    TRY(der_begin(out, DER_CONTEXT_CONSTRUCTED(0), &wrapper));
    TRY(der_write(out, DER_UTF8_STRING, bytes_of_string(value)));
    TRY(der_end(out, wrapper));
    return der_end(out, name);
}

static enum result write_ip(struct buf *out, const char *value) {
    uint8_t address[16];
    size_t size = 0;
    TRY(text_read_ip(value, address, &size));
    return der_write(out, GENERAL_NAME_IP, bytes_of(address, size));
}

static enum result write_general_name(struct buf *out, const struct name *name) {
    switch (name->type) {
    case NAME_DNS:
        return der_write(out, GENERAL_NAME_DNS, bytes_of_string(name->value));
    case NAME_IP:
        return write_ip(out, name->value);
    case NAME_EMAIL:
        return der_write(out, GENERAL_NAME_EMAIL, bytes_of_string(name->value));
    case NAME_URI:
        return der_write(out, GENERAL_NAME_URI, bytes_of_string(name->value));
    case NAME_XMPP:
        return write_xmpp_address(out, name->value);
    case NAME_CN:
    case NAME_TYPE_COUNT:
        break;
    }
    return RESULT_OK; // the common name belongs into the subject
}

enum result names_write_san(struct buf *out, const struct names *names) {
    size_t mark = 0;
    TRY(der_begin(out, DER_SEQUENCE, &mark));
    for (size_t i = 0; i < names->count; i++) {
        TRY(write_general_name(out, &names->items[i]));
    }
    return der_end(out, mark);
}

static enum result foreign_type(bool allow_foreign, struct error *err, const char *what) {
    if (allow_foreign) {
        return RESULT_OK;
    }
    (void)error_set_code(
        err, RESULT_INVALID, "name_type_unknown",
        "the subjectAltName holds %s; expected DNS names, IP addresses, e-mail "
        "addresses, URIs or xmppAddr",
        what);
    return RESULT_INVALID;
}

static enum result read_other_name(struct names *names, struct der *der, bool allow_foreign,
                                   struct error *err) {
    struct der name = {0}, wrapper = {0};
    struct bytes type = {0}, value = {0};
    TRY(der_enter(der, GENERAL_NAME_OTHER, &name, err));
    TRY(der_read(&name, DER_OID, &type, err));
    TRY(der_enter(&name, DER_CONTEXT_CONSTRUCTED(0), &wrapper, err));
    TRY(der_expect_end(&name, err));
    if (oid_find(type) != OID_XMPP_ADDR) {
        return foreign_type(allow_foreign, err, "an otherName that is no xmppAddr");
    }
    if (der_peek(&wrapper) != DER_UTF8_STRING) {
        return foreign_type(allow_foreign, err, "an xmppAddr that is no UTF8String");
    }
    TRY(der_read(&wrapper, DER_UTF8_STRING, &value, err));
    TRY(der_expect_end(&wrapper, err));
    return names_add(names, NAME_XMPP, value, err);
}

static enum result read_ip(struct names *names, struct der *der, struct error *err) {
    struct bytes address = {0};
    TRY(der_read(der, GENERAL_NAME_IP, &address, err));
    AUTO(buf_clear) struct buf text = {0};
    buf_init(&text, 64);
    if ((address.size != 4 && address.size != 16) ||
        text_format_ip(address, &text) != RESULT_OK) {
        return error_set(err, RESULT_INVALID, "an iPAddress has 4 or 16 octets; came %zu",
                         address.size);
    }
    return names_add(names, NAME_IP, buf_bytes(&text), err);
}

static enum result read_string(struct names *names, struct der *der, uint8_t tag,
                               enum name_type type, struct error *err) {
    struct bytes value = {0};
    TRY(der_read(der, tag, &value, err));
    return names_add(names, type, value, err);
}

static enum result read_general_name(struct names *names, struct der *der, bool allow_foreign,
                                     struct error *err) {
    uint8_t tag = der_peek(der);
    struct bytes skipped = {0};
    switch (tag) {
    case GENERAL_NAME_OTHER:
        return read_other_name(names, der, allow_foreign, err);
    case GENERAL_NAME_EMAIL:
        return read_string(names, der, tag, NAME_EMAIL, err);
    case GENERAL_NAME_DNS:
        return read_string(names, der, tag, NAME_DNS, err);
    case GENERAL_NAME_URI:
        return read_string(names, der, tag, NAME_URI, err);
    case GENERAL_NAME_IP:
        return read_ip(names, der, err);
    default:
        TRY(der_read_any(der, &tag, &skipped, err));
        return foreign_type(allow_foreign, err, "a name of another type");
    }
}

static enum result read_san(struct names *names, struct bytes san_der, bool allow_foreign,
                            struct error *err) {
    struct der der = der_of(san_der), inside = {0};
    TRY(der_enter(&der, DER_SEQUENCE, &inside, err));
    TRY(der_expect_end(&der, err));
    if (der_at_end(&inside) && !allow_foreign) {
        return error_set_code(
            err, RESULT_INVALID, "san_empty",
            "the subjectAltName is empty; expected at least one name, or none "
            "of this extension");
    }
    while (!der_at_end(&inside)) {
        enum result result = read_general_name(names, &inside, allow_foreign, err);
        if (result == RESULT_CONFLICT) { // the input is wrong, not what is already there
            if (err != NULL) {
                err->result = RESULT_INVALID;
            }
            return RESULT_INVALID;
        }
        TRY(result);
    }
    return RESULT_OK;
}

enum result names_read_san(struct names *names, struct bytes san_der, bool allow_foreign,
                           struct error *err) {
    AUTO(names_clear) struct names all = {0};
    if (names_copy(&all, names) != RESULT_OK) {
        return error_out_of_memory(err);
    }
    TRY(read_san(&all, san_der, allow_foreign, err));
    names_move(names, &all);
    return RESULT_OK;
}
