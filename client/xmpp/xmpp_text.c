// Preparing by libidn, and taking addresses apart.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "client/xmpp/xmpp_text.h"

#include <idna.h>
#include <stdlib.h>
#include <string.h>
#include <stringprep.h>

#include "base/limits.h"
#include "base/text.h"
#include "x509/names.h"

// Preparation may lengthen a text before it shortens it.
#define ROOM (4 * LIMIT_XMPP_PASSWORD_BYTES + 1)

static void wipe_room(char (*room)[ROOM]) {
    memory_wipe(*room, ROOM);
}

enum result xmpp_prepare_secret(const char *text, struct buf *out, struct error *err) {
    AUTO(wipe_room) char room[ROOM] = {0};
    size_t size = strlen(text);
    if (size == 0 || size > LIMIT_XMPP_PASSWORD_BYTES) {
        return error_set_code(err, RESULT_INVALID, "password",
                              "a password has 1 to %d bytes, this one has %zu",
                              LIMIT_XMPP_PASSWORD_BYTES, size);
    }
    memcpy(room, text, size);
    if (stringprep(room, sizeof(room), STRINGPREP_NO_UNASSIGNED, stringprep_saslprep) !=
            STRINGPREP_OK ||
        room[0] == '\0') {
        return error_set_code(err, RESULT_INVALID, "password",
                              "it holds characters that SASL does not allow (RFC 4013)");
    }
    return buf_append_string(out, room) == RESULT_OK
               ? RESULT_OK
               : error_set_code(err, RESULT_LIMIT, "password", "this password is too long");
}

static void free_at(char **text) {
    free(*text);
}

enum result xmpp_ascii_domain(const char *domain, struct buf *out, struct error *err) {
    AUTO(free_at) char *ascii = NULL;
    if (idna_to_ascii_8z(domain, &ascii, 0) != IDNA_SUCCESS) {
        return error_set_code(err, RESULT_INVALID, "usage", "'%s' is no domain", domain);
    }
    return buf_append_string(out, ascii);
}

void xmpp_address_clear(struct xmpp_address *address) {
    buf_clear(&address->bare);
    buf_clear(&address->user);
    buf_clear(&address->domain);
}

static enum result refuse(struct error *err, const char *text, const char *reason) {
    (void)error_set_code(err, RESULT_INVALID, "usage", "'%s' is no XMPP account%s%s", text,
                         *reason != '\0' ? ": " : "", reason);
    error_hint(err, "Accounts look like hamlet@shakespeare.lit.");
    return RESULT_INVALID;
}

static enum result take_apart(const char *canonical, struct xmpp_address *out) {
    const char *slash = strchr(canonical, '/');
    size_t size = slash != NULL ? (size_t)(slash - canonical) : strlen(canonical);
    const char *at = memchr(canonical, '@', size);
    size_t user_size = (size_t)(at - canonical);
    buf_init(&out->bare, LIMIT_JID_BYTES);
    buf_init(&out->user, LIMIT_JID_BYTES);
    buf_init(&out->domain, LIMIT_JID_BYTES);
    TRY(buf_append(&out->bare, bytes_of(canonical, size)));
    TRY(buf_append(&out->user, bytes_of(canonical, user_size)));
    return buf_append(&out->domain, bytes_of(&at[1], size - user_size - 1));
}

enum result xmpp_address_read(const char *text, struct xmpp_address *out_address,
                              struct error *err) {
    AUTO(names_clear) struct names names = {0};
    struct error reason = {0};
    if (names_add(&names, NAME_XMPP, bytes_of_string(text), &reason) != RESULT_OK) {
        return refuse(err, text, reason.message);
    }
    const char *canonical = names.items[0].value;
    size_t bare_size = strcspn(canonical, "/");
    if (memchr(canonical, '@', bare_size) == NULL) {
        return refuse(err, text, "it names no user");
    }
    return take_apart(canonical, out_address) == RESULT_OK ? RESULT_OK
                                                           : error_out_of_memory(err);
}
