// What server.c, conn.c and conn_output.c share: the inside of a server and of a connection.
// SPDX-License-Identifier: GPL-3.0-or-later
// Only those three files include it. It describes uv_tcp_t, uv_timer_t, uv_prepare_t,
// uv_idle_t.
#pragma once

#include "base/limits.h"
#include "wire/conn.h"
#include "wire/server_peers.h"

//   HANDSHAKE ──▶ OPEN ──▶ FLUSHING ──▶ LINGERING ──▶ CLOSED
// FLUSHING sends what is queued and takes nothing more; LINGERING has shut down its side and
// waits for the peer's end, so that a peer still sending reads our last answer instead of a
// reset. Every state may go straight to CLOSED, when the peer is gone.
enum conn_state { CONN_HANDSHAKE, CONN_OPEN, CONN_FLUSHING, CONN_LINGERING, CONN_CLOSED };

enum conn_phase { PHASE_IDLE, PHASE_BUSY, PHASE_WAITING };

// The lists of a server: every connection; those that are idle, oldest first; those with
// something to do before the loop sleeps.
enum { LIST_ALL, LIST_IDLE, LIST_TURN, LIST_COUNT };

struct conn_list {
    struct conn *first, *last;
    size_t count;
};

struct conn_link {
    struct conn *previous, *next;
    bool is_linked;
};

#define SERVER_READ_BYTES (32 * 1024)

struct server {
    uv_tcp_t listener;
    uv_prepare_t turn;
    uv_idle_t awake;  // active while work is left, so that the loop does not sleep
    uv_timer_t retry; // accepting again after memory was out
    int open_handles;
    bool is_stopped;
    bool is_draining;
    bool is_closing;
    uv_loop_t *loop;
    struct tls_context *const *tls;
    struct server_limits limits;
    const struct server_events *events;
    void *context;
    void (*on_drained)(void *context);
    void *drained_context;
    struct server_peers *peers;
    struct conn_list lists[LIST_COUNT];
    // One for all connections: libuv fills it and hands it over in one breath.
    uint8_t read_buffer[SERVER_READ_BYTES];
};

struct conn {
    uv_tcp_t tcp;
    uv_timer_t timer;
    uv_write_t write;
    uv_shutdown_t shutdown;
    int open_handles;
    struct server *server;
    struct conn_link links[LIST_COUNT];
    enum conn_state state;
    enum conn_phase phase;
    bool is_counted;  // in server->peers
    bool has_context; // on_open has been called
    bool is_reading;
    bool is_offering; // on_bytes is running: `input` must stay where it is
    bool wants_offer; // conn_resume was called
    bool wants_room;  // somebody waits for on_room
    bool has_hidden;  // decrypted bytes wait inside `tls`
    bool has_failed;  // TLS broke: no goodbye
    bool has_ended;   // the peer has sent its last byte
    bool is_writing;
    struct tls *tls;    // NULL when plain
    struct buf input;   // plain bytes that on_bytes has not taken
    struct buf output;  // of a plain connection; else tls_output is used
    struct buf flight;  // what uv_write is working on
    size_t flight_left; // of it, when it was last looked at
    uint64_t phase_due; // loop time in milliseconds; 0: none
    uint64_t send_due;
    void *context;
    struct peer_key key;
    char address[46];
};

// --- server.c -------------------------------------------------------------------------------

void server_list_add(struct conn *conn, int list);
void server_list_remove(struct conn *conn, int list);
// Its handles are about to be freed: takes it off the books.
void server_forget(struct conn *conn);
void server_report_refusal(const struct conn *conn, const struct error *err);

// --- conn.c ---------------------------------------------------------------------------------

// With its handles, but without a socket. NULL when memory is out.
struct conn *conn_new(struct server *server);
// Has its socket and its place: begins the handshake, or is open.
enum result conn_start(struct conn *conn, struct error *err);
// At once, without goodbye. Calls on_close. Not from within its own on_bytes.
void conn_destroy(struct conn *conn);
// The part of its work that waits for the end of the turn.
void conn_turn(struct conn *conn);
void conn_want_turn(struct conn *conn);
void conn_update_reading(struct conn *conn);
void conn_arm(struct conn *conn);
uint64_t conn_due_in(const struct conn *conn, unsigned seconds);
// Closes it if nothing more can come or is wanted.
void conn_end_if_done(struct conn *conn);

// --- conn_output.c --------------------------------------------------------------------------

// Hands to the kernel what it takes.
void conn_flush(struct conn *conn);
// Bytes queued and not yet taken by the kernel.
size_t conn_queued(const struct conn *conn);
// The flight made enough progress within the request time; looks again in the next.
bool conn_check_progress(struct conn *conn);
