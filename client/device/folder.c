// Listing, removing and locking folders.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "client/device/folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/limits.h"

#define REMOVE_DEPTH 8
#define LOCK_PAUSE_MILLISECONDS 50

static void close_listing(DIR **listing) {
    if (*listing != NULL) {
        (void)closedir(*listing);
    }
}

static int compare_texts(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

enum result folder_list(const char *path, struct text_list *out_names, struct error *err) {
    AUTO(close_listing) DIR *listing = opendir(path);
    if (listing == NULL) {
        return error_from_errno(err, errno, "cannot list %s", path);
    }
    AUTO(text_list_clear) struct text_list names = {0};
    for (struct dirent *entry; (entry = readdir(listing)) != NULL;) {
        if (entry->d_name[0] == '.') {
            continue;
        }
        if (names.count == LIMIT_CREDENTIALS) {
            return error_set(err, RESULT_LIMIT, "%s has more than %d entries", path,
                             LIMIT_CREDENTIALS);
        }
        if (text_list_add(&names, entry->d_name) != RESULT_OK) {
            return error_out_of_memory(err);
        }
    }
    if (names.count > 1) {
        qsort(names.items, names.count, sizeof(*names.items), compare_texts);
    }
    *out_names = names;
    names = (struct text_list){0};
    return RESULT_OK;
}

static int remove_at(int parent, const char *name, int depth);

static int remove_contents(int folder, int depth) {
    DIR *listing = fdopendir(folder);
    if (listing == NULL) {
        (void)close(folder);
        return -1;
    }
    int failure = 0;
    for (struct dirent *entry; failure == 0 && (entry = readdir(listing)) != NULL;) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
            failure = remove_at(dirfd(listing), entry->d_name, depth);
        }
    }
    int reason = errno;
    (void)closedir(listing);
    errno = reason;
    return failure;
}

static int remove_at(int parent, const char *name, int depth) {
    if (unlinkat(parent, name, 0) == 0 || errno == ENOENT) {
        return 0;
    }
    if (errno != EISDIR && errno != EPERM) {
        return -1;
    }
    if (depth == 0) {
        errno = ELOOP;
        return -1;
    }
    int folder = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (folder < 0 || remove_contents(folder, depth - 1) != 0) {
        return -1;
    }
    return unlinkat(parent, name, AT_REMOVEDIR);
}

enum result folder_remove(const char *path, struct error *err) {
    if (remove_at(AT_FDCWD, path, REMOVE_DEPTH) != 0) {
        return error_from_errno(err, errno, "cannot remove %s", path);
    }
    return RESULT_OK;
}

// --- access ------------------------------------------------------------------------------

static void descriptor_close(const int *descriptor) {
    if (*descriptor >= 0) {
        (void)close(*descriptor);
    }
}

static bool is_ours(const struct stat *status) {
    return status->st_uid == geteuid() &&
           (S_ISDIR(status->st_mode) || (S_ISREG(status->st_mode) && status->st_nlink == 1));
}

// Opens what this process made, and nothing that was put in its place.
static enum result open_ours(const char *path, int *out_descriptor, struct stat *out_status,
                             struct error *err) {
    AUTO(descriptor_close)
    int descriptor = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (descriptor < 0 && errno != ELOOP) {
        return error_from_errno(err, errno, "cannot open %s", path);
    }
    if (descriptor >= 0 && fstat(descriptor, out_status) != 0) {
        return error_from_errno(err, errno, "cannot examine %s", path);
    }
    if (descriptor < 0 || !is_ours(out_status)) {
        (void)error_set_code(err, RESULT_DENIED, "misconfigured",
                             "somebody else replaced %s while it was written", path);
        error_hint(err, "Look at who may write to its folder.");
        return RESULT_DENIED;
    }
    *out_descriptor = descriptor;
    descriptor = -1;
    return RESULT_OK;
}

enum result folder_give_access(const char *path, const char *from, mode_t allowed,
                               const struct folder_access *wanted, struct error *err) {
    struct stat old;
    struct stat new;
    bool has_old = stat(from, &old) == 0;
    bool is_wanted = wanted->owner != FOLDER_UNCHANGED || wanted->group != FOLDER_UNCHANGED ||
                     wanted->mode != 0;
    if (!has_old && !is_wanted) {
        return RESULT_OK;
    }
    AUTO(descriptor_close) int descriptor = -1;
    TRY(open_ours(path, &descriptor, &new, err));
    uid_t owner = has_old ? old.st_uid : new.st_uid;
    gid_t group = has_old ? old.st_gid : new.st_gid;
    mode_t mode = has_old ? old.st_mode & allowed : new.st_mode & 07777;
    owner = wanted->owner != FOLDER_UNCHANGED ? wanted->owner : owner;
    group = wanted->group != FOLDER_UNCHANGED ? wanted->group : group;
    mode = wanted->mode != 0 ? wanted->mode : mode;
    bool has_same_owner = owner == new.st_uid &&group == new.st_gid;
    if (!has_same_owner && fchown(descriptor, owner, group) != 0) {
        return error_from_errno(err, errno, "cannot give %s to user %u and group %u", path,
                                (unsigned)owner, (unsigned)group);
    }
    if (fchmod(descriptor, mode) != 0) {
        return error_from_errno(err, errno, "cannot set the mode of %s", path);
    }
    return RESULT_OK;
}

enum result folder_take_over_access(const char *path, const char *from, mode_t allowed,
                                    struct error *err) {
    const struct folder_access nothing = {.owner = FOLDER_UNCHANGED, .group = FOLDER_UNCHANGED};
    return folder_give_access(path, from, allowed, &nothing, err);
}

// --- lock --------------------------------------------------------------------------------

static enum result wait_for_lock(int descriptor, const char *path, struct error *err) {
    int64_t end = clock_monotonic_milliseconds() + LIMIT_CLIENT_LOCK_SECONDS * 1000;
    while (flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK && errno != EINTR) {
            return error_from_errno(err, errno, "cannot lock %s", path);
        }
        if (clock_monotonic_milliseconds() > end) {
            (void)error_set(err, RESULT_CONFLICT, "another signet holds %s for too long", path);
            error_hint(err, "Find it with: fuser '%s'", path);
            return RESULT_CONFLICT;
        }
        (void)poll(NULL, 0, LOCK_PAUSE_MILLISECONDS);
    }
    return RESULT_OK;
}

static enum result open_lock(const char *path, const char *name, struct buf *out_file,
                             int *out_descriptor, struct error *err) {
    buf_init(out_file, LIMIT_PATH_BYTES);
    TRY(path_join(out_file, path, name));
    *out_descriptor =
        open(buf_string(out_file), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    return *out_descriptor >= 0
               ? RESULT_OK
               : error_from_errno(err, errno, "cannot open %s", buf_string(out_file));
}

static enum result keep_lock(enum result result, int descriptor, struct folder_lock *out_lock) {
    if (result != RESULT_OK) {
        (void)close(descriptor);
        return result;
    }
    *out_lock = (struct folder_lock){.descriptor = descriptor, .is_held = true};
    return RESULT_OK;
}

enum result folder_lock(const char *path, struct folder_lock *out_lock, struct error *err) {
    AUTO(buf_clear) struct buf file = {0};
    int descriptor = -1;
    TRY(open_lock(path, FOLDER_LOCK, &file, &descriptor, err));
    return keep_lock(wait_for_lock(descriptor, buf_string(&file), err), descriptor, out_lock);
}

enum result folder_lock_now(const char *path, const char *name, struct folder_lock *out_lock,
                            struct error *err) {
    AUTO(buf_clear) struct buf file = {0};
    int descriptor = -1;
    enum result result = RESULT_OK;
    TRY(open_lock(path, name, &file, &descriptor, err));
    if (flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
        result = error_set_code(err, RESULT_CONFLICT, "busy", "another agent keeps %s", path);
        error_hint(err, "Find it with: fuser '%s'", buf_string(&file));
    }
    return keep_lock(result, descriptor, out_lock);
}

void folder_unlock(struct folder_lock *lock) {
    if (lock->is_held) {
        (void)close(lock->descriptor);
    }
    *lock = (struct folder_lock){0};
}
