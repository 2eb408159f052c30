// Profiles: look-up, the authority's own ones, and the hash that freezes one.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "authority/profile.h"

#include <stdlib.h>
#include <string.h>

#include "authority/layout.h"
#include "base/bytes.h"
#include "base/limits.h"
#include "x509/hash.h"

#define MINUTE 60
#define DAY (24 * 60 * MINUTE)

static void profile_clear(struct profile *profile) {
    string_free_at(&profile->name);
    string_free_at(&profile->issuer);
    string_free_at(&profile->ask.holders);
    string_free_at(&profile->ask.manufacturer);
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
    return strcmp(name, PROFILE_ADMIN) == 0 || strcmp(name, PROFILE_SERVICE) == 0;
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
        .lifetime_default = 397LL * DAY,
        .lifetime_maximum = 397LL * DAY,
        .backdate = 5LL * MINUTE,
        .renew_percent = 66,
    };
}

static struct profile admin_profile(void) {
    struct profile profile = internal_profile(OID_CLIENT_AUTH);
    profile.names[NAME_CN] = (struct name_rule){1, 1};
    return profile;
}

// Its lifetime comes from [service] with each issuance.
static struct profile service_profile(void) {
    struct profile profile = internal_profile(OID_SERVER_AUTH);
    profile.names[NAME_CN] = (struct name_rule){0, 1};
    profile.names[NAME_DNS] = (struct name_rule){0, LIMIT_NAMES};
    profile.names[NAME_IP] = (struct name_rule){0, LIMIT_NAMES};
    profile.alternative_names = (struct name_rule){1, LIMIT_NAMES};
    return profile;
}

static enum result profile_list_add(struct profile_list *list, const char *name,
                                    struct profile profile, struct error *err) {
    struct profile *items = realloc(list->items, (list->count + 1) * sizeof(*items));
    if (items == NULL) {
        return error_out_of_memory(err);
    }
    list->items = items;
    profile.name = string_copy(name);
    if (profile.name == NULL) {
        return error_out_of_memory(err);
    }
    items[list->count++] = profile;
    return RESULT_OK;
}

static enum result write_rule(struct buf *text, struct name_rule rule) {
    return buf_printf(text, " %zu-%zu", rule.minimum, rule.maximum);
}

// No name of a profile or issuer is "-".
static const char *text_or_none(const char *text) {
    return text == NULL ? "-" : text;
}

// A text without ambiguity: names have no blanks, and everything else is a number.
static enum result write_canonical(const struct profile *profile, struct buf *text) {
    TRY(buf_printf(text, "profile-2 %s %d eku", profile->name, profile->is_internal));
    for (size_t i = 0;
         i < LIMIT_EXTENDED_KEY_USAGES && profile->extended_key_usages[i] != OID_UNKNOWN; i++) {
        TRY(buf_printf(text, " %s", oid_name(profile->extended_key_usages[i])));
    }
    TRY(buf_printf(text, " ku %u names", (unsigned)profile->key_usage));
    for (size_t i = 0; i < NAME_TYPE_COUNT; i++) {
        TRY(write_rule(text, profile->names[i]));
    }
    TRY(write_rule(text, profile->alternative_names));
    TRY(buf_printf(text, " forms %d %d %d keys", profile->common_name_fits_mqtt,
                   profile->xmpp_bare, profile->dns_wildcards));
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

static enum result fill_hash(struct profile *profile) {
    AUTO(buf_clear) struct buf text = {0};
    buf_init(&text, 2048);
    TRY(write_canonical(profile, &text));
    return hash_sha256(buf_bytes(&text), profile->hash);
}

enum result profile_list_finish(struct profile_list *list, struct error *err) {
    TRY(profile_list_add(list, PROFILE_ADMIN, admin_profile(), err));
    TRY(profile_list_add(list, PROFILE_SERVICE, service_profile(), err));
    for (size_t i = 0; i < list->count; i++) {
        if (fill_hash(&list->items[i]) != RESULT_OK) {
            return error_set(err, RESULT_INTERNAL, "profile %s cannot be hashed",
                             list->items[i].name);
        }
    }
    return RESULT_OK;
}
