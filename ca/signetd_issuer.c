// signetd issuer …: the CAs of an authority that does not run; and renew-own.
// SPDX-License-Identifier: GPL-3.0-or-later
#include <stdio.h>

#include "authority/authority.h"
#include "authority/authority_open.h"
#include "authority/issuers/ca_certificate.h"
#include "authority/issuers/issuer_info.h"
#include "authority/host/issuing_ca.h"
#include "authority/host/renew_own.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"
#include "signetd.h"
#include "wire/messages.h"
#include "x509/pem.h"

#define LIMIT_OUTPUT_BYTES (4 * 1024 * 1024)

#define TITLE_OPTION                                                                           \
    { "title", "TEXT", "its subject is the authority's name and this (NAME)", false, false }
#define KEY_OPTIONS                                                                            \
    {"key", "TYPE|URI",                                                                        \
     "of its key: " KEY_TYPES " (p256), or where it is or will be: pkcs11:…", false, false},   \
        KEY_TYPE_OPTION
#define OPERATORS_OPTION                                                                       \
    { "operators", NULL, "it issues administrators' and gateways' certificates", false, false }

const struct option issuer_add_options[] = {
    FOLDER_OPTION,    TITLE_OPTION,
    KEY_OPTIONS,      {"lifetime", "TIME", "of its certificate (10y)", false, false},
    OPERATORS_OPTION, {0},
};
const struct option issuer_list_options[] = {
    FOLDER_OPTION,
    {"json", NULL, "the JSON of the protocol instead of a table", false, false},
    {0}};
const struct option issuer_request_options[] = {
    FOLDER_OPTION,
    TITLE_OPTION,
    KEY_OPTIONS,
    {"out", "FILE", "where the request goes; required", false, false},
    {0}};
const struct option issuer_install_options[] = {
    FOLDER_OPTION,
    {"cert", "FILE", "its certificate; required", false, false},
    OPERATORS_OPTION,
    {0}};
const struct option issuer_retire_options[] = {FOLDER_OPTION, {0}};
const struct option issuer_revoke_options[] = {
    FOLDER_OPTION,
    {"reason", "REASON", "unspecified, cACompromise, superseded, cessationOfOperation", false,
     false},
    {0}};
const struct option renew_own_options[] = {FOLDER_OPTION, {0}};

static enum result wanted_of(const struct arguments *arguments, struct issuing_ca *out_wanted,
                             struct error *err) {
    *out_wanted = (struct issuing_ca){
        .name = arguments->operands[0],
        .title = arguments_value(arguments, "title"),
        .for_operators = arguments_have(arguments, "operators"),
    };
    TRY(key_of(arguments, &out_wanted->key.algorithm, &out_wanted->key.uri, err));
    return arguments_duration(arguments, "lifetime", ISSUING_LIFETIME, &out_wanted->lifetime,
                              err);
}

// --- making ----------------------------------------------------------------------------------

enum result run_issuer_add(const struct arguments *arguments, struct error *err) {
    AUTO(authority_clear) struct authority authority = {0};
    struct issuing_ca wanted = {0};
    struct peer peer = {0};
    peer_init_host(&peer);
    TRY(wanted_of(arguments, &wanted, err));
    TRY(authority_open(folder_of(arguments), &authority, err));
    TRY(issuing_ca_add(&authority, &peer, &wanted, err));
    (void)printf("The CA %s is there. Profiles choose it with: issuer = %s\n"
                 "Its CRLs will be at /crl/%s.crl, .pem and .bundle.pem once signetd runs.\n",
                 wanted.name, wanted.name, wanted.name);
    return RESULT_OK;
}

enum result run_issuer_request(const struct arguments *arguments, struct error *err) {
    AUTO(authority_clear) struct authority authority = {0};
    AUTO(buf_clear) struct buf pem = {0};
    struct issuing_ca wanted = {0};
    struct peer peer = {0};
    const char *out = NULL;
    peer_init_host(&peer);
    buf_init(&pem, 2 * LIMIT_CSR_BYTES);
    TRY(required_value(arguments, "out", &out, err));
    TRY(wanted_of(arguments, &wanted, err));
    TRY(authority_open(folder_of(arguments), &authority, err));
    TRY(issuing_ca_request(&authority, &peer, &wanted, &pem, err));
    TRY(file_create(out, buf_bytes(&pem), 0644, err));
    (void)printf(
        "Where the root's key is:\n"
        "  signetd root sign --csr %s --root-cert root.pem --root-key FILE --out %s.pem\n"
        "and back here:\n"
        "  signetd issuer install %s --cert %s.pem\n",
        out, wanted.name, wanted.name, wanted.name);
    return RESULT_OK;
}

enum result run_issuer_install(const struct arguments *arguments, struct error *err) {
    AUTO(authority_clear) struct authority authority = {0};
    AUTO(buf_clear) struct buf der = {0};
    struct issuing_ca wanted = {0};
    struct peer peer = {0};
    const char *path = NULL;
    peer_init_host(&peer);
    TRY(required_value(arguments, "cert", &path, err));
    TRY(wanted_of(arguments, &wanted, err));
    TRY(read_object(path, PEM_CERTIFICATE, LIMIT_CERTIFICATE_BYTES, &der, err));
    TRY(authority_open(folder_of(arguments), &authority, err));
    TRY(issuing_ca_install(&authority, &peer, &wanted, buf_bytes(&der), err));
    (void)printf("The CA %s is there. Profiles choose it with: issuer = %s\n", wanted.name,
                 wanted.name);
    return RESULT_OK;
}

// --- ending ----------------------------------------------------------------------------------

enum result run_issuer_retire(const struct arguments *arguments, struct error *err) {
    AUTO(authority_clear) struct authority authority = {0};
    struct peer peer = {0};
    peer_init_host(&peer);
    TRY(authority_open(folder_of(arguments), &authority, err));
    TRY(issuing_ca_retire(&authority, &peer, arguments->operands[0], err));
    (void)printf("The CA %s issues nothing any more. Its CRLs go on until its last certificate "
                 "has expired.\n",
                 arguments->operands[0]);
    return RESULT_OK;
}

static enum result reason_of(const struct arguments *arguments, enum crl_reason *out_reason,
                             struct error *err) {
    static const char *const reasons[] = {"unspecified", "cACompromise", "superseded",
                                          "cessationOfOperation", NULL};
    const char *reason = arguments_value(arguments, "reason");
    TRY(arguments_choice(arguments, "reason", reasons, err));
    *out_reason = CRL_REASON_UNSPECIFIED;
    if (reason != NULL) {
        (void)crl_reason_from_name(reason, out_reason);
    }
    return RESULT_OK;
}

enum result run_issuer_revoke(const struct arguments *arguments, struct error *err) {
    AUTO(authority_clear) struct authority authority = {0};
    enum crl_reason reason = CRL_REASON_UNSPECIFIED;
    struct peer peer = {0};
    bool is_published = false;
    peer_init_host(&peer);
    TRY(reason_of(arguments, &reason, err));
    TRY(authority_open(folder_of(arguments), &authority, err));
    TRY(issuing_ca_revoke(&authority, &peer, arguments->operands[0], reason, &is_published,
                          err));
    (void)printf("The CA %s is revoked.\n", arguments->operands[0]);
    if (!is_published) {
        (void)puts(
            "Nobody knows yet: make the root's next CRL where its key is (signetd root crl "
            "--revoke SERIAL),\nand take it over here (signetd root install-crl).");
    }
    return RESULT_OK;
}

// --- list ------------------------------------------------------------------------------------

static enum result write_row(const struct issuer_info *issuer, struct buf *out) {
    AUTO(buf_clear) struct buf end = {0};
    buf_init(&end, 64);
    TRY(time_format_plain(issuer->not_after, &end));
    TRY(buf_printf(out, "%-20s %-10s %-8s %-23s %8lld  ", issuer->name, issuer->kind,
                   issuer->state, buf_string(&end), (long long)issuer->certificates));
    for (size_t i = 0; i < issuer->profiles.count; i++) {
        TRY(buf_printf(out, "%s%s", i == 0 ? "" : " ", issuer->profiles.items[i]));
    }
    return buf_append_string(out, issuer->profiles.count == 0 ? "-\n" : "\n");
}

static enum result write_list(const struct issuer_page *page, bool as_json, struct buf *out,
                              struct error *err) {
    if (as_json) {
        TRY(message_to_json(&issuer_page_type, page, out, err));
        return buf_append_byte(out, '\n');
    }
    TRY(buf_printf(out, "%-20s %-10s %-8s %-23s %8s  %s\n", "NAME", "KIND", "STATE", "UNTIL",
                   "VALID", "PROFILES"));
    const struct issuer_info *issuers = page->issuers.items;
    for (size_t i = 0; i < page->issuers.count; i++) {
        TRY(write_row(&issuers[i], out));
    }
    return RESULT_OK;
}

enum result run_issuer_list(const struct arguments *arguments, struct error *err) {
    AUTO(authority_clear) struct authority authority = {0};
    AUTO(buf_clear) struct buf text = {0};
    struct issuer_page page = {0};
    const struct nothing nothing = {};
    buf_init(&text, LIMIT_OUTPUT_BYTES);
    TRY(authority_open(folder_of(arguments), &authority, err));
    TRY(publisher_start(&authority, err));
    enum result result = issuer_list(&authority, NULL, &nothing, &page, err);
    if (result == RESULT_OK) {
        result = write_list(&page, arguments_have(arguments, "json"), &text, err);
    }
    message_clear(&issuer_page_type, &page);
    TRY(result);
    return print_text(&text, err);
}

// --- renew-own -------------------------------------------------------------------------------

enum result run_renew_own(const struct arguments *arguments, struct error *err) {
    AUTO(authority_clear) struct authority authority = {0};
    AUTO(buf_clear) struct buf report = {0};
    struct peer peer = {0};
    peer_init_host(&peer);
    buf_init(&report, LIMIT_OUTPUT_BYTES);
    TRY(authority_open(folder_of(arguments), &authority, err));
    TRY(renew_own(&authority, &peer, clock_now(), &report, err));
    return print_text(&report, err);
}
