// Export and import of the root's key.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "authority/host/root_key.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "authority/authority.h"
#include "authority/folder_owner.h"
#include "authority/issuers/ca_key.h"
#include "authority/config/layout.h"
#include "base/clock.h"
#include "base/file.h"
#include "x509/key_pkcs11.h"

#define SECRET_MODE 0600

// --- the file outside ------------------------------------------------------------------------

static enum result read_back(const struct certificate *root, const char *path,
                             const char *passphrase, struct error *err) {
    AUTO(key_free_at) struct key *key = NULL;
    TRY(key_load_file(path, passphrase, &key, err));
    // Not only that it can be read: that what is in it signs for the root.
    return ca_key_prove(root, key, err);
}

static enum result write_outside(const struct root_export *wanted, const struct key *key,
                                 struct error *err) {
    AUTO(buf_clear) struct buf pem = {0};
    buf_init_secret(&pem, LIMIT_KEY_FILE_BYTES);
    // Of a key on a token only its URI goes outside, and the token itself is taken away.
    TRY(key_uri(key) != NULL ? key_save_text(key, &pem, err)
                             : key_save_pem(key, wanted->passphrase, &pem, err));
    return file_create(wanted->path, buf_bytes(&pem), SECRET_MODE, err);
}

static enum result secure_outside(const struct certificate *root,
                                  const struct root_export *wanted, const struct key *key,
                                  struct error *err) {
    if (!file_exists(wanted->path)) {
        TRY(write_outside(wanted, key, err));
        return read_back(root, wanted->path, wanted->passphrase, err);
    }
    if (read_back(root, wanted->path, wanted->passphrase, err) == RESULT_OK) {
        return RESULT_OK;
    }
    (void)error_set_code(err, RESULT_CONFLICT, "file_other",
                         "%s exists, and is not this root's key under this passphrase",
                         wanted->path);
    error_hint(err, "Name another file with --to.");
    return RESULT_CONFLICT;
}

// --- the file inside -------------------------------------------------------------------------

// File systems may keep the old blocks all the same; the passphrase is what protects copies.
static enum result overwrite(int descriptor, struct error *err) {
    static const uint8_t zeros[4096];
    struct stat status;
    if (fstat(descriptor, &status) != 0) {
        return error_from_errno(err, errno, "looking at the key file");
    }
    for (off_t left = status.st_size; left > 0;) {
        size_t size = left < (off_t)sizeof(zeros) ? (size_t)left : sizeof(zeros);
        ssize_t written = write(descriptor, zeros, size);
        if (written <= 0) {
            return error_from_errno(err, errno, "overwriting the key file");
        }
        left -= written;
    }
    return fsync(descriptor) == 0 ? RESULT_OK
                                  : error_from_errno(err, errno, "overwriting the key file");
}

static enum result destroy(const char *folder, const char *path, struct error *err) {
    int descriptor = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
    if (descriptor < 0) {
        return error_from_errno(err, errno, "opening %s", path);
    }
    enum result result = overwrite(descriptor, err);
    (void)close(descriptor);
    TRY(result);
    if (unlink(path) != 0) {
        return error_from_errno(err, errno, "removing %s", path);
    }
    AUTO(buf_clear) struct buf keys = {0};
    buf_init(&keys, PATH_MAX);
    TRY(path_join(&keys, folder, LAYOUT_KEYS));
    return folder_sync(buf_string(&keys), err);
}

// --- export ----------------------------------------------------------------------------------

struct moving {
    const struct peer *peer;
    const char *event;
    const char *key_reference; // NULL: elsewhere
    int64_t crl_lifetime;
};

static enum result record_move(struct authority *authority, void *context, struct error *err) {
    const struct moving *moving = context;
    const struct issuer *root = authority->issuers.root;
    if (moving->key_reference == NULL) {
        TRY(publisher_make(authority, moving->peer, root, clock_now(), moving->crl_lifetime,
                           err));
    }
    TRY(store_set_issuer_key(authority->store, root->record.id, moving->key_reference, err));
    return decision_record(authority, moving->peer, LOG_LEVEL_WARNING, moving->event,
                           root->record.name, "", err);
}

static enum result find_key(const struct issuer *root, const char *path, struct key **out_key,
                            struct error *err) {
    if (file_exists(path)) {
        return key_load_file(path, NULL, out_key, err);
    }
    (void)error_set_code(err, RESULT_CONFLICT, "root_offline",
                         "the key of the CA \"%s\" is not here (any more)", root->record.name);
    error_hint(err, "Bring it back with: signetd root import");
    return RESULT_CONFLICT;
}

enum result root_key_export(struct authority *authority, const struct peer *peer,
                            const struct root_export *wanted, struct error *err) {
    const struct issuer *root = authority->issuers.root;
    if (root == authority->issuers.issuing) {
        (void)error_set_code(err, RESULT_INVALID, "root_issues",
                             "the root of this authority issues by itself: without its key "
                             "nothing could be issued");
        error_hint(err, "Found an authority with a root of its own: signetd init");
        return RESULT_INVALID;
    }
    AUTO(buf_clear) struct buf path = {0};
    AUTO(key_free_at) struct key *key = NULL;
    buf_init(&path, PATH_MAX);
    TRY(issuer_key_path(authority->folder, root->record.name, &path));
    TRY(find_key(root, buf_string(&path), &key, err));
    TRY(ca_key_prove(&root->certificate, key, err));
    TRY(secure_outside(&root->certificate, wanted, key, err));
    if (root->key != NULL) {
        struct moving moving = {
            .peer = peer, .event = "root key exported", .crl_lifetime = wanted->crl_lifetime};
        TRY(authority_transact(authority, record_move, &moving, err));
    }
    return destroy(authority->folder, buf_string(&path), err);
}

// --- import ----------------------------------------------------------------------------------

static enum result write_inside(const struct authority *authority, const char *path,
                                const struct key *key, struct error *err) {
    AUTO(buf_clear) struct buf pem = {0};
    buf_init_secret(&pem, LIMIT_KEY_FILE_BYTES);
    TRY(key_save_text(key, &pem, err));
    TRY(file_replace(path, buf_bytes(&pem), SECRET_MODE, err));
    return folder_hand_over(authority->folder, path, err);
}

enum result root_key_import(struct authority *authority, const struct peer *peer,
                            const char *path, const char *passphrase, struct error *err) {
    const struct issuer *root = authority->issuers.root;
    if (root->key != NULL) {
        (void)error_set_code(err, RESULT_CONFLICT, "root_online",
                             "the key of the CA \"%s\" is here", root->record.name);
        error_hint(err, "Nothing is to be done; to take it offline: signetd root export");
        return RESULT_CONFLICT;
    }
    AUTO(key_free_at) struct key *key = NULL;
    AUTO(buf_clear) struct buf inside = {0};
    AUTO(buf_clear) struct buf reference = {0};
    buf_init(&inside, PATH_MAX);
    buf_init(&reference, NAME_MAX);
    TRY(key_load_file(path, passphrase, &key, err));
    TRY(ca_key_prove(&root->certificate, key, err));
    TRY(issuer_key_path(authority->folder, root->record.name, &inside));
    TRY(buf_printf(&reference, LAYOUT_KEYS "/%s.key", root->record.name));
    TRY(write_inside(authority, buf_string(&inside), key, err));
    struct moving moving = {
        .peer = peer, .event = "root key imported", .key_reference = buf_string(&reference)};
    return authority_transact(authority, record_move, &moving, err);
}
