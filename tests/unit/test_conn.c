// Server connections over real loopback sockets, in one loop: limits, timeouts, closing, TLS.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "support/network_peer.h"
#include "support/pki.h"

#include <stdlib.h>
#include <sys/resource.h>

#include "wire/conn.h"
#include "wire/server_peers.h"

#define NOT_TLS "this port speaks TLS\n"

// What the connections belong to: it keeps what came, and says what it is told to say.
struct app {
    size_t take_at_most; // of each offer
    bool echoes;
    bool stays_busy;
    bool waits;
    size_t largest_offer;
    size_t total;
    struct buf seen;
    int opened, closed, rooms, refused, drained;
    char failure[32];
    char refusal[32];
    struct conn *conn; // the newest
};

static struct app app;
static uv_loop_t loop;
static struct server *server;
static uint16_t port;
static struct tls_context *server_tls;
static struct identity root, server_identity, second_identity, client_identity;

// --- the server ------------------------------------------------------------------------------

static void *on_open(void *context, struct conn *conn) {
    assert_ptr_equal(context, &app);
    app.opened++;
    app.conn = conn;
    return conn;
}

static size_t on_bytes(void *context, struct bytes bytes) {
    struct conn *conn = context;
    const size_t taken = bytes.size < app.take_at_most ? bytes.size : app.take_at_most;
    app.largest_offer = bytes.size > app.largest_offer ? bytes.size : app.largest_offer;
    app.total += taken;
    (void)!buf_append(&app.seen, bytes_slice(bytes, 0, taken)); // as far as it fits
    if (app.echoes) {
        assert_int_equal(conn_send(conn, bytes_slice(bytes, 0, taken), NULL), RESULT_OK);
    }
    if (app.stays_busy) {
        conn_set_busy(conn);
    } else if (app.waits) {
        conn_set_waiting(conn);
    } else {
        conn_set_idle(conn);
    }
    return taken;
}

static void on_failure(void *context, const struct error *err) {
    memcpy(app.failure, err->code, sizeof(app.failure));
    (void)!conn_send(context, BYTES_LITERAL("last words"), NULL); // after broken TLS it cannot
}

static void on_close(void *context) {
    app.closed++;
    app.conn = context == app.conn ? NULL : app.conn;
}

static void on_room(void *context) {
    (void)context;
    app.rooms++;
}

static void on_refused(void *context, const char *address, const struct error *err) {
    assert_ptr_equal(context, &app);
    assert_string_equal(address, "127.0.0.1");
    app.refused++;
    memcpy(app.refusal, err->code, sizeof(app.refusal));
}

static void on_drained(void *context) {
    assert_ptr_equal(context, &app);
    app.drained++;
    server = NULL;
}

static const struct server_events events = {
    .on_open = on_open,
    .on_bytes = on_bytes,
    .on_failure = on_failure,
    .on_close = on_close,
    .on_room = on_room,
    .on_refused = on_refused,
    .not_tls_answer = NOT_TLS,
};

static const struct server_limits wide = {.connections = 100,
                                          .connections_per_address = 100,
                                          .handshake_seconds = 60,
                                          .request_seconds = 60,
                                          .idle_seconds = 60};

static void turn(void) {
    (void)uv_run(&loop, UV_RUN_NOWAIT);
}

static void start_with(const struct server_limits *limits, bool with_tls) {
    struct error err = {0};
    int listener = peer_listen(&port);
    assert_ok(server_open(&loop, listener, with_tls ? &server_tls : NULL, limits, &events, &app,
                          &server, &err),
              &err);
}

static void make_context(const struct identity *identity, enum tls_client_certificate wanted,
                         struct tls_context **out_context) {
    struct error err = {0};
    assert_ok(tls_server_context_new(buf_bytes(&identity->der), identity->key,
                                     buf_bytes(&root.der), wanted, out_context, &err),
              &err);
}

static struct tls_context *client_context(bool with_certificate) {
    struct error err = {0};
    struct tls_context *context = NULL;
    assert_ok(tls_client_context_new(
                  buf_bytes(&root.der),
                  with_certificate ? buf_bytes(&client_identity.der) : (struct bytes){0},
                  with_certificate ? client_identity.key : NULL, &context, &err),
              &err);
    return context;
}

static int set_up(void **state) {
    (void)state;
    app = (struct app){.take_at_most = SIZE_MAX};
    buf_init(&app.seen, 1024 * 1024);
    peer_turn = turn;
    return uv_loop_init(&loop);
}

static int tear_down(void **state) {
    (void)state;
    server_close(server);
    server = NULL;
    for (int i = 0; i < 100 && uv_loop_alive(&loop); i++) {
        turn();
    }
    assert_int_equal(uv_loop_close(&loop), 0); // no handle is left
    assert_int_equal(app.opened, app.closed);
    tls_context_free_at(&server_tls);
    buf_clear(&app.seen);
    return 0;
}

static int make_identities(void **state) {
    (void)state;
    identity_make(&root, NULL, &(struct identity_plan){.names = {"cn:Root"}, .is_ca = true});
    const struct identity_plan plan = {.names = {"dns:localhost"}, .usage = OID_SERVER_AUTH};
    identity_make(&server_identity, &root, &plan);
    identity_make(&second_identity, &root, &plan);
    identity_make(&client_identity, &root,
                  &(struct identity_plan){.names = {"cn:device"}, .usage = OID_CLIENT_AUTH});
    return 0;
}

static int clear_identities(void **state) {
    (void)state;
    identity_clear(&root);
    identity_clear(&server_identity);
    identity_clear(&second_identity);
    identity_clear(&client_identity);
    return 0;
}

// Turns the loop until the condition holds; fails when it never does.
#define wait_until(condition)                                                                  \
    do {                                                                                       \
        const int64_t deadline_ = peer_deadline();                                             \
        while (!(condition)) {                                                                 \
            assert_true(clock_monotonic_milliseconds() < deadline_);                           \
            turn();                                                                            \
            (void)poll(NULL, 0, 1);                                                            \
        }                                                                                      \
    } while (0)

static void expect_echo(struct peer *peer, const char *text) {
    buf_reset(&peer->received);
    peer_send(peer, text);
    assert_true(peer_wait_bytes(peer, strlen(text)));
    assert_string_equal(buf_string(&peer->received), text);
}

// --- bytes -----------------------------------------------------------------------------------

static void plain_bytes_come_and_go(void **state) {
    (void)state;
    AUTO(peer_close) struct peer peer = {0};
    app.echoes = true;
    start_with(&wide, false);
    peer_connect(&peer, port);
    expect_echo(&peer, "hello");
    assert_string_equal(conn_peer_address(app.conn), "127.0.0.1");
    assert_int_equal(conn_peer_certificate(app.conn).size, 0);
    assert_int_equal(server_connections(server), 1);
    conn_close(app.conn);
    peer_wait_end(&peer);
    assert_true(peer.has_ended && !peer.is_reset);
    peer_close(&peer);
    wait_until(app.closed == 1);
    assert_int_equal(server_connections(server), 0);
}

static void bytes_that_were_not_taken_are_offered_again(void **state) {
    (void)state;
    AUTO(peer_close) struct peer peer = {0};
    app.take_at_most = 3;
    start_with(&wide, false);
    peer_connect(&peer, port);
    peer_send(&peer, "abcdefgh");
    wait_until(app.seen.size == 3);
    for (int i = 0; i < 20; i++) {
        turn();
    }
    assert_string_equal(buf_string(&app.seen), "abc");
    conn_resume(app.conn);
    assert_int_equal(app.seen.size, 3); // not from within the call
    wait_until(app.seen.size == 6);
    peer_send(&peer, "ij"); // more bytes bring back the rest as well
    wait_until(app.seen.size == 9);
    assert_string_equal(buf_string(&app.seen), "abcdefghi");
}

static void reading_stops_when_nothing_is_taken_and_goes_on_later(void **state) {
    (void)state;
    AUTO(peer_close) struct peer peer = {0};
    static char much[64 * 1024];
    memset(much, 'x', sizeof(much));
    app.take_at_most = 0;
    start_with(&wide, false);
    peer_connect(&peer, port);
    size_t sent = 0;
    // Until the kernel's buffers are full: it cannot read on.
    for (int idle = 0; idle < 50;) {
        ssize_t count = send(peer.descriptor, much, sizeof(much), MSG_NOSIGNAL);
        sent += count > 0 ? (size_t)count : 0;
        idle = count > 0 ? 0 : idle + 1;
        turn();
        (void)poll(NULL, 0, 1);
    }
    assert_in_range(app.largest_offer, LIMIT_CONNECTION_INPUT_BYTES,
                    2 * LIMIT_CONNECTION_INPUT_BYTES);
    app.take_at_most = SIZE_MAX;
    conn_resume(app.conn);
    wait_until(app.total == sent);
}

static void output_has_a_limit_and_says_when_there_is_room(void **state) {
    (void)state;
    AUTO(peer_close) struct peer peer = {0};
    static uint8_t much[LIMIT_CONNECTION_OUTPUT_BYTES];
    start_with(&wide, false);
    peer_connect(&peer, port);
    wait_until(app.opened == 1);
    struct error err = {0};
    assert_int_equal(conn_room(app.conn), LIMIT_CONNECTION_OUTPUT_BYTES);
    assert_ok(conn_send(app.conn, bytes_of(much, sizeof(much) - 1), &err), &err);
    assert_int_equal(conn_room(app.conn), 1);
    assert_result(RESULT_LIMIT, conn_send(app.conn, BYTES_LITERAL("ab"), &err), &err);
    assert_ok(conn_send(app.conn, BYTES_LITERAL("a"), &err), &err);
    assert_int_equal(conn_room(app.conn), 0);
    assert_int_equal(app.rooms, 0);
    assert_true(peer_wait_bytes(&peer, sizeof(much)));
    wait_until(app.rooms == 1);
    assert_int_equal(conn_room(app.conn), LIMIT_CONNECTION_OUTPUT_BYTES);
}

static void everything_queued_leaves_before_the_close(void **state) {
    (void)state;
    AUTO(peer_close) struct peer peer = {0};
    static uint8_t much[LIMIT_CONNECTION_OUTPUT_BYTES];
    memset(much, 'z', sizeof(much));
    start_with(&wide, false);
    peer_connect(&peer, port);
    wait_until(app.opened == 1);
    struct error err = {0};
    assert_ok(conn_send(app.conn, bytes_of(much, sizeof(much)), &err), &err);
    conn_close(app.conn);
    assert_result(RESULT_UNAVAILABLE, conn_send(app.conn, BYTES_LITERAL("a"), &err), &err);
    peer_wait_end(&peer);
    assert_false(peer.is_reset);
    assert_bytes_equal(buf_bytes(&peer.received), bytes_of(much, sizeof(much)));
}

// Without lingering, bytes still under way to us would make the kernel reset the connection and
// the peer lose the answer.
static void a_peer_that_is_still_sending_reads_the_last_answer(void **state) {
    (void)state;
    AUTO(peer_close) struct peer peer = {0};
    static char much[256 * 1024];
    memset(much, 'x', sizeof(much));
    start_with(&wide, false);
    peer_connect(&peer, port);
    wait_until(app.opened == 1);
    struct error err = {0};
    assert_ok(conn_send(app.conn, BYTES_LITERAL("too much"), &err), &err);
    conn_close(app.conn);
    peer_send_bytes(&peer, bytes_of(much, sizeof(much)));
    peer_wait_end(&peer);
    assert_false(peer.is_reset);
    assert_string_equal(buf_string(&peer.received), "too much");
    assert_int_equal(app.total, 0);
}

static void a_peer_that_has_ended_its_side_still_gets_its_answer(void **state) {
    (void)state;
    AUTO(peer_close) struct peer peer = {0};
    app.waits = true;
    start_with(&wide, false);
    peer_connect(&peer, port);
    peer_send(&peer, "ask");
    assert_int_equal(shutdown(peer.descriptor, SHUT_WR), 0);
    wait_until(app.seen.size == 3);
    for (int i = 0; i < 20; i++) {
        turn();
    }
    assert_int_equal(app.closed, 0);
    assert_int_equal(conn_send(app.conn, BYTES_LITERAL("answer"), NULL), RESULT_OK);
    conn_set_idle(app.conn);
    peer_wait_end(&peer);
    assert_string_equal(buf_string(&peer.received), "answer");
    wait_until(app.closed == 1);
}

static void a_peer_that_ends_in_the_middle_of_a_request_is_closed(void **state) {
    (void)state;
    AUTO(peer_close) struct peer peer = {0};
    app.stays_busy = true;
    start_with(&wide, false);
    peer_connect(&peer, port);
    peer_send(&peer, "as");
    assert_int_equal(shutdown(peer.descriptor, SHUT_WR), 0);
    peer_wait_end(&peer);
    wait_until(app.closed == 1);
    assert_string_equal(app.failure, "");
}

// --- how many --------------------------------------------------------------------------------

static struct server_limits with_connections(size_t all, size_t per_address) {
    struct server_limits limits = wide;
    limits.connections = all;
    limits.connections_per_address = per_address;
    return limits;
}

static void at_the_limit_the_oldest_idle_connection_makes_place(void **state) {
    (void)state;
    struct server_limits limits = with_connections(3, 100);
    struct peer peers[4] = {0};
    app.echoes = true;
    start_with(&limits, false);
    for (int i = 0; i < 3; i++) {
        peer_connect(&peers[i], port);
        expect_echo(&peers[i], "in");
    }
    expect_echo(&peers[0], "again"); // now the second is the oldest
    assert_int_equal(app.closed, 0);
    peer_connect(&peers[3], port);
    expect_echo(&peers[3], "in");
    peer_wait_end(&peers[1]);
    assert_int_equal(app.closed, 1);
    assert_int_equal(server_connections(server), 3);
    expect_echo(&peers[0], "still here");
    expect_echo(&peers[2], "still here");
    for (int i = 0; i < 4; i++) {
        peer_close(&peers[i]);
    }
}

static void at_the_limit_without_an_idle_one_the_new_one_is_closed(void **state) {
    (void)state;
    struct server_limits limits = with_connections(2, 100);
    struct peer peers[3] = {0};
    app.waits = true;
    start_with(&limits, false);
    for (int i = 0; i < 2; i++) {
        peer_connect(&peers[i], port);
        peer_send(&peers[i], "x");
        wait_until(app.total == (size_t)i + 1);
    }
    peer_connect(&peers[2], port);
    peer_wait_end(&peers[2]);
    assert_string_equal(app.refusal, "too_many_connections");
    assert_int_equal(server_connections(server), 2);
    assert_int_equal(app.closed, 0);
    for (int i = 0; i < 3; i++) {
        peer_close(&peers[i]);
    }
}

static void an_address_has_a_limit_of_its_own_and_pushes_nobody_out(void **state) {
    (void)state;
    struct server_limits limits = with_connections(100, 2);
    struct peer peers[4] = {0};
    app.echoes = true;
    start_with(&limits, false);
    for (int i = 0; i < 2; i++) {
        peer_connect(&peers[i], port);
        expect_echo(&peers[i], "in");
    }
    peer_connect(&peers[2], port);
    peer_wait_end(&peers[2]);
    assert_string_equal(app.refusal, "too_many_from_address");
    expect_echo(&peers[0], "still here");
    peer_close(&peers[1]);
    wait_until(app.closed == 1);
    peer_connect(&peers[3], port); // there is a place again
    expect_echo(&peers[3], "in");
    limits.connections_per_address = 3;
    server_set_limits(server, &limits);
    peer_connect(&peers[1], port);
    expect_echo(&peers[1], "in");
    for (int i = 0; i < 4; i++) {
        peer_close(&peers[i]);
    }
}

static void peers_are_counted_by_address_or_network(void **state) {
    (void)state;
    struct error err = {0};
    const uint8_t a[16] = {0x20, 1, 0xd, 0xb8, 0, 0, 0, 1, 9};
    const uint8_t same_network[16] = {0x20, 1, 0xd, 0xb8, 0, 0, 0, 1, 7, [15] = 3};
    const uint8_t other_network[16] = {0x20, 1, 0xd, 0xb8, 0, 0, 0, 2, 9};
    const uint8_t mapped[16] = {[10] = 0xff, [11] = 0xff, [12] = 192, [14] = 2, [15] = 7};
    const uint8_t v4[4] = {192, 0, 2, 7};
    const uint8_t other_v4[4] = {192, 0, 2, 8};
    const struct {
        struct peer_key key;
        size_t maximum;
        enum result result;
    } cases[] = {
        {peer_key_make(a, 16), 2, RESULT_OK},
        {peer_key_make(same_network, 16), 2, RESULT_OK},
        {peer_key_make(a, 16), 2, RESULT_LIMIT},
        {peer_key_make(other_network, 16), 2, RESULT_OK},
        {peer_key_make(v4, 4), 1, RESULT_OK},
        {peer_key_make(mapped, 16), 1, RESULT_LIMIT},
        {peer_key_make(other_v4, 4), 1, RESULT_OK},
        {peer_key_make(other_v4, 4), 0, RESULT_LIMIT},
    };
    struct server_peers *peers = NULL;
    assert_ok(server_peers_new(&peers, &err), &err);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_result(cases[i].result,
                      server_peers_add(peers, &cases[i].key, cases[i].maximum, &err), &err);
    }
    server_peers_remove(peers, &cases[0].key);
    assert_ok(server_peers_add(peers, &cases[1].key, 2, &err), &err);
    server_peers_remove(peers, &cases[4].key);
    assert_ok(server_peers_add(peers, &cases[5].key, 1, &err), &err);
    server_peers_free(peers);
}

static void running_out_of_descriptors_refuses_and_recovers(void **state) {
    (void)state;
    struct peer peers[2] = {0};
    struct rlimit before;
    app.echoes = true;
    start_with(&wide, false);
    turn();
    peer_connect(&peers[0], port); // waits in the kernel
    int next = fcntl(peers[0].descriptor, F_DUPFD, 0);
    (void)close(next);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    const struct rlimit none = {.rlim_cur = (rlim_t)next, .rlim_max = before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    peer_wait_end(&peers[0]);
    assert_int_equal(app.opened, 0);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    peer_connect(&peers[1], port);
    expect_echo(&peers[1], "in");
    peer_close(&peers[0]);
    peer_close(&peers[1]);
}

// --- how long --------------------------------------------------------------------------------

static void a_request_that_does_not_arrive_in_time_fails_with_last_words(void **state) {
    (void)state;
    AUTO(peer_close) struct peer peer = {0};
    struct server_limits limits = wide;
    limits.request_seconds = 1;
    app.stays_busy = true;
    start_with(&limits, false);
    peer_connect(&peer, port);
    // A byte now and then does not help: the time counts from the first.
    while (app.failure[0] == '\0' && !peer.is_reset) {
        peer_send(&peer, "x");
        turn();
        (void)poll(NULL, 0, 20);
    }
    peer_wait_end(&peer);
    assert_string_equal(app.failure, "request_timeout");
    assert_string_equal(buf_string(&peer.received), "last words");
}

static void who_waits_for_an_answer_is_not_idle(void **state) {
    (void)state;
    AUTO(peer_close) struct peer waiting = {0};
    AUTO(peer_close) struct peer idle = {0};
    struct server_limits limits = wide;
    limits.idle_seconds = 1;
    limits.request_seconds = 1;
    app.waits = true;
    start_with(&limits, false);
    peer_connect(&waiting, port);
    peer_send(&waiting, "x");
    wait_until(app.total == 1);
    struct conn *conn = app.conn;
    peer_connect(&idle, port);
    peer_wait_end(&idle); // came later, and is gone first
    assert_string_equal(app.failure, "idle_timeout");
    peer_close(&idle);
    wait_until(app.closed == 1);
    assert_int_equal(conn_send(conn, BYTES_LITERAL("done"), NULL), RESULT_OK);
    conn_set_idle(conn);
    assert_true(peer_wait_bytes(&waiting, 4));
}

static void a_peer_that_does_not_read_its_answer_is_cut_off(void **state) {
    (void)state;
    AUTO(peer_close) struct peer peer = {0};
    static uint8_t much[64 * 1024];
    struct server_limits limits = wide;
    limits.request_seconds = 1;
    app.waits = true;
    start_with(&limits, false);
    peer_connect_with(&peer, port, 4096);
    wait_until(app.opened == 1);
    conn_set_waiting(app.conn);
    while (app.closed == 0) {
        while (app.conn != NULL && conn_room(app.conn) >= sizeof(much)) {
            assert_int_equal(conn_send(app.conn, bytes_of(much, sizeof(much)), NULL),
                             RESULT_OK);
        }
        turn();
        (void)poll(NULL, 0, 1);
    }
    assert_int_equal(server_connections(server), 0);
}

static void a_half_open_handshake_is_ended(void **state) {
    (void)state;
    AUTO(peer_close) struct peer silent = {0};
    AUTO(peer_close) struct peer partial = {0};
    struct server_limits limits = wide;
    limits.handshake_seconds = 1;
    make_context(&server_identity, TLS_CLIENT_CERTIFICATE_OPTIONAL, &server_tls);
    start_with(&limits, true);
    peer_connect(&silent, port);
    peer_connect(&partial, port);
    peer_send(&partial, "\x16\x03");
    peer_wait_end(&silent);
    peer_wait_end(&partial);
    assert_string_equal(app.refusal, "handshake_timeout");
    assert_int_equal(app.refused, 2);
    assert_int_equal(app.opened, 0);
}

// --- TLS -------------------------------------------------------------------------------------

static void tls_bytes_come_and_go_with_the_certificate_there_is(void **state) {
    (void)state;
    app.echoes = true;
    make_context(&server_identity, TLS_CLIENT_CERTIFICATE_OPTIONAL, &server_tls);
    start_with(&wide, true);
    for (int with = 0; with < 2; with++) {
        AUTO(peer_close) struct peer peer = {0};
        AUTO(tls_context_free_at) struct tls_context *client = client_context(with == 1);
        peer_connect(&peer, port);
        assert_true(peer_start_tls(&peer, client));
        expect_echo(&peer, "secret");
        assert_bytes_equal(conn_peer_certificate(app.conn),
                           with == 1 ? buf_bytes(&client_identity.der) : (struct bytes){0});
        conn_close(app.conn);
        peer_wait_end(&peer);
        assert_true(tls_peer_closed(peer.tls)); // with a goodbye
        assert_false(peer.is_reset);
    }
}

static void a_required_client_certificate_is_required(void **state) {
    (void)state;
    AUTO(peer_close) struct peer without = {0};
    AUTO(peer_close) struct peer with = {0};
    AUTO(tls_context_free_at) struct tls_context *plain = client_context(false);
    AUTO(tls_context_free_at) struct tls_context *full = client_context(true);
    app.echoes = true;
    make_context(&server_identity, TLS_CLIENT_CERTIFICATE_REQUIRED, &server_tls);
    start_with(&wide, true);
    peer_connect(&without, port);
    (void)peer_start_tls(&without, plain);
    peer_wait_end(&without);
    assert_true(without.is_refused); // by an alert, not by silence
    assert_int_equal(app.opened, 0);
    assert_int_equal(app.refused, 1);
    peer_connect(&with, port);
    assert_true(peer_start_tls(&with, full));
    expect_echo(&with, "welcome");
}

static void plain_text_on_a_tls_port_is_told_so(void **state) {
    (void)state;
    AUTO(peer_close) struct peer text = {0};
    AUTO(peer_close) struct peer noise = {0};
    make_context(&server_identity, TLS_CLIENT_CERTIFICATE_OPTIONAL, &server_tls);
    start_with(&wide, true);
    peer_connect(&text, port);
    peer_send(&text, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    peer_wait_end(&text);
    assert_string_equal(buf_string(&text.received), NOT_TLS);
    assert_string_equal(app.refusal, "not_tls");
    peer_connect(&noise, port);
    peer_send_bytes(&noise, bytes_of("\0\1\2\3\4\5\6\7", 8));
    peer_wait_end(&noise);
    assert_int_equal(noise.received.size, 0);
    assert_int_equal(app.refused, 2);
    assert_int_equal(app.opened, 0);
}

static void a_broken_record_ends_the_connection(void **state) {
    (void)state;
    AUTO(peer_close) struct peer peer = {0};
    AUTO(tls_context_free_at) struct tls_context *client = client_context(false);
    app.echoes = true;
    make_context(&server_identity, TLS_CLIENT_CERTIFICATE_OPTIONAL, &server_tls);
    start_with(&wide, true);
    peer_connect(&peer, port);
    assert_true(peer_start_tls(&peer, client));
    expect_echo(&peer, "fine");
    static uint8_t forged[64] = {0x17, 3, 3, 0, 59};
    peer_write_raw(&peer, bytes_of(forged, sizeof(forged)));
    peer_wait_end(&peer);
    peer_close(&peer);
    wait_until(app.closed == 1);
    assert_true(app.failure[0] != '\0');
    assert_string_equal(buf_string(&app.seen), "fine");
}

static void a_large_answer_over_tls_arrives_whole_in_pieces(void **state) {
    (void)state;
    AUTO(peer_close) struct peer peer = {0};
    AUTO(tls_context_free_at) struct tls_context *client = client_context(false);
    static uint8_t much[3 * LIMIT_CONNECTION_OUTPUT_BYTES];
    for (size_t i = 0; i < sizeof(much); i++) {
        much[i] = (uint8_t)(i * 7 + i / 251);
    }
    make_context(&server_identity, TLS_CLIENT_CERTIFICATE_OPTIONAL, &server_tls);
    start_with(&wide, true);
    peer_connect(&peer, port);
    assert_true(peer_start_tls(&peer, client));
    wait_until(app.opened == 1);
    conn_set_waiting(app.conn);
    size_t sent = 0;
    while (sent < sizeof(much)) {
        const size_t room = conn_room(app.conn);
        const struct bytes part = bytes_slice(bytes_of(much, sizeof(much)), sent, room);
        struct error err = {0};
        assert_ok(conn_send(app.conn, part, &err), &err); // as much as conn_room says
        sent += part.size;
        peer_wait_some(&peer);
    }
    assert_true(peer_wait_bytes(&peer, sizeof(much)));
    assert_bytes_equal(buf_bytes(&peer.received), bytes_of(much, sizeof(much)));
    assert_true(app.rooms > 0);
}

static void a_new_identity_is_for_new_connections(void **state) {
    (void)state;
    AUTO(peer_close) struct peer before = {0};
    AUTO(peer_close) struct peer after = {0};
    AUTO(tls_context_free_at) struct tls_context *client = client_context(false);
    app.echoes = true;
    make_context(&server_identity, TLS_CLIENT_CERTIFICATE_OPTIONAL, &server_tls);
    start_with(&wide, true);
    peer_connect(&before, port);
    assert_true(peer_start_tls(&before, client));
    expect_echo(&before, "old");
    tls_context_free_at(&server_tls);
    make_context(&second_identity, TLS_CLIENT_CERTIFICATE_OPTIONAL, &server_tls);
    peer_connect(&after, port);
    assert_true(peer_start_tls(&after, client));
    expect_echo(&after, "new");
    expect_echo(&before, "old");
    assert_bytes_equal(tls_peer_certificate(before.tls), buf_bytes(&server_identity.der));
    assert_bytes_equal(tls_peer_certificate(after.tls), buf_bytes(&second_identity.der));
}

static void without_an_identity_nobody_is_served(void **state) {
    (void)state;
    AUTO(peer_close) struct peer peer = {0};
    start_with(&wide, true);
    peer_connect(&peer, port);
    peer_wait_end(&peer);
    assert_int_equal(app.refused, 1);
    assert_int_equal(app.opened, 0);
}

// --- the end ---------------------------------------------------------------------------------

static void draining_ends_idle_ones_now_and_busy_ones_after_their_answer(void **state) {
    (void)state;
    AUTO(peer_close) struct peer idle = {0};
    AUTO(peer_close) struct peer waiting = {0};
    start_with(&wide, false);
    peer_connect(&idle, port);
    peer_send(&idle, "x");
    wait_until(app.total == 1);
    app.waits = true;
    peer_connect(&waiting, port);
    peer_send(&waiting, "y");
    wait_until(app.total == 2);
    struct conn *conn = app.conn;
    server_drain(server, on_drained, &app);
    peer_wait_end(&idle);
    peer_close(&idle);
    wait_until(app.closed == 1);
    assert_int_equal(app.drained, 0);
    assert_int_equal(conn_send(conn, BYTES_LITERAL("answer"), NULL), RESULT_OK);
    conn_set_idle(conn);
    peer_wait_end(&waiting);
    assert_string_equal(buf_string(&waiting.received), "answer");
    peer_close(&waiting);
    wait_until(app.drained == 1);
}

static void draining_an_empty_server_is_done_at_once(void **state) {
    (void)state;
    start_with(&wide, false);
    server_drain(server, on_drained, &app);
    wait_until(app.drained == 1);
}

static void a_stopped_server_keeps_its_connections(void **state) {
    (void)state;
    AUTO(peer_close) struct peer peer = {0};
    app.echoes = true;
    start_with(&wide, false);
    peer_connect(&peer, port);
    expect_echo(&peer, "before");
    server_stop(server);
    turn();
    expect_echo(&peer, "after");
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int late = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(late, (struct sockaddr *)&address, sizeof(address)), -1);
    assert_int_equal(errno, ECONNREFUSED);
    (void)close(late);
}

static void a_descriptor_that_is_no_socket_is_refused(void **state) {
    (void)state;
    struct error err = {0};
    int ends[2];
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    (void)close(ends[1]);
    struct server *none = NULL;
    assert_result(RESULT_UNAVAILABLE,
                  server_open(&loop, ends[0], NULL, &wide, &events, &app, &none, &err), &err);
    assert_null(none);
    turn();
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(plain_bytes_come_and_go),
        TEST(bytes_that_were_not_taken_are_offered_again),
        TEST(reading_stops_when_nothing_is_taken_and_goes_on_later),
        TEST(output_has_a_limit_and_says_when_there_is_room),
        TEST(everything_queued_leaves_before_the_close),
        TEST(a_peer_that_is_still_sending_reads_the_last_answer),
        TEST(a_peer_that_has_ended_its_side_still_gets_its_answer),
        TEST(a_peer_that_ends_in_the_middle_of_a_request_is_closed),
        TEST(at_the_limit_the_oldest_idle_connection_makes_place),
        TEST(at_the_limit_without_an_idle_one_the_new_one_is_closed),
        TEST(an_address_has_a_limit_of_its_own_and_pushes_nobody_out),
        TEST(peers_are_counted_by_address_or_network),
        TEST(running_out_of_descriptors_refuses_and_recovers),
        TEST(a_request_that_does_not_arrive_in_time_fails_with_last_words),
        TEST(who_waits_for_an_answer_is_not_idle),
        TEST(a_peer_that_does_not_read_its_answer_is_cut_off),
        TEST(a_half_open_handshake_is_ended),
        TEST(tls_bytes_come_and_go_with_the_certificate_there_is),
        TEST(a_required_client_certificate_is_required),
        TEST(plain_text_on_a_tls_port_is_told_so),
        TEST(a_broken_record_ends_the_connection),
        TEST(a_large_answer_over_tls_arrives_whole_in_pieces),
        TEST(a_new_identity_is_for_new_connections),
        TEST(without_an_identity_nobody_is_served),
        TEST(draining_ends_idle_ones_now_and_busy_ones_after_their_answer),
        TEST(draining_an_empty_server_is_done_at_once),
        TEST(a_stopped_server_keeps_its_connections),
        TEST(a_descriptor_that_is_no_socket_is_refused),
    };
    return cmocka_run_group_tests(tests, make_identities, clear_identities);
}
