// The next CRL of a CA, made in turns of some milliseconds, so that others are answered between them.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "authority/issuers/issuer.h"
#include "authority/publish/crl_make.h"
#include "base/error.h"
#include "store/store.h"

struct crl_job;

// What is pointed to stays where it is until crl_job_free.
struct crl_order {
    const struct issuer *issuer;
    const struct crl_record *last; // NULL: the first CRL
    int64_t now;
    int64_t lifetime;
};

// `store` is a reader that sees one moment until crl_job_free, or the store itself within one
// transaction. RESULT_UNAVAILABLE (code "crl_too_soon") as crl_next_dates.
enum result crl_job_new(struct store *store, const struct crl_order *order,
                        struct crl_job **out_job, struct error *err);
// Builds, judges (lint.h), signs and checks (crl_check.h). A job that has failed is not gone on with.
enum result crl_job_go_on(struct crl_job *job, bool *out_is_over, struct error *err);
// When it is over: the whole record, the job's own, to be stored.
const struct crl_record *crl_job_made(const struct crl_job *job);
// Moves it out, to be published.
void crl_job_take(struct crl_job *job, struct crl_record *out_made);
const struct crl_dates *crl_job_dates(const struct crl_job *job);
void crl_job_free(struct crl_job *job);
void crl_job_free_at(struct crl_job **job);
