// Server connections on libuv: accept, TLS or plain, timeouts, limits per address, clean
// closing. SPDX-License-Identifier: GPL-3.0-or-later Holds the listening uv_tcp_t, and per
// connection a uv_tcp_t and a uv_timer_t; their memory is freed in the close callbacks.
#pragma once

#include <stdbool.h>
#include <uv.h>

#include "base/bytes.h"
#include "base/error.h"
#include "wire/tls.h"

struct conn;
struct server;

struct server_limits {
    size_t connections;
    size_t connections_per_address;
    unsigned handshake_seconds;
    unsigned request_seconds;
    unsigned idle_seconds;
};

struct server_events {
    // TLS is up (or the plain connection is there). Return the context for the calls below.
    void *(*on_open)(void *server_context, struct conn *conn);
    // Plain bytes; returns how many were taken. The rest is offered again with the next ones or
    // after conn_resume. Taking none stops reading once the input limit is reached.
    size_t (*on_bytes)(void *conn_context, struct bytes bytes);
    // The peer will send nothing more; it may still read. May be NULL.
    void (*on_end)(void *conn_context);
    // A timeout (code "request_timeout" or "idle_timeout") or protocol error is about to close
    // it; `err` tells. A last answer (408, 400) may be sent with conn_send.
    void (*on_failure)(void *conn_context, const struct error *err);
    // The last call. conn_context is yours to free.
    void (*on_close)(void *conn_context);
    // There is room again after conn_room said 0 or conn_send RESULT_LIMIT. May be NULL.
    void (*on_room)(void *conn_context);
    // A connection ended before on_open: a limit was reached (codes "too_many_connections",
    // "too_many_from_address") or the handshake failed. May be NULL.
    void (*on_refused)(void *server_context, const char *peer_address, const struct error *err);
    // Sent in clear to a peer that speaks plain text on a TLS port; NULL for nothing.
    const char *not_tls_answer;
};

// At `connections` the one that has been idle longest makes place; when none is idle, the new
// one is closed at once. At `connections_per_address` (an IPv6 address counts by its /64) the
// new one is closed at once: nobody can push out others. A peer that takes less than
// LIMIT_SLOWEST_READ_BYTES of its answer in request_seconds is cut off.

// Listens on an inherited descriptor (already bound and listening or only bound). `*tls` is
// read at each accept, so that a rotated identity takes effect for new connections; a NULL
// `tls` means plain.
enum result server_open(uv_loop_t *loop, int descriptor, struct tls_context *const *tls,
                        const struct server_limits *limits, const struct server_events *events,
                        void *server_context, struct server **out_server, struct error *err);
// Take effect for what comes after; nobody is closed by a lower limit.
void server_set_limits(struct server *server, const struct server_limits *limits);
// Stops accepting; open connections live on.
void server_stop(struct server *server);
// Closes idle connections now and busy ones when their answer is out; frees itself when all are
// gone, then calls `on_drained` (may be NULL).
void server_drain(struct server *server, void (*on_drained)(void *context), void *context);
// Ends everything at once, without goodbyes; on_close is called for every open connection.
// Frees itself in the loop's next turn. Not from within an event of a connection. NULL is fine.
void server_close(struct server *server);
size_t server_connections(const struct server *server);

// Encrypts and queues all of it or nothing; everything queued in one turn of the loop leaves
// together. RESULT_LIMIT above LIMIT_CONNECTION_OUTPUT_BYTES: split by conn_room.
enum result conn_send(struct conn *conn, struct bytes bytes, struct error *err);
// How many bytes conn_send takes now.
size_t conn_room(struct conn *conn);
// Sends what is queued, says goodbye (close_notify, shutdown), waits LIMIT_CLOSE_SECONDS at
// most.
void conn_close(struct conn *conn);
// A request is under way (request timeout, from when it was not so before) or not (idle
// timeout, from now); a gateway that waits for the authority turns both off with
// conn_set_waiting.
void conn_set_busy(struct conn *conn);
void conn_set_idle(struct conn *conn);
void conn_set_waiting(struct conn *conn);
// Offers bytes that on_bytes did not take again, from the next turn of the loop.
void conn_resume(struct conn *conn);
// Text of the peer's address without port, "::ffff:" unwrapped.
const char *conn_peer_address(const struct conn *conn);
struct bytes conn_peer_certificate(const struct conn *conn);
