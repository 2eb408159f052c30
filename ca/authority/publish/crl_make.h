// Making the next CRL of an issuer from the records.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stdint.h>

#include "authority/issuers/issuer.h"
#include "base/error.h"
#include "store/store.h"

// thisUpdate lies this long in the past (less for CRLs of a short life), so that a relying party
// whose clock is a little slow takes the CRL, and so that a burst of revocations has a second for
// each of its CRLs.
#define CRL_BACKDATE_SECONDS 60
// Up to here a thisUpdate in the future is waited for; beyond, the clock ran ahead and was set back.
#define CRL_WAIT_SECONDS 5

struct crl_dates {
    int64_t number;
    int64_t this_update;
    int64_t next_update;
    bool clock_went_back; // thisUpdate is not greater than the last one's, which lies ahead
};

// Whether a thisUpdate was made by a clock that ran ahead and has been set back since. Until it comes
// true, relying parties refuse everyone by that CRL (OpenSSL: "CRL is not yet valid"), so the next
// one does not follow it in time, only in number.
bool crl_lies_ahead(int64_t this_update, int64_t now);

// Of the CRL that follows `last` (NULL for the first): number = max(last + 1, Unix time),
// thisUpdate greater than the last one's unless that one lies ahead. RESULT_UNAVAILABLE (code "crl_too_soon") when the
// second that thisUpdate needs has not come yet.
enum result crl_next_dates(const struct crl_record *last, int64_t now, int64_t lifetime,
                           struct crl_dates *out_dates, struct error *err);

// Builds, judges (lint.h), signs, checks (crl_check.h) and stores it, in the caller's transaction. The record is
// complete but for its DER, whose size is given instead.
enum result crl_make(struct store *store, const struct issuer *issuer, int64_t now,
                     int64_t lifetime, struct crl_record *out_record, size_t *out_size,
                     bool *out_clock_went_back, struct error *err);
