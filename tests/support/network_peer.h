// A client for tests: one connection, plain or TLS, that reads while somebody else makes
// progress. SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "support/test.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/limits.h"
#include "wire/http.h"
#include "wire/tls.h"

// Longer than any limit the tests set: only reached when a test fails.
#define PEER_PATIENCE_MILLISECONDS 20000
#define PEER_RECEIVED_MAXIMUM (64 * 1024 * 1024)

// Called whenever a peer waits: lets a server in the same process work. NULL: it is another
// process.
static void (*peer_turn)(void);

struct peer {
    int descriptor;
    struct tls *tls; // NULL when plain
    struct buf received;
    struct http_parser *parser;
    bool has_ended;
    bool is_reset;
    bool is_refused; // TLS failed
};

static inline int64_t peer_deadline(void) {
    return clock_monotonic_milliseconds() + PEER_PATIENCE_MILLISECONDS;
}

static inline void peer_let_work(int descriptor, short events) {
    if (peer_turn != NULL) {
        peer_turn();
    }
    struct pollfd wait = {.fd = descriptor, .events = events};
    (void)poll(&wait, 1, peer_turn != NULL ? 1 : 100);
}

// A listening socket on a free port of the loopback interface.
static inline int peer_listen(uint16_t *out_port) {
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t size = sizeof(address);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(listener >= 0);
    assert_int_equal(bind(listener, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(listen(listener, 512), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &size), 0);
    *out_port = ntohs(address.sin_port);
    return listener;
}

// `receive_buffer` 0 leaves the system's size.
static inline void peer_connect_with(struct peer *peer, uint16_t port, int receive_buffer) {
    struct error err = {0};
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    *peer = (struct peer){.descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    assert_true(peer->descriptor >= 0);
    if (receive_buffer > 0) {
        assert_int_equal(setsockopt(peer->descriptor, SOL_SOCKET, SO_RCVBUF, &receive_buffer,
                                    sizeof(receive_buffer)),
                         0);
    }
    assert_int_equal(connect(peer->descriptor, (struct sockaddr *)&address, sizeof(address)),
                     0);
    assert_int_equal(fcntl(peer->descriptor, F_SETFL, O_NONBLOCK), 0);
    // Else a request behind a handshake waits for the other side's delayed acknowledgement.
    const int at_once = 1;
    (void)setsockopt(peer->descriptor, IPPROTO_TCP, TCP_NODELAY, &at_once, sizeof(at_once));
    buf_init(&peer->received, PEER_RECEIVED_MAXIMUM);
    assert_ok(http_parser_new(HTTP_RESPONSE, PEER_RECEIVED_MAXIMUM, &peer->parser, &err), &err);
}

static inline void peer_connect(struct peer *peer, uint16_t port) {
    peer_connect_with(peer, port, 0);
}

static inline void peer_close(struct peer *peer) {
    if (peer->descriptor > 0) {
        (void)close(peer->descriptor);
    }
    tls_free(peer->tls);
    http_parser_free(peer->parser);
    buf_clear(&peer->received);
    *peer = (struct peer){0};
}

static inline void peer_write_raw(struct peer *peer, struct bytes bytes) {
    const int64_t deadline = peer_deadline();
    size_t sent = 0;
    while (sent < bytes.size && !peer->is_reset && clock_monotonic_milliseconds() < deadline) {
        const struct bytes rest = bytes_slice(bytes, sent, SIZE_MAX);
        ssize_t count = send(peer->descriptor, rest.data, rest.size, MSG_NOSIGNAL);
        if (count > 0) {
            sent += (size_t)count;
        } else if (errno == EAGAIN) {
            peer_let_work(peer->descriptor, POLLOUT);
        } else {
            peer->is_reset = true;
        }
    }
}

static inline void peer_flush_tls(struct peer *peer) {
    struct buf *output = tls_output(peer->tls);
    peer_write_raw(peer, buf_bytes(output));
    buf_consume(output, output->size);
}

// Takes what has come. Returns whether anything did.
static inline bool peer_read_some(struct peer *peer) {
    uint8_t bytes[16384];
    ssize_t count = recv(peer->descriptor, bytes, sizeof(bytes), 0);
    if (count < 0) {
        peer->is_reset |= errno != EAGAIN;
        return false;
    }
    if (count == 0) {
        peer->has_ended = true;
        return false;
    }
    const struct bytes view = bytes_of(bytes, (size_t)count);
    if (peer->tls == NULL) {
        assert_int_equal(buf_append(&peer->received, view), RESULT_OK);
        return true;
    }
    struct error err = {0};
    if (tls_input(peer->tls, view, &peer->received, &err) != RESULT_OK) {
        peer->is_refused = true;
    }
    peer_flush_tls(peer);
    return true;
}

static inline bool peer_is_over(const struct peer *peer) {
    return peer->has_ended || peer->is_reset;
}

// Waits for something, or the end.
static inline void peer_wait_some(struct peer *peer) {
    if (!peer_is_over(peer) && !peer_read_some(peer) && !peer_is_over(peer)) {
        peer_let_work(peer->descriptor, POLLIN);
    }
}

// Until that many bytes were received, or the end. False at the end.
static inline bool peer_wait_bytes(struct peer *peer, size_t size) {
    const int64_t deadline = peer_deadline();
    while (peer->received.size < size && !peer_is_over(peer)) {
        assert_true(clock_monotonic_milliseconds() < deadline);
        peer_wait_some(peer);
    }
    return peer->received.size >= size;
}

// Until the other side closed.
static inline void peer_wait_end(struct peer *peer) {
    const int64_t deadline = peer_deadline();
    while (!peer_is_over(peer)) {
        assert_true(clock_monotonic_milliseconds() < deadline);
        peer_wait_some(peer);
    }
}

// TLS over the connection; false when the server refuses. With TLS 1.3 a refused client
// certificate shows only at the first read after it.
static inline bool peer_start_tls(struct peer *peer, struct tls_context *context) {
    struct error err = {0};
    const int64_t deadline = peer_deadline();
    assert_ok(tls_connect_new(context, "localhost", &peer->tls, &err), &err);
    assert_ok(tls_start(peer->tls, &err), &err);
    peer_flush_tls(peer);
    while (!tls_is_established(peer->tls) && !peer->is_refused && !peer_is_over(peer)) {
        assert_true(clock_monotonic_milliseconds() < deadline);
        peer_wait_some(peer);
    }
    return tls_is_established(peer->tls) && !peer->is_refused;
}

static inline void peer_send_bytes(struct peer *peer, struct bytes bytes) {
    if (peer->tls == NULL) {
        peer_write_raw(peer, bytes);
        return;
    }
    struct error err = {0};
    assert_ok(tls_write(peer->tls, bytes, &err), &err);
    peer_flush_tls(peer);
}

static inline void peer_send(struct peer *peer, const char *text) {
    peer_send_bytes(peer, bytes_of_string(text));
}

// The next whole HTTP response, valid until the next call; NULL when the connection ends
// before. `to_head`: it answers a HEAD.
static inline const struct http_message *peer_response_to(struct peer *peer, bool to_head) {
    const int64_t deadline = peer_deadline();
    if (http_parser_message(peer->parser) != NULL) {
        http_parser_next(peer->parser);
    }
    if (to_head) {
        http_parser_expect_no_body(peer->parser);
    }
    while (true) {
        assert_true(clock_monotonic_milliseconds() < deadline);
        size_t used = 0;
        struct error err = {0};
        enum result result =
            http_parser_feed(peer->parser, buf_bytes(&peer->received), &used, &err);
        buf_consume(&peer->received, used);
        if (result == RESULT_OK) {
            return http_parser_message(peer->parser);
        }
        assert_result(RESULT_PENDING, result, &err);
        if (peer_is_over(peer)) {
            return NULL;
        }
        peer_wait_some(peer);
    }
}

static inline const struct http_message *peer_response(struct peer *peer) {
    return peer_response_to(peer, false);
}
