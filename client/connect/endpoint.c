// Connections over non-blocking sockets and poll, with the memory TLS engine on top.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "client/connect/endpoint.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/limits.h"

#define READ_SIZE 16384

struct endpoint {
    int descriptor;
    struct tls *tls;   // NULL: plain
    struct buf plain;  // decrypted and not handed out yet
    bool tls_has_more; // tls_input said that more is left than `plain` may hold
    int64_t deadline;  // of clock_monotonic_milliseconds
    char name[URL_HOST_SIZE + 16];
};

static enum result unreachable(const struct endpoint *endpoint, const char *what,
                               int errno_value, struct error *err) {
    (void)error_set_code(err, RESULT_UNAVAILABLE, "unreachable", "%s: %s%s%s", endpoint->name,
                         what, errno_value != 0 ? ": " : "",
                         errno_value != 0 ? strerror(errno_value) : "");
    return RESULT_UNAVAILABLE;
}

static enum result interrupted(struct error *err) {
    return error_set_code(err, RESULT_UNAVAILABLE, "interrupted", "interrupted by a signal");
}

// Waits until the socket can be read or written, until `deadline` at most.
static enum result wait_for(const struct endpoint *endpoint, short events, int64_t deadline,
                            struct error *err) {
    int64_t left = deadline - clock_monotonic_milliseconds();
    struct pollfd wanted = {.fd = endpoint->descriptor, .events = events};
    int ready = poll(&wanted, 1, left > 0 ? (int)left : 0);
    if (ready > 0) {
        return RESULT_OK;
    }
    if (ready < 0 && errno == EINTR) {
        return interrupted(err);
    }
    if (ready < 0) {
        return unreachable(endpoint, "cannot wait for the connection", errno, err);
    }
    return unreachable(endpoint, "did not answer in time", 0, err);
}

// --- bytes to and from the socket --------------------------------------------------------

static enum result socket_write(struct endpoint *endpoint, struct bytes bytes,
                                struct error *err) {
    size_t sent = 0;
    while (sent < bytes.size) {
        ssize_t count =
            send(endpoint->descriptor, bytes.data + sent, bytes.size - sent, MSG_NOSIGNAL);
        if (count >= 0) {
            sent += (size_t)count;
        } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
            TRY(wait_for(endpoint, POLLOUT, endpoint->deadline, err));
        } else if (errno != EINTR) {
            return unreachable(endpoint, "the connection broke", errno, err);
        }
    }
    return RESULT_OK;
}

// Appends what is there, waiting for it; *out_is_end when the peer closed.
static enum result socket_read(struct endpoint *endpoint, struct buf *out, bool *out_is_end,
                               struct error *err) {
    uint8_t *room = NULL;
    if (buf_reserve(out, READ_SIZE, &room) != RESULT_OK) {
        return error_out_of_memory(err);
    }
    for (;;) {
        ssize_t count = recv(endpoint->descriptor, room, READ_SIZE, 0);
        if (count >= 0) {
            buf_commit(out, (size_t)count);
            *out_is_end = count == 0;
            return RESULT_OK;
        }
        if (errno == EAGAIN || errno == EWOULDBLOCK) {
            TRY(wait_for(endpoint, POLLIN, endpoint->deadline, err));
        } else if (errno != EINTR) {
            return unreachable(endpoint, "the connection broke", errno, err);
        }
    }
}

// --- TLS ---------------------------------------------------------------------------------

static enum result flush_tls(struct endpoint *endpoint, struct error *err) {
    struct buf *output = tls_output(endpoint->tls);
    TRY(socket_write(endpoint, buf_bytes(output), err));
    buf_consume(output, output->size);
    return RESULT_OK;
}

// Names what failed in a way that the exit status can tell trust from reachability.
static enum result explain_tls(const struct endpoint *endpoint, enum result result,
                               struct error *err) {
    if (err == NULL) {
        return result;
    }
    if (result == RESULT_DENIED && strcmp(err->code, "tls_alert") == 0) {
        error_field(err, ENDPOINT_OUR_CERTIFICATE);
    }
    if (result == RESULT_DENIED) {
        memcpy(err->code, "untrusted", sizeof("untrusted"));
    } else if (strcmp(err->code, "not_tls") == 0) {
        error_hint(err, "Is there another service on this port, or does it speak plain HTTP?");
    } else {
        memcpy(err->code, "tls", sizeof("tls"));
    }
    error_context(err, "%s", endpoint->name);
    return result;
}

static enum result feed_tls(struct endpoint *endpoint, struct bytes cipher, struct error *err) {
    struct error reason = {0};
    enum result result = tls_input(endpoint->tls, cipher, &endpoint->plain, &reason);
    endpoint->tls_has_more = result == RESULT_LIMIT;
    if (result == RESULT_OK || result == RESULT_LIMIT) {
        return flush_tls(endpoint, err);
    }
    (void)flush_tls(endpoint, NULL); // the alert; the reason matters more than its delivery
    if (err != NULL) {
        *err = reason;
    }
    return explain_tls(endpoint, result, err);
}

// Reads from the socket once and feeds it; *out_is_end when the peer closed.
static enum result read_tls(struct endpoint *endpoint, bool *out_is_end, struct error *err) {
    AUTO(buf_clear) struct buf cipher = {0};
    buf_init(&cipher, READ_SIZE);
    TRY(socket_read(endpoint, &cipher, out_is_end, err));
    return *out_is_end ? RESULT_OK : feed_tls(endpoint, buf_bytes(&cipher), err);
}

static enum result handshake(struct endpoint *endpoint, struct tls_context *context,
                             const char *host, struct error *err) {
    TRY(tls_connect_new(context, host, &endpoint->tls, err));
    enum result started = tls_start(endpoint->tls, err);
    if (started != RESULT_OK) {
        return explain_tls(endpoint, started, err);
    }
    TRY(flush_tls(endpoint, err));
    while (!tls_is_established(endpoint->tls)) {
        bool is_end = false;
        TRY(read_tls(endpoint, &is_end, err));
        if (is_end) {
            return unreachable(endpoint, "closed the connection during the TLS handshake", 0,
                               err);
        }
    }
    return RESULT_OK;
}

// --- opening -----------------------------------------------------------------------------

static enum result endpoint_new(const struct url *url, struct endpoint **out_endpoint,
                                struct error *err) {
    struct endpoint *endpoint = calloc(1, sizeof(*endpoint));
    if (endpoint == NULL) {
        return error_out_of_memory(err);
    }
    endpoint->descriptor = -1;
    buf_init(&endpoint->plain, LIMIT_TLS_INPUT_BYTES);
    AUTO(buf_clear) struct buf name = {0};
    buf_init(&name, sizeof(endpoint->name) - 1);
    if (url_format_host(url, &name) == RESULT_OK) {
        memcpy(endpoint->name, buf_string(&name), name.size + 1);
    }
    *out_endpoint = endpoint;
    return RESULT_OK;
}

static int set_non_blocking(int descriptor) {
    int flags = fcntl(descriptor, F_GETFL);
    return flags < 0 ? -1 : fcntl(descriptor, F_SETFL, flags | O_NONBLOCK);
}

static enum result connect_to(struct endpoint *endpoint, const struct addrinfo *address,
                              int64_t deadline, struct error *err) {
    endpoint->descriptor = socket(
        address->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, address->ai_protocol);
    if (endpoint->descriptor < 0) {
        return unreachable(endpoint, "cannot make a socket", errno, err);
    }
    if (connect(endpoint->descriptor, address->ai_addr, address->ai_addrlen) == 0) {
        return RESULT_OK;
    }
    if (errno != EINPROGRESS) {
        return unreachable(endpoint, "cannot connect", errno, err);
    }
    TRY(wait_for(endpoint, POLLOUT, deadline, err));
    int reason = 0;
    socklen_t size = sizeof(reason);
    if (getsockopt(endpoint->descriptor, SOL_SOCKET, SO_ERROR, &reason, &size) != 0) {
        reason = errno;
    }
    return reason == 0 ? RESULT_OK : unreachable(endpoint, "cannot connect", reason, err);
}

static void close_socket(struct endpoint *endpoint) {
    if (endpoint->descriptor >= 0) {
        (void)close(endpoint->descriptor);
        endpoint->descriptor = -1;
    }
}

// Each address gets half of the time that is left, the last one all of it, so that a silent
// first address (IPv6 without a route is the usual one) does not use up everything.
static enum result connect_any(struct endpoint *endpoint, const struct addrinfo *addresses,
                               struct error *err) {
    enum result result = unreachable(endpoint, "has no address", 0, err);
    for (const struct addrinfo *at = addresses; at != NULL; at = at->ai_next) {
        int64_t now = clock_monotonic_milliseconds();
        int64_t left = endpoint->deadline - now;
        int64_t deadline = at->ai_next == NULL ? endpoint->deadline : now + left / 2;
        result = connect_to(endpoint, at, deadline, err);
        if (result == RESULT_OK) {
            return RESULT_OK;
        }
        close_socket(endpoint);
        if (err != NULL && strcmp(err->code, "interrupted") == 0) {
            return result;
        }
    }
    return result;
}

static enum result connect_host(struct endpoint *endpoint, const struct url *url,
                                struct error *err) {
    char port[8];
    (void)snprintf(port, sizeof(port), "%u", (unsigned)url->port);
    const struct addrinfo wanted = {.ai_family = AF_UNSPEC,
                                    .ai_socktype = SOCK_STREAM,
                                    .ai_flags = AI_ADDRCONFIG | AI_NUMERICSERV};
    struct addrinfo *addresses = NULL;
    int failure = getaddrinfo(url->host, port, &wanted, &addresses);
    if (failure == EAI_NONAME || failure == EAI_ADDRFAMILY) {
        // AI_ADDRCONFIG leaves out loopback on a machine without any other address.
        struct addrinfo any = wanted;
        any.ai_flags = AI_NUMERICSERV;
        failure = getaddrinfo(url->host, port, &any, &addresses);
    }
    if (failure != 0) {
        return unreachable(endpoint, gai_strerror(failure), 0, err);
    }
    enum result result = connect_any(endpoint, addresses, err);
    freeaddrinfo(addresses);
    return result;
}

// From here on the endpoint owns a connected socket.
static enum result finish_opening(struct endpoint *endpoint, const struct url *url,
                                  struct tls_context *tls, struct endpoint **out_endpoint,
                                  struct error *err) {
    int yes = 1; // requests are written whole; waiting for more only delays them
    (void)setsockopt(endpoint->descriptor, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
    endpoint_set_deadline(endpoint, LIMIT_CLIENT_CONNECT_SECONDS * 1000);
    enum result result = RESULT_OK;
    if (tls != NULL) {
        result = handshake(endpoint, tls, url->host, err);
    }
    if (result != RESULT_OK) {
        endpoint_close(endpoint);
        return result;
    }
    *out_endpoint = endpoint;
    return RESULT_OK;
}

enum result endpoint_open(const struct url *url, struct tls_context *tls,
                          struct endpoint **out_endpoint, struct error *err) {
    struct endpoint *endpoint = NULL;
    TRY(endpoint_new(url, &endpoint, err));
    endpoint_set_deadline(endpoint, LIMIT_CLIENT_CONNECT_SECONDS * 1000);
    enum result result = connect_host(endpoint, url, err);
    if (result != RESULT_OK) {
        endpoint_close(endpoint);
        return result;
    }
    return finish_opening(endpoint, url, tls, out_endpoint, err);
}

enum result endpoint_open_socket(int descriptor, const struct url *url, struct tls_context *tls,
                                 struct endpoint **out_endpoint, struct error *err) {
    struct endpoint *endpoint = NULL;
    enum result result = endpoint_new(url, &endpoint, err);
    if (result != RESULT_OK) {
        (void)close(descriptor);
        return result;
    }
    endpoint->descriptor = descriptor;
    if (set_non_blocking(descriptor) != 0) {
        result = unreachable(endpoint, "cannot make the socket non-blocking", errno, err);
        endpoint_close(endpoint);
        return result;
    }
    return finish_opening(endpoint, url, tls, out_endpoint, err);
}

enum result endpoint_start_tls(struct endpoint *endpoint, struct tls_context *tls,
                               const char *host, struct error *err) {
    return handshake(endpoint, tls, host, err);
}

void endpoint_close(struct endpoint *endpoint) {
    if (endpoint == NULL) {
        return;
    }
    if (endpoint->tls != NULL && tls_is_established(endpoint->tls)) {
        tls_close(endpoint->tls);
        struct bytes goodbye = buf_bytes(tls_output(endpoint->tls));
        // Best effort: the socket takes it or it does not.
        (void)!send(endpoint->descriptor, goodbye.data, goodbye.size,
                    MSG_NOSIGNAL | MSG_DONTWAIT);
    }
    tls_free(endpoint->tls);
    close_socket(endpoint);
    buf_clear(&endpoint->plain);
    free(endpoint);
}

void endpoint_close_at(struct endpoint **endpoint) {
    endpoint_close(*endpoint);
    *endpoint = NULL;
}

// --- use ---------------------------------------------------------------------------------

void endpoint_set_deadline(struct endpoint *endpoint, int64_t milliseconds) {
    endpoint->deadline = clock_monotonic_milliseconds() + milliseconds;
}

enum result endpoint_write(struct endpoint *endpoint, struct bytes bytes, struct error *err) {
    if (endpoint->tls == NULL) {
        return socket_write(endpoint, bytes, err);
    }
    TRY(tls_write(endpoint->tls, bytes, err));
    return flush_tls(endpoint, err);
}

static enum result read_plain_of_tls(struct endpoint *endpoint, struct error *err) {
    while (endpoint->plain.size == 0) {
        if (endpoint->tls_has_more) {
            TRY(feed_tls(endpoint, (struct bytes){0}, err));
            continue;
        }
        if (tls_peer_closed(endpoint->tls)) {
            return RESULT_OK;
        }
        bool is_end = false;
        TRY(read_tls(endpoint, &is_end, err));
        if (is_end) {
            // Without close_notify somebody else may have cut the answer off.
            return unreachable(endpoint, "cut the connection off", 0, err);
        }
    }
    return RESULT_OK;
}

enum result endpoint_read(struct endpoint *endpoint, struct buf *out, struct error *err) {
    if (endpoint->tls == NULL) {
        bool is_end = false;
        return socket_read(endpoint, out, &is_end, err);
    }
    TRY(read_plain_of_tls(endpoint, err));
    if (buf_append(out, buf_bytes(&endpoint->plain)) != RESULT_OK) {
        return error_out_of_memory(err);
    }
    buf_reset(&endpoint->plain);
    return RESULT_OK;
}

bool endpoint_is_quiet(const struct endpoint *endpoint) {
    struct pollfd state = {.fd = endpoint->descriptor, .events = POLLIN};
    return endpoint->plain.size == 0 && !endpoint->tls_has_more && poll(&state, 1, 0) == 0;
}
