// Renewal of the peer's own certificate.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "authority/decide/renew.h"

#include <string.h>

#include "authority/authority.h"
#include "authority/certificate_text.h"
#include "authority/decide/issuance.h"
#include "authority/decide/lineage.h"
#include "authority/peer.h"
#include "base/clock.h"
#include "x509/csr.h"

// Administrators renew like devices; the gateways' certificate is the authority's own business.
static enum result find_profile(struct authority *authority, const struct peer *peer,
                                const struct profile **out_profile, struct error *err) {
    const char *name = peer->certificate.profile;
    if (strcmp(name, PROFILE_SERVICE) == 0) {
        return error_set_code(err, RESULT_DENIED, "profile_internal",
                              "certificates of profile %s are not renewed on request", name);
    }
    if (strcmp(name, PROFILE_ADMIN) == 0) {
        // One who was removed keeps the certificate until it is revoked, but gets no other.
        struct peer admin = *peer;
        TRY(peer_require_role(authority, ~0U, &admin, err));
    }
    const struct profile *profile = profile_find(&authority->config.profiles, name);
    if (profile == NULL) {
        (void)error_set_code(err, RESULT_DENIED, "profile_unknown",
                             "the certificate's profile %s does not exist any more", name);
        error_hint(err, "Enroll again with a token of another profile.");
        return RESULT_DENIED;
    }
    *out_profile = profile;
    return RESULT_OK;
}

// The lifetime that the token at the start of the line asked for; 0 when it asked for none.
static enum result find_lifetime(struct authority *authority,
                                 const struct certificate_record *first, int64_t *out_lifetime,
                                 struct error *err) {
    *out_lifetime = 0;
    if (first->token_id.size == 0) {
        return RESULT_OK;
    }
    AUTO(token_record_clear) struct token_record token = {0};
    enum result result =
        store_find_token(authority->store, buf_bytes(&first->token_id), &token, err);
    if (result == RESULT_NOT_FOUND) {
        return RESULT_OK;
    }
    TRY(result);
    *out_lifetime = token.lifetime;
    return RESULT_OK;
}

static enum result refuse_certified_key(void *context, const struct certificate_record *record,
                                        struct error *err) {
    (void)context;
    (void)record;
    (void)error_set_code(err, RESULT_CONFLICT, "key_reused",
                         "a renewal needs a new key, and this one has a certificate already");
    error_field(err, "csr");
    error_hint(err, "Make a new key and a new request. Profiles with key_reuse = yes let a "
                    "renewal keep the key of the certificate that it follows.");
    return RESULT_CONFLICT;
}

// Where the profile lets a renewal keep its key, that is the predecessor's and no older one.
static enum result check_key(struct authority *authority, const struct profile *profile,
                             const struct certificate_record *predecessor, struct bytes spki,
                             const struct names *granted, struct error *err) {
    TRY(issuance_check_key(authority, spki, granted, err));
    uint8_t key_hash[SHA256_SIZE];
    TRY(hash_sha256(spki, key_hash));
    if (profile->key_reuse &&
        bytes_equal(bytes_of(key_hash, SHA256_SIZE), buf_bytes(&predecessor->key_hash))) {
        return RESULT_OK;
    }
    return store_each_certificate_of_key(authority->store, bytes_of(key_hash, SHA256_SIZE),
                                         refuse_certified_key, NULL, err);
}

// The certificate of an answer that was lost. RESULT_NOT_FOUND when this is the first time.
static enum result repeat(struct authority *authority, const struct peer *peer,
                          struct bytes csr_hash, struct issued *reply, struct error *err) {
    AUTO(certificate_record_clear) struct certificate_record given = {0};
    TRY(store_find_successor(authority->store, peer->certificate.id, csr_hash, &given, err));
    if (given.revoked_at != 0) {
        (void)certificate_refuse_revoked(&given, "the certificate for this request",
                                         "Make a new key and a new request.", err);
        error_field(err, "csr");
        return RESULT_DENIED;
    }
    return issuance_reply(authority, &given, reply, err);
}

static enum result issue(struct authority *authority, const struct peer *peer,
                         const struct profile *profile, const struct renew *request,
                         struct bytes csr_hash, struct issued *reply, struct error *err) {
    AUTO(csr_clear) struct csr csr = {0};
    enum result result = csr_read(blob_bytes(&request->csr), &csr, err);
    if (result == RESULT_OK) {
        result = csr_verify(&csr, err);
    }
    if (result != RESULT_OK) {
        error_field(err, "csr");
        return result;
    }
    const struct certificate_record *predecessor = &peer->certificate;
    AUTO(names_clear) struct names granted = {0};
    TRY(name_records_read(predecessor->names, predecessor->name_count, &granted, err));
    AUTO(certificate_record_clear) struct certificate_record first = {0};
    TRY(store_find_certificate_by_id(authority->store, predecessor->lineage_id, &first, err));
    struct grant grant = {.names = &granted};
    TRY(find_lifetime(authority, &first, &grant.lifetime, err));
    if (grant.lifetime > profile->lifetime_maximum) {
        grant.lifetime = profile->lifetime_maximum; // lowered since the token was made
    }
    AUTO(names_clear) struct names names = {0};
    TRY(policy_choose_names(&csr, &grant, &names, err));
    int64_t now = clock_now();
    TRY(check_key(authority, profile, predecessor, csr.spki, &granted, err));
    TRY(lineage_check_continue(authority, profile, predecessor, &first, &names, now, err));
    struct issuance issuance = {
        .profile = profile,
        .grant = &grant,
        .names = &names,
        .spki = csr.spki,
        .csr_hash = csr_hash,
        .predecessor = predecessor,
        .now = now,
    };
    AUTO(certificate_record_clear) struct certificate_record record = {0};
    TRY(issuance_run(authority, peer, "certificate renewed", &issuance, &record, err));
    return issuance_reply(authority, &record, reply, err);
}

enum result renew_certificate(struct authority *authority, const struct peer *peer,
                              const struct renew *request, struct issued *reply,
                              struct error *err) {
    const struct profile *profile = NULL;
    TRY(find_profile(authority, peer, &profile, err));
    TRY(lineage_check_good(authority, &peer->certificate, err));
    uint8_t hash[SHA256_SIZE];
    TRY(hash_sha256(blob_bytes(&request->csr), hash));
    struct bytes csr_hash = bytes_of(hash, SHA256_SIZE);
    enum result repeated = repeat(authority, peer, csr_hash, reply, err);
    if (repeated != RESULT_NOT_FOUND) {
        return repeated;
    }
    return issue(authority, peer, profile, request, csr_hash, reply, err);
}
