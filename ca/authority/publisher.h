// What the authority publishes: CRLs and CA certificates, made in advance, served by the
// gateways. SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "wire/messages.h"

struct authority;
struct peer;

// The issuing CA, and the root when it is another one and its key is here.
#define PUBLISHER_ISSUERS 2

// The last durable CRL of an issuer.
struct published_crl {
    const char *issuer_name; // of the issuer's record
    int64_t number;          // 0: none yet
    int64_t this_update;
    int64_t next_update;
    int64_t entry_count;
    size_t size;
};

enum publication_id {
    PUBLICATION_ISSUING_DER,
    PUBLICATION_ISSUING_PEM,
    PUBLICATION_ROOT_DER,
    PUBLICATION_ROOT_PEM,
    PUBLICATION_BUNDLE,
    PUBLICATION_CA_PEM,
    PUBLICATION_CA_DER,
    PUBLICATION_CA_OTRE,
    PUBLICATION_COUNT
};

struct publisher {
    bool
        is_outdated[PUBLISHER_ISSUERS]; // there are revocations that the last CRL does not know
    bool has_news; // the store has a CRL that the publications do not show yet
    struct published_crl crls[PUBLISHER_ISSUERS];
    struct publication publications[PUBLICATION_COUNT]; // those without path are not there
    bool is_new[PUBLICATION_COUNT];                     // to be sent to the gateways
    char last_failure[32]; // code; a failure is audited once, not at every attempt
};

void publisher_clear(struct publisher *publisher);

// Prepares the CA certificates and the stored CRLs for publishing, and finds out whether a
// revocation is missing in them.
enum result publisher_start(struct authority *authority, struct error *err);
// There is a revocation by this issuer that its last CRL does not know.
void publisher_mark_outdated(struct authority *authority, int64_t issuer_id);
// A CRL is missing or outdated, its period is over, or there is news to publish.
bool publisher_is_due(const struct authority *authority, int64_t now);
// Makes the CRLs that are due in a transaction of its own and prepares the publications.
// RESULT_UNAVAILABLE with code "crl_too_soon" asks for another call a moment later. Any other
// failure is audited, and the old publications stay.
enum result publisher_run(struct authority *authority, int64_t now, struct error *err);
// Prepares the publications that the store has newer CRLs for.
enum result publisher_refresh(struct authority *authority, struct error *err);

// Operation: makes new CRLs at once, in the caller's transaction, due or not.
enum result publisher_publish(struct authority *authority, const struct peer *peer,
                              const struct nothing *request, struct crl_page *reply,
                              struct error *err);
// Adds a crl_info.
enum result published_crl_add(const struct published_crl *crl, struct record_list *list);
