// The configuration of an authority: sections and keys in a file that people edit.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "authority/config/config_list.h"
#include "authority/config/manufacturer.h"
#include "authority/config/profile.h"
#include "base/bytes.h"
#include "base/error.h"
#include "base/log.h"

// Who signs OCSP answers: a responder of each CA with a key of its own, or the CA itself.
enum ocsp_signing { OCSP_BY_DELEGATE, OCSP_BY_ISSUER };

// All owned. Times in seconds.
struct config {
    // [authority]
    char *name;
    struct config_list hosts; // names and addresses in the gateways' TLS certificate
    char *enroll_url;         // "https://ca.example:8443": what tokens carry
    char *admin_url;
    char *public_url;                // "http://ca.example:8080": CRL distribution point
    struct config_list pkcs11_paths; // that the module of a CA key on a token writes to
    enum log_level log_level;
    enum log_format log_format;
    // [gateway enroll], [gateway admin], [gateway public]
    struct config_list enroll_listen; // "0.0.0.0:8443", "[::]:8443"
    struct config_list admin_listen;
    struct config_list public_listen;
    int64_t enroll_gateways; // processes; 0 means one per core
    // [limits]
    int64_t connections;
    int64_t connections_per_address;
    int64_t handshake_seconds;
    int64_t request_seconds;
    int64_t idle_seconds;
    // [crl]
    int64_t crl_period;   // a new one at least this often, also when nothing happened
    int64_t crl_lifetime; // nextUpdate, at least three periods
    int64_t root_crl_lifetime;
    bool crl_url_in_certificates;
    // [ocsp]
    bool ocsp_enabled;
    enum ocsp_signing ocsp_signing;
    int64_t ocsp_lifetime; // nextUpdate of an answer
    int64_t ocsp_max_age;  // how long HTTP caches may keep it
    bool ocsp_nonce;       // a nonce is repeated, at the price of a signature; else passed over
    bool ocsp_unknown_is_revoked;
    bool ocsp_url_in_certificates;
    // [tokens]
    int64_t token_lifetime;
    // [service]
    int64_t service_lifetime; // of the gateways' TLS certificate
    char *service_issuer;     // name of the CA that issues it; NULL: the default one
    // [admins]
    char *admin_issuer;
    int64_t admin_lifetime; // of administrators' certificates
    // [manufacturer NAME]…
    struct manufacturer_list manufacturers;
    // [profile NAME]…
    struct profile_list profiles;
    // What is allowed but seldom meant: one line of text each, for people.
    struct buf warnings;
};

// Appends "PUBLIC_URL/crl/ISSUER.crl": where the CRL of an issuer is published.
enum result config_crl_url(const struct config *config, const char *issuer_name,
                           struct buf *out);

// Appends "PUBLIC_URL/ca/ISSUER.der": where the certificate of an issuer is published.
enum result config_ca_issuers_url(const struct config *config, const char *issuer_name,
                                  struct buf *out);

// Appends "PUBLIC_URL/ocsp": where certificates say that their status is told.
enum result config_ocsp_url(const struct config *config, struct buf *out);

void config_clear(struct config *config);
// Reads DIR/signetd.conf and the files it names. Every mistake names file and line, the field,
// what was expected and, for an unknown key or section, the nearest known one.
enum result config_load(const char *path, struct config *out_config, struct error *err);
// As config_load, of the text alone: reads no other file, so that manufacturers have no
// certificates.
enum result config_parse(const char *path_for_messages, struct bytes text,
                         struct config *out_config, struct error *err);
// The warnings of a configuration that was read, in its order.
enum result config_each_warning(const struct config *config,
                                enum result (*visit)(const char *line, void *context,
                                                     struct error *err),
                                void *context, struct error *err);
#define CONFIG_ENROLL_PORT 8443
#define CONFIG_ADMIN_PORT 8444
#define CONFIG_PUBLIC_PORT 8080
// What a new configuration says beyond the defaults.
struct config_start {
    const char *name;
    const struct config_list *hosts;               // at least one
    unsigned enroll_port, admin_port, public_port; // 0: the default
};
// The commented default configuration with the built-in profiles; every key of the option table
// appears with its meaning.
enum result config_write_default(const struct config_start *start, struct buf *out,
                                 struct error *err);
