// The next CRL: dates, entries, signature, check, record.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "authority/publish/crl_make.h"

#include <stdlib.h>
#include <string.h>

#include "authority/publish/crl_check.h"
#include "x509/crl.h"
#include "x509/lint.h"

// A part of the lifetime so small that the period, at most a third of it, stays a period.
static int64_t backdate(int64_t lifetime) {
    return lifetime / 20 < CRL_BACKDATE_SECONDS ? lifetime / 20 : CRL_BACKDATE_SECONDS;
}

static int64_t greater(int64_t a, int64_t b) {
    return a > b ? a : b;
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

struct entries {
    struct crl_entry *items;
    size_t count;
    size_t capacity;
};

static void entries_clear(struct entries *entries) {
    free(entries->items);
    *entries = (struct entries){0};
}

static enum result add_entry(void *context, const struct revocation_record *record,
                             struct error *err) {
    struct entries *entries = context;
    if (entries->count == entries->capacity) {
        size_t capacity = entries->capacity == 0 ? 64 : 2 * entries->capacity;
        struct crl_entry *items = realloc(entries->items, capacity * sizeof(*items));
        if (items == NULL) {
            return error_out_of_memory(err);
        }
        entries->items = items;
        entries->capacity = capacity;
    }
    struct crl_entry entry = {
        .serial_size = record->serial_size,
        .reason = (uint8_t)record->reason,
        .revoked_at = record->revoked_at,
        .invalid_since = record->invalid_since,
    };
    memcpy(entry.serial, record->serial, record->serial_size);
    entries->items[entries->count++] = entry;
    return RESULT_OK;
}

static enum result carry_entry(struct store *store, const struct issuer *issuer,
                               const struct crl_entry *entry, struct entries *entries,
                               struct error *err) {
    AUTO(certificate_record_clear) struct certificate_record record = {0};
    enum result found = store_find_certificate(
        store, issuer->record.id, bytes_of(entry->serial, entry->serial_size), &record, err);
    if (found != RESULT_NOT_FOUND) {
        return found; // the records say whether it stays
    }
    struct revocation_record carried = {
        .serial_size = entry->serial_size,
        .reason = entry->reason,
        .revoked_at = entry->revoked_at,
        .invalid_since = entry->invalid_since,
    };
    memcpy(carried.serial, entry->serial, entry->serial_size);
    return add_entry(entries, &carried, err);
}

static enum result carry_entries(struct store *store, const struct issuer *issuer,
                                 const struct crl_record *last, struct entries *entries,
                                 struct error *err) {
    if (last == NULL || !crl_carries_entries(issuer)) {
        return RESULT_OK;
    }
    struct crl crl = {0};
    TRY(crl_read(buf_bytes(&last->der), &crl, err));
    struct bytes cursor = crl.entries;
    struct crl_entry entry = {0};
    enum result result = crl_next_entry(&cursor, &entry, err);
    while (result == RESULT_OK) {
        TRY(carry_entry(store, issuer, &entry, entries, err));
        result = crl_next_entry(&cursor, &entry, err);
    }
    return result == RESULT_NOT_FOUND ? RESULT_OK : result;
}

static enum result build(const struct issuer *issuer, const struct crl_dates *dates,
                         const struct entries *entries, struct buf *out_der,
                         struct error *err) {
    uint8_t room[SHA1_SIZE];
    struct bytes key_id = {0};
    TRY(issuer_key_identifier(&issuer->certificate, room, &key_id));
    struct crl_plan plan = {
        .issuer = issuer->certificate.subject,
        .authority_key_id = key_id,
        .number = (uint64_t)dates->number,
        .this_update = dates->this_update,
        .next_update = dates->next_update,
        .entries = entries->items,
        .entry_count = entries->count,
        .judge = lint_crl,
    };
    return crl_build(&plan, issuer->key, out_der, err);
}

enum result crl_make(struct store *store, const struct issuer *issuer, int64_t now,
                     int64_t lifetime, struct crl_record *out_record, size_t *out_size,
                     bool *out_clock_went_back, struct error *err) {
    AUTO(crl_record_clear) struct crl_record last = {0};
    enum result found = store_last_crl(store, issuer->record.id, &last, err);
    if (found != RESULT_OK && found != RESULT_NOT_FOUND) {
        return found;
    }
    const struct crl_record *previous = found == RESULT_OK ? &last : NULL;
    struct crl_dates dates = {0};
    TRY(crl_next_dates(previous, now, lifetime, &dates, err));
    AUTO(entries_clear) struct entries entries = {0};
    TRY(store_each_revocation(store, issuer->record.id, entries_from(previous, now), add_entry,
                              &entries, err));
    TRY(carry_entries(store, issuer, previous, &entries, err));
    AUTO(crl_record_clear)
    struct crl_record next = {
        .issuer_id = issuer->record.id,
        .number = dates.number,
        .this_update = dates.this_update,
        .next_update = dates.next_update,
        .entry_count = (int64_t)entries.count,
    };
    buf_init(&next.der, LIMIT_CRL_BYTES);
    TRY(build(issuer, &dates, &entries, &next.der, err));
    TRY(crl_check(store, issuer, now, previous, &next, err));
    TRY(store_add_crl(store, &next, err));
    *out_size = next.der.size;
    *out_clock_went_back = dates.clock_went_back;
    *out_record = next;
    out_record->der = (struct buf){0};
    return RESULT_OK;
}
