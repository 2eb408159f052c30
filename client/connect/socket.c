// Non-blocking sockets and poll, every wait bounded by a deadline.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "client/connect/socket.h"

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

struct socket {
    int descriptor;
    char name[URL_HOST_SIZE + 16];
};

enum result transport_unreachable(const char *name, const char *what, struct error *err) {
    return error_set_code(err, RESULT_UNAVAILABLE, "unreachable", "%s: %s", name, what);
}

static enum result unreachable(const struct socket *socket, const char *what, int errno_value,
                               struct error *err) {
    return error_set_code(err, RESULT_UNAVAILABLE, "unreachable", "%s: %s: %s", socket->name,
                          what, strerror(errno_value));
}

// Waits until the socket can be read or written, until `deadline` at most; behind it also one that
// can be is out of time, so that a peer that takes a little again and again is not served for ever.
static enum result wait_for(const struct socket *socket, short events, int64_t deadline,
                            struct error *err) {
    int64_t left = deadline - clock_monotonic_milliseconds();
    struct pollfd wanted = {.fd = socket->descriptor, .events = events};
    int ready = left > 0 ? poll(&wanted, 1, (int)left) : 0;
    if (ready > 0) {
        return RESULT_OK;
    }
    if (ready < 0 && errno == EINTR) {
        return error_set_code(err, RESULT_UNAVAILABLE, "interrupted",
                              "interrupted by a signal");
    }
    if (ready < 0) {
        return unreachable(socket, "cannot wait for the connection", errno, err);
    }
    return transport_unreachable(socket->name, "did not answer in time", err);
}

// --- reading and writing -----------------------------------------------------------------

static enum result socket_write(void *connection, struct bytes bytes, int64_t deadline,
                                struct error *err) {
    const struct socket *socket = connection;
    while (bytes.size > 0) {
        ssize_t count = send(socket->descriptor, bytes.data, bytes.size, MSG_NOSIGNAL);
        if (count >= 0) {
            bytes = bytes_slice(bytes, (size_t)count, SIZE_MAX);
        } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
            TRY(wait_for(socket, POLLOUT, deadline, err));
        } else if (errno != EINTR) {
            return unreachable(socket, "the connection broke", errno, err);
        }
    }
    return RESULT_OK;
}

static enum result socket_read(void *connection, struct buf *out, bool *out_is_end,
                               int64_t deadline, struct error *err) {
    const struct socket *socket = connection;
    uint8_t *room = NULL;
    if (buf_reserve(out, TRANSPORT_READ_BYTES, &room) != RESULT_OK) {
        return error_out_of_memory(err);
    }
    for (;;) {
        ssize_t count = recv(socket->descriptor, room, TRANSPORT_READ_BYTES, 0);
        if (count >= 0) {
            buf_commit(out, (size_t)count);
            *out_is_end = count == 0;
            return RESULT_OK;
        }
        if (errno == EAGAIN || errno == EWOULDBLOCK) {
            TRY(wait_for(socket, POLLIN, deadline, err));
        } else if (errno != EINTR) {
            return unreachable(socket, "the connection broke", errno, err);
        }
    }
}

static bool socket_is_quiet(void *connection) {
    const struct socket *socket = connection;
    struct pollfd state = {.fd = socket->descriptor, .events = POLLIN};
    return poll(&state, 1, 0) == 0;
}

static void close_descriptor(struct socket *socket) {
    if (socket->descriptor >= 0) {
        (void)close(socket->descriptor);
        socket->descriptor = -1;
    }
}

static void socket_close(void *connection) {
    struct socket *socket = connection;
    close_descriptor(socket);
    free(socket);
}

// --- opening -----------------------------------------------------------------------------

static enum result socket_new(const char *name, struct socket **out_socket, struct error *err) {
    struct socket *socket = calloc(1, sizeof(*socket));
    if (socket == NULL) {
        return error_out_of_memory(err);
    }
    socket->descriptor = -1;
    (void)snprintf(socket->name, sizeof(socket->name), "%s", name);
    *out_socket = socket;
    return RESULT_OK;
}

static enum result connect_to(struct socket *connection, const struct addrinfo *address,
                              int64_t deadline, struct error *err) {
    connection->descriptor = socket(
        address->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, address->ai_protocol);
    if (connection->descriptor < 0) {
        return unreachable(connection, "cannot make a socket", errno, err);
    }
    if (connect(connection->descriptor, address->ai_addr, address->ai_addrlen) == 0) {
        return RESULT_OK;
    }
    if (errno != EINPROGRESS) {
        return unreachable(connection, "cannot connect", errno, err);
    }
    TRY(wait_for(connection, POLLOUT, deadline, err));
    int reason = 0;
    socklen_t size = sizeof(reason);
    if (getsockopt(connection->descriptor, SOL_SOCKET, SO_ERROR, &reason, &size) != 0) {
        reason = errno;
    }
    return reason == 0 ? RESULT_OK : unreachable(connection, "cannot connect", reason, err);
}

// Each address gets half of the time that is left, the last one all of it, so that a silent
// first address (IPv6 without a route is the usual one) does not use up everything.
static enum result connect_any(struct socket *socket, const struct addrinfo *addresses,
                               int64_t whole_deadline, struct error *err) {
    enum result result = transport_unreachable(socket->name, "has no address", err);
    for (const struct addrinfo *at = addresses; at != NULL; at = at->ai_next) {
        int64_t now = clock_monotonic_milliseconds();
        int64_t left = whole_deadline - now;
        int64_t deadline = at->ai_next == NULL ? whole_deadline : now + left / 2;
        result = connect_to(socket, at, deadline, err);
        if (result == RESULT_OK) {
            return RESULT_OK;
        }
        close_descriptor(socket);
        if (err != NULL && strcmp(err->code, "interrupted") == 0) {
            return result;
        }
    }
    return result;
}

static enum result connect_host(struct socket *socket, const struct url *url, int64_t deadline,
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
        return transport_unreachable(socket->name, gai_strerror(failure), err);
    }
    enum result result = connect_any(socket, addresses, deadline, err);
    freeaddrinfo(addresses);
    return result;
}

// Requests are written whole; waiting for more only delays them.
static void set_no_delay(const struct socket *socket) {
    int yes = 1;
    (void)setsockopt(socket->descriptor, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
}

static enum result socket_open(void *context, const struct url *url, const char *name,
                               int64_t deadline, void **out_connection, struct error *err) {
    (void)context;
    struct socket *socket = NULL;
    TRY(socket_new(name, &socket, err));
    enum result result = connect_host(socket, url, deadline, err);
    if (result != RESULT_OK) {
        socket_close(socket);
        return result;
    }
    set_no_delay(socket);
    *out_connection = socket;
    return RESULT_OK;
}

static int set_non_blocking(int descriptor) {
    int flags = fcntl(descriptor, F_GETFL);
    return flags < 0 ? -1 : fcntl(descriptor, F_SETFL, flags | O_NONBLOCK);
}

enum result socket_adopt(int descriptor, const char *name, void **out_connection,
                         struct error *err) {
    struct socket *socket = NULL;
    enum result result = socket_new(name, &socket, err);
    if (result != RESULT_OK) {
        (void)close(descriptor);
        return result;
    }
    socket->descriptor = descriptor;
    if (set_non_blocking(descriptor) != 0) {
        result = unreachable(socket, "cannot make the socket non-blocking", errno, err);
        socket_close(socket);
        return result;
    }
    set_no_delay(socket);
    *out_connection = socket;
    return RESULT_OK;
}

const struct transport socket_transport = {.open = socket_open,
                                           .write = socket_write,
                                           .read = socket_read,
                                           .is_quiet = socket_is_quiet,
                                           .close = socket_close};
