// seccomp against sockets and what only intruders call, Landlock against writing.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "authority/service/sandbox.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kernel/call_filter.h"
#include "kernel/landlock.h"

// --- no network, no other processes, no administration of the machine -----------------------

#define REFUSE(name, ...)                                                                      \
    {                                                                                          \
        .call = SCMP_SYS(name), .action = SCMP_ACT_ERRNO(EPERM), .conditions = { __VA_ARGS__ } \
    }
#define IS_NOT(argument, value)                                                                \
    { .arg = (argument), .op = SCMP_CMP_NE, .datum_a = (value) }
#define HAS(argument, bit)                                                                     \
    { .arg = (argument), .op = SCMP_CMP_MASKED_EQ, .datum_a = (bit), .datum_b = (bit) }

// LeakSanitizer traces the threads of its own process: there it is let through, and logged.
#ifdef __SANITIZE_ADDRESS__
#define PTRACE_ACTION SCMP_ACT_LOG
#else
#define PTRACE_ACTION SCMP_ACT_ERRNO(EPERM)
#endif

// A list of what is refused, not of what is allowed as for a gateway: nobody knows what a
// PKCS#11 module calls.
static const struct call_rule refused[] = {
    REFUSE(socket, IS_NOT(0, AF_UNIX)),
    REFUSE(socketpair, IS_NOT(0, AF_UNIX)),
    // Connects without connect(2), where Landlock would notice.
    REFUSE(sendto, HAS(3, MSG_FASTOPEN)),
    REFUSE(sendmsg, HAS(2, MSG_FASTOPEN)),
    REFUSE(sendmmsg, HAS(3, MSG_FASTOPEN)),
    // Makes sockets, connects and opens without any of the calls that are looked at here.
    REFUSE(io_uring_setup),
    REFUSE(io_uring_enter),
    REFUSE(io_uring_register),
    // Other processes.
    {.call = SCMP_SYS(ptrace), .action = PTRACE_ACTION},
    REFUSE(process_vm_readv),
    REFUSE(process_vm_writev),
    REFUSE(process_madvise),
    REFUSE(process_mrelease),
    REFUSE(pidfd_getfd),
    REFUSE(kcmp),
    REFUSE(perf_event_open),
    // Namespaces, where a user may what otherwise only root may. The flags of clone3(2) are in
    // memory, where a filter cannot look; libc does with clone(2) when told that there is none.
    REFUSE(setns),
    REFUSE(unshare),
    REFUSE(clone, HAS(0, CLONE_NEWUSER)),
    REFUSE(clone, HAS(0, CLONE_NEWNS)),
    REFUSE(clone, HAS(0, CLONE_NEWNET)),
    REFUSE(clone, HAS(0, CLONE_NEWPID)),
    REFUSE(clone, HAS(0, CLONE_NEWIPC)),
    REFUSE(clone, HAS(0, CLONE_NEWUTS)),
    REFUSE(clone, HAS(0, CLONE_NEWCGROUP)),
    {.call = SCMP_SYS(clone3), .action = SCMP_ACT_ERRNO(ENOSYS)},
    // File systems, and files by other ways than their paths.
    REFUSE(mount),
    REFUSE(umount),
    REFUSE(umount2),
    REFUSE(pivot_root),
    REFUSE(chroot),
    REFUSE(open_tree),
    REFUSE(move_mount),
    REFUSE(fsopen),
    REFUSE(fsconfig),
    REFUSE(fsmount),
    REFUSE(fspick),
    REFUSE(mount_setattr),
    REFUSE(open_by_handle_at),
    REFUSE(fanotify_init),
    REFUSE(quotactl),
    REFUSE(quotactl_fd),
    REFUSE(swapon),
    REFUSE(swapoff),
    REFUSE(acct),
    // The kernel, its keys, its clocks.
    REFUSE(bpf),
    REFUSE(userfaultfd),
    REFUSE(init_module),
    REFUSE(finit_module),
    REFUSE(delete_module),
    REFUSE(kexec_load),
    REFUSE(kexec_file_load),
    REFUSE(reboot),
    REFUSE(syslog),
    REFUSE(vhangup),
    REFUSE(iopl),
    REFUSE(ioperm),
    REFUSE(add_key),
    REFUSE(request_key),
    REFUSE(keyctl),
    REFUSE(sethostname),
    REFUSE(setdomainname),
    REFUSE(settimeofday),
    REFUSE(clock_settime),
    REFUSE(clock_settime64),
    REFUSE(adjtimex),
    REFUSE(clock_adjtime),
    REFUSE(clock_adjtime64),
};

// --- no writing elsewhere --------------------------------------------------------------------

static void descriptor_close(int *descriptor) {
    if (*descriptor >= 0) {
        (void)close(*descriptor);
    }
    *descriptor = -1;
}

// A folder with what is below it, or a file or device by itself.
static enum result allow_other(int rules, const char *path, uint64_t writing,
                               struct error *err) {
    struct stat status;
    if (stat(path, &status) != 0) {
        (void)error_from_errno(err, errno, "pkcs11_paths: %s", path);
        error_hint(err, "Correct it in signetd.conf: folders, sockets and devices that the "
                        "PKCS#11 module writes to.");
        return RESULT_INVALID;
    }
    const uint64_t rights = S_ISDIR(status.st_mode) ? writing : writing & LANDLOCK_FILES_SINGLE;
    return landlock_allow(rules, path, rights, err);
}

// No TCP socket that is open already, a listener of the gateways for one, can be connected,
// either.
static struct landlock_rights all_but_reading(int version) {
    struct landlock_rights rights = landlock_rights_of(version);
    rights.files &= ~LANDLOCK_FILES_READING;
    // The service manager may listen on one (NOTIFY_SOCKET), and so may a PKCS#11 module's
    // daemon.
    rights.scopes &= ~LANDLOCK_SCOPE_OF_ABSTRACT_SOCKETS;
    return rights;
}

static enum result forbid_writing(const char *folder, const struct config_list *others,
                                  bool *out_has_landlock, struct error *err) {
    const int version = landlock_version();
    *out_has_landlock = version > 0; // or an old kernel: file permissions must do
    if (version == 0) {
        return RESULT_OK;
    }
    const struct landlock_rights rights = all_but_reading(version);
    AUTO(descriptor_close) int rules = -1;
    TRY(landlock_open(&rights, &rules, err));
    TRY(landlock_allow(rules, folder, rights.files, err));
    // Children get it as their standard input and output.
    TRY(landlock_allow(rules, "/dev/null", rights.files & LANDLOCK_FILES_SINGLE, err));
    for (size_t i = 0; i < others->count; i++) {
        TRY(allow_other(rules, others->items[i], rights.files, err));
    }
    return landlock_restrict(rules, err);
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
    return call_filter_enter(SCMP_ACT_ALLOW, refused, sizeof(refused) / sizeof(refused[0]),
                             err);
}
