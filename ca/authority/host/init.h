// `signetd init`: a new authority, or the adoption of an existing CA, in a folder.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "authority/config/config.h"
#include "base/error.h"
#include "x509/key.h"

struct init_options {
    const char *folder;
    const char *name;
    const struct config_list *hosts;               // at least one
    unsigned enroll_port, admin_port, public_port; // 0: the default
    enum key_algorithm algorithm;                  // of the keys that are made
    const char *key_uri; // of the issuing CA's key, on a token; NULL: in a file
    const char *root_key_uri;
    const char *operators_key_uri;
    const char *import_certificate; // NULL: make a new CA
    const char *import_key;         // a file, or a URI
    const char *import_chain;      // certificates above the imported one, NULL when self-signed
    const char *import_passphrase; // NULL without
};

// Refuses with RESULT_CONFLICT when the folder holds an authority, and with RESULT_UNAVAILABLE
// (code "clock_not_set") while the clock is not set; removes what it made when a
// step fails. Appends to `report` what it made and what to do next, for a person.
enum result authority_init(const struct init_options *options, struct buf *report,
                           struct error *err);
