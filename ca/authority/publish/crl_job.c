// Entries, the frame around them, lint, signature, check: the stages of a CRL.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "authority/publish/crl_job.h"

#include <stdlib.h>
#include <string.h>

#include "authority/publish/crl_check.h"
#include "x509/crl.h"
#include "x509/lint.h"
#include "x509/long_message.h"

// What one turn does at most: some milliseconds' work.
#define TURN_ENTRIES 2000
#define TURN_HASHED_BYTES ((size_t)512 * 1024)
// The longest signature is of RSA 4096.
#define SIGNATURE_BYTES 1024

//   PREPARE ──▶ ENTRIES ──▶ WRAP ──▶ LINT ──▶ HASH ──▶ SIGN ──▶ CHECK ──▶ OVER
// Where the records begin; an entry for each; what is around them; the judgement; the signature's
// hash and the signature; the comparison with the one before and the records.
enum job_stage {
    JOB_PREPARE,
    JOB_ENTRIES,
    JOB_WRAP,
    JOB_LINT,
    JOB_HASH,
    JOB_SIGN,
    JOB_CHECK,
    JOB_OVER,
};

struct crl_job {
    struct store *store;
    struct crl_order order;
    struct crl_dates dates;
    struct crl_record made;
    enum job_stage stage;
    struct revocation_walk *walk;
    struct lint_crl_walk *lint;
    struct long_message *message; // NULL: signed whole
    struct bytes hashed_next;
    struct crl_checker *checker;
};

void crl_job_free(struct crl_job *job) {
    if (job != NULL) {
        revocation_walk_free(job->walk);
        lint_crl_free(job->lint);
        long_message_free(job->message);
        crl_checker_free(job->checker);
        crl_record_clear(&job->made);
        free(job);
    }
}

void crl_job_free_at(struct crl_job **job) {
    crl_job_free(*job);
    *job = NULL;
}

const struct crl_record *crl_job_made(const struct crl_job *job) {
    return &job->made;
}

void crl_job_take(struct crl_job *job, struct crl_record *out_made) {
    *out_made = job->made;
    job->made = (struct crl_record){0};
}

const struct crl_dates *crl_job_dates(const struct crl_job *job) {
    return &job->dates;
}

// RFC 5280, 3.3: an entry stays until it has been in a CRL made after its certificate's expiry.
// The last CRL was that one if the expiry lay before its thisUpdate, and lies before now: a
// clock that once ran ahead must not make the entries of living certificates vanish.
static int64_t entries_from(const struct crl_record *last, int64_t now) {
    if (last == NULL) {
        return 0;
    }
    return last->this_update < now ? last->this_update : now;
}

enum result crl_job_new(struct store *store, const struct crl_order *order,
                        struct crl_job **out_job, struct error *err) {
    AUTO(crl_job_free_at) struct crl_job *job = calloc(1, sizeof(*job));
    if (job == NULL) {
        return error_out_of_memory(err);
    }
    job->store = store;
    job->order = *order;
    TRY(crl_next_dates(order->last, order->now, order->lifetime, &job->dates, err));
    job->made = (struct crl_record){
        .issuer_id = order->issuer->record.id,
        .number = job->dates.number,
        .this_update = job->dates.this_update,
        .next_update = job->dates.next_update,
    };
    buf_init(&job->made.der, LIMIT_CRL_BYTES);
    TRY(revocation_walk_new(store, order->issuer->record.id,
                            entries_from(order->last, order->now), &job->walk, err));
    *out_job = job;
    job = NULL;
    return RESULT_OK;
}

// --- entries ---------------------------------------------------------------------------------

static enum result prepare(struct crl_job *job, struct error *err) {
    bool is_ready = false;
    TRY(revocation_walk_prepare(job->walk, 4 * (size_t)TURN_ENTRIES, &is_ready, err));
    job->stage = is_ready ? JOB_ENTRIES : JOB_PREPARE;
    return RESULT_OK;
}

static enum result add_entry(struct crl_job *job, const struct crl_entry *entry,
                             struct error *err) {
    job->made.entry_count++;
    return crl_write_entry(&job->made.der, entry, err);
}

static enum result carry_entry(struct crl_job *job, const struct crl_entry *entry,
                               struct error *err) {
    AUTO(certificate_record_clear) struct certificate_record record = {0};
    enum result found =
        store_find_certificate(job->store, job->order.issuer->record.id,
                               bytes_of(entry->serial, entry->serial_size), &record, err);
    // The records say whether it stays.
    return found == RESULT_NOT_FOUND ? add_entry(job, entry, err) : found;
}

// A root's, which are few.
static enum result carry_entries(struct crl_job *job, struct error *err) {
    const struct crl_record *last = job->order.last;
    if (last == NULL || !crl_carries_entries(job->order.issuer)) {
        return RESULT_OK;
    }
    struct crl crl = {0};
    TRY(crl_read(buf_bytes(&last->der), &crl, err));
    struct bytes cursor = crl.entries;
    struct crl_entry entry = {0};
    enum result result = crl_next_entry(&cursor, &entry, err);
    while (result == RESULT_OK) {
        TRY(carry_entry(job, &entry, err));
        result = crl_next_entry(&cursor, &entry, err);
    }
    return result == RESULT_NOT_FOUND ? RESULT_OK : result;
}

static enum result add_entries(struct crl_job *job, struct error *err) {
    struct revocation_record record = {0};
    for (size_t i = 0; i < TURN_ENTRIES; i++) {
        enum result result = revocation_walk_next(job->walk, &record, err);
        if (result == RESULT_NOT_FOUND) {
            job->stage = JOB_WRAP;
            return carry_entries(job, err);
        }
        TRY(result);
        struct crl_entry entry = {
            .serial_size = record.serial_size,
            .reason = (uint8_t)record.reason,
            .revoked_at = record.revoked_at,
            .invalid_since = record.invalid_since,
        };
        memcpy(entry.serial, record.serial, record.serial_size);
        TRY(add_entry(job, &entry, err));
    }
    return RESULT_OK;
}

// --- around them -----------------------------------------------------------------------------

static struct bytes algorithm_of(const struct crl_job *job) {
    return key_signature_algorithm(job->order.issuer->key);
}

static enum result wrap(struct crl_job *job, struct error *err) {
    const struct issuer *issuer = job->order.issuer;
    uint8_t room[SHA1_SIZE];
    struct bytes key_id = {0};
    TRY(issuer_key_identifier(&issuer->certificate, room, &key_id));
    const struct crl_plan plan = {
        .issuer = issuer->certificate.subject,
        .authority_key_id = key_id,
        .number = (uint64_t)job->dates.number,
        .this_update = job->dates.this_update,
        .next_update = job->dates.next_update,
    };
    TRY(crl_wrap_tbs(&plan, algorithm_of(job), &job->made.der, err));
    job->stage = JOB_LINT;
    return lint_crl_begin(buf_bytes(&job->made.der), &job->lint, err);
}

static enum result judge(struct crl_job *job, struct error *err) {
    bool is_over = false;
    TRY(lint_crl_go_on(job->lint, TURN_ENTRIES, &is_over, err));
    if (!is_over) {
        return RESULT_OK;
    }
    lint_crl_free_at(&job->lint); // its table is large
    job->stage = JOB_SIGN;
    if (!long_message_suits(algorithm_of(job))) {
        return RESULT_OK;
    }
    job->stage = JOB_HASH;
    job->hashed_next = buf_bytes(&job->made.der);
    return long_message_new(algorithm_of(job), &job->message, err);
}

static enum result hash(struct crl_job *job, struct error *err) {
    struct bytes piece = bytes_slice(job->hashed_next, 0, TURN_HASHED_BYTES);
    job->hashed_next = bytes_slice(job->hashed_next, piece.size, SIZE_MAX);
    job->stage = job->hashed_next.size == 0 ? JOB_SIGN : JOB_HASH;
    return long_message_add(job->message, piece, err);
}

static enum result sign(struct crl_job *job, struct error *err) {
    AUTO(buf_clear) struct buf signature = {0};
    buf_init(&signature, SIGNATURE_BYTES);
    const struct crl_order *order = &job->order;
    struct buf *der = &job->made.der;
    TRY(job->message != NULL
            ? long_message_sign(job->message, order->issuer->key, &signature, err)
            : key_sign(order->issuer->key, buf_bytes(der), &signature, err));
    TRY(crl_wrap_list(der, algorithm_of(job), buf_bytes(&signature), err));
    job->stage = JOB_CHECK;
    return crl_checker_new(job->store, order->issuer, order->now, order->last, &job->made,
                           &job->checker, err);
}

static enum result check(struct crl_job *job, struct error *err) {
    bool is_over = false;
    TRY(crl_checker_go_on(job->checker, &is_over, err));
    if (is_over) {
        crl_checker_free_at(&job->checker);
        job->stage = JOB_OVER;
    }
    return RESULT_OK;
}

// --- turns -----------------------------------------------------------------------------------

enum result crl_job_go_on(struct crl_job *job, bool *out_is_over, struct error *err) {
    static enum result (*const stages[])(struct crl_job *, struct error *) = {
        [JOB_PREPARE] = prepare, [JOB_ENTRIES] = add_entries, [JOB_WRAP] = wrap,
        [JOB_LINT] = judge,      [JOB_HASH] = hash,           [JOB_SIGN] = sign,
        [JOB_CHECK] = check,
    };
    if (job->stage != JOB_OVER) {
        TRY(stages[job->stage](job, err));
    }
    *out_is_over = job->stage == JOB_OVER;
    return RESULT_OK;
}
