// Watchers that wait at a gateway for the next CRL.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "support/gateway_fixture.h"

static struct gateway_fixture g;

static int set_up(void **state) {
    (void)state;
    gateway_start(&g, CHANNEL_PUBLIC, &fixture_setup);
    gateway_publish(&g, "/crl/issuing.crl", "\"100\"", BYTES_LITERAL("first"));
    gateway_publish(&g, "/crl/bundle.pem", "\"100.50\"", BYTES_LITERAL("both"));
    gateway_publish(&g, "/ca.der", "\"abc\"", BYTES_LITERAL("certificate"));
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    gateway_stop(&g);
    return 0;
}

static void ask(struct peer *peer, const char *method, const char *target, const char *tags) {
    char request[512];
    (void)snprintf(request, sizeof(request), "%s %s HTTP/1.1\r\nHost: x\r\n%s%s%s\r\n", method,
                   target, tags != NULL ? "If-None-Match: " : "", tags != NULL ? tags : "",
                   tags != NULL ? "\r\n" : "");
    peer_send(peer, request);
}

static void assert_silence(struct peer *peer, int milliseconds) {
    const int64_t end = clock_monotonic_milliseconds() + milliseconds;
    while (clock_monotonic_milliseconds() < end) {
        peer_wait_some(peer);
        assert_int_equal(peer->received.size, 0);
        assert_false(peer_is_over(peer));
    }
}

static void assert_answer(struct peer *peer, int status, const char *etag, const char *body) {
    const struct http_message *response = peer_response(peer);
    assert_non_null(response);
    assert_int_equal(response->status, status);
    assert_header(response, "etag", etag);
    assert_header(response, "cache-control", "no-store");
    assert_bytes_equal(bytes_of_string(body), buf_bytes(&response->body));
}

static void who_has_an_older_one_is_answered_at_once(void **state) {
    (void)state;
    AUTO(peer_close) struct peer peer = {0};
    peer_connect(&peer, g.port);
    ask(&peer, "GET", "/crl/issuing.crl?after=99&wait=60", NULL);
    assert_answer(&peer, 200, "\"100\"", "first");
    ask(&peer, "GET", "/crl/issuing.crl?wait=60&after=0", "\"100\"");
    assert_answer(&peer, 200, "\"100\"", "first");
    // Another CRL of the root: the number is the same, the document is not.
    ask(&peer, "GET", "/crl/bundle.pem?after=100&wait=60", "\"100.49\"");
    assert_answer(&peer, 200, "\"100.50\"", "both");
    // What has no number has nothing to wait for.
    ask(&peer, "GET", "/ca.der?after=7&wait=60", NULL);
    assert_answer(&peer, 200, "\"abc\"", "certificate");
}

static void without_a_wait_there_is_nothing_new(void **state) {
    (void)state;
    AUTO(peer_close) struct peer peer = {0};
    peer_connect(&peer, g.port);
    ask(&peer, "GET", "/crl/issuing.crl?after=100", NULL);
    assert_answer(&peer, 204, "\"100\"", "");
    ask(&peer, "GET", "/crl/issuing.crl?after=100&wait=0", "\"100\"");
    assert_answer(&peer, 304, "\"100\"", "");
    ask(&peer, "GET", "/crl/issuing.crl?after=9223372036854775807", NULL);
    assert_answer(&peer, 204, "\"100\"", "");
}

static void a_new_crl_wakes_those_who_wait_for_it_and_no_others(void **state) {
    (void)state;
    AUTO(peer_close) struct peer issuing = {0};
    AUTO(peer_close) struct peer bundle = {0};
    peer_connect(&issuing, g.port);
    peer_connect(&bundle, g.port);
    ask(&issuing, "GET", "/crl/issuing.crl?after=100&wait=60", "\"100\"");
    ask(&bundle, "GET", "/crl/bundle.pem?after=100&wait=60", "\"100.50\"");
    assert_silence(&issuing, 100);
    // The same once more, as from an authority that was restarted.
    gateway_publish(&g, "/crl/issuing.crl", "\"100\"", BYTES_LITERAL("first"));
    assert_silence(&issuing, 100);
    gateway_publish(&g, "/crl/issuing.crl", "\"101\"", BYTES_LITERAL("second"));
    assert_answer(&issuing, 200, "\"101\"", "second");
    assert_silence(&bundle, 100);
    gateway_publish(&g, "/crl/bundle.pem", "\"100.51\"", BYTES_LITERAL("root's"));
    assert_answer(&bundle, 200, "\"100.51\"", "root's");
    // The connection goes on.
    ask(&issuing, "GET", "/crl/issuing.crl?after=101&wait=60", "\"101\"");
    gateway_publish(&g, "/crl/issuing.crl", "\"102\"", BYTES_LITERAL("third"));
    assert_answer(&issuing, 200, "\"102\"", "third");
}

static void the_time_of_a_wait_ends_it(void **state) {
    (void)state;
    AUTO(peer_close) struct peer peer = {0};
    peer_connect(&peer, g.port);
    const int64_t before = clock_monotonic_milliseconds();
    ask(&peer, "GET", "/crl/issuing.crl?after=100&wait=1", "\"100\"");
    assert_answer(&peer, 304, "\"100\"", "");
    const int64_t took = clock_monotonic_milliseconds() - before;
    assert_true(took >= 1000 && took < 3000);
}

static void a_gateway_that_is_stopped_answers_those_who_wait(void **state) {
    (void)state;
    AUTO(peer_close) struct peer peer = {0};
    peer_connect(&peer, g.port);
    ask(&peer, "GET", "/crl/issuing.crl?after=100&wait=60", NULL);
    assert_silence(&peer, 100);
    gateway_send_frame(&g, &(struct frame){.kind = FRAME_NOTICE, .number = NOTICE_DRAIN});
    assert_answer(&peer, 204, "\"100\"", "");
    assert_null(peer_response(&peer));
    peer_close(&peer);
    assert_int_equal(gateway_wait(&g), RESULT_OK);
}

static void one_who_goes_away_is_forgotten(void **state) {
    (void)state;
    for (int i = 0; i < 3; i++) {
        AUTO(peer_close) struct peer peer = {0};
        peer_connect(&peer, g.port);
        ask(&peer, "GET", "/crl/issuing.crl?after=100&wait=60", NULL);
        assert_silence(&peer, 50);
    }
    gateway_publish(&g, "/crl/issuing.crl", "\"101\"", BYTES_LITERAL("second"));
    AUTO(peer_close) struct peer peer = {0};
    peer_connect(&peer, g.port);
    ask(&peer, "GET", "/crl/issuing.crl?after=100&wait=60", NULL);
    assert_answer(&peer, 200, "\"101\"", "second");
}

static void numbers_and_times_that_are_none_are_refused(void **state) {
    (void)state;
    static const struct {
        const char *query, *code, *field;
    } cases[] = {
        {"after=", "after_invalid", "after"},
        {"after=-1", "after_invalid", "after"},
        {"after=1x", "after_invalid", "after"},
        {"after=9223372036854775808", "after_invalid", "after"},
        {"after=99999999999999999999999", "after_invalid", "after"},
        {"after=100&wait=121", "wait_invalid", "wait"},
        {"after=100&wait=soon", "wait_invalid", "wait"},
    };
    AUTO(peer_close) struct peer peer = {0};
    peer_connect(&peer, g.port);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char target[128];
        (void)snprintf(target, sizeof(target), "/crl/issuing.crl?%s", cases[i].query);
        ask(&peer, "GET", target, NULL);
        assert_error(peer_response(&peer), 400, cases[i].code, cases[i].field);
    }
    // The longest wait is one.
    ask(&peer, "GET", "/crl/issuing.crl?after=99&wait=120", NULL);
    assert_answer(&peer, 200, "\"100\"", "first");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(who_has_an_older_one_is_answered_at_once),
        TEST(without_a_wait_there_is_nothing_new),
        TEST(a_new_crl_wakes_those_who_wait_for_it_and_no_others),
        TEST(the_time_of_a_wait_ends_it),
        TEST(a_gateway_that_is_stopped_answers_those_who_wait),
        TEST(one_who_goes_away_is_forgotten),
        TEST(numbers_and_times_that_are_none_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
