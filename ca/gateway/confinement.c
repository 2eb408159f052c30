// Landlock without any rule, and seccomp against what a gateway never does.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "gateway/confinement.h"

#include <errno.h>
#include <linux/landlock.h>
#include <seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

// Every right that the first version of Landlock knows; no rule gives one back. It also keeps this
// process from tracing those that are less confined, the authority among them.
#define EVERYTHING (((uint64_t)LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1)

static enum result forbid_files(bool *out_has_landlock, struct error *err) {
    const struct landlock_ruleset_attr wanted = {.handled_access_fs = EVERYTHING};
    const int rules = (int)syscall(SYS_landlock_create_ruleset, &wanted, sizeof(wanted), 0);
    if (rules < 0) {
        *out_has_landlock = false; // an old kernel: seccomp alone must do
        return RESULT_OK;
    }
    const long status = syscall(SYS_landlock_restrict_self, rules, 0);
    const int reason = errno;
    (void)close(rules);
    if (status != 0) {
        return error_from_errno(err, reason, "giving up the file system");
    }
    *out_has_landlock = true;
    return RESULT_OK;
}

static int forbid(scmp_filter_ctx filter) {
    static const int calls[] = {
        SCMP_SYS(open),        SCMP_SYS(openat),
        SCMP_SYS(openat2),     SCMP_SYS(creat),
        SCMP_SYS(socket),      SCMP_SYS(socketpair),
        SCMP_SYS(connect),     SCMP_SYS(bind),
        SCMP_SYS(execve),      SCMP_SYS(execveat),
        SCMP_SYS(ptrace),      SCMP_SYS(process_vm_readv),
        SCMP_SYS(kill),        SCMP_SYS(process_vm_writev),
        SCMP_SYS(pidfd_getfd),
    };
    for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
        const int status = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), calls[i], 0);
        if (status != 0) {
            return status;
        }
    }
    return seccomp_load(filter);
}

static enum result forbid_calls(struct error *err) {
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
    if (filter == NULL) {
        return error_out_of_memory(err);
    }
    const int status = forbid(filter);
    seccomp_release(filter);
    return status == 0 ? RESULT_OK : error_from_errno(err, -status, "giving up system calls");
}

enum result confinement_enter(bool *out_has_landlock, struct error *err) {
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) {
        return error_from_errno(err, errno, "giving up new privileges");
    }
    TRY(forbid_files(out_has_landlock, err));
    return forbid_calls(err);
}
