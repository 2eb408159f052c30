// The sending side of a connection: queueing, one write per turn, back-pressure, and the
// goodbye. SPDX-License-Identifier: GPL-3.0-or-later Works on the uv_tcp_t of a connection,
// which conn.c opens and frees.
#include "wire/conn.h"

#include "wire/server_state.h"

static struct buf *output_of(const struct conn *conn) {
    return conn->tls != NULL ? tls_output(conn->tls) : (struct buf *)(uintptr_t)&conn->output;
}

size_t conn_queued(const struct conn *conn) {
    const size_t in_flight =
        conn->is_writing ? uv_stream_get_write_queue_size((const uv_stream_t *)&conn->tcp) : 0;
    return output_of(conn)->size + in_flight;
}

static size_t room_left(const struct conn *conn) {
    const size_t queued = conn_queued(conn);
    return queued >= LIMIT_CONNECTION_OUTPUT_BYTES ? 0 : LIMIT_CONNECTION_OUTPUT_BYTES - queued;
}

// What TLS adds to that many bytes, generously: each record of 16 kB grows by less than 128
// bytes.
static size_t overhead_of(const struct conn *conn, size_t size) {
    return conn->tls == NULL ? 0 : size / 128 + 256;
}

size_t conn_room(struct conn *conn) {
    const size_t left = conn->state == CONN_OPEN ? room_left(conn) : 0;
    const size_t overhead = overhead_of(conn, left);
    if (left > overhead) {
        return left - overhead;
    }
    conn->wants_room = true;
    return 0;
}

enum result conn_send(struct conn *conn, struct bytes bytes, struct error *err) {
    if (conn->state != CONN_OPEN || conn->has_failed) {
        return error_set(err, RESULT_UNAVAILABLE, "the connection is closing");
    }
    if (bytes.size > room_left(conn)) {
        conn->wants_room = true;
        return error_set(err, RESULT_LIMIT, "the peer does not read its answers");
    }
    if (conn->tls != NULL) {
        const enum result result = tls_write(conn->tls, bytes, err);
        conn->wants_room |= result == RESULT_LIMIT;
        TRY(result);
    } else if (buf_append(&conn->output, bytes) != RESULT_OK) {
        return error_out_of_memory(err);
    }
    conn_want_turn(conn);
    return RESULT_OK;
}

// --- to the kernel --------------------------------------------------------------------------

// An idle connection keeps no memory for output.
static void release(struct buf *output) {
    const size_t maximum = output->maximum;
    buf_clear(output);
    buf_init(output, maximum);
}

static void on_shut_down(uv_shutdown_t *shutdown, int status) {
    struct conn *conn = shutdown->data;
    if (status != 0 && status != UV_ECANCELED) {
        conn_destroy(conn);
    }
}

static void start_lingering(struct conn *conn) {
    if (conn->has_ended) {
        conn_destroy(conn);
        return;
    }
    conn->state = CONN_LINGERING;
    conn->phase_due = conn_due_in(conn, LIMIT_CLOSE_SECONDS);
    conn->shutdown.data = conn;
    if (uv_shutdown(&conn->shutdown, (uv_stream_t *)&conn->tcp, on_shut_down) != 0) {
        conn_destroy(conn);
        return;
    }
    conn_arm(conn);
    conn_update_reading(conn);
}

static void everything_is_sent(struct conn *conn) {
    if (conn->send_due != 0) {
        conn->send_due = 0;
        conn_arm(conn);
    }
    if (conn->state == CONN_FLUSHING) {
        start_lingering(conn);
        return;
    }
    if (conn->state == CONN_OPEN && conn->wants_room) {
        conn->wants_room = false;
        if (conn->server->events->on_room != NULL) {
            conn->server->events->on_room(conn->context);
        }
    }
    conn_update_reading(conn);
}

static void on_written(uv_write_t *write, int status) {
    struct conn *conn = write->data;
    conn->is_writing = false;
    buf_clear(&conn->flight);
    if (conn->state == CONN_CLOSED) {
        return;
    }
    if (status != 0) {
        conn_destroy(conn);
        return;
    }
    conn_flush(conn);
}

// libuv needs the bytes to stay in place until on_written.
static void write_rest(struct conn *conn, struct buf *output, size_t sent) {
    const size_t maximum = output->maximum;
    buf_move(&conn->flight, output);
    buf_init(output, maximum);
    const struct bytes rest = bytes_slice(buf_bytes(&conn->flight), sent, SIZE_MAX);
    const uv_buf_t view = uv_buf_init((char *)(uintptr_t)rest.data, (unsigned)rest.size);
    conn->write.data = conn;
    if (uv_write(&conn->write, (uv_stream_t *)&conn->tcp, &view, 1, on_written) != 0) {
        conn_destroy(conn);
        return;
    }
    conn->is_writing = true;
    conn->flight_left = rest.size;
    conn->send_due = conn_due_in(conn, conn->server->limits.request_seconds);
    conn_arm(conn);
    conn_update_reading(conn);
}

void conn_flush(struct conn *conn) {
    if (conn->state == CONN_CLOSED || conn->state == CONN_LINGERING || conn->is_writing) {
        return;
    }
    struct buf *output = output_of(conn);
    if (output->size > 0) {
        const uv_buf_t view = uv_buf_init((char *)output->data, (unsigned)output->size);
        int sent = uv_try_write((uv_stream_t *)&conn->tcp, &view, 1);
        if (sent < 0 && sent != UV_EAGAIN) {
            conn_destroy(conn);
            return;
        }
        sent = sent < 0 ? 0 : sent;
        if ((size_t)sent < output->size) {
            write_rest(conn, output, (size_t)sent);
            return;
        }
        release(output);
    }
    everything_is_sent(conn);
}

bool conn_check_progress(struct conn *conn) {
    const size_t left = uv_stream_get_write_queue_size((const uv_stream_t *)&conn->tcp);
    if (conn->flight_left < left + LIMIT_SLOWEST_READ_BYTES) {
        return false;
    }
    conn->flight_left = left;
    conn->send_due = conn_due_in(conn, conn->server->limits.request_seconds);
    return true;
}

void conn_close(struct conn *conn) {
    if (conn->state != CONN_OPEN && conn->state != CONN_HANDSHAKE) {
        return;
    }
    conn->state = CONN_FLUSHING;
    server_list_remove(conn, LIST_IDLE);
    conn->phase_due = 0;
    if (conn->tls != NULL && !conn->has_failed) {
        tls_close(conn->tls);
    }
    conn_arm(conn);
    conn_update_reading(conn);
    conn_want_turn(conn);
}
