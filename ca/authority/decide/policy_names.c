// Names against profile and grant.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "authority/decide/policy_names.h"

#include <string.h>

#include "authority/config/ip_network.h"
#include "authority/config/jid.h"
#include "authority/config/name_pattern.h"
#include "base/limits.h"
#include "base/text.h"

static enum result check_count(const struct profile *profile, const struct name_rule *rule,
                               size_t count, const char *field, const char *what,
                               struct error *err) {
    if (count >= rule->minimum && count <= rule->maximum) {
        return RESULT_OK;
    }
    AUTO(buf_clear) struct buf rule_text = {0};
    buf_init(&rule_text, 64);
    TRY(name_rule_format(rule, &rule_text));
    (void)error_set_code(err, RESULT_DENIED, "name_count",
                         "profile %s wants %s %s, but there %s %zu", profile->name,
                         buf_string(&rule_text), what, count == 1 ? "is" : "are", count);
    error_field(err, field);
    if (count < rule->minimum) {
        error_hint(err, "add one, such as %s:…, to the names", field);
    } else {
        error_hint(err, "leave it out, or choose a profile that takes it");
    }
    return RESULT_DENIED;
}

static enum result deny_form(struct error *err, const struct profile *profile,
                             const struct name *name, const char *why) {
    (void)error_set_code(err, RESULT_DENIED, "name_form",
                         "profile %s does not take the %s \"%s\": %s", profile->name,
                         name_type_text(name->type), name->value, why);
    error_field(err, name_type_prefix(name->type));
    return RESULT_DENIED;
}

static enum result check_form(const struct profile *profile, const struct name *name,
                              struct error *err) {
    if (name->type == NAME_CN && profile->common_name_fits_mqtt &&
        strpbrk(name->value, "+#/") != NULL) {
        (void)deny_form(err, profile, name, "it becomes an MQTT user, so no +, # or /");
        error_hint(err, "choose a name without these characters");
        return RESULT_DENIED;
    }
    if (name->type == NAME_DNS && !profile->dns_wildcards && name->value[0] == '*') {
        (void)deny_form(err, profile, name, "no wildcards");
        error_hint(err, "name every host, or set dns_wildcards = yes in the profile");
        return RESULT_DENIED;
    }
    // "*.org" would be everybody's.
    if (name->type == NAME_DNS && name->value[0] == '*' &&
        strchr(&name->value[2], '.') == NULL) {
        (void)deny_form(err, profile, name, "a wildcard under a single label");
        error_hint(err, "use a wildcard under a domain of your own, such as *.example.org");
        return RESULT_DENIED;
    }
    if (name->type == NAME_XMPP) {
        struct error cause = {0};
        if (jid_check(name->value, profile->xmpp_form, &cause) != RESULT_OK) {
            (void)deny_form(err, profile, name, cause.message);
            error_hint(err, "%s", cause.hint);
            return RESULT_DENIED;
        }
    }
    return RESULT_OK;
}

// --- patterns --------------------------------------------------------------------------------

static bool matches(enum name_type type, const char *pattern, const char *value) {
    if (type == NAME_IP) {
        return ip_network_contains(pattern, value);
    }
    if (type != NAME_XMPP) {
        return name_pattern_matches(type, pattern, value);
    }
    AUTO(buf_clear) struct buf domain = {0};
    buf_init(&domain, LIMIT_JID_BYTES);
    return jid_domain(value, &domain) == RESULT_OK && strcmp(buf_string(&domain), pattern) == 0;
}

static enum result check_patterns(const struct profile *profile, const struct name *name,
                                  struct error *err) {
    static const char *const what[NAME_TYPE_COUNT] = {
        [NAME_CN] = "patterns",    [NAME_DNS] = "patterns", [NAME_IP] = "networks",
        [NAME_EMAIL] = "patterns", [NAME_URI] = "patterns", [NAME_XMPP] = "domains"};
    const struct config_list *patterns = &profile->patterns[name->type];
    for (size_t i = 0; i < patterns->count; i++) {
        if (matches(name->type, patterns->items[i], name->value)) {
            return RESULT_OK;
        }
    }
    if (patterns->count == 0) {
        return RESULT_OK;
    }
    (void)error_set_code(err, RESULT_DENIED, "name_pattern",
                         "profile %s does not take the %s \"%s\": it fits none of its %s",
                         profile->name, name_type_text(name->type), name->value,
                         what[name->type]);
    error_field(err, name_type_prefix(name->type));
    AUTO(buf_clear) struct buf all = {0};
    buf_init(&all, sizeof(((struct error *)NULL)->hint));
    for (size_t i = 0; i < patterns->count; i++) {
        // What does not fit into the hint is left out.
        if (buf_printf(&all, "%s%s", i == 0 ? "" : ", ", patterns->items[i]) != RESULT_OK) {
            break;
        }
    }
    error_hint(err, "allowed: %s", buf_string(&all));
    return RESULT_DENIED;
}

enum result policy_check_patterns(const struct names *names, const struct profile *profile,
                                  struct error *err) {
    for (size_t i = 0; i < names->count; i++) {
        TRY(check_patterns(profile, &names->items[i], err));
    }
    return RESULT_OK;
}

// --- counts and all together -----------------------------------------------------------------

enum result policy_check_names(const struct names *names, const struct profile *profile,
                               struct error *err) {
    for (size_t type = 0; type < NAME_TYPE_COUNT; type++) {
        size_t count = names_count_type(names, (enum name_type)type);
        AUTO(buf_clear) struct buf what = {0};
        buf_init(&what, 64);
        TRY(buf_append_string(&what, name_type_text((enum name_type)type)));
        TRY(check_count(profile, &profile->names[type], count,
                        name_type_prefix((enum name_type)type), buf_string(&what), err));
    }
    size_t alternative = names->count - names_count_type(names, NAME_CN);
    TRY(check_count(profile, &profile->alternative_names, alternative,
                    profile->names[NAME_DNS].maximum > 0 ? "dns" : "names", "alternative names",
                    err));
    for (size_t i = 0; i < names->count; i++) {
        TRY(check_form(profile, &names->items[i], err));
        TRY(check_patterns(profile, &names->items[i], err));
    }
    return RESULT_OK;
}

enum result policy_check_granted(const struct names *names, const struct grant *grant,
                                 struct error *err) {
    const struct name *outside = names_outside(names, grant->names);
    if (outside == NULL) {
        return RESULT_OK;
    }
    (void)error_set_code(err, RESULT_DENIED, "name_not_granted", "the %s \"%s\" is not granted",
                         name_type_text(outside->type), outside->value);
    error_field(err, name_type_prefix(outside->type));
    AUTO(buf_clear) struct buf granted = {0};
    buf_init(&granted, sizeof(((struct error *)NULL)->hint));
    for (size_t i = 0; i < grant->names->count; i++) {
        // What does not fit into the hint is left out.
        if ((i > 0 && buf_append_string(&granted, ", ") != RESULT_OK) ||
            name_format(&grant->names->items[i], &granted) != RESULT_OK) {
            break;
        }
    }
    error_hint(err, "granted: %s; a request without names takes them all",
               buf_string(&granted));
    return RESULT_DENIED;
}

// The names of a request as servers compare them: JIDs in the form of RFC 7622. Names of other
// types are in theirs since they were read.
static enum result prepare_names(const struct names *names, struct names *out_names,
                                 struct error *err) {
    AUTO(names_clear) struct names prepared = {0};
    for (size_t i = 0; i < names->count; i++) {
        const struct name *name = &names->items[i];
        AUTO(buf_clear) struct buf value = {0};
        buf_init(&value, LIMIT_NAME_BYTES);
        TRY(name->type == NAME_XMPP ? jid_prepare(name->value, &value, err)
                                    : buf_append_string(&value, name->value));
        TRY(names_add(&prepared, name->type, buf_bytes(&value), err));
    }
    names_move(out_names, &prepared);
    return RESULT_OK;
}

enum result policy_choose_names(const struct csr *csr, const struct grant *grant,
                                struct names *out_names, struct error *err) {
    if (csr->asks_for_ca) {
        (void)error_set_code(err, RESULT_DENIED, "ca_requested",
                             "the request asks for a CA certificate");
        error_field(err, "csr");
        error_hint(err, "make the request without basicConstraints CA:TRUE");
        return RESULT_DENIED;
    }
    AUTO(names_clear) struct names prepared = {0};
    TRY(prepare_names(&csr->names, &prepared, err));
    TRY(policy_check_granted(&prepared, grant, err));
    const struct names *chosen = prepared.count > 0 ? &prepared : grant->names;
    if (names_copy(out_names, chosen) != RESULT_OK) {
        return error_out_of_memory(err);
    }
    return RESULT_OK;
}

enum result policy_check_grant(const struct profile *profile, const struct grant *grant,
                               struct error *err) {
    TRY(policy_check_names(grant->names, profile, err));
    if (grant->lifetime < 0 || grant->lifetime > profile->lifetime_maximum) {
        AUTO(buf_clear) struct buf most = {0};
        buf_init(&most, 32);
        TRY(text_format_duration(profile->lifetime_maximum, &most));
        (void)error_set_code(err, RESULT_DENIED, "lifetime",
                             "profile %s allows a lifetime of at most %s", profile->name,
                             buf_string(&most));
        error_field(err, "lifetime");
        error_hint(err, "ask for less, or raise lifetime_maximum in the profile");
        return RESULT_DENIED;
    }
    return RESULT_OK;
}
