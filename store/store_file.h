// The store's file before and beside the database engine: created private, renamed durably.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stdbool.h>

#include "base/error.h"

// RESULT_OK when the path is a regular file, or was created with `create`. RESULT_NOT_FOUND
// (code "store_missing") without one, RESULT_INVALID for another kind of file, and for an empty
// one unless `create`.
enum result store_file_prepare(const char *path, bool create, struct error *err);
// An empty file that only its owner can open; RESULT_CONFLICT when there is one already.
enum result store_file_create(const char *path, struct error *err);
// Durable; RESULT_CONFLICT when `path` exists.
enum result store_file_rename(const char *old_path, const char *path, struct error *err);
// RESULT_INTERNAL with the code "store_damaged" and the cure.
enum result store_file_refuse_damaged(struct error *err, const char *path, const char *detail);
