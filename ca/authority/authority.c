// Opening, reloading and closing an authority's folder.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "authority/authority.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

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

bool authority_has_public_url(const struct authority *authority) {
    const char *url = authority->config.public_url;
    return url != NULL && url[0] != '\0';
}

const struct issuer *authority_find_issuer(const struct authority *authority, int64_t id) {
    for (size_t i = 0; i < authority->issuers.count; i++) {
        if (authority->issuers.items[i].record.id == id) {
            return &authority->issuers.items[i];
        }
    }
    return NULL;
}

enum result authority_issuer_for(const struct authority *authority,
                                 const struct profile *profile,
                                 const struct issuer **out_issuer, struct error *err) {
    return issuer_set_choose(&authority->issuers, profile, out_issuer, err);
}

static void suggest_profile(const struct profile_list *profiles, const char *name,
                            struct error *err) {
    const char *candidates[100];
    size_t count = 0;
    for (size_t i = 0; i < profiles->count && count < 100; i++) {
        if (!profiles->items[i].is_internal) {
            candidates[count++] = profiles->items[i].name;
        }
    }
    const char *nearest = text_nearest(name, candidates, count);
    if (nearest != NULL) {
        error_hint(err, "Did you mean %s?", nearest);
    } else {
        error_hint(err, "The profiles are listed by GET /v1/authority.");
    }
}

enum result authority_find_profile(const struct authority *authority, const char *name,
                                   const struct profile **out_profile, struct error *err) {
    const struct profile *profile = profile_find(&authority->config.profiles, name);
    if (profile == NULL) {
        (void)error_set_code(err, RESULT_NOT_FOUND, "profile_unknown", "there is no profile %s",
                             name);
        error_field(err, "profile");
        suggest_profile(&authority->config.profiles, name, err);
        return RESULT_NOT_FOUND;
    }
    if (profile->is_internal) {
        (void)error_set_code(err, RESULT_DENIED, "profile_internal",
                             "profile %s is the authority's own and is never granted", name);
        error_field(err, "profile");
        error_hint(err, "Choose one of those that GET /v1/authority lists.");
        return RESULT_DENIED;
    }
    *out_profile = profile;
    return RESULT_OK;
}

enum result authority_find_token_profile(const struct authority *authority, const char *name,
                                         const struct profile **out_profile,
                                         struct error *err) {
    if (strcmp(name, PROFILE_ADMIN) != 0) {
        return authority_find_profile(authority, name, out_profile, err);
    }
    *out_profile = profile_find(&authority->config.profiles, name);
    return *out_profile != NULL
               ? RESULT_OK
               : error_set(err, RESULT_INTERNAL, "profile %s is missing", name);
}

enum result authority_transact(struct authority *authority,
                               enum result (*body)(struct authority *authority, void *context,
                                                   struct error *err),
                               void *context, struct error *err) {
    TRY(store_begin(authority->store, err));
    enum result result = body(authority, context, err);
    if (result == RESULT_OK) {
        result = store_commit(authority->store, err);
    } else {
        store_rollback(authority->store);
    }
    if (result != RESULT_OK) {
        decisions_drop(&authority->decisions, 0);
        return result;
    }
    decisions_log(&authority->decisions);
    return RESULT_OK;
}
