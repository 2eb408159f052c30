// Lists of CAs and profiles.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "authority/issuer_info.h"

#include <string.h>

#include "authority/authority.h"
#include "authority/issuer_choice.h"
#include "base/clock.h"
#include "base/text.h"
#include "x509/hash.h"

static enum result set_hex(char **member, struct bytes bytes) {
    AUTO(buf_clear) struct buf text = {0};
    buf_init(&text, 2 * bytes.size + 1);
    TRY(text_hex_encode(bytes, &text));
    return text_set(member, buf_string(&text));
}

// --- CAs -------------------------------------------------------------------------------------

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

// --- profiles --------------------------------------------------------------------------------

static enum result add_ask(const struct profile *profile, struct text_list *list) {
    static const struct {
        enum ask kind;
        const char *name;
    } kinds[] = {{ASK_TOKEN, "token"},
                 {ASK_ANYONE, "anyone"},
                 {ASK_HOLDERS, "holders"},
                 {ASK_MANUFACTURER, "manufacturer"}};
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        AUTO(buf_clear) struct buf text = {0};
        buf_init(&text, 256);
        if ((profile->ask.kinds & (unsigned)kinds[i].kind) == 0) {
            continue;
        }
        TRY(buf_append_string(&text, kinds[i].name));
        if (kinds[i].kind == ASK_HOLDERS) {
            TRY(buf_printf(&text, ":%s", profile->ask.holders));
        } else if (kinds[i].kind == ASK_MANUFACTURER) {
            TRY(buf_printf(&text, ":%s", profile->ask.manufacturer));
        }
        TRY(text_list_add(list, buf_string(&text)));
    }
    return RESULT_OK;
}

// "cn 1", "dns 0-3".
static enum result add_names(const struct profile *profile, struct text_list *list) {
    for (int i = 0; i < NAME_TYPE_COUNT; i++) {
        const struct name_rule *rule = &profile->names[i];
        AUTO(buf_clear) struct buf text = {0};
        buf_init(&text, 64);
        if (rule->maximum == 0) {
            continue;
        }
        TRY(buf_printf(&text, "%s %zu", name_type_prefix((enum name_type)i), rule->minimum));
        if (rule->minimum != rule->maximum) {
            TRY(buf_printf(&text, "-%zu", rule->maximum));
        }
        TRY(text_list_add(list, buf_string(&text)));
    }
    return RESULT_OK;
}

static enum result add_usages(const struct profile *profile, struct text_list *list) {
    for (size_t i = 0;
         i < LIMIT_EXTENDED_KEY_USAGES && profile->extended_key_usages[i] != OID_UNKNOWN; i++) {
        TRY(text_list_add(list, oid_name(profile->extended_key_usages[i])));
    }
    for (size_t i = 0; i < profile->other_usages.count; i++) {
        TRY(text_list_add(list, profile->other_usages.items[i]));
    }
    return RESULT_OK;
}

static enum result add_key_algorithms(const struct profile *profile, struct text_list *list) {
    for (int i = 0; i < KEY_ALGORITHM_COUNT; i++) {
        if (profile->key_algorithms[i]) {
            TRY(text_list_add(list, key_algorithm_name((enum key_algorithm)i)));
        }
    }
    return RESULT_OK;
}

// The name that the profile says, where nothing is issued under it now.
static const char *issuer_name_of(const struct authority *authority,
                                  const struct profile *profile) {
    const struct issuer *issuer = NULL;
    if (issuer_set_choose(&authority->issuers, profile, &issuer, NULL) == RESULT_OK) {
        return issuer->record.name;
    }
    return profile->issuer != NULL ? profile->issuer : authority->issuers.issuing->record.name;
}

static enum result fill_profile(const struct authority *authority,
                                const struct profile *profile, struct profile_detail *detail) {
    TRY(text_set(&detail->name, profile->name));
    TRY(text_set(&detail->issuer, issuer_name_of(authority, profile)));
    TRY(set_hex(&detail->hash, bytes_of(profile->hash, sizeof(profile->hash))));
    TRY(add_ask(profile, &detail->ask));
    TRY(add_usages(profile, &detail->usages));
    TRY(add_key_algorithms(profile, &detail->key_algorithms));
    TRY(add_names(profile, &detail->names));
    detail->approvals = profile->approvals;
    detail->lifetime = profile->lifetime_default;
    detail->lifetime_maximum = profile->lifetime_maximum;
    detail->renew_percent = profile->renew_percent;
    detail->renew_grace = profile->renew_grace;
    detail->active_maximum = profile->active_maximum;
    return RESULT_OK;
}

enum result profile_list_show(struct authority *authority, const struct peer *peer,
                              const struct nothing *request, struct profile_page *reply,
                              struct error *err) {
    (void)peer;
    (void)request;
    const struct profile_list *profiles = &authority->config.profiles;
    for (size_t i = 0; i < profiles->count; i++) {
        void *detail = NULL;
        if (record_add(&reply->profiles, &profile_detail_type, &detail) != RESULT_OK ||
            fill_profile(authority, &profiles->items[i], detail) != RESULT_OK) {
            return error_out_of_memory(err);
        }
    }
    return RESULT_OK;
}
