// Opening, reloading and closing an authority's folder.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "authority/authority_open.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "authority/authority.h"
#include "authority/folder_owner.h"
#include "authority/issuers/issuer_choice.h"
#include "authority/config/layout.h"
#include "authority/profile_history.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"
#include "x509/hash.h"

static enum result lock_folder(struct authority *authority, struct error *err) {
    AUTO(buf_clear) struct buf path = {0};
    buf_init(&path, PATH_MAX);
    TRY(path_join(&path, authority->folder, LAYOUT_CONFIG));
    if (!file_exists(buf_string(&path))) {
        if (errno == EACCES) {
            return folder_refuse_stranger(authority->folder, err);
        }
        (void)error_set(err, RESULT_NOT_FOUND, "there is no authority in %s (no %s)",
                        authority->folder, LAYOUT_CONFIG);
        error_hint(err, "Make one with: signetd init --dir %s", authority->folder);
        return RESULT_NOT_FOUND;
    }
    TRY(path_join(&path, authority->folder, LAYOUT_LOCK));
    int descriptor = open(buf_string(&path), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (descriptor < 0) {
        return error_from_errno(err, errno, "opening the lock file %s", buf_string(&path));
    }
    enum result handed = folder_hand_over(authority->folder, buf_string(&path), err);
    if (handed != RESULT_OK) {
        (void)close(descriptor);
        return handed;
    }
    if (flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
        int reason = errno;
        (void)close(descriptor);
        if (reason != EWOULDBLOCK) {
            return error_from_errno(err, reason, "locking %s", buf_string(&path));
        }
        (void)error_set_code(err, RESULT_CONFLICT, "already_running",
                             "another signetd runs on the folder %s", authority->folder);
        error_hint(err, "Stop it first, or see who holds it with: fuser %s", buf_string(&path));
        return RESULT_CONFLICT;
    }
    authority->lock_descriptor = descriptor;
    authority->is_locked = true;
    return RESULT_OK;
}

static enum result load_config(const char *folder, struct config *out_config,
                               struct error *err) {
    AUTO(buf_clear) struct buf path = {0};
    buf_init(&path, PATH_MAX);
    TRY(path_join(&path, folder, LAYOUT_CONFIG));
    return config_load(buf_string(&path), out_config, err);
}

static enum result open_store(struct authority *authority, struct error *err) {
    AUTO(buf_clear) struct buf path = {0};
    buf_init(&path, PATH_MAX);
    TRY(path_join(&path, authority->folder, LAYOUT_DATABASE));
    return store_open(buf_string(&path), false, &authority->store, err);
}

static enum result load_keys(struct authority *authority, struct error *err) {
    TRY(issuer_set_load(authority->folder, authority->store, &authority->issuers, err));
    buf_init(&authority->chain, LIMIT_CHAIN_BYTES);
    buf_init(&authority->trust, LIMIT_TRUST_BYTES);
    TRY(issuer_set_chain(&authority->issuers, authority->issuers.issuing, &authority->chain));
    TRY(issuer_set_trust(&authority->issuers, &authority->trust));
    struct bytes root = authority->issuers.root->certificate.der;
    TRY(hash_sha256(root, authority->root_fingerprint));
    AUTO(buf_clear) struct buf text = {0};
    buf_init(&text, sizeof(authority->root_fingerprint_text) - 1);
    TRY(text_hex_encode(bytes_of(authority->root_fingerprint, SHA256_SIZE), &text));
    memcpy(authority->root_fingerprint_text, buf_string(&text), text.size + 1);
    return RESULT_OK;
}

static enum result open_all(struct authority *authority, const char *folder,
                            struct error *err) {
    authority->folder = string_copy(folder);
    if (authority->folder == NULL) {
        return error_out_of_memory(err);
    }
    TRY(lock_folder(authority, err));
    TRY(load_config(folder, &authority->config, err));
    TRY(open_store(authority, err));
    TRY(load_keys(authority, err));
    TRY(ocsp_responders_open(&authority->issuers, &authority->responders));
    authority->started = clock_now();
    return RESULT_OK;
}

enum result authority_open(const char *folder, struct authority *out_authority,
                           struct error *err) {
    struct authority authority = {0};
    enum result result = open_all(&authority, folder, err);
    if (result != RESULT_OK) {
        authority_clear(&authority);
        return result;
    }
    *out_authority = authority;
    return RESULT_OK;
}

void authority_clear(struct authority *authority) {
    publisher_clear(&authority->publisher);
    service_identity_clear(&authority->identity);
    ocsp_responders_clear(&authority->responders);
    ocsp_changes_clear(&authority->status_changes);
    decisions_clear(&authority->decisions);
    buf_clear(&authority->decided);
    buf_clear(&authority->chain);
    buf_clear(&authority->trust);
    issuer_set_clear(&authority->issuers);
    store_close_at(&authority->store);
    config_clear(&authority->config);
    string_free_at(&authority->folder);
    if (authority->is_locked) {
        // The lock goes with its descriptor; the file stays, so that nobody locks a removed
        // one.
        (void)close(authority->lock_descriptor);
    }
    *authority = (struct authority){0};
}

static bool lists_are_equal(const struct config_list *a, const struct config_list *b) {
    if (a->count != b->count) {
        return false;
    }
    for (size_t i = 0; i < a->count; i++) {
        if (strcmp(a->items[i], b->items[i]) != 0) {
            return false;
        }
    }
    return true;
}

// Sockets are bound and processes are counted at start only.
static bool needs_restart(const struct config *old, const struct config *new,
                          struct error *err) {
    const char *what = NULL;
    if (!lists_are_equal(&old->enroll_listen, &new->enroll_listen) ||
        !lists_are_equal(&old->admin_listen, &new->admin_listen) ||
        !lists_are_equal(&old->public_listen, &new->public_listen)) {
        what = "addresses to listen on";
    } else if (old->enroll_gateways != new->enroll_gateways) {
        what = "number of gateways";
    } else if (!lists_are_equal(&old->pkcs11_paths, &new->pkcs11_paths)) {
        what = "pkcs11_paths";
    }
    if (what == NULL) {
        return false;
    }
    (void)error_set(err, RESULT_OK, "the new %s take effect with a restart only", what);
    return true;
}

static enum result record_reload(struct authority *authority, void *context,
                                 struct error *err) {
    const struct config *config = context;
    TRY(decision_record(authority, NULL, LOG_LEVEL_INFO, "configuration reloaded", config->name,
                        "", err));
    return profile_history_record(authority, config, err);
}

static enum result record_start(struct authority *authority, void *context, struct error *err) {
    (void)context;
    AUTO(buf_clear) struct buf detail = {0};
    buf_init(&detail, 256);
    TRY(buf_printf(&detail, "version=" SIGNET_VERSION " root=%s",
                   authority->root_fingerprint_text));
    TRY(decision_record(authority, NULL, LOG_LEVEL_INFO, "authority started",
                        authority->config.name, buf_string(&detail), err));
    return profile_history_record(authority, &authority->config, err);
}

enum result authority_record_start(struct authority *authority, struct error *err) {
    return authority_transact(authority, record_start, NULL, err);
}

static enum result record_stop(struct authority *authority, void *context, struct error *err) {
    (void)context;
    return decision_record(authority, NULL, LOG_LEVEL_INFO, "authority stopped",
                           authority->config.name, "", err);
}

enum result authority_record_stop(struct authority *authority, struct error *err) {
    return authority_transact(authority, record_stop, NULL, err);
}

enum result authority_reload(struct authority *authority, bool *out_needs_restart,
                             struct error *err) {
    struct config config = {0};
    TRY(load_config(authority->folder, &config, err));
    struct error failure = {0};
    if (issuer_set_check_profiles(&authority->issuers, &config.profiles, &failure) !=
            RESULT_OK &&
        strcmp(failure.code, "issuer_unknown") == 0) {
        config_clear(&config);
        *err = failure;
        return failure.result;
    }
    *out_needs_restart = needs_restart(&authority->config, &config, err);
    // First the record, then the change: what could not be audited does not come into force.
    enum result result = authority_transact(authority, record_reload, &config, err);
    if (result != RESULT_OK) {
        config_clear(&config);
        return result;
    }
    if (!lists_are_equal(&authority->config.hosts, &config.hosts)) {
        authority->identity.is_outdated = true;
    }
    config_clear(&authority->config);
    authority->config = config;
    ocsp_note_all_changed(&authority->status_changes); // answers may look different now
    return RESULT_OK;
}
