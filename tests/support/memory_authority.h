// An authority in memory: TLS engine to TLS engine through signet.h's transport, with answers as told.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "client/library/signet_private.h"
#include "support/client_fixture.h"
#include "wire/enrollment_token.h"
#include "wire/http.h"
#include "wire/tls.h"

#define ANSWERS_MOST 4

struct memory_authority {
    struct test_ca ca;
    struct test_identity server;
    struct tls_context *tls;
    struct buf info;                  // of GET /v1/authority
    struct buf answers[ANSWERS_MOST]; // of everything else, one after the other; the last again
    size_t answer_count, asked;
    size_t sent, cut_after; // bytes of all connections; then they end
    struct signet_transport transport;
    char token[LIMIT_TOKEN_TEXT_BYTES];
};

struct memory_connection {
    struct memory_authority *authority;
    struct tls *tls;
    struct http_parser *parser;
};

// Tests that make allocations fail leave those of the authority alone.
static bool is_authority_at_work;

static inline void memory_answer(struct memory_connection *connection) {
    struct memory_authority *authority = connection->authority;
    const struct http_message *question = http_parser_message(connection->parser);
    const struct buf *answer = &authority->info;
    if (strcmp(question->path, "/v1/authority") != 0) {
        size_t turn = authority->asked++;
        turn = turn < authority->answer_count ? turn : authority->answer_count - 1;
        answer = &authority->answers[turn];
    }
    assert_int_equal(tls_write(connection->tls, buf_bytes(answer), NULL), RESULT_OK);
}

static inline long memory_write(void *opaque, const void *data, size_t size, int timeout) {
    struct memory_connection *connection = opaque;
    AUTO(buf_clear) struct buf plain = {0};
    size_t used = 0;
    (void)timeout;
    is_authority_at_work = true;
    buf_init(&plain, LIMIT_TLS_INPUT_BYTES);
    // What the client refuses is an alert, an error of the engine here.
    (void)!tls_input(connection->tls, bytes_of(data, size), &plain, NULL);
    if (plain.size > 0 &&
        http_parser_feed(connection->parser, buf_bytes(&plain), &used, NULL) == RESULT_OK) {
        memory_answer(connection);
    }
    is_authority_at_work = false;
    return (long)size;
}

// As many bytes as come at once, and no more than are not cut off.
static inline long memory_read(void *opaque, void *data, size_t size, int timeout) {
    struct memory_connection *connection = opaque;
    struct memory_authority *authority = connection->authority;
    struct buf *output = tls_output(connection->tls);
    const size_t left = authority->cut_after - authority->sent;
    (void)timeout;
    size = size < output->size ? size : output->size;
    size = size < left ? size : left;
    memcpy(data, output->data, size);
    buf_consume(output, size);
    authority->sent += size;
    return (long)size;
}

static inline int memory_open(void *context, const char *host, uint16_t port, int timeout,
                              void **out_connection) {
    (void)timeout;
    assert_string_equal(host, "localhost");
    assert_int_equal(port, 8443);
    is_authority_at_work = true;
    struct memory_connection *connection = calloc(1, sizeof(*connection));
    assert_non_null(connection);
    connection->authority = context;
    assert_int_equal(tls_accept_new(connection->authority->tls, &connection->tls, NULL),
                     RESULT_OK);
    assert_int_equal(http_parser_new(HTTP_REQUEST, 65536, &connection->parser, NULL),
                     RESULT_OK);
    is_authority_at_work = false;
    *out_connection = connection;
    return 0;
}

static inline void memory_close(void *opaque) {
    struct memory_connection *connection = opaque;
    tls_free(connection->tls);
    http_parser_free(connection->parser);
    free(connection);
}

// --- what it answers ---------------------------------------------------------------------

static inline void write_answer(int status, const struct message_type *type,
                                const void *message, struct buf *out) {
    struct error err = {0};
    AUTO(buf_clear) struct buf body = {0};
    buf_init(&body, 1 << 20);
    buf_init(out, 1 << 20);
    assert_ok(message_to_json(type, message, &body, &err), &err);
    assert_int_equal(buf_printf(out,
                                "HTTP/1.1 %d Said\r\nContent-Type: application/json\r\n"
                                "Content-Length: %zu\r\n\r\n%s",
                                status, body.size, buf_string(&body)),
                     RESULT_OK);
}

static inline struct buf *next_answer(struct memory_authority *authority) {
    assert_true(authority->answer_count < ANSWERS_MOST);
    return &authority->answers[authority->answer_count++];
}

static inline void forget_answers(struct memory_authority *authority) {
    for (size_t i = 0; i < authority->answer_count; i++) {
        buf_clear(&authority->answers[i]);
    }
    authority->answer_count = 0;
    authority->asked = 0;
}

// A certificate for this key, under the issuing CA.
static inline void will_issue(struct memory_authority *authority, const struct signet_key *key,
                              const char *profile, int64_t not_after) {
    struct test_identity leaf = {.key = key->key}; // borrowed
    struct issued issued = {0};
    make_identity(&leaf, (struct test_names){{"cn:tracker-7"}}, &authority->ca.issuing, false,
                  NOW - 2 * DAY, not_after);
    make_issued(&authority->ca, &leaf, &issued);
    issued.renew_after = NOW - DAY < not_after ? NOW - DAY : not_after;
    assert_int_equal(text_set(&issued.profile, profile), RESULT_OK);
    write_answer(200, &issued_type, &issued, next_answer(authority));
    message_clear(&issued_type, &issued);
    buf_clear(&leaf.certificate);
}

static inline void will_hold(struct memory_authority *authority, const char *code) {
    const struct held held = {.id = (char[]){"0a"},
                              .profile = (char[]){"mqtt"},
                              .code = (char *)(uintptr_t)code, // only read
                              .approvals = 1,
                              .expires = NOW + DAY};
    write_answer(202, &held_type, &held, next_answer(authority));
}

static inline void will_refuse(struct memory_authority *authority, int status,
                               const char *code) {
    struct buf *answer = next_answer(authority);
    AUTO(buf_clear) struct buf body = {0};
    buf_init(&body, 1024);
    buf_init(answer, 2048);
    assert_int_equal(
        buf_printf(&body, "{\"error\":{\"code\":\"%s\",\"message\":\"No.\",\"hint\":\"Go.\"}}",
                   code),
        RESULT_OK);
    assert_int_equal(buf_printf(answer, "HTTP/1.1 %d No\r\nContent-Length: %zu\r\n\r\n%s",
                                status, body.size, buf_string(&body)),
                     RESULT_OK);
}

// --- its life ----------------------------------------------------------------------------

static inline void make_info(struct memory_authority *authority) {
    struct authority_info info = {.name = (char[]){"Test"},
                                  .version = (char[]){"1"},
                                  .fingerprint = (char[]){"00"},
                                  .time = NOW};
    AUTO(buf_clear) struct buf chain = {0};
    buf_init(&chain, LIMIT_CHAIN_BYTES);
    assert_int_equal(buf_append(&chain, buf_bytes(&authority->ca.issuing.certificate)), 0);
    assert_int_equal(buf_append(&chain, buf_bytes(&authority->ca.root.certificate)), 0);
    info.chain = (struct blob){chain.data, chain.size};
    write_answer(200, &authority_info_type, &info, &authority->info);
}

static inline void make_token(struct memory_authority *authority) {
    AUTO(buf_clear) struct buf text = {0};
    struct enrollment_token token = {
        .host = "localhost", .port = 8443, .id = {1}, .secret = {2}};
    buf_init(&text, sizeof(authority->token) - 1);
    assert_int_equal(
        hash_sha256(buf_bytes(&authority->ca.root.certificate), token.root_fingerprint),
        RESULT_OK);
    assert_int_equal(enrollment_token_format(&token, &text), RESULT_OK);
    memcpy(authority->token, buf_string(&text), text.size + 1);
}

static inline void memory_authority_init(struct memory_authority *authority) {
    struct error err = {0};
    AUTO(buf_clear) struct buf chain = {0};
    test_now = clock_now();
    *authority = (struct memory_authority){.cut_after = SIZE_MAX};
    make_test_ca(&authority->ca);
    make_identity(&authority->server, (struct test_names){{"dns:localhost"}},
                  &authority->ca.issuing, false, NOW - DAY, NOW + DAY);
    buf_init(&chain, LIMIT_CHAIN_BYTES);
    assert_ok(buf_append(&chain, buf_bytes(&authority->server.certificate)), &err);
    assert_ok(buf_append(&chain, buf_bytes(&authority->ca.issuing.certificate)), &err);
    assert_ok(tls_server_context_new(buf_bytes(&chain), authority->server.key,
                                     (struct bytes){0}, TLS_CLIENT_CERTIFICATE_NONE,
                                     &authority->tls, &err),
              &err);
    make_info(authority);
    make_token(authority);
    authority->transport = (struct signet_transport){.context = authority,
                                                     .open = memory_open,
                                                     .read = memory_read,
                                                     .write = memory_write,
                                                     .close = memory_close};
}

static inline void memory_authority_clear(struct memory_authority *authority) {
    forget_answers(authority);
    buf_clear(&authority->info);
    tls_context_free(authority->tls);
    test_identity_clear(&authority->server);
    test_ca_clear(&authority->ca);
}
