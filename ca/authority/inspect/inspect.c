// What anyone and what administrators may see.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "authority/inspect/inspect.h"

#include "authority/authority.h"
#include "authority/certificate_text.h"
#include "authority/inspect/inspect_profiles.h"
#include "base/clock.h"

// --- the authority ---------------------------------------------------------------------------

static enum result fill_authority(const struct authority *authority,
                                  struct authority_info *reply) {
    const struct config *config = &authority->config;
    TRY(text_set(&reply->name, config->name));
    TRY(text_set(&reply->version, SIGNET_VERSION));
    TRY(text_set(&reply->fingerprint, authority->root_fingerprint_text));
    AUTO(buf_clear) struct buf announced = {0};
    buf_init(&announced, LIMIT_CHAIN_BYTES);
    TRY(issuer_set_announced(&authority->issuers, clock_now(), &announced));
    TRY(blob_set(&reply->chain, buf_bytes(&announced)));
    if (authority_has_public_url(authority)) {
        AUTO(buf_clear) struct buf crl_url = {0};
        buf_init(&crl_url, LIMIT_URL_BYTES);
        TRY(config_crl_url(config, authority->issuers.issuing->record.name, &crl_url));
        TRY(text_set(&reply->crl_url, buf_string(&crl_url)));
    }
    for (size_t i = 0; i < config->profiles.count; i++) {
        if (!config->profiles.items[i].is_internal) {
            void *info = NULL;
            TRY(record_add(&reply->profiles, &profile_info_type, &info));
            TRY(profile_fill_info(&config->profiles.items[i], info));
        }
    }
    return RESULT_OK;
}

enum result inspect_authority(struct authority *authority, const struct peer *peer,
                              const struct nothing *request, struct authority_info *reply,
                              struct error *err) {
    (void)peer;
    (void)request;
    reply->time = clock_now();
    if (fill_authority(authority, reply) != RESULT_OK) {
        return error_out_of_memory(err);
    }
    return RESULT_OK;
}

// --- certificates ----------------------------------------------------------------------------

enum result inspect_find_certificate(struct authority *authority, const char *serial,
                                     struct certificate_record *out_record, struct error *err) {
    uint8_t octets[LIMIT_SERIAL_BYTES];
    size_t size = 0;
    TRY(serial_read(serial, octets, &size, err));
    enum result result = store_find_certificate_by_serial(
        authority->store, bytes_of(octets, size), out_record, err);
    if (result == RESULT_NOT_FOUND) {
        (void)error_set_code(err, RESULT_NOT_FOUND, "certificate_unknown",
                             "this authority has issued no certificate %s", serial);
        error_field(err, "serial");
        error_hint(err,
                   "Find its serial by name in the list of certificates. One that a restored "
                   "backup does not know is revoked with its CA: --unknown ISSUER.");
    }
    return result;
}

static enum result fill_shown(struct authority *authority,
                              const struct certificate_record *record,
                              struct certificate_info *reply, struct error *err) {
    TRY(certificate_info_fill(authority, record, clock_now(), reply));
    if (record->der.size > 0) { // not of one that was revoked by its serial alone
        TRY(blob_set(&reply->certificate, buf_bytes(&record->der)));
    }
    if (record->predecessor_id == 0) {
        return RESULT_OK;
    }
    AUTO(certificate_record_clear) struct certificate_record predecessor = {0};
    TRY(store_find_certificate_by_id(authority->store, record->predecessor_id, &predecessor,
                                     err));
    char serial[CERTIFICATE_SERIAL_TEXT_SIZE];
    serial_text(buf_bytes(&predecessor.serial), serial);
    return text_set(&reply->predecessor, serial);
}

enum result inspect_show_certificate(struct authority *authority, const struct peer *peer,
                                     const struct certificate_show *request,
                                     struct certificate_info *reply, struct error *err) {
    (void)peer;
    AUTO(certificate_record_clear) struct certificate_record record = {0};
    TRY(inspect_find_certificate(authority, request->serial, &record, err));
    return fill_shown(authority, &record, reply, err);
}

// --- CRLs and state --------------------------------------------------------------------------

enum result inspect_crls(struct authority *authority, const struct peer *peer,
                         const struct nothing *request, struct crl_page *reply,
                         struct error *err) {
    (void)peer;
    (void)request;
    if (publisher_list(authority, &reply->crls) != RESULT_OK) {
        return error_out_of_memory(err);
    }
    return RESULT_OK;
}

enum result inspect_status(struct authority *authority, const struct peer *peer,
                           const struct nothing *request, struct status *reply,
                           struct error *err) {
    (void)peer;
    (void)request;
    int64_t now = clock_now();
    TRY(store_count_certificates(authority->store, now, &reply->certificates_valid,
                                 &reply->certificates_expired, &reply->certificates_revoked,
                                 err));
    TRY(store_count_holds(authority->store, now, &reply->certificates_held, err));
    reply->certificates_valid -= reply->certificates_held;
    TRY(store_count_open_tokens(authority->store, now, &reply->tokens_open, err));
    TRY(store_count_held_requests(authority->store, now, &reply->requests_pending, err));
    reply->started = authority->started;
    reply->time = now;
    reply->issuer_not_after = authority->issuers.issuing->certificate.not_after;
    reply->root_not_after = authority->issuers.root->certificate.not_after;
    reply->gateways = authority->gateways;
    if (text_set(&reply->name, authority->config.name) != RESULT_OK ||
        text_set(&reply->version, SIGNET_VERSION) != RESULT_OK ||
        text_set(&reply->fingerprint, authority->root_fingerprint_text) != RESULT_OK ||
        publisher_list(authority, &reply->crls) != RESULT_OK ||
        store_trouble_warn(&authority->store_trouble, &reply->warnings) != RESULT_OK ||
        publisher_warn(authority, now, &reply->warnings) != RESULT_OK) {
        return error_out_of_memory(err);
    }
    return RESULT_OK;
}
