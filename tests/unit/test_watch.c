// Rounds of the CRL watcher against a small HTTP server: what is replaced, kept, reloaded,
// refused. SPDX-License-Identifier: GPL-3.0-or-later
#include <arpa/inet.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/file.h"
#include "base/limits.h"
#include "client/terminal/outcome.h"
#include "client/device/reload.h"
#include "client/watch/watch.h"
#include "support/client_fixture.h"
#include "x509/pem.h"

static struct test_ca ca;
static pid_t server;
static uint16_t server_port;

// --- a server that serves FOLDER/served, with a sum of it as ETag, and leaves the question's head
// in FOLDER/asked ---------------------------------------------------------------------------

static void answer(int peer) {
    char head[4096] = "";
    size_t size = 0;
    while (size < sizeof(head) - 1 && strstr(head, "\r\n\r\n") == NULL) {
        ssize_t count = recv(peer, head + size, sizeof(head) - 1 - size, 0);
        if (count <= 0) {
            return;
        }
        size += (size_t)count;
    }
    (void)file_replace(in_test_folder("asked"), bytes_of_string(head), 0644, NULL);
    AUTO(buf_clear) struct buf body = {0};
    AUTO(buf_clear) struct buf wire = {0};
    char etag[40];
    buf_init(&body, LIMIT_CRL_BYTES);
    buf_init(&wire, 2 * LIMIT_CRL_BYTES);
    if (file_read(in_test_folder("served"), &body, NULL) != RESULT_OK) {
        (void)buf_append_string(
            &wire, "HTTP/1.1 503 Later\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n");
    } else {
        size_t sum = body.size;
        for (size_t i = 0; i < body.size; i++) {
            sum = sum * 31 + body.data[i];
        }
        snprintf(etag, sizeof(etag), "\"%zx\"", sum);
        bool is_known = strstr(head, "If-None-Match: ") != NULL && strstr(head, etag) != NULL;
        (void)buf_printf(&wire, "HTTP/1.1 %s\r\nETag: %s\r\nContent-Length: %zu\r\n\r\n",
                         is_known ? "304 Not Modified" : "200 OK", etag,
                         is_known ? 0 : body.size);
        (void)buf_append(&wire, is_known ? (struct bytes){0} : buf_bytes(&body));
    }
    for (struct bytes left = buf_bytes(&wire); left.size > 0;) {
        ssize_t count = send(peer, left.data, left.size, MSG_NOSIGNAL);
        if (count <= 0) {
            return;
        }
        left = bytes_slice(left, (size_t)count, left.size);
    }
}

static void start_server(void) {
    struct sockaddr_in address = {.sin_family = AF_INET};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(listener, (struct sockaddr *)&address, size), 0);
    assert_int_equal(listen(listener, 16), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &size), 0);
    server_port = ntohs(address.sin_port);
    server = fork();
    assert_true(server >= 0);
    if (server == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        for (;;) {
            int peer = accept(listener, NULL, NULL);
            if (peer >= 0) {
                answer(peer);
                close(peer);
            }
        }
    }
    close(listener);
}

static int start(void **state) {
    if (make_test_folder(state) != 0) {
        return -1;
    }
    make_test_ca(&ca);
    clock_use_manual(NOW);
    start_server();
    return 0;
}

static int stop(void **state) {
    kill(server, SIGKILL);
    waitpid(server, NULL, 0);
    test_ca_clear(&ca);
    clock_use_system();
    return remove_test_folder(state);
}

// --- a watcher ---------------------------------------------------------------------------

struct watcher {
    char file[300], trust[300];
    struct watch_options options;
    struct watch *watch;
};

static void watcher_init(struct watcher *watcher, char *const *reload) {
    struct error err = {0};
    *watcher = (struct watcher){0};
    snprintf(watcher->file, sizeof(watcher->file), "%s", in_test_folder("crl.pem"));
    snprintf(watcher->trust, sizeof(watcher->trust), "%s", in_test_folder("ca.pem"));
    AUTO(buf_clear) struct buf text = {0};
    buf_init(&text, 100000);
    assert_ok(pem_encode(PEM_CERTIFICATE, buf_bytes(&ca.root.certificate), &text), &err);
    assert_ok(pem_encode(PEM_CERTIFICATE, buf_bytes(&ca.issuing.certificate), &text), &err);
    assert_ok(file_replace(watcher->trust, buf_bytes(&text), 0644, &err), &err);
    watcher->options = (struct watch_options){
        .url = {.host = "127.0.0.1", .port = server_port, .target = "/crl/bundle.pem"},
        .file = watcher->file,
        .trust_file = watcher->trust,
        .reload = reload,
        .interval_seconds = 60};
    assert_ok(watch_new(&watcher->options, &watcher->watch, &err), &err);
}

static void watcher_clear(struct watcher *watcher) {
    watch_free_at(&watcher->watch);
}

// Serves a CRL of the issuing CA with this number and date, as PEM.
static void serve_at(uint64_t number, int64_t this_update) {
    struct error err = {0};
    AUTO(buf_clear) struct buf der = {0};
    AUTO(buf_clear) struct buf pem = {0};
    buf_init(&der, 10000);
    buf_init(&pem, 20000);
    make_crl(&ca.issuing, number, this_update, NOW + DAY, number % 8, &der);
    assert_ok(pem_encode_all(PEM_CRL, buf_bytes(&der), &pem), &err);
    assert_ok(file_replace(in_test_folder("served"), buf_bytes(&pem), 0644, &err), &err);
}

static void serve(uint64_t number) {
    serve_at(number, NOW - 100 + (int64_t)number);
}

static void read_both(struct buf *out_served, struct buf *out_installed) {
    struct error err = {0};
    buf_init(out_served, 100000);
    buf_init(out_installed, 100000);
    assert_ok(file_read(in_test_folder("served"), out_served, &err), &err);
    assert_ok(file_read(in_test_folder("crl.pem"), out_installed, &err), &err);
}

static bool is_installed(void) {
    AUTO(buf_clear) struct buf served = {0};
    AUTO(buf_clear) struct buf installed = {0};
    read_both(&served, &installed);
    return bytes_equal(buf_bytes(&served), buf_bytes(&installed));
}

static void require_round(struct watcher *watcher, enum result expected, const char *code,
                          struct watch_report *out_report) {
    struct error err = {0};
    assert_result(expected, watch_round(watcher->watch, 0, out_report, &err), &err);
    if (code != NULL) {
        assert_string_equal(err.code, code);
    }
}

// --- rounds ------------------------------------------------------------------------------

static void a_new_list_is_installed_and_then_left_alone(void **state) {
    (void)state;
    AUTO(watcher_clear) struct watcher watcher;
    struct watch_report report;
    watcher_init(&watcher, NULL);
    serve(1);
    require_round(&watcher, RESULT_OK, NULL, &report);
    assert_true(report.is_replaced);
    assert_true(report.was_damaged);
    assert_true(is_installed());
    require_round(&watcher, RESULT_CONFLICT, "unchanged", &report); // by a 304
    assert_false(report.is_replaced);
    assert_int_equal(report.summary.lists, 1);
    serve(2);
    require_round(&watcher, RESULT_OK, NULL, &report);
    assert_false(report.was_damaged);
    assert_true(is_installed());
}

static void mode_and_link_of_the_file_are_kept(void **state) {
    (void)state;
    struct error err = {0};
    struct watch_report report;
    struct stat status;
    assert_ok(file_replace(in_test_folder("real.pem"), BYTES_LITERAL(""), 0640, &err), &err);
    assert_int_equal(symlink("real.pem", in_test_folder("crl.pem")), 0);
    AUTO(watcher_clear) struct watcher watcher;
    watcher_init(&watcher, NULL);
    serve(1);
    require_round(&watcher, RESULT_OK, NULL, &report);
    assert_int_equal(lstat(in_test_folder("crl.pem"), &status), 0);
    assert_true(S_ISLNK(status.st_mode));
    assert_int_equal(stat(in_test_folder("crl.pem"), &status), 0);
    assert_int_equal(status.st_mode & 07777, 0640);
    assert_true(is_installed());
}

static void what_is_no_list_is_not_replaced(void **state) {
    (void)state;
    static const char other[] = "root:x:0:0:root:/root:/bin/bash\n";
    struct error err = {0};
    struct watch_report report;
    AUTO(watcher_clear) struct watcher watcher;
    AUTO(buf_clear) struct buf text = {0};
    buf_init(&text, 1000);
    assert_ok(file_replace(in_test_folder("crl.pem"), bytes_of_string(other), 0644, &err),
              &err);
    watcher_init(&watcher, NULL);
    serve(1);
    require_round(&watcher, RESULT_DENIED, "misconfigured", &report);
    require_round(&watcher, RESULT_DENIED, "misconfigured", &report);
    assert_ok(file_read(in_test_folder("crl.pem"), &text, &err), &err);
    assert_string_equal(buf_string(&text), other);
    assert_int_equal(unlink(in_test_folder("crl.pem")), 0);
    require_round(&watcher, RESULT_OK, NULL, &report);
    assert_true(is_installed());
}

// Somebody who may write to the folder would have root replace what the link leads to.
static void a_link_that_others_can_make_is_not_followed(void **state) {
    (void)state;
    struct error err = {0};
    struct watch_report report;
    AUTO(watcher_clear) struct watcher watcher;
    watcher_init(&watcher, NULL);
    serve(1);
    require_round(&watcher, RESULT_OK, NULL, &report);
    assert_int_equal(rename(in_test_folder("crl.pem"), in_test_folder("real.pem")), 0);
    assert_int_equal(symlink("real.pem", in_test_folder("crl.pem")), 0);
    assert_int_equal(chmod(test_folder, 0770), 0);
    watch_free_at(&watcher.watch);
    assert_result(RESULT_DENIED, watch_new(&watcher.options, &watcher.watch, &err), &err);
    assert_string_equal(err.code, "misconfigured");
    assert_non_null(strstr(err.message, "crl.pem is a link"));
    assert_non_null(strstr(err.hint, "chmod go-w"));
    assert_null(watcher.watch);
    // The file itself may be in such a folder: a link that is put there later is replaced.
    assert_int_equal(unlink(in_test_folder("crl.pem")), 0);
    assert_ok(watch_new(&watcher.options, &watcher.watch, &err), &err);
    require_round(&watcher, RESULT_OK, NULL, &report);
    assert_int_equal(unlink(in_test_folder("crl.pem")), 0);
    assert_int_equal(symlink("victim", in_test_folder("crl.pem")), 0);
    assert_ok(file_replace(in_test_folder("victim"), BYTES_LITERAL("precious"), 0644, &err),
              &err);
    require_round(&watcher, RESULT_OK, NULL, &report);
    struct stat status;
    assert_int_equal(lstat(in_test_folder("crl.pem"), &status), 0);
    assert_true(S_ISREG(status.st_mode));
    assert_int_equal(stat(in_test_folder("victim"), &status), 0);
    assert_int_equal(status.st_size, 8);
    // So for a folder of CRLs.
    watch_free_at(&watcher.watch);
    assert_int_equal(mkdir(in_test_folder("cas"), 0755), 0);
    assert_int_equal(symlink("cas", in_test_folder("link")), 0);
    char folder[300];
    snprintf(folder, sizeof(folder), "%s", in_test_folder("link"));
    watcher.options.folder = folder;
    watcher.options.file = NULL;
    watcher.options.preset = watch_preset_find("mosquitto-capath");
    assert_result(RESULT_DENIED, watch_new(&watcher.options, &watcher.watch, &err), &err);
    assert_non_null(strstr(err.message, "link is a link"));
    assert_int_equal(chmod(test_folder, 0700), 0);
    assert_ok(watch_new(&watcher.options, &watcher.watch, &err), &err);
}

static void a_file_that_was_damaged_behind_our_back_is_repaired(void **state) {
    (void)state;
    struct error err = {0};
    AUTO(watcher_clear) struct watcher watcher;
    struct watch_report report;
    watcher_init(&watcher, NULL);
    serve(1);
    require_round(&watcher, RESULT_OK, NULL, &report);
    assert_int_equal(truncate(in_test_folder("crl.pem"), 100), 0);
    require_round(&watcher, RESULT_OK, NULL, &report);
    assert_true(report.was_damaged);
    assert_true(is_installed());
    assert_int_equal(unlink(in_test_folder("crl.pem")), 0);
    require_round(&watcher, RESULT_OK, NULL, &report);
    assert_true(is_installed());
    assert_ok(file_replace(in_test_folder("crl.pem"), BYTES_LITERAL("x"), 0644, &err), &err);
    require_round(&watcher, RESULT_OK, NULL, &report);
    assert_true(is_installed());
}

static void what_is_refused_leaves_the_file_as_it_is(void **state) {
    (void)state;
    struct error err = {0};
    AUTO(watcher_clear) struct watcher watcher;
    struct watch_report report;
    watcher_init(&watcher, NULL);
    serve(5);
    require_round(&watcher, RESULT_OK, NULL, &report);
    AUTO(buf_clear) struct buf served = {0};
    AUTO(buf_clear) struct buf before = {0};
    read_both(&served, &before);
    serve(4);
    require_round(&watcher, RESULT_DENIED, "crl_refused", &report);
    assert_ok(
        file_replace(in_test_folder("served"), BYTES_LITERAL("<html></html>"), 0644, &err),
        &err);
    require_round(&watcher, RESULT_INVALID, "crl_refused", &report);
    assert_ok(file_replace(in_test_folder("served"),
                           bytes_slice(buf_bytes(&served), 0, served.size - 40), 0644, &err),
              &err);
    require_round(&watcher, RESULT_INVALID, "crl_refused", &report);
    assert_int_equal(unlink(in_test_folder("served")), 0);
    require_round(&watcher, RESULT_UNAVAILABLE, "server_unavailable", &report);
    AUTO(buf_clear) struct buf after = {0};
    buf_init(&after, 100000);
    assert_ok(file_read(in_test_folder("crl.pem"), &after, &err), &err);
    assert_bytes_equal(buf_bytes(&after), buf_bytes(&before));
}

static void an_installed_list_that_expires_is_an_error_in_spite_of_304(void **state) {
    (void)state;
    AUTO(watcher_clear) struct watcher watcher;
    struct watch_report report;
    watcher_init(&watcher, NULL);
    serve(1);
    require_round(&watcher, RESULT_OK, NULL, &report);
    assert_false(report.expires_soon);
    clock_use_manual(NOW + DAY - 3600);
    require_round(&watcher, RESULT_CONFLICT, "unchanged", &report);
    assert_true(report.expires_soon);
    clock_use_manual(NOW + DAY);
    require_round(&watcher, RESULT_INVALID, "crl_refused", &report);
}

// --- reloading ---------------------------------------------------------------------------

static void the_reload_runs_without_a_shell_and_only_after_a_change(void **state) {
    (void)state;
    char marker[300];
    snprintf(marker, sizeof(marker), "%s", in_test_folder("a b;$(c)"));
    char touch[] = "touch";
    char *const reload[] = {touch, marker, NULL};
    AUTO(watcher_clear) struct watcher watcher;
    struct watch_report report;
    watcher_init(&watcher, reload);
    serve(1);
    require_round(&watcher, RESULT_OK, NULL, &report);
    assert_true(report.is_reloaded);
    assert_true(file_exists(marker));
    assert_int_equal(unlink(marker), 0);
    require_round(&watcher, RESULT_CONFLICT, "unchanged", &report);
    assert_false(file_exists(marker));
}

static void a_failed_reload_is_tried_until_it_succeeds_also_after_a_restart(void **state) {
    (void)state;
    char wanted[300];
    snprintf(wanted, sizeof(wanted), "%s", in_test_folder("wanted"));
    char test_program[] = "test";
    char is_file[] = "-f";
    char *const reload[] = {test_program, is_file, wanted, NULL};
    struct watch_report report;
    struct error err = {0};
    AUTO(watcher_clear) struct watcher watcher;
    watcher_init(&watcher, reload);
    serve(1);
    require_round(&watcher, RESULT_UNAVAILABLE, "reload_failed", &report);
    assert_true(report.is_replaced);
    require_round(&watcher, RESULT_UNAVAILABLE, "reload_failed", &report);
    watcher_clear(&watcher);
    watcher_init(&watcher, reload);
    require_round(&watcher, RESULT_UNAVAILABLE, "reload_failed", &report);
    assert_ok(file_replace(wanted, BYTES_LITERAL(""), 0644, &err), &err);
    require_round(&watcher, RESULT_OK, NULL, &report);
    assert_true(report.is_reloaded);
    require_round(&watcher, RESULT_CONFLICT, "unchanged", &report);
}

static void the_end_of_a_reload_command_is_told(void **state) {
    (void)state;
    static const struct {
        const char *command, *argument, *script, *word;
    } cases[] = {
        {"sh", "-c", "exit 3", "status 3"},
        {"sh", "-c", "kill -9 $$", "signal 9"},
        {"/nonexistent/program", "x", "y", "cannot be run"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct error err = {0};
        char words[3][64];
        snprintf(words[0], sizeof(words[0]), "%s", cases[i].command);
        snprintf(words[1], sizeof(words[1]), "%s", cases[i].argument);
        snprintf(words[2], sizeof(words[2]), "%s", cases[i].script);
        char *const arguments[] = {words[0], words[1], words[2], NULL};
        assert_result(RESULT_UNAVAILABLE, reload_run(arguments, &err), &err);
        assert_non_null(strstr(err.message, cases[i].word));
        assert_int_equal(outcome_of(RESULT_UNAVAILABLE, &err), OUTCOME_FAILED);
    }
}

// --- pauses ------------------------------------------------------------------------------

static void pauses_grow_with_failures_and_keep_to_what_the_server_asks(void **state) {
    (void)state;
    AUTO(watcher_clear) struct watcher watcher;
    struct watch_report report;
    watcher_init(&watcher, NULL);
    int64_t pause = watch_pause(watcher.watch, 0);
    assert_true(pause > 54000 - 1 && pause <= 60000);
    assert_int_equal(watch_pause(watcher.watch, 0), pause); // drawn once
    assert_int_equal(watch_pause(watcher.watch, 1), 1000);
    assert_int_equal(watch_pause(watcher.watch, 4), 8000);
    assert_int_equal(watch_pause(watcher.watch, 7), 60000);
    assert_int_equal(watch_pause(watcher.watch, 1000), 60000);
    require_round(&watcher, RESULT_UNAVAILABLE, NULL, &report); // 503, Retry-After: 7
    assert_int_equal(watch_pause(watcher.watch, 1), 7000);
    serve(1);
    require_round(&watcher, RESULT_OK, NULL, &report);
    assert_int_equal(watch_pause(watcher.watch, 1), 1000);
}

static void a_missing_or_empty_trust_file_is_misconfigured(void **state) {
    (void)state;
    struct error err = {0};
    AUTO(watcher_clear) struct watcher watcher;
    watcher_init(&watcher, NULL);
    struct watch *other = NULL;
    assert_ok(file_replace(watcher.trust, BYTES_LITERAL(""), 0644, &err), &err);
    enum result result = watch_new(&watcher.options, &other, &err);
    assert_int_not_equal(result, RESULT_OK);
    assert_string_equal(err.code, "misconfigured");
    assert_int_equal(outcome_of(result, &err), OUTCOME_MISCONFIGURED);
    assert_int_equal(unlink(watcher.trust), 0);
    assert_result(RESULT_NOT_FOUND, watch_new(&watcher.options, &other, &err), &err);
    assert_string_equal(err.code, "misconfigured");
}

// --- with a state ------------------------------------------------------------------------

static void keep_state(struct watcher *watcher) {
    struct error err = {0};
    watcher->options.name = "t";
    watcher->options.state_folder = test_folder;
    watch_free_at(&watcher->watch);
    assert_ok(watch_new(&watcher->options, &watcher->watch, &err), &err);
}

static void take_server_away(void) {
    (void)unlink(in_test_folder("served")); // 503
}

static void a_warning_comes_well_before_the_end_also_without_the_server(void **state) {
    (void)state;
    AUTO(watcher_clear) struct watcher watcher;
    struct watch_report report;
    watcher_init(&watcher, NULL);
    serve(1);
    require_round(&watcher, RESULT_OK, NULL, &report);
    assert_false(report.expires_soon);
    take_server_away();
    clock_use_manual(NOW + DAY * 74 / 100);
    require_round(&watcher, RESULT_UNAVAILABLE, NULL, &report);
    assert_false(report.expires_soon);
    clock_use_manual(NOW + DAY * 76 / 100);
    require_round(&watcher, RESULT_UNAVAILABLE, NULL, &report);
    assert_true(report.expires_soon);
    watcher.options.warn_percent = 10;
    require_round(&watcher, RESULT_UNAVAILABLE, NULL, &report);
    assert_false(report.expires_soon);
    clock_use_manual(NOW + 2 * DAY);
    require_round(&watcher, RESULT_UNAVAILABLE, NULL, &report);
    assert_true(report.expires_soon);
    assert_int_equal(report.summary.next_update, NOW + DAY);
    clock_use_manual(NOW);
}

static void a_lost_file_comes_back_without_the_server(void **state) {
    (void)state;
    struct error err = {0};
    AUTO(watcher_clear) struct watcher watcher;
    struct watch_report report;
    AUTO(buf_clear) struct buf before = {0};
    AUTO(buf_clear) struct buf after = {0};
    buf_init(&before, 100000);
    buf_init(&after, 100000);
    watcher_init(&watcher, NULL);
    keep_state(&watcher);
    serve(1);
    require_round(&watcher, RESULT_OK, NULL, &report);
    assert_ok(file_read(watcher.file, &before, &err), &err);
    take_server_away();
    assert_int_equal(unlink(watcher.file), 0);
    require_round(&watcher, RESULT_UNAVAILABLE, NULL, &report);
    assert_true(report.was_restored);
    assert_ok(file_read(watcher.file, &after, &err), &err);
    assert_true(bytes_equal(buf_bytes(&before), buf_bytes(&after)));
    // A copy that is damaged is none.
    assert_ok(file_replace(in_test_folder("t.crls"), BYTES_LITERAL("broken"), 0644, &err),
              &err);
    assert_int_equal(unlink(watcher.file), 0);
    require_round(&watcher, RESULT_UNAVAILABLE, NULL, &report);
    assert_false(report.was_restored);
    assert_false(file_exists(watcher.file));
}

static void nothing_goes_behind_the_copy(void **state) {
    (void)state;
    AUTO(watcher_clear) struct watcher watcher;
    struct watch_report report;
    watcher_init(&watcher, NULL);
    keep_state(&watcher);
    serve(5);
    require_round(&watcher, RESULT_OK, NULL, &report);
    assert_int_equal(unlink(watcher.file), 0);
    serve(4);
    require_round(&watcher, RESULT_DENIED, "crl_refused", &report);
    assert_true(report.was_restored);
    serve(6);
    require_round(&watcher, RESULT_OK, NULL, &report);
    assert_true(is_installed());
}

static void who_needs_every_list_refuses_a_single_one(void **state) {
    (void)state;
    AUTO(watcher_clear) struct watcher watcher;
    struct watch_report report;
    watcher_init(&watcher, NULL);
    watcher.options.preset = watch_preset_find("nginx");
    keep_state(&watcher);
    serve(1); // of the issuing CA alone, while the root is trusted, too
    require_round(&watcher, RESULT_INVALID, "crl_refused", &report);
    assert_false(file_exists(watcher.file));
    watcher.options.preset = watch_preset_find("mosquitto");
    keep_state(&watcher);
    require_round(&watcher, RESULT_OK, NULL, &report);
}

// As the authority's bundle is: first the CRL of the issuing CA, then the root's.
static void serve_bundle(uint64_t number) {
    struct error err = {0};
    AUTO(buf_clear) struct buf der = {0};
    AUTO(buf_clear) struct buf pem = {0};
    buf_init(&der, 10000);
    buf_init(&pem, 20000);
    make_crl(&ca.issuing, number, NOW - 100, NOW + DAY, 1, &der);
    make_crl(&ca.root, 5, NOW - 100, NOW + DAY, 0, &der);
    assert_ok(pem_encode_all(PEM_CRL, buf_bytes(&der), &pem), &err);
    assert_ok(file_replace(in_test_folder("served"), buf_bytes(&pem), 0644, &err), &err);
}

// In a CApath the CRLs have the order of the CAs, which is another one here.
static void a_server_is_asked_to_wait_whatever_reads_the_lists(void **state) {
    (void)state;
    static const char *const presets[] = {"mosquitto", "mosquitto-capath", "prosody",
                                          "prosody-capath"};
    for (size_t i = 0; i < sizeof(presets) / sizeof(presets[0]); i++) {
        struct error err = {0};
        AUTO(watcher_clear) struct watcher watcher;
        AUTO(buf_clear) struct buf asked = {0};
        struct watch_report report;
        buf_init(&asked, 10000);
        watcher_init(&watcher, NULL);
        (void)snprintf(watcher.file, sizeof(watcher.file), "%s", in_test_folder(presets[i]));
        watcher.options.preset = watch_preset_find(presets[i]);
        if (watcher.options.preset->form == WATCH_FORM_CAPATH) {
            assert_ok(folder_make_all(watcher.file, 0755, &err), &err);
            watcher.options.folder = watcher.file;
            watcher.options.file = NULL;
        }
        watch_free_at(&watcher.watch);
        assert_ok(watch_new(&watcher.options, &watcher.watch, &err), &err);
        serve_bundle(77);
        assert_ok(watch_round(watcher.watch, 45, &report, &err), &err);
        assert_result(RESULT_CONFLICT, watch_round(watcher.watch, 45, &report, &err), &err);
        assert_ok(file_read(in_test_folder("asked"), &asked, &err), &err);
        assert_non_null(strstr(buf_string(&asked), "?after=77&wait=45 "));
        assert_non_null(strstr(buf_string(&asked), "If-None-Match: "));
    }
}

static void a_restart_comes_only_when_somebody_more_is_revoked(void **state) {
    (void)state;
    struct error err = {0};
    char *reload[] = {"touch", (char[300]){0}, NULL};
    char *restart[] = {"touch", (char[300]){0}, NULL};
    snprintf(reload[1], 300, "%s", in_test_folder("reloaded"));
    snprintf(restart[1], 300, "%s", in_test_folder("restarted"));
    AUTO(watcher_clear) struct watcher watcher;
    struct watch_report report;
    watcher_init(&watcher, reload);
    watcher.options.restart = restart;
    keep_state(&watcher);
    serve(8); // revokes nobody
    require_round(&watcher, RESULT_OK, NULL, &report);
    assert_true(report.is_reloaded && !report.is_restarted);
    serve(9); // one
    require_round(&watcher, RESULT_OK, NULL, &report);
    assert_true(report.is_restarted);
    assert_true(file_exists(restart[1]));
    serve(17); // the same one
    require_round(&watcher, RESULT_OK, NULL, &report);
    assert_false(report.is_restarted);
    // A restart that did not happen is not forgotten over a change that needs none.
    restart[0] = "false";
    serve(18); // two
    require_round(&watcher, RESULT_UNAVAILABLE, "reload_failed", &report);
    serve(26); // the same two
    restart[0] = "touch";
    require_round(&watcher, RESULT_OK, NULL, &report);
    assert_true(report.is_restarted);
    assert_ok(file_replace(watcher.file, BYTES_LITERAL("broken"), 0644, &err), &err);
    require_round(&watcher, RESULT_OK, NULL, &report);
    assert_false(report.is_restarted); // a repair revokes nobody
}

static void require_file(const char *name, const char *expected) {
    struct error err = {0};
    AUTO(buf_clear) struct buf text = {0};
    buf_init(&text, 10000);
    assert_ok(file_read(in_test_folder(name), &text, &err), &err);
    assert_string_equal(buf_string(&text), expected);
}

// make_crl gives the entries of a CRL the serials 1, 2, 3 …
static void who_was_revoked_is_told_until_it_succeeds(void **state) {
    (void)state;
    struct error err = {0};
    char *revoked[] = {"/bin/sh", "-c", (char[600]){0}, "told", NULL};
    snprintf(revoked[2], 600, "[ -e '%s' ] || exit 3; echo \"$@\" >> '%s'",
             in_test_folder("ready"), in_test_folder("calls"));
    AUTO(watcher_clear) struct watcher watcher;
    struct watch_report report;
    watcher_init(&watcher, NULL);
    watcher.options.revoked = revoked;
    keep_state(&watcher);
    serve(9); // with one entry, but nothing to compare with
    require_round(&watcher, RESULT_OK, NULL, &report);
    assert_int_equal(report.told, 0);
    assert_false(file_exists(in_test_folder("crl.pem.revoked")));
    serve(11); // two more
    require_round(&watcher, RESULT_UNAVAILABLE, "reload_failed", &report);
    require_file("crl.pem.revoked", "02\n03\n");
    serve(12); // and one more
    require_round(&watcher, RESULT_UNAVAILABLE, "reload_failed", &report);
    require_file("crl.pem.revoked", "02\n03\n04\n");
    assert_ok(file_replace(in_test_folder("ready"), BYTES_LITERAL(""), 0644, &err), &err);
    keep_state(&watcher); // another process
    require_round(&watcher, RESULT_OK, NULL, &report);
    assert_int_equal(report.told, 3);
    require_file("calls", "02 03 04\n");
    assert_false(file_exists(in_test_folder("crl.pem.revoked")));
    serve(20); // the same four
    require_round(&watcher, RESULT_OK, NULL, &report);
    assert_ok(file_replace(watcher.file, BYTES_LITERAL("broken"), 0644, &err), &err);
    require_round(&watcher, RESULT_OK, NULL, &report);
    require_file("calls", "02 03 04\n"); // nobody new
}

static void a_long_list_is_told_in_pieces_and_rubbish_is_not(void **state) {
    (void)state;
    struct error err = {0};
    char *revoked[] = {"/bin/sh", "-c", (char[600]){0}, "told", NULL};
    snprintf(revoked[2], 600, "echo $# >> '%s'", in_test_folder("calls"));
    AUTO(watcher_clear) struct watcher watcher;
    struct watch_report report;
    AUTO(buf_clear) struct buf list = {0};
    buf_init(&list, 10000);
    watcher_init(&watcher, NULL);
    watcher.options.revoked = revoked;
    keep_state(&watcher);
    serve(8);
    require_round(&watcher, RESULT_OK, NULL, &report);
    for (int i = 0; i < 2 * LIMIT_REVOKED_AT_ONCE; i++) {
        assert_int_equal(buf_printf(&list, "%04x\n", 0x1000 + i), RESULT_OK);
    }
    assert_int_equal(buf_append_string(&list, "rm -rf\n1000\n20"), RESULT_OK);
    assert_ok(file_replace(in_test_folder("crl.pem.revoked"), buf_bytes(&list), 0600, &err),
              &err);
    serve(17); // one
    require_round(&watcher, RESULT_OK, NULL, &report);
    assert_int_equal(report.told, 2 * LIMIT_REVOKED_AT_ONCE + 2); // 20 and 01 with them
    require_file("calls", "100\n100\n2\n");
}

// Serials from 01000000 on, the last first: no order is to be relied on.
static void serve_long(uint64_t number, size_t count) {
    struct error err = {0};
    struct certificate issuer;
    uint8_t id[SHA1_SIZE];
    AUTO(buf_clear) struct buf der = {0};
    buf_init(&der, LIMIT_CRL_BYTES);
    struct crl_entry *entries = calloc(count, sizeof(*entries));
    assert_non_null(entries);
    for (size_t i = 0; i < count; i++) {
        size_t serial = 0x01000000 + count - 1 - i;
        entries[i] = (struct crl_entry){.serial_size = 4, .revoked_at = NOW - DAY};
        for (size_t octet = 0; octet < 4; octet++) {
            entries[i].serial[octet] = (uint8_t)(serial >> (24 - 8 * octet));
        }
    }
    assert_ok(certificate_read(buf_bytes(&ca.issuing.certificate), &issuer, &err), &err);
    assert_ok(public_key_identifier(issuer.spki, id), &err);
    const struct crl_plan plan = {.issuer = issuer.subject,
                                  .authority_key_id = bytes_of(id, sizeof(id)),
                                  .number = number,
                                  .this_update = NOW - 100 + (int64_t)number,
                                  .next_update = NOW + DAY,
                                  .entries = entries,
                                  .entry_count = count};
    assert_ok(crl_build(&plan, ca.issuing.key, &der, &err), &err);
    free(entries);
    FILE *served = fopen(in_test_folder("served"), "w"); // without a wait for the disk
    assert_non_null(served);
    assert_int_equal(fwrite(der.data, 1, der.size, served), der.size);
    assert_int_equal(fclose(served), 0);
}

#define LONG ((size_t)LIMIT_LIVE_SERIALS + 5)

static void of_a_list_however_long_the_new_ones_are_told(void **state) {
    (void)state;
    char *revoked[] = {"/bin/sh", "-c", (char[600]){0}, "told", NULL};
    snprintf(revoked[2], 600, "echo \"$@\" >> '%s'", in_test_folder("calls"));
    AUTO(watcher_clear) struct watcher watcher;
    struct watch_report report;
    watcher_init(&watcher, NULL);
    watcher.options.revoked = revoked;
    serve_long(1, LONG);
    require_round(&watcher, RESULT_OK, NULL, &report);
    assert_int_equal(report.told, 0);
    serve_long(2, LONG + 2);
    require_round(&watcher, RESULT_OK, NULL, &report);
    assert_int_equal(report.summary.entries, LONG + 2);
    assert_int_equal(report.told, 2);
    assert_int_equal(report.untold, 0);
    require_file("calls", "01100005 01100006\n");
}

static void a_list_with_more_new_ones_than_can_be_told_is_installed(void **state) {
    (void)state;
    struct error err = {0};
    char *revoked[] = {"false", NULL};
    AUTO(watcher_clear) struct watcher watcher;
    AUTO(buf_clear) struct buf list = {0};
    struct watch_report report;
    buf_init(&list, LIMIT_CRL_BYTES);
    watcher_init(&watcher, NULL);
    watcher.options.revoked = revoked;
    serve(8); // nobody
    require_round(&watcher, RESULT_OK, NULL, &report);
    serve_long(9, LONG);
    require_round(&watcher, RESULT_UNAVAILABLE, "reload_failed", &report);
    assert_true(report.is_replaced);
    assert_int_equal(report.summary.entries, LONG);
    assert_int_equal(report.untold, 5);
    assert_ok(file_read(in_test_folder("crl.pem.revoked"), &list, &err), &err);
    assert_int_equal(list.size, LIMIT_LIVE_SERIALS * strlen("01000000\n"));
}

static void what_cannot_be_noted_is_installed_and_noted_later(void **state) {
    (void)state;
    char *revoked[] = {"/bin/sh", "-c", (char[600]){0}, "told", NULL};
    snprintf(revoked[2], 600, "echo \"$@\" >> '%s'", in_test_folder("calls"));
    AUTO(watcher_clear) struct watcher watcher;
    struct watch_report report;
    struct error err = {0};
    watcher_init(&watcher, NULL);
    watcher.options.revoked = revoked;
    keep_state(&watcher);
    serve(9); // one
    require_round(&watcher, RESULT_OK, NULL, &report);
    assert_int_equal(mkdir(in_test_folder("crl.pem.revoked"), 0700), 0);
    serve(11); // two more
    assert_int_not_equal(watch_round(watcher.watch, 0, &report, &err), RESULT_OK);
    assert_non_null(strstr(err.message, "who was revoked could not be noted"));
    assert_true(report.is_replaced);
    assert_true(is_installed());
    assert_int_not_equal(watch_round(watcher.watch, 0, &report, &err), RESULT_OK);
    assert_int_equal(rmdir(in_test_folder("crl.pem.revoked")), 0);
    keep_state(&watcher); // another process
    require_round(&watcher, RESULT_OK, NULL, &report);
    assert_false(report.is_replaced);
    assert_int_equal(report.told, 2);
    require_file("calls", "02 03\n");
    require_round(&watcher, RESULT_CONFLICT, "unchanged", &report);
}

static void a_copy_that_could_not_be_written_is_written_later(void **state) {
    (void)state;
    struct error err = {0};
    AUTO(watcher_clear) struct watcher watcher;
    struct watch_report report;
    watcher_init(&watcher, NULL);
    keep_state(&watcher);
    assert_int_equal(mkdir(in_test_folder("t.crls"), 0700), 0);
    serve(1);
    assert_int_not_equal(watch_round(watcher.watch, 0, &report, &err), RESULT_OK);
    assert_non_null(strstr(err.message, "has no copy of it"));
    assert_true(report.is_replaced && !report.was_restored);
    assert_true(is_installed());
    assert_int_equal(rmdir(in_test_folder("t.crls")), 0);
    require_round(&watcher, RESULT_CONFLICT, "unchanged", &report);
    take_server_away();
    assert_int_equal(unlink(watcher.file), 0);
    require_round(&watcher, RESULT_UNAVAILABLE, NULL, &report);
    assert_true(report.was_restored);
    assert_true(file_exists(watcher.file));
}

static void a_list_from_the_future_is_replaced_by_the_next(void **state) {
    (void)state;
    AUTO(watcher_clear) struct watcher watcher;
    struct watch_report report;
    watcher_init(&watcher, NULL);
    keep_state(&watcher);
    clock_use_manual(NOW + DAY / 2);
    serve(1000); // of NOW + 900
    require_round(&watcher, RESULT_OK, NULL, &report);
    clock_use_manual(NOW);
    require_round(&watcher, RESULT_INVALID, "crl_refused", &report); // nobody can use it
    serve(99); // of now, but with a lower number: what the future one revoked is not known
    require_round(&watcher, RESULT_DENIED, "crl_refused", &report);
    assert_false(is_installed());
    clock_use_manual(NOW + DAY / 2); // the clock catches up: the other one counts again
    require_round(&watcher, RESULT_DENIED, "crl_refused", &report);
    clock_use_manual(NOW);
    serve_at(1001, NOW - 50);
    require_round(&watcher, RESULT_OK, NULL, &report);
    assert_true(is_installed());
    require_round(&watcher, RESULT_CONFLICT, "unchanged", &report);
}

// As on a full disk, from nothing at all to all but the last octets.
static void without_space_the_old_list_stays(void **state) {
    (void)state;
    AUTO(watcher_clear) struct watcher watcher;
    AUTO(buf_clear) struct buf before = {0};
    AUTO(buf_clear) struct buf after = {0};
    AUTO(buf_clear) struct buf served = {0};
    struct watch_report report;
    struct rlimit old;
    char *revoked[] = {"true", NULL};
    watcher_init(&watcher, NULL);
    watcher.options.revoked = revoked;
    keep_state(&watcher);
    serve(9);
    require_round(&watcher, RESULT_OK, NULL, &report);
    read_both(&served, &before);
    buf_clear(&served);
    serve(10);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    (void)signal(SIGXFSZ, SIG_IGN);
    for (rlim_t size = 0; size < 400; size += 40) {
        struct rlimit little = {.rlim_cur = size, .rlim_max = old.rlim_max};
        struct error err = {0};
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &little), 0);
        enum result result = watch_round(watcher.watch, 0, &report, &err);
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
        assert_result(RESULT_UNAVAILABLE, result, &err);
        assert_non_null(strstr(err.message, "cannot write"));
        read_both(&served, &after);
        assert_true(bytes_equal(buf_bytes(&before), buf_bytes(&after)));
        buf_clear(&served);
        buf_clear(&after);
    }
    require_round(&watcher, RESULT_OK, NULL, &report);
    assert_true(is_installed());
    assert_int_equal(report.told, 1); // once, however often it was noted
}

// In a mount name space of its own; ends with the result, 77 where that cannot be had.
static int round_on_read_only_folder(struct watcher *watcher) {
    struct error err = {0};
    struct watch_report report;
    if (unshare(CLONE_NEWNS) != 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
        mount(test_folder, test_folder, NULL, MS_BIND, NULL) != 0 ||
        mount(NULL, test_folder, NULL, MS_BIND | MS_REMOUNT | MS_RDONLY, NULL) != 0) {
        return 77;
    }
    enum result result = watch_round(watcher->watch, 0, &report, &err);
    bool names_it = strstr(err.message, "Read-only file system") != NULL &&
                    strstr(err.message, test_folder) != NULL;
    return names_it ? (int)result : 1;
}

static void in_a_read_only_folder_the_old_list_stays(void **state) {
    (void)state;
    AUTO(watcher_clear) struct watcher watcher;
    struct watch_report report;
    int status = 0;
    watcher_init(&watcher, NULL);
    serve(1);
    require_round(&watcher, RESULT_OK, NULL, &report);
    serve(2);
    pid_t child = fork();
    if (child == 0) {
        _exit(round_on_read_only_folder(&watcher));
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) == 77) {
        watcher_clear(&watcher); // skip() jumps over the destructor
        skip();
    }
    assert_int_equal(WEXITSTATUS(status), RESULT_DENIED);
    assert_false(is_installed());
    require_round(&watcher, RESULT_OK, NULL, &report);
    assert_true(is_installed());
}

static void a_second_watcher_waits_its_turn(void **state) {
    (void)state;
    AUTO(watcher_clear) struct watcher watcher;
    struct watch_report report;
    watcher_init(&watcher, NULL);
    serve(1);
    int other = open(in_test_folder("crl.pem.lock"), O_RDWR | O_CREAT, 0600);
    assert_int_equal(flock(other, LOCK_EX), 0);
    require_round(&watcher, RESULT_CONFLICT, "busy", &report);
    assert_false(file_exists(watcher.file));
    close(other);
    require_round(&watcher, RESULT_OK, NULL, &report);
}

static void hup_goes_to_the_process_of_a_pid_file_only(void **state) {
    (void)state;
    struct error err = {0};
    static const char *const bad[] = {"", "x", "1", "0", "-5", "99999999999", "2147483647"};
    const char *path = in_test_folder("pid");
    assert_result(RESULT_UNAVAILABLE, reload_by_pid_file(path, &err), &err);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_ok(file_replace(path, bytes_of_string(bad[i]), 0644, &err), &err);
        assert_result(RESULT_UNAVAILABLE, reload_by_pid_file(path, &err), &err);
        assert_string_equal(err.code, "reload_failed");
    }
    pid_t child = fork();
    if (child == 0) {
        pause();
        _exit(0);
    }
    char text[32];
    int status = 0;
    snprintf(text, sizeof(text), "%d\n", (int)child);
    assert_ok(file_replace(path, bytes_of_string(text), 0644, &err), &err);
    assert_ok(reload_by_pid_file(path, &err), &err);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGHUP);
}

#define WITH_SERVER(test) cmocka_unit_test_setup_teardown(test, start, stop)

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_SERVER(a_new_list_is_installed_and_then_left_alone),
        WITH_SERVER(mode_and_link_of_the_file_are_kept),
        WITH_SERVER(what_is_no_list_is_not_replaced),
        WITH_SERVER(a_link_that_others_can_make_is_not_followed),
        WITH_SERVER(a_file_that_was_damaged_behind_our_back_is_repaired),
        WITH_SERVER(what_is_refused_leaves_the_file_as_it_is),
        WITH_SERVER(an_installed_list_that_expires_is_an_error_in_spite_of_304),
        WITH_SERVER(the_reload_runs_without_a_shell_and_only_after_a_change),
        WITH_SERVER(a_failed_reload_is_tried_until_it_succeeds_also_after_a_restart),
        WITH_SERVER(the_end_of_a_reload_command_is_told),
        WITH_SERVER(pauses_grow_with_failures_and_keep_to_what_the_server_asks),
        WITH_SERVER(a_missing_or_empty_trust_file_is_misconfigured),
        WITH_SERVER(a_warning_comes_well_before_the_end_also_without_the_server),
        WITH_SERVER(a_lost_file_comes_back_without_the_server),
        WITH_SERVER(nothing_goes_behind_the_copy),
        WITH_SERVER(who_needs_every_list_refuses_a_single_one),
        WITH_SERVER(a_restart_comes_only_when_somebody_more_is_revoked),
        WITH_SERVER(a_server_is_asked_to_wait_whatever_reads_the_lists),
        WITH_SERVER(who_was_revoked_is_told_until_it_succeeds),
        WITH_SERVER(a_long_list_is_told_in_pieces_and_rubbish_is_not),
        WITH_SERVER(of_a_list_however_long_the_new_ones_are_told),
        WITH_SERVER(a_list_with_more_new_ones_than_can_be_told_is_installed),
        WITH_SERVER(what_cannot_be_noted_is_installed_and_noted_later),
        WITH_SERVER(a_copy_that_could_not_be_written_is_written_later),
        WITH_SERVER(a_list_from_the_future_is_replaced_by_the_next),
        WITH_SERVER(without_space_the_old_list_stays),
        WITH_SERVER(in_a_read_only_folder_the_old_list_stays),
        WITH_SERVER(a_second_watcher_waits_its_turn),
        WITH_SERVER(hup_goes_to_the_process_of_a_pid_file_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
