// Installing as one unit: killed at every system call, without space, and back again.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "client/device/install.h"
#include "client/device/ownership.h"

#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sched.h>

#include "base/file.h"
#include "client/connect/credential.h"
#include "client/device/agent.h"
#include "client/device/folder.h"
#include "client/device/settings.h"
#include "support/client_fixture.h"
#include "support/kill_at_call.h"

// More than an installation needs: what keeps a mistake from running for ever.
#define CALLS_MAXIMUM 2000

static struct test_ca ca;

#define SETS 3

// Sets that are installed in turn; the first ends later than the others.
static struct set {
    struct test_identity leaf;
    struct issued issued;
} sets[SETS];

static int make_all(void **state) {
    make_test_ca(&ca);
    clock_use_manual(NOW);
    umask(022);
    for (size_t i = 0; i < SETS; i++) {
        sets[i] = (struct set){0};
        make_identity(&sets[i].leaf, (struct test_names){{"cn:jjolie"}}, &ca.issuing, false,
                      NOW - 60, NOW + (i == 0 ? 90 : 30) * DAY);
        make_issued(&ca, &sets[i].leaf, &sets[i].issued);
    }
    // Thousands of fsyncs: in memory where there is such a place.
    snprintf(test_folder, sizeof(test_folder), "/dev/shm/signet-test-XXXXXX");
    return mkdtemp(test_folder) != NULL ? 0 : make_test_folder(state);
}

static int remove_all(void **state) {
    for (size_t i = 0; i < SETS; i++) {
        message_clear(&issued_type, &sets[i].issued);
        test_identity_clear(&sets[i].leaf);
    }
    test_ca_clear(&ca);
    clock_use_system();
    return remove_test_folder(state);
}

static enum result install_set(const char *name, size_t which, struct error *err) {
    const struct installation installation = {.key = sets[which].leaf.key,
                                              .issued = &sets[which].issued,
                                              .url = "https://ca.example:8443"};
    return install_credential(in_test_folder(name), &installation, err);
}

static size_t count_entries(const char *name) {
    struct error err = {0};
    AUTO(text_list_clear) struct text_list names = {0};
    assert_ok(folder_list(in_test_folder(name), &names, &err), &err);
    return names.count;
}

static void read_whole(const char *folder, const char *name, struct buf *out) {
    char path[400];
    struct error err = {0};
    snprintf(path, sizeof(path), "%s/current/%s", in_test_folder(folder), name);
    assert_ok(file_read(path, out, &err), &err);
}

// The forms for HAProxy (key and chain in one), nginx (fullchain and key) and Mosquitto (each
// alone) are of one set.
static void require_same_set(const char *folder) {
    AUTO(buf_clear) struct buf parts = {0};
    AUTO(buf_clear) struct buf combined = {0};
    buf_init(&parts, 65536);
    buf_init(&combined, 65536);
    read_whole(folder, CREDENTIAL_KEY, &parts);
    read_whole(folder, CREDENTIAL_CERTIFICATE, &parts);
    read_whole(folder, CREDENTIAL_CHAIN, &parts);
    read_whole(folder, CREDENTIAL_COMBINED, &combined);
    assert_bytes_equal(buf_bytes(&parts), buf_bytes(&combined));
    buf_reset(&parts);
    read_whole(folder, CREDENTIAL_KEY, &parts);
    read_whole(folder, CREDENTIAL_FULL_CHAIN, &parts);
    assert_bytes_equal(buf_bytes(&parts), buf_bytes(&combined));
}

// Which set is installed, after looking whether it is whole.
static size_t installed_set(const char *folder) {
    struct error err = {0};
    AUTO(credential_clear) struct credential credential = {0};
    assert_ok(credential_read(in_test_folder(folder), &credential, &err), &err);
    require_same_set(folder);
    size_t which = 0;
    while (which + 1 < SETS &&
           strcmp(credential.about.serial, sets[which].issued.serial) != 0) {
        which++;
    }
    assert_string_equal(credential.about.serial, sets[which].issued.serial);
    return which;
}

// --- killed at every system call ---------------------------------------------------------

struct work {
    const char *folder;
    size_t which;
};

static bool install_traced(void *context) {
    const struct work *work = context;
    struct error err = {0};
    return install_set(work->folder, work->which, &err) == RESULT_OK;
}

static void a_kill_at_any_system_call_leaves_the_old_set_or_the_new_one(void **state) {
    (void)state;
    struct error err = {0};
    size_t olds = 0;
    size_t news = 0;
    assert_ok(install_set("a", 0, &err), &err);
    int n = 1;
    for (bool is_done = false; !is_done; n++) {
        assert_true(n < CALLS_MAXIMUM);
        size_t before = installed_set("a");
        struct work work = {.folder = "a", .which = 1 - before};
        is_done = kill_at_call(install_traced, &work, n);
        size_t after = installed_set("a");
        olds += after == before;
        news += after != before;
        // The next run finds its way, and nothing of this one stays.
        install_tidy(in_test_folder("a"));
        assert_int_equal(installed_set("a"), after);
        assert_int_equal(count_entries("a"), 2);
        assert_in_range(count_entries("a/generations"), 1, 2);
    }
    print_message("%d system calls: the old set %zu times, the new one %zu times\n", n - 2,
                  olds, news);
    assert_true(olds > 50 && news > 1);
}

static void a_kill_during_the_first_installation_leaves_nothing_or_all(void **state) {
    (void)state;
    struct error err = {0};
    for (int n = 1; n < CALLS_MAXIMUM; n += 3) {
        struct work work = {.folder = "first"};
        bool is_done = kill_at_call(install_traced, &work, n);
        if (file_exists(in_test_folder("first/current"))) {
            assert_int_equal(installed_set("first"), 0);
        }
        assert_ok(install_set("first", 1, &err), &err); // over what was left
        assert_int_equal(installed_set("first"), 1);
        assert_ok(folder_remove(in_test_folder("first"), &err), &err);
        if (is_done) {
            return;
        }
    }
    fail();
}

// --- what goes wrong ---------------------------------------------------------------------

static void without_space_the_old_set_stays(void **state) {
    (void)state;
    struct error err = {0};
    assert_ok(install_set("a", 0, &err), &err);
    struct rlimit old;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    (void)signal(SIGXFSZ, SIG_IGN);
    // From nothing at all to all but the largest file.
    for (rlim_t size = 0; size < 1000; size += 100) {
        struct rlimit little = {.rlim_cur = size, .rlim_max = old.rlim_max};
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &little), 0);
        enum result result = install_set("a", 1, &err);
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
        assert_result(RESULT_UNAVAILABLE, result, &err);
        assert_non_null(strstr(err.message, "cannot write"));
        assert_int_equal(installed_set("a"), 0);
    }
    assert_ok(install_set("a", 1, &err), &err);
    assert_int_equal(installed_set("a"), 1);
    assert_int_equal(count_entries("a/generations"), 2);
}

// In a mount name space of its own; ends with the result, 77 where that cannot be had.
static int install_read_only(void) {
    struct error err = {0};
    const char *folder = in_test_folder("a");
    if (unshare(CLONE_NEWNS) != 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
        mount(folder, folder, NULL, MS_BIND, NULL) != 0 ||
        mount(NULL, folder, NULL, MS_BIND | MS_REMOUNT | MS_RDONLY, NULL) != 0) {
        return 77;
    }
    enum result result = install_set("a", 1, &err);
    return strstr(err.message, "Read-only file system") != NULL ? (int)result : 1;
}

static void on_a_read_only_file_system_the_old_set_stays(void **state) {
    (void)state;
    struct error err = {0};
    int status = 0;
    assert_ok(install_set("a", 0, &err), &err);
    pid_t child = fork();
    if (child == 0) {
        _exit(install_read_only());
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) == 77) {
        skip();
    }
    assert_int_equal(WEXITSTATUS(status), RESULT_DENIED);
    assert_int_equal(installed_set("a"), 0);
}

// --- access ------------------------------------------------------------------------------

static mode_t mode_of(const char *name) {
    struct stat status;
    assert_int_equal(stat(in_test_folder(name), &status), 0);
    return status.st_mode & 07777;
}

static void set_mode(const char *folder, const char *mode) {
    struct error err = {0};
    AUTO(settings_clear) struct settings settings = {0};
    assert_ok(text_set(&settings.mode, mode), &err);
    assert_ok(settings_write(in_test_folder(folder), &settings, &err), &err);
}

static void settings_decide_about_the_key_and_not_about_the_rest(void **state) {
    (void)state;
    struct error err = {0};
    assert_ok(install_set("a", 0, &err), &err);
    set_mode("a", "0440");
    assert_int_equal(mode_of("a/settings.json"), 0600);
    assert_ok(install_again(in_test_folder("a"), &err), &err);
    assert_int_equal(installed_set("a"), 0);
    assert_int_equal(mode_of("a/current/key.pem"), 0440);
    assert_int_equal(mode_of("a/current/combined.pem"), 0440);
    assert_int_equal(mode_of("a/current/cert.pem"), 0644);
    assert_ok(install_set("a", 1, &err), &err);
    assert_int_equal(mode_of("a/current/key.pem"), 0440);
}

static void owner_and_group_are_given(void **state) {
    (void)state;
    struct error err = {0};
    struct stat status;
    AUTO(settings_clear) struct settings settings = {0};
    if (geteuid() != 0) {
        skip(); // only root gives files away
    }
    assert_ok(install_set("a", 0, &err), &err);
    assert_ok(text_set(&settings.owner, "daemon"), &err);
    assert_ok(text_set(&settings.group, "daemon"), &err);
    assert_ok(settings_write(in_test_folder("a"), &settings, &err), &err);
    assert_ok(install_set("a", 1, &err), &err);
    assert_int_equal(stat(in_test_folder("a/current/key.pem"), &status), 0);
    assert_int_equal(status.st_uid, 1);
    assert_int_equal(status.st_gid, 1);
    assert_int_equal(status.st_mode & 07777, 0600);
    assert_int_equal(stat(in_test_folder("a/current/combined.pem"), &status), 0);
    assert_int_equal(status.st_uid, 1);
    // Whoever owns the key does not own what the agent believes, nor the folder that it writes to.
    static const char *const own[] = {"cert.pem", "chain.pem",     "ca.pem",     "root.pem",
                                      "url",      "fullchain.pem", "about.json", ""};
    for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++) {
        char path[100];
        snprintf(path, sizeof(path), "a/current/%s", own[i]);
        assert_int_equal(stat(in_test_folder(path), &status), 0);
        assert_int_equal(status.st_uid, 0);
        assert_int_equal(status.st_mode & 0022, 0);
    }
    assert_ok(install_set("a", 0, &err), &err);
    assert_int_equal(installed_set("a"), 0);
}

// It is written by a service, and read by whoever it is given to next.
static void files_with_the_key_are_made_anew_of_the_key(void **state) {
    (void)state;
    struct error err = {0};
    AUTO(buf_clear) struct buf text = {0};
    buf_init_secret(&text, 10000);
    assert_ok(install_set("a", 0, &err), &err);
    assert_ok(file_replace(in_test_folder("a/current/combined.pem"),
                           BYTES_LITERAL("what a service wrote"), 0600, &err),
              &err);
    assert_ok(file_read(in_test_folder("a/current/key.pem"), &text, &err), &err);
    assert_ok(buf_append_string(&text, "what a service wrote"), &err);
    assert_ok(file_replace(in_test_folder("a/current/key.pem"), buf_bytes(&text), 0600, &err),
              &err);
    assert_ok(install_again(in_test_folder("a"), &err), &err);
    assert_int_equal(installed_set("a"), 0);
    static const char *const files[] = {"a/current/key.pem", "a/current/combined.pem"};
    for (size_t i = 0; i < 2; i++) {
        buf_reset(&text);
        assert_ok(file_read(in_test_folder(files[i]), &text, &err), &err);
        assert_non_null(strstr(buf_string(&text), "BEGIN PRIVATE KEY"));
        assert_null(strstr(buf_string(&text), "service"));
    }
    // A key that is none of the certificate's is not handed on.
    assert_ok(file_replace(in_test_folder("a/current/key.pem"), BYTES_LITERAL("x"), 0600, &err),
              &err);
    assert_result(RESULT_INVALID, install_again(in_test_folder("a"), &err), &err);
    assert_string_equal(err.code, "misconfigured");
}

static void root_installs_only_where_nobody_else_writes(void **state) {
    (void)state;
    static const char *const parts[] = {".",
                                        "a",
                                        "a/generations",
                                        "a/generations/1",
                                        "a/generations/1/url",
                                        "a/generations/2",
                                        "a/generations/2/about.json",
                                        "a/generations/2/ca.pem"};
    static const char *const services[] = {"a/generations/2/key.pem",
                                           "a/generations/2/combined.pem"};
    struct error err = {0};
    if (geteuid() != 0) {
        skip(); // others cannot be made to do more than they may
    }
    assert_ok(install_set("a", 0, &err), &err);
    assert_ok(install_set("a", 1, &err), &err);
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        struct folder_lock lock = {0};
        assert_int_equal(chown(in_test_folder(parts[i]), 12345, 12345), 0);
        assert_result(RESULT_DENIED, ownership_lock(in_test_folder("a"), &lock, &err), &err);
        assert_string_equal(err.code, "not_private");
        assert_non_null(strstr(err.hint, "chown 0 "));
        assert_false(lock.is_held);
        assert_result(RESULT_DENIED, install_again(in_test_folder("a"), &err), &err);
        assert_result(RESULT_DENIED, install_set("a", 0, &err), &err);
        assert_int_equal(chown(in_test_folder(parts[i]), 0, 0), 0);
        mode_t mode = mode_of(parts[i]);
        assert_int_equal(chmod(in_test_folder(parts[i]), mode | 0020), 0);
        assert_result(RESULT_DENIED, install_again(in_test_folder("a"), &err), &err);
        assert_non_null(strstr(err.hint, "chmod go-w "));
        assert_int_equal(chmod(in_test_folder(parts[i]), mode), 0);
        assert_ok(ownership_check(in_test_folder("a"), &err), &err);
    }
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(chown(in_test_folder(services[i]), 12345, 12345), 0);
    }
    assert_ok(install_again(in_test_folder("a"), &err), &err);
    assert_int_equal(installed_set("a"), 1);
    // Folders elsewhere are not written to.
    assert_int_equal(mkdir(in_test_folder("elsewhere"), 0755), 0);
    assert_int_equal(chown(in_test_folder("elsewhere"), 12345, 12345), 0);
    assert_int_equal(rename(in_test_folder("a/generations"), in_test_folder("moved")), 0);
    assert_int_equal(symlink("../elsewhere", in_test_folder("a/generations")), 0);
    assert_result(RESULT_DENIED, install_set("a", 0, &err), &err);
    assert_int_equal(count_entries("elsewhere"), 0);
}

static void impossible_access_is_refused_before_anything_is_written(void **state) {
    (void)state;
    static const struct {
        const char *owner, *group, *mode, *message;
    } cases[] = {
        {"nobody-knows-me", NULL, NULL, "there is no user nobody-knows-me"},
        {NULL, "nobody-knows-us", NULL, "there is no group nobody-knows-us"},
        {NULL, NULL, "0644", "'0644' is no mode for a private key"},
        {NULL, NULL, "0660", "'0660' is no mode for a private key"},
        {NULL, NULL, "0040", "'0040' is no mode for a private key"},
        {NULL, NULL, "4600", "'4600' is no mode for a private key"},
        {NULL, NULL, "0608", "'0608' is no mode for a private key"},
        {NULL, NULL, "rw", "'rw' is no mode for a private key"},
    };
    struct error err = {0};
    assert_ok(install_set("a", 0, &err), &err);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        AUTO(settings_clear) struct settings settings = {0};
        if ((cases[i].owner != NULL &&
             text_set(&settings.owner, cases[i].owner) != RESULT_OK) ||
            (cases[i].group != NULL &&
             text_set(&settings.group, cases[i].group) != RESULT_OK) ||
            (cases[i].mode != NULL && text_set(&settings.mode, cases[i].mode) != RESULT_OK)) {
            fail();
        }
        assert_ok(settings_write(in_test_folder("a"), &settings, &err), &err);
        assert_result(RESULT_INVALID, install_set("a", 1, &err), &err);
        assert_string_equal(err.code, "usage");
        assert_string_equal(err.message, cases[i].message);
        assert_int_equal(installed_set("a"), 0);
        assert_int_equal(count_entries("a/generations"), 1);
    }
}

static void settings_that_others_may_write_are_refused(void **state) {
    (void)state;
    struct error err = {0};
    assert_ok(install_set("a", 0, &err), &err);
    set_mode("a", "0600");
    assert_int_equal(chmod(in_test_folder("a/settings.json"), 0666), 0);
    assert_result(RESULT_DENIED, install_set("a", 1, &err), &err);
    assert_string_equal(err.code, "not_private");
    assert_ok(file_replace(in_test_folder("a/settings.json"), BYTES_LITERAL("{\"mode\":"), 0600,
                           &err),
              &err);
    assert_result(RESULT_INVALID, install_set("a", 1, &err), &err);
    assert_string_equal(err.code, "misconfigured");
    assert_int_equal(installed_set("a"), 0);
}

// --- going back --------------------------------------------------------------------------

static void a_rollback_returns_to_the_set_before(void **state) {
    (void)state;
    struct error err = {0};
    assert_ok(install_set("a", 0, &err), &err);
    assert_result(RESULT_NOT_FOUND, install_rollback(in_test_folder("a"), &err), &err);
    assert_string_equal(err.code, "no_generation");
    assert_ok(install_set("a", 1, &err), &err);
    assert_ok(install_rollback(in_test_folder("a"), &err), &err);
    assert_int_equal(installed_set("a"), 0);
    assert_result(RESULT_NOT_FOUND, install_rollback(in_test_folder("a"), &err), &err);
    // The next installation takes the place of what was gone back from.
    assert_ok(install_set("a", 1, &err), &err);
    assert_int_equal(installed_set("a"), 1);
    assert_int_equal(count_entries("a/generations"), 2);
}

static void a_rollback_to_what_is_of_no_use_is_refused(void **state) {
    (void)state;
    struct error err = {0};
    assert_ok(install_set("a", 1, &err), &err);
    assert_ok(install_set("a", 0, &err), &err);
    clock_use_manual(NOW + 30 * DAY + 1); // the one before has just ended
    assert_result(RESULT_DENIED, install_rollback(in_test_folder("a"), &err), &err);
    assert_string_equal(err.code, "generation_expired");
    assert_int_equal(installed_set("a"), 0);
    clock_use_manual(NOW + 30 * DAY);
    assert_int_equal(unlink(in_test_folder("a/generations/1/key.pem")), 0);
    assert_result(RESULT_NOT_FOUND, install_rollback(in_test_folder("a"), &err), &err);
    assert_string_equal(err.code, "misconfigured");
    assert_int_equal(installed_set("a"), 0);
}

static void the_set_before_is_found_until_there_is_none(void **state) {
    (void)state;
    struct error err = {0};
    AUTO(buf_clear) struct buf path = {0};
    assert_ok(install_set("a", 1, &err), &err);
    assert_result(RESULT_NOT_FOUND, install_previous(in_test_folder("a"), &path, &err), &err);
    assert_string_equal(err.code, "no_generation");
    assert_ok(install_set("a", 0, &err), &err);
    assert_ok(install_previous(in_test_folder("a"), &path, &err), &err);
    assert_string_equal(buf_string(&path), in_test_folder("a/generations/1"));
}

// Settings and new CAs make generations of the same certificate: none of them is the set before.
static void what_changes_no_certificate_keeps_the_set_before(void **state) {
    (void)state;
    struct error err = {0};
    AUTO(buf_clear) struct buf path = {0};
    assert_ok(install_set("a", 0, &err), &err);
    assert_ok(install_again(in_test_folder("a"), &err), &err);
    assert_result(RESULT_NOT_FOUND, install_previous(in_test_folder("a"), &path, &err), &err);
    buf_clear(&path);
    assert_int_equal(count_entries("a/generations"), 1);
    assert_ok(install_set("a", 1, &err), &err);
    assert_ok(install_again(in_test_folder("a"), &err), &err);
    assert_ok(install_trust(in_test_folder("a"), buf_bytes(&ca.root.certificate), &err), &err);
    install_tidy(in_test_folder("a"));
    assert_ok(install_previous(in_test_folder("a"), &path, &err), &err);
    assert_string_equal(buf_string(&path), in_test_folder("a/generations/2"));
    assert_int_equal(count_entries("a/generations"), 2);
    assert_ok(install_rollback(in_test_folder("a"), &err), &err);
    assert_int_equal(installed_set("a"), 0);
}

// --- what the hook has still to tell -------------------------------------------------------

static void set_hook(const char *folder) {
    struct error err = {0};
    AUTO(settings_clear) struct settings settings = {0};
    assert_ok(text_list_add(&settings.hook, "true"), &err);
    assert_ok(settings_write(in_test_folder(folder), &settings, &err), &err);
}

// Which sets are kept beside the present one, in their order: "02".
static void require_others(const char *folder, const char *expected) {
    struct error err = {0};
    AUTO(text_list_clear) struct text_list paths = {0};
    assert_ok(install_others(in_test_folder(folder), &paths, &err), &err);
    assert_int_equal(paths.count, strlen(expected));
    for (size_t i = 0; i < paths.count; i++) {
        struct about about = {0};
        assert_ok(credential_read_about(paths.items[i], &about, &err), &err);
        assert_string_equal(about.serial, sets[expected[i] - '0'].issued.serial);
        message_clear(&about_type, &about);
    }
}

static void while_the_hook_is_pending_what_it_has_told_stays(void **state) {
    (void)state;
    struct error err = {0};
    assert_ok(install_set("a", 0, &err), &err);
    set_hook("a");
    assert_ok(agent_hook_done(in_test_folder("a"), "0123", &err),
              &err); // of no certificate here
    assert_false(file_exists(in_test_folder("a/agent.json")));
    assert_ok(agent_hook_done(in_test_folder("a"), sets[0].issued.serial, &err), &err);
    assert_false(agent_is_hook_pending(in_test_folder("a")));
    assert_ok(install_again(in_test_folder("a"), &err), &err); // another number
    assert_ok(install_set("a", 1, &err), &err);
    assert_ok(install_set("a", 2, &err), &err);
    assert_ok(install_again(in_test_folder("a"), &err), &err);
    install_tidy(in_test_folder("a"));
    require_others("a", "01");
    assert_ok(agent_hook_done(in_test_folder("a"), sets[2].issued.serial, &err), &err);
    install_tidy(in_test_folder("a"));
    require_others("a", "1");
}

static void without_a_hook_only_the_set_before_stays(void **state) {
    (void)state;
    struct error err = {0};
    assert_ok(install_set("a", 0, &err), &err);
    assert_ok(agent_hook_done(in_test_folder("a"), sets[0].issued.serial, &err), &err);
    assert_ok(install_set("a", 1, &err), &err);
    assert_ok(install_set("a", 2, &err), &err);
    require_others("a", "1");
}

// What was gone back from is all that the hook has told of, until it succeeds again; a new set takes
// another place.
static void a_rollback_keeps_what_the_hook_has_told(void **state) {
    (void)state;
    struct error err = {0};
    assert_ok(install_set("a", 0, &err), &err);
    set_hook("a");
    assert_ok(install_set("a", 1, &err), &err);
    assert_ok(agent_hook_done(in_test_folder("a"), sets[1].issued.serial, &err), &err);
    assert_ok(install_rollback(in_test_folder("a"), &err), &err);
    install_tidy(in_test_folder("a"));
    require_others("a", "1");
    assert_ok(install_set("a", 2, &err), &err);
    assert_int_equal(installed_set("a"), 2);
    require_others("a", "1");
    assert_int_equal(count_entries("a/generations"), 2);
}

static void the_set_before_can_be_taken_away(void **state) {
    (void)state;
    struct error err = {0};
    AUTO(buf_clear) struct buf to = {0};
    buf_init(&to, LIMIT_PATH_BYTES);
    assert_int_equal(buf_append_string(&to, in_test_folder("b")), RESULT_OK);
    assert_ok(install_set("a", 0, &err), &err);
    assert_result(RESULT_NOT_FOUND,
                  install_take_before(in_test_folder("a"), buf_string(&to), &err), &err);
    assert_string_equal(err.code, "no_generation");
    assert_false(file_exists(buf_string(&to)));
    assert_ok(install_set("b", 1, &err), &err); // what was left there
    assert_ok(install_set("b", 0, &err), &err);
    assert_ok(install_set("a", 1, &err), &err);
    assert_ok(install_take_before(in_test_folder("a"), buf_string(&to), &err), &err);
    assert_int_equal(installed_set("a"), 1);
    assert_int_equal(installed_set("b"), 0);
    assert_int_equal(count_entries("a/generations"), 1);
    assert_int_equal(count_entries("b/generations"), 1);
    assert_result(RESULT_NOT_FOUND,
                  install_take_before(in_test_folder("a"), buf_string(&to), &err), &err);
    assert_int_equal(installed_set("b"), 0);
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, make_all, remove_all)

int main(void) {
    const struct CMUnitTest tests[] = {
        IN_FOLDER(a_kill_at_any_system_call_leaves_the_old_set_or_the_new_one),
        IN_FOLDER(a_kill_during_the_first_installation_leaves_nothing_or_all),
        IN_FOLDER(without_space_the_old_set_stays),
        IN_FOLDER(on_a_read_only_file_system_the_old_set_stays),
        IN_FOLDER(settings_decide_about_the_key_and_not_about_the_rest),
        IN_FOLDER(owner_and_group_are_given),
        IN_FOLDER(files_with_the_key_are_made_anew_of_the_key),
        IN_FOLDER(root_installs_only_where_nobody_else_writes),
        IN_FOLDER(impossible_access_is_refused_before_anything_is_written),
        IN_FOLDER(settings_that_others_may_write_are_refused),
        IN_FOLDER(a_rollback_returns_to_the_set_before),
        IN_FOLDER(a_rollback_to_what_is_of_no_use_is_refused),
        IN_FOLDER(the_set_before_is_found_until_there_is_none),
        IN_FOLDER(what_changes_no_certificate_keeps_the_set_before),
        IN_FOLDER(while_the_hook_is_pending_what_it_has_told_stays),
        IN_FOLDER(without_a_hook_only_the_set_before_stays),
        IN_FOLDER(a_rollback_keeps_what_the_hook_has_told),
        IN_FOLDER(the_set_before_can_be_taken_away),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
