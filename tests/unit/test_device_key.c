// Keys of devices on tokens: what an interruption leaves, what is removed, and what never is.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "client/device/device_key.h"

#include <sys/stat.h>

#include "base/file.h"
#include "base/limits.h"
#include "support/token_fixture.h"

// A folder of its own below the token's.
static const char *make_folder(const char *name) {
    const char *folder = in_token_folder(name);
    struct error err = {0};
    assert_ok(folder_make(folder, 0700, &err), &err);
    return folder;
}

static bool has(const char *folder, const char *name) {
    char path[400];
    (void)snprintf(path, sizeof(path), "%s/%s", folder, name);
    return file_exists(path);
}

static struct key *open_key(const char *folder, const struct device_key_wish *wish) {
    struct key *key = NULL;
    struct error err = {0};
    assert_ok(device_key_open(folder, wish, &key, &err), &err);
    return key;
}

static void require_gone(const char *uri) {
    AUTO(key_free_at) struct key *key = NULL;
    struct error err = {0};
    assert_result(RESULT_NOT_FOUND, key_open_uri(uri, &key, &err), &err);
    assert_string_equal(err.code, "key_missing");
}

static const char *const nothing[] = {NULL};

static void a_key_in_a_file_is_made_once(void **state) {
    (void)state;
    const char *folder = make_folder("file");
    const struct device_key_wish wish = {.algorithm = KEY_P384};
    AUTO(key_free_at) struct key *key = open_key(folder, &wish);
    AUTO(key_free_at) struct key *again = open_key(folder, &wish);
    struct error err = {0};
    assert_bytes_equal(key_public(key), key_public(again));
    assert_true(has(folder, "key.pem"));
    assert_false(has(folder, "key.uri") || has(folder, "key.made"));
    assert_ok(device_key_remove(folder, nothing, &err), &err);
    assert_true(has(folder, "key.pem"));
}

static void a_key_on_a_token_is_made_once_and_removed_with_its_folder(void **state) {
    (void)state;
    const char *folder = make_folder("token");
    const struct device_key_wish wish = {.algorithm = KEY_P256,
                                         .uri = token_uri("token=device")};
    AUTO(key_free_at) struct key *key = open_key(folder, &wish);
    AUTO(key_free_at) struct key *again = open_key(folder, &wish);
    struct error err = {0};
    assert_bytes_equal(key_public(key), key_public(again));
    assert_true(has(folder, "key.uri") && device_key_is_made(folder));
    assert_false(has(folder, "key.pem"));
    assert_non_null(strstr(key_uri(key), ";object=signet?"));
    assert_ok(device_key_remove(folder, nothing, &err), &err);
    require_gone(key_uri(key));
    assert_ok(device_key_remove(folder, nothing, &err), &err);
}

static void what_was_noted_and_not_made_is_made_with_the_same_id(void **state) {
    (void)state;
    const char *folder = make_folder("noted");
    const struct device_key_wish wish = {.algorithm = KEY_P256,
                                         .uri = token_uri("token=device;object=noted")};
    struct error err = {0};
    AUTO(key_free_at) struct key *key = open_key(folder, &wish);
    char uri[600];
    (void)snprintf(uri, sizeof(uri), "%s", key_uri(key));
    // As if it had ended between note and key.
    assert_ok(key_destroy_at_uri(uri, &err), &err);
    key_free_at(&key);
    key = open_key(folder, &wish);
    assert_string_equal(key_uri(key), uri);
    // A key that somebody else made and removed is not made up for.
    key_free_at(&key);
    assert_ok(key_destroy_at_uri(uri, &err), &err);
    run_command("rm %s/key.made", folder);
    assert_result(RESULT_NOT_FOUND, device_key_open(folder, &wish, &key, &err), &err);
    assert_string_equal(err.code, "key_missing");
}

static void a_key_that_was_there_is_used_and_stays(void **state) {
    (void)state;
    const char *folder = make_folder("there");
    const char *fresh_folder = make_folder("fresh");
    struct error err = {0};
    AUTO(key_free_at) struct key *there = NULL;
    assert_ok(key_make_at_uri(token_uri("token=device;object=there"), KEY_P256, &there, &err),
              &err);
    struct device_key_wish wish = {.algorithm = KEY_P256,
                                   .uri = token_uri("token=device;object=there")};
    AUTO(key_free_at) struct key *key = open_key(folder, &wish);
    assert_bytes_equal(key_public(key), key_public(there));
    assert_false(device_key_is_made(folder));
    assert_ok(device_key_remove(folder, nothing, &err), &err);
    AUTO(key_free_at) struct key *again = NULL;
    assert_ok(key_open_uri(key_uri(there), &again, &err), &err);
    // A fresh one beside it has the same name.
    wish.is_fresh = true;
    AUTO(key_free_at) struct key *fresh = open_key(fresh_folder, &wish);
    assert_false(bytes_equal(key_public(fresh), key_public(there)));
    assert_non_null(strstr(key_uri(fresh), ";object=there?"));
}

static void a_key_that_another_folder_names_stays(void **state) {
    (void)state;
    const char *old = make_folder("old");
    const char *current = make_folder("current");
    const struct device_key_wish wish = {.algorithm = KEY_P256,
                                         .uri = token_uri("token=device;object=two")};
    struct error err = {0};
    AUTO(key_free_at) struct key *key = open_key(old, &wish);
    AUTO(key_free_at) struct key *again = NULL;
    const char *const kept[] = {in_token_folder("nowhere"), current, NULL};
    run_command("cp %s/key.* %s", old, current);
    assert_ok(device_key_remove(old, kept, &err), &err);
    assert_ok(key_open_uri(key_uri(key), &again, &err), &err);
    run_command("rm %s/key.uri", current);
    assert_ok(device_key_remove(old, kept, &err), &err);
    require_gone(key_uri(key));
}

// Only "it is not there" lets a key be made, and a removal that fails is told.
// A renewal that keeps the key: what is pending must never take the key away that is in use.
static void a_kept_key_is_used_and_never_removed_with_the_new_folder(void **state) {
    (void)state;
    const char *const uris[] = {NULL, token_uri("token=device;object=kept")};
    for (size_t i = 0; i < 2; i++) {
        const char *folder = make_folder(i == 0 ? "kept-file" : "kept-token");
        struct device_key_wish wish = {.algorithm = KEY_P256, .uri = uris[i]};
        AUTO(key_free_at) struct key *key = open_key(folder, &wish);
        const char *next = make_folder(i == 0 ? "next-file" : "next-token");
        struct error err = {0};
        wish.kept = key;
        wish.is_fresh = true;
        AUTO(key_free_at) struct key *kept = open_key(next, &wish);
        AUTO(key_free_at) struct key *again = open_key(next, &wish);
        assert_bytes_equal(key_public(kept), key_public(key));
        assert_bytes_equal(key_public(again), key_public(key));
        assert_int_equal(has(next, "key.pem"), i == 0);
        assert_int_equal(has(next, "key.uri"), i == 1);
        assert_false(device_key_is_made(next));
        assert_ok(device_key_remove(next, nothing, &err), &err);
        AUTO(key_free_at) struct key *still = open_key(folder, &wish);
        assert_bytes_equal(key_public(still), key_public(key));
    }
}

static void a_token_that_is_away_changes_nothing(void **state) {
    (void)state;
    const char *folder = make_folder("away");
    const struct device_key_wish wish = {.algorithm = KEY_P256,
                                         .uri = token_uri("token=device;object=away")};
    struct error err = {0};
    AUTO(key_free_at) struct key *key = NULL;
    set_fault("removed");
    assert_result(RESULT_NOT_FOUND, device_key_open(folder, &wish, &key, &err), &err);
    assert_string_equal(err.code, "token_missing");
    assert_false(has(folder, "key.uri") || has(folder, "key.made"));
    set_fault("");
    key = open_key(folder, &wish);
    char uri[600];
    (void)snprintf(uri, sizeof(uri), "%s", key_uri(key));
    key_free_at(&key);
    set_fault("removed");
    assert_result(RESULT_NOT_FOUND, device_key_open(folder, &wish, &key, &err), &err);
    assert_result(RESULT_NOT_FOUND, device_key_remove(folder, nothing, &err), &err);
    assert_string_equal(err.code, "token_missing");
    set_fault("");
    key = open_key(folder, &wish);
    assert_string_equal(key_uri(key), uri);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_key_in_a_file_is_made_once),
        cmocka_unit_test(a_key_on_a_token_is_made_once_and_removed_with_its_folder),
        cmocka_unit_test(what_was_noted_and_not_made_is_made_with_the_same_id),
        cmocka_unit_test(a_key_that_was_there_is_used_and_stays),
        cmocka_unit_test(a_key_that_another_folder_names_stays),
        cmocka_unit_test(a_kept_key_is_used_and_never_removed_with_the_new_folder),
        cmocka_unit_test(a_token_that_is_away_changes_nothing),
    };
    return cmocka_run_group_tests(tests, make_tokens, remove_tokens);
}
