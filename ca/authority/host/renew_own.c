// The administrator's credential on the host.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "authority/host/renew_own.h"

#include <limits.h>
#include <unistd.h>

#include "authority/authority.h"
#include "authority/certificate_text.h"
#include "authority/folder_owner.h"
#include "authority/decide/issuance.h"
#include "authority/config/layout.h"
#include "base/clock.h"
#include "base/file.h"
#include "x509/pem.h"

#define LAYOUT_ADMIN_CURRENT LAYOUT_ADMIN "/current"
#define SECRET_MODE 0600
#define PUBLIC_MODE 0644

// --- what there is ---------------------------------------------------------------------------

// Where `signet renew` has been at work, the files are behind a link.
static enum result find_folder(const struct authority *authority, struct buf *out_folder) {
    buf_init(out_folder, PATH_MAX);
    TRY(path_join(out_folder, authority->folder, LAYOUT_ADMIN_CURRENT));
    return file_exists(buf_string(out_folder))
               ? RESULT_OK
               : path_join(out_folder, authority->folder, LAYOUT_ADMIN);
}

static enum result read_certificate(const char *folder, struct buf *out_der,
                                    struct error *err) {
    AUTO(buf_clear) struct buf path = {0};
    AUTO(buf_clear) struct buf pem = {0};
    buf_init(&path, PATH_MAX);
    buf_init(&pem, 2 * LIMIT_CHAIN_BYTES);
    buf_init(out_der, LIMIT_CHAIN_BYTES);
    TRY(path_join(&path, folder, "cert.pem"));
    TRY(file_read(buf_string(&path), &pem, err));
    enum result result = pem_decode_all(buf_bytes(&pem), PEM_CERTIFICATE, out_der, err);
    if (result != RESULT_OK) {
        error_context(err, "%s", buf_string(&path));
    }
    return result;
}

// Its expiry is no obstacle here: whoever holds the CA's keys needs no proof.
static enum result find_record(struct authority *authority, struct bytes der, int64_t now,
                               struct peer *out_peer, struct error *err) {
    struct certificate certificate = {0};
    TRY(certificate_read(der, &certificate, err));
    int64_t moment = now > certificate.not_after ? certificate.not_after : now;
    moment = moment < certificate.not_before ? certificate.not_before : moment;
    enum result result = peer_identify(authority, der, moment, out_peer, err);
    if (result == RESULT_OK) {
        result = peer_require_role(authority, ~0U, out_peer, err);
    }
    if (result != RESULT_OK) {
        error_hint(err, "Make the administrator anew with: signetd admin reset");
    }
    return result;
}

static bool is_due(const struct certificate_record *record, const struct profile *profile,
                   const struct issuer *issuer, int64_t now) {
    int64_t lifetime = record->not_after + 1 - record->not_before;
    return record->issuer_id != issuer->record.id ||
           now >= record->not_before + lifetime * profile->renew_percent / 100;
}

// --- files -----------------------------------------------------------------------------------

struct credential_files {
    const char *folder;
    struct buf key; // secret
    struct buf leaf;
    struct buf chain;
    struct buf root;
};

static void credential_files_clear(struct credential_files *files) {
    buf_clear(&files->key);
    buf_clear(&files->leaf);
    buf_clear(&files->chain);
    buf_clear(&files->root);
}

static enum result encode_files(const struct authority *authority,
                                const struct certificate_record *record, const struct key *key,
                                struct credential_files *files, struct error *err) {
    AUTO(buf_clear) struct buf chain = {0};
    buf_init(&chain, LIMIT_CHAIN_BYTES);
    buf_init_secret(&files->key, LIMIT_KEY_FILE_BYTES);
    buf_init(&files->leaf, 2 * LIMIT_CERTIFICATE_BYTES);
    buf_init(&files->chain, 2 * LIMIT_CHAIN_BYTES);
    buf_init(&files->root, 2 * LIMIT_CERTIFICATE_BYTES);
    TRY(key_save_pem(key, NULL, &files->key, err));
    TRY(pem_encode(PEM_CERTIFICATE, buf_bytes(&record->der), &files->leaf));
    TRY(issuer_set_intermediates(&authority->issuers,
                                 authority_find_issuer(authority, record->issuer_id), &chain));
    TRY(pem_encode_all(PEM_CERTIFICATE, buf_bytes(&chain), &files->chain));
    return pem_encode(PEM_CERTIFICATE, authority->issuers.root->certificate.der, &files->root);
}

// Parts one behind the other; NULL for none.
struct file_plan {
    const char *name;
    mode_t mode;
    bool is_optional; // written only where there is one
    const struct buf *parts[3];
};

static enum result write_file(const struct authority *authority, const char *folder,
                              const struct file_plan *plan, struct error *err) {
    AUTO(buf_clear) struct buf path = {0};
    AUTO(buf_clear) struct buf contents = {0};
    buf_init(&path, PATH_MAX);
    buf_init_secret(&contents, 4 * LIMIT_CHAIN_BYTES);
    TRY(path_join(&path, folder, plan->name));
    if (plan->is_optional && !file_exists(buf_string(&path))) {
        return RESULT_OK;
    }
    for (size_t i = 0; i < 3 && plan->parts[i] != NULL; i++) {
        TRY(buf_append(&contents, buf_bytes(plan->parts[i])));
    }
    TRY(file_replace(buf_string(&path), buf_bytes(&contents), plan->mode, err));
    return folder_hand_over(authority->folder, buf_string(&path), err);
}

// The certificate comes last: broken off before it, the old one is found again and renewed anew.
static enum result write_files(const struct authority *authority,
                               const struct credential_files *files, struct error *err) {
    const struct file_plan plans[] = {
        {"ca.pem", PUBLIC_MODE, false, {&files->root, &files->chain}},
        {"root.pem", PUBLIC_MODE, true, {&files->root}},
        {"chain.pem", PUBLIC_MODE, false, {&files->chain, &files->root}},
        {"fullchain.pem", PUBLIC_MODE, true, {&files->leaf, &files->chain}},
        {"combined.pem", SECRET_MODE, true, {&files->key, &files->leaf, &files->chain}},
        {"key.pem", SECRET_MODE, false, {&files->key}},
        {"cert.pem", PUBLIC_MODE, false, {&files->leaf}},
    };
    for (size_t i = 0; i < sizeof(plans) / sizeof(plans[0]); i++) {
        TRY(write_file(authority, files->folder, &plans[i], err));
    }
    AUTO(buf_clear) struct buf about = {0};
    buf_init(&about, PATH_MAX);
    TRY(path_join(&about, files->folder, "about.json"));
    (void)unlink(buf_string(&about)); // it told of the old one, and may be missing
    return RESULT_OK;
}

// --- renewing --------------------------------------------------------------------------------

struct renewing {
    const struct peer *host;
    const struct peer *admin;
    const struct profile *profile;
    const struct key *key;
    struct certificate_record record;
    int64_t now;
};

static enum result issue(struct authority *authority, void *context, struct error *err) {
    struct renewing *renewing = context;
    const struct certificate_record *predecessor = &renewing->admin->certificate;
    AUTO(names_clear) struct names names = {0};
    TRY(name_records_read(predecessor->names, predecessor->name_count, &names, err));
    const struct grant grant = {.names = &names};
    const struct issuance issuance = {
        .profile = renewing->profile,
        .grant = &grant,
        .names = &names,
        .spki = key_public(renewing->key),
        .predecessor = predecessor,
        .now = renewing->now,
    };
    return issuance_run(authority, renewing->host, "certificate renewed", &issuance,
                        &renewing->record, err);
}

static enum result renew(struct authority *authority, struct renewing *renewing,
                         const char *folder, struct buf *report, struct error *err) {
    AUTO(key_free_at) struct key *key = NULL;
    AUTO(credential_files_clear) struct credential_files files = {.folder = folder};
    AUTO(buf_clear) struct buf end = {0};
    buf_init(&end, 64);
    TRY(key_generate(KEY_P256, &key, err));
    renewing->key = key;
    TRY(authority_transact(authority, issue, renewing, err));
    TRY(encode_files(authority, &renewing->record, key, &files, err));
    TRY(write_files(authority, &files, err));
    TRY(time_format_plain(renewing->record.not_after, &end));
    return buf_printf(report, "Renewed %s: it holds until %s.\n", folder, buf_string(&end));
}

static enum result report_valid(const struct certificate_record *record, const char *folder,
                                struct buf *report) {
    AUTO(buf_clear) struct buf end = {0};
    buf_init(&end, 64);
    TRY(time_format_plain(record->not_after, &end));
    return buf_printf(report, "%s holds until %s and is not due yet.\n", folder,
                      buf_string(&end));
}

enum result renew_own(struct authority *authority, const struct peer *host, int64_t now,
                      struct buf *report, struct error *err) {
    AUTO(buf_clear) struct buf folder = {0};
    AUTO(buf_clear) struct buf der = {0};
    AUTO(peer_clear) struct peer admin = {0};
    const struct issuer *issuer = NULL;
    const struct profile *profile = profile_find(&authority->config.profiles, PROFILE_ADMIN);
    if (profile == NULL) {
        return error_set(err, RESULT_INTERNAL, "profile %s is missing", PROFILE_ADMIN);
    }
    TRY(find_folder(authority, &folder));
    TRY(read_certificate(buf_string(&folder), &der, err));
    TRY(find_record(authority, buf_bytes(&der), now, &admin, err));
    TRY(authority_issuer_for(authority, profile, &issuer, err));
    if (!is_due(&admin.certificate, profile, issuer, now)) {
        return report_valid(&admin.certificate, buf_string(&folder), report);
    }
    struct renewing renewing = {.host = host, .admin = &admin, .profile = profile, .now = now};
    enum result result = renew(authority, &renewing, buf_string(&folder), report, err);
    certificate_record_clear(&renewing.record);
    return result;
}
