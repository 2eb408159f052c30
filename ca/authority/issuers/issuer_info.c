// The list of CAs.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "authority/issuers/issuer_info.h"

#include <string.h>

#include "authority/authority.h"
#include "authority/issuers/issuer_choice.h"
#include "base/clock.h"
#include "base/text.h"
#include "x509/hash.h"

static enum result set_hex(char **member, struct bytes bytes) {
    AUTO(buf_clear) struct buf text = {0};
    buf_init(&text, 2 * bytes.size + 1);
    TRY(text_hex_encode(bytes, &text));
    return text_set(member, buf_string(&text));
}

static enum result fill_certificate(const struct issuer *issuer, struct issuer_info *info) {
    const struct certificate *certificate = &issuer->certificate;
    AUTO(buf_clear) struct buf subject = {0};
    enum key_algorithm algorithm = KEY_P256;
    uint8_t hash[SHA256_SIZE];
    buf_init(&subject, LIMIT_NAME_BYTES);
    TRY(distinguished_name_format(certificate->subject, &subject));
    TRY(text_set(&info->subject, buf_string(&subject)));
    TRY(public_key_check(certificate->spki, &algorithm, NULL));
    TRY(text_set(&info->key_algorithm, key_algorithm_name(algorithm)));
    TRY(hash_sha256(certificate->der, hash));
    TRY(set_hex(&info->fingerprint, bytes_of(hash, sizeof(hash))));
    info->not_before = certificate->not_before;
    info->not_after = certificate->not_after;
    return blob_set(&info->certificate, certificate->der);
}

static enum result fill_profiles(const struct authority *authority, const struct issuer *issuer,
                                 struct issuer_info *info) {
    const struct profile_list *profiles = &authority->config.profiles;
    for (size_t i = 0; i < profiles->count; i++) {
        const struct issuer *chosen = NULL;
        if (issuer_set_choose(&authority->issuers, &profiles->items[i], &chosen, NULL) ==
                RESULT_OK &&
            chosen == issuer) {
            TRY(text_list_add(&info->profiles, profiles->items[i].name));
        }
    }
    return RESULT_OK;
}

static enum result fill_issuer(const struct authority *authority, const struct issuer *issuer,
                               int64_t now, struct issuer_info *info) {
    const struct issuer *parent = issuer_parent(&authority->issuers, issuer);
    const struct published_crl *crl = publisher_crl(authority, issuer->record.name);
    struct issuer_usage usage = {0};
    TRY(text_set(&info->name, issuer->record.name));
    TRY(text_set(&info->kind, issuer_kind_name(issuer)));
    TRY(text_set(&info->state, issuer_state_name(issuer, now)));
    if (parent != NULL) {
        TRY(text_set(&info->parent, parent->record.name));
    }
    TRY(fill_certificate(issuer, info));
    TRY(fill_profiles(authority, issuer, info));
    TRY(store_issuer_usage(authority->store, issuer->record.id, now, &usage, NULL));
    info->certificates = usage.valid;
    info->crl_number = crl->number;
    info->crl_next_update = crl->next_update;
    return RESULT_OK;
}

enum result issuer_list(struct authority *authority, const struct peer *peer,
                        const struct nothing *request, struct issuer_page *reply,
                        struct error *err) {
    (void)peer;
    (void)request;
    for (size_t i = 0; i < authority->issuers.count; i++) {
        const struct issuer *issuer = &authority->issuers.items[i];
        void *info = NULL;
        if (record_add(&reply->issuers, &issuer_info_type, &info) != RESULT_OK) {
            return error_out_of_memory(err);
        }
        enum result result = fill_issuer(authority, issuer, clock_now(), info);
        if (result != RESULT_OK) {
            return error_set(err, result, "the CA %s cannot be shown", issuer->record.name);
        }
    }
    return RESULT_OK;
}
