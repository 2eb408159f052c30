// Fills the messages that tell of profiles.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "authority/inspect/inspect_profiles.h"

#include <string.h>

#include "authority/authority.h"
#include "base/text.h"

static enum result fill_ask(const struct profile_ask *ask, struct text_list *out) {
    const struct {
        enum ask kind;
        const char *text;
        const char *name; // behind it
    } kinds[] = {
        {ASK_TOKEN, "token", ""},
        {ASK_ANYONE, "anyone", ""},
        {ASK_HOLDERS, "holders:", ask->holders},
        {ASK_MANUFACTURER, "manufacturer:", ask->manufacturer},
    };
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if ((ask->kinds & (unsigned)kinds[i].kind) != 0) {
            AUTO(buf_clear) struct buf text = {0};
            buf_init(&text, 128);
            TRY(buf_printf(&text, "%s%s", kinds[i].text, kinds[i].name));
            TRY(text_list_add(out, buf_string(&text)));
        }
    }
    return RESULT_OK;
}

// Administrators' certificates are asked for with the token of an invitation; the rest of what is
// internal is the authority's own affair, and no token is good for it.
static enum result fill_who_asks(const struct profile *profile, struct text_list *out) {
    return profile->is_internal && strcmp(profile->name, PROFILE_ADMIN) != 0
               ? text_list_add(out, "authority")
               : fill_ask(&profile->ask, out);
}

static enum result fill_keys(const struct profile *profile, struct text_list *out) {
    for (int i = 0; i < KEY_ALGORITHM_COUNT; i++) {
        if (profile->key_algorithms[i]) {
            TRY(text_list_add(out, key_algorithm_name((enum key_algorithm)i)));
        }
    }
    return RESULT_OK;
}

enum result profile_fill_info(const struct profile *profile, struct profile_info *info) {
    TRY(text_set(&info->name, profile->name));
    TRY(fill_keys(profile, &info->key_algorithms));
    for (int i = 0; i < NAME_TYPE_COUNT; i++) {
        if (profile->names[i].maximum > 0) {
            TRY(text_list_add(&info->name_types, name_type_prefix((enum name_type)i)));
        }
    }
    info->lifetime = profile->lifetime_default;
    info->approvals = profile->approvals;
    return fill_ask(&profile->ask, &info->ask);
}

static enum result fill_usages(const struct profile *profile, struct text_list *out) {
    for (size_t i = 0;
         i < LIMIT_EXTENDED_KEY_USAGES && profile->extended_key_usages[i] != OID_UNKNOWN; i++) {
        TRY(text_list_add(out, oid_name(profile->extended_key_usages[i])));
    }
    for (size_t i = 0; i < profile->other_usages.count; i++) {
        TRY(text_list_add(out, profile->other_usages.items[i]));
    }
    return RESULT_OK;
}

// "cn: exactly 1", then a line for each pattern, "cn: tracker-*".
static enum result fill_names(const struct profile *profile, struct text_list *out) {
    for (size_t type = 0; type < NAME_TYPE_COUNT; type++) {
        const char *prefix = name_type_prefix((enum name_type)type);
        if (profile->names[type].maximum == 0) {
            continue;
        }
        AUTO(buf_clear) struct buf rule = {0};
        buf_init(&rule, 128);
        TRY(buf_printf(&rule, "%s: ", prefix));
        TRY(name_rule_format(&profile->names[type], &rule));
        TRY(text_list_add(out, buf_string(&rule)));
        for (size_t i = 0; i < profile->patterns[type].count; i++) {
            AUTO(buf_clear) struct buf pattern = {0};
            buf_init(&pattern, LIMIT_LIST_TEXT_BYTES);
            TRY(buf_printf(&pattern, "%s: %s", prefix, profile->patterns[type].items[i]));
            TRY(text_list_add(out, buf_string(&pattern)));
        }
    }
    return RESULT_OK;
}

static enum result fill_detail(const struct profile *profile, const struct issuer *issuer,
                               struct profile_detail *detail) {
    AUTO(buf_clear) struct buf hash = {0};
    buf_init(&hash, 2 * sizeof(profile->hash));
    TRY(text_set(&detail->name, profile->name));
    TRY(text_set(&detail->issuer, issuer->record.name));
    TRY(text_hex_encode(bytes_of(profile->hash, sizeof(profile->hash)), &hash));
    TRY(text_set(&detail->hash, buf_string(&hash)));
    TRY(fill_who_asks(profile, &detail->ask));
    TRY(fill_usages(profile, &detail->usages));
    TRY(fill_keys(profile, &detail->key_algorithms));
    TRY(fill_names(profile, &detail->names));
    detail->approvals = profile->approvals;
    detail->lifetime = profile->lifetime_default;
    detail->lifetime_maximum = profile->lifetime_maximum;
    detail->renew_percent = profile->renew_percent;
    detail->renew_grace = profile->renew_grace;
    detail->key_reuse = profile->key_reuse;
    detail->active_maximum = profile->active_maximum;
    return RESULT_OK;
}

enum result inspect_profiles(struct authority *authority, const struct peer *peer,
                             const struct nothing *request, struct profile_page *reply,
                             struct error *err) {
    (void)peer;
    (void)request;
    const struct profile_list *profiles = &authority->config.profiles;
    for (size_t i = 0; i < profiles->count; i++) {
        void *detail = NULL;
        const struct issuer *issuer = NULL;
        TRY(authority_issuer_for(authority, &profiles->items[i], &issuer, err));
        if (record_add(&reply->profiles, &profile_detail_type, &detail) != RESULT_OK ||
            fill_detail(&profiles->items[i], issuer, detail) != RESULT_OK) {
            return error_out_of_memory(err);
        }
    }
    return RESULT_OK;
}
