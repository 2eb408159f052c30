// Whose files are: what somebody else may change is neither followed nor believed.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <sys/stat.h>

#include "base/bytes.h"
#include "base/error.h"

// A file or folder is ours when it belongs to this user or to root, and nobody else may write to
// it. A folder where the sticky bit keeps what is ours from being moved (/tmp) is as good.

// RESULT_DENIED, code "not_private", with the cure, when what `status` was asked of is not ours;
// `path` is for the message.
enum result owner_check(const char *path, const struct stat *status, struct error *err);
// The same for what the path leads to, and for the link itself, if it is one.
enum result owner_check_path(const char *path, struct error *err);
// The same for a file and all folders above it. The path is absolute and has no links (realpath).
enum result owner_check_all(const char *path, struct error *err);
// Appends the path without the links in it. RESULT_DENIED, code "not_private", when one of them, or
// the folder that it is in, is not ours: it leads wherever somebody else wants. What is not there
// is no link.
enum result owner_resolve(const char *path, struct buf *out, struct error *err);
