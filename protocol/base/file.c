// Reading and atomically replacing files.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/random.h"
#include "base/text.h"

#define PATH_MAXIMUM 4096

static void descriptor_close(const int *descriptor) {
    if (*descriptor >= 0) {
        (void)close(*descriptor);
    }
}

static enum result read_descriptor(int descriptor, const char *path, struct buf *out,
                                   struct error *err) {
    for (;;) {
        uint8_t *room = NULL;
        size_t left = out->maximum - out->size;
        size_t wanted = left < 65536 ? left : 65536;
        if (wanted == 0) {
            uint8_t more = 0;
            if (read(descriptor, &more, 1) == 0) {
                return RESULT_OK;
            }
            return error_set(err, RESULT_LIMIT, "%s is larger than %zu bytes", path,
                             out->maximum);
        }
        if (buf_reserve(out, wanted, &room) != RESULT_OK) {
            return error_out_of_memory(err);
        }
        ssize_t count = read(descriptor, room, wanted);
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count < 0) {
            return error_from_errno(err, errno, "cannot read %s", path);
        }
        if (count == 0) {
            return RESULT_OK;
        }
        buf_commit(out, (size_t)count);
    }
}

// What a file must be to be read; always a regular one.
struct demand {
    int flags;        // of open(2)
    mode_t forbidden; // of its mode
    bool is_ours;     // owned by this user or root
};

static enum result refuse_mode(const char *path, const struct demand *demand,
                               const struct stat *status, struct error *err) {
    (void)error_set_code(err, RESULT_DENIED, "not_private",
                         "%s holds a secret, but others may open it (mode %04o)", path,
                         (unsigned)status->st_mode & 07777);
    error_hint(err, "chmod %s '%s'",
               (demand->forbidden & S_IRGRP) != 0 ? "600" : "g-w,o=", path);
    return RESULT_DENIED;
}

static enum result check(const char *path, const struct demand *demand,
                         const struct stat *status, struct error *err) {
    if (!S_ISREG(status->st_mode)) {
        return demand->forbidden == 0
                   ? error_set(err, RESULT_INVALID, "%s is not a regular file", path)
                   : error_set_code(err, RESULT_DENIED, "not_private",
                                    "%s is not a regular file", path);
    }
    if ((status->st_mode & demand->forbidden) != 0) {
        return refuse_mode(path, demand, status, err);
    }
    if (demand->is_ours && status->st_uid != geteuid() && status->st_uid != 0) {
        (void)error_set_code(err, RESULT_DENIED, "not_private",
                             "%s holds a secret, but belongs to user %u", path,
                             (unsigned)status->st_uid);
        error_hint(err, "chown %u '%s'", (unsigned)geteuid(), path);
        return RESULT_DENIED;
    }
    return RESULT_OK;
}

// What is checked is what is read. A pipe in place of a file keeps nobody waiting.
static enum result read_demanding(const char *path, const struct demand *demand,
                                  struct buf *out, struct error *err) {
    AUTO(descriptor_close)
    int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | demand->flags);
    if (descriptor < 0 && errno == ELOOP && (demand->flags & O_NOFOLLOW) != 0) {
        return error_set_code(err, RESULT_DENIED, "not_private",
                              "%s is a link, where only a file is read", path);
    }
    if (descriptor < 0) {
        return error_from_errno(err, errno, "cannot open %s", path);
    }
    struct stat status;
    if (fstat(descriptor, &status) != 0) {
        return error_from_errno(err, errno, "cannot examine %s", path);
    }
    TRY(check(path, demand, &status, err));
    return read_descriptor(descriptor, path, out, err);
}

enum result file_read(const char *path, struct buf *out, struct error *err) {
    return read_demanding(path, &(struct demand){0}, out, err);
}

enum result file_read_no_link(const char *path, struct buf *out, struct error *err) {
    return read_demanding(path, &(struct demand){.flags = O_NOFOLLOW}, out, err);
}

enum result file_read_private(const char *path, struct buf *out, struct error *err) {
    const struct demand demand = {.forbidden = S_IRWXG | S_IRWXO, .is_ours = true};
    return read_demanding(path, &demand, out, err);
}

static const struct demand key_demand = {.flags = O_NOFOLLOW, .forbidden = S_IWGRP | S_IRWXO};

enum result file_read_key(const char *path, struct buf *out, struct error *err) {
    return read_demanding(path, &key_demand, out, err);
}

enum result file_check_key(const char *path, struct error *err) {
    struct stat status;
    return lstat(path, &status) != 0 ? error_from_errno(err, errno, "cannot examine %s", path)
                                     : check(path, &key_demand, &status, err);
}

enum result file_read_own(const char *path, struct buf *out, struct error *err) {
    const struct demand demand = {
        .flags = O_NOFOLLOW, .forbidden = S_IWGRP | S_IRWXO, .is_ours = true};
    return read_demanding(path, &demand, out, err);
}

static enum result write_all(int descriptor, struct bytes contents, const char *path,
                             struct error *err) {
    size_t written = 0;
    while (written < contents.size) {
        ssize_t count = write(descriptor, contents.data + written, contents.size - written);
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count < 0) {
            return error_from_errno(err, errno, "cannot write %s", path);
        }
        written += (size_t)count;
    }
    if (fsync(descriptor) != 0) {
        return error_from_errno(err, errno, "cannot make %s durable", path);
    }
    return RESULT_OK;
}

static enum result sync_parent(const char *path, struct error *err) {
    AUTO(string_free_at) char *parent = string_copy(path);
    if (parent == NULL) {
        return error_out_of_memory(err);
    }
    char *slash = strrchr(parent, '/');
    if (slash == NULL) {
        return folder_sync(".", err);
    }
    *(slash == parent ? slash + 1 : slash) = '\0';
    return folder_sync(parent, err);
}

static enum result make_temporary_path(const char *path, struct buf *out, struct error *err) {
    uint8_t suffix[6];
    TRY(random_bytes(suffix, sizeof(suffix), err));
    TRY(buf_printf(out, "%s.", path));
    TRY(text_hex_encode(bytes_of(suffix, sizeof(suffix)), out));
    return buf_append_string(out, ".tmp");
}

static enum result write_temporary(const char *temporary, struct bytes contents, mode_t mode,
                                   struct error *err) {
    AUTO(descriptor_close)
    int descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    if (descriptor < 0) {
        return error_from_errno(err, errno, "cannot create %s", temporary);
    }
    if (fchmod(descriptor, mode) != 0) { // whatever the umask says
        return error_from_errno(err, errno, "cannot set the mode of %s", temporary);
    }
    return write_all(descriptor, contents, temporary, err);
}

// link(2) refuses where rename(2) would replace.
static int move_into_place(const char *temporary, const char *path, bool may_replace) {
    if (may_replace) {
        return rename(temporary, path);
    }
    if (link(temporary, path) != 0) {
        return -1;
    }
    return unlink(temporary);
}

static enum result write_file(const char *path, struct bytes contents, mode_t mode,
                              bool may_replace, struct error *err) {
    AUTO(buf_clear) struct buf temporary;
    buf_init(&temporary, PATH_MAXIMUM);
    TRY(make_temporary_path(path, &temporary, err));
    enum result result = write_temporary(buf_string(&temporary), contents, mode, err);
    if (result == RESULT_OK &&
        move_into_place(buf_string(&temporary), path, may_replace) != 0) {
        result = error_from_errno(err, errno, "cannot put %s in place", path);
    }
    if (result != RESULT_OK) {
        (void)unlink(buf_string(&temporary));
        return result;
    }
    return sync_parent(path, err);
}

enum result file_replace(const char *path, struct bytes contents, mode_t mode,
                         struct error *err) {
    return write_file(path, contents, mode, true, err);
}

enum result file_create(const char *path, struct bytes contents, mode_t mode,
                        struct error *err) {
    return write_file(path, contents, mode, false, err);
}

enum result folder_make(const char *path, mode_t mode, struct error *err) {
    if (mkdir(path, mode) == 0) {
        return RESULT_OK;
    }
    int reason = errno;
    struct stat status;
    if (reason == EEXIST && stat(path, &status) == 0 && S_ISDIR(status.st_mode)) {
        return RESULT_OK;
    }
    return error_from_errno(err, reason, "cannot make the folder %s", path);
}

enum result folder_make_all(const char *path, mode_t mode, struct error *err) {
    AUTO(string_free_at) char *partial = string_copy(path);
    if (partial == NULL) {
        return error_out_of_memory(err);
    }
    for (char *slash = partial; (slash = strchr(slash + 1, '/')) != NULL;) {
        *slash = '\0';
        TRY(folder_make(partial, mode, err));
        *slash = '/';
    }
    return folder_make(partial, mode, err);
}

enum result folder_sync(const char *path, struct error *err) {
    AUTO(descriptor_close) int descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0) {
        return error_from_errno(err, errno, "cannot open the folder %s", path);
    }
    // Some file systems cannot sync a folder and say EINVAL: there is nothing more to do there.
    if (fsync(descriptor) != 0 && errno != EINVAL) {
        return error_from_errno(err, errno, "cannot make the folder %s durable", path);
    }
    return RESULT_OK;
}

bool file_exists(const char *path) {
    struct stat status;
    return lstat(path, &status) == 0;
}

enum result path_join(struct buf *out, const char *folder, const char *name) {
    buf_reset(out);
    size_t length = strlen(folder);
    bool has_slash = length > 0 && folder[length - 1] == '/';
    return buf_printf(out, "%s%s%s", folder, has_slash ? "" : "/", name);
}
