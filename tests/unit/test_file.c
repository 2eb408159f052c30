// Files are replaced whole or not at all, secrets must be private.
// SPDX-License-Identifier: GPL-3.0-or-later
#include <dirent.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "support/test.h"

static char folder[64];

static const char *in_folder(const char *name) {
    static char path[200];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    return path;
}

static int make_folder(void **state) {
    (void)state;
    snprintf(folder, sizeof(folder), "/tmp/signet-test-XXXXXX");
    return mkdtemp(folder) == NULL ? -1 : 0;
}

static int remove_folder(void **state) {
    (void)state;
    char command[128];
    snprintf(command, sizeof(command), "rm -rf '%s'", folder);
    return system(command);
}

static int count_files(void) {
    DIR *listing = opendir(folder);
    assert_non_null(listing);
    int count = 0;
    for (struct dirent *entry; (entry = readdir(listing)) != NULL;) {
        count += entry->d_name[0] != '.';
    }
    closedir(listing);
    return count;
}

static void a_file_is_replaced_with_its_mode(void **state) {
    (void)state;
    struct error err = {0};
    AUTO(buf_clear) struct buf contents;
    buf_init(&contents, 100);
    umask(022);
    assert_ok(file_replace(in_folder("a"), BYTES_LITERAL("one"), 0600, &err), &err);
    assert_ok(file_replace(in_folder("a"), BYTES_LITERAL("two"), 0664, &err), &err);
    assert_ok(file_read(in_folder("a"), &contents, &err), &err);
    assert_string_equal(buf_string(&contents), "two");
    struct stat status;
    assert_int_equal(stat(in_folder("a"), &status), 0);
    assert_int_equal(status.st_mode & 07777, 0664);
    assert_int_equal(count_files(), 1); // no temporary file is left
}

static void creating_refuses_to_overwrite(void **state) {
    (void)state;
    struct error err = {0};
    AUTO(buf_clear) struct buf contents;
    buf_init(&contents, 100);
    assert_ok(file_create(in_folder("b"), BYTES_LITERAL("one"), 0600, &err), &err);
    assert_result(RESULT_CONFLICT,
                  file_create(in_folder("b"), BYTES_LITERAL("two"), 0600, &err), &err);
    assert_ok(file_read(in_folder("b"), &contents, &err), &err);
    assert_string_equal(buf_string(&contents), "one");
}

static void a_file_of_the_limit_is_read_and_a_larger_one_refused(void **state) {
    (void)state;
    struct error err = {0};
    assert_ok(file_replace(in_folder("c"), BYTES_LITERAL("12345"), 0600, &err), &err);
    AUTO(buf_clear) struct buf five;
    AUTO(buf_clear) struct buf four;
    buf_init(&five, 5);
    buf_init(&four, 4);
    assert_ok(file_read(in_folder("c"), &five, &err), &err);
    assert_result(RESULT_LIMIT, file_read(in_folder("c"), &four, &err), &err);
}

static void a_secret_that_others_may_read_is_refused_with_the_cure(void **state) {
    (void)state;
    struct error err = {0};
    AUTO(buf_clear) struct buf secret;
    buf_init_secret(&secret, 100);
    assert_ok(file_replace(in_folder("key"), BYTES_LITERAL("s"), 0640, &err), &err);
    assert_result(RESULT_DENIED, file_read_private(in_folder("key"), &secret, &err), &err);
    assert_string_equal(err.code, "not_private");
    assert_non_null(strstr(err.hint, "chmod 600"));
    assert_int_equal(chmod(in_folder("key"), 0600), 0);
    assert_ok(file_read_private(in_folder("key"), &secret, &err), &err);
    assert_result(RESULT_DENIED, file_read_private(folder, &secret, &err), &err);
}

static void only_regular_files_are_read_and_nothing_is_waited_for(void **state) {
    (void)state;
    struct error err = {0};
    AUTO(buf_clear) struct buf contents;
    buf_init(&contents, 100);
    assert_int_equal(mkfifo(in_folder("pipe"), 0600), 0);
    assert_result(RESULT_INVALID, file_read(in_folder("pipe"), &contents, &err), &err);
    assert_non_null(strstr(err.message, "/pipe is not a regular file"));
    assert_result(RESULT_INVALID, file_read(folder, &contents, &err), &err);
    assert_result(RESULT_DENIED, file_read_private(in_folder("pipe"), &contents, &err), &err);
    assert_result(RESULT_DENIED, file_read_key(in_folder("pipe"), &contents, &err), &err);
    assert_result(RESULT_DENIED, file_check_key(in_folder("pipe"), &err), &err);
    assert_string_equal(err.code, "not_private");
}

static void links_are_read_only_where_they_may_be(void **state) {
    (void)state;
    static const struct {
        enum result (*read)(const char *path, struct buf *out, struct error *err);
        enum result expected;
    } cases[] = {
        {file_read, RESULT_OK},
        {file_read_private, RESULT_OK},
        {file_read_no_link, RESULT_DENIED},
        {file_read_key, RESULT_DENIED},
        {file_read_own, RESULT_DENIED},
    };
    struct error err = {0};
    assert_ok(file_replace(in_folder("target"), BYTES_LITERAL("x"), 0600, &err), &err);
    assert_int_equal(symlink("target", in_folder("link")), 0);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        AUTO(buf_clear) struct buf contents;
        buf_init(&contents, 100);
        assert_ok(cases[i].read(in_folder("target"), &contents, &err), &err);
        assert_result(cases[i].expected, cases[i].read(in_folder("link"), &contents, &err),
                      &err);
        if (cases[i].expected == RESULT_DENIED) {
            assert_string_equal(err.code, "not_private");
        }
    }
}

static void a_key_may_be_read_by_a_group_and_one_of_ours_is_ours(void **state) {
    (void)state;
    static const struct {
        mode_t mode;
        enum result expected;
    } cases[] = {{0600, RESULT_OK},     {0640, RESULT_OK},     {0400, RESULT_OK},
                 {0660, RESULT_DENIED}, {0644, RESULT_DENIED}, {0602, RESULT_DENIED}};
    struct error err = {0};
    AUTO(buf_clear) struct buf contents;
    buf_init_secret(&contents, 100);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_ok(file_replace(in_folder("k"), BYTES_LITERAL("s"), cases[i].mode, &err), &err);
        assert_result(cases[i].expected, file_read_key(in_folder("k"), &contents, &err), &err);
        assert_result(cases[i].expected, file_check_key(in_folder("k"), &err), &err);
        assert_result(cases[i].expected, file_read_own(in_folder("k"), &contents, &err), &err);
        if (cases[i].expected == RESULT_DENIED) {
            assert_string_equal(err.code, "not_private");
            assert_non_null(strstr(err.hint, "chmod g-w,o="));
        }
    }
    if (geteuid() == 0) { // only root can make such a file
        assert_int_equal(chmod(in_folder("k"), 0600), 0);
        assert_int_equal(chown(in_folder("k"), 12345, 12345), 0);
        assert_ok(file_read_key(in_folder("k"), &contents, &err), &err);
        assert_ok(file_check_key(in_folder("k"), &err), &err);
        assert_result(RESULT_DENIED, file_read_own(in_folder("k"), &contents, &err), &err);
        assert_non_null(strstr(err.message, "belongs to user 12345"));
    }
}

static void missing_files_and_folders_are_named(void **state) {
    (void)state;
    struct error err = {0};
    AUTO(buf_clear) struct buf contents;
    buf_init(&contents, 100);
    assert_result(RESULT_NOT_FOUND, file_read(in_folder("none"), &contents, &err), &err);
    assert_non_null(strstr(err.message, "/none: No such file"));
    assert_result(RESULT_NOT_FOUND,
                  file_replace(in_folder("none/a"), BYTES_LITERAL("x"), 0600, &err), &err);
}

static void folders_are_made_once_and_files_are_not_taken_for_them(void **state) {
    (void)state;
    struct error err = {0};
    assert_ok(folder_make_all(in_folder("x/y/z"), 0700, &err), &err);
    assert_ok(folder_make_all(in_folder("x/y/z"), 0700, &err), &err);
    assert_ok(file_replace(in_folder("f"), BYTES_LITERAL("x"), 0600, &err), &err);
    assert_result(RESULT_CONFLICT, folder_make(in_folder("f"), 0700, &err), &err);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_file_is_replaced_with_its_mode, make_folder,
                                        remove_folder),
        cmocka_unit_test_setup_teardown(creating_refuses_to_overwrite, make_folder,
                                        remove_folder),
        cmocka_unit_test_setup_teardown(a_file_of_the_limit_is_read_and_a_larger_one_refused,
                                        make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(a_secret_that_others_may_read_is_refused_with_the_cure,
                                        make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(only_regular_files_are_read_and_nothing_is_waited_for,
                                        make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(links_are_read_only_where_they_may_be, make_folder,
                                        remove_folder),
        cmocka_unit_test_setup_teardown(a_key_may_be_read_by_a_group_and_one_of_ours_is_ours,
                                        make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(missing_files_and_folders_are_named, make_folder,
                                        remove_folder),
        cmocka_unit_test_setup_teardown(folders_are_made_once_and_files_are_not_taken_for_them,
                                        make_folder, remove_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
