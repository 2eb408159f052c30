// What the two halves of the publisher share: making CRLs, and making documents of them.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "authority/authority.h"
#include "authority/publish/publisher.h"

// A CA by its place in the set.
const struct issuer *publisher_issuer(const struct authority *authority, size_t index);
// A root, whose CRLs are few and long-lived.
bool publisher_is_above(const struct issuer *issuer);
// Seconds from one CRL of it to the next.
int64_t publisher_period(const struct authority *authority, const struct issuer *issuer);
struct published_crl publisher_summary(const struct issuer *issuer,
                                       const struct crl_record *record, size_t size);
int64_t publisher_lifetime(const struct authority *authority, const struct issuer *issuer);
bool publisher_line_is_due(const struct authority *authority, size_t index, int64_t now);
// The audit record of a CRL that is stored in the same transaction.
enum result publisher_record(struct authority *authority, const struct peer *peer,
                             const struct issuer *issuer, const struct published_crl *crl,
                             bool clock_went_back, struct error *err);
// Audits that a CRL could not be made, once for each reason. *first becomes it, unless there is a
// worse one: one that is only too soon must not hide another that is broken.
void publisher_note_failure(struct authority *authority, const struct issuer *issuer,
                            const struct error *failure, struct error *first);

// The CA certificates as publications.
enum result publisher_certificates(struct authority *authority, struct error *err);
// Takes the DER of a CRL that is stored.
enum result publisher_show(struct authority *authority, size_t index, struct crl_record *record,
                           struct error *err);
// Makes the bundles anew in which a changed CRL is.
enum result publisher_show_bundles(struct authority *authority,
                                   const bool changed[LIMIT_ISSUERS], struct error *err);
// Another CRL of this CA has come: what is being made follows the wrong one, and is begun again.
void publisher_turns_drop(struct authority *authority, size_t index);
