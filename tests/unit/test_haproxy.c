// HAProxy's runtime socket, played by a small server: CRLs taken and refused, sessions ended.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "client/watch/haproxy.h"

#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "base/file.h"
#include "client/watch/serial_set.h"
#include "support/client_fixture.h"

static struct test_ca ca;
static pid_t server;
static char socket_path[100];
static struct buf large_map;

// One more than are kept without question; all but the last four with a session.
static void make_large_map(void) {
    buf_init(&large_map, 1 << 20);
    for (int i = 0; i < LIMIT_HAPROXY_MAP_ENTRIES - 3; i++) {
        assert_int_equal(buf_printf(&large_map, "0x6%06x 127.0.0.1:1002 0009\n", i), RESULT_OK);
    }
    assert_int_equal(buf_append_string(&large_map, "0x7001 127.0.0.1:4001 0009\n"
                                                   "0x7002 03 revoked\n"
                                                   "0x7003 0F revoked\n"
                                                   "0x7004 somebody revoked\n\n"),
                     RESULT_OK);
}

// What is asked is appended to FOLDER/asked; what is answered depends on its first words.
static void answer(int peer) {
    const struct {
        const char *begin;
        const char *answer;
    } answers[] = {
        {"show map /large", buf_string(&large_map)},
        {"set ssl crl-file /good", "Transaction created for CRL /good!\n\n"},
        {"commit ssl crl-file /good", "Committing /good.\nSuccess!\n\n"},
        {"set ssl crl-file /bad", "Invalid payload!\n\n"},
        {"show map /released", "0x7101 03 revoked\n0x7102 04 revoked\n\n"},
        {"show map", "0x5501 127.0.0.1:1001 01\n0x5502 127.0.0.1:1002 0009\n"
                     "0x5503 127.0.0.1:1003 02\n0x5504 127.0.0.1:100 01\n0x5505 03 "
                     "revoked\n0x5506 127.0.0.1:7 03\n\n"},
        {"show sess", "0x7f01: proto=tcpv4 src=127.0.0.1:1001 fe=fe be=<NONE>\n"
                      "0x7f02: proto=tcpv4 src=127.0.0.1:1002 fe=fe\n"
                      "0x7f09: proto=unix_stream src=unix:1 fe=GLOBAL\n\n"},
    };
    char asked[8192] = "";
    ssize_t size = recv(peer, asked, sizeof(asked) - 1, 0);
    FILE *log = fopen(in_test_folder("asked"), "a");
    if (size <= 0 || log == NULL) {
        return;
    }
    fprintf(log, "%.*s", (int)strcspn(asked, "\n") + 1, asked);
    fclose(log);
    for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
        if (strncmp(asked, answers[i].begin, strlen(answers[i].begin)) == 0) {
            (void)!send(peer, answers[i].answer, strlen(answers[i].answer), MSG_NOSIGNAL);
            return;
        }
    }
}

static struct sockaddr_un address_of(const char *name) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof(address.sun_path), "%s", in_test_folder(name));
    return address;
}

static int listen_at(const char *name, int queue) {
    struct sockaddr_un address = address_of(name);
    int listener = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(bind(listener, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(listen(listener, queue), 0);
    return listener;
}

static int start(void **state) {
    if (make_test_folder(state) != 0) {
        return -1;
    }
    make_test_ca(&ca);
    make_large_map();
    snprintf(socket_path, sizeof(socket_path), "%s", in_test_folder("sock"));
    int listener = listen_at("sock", 8);
    server = fork();
    if (server == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        for (;;) {
            int peer = accept(listener, NULL, NULL);
            answer(peer);
            close(peer);
        }
    }
    close(listener);
    return 0;
}

static int stop(void **state) {
    kill(server, SIGKILL);
    waitpid(server, NULL, 0);
    test_ca_clear(&ca);
    buf_clear(&large_map);
    return remove_test_folder(state);
}

static void a_crl_is_set_and_committed(void **state) {
    (void)state;
    struct error err = {0};
    assert_ok(haproxy_set_crl(socket_path, "/good", BYTES_LITERAL("PEM\n"), 16384, &err), &err);
}

static void what_it_refuses_is_told_in_its_words(void **state) {
    (void)state;
    struct error err = {0};
    assert_result(RESULT_UNAVAILABLE,
                  haproxy_set_crl(socket_path, "/bad", BYTES_LITERAL("PEM\n"), 16384, &err),
                  &err);
    assert_string_equal(err.code, "reload_failed");
    assert_non_null(strstr(err.message, "Invalid payload"));
    assert_result(
        RESULT_UNAVAILABLE,
        haproxy_set_crl(in_test_folder("none"), "/good", BYTES_LITERAL("PEM\n"), 16384, &err),
        &err);
}

static void what_does_not_fit_its_buffer_is_not_sent(void **state) {
    (void)state;
    struct error err = {0};
    static uint8_t large[16384];
    memset(large, 'x', sizeof(large));
    size_t head = strlen("set ssl crl-file /good <<\n") + 1;
    struct bytes fits = bytes_of(large, 16384 - 1280 - head);
    struct bytes does_not = bytes_of(large, fits.size + 1);
    assert_result(RESULT_LIMIT, haproxy_set_crl(socket_path, "/good", does_not, 16384, &err),
                  &err);
    // The neighbour is sent; the small server reads a part of it only, and answers.
    enum result sent = haproxy_set_crl(socket_path, "/good", fits, 16384, &err);
    assert_true(sent == RESULT_OK || sent == RESULT_UNAVAILABLE);
}

// Ends the sessions of the serials 1, 2, 3, and reads what was asked.
static void end_sessions(const char *map, size_t *out_count, struct buf *out_asked) {
    struct error err = {0};
    AUTO(buf_clear) struct buf crls = {0};
    buf_init(&crls, 10000);
    buf_init(out_asked, 100000);
    make_crl(&ca.issuing, 1, NOW, NOW + DAY, 3, &crls);
    (void)unlink(in_test_folder("asked"));
    assert_ok(haproxy_end_sessions(socket_path, map, buf_bytes(&crls), out_count, &err), &err);
    assert_ok(file_read(in_test_folder("asked"), out_asked, &err), &err);
}

static void sessions_of_revoked_certificates_are_shut_down(void **state) {
    (void)state;
    size_t count = 0;
    AUTO(buf_clear) struct buf asked = {0};
    end_sessions("/map", &count, &asked);
    // 1 is in a session and marked; 2 and the second entry of 1 have none; 3 is marked already.
    assert_int_equal(count, 3);
    const char *text = buf_string(&asked);
    assert_non_null(strstr(text, "shutdown session 0x7f01\n"));
    assert_null(strstr(text, "shutdown session 0x7f02")); // 9 is not revoked
    assert_non_null(strstr(text, "add map /map 01 revoked\n"));
    assert_non_null(strstr(text, "add map /map 02 revoked\n"));
    assert_null(strstr(text, "add map /map 03"));
    assert_null(strstr(text, "add map /map 0009"));
    assert_null(strstr(text, "del map")); // they are few
}

static void of_many_entries_those_without_session_go_and_marks_stay(void **state) {
    (void)state;
    size_t count = 0;
    AUTO(buf_clear) struct buf asked = {0};
    end_sessions("/large", &count, &asked);
    assert_int_equal(count, 0);
    // The address without a session, and the mark of one that no CRL lists.
    assert_string_equal(buf_string(&asked), "show map /large\nshow sess\n"
                                            "del map /large #0x7001\ndel map /large #0x7003\n");
}

static void the_mark_of_one_who_is_not_revoked_any_more_goes(void **state) {
    (void)state;
    size_t count = 0;
    AUTO(buf_clear) struct buf asked = {0};
    end_sessions("/released", &count, &asked);
    assert_string_equal(buf_string(&asked),
                        "show map /released\nshow sess\ndel map /released #0x7102\n");
}

static void an_answer_without_end_is_refused(void **state) {
    (void)state;
    struct error err = {0};
    AUTO(buf_clear) struct buf text = {0};
    buf_init(&text, 20000);
    assert_result(RESULT_LIMIT, haproxy_ask(socket_path, "show map /large", &text, &err), &err);
    assert_non_null(strstr(err.message, "HAProxy's answer has more than"));
}

// --- one that hangs ----------------------------------------------------------------------

// Nobody accepts, and nobody more fits into the queue.
static int listen_with_full_queue(const char *name) {
    struct sockaddr_un address = address_of(name);
    int listener = listen_at(name, 0);
    for (int i = 0; i < 100; i++) {
        int waiting = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
        if (connect(waiting, (struct sockaddr *)&address, sizeof(address)) != 0) {
            assert_int_equal(errno, EAGAIN);
            close(waiting);
            return listener;
        }
    }
    fail_msg("the queue is never full");
    return -1;
}

static void nobody_waits_for_ever_in_a_full_queue(void **state) {
    (void)state;
    struct error err = {0};
    AUTO(buf_clear) struct buf text = {0};
    buf_init(&text, 100000);
    int listener = listen_with_full_queue("full");
    (void)alarm(10 * LIMIT_PROOF_SECONDS); // ends the test
    assert_result(RESULT_UNAVAILABLE,
                  haproxy_ask(in_test_folder("full"), "show info", &text, &err), &err);
    (void)alarm(0);
    assert_string_equal(err.code, "reload_failed");
    assert_non_null(strstr(err.message, "did not answer in time"));
    close(listener);
}

static volatile sig_atomic_t signals;

static void count_signal(int number) {
    (void)number;
    if (++signals == 100) {
        abort(); // it was not heard
    }
}

// As the watcher does: whatever the system would go on with by itself, it goes on with.
static void signal_often(bool is_on) {
    struct sigaction action = {.sa_handler = is_on ? count_signal : SIG_DFL,
                               .sa_flags = SA_RESTART};
    struct itimerval often = {{0, is_on ? 100000 : 0}, {0, is_on ? 100000 : 0}};
    signals = 0;
    if (is_on) {
        assert_int_equal(sigaction(SIGALRM, &action, NULL), 0);
        assert_int_equal(setitimer(ITIMER_REAL, &often, NULL), 0);
    } else {
        assert_int_equal(setitimer(ITIMER_REAL, &often, NULL), 0);
        assert_int_equal(sigaction(SIGALRM, &action, NULL), 0);
    }
}

static void a_signal_ends_the_wait_to_connect_and_that_for_an_answer(void **state) {
    (void)state;
    int listeners[] = {listen_with_full_queue("full-2"), listen_at("silent", 8)};
    const char *const names[] = {"full-2", "silent"};
    for (size_t i = 0; i < 2; i++) {
        struct error err = {0};
        AUTO(buf_clear) struct buf text = {0};
        buf_init(&text, 100000);
        signal_often(true);
        enum result result = haproxy_ask(in_test_folder(names[i]), "show info", &text, &err);
        signal_often(false);
        assert_result(RESULT_UNAVAILABLE, result, &err);
        assert_string_equal(err.code, "interrupted");
        close(listeners[i]);
    }
}

static void a_signal_ends_sending_to_one_that_does_not_read(void **state) {
    (void)state;
    struct error err = {0};
    AUTO(buf_clear) struct buf pem = {0};
    uint8_t *room = NULL;
    const size_t size = 8 << 20; // more than the system buffers
    buf_init(&pem, size);
    assert_int_equal(buf_reserve(&pem, size, &room), RESULT_OK);
    memset(room, 'x', size);
    buf_commit(&pem, size);
    int listener = listen_at("deaf", 8);
    pid_t deaf = fork();
    if (deaf == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        int peer = accept(listener, NULL, NULL); // of what comes before the CRL
        (void)!recv(peer, room, size, 0);
        close(peer);
        pause();
        _exit(0);
    }
    signal_often(true);
    enum result result =
        haproxy_set_crl(in_test_folder("deaf"), "/good", buf_bytes(&pem), 2 * size, &err);
    signal_often(false);
    kill(deaf, SIGKILL);
    waitpid(deaf, NULL, 0);
    close(listener);
    assert_result(RESULT_UNAVAILABLE, result, &err);
    assert_string_equal(err.code, "interrupted");
}

static void serials_are_compared_as_numbers(void **state) {
    (void)state;
    struct error err = {0};
    AUTO(serial_set_clear) struct serial_set set = {0};
    AUTO(buf_clear) struct buf crls = {0};
    static const char *const texts[] = {"01", "0002", "0A", "03", "03", "xyz", "", "0"};
    buf_init(&crls, 10000);
    make_crl(&ca.issuing, 1, NOW, NOW + DAY, 3, &crls);
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        assert_int_equal(serial_set_add(&set, bytes_of_string(texts[i]), &err), RESULT_OK);
    }
    assert_ok(serial_set_judge(&set, buf_bytes(&crls), &err), &err);
    assert_int_equal(set.count, 4);
    assert_true(serial_set_is_revoked(&set, BYTES_LITERAL("1001")) == false);
    assert_true(serial_set_is_revoked(&set, BYTES_LITERAL("0001")));
    assert_true(serial_set_is_revoked(&set, BYTES_LITERAL("02")));
    assert_false(serial_set_is_revoked(&set, BYTES_LITERAL("0a")));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_crl_is_set_and_committed),
        cmocka_unit_test(what_it_refuses_is_told_in_its_words),
        cmocka_unit_test(what_does_not_fit_its_buffer_is_not_sent),
        cmocka_unit_test(sessions_of_revoked_certificates_are_shut_down),
        cmocka_unit_test(of_many_entries_those_without_session_go_and_marks_stay),
        cmocka_unit_test(the_mark_of_one_who_is_not_revoked_any_more_goes),
        cmocka_unit_test(an_answer_without_end_is_refused),
        cmocka_unit_test(nobody_waits_for_ever_in_a_full_queue),
        cmocka_unit_test(a_signal_ends_the_wait_to_connect_and_that_for_an_answer),
        cmocka_unit_test(a_signal_ends_sending_to_one_that_does_not_read),
        cmocka_unit_test(serials_are_compared_as_numbers),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
