// The sandbox: after it, no network and no writing elsewhere; what is needed still works.
// SPDX-License-Identifier: GPL-3.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "authority/service/sandbox.h"
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
    assert_int_equal(0, rmdir(own));
    assert_int_equal(0, rmdir(foreign));
    assert_int_equal(0, rmdir(allowed));
}

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
        cmocka_unit_test(a_path_that_is_not_there_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
