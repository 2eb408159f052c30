// A credential in the forms that apps take: which files each app wants, and what is in them.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stdbool.h>

#include "base/bytes.h"
#include "base/error.h"
#include "client/connect/credential.h"
#include "x509/pkcs12.h"

// No target makes more.
#define EXPORT_FILES 3

struct export_format;
struct export_target;

// By the name of --format and --for. RESULT_INVALID, code "usage", with the nearest name as the hint, or
// all of them.
enum result export_find_format(const char *name, const struct export_format **out_format,
                               struct error *err);
enum result export_find_target(const char *name, const struct export_target **out_target,
                               struct error *err);
// What to make; all borrowed.
struct export_plan {
    const struct credential *credential;
    const char *name; // of the files, without what is behind it
    const struct export_target *target;
    const struct export_format *format; // NULL: the files that the target wants
    const char *encryption;             // "compat" or "modern"; NULL: the target's
    const char *friendly_name;          // NULL: the certificate's common name, or `name`
    const char *password;               // NULL when export_needs_password says no
    const char *host;                   // of the broker; NULL: none
    int64_t port;
    const char *device;    // NULL: the app's own
    bool includes_root;    // in the PKCS#12 chain
    bool omits_passphrase; // from the .otrc
};

// One file to hand over. `suffix` is behind the plan's name.
struct export_file {
    const char *suffix;
    bool is_private; // holds the key, or what opens it
    struct buf contents;
};

// Zeroed memory is an empty one.
struct export_files {
    struct export_file items[EXPORT_FILES];
    size_t count;
    struct buf link; // owntracks:///config?inline=…; empty without
};
void export_files_clear(struct export_files *files);

// An app's configuration is among the files: host, port and device have a place there.
bool export_configures(const struct export_target *target, const struct export_format *format);
bool export_needs_password(const struct export_target *target,
                           const struct export_format *format);
// How many files that makes.
size_t export_count(const struct export_target *target, const struct export_format *format);
// What is behind the name of the i-th of them.
const char *export_suffix(const struct export_target *target,
                          const struct export_format *format, size_t i);
// What to do with the files on the device; sentences, each on a line.
const char *export_advice(const struct export_target *target,
                          const struct export_format *format);

// Refuses, before anybody is asked for a password, what the target cannot use: code "usage" for a missing
// or bad host, "key_unsuitable" for an Ed25519 key that the app does not read. The credential may be
// missing yet; its key will be of that algorithm.
enum result export_check(const struct export_plan *plan, enum key_algorithm algorithm,
                         struct error *err);
enum result export_make(const struct export_plan *plan, struct export_files *out_files,
                        struct error *err);
