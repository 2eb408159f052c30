// Configurations of the OwnTracks apps: .otrc files, and links that carry one.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/bytes.h"
#include "base/error.h"
#include "base/limits.h"
#include "wire/message.h"

// Names and meanings are the app's (OwnTracks booklet, "_type=configuration"). `mode` 0 is MQTT.
// The app makes its topic "owntracks/username/deviceId" of these, whatever `auth` says.
#define owntracks_configuration_FIELDS(F, R)                                                   \
    F(TEXT, _type, 32, REQUIRED)                                                               \
    F(INTEGER, mode, 0, REQUIRED)                                                              \
    F(TEXT, host, LIMIT_DNS_NAME_BYTES, REQUIRED)                                              \
    F(INTEGER, port, 65535, REQUIRED)                                                          \
    F(BOOLEAN, tls, 0, REQUIRED)                                                               \
    F(BOOLEAN, ws, 0, REQUIRED)                                                                \
    F(BOOLEAN, allowinvalidcerts, 0, REQUIRED)                                                 \
    F(BOOLEAN, auth, 0, REQUIRED)                                                              \
    F(BOOLEAN, usePassword, 0, REQUIRED)                                                       \
    F(TEXT, username, LIMIT_COMMON_NAME_BYTES, OPTIONAL)                                       \
    F(TEXT, deviceId, LIMIT_COMMON_NAME_BYTES, OPTIONAL)                                       \
    F(TEXT, clientpkcs, 256, REQUIRED)                                                         \
    F(SECRET, passphrase, LIMIT_PKCS12_PASSWORD_BYTES, OPTIONAL)

MESSAGE_DECLARE(owntracks_configuration);

// All borrowed.
struct owntracks_plan {
    const char *host;
    int64_t port;
    const char *username;   // NULL: none
    const char *device;     // NULL: the app's own
    const char *clientpkcs; // name of the .otrp file
    const char *passphrase; // NULL: typed in the app
};

// The contents of an .otrc file.
enum result owntracks_write_configuration(const struct owntracks_plan *plan, struct buf *out,
                                          struct error *err);
// "owntracks:///config?inline=…" of such contents. The characters of base64 that a query reads
// differently are escaped, which both apps undo.
enum result owntracks_write_link(struct bytes configuration, struct buf *out);
