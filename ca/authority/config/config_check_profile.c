// What the options of one profile must satisfy together.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "authority/config/config_options.h"

#include <string.h>

#include "base/text.h"

#define DAY (24LL * 60 * 60)
// What browsers and Apple's systems take of a server's certificate.
#define SERVER_LIFETIME_DAYS 397
// From here on a certificate counts as one that nobody looks after.
#define LONG_LIFETIME_DAYS 730

static bool has_usage(const struct profile *profile, enum oid usage) {
    for (size_t i = 0; i < LIMIT_EXTENDED_KEY_USAGES; i++) {
        if (profile->extended_key_usages[i] == usage) {
            return true;
        }
        if (profile->extended_key_usages[i] == OID_UNKNOWN) {
            return false;
        }
    }
    return false;
}

// --- names -----------------------------------------------------------------------------------

static enum result check_profile_names(const struct config_reader *reader,
                                       const struct profile *profile, struct error *err) {
    const struct name_rule *all = &profile->alternative_names;
    size_t least = 0;
    size_t most = 0;
    for (size_t type = 0; type < NAME_TYPE_COUNT; type++) {
        if (type != NAME_CN) {
            least += profile->names[type].minimum;
            most += profile->names[type].maximum;
        }
    }
    if (most + profile->names[NAME_CN].maximum == 0) {
        return config_mistake(reader, SECTION_PROFILE, "common_name", err,
                              "the profile allows no name of any type");
    }
    if (all->minimum > most || all->maximum < least) {
        return config_mistake(reader, SECTION_PROFILE, "alternative_names", err,
                              "%zu-%zu cannot be met: the types allow %zu to %zu names",
                              all->minimum, all->maximum, least, most);
    }
    if (profile->common_name_fits_mqtt && profile->names[NAME_CN].minimum == 0) {
        return config_mistake(reader, SECTION_PROFILE, "mqtt_common_name", err,
                              "an MQTT user needs common_name = 1");
    }
    return RESULT_OK;
}

static const char *const pattern_keys[NAME_TYPE_COUNT] = {
    [NAME_CN] = "cn_patterns",       [NAME_DNS] = "dns_patterns", [NAME_IP] = "ip_networks",
    [NAME_EMAIL] = "email_patterns", [NAME_URI] = "uri_patterns", [NAME_XMPP] = "xmpp_domains",
};

static bool all_hold(const struct config_list *patterns, const char *characters) {
    for (size_t i = 0; i < patterns->count; i++) {
        if (strpbrk(patterns->items[i], characters) == NULL) {
            return false;
        }
    }
    return patterns->count > 0;
}

static bool any_begins_with_star(const struct config_list *patterns) {
    for (size_t i = 0; i < patterns->count; i++) {
        if (patterns->items[i][0] == '*') {
            return true;
        }
    }
    return patterns->count == 0;
}

static enum result check_wildcards(const struct config_reader *reader,
                                   const struct profile *profile, struct error *err) {
    if (!profile->dns_wildcards) {
        return RESULT_OK;
    }
    if (profile->names[NAME_DNS].maximum == 0) {
        (void)config_mistake(reader, SECTION_PROFILE, "dns_wildcards", err,
                             "the profile takes no DNS names");
        error_hint(err, "set dns to how many there may be, or remove dns_wildcards");
        return RESULT_INVALID;
    }
    if (!any_begins_with_star(&profile->patterns[NAME_DNS])) {
        (void)config_mistake(reader, SECTION_PROFILE, "dns_wildcards", err,
                             "none of dns_patterns lets a wildcard through");
        error_hint(err, "add a pattern such as *.example.org, or set dns_wildcards = no");
        return RESULT_INVALID;
    }
    return RESULT_OK;
}

// Patterns that no name can ever meet are a mistake, not a way to forbid.
static enum result check_patterns(const struct config_reader *reader,
                                  const struct profile *profile, struct error *err) {
    for (size_t type = 0; type < NAME_TYPE_COUNT; type++) {
        if (profile->patterns[type].count > 0 && profile->names[type].maximum == 0) {
            (void)config_mistake(reader, SECTION_PROFILE, pattern_keys[type], err,
                                 "the profile takes no %s, so nothing can match",
                                 name_type_text((enum name_type)type));
            error_hint(err, "say how many there may be, or remove %s", pattern_keys[type]);
            return RESULT_INVALID;
        }
    }
    if (profile->common_name_fits_mqtt && all_hold(&profile->patterns[NAME_CN], "+#/")) {
        (void)config_mistake(
            reader, SECTION_PROFILE, "cn_patterns", err,
            "every pattern holds one of + # /, which mqtt_common_name forbids");
        error_hint(err, "use other characters, or set mqtt_common_name = no");
        return RESULT_INVALID;
    }
    return check_wildcards(reader, profile, err);
}

// --- keys and usages -------------------------------------------------------------------------

// RFC 5280, 4.2.1.12: what each purpose needs, any one of these.
static const struct {
    enum oid usage;
    uint16_t bits;
    const char *names;
} needs[] = {
    {OID_SERVER_AUTH,
     KEY_USAGE_DIGITAL_SIGNATURE | KEY_USAGE_KEY_ENCIPHERMENT | KEY_USAGE_KEY_AGREEMENT,
     "digitalSignature, keyEncipherment or keyAgreement"},
    {OID_CLIENT_AUTH, KEY_USAGE_DIGITAL_SIGNATURE | KEY_USAGE_KEY_AGREEMENT,
     "digitalSignature or keyAgreement"},
    {OID_CODE_SIGNING, KEY_USAGE_DIGITAL_SIGNATURE, "digitalSignature"},
    {OID_EMAIL_PROTECTION,
     KEY_USAGE_DIGITAL_SIGNATURE | KEY_USAGE_NON_REPUDIATION | KEY_USAGE_KEY_ENCIPHERMENT |
         KEY_USAGE_KEY_AGREEMENT,
     "digitalSignature, nonRepudiation, keyEncipherment or keyAgreement"},
};

// What keys cannot do (RFC 3279, 2.3.1; RFC 5480, 3; RFC 8410, 5).
static uint16_t impossible_bits(enum key_algorithm algorithm) {
    switch (algorithm) {
    case KEY_P256:
    case KEY_P384:
        return KEY_USAGE_KEY_ENCIPHERMENT | KEY_USAGE_DATA_ENCIPHERMENT;
    case KEY_ED25519:
        return KEY_USAGE_KEY_ENCIPHERMENT | KEY_USAGE_DATA_ENCIPHERMENT |
               KEY_USAGE_KEY_AGREEMENT;
    default:
        return KEY_USAGE_KEY_AGREEMENT;
    }
}

static enum result check_key_usage(const struct config_reader *reader,
                                   const struct profile *profile, struct error *err) {
    for (size_t i = 0; i < sizeof(needs) / sizeof(needs[0]); i++) {
        if (has_usage(profile, needs[i].usage) && (profile->key_usage & needs[i].bits) == 0) {
            (void)config_mistake(reader, SECTION_PROFILE, "key_usages", err,
                                 "%s needs %s (RFC 5280, 4.2.1.12)", oid_name(needs[i].usage),
                                 needs[i].names);
            error_hint(err, "add one of them to key_usages");
            return RESULT_INVALID;
        }
    }
    for (size_t i = 0; i < KEY_ALGORITHM_COUNT; i++) {
        if (profile->key_algorithms[i] &&
            (profile->key_usage & impossible_bits((enum key_algorithm)i)) != 0) {
            (void)config_mistake(reader, SECTION_PROFILE, "key_usages", err,
                                 "keys of type %s cannot do all of this",
                                 key_algorithm_name((enum key_algorithm)i));
            error_hint(err, "list in key_algorithms only keys that can: RSA for encipherment, "
                            "P-256 and P-384 for agreement");
            return RESULT_INVALID;
        }
    }
    return RESULT_OK;
}

static enum result check_usages(const struct config_reader *reader,
                                const struct profile *profile, struct error *err) {
    if (profile->extended_key_usages[0] == OID_UNKNOWN && profile->other_usages.count == 0) {
        return config_mistake(reader, SECTION_PROFILE, "extended_key_usages", err,
                              "expected at least one");
    }
    if (profile->key_usage == 0) {
        return config_mistake(reader, SECTION_PROFILE, "key_usages", err,
                              "expected at least one");
    }
    bool takes_a_key = false;
    for (size_t i = 0; i < KEY_ALGORITHM_COUNT; i++) {
        takes_a_key = takes_a_key || profile->key_algorithms[i];
    }
    if (!takes_a_key) {
        return config_mistake(reader, SECTION_PROFILE, "key_algorithms", err,
                              "expected at least one");
    }
    return check_key_usage(reader, profile, err);
}

// --- times -----------------------------------------------------------------------------------

static enum result check_profile_times(const struct config_reader *reader,
                                       const struct profile *profile, struct error *err) {
    if (profile->lifetime_default > profile->lifetime_maximum) {
        AUTO(buf_clear) struct buf most = {0};
        buf_init(&most, 32);
        TRY(text_format_duration(profile->lifetime_maximum, &most));
        return config_mistake(reader, SECTION_PROFILE, "lifetime", err,
                              "the default is longer than lifetime_maximum, which is %s",
                              buf_string(&most));
    }
    if (profile->backdate >= profile->lifetime_default) {
        return config_mistake(reader, SECTION_PROFILE, "backdate", err,
                              "expected less than the lifetime");
    }
    if (profile->renew_grace > profile->lifetime_default) {
        (void)config_mistake(reader, SECTION_PROFILE, "renew_grace", err,
                             "certificates would renew for longer after their end than they "
                             "held");
        error_hint(err, "make it shorter than lifetime");
        return RESULT_INVALID;
    }
    return RESULT_OK;
}

static enum result warn_of_times(const struct config_reader *reader,
                                 const struct profile *profile, struct error *err) {
    if (has_usage(profile, OID_SERVER_AUTH) &&
        profile->lifetime_maximum > SERVER_LIFETIME_DAYS * DAY) {
        TRY(config_warn(
            reader, SECTION_PROFILE, "lifetime_maximum", err,
            "browsers and Apple's systems refuse servers' certificates of more than "
            "%d days",
            SERVER_LIFETIME_DAYS));
    }
    if (profile->renew_grace > 0 && profile->lifetime_maximum > LONG_LIFETIME_DAYS * DAY) {
        TRY(config_warn(reader, SECTION_PROFILE, "renew_grace", err,
                        "certificates of more than %d days need no grace: who finds an old "
                        "device would get a new one",
                        LONG_LIFETIME_DAYS));
    }
    return RESULT_OK;
}

// --- who may ask -----------------------------------------------------------------------------

// Names that the requester chooses, a purpose that lets in, and nobody who looks: this is how
// other authorities were taken over (AD CS, ESC1).
static enum result check_approvals(const struct config_reader *reader,
                                   const struct profile *profile, struct error *err) {
    if ((profile->ask.kinds & ASK_ANYONE) != 0 && profile->approvals == 0) {
        (void)config_mistake(reader, SECTION_PROFILE, "ask", err,
                             "anyone would get a certificate%s in whatever name they choose, "
                             "for nobody approves it",
                             has_usage(profile, OID_CLIENT_AUTH)   ? " that logs in"
                             : has_usage(profile, OID_SERVER_AUTH) ? " of a server"
                                                                   : "");
        error_hint(err, "set approvals to 1 or more, or remove anyone from ask");
        return RESULT_INVALID;
    }
    if (profile->approvals == 0 && config_is_given(reader, SECTION_PROFILE, "hold")) {
        return config_warn(reader, SECTION_PROFILE, "hold", err,
                           "nothing is held while approvals is 0");
    }
    return RESULT_OK;
}

static enum result check_limit(const struct config_reader *reader,
                               const struct profile *profile, struct error *err) {
    if (profile->active_maximum == 0 && config_is_given(reader, SECTION_PROFILE, "at_limit")) {
        (void)config_mistake(reader, SECTION_PROFILE, "at_limit", err,
                             "there is no limit, so nothing happens at it");
        error_hint(err, "set active_maximum, or remove at_limit");
        return RESULT_INVALID;
    }
    return RESULT_OK;
}

enum result config_check_profile(const struct config_reader *reader,
                                 const struct profile *profile, struct error *err) {
    TRY(check_usages(reader, profile, err));
    TRY(check_profile_names(reader, profile, err));
    TRY(check_patterns(reader, profile, err));
    TRY(check_profile_times(reader, profile, err));
    TRY(warn_of_times(reader, profile, err));
    TRY(check_approvals(reader, profile, err));
    return check_limit(reader, profile, err);
}
