// What somebody else may change is refused, and links of theirs are not followed.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/owner.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "base/limits.h"
#include "support/test.h"

#define STRANGER 12345

static char folder[64];

static const char *in_folder(const char *name) {
    static char paths[4][200];
    static unsigned turn;
    char *path = paths[turn++ % 4];
    snprintf(path, sizeof(paths[0]), "%s/%s", folder, name);
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

static void write_file(const char *name) {
    struct error err = {0};
    assert_ok(file_replace(in_folder(name), BYTES_LITERAL("x"), 0644, &err), &err);
}

static void owner_and_mode_decide(void **state) {
    (void)state;
    const uid_t own = geteuid();
    const struct {
        uid_t owner;
        mode_t mode;
        const char *hint; // NULL: ours
    } cases[] = {
        {own, S_IFREG | 0644, NULL},
        {0, S_IFREG | 0600, NULL},
        {own, S_IFREG | 0640, NULL},
        {own, S_IFDIR | 0755, NULL},
        {own, S_IFDIR | 01777, NULL},
        {own, S_IFLNK | 0777, NULL},
        {STRANGER, S_IFREG | 0644, "chown "},
        {STRANGER, S_IFDIR | 01777, "chown "},
        {STRANGER, S_IFLNK | 0777, "chown -h "},
        {own, S_IFREG | 0664, "chmod go-w"},
        {own, S_IFREG | 0646, "chmod go-w"},
        {own, S_IFREG | 01666, "chmod go-w"}, // it means nothing on a file
        {own, S_IFDIR | 0775, "chmod go-w"},
        {0, S_IFDIR | 0777, "chmod go-w"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct error err = {0};
        const struct stat status = {.st_uid = cases[i].owner, .st_mode = cases[i].mode};
        assert_result(cases[i].hint == NULL ? RESULT_OK : RESULT_DENIED,
                      owner_check("/a/b", &status, &err), &err);
        if (cases[i].hint != NULL) {
            assert_string_equal(err.code, "not_private");
            assert_non_null(strstr(err.message, "/a/b"));
            assert_ptr_equal(strstr(err.hint, cases[i].hint), err.hint);
        }
    }
}

static void require_resolved(const char *path, const char *expected) {
    struct error err = {0};
    AUTO(buf_clear) struct buf out = {0};
    buf_init(&out, LIMIT_PATH_BYTES);
    assert_ok(owner_resolve(path, &out, &err), &err);
    assert_string_equal(buf_string(&out), expected);
}

static void require_refused(enum result result, const char *code, const char *path) {
    struct error err = {0};
    AUTO(buf_clear) struct buf out = {0};
    buf_init(&out, LIMIT_PATH_BYTES);
    assert_result(result, owner_resolve(path, &out, &err), &err);
    assert_string_equal(err.code, code);
    assert_int_equal(out.size, 0);
}

static void own_links_are_followed(void **state) {
    (void)state;
    char expected[200];
    snprintf(expected, sizeof(expected), "%s/real/file", folder);
    assert_int_equal(mkdir(in_folder("real"), 0755), 0);
    write_file("real/file");
    assert_int_equal(symlink("real", in_folder("relative")), 0);
    assert_int_equal(symlink(in_folder("relative/file"), in_folder("absolute")), 0);
    assert_int_equal(symlink("absolute", in_folder("twice")), 0);
    assert_int_equal(symlink("nowhere", in_folder("dangling")), 0);
    require_resolved(in_folder("real/file"), expected);
    require_resolved(in_folder("relative/file"), expected);
    require_resolved(in_folder("absolute"), expected);
    require_resolved(in_folder("twice"), expected);
    snprintf(expected, sizeof(expected), "%s/nowhere", folder);
    require_resolved(in_folder("dangling"), expected);
    require_resolved(in_folder("nowhere"), expected);
    assert_int_equal(chdir(folder), 0);
    require_resolved("relative/file", "real/file");
    require_resolved("file", "file");
    assert_int_equal(chdir("/"), 0);
    require_resolved("/", "/");
}

static void a_ring_of_links_ends(void **state) {
    (void)state;
    assert_int_equal(symlink("b", in_folder("a")), 0);
    assert_int_equal(symlink("a", in_folder("b")), 0);
    require_refused(RESULT_INVALID, "invalid", in_folder("a"));
}

static void links_in_a_folder_of_others_are_not_followed(void **state) {
    (void)state;
    assert_int_equal(mkdir(in_folder("open"), 0755), 0);
    write_file("file");
    assert_int_equal(symlink("../file", in_folder("open/link")), 0);
    assert_int_equal(symlink("open/link", in_folder("to-it")), 0);
    assert_int_equal(chmod(in_folder("open"), 0777), 0);
    require_refused(RESULT_DENIED, "not_private", in_folder("open/link"));
    require_refused(RESULT_DENIED, "not_private", in_folder("to-it"));
    require_resolved(in_folder("open/new"), in_folder("open/new")); // no link
    assert_int_equal(chmod(in_folder("open"), 01777), 0);
    char expected[200];
    snprintf(expected, sizeof(expected), "%s/open/../file", folder);
    require_resolved(in_folder("to-it"), expected);
    if (geteuid() == 0) { // only root makes links for others
        assert_int_equal(lchown(in_folder("open/link"), STRANGER, STRANGER), 0);
        require_refused(RESULT_DENIED, "not_private", in_folder("open/link"));
        assert_int_equal(lchown(in_folder("open/link"), 0, 0), 0);
        assert_int_equal(chown(in_folder("open"), STRANGER, STRANGER), 0);
        require_refused(RESULT_DENIED, "not_private", in_folder("to-it"));
    }
}

static void every_folder_above_counts(void **state) {
    (void)state;
    struct error err = {0};
    assert_int_equal(mkdir(in_folder("a"), 0755), 0);
    assert_int_equal(mkdir(in_folder("a/b"), 0755), 0);
    write_file("a/b/file");
    assert_ok(owner_check_all(in_folder("a/b/file"), &err), &err);
    static const char *const parts[] = {"a", "a/b", "a/b/file"};
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(chmod(in_folder(parts[i]), 0775), 0);
        assert_result(RESULT_DENIED, owner_check_all(in_folder("a/b/file"), &err), &err);
        assert_non_null(strstr(err.hint, in_folder(parts[i])));
        assert_int_equal(chmod(in_folder(parts[i]), 0755), 0);
    }
    assert_ok(owner_check_all(in_folder("a/b/file"), &err), &err);
    assert_result(RESULT_NOT_FOUND, owner_check_all(in_folder("a/none"), &err), &err);
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(owner_and_mode_decide),
        IN_FOLDER(own_links_are_followed),
        IN_FOLDER(a_ring_of_links_ends),
        IN_FOLDER(links_in_a_folder_of_others_are_not_followed),
        IN_FOLDER(every_folder_above_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
