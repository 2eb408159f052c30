// Comparing a CRL with its predecessor and with the store, by its bytes and not by what built it.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "authority/publish/crl_check.h"

#include <stdlib.h>
#include <string.h>

#include "authority/certificate_text.h"
#include "authority/publish/crl_check_private.h"
#include "authority/publish/crl_make.h"
#include "x509/long_message.h"

// What one turn does at most: some milliseconds' work.
#define TURN_ENTRIES 2000
#define TURN_HASHED_BYTES ((size_t)512 * 1024)

enum result crl_check_index(const struct crl *crl, struct crl_index *out_index,
                            struct error *err) {
    bool is_whole = false;
    TRY(crl_index_init(out_index, crl, err));
    return crl_index_read(out_index, SIZE_MAX, &is_whole, err);
}

enum result crl_check_refuse_entry(struct error *err, struct bytes serial,
                                   const char *message) {
    char text[CERTIFICATE_SERIAL_TEXT_SIZE];
    serial_text(serial, text);
    return error_set_code(err, RESULT_INTERNAL, CODE_CRL_REFUSED, "entry %s: %s", text,
                          message);
}

static struct bytes serial_of(const struct crl_entry *entry) {
    return bytes_of(entry->serial, entry->serial_size);
}

// --- against itself and its record -----------------------------------------------------------

enum result crl_number_read(const struct crl *crl, int64_t *out_number, struct error *err) {
    if (crl->number.size == 0 || crl->number.size > 8 ||
        (crl->number.size == 8 && crl->number.data[0] > 0x7f)) {
        return error_set_code(err, RESULT_INTERNAL, CODE_CRL_REFUSED,
                              "the CRL number has %zu bytes, not 1 to 8", crl->number.size);
    }
    int64_t number = 0;
    for (size_t i = 0; i < crl->number.size; i++) {
        number = number << 8 | crl->number.data[i];
    }
    *out_number = number;
    return RESULT_OK;
}

enum result crl_check_frame(const struct crl *crl, const struct issuer *issuer,
                            const struct crl_record *next, struct error *err) {
    TRY(crl_verify_frame(crl, &issuer->certificate, err));
    int64_t number = 0;
    TRY(crl_number_read(crl, &number, err));
    if (number != next->number || crl->this_update != next->this_update ||
        crl->next_update != next->next_update) {
        return error_set_code(err, RESULT_INTERNAL, CODE_CRL_REFUSED,
                              "number or dates differ from what was planned");
    }
    if (crl->next_update <= crl->this_update) {
        return error_set_code(err, RESULT_INTERNAL, CODE_CRL_REFUSED,
                              "nextUpdate does not lie behind thisUpdate");
    }
    return RESULT_OK;
}

int64_t crl_listed_until(const struct crl_record *previous, int64_t now) {
    return now < previous->this_update ? now : previous->this_update;
}

bool crl_follows(const struct crl_record *previous, const struct crl_record *next,
                 int64_t now) {
    return next->number > previous->number &&
           (next->this_update > previous->this_update ||
            (crl_lies_ahead(previous->this_update, now) && next->this_update <= now));
}

bool crl_carries_entries(const struct issuer *issuer) {
    return issuer->record.kind == ISSUER_ROOT;
}

// --- the checker -----------------------------------------------------------------------------

//   READ ──▶ HASH ──▶ PREVIOUS ──▶ PREPARE ──▶ RECORDS ──▶ OVER
// Its entries are read and indexed; its signature; the entries of the one before; where the records
// begin; the records; the count of all.
enum check_stage {
    CHECK_READ,
    CHECK_HASH,
    CHECK_PREVIOUS,
    CHECK_PREPARE,
    CHECK_RECORDS,
    CHECK_OVER,
};

struct crl_checker {
    struct store *store;
    const struct issuer *issuer;
    int64_t not_after_from;
    enum check_stage stage;
    struct crl crl;
    struct crl_index index;
    struct long_message *message; // NULL: verified whole
    struct bytes hashed_next;
    struct bytes previous_entries;
    struct revocation_walk *walk;
    size_t seen;
};

void crl_checker_free(struct crl_checker *checker) {
    if (checker != NULL) {
        crl_index_clear(&checker->index);
        long_message_free(checker->message);
        revocation_walk_free(checker->walk);
        free(checker);
    }
}

void crl_checker_free_at(struct crl_checker **checker) {
    crl_checker_free(*checker);
    *checker = NULL;
}

static enum result begin(struct crl_checker *checker, int64_t now,
                         const struct crl_record *previous, const struct crl_record *next,
                         struct error *err) {
    TRY(crl_read_frame(buf_bytes(&next->der), &checker->crl, err));
    TRY(crl_check_frame(&checker->crl, checker->issuer, next, err));
    TRY(crl_index_init(&checker->index, &checker->crl, err));
    if (previous == NULL) {
        return RESULT_OK;
    }
    if (!crl_follows(previous, next, now)) {
        return error_set_code(
            err, RESULT_INTERNAL, CODE_CRL_REFUSED,
            "number and thisUpdate must grow: %lld after %lld, %lld after %lld",
            (long long)next->number, (long long)previous->number, (long long)next->this_update,
            (long long)previous->this_update);
    }
    struct crl before = {0};
    TRY(crl_read_frame(buf_bytes(&previous->der), &before, err));
    checker->previous_entries = before.entries;
    checker->not_after_from = crl_listed_until(previous, now);
    return RESULT_OK;
}

enum result crl_checker_new(struct store *store, const struct issuer *issuer, int64_t now,
                            const struct crl_record *previous, const struct crl_record *next,
                            struct crl_checker **out_checker, struct error *err) {
    AUTO(crl_checker_free_at) struct crl_checker *checker = calloc(1, sizeof(*checker));
    if (checker == NULL) {
        return error_out_of_memory(err);
    }
    checker->store = store;
    checker->issuer = issuer;
    TRY(begin(checker, now, previous, next, err));
    *out_checker = checker;
    checker = NULL;
    return RESULT_OK;
}

// --- its entries and its signature -----------------------------------------------------------

static enum result read_entries(struct crl_checker *checker, struct error *err) {
    bool is_whole = false;
    enum result result = crl_index_read(&checker->index, TURN_ENTRIES, &is_whole, err);
    if (result == RESULT_CONFLICT) {
        return error_set_code(err, RESULT_INTERNAL, CODE_CRL_REFUSED,
                              "it lists a serial twice");
    }
    TRY(result);
    if (checker->index.has_unknown_critical) {
        return error_set_code(err, RESULT_INTERNAL, CODE_CRL_REFUSED,
                              "an entry has a critical extension");
    }
    if (!is_whole) {
        return RESULT_OK;
    }
    checker->stage = CHECK_HASH;
    checker->hashed_next = checker->crl.tbs;
    return long_message_suits(checker->crl.signature_algorithm)
               ? long_message_new(checker->crl.signature_algorithm, &checker->message, err)
               : RESULT_OK;
}

static enum result verify(struct crl_checker *checker, struct error *err) {
    const struct crl *crl = &checker->crl;
    if (checker->message == NULL) {
        checker->stage = CHECK_PREVIOUS;
        return crl_verify(crl, &checker->issuer->certificate, err);
    }
    struct bytes piece = bytes_slice(checker->hashed_next, 0, TURN_HASHED_BYTES);
    checker->hashed_next = bytes_slice(checker->hashed_next, piece.size, SIZE_MAX);
    TRY(long_message_add(checker->message, piece, err));
    if (checker->hashed_next.size > 0) {
        return RESULT_OK;
    }
    checker->stage = CHECK_PREVIOUS;
    return long_message_verify(checker->message, checker->issuer->certificate.spki,
                               crl->signature, err);
}

// --- against the one before ------------------------------------------------------------------

static enum result check_lost_entry(const struct crl_checker *checker,
                                    const struct crl_entry *entry, struct error *err) {
    AUTO(certificate_record_clear) struct certificate_record record = {0};
    enum result result = store_find_certificate(checker->store, checker->issuer->record.id,
                                                serial_of(entry), &record, err);
    if (result == RESULT_NOT_FOUND) {
        return crl_check_refuse_entry(
            err, serial_of(entry), "it was in the CRL before, and no record explains its end");
    }
    TRY(result);
    if (record.not_after < checker->not_after_from) {
        return RESULT_OK;
    }
    bool was_released = false;
    if (entry->reason == CRL_REASON_CERTIFICATE_HOLD && record.revoked_at == 0) {
        TRY(store_was_released(checker->store, record.id, entry->revoked_at, &was_released,
                               err));
    }
    return was_released
               ? RESULT_OK
               : crl_check_refuse_entry(
                     err, serial_of(entry),
                     "it was in the CRL before and has not been in one after its expiry");
}

static enum result check_previous(struct crl_checker *checker, struct error *err) {
    struct crl_entry entry = {0}, found = {0};
    for (size_t i = 0; i < TURN_ENTRIES; i++) {
        if (crl_index_take_same(&checker->index, &checker->previous_entries)) {
            continue;
        }
        enum result result = crl_next_entry(&checker->previous_entries, &entry, err);
        if (result == RESULT_NOT_FOUND) {
            checker->stage = CHECK_PREPARE;
            crl_index_rewind(&checker->index);
            return revocation_walk_new(checker->store, checker->issuer->record.id,
                                       checker->not_after_from, &checker->walk, err);
        }
        TRY(result);
        if (!crl_index_find(&checker->index, serial_of(&entry), &found)) {
            TRY(check_lost_entry(checker, &entry, err));
        }
    }
    return RESULT_OK;
}

// --- against the records ---------------------------------------------------------------------

static enum result check_revocation(struct crl_checker *checker,
                                    const struct revocation_record *record, struct error *err) {
    struct bytes serial = bytes_of(record->serial, record->serial_size);
    struct crl_entry entry = {0};
    if (!crl_index_find(&checker->index, serial, &entry)) {
        return crl_check_refuse_entry(err, serial, "it is revoked and not in the CRL");
    }
    if (entry.reason != record->reason || entry.revoked_at != record->revoked_at ||
        entry.invalid_since != record->invalid_since) {
        return crl_check_refuse_entry(err, serial,
                                      "its reason or date differs from the record");
    }
    checker->seen++;
    return RESULT_OK;
}

// Entries that a CRL made elsewhere brought: of CAs that are not here. A root's are few.
static enum result count_carried(const struct crl_checker *checker, size_t *out_count,
                                 struct error *err) {
    struct bytes cursor = checker->crl.entries;
    struct crl_entry entry = {0};
    while (crl_carries_entries(checker->issuer) &&
           crl_next_entry(&cursor, &entry, err) == RESULT_OK) {
        AUTO(certificate_record_clear) struct certificate_record record = {0};
        enum result result = store_find_certificate(checker->store, checker->issuer->record.id,
                                                    serial_of(&entry), &record, err);
        if (result == RESULT_NOT_FOUND) {
            (*out_count)++;
        } else {
            TRY(result);
        }
    }
    return RESULT_OK;
}

static enum result check_count(struct crl_checker *checker, struct error *err) {
    size_t carried = 0;
    TRY(count_carried(checker, &carried, err));
    if (checker->seen + carried != checker->index.count) {
        return error_set_code(err, RESULT_INTERNAL, CODE_CRL_REFUSED,
                              "it has %zu entries where the records say %zu",
                              checker->index.count, checker->seen);
    }
    checker->stage = CHECK_OVER;
    return RESULT_OK;
}

static enum result check_records(struct crl_checker *checker, struct error *err) {
    struct revocation_record record = {0};
    for (size_t i = 0; i < TURN_ENTRIES; i++) {
        enum result result = revocation_walk_next(checker->walk, &record, err);
        if (result == RESULT_NOT_FOUND) {
            return check_count(checker, err);
        }
        TRY(result);
        TRY(check_revocation(checker, &record, err));
    }
    return RESULT_OK;
}

static enum result prepare(struct crl_checker *checker, struct error *err) {
    bool is_ready = false;
    TRY(revocation_walk_prepare(checker->walk, 4 * (size_t)TURN_ENTRIES, &is_ready, err));
    checker->stage = is_ready ? CHECK_RECORDS : CHECK_PREPARE;
    return RESULT_OK;
}

// --- turns -----------------------------------------------------------------------------------

enum result crl_checker_go_on(struct crl_checker *checker, bool *out_is_over,
                              struct error *err) {
    static enum result (*const stages[])(struct crl_checker *, struct error *) = {
        [CHECK_READ] = read_entries,       [CHECK_HASH] = verify,
        [CHECK_PREVIOUS] = check_previous, [CHECK_PREPARE] = prepare,
        [CHECK_RECORDS] = check_records,
    };
    if (checker->stage != CHECK_OVER) {
        TRY(stages[checker->stage](checker, err));
    }
    *out_is_over = checker->stage == CHECK_OVER;
    return RESULT_OK;
}

enum result crl_check(struct store *store, const struct issuer *issuer, int64_t now,
                      const struct crl_record *previous, const struct crl_record *next,
                      struct error *err) {
    AUTO(crl_checker_free_at) struct crl_checker *checker = NULL;
    bool is_over = false;
    TRY(crl_checker_new(store, issuer, now, previous, next, &checker, err));
    while (!is_over) {
        TRY(crl_checker_go_on(checker, &is_over, err));
    }
    return RESULT_OK;
}
