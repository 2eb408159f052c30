// HTTP over plain and TLS connections: whole answers are taken, cut, foreign and forged ones
// refused. SPDX-License-Identifier: GPL-3.0-or-later
#include "client/connect/route.h"
#include "client/connect/exchange.h"
#include "client/terminal/outcome.h"
#include "support/canned_server.h"
#include "support/client_fixture.h"

static enum result ask(struct exchange *exchange, const struct http_message **out_answer,
                       struct error *err) {
    const struct http_question question = {.method = "GET", .target = "/x"};
    return exchange_ask(exchange, &question, out_answer, err);
}

// --- plain -------------------------------------------------------------------------------

static const char with_length[] = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
                                  "Content-Length: 5\r\n\r\nhello";
static const char chunked[] = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                              "3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n";

static void whole_answers_are_taken_over_one_connection(void **state) {
    (void)state;
    const char *const answers[] = {with_length, chunked};
    for (size_t i = 0; i < 2; i++) {
        struct error err = {0};
        struct test_server server;
        start_server(&server, &(struct script){.answer = answers[i], .answers_twice = true});
        AUTO(exchange_clear) struct exchange exchange = {0};
        exchange_init(&exchange, &server.url, NULL, 100);
        const struct http_message *message = NULL;
        assert_ok(ask(&exchange, &message, &err), &err);
        assert_string_equal(buf_string(&message->body), "hello");
        const struct endpoint *first = exchange.endpoint;
        assert_non_null(first);
        assert_ok(ask(&exchange, &message, &err), &err);
        assert_ptr_equal(exchange.endpoint, first);
        // The third goes over a new connection, because the server has closed this one.
        assert_ok(ask(&exchange, &message, &err), &err);
        assert_string_equal(buf_string(&message->body), "hello");
        stop_server(&server);
    }
}

static void an_answer_cut_off_anywhere_is_an_error(void **state) {
    (void)state;
    const char *const answers[] = {with_length, chunked};
    for (size_t i = 0; i < 2; i++) {
        struct test_server server;
        start_server(&server,
                     &(struct script){.answer = answers[i], .cuts_more_each_time = true});
        for (size_t size = 0; size <= strlen(answers[i]); size++) {
            struct error err = {0};
            AUTO(exchange_clear) struct exchange exchange = {0};
            exchange_init(&exchange, &server.url, NULL, 100);
            const struct http_message *message = NULL;
            enum result result = ask(&exchange, &message, &err);
            if (size == strlen(answers[i])) {
                assert_ok(result, &err);
            } else {
                assert_true(result == RESULT_INVALID || result == RESULT_UNAVAILABLE);
                assert_true(err.message[0] != '\0');
            }
        }
        stop_server(&server);
    }
}

static void answers_that_break_the_rules_are_refused(void **state) {
    (void)state;
    static const struct {
        const char *answer;
        enum result result;
    } cases[] = {
        {"SSH-2.0-OpenSSH_9.2\r\n", RESULT_INVALID},
        {"HTTP/1.1 200 OK\r\nContent-Length: 101\r\n\r\n", RESULT_LIMIT},
        {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
         RESULT_INVALID},
        {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhello", RESULT_INVALID},
        {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhiHTTP/1.1 200 OK\r\n", RESULT_INVALID},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct error err = {0};
        struct test_server server;
        start_server(&server, &(struct script){.answer = cases[i].answer});
        AUTO(exchange_clear) struct exchange exchange = {0};
        exchange_init(&exchange, &server.url, NULL, 100);
        const struct http_message *message = NULL;
        assert_result(cases[i].result, ask(&exchange, &message, &err), &err);
        assert_string_equal(err.code, "answer");
        assert_null(exchange.endpoint);
        stop_server(&server);
    }
}

static void a_port_that_nobody_listens_on_is_unreachable(void **state) {
    (void)state;
    struct error err = {0};
    struct test_server server;
    start_server(&server, &(struct script){.answer = with_length});
    stop_server(&server);
    AUTO(exchange_clear) struct exchange exchange = {0};
    exchange_init(&exchange, &server.url, NULL, 100);
    const struct http_message *message = NULL;
    assert_result(RESULT_UNAVAILABLE, ask(&exchange, &message, &err), &err);
    assert_string_equal(err.code, "unreachable");
    assert_int_equal(outcome_of(RESULT_UNAVAILABLE, &err), OUTCOME_UNREACHABLE);
}

// --- TLS ---------------------------------------------------------------------------------

struct scene {
    struct test_ca ca;
    struct test_identity leaf;
    struct tls_context *server;
};

static void scene_init(struct scene *scene, const char *name) {
    struct error err = {0};
    *scene = (struct scene){0};
    test_now = clock_now();
    make_test_ca(&scene->ca);
    make_identity(&scene->leaf, (struct test_names){{name}}, &scene->ca.issuing, false,
                  NOW - 60, NOW + DAY);
    AUTO(buf_clear) struct buf chain = {0};
    buf_init(&chain, LIMIT_CHAIN_BYTES);
    assert_ok(buf_append(&chain, buf_bytes(&scene->leaf.certificate)), &err);
    assert_ok(buf_append(&chain, buf_bytes(&scene->ca.issuing.certificate)), &err);
    assert_ok(tls_server_context_new(buf_bytes(&chain), scene->leaf.key, (struct bytes){0},
                                     TLS_CLIENT_CERTIFICATE_NONE, &scene->server, &err),
              &err);
}

static void scene_clear(struct scene *scene) {
    tls_context_free_at(&scene->server);
    test_identity_clear(&scene->leaf);
    test_ca_clear(&scene->ca);
}

static enum result ask_once(const struct url *url, const struct test_identity *root,
                            const char *expected_body, struct error *err) {
    AUTO(tls_context_free_at) struct tls_context *tls = NULL;
    TRY(tls_client_context_new(buf_bytes(&root->certificate), (struct bytes){0}, NULL, &tls,
                               err));
    AUTO(exchange_clear) struct exchange exchange = {0};
    exchange_init(&exchange, url, tls, 100);
    const struct http_message *message = NULL;
    TRY(ask(&exchange, &message, err));
    assert_string_equal(buf_string(&message->body), expected_body);
    return RESULT_OK;
}

static void a_server_of_the_trusted_root_and_name_is_spoken_to(void **state) {
    (void)state;
    struct error err = {0};
    AUTO(scene_clear) struct scene scene;
    scene_init(&scene, "ip:127.0.0.1");
    struct test_server server;
    start_server(&server, &(struct script){.answer = with_length, .tls = scene.server});
    assert_ok(ask_once(&server.url, &scene.ca.root, "hello", &err), &err);
    stop_server(&server);
}

static void another_root_or_another_name_is_not_trusted(void **state) {
    (void)state;
    const char *const names[] = {"ip:127.0.0.1", "ip:127.0.0.2"};
    for (size_t i = 0; i < 2; i++) {
        struct error err = {0};
        AUTO(scene_clear) struct scene scene;
        scene_init(&scene, names[i]);
        struct test_server server;
        start_server(&server, &(struct script){.answer = with_length, .tls = scene.server});
        const struct test_identity *root = i == 0 ? &scene.ca.stranger : &scene.ca.root;
        assert_result(RESULT_DENIED, ask_once(&server.url, root, "", &err), &err);
        assert_string_equal(err.code, "untrusted");
        assert_int_equal(outcome_of(RESULT_DENIED, &err), OUTCOME_MISCONFIGURED);
        stop_server(&server);
    }
}

static void plain_http_where_tls_is_expected_is_said_so(void **state) {
    (void)state;
    struct error err = {0};
    AUTO(scene_clear) struct scene scene;
    scene_init(&scene, "ip:127.0.0.1");
    struct test_server server;
    // Not even a request comes: the server answers what it takes for one.
    start_server(&server, &(struct script){.answer = "HTTP/1.1 400 Bad Request\r\n\r\n"});
    AUTO(tls_context_free_at) struct tls_context *tls = NULL;
    assert_ok(tls_client_context_new(buf_bytes(&scene.ca.root.certificate), (struct bytes){0},
                                     NULL, &tls, &err),
              &err);
    int pair[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    assert_int_equal(write(pair[1], "HTTP/1.1 400 Bad\r\n\r\n", 20), 20);
    struct endpoint *endpoint = NULL;
    assert_result(RESULT_INVALID,
                  endpoint_open_socket(pair[0], &server.url, tls, &endpoint, &err), &err);
    assert_string_equal(err.code, "not_tls");
    close(pair[1]);
    stop_server(&server);
}

static void an_end_without_goodbye_does_not_complete_an_answer(void **state) {
    (void)state;
    static const char until_end[] = "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhello";
    AUTO(scene_clear) struct scene scene;
    scene_init(&scene, "ip:127.0.0.1");
    for (int polite = 0; polite < 2; polite++) {
        struct error err = {0};
        struct test_server server;
        start_server(&server, &(struct script){.answer = until_end,
                                               .tls = scene.server,
                                               .says_goodbye = polite == 1});
        enum result result = ask_once(&server.url, &scene.ca.root, "hello", &err);
        if (polite == 1) {
            assert_ok(result, &err);
        } else {
            assert_result(RESULT_UNAVAILABLE, result, &err);
            assert_string_equal(err.code, "unreachable");
        }
        stop_server(&server);
    }
}

// --- the error object --------------------------------------------------------------------

static void errors_of_the_server_become_ours(void **state) {
    (void)state;
    static const struct {
        int status;
        const char *body;
        enum result result;
        const char *code, *message;
        enum outcome outcome;
        bool is_refusal;
    } cases[] = {
        {403,
         "{\"error\":{\"code\":\"token_spent\",\"message\":\"the token is spent\","
         "\"field\":\"token\",\"hint\":\"Ask for another.\"}}",
         RESULT_DENIED, "token_spent", "the token is spent", OUTCOME_DENIED, true},
        {403, "{\"error\":{\"code\":\"denied\",\"message\":\"no\"}}", RESULT_DENIED,
         "server_denied", "no", OUTCOME_DENIED, true},
        {401, "{\"error\":{\"code\":\"token_unknown\",\"message\":\"no\"}}", RESULT_DENIED,
         "token_unknown", "no", OUTCOME_DENIED, true},
        {503, "{\"error\":{\"code\":\"unavailable\",\"message\":\"later\"}}",
         RESULT_UNAVAILABLE, "server_unavailable", "later", OUTCOME_UNREACHABLE, false},
        {503, "{\"error\":{\"code\":\"store_unavailable\",\"message\":\"later\"}}",
         RESULT_UNAVAILABLE, "store_unavailable", "later", OUTCOME_UNREACHABLE, false},
        {503, "{\"error\":{\"code\":\"overloaded\",\"message\":\"later\"}}", RESULT_UNAVAILABLE,
         "overloaded", "later", OUTCOME_UNREACHABLE, false},
        {503, "{\"error\":{\"code\":\"issuer_retired\",\"message\":\"no\"}}",
         RESULT_UNAVAILABLE, "issuer_retired", "no", OUTCOME_UNREACHABLE, false},
        {429, "{\"error\":{\"code\":\"limit\",\"message\":\"slowly\"}}", RESULT_LIMIT, "limit",
         "slowly", OUTCOME_DENIED, false},
        {400, "{\"error\":{\"code\":\"key_unknown\",\"message\":\"no\"}}", RESULT_INVALID,
         "key_unknown", "no", OUTCOME_DENIED, true},
        {404, "{\"error\":{\"code\":\"profile_unknown\",\"message\":\"no\"}}", RESULT_NOT_FOUND,
         "profile_unknown", "no", OUTCOME_DENIED, false},
        {409, "{\"error\":{\"code\":\"name_taken\",\"message\":\"no\"}}", RESULT_CONFLICT,
         "name_taken", "no", OUTCOME_DENIED, true},
        // Codes that mean something else when they are of this side.
        {409, "{\"error\":{\"code\":\"different\",\"message\":\"no\"}}", RESULT_CONFLICT,
         "different", "no", OUTCOME_DENIED, true},
        {400, "{\"error\":{\"code\":\"usage\",\"message\":\"no\"}}", RESULT_INVALID, "usage",
         "no", OUTCOME_DENIED, true},
        {500, "{\"error\":{\"code\":\"internal\",\"message\":\"oh\"}}", RESULT_INTERNAL,
         "internal", "oh", OUTCOME_FAILED, false},
        {404, "<html>", RESULT_NOT_FOUND, "answer", "status 404", OUTCOME_FAILED, false},
        {403, "{\"error\":\"text\"}", RESULT_DENIED, "answer", "status 403", OUTCOME_DENIED,
         false},
        {502, "", RESULT_UNAVAILABLE, "server_unavailable", "status 502", OUTCOME_UNREACHABLE,
         false},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct error err = {0};
        struct http_message message = {.status = cases[i].status};
        buf_init(&message.body, 1000);
        assert_ok(buf_append_string(&message.body, cases[i].body), &err);
        assert_result(cases[i].result, api_read_error(&message, &err), &err);
        assert_string_equal(err.code, cases[i].code);
        assert_non_null(strstr(err.message, cases[i].message));
        assert_int_equal(outcome_of(cases[i].result, &err), cases[i].outcome);
        assert_int_equal(api_is_refusal(cases[i].result, &err), cases[i].is_refusal);
        if (i == 0) {
            assert_string_equal(err.field, "token");
            assert_string_equal(err.hint, "Ask for another.");
        }
        buf_clear(&message.body);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_answers_are_taken_over_one_connection),
        cmocka_unit_test(an_answer_cut_off_anywhere_is_an_error),
        cmocka_unit_test(answers_that_break_the_rules_are_refused),
        cmocka_unit_test(a_port_that_nobody_listens_on_is_unreachable),
        cmocka_unit_test(a_server_of_the_trusted_root_and_name_is_spoken_to),
        cmocka_unit_test(another_root_or_another_name_is_not_trusted),
        cmocka_unit_test(plain_http_where_tls_is_expected_is_said_so),
        cmocka_unit_test(an_end_without_goodbye_does_not_complete_an_answer),
        cmocka_unit_test(errors_of_the_server_become_ours),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
