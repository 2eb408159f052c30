// The option table: every section and key of signetd.conf, with type, range, default and
// meaning. SPDX-License-Identifier: GPL-3.0-or-later
#include "authority/config/config_options.h"

#include <assert.h>
#include <string.h>

#include "base/limits.h"

#define MINUTE 60
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)
#define YEAR (365 * DAY)
// CA/Browser Forum baseline and what Apple's systems accept of a server certificate.
#define SERVER_LIFETIME_MAXIMUM (397 * DAY)

#define AUTHORITY(key, type, member, initial, meaning)                                         \
    { "authority", key, type, offsetof(struct config, member), initial, 0, 0, meaning }
#define CONFIG(section, key, type, member, initial, minimum, maximum, meaning)                 \
    { section, key, type, offsetof(struct config, member), initial, minimum, maximum, meaning }
#define MANUFACTURER(key, type, member, initial, meaning)                                      \
    {                                                                                          \
        SECTION_MANUFACTURER, key, type, offsetof(struct manufacturer, member), initial, 0, 0, \
            meaning                                                                            \
    }
#define PROFILE(key, type, member, initial, minimum, maximum, meaning)                         \
    {                                                                                          \
        SECTION_PROFILE, key, type, offsetof(struct profile, member), initial, minimum,        \
            maximum, meaning                                                                   \
    }

const char *const config_sections[] = {
    "authority",
    "gateway enroll",
    "gateway admin",
    "gateway public",
    "limits",
    "crl",
    "ocsp",
    "tokens",
    "service",
    "admins",
    SECTION_MANUFACTURER,
    SECTION_PROFILE,
    NULL,
};

const struct option config_options[] = {
    AUTHORITY("name", OPTION_TEXT, name, OPTION_REQUIRED,
              "What people call this authority; also part of its CA certificates' names."),
    AUTHORITY(
        "hosts", OPTION_LIST, hosts, OPTION_REQUIRED,
        "Names and addresses under which devices and administrators reach it: they go into\n"
        "the gateways' TLS certificate."),
    AUTHORITY("enroll_url", OPTION_TEXT, enroll_url, OPTION_REQUIRED,
              "Where devices enroll and renew; enrollment tokens carry it."),
    AUTHORITY(
        "admin_url", OPTION_TEXT, admin_url, OPTION_REQUIRED,
        "Where administrators reach it with signetctl. These three addresses are what others "
        "are\n"
        "told; listen, in the sections of the gateways below, is where signetd waits. For\n"
        "another port change both. Credentials remember theirs: enroll_url in tokens and in\n"
        "the file url of each device, admin_url in admin/url."),
    AUTHORITY("public_url", OPTION_TEXT, public_url, "",
              "Where anyone gets CRLs and CA certificates, by plain HTTP."),
    AUTHORITY("pkcs11_paths", OPTION_LIST, pkcs11_paths, "",
              "Where a CA key is on a token: folders, sockets and devices that its PKCS#11 "
              "module\nwrites to while signetd runs, such as /var/lib/softhsm/tokens or "
              "/dev/tpmrm0."),
    AUTHORITY("log_level", OPTION_LOG_LEVEL, log_level, "info",
              "Least level that is logged: debug, info, warning or error."),
    AUTHORITY("log_format", OPTION_LOG_FORMAT, log_format, "text",
              "text for people, json for machines."),

    CONFIG("gateway enroll", "listen", OPTION_LIST, enroll_listen, "0.0.0.0:8443 [::]:8443", 0,
           0, "Addresses and ports to listen on."),
    CONFIG("gateway enroll", "processes", OPTION_INTEGER, enroll_gateways, "0", 0, 256,
           "Gateway processes; 0 means one per processor core."),
    CONFIG("gateway admin", "listen", OPTION_LIST, admin_listen, "0.0.0.0:8444 [::]:8444", 0, 0,
           "Only administrators' certificates get through, from wherever."),
    CONFIG("gateway public", "listen", OPTION_LIST, public_listen, "0.0.0.0:8080 [::]:8080", 0,
           0, "Plain HTTP: CRLs and CA certificates. Leave it empty to publish nothing."),

    CONFIG("limits", "connections", OPTION_INTEGER, connections, "4096", 1, 1000000,
           "Open connections of one gateway process."),
    CONFIG("limits", "connections_per_address", OPTION_INTEGER, connections_per_address, "256",
           1, 1000000,
           "Of them, from one address (many devices may share one behind a router)."),
    CONFIG("limits", "handshake_timeout", OPTION_DURATION, handshake_seconds, "10s", 1, HOUR,
           "A TLS handshake that takes longer is broken off."),
    CONFIG("limits", "request_timeout", OPTION_DURATION, request_seconds, "30s", 1, HOUR,
           "So is a request that takes longer to arrive."),
    CONFIG("limits", "idle_timeout", OPTION_DURATION, idle_seconds, "75s", 1, HOUR,
           "How long a connection may stay open between requests."),

    CONFIG("crl", "period", OPTION_DURATION, crl_period, "6h", MINUTE, 30 * DAY,
           "A new CRL is made at every revocation, and at least this often without any."),
    CONFIG("crl", "lifetime", OPTION_DURATION, crl_lifetime, "3d", 3 * MINUTE, YEAR,
           "How long a CRL holds (its nextUpdate): at least three periods. Brokers refuse\n"
           "everybody once their CRL has run out, so leave time to repair a broken authority."),
    CONFIG("crl", "root_lifetime", OPTION_DURATION, root_crl_lifetime, "30d", 3 * MINUTE,
           2 * YEAR, "The same for the root's CRL, which lists issuing CAs."),
    CONFIG("crl", "url_in_certificates", OPTION_BOOL, crl_url_in_certificates, "yes", 0, 0,
           "Put the CRL's address (under public_url) into the certificates."),

    CONFIG("ocsp", "enabled", OPTION_BOOL, ocsp_enabled, "yes", 0, 0,
           "Tell the status of single certificates, at /ocsp of the gateways public and "
           "enroll."),
    CONFIG("ocsp", "responder", OPTION_OCSP_SIGNING, ocsp_signing, "delegated", 0, 0,
           "Who signs: delegated (a responder that each CA certifies for a few days, which\n"
           "the authority renews by itself), or issuer (the CA's own key)."),
    CONFIG("ocsp", "lifetime", OPTION_DURATION, ocsp_lifetime, "1h", MINUTE, 30 * DAY,
           "How long an answer holds (its nextUpdate): relying parties may keep it as long."),
    CONFIG("ocsp", "max_age", OPTION_DURATION, ocsp_max_age, "1m", 0, DAY,
           "How long HTTP caches on the way may keep it; at most the lifetime."),
    CONFIG("ocsp", "nonce", OPTION_BOOL, ocsp_nonce, "yes", 0, 0,
           "Repeat the nonce of a request, which costs a signature each; no: pass over it."),
    CONFIG("ocsp", "unknown", OPTION_OCSP_UNKNOWN, ocsp_unknown_is_revoked, "unknown", 0, 0,
           "What is said of serials that were never issued: unknown, or revoked (RFC 6960, "
           "2.2)\nfor relying parties that let the unknown pass. Never good."),
    CONFIG("ocsp", "url_in_certificates", OPTION_BOOL, ocsp_url_in_certificates, "no", 0, 0,
           "Put its address (under public_url) into the certificates: relying parties that "
           "look\nfor it then ask at every connection."),

    CONFIG(
        "tokens", "lifetime", OPTION_DURATION, token_lifetime, "7d", MINUTE, 10LL * YEAR,
        "How long an enrollment token may be used unless it was made with another lifetime."),

    CONFIG("service", "lifetime", OPTION_DURATION, service_lifetime, "7d", 5 * MINUTE,
           SERVER_LIFETIME_MAXIMUM,
           "Of the gateways' TLS certificate, which the authority renews by itself."),
    CONFIG("service", "issuer", OPTION_TEXT, service_issuer, "", 0, 0,
           "Name of the CA that issues it; the authority's first one when this is not given."),

    CONFIG(
        "admins", "issuer", OPTION_TEXT, admin_issuer, "", 0, 0,
        "Name of the CA that issues administrators' certificates; the authority's own choice\n"
        "when this is not given."),
    CONFIG("admins", "lifetime", OPTION_DURATION, admin_lifetime, "397d", HOUR,
           SERVER_LIFETIME_MAXIMUM, "Of administrators' certificates."),

    MANUFACTURER("certificates", OPTION_TEXT, file, OPTION_REQUIRED,
                 "File with the manufacturer's CA certificates in PEM, below this folder."),
    MANUFACTURER(
        "names", OPTION_LIST, names, OPTION_REQUIRED,
        "The names that a device gets: {serialNumber}, {CN}, {O} and so on stand for what the\n"
        "subject of its certificate says, as in cn:{serialNumber} "
        "uri:urn:device:{serialNumber}"),

    PROFILE("extended_key_usages", OPTION_EXTENDED_KEY_USAGES, name, OPTION_REQUIRED, 0, 0,
            "What the certificate is for: clientAuth, serverAuth, emailProtection, "
            "codeSigning, or\n"
            "dotted identifiers."),
    PROFILE(
        "key_usages", OPTION_KEY_USAGES, key_usage, "digitalSignature", 0, 0,
        "digitalSignature, nonRepudiation, keyEncipherment, dataEncipherment, keyAgreement."),
    PROFILE("common_name", OPTION_COUNT_RANGE, names[NAME_CN], "0", 0, 1,
            "How many common names: 0, 1 or 0-1. Here and below, 2-5 means from two to five."),
    PROFILE("dns", OPTION_COUNT_RANGE, names[NAME_DNS], "0", 0, LIMIT_NAMES, "DNS names."),
    PROFILE("ip", OPTION_COUNT_RANGE, names[NAME_IP], "0", 0, LIMIT_NAMES, "IP addresses."),
    PROFILE("email", OPTION_COUNT_RANGE, names[NAME_EMAIL], "0", 0, LIMIT_NAMES,
            "E-mail addresses."),
    PROFILE("uri", OPTION_COUNT_RANGE, names[NAME_URI], "0", 0, LIMIT_NAMES, "URIs."),
    PROFILE("xmpp", OPTION_COUNT_RANGE, names[NAME_XMPP], "0", 0, LIMIT_NAMES,
            "XMPP addresses (JIDs)."),
    PROFILE("alternative_names", OPTION_COUNT_RANGE, alternative_names, "0-100", 0, LIMIT_NAMES,
            "All names but the common name, together."),
    PROFILE("mqtt_common_name", OPTION_BOOL, common_name_fits_mqtt, "no", 0, 0,
            "The common name must do as an MQTT user: none of + # /"),
    PROFILE(
        "cn_patterns", OPTION_PATTERNS, patterns[NAME_CN], "", NAME_CN, 0,
        "Common names must match one of these, such as tracker-*; without patterns, any may\n"
        "be granted. The same for the other types:"),
    PROFILE("dns_patterns", OPTION_PATTERNS, patterns[NAME_DNS], "", NAME_DNS, 0,
            "DNS names, such as *.example.org."),
    PROFILE("ip_networks", OPTION_PATTERNS, patterns[NAME_IP], "", NAME_IP, 0,
            "Networks of IP addresses, such as 10.0.0.0/8 2001:db8::/32."),
    PROFILE("email_patterns", OPTION_PATTERNS, patterns[NAME_EMAIL], "", NAME_EMAIL, 0,
            "E-mail addresses, such as *@example.org."),
    PROFILE("uri_patterns", OPTION_PATTERNS, patterns[NAME_URI], "", NAME_URI, 0,
            "URIs, such as urn:device:*."),
    PROFILE("xmpp_domains", OPTION_PATTERNS, patterns[NAME_XMPP], "", NAME_XMPP, 0,
            "Domains of XMPP addresses, such as example.org."),
    PROFILE("xmpp_form", OPTION_JID_FORM, xmpp_form, "bare", 0, 0,
            "XMPP addresses are bare (user@domain), full (user@domain/resource), or either."),
    PROFILE("dns_wildcards", OPTION_BOOL, dns_wildcards, "no", 0, 0,
            "DNS names such as *.example.org are allowed, where a token grants them."),
    PROFILE("crl_distribution_point", OPTION_BOOL, crl_distribution_point, "yes", 0, 0,
            "Certificates say where their CRL is (with url_in_certificates in [crl])."),
    PROFILE("authority_info_access", OPTION_BOOL, authority_info_access, "no", 0, 0,
            "Certificates say where their issuer's certificate is, under public_url."),
    PROFILE("key_algorithms", OPTION_KEY_ALGORITHMS, key_algorithms,
            "p256 p384 ed25519 rsa2048 rsa3072 rsa4096", 0, 0, "Keys that are taken."),
    PROFILE("lifetime", OPTION_DURATION, lifetime_default, "90d", MINUTE, 100LL * YEAR,
            "How long a certificate holds when nothing else is asked for."),
    PROFILE("lifetime_maximum", OPTION_DURATION, lifetime_maximum, "397d", MINUTE, 100LL * YEAR,
            "The longest lifetime a token may ask for, backdating included."),
    PROFILE("backdate", OPTION_DURATION, backdate, "5m", 0, 30 * DAY,
            "A certificate begins to hold this long ago, for devices whose clock is behind."),
    PROFILE("renew_at", OPTION_PERCENT, renew_percent, "66", 1, 95,
            "Renewal is due when this many percent of the lifetime have passed."),
    PROFILE("renew_grace", OPTION_DURATION, renew_grace, "0s", 0, 90 * DAY,
            "How long after its end a certificate may still renew itself."),
    PROFILE("key_reuse", OPTION_BOOL, key_reuse, "no", 0, 0,
            "A renewal may keep its key, for devices that cannot make another."),
    PROFILE("issuer", OPTION_TEXT, issuer, "", 0, 0,
            "Name of the CA that issues; the authority's first one when this is not given."),
    PROFILE("xmpp_shares_issuer", OPTION_BOOL, xmpp_shares_issuer, "no", 0, 0,
            "The CA may issue for other clients, too: no ejabberd trusts it, which takes a\n"
            "certificate without an XMPP address for any user."),
    PROFILE("ask", OPTION_ASK, ask, "token", 0, 0,
            "Who may ask: token (whoever holds one), anyone (held for approval),\n"
            "holders:PROFILE (of a certificate of that profile, for the same names),\n"
            "manufacturer:NAME (of a certificate of the CA in [manufacturer NAME])."),
    PROFILE("approvals", OPTION_INTEGER, approvals, "0", 0, LIMIT_APPROVALS,
            "How many administrators must approve before a certificate is issued."),
    PROFILE("hold", OPTION_DURATION, hold_seconds, "7d", MINUTE, 90 * DAY,
            "How long a request waits for them."),
    PROFILE(
        "active_maximum", OPTION_INTEGER, active_maximum, "0", 0, 1000000,
        "How many certificates one identity may have, renewals not counted; 0: any number."),
    PROFILE("at_limit", OPTION_AT_LIMIT, at_limit, "refuse", 0, 0,
            "What one more does then: refuse, or supersede (the oldest is revoked)."),
};

const size_t config_option_count = sizeof(config_options) / sizeof(config_options[0]);
static_assert(sizeof(config_options) / sizeof(config_options[0]) <= LIMIT_CONFIG_OPTIONS,
              "a reader has a line number for each option");
static_assert(offsetof(struct profile, name) == 0, "usages are read into the whole profile");
static_assert(sizeof(config_sections) / sizeof(config_sections[0]) <= LIMIT_CONFIG_SECTIONS,
              "a reader has a line number for each section");

bool config_section_has_name(const char *section) {
    return strcmp(section, SECTION_PROFILE) == 0 || strcmp(section, SECTION_MANUFACTURER) == 0;
}

const struct option *option_find(const char *section, const char *key) {
    for (size_t i = 0; i < config_option_count; i++) {
        const struct option *option = &config_options[i];
        if (strcmp(option->section, section) == 0 && strcmp(option->key, key) == 0) {
            return option;
        }
    }
    return NULL;
}

enum result option_set_defaults(const char *section, void *target, struct error *err) {
    for (size_t i = 0; i < config_option_count; i++) {
        const struct option *option = &config_options[i];
        if (strcmp(option->section, section) == 0 && option->initial != OPTION_REQUIRED &&
            option->initial[0] != '\0') {
            TRY(option_read(option, option->initial, target, err));
        }
    }
    return RESULT_OK;
}
