// The last look at a CRL before it is published: against the one before it and against the
// records. SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "authority/issuers/issuer.h"
#include "base/error.h"
#include "store/store.h"

// Reads `next` anew from its DER. Its signature and issuer hold; number, thisUpdate and
// nextUpdate are those of the record; number and thisUpdate are greater than those of
// `previous` (NULL for a first one), but for a thisUpdate of `previous` that lies ahead (crl_make.h); no entry of `previous` is missing unless its certificate
// was released from a hold, or had expired before the thisUpdate of `previous` and before `now`; and it lists exactly what
// the records say is revoked. RESULT_INTERNAL (code "crl_refused") says what is wrong.
// Says so in turns of some milliseconds: the CRL stays as it is and the store's connection sees one
// state until crl_checker_free.
struct crl_checker;
enum result crl_checker_new(struct store *store, const struct issuer *issuer, int64_t now,
                            const struct crl_record *previous, const struct crl_record *next,
                            struct crl_checker **out_checker, struct error *err);
enum result crl_checker_go_on(struct crl_checker *checker, bool *out_is_over,
                              struct error *err);
void crl_checker_free(struct crl_checker *checker);
void crl_checker_free_at(struct crl_checker **checker);
// The same at once.
enum result crl_check(struct store *store, const struct issuer *issuer, int64_t now,
                      const struct crl_record *previous, const struct crl_record *next,
                      struct error *err);

// Of a CRL that was made elsewhere (crl_install.h): its signature and issuer hold, it is newer than
// the last one in the store, keeps its entries, and has what the records say is revoked. Codes
// "crl_not_newer", "crl_lost_entry", "crl_lacks_revocation".
enum result crl_check_foreign(struct store *store, const struct issuer *issuer, int64_t now,
                              const struct crl_record *next, struct error *err);
// The CRLs of a root may have entries that no record here explains, because a CRL made elsewhere
// brought them: they are carried from one to the next.
bool crl_carries_entries(const struct issuer *issuer);
struct crl;
enum result crl_number_read(const struct crl *crl, int64_t *out_number, struct error *err);

// Whether the records hold a revocation or a release that `last` lacks: RESULT_OK when not, RESULT_CONFLICT
// when so.
enum result crl_check_is_current(struct store *store, const struct issuer *issuer, int64_t now,
                                 const struct crl_record *last, struct error *err);
