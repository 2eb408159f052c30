// Looking at owners and modes, of files, of folders, and of links on the way.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/owner.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/limits.h"

#define LINKS_MAXIMUM 16

static enum result refuse_owner(const char *path, const struct stat *status,
                                struct error *err) {
    (void)error_set_code(err, RESULT_DENIED, "not_private",
                         "%s belongs to user %u, who can put anything in its place", path,
                         (unsigned)status->st_uid);
    error_hint(err, "chown %s%u '%s'", S_ISLNK(status->st_mode) ? "-h " : "",
               (unsigned)geteuid(), path);
    return RESULT_DENIED;
}

enum result owner_check(const char *path, const struct stat *status, struct error *err) {
    if (status->st_uid != 0 && status->st_uid != geteuid()) {
        return refuse_owner(path, status, err);
    }
    const bool is_sticky = S_ISDIR(status->st_mode) && (status->st_mode & S_ISVTX) != 0;
    if (S_ISLNK(status->st_mode) || is_sticky || (status->st_mode & (S_IWGRP | S_IWOTH)) == 0) {
        return RESULT_OK;
    }
    (void)error_set_code(err, RESULT_DENIED, "not_private",
                         "%s may be written by others than its owner (mode %04o)", path,
                         (unsigned)status->st_mode & 07777);
    error_hint(err, "chmod go-w '%s'", path);
    return RESULT_DENIED;
}

static enum result check_itself(const char *path, struct error *err) {
    struct stat status;
    return lstat(path, &status) == 0 ? owner_check(path, &status, err)
                                     : error_from_errno(err, errno, "cannot examine %s", path);
}

enum result owner_check_path(const char *path, struct error *err) {
    struct stat status;
    TRY(check_itself(path, err));
    return stat(path, &status) == 0 ? owner_check(path, &status, err)
                                    : error_from_errno(err, errno, "cannot examine %s", path);
}

enum result owner_check_all(const char *path, struct error *err) {
    AUTO(buf_clear) struct buf part = {0};
    buf_init(&part, LIMIT_PATH_BYTES);
    TRY(check_itself("/", err));
    for (const char *end = path; end != NULL && *end != '\0';) {
        end = strchr(&end[1], '/');
        const size_t size = end != NULL ? (size_t)(end - path) : strlen(path);
        TRY(buf_assign(&part, bytes_of(path, size)));
        TRY(check_itself(buf_string(&part), err));
    }
    return RESULT_OK;
}

// --- links -----------------------------------------------------------------------------------

// The size of the first part of the path that is a link; 0 when there is none.
static enum result find_link(const char *path, size_t *out_size) {
    AUTO(buf_clear) struct buf part = {0};
    buf_init(&part, LIMIT_PATH_BYTES);
    *out_size = 0;
    for (const char *end = path; end != NULL && *end != '\0' && *out_size == 0;) {
        struct stat status;
        end = strchr(&end[1], '/');
        const size_t size = end != NULL ? (size_t)(end - path) : strlen(path);
        TRY(buf_assign(&part, bytes_of(path, size)));
        if (lstat(buf_string(&part), &status) == 0 && S_ISLNK(status.st_mode)) {
            *out_size = size;
        }
    }
    return RESULT_OK;
}

// The folder of a link, as what stands before the target: "", "a/", "/".
static struct bytes folder_of(struct bytes link) {
    while (link.size > 0 && link.data[link.size - 1] != '/') {
        link.size--;
    }
    return link;
}

static enum result check_link(struct bytes link, struct error *err) {
    AUTO(buf_clear) struct buf path = {0};
    buf_init(&path, LIMIT_PATH_BYTES);
    const struct bytes folder = folder_of(link);
    TRY(buf_assign(&path, folder.size > 0 ? folder : BYTES_LITERAL(".")));
    TRY(owner_check_path(buf_string(&path), err));
    TRY(buf_assign(&path, link));
    return check_itself(buf_string(&path), err);
}

// Puts where the link leads in its place.
static enum result follow(struct buf *path, size_t size, struct error *err) {
    AUTO(buf_clear) struct buf next = {0};
    AUTO(buf_clear) struct buf name = {0};
    buf_init(&next, LIMIT_PATH_BYTES);
    buf_init(&name, LIMIT_PATH_BYTES);
    const struct bytes link = bytes_slice(buf_bytes(path), 0, size);
    char target[LIMIT_PATH_BYTES];
    TRY(check_link(link, err));
    TRY(buf_assign(&name, link));
    const ssize_t count = readlink(buf_string(&name), target, sizeof(target));
    if (count <= 0) {
        return error_from_errno(err, errno, "cannot read the link %s", buf_string(&name));
    }
    if (target[0] != '/') {
        TRY(buf_append(&next, folder_of(link)));
    }
    TRY(buf_append(&next, bytes_of(target, (size_t)count)));
    TRY(buf_append(&next, bytes_slice(buf_bytes(path), size, path->size)));
    return buf_assign(path, buf_bytes(&next));
}

enum result owner_resolve(const char *path, struct buf *out, struct error *err) {
    AUTO(buf_clear) struct buf now = {0};
    buf_init(&now, LIMIT_PATH_BYTES);
    TRY(buf_assign(&now, bytes_of_string(path)));
    for (int i = 0; i <= LINKS_MAXIMUM; i++) {
        size_t size = 0;
        TRY(find_link(buf_string(&now), &size));
        if (size == 0) {
            return buf_append(out, buf_bytes(&now));
        }
        TRY(follow(&now, size, err));
    }
    return error_set(err, RESULT_INVALID, "%s leads through more than %d links", path,
                     LINKS_MAXIMUM);
}
