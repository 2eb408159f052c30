// Making an owner anew: record, certificate, audit and files, in an order that a crash may cut.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "authority/host/admin_reset.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "authority/decide/admin.h"
#include "authority/authority.h"
#include "authority/authority_open.h"
#include "authority/folder_owner.h"
#include "authority/decide/issuance.h"
#include "authority/config/layout.h"
#include "authority/peer.h"
#include "base/clock.h"
#include "base/file.h"
#include "x509/pem.h"

#define FIRST_NAME "admin"
#define FOLDER_NEW LAYOUT_ADMIN ".new"
#define FOLDER_OLD LAYOUT_ADMIN ".old"
// Names tried and folders kept before somebody has to clear up.
#define LIMIT_NUMBERED 100

struct resetting {
    const struct admin_reset *options;
    struct peer peer;
    int64_t now;
    char name[LIMIT_COMMON_NAME_BYTES + 1];
    struct buf set_aside; // the folder with the credential of before; empty without
    int64_t removed;
};

static void resetting_clear(struct resetting *resetting) {
    peer_clear(&resetting->peer);
    buf_clear(&resetting->set_aside);
}

static enum result path_in(const struct resetting *resetting, const char *folder,
                           const char *name, struct buf *out, struct error *err) {
    AUTO(buf_clear) struct buf inside = {0};
    buf_init(&inside, PATH_MAX);
    buf_init(out, PATH_MAX);
    if (path_join(&inside, resetting->options->folder, folder) != RESULT_OK ||
        (name == NULL ? buf_append(out, buf_bytes(&inside))
                      : path_join(out, buf_string(&inside), name)) != RESULT_OK) {
        return error_set(err, RESULT_INVALID, "the path of the state folder is too long");
    }
    return RESULT_OK;
}

// --- whose credential it is ----------------------------------------------------------------------

static enum result refuse_removed(const char *name, struct error *err) {
    (void)error_set_code(err, RESULT_CONFLICT, "admin_exists",
                         "the administrator %s was removed, and names are not used again",
                         name);
    error_field(err, "name");
    error_hint(err, "Choose another name, or leave --name out.");
    return RESULT_CONFLICT;
}

// *out_admin stays empty for a name that was never used.
static enum result look_up(struct authority *authority, const char *name,
                           struct admin_record *out_admin, struct error *err) {
    struct error reason = {0};
    enum result result = store_find_admin(authority->store, name, out_admin, &reason);
    return result == RESULT_OK || result == RESULT_NOT_FOUND
               ? RESULT_OK
               : error_set(err, result, "%s", reason.message);
}

static enum result choose_name(struct authority *authority, struct resetting *resetting,
                               struct error *err) {
    const char *wanted = resetting->options->name;
    if (wanted != NULL) {
        TRY(admin_check_name(wanted, err));
    }
    (void)snprintf(resetting->name, sizeof(resetting->name), "%s",
                   wanted == NULL ? FIRST_NAME : wanted);
    for (int number = 2; number <= LIMIT_NUMBERED; number++) {
        AUTO(admin_record_clear) struct admin_record admin = {0};
        TRY(look_up(authority, resetting->name, &admin, err));
        if (admin.removed_at == 0) {
            return RESULT_OK;
        }
        if (wanted != NULL) {
            break;
        }
        (void)snprintf(resetting->name, sizeof(resetting->name), FIRST_NAME "-%d", number);
    }
    return refuse_removed(resetting->name, err);
}

static enum result make_owner(struct authority *authority, struct resetting *resetting,
                              struct error *err) {
    static char role[] = "owner";
    AUTO(admin_record_clear) struct admin_record admin = {0};
    int64_t revoked = 0;
    TRY(look_up(authority, resetting->name, &admin, err));
    if (admin.name == NULL) {
        const struct admin_record added = {.name = resetting->name,
                                           .role = role,
                                           .created = resetting->now,
                                           .created_by = resetting->peer.actor};
        TRY(store_add_admin(authority->store, &added, err));
    } else if (strcmp(admin.role, role) != 0) {
        TRY(store_change_admin(authority->store, admin.name, role, err));
    }
    // Whoever resets does not have the old key, or does not know who else has it.
    TRY(admin_revoke_certificates(authority, &resetting->peer, resetting->name,
                                  CRL_REASON_SUPERSEDED, resetting->now, &revoked, err));
    AUTO(buf_clear) struct buf detail = {0};
    buf_init(&detail, 256);
    TRY(buf_printf(&detail, "role=%s was=%s revoked=%lld", role,
                   admin.role == NULL ? "nobody" : admin.role, (long long)revoked));
    return decision_record(authority, &resetting->peer, LOG_LEVEL_WARNING, "admin reset",
                           resetting->name, buf_string(&detail), err);
}

// --- the others ----------------------------------------------------------------------------------

struct others {
    const char *except;
    struct config_list names;
};

static void others_clear(struct others *others) {
    config_list_clear(&others->names);
}

static enum result collect_other(void *context, const struct admin_record *admin,
                                 struct error *err) {
    struct others *others = context;
    if (admin->removed_at != 0 || strcmp(admin->name, others->except) == 0) {
        return RESULT_OK;
    }
    return config_list_add(&others->names, admin->name, err);
}

static enum result remove_others(struct authority *authority, struct resetting *resetting,
                                 struct error *err) {
    AUTO(others_clear) struct others others = {.except = resetting->name};
    TRY(store_each_admin(authority->store, SIZE_MAX / 2, collect_other, &others, err));
    for (size_t i = 0; i < others.names.count; i++) {
        AUTO(admin_record_clear) struct admin_record admin = {0};
        TRY(store_find_admin(authority->store, others.names.items[i], &admin, err));
        TRY(admin_take_away(authority, &resetting->peer, &admin, resetting->now, err));
        resetting->removed++;
    }
    return RESULT_OK;
}

// --- certificate and files -----------------------------------------------------------------------

static enum result issue(struct authority *authority, struct resetting *resetting,
                         const struct key *key, struct certificate_record *out_record,
                         struct error *err) {
    const struct profile *profile = NULL;
    TRY(authority_find_token_profile(authority, PROFILE_ADMIN, &profile, err));
    AUTO(names_clear) struct names names = {0};
    TRY(names_add(&names, NAME_CN, bytes_of_string(resetting->name), err));
    struct grant grant = {.names = &names};
    struct issuance issuance = {
        .profile = profile,
        .grant = &grant,
        .names = &names,
        .spki = key_public(key),
        .now = resetting->now,
    };
    return issuance_run(authority, &resetting->peer, "certificate issued", &issuance,
                        out_record, err);
}

static enum result write_file(const struct resetting *resetting, const char *name,
                              struct bytes contents, mode_t mode, struct error *err) {
    AUTO(buf_clear) struct buf path = {0};
    TRY(path_in(resetting, FOLDER_NEW, name, &path, err));
    TRY(file_replace(buf_string(&path), contents, mode, err));
    return folder_hand_over(resetting->options->folder, buf_string(&path), err);
}

static enum result write_certificates(const struct resetting *resetting, const char *name,
                                      struct bytes der, struct error *err) {
    AUTO(buf_clear) struct buf pem = {0};
    buf_init(&pem, 2 * LIMIT_CHAIN_BYTES);
    TRY(pem_encode_all(PEM_CERTIFICATE, der, &pem));
    return write_file(resetting, name, buf_bytes(&pem), 0644, err);
}

// The files of credential.h, as the founding makes them.
static enum result write_files(const struct authority *authority,
                               const struct resetting *resetting, const struct key *key,
                               const struct certificate_record *record, struct error *err) {
    AUTO(buf_clear) struct buf chain = {0};
    buf_init(&chain, LIMIT_CHAIN_BYTES);
    TRY(issuer_set_chain(&authority->issuers,
                         authority_find_issuer(authority, record->issuer_id), &chain));
    AUTO(buf_clear) struct buf folder = {0};
    AUTO(buf_clear) struct buf pem = {0};
    AUTO(buf_clear) struct buf url = {0};
    buf_init_secret(&pem, LIMIT_KEY_FILE_BYTES);
    buf_init(&url, LIMIT_URL_BYTES + 1);
    TRY(path_in(resetting, FOLDER_NEW, NULL, &folder, err));
    TRY(folder_make_all(buf_string(&folder), 0700, err));
    TRY(folder_hand_over(resetting->options->folder, buf_string(&folder), err));
    TRY(key_save_pem(key, NULL, &pem, err));
    TRY(buf_printf(&url, "%s\n", authority->config.admin_url));
    TRY(write_file(resetting, "key.pem", buf_bytes(&pem), 0600, err));
    TRY(write_certificates(resetting, "cert.pem", buf_bytes(&record->der), err));
    TRY(write_certificates(resetting, "chain.pem", buf_bytes(&chain), err));
    TRY(write_certificates(resetting, "ca.pem", authority->issuers.root->certificate.der, err));
    TRY(write_file(resetting, "url", buf_bytes(&url), 0644, err));
    return folder_sync(buf_string(&folder), err);
}

static enum result free_folder(struct resetting *resetting, struct error *err) {
    for (int number = 1; number <= LIMIT_NUMBERED; number++) {
        char name[sizeof(FOLDER_OLD) + 16];
        (void)snprintf(name, sizeof(name), number == 1 ? FOLDER_OLD : FOLDER_OLD "-%d", number);
        buf_clear(&resetting->set_aside);
        TRY(path_in(resetting, name, NULL, &resetting->set_aside, err));
        if (!file_exists(buf_string(&resetting->set_aside))) {
            return RESULT_OK;
        }
    }
    return error_set(err, RESULT_CONFLICT, "there are %d folders %s already: remove them",
                     LIMIT_NUMBERED, buf_string(&resetting->set_aside));
}

// After the commit: a crash in between leaves the new credential in admin.new/.
static enum result move_into_place(struct resetting *resetting, struct error *err) {
    AUTO(buf_clear) struct buf new_folder = {0};
    AUTO(buf_clear) struct buf folder = {0};
    TRY(path_in(resetting, FOLDER_NEW, NULL, &new_folder, err));
    TRY(path_in(resetting, LAYOUT_ADMIN, NULL, &folder, err));
    if (file_exists(buf_string(&folder))) {
        TRY(free_folder(resetting, err));
        if (rename(buf_string(&folder), buf_string(&resetting->set_aside)) != 0) {
            return error_from_errno(err, errno, "moving %s aside", buf_string(&folder));
        }
    }
    if (rename(buf_string(&new_folder), buf_string(&folder)) != 0) {
        return error_from_errno(err, errno, "moving %s to %s", buf_string(&new_folder),
                                buf_string(&folder));
    }
    return folder_sync(resetting->options->folder, err);
}

// --- all of it -----------------------------------------------------------------------------------

static enum result reset(struct authority *authority, void *context, struct error *err) {
    struct resetting *resetting = context;
    AUTO(key_free_at) struct key *key = NULL;
    AUTO(certificate_record_clear) struct certificate_record record = {0};
    TRY(choose_name(authority, resetting, err));
    TRY(make_owner(authority, resetting, err));
    if (resetting->options->removes_others) {
        TRY(remove_others(authority, resetting, err));
    }
    TRY(key_generate(KEY_P256, &key, err));
    TRY(issue(authority, resetting, key, &record, err));
    return write_files(authority, resetting, key, &record, err);
}

// What was revoked is served from the next start on.
static enum result publish(struct authority *authority, struct error *err) {
    if (!publisher_is_due(authority, clock_now())) {
        return RESULT_OK;
    }
    enum result result = publisher_run(authority, clock_now(), err);
    if (result != RESULT_OK && strcmp(err->code, "crl_too_soon") == 0) {
        // The last one was made in this very second.
        (void)sleep(1);
        *err = (struct error){0};
        result = publisher_run(authority, clock_now(), err);
    }
    return result;
}

static enum result write_report(const struct resetting *resetting, struct buf *report) {
    const char *folder = resetting->options->folder;
    TRY(buf_printf(report,
                   "Administrator %s is owner; the credential is in %s/" LAYOUT_ADMIN
                   " (its key makes you owner: keep it safe).\n",
                   resetting->name, folder));
    if (resetting->set_aside.size > 0) {
        TRY(buf_printf(report, "The one of before is revoked and lies in %s.\n",
                       buf_string(&resetting->set_aside)));
    }
    if (resetting->options->removes_others) {
        TRY(buf_printf(report, "Other administrators removed: %lld.\n",
                       (long long)resetting->removed));
    }
    return buf_printf(report,
                      "\nNext:\n  signetd run --dir %s\n"
                      "  signetctl --credential %s/" LAYOUT_ADMIN " admin list\n",
                      folder, folder);
}

enum result admin_reset(const struct admin_reset *options, struct buf *report,
                        struct error *err) {
    AUTO(resetting_clear) struct resetting resetting = {.options = options, .now = clock_now()};
    AUTO(authority_clear) struct authority authority = {0};
    char user[32];
    (void)snprintf(user, sizeof(user), "%lu", (unsigned long)getuid());
    peer_init(&resetting.peer, (struct bytes){0});
    peer_set_actor(&resetting.peer, "host", user);
    TRY(authority_open(options->folder, &authority, err));
    TRY(publisher_start(&authority, err));
    TRY(authority_transact(&authority, reset, &resetting, err));
    TRY(move_into_place(&resetting, err));
    TRY(publish(&authority, err));
    return write_report(&resetting, report);
}
