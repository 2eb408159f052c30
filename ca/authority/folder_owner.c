// Handing files to the owner of their folder.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "authority/folder_owner.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum result folder_hand_over(const char *folder, const char *path, struct error *err) {
    struct stat status;
    if (geteuid() != 0 || stat(folder, &status) != 0 || status.st_uid == 0) {
        return RESULT_OK;
    }
    if (lchown(path, status.st_uid, status.st_gid) != 0 && errno != ENOENT) {
        return error_from_errno(err, errno, "handing %s to the folder's owner", path);
    }
    return RESULT_OK;
}

#define USER_NAME_SIZE 64

static void name_user(uid_t user, char out[static USER_NAME_SIZE]) {
    char room[4096];
    struct passwd entry;
    struct passwd *found = NULL;
    if (getpwuid_r(user, &entry, room, sizeof(room), &found) == 0 && found != NULL) {
        (void)snprintf(out, USER_NAME_SIZE, "%s", entry.pw_name);
    } else {
        (void)snprintf(out, USER_NAME_SIZE, "#%u", (unsigned)user); // as sudo takes it
    }
}

enum result folder_refuse_stranger(const char *folder, struct error *err) {
    struct stat status;
    char user[USER_NAME_SIZE];
    char owner[USER_NAME_SIZE] = "root";
    name_user(geteuid(), user);
    if (stat(folder, &status) == 0) { // not where a folder around it is closed as well
        name_user(status.st_uid, owner);
    }
    (void)error_set_code(err, RESULT_DENIED, "folder_closed", "user %s may not look into %s",
                         user, folder);
    error_hint(err, "Do it as %s: sudo -u %s signetd …", owner, owner);
    return RESULT_DENIED;
}
