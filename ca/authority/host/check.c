// The checks of a state folder, as a table.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "authority/host/check.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "authority/audit.h"
#include "authority/config/config.h"
#include "authority/issuers/issuer.h"
#include "authority/issuers/issuer_choice.h"
#include "authority/config/layout.h"
#include "authority/publish/publisher.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"

#define DAY (24LL * 60 * 60)

struct inspection {
    const char *folder;
    struct config config;
    struct store *store;
    struct issuer_set set;
    struct buf detail; // what is said behind "ok"
};

static void inspection_clear(struct inspection *inspection) {
    config_clear(&inspection->config);
    issuer_set_clear(&inspection->set);
    store_close_at(&inspection->store);
    buf_clear(&inspection->detail);
}

static enum result check_config(struct inspection *inspection, struct error *err) {
    AUTO(buf_clear) struct buf path = {0};
    buf_init(&path, PATH_MAX);
    TRY(path_join(&path, inspection->folder, LAYOUT_CONFIG));
    enum result result = config_load(buf_string(&path), &inspection->config, err);
    if (result == RESULT_NOT_FOUND) {
        error_hint(err, "make an authority with: signetd init --dir %s", inspection->folder);
    }
    TRY(result);
    size_t editable = 0;
    for (size_t i = 0; i < inspection->config.profiles.count; i++) {
        editable += !inspection->config.profiles.items[i].is_internal;
    }
    return buf_printf(&inspection->detail, "%zu profiles", editable);
}

static enum result add_warning(const char *line, void *report, struct error *err) {
    (void)err;
    return buf_printf(report, "WARNING %s\n", line);
}

static enum result check_mode(const char *path, mode_t forbidden, mode_t wanted,
                              struct error *err) {
    struct stat status;
    if (lstat(path, &status) != 0) {
        return error_from_errno(err, errno, "looking at %s", path);
    }
    if ((status.st_mode & forbidden) != 0) {
        (void)error_set_code(err, RESULT_DENIED, "file_mode",
                             "%s has mode %04o, which is too open", path,
                             (unsigned)(status.st_mode & 07777));
        error_hint(err, "chmod %o %s", (unsigned)wanted, path);
        return RESULT_DENIED;
    }
    if (status.st_uid != 0 && status.st_uid != geteuid() && geteuid() != 0) {
        (void)error_set_code(err, RESULT_DENIED, "file_owner",
                             "%s belongs to user %u, not to you", path,
                             (unsigned)status.st_uid);
        error_hint(err, "run signetd as the owner of the folder");
        return RESULT_DENIED;
    }
    return RESULT_OK;
}

static void close_folder(DIR **folder) {
    if (*folder != NULL) {
        (void)closedir(*folder);
    }
}

static enum result check_key_files(const char *path, size_t *out_count, struct error *err) {
    AUTO(close_folder) DIR *folder = opendir(path);
    if (folder == NULL) {
        return error_from_errno(err, errno, "opening the folder %s", path);
    }
    size_t count = 0;
    for (struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
        if (entry->d_name[0] == '.') {
            continue;
        }
        AUTO(buf_clear) struct buf file = {0};
        buf_init(&file, PATH_MAX);
        TRY(path_join(&file, path, entry->d_name));
        TRY(check_mode(buf_string(&file), S_IRWXG | S_IRWXO, 0600, err));
        count++;
    }
    *out_count = count;
    return RESULT_OK;
}

static enum result check_files(struct inspection *inspection, struct error *err) {
    AUTO(buf_clear) struct buf path = {0};
    buf_init(&path, PATH_MAX);
    size_t count = 0;
    TRY(check_mode(inspection->folder, S_IWGRP | S_IWOTH, 0700, err));
    TRY(path_join(&path, inspection->folder, LAYOUT_CONFIG));
    TRY(check_mode(buf_string(&path), S_IWGRP | S_IWOTH, 0644, err));
    TRY(path_join(&path, inspection->folder, LAYOUT_DATABASE));
    TRY(check_mode(buf_string(&path), S_IWGRP | S_IWOTH, 0600, err));
    TRY(path_join(&path, inspection->folder, LAYOUT_KEYS));
    TRY(check_mode(buf_string(&path), S_IRWXG | S_IRWXO, 0700, err));
    TRY(check_key_files(buf_string(&path), &count, err));
    return buf_printf(&inspection->detail, "%zu key file%s", count, count == 1 ? "" : "s");
}

static enum result check_store(struct inspection *inspection, struct error *err) {
    AUTO(buf_clear) struct buf path = {0};
    buf_init(&path, PATH_MAX);
    TRY(path_join(&path, inspection->folder, LAYOUT_DATABASE));
    TRY(store_open(buf_string(&path), false, &inspection->store, err));
    TRY(store_check(inspection->store, err));
    int64_t valid = 0, expired = 0, revoked = 0;
    TRY(store_count_certificates(inspection->store, clock_now(), &valid, &expired, &revoked,
                                 err));
    return buf_printf(&inspection->detail,
                      "certificates: %lld valid, %lld expired, %lld revoked", (long long)valid,
                      (long long)expired, (long long)revoked);
}

static enum result require_store(const struct inspection *inspection, struct error *err) {
    return inspection->store != NULL
               ? RESULT_OK
               : error_set(err, RESULT_UNAVAILABLE, "the store could not be opened");
}

static enum result check_issuers(struct inspection *inspection, struct error *err) {
    TRY(require_store(inspection, err));
    TRY(issuer_set_load(inspection->folder, inspection->store, &inspection->set, err));
    int64_t left = inspection->set.issuing->certificate.not_after - clock_now();
    return buf_printf(&inspection->detail, "%zu CAs, the issuing CA holds for %lld more days",
                      inspection->set.count, (long long)(left / DAY));
}

static enum result check_profile_issuers(struct inspection *inspection, struct error *err) {
    if (inspection->set.root == NULL || inspection->config.profiles.count == 0) {
        return error_set(err, RESULT_UNAVAILABLE, "configuration or CAs could not be read");
    }
    TRY(issuer_set_check_profiles(&inspection->set, &inspection->config.profiles, err));
    return buf_append_string(&inspection->detail, "each has a CA that issues");
}

// A crash may leave the file of a key that was taken offline.
static enum result check_offline_key(const struct inspection *inspection,
                                     const struct issuer *issuer, struct error *err) {
    AUTO(buf_clear) struct buf path = {0};
    buf_init(&path, PATH_MAX);
    TRY(issuer_key_path(inspection->folder, issuer->record.name, &path));
    if (!file_exists(buf_string(&path))) {
        return RESULT_OK;
    }
    (void)error_set_code(err, RESULT_CONFLICT, "root_key_left",
                         "the key of the CA \"%s\" is offline, and yet there is %s",
                         issuer->record.name, buf_string(&path));
    error_hint(err, "finish with: signetd root export --to the file that holds it");
    return RESULT_CONFLICT;
}

static enum result check_offline_crl(struct inspection *inspection, const struct issuer *issuer,
                                     struct error *err) {
    AUTO(crl_record_clear) struct crl_record crl = {0};
    enum result result = store_last_crl(inspection->store, issuer->record.id, &crl, err);
    if (result == RESULT_NOT_FOUND) {
        return RESULT_OK; // of an adopted CA's root: its CRLs were never ours
    }
    TRY(result);
    if (!crl_runs_out(crl.this_update, crl.next_update, clock_now())) {
        return RESULT_OK;
    }
    (void)error_set_code(err, RESULT_CONFLICT, "root_crl_runs_out",
                         "the CRL of the CA \"%s\" runs out, and its key is not here",
                         issuer->record.name);
    error_hint(err, "make one where the key is: signetd root crl; then: signetd root "
                    "install-crl");
    return RESULT_CONFLICT;
}

static enum result check_offline(struct inspection *inspection, struct error *err) {
    size_t count = 0;
    if (inspection->set.root == NULL) {
        return error_set(err, RESULT_UNAVAILABLE, "the CAs could not be read");
    }
    for (size_t i = 0; i < inspection->set.count; i++) {
        const struct issuer *issuer = &inspection->set.items[i];
        if (issuer->key == NULL) {
            TRY(check_offline_key(inspection, issuer, err));
            TRY(check_offline_crl(inspection, issuer, err));
            count++;
        }
    }
    return buf_printf(&inspection->detail, "%zu CA%s", count, count == 1 ? "" : "s");
}

static enum result check_audit(struct inspection *inspection, struct error *err) {
    TRY(require_store(inspection, err));
    TRY(audit_verify(inspection->store, err));
    return buf_append_string(&inspection->detail, "the chain is whole");
}

static const struct {
    const char *title;
    enum result (*run)(struct inspection *inspection, struct error *err);
} checks[] = {
    {"configuration", check_config},
    {"files", check_files},
    {"store", check_store},
    {"CA certificates and keys", check_issuers},
    {"issuers of the profiles", check_profile_issuers},
    {"keys kept elsewhere", check_offline},
    {"audit trail", check_audit},
};

static enum result report_failure(const char *title, const struct error *failure,
                                  struct buf *report) {
    TRY(buf_printf(report, "FAILED  %s: %s\n", title, failure->message));
    return failure->hint[0] == '\0' ? RESULT_OK
                                    : buf_printf(report, "        %s\n", failure->hint);
}

enum result authority_check(const char *folder, struct buf *report, struct error *err) {
    AUTO(inspection_clear) struct inspection inspection = {.folder = folder};
    struct error first = {0};
    buf_init(&inspection.detail, 512);
    for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
        struct error failure = {0};
        buf_reset(&inspection.detail);
        if (checks[i].run(&inspection, &failure) == RESULT_OK) {
            TRY(buf_printf(report, "ok      %s: %s\n", checks[i].title,
                           buf_string(&inspection.detail)));
            if (i == 0) { // the configuration
                TRY(config_each_warning(&inspection.config, add_warning, report, err));
            }
            continue;
        }
        TRY(report_failure(checks[i].title, &failure, report));
        if (first.result == RESULT_OK) {
            first = failure;
        }
    }
    if (err != NULL && first.result != RESULT_OK) {
        *err = first;
    }
    return first.result;
}
