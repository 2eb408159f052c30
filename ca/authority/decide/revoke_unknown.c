// Records of certificates that were issued after the copy of the store which was restored.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "authority/decide/revoke_unknown.h"

#include "authority/authority.h"
#include "authority/certificate_text.h"
#include "authority/peer.h"
#include "base/clock.h"
#include "base/text.h"

static enum result find_issuer(const struct authority *authority, const char *name,
                               const struct issuer **out_issuer, struct error *err) {
    const struct issuer *issuer = issuer_set_find(&authority->issuers, name);
    if (issuer != NULL && issuer->record.kind != ISSUER_ROOT) {
        *out_issuer = issuer;
        return RESULT_OK;
    }
    (void)error_set_code(err, RESULT_NOT_FOUND, "issuer_unknown",
                         "there is no issuing CA %.64s", name);
    error_field(err, "issuer");
    error_hint(err, "signetctl issuer list shows them.");
    return RESULT_NOT_FOUND;
}

static enum result check_role(const struct authority *authority, const struct peer *peer,
                              const struct issuer *issuer, struct error *err) {
    const struct profile *profile = profile_find(&authority->config.profiles, PROFILE_ADMIN);
    const struct issuer *of_admins = NULL;
    if (peer->role == ADMIN_ROLE_OWNER ||
        (profile != NULL &&
         authority_issuer_for(authority, profile, &of_admins, NULL) == RESULT_OK &&
         of_admins != issuer)) {
        return RESULT_OK;
    }
    (void)error_set_code(err, RESULT_DENIED, "role_denied",
                         "the CA %.64s issues administrators' certificates, which only owners "
                         "revoke",
                         issuer->record.name);
    error_hint(err, "Ask an owner.");
    return RESULT_DENIED;
}

enum result revoke_add_unknown(struct authority *authority, const struct peer *peer,
                               const struct certificate_revoke *request, struct error *err) {
    uint8_t serial[LIMIT_SERIAL_BYTES];
    size_t size = 0;
    const struct issuer *issuer = NULL;
    TRY(serial_read(request->serial, serial, &size, err));
    TRY(find_issuer(authority, request->issuer, &issuer, err));
    TRY(check_role(authority, peer, issuer, err));
    AUTO(certificate_record_clear) struct certificate_record known = {0};
    struct error reason = {0};
    enum result result = store_find_certificate(authority->store, issuer->record.id,
                                                bytes_of(serial, size), &known, &reason);
    if (result != RESULT_NOT_FOUND) {
        return result == RESULT_OK ? RESULT_OK : error_set(err, result, "%s", reason.message);
    }
    AUTO(certificate_record_clear)
    struct certificate_record record = {
        .issuer_id = issuer->record.id,
        .not_before = issuer->certificate.not_before,
        .not_after = issuer->certificate.not_after,
        .created = clock_now(),
    };
    buf_init(&record.serial, LIMIT_SERIAL_BYTES);
    int64_t id = 0;
    if (buf_append(&record.serial, bytes_of(serial, size)) != RESULT_OK ||
        text_set(&record.profile, PROFILE_UNKNOWN) != RESULT_OK) {
        return error_out_of_memory(err);
    }
    return store_add_certificate(authority->store, &record, &id, err);
}
