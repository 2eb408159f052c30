// Prepares the parts of a JID and compares.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "authority/config/jid.h"

#include <idna.h>
#include <stdlib.h>
#include <string.h>
#include <stringprep.h>

#include "base/bytes.h"
#include "base/limits.h"

// RFC 7622, 3.2 to 3.4: each part has at most 1023 bytes. Preparation may lengthen it first.
#define PART_BYTES 1023
#define PART_ROOM (4 * PART_BYTES + 1)

static enum result prepare(struct bytes part, const Stringprep_profile *profile,
                           struct buf *out) {
    char text[PART_ROOM];
    if (part.size == 0 || part.size > PART_BYTES) {
        return RESULT_INVALID;
    }
    memcpy(text, part.data, part.size);
    text[part.size] = '\0';
    // Unassigned code points may become letters that fold: what is stored must never change.
    if (stringprep(text, sizeof(text), STRINGPREP_NO_UNASSIGNED, profile) != STRINGPREP_OK) {
        return RESULT_INVALID;
    }
    size_t size = strlen(text);
    if (size == 0 || size > PART_BYTES) {
        return RESULT_INVALID;
    }
    return buf_append(out, bytes_of(text, size));
}

static void free_at(char **text) {
    free(*text);
}

// RFC 7622, 3.2: the form of a domain is the one with U-labels. Compatibility forms such as "℀"
// (a/c) must not bring a separator in.
static enum result prepare_domain(struct bytes part, struct buf *out) {
    AUTO(buf_clear) struct buf text = {0};
    AUTO(free_at) char *unicode = NULL;
    buf_init(&text, PART_ROOM);
    TRY(prepare(part, stringprep_nameprep, &text));
    if (strpbrk(buf_string(&text), "@/") != NULL ||
        idna_to_unicode_8z8z(buf_string(&text), &unicode, 0) != IDNA_SUCCESS) {
        return RESULT_INVALID;
    }
    // What a label in ASCII form stands for may need preparing itself.
    return prepare(bytes_of_string(unicode), stringprep_nameprep, out);
}

static size_t find(struct bytes text, char wanted) {
    const uint8_t *found = text.size == 0 ? NULL : memchr(text.data, wanted, text.size);
    return found == NULL ? text.size : (size_t)(found - text.data);
}

// [local "@"] domain ["/" resource]: the resource may hold both separators, so it goes first.
static enum result prepare_all(struct bytes jid, struct buf *out) {
    size_t slash = find(jid, '/');
    struct bytes bare = bytes_slice(jid, 0, slash);
    size_t at = find(bare, '@');
    struct bytes domain = bare;
    if (at < bare.size) {
        TRY(prepare(bytes_slice(bare, 0, at), stringprep_xmpp_nodeprep, out));
        TRY(buf_append_byte(out, '@'));
        domain = bytes_slice(bare, at + 1, SIZE_MAX);
    }
    TRY(prepare_domain(domain, out));
    if (slash < jid.size) {
        TRY(buf_append_byte(out, '/'));
        TRY(prepare(bytes_slice(jid, slash + 1, SIZE_MAX), stringprep_xmpp_resourceprep, out));
    }
    return RESULT_OK;
}

static enum result refuse(const char *what, struct error *err) {
    (void)error_set_code(err, RESULT_INVALID, "name_invalid",
                         "\"%.200s\" holds characters that no XMPP address may have", what);
    error_field(err, "xmpp");
    error_hint(err, "use letters and digits, without blanks and without \" & ' / : < > @");
    return RESULT_INVALID;
}

enum result jid_prepare(const char *jid, struct buf *out, struct error *err) {
    AUTO(buf_clear) struct buf prepared = {0};
    buf_init(&prepared, LIMIT_JID_BYTES);
    if (prepare_all(bytes_of_string(jid), &prepared) != RESULT_OK) {
        return refuse(jid, err);
    }
    return buf_append(out, buf_bytes(&prepared));
}

enum result jid_prepare_domain(const char *domain, struct buf *out, struct error *err) {
    AUTO(buf_clear) struct buf prepared = {0};
    buf_init(&prepared, LIMIT_JID_BYTES);
    if (strpbrk(domain, "@/") != NULL ||
        prepare_domain(bytes_of_string(domain), &prepared) != RESULT_OK) {
        return refuse(domain, err);
    }
    return buf_append(out, buf_bytes(&prepared));
}

enum result jid_domain(const char *jid, struct buf *out) {
    struct bytes text = bytes_of_string(jid);
    struct bytes bare = bytes_slice(text, 0, find(text, '/'));
    size_t at = find(bare, '@');
    return buf_append(out, at < bare.size ? bytes_slice(bare, at + 1, SIZE_MAX) : bare);
}

static enum result check_form(const char *jid, enum jid_form form, struct error *err) {
    struct bytes text = bytes_of_string(jid);
    size_t slash = find(text, '/');
    bool is_full = slash < text.size;
    if (form == JID_BARE && is_full) {
        (void)error_set(err, RESULT_INVALID, "\"%s\" has a resource", jid);
        error_hint(err, "use %.*s", (int)slash, jid);
        return RESULT_INVALID;
    }
    if (form == JID_FULL && !is_full) {
        (void)error_set(err, RESULT_INVALID, "\"%s\" has no resource", jid);
        error_hint(err, "use %s/RESOURCE", jid);
        return RESULT_INVALID;
    }
    return RESULT_OK;
}

enum result jid_check(const char *jid, enum jid_form form, struct error *err) {
    AUTO(buf_clear) struct buf prepared = {0};
    buf_init(&prepared, LIMIT_JID_BYTES);
    TRY(jid_prepare(jid, &prepared, err));
    if (!bytes_equal(bytes_of_string(jid), buf_bytes(&prepared))) {
        (void)error_set(err, RESULT_INVALID,
                        "\"%s\" is not in the form that servers compare (RFC 7622)", jid);
        error_hint(err, "use %s", buf_string(&prepared));
        return RESULT_INVALID;
    }
    return check_form(jid, form, err);
}
