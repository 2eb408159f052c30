// Landlock without any rule, and seccomp for all but the calls that an event loop consists of.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "gateway/confinement.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "kernel/call_filter.h"
#include "kernel/landlock.h"

// --- files -----------------------------------------------------------------------------------

static enum result forbid_files(bool *out_has_landlock, struct error *err) {
    const int version = landlock_version();
    *out_has_landlock = version > 0; // an old kernel: seccomp alone must do
    if (version == 0) {
        return RESULT_OK;
    }
    const struct landlock_rights everything = landlock_rights_of(version);
    int rules = -1;
    TRY(landlock_open(&everything, &rules, err));
    const enum result result = landlock_restrict(rules, err);
    (void)close(rules);
    return result;
}

// --- system calls ----------------------------------------------------------------------------

#define IS(argument, value)                                                                    \
    { .arg = (argument), .op = SCMP_CMP_EQ, .datum_a = (scmp_datum_t)(value) }
#define HAS_NONE_OF(argument, bits)                                                            \
    { .arg = (argument), .op = SCMP_CMP_MASKED_EQ, .datum_a = (bits), .datum_b = 0 }
#define ALLOW(name, ...)                                                                       \
    {                                                                                          \
        .call = SCMP_SYS(name), .action = SCMP_ACT_ALLOW, .conditions = { __VA_ARGS__ }        \
    }

// What is not here fails with EPERM, which a library that tries something optional survives.
// Nothing here takes a path or another process's id, makes a socket, process or thread, or
// connects a socket: send(2) and its kin are missing because MSG_FASTOPEN connects. Where a
// name has two forms, the second is that of 32-bit machines.
static enum result forbid_calls(struct error *err) {
    const struct call_rule rules[] = {
        ALLOW(read),
        ALLOW(readv),
        ALLOW(write),
        ALLOW(writev),
        ALLOW(close),
        ALLOW(accept4),
        // Listeners come bound. To shut one down would take it from the authority as well: only
        // the writing half of connections, which a listener does not have.
        ALLOW(listen),
        ALLOW(shutdown, IS(1, SHUT_WR)),
        ALLOW(getpeername),
        ALLOW(getsockname),
        ALLOW(getsockopt),
        ALLOW(setsockopt, IS(1, IPPROTO_TCP), IS(2, TCP_NODELAY)),
        ALLOW(setsockopt, IS(1, IPPROTO_TCP), IS(2, TCP_NOTSENT_LOWAT)),
        // Others of these name a process that gets signals.
        ALLOW(fcntl, IS(1, F_GETFD)),
        ALLOW(fcntl, IS(1, F_GETFL)),
        ALLOW(fcntl64, IS(1, F_GETFD)),
        ALLOW(fcntl64, IS(1, F_GETFL)),
        ALLOW(ioctl, IS(1, FIONBIO)),
        ALLOW(ioctl, IS(1, FIOCLEX)),
        // The loop.
        ALLOW(epoll_create1),
        ALLOW(epoll_ctl),
        ALLOW(epoll_wait),
        ALLOW(epoll_pwait),
        ALLOW(epoll_pwait2),
        ALLOW(eventfd2),
        ALLOW(pipe2),
        // Memory, none of it executable.
        ALLOW(brk),
        ALLOW(mmap, HAS_NONE_OF(2, PROT_EXEC)),
        ALLOW(mmap2, HAS_NONE_OF(2, PROT_EXEC)),
        ALLOW(mprotect, HAS_NONE_OF(2, PROT_EXEC)),
        ALLOW(mremap),
        ALLOW(munmap),
        ALLOW(madvise),
        ALLOW(futex),
        ALLOW(futex_time64),
        // Clocks, which are system calls where the kernel maps no faster way, and randomness.
        ALLOW(clock_gettime),
        ALLOW(clock_gettime64),
        ALLOW(clock_getres),
        ALLOW(clock_getres_time64),
        ALLOW(gettimeofday),
        ALLOW(time),
        ALLOW(getrandom),
        // Its own signals, limits and end; abort(3) sends itself one.
        ALLOW(rt_sigaction),
        ALLOW(rt_sigprocmask),
        ALLOW(rt_sigreturn),
        ALLOW(sigaltstack),
        ALLOW(sigreturn),
        ALLOW(restart_syscall),
        ALLOW(getpid),
        ALLOW(gettid),
        ALLOW(tgkill, IS(0, getpid())),
        ALLOW(prlimit64, IS(0, 0)),
        ALLOW(exit),
        ALLOW(exit_group),
    };
    return call_filter_enter(SCMP_ACT_ERRNO(EPERM), rules, sizeof(rules) / sizeof(rules[0]),
                             err);
}

enum result confinement_enter(bool *out_has_landlock, struct error *err) {
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) {
        return error_from_errno(err, errno, "giving up new privileges");
    }
    TRY(forbid_files(out_has_landlock, err));
    return forbid_calls(err);
}
