// The certificates of an XMPP account, as they are shown and judged.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "wire/messages.h"

// `name` is what the server calls it, as it can be shown; `server_name` is there when that is another
// text. Of those that we register it is the label, "-", and the first eight digits of the serial
// number: `label` is there when it is so. `state` is "valid",
// "superseded" (valid, but there is a valid one of the same label that begins later), "expired", "future", or
// "unreadable" (then the rest is missing). `resources` are the devices that use it now, where the
// server tells.
#define registered_FIELDS(F, R)                                                                \
    F(TEXT, name, LIMIT_XMPP_NAME_BYTES, REQUIRED)                                             \
    F(TEXT, state, 16, REQUIRED)                                                               \
    F(TEXT, label, LIMIT_XMPP_NAME_BYTES, OPTIONAL)                                            \
    F(TEXT, serial, LIMIT_SERIAL_TEXT, OPTIONAL)                                               \
    F(TEXTS, names, LIMIT_NAMES, OPTIONAL)                                                     \
    F(TEXT, issuer, LIMIT_XMPP_ISSUER_BYTES, OPTIONAL)                                         \
    F(TIME, not_before, 0, OPTIONAL)                                                           \
    F(TIME, not_after, 0, OPTIONAL)                                                            \
    F(TEXTS, resources, LIMIT_XMPP_RESOURCES, OPTIONAL)                                        \
    F(CERTIFICATES, certificate, LIMIT_CERTIFICATE_BYTES, OPTIONAL)                            \
    F(BYTES, server_name, LIMIT_XMPP_STANZA_BYTES, OPTIONAL)

// `is_cut`: the account has more than these, which are the first.
#define registered_page_FIELDS(F, R)                                                           \
    R(certificates, registered, LIMIT_XMPP_CERTIFICATES)                                       \
    F(BOOLEAN, is_cut, 0, REQUIRED)

MESSAGE_DECLARE(registered);
MESSAGE_DECLARE(registered_page);

void registered_page_clear(struct registered_page *page);
// The name that a certificate of this label gets, appended. RESULT_INVALID when the certificate
// cannot be read or the label is too long.
enum result registered_name(const char *label, struct bytes certificate, struct buf *out,
                            struct error *err);
// The name ends as those that we give to this certificate.
bool registered_is_name_of(const char *name, struct bytes certificate);
// Adds one as the server has it. One that cannot be read is kept as "unreadable"; above
// LIMIT_XMPP_CERTIFICATES the page is cut.
enum result registered_add(struct registered_page *page, const char *name,
                           struct bytes certificate, const struct text_list *resources,
                           struct error *err);
// What the server calls it, appended.
enum result registered_server_name(const struct registered *line, struct buf *out);
// Fills the states of all.
enum result registered_judge(struct registered_page *page, int64_t now, struct error *err);
// The one with exactly this certificate; NULL.
const struct registered *registered_find(const struct registered_page *page,
                                         struct bytes certificate);
