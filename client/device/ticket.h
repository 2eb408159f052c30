// What an enrollment remembers beside its key and request, so that it goes on after anything.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/error.h"
#include "wire/messages.h"

// DIR/.pending/…/ticket.json, for its owner alone. First what was asked of whom, `key` being a
// type of key, `key_uri` where on a token, and `with` the credential that vouches; then our claim, the key's code and its SHA-256; and once
// the request is held its `id` and what the authority said.
#define ticket_FIELDS(F, R)                                                                    \
    F(SECRET, token, LIMIT_TOKEN_TEXT_BYTES, OPTIONAL)                                         \
    F(TEXT, url, LIMIT_URL_BYTES, REQUIRED)                                                    \
    F(TEXT, fingerprint, LIMIT_FINGERPRINT_TEXT, REQUIRED)                                     \
    F(TEXT, profile, LIMIT_PROFILE_NAME, OPTIONAL)                                             \
    F(TEXT, with, LIMIT_PATH_BYTES, OPTIONAL)                                                  \
    F(TEXT, key, 16, REQUIRED)                                                                 \
    F(SECRET, key_uri, LIMIT_KEY_URI_BYTES, OPTIONAL)                                          \
    F(TEXT, serial_number, LIMIT_COMMON_NAME_BYTES, OPTIONAL)                                  \
    F(TEXTS, names, LIMIT_NAMES, OPTIONAL)                                                     \
    F(TEXT, name, 256, OPTIONAL)                                                               \
    F(BOOLEAN, replaces, 0, OPTIONAL)                                                          \
    F(SECRET, claim, LIMIT_CLAIM_BYTES, OPTIONAL)                                              \
    F(TEXT, code, LIMIT_CODE_TEXT, OPTIONAL)                                                   \
    F(TIME, created, 0, OPTIONAL)                                                              \
    F(TEXT, id, LIMIT_REQUEST_ID_TEXT, OPTIONAL)                                               \
    F(TEXT, held_profile, LIMIT_PROFILE_NAME, OPTIONAL)                                        \
    F(TIME, expires, 0, OPTIONAL)                                                              \
    F(TEXT, key_fingerprint, LIMIT_FINGERPRINT_TEXT, OPTIONAL)

MESSAGE_DECLARE(ticket);

void ticket_clear(struct ticket *ticket);
// The folder of this question: the same token, authority, profile, serial number, names and type of key again
// are the same question, and anything else is another.
enum result ticket_path(const struct ticket *ticket, const char *folder, struct buf *out,
                        struct error *err);
// Adds claim, code and time of what is asked for the first time, and what is remembered of what
// was asked before; durable on return. `public_key` is the pending key's.
enum result ticket_open(struct ticket *ticket, const char *path, struct bytes public_key,
                        struct error *err);
// The request is held. RESULT_DENIED, code "untrusted", when the authority shows another code.
enum result ticket_note_held(struct ticket *ticket, const char *path, const struct held *held,
                             struct error *err);
enum result ticket_read(const char *path, struct ticket *out_ticket, struct error *err);

// Every ticket below DIR/.pending; damaged ones are left out.
struct ticket_list {
    struct ticket *items;
    size_t count;
};
void ticket_list_clear(struct ticket_list *list);
enum result ticket_list_read(const char *folder, struct ticket_list *out_list,
                             struct error *err);
