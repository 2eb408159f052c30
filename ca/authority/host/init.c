// Founds an authority: checks, then CA, folder, records, the first administrator,
// configuration. SPDX-License-Identifier: GPL-3.0-or-later
#include "authority/host/init.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "authority/audit.h"
#include "authority/folder_owner.h"
#include "authority/host/founding.h"
#include "authority/decide/issue.h"
#include "authority/config/layout.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"
#include "x509/hash.h"
#include "x509/key_pkcs11.h"
#include "x509/pem.h"

#define FIRST_ADMIN "admin"
#define FOLDER_MODE 0700
#define SECRET_MODE 0600
#define PUBLIC_MODE 0644

void founding_clear(struct founding *founding) {
    issuer_set_clear(&founding->set);
    store_close_at(&founding->store);
    for (size_t i = 0; i < founding->issuer_count; i++) {
        buf_clear(&founding->issuers[i].certificate);
        ca_key_clear(&founding->issuers[i].key);
    }
    config_clear(&founding->config);
    config_list_clear(&founding->hosts);
    config_list_clear(&founding->made);
    buf_clear(&founding->config_text);
    buf_clear(&founding->notes);
    *founding = (struct founding){0};
}

// --- before anything is made -----------------------------------------------------------------

static enum result path_in(const struct founding *founding, const char *folder,
                           const char *name, struct buf *out) {
    AUTO(buf_clear) struct buf outer = {0};
    buf_init(&outer, PATH_MAX);
    buf_init(out, PATH_MAX);
    TRY(path_join(&outer, founding->options->folder, folder == NULL ? "" : folder));
    return path_join(out, buf_string(&outer), name);
}

static enum result require_unused(const struct founding *founding, struct error *err) {
    // A write-ahead log that was left behind would be replayed into the new database.
    static const char *const names[] = {
        LAYOUT_CONFIG,       LAYOUT_DATABASE, LAYOUT_DATABASE "-wal", LAYOUT_DATABASE "-shm",
        LAYOUT_CERTIFICATES, LAYOUT_KEYS,     LAYOUT_ADMIN,
    };
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        AUTO(buf_clear) struct buf path = {0};
        TRY(path_in(founding, NULL, names[i], &path));
        if (file_exists(buf_string(&path))) {
            (void)error_set_code(err, RESULT_CONFLICT, "folder_in_use",
                                 "%s holds an authority already (%s)",
                                 founding->options->folder, names[i]);
            error_hint(err, "choose another folder with --dir; nothing was changed");
            return RESULT_CONFLICT;
        }
    }
    return RESULT_OK;
}

// Programs on this machine always reach it.
static enum result choose_hosts(struct founding *founding, struct error *err) {
    static const char *const always[] = {"localhost", "127.0.0.1", "::1"};
    const struct config_list *wanted = founding->options->hosts;
    for (size_t i = 0; i < wanted->count; i++) {
        TRY(config_list_add(&founding->hosts, wanted->items[i], err));
    }
    for (size_t i = 0; i < sizeof(always) / sizeof(always[0]); i++) {
        bool has = false;
        for (size_t j = 0; j < founding->hosts.count; j++) {
            has = has || strcmp(founding->hosts.items[j], always[i]) == 0;
        }
        if (!has) {
            TRY(config_list_add(&founding->hosts, always[i], err));
        }
    }
    return RESULT_OK;
}

// Written and read back: what is founded is what a later start will understand.
static enum result prepare_config(struct founding *founding, struct error *err) {
    const char *name = founding->options->name;
    buf_init(&founding->config_text, LIMIT_CONFIG_BYTES);
    TRY(choose_hosts(founding, err));
    const struct config_start start = {
        .name = name,
        .hosts = &founding->hosts,
        .enroll_port = founding->options->enroll_port,
        .admin_port = founding->options->admin_port,
        .public_port = founding->options->public_port,
    };
    TRY(config_write_default(&start, &founding->config_text, err));
    TRY(config_parse(LAYOUT_CONFIG, buf_bytes(&founding->config_text), &founding->config, err));
    if (strcmp(founding->config.name, name) != 0) {
        return error_set(err, RESULT_INVALID,
                         "\"%s\" cannot be written into the configuration as a name; leave out "
                         "\"#\" and blanks at the ends",
                         name);
    }
    return RESULT_OK;
}

// --- files -----------------------------------------------------------------------------------

static enum result make_folder(struct founding *founding, const char *path, struct error *err) {
    if (file_exists(path)) {
        return RESULT_OK;
    }
    TRY(folder_make_all(path, FOLDER_MODE, err));
    return config_list_add(&founding->made, path, err);
}

static enum result make_folders(struct founding *founding, struct error *err) {
    static const char *const names[] = {LAYOUT_KEYS, LAYOUT_CERTIFICATES, LAYOUT_ADMIN};
    TRY(make_folder(founding, founding->options->folder, err));
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        AUTO(buf_clear) struct buf path = {0};
        TRY(path_in(founding, NULL, names[i], &path));
        TRY(make_folder(founding, buf_string(&path), err));
    }
    return RESULT_OK;
}

static enum result make_file(struct founding *founding, const char *folder, const char *name,
                             struct bytes contents, mode_t mode, struct error *err) {
    AUTO(buf_clear) struct buf path = {0};
    TRY(path_in(founding, folder, name, &path));
    TRY(file_create(buf_string(&path), contents, mode, err));
    return config_list_add(&founding->made, buf_string(&path), err);
}

static enum result make_key_file(struct founding *founding, const char *folder,
                                 const char *name, const struct key *key, struct error *err) {
    AUTO(buf_clear) struct buf pem = {0};
    buf_init_secret(&pem, LIMIT_KEY_FILE_BYTES);
    TRY(key_save_text(key, &pem, err));
    return make_file(founding, folder, name, buf_bytes(&pem), SECRET_MODE, err);
}

static enum result make_certificate_file(struct founding *founding, const char *folder,
                                         const char *name, struct bytes der,
                                         struct error *err) {
    AUTO(buf_clear) struct buf pem = {0};
    buf_init(&pem, 2 * LIMIT_CHAIN_BYTES);
    TRY(pem_encode_all(PEM_CERTIFICATE, der, &pem));
    return make_file(founding, folder, name, buf_bytes(&pem), PUBLIC_MODE, err);
}

static enum result make_issuer_files(struct founding *founding, struct error *err) {
    for (size_t i = 0; i < founding->issuer_count; i++) {
        const struct founded_issuer *issuer = &founding->issuers[i];
        char name[64];
        (void)snprintf(name, sizeof(name), "%s.pem", issuer->name);
        TRY(make_certificate_file(founding, LAYOUT_CERTIFICATES, name,
                                  buf_bytes(&issuer->certificate), err));
        if (issuer->key.key != NULL) {
            (void)snprintf(name, sizeof(name), "%s.key", issuer->name);
            TRY(make_key_file(founding, LAYOUT_KEYS, name, issuer->key.key, err));
        }
    }
    return RESULT_OK;
}

// Newest first. What somebody else put into a folder meanwhile stays, and the folder with it.
static void take_back(const struct founding *founding) {
    for (size_t i = founding->made.count; i > 0; i--) {
        (void)remove(founding->made.items[i - 1]);
    }
}

// An administrator founds in a folder prepared for the service's user.
static enum result hand_to_owner(const struct founding *founding, struct error *err) {
    for (size_t i = 0; i < founding->made.count; i++) {
        TRY(folder_hand_over(founding->options->folder, founding->made.items[i], err));
    }
    return RESULT_OK;
}

// --- records ---------------------------------------------------------------------------------

static enum result open_store(struct founding *founding, struct error *err) {
    // SQLite's companions are there while it is open; what is made must also be removable.
    static const char *const names[] = {LAYOUT_DATABASE, LAYOUT_DATABASE "-wal",
                                        LAYOUT_DATABASE "-shm"};
    AUTO(buf_clear) struct buf path = {0};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        buf_clear(&path);
        TRY(path_in(founding, NULL, names[i], &path));
        TRY(config_list_add(&founding->made, buf_string(&path), err));
    }
    buf_clear(&path);
    TRY(path_in(founding, NULL, LAYOUT_DATABASE, &path));
    // Names of people and devices are nobody else's business.
    mode_t before = umask(077);
    enum result result = store_open(buf_string(&path), true, &founding->store, err);
    (void)umask(before);
    return result;
}

static enum result record_issuers(struct founding *founding, struct error *err) {
    for (size_t i = 0; i < founding->issuer_count; i++) {
        struct founded_issuer *issuer = &founding->issuers[i];
        char key_reference[64];
        (void)snprintf(key_reference, sizeof(key_reference), LAYOUT_KEYS "/%s.key",
                       issuer->name);
        const struct issuer_record record = {
            .name = issuer->name,
            .kind = issuer->kind,
            .parent_id = issuer->parent == NULL ? 0 : issuer->parent->id,
            .certificate = issuer->certificate,
            .key_reference = issuer->key.key == NULL ? NULL : key_reference,
            .created = founding->now,
        };
        TRY(store_add_issuer(founding->store, &record, &issuer->id, err));
    }
    return RESULT_OK;
}

// An adopted CA issues everything itself.
static const struct issuer *issuer_of_admin(const struct founding *founding) {
    return founding->set.operators != NULL ? founding->set.operators : founding->set.issuing;
}

static enum result record_admin(struct founding *founding, struct bytes der,
                                struct error *err) {
    static char profile[] = PROFILE_ADMIN;
    static char admin_name[] = FIRST_ADMIN;
    static char role[] = "owner";
    static char type[] = "cn";
    struct certificate certificate = {0};
    TRY(certificate_read(der, &certificate, err));
    uint8_t key_hash[SHA256_SIZE];
    TRY(hash_sha256(certificate.spki, key_hash));
    struct name_record name = {.type = type, .value = admin_name};
    AUTO(certificate_record_clear) struct certificate_record stored = {0};
    struct certificate_record record = {
        .issuer_id = issuer_of_admin(founding)->record.id,
        .profile = profile,
        .not_before = certificate.not_before,
        .not_after = certificate.not_after,
        .created = founding->now,
        .names = &name,
        .name_count = 1,
    };
    // The record's buffers are borrowed here; `stored` owns them and clears them.
    buf_init(&stored.der, LIMIT_CERTIFICATE_BYTES);
    buf_init(&stored.serial, LIMIT_SERIAL_BYTES);
    buf_init(&stored.key_hash, SHA256_SIZE);
    TRY(buf_append(&stored.der, der));
    TRY(buf_append(&stored.serial, certificate.serial));
    TRY(buf_append(&stored.key_hash, bytes_of(key_hash, sizeof(key_hash))));
    record.der = stored.der;
    record.serial = stored.serial;
    record.key_hash = stored.key_hash;
    int64_t id = 0;
    TRY(store_add_certificate(founding->store, &record, &id, err));
    const struct admin_record admin = {
        .name = admin_name, .role = role, .created = founding->now};
    TRY(store_add_admin(founding->store, &admin, err));
    AUTO(buf_clear) struct buf serial = {0};
    buf_init(&serial, 2 * LIMIT_SERIAL_BYTES);
    TRY(text_hex_encode(certificate.serial, &serial));
    return audit_append(founding->store, founding->now, "authority", "certificate issued",
                        buf_string(&serial), "profile=admin names=cn:" FIRST_ADMIN, err);
}

static enum result record_founding(struct founding *founding, struct error *err) {
    AUTO(buf_clear) struct buf detail = {0};
    buf_init(&detail, 256);
    TRY(buf_printf(&detail, "%s root=",
                   founding->options->import_certificate == NULL ? "made" : "adopted"));
    TRY(hash_sha256_hex(founding->set.root->certificate.der, &detail));
    TRY(audit_append(founding->store, founding->now, "authority", "authority created",
                     founding->options->name, buf_string(&detail), err));
    return audit_append(founding->store, founding->now, "authority", "admin added", FIRST_ADMIN,
                        "role=owner", err);
}

// --- the first administrator -----------------------------------------------------------------

static enum result issue_admin(struct founding *founding, const struct key *key,
                               struct buf *out_der, struct error *err) {
    AUTO(names_clear) struct names names = {0};
    AUTO(buf_clear) struct buf crl_url = {0};
    buf_init(&crl_url, LIMIT_URI_BYTES);
    TRY(names_add(&names, NAME_CN, BYTES_LITERAL(FIRST_ADMIN), err));
    TRY(config_crl_url(&founding->config, issuer_of_admin(founding)->record.name, &crl_url));
    const struct grant grant = {.names = &names};
    const struct issue_request request = {
        .profile = profile_find(&founding->config.profiles, PROFILE_ADMIN),
        .grant = &grant,
        .names = &names,
        .spki = key_public(key),
        .crl_url = founding->config.crl_url_in_certificates ? buf_string(&crl_url) : NULL,
        .now = founding->now,
    };
    return issue_certificate(issuer_of_admin(founding), &request, out_der, err);
}

static enum result make_admin_files(struct founding *founding, const struct key *key,
                                    struct bytes certificate, struct error *err) {
    AUTO(buf_clear) struct buf chain = {0};
    AUTO(buf_clear) struct buf url = {0};
    buf_init(&chain, LIMIT_CHAIN_BYTES);
    buf_init(&url, LIMIT_URI_BYTES);
    TRY(issuer_set_chain(&founding->set, issuer_of_admin(founding), &chain));
    TRY(buf_printf(&url, "%s\n", founding->config.admin_url));
    TRY(make_key_file(founding, LAYOUT_ADMIN, "key.pem", key, err));
    TRY(make_certificate_file(founding, LAYOUT_ADMIN, "cert.pem", certificate, err));
    TRY(make_certificate_file(founding, LAYOUT_ADMIN, "chain.pem", buf_bytes(&chain), err));
    TRY(make_certificate_file(founding, LAYOUT_ADMIN, "ca.pem",
                              founding->set.root->certificate.der, err));
    return make_file(founding, LAYOUT_ADMIN, "url", buf_bytes(&url), PUBLIC_MODE, err);
}

static enum result make_records(struct founding *founding, struct error *err) {
    AUTO(key_free_at) struct key *admin_key = NULL;
    AUTO(buf_clear) struct buf certificate = {0};
    buf_init(&certificate, LIMIT_CERTIFICATE_BYTES);
    TRY(open_store(founding, err));
    TRY(store_begin(founding->store, err));
    TRY(record_issuers(founding, err));
    TRY(issuer_set_load(founding->options->folder, founding->store, &founding->set, err));
    TRY(record_founding(founding, err));
    TRY(key_generate(KEY_P256, &admin_key, err));
    TRY(issue_admin(founding, admin_key, &certificate, err));
    TRY(record_admin(founding, buf_bytes(&certificate), err));
    TRY(make_admin_files(founding, admin_key, buf_bytes(&certificate), err));
    return store_commit(founding->store, err);
}

// --- report ----------------------------------------------------------------------------------

static enum result report_tokens(const struct founding *founding, struct buf *report) {
    bool has_token = false;
    for (size_t i = 0; i < founding->issuer_count; i++) {
        const struct founded_issuer *issuer = &founding->issuers[i];
        if (issuer->key.key != NULL && key_uri(issuer->key.key) != NULL) {
            TRY(buf_printf(report, "  on a token       the key of %s (%s), which was %s\n",
                           issuer->name, key_algorithm_name(key_algorithm(issuer->key.key)),
                           issuer->key.is_made_on_token ? "made there" : "there before"));
            has_token = true;
        }
    }
    return has_token
               ? buf_printf(report, "                   What the module writes to goes into "
                                    "pkcs11_paths of the configuration.\n")
               : RESULT_OK;
}

static enum result write_report(const struct founding *founding, struct buf *report) {
    const char *folder = founding->options->folder;
    AUTO(buf_clear) struct buf fingerprint = {0};
    AUTO(buf_clear) struct buf end = {0};
    buf_init(&fingerprint, 2 * SHA256_SIZE);
    buf_init(&end, 64);
    TRY(hash_sha256_hex(founding->set.root->certificate.der, &fingerprint));
    TRY(time_format_plain(founding->set.issuing->certificate.not_after, &end));
    TRY(buf_printf(report, "The authority \"%s\" is in %s.\n\n", founding->options->name,
                   folder));
    TRY(buf_printf(report, "  root SHA-256     %s\n", buf_string(&fingerprint)));
    TRY(buf_printf(report, "  issuing CA until %s\n", buf_string(&end)));
    TRY(buf_printf(report, "  configuration    %s/%s\n", folder, LAYOUT_CONFIG));
    TRY(buf_printf(report,
                   "  CA keys          %s/%s (0600: back them up, show them to nobody)\n",
                   folder, LAYOUT_KEYS));
    TRY(report_tokens(founding, report));
    TRY(buf_printf(report, "  CA certificate   %s/%s/%s.pem\n", folder, LAYOUT_CERTIFICATES,
                   founding->set.root->record.name));
    TRY(buf_printf(report, "  administrator    %s/%s (its key makes you owner: keep it safe)\n",
                   folder, LAYOUT_ADMIN));
    TRY(buf_printf(report, "  devices enroll   %s\n\n", founding->config.enroll_url));
    if (founding->notes.size > 0) {
        TRY(buf_printf(report, "%s\n", buf_string(&founding->notes)));
    }
    return buf_printf(report,
                      "Next:\n"
                      "  signetd run --dir %s\n"
                      "  signetctl --credential %s/%s token create --profile client --cn "
                      "first-device\n"
                      "  signet enroll TOKEN        (on the device)\n",
                      folder, folder, LAYOUT_ADMIN);
}

// Dates that nobody can correct any more would come of it: the CAs' own, and those of all that
// they issue.
static enum result require_clock(const struct founding *founding, struct error *err) {
    AUTO(buf_clear) struct buf now = {0};
    buf_init(&now, 64);
    if (founding->now >= CLOCK_LEAST) {
        return RESULT_OK;
    }
    TRY(time_format_rfc3339(founding->now, &now));
    (void)error_set_code(err, RESULT_UNAVAILABLE, "clock_not_set",
                         "this machine's clock is not set: it says %s", buf_string(&now));
    error_hint(err, "set it, and try again: timedatectl set-ntp true, or date -s");
    return RESULT_UNAVAILABLE;
}

static enum result found(struct founding *founding, struct error *err) {
    TRY(require_clock(founding, err));
    TRY(require_unused(founding, err));
    TRY(prepare_config(founding, err));
    TRY(founding_make_issuers(founding, err));
    TRY(make_folders(founding, err));
    TRY(make_issuer_files(founding, err));
    TRY(make_records(founding, err));
    // The configuration comes last: without it there is no authority in the folder.
    TRY(make_file(founding, NULL, LAYOUT_CONFIG, buf_bytes(&founding->config_text), PUBLIC_MODE,
                  err));
    store_close_at(&founding->store);
    return hand_to_owner(founding, err);
}

enum result authority_init(const struct init_options *options, struct buf *report,
                           struct error *err) {
    AUTO(founding_clear) struct founding founding = {.options = options, .now = clock_now()};
    enum result result = found(&founding, err);
    if (result != RESULT_OK) {
        store_close_at(&founding.store);
        take_back(&founding);
        return result;
    }
    for (size_t i = 0; i < founding.issuer_count; i++) {
        founding.issuers[i].key.is_kept = true;
    }
    return write_report(&founding, report);
}
