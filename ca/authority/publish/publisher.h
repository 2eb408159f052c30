// What the authority publishes: CRLs and CA certificates, made in advance, served by the
// gateways. SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/limits.h"
#include "wire/messages.h"

struct authority;
struct issuer;
struct peer;

// The last durable CRL of an issuer.
struct published_crl {
    const char *issuer_name; // of the issuer's record
    int64_t number;          // 0: none yet
    int64_t this_update;
    int64_t next_update;
    int64_t entry_count;
    size_t size;
};

// The CRLs of one CA.
struct crl_line {
    bool is_outdated;       // there are revocations that the last one does not know
    int64_t last_not_after; // of a retired CA: when its last certificate ends
    struct published_crl crl;
};

// /crl/NAME.crl, .pem, .bundle.pem and /ca/NAME.der, .pem of each CA; /crl/bundle.pem, /ca.pem,
// /ca.der, /ca.otre.
#define PUBLICATIONS_PER_ISSUER 5
#define LIMIT_PUBLISHED (LIMIT_ISSUERS * PUBLICATIONS_PER_ISSUER + 4)
_Static_assert(LIMIT_PUBLISHED <= LIMIT_PUBLICATIONS, "a gateway has room for every path");

// CRLs are kept in DER only; gateways make PEM and bundles of what they have got.
struct published_item {
    struct publication message;
    bool is_new; // to be sent to the gateways
};

struct publisher_turns;

struct publisher {
    struct publisher_turns *turns; // CRLs that are being made; NULL: none
    bool has_news;                 // the store has a CRL that the publications do not show yet
    struct crl_line lines[LIMIT_ISSUERS]; // by the issuer's place in the set
    struct published_item items[LIMIT_PUBLISHED];
    size_t item_count;
    char last_failure[32]; // code; a failure is audited once, not at every attempt
};

void publisher_clear(struct publisher *publisher);

// Prepares the CA certificates and the stored CRLs for publishing, and finds out whether a
// revocation is missing in them. Each CA gets a new CRL unless the last one is of the last minutes.
enum result publisher_start(struct authority *authority, struct error *err);
// NULL when nothing is published under that path.
const struct publication *publisher_find(const struct publisher *publisher, const char *path);
// The last CRL of the issuer of that name; its number is 0 when there is none.
const struct published_crl *publisher_crl(const struct authority *authority,
                                          const char *issuer_name);
// There is a revocation by this issuer that its last CRL does not know.
void publisher_mark_outdated(struct authority *authority, int64_t issuer_id);
// A CRL is missing or outdated, its period is over, or there is news to publish. A retired CA
// makes CRLs until one of them is younger than its last certificate's end, and then no more. The
// CRLs of a CA whose key is elsewhere come by crl_install.h.
bool publisher_is_due(const struct authority *authority, int64_t now);
// Makes the CRLs that are due, each in a transaction of its own so that one that fails does not
// keep the others from being made, and prepares the publications. RESULT_UNAVAILABLE with code
// "crl_too_soon" asks for another call a moment later. Any other failure is audited, and the old
// publications of that CA stay.
enum result publisher_run(struct authority *authority, int64_t now, struct error *err);
// Whether one of those is so large that it is better made in turns.
bool publisher_takes_long(const struct authority *authority, int64_t now);
// The same in turns of some milliseconds, for an authority that answers meanwhile: begins if nothing
// is under way, and goes on as long as *out_is_over is false. Each CRL is of the moment in which it
// was begun; what is revoked later marks its CA as outdated again. A failure of some CRL is
// told when it is over.
enum result publisher_go_on(struct authority *authority, int64_t now, bool *out_is_over,
                            struct error *err);
// Whether a CRL of this CA is being made, or waits for it because of a revocation.
bool publisher_is_replacing(const struct authority *authority, size_t index);
void publisher_turns_free(struct publisher_turns *turns);
// Prepares the publications that the store has newer CRLs for.
enum result publisher_refresh(struct authority *authority, struct error *err);
// Whether so little of a CRL's life is left that a person must see to the next one.
bool crl_runs_out(int64_t this_update, int64_t next_update, int64_t now);
// Adds a line for each CRL that will run out soon because the key for the next one is elsewhere.
enum result publisher_warn(const struct authority *authority, int64_t now,
                           struct text_list *warnings);

// Makes a new CRL of this CA in the caller's transaction; `lifetime` 0: as configured.
enum result publisher_make(struct authority *authority, const struct peer *peer,
                           const struct issuer *issuer, int64_t now, int64_t lifetime,
                           struct error *err);
// Operation: makes new CRLs at once, in the caller's transaction, due or not.
enum result publisher_publish(struct authority *authority, const struct peer *peer,
                              const struct nothing *request, struct crl_page *reply,
                              struct error *err);
// Adds the last CRL of each CA that has one.
enum result publisher_list(const struct authority *authority, struct record_list *list);
