// Requests that wait at a gateway for a decision; the authority is played by the test.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "support/gateway_fixture.h"

#include <sys/resource.h>

static struct gateway_fixture g;
static struct gateway_pki pki;
static struct tls_context *client;

static void start_with(const struct setup *limits) {
    gateway_start(&g, CHANNEL_ENROLL, limits);
    gateway_identify(&g, &pki.server, &pki.ca);
}

static int set_up(void **state) {
    (void)state;
    start_with(&fixture_setup);
    return 0;
}

static int set_up_with_short_times(void **state) {
    (void)state;
    struct setup limits = fixture_setup;
    limits.request_seconds = 1;
    limits.idle_seconds = 1;
    start_with(&limits);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    gateway_stop(&g);
    return 0;
}

static int make_pki(void **state) {
    (void)state;
    struct error err = {0};
    gateway_pki_make(&pki);
    assert_ok(
        tls_client_context_new(buf_bytes(&pki.ca.der), (struct bytes){0}, NULL, &client, &err),
        &err);
    return 0;
}

static int clear_pki(void **state) {
    (void)state;
    tls_context_free_at(&client);
    gateway_pki_clear(&pki);
    return 0;
}

static void open_peer(struct peer *peer) {
    peer_connect(peer, g.port);
    assert_true(peer_start_tls(peer, client));
}

#define CLAIM "q6mFr2Zl0gX1c8uTnVw5yA"
#define REQUEST(method, id, query)                                                             \
    method " /v1/enroll/" id query " HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " CLAIM      \
           "\r\n\r\n"
#define POLL(id, seconds) REQUEST("GET", id, "?wait=" #seconds)

// The next frame, which must ask for this id with the claim.
static uint32_t next_claim(const char *id) {
    struct error err = {0};
    const struct frame frame = gateway_next(&g);
    struct claim message = {0};
    assert_int_equal(frame.number, OPERATION_CLAIM);
    assert_ok(message_from_binary(&claim_type, frame.body, &message, &err), &err);
    assert_string_equal(message.id, id);
    assert_string_equal(message.claim, CLAIM);
    message_clear(&claim_type, &message);
    return frame.id;
}

static void reply_held(uint32_t frame_id, const char *id) {
    struct error err = {0};
    AUTO(buf_clear) struct buf body;
    struct held held = {.approvals = 2, .approved = 1, .expires = 1800000000, .retry_after = 7};
    buf_init(&body, 4096);
    assert_int_equal(text_set(&held.id, id), RESULT_OK);
    assert_int_equal(text_set(&held.profile, "mqtt"), RESULT_OK);
    assert_int_equal(text_set(&held.code, "7K3M-Q9ZT"), RESULT_OK);
    assert_ok(message_to_binary(&held_type, &held, &body, &err), &err);
    message_clear(&held_type, &held);
    gateway_send_frame(&g, &(struct frame){.kind = FRAME_REPLY,
                                           .result = RESULT_PENDING,
                                           .id = frame_id,
                                           .body = buf_bytes(&body)});
}

static void reply_issued(uint32_t frame_id, const char *serial) {
    struct issued issued = {
        .not_before = 1700000000, .not_after = 1800000000, .renew_after = 1750000000};
    assert_int_equal(text_set(&issued.serial, serial), RESULT_OK);
    assert_int_equal(text_set(&issued.profile, "mqtt"), RESULT_OK);
    assert_int_equal(blob_set(&issued.certificate, buf_bytes(&pki.client.der)), RESULT_OK);
    assert_int_equal(blob_set(&issued.root, buf_bytes(&pki.ca.der)), RESULT_OK);
    gateway_reply(&g, frame_id, &issued_type, &issued);
    message_clear(&issued_type, &issued);
}

static void notice(const char *id) {
    struct decided decided = {0};
    assert_int_equal(text_set(&decided.id, id), RESULT_OK);
    gateway_notice(&g, NOTICE_DECIDED, &decided_type, &decided);
    message_clear(&decided_type, &decided);
}

static void assert_held(const struct http_message *response, const char *id) {
    char member[64];
    (void)snprintf(member, sizeof(member), "\"id\":\"%s\"", id);
    assert_non_null(response);
    assert_int_equal(response->status, 202);
    assert_header(response, "retry-after", "7");
    assert_header(response, "content-type", "application/json");
    assert_header(response, "cache-control", "no-store");
    assert_body_has(response, member);
    assert_body_has(response, "\"code\":\"7K3M-Q9ZT\"");
}

static void assert_issued(const struct http_message *response, const char *serial) {
    assert_non_null(response);
    assert_int_equal(response->status, 200);
    assert_header(response, "retry-after", NULL);
    assert_body_has(response, serial);
}

// Nothing comes within that time.
static void assert_silence(struct peer *peer, int milliseconds) {
    const int64_t end = clock_monotonic_milliseconds() + milliseconds;
    while (clock_monotonic_milliseconds() < end) {
        peer_wait_some(peer);
        assert_int_equal(peer->received.size, 0);
        assert_false(peer_is_over(peer));
    }
}

// --- the claim -------------------------------------------------------------------------------

static void without_a_bearer_the_answer_is_401(void **state) {
    (void)state;
    static const struct {
        const char *header;
        const char *query;
        int status;
        const char *code;
    } cases[] = {
        {"", "", 401, "claim_missing"},
        {"Authorization: Basic " CLAIM "\r\n", "", 401, "claim_missing"},
        {"Authorization: Bearer\r\n", "", 401, "claim_missing"},
        {"Authorization: Bearer \r\n", "", 401, "claim_missing"},
        {"Authorization: Bearer" CLAIM "\r\n", "", 401, "claim_missing"},
        {"Authorization: " CLAIM "\r\n", "", 401, "claim_missing"},
        {"", "?claim=" CLAIM, 401, "claim_missing"},
        // In an address it would stand in every log on the way.
        {"Authorization: Bearer " CLAIM "\r\n", "?claim=" CLAIM, 400, "unknown_field"},
        {"Authorization: Bearer " CLAIM "\r\n", "?wait=121", 400, "too_large"},
        {"Authorization: Bearer " CLAIM "\r\n", "?wait=-1", 400, "wrong_value"},
        {"Authorization: Bearer " CLAIM "\r\n", "?id=b", 400, "duplicate_field"},
        {"Authorization: Bearer " CLAIM CLAIM CLAIM "\r\n", "", 400, "too_long"},
    };
    AUTO(peer_close) struct peer peer = {0};
    open_peer(&peer);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char request[512];
        (void)snprintf(request, sizeof(request),
                       "GET /v1/enroll/a%s HTTP/1.1\r\nHost: x\r\n%s\r\n", cases[i].query,
                       cases[i].header);
        print_message("%s", request);
        peer_send(&peer, request);
        const struct http_message *response = peer_response(&peer);
        assert_error(response, cases[i].status, cases[i].code, NULL);
        assert_header(response, "www-authenticate", cases[i].status == 401 ? "Bearer" : NULL);
    }
    assert_false(gateway_speaks_within(&g, 0));
    static const char *good[] = {"Bearer ", "bearer ", "BEARER   "};
    for (size_t i = 0; i < 3; i++) {
        char request[256];
        (void)snprintf(request, sizeof(request),
                       "GET /v1/enroll/a HTTP/1.1\r\nHost: x\r\nAuthorization: %s" CLAIM
                       "\r\n\r\n",
                       good[i]);
        peer_send(&peer, request);
        reply_issued(next_claim("a"), "0a");
        assert_issued(peer_response(&peer), "0a");
    }
}

static void a_held_enrollment_is_answered_at_once(void **state) {
    (void)state;
    AUTO(peer_close) struct peer peer = {0};
    open_peer(&peer);
    peer_send(&peer, REQUEST("GET", "a", ""));
    reply_held(next_claim("a"), "a");
    assert_held(peer_response(&peer), "a");
    peer_send(&peer, REQUEST("GET", "a", "?wait=0"));
    reply_held(next_claim("a"), "a");
    assert_held(peer_response(&peer), "a");
    peer_send(&peer, REQUEST("HEAD", "a", ""));
    reply_held(next_claim("a"), "a");
    const struct http_message *response = peer_response_to(&peer, true);
    assert_int_equal(response->status, 202);
    assert_header(response, "retry-after", "7");
    assert_int_equal(response->body.size, 0);
}

// --- waiting ---------------------------------------------------------------------------------

static void a_decision_answers_who_waits(void **state) {
    (void)state;
    AUTO(peer_close) struct peer peer = {0};
    open_peer(&peer);
    peer_send(&peer, POLL("a", 60));
    reply_held(next_claim("a"), "a");
    assert_silence(&peer, 200);
    notice("b");
    assert_silence(&peer, 100);
    notice("a");
    reply_issued(next_claim("a"), "0b");
    assert_issued(peer_response(&peer), "0b");
    // The connection goes on.
    peer_send(&peer, POLL("a", 60));
    reply_issued(next_claim("a"), "0b");
    assert_issued(peer_response(&peer), "0b");
}

static void a_refusal_ends_the_waiting_too(void **state) {
    (void)state;
    struct error error = {0};
    (void)error_set_code(&error, RESULT_DENIED, "request_denied", "not ours");
    AUTO(peer_close) struct peer peer = {0};
    open_peer(&peer);
    peer_send(&peer, POLL("a", 60));
    reply_held(next_claim("a"), "a");
    notice("a");
    gateway_refuse(&g, next_claim("a"), &error);
    assert_error(peer_response(&peer), 403, "request_denied", NULL);
}

static void a_notice_that_overtakes_the_answer_is_not_lost(void **state) {
    (void)state;
    AUTO(peer_close) struct peer peer = {0};
    open_peer(&peer);
    peer_send(&peer, POLL("a", 60));
    const uint32_t first = next_claim("a");
    notice("a");
    reply_held(first, "a"); // how it was before
    reply_issued(next_claim("a"), "0b");
    assert_issued(peer_response(&peer), "0b");
}

static void a_notice_without_a_decision_goes_on_waiting(void **state) {
    (void)state;
    AUTO(peer_close) struct peer peer = {0};
    open_peer(&peer);
    peer_send(&peer, POLL("a", 60));
    reply_held(next_claim("a"), "a");
    for (int i = 0; i < 3; i++) {
        notice("a");
        reply_held(next_claim("a"), "a");
    }
    assert_silence(&peer, 100);
    notice("a");
    reply_issued(next_claim("a"), "0b");
    assert_issued(peer_response(&peer), "0b");
}

static void when_the_time_is_over_the_answer_is_that_it_is_held(void **state) {
    (void)state;
    AUTO(peer_close) struct peer peer = {0};
    open_peer(&peer);
    // The time counts from the request on, whatever happens meanwhile.
    const int64_t start = clock_monotonic_milliseconds();
    peer_send(&peer, POLL("a", 1));
    reply_held(next_claim("a"), "a");
    assert_silence(&peer, 500);
    notice("a");
    reply_held(next_claim("a"), "a");
    assert_held(peer_response(&peer), "a");
    const int64_t taken = clock_monotonic_milliseconds() - start;
    assert_true(taken >= 900 && taken < 2500);
    assert_false(gateway_speaks_within(&g, 0));
}

static void timeouts_of_connections_do_not_end_it(void **state) {
    (void)state;
    AUTO(peer_close) struct peer peer = {0};
    open_peer(&peer);
    peer_send(&peer, POLL("a", 60));
    reply_held(next_claim("a"), "a");
    assert_silence(&peer, 2500); // longer than both
    notice("a");
    reply_issued(next_claim("a"), "0b");
    assert_issued(peer_response(&peer), "0b");
}

static void head_waits_like_get(void **state) {
    (void)state;
    AUTO(peer_close) struct peer peer = {0};
    open_peer(&peer);
    peer_send(&peer, REQUEST("HEAD", "a", "?wait=60"));
    reply_held(next_claim("a"), "a");
    assert_silence(&peer, 100);
    notice("a");
    reply_issued(next_claim("a"), "0b");
    const struct http_message *response = peer_response_to(&peer, true);
    assert_int_equal(response->status, 200);
    assert_int_equal(response->body.size, 0);
}

// --- neighbours ------------------------------------------------------------------------------

static void what_comes_behind_it_is_answered_behind_it(void **state) {
    (void)state;
    AUTO(peer_close) struct peer peer = {0};
    open_peer(&peer);
    peer_send(&peer, POLL("a", 60) POLL("b", 60) "GET /none HTTP/1.1\r\nHost: x\r\n\r\n");
    reply_held(next_claim("a"), "a");
    reply_held(next_claim("b"), "b"); // its connection waits already: this is its answer
    assert_silence(&peer, 200);
    notice("b");
    assert_false(gateway_speaks_within(&g, 100));
    notice("a");
    reply_issued(next_claim("a"), "0b");
    assert_issued(peer_response(&peer), "0b");
    assert_held(peer_response(&peer), "b");
    assert_error(peer_response(&peer), 404, "unknown_path", NULL);
    peer_send(&peer, POLL("b", 60)); // now it may
    reply_held(next_claim("b"), "b");
    assert_silence(&peer, 100);
    notice("b");
    reply_issued(next_claim("b"), "0c");
    assert_issued(peer_response(&peer), "0c");
}

static void who_goes_away_is_forgotten(void **state) {
    (void)state;
    const struct linger reset = {.l_onoff = 1};
    for (int with_reset = 0; with_reset < 2; with_reset++) {
        AUTO(peer_close) struct peer gone = {0};
        AUTO(peer_close) struct peer other = {0};
        open_peer(&gone);
        open_peer(&other);
        peer_send(&gone, POLL("a", 60));
        reply_held(next_claim("a"), "a");
        if (with_reset == 1) {
            assert_int_equal(
                setsockopt(gone.descriptor, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset)), 0);
        }
        peer_close(&gone);
        // Once this is answered, the gateway has seen the other's end.
        peer_send(&other, REQUEST("GET", "b", ""));
        reply_held(next_claim("b"), "b");
        assert_held(peer_response(&other), "b");
        notice("a");
        assert_false(gateway_speaks_within(&g, 200)); // nobody is there to ask for
    }
}

static void who_said_the_last_word_is_answered(void **state) {
    (void)state;
    for (int is_asked = 0; is_asked < 2; is_asked++) {
        AUTO(peer_close) struct peer peer = {0};
        open_peer(&peer);
        peer_send(&peer, POLL("a", 60));
        const uint32_t id = next_claim("a");
        if (is_asked == 0) {
            reply_held(id, "a");
            assert_silence(&peer, 100);
        }
        assert_int_equal(shutdown(peer.descriptor, SHUT_WR), 0);
        if (is_asked == 1) {
            (void)poll(NULL, 0, 200); // it is seen before the answer comes
            reply_held(id, "a");
        }
        assert_held(peer_response(&peer), "a");
        assert_null(peer_response(&peer));
    }
}

static void who_goes_away_while_it_is_asked_is_forgotten(void **state) {
    (void)state;
    AUTO(peer_close) struct peer gone = {0};
    AUTO(peer_close) struct peer other = {0};
    const struct linger reset = {.l_onoff = 1};
    open_peer(&gone);
    open_peer(&other);
    peer_send(&gone, POLL("a", 60));
    const uint32_t a = next_claim("a");
    assert_int_equal(setsockopt(gone.descriptor, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset)),
                     0);
    peer_close(&gone);
    peer_send(&other, POLL("a", 60));
    const uint32_t second = next_claim("a");
    notice("a");
    reply_held(a, "a");
    reply_held(second, "a");
    reply_issued(next_claim("a"), "0b"); // one asks again, and it is the other
    assert_issued(peer_response(&other), "0b");
    assert_false(gateway_speaks_within(&g, 100));
}

static void draining_answers_all_that_wait(void **state) {
    (void)state;
    static struct peer peers[20];
    for (size_t i = 0; i < 20; i++) {
        open_peer(&peers[i]);
        peer_send(&peers[i], POLL("a", 60));
        reply_held(next_claim("a"), "a");
    }
    gateway_notice(&g, NOTICE_DRAIN, NULL, NULL);
    for (size_t i = 0; i < 20; i++) {
        assert_held(peer_response(&peers[i]), "a");
        assert_null(peer_response(&peers[i]));
        peer_close(&peers[i]);
    }
    assert_int_equal(gateway_wait(&g), RESULT_OK);
}

static void the_end_of_the_authority_ends_it_without_a_leak(void **state) {
    (void)state;
    AUTO(peer_close) struct peer waiting = {0};
    AUTO(peer_close) struct peer asking = {0};
    open_peer(&waiting);
    open_peer(&asking);
    peer_send(&waiting, POLL("a", 60));
    reply_held(next_claim("a"), "a");
    peer_send(&asking, POLL("a", 60));
    (void)next_claim("a");
    // tear_down lets the authority go away.
}

// Needs more connections than the fixture's limits and most shells' descriptors allow.
static int set_up_for_many(void **state) {
    (void)state;
    struct rlimit descriptors;
    struct setup limits = fixture_setup;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &descriptors), 0);
    descriptors.rlim_cur = descriptors.rlim_max;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &descriptors), 0);
    limits.connections = 4000;
    limits.connections_per_address = 4000;
    start_with(&limits);
    return 0;
}

static void waiting_takes_no_place_of_those_that_are_asked(void **state) {
    (void)state;
    static struct peer peers[LIMIT_FRAMES_WAITING + 1];
    const size_t count = sizeof(peers) / sizeof(peers[0]);
    for (size_t i = 0; i < count; i++) {
        open_peer(&peers[i]);
        peer_send(&peers[i], POLL("a", 60));
        reply_held(next_claim("a"), "a");
    }
    AUTO(peer_close) struct peer other = {0};
    open_peer(&other);
    peer_send(&other, REQUEST("GET", "b", ""));
    reply_held(next_claim("b"), "b");
    assert_held(peer_response(&other), "b");
    // All at once ask again: the one too many is told to come back soon, and none is forgotten.
    notice("a");
    for (size_t i = 0; i < LIMIT_FRAMES_WAITING; i++) {
        reply_issued(next_claim("a"), "0b");
    }
    size_t refused = 0;
    for (size_t i = 0; i < count; i++) {
        const struct http_message *response = peer_response(&peers[i]);
        assert_non_null(response);
        if (response->status == 503) {
            assert_header(response, "retry-after", "2");
            refused++;
        } else {
            assert_issued(response, "0b");
        }
        peer_close(&peers[i]);
    }
    assert_int_equal(refused, 1);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
#define TEST_WITH_SHORT_TIMES(name)                                                            \
    cmocka_unit_test_setup_teardown(name, set_up_with_short_times, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(without_a_bearer_the_answer_is_401),
        TEST(a_held_enrollment_is_answered_at_once),
        TEST(a_decision_answers_who_waits),
        TEST(a_refusal_ends_the_waiting_too),
        TEST(a_notice_that_overtakes_the_answer_is_not_lost),
        TEST(a_notice_without_a_decision_goes_on_waiting),
        TEST(when_the_time_is_over_the_answer_is_that_it_is_held),
        TEST_WITH_SHORT_TIMES(timeouts_of_connections_do_not_end_it),
        TEST(head_waits_like_get),
        TEST(what_comes_behind_it_is_answered_behind_it),
        TEST(who_goes_away_is_forgotten),
        TEST(who_said_the_last_word_is_answered),
        TEST(who_goes_away_while_it_is_asked_is_forgotten),
        TEST(draining_answers_all_that_wait),
        TEST(the_end_of_the_authority_ends_it_without_a_leak),
        cmocka_unit_test_setup_teardown(waiting_takes_no_place_of_those_that_are_asked,
                                        set_up_for_many, tear_down),
    };
    return cmocka_run_group_tests(tests, make_pki, clear_pki);
}
