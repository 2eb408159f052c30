// signetd root …: the root's key in the state folder, and what it does offline.
// SPDX-License-Identifier: GPL-3.0-or-later
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "authority/authority.h"
#include "authority/authority_open.h"
#include "authority/issuers/ca_certificate.h"
#include "authority/certificate_text.h"
#include "authority/host/crl_install.h"
#include "authority/host/issuing_ca.h"
#include "authority/host/root_ceremony.h"
#include "authority/host/root_key.h"
#include "base/clock.h"
#include "signetd.h"
#include "x509/key_pkcs11.h"
#include "x509/pem.h"

#define PASSPHRASE_OPTION                                                                      \
    {                                                                                          \
        "passphrase-file", "FILE", "a file (0600) with its passphrase, instead of asking",     \
            false, false                                                                       \
    }
#define ROOT_OPTIONS                                                                           \
    {"root-cert", "FILE", "the root's certificate; required", false, false},                   \
        {"root-key", "FILE|URI", "its key, as root export wrote it, or on a token; required",  \
         false, false},                                                                        \
        PASSPHRASE_OPTION

const struct option root_export_options[] = {
    FOLDER_OPTION,
    {"to", "FILE", "where the encrypted key goes; required", false, false},
    PASSPHRASE_OPTION,
    {"crl-lifetime", "TIME", "of the last CRL made here (180d)", false, false},
    {0}};
const struct option root_import_options[] = {
    FOLDER_OPTION,
    {"from", "FILE|URI", "what root export wrote, or where the key is; required", false, false},
    PASSPHRASE_OPTION,
    {0}};
const struct option root_sign_options[] = {
    {"csr", "FILE", "what issuer request wrote; required", false, false},
    ROOT_OPTIONS,
    {"lifetime", "TIME", "of the certificate (10y)", false, false},
    {"out", "FILE", "where the certificate goes; required", false, false},
    {0}};
const struct option root_crl_options[] = {
    ROOT_OPTIONS,
    {"previous", "FILE", "the last CRL: its entries are kept", false, false},
    {"number", "N", "of the new one (the Unix time)", false, false},
    {"revoke", "SERIAL", "of a CA certificate; may be repeated", true, false},
    {"reason", "REASON", "unspecified, cACompromise, superseded, cessationOfOperation", false,
     false},
    {"lifetime", "TIME", "until its nextUpdate (180d)", false, false},
    {"out", "FILE", "where the CRL goes; required", false, false},
    {0}};
const struct option root_install_crl_options[] = {
    FOLDER_OPTION, {"crl", "FILE", "what root crl wrote; required", false, false}, {0}};

// --- on the host -----------------------------------------------------------------------------

enum result run_root_export(const struct arguments *arguments, struct error *err) {
    AUTO(authority_clear) struct authority authority = {0};
    AUTO(buf_clear) struct buf passphrase = {0};
    struct root_export wanted = {0};
    struct peer peer = {0};
    peer_init_host(&peer);
    TRY(required_value(arguments, "to", &wanted.path, err));
    TRY(arguments_duration(arguments, "crl-lifetime", OFFLINE_CRL_LIFETIME,
                           &wanted.crl_lifetime, err));
    TRY(authority_open(folder_of(arguments), &authority, err));
    const struct key *key = authority.issuers.root->key;
    const bool is_on_token = key != NULL && key_uri(key) != NULL;
    if (!is_on_token) {
        TRY(passphrase_ask(arguments, "passphrase-file", NULL, &passphrase, err));
        wanted.passphrase = buf_string(&passphrase);
    }
    TRY(root_key_export(&authority, &peer, &wanted, err));
    (void)printf(
        is_on_token
            ? "The root's key stays on its token, whose URI is in %s; signetd does without.\n"
              "Take the token to a machine without network, with %s/certificates/root.pem.\n"
            : "The root's key is in %s and no longer in the state folder.\n"
              "Move it to a machine without network, with %s/certificates/root.pem, and keep "
              "a second copy.\n",
        wanted.path, folder_of(arguments));
    return RESULT_OK;
}

enum result run_root_import(const struct arguments *arguments, struct error *err) {
    AUTO(authority_clear) struct authority authority = {0};
    AUTO(buf_clear) struct buf passphrase = {0};
    const char *path = NULL;
    struct peer peer = {0};
    peer_init_host(&peer);
    TRY(required_value(arguments, "from", &path, err));
    TRY(authority_open(folder_of(arguments), &authority, err));
    TRY(passphrase_ask(arguments, "passphrase-file", path, &passphrase, err));
    TRY(root_key_import(&authority, &peer, path, buf_string(&passphrase), err));
    (void)puts("The root's key is back. Take it offline again with: signetd root export");
    return RESULT_OK;
}

enum result run_root_install_crl(const struct arguments *arguments, struct error *err) {
    AUTO(authority_clear) struct authority authority = {0};
    AUTO(buf_clear) struct buf der = {0};
    const char *path = NULL;
    struct peer peer = {0};
    peer_init_host(&peer);
    TRY(required_value(arguments, "crl", &path, err));
    TRY(read_object(path, PEM_CRL, LIMIT_CRL_BYTES, &der, err));
    TRY(authority_open(folder_of(arguments), &authority, err));
    TRY(crl_install(&authority, &peer, buf_bytes(&der), clock_now(), err));
    (void)puts("The CRL is taken over; it is published once signetd runs.");
    return RESULT_OK;
}

// --- offline ---------------------------------------------------------------------------------

struct root_files {
    struct buf certificate_der;
    struct certificate certificate;
    struct key *key;
};

static void root_files_clear(struct root_files *files) {
    buf_clear(&files->certificate_der);
    key_free_at(&files->key);
}

static enum result read_root(const struct arguments *arguments, struct root_files *files,
                             struct ceremony *out_ceremony, struct error *err) {
    AUTO(buf_clear) struct buf passphrase = {0};
    const char *certificate = NULL;
    const char *key = NULL;
    TRY(required_value(arguments, "root-cert", &certificate, err));
    TRY(required_value(arguments, "root-key", &key, err));
    TRY(read_object(certificate, PEM_CERTIFICATE, LIMIT_CERTIFICATE_BYTES,
                    &files->certificate_der, err));
    TRY(certificate_read(buf_bytes(&files->certificate_der), &files->certificate, err));
    TRY(passphrase_ask(arguments, "passphrase-file", key, &passphrase, err));
    TRY(key_load_file(key, buf_string(&passphrase), &files->key, err));
    *out_ceremony =
        (struct ceremony){.root = &files->certificate, .key = files->key, .now = clock_now()};
    return ceremony_check(out_ceremony, err);
}

enum result run_root_sign(const struct arguments *arguments, struct error *err) {
    AUTO(root_files_clear) struct root_files files = {0};
    AUTO(buf_clear) struct buf csr = {0};
    AUTO(buf_clear) struct buf der = {0};
    struct ceremony ceremony = {0};
    const char *path = NULL;
    const char *out = NULL;
    int64_t lifetime = 0;
    buf_init(&der, LIMIT_CERTIFICATE_BYTES);
    TRY(required_value(arguments, "csr", &path, err));
    TRY(required_value(arguments, "out", &out, err));
    TRY(arguments_duration(arguments, "lifetime", ISSUING_LIFETIME, &lifetime, err));
    TRY(read_object(path, PEM_CERTIFICATE_REQUEST, LIMIT_CSR_BYTES, &csr, err));
    TRY(read_root(arguments, &files, &ceremony, err));
    TRY(ceremony_sign(&ceremony, buf_bytes(&csr), lifetime, &der, err));
    TRY(write_object(arguments, PEM_CERTIFICATE, buf_bytes(&der), err));
    (void)printf("%s is the certificate: signetd issuer install NAME --cert %s\n", out, out);
    return RESULT_OK;
}

static enum result read_entry(const char *serial, enum crl_reason reason, int64_t now,
                              struct crl_entry *out_entry, struct error *err) {
    size_t size = 0;
    if (serial_read(serial, out_entry->serial, &size, NULL) != RESULT_OK) {
        return arguments_refuse(err, "revoke", "'%s' is not a serial in hexadecimal", serial);
    }
    out_entry->serial_size = (uint8_t)size;
    out_entry->reason = (uint8_t)reason;
    out_entry->revoked_at = now;
    return RESULT_OK;
}

static enum result read_entries(const struct arguments *arguments, int64_t now,
                                struct crl_entry *entries, size_t *out_count,
                                struct error *err) {
    static const char *const reasons[] = {"unspecified", "cACompromise", "superseded",
                                          "cessationOfOperation", NULL};
    enum crl_reason reason = CRL_REASON_UNSPECIFIED;
    TRY(arguments_choice(arguments, "reason", reasons, err));
    if (arguments_have(arguments, "reason")) {
        (void)crl_reason_from_name(arguments_value(arguments, "reason"), &reason);
    }
    for (size_t i = 0; i < arguments->value_count; i++) {
        const struct option_value *value = &arguments->values[i];
        if (strcmp(value->option->name, "revoke") != 0) {
            continue;
        }
        if (*out_count == LIMIT_ROOT_CRL_ENTRIES) {
            return arguments_refuse(err, "revoke", "at most %d of them",
                                    LIMIT_ROOT_CRL_ENTRIES);
        }
        TRY(read_entry(value->text, reason, now, &entries[*out_count], err));
        (*out_count)++;
    }
    return RESULT_OK;
}

static enum result make_crl(const struct arguments *arguments, const struct ceremony *ceremony,
                            struct crl_entry *entries, struct buf *out_der, struct error *err) {
    AUTO(buf_clear) struct buf previous = {0};
    struct ceremony_crl wanted = {.revoked = entries};
    const char *path = arguments_value(arguments, "previous");
    TRY(arguments_integer(arguments, "number", 1, INT64_MAX - 1, 0, &wanted.number, err));
    TRY(arguments_duration(arguments, "lifetime", OFFLINE_CRL_LIFETIME, &wanted.lifetime, err));
    TRY(read_entries(arguments, ceremony->now, entries, &wanted.revoked_count, err));
    if (path != NULL) {
        TRY(read_object(path, PEM_CRL, LIMIT_CRL_BYTES, &previous, err));
        wanted.previous = buf_bytes(&previous);
    }
    return ceremony_crl(ceremony, &wanted, out_der, err);
}

enum result run_root_crl(const struct arguments *arguments, struct error *err) {
    AUTO(root_files_clear) struct root_files files = {0};
    AUTO(buf_clear) struct buf der = {0};
    struct ceremony ceremony = {0};
    const char *out = NULL;
    buf_init(&der, LIMIT_CRL_BYTES);
    TRY(required_value(arguments, "out", &out, err));
    TRY(read_root(arguments, &files, &ceremony, err));
    struct crl_entry *entries = calloc(LIMIT_ROOT_CRL_ENTRIES, sizeof(*entries));
    if (entries == NULL) {
        return error_out_of_memory(err);
    }
    enum result result = make_crl(arguments, &ceremony, entries, &der, err);
    free(entries);
    TRY(result);
    TRY(write_object(arguments, PEM_CRL, buf_bytes(&der), err));
    (void)printf("%s is the CRL: signetd root install-crl --crl %s\n", out, out);
    return RESULT_OK;
}
