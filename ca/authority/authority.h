// An authority in operation: its folder, configuration, keys and records, and what it publishes.
// SPDX-License-Identifier: GPL-3.0-or-later
// Operations (enroll.h, renew.h, revoke.h, token.h, inspect.h) are plain functions on it: they
// need no loop and no socket, and run inside a transaction that their caller opens and commits.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "authority/config/config.h"
#include "authority/decision.h"
#include "authority/issuers/issuer.h"
#include "authority/publish/ocsp.h"
#include "authority/publish/ocsp_responder.h"
#include "authority/publish/publisher.h"
#include "authority/service/service_identity.h"
#include "authority/store_trouble.h"
#include "base/error.h"
#include "store/store.h"
#include "x509/hash.h"

// Zeroed memory is a valid cleared authority. Everything is owned.
struct authority {
    char *folder;
    bool is_locked;
    int lock_descriptor;
    struct config config;
    struct store *store;
    struct issuer_set issuers;
    struct buf chain; // default issuing CA up to and with the root, DER
    struct buf trust; // every CA that a certificate of this authority may chain to, DER
    uint8_t root_fingerprint[SHA256_SIZE];
    char root_fingerprint_text[2 * SHA256_SIZE + 1];
    struct decisions decisions;
    struct buf decided; // ids of requests of which gateways are to be told, one after another
    struct publisher publisher;
    struct service_identity identity;
    struct ocsp_responders responders;
    struct ocsp_changes status_changes;
    struct store_trouble store_trouble;
    int64_t started;
    int64_t gateways; // running processes
};

// Whether anyone outside can get CRLs: without, certificates do not say where.
bool authority_has_public_url(const struct authority *authority);
// NULL when no issuer has this id.
const struct issuer *authority_find_issuer(const struct authority *authority, int64_t id);
// issuer_set_choose among the CAs of this authority.
enum result authority_issuer_for(const struct authority *authority,
                                 const struct profile *profile,
                                 const struct issuer **out_issuer, struct error *err);
// There is a profile of that name, or none is named (NULL); otherwise RESULT_NOT_FOUND, code
// "profile_unknown", with the nearest. For lists that found nothing: what once was of a profile
// that is gone from the configuration is found all the same.
enum result authority_require_profile(const struct authority *authority, const char *name,
                                      struct error *err);
// The profile of that name for a grant: RESULT_NOT_FOUND (code "profile_unknown") suggests the
// nearest, RESULT_DENIED (code "profile_internal") for the authority's own.
enum result authority_find_profile(const struct authority *authority, const char *name,
                                   const struct profile **out_profile, struct error *err);
// The profile of a token that is there: an administrator's invitation has the internal one.
enum result authority_find_token_profile(const struct authority *authority, const char *name,
                                         const struct profile **out_profile, struct error *err);

// After a transaction: what it decided did not come to be, because of `cause`; or it is durable,
// and is logged.
void authority_drop_decisions(struct authority *authority, const struct error *cause);
void authority_tell_decisions(struct authority *authority);
// Runs `body` in a transaction of its own and commits it; the decisions it took are logged
// after that. When either fails, nothing of it stays.
enum result authority_transact(struct authority *authority,
                               enum result (*body)(struct authority *authority, void *context,
                                                   struct error *err),
                               void *context, struct error *err);
