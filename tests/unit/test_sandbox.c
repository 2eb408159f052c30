// The sandbox: after it, no network and no writing elsewhere; what is needed still works.
// SPDX-License-Identifier: GPL-3.0-or-later
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "authority/service/sandbox.h"
#include "kernel/landlock.h"
#include "support/test.h"

static bool can_create(const char *folder) {
    char path[128];
    (void)snprintf(path, sizeof(path), "%s/file", folder);
    int descriptor = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    if (descriptor < 0) {
        return false;
    }
    (void)close(descriptor);
    return unlink(path) == 0;
}

static bool can_make_socket(int family) {
    int descriptor = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (descriptor < 0) {
        return false;
    }
    (void)close(descriptor);
    return true;
}

// In a child, for it cannot be undone. Its exit status is the number of the first thing that is
// wrong.
static int try_everything(const char *own, const char *foreign, char *allowed) {
    char kept[128];
    (void)snprintf(kept, sizeof(kept), "%s/kept", foreign);
    (void)close(open(kept, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
    struct error err = {0};
    bool has_landlock = false;
    if (!can_create(foreign) || !can_make_socket(AF_INET)) {
        return 1;
    }
    const struct config_list others = {&allowed, 1};
    if (sandbox_enter(own, &others, &has_landlock, &err) != RESULT_OK) {
        return 2;
    }
    if (!can_create(own) || !can_create(allowed)) {
        return 3;
    }
    if (has_landlock && can_create(foreign)) {
        return 4;
    }
    if (landlock_version() >= 3 && (truncate(kept, 0) == 0 || errno != EACCES)) {
        return 8;
    }
    if (can_make_socket(AF_INET) || can_make_socket(AF_INET6) || can_make_socket(AF_NETLINK)) {
        return 5;
    }
    int ends[2];
    if (!can_make_socket(AF_UNIX) || socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0) {
        return 6;
    }
    return open("/dev/null", O_RDWR | O_CLOEXEC) >= 0 && open("/etc/passwd", O_RDONLY) >= 0 ? 0
                                                                                            : 7;
}

static void network_and_other_folders_are_out_of_reach(void **state) {
    (void)state;
    char own[] = "/tmp/signet-test-XXXXXX";
    char foreign[] = "/tmp/signet-test-XXXXXX";
    assert_non_null(mkdtemp(own));
    char allowed[] = "/tmp/signet-test-XXXXXX";
    assert_non_null(mkdtemp(foreign));
    assert_non_null(mkdtemp(allowed));
    pid_t child = fork();
    if (child == 0) {
        _exit(try_everything(own, foreign, allowed));
    }
    int status = 0;
    assert_int_equal(child, waitpid(child, &status, 0));
    assert_true(WIFEXITED(status));
    assert_int_equal(0, WEXITSTATUS(status));
    char kept[128];
    (void)snprintf(kept, sizeof(kept), "%s/kept", foreign);
    assert_int_equal(0, unlink(kept));
    assert_int_equal(0, rmdir(own));
    assert_int_equal(0, rmdir(foreign));
    assert_int_equal(0, rmdir(allowed));
}

// --- calls -----------------------------------------------------------------------------------

// Confined to a folder that it does not need. The status of a child is the number of the first
// thing that is wrong.
static bool enter(void) {
    static const struct config_list none = {0};
    bool has_landlock = false;
    return sandbox_enter("/var", &none, &has_landlock, NULL) == RESULT_OK;
}

static int status_of(int (*run)(const void *), const void *context) {
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        _exit(run(context));
    }
    int status = 0;
    assert_int_equal(child, waitpid(child, &status, 0));
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

// LeakSanitizer needs it, in a build with AddressSanitizer.
#ifdef __SANITIZE_ADDRESS__
#define MAY_TRACE true
#else
#define MAY_TRACE false
#endif

// With these arguments none of them does anything without the sandbox, but fails with another
// reason. vhangup, which would, is left out.
static const char *const refused[] = {
    "io_uring_setup",
    "io_uring_enter",
    "io_uring_register",
    "ptrace",
    "process_vm_readv",
    "process_vm_writev",
    "process_madvise",
    "process_mrelease",
    "pidfd_getfd",
    "kcmp",
    "perf_event_open",
    "setns",
    "unshare",
    "mount",
    "umount2",
    "pivot_root",
    "chroot",
    "open_tree",
    "move_mount",
    "fsopen",
    "fsconfig",
    "fsmount",
    "fspick",
    "mount_setattr",
    "open_by_handle_at",
    "fanotify_init",
    "quotactl",
    "quotactl_fd",
    "swapon",
    "swapoff",
    "bpf",
    "userfaultfd",
    "init_module",
    "finit_module",
    "delete_module",
    "kexec_load",
    "kexec_file_load",
    "reboot",
    "syslog",
    "add_key",
    "request_key",
    "keyctl",
    "sethostname",
    "setdomainname",
    "settimeofday",
    "clock_settime",
    "adjtimex",
    "clock_adjtime",
    "iopl",
    "ioperm",
    "acct",
};

static int make_refused_calls(const void *context) {
    (void)context;
    if (!enter()) {
        return 254;
    }
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        if (MAY_TRACE && strcmp(refused[i], "ptrace") == 0) {
            continue;
        }
        const int number = seccomp_syscall_resolve_name(refused[i]);
        if (number >= 0 && (syscall(number, -1, -1, -1, -1, -1, -1) != -1 || errno != EPERM)) {
            print_error("%s: %s\n", refused[i], strerror(errno));
            return (int)i + 1;
        }
    }
    return 0;
}

static void what_only_intruders_call_is_refused(void **state) {
    (void)state;
    assert_int_equal(0, status_of(make_refused_calls, NULL));
}

static int errno_of_clone(unsigned long flags) {
    const long child = syscall(SYS_clone, flags | SIGCHLD, 0, 0, 0, 0);
    if (child == 0) {
        _exit(0);
    }
    return child > 0 ? 0 : errno;
}

static int make_namespaces(const void *context) {
    (void)context;
    static const unsigned long flags[] = {CLONE_NEWUSER,  CLONE_NEWNS,  CLONE_NEWNET,
                                          CLONE_NEWPID,   CLONE_NEWIPC, CLONE_NEWUTS,
                                          CLONE_NEWCGROUP};
    if (!enter()) {
        return 254;
    }
    for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
        if (errno_of_clone(flags[i]) != EPERM) {
            return (int)i + 1;
        }
    }
    return errno_of_clone(0) != 0 ? 10 : 0;
}

static void namespaces_are_refused_and_processes_are_not(void **state) {
    (void)state;
    assert_int_equal(0, status_of(make_namespaces, NULL));
}

// A listener is open in the authority: shut down, it could become a connection to anywhere.
static int connect_a_listener(const void *context) {
    const struct sockaddr_in *elsewhere = context;
    const struct sockaddr_in own = {.sin_family = AF_INET,
                                    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (bind(listener, (const struct sockaddr *)&own, sizeof(own)) != 0 ||
        listen(listener, 1) != 0 || !enter() || shutdown(listener, SHUT_RDWR) != 0) {
        return 254;
    }
    if (sendto(listener, "out", 3, MSG_FASTOPEN | MSG_NOSIGNAL,
               (const struct sockaddr *)elsewhere, sizeof(*elsewhere)) != -1 ||
        errno != EPERM) {
        return 1;
    }
    if (landlock_version() >= 4 &&
        (connect(listener, (const struct sockaddr *)elsewhere, sizeof(*elsewhere)) != -1 ||
         errno != EACCES)) {
        return 2;
    }
    return 0;
}

static void a_listener_leads_nowhere(void **state) {
    (void)state;
    struct sockaddr_in elsewhere = {.sin_family = AF_INET,
                                    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof(elsewhere);
    const int target = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(0, bind(target, (struct sockaddr *)&elsewhere, size));
    assert_int_equal(0, listen(target, 4));
    assert_int_equal(0, getsockname(target, (struct sockaddr *)&elsewhere, &size));
    assert_int_equal(0, status_of(connect_a_listener, &elsewhere));
    (void)close(target);
}

// A PKCS#11 module may have started threads before, and starts others later.
static void *try_network(void *gate) {
    char byte;
    if (read(*(int *)gate, &byte, 1) != 1) {
        return NULL;
    }
    return can_make_socket(AF_INET) ? NULL : gate;
}

static int use_threads(const void *context) {
    (void)context;
    int gate[2];
    pthread_t early, late;
    if (pipe(gate) != 0 || pthread_create(&early, NULL, try_network, &gate[0]) != 0 ||
        !enter()) {
        return 254;
    }
    if (pthread_create(&late, NULL, try_network, &gate[0]) != 0) {
        return 1;
    }
    void *is_early_refused = NULL;
    void *is_late_refused = NULL;
    if (write(gate[1], "12", 2) != 2 || pthread_join(early, &is_early_refused) != 0 ||
        pthread_join(late, &is_late_refused) != 0) {
        return 2;
    }
    return is_early_refused == NULL ? 3 : is_late_refused == NULL ? 4 : 0;
}

static void threads_are_confined_whenever_they_began(void **state) {
    (void)state;
    assert_int_equal(0, status_of(use_threads, NULL));
}

// --- configuration ---------------------------------------------------------------------------

static int enter_with(char *allowed) {
    const struct config_list others = {&allowed, 1};
    struct error err = {0};
    bool has_landlock = false;
    enum result result = sandbox_enter("/tmp", &others, &has_landlock, &err);
    const bool is_named = result == RESULT_INVALID && strstr(err.message, allowed) != NULL;
    return is_named || (result == RESULT_OK && !has_landlock) ? 0 : 1;
}

// Where there is no Landlock nothing is confined, and nobody looks for the path.
static void a_path_that_is_not_there_is_named(void **state) {
    (void)state;
    pid_t child = fork();
    if (child == 0) {
        static char missing[] = "/nowhere/tokens";
        _exit(enter_with(missing));
    }
    int status = 0;
    assert_int_equal(child, waitpid(child, &status, 0));
    assert_true(WIFEXITED(status));
    assert_int_equal(0, WEXITSTATUS(status));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(network_and_other_folders_are_out_of_reach),
        cmocka_unit_test(what_only_intruders_call_is_refused),
        cmocka_unit_test(namespaces_are_refused_and_processes_are_not),
        cmocka_unit_test(a_listener_leads_nowhere),
        cmocka_unit_test(threads_are_confined_whenever_they_began),
        cmocka_unit_test(a_path_that_is_not_there_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
