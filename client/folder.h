// Folders as the installation needs them: list, remove with contents, lock.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/bytes.h"
#include "base/error.h"
#include "wire/message.h"

// Names of the entries in byte order, without those that begin with a dot. RESULT_LIMIT above
// LIMIT_CREDENTIALS.
enum result folder_list(const char *path, struct text_list *out_names, struct error *err);
// Removes a folder with the files and folders in it, links as links, eight levels deep at most.
// Fine when it is not there.
enum result folder_remove(const char *path, struct error *err);
void text_list_clear(struct text_list *list);

// An exclusive lock; the file stays. Zeroed memory holds none.
struct folder_lock {
    int descriptor;
    bool is_held;
};
// Locks "path/lock"; waits for another process, RESULT_CONFLICT when that takes too long.
enum result folder_lock(const char *path, struct folder_lock *out_lock, struct error *err);
void folder_unlock(struct folder_lock *lock);
