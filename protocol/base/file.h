// Files as whole values: read with a limit, replaced atomically and durably.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "base/bytes.h"
#include "base/error.h"

// Appends the whole file to `out` (whose maximum is the limit). RESULT_INVALID for anything but a
// regular file.
enum result file_read(const char *path, struct buf *out, struct error *err);
// As file_read, for secrets: RESULT_DENIED, with the chmod that cures it, unless the file is a
// regular one that only its owner can read and write, owned by this user or root.
enum result file_read_private(const char *path, struct buf *out, struct error *err);
// As file_read, but RESULT_DENIED, code "not_private", for a link.
enum result file_read_no_link(const char *path, struct buf *out, struct error *err);
// As file_read_no_link, for a key that its owner may let a group read (a broker's): RESULT_DENIED,
// with the chmod that cures it, when others may, or may write to it. Whose it is is not checked.
enum result file_read_key(const char *path, struct buf *out, struct error *err);
// What file_read_key would refuse, also for who may not read it.
enum result file_check_key(const char *path, struct error *err);
// As file_read_key, and owned by this user or root.
enum result file_read_own(const char *path, struct buf *out, struct error *err);
// Temporary file beside it, fsync, rename, fsync of the folder: a crash leaves the old contents
// or the new. The temporary file is removed when anything fails.
enum result file_replace(const char *path, struct bytes contents, mode_t mode,
                         struct error *err);
// As file_replace, but RESULT_CONFLICT when the file exists.
enum result file_create(const char *path, struct bytes contents, mode_t mode,
                        struct error *err);
// Makes the last folder of the path (its parent must exist); fine when it is there already.
enum result folder_make(const char *path, mode_t mode, struct error *err);
// Makes every missing folder of the path.
enum result folder_make_all(const char *path, mode_t mode, struct error *err);
enum result folder_sync(const char *path, struct error *err);
// When false, errno says why: ENOENT, or EACCES in a folder that is closed to this user.
bool file_exists(const char *path);
// "folder/name" into out (emptied first).
enum result path_join(struct buf *out, const char *folder, const char *name);
