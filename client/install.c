// Writing generations and moving the link.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "client/install.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/limits.h"
#include "base/text.h"
#include "client/credential.h"
#include "client/folder.h"
#include "x509/pem.h"

#define LINK_TEMPORARY "current.new"
#define FILE_BYTES (4 * LIMIT_CHAIN_BYTES)

// --- contents ----------------------------------------------------------------------------

static enum result write_key(const struct installation *installation, struct buf *out,
                             struct error *err) {
    return key_save_pem(installation->key, NULL, out, err);
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

static const struct part {
    const char *name;
    bool is_private;
    enum result (*write)(const struct installation *installation, struct buf *out,
                         struct error *err);
} parts[] = {
    {CREDENTIAL_KEY, true, write_key},
    {CREDENTIAL_CERTIFICATE, false, write_leaf},
    {CREDENTIAL_CHAIN, false, write_chain},
    {CREDENTIAL_TRUST, false, write_trust},
    {CREDENTIAL_ROOT, false, write_root},
    {CREDENTIAL_FULL_CHAIN, false, write_full_chain},
    {CREDENTIAL_COMBINED, true, write_combined},
    {CREDENTIAL_URL, false, write_url},
    {CREDENTIAL_ABOUT, false, write_about},
};

// --- one generation ----------------------------------------------------------------------

// Mode and owner as in the generation before, if there is one. Only root can give files away;
// where that fails, the installation fails, rather than lock a broker out of its key.
static enum result write_part(const struct part *part, const struct installation *installation,
                              const char *generation, const char *current, struct error *err) {
    AUTO(buf_clear) struct buf contents = {0};
    buf_init_secret(&contents, FILE_BYTES);
    enum result written = part->write(installation, &contents, err);
    if (written != RESULT_OK) {
        return error_set(err, written, "cannot put %s together", part->name);
    }
    AUTO(buf_clear) struct buf path = {0};
    AUTO(buf_clear) struct buf predecessor = {0};
    buf_init(&path, LIMIT_PATH_BYTES);
    buf_init(&predecessor, LIMIT_PATH_BYTES);
    TRY(path_join(&path, generation, part->name));
    TRY(path_join(&predecessor, current, part->name));
    TRY(file_replace(buf_string(&path), buf_bytes(&contents), part->is_private ? 0600 : 0644,
                     err));
    return folder_take_over_access(buf_string(&path), buf_string(&predecessor),
                                   part->is_private ? 0640 : 0644, err);
}

static enum result write_generation(const char *generation, const char *current,
                                    const struct installation *installation,
                                    struct error *err) {
    TRY(folder_remove(generation, err)); // what a crash left under this number
    TRY(folder_make(generation, 0755, err));
    TRY(folder_take_over_access(generation, current, 0755, err));
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        TRY(write_part(&parts[i], installation, generation, current, err));
    }
    return folder_sync(generation, err);
}

// --- the link ----------------------------------------------------------------------------

// The number that `current` leads to; 0 when there is none.
static enum result read_current(const char *link, int64_t *out_number, struct error *err) {
    char target[64];
    ssize_t size = readlink(link, target, sizeof(target));
    if (size < 0 && errno == ENOENT) {
        *out_number = 0;
        return RESULT_OK;
    }
    struct bytes text = bytes_of(target, size > 0 ? (size_t)size : 0);
    const size_t prefix = sizeof(CREDENTIAL_GENERATIONS "/") - 1;
    if (text.size <= prefix || memcmp(text.data, CREDENTIAL_GENERATIONS "/", prefix) != 0 ||
        text_read_int64(bytes_slice(text, prefix, text.size), 1, INT64_MAX - 1, out_number) !=
            RESULT_OK) {
        (void)error_set_code(err, RESULT_CONFLICT, "misconfigured",
                             "%s is not a link to " CREDENTIAL_GENERATIONS "/N", link);
        error_hint(err, "Move it away, or install under another name.");
        return RESULT_CONFLICT;
    }
    return RESULT_OK;
}

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

// Removes all generations but `number` and the one before it. A failure costs only space.
static void prune(const char *generations, int64_t number, int64_t previous) {
    AUTO(text_list_clear) struct text_list names = {0};
    if (folder_list(generations, &names, NULL) != RESULT_OK) {
        return;
    }
    for (size_t i = 0; i < names.count; i++) {
        int64_t found = 0;
        AUTO(buf_clear) struct buf path = {0};
        buf_init(&path, LIMIT_PATH_BYTES);
        bool is_number =
            text_read_int64(bytes_of_string(names.items[i]), 0, INT64_MAX, &found) == RESULT_OK;
        if (is_number && found != number && found != previous &&
            path_join(&path, generations, names.items[i]) == RESULT_OK) {
            (void)folder_remove(buf_string(&path), NULL);
        }
    }
}

enum result install_credential(const char *folder, const struct installation *installation,
                               struct error *err) {
    AUTO(buf_clear) struct buf link = {0};
    AUTO(buf_clear) struct buf generations = {0};
    AUTO(buf_clear) struct buf generation = {0};
    buf_init(&link, LIMIT_PATH_BYTES);
    buf_init(&generations, LIMIT_PATH_BYTES);
    buf_init(&generation, LIMIT_PATH_BYTES);
    TRY(folder_make_all(folder, 0755, err));
    TRY(path_join(&link, folder, CREDENTIAL_CURRENT));
    TRY(path_join(&generations, folder, CREDENTIAL_GENERATIONS));
    int64_t previous = 0;
    TRY(read_current(buf_string(&link), &previous, err));
    TRY(folder_make(buf_string(&generations), 0755, err));
    int64_t number = previous + 1;
    TRY(buf_printf(&generation, "%s/%lld", buf_string(&generations), (long long)number));
    TRY(write_generation(buf_string(&generation), buf_string(&link), installation, err));
    TRY(folder_sync(buf_string(&generations), err));
    TRY(move_link(folder, buf_string(&link), number, err));
    prune(buf_string(&generations), number, previous);
    return RESULT_OK;
}
