// What the options of a configuration must satisfy together.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "authority/config/config_options.h"

#include <string.h>

#include "authority/config/address.h"
#include "authority/config/layout.h"
#include "base/text.h"
#include "x509/names.h"

// A CRL that misses two publications still holds.
#define CRL_PERIODS_MINIMUM 3

// --- [authority] -----------------------------------------------------------------------------

static enum result check_name(const struct config_reader *reader, struct error *err) {
    const char *name = reader->config->name;
    AUTO(names_clear) struct names names = {0};
    enum result result = names_add(&names, NAME_CN, bytes_of_string(name), err);
    if (result != RESULT_OK) {
        return config_misplaced(reader, "authority", "name", result, err);
    }
    if (text_count_characters(bytes_of_string(name)) > LIMIT_AUTHORITY_NAME_CHARACTERS) {
        return config_mistake(
            reader, "authority", "name", err, "expected at most %d characters, not %zu",
            LIMIT_AUTHORITY_NAME_CHARACTERS, text_count_characters(bytes_of_string(name)));
    }
    return RESULT_OK;
}

static enum result add_host(struct names *names, const char *host, struct error *err) {
    uint8_t address[16];
    size_t size = 0;
    if (text_read_ip(host, address, &size) == RESULT_OK) {
        return names_add(names, NAME_IP, bytes_of_string(host), err);
    }
    if (host[0] == '*') {
        return error_set(err, RESULT_INVALID, "expected names without \"*\", not \"%s\"", host);
    }
    return names_add(names, NAME_DNS, bytes_of_string(host), err);
}

static enum result read_hosts(const struct config_reader *reader, struct names *names,
                              struct error *err) {
    const struct config_list *hosts = &reader->config->hosts;
    if (hosts->count == 0) {
        return config_mistake(reader, "authority", "hosts", err,
                              "expected at least one name or address");
    }
    for (size_t i = 0; i < hosts->count; i++) {
        enum result result = add_host(names, hosts->items[i], err);
        if (result != RESULT_OK) {
            return config_misplaced(reader, "authority", "hosts", RESULT_INVALID, err);
        }
    }
    return RESULT_OK;
}

// A URL whose host the gateways' certificate must carry.
static enum result check_tls_url(const struct config_reader *reader, const char *key,
                                 const char *text, const struct names *hosts,
                                 struct error *err) {
    struct url url = {0};
    enum result result = url_read(text, &url, err);
    if (result != RESULT_OK) {
        return config_misplaced(reader, "authority", key, result, err);
    }
    if (!url.is_https || url.has_path) {
        return config_mistake(reader, "authority", key, err,
                              "expected https://HOST:PORT and nothing more, not \"%s\"", text);
    }
    if (!names_contain(hosts, NAME_DNS, url.host) && !names_contain(hosts, NAME_IP, url.host)) {
        (void)config_mistake(reader, "authority", key, err,
                             "\"%s\" is not among the hosts, so nobody could verify it",
                             url.host);
        error_hint(err, "add it to hosts in [authority]");
        return RESULT_INVALID;
    }
    return RESULT_OK;
}

static enum result check_public_url(const struct config_reader *reader, struct error *err) {
    const struct config *config = reader->config;
    if (config->public_url == NULL) {
        if (config->crl_url_in_certificates) {
            (void)config_mistake(reader, "authority", "public_url", err,
                                 "this key is missing, and certificates shall carry it");
            error_hint(err, "add it, or set url_in_certificates = no in [crl]");
            return RESULT_INVALID;
        }
        return RESULT_OK;
    }
    struct url url = {0};
    enum result result = url_read(config->public_url, &url, err);
    return result == RESULT_OK
               ? RESULT_OK
               : config_misplaced(reader, "authority", "public_url", result, err);
}

static enum result check_pkcs11_paths(const struct config_reader *reader, struct error *err) {
    const struct config_list *paths = &reader->config->pkcs11_paths;
    for (size_t i = 0; i < paths->count; i++) {
        if (paths->items[i][0] != '/') {
            return config_mistake(reader, "authority", "pkcs11_paths", err,
                                  "expected absolute paths, not \"%s\"", paths->items[i]);
        }
    }
    return RESULT_OK;
}

static enum result check_authority(const struct config_reader *reader, struct error *err) {
    const struct config *config = reader->config;
    AUTO(names_clear) struct names hosts = {0};
    TRY(check_name(reader, err));
    TRY(read_hosts(reader, &hosts, err));
    TRY(check_tls_url(reader, "enroll_url", config->enroll_url, &hosts, err));
    TRY(check_tls_url(reader, "admin_url", config->admin_url, &hosts, err));
    TRY(check_pkcs11_paths(reader, err));
    return check_public_url(reader, err);
}

// --- [gateway …] -----------------------------------------------------------------------------

struct listeners {
    const char *section;
    const struct config_list *list;
    bool is_required;
};

static bool is_same_socket(const struct listen_address *a, const struct listen_address *b) {
    return a->port != 0 && a->port == b->port && a->is_ipv6 == b->is_ipv6 &&
           strcmp(a->host, b->host) == 0;
}

// Whether an address of the sections up to this one is listened on already.
static enum result check_unused(const struct config_reader *reader,
                                const struct listeners *groups, size_t group, size_t item,
                                struct error *err) {
    const char *text = groups[group].list->items[item];
    struct listen_address address = {0};
    TRY(listen_address_read(text, &address, err));
    for (size_t g = 0; g <= group; g++) {
        size_t count = g == group ? item : groups[g].list->count;
        for (size_t i = 0; i < count; i++) {
            struct listen_address other = {0};
            TRY(listen_address_read(groups[g].list->items[i], &other, err));
            if (is_same_socket(&address, &other)) {
                return config_mistake(reader, groups[group].section, "listen", err,
                                      "%s is listened on by [%s] already", text,
                                      groups[g].section);
            }
        }
    }
    return RESULT_OK;
}

static enum result check_listeners(const struct config_reader *reader, struct error *err) {
    const struct config *config = reader->config;
    const struct listeners groups[] = {
        {"gateway enroll", &config->enroll_listen, true},
        {"gateway admin", &config->admin_listen, true},
        {"gateway public", &config->public_listen, false},
    };
    for (size_t g = 0; g < sizeof(groups) / sizeof(groups[0]); g++) {
        if (groups[g].is_required && groups[g].list->count == 0) {
            return config_mistake(reader, groups[g].section, "listen", err,
                                  "expected at least one address such as 0.0.0.0:8443");
        }
        for (size_t i = 0; i < groups[g].list->count; i++) {
            struct listen_address address = {0};
            enum result result = listen_address_read(groups[g].list->items[i], &address, err);
            if (result != RESULT_OK) {
                return config_misplaced(reader, groups[g].section, "listen", result, err);
            }
            TRY(check_unused(reader, groups, g, i, err));
        }
    }
    return RESULT_OK;
}

// --- the rest --------------------------------------------------------------------------------

static enum result check_limits(const struct config_reader *reader, struct error *err) {
    const struct config *config = reader->config;
    if (config->connections_per_address > config->connections) {
        return config_mistake(reader, "limits", "connections_per_address", err,
                              "%lld from one address are more than the %lld connections in all",
                              (long long)config->connections_per_address,
                              (long long)config->connections);
    }
    return RESULT_OK;
}

static enum result check_crl_lifetime(const struct config_reader *reader, const char *key,
                                      int64_t lifetime, struct error *err) {
    int64_t period = reader->config->crl_period;
    if (lifetime >= CRL_PERIODS_MINIMUM * period) {
        return RESULT_OK;
    }
    AUTO(buf_clear) struct buf least = {0};
    AUTO(buf_clear) struct buf given = {0};
    buf_init(&least, 32);
    buf_init(&given, 32);
    TRY(text_format_duration(CRL_PERIODS_MINIMUM * period, &least));
    TRY(text_format_duration(lifetime, &given));
    (void)config_mistake(reader, "crl", key, err,
                         "expected at least %d periods, which is %s, not %s",
                         CRL_PERIODS_MINIMUM, buf_string(&least), buf_string(&given));
    error_hint(err, "make %s longer or period in [crl] shorter", key);
    return RESULT_INVALID;
}

static enum result check_ocsp(const struct config_reader *reader, struct error *err) {
    const struct config *config = reader->config;
    if (config->ocsp_max_age > config->ocsp_lifetime) {
        (void)config_mistake(reader, "ocsp", "max_age", err,
                             "caches may not keep an answer longer than it holds");
        error_hint(err, "make max_age shorter or lifetime in [ocsp] longer");
        return RESULT_INVALID;
    }
    if (config->ocsp_url_in_certificates &&
        (config->public_url == NULL || !config->ocsp_enabled)) {
        (void)config_mistake(reader, "ocsp", "url_in_certificates", err,
                             "there is no address to put into certificates");
        error_hint(err, "set public_url in [authority], and enabled = yes in [ocsp]");
        return RESULT_INVALID;
    }
    return RESULT_OK;
}

enum result config_check(const struct config_reader *reader, struct error *err) {
    const struct config *config = reader->config;
    TRY(check_authority(reader, err));
    TRY(check_listeners(reader, err));
    TRY(check_limits(reader, err));
    TRY(check_crl_lifetime(reader, "lifetime", config->crl_lifetime, err));
    TRY(check_crl_lifetime(reader, "root_lifetime", config->root_crl_lifetime, err));
    TRY(check_ocsp(reader, err));
    if (config->profiles.count == 0) {
        (void)error_set(err, RESULT_INVALID,
                        "%s: there is no profile, so nothing can be issued", reader->file.path);
        error_hint(err,
                   "add one such as [profile client] with extended_key_usages = clientAuth "
                   "and common_name = 1");
        return RESULT_INVALID;
    }
    return RESULT_OK;
}

// --- [manufacturer …] ------------------------------------------------------------------------

enum result config_check_manufacturer(const struct config_reader *reader,
                                      const struct manufacturer *manufacturer,
                                      struct error *err) {
    if (manufacturer->names.count == 0) {
        (void)config_mistake(reader, SECTION_MANUFACTURER, "names", err,
                             "expected at least one name");
        error_hint(err, "write what a device is called, such as cn:{serialNumber}");
        return RESULT_INVALID;
    }
    for (size_t i = 0; i < manufacturer->names.count; i++) {
        enum result result = manufacturer_check_template(manufacturer->names.items[i], err);
        if (result != RESULT_OK) {
            error_context(err, "\"%s\"", manufacturer->names.items[i]);
            return config_misplaced(reader, SECTION_MANUFACTURER, "names", result, err);
        }
    }
    return RESULT_OK;
}
