// seccomp against sockets, Landlock against writing.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "authority/service/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <seccomp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

// --- no network ------------------------------------------------------------------------------

static int add_socket_rules(scmp_filter_ctx filter) {
    static const int calls[] = {SCMP_SYS(socket), SCMP_SYS(socketpair)};
    const struct scmp_arg_cmp family_is_foreign = {
        .arg = 0, .op = SCMP_CMP_NE, .datum_a = AF_UNIX, .datum_b = 0};
    for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
        int status = seccomp_rule_add_array(filter, SCMP_ACT_ERRNO(EPERM), calls[i], 1,
                                            &family_is_foreign);
        if (status != 0) {
            return status;
        }
    }
    return 0;
}

static enum result forbid_network(struct error *err) {
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
    if (filter == NULL) {
        return error_out_of_memory(err);
    }
    int status = add_socket_rules(filter);
    if (status == 0) {
        status = seccomp_load(filter);
    }
    seccomp_release(filter);
    return status == 0 ? RESULT_OK : error_from_errno(err, -status, "giving up the network");
}

// --- no writing elsewhere --------------------------------------------------------------------

#define WRITING                                                                                \
    (LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR |                           \
     LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_CHAR |                           \
     LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG |                               \
     LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO |                             \
     LANDLOCK_ACCESS_FS_MAKE_BLOCK | LANDLOCK_ACCESS_FS_MAKE_SYM)

static void descriptor_close(int *descriptor) {
    if (*descriptor >= 0) {
        (void)close(*descriptor);
    }
    *descriptor = -1;
}

static enum result allow_writing(int rules, const char *path, uint64_t access,
                                 struct error *err) {
    AUTO(descriptor_close) int parent = open(path, O_PATH | O_CLOEXEC);
    if (parent < 0) {
        return error_from_errno(err, errno, "opening %s", path);
    }
    struct landlock_path_beneath_attr rule = {.allowed_access = access, .parent_fd = parent};
    if (syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) != 0) {
        return error_from_errno(err, errno, "allowing to write to %s", path);
    }
    return RESULT_OK;
}

// A folder with what is below it, or a file or device by itself.
static enum result allow_other(int rules, const char *path, struct error *err) {
    struct stat status;
    if (stat(path, &status) != 0) {
        (void)error_from_errno(err, errno, "pkcs11_paths: %s", path);
        error_hint(err, "Correct it in signetd.conf: folders, sockets and devices that the "
                        "PKCS#11 module writes to.");
        return RESULT_INVALID;
    }
    return allow_writing(
        rules, path, S_ISDIR(status.st_mode) ? WRITING : LANDLOCK_ACCESS_FS_WRITE_FILE, err);
}

static enum result forbid_writing(const char *folder, const struct config_list *others,
                                  bool *out_has_landlock, struct error *err) {
    struct landlock_ruleset_attr wanted = {.handled_access_fs = WRITING};
    AUTO(descriptor_close)
    int rules = (int)syscall(SYS_landlock_create_ruleset, &wanted, sizeof(wanted), 0);
    if (rules < 0) {
        // An old kernel, or Landlock is off: file permissions must do.
        *out_has_landlock = false;
        return RESULT_OK;
    }
    TRY(allow_writing(rules, folder, WRITING, err));
    // Children get it as their standard input and output.
    TRY(allow_writing(rules, "/dev/null", LANDLOCK_ACCESS_FS_WRITE_FILE, err));
    for (size_t i = 0; i < others->count; i++) {
        TRY(allow_other(rules, others->items[i], err));
    }
    if (syscall(SYS_landlock_restrict_self, rules, 0) != 0) {
        return error_from_errno(err, errno, "giving up writing outside %s", folder);
    }
    *out_has_landlock = true;
    return RESULT_OK;
}

enum result sandbox_enter(const char *folder, const struct config_list *others,
                          bool *out_has_landlock, struct error *err) {
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
        return error_from_errno(err, errno, "giving up new privileges");
    }
    // SQLite would put large temporary files where it may not write any more.
    if (setenv("SQLITE_TMPDIR", folder, 1) != 0) {
        return error_out_of_memory(err);
    }
    TRY(forbid_writing(folder, others, out_has_landlock, err));
    return forbid_network(err);
}
