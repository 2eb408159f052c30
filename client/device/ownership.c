// Walking a credential's folders before root works in them.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "client/device/ownership.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/limits.h"
#include "base/owner.h"
#include "client/connect/credential.h"

// generations/N/FILE
#define GENERATIONS_DEPTH 2

static bool may_be_a_services(const char *name) {
    return strcmp(name, CREDENTIAL_KEY) == 0 || strcmp(name, CREDENTIAL_COMBINED) == 0;
}

// What is at a path, and what is in it, so many folders deep.
static enum result check_tree(const char *path, int depth, struct error *err) {
    struct stat status;
    AUTO(text_list_clear) struct text_list names = {0};
    TRY(owner_check_path(path, err));
    if (depth == 0 || stat(path, &status) != 0 || !S_ISDIR(status.st_mode)) {
        return RESULT_OK;
    }
    TRY(folder_list(path, &names, err));
    for (size_t i = 0; i < names.count; i++) {
        AUTO(buf_clear) struct buf inner = {0};
        buf_init(&inner, LIMIT_PATH_BYTES);
        TRY(path_join(&inner, path, names.items[i]));
        if (depth > 1 || !may_be_a_services(names.items[i])) {
            TRY(check_tree(buf_string(&inner), depth - 1, err));
        }
    }
    return RESULT_OK;
}

// A name in it could otherwise be moved away, and another put in its place.
static enum result check_parent(const char *folder, struct error *err) {
    AUTO(buf_clear) struct buf parent = {0};
    buf_init(&parent, LIMIT_PATH_BYTES);
    const char *slash = strrchr(folder, '/');
    const size_t size = slash == NULL ? 0 : slash == folder ? 1 : (size_t)(slash - folder);
    TRY(buf_assign(&parent, size > 0 ? bytes_of(folder, size) : BYTES_LITERAL(".")));
    return owner_check_path(buf_string(&parent), err);
}

enum result ownership_check_home(const char *home, struct error *err) {
    return geteuid() == 0 && file_exists(home) ? owner_check_path(home, err) : RESULT_OK;
}

enum result ownership_check(const char *folder, struct error *err) {
    AUTO(buf_clear) struct buf generations = {0};
    if (geteuid() != 0 || !file_exists(folder)) {
        return RESULT_OK;
    }
    buf_init(&generations, LIMIT_PATH_BYTES);
    TRY(check_parent(folder, err));
    TRY(owner_check_path(folder, err));
    TRY(path_join(&generations, folder, CREDENTIAL_GENERATIONS));
    return file_exists(buf_string(&generations))
               ? check_tree(buf_string(&generations), GENERATIONS_DEPTH, err)
               : RESULT_OK;
}

enum result ownership_lock(const char *folder, struct folder_lock *out_lock,
                           struct error *err) {
    TRY(ownership_check(folder, err));
    return folder_lock(folder, out_lock, err);
}
