// Creating, examining and renaming the files of a store.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/store_file.h"

#include "base/bytes.h"
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum result store_file_refuse_damaged(struct error *err, const char *path, const char *detail) {
    (void)error_set_code(err, RESULT_INTERNAL, "store_damaged", "the store %s is damaged: %s",
                         path, detail);
    error_hint(err, "Stop signetd, keep a copy of the file, look with `signetd check`, and put "
                    "the last backup made by `signetd backup` in its place.");
    return RESULT_INTERNAL;
}

static enum result sync_folder_of(const char *path, struct error *err) {
    const char *slash = strrchr(path, '/');
    if (slash == NULL) {
        return folder_sync(".", err);
    }
    size_t length = slash == path ? 1 : (size_t)(slash - path);
    AUTO(string_free_at) char *folder = string_copy_bytes(bytes_of(path, length));
    return folder == NULL ? error_out_of_memory(err) : folder_sync(folder, err);
}

enum result store_file_create(const char *path, struct error *err) {
    // Created here rather than by SQLite so that nobody else can read it for a moment; SQLite
    // gives the -wal and -shm files beside it the same mode.
    int descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (descriptor < 0 && errno == EEXIST) {
        // Whoever made it could read, or keep, what is written into it.
        (void)error_set(err, RESULT_CONFLICT, "%s exists already", path);
        error_hint(err, "Remove it, or choose a folder that nobody else writes to.");
        return RESULT_CONFLICT;
    }
    if (descriptor < 0) {
        return error_from_errno(err, errno, "cannot create %s", path);
    }
    (void)close(descriptor);
    return sync_folder_of(path, err);
}

enum result store_file_prepare(const char *path, bool create, struct error *err) {
    struct stat status;
    if (stat(path, &status) != 0) {
        if (errno != ENOENT) {
            return error_from_errno(err, errno, "cannot examine %s", path);
        }
        if (create) {
            return store_file_create(path, err);
        }
        (void)error_set_code(err, RESULT_NOT_FOUND, "store_missing", "there is no store %s",
                             path);
        error_hint(err, "`signetd init` makes one; was another --dir meant?");
        return RESULT_NOT_FOUND;
    }
    if (!S_ISREG(status.st_mode)) {
        return error_set_code(err, RESULT_INVALID, "store_foreign", "%s is not a regular file",
                              path);
    }
    if (status.st_size == 0 && !create) {
        return store_file_refuse_damaged(err, path, "the file is empty");
    }
    return RESULT_OK;
}

enum result store_file_rename(const char *old_path, const char *path, struct error *err) {
    int code = renameat2(AT_FDCWD, old_path, AT_FDCWD, path, RENAME_NOREPLACE);
    if (code != 0 && errno == EINVAL) { // a file system that knows no such flag
        code = rename(old_path, path);
    }
    if (code != 0) {
        return error_from_errno(err, errno, "cannot create %s", path);
    }
    return sync_folder_of(path, err);
}
