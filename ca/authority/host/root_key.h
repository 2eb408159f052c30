// Taking the root's key out of the state folder, and bringing it back.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stdint.h>

#include "authority/peer.h"
#include "base/error.h"

struct authority;

struct root_export {
    const char
        *path; // of the file to make; one that a broken-off export left is taken as it is
    const char *passphrase; // not looked at for a key on a token
    int64_t crl_lifetime;   // of the last CRL made here; 0: as configured
};

// Writes the key, encrypted, or its URI where it is on a token; reads it back, makes a fresh CRL,
// notes that the key is elsewhere, and only then destroys the file in the folder. Broken off at
// any point, it is finished by the same call. Codes: "root_issues" (an adopted CA that is root and issuing CA), "root_offline",
// "file_other" (`path` holds something else).
enum result root_key_export(struct authority *authority, const struct peer *peer,
                            const struct root_export *wanted, struct error *err);
// Codes: "root_online", "key_mismatch", and that of a wrong passphrase.
enum result root_key_import(struct authority *authority, const struct peer *peer,
                            const char *path, const char *passphrase, struct error *err);
