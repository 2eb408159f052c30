// Folders as the installation needs them: list, remove with contents, lock.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <sys/types.h>

#include "base/bytes.h"
#include "base/error.h"
#include "wire/message.h"

// Names of the entries in byte order, without those that begin with a dot. RESULT_LIMIT above
// LIMIT_CREDENTIALS.
enum result folder_list(const char *path, struct text_list *out_names, struct error *err);
// Removes a folder with the files and folders in it, links as links, eight levels deep at most.
// Fine when it is not there.
enum result folder_remove(const char *path, struct error *err);
// Gives a file or folder that this process just made the owner of `from`, and its mode as far as
// `allowed`; does nothing when there is no `from`. RESULT_DENIED when `path` is not what was
// made: whoever may write to the folder could have put a link to somebody else's file there.
enum result folder_take_over_access(const char *path, const char *from, mode_t allowed,
                                    struct error *err);

// Who a file is given to. FOLDER_UNCHANGED (for the mode 0) leaves it as it would be without.
#define FOLDER_UNCHANGED ((uid_t)-1)
struct folder_access {
    uid_t owner;
    gid_t group;
    mode_t mode;
};
// As folder_take_over_access, and what `wanted` says goes before what `from` has; there need
// not be a `from`.
enum result folder_give_access(const char *path, const char *from, mode_t allowed,
                               const struct folder_access *wanted, struct error *err);

// An exclusive lock; the file stays. Zeroed memory holds none.
struct folder_lock {
    int descriptor;
    bool is_held;
};
#define FOLDER_LOCK "lock"
// Locks "path/lock"; waits for another process, RESULT_CONFLICT when that takes too long.
enum result folder_lock(const char *path, struct folder_lock *out_lock, struct error *err);
// Locks "path/name" at once, or RESULT_CONFLICT, code "busy".
enum result folder_lock_now(const char *path, const char *name, struct folder_lock *out_lock,
                            struct error *err);
void folder_unlock(struct folder_lock *lock);
