// Issuing the certificates of OCSP responders under the internal profile "ocsp".
// SPDX-License-Identifier: GPL-3.0-or-later
#include "authority/publish/ocsp_responder.h"

#include "authority/authority.h"
#include "authority/decide/issuance.h"
#include "authority/config/profile.h"
#include "base/clock.h"

// A certificate that nobody can revoke (RFC 6960, 4.2.2.2.1) must not live long: twice the time
// for which answers hold, so that they always end before it, and at least this.
#define LIFETIME_MINIMUM (2LL * 24 * 60 * 60)

static void responder_clear(struct ocsp_responder *responder) {
    key_free_at(&responder->key);
    buf_clear(&responder->certificate);
    buf_clear(&responder->serial);
}

void ocsp_responders_clear(struct ocsp_responders *responders) {
    for (size_t i = 0; i < LIMIT_ISSUERS; i++) {
        responder_clear(&responders->items[i]);
    }
    *responders = (struct ocsp_responders){0};
}

// --- which CA is meant -----------------------------------------------------------------------

static enum result hash_issuer(const struct certificate *certificate,
                               struct ocsp_issuer_hashes *out_hashes) {
    struct bytes key = {0};
    TRY(public_key_bits(certificate->spki, &key, NULL));
    TRY(hash_sha1(certificate->subject, out_hashes->name_sha1));
    TRY(hash_sha1(key, out_hashes->key_sha1));
    TRY(hash_sha256(certificate->subject, out_hashes->name_sha256));
    return hash_sha256(key, out_hashes->key_sha256);
}

enum result ocsp_responders_open(const struct issuer_set *issuers,
                                 struct ocsp_responders *out_responders) {
    struct ocsp_responders responders = {0};
    for (size_t i = 0; i < issuers->count; i++) {
        TRY(hash_issuer(&issuers->items[i].certificate, &responders.items[i].hashes));
    }
    *out_responders = responders;
    return RESULT_OK;
}

static bool is_meant(const struct ocsp_issuer_hashes *hashes,
                     const struct ocsp_certificate_id *id) {
    switch (id->hash) {
    case OID_SHA1:
        return bytes_equal(id->name_hash, bytes_of(hashes->name_sha1, SHA1_SIZE)) &&
               bytes_equal(id->key_hash, bytes_of(hashes->key_sha1, SHA1_SIZE));
    case OID_SHA256:
        return bytes_equal(id->name_hash, bytes_of(hashes->name_sha256, SHA256_SIZE)) &&
               bytes_equal(id->key_hash, bytes_of(hashes->key_sha256, SHA256_SIZE));
    default:
        return false;
    }
}

bool ocsp_responders_find(const struct authority *authority,
                          const struct ocsp_certificate_id *id, size_t *out_index) {
    for (size_t i = 0; i < authority->issuers.count; i++) {
        if (is_meant(&authority->responders.items[i].hashes, id)) {
            *out_index = i;
            return true;
        }
    }
    return false;
}

// --- their certificates ----------------------------------------------------------------------

// A CA that is retired or revoked issues nothing any more: it signs its answers itself.
static bool has_delegate(const struct authority *authority, size_t index, int64_t now) {
    const struct issuer *issuer = &authority->issuers.items[index];
    return authority->config.ocsp_enabled &&
           authority->config.ocsp_signing == OCSP_BY_DELEGATE && issuer->key != NULL &&
           issuer->record.retired_at == 0 && !issuer->is_revoked &&
           now >= issuer->certificate.not_before && now <= issuer->certificate.not_after;
}

static bool is_due(const struct authority *authority, size_t index, int64_t now) {
    const struct ocsp_responder *responder = &authority->responders.items[index];
    return has_delegate(authority, index, now) &&
           (responder->key == NULL || now >= responder->rotate_at);
}

bool ocsp_responders_are_due(const struct authority *authority, int64_t now) {
    for (size_t i = 0; i < authority->issuers.count; i++) {
        if (is_due(authority, i, now)) {
            return true;
        }
    }
    return false;
}

static enum result name_responder(const struct issuer *issuer, struct names *out_names,
                                  struct error *err) {
    AUTO(buf_clear) struct buf name = {0};
    buf_init(&name, LIMIT_COMMON_NAME_BYTES);
    TRY(buf_printf(&name, "OCSP %s", issuer->record.name));
    return names_add(out_names, NAME_CN, buf_bytes(&name), err);
}

static int64_t lifetime_of(const struct authority *authority) {
    int64_t lifetime = 2 * authority->config.ocsp_lifetime;
    return lifetime > LIFETIME_MINIMUM ? lifetime : LIFETIME_MINIMUM;
}

struct replacement {
    struct ocsp_responder responder;
    const struct issuer *issuer;
    int64_t now;
};

static enum result issue(struct authority *authority, void *context, struct error *err) {
    struct replacement *replacement = context;
    struct ocsp_responder *responder = &replacement->responder;
    const struct profile *profile = profile_find(&authority->config.profiles, PROFILE_OCSP);
    if (profile == NULL) {
        return error_set(err, RESULT_INTERNAL, "profile %s is missing", PROFILE_OCSP);
    }
    AUTO(names_clear) struct names names = {0};
    TRY(name_responder(replacement->issuer, &names, err));
    TRY(key_generate(KEY_P256, &responder->key, err));
    const struct grant grant = {.names = &names, .lifetime = lifetime_of(authority)};
    const struct issuance issuance = {
        .profile = profile,
        .grant = &grant,
        .names = &names,
        .spki = key_public(responder->key),
        .now = replacement->now,
        .issuer = replacement->issuer,
    };
    AUTO(certificate_record_clear) struct certificate_record record = {0};
    TRY(issuance_run(authority, NULL, "ocsp responder issued", &issuance, &record, err));
    TRY(buf_append(&responder->certificate, buf_bytes(&record.der)));
    TRY(buf_append(&responder->serial, buf_bytes(&record.serial)));
    responder->not_after = record.not_after;
    responder->rotate_at = replacement->now + (record.not_after - replacement->now) / 2;
    return RESULT_OK;
}

static enum result replace(struct authority *authority, size_t index, int64_t now,
                           struct error *err) {
    struct ocsp_responder *old = &authority->responders.items[index];
    struct replacement replacement = {
        .responder = {.hashes = old->hashes},
        .issuer = &authority->issuers.items[index],
        .now = now,
    };
    buf_init(&replacement.responder.certificate, LIMIT_CERTIFICATE_BYTES);
    buf_init(&replacement.responder.serial, LIMIT_SERIAL_BYTES);
    const enum result result = authority_transact(authority, issue, &replacement, err);
    if (result != RESULT_OK) {
        responder_clear(&replacement.responder);
        error_context(err, "OCSP responder of the CA \"%s\"", replacement.issuer->record.name);
        return result;
    }
    responder_clear(old);
    *old = replacement.responder;
    return RESULT_OK;
}

enum result ocsp_responders_replace(struct authority *authority, int64_t now,
                                    struct error *err) {
    enum result first = RESULT_OK;
    for (size_t i = 0; i < authority->issuers.count; i++) {
        if (!is_due(authority, i, now)) {
            continue;
        }
        const enum result result = replace(authority, i, now, first == RESULT_OK ? err : NULL);
        first = first == RESULT_OK ? result : first;
    }
    return first;
}

void ocsp_responders_note_revoked(struct authority *authority, struct bytes serial) {
    for (size_t i = 0; i < authority->issuers.count; i++) {
        struct ocsp_responder *responder = &authority->responders.items[i];
        if (responder->key != NULL && bytes_equal(buf_bytes(&responder->serial), serial)) {
            responder->rotate_at = 0;
        }
    }
}

// --- signing ---------------------------------------------------------------------------------

enum result ocsp_responders_signer(const struct authority *authority, size_t index, int64_t now,
                                   struct ocsp_signer *out_signer, struct error *err) {
    const struct issuer *issuer = &authority->issuers.items[index];
    const struct ocsp_responder *responder = &authority->responders.items[index];
    const bool is_delegated = has_delegate(authority, index, now);
    const struct ocsp_signer signer = {
        .key = is_delegated ? responder->key : issuer->key,
        .certificate = is_delegated ? buf_bytes(&responder->certificate) : (struct bytes){0},
        .not_after = is_delegated ? responder->not_after : issuer->certificate.not_after,
    };
    if (signer.key == NULL || now >= signer.not_after) {
        (void)error_set_code(err, RESULT_UNAVAILABLE, "ocsp_no_responder",
                             "nobody can sign for the CA \"%s\" at the moment",
                             issuer->record.name);
        error_hint(err, "The authority's log says why its responder was not replaced.");
        return RESULT_UNAVAILABLE;
    }
    *out_signer = signer;
    return RESULT_OK;
}
