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
// The CA certificates as publications.
enum result publisher_certificates(struct authority *authority, struct error *err);
