// Signing issuing CAs and CRLs with a root key that is kept offline.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "authority/host/root_ceremony.h"

#include <stdlib.h>
#include <string.h>

#include "authority/issuers/ca_certificate.h"
#include "authority/publish/crl_check.h"
#include "authority/publish/crl_make.h"
#include "authority/issuers/issuer.h"
#include "base/limits.h"
#include "x509/csr.h"

enum result ceremony_check(const struct ceremony *ceremony, struct error *err) {
    return issuer_check(ceremony->root, ceremony->key, ceremony->now, err);
}

// --- an issuing CA ---------------------------------------------------------------------------

static enum result check_names(const struct csr *csr, struct error *err) {
    if (csr->names.count == 1 && csr->names.items[0].type == NAME_CN) {
        return RESULT_OK;
    }
    (void)error_set_code(err, RESULT_INVALID, "csr_names",
                         "the request of a CA has one common name and no other name");
    error_hint(err, "Make it with: signetd issuer request");
    return RESULT_INVALID;
}

enum result ceremony_sign(const struct ceremony *ceremony, struct bytes csr_der,
                          int64_t lifetime, struct buf *out_der, struct error *err) {
    AUTO(csr_clear) struct csr csr = {0};
    TRY(csr_read(csr_der, &csr, err));
    TRY(csr_verify(&csr, err));
    TRY(check_names(&csr, err));
    const struct ca_plan plan = {
        .common_name = csr.names.items[0].value,
        .now = ceremony->now,
        .lifetime = lifetime,
        .path_length = ISSUING_PATH_LENGTH,
        .spki = csr.spki,
        .parent = ceremony->root,
        .signer = ceremony->key,
    };
    return ca_certificate_make(&plan, out_der, err);
}

// --- a CRL -----------------------------------------------------------------------------------

struct entries {
    struct crl_entry items[LIMIT_ROOT_CRL_ENTRIES];
    size_t count;
};

static bool entries_have(const struct entries *entries, const struct crl_entry *entry) {
    for (size_t i = 0; i < entries->count; i++) {
        if (entries->items[i].serial_size == entry->serial_size &&
            memcmp(entries->items[i].serial, entry->serial, entry->serial_size) == 0) {
            return true;
        }
    }
    return false;
}

static enum result entries_add(struct entries *entries, const struct crl_entry *entry,
                               struct error *err) {
    if (entries_have(entries, entry)) {
        return RESULT_OK; // the first date stays
    }
    if (entries->count == LIMIT_ROOT_CRL_ENTRIES) {
        return error_set_code(err, RESULT_LIMIT, "crl_limit",
                              "a root's CRL made by hand has at most %d entries",
                              LIMIT_ROOT_CRL_ENTRIES);
    }
    entries->items[entries->count++] = *entry;
    return RESULT_OK;
}

static enum result entries_keep(struct entries *entries, const struct crl *previous,
                                struct error *err) {
    struct bytes cursor = previous->entries;
    struct crl_entry entry = {0};
    enum result result = crl_next_entry(&cursor, &entry, err);
    while (result == RESULT_OK) {
        TRY(entries_add(entries, &entry, err));
        result = crl_next_entry(&cursor, &entry, err);
    }
    return result == RESULT_NOT_FOUND ? RESULT_OK : result;
}

// The one before it, as far as the next one's number and dates depend on it.
static enum result read_previous(const struct ceremony *ceremony, struct bytes der,
                                 struct crl *out_crl, struct crl_record *out_record,
                                 struct error *err) {
    TRY(crl_read(der, out_crl, err));
    TRY(crl_verify(out_crl, ceremony->root, err));
    out_record->this_update = out_crl->this_update;
    return crl_number_read(out_crl, &out_record->number, err);
}

static enum result choose_dates(const struct ceremony *ceremony,
                                const struct ceremony_crl *wanted,
                                const struct crl_record *previous, struct crl_dates *out_dates,
                                struct error *err) {
    struct crl_dates dates = {0};
    TRY(crl_next_dates(previous, ceremony->now, wanted->lifetime, &dates, err));
    if (wanted->number != 0) {
        if (previous != NULL && wanted->number <= previous->number) {
            (void)error_set_code(err, RESULT_CONFLICT, "crl_not_newer",
                                 "number %lld does not exceed the last one's, which is %lld",
                                 (long long)wanted->number, (long long)previous->number);
            error_hint(err, "Leave --number out, or give a greater one.");
            return RESULT_CONFLICT;
        }
        dates.number = wanted->number;
    }
    *out_dates = dates;
    return RESULT_OK;
}

static enum result sign_crl(const struct ceremony *ceremony, const struct crl_dates *dates,
                            const struct entries *entries, struct buf *out_der,
                            struct error *err) {
    uint8_t room[SHA1_SIZE];
    struct bytes key_id = {0};
    TRY(issuer_key_identifier(ceremony->root, room, &key_id));
    const struct crl_plan plan = {
        .issuer = ceremony->root->subject,
        .authority_key_id = key_id,
        .number = (uint64_t)dates->number,
        .this_update = dates->this_update,
        .next_update = dates->next_update,
        .entries = entries->items,
        .entry_count = entries->count,
    };
    return crl_build(&plan, ceremony->key, out_der, err);
}

static void entries_free_at(struct entries **entries) {
    free(*entries);
    *entries = NULL;
}

enum result ceremony_crl(const struct ceremony *ceremony, const struct ceremony_crl *wanted,
                         struct buf *out_der, struct error *err) {
    AUTO(entries_free_at) struct entries *entries = calloc(1, sizeof(*entries));
    if (entries == NULL) {
        return error_out_of_memory(err);
    }
    struct crl crl = {0};
    struct crl_record previous = {0};
    bool has_previous = wanted->previous.size > 0;
    if (has_previous) {
        TRY(read_previous(ceremony, wanted->previous, &crl, &previous, err));
        TRY(entries_keep(entries, &crl, err));
    }
    for (size_t i = 0; i < wanted->revoked_count; i++) {
        TRY(entries_add(entries, &wanted->revoked[i], err));
    }
    struct crl_dates dates = {0};
    TRY(choose_dates(ceremony, wanted, has_previous ? &previous : NULL, &dates, err));
    return sign_crl(ceremony, &dates, entries, out_der, err);
}
