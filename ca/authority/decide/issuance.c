// From a grant to a recorded certificate and the answer that carries it.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "authority/decide/issuance.h"

#include <string.h>

#include "authority/decide/active.h"
#include "authority/authority.h"
#include "authority/certificate_text.h"
#include "authority/decide/issue.h"
#include "authority/peer.h"
#include "x509/crl.h"

// Renewal of a certificate whose profile is gone from the configuration.
#define RENEW_PERCENT_WITHOUT_PROFILE 66

// --- the key ---------------------------------------------------------------------------------

static enum result check_earlier_use(void *context, const struct certificate_record *record,
                                     struct error *err) {
    const struct names *granted = context;
    if (record->revoked_at != 0 && record->revocation_reason == CRL_REASON_KEY_COMPROMISE) {
        (void)error_set_code(err, RESULT_DENIED, "key_blocked",
                             "this key was reported as compromised");
        error_field(err, "csr");
        error_hint(err, "Make a new key and a new request.");
        return RESULT_DENIED;
    }
    if (record->is_on_hold) {
        (void)certificate_refuse_revoked(record, "the certificate of this key",
                                         "Wait until an administrator has decided.", err);
        error_field(err, "csr");
        return RESULT_DENIED;
    }
    AUTO(names_clear) struct names names = {0};
    TRY(name_records_read(record->names, record->name_count, &names, err));
    const struct name *outside = names_outside(&names, granted);
    if (outside != NULL) {
        (void)error_set_code(err, RESULT_DENIED, "key_of_another",
                             "this key is already certified for another identity");
        error_field(err, "csr");
        error_hint(err,
                   "Every device and every identity has a key of its own: make a new one.");
        return RESULT_DENIED;
    }
    return RESULT_OK;
}

enum result issuance_check_key(struct authority *authority, struct bytes spki,
                               const struct names *granted, struct error *err) {
    uint8_t key_hash[SHA256_SIZE];
    TRY(hash_sha256(spki, key_hash));
    return store_each_certificate_of_key(authority->store, bytes_of(key_hash, SHA256_SIZE),
                                         check_earlier_use, (void *)(uintptr_t)granted, err);
}

// --- sign and record -------------------------------------------------------------------------

static enum result sign(struct authority *authority, const struct issuer *issuer,
                        const struct issuance *issuance, struct buf *out_der,
                        struct error *err) {
    AUTO(buf_clear) struct buf crl_url = {0};
    buf_init(&crl_url, LIMIT_URL_BYTES);
    const struct config *config = &authority->config;
    bool has_crl_url = config->crl_url_in_certificates && authority_has_public_url(authority);
    if (has_crl_url) {
        TRY(config_crl_url(config, issuer->record.name, &crl_url));
    }
    AUTO(buf_clear) struct buf ca_issuers_url = {0};
    buf_init(&ca_issuers_url, LIMIT_URL_BYTES);
    bool has_public_url = authority_has_public_url(authority);
    if (has_public_url) {
        TRY(config_ca_issuers_url(config, issuer->record.name, &ca_issuers_url));
    }
    AUTO(buf_clear) struct buf ocsp_url = {0};
    buf_init(&ocsp_url, LIMIT_URL_BYTES);
    if (has_public_url) {
        TRY(config_ocsp_url(config, &ocsp_url));
    }
    struct issue_request request = {
        .profile = issuance->profile,
        .grant = issuance->grant,
        .names = issuance->names,
        .spki = issuance->spki,
        .crl_url = has_crl_url ? buf_string(&crl_url) : NULL,
        .ca_issuers_url = has_public_url ? buf_string(&ca_issuers_url) : NULL,
        .ocsp_url = has_public_url ? buf_string(&ocsp_url) : NULL,
        .now = issuance->now,
    };
    return issue_certificate(issuer, &request, out_der, err);
}

// A view of existing bytes in the place of an owned buffer, for records that are only added.
static struct buf borrowed(struct bytes bytes) {
    return (struct buf){.data = (uint8_t *)(uintptr_t)bytes.data, .size = bytes.size};
}

static const char *requested_from(const struct peer *peer, const struct issuance *issuance) {
    if (issuance->address != NULL) {
        return issuance->address;
    }
    return peer == NULL || peer->address[0] == '\0' ? NULL : peer->address;
}

static enum result record(struct authority *authority, const struct peer *peer,
                          const struct issuer *issuer, const struct issuance *issuance,
                          const struct certificate *certificate, int64_t *out_id,
                          struct error *err) {
    uint8_t key_hash[SHA256_SIZE];
    TRY(hash_sha256(certificate->spki, key_hash));
    // The names are those that the certificate really carries.
    AUTO(names_clear) struct names names = {0};
    TRY(certificate_names(certificate, &names, err));
    AUTO(name_records_free_at) struct name_record *name_records = NULL;
    TRY(name_records_borrow(&names, &name_records));
    const struct certificate_record *predecessor = issuance->predecessor;
    struct certificate_record added = {
        .issuer_id = issuer->record.id,
        .serial = borrowed(certificate->serial),
        .der = borrowed(certificate->der),
        .profile = issuance->profile->name,
        .not_before = certificate->not_before,
        .not_after = certificate->not_after,
        .key_hash = borrowed(bytes_of(key_hash, SHA256_SIZE)),
        .csr_hash = borrowed(issuance->csr_hash),
        .token_id = borrowed(issuance->token_id),
        .predecessor_id = predecessor == NULL ? 0 : predecessor->id,
        .lineage_id = predecessor == NULL ? 0 : predecessor->lineage_id,
        .holder_id = issuance->holder_id,
        .created = issuance->now,
        .request_id = borrowed(issuance->request_id),
        .address = (char *)(uintptr_t)requested_from(peer, issuance),
        .names = name_records,
        .name_count = names.count,
    };
    return store_add_certificate(authority->store, &added, out_id, err);
}

static enum result decide(struct authority *authority, const struct peer *peer,
                          const char *event, const char *device,
                          const struct certificate_record *record, struct error *err) {
    AUTO(buf_clear) struct buf detail = {0};
    buf_init(&detail, (LIMIT_NAME_BYTES + 16) * 4);
    TRY(buf_printf(&detail, "profile=%s ", record->profile));
    if (device != NULL && device[0] != '\0') {
        TRY(buf_printf(&detail, "device=%s ", device));
    }
    TRY(buf_append_string(&detail, "names="));
    if (name_records_format(record->names, record->name_count, &detail) == RESULT_LIMIT) {
        TRY(buf_printf(&detail, "… (%zu in all)", record->name_count));
    }
    char serial[CERTIFICATE_SERIAL_TEXT_SIZE];
    serial_text(buf_bytes(&record->serial), serial);
    return decision_record(authority, peer, LOG_LEVEL_INFO, event, serial, buf_string(&detail),
                           err);
}

static enum result choose_issuer(const struct authority *authority,
                                 const struct issuance *issuance,
                                 const struct issuer **out_issuer, struct error *err) {
    if (issuance->issuer == NULL) {
        return authority_issuer_for(authority, issuance->profile, out_issuer, err);
    }
    *out_issuer = issuance->issuer;
    return RESULT_OK;
}

enum result issuance_run(struct authority *authority, const struct peer *peer,
                         const char *event, const struct issuance *issuance,
                         struct certificate_record *out_record, struct error *err) {
    AUTO(buf_clear) struct buf der = {0};
    buf_init(&der, LIMIT_CERTIFICATE_BYTES);
    const struct issuer *issuer = NULL;
    TRY(choose_issuer(authority, issuance, &issuer, err));
    TRY(sign(authority, issuer, issuance, &der, err));
    struct certificate certificate = {0};
    TRY(certificate_read(buf_bytes(&der), &certificate, err));
    if (issuance->predecessor == NULL) {
        // Behind policy: what is refused supersedes nothing.
        TRY(active_make_room(authority, peer, issuance->profile, issuance->names, issuance->now,
                             err));
    }
    int64_t id = 0;
    TRY(record(authority, peer, issuer, issuance, &certificate, &id, err));
    AUTO(certificate_record_clear) struct certificate_record read_back = {0};
    TRY(store_find_certificate_by_id(authority->store, id, &read_back, err));
    TRY(decide(authority, peer, event, issuance->device, &read_back, err));
    *out_record = read_back;
    read_back = (struct certificate_record){0};
    return RESULT_OK;
}

// --- answer ----------------------------------------------------------------------------------

static int64_t renew_after(const struct authority *authority,
                           const struct certificate_record *record) {
    const struct profile *profile = profile_find(&authority->config.profiles, record->profile);
    int percent = profile == NULL ? RENEW_PERCENT_WITHOUT_PROFILE : profile->renew_percent;
    int64_t lifetime = record->not_after + 1 - record->created;
    return record->created + lifetime * percent / 100;
}

// Of the CA that issued this very certificate, whatever its profile says today.
static enum result set_chain(const struct authority *authority,
                             const struct certificate_record *record, struct issued *reply) {
    const struct issuer *issuer = authority_find_issuer(authority, record->issuer_id);
    AUTO(buf_clear) struct buf chain = {0};
    buf_init(&chain, LIMIT_CHAIN_BYTES);
    if (issuer != NULL) {
        TRY(issuer_set_intermediates(&authority->issuers, issuer, &chain));
    }
    return blob_set(&reply->chain, buf_bytes(&chain));
}

enum result issuance_reply(const struct authority *authority,
                           const struct certificate_record *record, struct issued *reply,
                           struct error *err) {
    char serial[CERTIFICATE_SERIAL_TEXT_SIZE];
    serial_text(buf_bytes(&record->serial), serial);
    enum result result = text_set(&reply->serial, serial);
    if (result == RESULT_OK) {
        result = text_set(&reply->profile, record->profile);
    }
    if (result == RESULT_OK) {
        result = name_records_list(record->names, record->name_count, &reply->names);
    }
    if (result == RESULT_OK) {
        result = blob_set(&reply->certificate, buf_bytes(&record->der));
    }
    if (result == RESULT_OK) {
        result = set_chain(authority, record, reply);
    }
    if (result == RESULT_OK) {
        result = blob_set(&reply->root, authority->issuers.root->certificate.der);
    }
    // Where the administrator's programs go with it: the credential keeps this address.
    if (result == RESULT_OK && strcmp(record->profile, PROFILE_ADMIN) == 0) {
        result = text_set(&reply->admin_url, authority->config.admin_url);
    }
    if (result != RESULT_OK) {
        return error_out_of_memory(err);
    }
    reply->not_before = record->not_before;
    reply->not_after = record->not_after;
    reply->renew_after = renew_after(authority, record);
    return RESULT_OK;
}
