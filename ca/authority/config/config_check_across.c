// What profiles and manufacturers must satisfy together: who refers to whom.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "authority/config/config_options.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

static bool is_asked(const struct profile *profile, enum ask kind) {
    return (profile->ask.kinds & (unsigned)kind) != 0;
}

static enum result mistake_of_ask(const struct config_reader *reader, struct error *err,
                                  const char *message, const char *hint) {
    (void)config_mistake(reader, SECTION_PROFILE, "ask", err, "%s", message);
    error_hint(err, "%s", hint);
    return RESULT_INVALID;
}

static enum result unknown_name(const struct config_reader *reader, const char *kind,
                                const char *name, const char *const *known, size_t count,
                                struct error *err) {
    (void)config_mistake(reader, SECTION_PROFILE, "ask", err, "there is no [%s %s]", kind,
                         name);
    const char *nearest = text_nearest(name, known, count);
    if (nearest != NULL) {
        error_hint(err, "did you mean \"%s\"?", nearest);
    } else {
        error_hint(err, "add a section [%s %s]", kind, name);
    }
    return RESULT_INVALID;
}

// --- holders:PROFILE -------------------------------------------------------------------------

// The names are the same in both certificates, so the rules must leave room for some.
static enum result check_shared_names(const struct config_reader *reader,
                                      const struct profile *profile, const struct profile *held,
                                      struct error *err) {
    for (size_t type = 0; type < NAME_TYPE_COUNT; type++) {
        if (profile->names[type].minimum > held->names[type].maximum) {
            (void)config_mistake(reader, SECTION_PROFILE, "ask", err,
                                 "certificates of %s have at most %zu of the %s, but at least "
                                 "%zu must be here",
                                 held->name, held->names[type].maximum,
                                 name_type_text((enum name_type)type),
                                 profile->names[type].minimum);
            error_hint(err, "holders get the names that they have: ask for no others");
            return RESULT_INVALID;
        }
    }
    return RESULT_OK;
}

static enum result check_holders(const struct config_reader *reader,
                                 const struct profile *profile, struct error *err) {
    const struct profile_list *all = &reader->config->profiles;
    const char *name = profile->ask.holders;
    if (strcmp(name, profile->name) == 0) {
        return mistake_of_ask(reader, err, "holders of the profile itself renew instead",
                              "name another profile, or remove holders from ask");
    }
    const struct profile *held = profile_find(all, name);
    if (held != NULL) {
        return check_shared_names(reader, profile, held, err);
    }
    if (profile_is_internal_name(name)) {
        return mistake_of_ask(reader, err,
                              "the authority's own certificates do not ask for others",
                              "name a profile of this file");
    }
    const char **known = calloc(all->count, sizeof(*known));
    if (known == NULL) {
        return error_out_of_memory(err);
    }
    for (size_t i = 0; i < all->count; i++) {
        known[i] = all->items[i].name;
    }
    enum result result = unknown_name(reader, SECTION_PROFILE, name, known, all->count, err);
    free(known);
    return result;
}

// Whoever asks as a holder needs a first certificate from somewhere. Follows the one way there
// is; more steps than profiles are a circle.
static enum result check_beginning(const struct config_reader *reader,
                                   const struct profile *profile, struct error *err) {
    const struct profile_list *all = &reader->config->profiles;
    const struct profile *at = profile;
    for (size_t step = 0; step <= all->count && at != NULL; step++) {
        if (at->ask.kinds != ASK_HOLDERS) {
            return RESULT_OK;
        }
        at = profile_find(all, at->ask.holders);
    }
    return mistake_of_ask(reader, err,
                          "the profiles ask for each other's certificates, so nobody gets a "
                          "first one",
                          "let one of them be asked for with a token as well");
}

// --- manufacturer:NAME -----------------------------------------------------------------------

static size_t count_templates(const struct manufacturer *manufacturer, enum name_type type) {
    AUTO(buf_clear) struct buf prefix = {0};
    buf_init(&prefix, 16);
    size_t count = 0;
    if (buf_printf(&prefix, "%s:", name_type_prefix(type)) != RESULT_OK) {
        return 0;
    }
    for (size_t i = 0; i < manufacturer->names.count; i++) {
        count += text_starts_with(manufacturer->names.items[i], buf_string(&prefix));
    }
    return count;
}

static enum result check_manufacturer(const struct config_reader *reader,
                                      const struct profile *profile, struct error *err) {
    const struct manufacturer_list *all = &reader->config->manufacturers;
    const struct manufacturer *manufacturer = manufacturer_find(all, profile->ask.manufacturer);
    if (manufacturer == NULL) {
        const char *known[LIMIT_MANUFACTURERS];
        for (size_t i = 0; i < all->count; i++) {
            known[i] = all->items[i].name;
        }
        return unknown_name(reader, SECTION_MANUFACTURER, profile->ask.manufacturer, known,
                            all->count, err);
    }
    for (size_t type = 0; type < NAME_TYPE_COUNT; type++) {
        size_t count = count_templates(manufacturer, (enum name_type)type);
        const struct name_rule *rule = &profile->names[type];
        if (count < rule->minimum || count > rule->maximum) {
            (void)config_mistake(
                reader, SECTION_PROFILE, "ask", err,
                "[manufacturer %s] gives %zu of the %s, but %zu to %zu must be "
                "here",
                manufacturer->name, count, name_type_text((enum name_type)type), rule->minimum,
                rule->maximum);
            error_hint(err, "change names in [manufacturer %s], or the counts of this profile",
                       manufacturer->name);
            return RESULT_INVALID;
        }
    }
    return RESULT_OK;
}

// --- one CA for several relying parties ------------------------------------------------------

static bool is_same_issuer(const char *a, const char *b) {
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static bool logs_in(const struct profile *profile) {
    for (size_t i = 0; i < LIMIT_EXTENDED_KEY_USAGES; i++) {
        if (profile->extended_key_usages[i] == OID_CLIENT_AUTH) {
            return true;
        }
        if (profile->extended_key_usages[i] == OID_UNKNOWN) {
            break;
        }
    }
    return false;
}

// ejabberd lets whoever has a certificate without xmppAddr log in as any user.
static enum result warn_of_ejabberd(const struct config_reader *reader,
                                    const struct profile *profile, struct error *err) {
    if (profile->names[NAME_XMPP].maximum == 0 || profile->xmpp_shares_issuer ||
        !logs_in(profile)) {
        return RESULT_OK;
    }
    AUTO(buf_clear) struct buf others = {0};
    buf_init(&others, 160);
    const struct profile_list *all = &reader->config->profiles;
    for (size_t i = 0; i < all->count; i++) {
        const struct profile *other = &all->items[i];
        if (logs_in(other) && other->names[NAME_XMPP].minimum == 0 &&
            is_same_issuer(other->issuer, profile->issuer) &&
            buf_printf(&others, "%s%s", others.size == 0 ? "" : ", ", other->name) !=
                RESULT_OK) {
            break; // enough of them are named
        }
    }
    if (others.size == 0) {
        return RESULT_OK;
    }
    return config_warn(
        reader, SECTION_PROFILE, "xmpp", err,
        "certificates of %s come from the same CA and may lack an XMPP address: "
        "ejabberd takes them for any user; give this profile an issuer of its own, or say "
        "xmpp_shares_issuer = yes where no ejabberd trusts the CA",
        buf_string(&others));
}

enum result config_check_references(const struct config_reader *reader,
                                    const struct profile *profile, struct error *err) {
    if (is_asked(profile, ASK_HOLDERS)) {
        TRY(check_holders(reader, profile, err));
        TRY(check_beginning(reader, profile, err));
    }
    if (is_asked(profile, ASK_MANUFACTURER)) {
        TRY(check_manufacturer(reader, profile, err));
    }
    return warn_of_ejabberd(reader, profile, err);
}
