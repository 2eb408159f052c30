// The command line of exports, which signet and signetctl share.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/options.h"
#include "client/connect/credential.h"
#include "client/export/export.h"
#include "client/terminal/password.h"

// clang-format off
// The last rows of both programs' option tables: O(name, value, help).
#define EXPORT_OPTIONS_TABLE(O)                                                                \
    O("for", "TARGET", "generic (default), browser, owntracks-ios, owntracks-android, home-assistant")\
    O("format", "FORMAT", "one file: p12, pem, der, ca-pem, ca-der, ca-otre or ca-mobileconfig")\
    O("out", "PATH", "the file, or a folder with / at its end, or - (default: the present folder)")               \
    O("pkcs12", "KIND", "compat or modern encryption, instead of the target's")                \
    O("password-file", "FILE", "the password is its first line (default: you are asked)")      \
    O("generate-password", NULL, "make a password and show it, once")                          \
    O("password-out", "FILE", "put that password there instead")                               \
    O("friendly-name", "TEXT", "what readers list it as (default: its common name)")           \
    O("host", "NAME", "of the broker, for the app's configuration")                            \
    O("port", "N", "of the broker (default: 8883)")                                            \
    O("device", "NAME", "of the device, for the app's configuration")                          \
    O("with-root", NULL, "the root certificate in the chain, too")                             \
    O("without-passphrase", NULL, "keep the password out of the app's configuration")          \
    O("link", NULL, "print the configuration's link, too")                                     \
    O("qr", NULL, "print that link as a QR code, too")                                         \
    O("force", NULL, "replace files that are there already")
// clang-format on
#define EXPORT_OPTION(name, value, help) {name, value, help, false, false},
// With the end of the table.
#define EXPORT_OPTIONS                                                                         \
    EXPORT_OPTIONS_TABLE(EXPORT_OPTION) {                                                      \
        0                                                                                      \
    }

// What the line says, before there is a credential.
struct export_request {
    struct export_plan plan; // without credential, name and password
    struct password_source password;
    const char *out;
    bool shows_link;
    bool shows_qr;
    bool replaces;
};

// Reads those options, and whether they fit together.
enum result export_read_request(const struct arguments *arguments,
                                struct export_request *out_request, struct error *err);
// Code "key_not_exportable" when a file that is wanted would hold the key, and that is on a token.
enum result export_check_key(const struct export_request *request, const struct key *key,
                             struct error *err);
// Before there is a credential, which may cost a token: refuses what does not fit together and files
// that are there already, and asks for or makes the password (empty when none is needed). `name` begins
// the names of the files.
enum result export_prepare(const struct export_request *request, const char *name,
                           enum key_algorithm algorithm, struct buf *out_password,
                           struct error *err);
// Makes the files, writes each whole (0600 if private), and says what to do with them.
enum result export_finish(const struct export_request *request,
                          const struct credential *credential, const char *name,
                          const struct buf *password, struct error *err);
