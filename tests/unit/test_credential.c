// Installing and reading credentials: as one unit, over crashes, with the access that was
// there. SPDX-License-Identifier: GPL-3.0-or-later
#include <sys/stat.h>

#include "base/file.h"
#include "client/connect/credential.h"
#include "client/device/folder.h"
#include "client/device/install.h"
#include "client/device/pending.h"
#include "client/device/status.h"
#include "support/client_fixture.h"
#include "x509/csr.h"

static struct test_ca ca;

static int make_all(void **state) {
    make_test_ca(&ca);
    clock_use_manual(NOW);
    return make_test_folder(state);
}

static int remove_all(void **state) {
    test_ca_clear(&ca);
    clock_use_system();
    return remove_test_folder(state);
}

// Installs a fresh certificate for "cn:jjolie" as FOLDER/name; *out_serial as hex.
static enum result install_new(const char *name, char out_serial[64], struct error *err) {
    struct test_identity leaf = {0};
    struct issued issued;
    make_identity(&leaf, (struct test_names){{"cn:jjolie"}}, &ca.issuing, false, NOW - 60,
                  NOW + 90 * DAY);
    make_issued(&ca, &leaf, &issued);
    snprintf(out_serial, 64, "%s", issued.serial);
    const struct installation installation = {
        .key = leaf.key, .issued = &issued, .url = "https://ca.example:8443"};
    enum result result = install_credential(in_test_folder(name), &installation, err);
    message_clear(&issued_type, &issued);
    test_identity_clear(&leaf);
    return result;
}

static void require_serial(const char *name, const char *serial) {
    struct error err = {0};
    AUTO(credential_clear) struct credential credential = {0};
    assert_ok(credential_read(in_test_folder(name), &credential, &err), &err);
    assert_string_equal(credential.about.serial, serial);
}

static mode_t mode_of(const char *name) {
    struct stat status;
    assert_int_equal(stat(in_test_folder(name), &status), 0);
    return status.st_mode & 07777;
}

static size_t count_entries(const char *name) {
    struct error err = {0};
    AUTO(text_list_clear) struct text_list names = {0};
    assert_ok(folder_list(in_test_folder(name), &names, &err), &err);
    return names.count;
}

// --- installing --------------------------------------------------------------------------

static void what_is_installed_is_read_back(void **state) {
    (void)state;
    struct error err = {0};
    char serial[64];
    umask(022);
    assert_ok(install_new("a", serial, &err), &err);
    AUTO(credential_clear) struct credential credential = {0};
    assert_ok(credential_read(in_test_folder("a"), &credential, &err), &err);
    assert_string_equal(credential.url.host, "ca.example");
    assert_int_equal(credential.url.port, 8443);
    assert_string_equal(credential.about.serial, serial);
    assert_string_equal(credential.about.names.items[0], "cn:jjolie");
    assert_bytes_equal(buf_bytes(&credential.root), buf_bytes(&ca.root.certificate));
    assert_bytes_equal(buf_bytes(&credential.chain), buf_bytes(&ca.issuing.certificate));
    assert_int_equal(credential.trust.size,
                     ca.root.certificate.size + ca.issuing.certificate.size);
    assert_int_equal(count_entries("a/current"), 9);
    credential_clear(&credential);
    assert_ok(credential_read(in_test_folder("a/current"), &credential, &err), &err);
}

static void keys_are_private_and_the_rest_is_not(void **state) {
    (void)state;
    struct error err = {0};
    char serial[64];
    umask(022);
    assert_ok(install_new("a", serial, &err), &err);
    assert_int_equal(mode_of("a/current/key.pem"), 0600);
    assert_int_equal(mode_of("a/current/combined.pem"), 0600);
    assert_int_equal(mode_of("a/current/fullchain.pem"), 0644);
    assert_int_equal(mode_of("a/current/ca.pem"), 0644);
}

static void a_renewal_keeps_the_access_of_a_group_but_never_gives_it_to_others(void **state) {
    (void)state;
    struct error err = {0};
    char serial[64];
    umask(022);
    assert_ok(install_new("a", serial, &err), &err);
    assert_int_equal(chmod(in_test_folder("a/current/key.pem"), 0640), 0);
    assert_int_equal(chmod(in_test_folder("a/current/combined.pem"), 0644), 0);
    umask(077);
    assert_ok(install_new("a", serial, &err), &err);
    assert_int_equal(mode_of("a/current/key.pem"), 0640);
    assert_int_equal(mode_of("a/current/combined.pem"), 0640);
    assert_int_equal(mode_of("a/current"), 0755);
    require_serial("a", serial);
}

static void the_generation_before_is_kept_and_older_ones_go(void **state) {
    (void)state;
    struct error err = {0};
    char serial[64];
    for (int i = 0; i < 4; i++) {
        assert_ok(install_new("a", serial, &err), &err);
        require_serial("a", serial);
    }
    assert_int_equal(count_entries("a/generations"), 2);
    assert_true(file_exists(in_test_folder("a/generations/3/key.pem")));
    assert_true(file_exists(in_test_folder("a/generations/4/key.pem")));
}

static void what_a_crash_left_is_in_nobodys_way(void **state) {
    (void)state;
    struct error err = {0};
    char first[64];
    char second[64];
    assert_ok(install_new("a", first, &err), &err);
    // Half a generation, a temporary file in it, and a link that was not moved yet.
    assert_ok(folder_make_all(in_test_folder("a/generations/2/deep"), 0700, &err), &err);
    assert_ok(file_replace(in_test_folder("a/generations/2/key.pem"), BYTES_LITERAL("half"),
                           0600, &err),
              &err);
    assert_ok(
        file_replace(in_test_folder("a/generations/2/x.tmp"), BYTES_LITERAL("x"), 0600, &err),
        &err);
    assert_int_equal(symlink("generations/2", in_test_folder("a/current.new")), 0);
    require_serial("a", first);
    assert_ok(install_new("a", second, &err), &err);
    require_serial("a", second);
    assert_false(file_exists(in_test_folder("a/current.new")));
    assert_int_equal(count_entries("a/current"), 9);
}

static void a_current_that_is_no_link_of_ours_is_refused(void **state) {
    (void)state;
    struct error err = {0};
    char serial[64];
    assert_ok(folder_make_all(in_test_folder("a/current"), 0700, &err), &err);
    assert_result(RESULT_CONFLICT, install_new("a", serial, &err), &err);
    assert_string_equal(err.code, "misconfigured");
    assert_ok(folder_make_all(in_test_folder("b"), 0700, &err), &err);
    assert_int_equal(symlink("../elsewhere", in_test_folder("b/current")), 0);
    assert_result(RESULT_CONFLICT, install_new("b", serial, &err), &err);
}

// --- reading -----------------------------------------------------------------------------

static void damaged_and_exposed_credentials_are_refused(void **state) {
    (void)state;
    static const struct {
        const char *file, *contents, *word;
        mode_t mode;
    } cases[] = {
        {"key.pem", "no key", "key.pem", 0600},
        {"key.pem", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "key.pem",
         0600},
        {"cert.pem", "", "cert.pem", 0644},
        {"chain.pem", "-----BEGIN CERTIFICATE-----\nAA", "chain.pem", 0644},
        {"ca.pem", "none", "ca.pem", 0644},
        {"url", "http://ca.example\n", "url", 0644},
        {"url", "", "url", 0644},
        {"about.json", "{}", "about.json", 0644},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct error err = {0};
        char serial[64];
        char path[100];
        AUTO(credential_clear) struct credential credential = {0};
        assert_ok(install_new("a", serial, &err), &err);
        snprintf(path, sizeof(path), "a/current/%s", cases[i].file);
        assert_ok(file_replace(in_test_folder(path), bytes_of_string(cases[i].contents),
                               cases[i].mode, &err),
                  &err);
        enum result result = credential_read(in_test_folder("a"), &credential, &err);
        assert_int_not_equal(result, RESULT_OK);
        assert_string_equal(err.code, "misconfigured");
        assert_non_null(strstr(err.message, cases[i].word));
    }
}

static void what_the_status_shows_belongs_to_the_certificate(void **state) {
    (void)state;
    struct error err = {0};
    char serial[64];
    char other[64];
    struct about about = {0};
    AUTO(buf_clear) struct buf foreign = {0};
    buf_init(&foreign, 4096);
    assert_ok(install_new("a", serial, &err), &err);
    assert_ok(install_new("b", other, &err), &err);
    assert_ok(credential_read_about(in_test_folder("a"), &about, &err), &err);
    assert_string_equal(about.serial, serial);
    message_clear(&about_type, &about);
    assert_ok(file_read(in_test_folder("b/current/cert.pem"), &foreign, &err), &err);
    assert_ok(
        file_replace(in_test_folder("a/current/cert.pem"), buf_bytes(&foreign), 0644, &err),
        &err);
    assert_result(RESULT_CONFLICT, credential_read_about(in_test_folder("a"), &about, &err),
                  &err);
    assert_string_equal(err.code, "misconfigured");
    assert_ok(
        file_replace(in_test_folder("a/current/cert.pem"), BYTES_LITERAL("x"), 0644, &err),
        &err);
    assert_int_not_equal(credential_read_about(in_test_folder("a"), &about, &err), RESULT_OK);
    assert_string_equal(err.code, "misconfigured");
    assert_result(RESULT_NOT_FOUND, credential_read_about(in_test_folder("c"), &about, &err),
                  &err);
    assert_string_equal(err.code, "misconfigured");
}

static void a_key_that_others_may_read_is_refused(void **state) {
    (void)state;
    struct error err = {0};
    char serial[64];
    AUTO(credential_clear) struct credential credential = {0};
    assert_ok(install_new("a", serial, &err), &err);
    assert_int_equal(chmod(in_test_folder("a/current/key.pem"), 0644), 0);
    assert_result(RESULT_DENIED, credential_read(in_test_folder("a"), &credential, &err), &err);
    assert_string_equal(err.code, "not_private");
    assert_int_equal(chmod(in_test_folder("a/current/key.pem"), 0640), 0);
    assert_ok(credential_read(in_test_folder("a"), &credential, &err), &err);
}

// A URI would have its module loaded: nothing but a key is taken from a file that a service owns.
static void a_uri_is_believed_only_in_its_own_file(void **state) {
    (void)state;
    static const char uri[] = "pkcs11:token=x;object=y?module-path=/nowhere/module.so\n";
    struct error err = {0};
    char serial[64];
    AUTO(credential_clear) struct credential credential = {0};
    assert_ok(install_new("a", serial, &err), &err);
    assert_ok(
        file_replace(in_test_folder("a/current/key.pem"), bytes_of_string(uri), 0600, &err),
        &err);
    assert_result(RESULT_INVALID, credential_read(in_test_folder("a"), &credential, &err),
                  &err);
    assert_string_equal(err.code, "misconfigured");
    assert_non_null(strstr(err.message, "key.uri only"));
    // In key.uri it is followed, as far as that goes here.
    assert_ok(
        file_replace(in_test_folder("a/current/key.uri"), bytes_of_string(uri), 0600, &err),
        &err);
    assert_int_not_equal(credential_read(in_test_folder("a"), &credential, &err), RESULT_OK);
    assert_null(strstr(err.message, "key.uri only"));
    assert_string_not_equal(err.code, "not_private");
    assert_int_equal(chmod(in_test_folder("a/current/key.uri"), 0660), 0);
    assert_result(RESULT_DENIED, credential_read(in_test_folder("a"), &credential, &err), &err);
    assert_string_equal(err.code, "not_private");
    if (geteuid() == 0) { // only root makes files of others
        assert_int_equal(chmod(in_test_folder("a/current/key.uri"), 0600), 0);
        assert_int_equal(chown(in_test_folder("a/current/key.uri"), 12345, 12345), 0);
        assert_result(RESULT_DENIED, credential_read(in_test_folder("a"), &credential, &err),
                      &err);
        assert_string_equal(err.code, "not_private");
        assert_non_null(strstr(err.message, "belongs to user 12345"));
    }
}

static void files_are_read_and_neither_links_nor_pipes(void **state) {
    (void)state;
    static const char *const files[] = {"key.pem",  "cert.pem", "chain.pem", "ca.pem",
                                        "root.pem", "url",      "about.json"};
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        struct error err = {0};
        char serial[64], path[100], moved[100];
        AUTO(credential_clear) struct credential credential = {0};
        assert_ok(install_new("a", serial, &err), &err);
        snprintf(path, sizeof(path), "a/current/%s", files[i]);
        snprintf(moved, sizeof(moved), "a/current/%s.moved", files[i]);
        assert_int_equal(rename(in_test_folder(path), in_test_folder(moved)), 0);
        assert_int_equal(symlink(in_test_folder(moved), in_test_folder(path)), 0);
        assert_result(RESULT_DENIED, credential_read(in_test_folder("a"), &credential, &err),
                      &err);
        assert_string_equal(err.code, "not_private");
        assert_non_null(strstr(err.message, files[i]));
        assert_int_equal(unlink(in_test_folder(path)), 0);
        assert_int_equal(mkfifo(in_test_folder(path), 0600), 0);
        assert_int_not_equal(credential_read(in_test_folder("a"), &credential, &err),
                             RESULT_OK);
        assert_non_null(strstr(err.message, "not a regular file"));
        assert_int_equal(unlink(in_test_folder(path)), 0);
        assert_int_equal(rename(in_test_folder(moved), in_test_folder(path)), 0);
        assert_ok(credential_read(in_test_folder("a"), &credential, &err), &err);
    }
}

static void a_key_of_another_certificate_is_refused(void **state) {
    (void)state;
    struct error err = {0};
    char serial[64];
    AUTO(credential_clear) struct credential credential = {0};
    AUTO(buf_clear) struct buf key = {0};
    buf_init_secret(&key, LIMIT_KEY_FILE_BYTES);
    assert_ok(install_new("a", serial, &err), &err);
    assert_ok(key_save_pem(ca.stranger.key, NULL, &key, &err), &err);
    assert_ok(file_replace(in_test_folder("a/current/key.pem"), buf_bytes(&key), 0600, &err),
              &err);
    assert_result(RESULT_INVALID, credential_read(in_test_folder("a"), &credential, &err),
                  &err);
    assert_non_null(strstr(err.message, "do not belong together"));
}

static void names_become_safe_folder_names(void **state) {
    (void)state;
    static const struct {
        const char *name, *safe;
    } cases[] = {
        {"jjolie", "jjolie"},       {"a/../b", "a_.._b"}, {"..", "_."},
        {".hidden", "_hidden"},     {"-x", "_x"},         {"hamlet@x.lit", "hamlet@x.lit"},
        {"*.example", "_.example"}, {"Zoë", "Zo__"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct error err = {0};
        AUTO(buf_clear) struct buf safe = {0};
        buf_init(&safe, 300);
        assert_ok(credential_safe_name(cases[i].name, &safe, &err), &err);
        assert_string_equal(buf_string(&safe), cases[i].safe);
        bool is_unchanged = strcmp(cases[i].name, cases[i].safe) == 0;
        assert_result(is_unchanged ? RESULT_OK : RESULT_INVALID,
                      credential_check_name(cases[i].name, &err), &err);
    }
    struct error err = {0};
    assert_result(RESULT_INVALID, credential_check_name("", &err), &err);
    assert_string_equal(err.code, "usage");
}

static void the_status_tells_how_each_does(void **state) {
    (void)state;
    struct error err = {0};
    char serial[64];
    assert_ok(install_new("a", serial, &err), &err);
    assert_ok(install_new("b", serial, &err), &err);
    assert_ok(
        file_replace(in_test_folder("b/current/about.json"), BYTES_LITERAL("{"), 0644, &err),
        &err);
    assert_ok(folder_make_all(in_test_folder("no-credential"), 0700, &err), &err);
    static const struct {
        int64_t at;
        const char *state;
    } cases[] = {{-DAY, "future"}, {0, "valid"}, {3 * DAY, "due"}, {91 * DAY, "expired"}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct status_page page = {0};
        clock_use_manual(NOW + cases[i].at);
        assert_ok(status_collect(test_folder, NULL, &page, &err), &err);
        assert_int_equal(page.credentials.count, 2);
        const struct credential_status *lines = page.credentials.items;
        assert_string_equal(lines[0].state, cases[i].state);
        assert_string_equal(lines[1].state, "damaged");
        assert_non_null(strstr(lines[1].problem, "about.json"));
        message_clear(&status_page_type, &page);
    }
    struct status_page page = {0};
    assert_result(RESULT_NOT_FOUND, status_collect(test_folder, "none", &page, &err), &err);
    assert_string_equal(err.code, "misconfigured");
}

// --- pending -----------------------------------------------------------------------------

static void an_interrupted_request_is_asked_again_byte_for_byte(void **state) {
    (void)state;
    struct error err = {0};
    const struct device_key_wish p256 = {.algorithm = KEY_P256};
    const struct names none = {0};
    AUTO(buf_clear) struct buf first = {0};
    buf_init(&first, LIMIT_CSR_BYTES);
    AUTO(pending_clear) struct pending pending = {0};
    assert_ok(pending_open(in_test_folder("p/1"), &p256, NULL, &none, &pending, &err), &err);
    assert_ok(buf_assign(&first, buf_bytes(&pending.request)), &err);
    assert_int_equal(mode_of("p/1/key.pem"), 0600);
    pending_clear(&pending);
    assert_ok(pending_open(in_test_folder("p/1"), &p256, NULL, &none, &pending, &err), &err);
    assert_bytes_equal(buf_bytes(&first), buf_bytes(&pending.request));
    assert_ok(pending_finish(&pending, &err), &err);
    assert_false(file_exists(in_test_folder("p/1")));
    pending_clear(&pending);
    assert_ok(pending_open(in_test_folder("p/1"), &p256, NULL, &none, &pending, &err), &err);
    assert_false(bytes_equal(buf_bytes(&first), buf_bytes(&pending.request)));
}

static void a_damaged_request_is_made_anew(void **state) {
    (void)state;
    static const char *const files[] = {"p/1/key.pem", "p/1/request.pem"};
    for (size_t i = 0; i < 2; i++) {
        struct error err = {0};
        const struct device_key_wish p256 = {.algorithm = KEY_P256};
        const struct names none = {0};
        AUTO(pending_clear) struct pending pending = {0};
        assert_ok(pending_open(in_test_folder("p/1"), &p256, NULL, &none, &pending, &err),
                  &err);
        pending_clear(&pending);
        assert_ok(file_replace(in_test_folder(files[i]), BYTES_LITERAL("half"), 0600, &err),
                  &err);
        assert_ok(pending_open(in_test_folder("p/1"), &p256, NULL, &none, &pending, &err),
                  &err);
        AUTO(csr_clear) struct csr csr = {0};
        assert_ok(csr_read(buf_bytes(&pending.request), &csr, &err), &err);
        assert_bytes_equal(csr.spki, key_public(pending.key));
    }
}

static void a_lock_is_held_until_it_is_given_back(void **state) {
    (void)state;
    struct error err = {0};
    AUTO(folder_unlock) struct folder_lock lock = {0};
    assert_ok(folder_lock(test_folder, &lock, &err), &err);
    assert_true(lock.is_held);
    folder_unlock(&lock);
    assert_false(lock.is_held);
    assert_ok(folder_lock(test_folder, &lock, &err), &err);
    struct folder_lock other = {0};
    assert_result(RESULT_NOT_FOUND, folder_lock(in_test_folder("none"), &other, &err), &err);
}

static void removing_follows_no_links(void **state) {
    (void)state;
    struct error err = {0};
    assert_ok(folder_make_all(in_test_folder("keep"), 0700, &err), &err);
    assert_ok(file_replace(in_test_folder("keep/file"), BYTES_LITERAL("x"), 0600, &err), &err);
    assert_ok(folder_make_all(in_test_folder("gone/deep"), 0700, &err), &err);
    assert_int_equal(symlink("../../keep", in_test_folder("gone/deep/link")), 0);
    assert_ok(folder_remove(in_test_folder("gone"), &err), &err);
    assert_false(file_exists(in_test_folder("gone")));
    assert_true(file_exists(in_test_folder("keep/file")));
    assert_ok(folder_remove(in_test_folder("gone"), &err), &err);
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, make_all, remove_all)

int main(void) {
    const struct CMUnitTest tests[] = {
        IN_FOLDER(what_is_installed_is_read_back),
        IN_FOLDER(keys_are_private_and_the_rest_is_not),
        IN_FOLDER(a_renewal_keeps_the_access_of_a_group_but_never_gives_it_to_others),
        IN_FOLDER(the_generation_before_is_kept_and_older_ones_go),
        IN_FOLDER(what_a_crash_left_is_in_nobodys_way),
        IN_FOLDER(a_current_that_is_no_link_of_ours_is_refused),
        IN_FOLDER(damaged_and_exposed_credentials_are_refused),
        IN_FOLDER(what_the_status_shows_belongs_to_the_certificate),
        IN_FOLDER(a_key_that_others_may_read_is_refused),
        IN_FOLDER(a_uri_is_believed_only_in_its_own_file),
        IN_FOLDER(files_are_read_and_neither_links_nor_pipes),
        IN_FOLDER(a_key_of_another_certificate_is_refused),
        IN_FOLDER(names_become_safe_folder_names),
        IN_FOLDER(the_status_tells_how_each_does),
        IN_FOLDER(an_interrupted_request_is_asked_again_byte_for_byte),
        IN_FOLDER(a_damaged_request_is_made_anew),
        IN_FOLDER(a_lock_is_held_until_it_is_given_back),
        IN_FOLDER(removing_follows_no_links),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
