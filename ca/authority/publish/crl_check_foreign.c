// CRLs that were not made just now: one from elsewhere, and the last one after a restart.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "authority/publish/crl_check.h"

#include "authority/certificate_text.h"
#include "authority/publish/crl_check_private.h"

// --- made elsewhere --------------------------------------------------------------------------

static enum result refuse_foreign(struct error *err, const char *code, struct bytes serial,
                                  const char *message) {
    char text[CERTIFICATE_SERIAL_TEXT_SIZE];
    serial_text(serial, text);
    (void)error_set_code(err, RESULT_CONFLICT, code, "the serial %s %s", text, message);
    error_hint(
        err,
        "Make it anew: signetd root crl --previous LAST.crl --revoke %s, with the last CRL "
        "from /crl/root.crl",
        text);
    return RESULT_CONFLICT;
}

static struct bytes serial_of(const struct crl_entry *entry) {
    return bytes_of(entry->serial, entry->serial_size);
}

static enum result check_keeps(struct crl_index *index, const struct crl_record *previous,
                               struct error *err) {
    struct crl crl = {0};
    TRY(crl_read(buf_bytes(&previous->der), &crl, err));
    struct bytes cursor = crl.entries;
    struct crl_entry entry = {0}, found = {0};
    while (crl_next_entry(&cursor, &entry, err) == RESULT_OK) {
        if (!crl_index_find(index, serial_of(&entry), &found)) {
            return refuse_foreign(err, "crl_lost_entry", serial_of(&entry),
                                  "was in the last CRL and is not in this one");
        }
    }
    return RESULT_OK;
}

static enum result check_has_revocation(void *context, const struct revocation_record *record,
                                        struct error *err) {
    struct bytes serial = bytes_of(record->serial, record->serial_size);
    struct crl_entry found = {0};
    return crl_index_find(context, serial, &found)
               ? RESULT_OK
               : refuse_foreign(err, "crl_lacks_revocation", serial,
                                "is revoked here and is not in this CRL");
}

static enum result check_newer(const struct crl_record *previous, const struct crl_record *next,
                               int64_t now, struct error *err) {
    if (crl_follows(previous, next, now)) {
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
    AUTO(crl_index_clear) struct crl_index index = {0};
    AUTO(crl_record_clear) struct crl_record previous = {0};
    TRY(crl_read(buf_bytes(&next->der), &crl, err));
    TRY(crl_verify(&crl, &issuer->certificate, err));
    TRY(crl_check_frame(&crl, issuer, next, err));
    TRY(crl_check_index(&crl, &index, err));
    enum result result = store_last_crl(store, issuer->record.id, &previous, err);
    if (result == RESULT_OK) {
        TRY(check_newer(&previous, next, now, err));
        TRY(check_keeps(&index, &previous, err));
    } else if (result != RESULT_NOT_FOUND) {
        return result;
    }
    return store_each_revocation(store, issuer->record.id, now, check_has_revocation, &index,
                                 err);
}

// --- after a restart -------------------------------------------------------------------------

static enum result find_unlisted(void *context, const struct revocation_record *record,
                                 struct error *err) {
    struct bytes serial = bytes_of(record->serial, record->serial_size);
    struct crl_entry entry = {0};
    if (crl_index_find(context, serial, &entry) && entry.reason == record->reason) {
        return RESULT_OK;
    }
    (void)crl_check_refuse_entry(err, serial, "it was revoked after the last CRL");
    return RESULT_CONFLICT;
}

// Those on hold are few, so that looking each up is no work.
static enum result find_released(struct store *store, const struct issuer *issuer,
                                 const struct crl *crl, struct error *err) {
    struct bytes cursor = crl->entries;
    struct crl_entry entry = {0};
    while (crl_next_entry(&cursor, &entry, err) == RESULT_OK) {
        if (entry.reason != CRL_REASON_CERTIFICATE_HOLD) {
            continue;
        }
        AUTO(certificate_record_clear) struct certificate_record record = {0};
        enum result result =
            store_find_certificate(store, issuer->record.id, serial_of(&entry), &record, err);
        if (result == RESULT_OK && record.revoked_at == 0) {
            (void)crl_check_refuse_entry(err, serial_of(&entry),
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
    AUTO(crl_index_clear) struct crl_index index = {0};
    TRY(crl_read(buf_bytes(&last->der), &crl, err));
    TRY(crl_check_index(&crl, &index, err));
    TRY(store_each_revocation(store, issuer->record.id, crl_listed_until(last, now),
                              find_unlisted, &index, err));
    return find_released(store, issuer, &crl, err);
}
