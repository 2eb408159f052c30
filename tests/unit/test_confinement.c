// A confined process makes the calls of an event loop and no other; what is open stays usable.
// SPDX-License-Identifier: GPL-3.0-or-later
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <seccomp.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "gateway/confinement.h"
#include "support/test.h"

// Two files beside each other in a folder of their own, as the authority's are beside a
// gateway's working folder: the same user owns them.
static char folder[] = "/tmp/signet-confinement-XXXXXX";
static char victim[64], other[64];

static int set_up(void **state) {
    (void)state;
    if (mkdtemp(folder) == NULL) {
        return -1;
    }
    (void)snprintf(victim, sizeof(victim), "%s/victim", folder);
    (void)snprintf(other, sizeof(other), "%s/other", folder);
    return 0;
}

static int clean_up(void **state) {
    (void)state;
    (void)unlink(victim);
    (void)unlink(other);
    (void)rmdir(other);
    return rmdir(folder);
}

static void make_victim(void) {
    (void)unlink(other);
    (void)rmdir(other);
    (void)unlink(victim);
    const int descriptor = open(victim, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    assert_true(descriptor >= 0);
    assert_int_equal(write(descriptor, "store", 5), 5);
    (void)close(descriptor);
}

// --- children --------------------------------------------------------------------------------

// Each attempt in a child of its own: there is no way back. It returns 0, or the errno.
typedef int attempt(const void *context);

static int status_of_child(attempt *run, const void *context, bool is_confined) {
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        bool has_landlock = false;
        if (is_confined && confinement_enter(&has_landlock, NULL) != RESULT_OK) {
            _exit(255);
        }
        _exit(run(context));
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

static int attempt_in_child(attempt *run, const void *context, bool is_confined) {
    const int status = status_of_child(run, context, is_confined);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

// --- one call --------------------------------------------------------------------------------

// By name: not every machine has every one of them.
struct call {
    const char *name;
    long arguments[6];
};

#define PATH(path) ((long)(path))
#define NUMBER_OF(name) seccomp_syscall_resolve_name(name)

static int make_call(const void *context) {
    const struct call *call = context;
    const long *a = call->arguments;
    return syscall(NUMBER_OF(call->name), a[0], a[1], a[2], a[3], a[4], a[5]) >= 0 ? 0 : errno;
}

// It must be the confinement that refuses, so the same call is made without it first.
static void is_refused(const struct call *call) {
    if (NUMBER_OF(call->name) < 0) {
        return;
    }
    make_victim();
    const int before = attempt_in_child(make_call, call, false);
    if (before != 0) {
        print_error("%s does nothing: %s\n", call->name, strerror(before));
        fail();
    }
    make_victim();
    const int after = attempt_in_child(make_call, call, true);
    if (after != EPERM) {
        print_error("%s: %s\n", call->name, strerror(after));
        fail();
    }
}

static void the_files_of_the_same_user_are_out_of_reach(void **state) {
    (void)state;
    static const struct timespec times[2];
    static struct stat status;
    static char space[1024];
    static const char attribute[] = "user.signet";
    const long here = AT_FDCWD;
    const struct call calls[] = {
        {"open", {PATH(victim), O_RDONLY}},
        {"openat", {here, PATH(victim), O_WRONLY | O_TRUNC}},
        {"creat", {PATH(victim), 0600}},
        {"truncate", {PATH(victim), 0}},
        {"chmod", {PATH(victim), 0666}},
        {"fchmodat", {here, PATH(victim), 0666}},
        {"chown", {PATH(victim), -1, -1}},
        {"lchown", {PATH(victim), -1, -1}},
        {"fchownat", {here, PATH(victim), -1, -1, 0}},
        {"utime", {PATH(victim), 0}},
        {"utimes", {PATH(victim), 0}},
        {"futimesat", {here, PATH(victim), 0}},
        {"utimensat", {here, PATH(victim), PATH(times), 0}},
        {"link", {PATH(victim), PATH(other)}},
        {"linkat", {here, PATH(victim), here, PATH(other), 0}},
        {"symlink", {PATH(victim), PATH(other)}},
        {"symlinkat", {PATH(victim), here, PATH(other)}},
        {"rename", {PATH(victim), PATH(other)}},
        {"renameat", {here, PATH(victim), here, PATH(other)}},
        {"renameat2", {here, PATH(victim), here, PATH(other), 0}},
        {"unlink", {PATH(victim)}},
        {"unlinkat", {here, PATH(victim), 0}},
        {"mkdir", {PATH(other), 0700}},
        {"mkdirat", {here, PATH(other), 0700}},
        {"mknod", {PATH(other), S_IFIFO | 0600, 0}},
        {"mknodat", {here, PATH(other), S_IFIFO | 0600, 0}},
        {"stat", {PATH(victim), PATH(&status)}},
        {"newfstatat", {here, PATH(victim), PATH(&status), 0}},
        {"access", {PATH(victim), R_OK}},
        {"faccessat", {here, PATH(victim), R_OK}},
        {"listxattr", {PATH(victim), PATH(space), sizeof(space)}},
        {"chdir", {PATH(folder)}},
        {"getcwd", {PATH(space), sizeof(space)}},
        {"inotify_init1", {0}},
        {"memfd_create", {PATH(attribute), 0}},
    };
    for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
        is_refused(&calls[i]);
    }
}

static void other_processes_are_out_of_reach(void **state) {
    (void)state;
    const long parent = getpid(); // of the child that calls
    static struct { unsigned long soft, hard; } limit;
    static unsigned long processors[128];
    const struct call calls[] = {
        {"kill", {parent, 0}},
        {"tkill", {parent, 0}},
        {"tgkill", {parent, parent, 0}},
        {"pidfd_open", {parent, 0}},
        {"prlimit64", {parent, 0, 0, PATH(&limit)}},
        {"sched_getaffinity", {parent, sizeof(processors), PATH(processors)}},
        {"getpriority", {0, parent}},
        {"getpgid", {parent}},
        {"fcntl", {STDERR_FILENO, F_SETOWN, parent}},
    };
    for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
        is_refused(&calls[i]);
    }
}

static void nothing_new_is_made(void **state) {
    (void)state;
    static int ends[2];
    static struct io_uring_params ring;
    const long private = MAP_PRIVATE | MAP_ANONYMOUS;
    const struct call calls[] = {
        {"socket", {AF_INET, SOCK_STREAM, 0}},
        {"socket", {AF_UNIX, SOCK_STREAM, 0}},
        {"socketpair", {AF_UNIX, SOCK_STREAM, 0, PATH(ends)}},
        {"mmap", {0, 4096, PROT_READ | PROT_EXEC, private, -1, 0}},
        {"dup", {STDERR_FILENO}},
    };
    for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
        is_refused(&calls[i]);
    }
    // An administrator may have forbidden it to all.
    const struct call setup = {"io_uring_setup", {4, PATH(&ring)}};
    assert_int_equal(attempt_in_child(make_call, &setup, true), EPERM);
}

static int run_a_program(const void *context) {
    (void)context;
    char *const arguments[] = {"true", NULL};
    (void)execv("/bin/true", arguments);
    return errno;
}

static int start_a_process(const void *context) {
    (void)context;
    const pid_t child = fork();
    if (child == 0) {
        _exit(0);
    }
    return child > 0 ? 0 : errno;
}

static void nothing_is_started(void **state) {
    (void)state;
    assert_int_equal(attempt_in_child(run_a_program, NULL, false), 0);
    assert_int_equal(attempt_in_child(run_a_program, NULL, true), EPERM);
    assert_int_equal(attempt_in_child(start_a_process, NULL, false), 0);
    assert_int_equal(attempt_in_child(start_a_process, NULL, true), EPERM);
}

// --- sockets that are open -------------------------------------------------------------------

static struct sockaddr_in loopback(void) {
    return (struct sockaddr_in){.sin_family = AF_INET,
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

static int listen_anywhere(struct sockaddr_in *out_address) {
    const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    socklen_t size = sizeof(*out_address);
    *out_address = loopback();
    assert_true(listener >= 0);
    assert_int_equal(bind(listener, (struct sockaddr *)out_address, size), 0);
    assert_int_equal(listen(listener, 4), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)out_address, &size), 0);
    return listener;
}

struct open_sockets {
    int listener;
    struct sockaddr_in elsewhere;
};

static int shut_down_the_listener(const void *context) {
    const struct open_sockets *sockets = context;
    return shutdown(sockets->listener, SHUT_RDWR) == 0 ? 0 : errno;
}

// A socket that is not connected is connected by sending on it.
static int send_elsewhere(const void *context) {
    const struct open_sockets *sockets = context;
    (void)shutdown(sockets->listener, SHUT_RDWR);
    return sendto(sockets->listener, "out", 3, MSG_FASTOPEN | MSG_NOSIGNAL,
                  (const struct sockaddr *)&sockets->elsewhere, sizeof(sockets->elsewhere)) == 3
               ? 0
               : errno;
}

static int connect_elsewhere(const void *context) {
    const struct open_sockets *sockets = context;
    const struct sockaddr nowhere = {.sa_family = AF_UNSPEC};
    (void)connect(sockets->listener, &nowhere, sizeof(nowhere));
    return connect(sockets->listener, (const struct sockaddr *)&sockets->elsewhere,
                   sizeof(sockets->elsewhere)) == 0
               ? 0
               : errno;
}

static void a_listener_leads_nowhere(void **state) {
    (void)state;
    static attempt *const attempts[] = {connect_elsewhere, send_elsewhere,
                                        shut_down_the_listener};
    for (size_t i = 0; i < sizeof(attempts) / sizeof(attempts[0]); i++) {
        struct open_sockets sockets;
        struct sockaddr_in own;
        sockets.listener = listen_anywhere(&own);
        const int target = listen_anywhere(&sockets.elsewhere);
        assert_int_equal(attempt_in_child(attempts[i], &sockets, true), EPERM);
        // Where TCP fast open is off, sending fails for everybody, with another reason.
        assert_int_not_equal(attempt_in_child(attempts[i], &sockets, false), EPERM);
        (void)close(target);
        (void)close(sockets.listener);
    }
}

// --- every call that there is ----------------------------------------------------------------

// Those that are allowed whatever their arguments. All others must be refused when their
// arguments are -1, also those that this program does not know yet.
static const char *const allowed[] = {
    "read",
    "readv",
    "write",
    "writev",
    "close",
    "accept4",
    "listen",
    "getpeername",
    "getsockname",
    "getsockopt",
    "epoll_create1",
    "epoll_ctl",
    "epoll_wait",
    "epoll_pwait",
    "epoll_pwait2",
    "eventfd2",
    "pipe2",
    "brk",
    "mremap",
    "munmap",
    "madvise",
    "futex",
    "futex_time64",
    "clock_gettime",
    "clock_gettime64",
    "clock_getres",
    "clock_getres_time64",
    "gettimeofday",
    "time",
    "getrandom",
    "rt_sigaction",
    "rt_sigprocmask",
    "rt_sigreturn",
    "sigaltstack",
    "sigreturn",
    "restart_syscall",
    "getpid",
    "gettid",
    "exit",
    "exit_group",
};
#define END_OF_NUMBERS 1000 // the newest of Linux 6.18 is 470

// No filter sees uretprobe and uprobe of x86-64, which end whoever makes them without a probe.
static bool is_unfiltered(int number) {
    return seccomp_arch_native() == SCMP_ARCH_X86_64 && (number == 335 || number == 336);
}

static bool is_allowed(int number) {
    for (size_t i = 0; i < sizeof(allowed) / sizeof(allowed[0]); i++) {
        if (NUMBER_OF(allowed[i]) == number) {
            return true;
        }
    }
    return false;
}

// Ends at the first that is not refused, so that nothing much is done if one is not.
static int make_all_other_calls(const void *context) {
    bool *is_skipped = (bool *)(uintptr_t)context;
    (void)alarm(20);
    for (int number = 0; number < END_OF_NUMBERS; number++) {
        if (!is_skipped[number] &&
            (syscall(number, -1, -1, -1, -1, -1, -1) != -1 || errno != EPERM)) {
            print_error("call %d is not refused\n", number);
            return 1;
        }
    }
    return 0;
}

static void every_other_call_is_refused(void **state) {
    (void)state;
    static bool is_skipped[END_OF_NUMBERS];
    for (int number = 0; number < END_OF_NUMBERS; number++) {
        is_skipped[number] = is_allowed(number) || is_unfiltered(number);
    }
    assert_int_equal(attempt_in_child(make_all_other_calls, is_skipped, true), 0);
}

// --- what is left ----------------------------------------------------------------------------

static int write_what_is_open(const void *context) {
    (void)context;
    return write(STDERR_FILENO, "", 0) == 0 ? 0 : errno;
}

static int allocate(const void *context) {
    (void)context;
    char *small = malloc(100);
    char *large = malloc(4 << 20);
    char *larger = large == NULL ? NULL : realloc(large, 16 << 20);
    const bool is_there = small != NULL && larger != NULL;
    free(small);
    free(larger);
    return is_there ? 0 : ENOMEM;
}

// Accepts, answers, and says that there is no more.
static int serve_one(const void *context) {
    const struct open_sockets *sockets = context;
    const int client = accept4(sockets->listener, NULL, NULL, SOCK_CLOEXEC);
    return client >= 0 && write(client, "in", 2) == 2 && shutdown(client, SHUT_WR) == 0 ? 0
                                                                                        : errno;
}

static void a_listener_still_serves(void **state) {
    (void)state;
    struct open_sockets sockets;
    sockets.listener = listen_anywhere(&sockets.elsewhere);
    const int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(
        connect(client, (struct sockaddr *)&sockets.elsewhere, sizeof(sockets.elsewhere)), 0);
    assert_int_equal(attempt_in_child(serve_one, &sockets, true), 0);
    char answer[8];
    assert_int_equal(read(client, answer, sizeof(answer)), 2);
    assert_int_equal(read(client, answer, sizeof(answer)), 0);
    (void)close(client);
    (void)close(sockets.listener);
}

static int abort_it(const void *context) {
    (void)context;
    (void)signal(SIGABRT, SIG_DFL);
    abort();
}

static void what_is_open_stays_usable(void **state) {
    (void)state;
    assert_int_equal(attempt_in_child(write_what_is_open, NULL, true), 0);
    assert_int_equal(attempt_in_child(allocate, NULL, true), 0);
    const int status = status_of_child(abort_it, NULL, true);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGABRT);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_files_of_the_same_user_are_out_of_reach),
        cmocka_unit_test(other_processes_are_out_of_reach),
        cmocka_unit_test(nothing_new_is_made),
        cmocka_unit_test(nothing_is_started),
        cmocka_unit_test(a_listener_leads_nowhere),
        cmocka_unit_test(every_other_call_is_refused),
        cmocka_unit_test(a_listener_still_serves),
        cmocka_unit_test(what_is_open_stays_usable),
    };
    return cmocka_run_group_tests(tests, set_up, clean_up);
}
