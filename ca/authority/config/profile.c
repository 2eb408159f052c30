// Profiles: look-up, the authority's own ones, and the hash that freezes one.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "authority/config/profile.h"

#include <stdlib.h>
#include <string.h>

#include "authority/config/layout.h"
#include "base/bytes.h"
#include "base/limits.h"
#include "x509/hash.h"

#define MINUTE 60
#define DAY (24 * 60 * MINUTE)
#define INTERNAL_LIFETIME (397LL * DAY)

static void profile_clear(struct profile *profile) {
    string_free_at(&profile->name);
    string_free_at(&profile->issuer);
    string_free_at(&profile->ask.holders);
    string_free_at(&profile->ask.manufacturer);
    config_list_clear(&profile->other_usages);
    for (size_t i = 0; i < NAME_TYPE_COUNT; i++) {
        config_list_clear(&profile->patterns[i]);
    }
    *profile = (struct profile){0};
}

void profile_list_clear(struct profile_list *list) {
    for (size_t i = 0; i < list->count; i++) {
        profile_clear(&list->items[i]);
    }
    free(list->items);
    *list = (struct profile_list){0};
}

const struct profile *profile_find(const struct profile_list *list, const char *name) {
    for (size_t i = 0; i < list->count; i++) {
        if (strcmp(list->items[i].name, name) == 0) {
            return &list->items[i];
        }
    }
    return NULL;
}

bool profile_is_internal_name(const char *name) {
    return strcmp(name, PROFILE_ADMIN) == 0 || strcmp(name, PROFILE_SERVICE) == 0 ||
           strcmp(name, PROFILE_OCSP) == 0;
}

enum result name_rule_format(const struct name_rule *rule, struct buf *out) {
    if (rule->minimum == rule->maximum) {
        return rule->minimum == 0 ? buf_append_string(out, "no")
                                  : buf_printf(out, "exactly %zu", rule->minimum);
    }
    if (rule->minimum == 0) {
        return buf_printf(out, "at most %zu", rule->maximum);
    }
    return buf_printf(out, "%zu to %zu", rule->minimum, rule->maximum);
}

// What both internal profiles have in common: keys are made by our own programs.
static struct profile internal_profile(enum oid extended_key_usage) {
    return (struct profile){
        .is_internal = true,
        .ask = {.kinds = ASK_TOKEN},
        .extended_key_usages = {extended_key_usage, OID_UNKNOWN},
        .key_usage = KEY_USAGE_DIGITAL_SIGNATURE,
        .alternative_names = {0, LIMIT_NAMES},
        .key_algorithms = {[KEY_P256] = true,
                           [KEY_P384] = true,
                           [KEY_ED25519] = true,
                           [KEY_RSA2048] = true,
                           [KEY_RSA3072] = true,
                           [KEY_RSA4096] = true},
        .crl_distribution_point = true,
        .lifetime_default = INTERNAL_LIFETIME,
        .lifetime_maximum = INTERNAL_LIFETIME,
        .backdate = 5LL * MINUTE,
        .renew_percent = 66,
    };
}

static struct profile admin_profile(int64_t lifetime) {
    struct profile profile = internal_profile(OID_CLIENT_AUTH);
    profile.names[NAME_CN] = (struct name_rule){1, 1};
    profile.lifetime_default = lifetime > 0 ? lifetime : INTERNAL_LIFETIME;
    return profile;
}

// Its lifetime comes from [service] with each issuance. cmcRA is what no other profile gives: by it
// clients tell the authority from a broker that has a certificate for the same host.
static struct profile service_profile(void) {
    struct profile profile = internal_profile(OID_SERVER_AUTH);
    profile.extended_key_usages[1] = OID_CMC_RA;
    profile.names[NAME_CN] = (struct name_rule){0, 1};
    profile.names[NAME_DNS] = (struct name_rule){0, LIMIT_NAMES};
    profile.names[NAME_IP] = (struct name_rule){0, LIMIT_NAMES};
    profile.alternative_names = (struct name_rule){1, LIMIT_NAMES};
    return profile;
}

// Of whichever CA it answers for. Nobody revokes what nobody asks about (RFC 6960, 4.2.2.2.1):
// it is short-lived instead, with each issuance.
static struct profile ocsp_profile(void) {
    struct profile profile = internal_profile(OID_OCSP_SIGNING);
    profile.names[NAME_CN] = (struct name_rule){1, 1};
    profile.alternative_names = (struct name_rule){0, 0};
    profile.crl_distribution_point = false;
    profile.ocsp_no_check = true;
    return profile;
}

static enum result profile_list_add(struct profile_list *list, const char *name,
                                    const char *issuer, struct profile profile,
                                    struct error *err) {
    struct profile *items = realloc(list->items, (list->count + 1) * sizeof(*items));
    if (items == NULL) {
        return error_out_of_memory(err);
    }
    list->items = items;
    profile.name = string_copy(name);
    profile.issuer = issuer == NULL ? NULL : string_copy(issuer);
    items[list->count++] = profile; // which frees what there is of the texts
    if (profile.name == NULL || (issuer != NULL && profile.issuer == NULL)) {
        return error_out_of_memory(err);
    }
    return RESULT_OK;
}

// No name of a profile or issuer is "-".
static const char *text_or_none(const char *text) {
    return text == NULL ? "-" : text;
}

static enum result write_rule(struct buf *text, struct name_rule rule) {
    return buf_printf(text, " %zu-%zu", rule.minimum, rule.maximum);
}

// The count in front keeps one list apart from the next.
static enum result write_words(const struct config_list *list, struct buf *text) {
    TRY(buf_printf(text, " %zu", list->count));
    for (size_t i = 0; i < list->count; i++) {
        TRY(buf_printf(text, " %s", list->items[i]));
    }
    return RESULT_OK;
}

static enum result write_names(const struct profile *profile, struct buf *text) {
    TRY(buf_append_string(text, " names"));
    for (size_t i = 0; i < NAME_TYPE_COUNT; i++) {
        TRY(write_rule(text, profile->names[i]));
        TRY(write_words(&profile->patterns[i], text));
    }
    TRY(write_rule(text, profile->alternative_names));
    return buf_printf(text, " forms %d %d %d", profile->common_name_fits_mqtt,
                      (int)profile->xmpp_form, profile->dns_wildcards);
}

// A text without ambiguity: words have no blanks, and everything else is a number.
static enum result write_canonical(const struct profile *profile, const char *public_url,
                                   struct buf *text) {
    TRY(buf_printf(text, "profile-3 %s %d eku", profile->name, profile->is_internal));
    for (size_t i = 0;
         i < LIMIT_EXTENDED_KEY_USAGES && profile->extended_key_usages[i] != OID_UNKNOWN; i++) {
        TRY(buf_printf(text, " %s", oid_name(profile->extended_key_usages[i])));
    }
    TRY(write_words(&profile->other_usages, text));
    TRY(buf_printf(text, " ku %u", (unsigned)profile->key_usage));
    TRY(write_names(profile, text));
    bool has_url =
        profile->crl_distribution_point || profile->authority_info_access || profile->ocsp_url;
    TRY(buf_printf(text, " urls %d %d %s", profile->crl_distribution_point,
                   profile->authority_info_access, has_url ? text_or_none(public_url) : "-"));
    TRY(buf_append_string(text, profile->ocsp_url ? " ocsp" : ""));
    TRY(buf_append_string(text, profile->key_reuse ? " key_reuse" : ""));
    TRY(buf_append_string(text, " keys"));
    for (size_t i = 0; i < KEY_ALGORITHM_COUNT; i++) {
        TRY(buf_printf(text, " %d", profile->key_algorithms[i]));
    }
    TRY(buf_printf(text, " times %lld %lld %lld %d %lld", (long long)profile->lifetime_default,
                   (long long)profile->lifetime_maximum, (long long)profile->backdate,
                   profile->renew_percent, (long long)profile->renew_grace));
    return buf_printf(text, " issuer %s ask %u %s %s approvals %lld active %lld %d",
                      text_or_none(profile->issuer), profile->ask.kinds,
                      text_or_none(profile->ask.holders),
                      text_or_none(profile->ask.manufacturer), (long long)profile->approvals,
                      (long long)profile->active_maximum, (int)profile->at_limit);
}

// Patterns make the longest part of it.
#define CANONICAL_BYTES (4096 + NAME_TYPE_COUNT * LIMIT_NAME_PATTERNS * (LIMIT_NAME_BYTES + 1))

static enum result fill_hash(struct profile *profile, const char *public_url) {
    AUTO(buf_clear) struct buf text = {0};
    buf_init(&text, CANONICAL_BYTES);
    TRY(write_canonical(profile, public_url, &text));
    return hash_sha256(buf_bytes(&text), profile->hash);
}

enum result profile_list_finish(struct profile_list *list,
                                const struct profile_settings *settings, struct error *err) {
    TRY(profile_list_add(list, PROFILE_ADMIN, settings->admin_issuer,
                         admin_profile(settings->admin_lifetime), err));
    TRY(profile_list_add(list, PROFILE_OCSP, NULL, ocsp_profile(), err));
    TRY(profile_list_add(list, PROFILE_SERVICE, settings->service_issuer, service_profile(),
                         err));
    for (size_t i = 0; i < list->count; i++) {
        if (fill_hash(&list->items[i], settings->public_url) != RESULT_OK) {
            return error_set(err, RESULT_INTERNAL, "profile %s cannot be hashed",
                             list->items[i].name);
        }
    }
    return RESULT_OK;
}
