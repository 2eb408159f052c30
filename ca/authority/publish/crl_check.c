// Comparing a CRL with its predecessor and with the store; shares nothing with what built it.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "authority/publish/crl_check.h"

#include <stdlib.h>
#include <string.h>

#include "authority/certificate_text.h"
#include "authority/publish/crl_make.h"
#include "x509/crl.h"

#define CODE_REFUSED "crl_refused"

// The entries of a CRL in its order. What they are compared with mostly comes in the same order, so the
// next one is tried first; another order has them searched by serial.
struct listing {
    struct crl_entry *entries;
    struct crl_entry *sorted; // NULL until it is needed
    size_t count;
    size_t next;
};

static void listing_clear(struct listing *listing) {
    free(listing->entries);
    free(listing->sorted);
    *listing = (struct listing){0};
}

static int compare_entries(const void *a, const void *b) {
    const struct crl_entry *left = a;
    const struct crl_entry *right = b;
    return bytes_compare(bytes_of(left->serial, left->serial_size),
                         bytes_of(right->serial, right->serial_size));
}

static enum result listing_read(const struct crl *crl, struct listing *out_listing,
                                struct error *err) {
    AUTO(listing_clear) struct listing listing = {0};
    size_t count = 0;
    TRY(crl_count(crl, &count, err));
    listing.entries = calloc(count + 1, sizeof(*listing.entries));
    if (listing.entries == NULL) {
        return error_out_of_memory(err);
    }
    struct bytes cursor = crl->entries;
    for (size_t i = 0; i < count; i++) {
        TRY(crl_next_entry(&cursor, &listing.entries[i], err));
    }
    listing.count = count;
    *out_listing = listing;
    listing = (struct listing){0};
    return RESULT_OK;
}

static enum result sort(struct listing *listing, struct error *err) {
    listing->sorted = calloc(listing->count + 1, sizeof(*listing->sorted));
    if (listing->sorted == NULL) {
        return error_out_of_memory(err);
    }
    if (listing->count > 0) {
        memcpy(listing->sorted, listing->entries, listing->count * sizeof(*listing->sorted));
        qsort(listing->sorted, listing->count, sizeof(*listing->sorted), compare_entries);
    }
    return RESULT_OK;
}

// NULL in *out_entry when there is none.
static enum result listing_find(struct listing *listing, const uint8_t *serial, uint8_t size,
                                const struct crl_entry **out_entry, struct error *err) {
    struct crl_entry key = {.serial_size = size};
    memcpy(key.serial, serial, size);
    if (listing->next < listing->count &&
        compare_entries(&key, &listing->entries[listing->next]) == 0) {
        *out_entry = &listing->entries[listing->next++];
        return RESULT_OK;
    }
    if (listing->sorted == NULL) {
        TRY(sort(listing, err));
    }
    *out_entry = bsearch(&key, listing->sorted, listing->count, sizeof(key), compare_entries);
    return RESULT_OK;
}

// What is compared from now on begins at its beginning.
static void listing_rewind(struct listing *listing) {
    listing->next = 0;
}

static enum result refuse_entry(struct error *err, const uint8_t *serial, uint8_t size,
                                const char *message) {
    char text[CERTIFICATE_SERIAL_TEXT_SIZE];
    serial_text(bytes_of(serial, size), text);
    return error_set_code(err, RESULT_INTERNAL, CODE_REFUSED, "entry %s: %s", text, message);
}

// --- against itself and its record -----------------------------------------------------------

enum result crl_number_read(const struct crl *crl, int64_t *out_number, struct error *err) {
    if (crl->number.size == 0 || crl->number.size > 8 ||
        (crl->number.size == 8 && crl->number.data[0] > 0x7f)) {
        return error_set_code(err, RESULT_INTERNAL, CODE_REFUSED,
                              "the CRL number has %zu bytes, not 1 to 8", crl->number.size);
    }
    int64_t number = 0;
    for (size_t i = 0; i < crl->number.size; i++) {
        number = number << 8 | crl->number.data[i];
    }
    *out_number = number;
    return RESULT_OK;
}

static enum result check_frame(const struct crl *crl, const struct issuer *issuer,
                               const struct crl_record *next, struct error *err) {
    TRY(crl_verify(crl, &issuer->certificate, err));
    int64_t number = 0;
    TRY(crl_number_read(crl, &number, err));
    if (number != next->number || crl->this_update != next->this_update ||
        crl->next_update != next->next_update) {
        return error_set_code(err, RESULT_INTERNAL, CODE_REFUSED,
                              "number or dates differ from what was planned");
    }
    if (crl->next_update <= crl->this_update) {
        return error_set_code(err, RESULT_INTERNAL, CODE_REFUSED,
                              "nextUpdate does not lie behind thisUpdate");
    }
    if (crl->has_unknown_critical) {
        return error_set_code(err, RESULT_INTERNAL, CODE_REFUSED,
                              "it has a critical extension");
    }
    return RESULT_OK;
}

// --- against the one before ------------------------------------------------------------------

// Certificates that expired before this moment were listed long enough. Not all of them had
// expired, though, if `previous` comes from a time when the clock ran ahead.
static int64_t listed_until(const struct crl_record *previous, int64_t now) {
    return now < previous->this_update ? now : previous->this_update;
}

static enum result check_lost_entry(struct store *store, const struct issuer *issuer,
                                    int64_t not_after_from, const struct crl_entry *entry,
                                    struct error *err) {
    AUTO(certificate_record_clear) struct certificate_record record = {0};
    enum result result = store_find_certificate(
        store, issuer->record.id, bytes_of(entry->serial, entry->serial_size), &record, err);
    if (result == RESULT_NOT_FOUND) {
        return refuse_entry(err, entry->serial, entry->serial_size,
                            "it was in the CRL before, and no record explains its end");
    }
    TRY(result);
    if (record.not_after >= not_after_from) {
        bool was_released = false;
        if (entry->reason == CRL_REASON_CERTIFICATE_HOLD && record.revoked_at == 0) {
            TRY(store_was_released(store, record.id, entry->revoked_at, &was_released, err));
        }
        if (was_released) {
            return RESULT_OK;
        }
        return refuse_entry(
            err, entry->serial, entry->serial_size,
            "it was in the CRL before and has not been in one after its expiry");
    }
    return RESULT_OK;
}

// A thisUpdate in the future could not have been taken by anyone, so it need not be exceeded.
static bool follows(const struct crl_record *previous, const struct crl_record *next,
                    int64_t now) {
    return next->number > previous->number &&
           (next->this_update > previous->this_update ||
            (crl_lies_ahead(previous->this_update, now) && next->this_update <= now));
}

static enum result check_against_previous(struct store *store, const struct issuer *issuer,
                                          int64_t now, const struct crl_record *previous,
                                          const struct crl_record *next,
                                          struct listing *listing, struct error *err) {
    const int64_t not_after_from = listed_until(previous, now);
    if (!follows(previous, next, now)) {
        return error_set_code(
            err, RESULT_INTERNAL, CODE_REFUSED,
            "number and thisUpdate must grow: %lld after %lld, %lld after %lld",
            (long long)next->number, (long long)previous->number, (long long)next->this_update,
            (long long)previous->this_update);
    }
    struct crl crl = {0};
    TRY(crl_read(buf_bytes(&previous->der), &crl, err));
    struct bytes cursor = crl.entries;
    struct crl_entry entry = {0};
    enum result result = crl_next_entry(&cursor, &entry, err);
    while (result == RESULT_OK) {
        const struct crl_entry *found = NULL;
        TRY(listing_find(listing, entry.serial, entry.serial_size, &found, err));
        if (found == NULL) {
            TRY(check_lost_entry(store, issuer, not_after_from, &entry, err));
        }
        result = crl_next_entry(&cursor, &entry, err);
    }
    return result == RESULT_NOT_FOUND ? RESULT_OK : result;
}

// --- against the records ---------------------------------------------------------------------

struct comparison {
    struct listing *listing;
    size_t seen;
};

static enum result check_revocation(void *context, const struct revocation_record *record,
                                    struct error *err) {
    struct comparison *comparison = context;
    const struct crl_entry *entry = NULL;
    TRY(listing_find(comparison->listing, record->serial, record->serial_size, &entry, err));
    if (entry == NULL) {
        return refuse_entry(err, record->serial, record->serial_size,
                            "it is revoked and not in the CRL");
    }
    if (entry->reason != record->reason || entry->revoked_at != record->revoked_at ||
        entry->invalid_since != record->invalid_since) {
        return refuse_entry(err, record->serial, record->serial_size,
                            "its reason or date differs from the record");
    }
    comparison->seen++;
    return RESULT_OK;
}

bool crl_carries_entries(const struct issuer *issuer) {
    return issuer->record.kind == ISSUER_ROOT;
}

// Entries that a CRL made elsewhere brought: of CAs that are not here.
static enum result count_carried(struct store *store, const struct issuer *issuer,
                                 struct listing *listing, size_t *out_count,
                                 struct error *err) {
    for (size_t i = 0; crl_carries_entries(issuer) && i < listing->count; i++) {
        const struct crl_entry *entry = &listing->entries[i];
        AUTO(certificate_record_clear) struct certificate_record record = {0};
        enum result result =
            store_find_certificate(store, issuer->record.id,
                                   bytes_of(entry->serial, entry->serial_size), &record, err);
        if (result == RESULT_NOT_FOUND) {
            (*out_count)++;
        } else {
            TRY(result);
        }
    }
    return RESULT_OK;
}

static enum result check_against_store(struct store *store, const struct issuer *issuer,
                                       int64_t not_after_from, struct listing *listing,
                                       struct error *err) {
    struct comparison comparison = {.listing = listing};
    listing_rewind(listing);
    TRY(store_each_revocation(store, issuer->record.id, not_after_from, check_revocation,
                              &comparison, err));
    size_t carried = 0;
    TRY(count_carried(store, issuer, listing, &carried, err));
    if (comparison.seen + carried != listing->count) {
        return error_set_code(err, RESULT_INTERNAL, CODE_REFUSED,
                              "it has %zu entries where the records say %zu", listing->count,
                              comparison.seen);
    }
    return RESULT_OK;
}

enum result crl_check(struct store *store, const struct issuer *issuer, int64_t now,
                      const struct crl_record *previous, const struct crl_record *next,
                      struct error *err) {
    struct crl crl = {0};
    TRY(crl_read(buf_bytes(&next->der), &crl, err));
    TRY(check_frame(&crl, issuer, next, err));
    AUTO(listing_clear) struct listing listing = {0};
    TRY(listing_read(&crl, &listing, err));
    int64_t not_after_from = previous == NULL ? 0 : listed_until(previous, now);
    if (previous != NULL) {
        TRY(check_against_previous(store, issuer, now, previous, next, &listing, err));
    }
    return check_against_store(store, issuer, not_after_from, &listing, err);
}

// --- made elsewhere --------------------------------------------------------------------------

static enum result refuse_foreign(struct error *err, const char *code,
                                  const struct crl_entry *entry, const char *message) {
    char text[CERTIFICATE_SERIAL_TEXT_SIZE];
    serial_text(bytes_of(entry->serial, entry->serial_size), text);
    (void)error_set_code(err, RESULT_CONFLICT, code, "the serial %s %s", text, message);
    error_hint(
        err,
        "Make it anew: signetd root crl --previous LAST.crl --revoke %s, with the last CRL "
        "from /crl/root.crl",
        text);
    return RESULT_CONFLICT;
}

static enum result check_keeps(struct listing *listing, const struct crl_record *previous,
                               struct error *err) {
    struct crl crl = {0};
    TRY(crl_read(buf_bytes(&previous->der), &crl, err));
    struct bytes cursor = crl.entries;
    struct crl_entry entry = {0};
    enum result result = crl_next_entry(&cursor, &entry, err);
    while (result == RESULT_OK) {
        const struct crl_entry *found = NULL;
        TRY(listing_find(listing, entry.serial, entry.serial_size, &found, err));
        if (found == NULL) {
            return refuse_foreign(err, "crl_lost_entry", &entry,
                                  "was in the last CRL and is not in this one");
        }
        result = crl_next_entry(&cursor, &entry, err);
    }
    return result == RESULT_NOT_FOUND ? RESULT_OK : result;
}

static enum result check_has_revocation(void *context, const struct revocation_record *record,
                                        struct error *err) {
    struct listing *listing = context;
    const struct crl_entry *found = NULL;
    TRY(listing_find(listing, record->serial, record->serial_size, &found, err));
    if (found != NULL) {
        return RESULT_OK;
    }
    struct crl_entry entry = {.serial_size = record->serial_size};
    memcpy(entry.serial, record->serial, record->serial_size);
    return refuse_foreign(err, "crl_lacks_revocation", &entry,
                          "is revoked here and is not in this CRL");
}

static enum result check_newer(const struct crl_record *previous, const struct crl_record *next,
                               int64_t now, struct error *err) {
    if (follows(previous, next, now)) {
        return RESULT_OK;
    }
    (void)error_set_code(err, RESULT_CONFLICT, "crl_not_newer",
                         "CRL number %lld is not newer than the last one, number %lld",
                         (long long)next->number, (long long)previous->number);
    error_hint(err, "Make one that is: signetd root crl --number %lld",
               (long long)previous->number + 1);
    return RESULT_CONFLICT;
}

enum result crl_check_foreign(struct store *store, const struct issuer *issuer, int64_t now,
                              const struct crl_record *next, struct error *err) {
    struct crl crl = {0};
    AUTO(listing_clear) struct listing listing = {0};
    AUTO(crl_record_clear) struct crl_record previous = {0};
    TRY(crl_read(buf_bytes(&next->der), &crl, err));
    TRY(check_frame(&crl, issuer, next, err));
    TRY(listing_read(&crl, &listing, err));
    enum result result = store_last_crl(store, issuer->record.id, &previous, err);
    if (result == RESULT_OK) {
        TRY(check_newer(&previous, next, now, err));
        TRY(check_keeps(&listing, &previous, err));
    } else if (result != RESULT_NOT_FOUND) {
        return result;
    }
    return store_each_revocation(store, issuer->record.id, now, check_has_revocation, &listing,
                                 err);
}

static enum result find_unlisted(void *context, const struct revocation_record *record,
                                 struct error *err) {
    struct listing *listing = context;
    const struct crl_entry *entry = NULL;
    TRY(listing_find(listing, record->serial, record->serial_size, &entry, err));
    if (entry != NULL && entry->reason == record->reason) {
        return RESULT_OK;
    }
    (void)refuse_entry(err, record->serial, record->serial_size,
                       "it was revoked after the last CRL");
    return RESULT_CONFLICT;
}

// Those on hold are few, so that looking each up is no work.
static enum result find_released(struct store *store, const struct issuer *issuer,
                                 struct listing *listing, struct error *err) {
    for (size_t i = 0; i < listing->count; i++) {
        const struct crl_entry *entry = &listing->entries[i];
        if (entry->reason != CRL_REASON_CERTIFICATE_HOLD) {
            continue;
        }
        AUTO(certificate_record_clear) struct certificate_record record = {0};
        enum result result =
            store_find_certificate(store, issuer->record.id,
                                   bytes_of(entry->serial, entry->serial_size), &record, err);
        if (result == RESULT_OK && record.revoked_at == 0) {
            (void)refuse_entry(err, entry->serial, entry->serial_size,
                               "it was released after the last CRL");
            return RESULT_CONFLICT;
        }
        if (result != RESULT_NOT_FOUND) { // an entry that a root carries
            TRY(result);
        }
    }
    return RESULT_OK;
}

enum result crl_check_is_current(struct store *store, const struct issuer *issuer, int64_t now,
                                 const struct crl_record *last, struct error *err) {
    struct crl crl = {0};
    TRY(crl_read(buf_bytes(&last->der), &crl, err));
    AUTO(listing_clear) struct listing listing = {0};
    TRY(listing_read(&crl, &listing, err));
    TRY(store_each_revocation(store, issuer->record.id, listed_until(last, now), find_unlisted,
                              &listing, err));
    return find_released(store, issuer, &listing, err);
}
