// What the checks of own and of foreign CRLs share.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "authority/issuers/issuer.h"
#include "base/error.h"
#include "store/store.h"
#include "x509/crl_index.h"

#define CODE_CRL_REFUSED "crl_refused"

// All entries at once, for CRLs that nobody waits for.
enum result crl_check_index(const struct crl *crl, struct crl_index *out_index,
                            struct error *err);
// RESULT_INTERNAL (code "crl_refused") with the serial.
enum result crl_check_refuse_entry(struct error *err, struct bytes serial, const char *message);
// Everything but signature and entries: issuer, number and dates of the record.
enum result crl_check_frame(const struct crl *crl, const struct issuer *issuer,
                            const struct crl_record *next, struct error *err);
// Number and thisUpdate grow. A thisUpdate in the future could not have been taken by anyone, so it
// need not be exceeded.
bool crl_follows(const struct crl_record *previous, const struct crl_record *next, int64_t now);
// Certificates that expired before this moment were listed long enough. Not all of them had
// expired, though, if `previous` comes from a time when the clock ran ahead.
int64_t crl_listed_until(const struct crl_record *previous, int64_t now);
