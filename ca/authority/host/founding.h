// What `signetd init` has made so far, so that all of it can be taken back when a step fails.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stdint.h>

#include "authority/config/config.h"
#include "authority/host/init.h"
#include "authority/issuers/ca_key.h"
#include "authority/issuers/issuer.h"
#include "base/bytes.h"
#include "base/error.h"
#include "base/limits.h"
#include "store/store.h"

// A CA certificate of the new authority; its key is NULL when it is kept elsewhere.
struct founded_issuer {
    char name[40];
    int kind;                            // enum issuer_kind
    const struct founded_issuer *parent; // NULL for the root
    int64_t id;                          // once it is recorded
    struct buf certificate;
    struct ca_key key;
};

// Zeroed memory is a valid cleared founding.
struct founding {
    const struct init_options *options;
    int64_t now;
    struct config_list hosts;
    struct config config;
    struct buf config_text;
    struct founded_issuer issuers[LIMIT_CHAIN_CERTIFICATES]; // the root first
    size_t issuer_count;
    struct buf notes;
    struct store *store;
    struct issuer_set set;
    struct config_list made; // files and folders, in the order they were made
};

void founding_clear(struct founding *founding);

// Makes root, issuing CA and the CA of the operators, or takes over the imported ones (founding_issuers.c).
enum result founding_make_issuers(struct founding *founding, struct error *err);
