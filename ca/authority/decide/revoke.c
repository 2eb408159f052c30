// Revocation of one certificate, or of everything that a stolen key may have got.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "authority/decide/revoke.h"

#include <stdlib.h>
#include <string.h>

#include "authority/decide/admin.h"
#include "authority/decide/revoke_unknown.h"
#include "authority/authority.h"
#include "authority/certificate_text.h"
#include "authority/inspect/inspect.h"
#include "authority/peer.h"
#include "base/clock.h"
#include "base/text.h"
#include "x509/crl.h"

static const char *const offered_reasons[] = {"unspecified",          "keyCompromise",
                                              "affiliationChanged",   "superseded",
                                              "cessationOfOperation", "privilegeWithdrawn"};

static enum result unknown_reason(const char *text, struct error *err) {
    const char *nearest = text_nearest(text, offered_reasons,
                                       sizeof(offered_reasons) / sizeof(offered_reasons[0]));
    (void)error_set_code(err, RESULT_INVALID, "reason_unknown",
                         "%.32s is not a reason for revoking a certificate", text);
    error_field(err, "reason");
    if (nearest != NULL) {
        error_hint(err, "Did you mean %s?", nearest);
    } else {
        error_hint(err, "Use unspecified, keyCompromise, affiliationChanged, superseded, "
                        "cessationOfOperation or privilegeWithdrawn.");
    }
    return RESULT_INVALID;
}

static enum result read_reason(const char *text, enum crl_reason *out_reason,
                               struct error *err) {
    enum crl_reason reason = CRL_REASON_UNSPECIFIED;
    if (text != NULL && !crl_reason_from_name(text, &reason)) {
        return unknown_reason(text, err);
    }
    const char *hint = NULL;
    if (reason == CRL_REASON_CERTIFICATE_HOLD) {
        hint = "A revocation is final. To have it back later, put it on hold: signetctl "
               "certificate "
               "hold SERIAL.";
    } else if (reason == CRL_REASON_CA_COMPROMISE || reason == CRL_REASON_AA_COMPROMISE) {
        hint = "This reason is for authorities; for a stolen device key use keyCompromise.";
    }
    if (hint != NULL) {
        (void)error_set_code(err, RESULT_INVALID, "reason_refused",
                             "a certificate cannot be revoked for %s", text);
        error_field(err, "reason");
        error_hint(err, "%s", hint);
        return RESULT_INVALID;
    }
    *out_reason = reason;
    return RESULT_OK;
}

// --- certificates of administrators ----------------------------------------------------------

static bool is_of_admin(const struct certificate_record *record) {
    return strcmp(record->profile, PROFILE_ADMIN) == 0;
}

// Whoever may take or give back these decides who administers: that is for owners. A holder, who
// has no role, proved to have the key, and takes what anybody with that key could use.
static enum result check_role(const struct peer *peer, const struct certificate_record *record,
                              struct error *err) {
    if (!is_of_admin(record) || peer->role == ADMIN_ROLE_OWNER || peer->role == 0) {
        return RESULT_OK;
    }
    char serial[CERTIFICATE_SERIAL_TEXT_SIZE];
    serial_text(buf_bytes(&record->serial), serial);
    (void)error_set_code(err, RESULT_DENIED, "role_denied",
                         "certificate %s is an administrator's, which only owners revoke, hold "
                         "and release",
                         serial);
    error_hint(err, "Ask an owner.");
    return RESULT_DENIED;
}

// --- one certificate -------------------------------------------------------------------------

// `detail` begins what the record tells.
static enum result record_change(struct authority *authority, const struct peer *peer,
                                 const struct certificate_record *record, const char *event,
                                 struct buf *detail, struct error *err) {
    char serial[CERTIFICATE_SERIAL_TEXT_SIZE];
    serial_text(buf_bytes(&record->serial), serial);
    TRY(buf_printf(detail, "profile=%s names=", record->profile));
    if (name_records_format(record->names, record->name_count, detail) == RESULT_LIMIT) {
        TRY(buf_printf(detail, "… (%zu in all)", record->name_count));
    }
    return decision_record(authority, peer, LOG_LEVEL_INFO, event, serial, buf_string(detail),
                           err);
}

// Whoever keeps or publishes what a certificate's standing was must learn of a new one.
static void note_change(struct authority *authority, const struct certificate_record *record) {
    publisher_mark_outdated(authority, record->issuer_id);
    ocsp_note_changed(authority, buf_bytes(&record->serial));
    if (bytes_equal(buf_bytes(&record->serial), buf_bytes(&authority->identity.serial))) {
        authority->identity.is_outdated = true;
    }
}

// Why, when, and since when it should not have been trusted (0: unknown).
struct revocation {
    enum crl_reason reason;
    int64_t now;
    int64_t invalid_since;
};

static bool is_final(const struct certificate_record *record) {
    return record->revoked_at != 0 && !record->is_on_hold;
}

// X.509, 8.5.2.2: what becomes of a hold is revoked since the hold began.
static enum result revoke_for_good(struct authority *authority, const struct peer *peer,
                                   const struct certificate_record *record,
                                   const struct revocation *revocation, struct error *err) {
    const int64_t since = record->is_on_hold ? record->revoked_at : revocation->now;
    TRY(store_revoke_certificate(authority->store, record->id, since, (int)revocation->reason,
                                 revocation->invalid_since, err));
    note_change(authority, record);
    AUTO(buf_clear) struct buf detail = {0};
    buf_init(&detail, (LIMIT_NAME_BYTES + 16) * 4);
    TRY(buf_printf(&detail, "reason=%s ", crl_reason_name(revocation->reason)));
    if (revocation->invalid_since != 0) {
        TRY(buf_append_string(&detail, "invalid_since="));
        TRY(time_format_rfc3339(revocation->invalid_since, &detail));
        TRY(buf_append_byte(&detail, ' '));
    }
    return record_change(authority, peer, record, "certificate revoked", &detail, err);
}

enum result revoke_one(struct authority *authority, const struct peer *peer,
                       const struct certificate_record *record, enum crl_reason reason,
                       int64_t now, struct error *err) {
    const struct revocation revocation = {.reason = reason, .now = now};
    return revoke_for_good(authority, peer, record, &revocation, err);
}

// --- what a stolen key may have got ----------------------------------------------------------

// The ids are collected first: the store is not changed while it is walked.
struct ids {
    int64_t *items;
    size_t count;
    size_t capacity;
};

static void ids_clear(struct ids *ids) {
    free(ids->items);
    *ids = (struct ids){0};
}

static enum result ids_add(struct ids *ids, int64_t id, struct error *err) {
    if (ids->count == ids->capacity) {
        size_t capacity = ids->capacity == 0 ? 16 : 2 * ids->capacity;
        int64_t *items = realloc(ids->items, capacity * sizeof(*items));
        if (items == NULL) {
            return error_out_of_memory(err);
        }
        ids->items = items;
        ids->capacity = capacity;
    }
    ids->items[ids->count++] = id;
    return RESULT_OK;
}

static bool ids_contain(const struct ids *ids, size_t count, int64_t id) {
    for (size_t i = 0; i < count; i++) {
        if (ids->items[i] == id) {
            return true;
        }
    }
    return false;
}

// Lines are both the result and the list of what is still to be looked at: `looked_at` of them
// have been. They begin with those of the key. A line was issued to the holder of one certificate at
// most, so no other is met twice.
struct victims {
    struct ids certificates; // to be revoked
    struct ids holders;      // of the line that is looked at
    struct ids lines;
    size_t of_key;
    size_t looked_at;
    int64_t now;
    bool is_cut; // there are more than are revoked at a time
};

static void victims_clear(struct victims *victims) {
    ids_clear(&victims->certificates);
    ids_clear(&victims->holders);
    ids_clear(&victims->lines);
}

static enum result collect(void *context, const struct certificate_record *record,
                           struct error *err) {
    struct victims *victims = context;
    TRY(ids_add(&victims->holders, record->id, err));
    if (is_final(record) || record->not_after < victims->now) {
        return RESULT_OK;
    }
    if (victims->certificates.count >= LIMIT_COMPROMISED_CERTIFICATES) {
        victims->is_cut = true;
        return RESULT_OK;
    }
    return ids_add(&victims->certificates, record->id, err);
}

// Of expired and revoked ones as well: their renewals may live.
static enum result collect_line_of_key(void *context, const struct certificate_record *record,
                                       struct error *err) {
    struct victims *victims = context;
    if (ids_contain(&victims->lines, victims->of_key, record->lineage_id)) {
        return RESULT_OK;
    }
    victims->of_key++;
    return ids_add(&victims->lines, record->lineage_id, err);
}

static enum result collect_line(void *context, const struct certificate_record *record,
                                struct error *err) {
    struct victims *victims = context;
    return ids_contain(&victims->lines, victims->of_key, record->lineage_id)
               ? RESULT_OK
               : ids_add(&victims->lines, record->lineage_id, err);
}

// The line's certificates, and the lines of what they got as holders under other profiles.
static enum result look_at_line(struct authority *authority, struct victims *victims,
                                struct error *err) {
    int64_t line = victims->lines.items[victims->looked_at++];
    victims->holders.count = 0;
    TRY(store_each_certificate_of_lineage(authority->store, line, INT64_MIN, collect, victims,
                                          err));
    for (size_t i = 0; i < victims->holders.count; i++) {
        TRY(store_each_certificate_of_holder(authority->store, victims->holders.items[i],
                                             collect_line, victims, err));
    }
    return RESULT_OK;
}

static enum result revoke_victims(struct authority *authority, const struct peer *peer,
                                  const struct victims *victims,
                                  const struct revocation *revocation, struct error *err) {
    for (size_t i = 0; i < victims->certificates.count; i++) {
        int64_t id = victims->certificates.items[i];
        AUTO(certificate_record_clear) struct certificate_record record = {0};
        TRY(store_find_certificate_by_id(authority->store, id, &record, err));
        TRY(check_role(peer, &record, err));
        struct revocation own = *revocation;
        if (own.invalid_since != 0 && own.invalid_since < record.not_before) {
            own.invalid_since = record.not_before; // it was never good
        }
        TRY(revoke_for_good(authority, peer, &record, &own, err));
    }
    return RESULT_OK;
}

static enum result record_cut(struct authority *authority, const struct peer *peer,
                              const struct certificate_record *record, struct error *err) {
    char serial[CERTIFICATE_SERIAL_TEXT_SIZE];
    serial_text(buf_bytes(&record->serial), serial);
    AUTO(buf_clear) struct buf detail = {0};
    buf_init(&detail, 128);
    TRY(buf_printf(&detail, "revoked=%d; revoke it again to go on",
                   LIMIT_COMPROMISED_CERTIFICATES));
    return decision_record(authority, peer, LOG_LEVEL_WARNING, "revocation not complete",
                           serial, buf_string(&detail), err);
}

// Whoever has the key could renew every certificate of it, and get others as its holder: hence
// all their lines, and the lines that these led to.
static enum result revoke_lines(struct authority *authority, const struct peer *peer,
                                const struct certificate_record *record,
                                const struct revocation *revocation, size_t *out_count,
                                struct error *err) {
    AUTO(victims_clear) struct victims victims = {.now = revocation->now};
    TRY(store_each_certificate_of_key(authority->store, buf_bytes(&record->key_hash),
                                      collect_line_of_key, &victims, err));
    while (victims.looked_at < victims.lines.count && !victims.is_cut) {
        TRY(look_at_line(authority, &victims, err));
    }
    TRY(revoke_victims(authority, peer, &victims, revocation, err));
    *out_count = victims.certificates.count;
    return victims.is_cut ? record_cut(authority, peer, record, err) : RESULT_OK;
}

// --- operations ------------------------------------------------------------------------------

static enum result refuse_again(const struct certificate_record *record, struct error *err) {
    char serial[CERTIFICATE_SERIAL_TEXT_SIZE];
    serial_text(buf_bytes(&record->serial), serial);
    (void)error_set_code(err, RESULT_CONFLICT, "already_revoked",
                         "certificate %s is revoked already, for %s", serial,
                         crl_reason_name((enum crl_reason)record->revocation_reason));
    error_hint(err, "Nothing needs to be done.");
    return RESULT_CONFLICT;
}

static enum result check_revocable(const struct certificate_record *record,
                                   enum crl_reason reason, int64_t now, struct error *err) {
    bool is_compromised = reason == CRL_REASON_KEY_COMPROMISE;
    if (is_final(record) &&
        !(is_compromised && record->revocation_reason == (int)CRL_REASON_KEY_COMPROMISE)) {
        return refuse_again(record, err);
    }
    // An expired one is revoked for its key only: that takes its successors along.
    if (now > record->not_after && !is_compromised) {
        char serial[CERTIFICATE_SERIAL_TEXT_SIZE];
        serial_text(buf_bytes(&record->serial), serial);
        (void)error_set_code(err, RESULT_CONFLICT, "certificate_expired",
                             "certificate %s has expired: nobody accepts it any more", serial);
        error_hint(err, "Revoke its renewals, or use keyCompromise to revoke all of them.");
        return RESULT_CONFLICT;
    }
    return RESULT_OK;
}

// What a stolen key got beyond the certificate itself. One that was revoked for it before is
// revoked again for what is left: too much for one time, or issued to its holder just then.
static enum result revoke_compromised(struct authority *authority, const struct peer *peer,
                                      const struct certificate_record *record,
                                      const struct revocation *revocation, struct error *err) {
    size_t count = 0;
    bool is_again = is_final(record);
    if (!is_again) {
        TRY(revoke_for_good(authority, peer, record, revocation, err));
    }
    TRY(revoke_lines(authority, peer, record, revocation, &count, err));
    return is_again && count == 0 ? refuse_again(record, err) : RESULT_OK;
}

static enum result check_invalid_since(const struct certificate_record *record,
                                       const struct revocation *revocation, struct error *err) {
    if (revocation->invalid_since == 0 || (revocation->invalid_since <= revocation->now &&
                                           revocation->invalid_since >= record->not_before)) {
        return RESULT_OK;
    }
    AUTO(buf_clear) struct buf from = {0};
    buf_init(&from, 64);
    TRY(time_format_rfc3339(record->not_before, &from));
    (void)error_set_code(err, RESULT_INVALID, "invalid_since",
                         "a certificate becomes invalid between its beginning, %s, and now",
                         buf_string(&from));
    error_field(err, "invalid_since");
    error_hint(err,
               "Give the time from which its key is known or thought to be stolen, or none.");
    return RESULT_INVALID;
}

static enum result tell_standing(struct authority *authority, int64_t id, int64_t now,
                                 struct certificate_info *reply, struct error *err) {
    AUTO(certificate_record_clear) struct certificate_record record = {0};
    TRY(store_find_certificate_by_id(authority->store, id, &record, err));
    if (certificate_info_fill(authority, &record, now, reply) != RESULT_OK) {
        return error_out_of_memory(err);
    }
    return RESULT_OK;
}

static enum result revoke(struct authority *authority, const struct peer *peer,
                          const struct certificate_record *record, const char *reason,
                          int64_t invalid_since, struct certificate_info *reply,
                          struct error *err) {
    struct revocation revocation = {.now = clock_now(), .invalid_since = invalid_since};
    TRY(read_reason(reason, &revocation.reason, err));
    TRY(check_revocable(record, revocation.reason, revocation.now, err));
    TRY(check_invalid_since(record, &revocation, err));
    TRY(revocation.reason == CRL_REASON_KEY_COMPROMISE
            ? revoke_compromised(authority, peer, record, &revocation, err)
            : revoke_for_good(authority, peer, record, &revocation, err));
    return tell_standing(authority, record->id, revocation.now, reply, err);
}

// To be changed by an administrator who keeps the own one and may change it.
static enum result find_other(struct authority *authority, const struct peer *peer,
                              const char *serial, struct certificate_record *out_record,
                              struct error *err) {
    TRY(inspect_find_certificate(authority, serial, out_record, err));
    if (out_record->id != peer->certificate.id) {
        return check_role(peer, out_record, err);
    }
    (void)error_set_code(err, RESULT_DENIED, "own_certificate",
                         "this is the certificate you are using: you would lock yourself out");
    error_hint(err, "Let another owner do it, or renew first and let an owner revoke the old "
                    "one.");
    return RESULT_DENIED;
}

// Only an owner takes an owner's certificate, and keeps the one that is used; unless both are of
// one stolen key. Whoever is none takes none, and works on when all owners' have ended.
static enum result require_owner_left(struct authority *authority, const struct peer *peer,
                                      struct error *err) {
    return peer->role == ADMIN_ROLE_OWNER ? admin_require_owner(authority, err) : RESULT_OK;
}

enum result revoke_certificate(struct authority *authority, const struct peer *peer,
                               const struct certificate_revoke *request,
                               struct certificate_info *reply, struct error *err) {
    AUTO(certificate_record_clear) struct certificate_record record = {0};
    if (request->issuer != NULL) {
        TRY(revoke_add_unknown(authority, peer, request, err));
    }
    TRY(find_other(authority, peer, request->serial, &record, err));
    TRY(revoke(authority, peer, &record, request->reason, request->invalid_since, reply, err));
    return require_owner_left(authority, peer, err);
}

enum result revoke_own_certificate(struct authority *authority, const struct peer *peer,
                                   const struct revoke_self *request,
                                   struct certificate_info *reply, struct error *err) {
    return revoke(authority, peer, &peer->certificate, request->reason, 0, reply, err);
}

// --- holds -----------------------------------------------------------------------------------

static enum result check_can_be_held(const struct certificate_record *record, int64_t now,
                                     struct error *err) {
    // The reason is one that an expired certificate is not revoked for either.
    TRY(check_revocable(record, CRL_REASON_CERTIFICATE_HOLD, now, err));
    if (!record->is_on_hold) {
        return RESULT_OK;
    }
    char serial[CERTIFICATE_SERIAL_TEXT_SIZE];
    serial_text(buf_bytes(&record->serial), serial);
    (void)error_set_code(err, RESULT_CONFLICT, "already_on_hold",
                         "certificate %s is on hold already", serial);
    error_hint(err, "Nothing needs to be done.");
    return RESULT_CONFLICT;
}

enum result hold_certificate(struct authority *authority, const struct peer *peer,
                             const struct certificate_hold *request,
                             struct certificate_info *reply, struct error *err) {
    const int64_t now = clock_now();
    AUTO(certificate_record_clear) struct certificate_record record = {0};
    AUTO(buf_clear) struct buf detail = {0};
    buf_init(&detail, (LIMIT_NAME_BYTES + 16) * 4);
    TRY(find_other(authority, peer, request->serial, &record, err));
    TRY(check_can_be_held(&record, now, err));
    TRY(store_hold_certificate(authority->store, record.id, now, err));
    note_change(authority, &record);
    TRY(record_change(authority, peer, &record, "certificate held", &detail, err));
    return tell_standing(authority, record.id, now, reply, err);
}

static enum result check_can_be_released(const struct certificate_record *record,
                                         struct error *err) {
    if (record->is_on_hold) {
        return RESULT_OK;
    }
    char serial[CERTIFICATE_SERIAL_TEXT_SIZE];
    serial_text(buf_bytes(&record->serial), serial);
    if (is_final(record)) {
        (void)error_set_code(err, RESULT_CONFLICT, "already_revoked",
                             "certificate %s is revoked for good", serial);
        error_hint(err, "Enroll again with a new key.");
    } else {
        (void)error_set_code(err, RESULT_CONFLICT, "not_on_hold",
                             "certificate %s is not on hold", serial);
        error_hint(err, "Nothing needs to be done.");
    }
    return RESULT_CONFLICT;
}

enum result release_certificate(struct authority *authority, const struct peer *peer,
                                const struct certificate_release *request,
                                struct certificate_info *reply, struct error *err) {
    const int64_t now = clock_now();
    AUTO(certificate_record_clear) struct certificate_record record = {0};
    AUTO(buf_clear) struct buf detail = {0};
    buf_init(&detail, (LIMIT_NAME_BYTES + 16) * 4);
    TRY(inspect_find_certificate(authority, request->serial, &record, err));
    TRY(check_role(peer, &record, err));
    TRY(check_can_be_released(&record, err));
    TRY(store_release_certificate(authority->store, record.id, now, err));
    note_change(authority, &record);
    TRY(buf_append_string(&detail, "since="));
    TRY(time_format_rfc3339(record.revoked_at, &detail));
    TRY(buf_append_byte(&detail, ' '));
    TRY(record_change(authority, peer, &record, "certificate released", &detail, err));
    return tell_standing(authority, record.id, now, reply, err);
}
