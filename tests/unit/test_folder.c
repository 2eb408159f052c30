// Owners and modes that are taken over, and files that somebody put in the way.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "client/device/folder.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "support/test.h"

static char test_folder[64];

static const char *inside(const char *name) {
    static char path[128];
    (void)snprintf(path, sizeof(path), "%s/%s", test_folder, name);
    return path;
}

static int set_up(void **state) {
    (void)state;
    (void)snprintf(test_folder, sizeof(test_folder), "/tmp/signet-test-XXXXXX");
    if (mkdtemp(test_folder) == NULL || chdir(test_folder) != 0) {
        return -1;
    }
    struct error err = {0};
    assert_ok(file_replace("old", BYTES_LITERAL("old"), 0644, &err), &err);
    assert_ok(file_replace("new", BYTES_LITERAL("new"), 0600, &err), &err);
    assert_ok(file_replace("victim", BYTES_LITERAL("secret"), 0600, &err), &err);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    return chdir("/") == 0 && folder_remove(test_folder, NULL) == RESULT_OK ? 0 : -1;
}

static mode_t mode_of(const char *name) {
    struct stat status;
    assert_int_equal(0, stat(inside(name), &status));
    return status.st_mode & 07777;
}

static void the_mode_is_taken_over_as_far_as_allowed(void **state) {
    (void)state;
    struct error err = {0};
    assert_ok(folder_take_over_access("new", "old", 0640, &err), &err);
    assert_int_equal(0640, mode_of("new"));
    assert_ok(folder_take_over_access("new", "old", 0777, &err), &err);
    assert_int_equal(0644, mode_of("new"));
}

static void without_a_predecessor_nothing_changes(void **state) {
    (void)state;
    struct error err = {0};
    assert_ok(folder_take_over_access("new", "missing", 0777, &err), &err);
    assert_int_equal(0600, mode_of("new"));
}

static void links_in_the_place_of_the_new_file_are_refused(void **state) {
    (void)state;
    struct error err = {0};
    assert_int_equal(0, symlink("victim", "symbolic"));
    assert_int_equal(0, link("victim", "hard"));
    assert_result(RESULT_DENIED, folder_take_over_access("symbolic", "old", 0777, &err), &err);
    assert_string_equal("misconfigured", err.code);
    assert_result(RESULT_DENIED, folder_take_over_access("hard", "old", 0777, &err), &err);
    assert_int_equal(0600, mode_of("victim"));
}

static void files_of_somebody_else_are_refused(void **state) {
    (void)state;
    struct error err = {0};
    if (geteuid() != 0) {
        skip(); // only root can make such a file
    }
    assert_int_equal(0, chown("new", 12345, 12345));
    assert_result(RESULT_DENIED, folder_take_over_access("new", "old", 0777, &err), &err);
    assert_int_equal(0600, mode_of("new"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_mode_is_taken_over_as_far_as_allowed, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(without_a_predecessor_nothing_changes, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(links_in_the_place_of_the_new_file_are_refused, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(files_of_somebody_else_are_refused, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
