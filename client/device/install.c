// Writing generations and moving the link.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "client/device/install.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/limits.h"
#include "base/text.h"
#include "client/connect/credential.h"
#include "client/device/folder.h"
#include "client/device/generations.h"
#include "client/device/ownership.h"
#include "client/device/settings.h"
#include "x509/certificate.h"
#include "x509/key_pkcs11.h"
#include "x509/pem.h"

#define LINK_TEMPORARY "current.new"
#define FILE_BYTES (4 * LIMIT_CHAIN_BYTES)

// --- contents ----------------------------------------------------------------------------

static enum result write_key(const struct installation *installation, struct buf *out,
                             struct error *err) {
    return key_save_text(installation->key, out, err);
}

static enum result write_nothing(const struct installation *installation, struct buf *out,
                                 struct error *err) {
    (void)installation;
    (void)out;
    (void)err;
    return RESULT_OK;
}

static enum result write_leaf(const struct installation *installation, struct buf *out,
                              struct error *err) {
    (void)err;
    return pem_encode(PEM_CERTIFICATE, blob_bytes(&installation->issued->certificate), out);
}

static enum result write_chain(const struct installation *installation, struct buf *out,
                               struct error *err) {
    (void)err;
    return pem_encode_all(PEM_CERTIFICATE, blob_bytes(&installation->issued->chain), out);
}

static enum result write_root(const struct installation *installation, struct buf *out,
                              struct error *err) {
    (void)err;
    return pem_encode(PEM_CERTIFICATE, blob_bytes(&installation->issued->root), out);
}

static enum result write_trust(const struct installation *installation, struct buf *out,
                               struct error *err) {
    if (installation->trust.size > 0) {
        return pem_encode_all(PEM_CERTIFICATE, installation->trust, out);
    }
    TRY(write_root(installation, out, err));
    return write_chain(installation, out, err);
}

static enum result write_full_chain(const struct installation *installation, struct buf *out,
                                    struct error *err) {
    TRY(write_leaf(installation, out, err));
    return write_chain(installation, out, err);
}

static enum result write_combined(const struct installation *installation, struct buf *out,
                                  struct error *err) {
    TRY(write_key(installation, out, err));
    return write_full_chain(installation, out, err);
}

static enum result write_url(const struct installation *installation, struct buf *out,
                             struct error *err) {
    (void)err;
    return buf_printf(out, "%s\n", installation->url);
}

static enum result write_about(const struct installation *installation, struct buf *out,
                               struct error *err) {
    const struct issued *issued = installation->issued;
    // A view: nothing of it is owned here, so it is not cleared.
    const struct about about = {
        .serial = issued->serial,
        .profile = issued->profile,
        .names = issued->names,
        .not_before = issued->not_before,
        .not_after = issued->not_after,
        .renew_after = issued->renew_after,
    };
    TRY(message_to_json(&about_type, &about, out, err));
    return buf_append_byte(out, '\n');
}

// Whether a part belongs to a credential with this key.
static bool is_always(const struct installation *installation) {
    (void)installation;
    return true;
}

static bool is_in_file(const struct installation *installation) {
    return key_uri(installation->key) == NULL;
}

static bool is_on_token(const struct installation *installation) {
    return key_uri(installation->key) != NULL;
}

static bool is_made_on_token(const struct installation *installation) {
    return installation->is_key_made;
}

// What a service reads as its key is given to the settings' owner. Everything else the agent
// believes, also what names a token's module: that stays its own.
static const struct part {
    const char *name;
    bool is_private;
    bool is_given;
    bool (*belongs)(const struct installation *installation);
    enum result (*write)(const struct installation *installation, struct buf *out,
                         struct error *err);
} parts[] = {
    {CREDENTIAL_KEY, true, true, is_in_file, write_key},
    {CREDENTIAL_KEY_URI, true, false, is_on_token, write_key},
    {CREDENTIAL_KEY_MADE, true, false, is_made_on_token, write_nothing},
    {CREDENTIAL_CERTIFICATE, false, false, is_always, write_leaf},
    {CREDENTIAL_CHAIN, false, false, is_always, write_chain},
    {CREDENTIAL_TRUST, false, false, is_always, write_trust},
    {CREDENTIAL_ROOT, false, false, is_always, write_root},
    {CREDENTIAL_FULL_CHAIN, false, false, is_always, write_full_chain},
    {CREDENTIAL_COMBINED, true, true, is_in_file, write_combined},
    {CREDENTIAL_URL, false, false, is_always, write_url},
    {CREDENTIAL_ABOUT, false, false, is_always, write_about},
};

// --- one generation ----------------------------------------------------------------------

// What a generation is written from: a new installation, or the files of the present one.
struct source {
    const struct installation *installation; // NULL: `current`
    const char *current;
    const struct key *key; // of `current`, where it is in a file
    struct bytes trust;    // for ca.pem, in place of the present one; empty: that
    struct folder_access access;
};

// Of the files at hand, those that not every credential has are taken over when they are there.
static bool has_part(const struct part *part, const struct source *source) {
    if (source->installation != NULL) {
        return part->belongs(source->installation);
    }
    AUTO(buf_clear) struct buf path = {0};
    buf_init(&path, LIMIT_PATH_BYTES);
    return part->belongs == is_always ||
           (path_join(&path, source->current, part->name) == RESULT_OK &&
            file_exists(buf_string(&path)));
}

static enum result read_file(const struct source *source, const char *name, struct buf *out,
                             struct error *err) {
    AUTO(buf_clear) struct buf path = {0};
    buf_init(&path, LIMIT_PATH_BYTES);
    TRY(path_join(&path, source->current, name));
    return file_read_no_link(buf_string(&path), out, err);
}

// What a service could have written is not copied, but made of the key that fits the certificate.
static enum result write_given(const struct part *part, const struct source *source,
                               struct buf *out, struct error *err) {
    TRY(key_save_text(source->key, out, err));
    return part->write == write_combined ? read_file(source, CREDENTIAL_FULL_CHAIN, out, err)
                                         : RESULT_OK;
}

static enum result read_part(const struct part *part, const struct source *source,
                             struct buf *out, struct error *err) {
    if (source->installation != NULL) {
        enum result written = part->write(source->installation, out, err);
        return written == RESULT_OK
                   ? written
                   : error_set(err, written, "cannot put %s together", part->name);
    }
    if (source->trust.size > 0 && part->write == write_trust) {
        return pem_encode_all(PEM_CERTIFICATE, source->trust, out);
    }
    return part->is_given ? write_given(part, source, out, err)
                          : read_file(source, part->name, out, err);
}

// Only root can give files away; where that fails, the installation fails, rather than lock a
// broker out of its key.
static enum result write_part(const struct part *part, const struct source *source,
                              const char *generation, struct error *err) {
    AUTO(buf_clear) struct buf contents = {0};
    AUTO(buf_clear) struct buf path = {0};
    AUTO(buf_clear) struct buf predecessor = {0};
    buf_init_secret(&contents, FILE_BYTES);
    buf_init(&path, LIMIT_PATH_BYTES);
    buf_init(&predecessor, LIMIT_PATH_BYTES);
    TRY(read_part(part, source, &contents, err));
    TRY(path_join(&path, generation, part->name));
    TRY(path_join(&predecessor, source->current, part->name));
    TRY(file_replace(buf_string(&path), buf_bytes(&contents), part->is_private ? 0600 : 0644,
                     err));
    struct folder_access access = source->access;
    access.mode = part->is_private ? access.mode : 0;
    access.owner = part->is_given ? access.owner : geteuid();
    return folder_give_access(buf_string(&path), buf_string(&predecessor),
                              part->is_private ? 0640 : 0644, &access, err);
}

static enum result write_generation(const char *generation, const struct source *source,
                                    struct error *err) {
    TRY(folder_remove(generation, err)); // what a crash left under this number
    TRY(folder_make(generation, 0755, err));
    const struct folder_access own = {.owner = geteuid(), .group = FOLDER_UNCHANGED};
    TRY(folder_give_access(generation, source->current, 0755, &own, err));
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        if (has_part(&parts[i], source)) {
            TRY(write_part(&parts[i], source, generation, err));
        }
    }
    return folder_sync(generation, err);
}

// --- the link ----------------------------------------------------------------------------

static enum result move_link(const char *folder, const char *link, int64_t number,
                             struct error *err) {
    AUTO(buf_clear) struct buf temporary = {0};
    buf_init(&temporary, LIMIT_PATH_BYTES);
    TRY(path_join(&temporary, folder, LINK_TEMPORARY));
    char target[64];
    (void)snprintf(target, sizeof(target), CREDENTIAL_GENERATIONS "/%lld", (long long)number);
    (void)unlink(buf_string(&temporary)); // left by a crash, or not there
    if (symlink(target, buf_string(&temporary)) != 0) {
        return error_from_errno(err, errno, "cannot make the link %s", buf_string(&temporary));
    }
    if (rename(buf_string(&temporary), link) != 0) {
        return error_from_errno(err, errno, "cannot move %s", link);
    }
    return folder_sync(folder, err);
}

// --- installing --------------------------------------------------------------------------

// A key on a token is named by a file that is ours, and copied.
static enum result read_present_key(struct source *source, struct credential *present,
                                    struct error *err) {
    AUTO(buf_clear) struct buf uri = {0};
    buf_init(&uri, LIMIT_PATH_BYTES);
    TRY(path_join(&uri, source->current, CREDENTIAL_KEY_URI));
    if (source->installation != NULL || file_exists(buf_string(&uri))) {
        return RESULT_OK;
    }
    TRY(credential_read(source->current, present, err));
    source->key = present->key;
    return RESULT_OK;
}

static enum result install_source(const char *folder, struct source *source,
                                  struct error *err) {
    TRY(ownership_check(folder, err));
    AUTO(generations_clear) struct generations all = {0};
    AUTO(credential_clear) struct credential present = {0};
    AUTO(buf_clear) struct buf generation = {0};
    AUTO(settings_clear) struct settings settings = {0};
    TRY(settings_read(folder, &settings, err));
    TRY(settings_access(&settings, &source->access, err));
    TRY(generations_open(folder, &all, err));
    TRY(folder_make(buf_string(&all.folder), 0755, err));
    source->current = buf_string(&all.link);
    TRY(read_present_key(source, &present, err));
    int64_t number = generations_next(&all);
    TRY(generations_path(&all, number, &generation));
    TRY(write_generation(buf_string(&generation), source, err));
    TRY(folder_sync(buf_string(&all.folder), err));
    TRY(move_link(folder, buf_string(&all.link), number, err));
    all.number = number;
    generations_prune(&all);
    return RESULT_OK;
}

enum result install_credential(const char *folder, const struct installation *installation,
                               struct error *err) {
    struct source source = {.installation = installation};
    TRY(folder_make_all(folder, 0755, err));
    return install_source(folder, &source, err);
}

enum result install_again(const char *folder, struct error *err) {
    struct source source = {0};
    return install_source(folder, &source, err);
}

enum result install_trust(const char *folder, struct bytes trust, struct error *err) {
    struct source source = {.trust = trust};
    return install_source(folder, &source, err);
}

void install_tidy(const char *folder) {
    AUTO(generations_clear) struct generations all = {0};
    AUTO(buf_clear) struct buf temporary = {0};
    buf_init(&temporary, LIMIT_PATH_BYTES);
    if (path_join(&temporary, folder, LINK_TEMPORARY) == RESULT_OK) {
        (void)unlink(buf_string(&temporary));
    }
    if (generations_open(folder, &all, NULL) == RESULT_OK && all.number > 0) {
        generations_prune(&all);
    }
}

// --- going back --------------------------------------------------------------------------

// A generation is whole when it reads as a credential of one key and certificate.
static enum result check_generation(const char *path, struct error *err) {
    AUTO(credential_clear) struct credential credential = {0};
    TRY(credential_read(path, &credential, err));
    struct certificate certificate;
    TRY(certificate_read(buf_bytes(&credential.certificate), &certificate, err));
    if (clock_now() <= certificate.not_after) {
        return RESULT_OK;
    }
    AUTO(buf_clear) struct buf end = {0};
    buf_init(&end, 64);
    TRY(time_format_rfc3339(certificate.not_after, &end));
    (void)error_set_code(err, RESULT_DENIED, "generation_expired",
                         "the certificate before has ended at %s, nothing was changed",
                         buf_string(&end));
    error_hint(err, "Get a new one with signet renew --force.");
    return RESULT_DENIED;
}

static enum result find_previous(const char *folder, const struct generations *all,
                                 int64_t *out_number, struct error *err) {
    *out_number = generations_before(all);
    if (*out_number == 0) {
        (void)error_set_code(err, RESULT_NOT_FOUND, "no_generation",
                             "there is nothing before the present certificate in %s", folder);
        error_hint(err, "One certificate is kept. Get a new one with signet renew --force.");
        return RESULT_NOT_FOUND;
    }
    return RESULT_OK;
}

enum result install_previous(const char *folder, struct buf *out_path, struct error *err) {
    AUTO(generations_clear) struct generations all = {0};
    int64_t before = 0;
    TRY(generations_open(folder, &all, err));
    TRY(find_previous(folder, &all, &before, err));
    return generations_path(&all, before, out_path);
}

static enum result add_path(const struct generations *all, int64_t number,
                            struct text_list *paths, struct error *err) {
    AUTO(buf_clear) struct buf path = {0};
    if (generations_path(all, number, &path) != RESULT_OK ||
        text_list_add(paths, buf_string(&path)) != RESULT_OK) {
        return error_out_of_memory(err);
    }
    return RESULT_OK;
}

enum result install_others(const char *folder, struct text_list *out_paths, struct error *err) {
    AUTO(generations_clear) struct generations all = {0};
    TRY(generations_open(folder, &all, err));
    int64_t hooked = generations_hooked(&all);
    int64_t before = generations_before(&all);
    TRY(hooked > 0 ? add_path(&all, hooked, out_paths, err) : RESULT_OK);
    return before > 0 && before != hooked ? add_path(&all, before, out_paths, err) : RESULT_OK;
}

enum result install_take_before(const char *folder, const char *to, struct error *err) {
    AUTO(generations_clear) struct generations all = {0};
    AUTO(buf_clear) struct buf old = {0};
    AUTO(buf_clear) struct buf new = {0};
    TRY(install_previous(folder, &old, err));
    TRY(folder_remove(to, err));
    TRY(generations_open(to, &all, err));
    TRY(folder_make_all(buf_string(&all.folder), 0755, err));
    TRY(generations_path(&all, 1, &new));
    if (rename(buf_string(&old), buf_string(&new)) != 0) {
        return error_from_errno(err, errno, "cannot move %s", buf_string(&old));
    }
    return move_link(to, buf_string(&all.link), 1, err);
}

enum result install_rollback(const char *folder, struct error *err) {
    AUTO(generations_clear) struct generations all = {0};
    AUTO(buf_clear) struct buf path = {0};
    int64_t before = 0;
    TRY(generations_open(folder, &all, err));
    TRY(find_previous(folder, &all, &before, err));
    TRY(generations_path(&all, before, &path));
    TRY(check_generation(buf_string(&path), err));
    return move_link(folder, buf_string(&all.link), before, err);
}
