// Reading what an account holds, and telling the superseded from the valid.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "client/xmpp/registered.h"

#include <string.h>

#include "base/text.h"
#include "client/terminal/display.h"
#include "x509/certificate.h"

#define SERIAL_DIGITS 8
#define MORE "…"

MESSAGE_DEFINE(registered);
MESSAGE_DEFINE(registered_page);

void registered_page_clear(struct registered_page *page) {
    message_clear(&registered_page_type, page);
}

// --- names -----------------------------------------------------------------------------------

static enum result write_suffix(struct bytes serial, struct buf *out) {
    AUTO(buf_clear) struct buf digits = {0};
    buf_init(&digits, 2 * LIMIT_SERIAL_BYTES);
    TRY(text_hex_encode(serial, &digits));
    return buf_printf(out, "-%.*s", SERIAL_DIGITS, buf_string(&digits));
}

enum result registered_name(const char *label, struct bytes certificate, struct buf *out,
                            struct error *err) {
    struct certificate read;
    AUTO(buf_clear) struct buf name = {0};
    buf_init(&name, LIMIT_XMPP_NAME_BYTES);
    TRY(certificate_read(certificate, &read, err));
    if (buf_append_string(&name, label) != RESULT_OK ||
        write_suffix(read.serial, &name) != RESULT_OK) {
        return error_set_code(err, RESULT_INVALID, "usage", "a name of %zu bytes is too long",
                              strlen(label));
    }
    return buf_append(out, buf_bytes(&name));
}

// How much of the name stands before our suffix; 0 for names that others gave.
static size_t label_size(const char *name, struct bytes serial) {
    AUTO(buf_clear) struct buf suffix = {0};
    buf_init(&suffix, SERIAL_DIGITS + 1);
    size_t size = strlen(name);
    return write_suffix(serial, &suffix) == RESULT_OK && size > suffix.size &&
                   strcmp(&name[size - suffix.size], buf_string(&suffix)) == 0
               ? size - suffix.size
               : 0;
}

bool registered_is_name_of(const char *name, struct bytes certificate) {
    struct certificate read;
    return certificate_read(certificate, &read, NULL) == RESULT_OK &&
           label_size(name, read.serial) > 0;
}

static enum result fill_label(struct registered *line, struct bytes serial) {
    size_t size = line->server_name.size == 0 ? label_size(line->name, serial) : 0;
    return size > 0 ? text_set_bytes(&line->label, bytes_of(line->name, size)) : RESULT_OK;
}

// --- reading ---------------------------------------------------------------------------------

static enum result fill_names(struct registered *line, const struct certificate *certificate) {
    AUTO(names_clear) struct names names = {0};
    struct error reason = {0};
    if (certificate_names(certificate, &names, &reason) != RESULT_OK) {
        return RESULT_OK; // others' certificates may name what we do not know
    }
    for (size_t i = 0; i < names.count; i++) {
        AUTO(buf_clear) struct buf text = {0};
        buf_init(&text, LIMIT_LIST_TEXT_BYTES);
        TRY(name_format(&names.items[i], &text));
        TRY(text_list_add(&line->names, buf_string(&text)));
    }
    return RESULT_OK;
}

static enum result fill_issuer(struct registered *line, const struct certificate *certificate) {
    AUTO(buf_clear) struct buf issuer = {0};
    AUTO(buf_clear) struct buf shown = {0};
    buf_init(&issuer, LIMIT_XMPP_ISSUER_BYTES);
    buf_init(&shown, LIMIT_XMPP_ISSUER_BYTES);
    if (distinguished_name_format(certificate->issuer, &issuer) != RESULT_OK ||
        display_text(buf_string(&issuer), &shown) != RESULT_OK || shown.size == 0) {
        return RESULT_OK;
    }
    return text_set(&line->issuer, buf_string(&shown));
}

static enum result fill_certificate(struct registered *line, struct bytes der) {
    struct certificate certificate;
    struct error reason = {0};
    AUTO(buf_clear) struct buf serial = {0};
    if (der.size > LIMIT_CERTIFICATE_BYTES ||
        certificate_read(der, &certificate, &reason) != RESULT_OK) {
        return RESULT_OK;
    }
    buf_init(&serial, LIMIT_SERIAL_TEXT);
    TRY(text_hex_encode(certificate.serial, &serial));
    TRY(text_set(&line->serial, buf_string(&serial)));
    line->not_before = certificate.not_before;
    line->not_after = certificate.not_after;
    TRY(fill_names(line, &certificate));
    TRY(fill_issuer(line, &certificate));
    TRY(fill_label(line, certificate.serial));
    return blob_set(&line->certificate, der);
}

// As much as fits, and a mark behind it when that is not all.
static enum result show_name(const char *name, struct buf *out) {
    AUTO(buf_clear) struct buf beginning = {0};
    buf_init(out, LIMIT_XMPP_NAME_BYTES);
    buf_init(&beginning, LIMIT_XMPP_NAME_BYTES - strlen(MORE));
    if (display_text(name, out) == RESULT_OK) {
        return RESULT_OK;
    }
    buf_reset(out);
    (void)!display_text(name, &beginning); // as much as there is room for
    TRY(buf_append(out, buf_bytes(&beginning)));
    return buf_append_string(out, MORE);
}

// Shown with "?" for what a terminal must not obey; then the name itself is kept beside it, because
// the server knows no other.
static enum result fill_name(struct registered *line, const char *name) {
    AUTO(buf_clear) struct buf shown = {0};
    TRY(show_name(name, &shown));
    TRY(text_set(&line->name, buf_string(&shown)));
    return strcmp(line->name, name) == 0 ? RESULT_OK
                                         : blob_set(&line->server_name, bytes_of_string(name));
}

enum result registered_server_name(const struct registered *line, struct buf *out) {
    return line->server_name.size > 0 ? buf_append(out, blob_bytes(&line->server_name))
                                      : buf_append_string(out, line->name);
}

static enum result fill_resources(struct registered *line, const struct text_list *resources) {
    for (size_t i = 0; i < resources->count && i < LIMIT_XMPP_RESOURCES; i++) {
        AUTO(buf_clear) struct buf shown = {0};
        buf_init(&shown, LIMIT_XMPP_NAME_BYTES);
        if (display_text(resources->items[i], &shown) == RESULT_OK) {
            TRY(text_list_add(&line->resources, buf_string(&shown)));
        }
    }
    return RESULT_OK;
}

static enum result fill(struct registered *line, const char *name, struct bytes certificate,
                        const struct text_list *resources) {
    TRY(fill_name(line, name));
    TRY(fill_resources(line, resources));
    return fill_certificate(line, certificate);
}

enum result registered_add(struct registered_page *page, const char *name,
                           struct bytes certificate, const struct text_list *resources,
                           struct error *err) {
    void *record = NULL;
    if (page->certificates.count == LIMIT_XMPP_CERTIFICATES) {
        page->is_cut = true;
        return RESULT_OK;
    }
    if (record_add(&page->certificates, &registered_type, &record) != RESULT_OK ||
        fill(record, name, certificate, resources) != RESULT_OK) {
        return error_out_of_memory(err);
    }
    return RESULT_OK;
}

// --- judging ---------------------------------------------------------------------------------

static bool is_valid(const struct registered *line, int64_t now) {
    return line->certificate.size > 0 && line->not_before <= now && now <= line->not_after;
}

// There is a valid one of the same label that begins later. Of two that begin in the same second
// nobody knows.
static bool is_superseded(const struct registered_page *page, const struct registered *line,
                          int64_t now) {
    const struct registered *lines = page->certificates.items;
    for (size_t i = 0; line->label != NULL && i < page->certificates.count; i++) {
        if (lines[i].not_before > line->not_before && is_valid(&lines[i], now) &&
            lines[i].label != NULL && strcmp(lines[i].label, line->label) == 0) {
            return true;
        }
    }
    return false;
}

static const char *state_of(const struct registered_page *page, const struct registered *line,
                            int64_t now) {
    if (line->certificate.size == 0) {
        return "unreadable";
    }
    if (now > line->not_after) {
        return "expired";
    }
    if (now < line->not_before) {
        return "future";
    }
    return is_superseded(page, line, now) ? "superseded" : "valid";
}

enum result registered_judge(struct registered_page *page, int64_t now, struct error *err) {
    struct registered *lines = page->certificates.items;
    for (size_t i = 0; i < page->certificates.count; i++) {
        if (text_set(&lines[i].state, state_of(page, &lines[i], now)) != RESULT_OK) {
            return error_out_of_memory(err);
        }
    }
    return RESULT_OK;
}

const struct registered *registered_find(const struct registered_page *page,
                                         struct bytes certificate) {
    const struct registered *lines = page->certificates.items;
    for (size_t i = 0; i < page->certificates.count; i++) {
        if (lines[i].certificate.size > 0 &&
            bytes_equal(blob_bytes(&lines[i].certificate), certificate)) {
            return &lines[i];
        }
    }
    return NULL;
}
