// HTTP at a gateway: order, pipelining, limits, errors; the authority is played by the test.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "support/gateway_fixture.h"

static struct gateway_fixture g;
static struct gateway_pki pki;
static struct tls_context *client;

static void start_with(const struct setup *limits) {
    gateway_start(&g, CHANNEL_ADMIN, limits);
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
    assert_ok(tls_client_context_new(buf_bytes(&pki.ca.der), buf_bytes(&pki.client.der),
                                     pki.client.key, &client, &err),
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

// Sends one request on a connection of its own and gives the answer, which lives as long as
// `peer`.
static const struct http_message *ask(struct peer *peer, const char *request) {
    open_peer(peer);
    peer_send(peer, request);
    return peer_response(peer);
}

#define GET_STATUS "GET /v1/status HTTP/1.1\r\nHost: x\r\n\r\n"
#define REVOKE(id) "POST /v1/tokens/" id "/revoke HTTP/1.1\r\nHost: x\r\n\r\n"

// Checks that the next frame is the revocation of this token.
static uint32_t next_revocation(const char *id) {
    struct error err = {0};
    const struct frame frame = gateway_next(&g);
    struct token_revoke message = {0};
    assert_int_equal(frame.number, OPERATION_TOKEN_REVOKE);
    assert_ok(message_from_binary(&token_revoke_type, frame.body, &message, &err), &err);
    assert_string_equal(message.id, id);
    message_clear(&token_revoke_type, &message);
    return frame.id;
}

// --- one request -----------------------------------------------------------------------------

static void a_request_becomes_a_frame_and_its_reply_json(void **state) {
    (void)state;
    AUTO(peer_close) struct peer peer = {0};
    open_peer(&peer);
    peer_send(&peer, REVOKE("abc"));
    const struct frame frame = gateway_next(&g);
    assert_int_equal(frame.number, OPERATION_TOKEN_REVOKE);
    assert_bytes_equal(frame.peer_address, BYTES_LITERAL("127.0.0.1"));
    assert_bytes_equal(frame.peer_certificate, buf_bytes(&pki.client.der));
    gateway_reply_token(&g, frame.id, "abc");
    const struct http_message *response = peer_response(&peer);
    assert_non_null(response);
    assert_int_equal(response->status, 200);
    assert_header(response, "content-type", "application/json");
    assert_header(response, "cache-control", "no-store");
    assert_body_has(response, "\"id\":\"abc\"");
    // And once more on the same connection.
    peer_send(&peer, REVOKE("def"));
    gateway_reply_token(&g, next_revocation("def"), "def");
    assert_body_has(peer_response(&peer), "\"id\":\"def\"");
}

static void a_refusal_of_the_authority_arrives_whole(void **state) {
    (void)state;
    static const struct {
        enum result result;
        int status;
        const char *retry_after;
    } cases[] = {
        {RESULT_INVALID, 400, NULL},   {RESULT_DENIED, 403, NULL},
        {RESULT_NOT_FOUND, 404, NULL}, {RESULT_CONFLICT, 409, NULL},
        {RESULT_LIMIT, 429, "30"},     {RESULT_UNAVAILABLE, 503, "2"},
        {RESULT_INTERNAL, 500, NULL},
    };
    AUTO(peer_close) struct peer peer = {0};
    open_peer(&peer);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct error error = {0};
        (void)error_set_code(&error, cases[i].result, "token_spent", "spent \"already\"\n");
        error_hint(&error, "Ask for another.");
        error_field(&error, "token");
        peer_send(&peer, REVOKE("a"));
        gateway_refuse(&g, next_revocation("a"), &error);
        const struct http_message *response = peer_response(&peer);
        assert_error(response, cases[i].status, "token_spent", "Ask for another.");
        assert_body_has(response, "\"field\":\"token\"");
        assert_body_has(response, "spent \\\"already\\\"\\n");
        assert_header(response, "retry-after", cases[i].retry_after);
    }
}

static void a_reply_that_makes_no_sense_is_an_internal_error(void **state) {
    (void)state;
    AUTO(peer_close) struct peer peer = {0};
    open_peer(&peer);
    peer_send(&peer, REVOKE("a"));
    gateway_send_frame(&g, &(struct frame){.kind = FRAME_REPLY,
                                           .id = next_revocation("a"),
                                           .body = BYTES_LITERAL("\1\2\3")});
    assert_error(peer_response(&peer), 500, "internal", NULL);
    peer_send(&peer, REVOKE("b"));
    gateway_reply_token(&g, next_revocation("b"), "b");
    assert_int_equal(peer_response(&peer)->status, 200);
}

static void head_asks_like_get_and_gets_no_body(void **state) {
    (void)state;
    AUTO(peer_close) struct peer peer = {0};
    open_peer(&peer);
    peer_send(&peer, "HEAD /v1/tokens HTTP/1.1\r\nHost: x\r\n\r\n");
    const struct frame frame = gateway_next(&g);
    assert_int_equal(frame.number, OPERATION_TOKEN_LIST);
    struct token_page page = {0};
    gateway_reply(&g, frame.id, &token_page_type, &page);
    const struct http_message *response = peer_response_to(&peer, true);
    assert_non_null(response);
    assert_int_equal(response->status, 200);
    assert_true(strcmp(http_message_header(response, "content-length"), "0") != 0);
    peer_send(&peer, REVOKE("a")); // what follows is in step
    gateway_reply_token(&g, next_revocation("a"), "a");
    assert_int_equal(peer_response(&peer)->status, 200);
}

static void a_large_reply_arrives_whole(void **state) {
    (void)state;
    AUTO(peer_close) struct peer peer = {0};
    AUTO(buf_clear) struct buf der = {0};
    // Three times what one connection queues.
    const size_t count = 3 * LIMIT_CONNECTION_OUTPUT_BYTES / 1400;
    struct certificate_page page = {0};
    buf_init(&der, LIMIT_CERTIFICATE_BYTES);
    assert_int_equal(buf_append(&der, buf_bytes(&pki.client.der)), RESULT_OK);
    for (size_t i = 0; i < (count < LIMIT_LIST_PAGE ? count : LIMIT_LIST_PAGE); i++) {
        void *added = NULL;
        assert_int_equal(record_add(&page.certificates, &certificate_info_type, &added),
                         RESULT_OK);
        struct certificate_info *info = added;
        info->not_before = 1700000000;
        info->not_after = 1800000000;
        assert_int_equal(text_set(&info->serial, "0123456789abcdef0123456789abcdef"),
                         RESULT_OK);
        assert_int_equal(text_set(&info->issuer, "issuing"), RESULT_OK);
        assert_int_equal(text_set(&info->profile, "client"), RESULT_OK);
        assert_int_equal(text_set(&info->state, "valid"), RESULT_OK);
        assert_int_equal(blob_set(&info->certificate, buf_bytes(&der)), RESULT_OK);
    }
    assert_int_equal(text_set(&page.next, "the-end-of-it"), RESULT_OK);
    open_peer(&peer);
    peer_send(&peer, "GET /v1/certificates?limit=1000 HTTP/1.1\r\nHost: x\r\n\r\n");
    gateway_reply(&g, gateway_next(&g).id, &certificate_page_type, &page);
    const struct http_message *response = peer_response(&peer);
    assert_non_null(response);
    assert_int_equal(response->status, 200);
    assert_body_has(response, "the-end-of-it");
    message_clear(&certificate_page_type, &page);
}

// --- many ------------------------------------------------------------------------------------

static void pipelined_answers_keep_the_order_of_their_requests(void **state) {
    (void)state;
    AUTO(peer_close) struct peer peer = {0};
    open_peer(&peer);
    peer_send(&peer,
              REVOKE("a") REVOKE("b") "GET /none HTTP/1.1\r\nHost: x\r\n\r\n" REVOKE("c"));
    const uint32_t a = next_revocation("a");
    const uint32_t b = next_revocation("b");
    const uint32_t c = next_revocation("c");
    gateway_reply_token(&g, c, "c");
    gateway_reply_token(&g, b, "b");
    gateway_reply_token(&g, a, "a");
    assert_body_has(peer_response(&peer), "\"id\":\"a\"");
    assert_body_has(peer_response(&peer), "\"id\":\"b\"");
    assert_error(peer_response(&peer), 404, "unknown_path", NULL);
    assert_body_has(peer_response(&peer), "\"id\":\"c\"");
}

static void a_full_pipeline_waits_and_loses_nothing(void **state) {
    (void)state;
    AUTO(peer_close) struct peer peer = {0};
    uint32_t ids[LIMIT_HTTP_PIPELINE];
    open_peer(&peer);
    for (int i = 0; i < LIMIT_HTTP_PIPELINE + 2; i++) {
        peer_send(&peer, REVOKE("x"));
    }
    for (int i = 0; i < LIMIT_HTTP_PIPELINE; i++) {
        ids[i] = next_revocation("x");
    }
    assert_false(gateway_speaks_within(&g, 200));
    gateway_reply_token(&g, ids[1], "second"); // the first is still out
    assert_false(gateway_speaks_within(&g, 200));
    gateway_reply_token(&g, ids[0], "first"); // two leave, two come in
    const uint32_t late = next_revocation("x");
    const uint32_t last = next_revocation("x");
    assert_body_has(peer_response(&peer), "first");
    assert_body_has(peer_response(&peer), "second");
    for (int i = 2; i < LIMIT_HTTP_PIPELINE; i++) {
        gateway_reply_token(&g, ids[i], "x");
        assert_int_equal(peer_response(&peer)->status, 200);
    }
    gateway_reply_token(&g, last, "last");
    gateway_reply_token(&g, late, "late");
    assert_body_has(peer_response(&peer), "late");
    assert_body_has(peer_response(&peer), "last");
}

static void a_reply_after_the_peer_went_away_is_dropped(void **state) {
    (void)state;
    AUTO(peer_close) struct peer gone = {0};
    AUTO(peer_close) struct peer other = {0};
    open_peer(&gone);
    peer_send(&gone, REVOKE("a") REVOKE("b"));
    const uint32_t a = next_revocation("a");
    const uint32_t b = next_revocation("b");
    // A reset, so that the gateway sees at once that nobody is there.
    const struct linger reset = {.l_onoff = 1};
    assert_int_equal(setsockopt(gone.descriptor, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset)),
                     0);
    peer_close(&gone);
    open_peer(&other);
    peer_send(&other, REVOKE("c"));
    const uint32_t c = next_revocation("c");
    gateway_reply_token(&g, a, "a");
    gateway_reply_token(&g, a, "twice");
    gateway_reply_token(&g, 0xffffffff, "never asked");
    gateway_reply_token(&g, c, "c");
    assert_body_has(peer_response(&other), "\"id\":\"c\"");
    (void)b; // is never answered: its exchange is freed at the end
}

static void above_the_limit_of_waiting_requests_the_answer_is_503_at_once(void **state) {
    (void)state;
    static struct peer peers[LIMIT_FRAMES_WAITING / LIMIT_HTTP_PIPELINE + 1];
    const size_t last = LIMIT_FRAMES_WAITING / LIMIT_HTTP_PIPELINE;
    uint32_t first_id = 0;
    for (size_t i = 0; i < last; i++) {
        open_peer(&peers[i]);
        for (int k = 0; k < LIMIT_HTTP_PIPELINE; k++) {
            peer_send(&peers[i], REVOKE("x"));
            const uint32_t id = next_revocation("x");
            first_id = i == 0 && k == 0 ? id : first_id;
        }
    }
    open_peer(&peers[last]);
    peer_send(&peers[last], REVOKE("x"));
    const struct http_message *response = peer_response(&peers[last]);
    assert_error(response, 503, "overloaded", "Try again");
    assert_header(response, "retry-after", "2");
    gateway_reply_token(&g, first_id, "x"); // one place is free again
    assert_int_equal(peer_response(&peers[0])->status, 200);
    peer_send(&peers[last], REVOKE("y"));
    gateway_reply_token(&g, next_revocation("y"), "y");
    assert_body_has(peer_response(&peers[last]), "\"id\":\"y\"");
    for (size_t i = 0; i <= last; i++) {
        peer_close(&peers[i]);
    }
}

// --- connections -----------------------------------------------------------------------------

static void close_and_http_1_0_end_the_connection_after_the_answer(void **state) {
    (void)state;
    static const char *requests[] = {
        "GET /none HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n" GET_STATUS,
        "GET /none HTTP/1.0\r\nHost: x\r\n\r\n",
    };
    for (size_t i = 0; i < 2; i++) {
        AUTO(peer_close) struct peer peer = {0};
        const struct http_message *response = ask(&peer, requests[i]);
        assert_error(response, 404, NULL, NULL);
        assert_header(response, "connection", "close");
        assert_null(peer_response(&peer)); // what came behind it is not answered
        assert_true(tls_peer_closed(peer.tls));
    }
    assert_false(gateway_speaks_within(&g, 0));
}

static void a_slow_request_gets_408(void **state) {
    (void)state;
    AUTO(peer_close) struct peer head = {0};
    AUTO(peer_close) struct peer body = {0};
    AUTO(peer_close) struct peer waiting = {0};
    open_peer(&waiting);
    peer_send(&waiting, REVOKE("a"));
    const uint32_t a = next_revocation("a");
    open_peer(&head);
    peer_send(&head, "GET /v1/sta");
    open_peer(&body);
    peer_send(&body, "POST /v1/tokens HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n{");
    assert_error(peer_response(&head), 408, "request_timeout", NULL);
    assert_error(peer_response(&body), 408, "request_timeout", NULL);
    peer_wait_end(&head);
    peer_wait_end(&body);
    // Who waits for the authority is under no such limit.
    gateway_reply_token(&g, a, "a");
    assert_int_equal(peer_response(&waiting)->status, 200);
}

static void an_idle_connection_is_closed_without_a_word(void **state) {
    (void)state;
    AUTO(peer_close) struct peer fresh = {0};
    AUTO(peer_close) struct peer used = {0};
    open_peer(&fresh);
    assert_int_equal(ask(&used, "GET /none HTTP/1.1\r\nHost: x\r\n\r\n")->status, 404);
    assert_null(peer_response(&fresh));
    assert_null(peer_response(&used));
    assert_true(tls_peer_closed(used.tls));
}

static void expect_100_continue_is_answered_before_the_body(void **state) {
    (void)state;
    AUTO(peer_close) struct peer peer = {0};
    open_peer(&peer);
    peer_send(&peer, "POST /v1/crl/publish HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n"
                     "Content-Length: 2\r\n\r\n");
    assert_true(peer_wait_bytes(&peer, 25));
    assert_string_equal(buf_string(&peer.received), "HTTP/1.1 100 Continue\r\n\r\n");
    peer_send(&peer, "{}");
    const struct frame frame = gateway_next(&g);
    assert_int_equal(frame.number, OPERATION_CRL_PUBLISH);
    struct crl_page page = {0};
    gateway_reply(&g, frame.id, &crl_page_type, &page);
    assert_int_equal(peer_response(&peer)->status, 200);
    // An expectation of something else cannot be met.
    peer_send(&peer, "POST /v1/crl/publish HTTP/1.1\r\nHost: x\r\nExpect: tea\r\n"
                     "Content-Length: 2\r\n\r\n{}");
    assert_error(peer_response(&peer), 417, NULL, NULL);
}

// --- refusals --------------------------------------------------------------------------------

static void each_wrong_request_is_told_what_is_wrong(void **state) {
    (void)state;
#define TYPED(type, body) "POST /v1/tokens HTTP/1.1\r\nHost: x\r\n" type "Content-Length: " body
    static const struct {
        const char *request;
        int status;
        const char *code;
        const char *hint;
        const char *allow;
    } cases[] = {
        {"GET /v1/statu HTTP/1.1\r\nHost: x\r\n\r\n", 404, "unknown_path", "/v1/status", NULL},
        {"GET /something/else/entirely HTTP/1.1\r\nHost: x\r\n\r\n", 404, "unknown_path", "",
         NULL},
        {"POST /v1/enroll HTTP/1.1\r\nHost: x\r\n\r\n", 404, "unknown_path", "enroll gateway",
         NULL},
        {"DELETE /v1/tokens HTTP/1.1\r\nHost: x\r\n\r\n", 405, "method_not_allowed",
         "GET, HEAD, POST", "GET, HEAD, POST"},
        {"GET /v1/status?a=1 HTTP/1.1\r\nHost: x\r\n\r\n", 400, "unknown_field", NULL, NULL},
        {"GET /v1/status HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}", 400,
         "unexpected_body", "query", NULL},
        {TYPED("Content-Type: text/plain\r\n", "2\r\n\r\n{}"), 415, "wrong_content_type",
         "application/json", NULL},
        {TYPED("Content-Type: application/jsonx\r\n", "2\r\n\r\n{}"), 415, "wrong_content_type",
         NULL, NULL},
        {TYPED("Content-Type: application/json\r\n", "2\r\n\r\n{}"), 400, "missing_field", NULL,
         NULL},
        {TYPED("Content-Type: Application/JSON ; charset=utf-8\r\n", "2\r\n\r\n{}"), 400,
         "missing_field", NULL, NULL},
        {TYPED("", "2\r\n\r\n{}"), 400, "missing_field", NULL, NULL},
        {TYPED("", "0\r\n\r\n"), 400, "missing_field", NULL, NULL},
        {TYPED("", "1\r\n\r\n{"), 400, "not_json", NULL, NULL},
        {TYPED("", "15\r\n\r\n{\"profil\":\"web\"}"), 400, "not_json", NULL, NULL},
        {TYPED("", "16\r\n\r\n{\"profil\":\"web\"}"), 400, "unknown_field", "profile", NULL},
        {TYPED("", "2\r\n\r\n\xff\xfe"), 400, NULL, NULL, NULL},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        AUTO(peer_close) struct peer peer = {0};
        print_message("%.60s\n", cases[i].request);
        const struct http_message *response = ask(&peer, cases[i].request);
        assert_error(response, cases[i].status, cases[i].code, cases[i].hint);
        assert_header(response, "allow", cases[i].allow);
        assert_header(response, "connection", NULL); // it goes on
    }
    assert_false(gateway_speaks_within(&g, 0)); // the authority hears of none
}

static void what_is_not_http_is_refused_and_ends_the_connection(void **state) {
    (void)state;
    static const struct {
        const char *request;
        int status;
    } cases[] = {
        {"GET /../etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n", 400},
        {"GET /v1/%2e%2e/status HTTP/1.1\r\nHost: x\r\n\r\n", 400},
        {"GET /v1//status HTTP/1.1\r\nHost: x\r\n\r\n", 400},
        {"GET /v1/status HTTP/1.1\r\n\r\n", 400},
        {"BREW / HTTP/1.1\r\nHost: x\r\n\r\n", 501},
        {"GET / HTTP/3.0\r\nHost: x\r\n\r\n", 505},
        {"nonsense\r\n\r\n", 501},
        {"?\r\n\r\n", 400},
        {"POST /v1/tokens HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n"
         "Transfer-Encoding: chunked\r\n\r\n{}",
         400},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        AUTO(peer_close) struct peer peer = {0};
        print_message("%.40s\n", cases[i].request);
        const struct http_message *response = ask(&peer, cases[i].request);
        assert_error(response, cases[i].status, NULL, NULL);
        assert_header(response, "connection", "close");
        assert_null(peer_response(&peer));
    }
    assert_false(gateway_speaks_within(&g, 0));
}

// The status of the answer to `before`, that many bytes "x", and `behind`.
static int status_of_size(const char *before, size_t size, const char *behind) {
    static char filler[LIMIT_HTTP_HEADER_BYTES + 1];
    AUTO(peer_close) struct peer peer = {0};
    AUTO(buf_clear) struct buf request;
    buf_init(&request, sizeof(filler) + 1024);
    memset(filler, 'x', sizeof(filler));
    assert_true(size <= sizeof(filler));
    assert_int_equal(buf_append_string(&request, before), RESULT_OK);
    assert_int_equal(buf_append(&request, bytes_of(filler, size)), RESULT_OK);
    assert_int_equal(buf_append_string(&request, behind), RESULT_OK);
    const struct http_message *response = ask(&peer, buf_string(&request));
    assert_non_null(response);
    return response->status;
}

static void each_size_has_its_limit(void **state) {
    (void)state;
    static const char header[] = "GET /none HTTP/1.1\r\nHost: x\r\nX: ";
    static const char behind_target[] = " HTTP/1.1\r\nHost: x\r\n\r\n";
    assert_int_equal(status_of_size(header, LIMIT_HTTP_HEADER_BYTES - 200, "\r\n\r\n"), 404);
    assert_int_equal(status_of_size(header, LIMIT_HTTP_HEADER_BYTES + 1, "\r\n\r\n"), 431);
    assert_int_equal(status_of_size("GET /", LIMIT_HTTP_TARGET_BYTES - 1, behind_target), 404);
    assert_int_equal(status_of_size("GET /", LIMIT_HTTP_TARGET_BYTES, behind_target), 414);
}

static void a_body_has_its_limit(void **state) {
    (void)state;
    static char body[LIMIT_HTTP_REQUEST_BODY_BYTES + 1];
    memset(body, ' ', sizeof(body));
    for (size_t over = 0; over < 2; over++) {
        AUTO(peer_close) struct peer peer = {0};
        AUTO(buf_clear) struct buf request;
        buf_init(&request, sizeof(body) + 1024);
        const size_t size = LIMIT_HTTP_REQUEST_BODY_BYTES + over;
        assert_int_equal(buf_printf(&request,
                                    "POST /v1/tokens HTTP/1.1\r\nHost: x\r\n"
                                    "Content-Length: %zu\r\n\r\n",
                                    size),
                         RESULT_OK);
        assert_int_equal(buf_append(&request, bytes_of(body, size)), RESULT_OK);
        open_peer(&peer);
        peer_send_bytes(&peer, buf_bytes(&request));
        // The one is read, and found to be no JSON; the other is not read.
        assert_error(peer_response(&peer), over == 1 ? 413 : 400, NULL, NULL);
    }
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
#define TEST_WITH_SHORT_TIMES(name)                                                            \
    cmocka_unit_test_setup_teardown(name, set_up_with_short_times, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_request_becomes_a_frame_and_its_reply_json),
        TEST(a_refusal_of_the_authority_arrives_whole),
        TEST(a_reply_that_makes_no_sense_is_an_internal_error),
        TEST(head_asks_like_get_and_gets_no_body),
        TEST(a_large_reply_arrives_whole),
        TEST(pipelined_answers_keep_the_order_of_their_requests),
        TEST(a_full_pipeline_waits_and_loses_nothing),
        TEST(a_reply_after_the_peer_went_away_is_dropped),
        TEST(above_the_limit_of_waiting_requests_the_answer_is_503_at_once),
        TEST(close_and_http_1_0_end_the_connection_after_the_answer),
        TEST_WITH_SHORT_TIMES(a_slow_request_gets_408),
        TEST_WITH_SHORT_TIMES(an_idle_connection_is_closed_without_a_word),
        TEST(expect_100_continue_is_answered_before_the_body),
        TEST(each_wrong_request_is_told_what_is_wrong),
        TEST(what_is_not_http_is_refused_and_ends_the_connection),
        TEST(each_size_has_its_limit),
        TEST(a_body_has_its_limit),
    };
    return cmocka_run_group_tests(tests, make_pki, clear_pki);
}
