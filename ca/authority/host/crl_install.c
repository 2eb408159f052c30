// A CRL from outside: verified, then recorded.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "authority/host/crl_install.h"

#include "authority/authority.h"
#include "authority/publish/crl_check.h"
#include "authority/host/issuing_ca.h"
#include "base/clock.h"
#include "x509/crl.h"

// How far the clock of the other machine may be ahead.
#define CLOCK_DIFFERENCE_SECONDS 300

// --- whose it is -----------------------------------------------------------------------------

static enum result find_signer(const struct authority *authority, const struct crl *crl,
                               const struct issuer **out_issuer, struct error *err) {
    for (size_t i = 0; i < authority->issuers.count; i++) {
        const struct issuer *issuer = &authority->issuers.items[i];
        if (crl_verify(crl, &issuer->certificate, NULL) != RESULT_OK) {
            continue;
        }
        if (issuer->key != NULL) {
            (void)error_set_code(err, RESULT_CONFLICT, "root_online",
                                 "the key of the CA \"%s\" is here, and so are its CRLs made",
                                 issuer->record.name);
            error_hint(err,
                       "Revoke with: signetd issuer revoke, or take the key offline first: "
                       "signetd root export");
            return RESULT_CONFLICT;
        }
        *out_issuer = issuer;
        return RESULT_OK;
    }
    (void)error_set_code(err, RESULT_DENIED, "issuer_other",
                         "the CRL is not signed by a CA of this authority");
    error_hint(err, "Make it with this authority's root: signetd root crl --root-cert …");
    return RESULT_DENIED;
}

// --- its dates -------------------------------------------------------------------------------

static enum result refuse_dates(struct error *err, const char *code, const char *message,
                                int64_t time) {
    AUTO(buf_clear) struct buf when = {0};
    buf_init(&when, 64);
    TRY(time_format_rfc3339(time, &when));
    (void)error_set_code(err, RESULT_INVALID, code, "%s %s", message, buf_string(&when));
    error_hint(err,
               "Check the clocks of both machines (date -u), and make it anew: signetd root "
               "crl");
    return RESULT_INVALID;
}

static enum result check_dates(const struct crl *crl, int64_t now, struct error *err) {
    if (crl->this_update > now + CLOCK_DIFFERENCE_SECONDS) {
        return refuse_dates(err, "crl_future", "the CRL begins in the future, at",
                            crl->this_update);
    }
    if (crl->next_update <= now) {
        return refuse_dates(err, "crl_expired", "the CRL has run out at", crl->next_update);
    }
    return RESULT_OK;
}

// --- what it says of the CAs here ------------------------------------------------------------

static enum result take_revocation(struct authority *authority, const struct peer *peer,
                                   const struct issuer *signer, const struct crl_entry *entry,
                                   struct error *err) {
    for (size_t i = 0; i < authority->issuers.count; i++) {
        const struct issuer *issuer = &authority->issuers.items[i];
        if (issuer_parent(&authority->issuers, issuer) == signer && !issuer->is_revoked &&
            bytes_equal(issuer->certificate.serial,
                        bytes_of(entry->serial, entry->serial_size))) {
            return issuing_ca_record_revocation(authority, peer, issuer,
                                                (enum crl_reason)entry->reason,
                                                entry->revoked_at, err);
        }
    }
    return RESULT_OK;
}

static enum result take_revocations(struct authority *authority, const struct peer *peer,
                                    const struct issuer *signer, const struct crl *crl,
                                    struct error *err) {
    struct bytes cursor = crl->entries;
    struct crl_entry entry = {0};
    enum result result = crl_next_entry(&cursor, &entry, err);
    while (result == RESULT_OK) {
        TRY(take_revocation(authority, peer, signer, &entry, err));
        result = crl_next_entry(&cursor, &entry, err);
    }
    return result == RESULT_NOT_FOUND ? RESULT_OK : result;
}

// --- all of it -------------------------------------------------------------------------------

struct installing {
    const struct peer *peer;
    const struct issuer *signer;
    const struct crl *crl;
    int64_t now;
};

static enum result record_crl(struct authority *authority, const struct installing *installing,
                              struct error *err) {
    const struct crl *crl = installing->crl;
    AUTO(crl_record_clear)
    struct crl_record record = {
        .issuer_id = installing->signer->record.id,
        .this_update = crl->this_update,
        .next_update = crl->next_update,
    };
    size_t count = 0;
    TRY(crl_number_read(crl, &record.number, err));
    TRY(crl_count(crl, &count, err));
    record.entry_count = (int64_t)count;
    buf_init(&record.der, LIMIT_CRL_BYTES);
    TRY(buf_append(&record.der, crl->der));
    TRY(crl_check_foreign(authority->store, installing->signer, installing->now, &record, err));
    TRY(store_add_crl(authority->store, &record, err));
    AUTO(buf_clear) struct buf detail = {0};
    buf_init(&detail, 256);
    TRY(buf_printf(&detail, "number=%lld entries=%zu bytes=%zu", (long long)record.number,
                   count, crl->der.size));
    return decision_record(authority, installing->peer, LOG_LEVEL_INFO, "crl installed",
                           installing->signer->record.name, buf_string(&detail), err);
}

static enum result install(struct authority *authority, void *context, struct error *err) {
    const struct installing *installing = context;
    TRY(record_crl(authority, installing, err));
    return take_revocations(authority, installing->peer, installing->signer, installing->crl,
                            err);
}

enum result crl_install(struct authority *authority, const struct peer *peer, struct bytes der,
                        int64_t now, struct error *err) {
    struct crl crl = {0};
    TRY(crl_read(der, &crl, err));
    struct installing installing = {.peer = peer, .crl = &crl, .now = now};
    TRY(find_signer(authority, &crl, &installing.signer, err));
    TRY(check_dates(&crl, now, err));
    return authority_transact(authority, install, &installing, err);
}
