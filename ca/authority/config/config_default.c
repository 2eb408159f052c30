// Writes the default configuration: every option with its meaning, and the built-in profiles.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "authority/config/config.h"

#include <stddef.h>
#include <string.h>

#include "authority/config/config_options.h"
#include "base/limits.h"

static const char head[] =
    "# Configuration of signetd. See signetd.conf(5).\n"
    "#\n"
    "# A line \"#key = value\" shows the default; remove the \"#\" to set another value. After "
    "a change:\n"
    "#   signetd check --dir DIR\n"
    "# and then send signetd a SIGHUP; addresses to listen on need a restart.\n"
    "# Durations are written 90s, 15m, 12h, 30d or 2y; lists are separated by blanks.\n";

static const char manufacturers_head[] =
    "\n"
    "# --- manufacturers "
    "------------------------------------------------------------------------\n"
    "#\n"
    "# Makers whose devices come with a certificate (IEEE 802.1AR), for profiles with\n"
    "# ask = manufacturer:NAME. Any number may stand here, each as [manufacturer NAME].\n";

static const char profiles_head[] =
    "\n"
    "# --- profiles "
    "-----------------------------------------------------------------------------\n"
    "#\n"
    "# A profile says what a certificate of a kind may and must contain. Any number may stand "
    "here,\n"
    "# each as [profile NAME]. Their keys, with the defaults:\n";

// What the four profiles say beyond the defaults.
static const struct {
    const char *name;
    const char *meaning;
    const char *settings;
} built_in[] = {
    {"client", "Devices and people that connect by TLS with a client certificate.",
     "extended_key_usages = clientAuth\n"
     "common_name = 1\n"},
    {"mqtt", "Clients of an MQTT broker that takes the common name as the user.",
     "extended_key_usages = clientAuth\n"
     "common_name = 1\n"
     "mqtt_common_name = yes\n"},
    {"xmpp", "Users of an XMPP server who log in by certificate (SASL EXTERNAL).",
     "extended_key_usages = clientAuth\n"
     "common_name = 0-1\n"
     "xmpp = 1\n"
     "# Before an ejabberd trusts the CA: signetd issuer add xmpp, and issuer = xmpp instead.\n"
     "xmpp_shares_issuer = yes\n"},
    {"server", "Brokers, proxies and other TLS servers.",
     "extended_key_usages = serverAuth\n"
     "common_name = 0-1\n"
     "dns = 0-20\n"
     "ip = 0-20\n"
     "alternative_names = 1-40\n"},
};

static enum result write_comment(const char *text, struct buf *out) {
    while (text[0] != '\0') {
        size_t size = strcspn(text, "\n");
        TRY(buf_printf(out, "# %.*s\n", (int)size, text));
        text += size + (text[size] == '\n' ? 1 : 0);
    }
    return RESULT_OK;
}

static enum result write_list(const struct config_list *list, struct buf *out) {
    for (size_t i = 0; i < list->count; i++) {
        TRY(buf_printf(out, " %s", list->items[i]));
    }
    return RESULT_OK;
}

// The gateways, each with the address that is told of it.
struct door {
    const char *section;
    const char *url_key;
    const char *scheme;
    size_t port_offset; // in struct config_start
    unsigned default_port;
};
static const struct door doors[] = {
    {"gateway enroll", "enroll_url", "https", offsetof(struct config_start, enroll_port),
     CONFIG_ENROLL_PORT},
    {"gateway admin", "admin_url", "https", offsetof(struct config_start, admin_port),
     CONFIG_ADMIN_PORT},
    {"gateway public", "public_url", "http", offsetof(struct config_start, public_port),
     CONFIG_PUBLIC_PORT},
};

// 0 when it is the default.
static unsigned port_of(const struct config_start *start, const struct door *door) {
    unsigned port = 0;
    memcpy(&port, (const uint8_t *)start + door->port_offset, sizeof(port));
    return port == door->default_port ? 0 : port;
}

static enum result write_url(const struct config_start *start, const struct door *door,
                             struct buf *out) {
    const char *host = start->hosts->items[0];
    const unsigned port = port_of(start, door);
    bool is_ipv6 = strchr(host, ':') != NULL;
    return buf_printf(out, "%s = %s://%s%s%s:%u\n", door->url_key, door->scheme,
                      is_ipv6 ? "[" : "", host, is_ipv6 ? "]" : "",
                      port == 0 ? door->default_port : port);
}

// What differs from authority to authority; RESULT_NOT_FOUND for all other keys.
static enum result write_identity(const struct config_start *start, const char *key,
                                  struct buf *out) {
    if (strcmp(key, "name") == 0) {
        return buf_printf(out, "name = %s\n", start->name);
    }
    if (strcmp(key, "hosts") == 0) {
        TRY(buf_append_string(out, "hosts ="));
        TRY(write_list(start->hosts, out));
        return buf_append_string(out, "\n");
    }
    for (size_t i = 0; i < sizeof(doors) / sizeof(doors[0]); i++) {
        if (strcmp(key, doors[i].url_key) == 0) {
            return write_url(start, &doors[i], out);
        }
    }
    return RESULT_NOT_FOUND;
}

static enum result write_own_value(const struct config_start *start,
                                   const struct option *option, struct buf *out) {
    if (strcmp(option->section, "authority") == 0) {
        return write_identity(start, option->key, out);
    }
    for (size_t i = 0; i < sizeof(doors) / sizeof(doors[0]); i++) {
        const unsigned port = port_of(start, &doors[i]);
        if (strcmp(option->section, doors[i].section) == 0 &&
            strcmp(option->key, "listen") == 0 && port != 0) {
            return buf_printf(out, "listen = 0.0.0.0:%u [::]:%u\n", port, port);
        }
    }
    return RESULT_NOT_FOUND;
}

static enum result write_option(const struct option *option, const struct config_start *start,
                                struct buf *out) {
    TRY(write_comment(option->meaning, out));
    enum result result = write_own_value(start, option, out);
    if (result != RESULT_NOT_FOUND) {
        return result;
    }
    const char *initial = option->initial == OPTION_REQUIRED ? "" : option->initial;
    return buf_printf(out, "#%s =%s%s\n", option->key, initial[0] == '\0' ? "" : " ", initial);
}

static enum result write_section(const char *section, const struct config_start *start,
                                 struct buf *out) {
    for (size_t i = 0; i < config_option_count; i++) {
        if (strcmp(config_options[i].section, section) == 0) {
            TRY(write_option(&config_options[i], start, out));
        }
    }
    return RESULT_OK;
}

static enum result write_profiles(struct buf *out) {
    for (size_t i = 0; i < sizeof(built_in) / sizeof(built_in[0]); i++) {
        TRY(buf_printf(out, "\n# %s\n[profile %s]\n%s", built_in[i].meaning, built_in[i].name,
                       built_in[i].settings));
    }
    return RESULT_OK;
}

static enum result write_all(const struct config_start *start, struct buf *out) {
    TRY(buf_append_string(out, head));
    for (size_t i = 0; !config_section_has_name(config_sections[i]); i++) {
        TRY(buf_printf(out, "\n[%s]\n", config_sections[i]));
        TRY(write_section(config_sections[i], start, out));
    }
    TRY(buf_append_string(out, manufacturers_head));
    TRY(write_section(SECTION_MANUFACTURER, start, out));
    TRY(buf_append_string(out, profiles_head));
    TRY(write_section(SECTION_PROFILE, start, out));
    return write_profiles(out);
}

enum result config_write_default(const struct config_start *start, struct buf *out,
                                 struct error *err) {
    if (start->hosts->count == 0) {
        return error_set(err, RESULT_INVALID, "expected at least one host");
    }
    if (write_all(start, out) != RESULT_OK) {
        return error_set(err, RESULT_LIMIT, "the default configuration does not fit");
    }
    return RESULT_OK;
}
