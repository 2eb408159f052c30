// Checks over a line of renewals.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "authority/decide/lineage.h"

#include "authority/decide/active.h"
#include "authority/authority.h"
#include "authority/certificate_text.h"
#include "x509/crl.h"

// Renewals are counted over such a part of the lifetime (LIMIT_RENEWALS).
#define RENEWAL_WINDOWS_PER_LIFETIME 4

// --- what was decided about newer ones -------------------------------------------------------

static bool is_bad(const struct certificate_record *record) {
    return record->revoked_at != 0 && record->revocation_reason != CRL_REASON_SUPERSEDED;
}

static enum result refuse_newer(void *context, const struct certificate_record *record,
                                struct error *err) {
    const struct certificate_record *shown = context;
    return record->id > shown->id && is_bad(record)
               ? certificate_refuse_revoked(record, "a later certificate of this line",
                                            "Enroll again with a new key and a new token.", err)
               : RESULT_OK;
}

static enum result check_line(struct authority *authority,
                              const struct certificate_record *shown, struct error *err) {
    return store_each_certificate_of_lineage(authority->store, shown->lineage_id, INT64_MIN,
                                             refuse_newer, (void *)(uintptr_t)shown, err);
}

enum result lineage_check_good(struct authority *authority,
                               const struct certificate_record *shown, struct error *err) {
    TRY(check_line(authority, shown, err));
    AUTO(certificate_record_clear) struct certificate_record first = {0};
    TRY(store_find_certificate_by_id(authority->store, shown->lineage_id, &first, err));
    if (first.holder_id == 0) {
        return RESULT_OK;
    }
    AUTO(certificate_record_clear) struct certificate_record holder = {0};
    TRY(store_find_certificate_by_id(authority->store, first.holder_id, &holder, err));
    if (is_bad(&holder)) {
        return certificate_refuse_revoked(&holder, "the certificate that asked for this one",
                                          "Enroll again with a new key and a new token.", err);
    }
    return check_line(authority, &holder, err);
}

// --- one more --------------------------------------------------------------------------------

// A device in a loop must not fill the store.
static enum result check_frequency(struct authority *authority,
                                   const struct certificate_record *predecessor, int64_t now,
                                   struct error *err) {
    int64_t lifetime = predecessor->not_after + 1 - predecessor->created;
    int64_t count = 0;
    TRY(store_count_renewals(authority->store, predecessor->lineage_id,
                             now - lifetime / RENEWAL_WINDOWS_PER_LIFETIME, &count, err));
    if (count < LIMIT_RENEWALS) {
        return RESULT_OK;
    }
    (void)error_set_code(err, RESULT_LIMIT, "renewed_too_often",
                         "this certificate's line was renewed %lld times within a quarter of "
                         "its lifetime",
                         (long long)count);
    error_hint(err, "Use the certificate that the last renewal gave, and renew when that is "
                    "due.");
    return RESULT_LIMIT;
}

// The line of an expired certificate does not count any more: others may have taken its place.
static enum result check_room(struct authority *authority, const struct profile *profile,
                              const struct certificate_record *predecessor,
                              const struct certificate_record *first, int64_t now,
                              struct error *err) {
    if (now <= predecessor->not_after) {
        return RESULT_OK;
    }
    AUTO(names_clear) struct names identity = {0};
    TRY(name_records_read(first->names, first->name_count, &identity, err));
    return active_check_room(authority, profile, &identity, now, err);
}

// A name that an administrator released may be another's by now.
static enum result check_released(struct authority *authority,
                                  const struct certificate_record *predecessor,
                                  const struct names *names, struct error *err) {
    for (size_t i = 0; i < names->count; i++) {
        const struct name *name = &names->items[i];
        const struct name_record record = {
            .type = (char *)(uintptr_t)name_type_prefix(name->type), .value = name->value};
        int64_t released = 0;
        TRY(store_last_name_release(authority->store, &record, &released, err));
        if (predecessor->id <= released) {
            (void)error_set_code(err, RESULT_DENIED, "name_released",
                                 "the name %s:%.200s was released since this certificate was "
                                 "issued",
                                 record.type, name->value);
            error_field(err, record.type);
            error_hint(err, "Enroll again with a new token.");
            return RESULT_DENIED;
        }
    }
    return RESULT_OK;
}

enum result lineage_check_continue(struct authority *authority, const struct profile *profile,
                                   const struct certificate_record *predecessor,
                                   const struct certificate_record *first,
                                   const struct names *names, int64_t now, struct error *err) {
    TRY(check_released(authority, predecessor, names, err));
    TRY(check_frequency(authority, predecessor, now, err));
    return check_room(authority, profile, predecessor, first, now, err);
}

// --- names -----------------------------------------------------------------------------------

enum result lineage_check_names(struct authority *authority, const struct names *names,
                                struct error *err) {
    for (size_t i = 0; i < names->count; i++) {
        const struct name *name = &names->items[i];
        const struct name_record record = {
            .type = (char *)(uintptr_t)name_type_prefix(name->type), .value = name->value};
        AUTO(certificate_record_clear) struct certificate_record owner = {0};
        struct error reason = {0};
        enum result result = store_find_name_owner(authority->store, &record, &owner, &reason);
        if (result != RESULT_OK && result != RESULT_NOT_FOUND) {
            return error_set(err, result, "%s", reason.message);
        }
        if (result == RESULT_OK && is_bad(&owner)) {
            (void)error_set_code(err, RESULT_DENIED, "name_revoked",
                                 "the last certificate for %s:%.200s is %s", record.type,
                                 name->value, owner.is_on_hold ? "on hold" : "revoked");
            error_field(err, record.type);
            error_hint(err, "An administrator decides: signetctl name release %s:%.60s",
                       record.type, name->value);
            return RESULT_DENIED;
        }
    }
    return RESULT_OK;
}
