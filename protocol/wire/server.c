// Listening sockets: who is let in, the lists of connections, and how a server ends.
// SPDX-License-Identifier: GPL-3.0-or-later
// Holds a uv_tcp_t, a uv_prepare_t, a uv_idle_t and a uv_timer_t; the struct they live in is
// freed in the last of their close callbacks.
#include "wire/conn.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/text.h"
#include "wire/server_state.h"

// Connections that wait in the kernel while the loop is busy; the kernel caps it (somaxconn).
#define BACKLOG 512
#define RETRY_MILLISECONDS 500

// --- lists ----------------------------------------------------------------------------------

void server_list_add(struct conn *conn, int list) {
    struct conn_link *link = &conn->links[list];
    struct conn_list *all = &conn->server->lists[list];
    if (link->is_linked) {
        return;
    }
    *link = (struct conn_link){.previous = all->last, .is_linked = true};
    if (all->last == NULL) {
        all->first = conn;
    } else {
        all->last->links[list].next = conn;
    }
    all->last = conn;
    all->count++;
}

void server_list_remove(struct conn *conn, int list) {
    struct conn_link *link = &conn->links[list];
    struct conn_list *all = &conn->server->lists[list];
    if (!link->is_linked) {
        return;
    }
    if (link->previous == NULL) {
        all->first = link->next;
    } else {
        link->previous->links[list].next = link->next;
    }
    if (link->next == NULL) {
        all->last = link->previous;
    } else {
        link->next->links[list].previous = link->previous;
    }
    all->count--;
    *link = (struct conn_link){0};
}

// --- the end --------------------------------------------------------------------------------

static void on_closed(uv_handle_t *handle) {
    struct server *server = handle->data;
    server->open_handles--;
    if (server->open_handles > 0) {
        return;
    }
    void (*on_drained)(void *) = server->on_drained;
    void *context = server->drained_context;
    server_peers_free(server->peers);
    free(server);
    if (on_drained != NULL) {
        on_drained(context);
    }
}

static void finish_if_empty(struct server *server) {
    if (!server->is_draining || server->is_closing || server->lists[LIST_ALL].count > 0) {
        return;
    }
    server->is_closing = true;
    uv_close((uv_handle_t *)&server->turn, on_closed);
    uv_close((uv_handle_t *)&server->awake, on_closed);
    uv_close((uv_handle_t *)&server->retry, on_closed);
}

void server_forget(struct conn *conn) {
    struct server *server = conn->server;
    for (int list = 0; list < LIST_COUNT; list++) {
        server_list_remove(conn, list);
    }
    if (conn->is_counted) {
        server_peers_remove(server->peers, &conn->key);
        conn->is_counted = false;
    }
    finish_if_empty(server);
}

void server_stop(struct server *server) {
    if (!server->is_stopped) {
        server->is_stopped = true;
        (void)uv_timer_stop(&server->retry);
        uv_close((uv_handle_t *)&server->listener, on_closed);
    }
}

void server_drain(struct server *server, void (*on_drained)(void *context), void *context) {
    server_stop(server);
    server->is_draining = true;
    server->on_drained = on_drained;
    server->drained_context = context;
    struct conn *conn = server->lists[LIST_ALL].first;
    while (conn != NULL) {
        struct conn *next = conn->links[LIST_ALL].next;
        if (conn->state == CONN_HANDSHAKE) {
            conn_destroy(conn);
        } else {
            conn_end_if_done(conn);
        }
        conn = next;
    }
    finish_if_empty(server);
}

void server_close(struct server *server) {
    if (server == NULL) {
        return;
    }
    server_stop(server);
    server->is_draining = true;
    while (server->lists[LIST_ALL].first != NULL) {
        conn_destroy(server->lists[LIST_ALL].first);
    }
    finish_if_empty(server);
}

// --- who is let in --------------------------------------------------------------------------

void server_report_refusal(const struct conn *conn, const struct error *err) {
    const struct server *server = conn->server;
    if (server->events->on_refused != NULL) {
        server->events->on_refused(server->context, conn->address, err);
    }
}

static enum result take_address(struct conn *conn, struct error *err) {
    struct sockaddr_storage peer = {0};
    int size = sizeof(peer);
    int status = uv_tcp_getpeername(&conn->tcp, (struct sockaddr *)&peer, &size);
    if (status != 0) {
        return error_set(err, RESULT_UNAVAILABLE, "the peer is gone: %s", uv_strerror(status));
    }
    struct bytes address = {0};
    if (peer.ss_family == AF_INET6) {
        address = bytes_of(&((const struct sockaddr_in6 *)&peer)->sin6_addr, 16);
    } else if (peer.ss_family == AF_INET) {
        address = bytes_of(&((const struct sockaddr_in *)&peer)->sin_addr, 4);
    } else {
        return error_set(err, RESULT_INVALID, "the peer has no IP address");
    }
    conn->key = peer_key_make(address.data, address.size);
    if (address.size == 16 && conn->key.bytes[0] == 4) {
        address = bytes_slice(address, 12, 4); // "::ffff:192.0.2.1" is 192.0.2.1
    }
    AUTO(buf_clear) struct buf text;
    buf_init(&text, sizeof(conn->address) - 1);
    TRY(text_format_ip(address, &text));
    memcpy(conn->address, buf_string(&text), text.size + 1);
    return RESULT_OK;
}

static enum result admit(struct server *server, struct conn *conn, struct error *err) {
    TRY(take_address(conn, err));
    TRY(server_peers_add(server->peers, &conn->key, server->limits.connections_per_address,
                         err));
    conn->is_counted = true;
    if (server->lists[LIST_ALL].count >= server->limits.connections) {
        struct conn *oldest = server->lists[LIST_IDLE].first;
        if (oldest == NULL) {
            return error_set_code(err, RESULT_LIMIT, "too_many_connections",
                                  "all %zu connections are in use", server->limits.connections);
        }
        conn_destroy(oldest);
    }
    server_list_add(conn, LIST_ALL);
    return conn_start(conn, err);
}

static void on_connection(uv_stream_t *listener, int status);

static void on_retry(uv_timer_t *timer) {
    struct server *server = timer->data;
    on_connection((uv_stream_t *)&server->listener, 0);
}

static void on_connection(uv_stream_t *listener, int status) {
    struct server *server = listener->data;
    if (status != 0) {
        // Without a free descriptor, libuv has accepted and closed by means of its spare one:
        // the peers see an end instead of silence, and the loop does not spin.
        return;
    }
    struct conn *conn = conn_new(server);
    if (conn == NULL) {
        // libuv accepts no other before this one is taken.
        (void)uv_timer_start(&server->retry, on_retry, RETRY_MILLISECONDS, 0);
        return;
    }
    struct error err = {0};
    if (uv_accept(listener, (uv_stream_t *)&conn->tcp) != 0) {
        conn_destroy(conn);
    } else if (admit(server, conn, &err) != RESULT_OK) {
        server_report_refusal(conn, &err);
        conn_destroy(conn);
    }
}

// --- the turn of the loop -------------------------------------------------------------------

static void on_awake(uv_idle_t *awake) {
    (void)awake; // being active is all it does
}

// Runs before the loop sleeps. One pass: who wants another turn gets it after the network was
// looked at, so that one fast reader does not starve the rest.
static void on_turn(uv_prepare_t *turn) {
    struct server *server = turn->data;
    struct conn_list *list = &server->lists[LIST_TURN];
    for (size_t left = list->count; left > 0 && list->first != NULL; left--) {
        struct conn *conn = list->first;
        server_list_remove(conn, LIST_TURN);
        conn_turn(conn);
    }
    if (server->is_closing) {
        return;
    }
    if (list->count > 0) {
        (void)uv_idle_start(&server->awake, on_awake);
        uv_unref((uv_handle_t *)&server->awake);
    } else {
        (void)uv_idle_stop(&server->awake);
    }
}

// --- the start ------------------------------------------------------------------------------

static void init_handles(struct server *server) {
    // None of these can fail without flags.
    (void)uv_tcp_init(server->loop, &server->listener);
    (void)uv_prepare_init(server->loop, &server->turn);
    (void)uv_idle_init(server->loop, &server->awake);
    (void)uv_timer_init(server->loop, &server->retry);
    server->listener.data = server;
    server->turn.data = server;
    server->awake.data = server;
    server->retry.data = server;
    server->open_handles = 4;
    (void)uv_prepare_start(&server->turn, on_turn);
    // Sockets keep the loop alive, not the housekeeping.
    uv_unref((uv_handle_t *)&server->turn);
}

// Accepted connections inherit it: the kernel takes that much more than the peer has room for,
// and not as much as its buffer can grow to. A matter of memory only, so it may fail.
static void bound_what_the_kernel_takes(int listener) {
    const int bytes = LIMIT_CONNECTION_OUTPUT_BYTES;
    (void)setsockopt(listener, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &bytes, sizeof(bytes));
}

enum result server_open(uv_loop_t *loop, int descriptor, struct tls_context *const *tls,
                        const struct server_limits *limits, const struct server_events *events,
                        void *server_context, struct server **out_server, struct error *err) {
    struct server *server = calloc(1, sizeof(*server));
    if (server == NULL) {
        return error_out_of_memory(err);
    }
    server->loop = loop;
    server->tls = tls;
    server->limits = *limits;
    server->events = events;
    server->context = server_context;
    enum result result = server_peers_new(&server->peers, err);
    if (result != RESULT_OK) {
        free(server);
        return result;
    }
    init_handles(server);
    int status = uv_tcp_open(&server->listener, descriptor);
    if (status == 0) {
        bound_what_the_kernel_takes(descriptor);
        status = uv_listen((uv_stream_t *)&server->listener, BACKLOG, on_connection);
    }
    if (status != 0) {
        server_close(server);
        return error_set(err, RESULT_UNAVAILABLE, "listening on descriptor %d: %s", descriptor,
                         uv_strerror(status));
    }
    *out_server = server;
    return RESULT_OK;
}

void server_set_limits(struct server *server, const struct server_limits *limits) {
    server->limits = *limits;
}

size_t server_connections(const struct server *server) {
    return server->lists[LIST_ALL].count;
}
