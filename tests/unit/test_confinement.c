// A confined process opens nothing, connects nowhere, runs nothing; what is open stays usable.
// SPDX-License-Identifier: GPL-3.0-or-later
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "gateway/confinement.h"
#include "support/test.h"

// Each in a child of its own: there is no way back. The exit status is the errno of the attempt.
typedef int attempt(void);

static int open_a_file(void) {
    return open("/etc/passwd", O_RDONLY) >= 0 ? 0 : errno;
}

static int make_a_file(void) {
    return open("/tmp/signet-confinement", O_WRONLY | O_CREAT, 0600) >= 0 ? 0 : errno;
}

static int make_a_socket(void) {
    return socket(AF_INET, SOCK_STREAM, 0) >= 0 ? 0 : errno;
}

static int run_a_program(void) {
    char *const arguments[] = {"true", NULL};
    (void)execv("/bin/true", arguments);
    return errno;
}

static int end_the_parent(void) {
    return kill(getppid(), 0) == 0 ? 0 : errno;
}

static int write_what_is_open(void) {
    return write(STDERR_FILENO, "", 0) == 0 ? 0 : errno;
}

static int attempt_in_child(attempt *run, bool is_confined) {
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        bool has_landlock = false;
        if (is_confined && confinement_enter(&has_landlock, NULL) != RESULT_OK) {
            _exit(255);
        }
        _exit(run());
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void a_confined_process_reaches_nothing(void **state) {
    (void)state;
    static attempt *const attempts[] = {open_a_file, make_a_file, make_a_socket,
                                        end_the_parent};
    for (size_t i = 0; i < sizeof(attempts) / sizeof(attempts[0]); i++) {
        assert_int_equal(attempt_in_child(attempts[i], false), 0);
        assert_int_equal(attempt_in_child(attempts[i], true), EPERM);
    }
    assert_int_equal(attempt_in_child(run_a_program, true), EPERM);
    (void)unlink("/tmp/signet-confinement");
}

static void what_is_open_stays_usable(void **state) {
    (void)state;
    assert_int_equal(attempt_in_child(write_what_is_open, true), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_confined_process_reaches_nothing),
        cmocka_unit_test(what_is_open_stays_usable),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
