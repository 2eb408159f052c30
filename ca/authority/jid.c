// Prepares the parts of a JID and compares.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "authority/jid.h"

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
    if (stringprep(text, sizeof(text), 0, profile) != STRINGPREP_OK) {
        return RESULT_INVALID;
    }
    size_t size = strlen(text);
    if (size == 0 || size > PART_BYTES) {
        return RESULT_INVALID;
    }
    return buf_append(out, bytes_of(text, size));
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
    TRY(prepare(domain, stringprep_nameprep, out));
    if (slash < jid.size) {
        TRY(buf_append_byte(out, '/'));
        TRY(prepare(bytes_slice(jid, slash + 1, SIZE_MAX), stringprep_xmpp_resourceprep, out));
    }
    return RESULT_OK;
}

enum result jid_check(const char *jid, bool is_bare, struct error *err) {
    struct bytes text = bytes_of_string(jid);
    AUTO(buf_clear) struct buf prepared = {0};
    buf_init(&prepared, LIMIT_JID_BYTES);
    if (prepare_all(text, &prepared) != RESULT_OK) {
        (void)error_set(err, RESULT_INVALID,
                        "\"%s\" holds characters that no XMPP address may have", jid);
        error_hint(err, "use letters and digits, without blanks and without \" & ' / : < > @");
        return RESULT_INVALID;
    }
    if (!bytes_equal(text, buf_bytes(&prepared))) {
        (void)error_set(err, RESULT_INVALID,
                        "\"%s\" is not in the form that servers compare (RFC 7622)", jid);
        error_hint(err, "use %s", buf_string(&prepared));
        return RESULT_INVALID;
    }
    size_t slash = find(text, '/');
    if (is_bare && slash < text.size) {
        (void)error_set(err, RESULT_INVALID, "\"%s\" has a resource", jid);
        error_hint(err, "use %.*s", (int)slash, jid);
        return RESULT_INVALID;
    }
    return RESULT_OK;
}
