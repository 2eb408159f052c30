// The dates of the next CRL, and all of it at once.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "authority/publish/crl_make.h"

#include "authority/publish/crl_job.h"

// A part of the lifetime so small that the period, at most a third of it, stays a period.
static int64_t backdate(int64_t lifetime) {
    return lifetime / 20 < CRL_BACKDATE_SECONDS ? lifetime / 20 : CRL_BACKDATE_SECONDS;
}

static int64_t greater(int64_t a, int64_t b) {
    return a > b ? a : b;
}

bool crl_lies_ahead(int64_t this_update, int64_t now) {
    return this_update > now + CRL_WAIT_SECONDS;
}

enum result crl_next_dates(const struct crl_record *last, int64_t now, int64_t lifetime,
                           struct crl_dates *out_dates, struct error *err) {
    struct crl_dates dates = {.number = now, .this_update = now - backdate(lifetime)};
    if (last != NULL) {
        dates.number = greater(dates.number, last->number + 1);
        dates.clock_went_back = crl_lies_ahead(last->this_update, now);
    }
    if (last != NULL && !dates.clock_went_back) {
        dates.this_update = greater(dates.this_update, last->this_update + 1);
    }
    if (dates.this_update > now) {
        (void)error_set_code(err, RESULT_UNAVAILABLE, "crl_too_soon",
                             "every second since the last CRL is taken by another one");
        error_hint(err, "Try again in %lld s.", (long long)(dates.this_update - now));
        return RESULT_UNAVAILABLE;
    }
    dates.next_update = dates.this_update + lifetime;
    *out_dates = dates;
    return RESULT_OK;
}

enum result crl_make(struct store *store, const struct issuer *issuer, int64_t now,
                     int64_t lifetime, struct crl_record *out_record, size_t *out_size,
                     bool *out_clock_went_back, struct error *err) {
    AUTO(crl_record_clear) struct crl_record last = {0};
    AUTO(crl_job_free_at) struct crl_job *job = NULL;
    enum result found = store_last_crl(store, issuer->record.id, &last, err);
    if (found != RESULT_OK && found != RESULT_NOT_FOUND) {
        return found;
    }
    const struct crl_order order = {.issuer = issuer,
                                    .last = found == RESULT_OK ? &last : NULL,
                                    .now = now,
                                    .lifetime = lifetime};
    bool is_over = false;
    TRY(crl_job_new(store, &order, &job, err));
    while (!is_over) {
        TRY(crl_job_go_on(job, &is_over, err));
    }
    const struct crl_record *made = crl_job_made(job);
    TRY(store_add_crl(store, made, err));
    *out_size = made->der.size;
    *out_clock_went_back = crl_job_dates(job)->clock_went_back;
    *out_record = *made;
    out_record->der = (struct buf){0};
    return RESULT_OK;
}
