// One connection of a server: handshake, what comes in, phases and their timeouts.
// SPDX-License-Identifier: GPL-3.0-or-later
// Holds a uv_tcp_t and a uv_timer_t; the struct they live in is freed in the last of their
// close callbacks.
#include "wire/conn.h"

#include <stdlib.h>
#include <string.h>

#include "wire/server_state.h"

// Reading stops at LIMIT_CONNECTION_INPUT_BYTES; one more read fits behind that.
#define INPUT_MAXIMUM (LIMIT_CONNECTION_INPUT_BYTES + SERVER_READ_BYTES)

// --- life -----------------------------------------------------------------------------------

static void on_closed(uv_handle_t *handle) {
    struct conn *conn = handle->data;
    conn->open_handles--;
    if (conn->open_handles > 0) {
        return;
    }
    tls_free(conn->tls);
    buf_clear(&conn->input);
    buf_clear(&conn->output);
    buf_clear(&conn->flight);
    free(conn);
}

struct conn *conn_new(struct server *server) {
    struct conn *conn = calloc(1, sizeof(*conn));
    if (conn == NULL) {
        return NULL;
    }
    conn->server = server;
    conn->state = CONN_HANDSHAKE;
    // A request may carry a token.
    buf_init_secret(&conn->input, INPUT_MAXIMUM);
    buf_init(&conn->output, LIMIT_CONNECTION_OUTPUT_BYTES);
    // Neither can fail: no socket is made here.
    (void)uv_tcp_init(server->loop, &conn->tcp);
    (void)uv_timer_init(server->loop, &conn->timer);
    conn->tcp.data = conn;
    conn->timer.data = conn;
    conn->open_handles = 2;
    return conn;
}

void conn_destroy(struct conn *conn) {
    if (conn->state == CONN_CLOSED) {
        return;
    }
    conn->state = CONN_CLOSED;
    uv_close((uv_handle_t *)&conn->tcp, on_closed);
    uv_close((uv_handle_t *)&conn->timer, on_closed);
    if (conn->has_context) {
        conn->has_context = false;
        conn->server->events->on_close(conn->context);
    }
    server_forget(conn);
}

void conn_want_turn(struct conn *conn) {
    if (conn->state != CONN_CLOSED) {
        server_list_add(conn, LIST_TURN);
    }
}

// --- timeouts -------------------------------------------------------------------------------

uint64_t conn_due_in(const struct conn *conn, unsigned seconds) {
    return uv_now(conn->server->loop) + (uint64_t)seconds * 1000;
}

static void on_timer(uv_timer_t *timer);

void conn_arm(struct conn *conn) {
    uint64_t due = conn->phase_due;
    if (conn->send_due != 0 && (due == 0 || conn->send_due < due)) {
        due = conn->send_due;
    }
    if (conn->state == CONN_CLOSED || due == 0) {
        (void)uv_timer_stop(&conn->timer);
        return;
    }
    const uint64_t now = uv_now(conn->server->loop);
    (void)uv_timer_start(&conn->timer, on_timer, due > now ? due - now : 0, 0);
}

static void fail(struct conn *conn, const struct error *err) {
    if (conn->has_context) {
        conn->server->events->on_failure(conn->context, err);
    }
    conn_close(conn);
}

static void phase_is_over(struct conn *conn) {
    const struct server_limits *limits = &conn->server->limits;
    struct error err = {0};
    conn->phase_due = 0;
    if (conn->state == CONN_HANDSHAKE) {
        (void)error_set_code(&err, RESULT_UNAVAILABLE, "handshake_timeout",
                             "the TLS handshake was not done within %u seconds",
                             limits->handshake_seconds);
        server_report_refusal(conn, &err);
        conn_destroy(conn);
    } else if (conn->state != CONN_OPEN) {
        conn_destroy(conn);
    } else if (conn->phase == PHASE_BUSY) {
        (void)error_set_code(&err, RESULT_UNAVAILABLE, "request_timeout",
                             "the request did not arrive whole within %u seconds",
                             limits->request_seconds);
        fail(conn, &err);
    } else if (conn->is_writing) {
        // A slow reader is not idle; send_due watches it.
        conn->phase_due = conn_due_in(conn, limits->idle_seconds);
    } else {
        (void)error_set_code(&err, RESULT_UNAVAILABLE, "idle_timeout",
                             "nothing was asked for %u seconds", limits->idle_seconds);
        fail(conn, &err);
    }
}

static void on_timer(uv_timer_t *timer) {
    struct conn *conn = timer->data;
    const uint64_t now = uv_now(conn->server->loop);
    if (conn->send_due != 0 && now >= conn->send_due && !conn_check_progress(conn)) {
        conn_destroy(conn);
        return;
    }
    if (conn->phase_due != 0 && now >= conn->phase_due) {
        phase_is_over(conn);
    }
    if (conn->state != CONN_CLOSED) {
        conn_arm(conn);
    }
}

// --- phases ---------------------------------------------------------------------------------

void conn_end_if_done(struct conn *conn) {
    if (conn->state != CONN_OPEN || conn->is_offering || conn->has_hidden ||
        conn->input.size > 0) {
        return;
    }
    if ((conn->has_ended && conn->phase != PHASE_WAITING) ||
        (conn->server->is_draining && conn->phase == PHASE_IDLE)) {
        conn_close(conn);
    }
}

// `seconds` 0 turns the timeout off.
static void set_phase(struct conn *conn, enum conn_phase phase, unsigned seconds) {
    if (conn->state != CONN_OPEN) {
        return;
    }
    conn->phase = phase;
    conn->phase_due = seconds == 0 ? 0 : conn_due_in(conn, seconds);
    server_list_remove(conn, LIST_IDLE);
    if (phase == PHASE_IDLE) {
        server_list_add(conn, LIST_IDLE);
    }
    conn_arm(conn);
    conn_end_if_done(conn);
}

void conn_set_busy(struct conn *conn) {
    if (conn->phase != PHASE_BUSY) {
        set_phase(conn, PHASE_BUSY, conn->server->limits.request_seconds);
    }
}

void conn_set_idle(struct conn *conn) {
    set_phase(conn, PHASE_IDLE, conn->server->limits.idle_seconds);
}

void conn_set_waiting(struct conn *conn) {
    set_phase(conn, PHASE_WAITING, 0);
}

// --- what comes in --------------------------------------------------------------------------

static void give_room(uv_handle_t *handle, size_t suggested, uv_buf_t *out_room) {
    (void)suggested;
    struct conn *conn = handle->data;
    *out_room = uv_buf_init((char *)conn->server->read_buffer, SERVER_READ_BYTES);
}

static void open_up(struct conn *conn) {
    struct server *server = conn->server;
    conn->state = CONN_OPEN;
    conn->context = server->events->on_open(server->context, conn);
    if (conn->context == NULL) {
        conn_destroy(conn);
        return;
    }
    conn->has_context = true;
    conn_set_idle(conn);
}

static bool is_plain_text(struct bytes cipher) {
    return cipher.size > 0 && cipher.data[0] >= 'A' && cipher.data[0] <= 'Z';
}

static void refuse_handshake(struct conn *conn, struct bytes cipher, const struct error *err) {
    const char *answer = conn->server->events->not_tls_answer;
    server_report_refusal(conn, err);
    if (answer != NULL && strcmp(err->code, "not_tls") == 0 && is_plain_text(cipher)) {
        tls_free(conn->tls);
        conn->tls = NULL;
        // Best effort: without memory there is no answer.
        (void)!buf_append_string(&conn->output, answer);
    }
    conn_close(conn);
}

// False when the connection is over.
static bool decrypt(struct conn *conn, struct bytes cipher) {
    struct error err = {0};
    const enum result result = tls_input(conn->tls, cipher, &conn->input, &err);
    conn_want_turn(conn);
    conn->has_hidden = result == RESULT_LIMIT;
    if (result != RESULT_OK && result != RESULT_LIMIT) {
        conn->has_failed = true;
        if (conn->state == CONN_HANDSHAKE) {
            refuse_handshake(conn, cipher, &err);
        } else {
            fail(conn, &err);
        }
        return false;
    }
    if (conn->state == CONN_HANDSHAKE && tls_is_established(conn->tls)) {
        open_up(conn);
    }
    return conn->state == CONN_OPEN;
}

// Offers until nothing is left or nothing is taken.
static void offer(struct conn *conn) {
    bool goes_on = conn->state == CONN_OPEN;
    while (goes_on && conn->input.size > 0) {
        conn->is_offering = true;
        const size_t taken =
            conn->server->events->on_bytes(conn->context, buf_bytes(&conn->input));
        conn->is_offering = false;
        buf_consume(&conn->input, taken);
        goes_on = taken > 0 && conn->has_hidden && conn->state == CONN_OPEN &&
                  decrypt(conn, (struct bytes){0});
    }
    if (conn->input.size == 0 || conn->state != CONN_OPEN) {
        // An idle connection keeps no memory for input.
        buf_clear(&conn->input);
        buf_init_secret(&conn->input, INPUT_MAXIMUM);
    }
}

static void peer_has_ended(struct conn *conn) {
    conn->has_ended = true;
    if (conn->state == CONN_HANDSHAKE || conn->state == CONN_LINGERING) {
        conn_destroy(conn);
        return;
    }
    if (conn->state == CONN_OPEN && conn->server->events->on_end != NULL) {
        conn->server->events->on_end(conn->context);
    }
    conn_end_if_done(conn);
    conn_update_reading(conn);
}

static void take(struct conn *conn, struct bytes bytes) {
    if (conn->state == CONN_FLUSHING || conn->state == CONN_LINGERING) {
        return; // nobody is interested any more
    }
    if (conn->tls != NULL) {
        if (!decrypt(conn, bytes)) {
            return;
        }
    } else if (buf_append(&conn->input, bytes) != RESULT_OK) {
        conn_destroy(conn);
        return;
    }
    offer(conn);
    if (conn->tls != NULL && !conn->has_ended && tls_peer_closed(conn->tls)) {
        peer_has_ended(conn);
        return;
    }
    conn_end_if_done(conn);
    conn_update_reading(conn);
}

static void on_read(uv_stream_t *stream, ssize_t count, const uv_buf_t *room) {
    struct conn *conn = stream->data;
    if (count == UV_EOF) {
        conn->is_reading = false; // libuv has stopped by itself
        peer_has_ended(conn);
    } else if (count < 0) {
        conn_destroy(conn);
    } else if (count > 0) {
        take(conn, bytes_of(room->base, (size_t)count));
    }
}

static bool wants_bytes(const struct conn *conn) {
    if (conn->has_ended) {
        return false;
    }
    if (conn->state == CONN_OPEN) {
        return !conn->has_hidden && !conn->wants_room &&
               conn->input.size < LIMIT_CONNECTION_INPUT_BYTES;
    }
    return true; // for the handshake, or to be thrown away
}

void conn_update_reading(struct conn *conn) {
    if (conn->state == CONN_CLOSED) {
        return;
    }
    const bool wants = wants_bytes(conn);
    if (wants && !conn->is_reading) {
        conn->is_reading = uv_read_start((uv_stream_t *)&conn->tcp, give_room, on_read) == 0;
    } else if (!wants && conn->is_reading) {
        (void)uv_read_stop((uv_stream_t *)&conn->tcp);
        conn->is_reading = false;
    }
}

void conn_resume(struct conn *conn) {
    conn->wants_offer = true;
    conn_want_turn(conn);
}

void conn_turn(struct conn *conn) {
    if (conn->wants_offer && conn->state == CONN_OPEN) {
        conn->wants_offer = false;
        if (conn->input.size == 0 && conn->has_hidden) {
            (void)decrypt(conn, (struct bytes){0});
        }
        offer(conn);
        conn_end_if_done(conn);
    }
    conn_flush(conn);
    conn_update_reading(conn);
}

enum result conn_start(struct conn *conn, struct error *err) {
    struct server *server = conn->server;
    (void)uv_tcp_nodelay(&conn->tcp, 1); // a matter of speed only
    if (server->tls == NULL) {
        open_up(conn);
    } else if (*server->tls == NULL) {
        return error_set(err, RESULT_UNAVAILABLE, "there is no TLS identity yet");
    } else {
        TRY(tls_accept_new(*server->tls, &conn->tls, err));
        conn->phase_due = conn_due_in(conn, server->limits.handshake_seconds);
        conn_arm(conn);
    }
    conn_update_reading(conn);
    return RESULT_OK;
}

const char *conn_peer_address(const struct conn *conn) {
    return conn->address;
}

struct bytes conn_peer_certificate(const struct conn *conn) {
    return conn->tls == NULL ? (struct bytes){0} : tls_peer_certificate(conn->tls);
}
