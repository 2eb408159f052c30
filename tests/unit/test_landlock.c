// All rights that the running kernel knows can be taken, and only what was given comes back.
// SPDX-License-Identifier: GPL-3.0-or-later
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kernel/landlock.h"
#include "support/test.h"

static void each_version_adds_rights(void **state) {
    (void)state;
    static const struct landlock_rights expected[] = {
        {0, 0, 0},      {0x1fff, 0, 0}, {0x3fff, 0, 0}, {0x7fff, 0, 0},
        {0x7fff, 3, 0}, {0xffff, 3, 0}, {0xffff, 3, 3},
    };
    for (int version = 0; version < 7; version++) {
        const struct landlock_rights rights = landlock_rights_of(version);
        assert_memory_equal(&rights, &expected[version], sizeof(rights));
    }
    const struct landlock_rights newest = landlock_rights_of(INT_MAX);
    assert_memory_equal(&newest, &expected[6], sizeof(newest));
    const struct landlock_rights none = landlock_rights_of(-1);
    assert_memory_equal(&none, &expected[0], sizeof(none));
}

// --- in children, for there is no way back --------------------------------------------------

static char given[] = "/tmp/signet-landlock-XXXXXX";
static char taken[] = "/tmp/signet-landlock-XXXXXX";
static char given_file[64], given_below[64], below_file[80];
static char taken_file[64], moved_file[64];
static struct sockaddr_in address;
static socklen_t address_size = sizeof(address);

static void touch(const char *path) {
    const int descriptor = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_true(descriptor >= 0);
    (void)close(descriptor);
}

static int set_up(void **state) {
    static int listener;
    (void)state;
    assert_non_null(mkdtemp(given));
    assert_non_null(mkdtemp(taken));
    (void)snprintf(given_file, sizeof(given_file), "%s/file", given);
    (void)snprintf(taken_file, sizeof(taken_file), "%s/file", taken);
    (void)snprintf(moved_file, sizeof(moved_file), "%s/moved", taken);
    (void)snprintf(given_below, sizeof(given_below), "%s/below", given);
    (void)snprintf(below_file, sizeof(below_file), "%s/file", given_below);
    assert_int_equal(mkdir(given_below, 0700), 0);
    touch(given_file);
    touch(taken_file);
    address =
        (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(listener, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(listen(listener, 4), 0);
    return getsockname(listener, (struct sockaddr *)&address, &address_size);
}

static int clean_up(void **state) {
    (void)state;
    (void)unlink(given_file);
    (void)unlink(taken_file);
    (void)unlink(moved_file);
    (void)unlink(below_file);
    (void)rmdir(given_below);
    return rmdir(given) == 0 && rmdir(taken) == 0 ? 0 : -1;
}

static int open_it(void) {
    return open(taken_file, O_RDONLY | O_CLOEXEC) >= 0 ? 0 : errno;
}

static int remove_it(void) {
    return unlink(taken_file) == 0 ? 0 : errno;
}

static int move_it(void) {
    return rename(given_file, moved_file) == 0 ? 0 : errno;
}

static int move_it_within(void) {
    return rename(given_file, below_file) == 0 ? 0 : errno;
}

static int cut_it(void) {
    return truncate(taken_file, 0) == 0 ? 0 : errno;
}

static int connect_to_it(void) {
    const int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    return connect(client, (struct sockaddr *)&address, address_size) == 0 ? 0 : errno;
}

static int signal_the_parent(void) {
    return kill(getppid(), 0) == 0 ? 0 : errno;
}

static int use_what_is_given(void) {
    const int descriptor = open(given_file, O_WRONLY | O_TRUNC | O_CLOEXEC);
    const bool is_written = descriptor >= 0 && write(descriptor, "x", 1) == 1;
    return is_written && truncate(given_file, 0) == 0 ? 0 : errno;
}

static bool take_all_but_one_folder(void) {
    const struct landlock_rights all = landlock_rights_of(landlock_version());
    int rules = -1;
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           landlock_open(&all, &rules, NULL) == RESULT_OK &&
           landlock_allow(rules, given, all.files, NULL) == RESULT_OK &&
           landlock_restrict(rules, NULL) == RESULT_OK;
}

static int in_child(int (*attempt)(void), bool is_confined) {
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        _exit(is_confined && !take_all_but_one_folder() ? 255 : attempt());
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void what_the_version_knows_is_taken(void **state) {
    (void)state;
    static const struct {
        int (*attempt)(void);
        int since; // the version of Landlock
        int expected;
    } cases[] = {
        {open_it, 1, EACCES},          {remove_it, 1, EACCES},    {move_it, 1, EACCES},
        {move_it_within, 2, 0},        {cut_it, 3, EACCES},       {connect_to_it, 4, EACCES},
        {signal_the_parent, 6, EPERM}, {use_what_is_given, 1, 0},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        if (landlock_version() >= cases[i].since) {
            assert_int_equal(in_child(cases[i].attempt, true), cases[i].expected);
        }
        touch(given_file);
        assert_int_equal(in_child(cases[i].attempt, false), 0);
        touch(given_file);
        touch(taken_file);
    }
}

static void what_is_not_there_cannot_be_given(void **state) {
    (void)state;
    if (landlock_version() == 0) {
        skip();
    }
    const struct landlock_rights all = landlock_rights_of(landlock_version());
    struct error err = {0};
    int rules = -1;
    assert_ok(landlock_open(&all, &rules, &err), &err);
    assert_result(RESULT_NOT_FOUND, landlock_allow(rules, "/nowhere", all.files, &err), &err);
    // A file has no use for what concerns folders.
    assert_result(RESULT_INVALID, landlock_allow(rules, given_file, all.files, &err), &err);
    assert_ok(landlock_allow(rules, given_file, all.files & LANDLOCK_FILES_SINGLE, &err), &err);
    (void)close(rules);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_version_adds_rights),
        cmocka_unit_test(what_the_version_knows_is_taken),
        cmocka_unit_test(what_is_not_there_cannot_be_given),
    };
    return cmocka_run_group_tests(tests, set_up, clean_up);
}
