// One connection of a gateway: requests in, answers out in the same order.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "gateway/session.h"

#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/log.h"

struct session {
    const struct services *services;
    struct conn *conn;
    struct http_parser *parser;
    // Answers that are due, oldest first.
    struct exchange *first, *last;
    size_t count;
    bool is_full;   // bytes wait until answers have left
    bool is_ending; // what still comes is not read: the last answer is on its way
    bool has_ended; // the peer sends nothing more
};

// --- the queue ------------------------------------------------------------------------------

static struct exchange *add_exchange(struct session *session) {
    struct exchange *exchange = exchange_new(session);
    if (exchange == NULL) {
        return NULL;
    }
    if (session->last == NULL) {
        session->first = exchange;
    } else {
        session->last->next = exchange;
    }
    session->last = exchange;
    session->count++;
    return exchange;
}

static void remove_first(struct session *session) {
    struct exchange *exchange = session->first;
    session->first = exchange->next;
    if (session->first == NULL) {
        session->last = NULL;
    }
    session->count--;
    exchange_free(exchange);
}

// --- sending --------------------------------------------------------------------------------

// False when there is no room, and on_room continues, or the connection is of no use any more.
static bool send_part(struct session *session, struct bytes part, size_t *sent) {
    const enum result result = conn_send(session->conn, part, NULL);
    if (result == RESULT_OK) {
        *sent += part.size;
        return true;
    }
    if (result != RESULT_LIMIT) {
        conn_close(session->conn);
    }
    return false;
}

// Sends on from where it stopped as far as there is room. True when all is sent.
static bool send_bytes(struct session *session, struct bytes bytes, size_t *sent) {
    while (*sent < bytes.size) {
        const size_t room = conn_room(session->conn);
        if (room == 0 || !send_part(session, bytes_slice(bytes, *sent, room), sent)) {
            return false;
        }
    }
    return true;
}

static bool send_body(struct session *session, struct exchange *exchange) {
    AUTO(buf_clear) struct buf encoded = {0};
    buf_init(&encoded, LIMIT_CONNECTION_OUTPUT_BYTES);
    while (exchange->body_sent < exchange->body_size) {
        const size_t left = exchange->body_size - exchange->body_sent;
        const size_t room = conn_room(session->conn);
        struct bytes part = {0};
        if (room == 0) {
            return false;
        }
        if (published_read(exchange->published, exchange->body_offset + exchange->body_sent,
                           room < left ? room : left, &encoded, &part) != RESULT_OK ||
            part.size == 0) {
            conn_close(session->conn); // without memory it cannot be told
            return false;
        }
        if (!send_part(session, part, &exchange->body_sent)) {
            return false;
        }
    }
    return true;
}

static bool send_exchange(struct session *session, struct exchange *exchange) {
    return send_bytes(session, buf_bytes(&exchange->bytes), &exchange->bytes_sent) &&
           send_body(session, exchange);
}

static void send_ready(struct session *session) {
    while (session->first != NULL && session->first->is_ready) {
        if (!send_exchange(session, session->first)) {
            return;
        }
        const bool goes_on = session->first->form.keep_alive;
        remove_first(session);
        if (!goes_on) {
            session->is_ending = true;
            conn_close(session->conn);
            return;
        }
    }
}

// Tells the connection what it waits for: the rest of a request, an answer, or nothing.
static void settle(struct session *session) {
    send_ready(session);
    if (session->is_full && session->count < LIMIT_HTTP_PIPELINE) {
        session->is_full = false;
        conn_resume(session->conn);
    }
    if (!session->is_ending && http_parser_is_busy(session->parser)) {
        conn_set_busy(session->conn);
    } else if (session->first != NULL) {
        conn_set_waiting(session->conn);
    } else {
        conn_set_idle(session->conn);
    }
}

// --- receiving ------------------------------------------------------------------------------

// Without memory even for a refusal.
static void drop(struct session *session) {
    session->is_ending = true;
    conn_close(session->conn);
}

static void refuse(struct session *session, int status, const struct error *error) {
    struct exchange *exchange = add_exchange(session);
    if (exchange == NULL) {
        drop(session);
        return;
    }
    session->is_ending = true;
    exchange_refuse(exchange, status, error);
}

static bool has_poll(const struct session *session) {
    const struct exchange *at = session->first;
    while (at != NULL && at->poll == NULL) {
        at = at->next;
    }
    return at != NULL;
}

static struct exchange_peer peer_of(const struct session *session, bool may_wait) {
    return (struct exchange_peer){
        .address = conn_peer_address(session->conn),
        .certificate = conn_peer_certificate(session->conn),
        .may_wait = may_wait && !session->has_ended,
    };
}

static void take_request(struct session *session) {
    const struct http_message *request = http_parser_message(session->parser);
    const struct exchange_peer peer = peer_of(session, !has_poll(session));
    struct exchange *exchange = add_exchange(session);
    if (exchange == NULL) {
        drop(session);
        return;
    }
    session->is_ending = !request->keep_alive;
    exchange_begin(exchange, session->services, request, &peer);
    http_parser_next(session->parser);
    // The time of the next request does not count from the beginning of this one.
    conn_set_waiting(session->conn);
}

static void say_continue(struct session *session) {
    struct exchange *exchange = add_exchange(session);
    if (exchange == NULL) {
        drop(session);
        return;
    }
    exchange_continue(exchange);
}

// One step of the parser. False when it wants more bytes.
static bool take_bytes(struct session *session, struct bytes bytes, size_t *out_used) {
    struct error error = {0};
    size_t used = 0;
    const enum result result = http_parser_feed(session->parser, bytes, &used, &error);
    switch (result) {
    case RESULT_OK:
        *out_used = used;
        take_request(session);
        return true;
    case RESULT_PENDING:
        *out_used = used;
        if (http_parser_take_continue(session->parser)) {
            say_continue(session);
        }
        return false;
    default:
        *out_used = bytes.size;
        refuse(session, http_parser_status(session->parser), &error);
        return false;
    }
}

static size_t on_bytes(void *context, struct bytes bytes) {
    struct session *session = context;
    size_t taken = 0;
    bool goes_on = true;
    while (goes_on && taken < bytes.size && !session->is_ending) {
        if (session->count >= LIMIT_HTTP_PIPELINE && !http_parser_is_busy(session->parser)) {
            session->is_full = true;
            break;
        }
        size_t used = 0;
        goes_on = take_bytes(session, bytes_slice(bytes, taken, SIZE_MAX), &used);
        taken += used;
        send_ready(session);
    }
    settle(session);
    return session->is_ending ? bytes.size : taken;
}

// --- the connection's life ------------------------------------------------------------------

static void *on_open(void *server_context, struct conn *conn) {
    struct session *session = calloc(1, sizeof(*session));
    if (session == NULL) {
        return NULL;
    }
    session->services = server_context;
    session->conn = conn;
    if (http_parser_new(HTTP_REQUEST, LIMIT_HTTP_REQUEST_BODY_BYTES, &session->parser, NULL) !=
        RESULT_OK) {
        free(session);
        return NULL;
    }
    return session;
}

static void on_room(void *context) {
    settle(context);
}

// Only one who is in the middle of a request, and owed nothing, is told: an idle connection
// just ends, and behind a missing answer the text would be taken for it.
static void on_failure(void *context, const struct error *err) {
    struct session *session = context;
    if (strcmp(err->code, "request_timeout") == 0 && session->first == NULL) {
        refuse(session, 408, err);
        send_ready(session);
    }
    session->is_ending = true;
}

// Who has said the last word is hardly still there: what waits is answered.
static void on_end(void *context) {
    struct session *session = context;
    struct exchange *at = session->first;
    session->has_ended = true; // what is asked right now will not wait, either
    while (at != NULL && !exchange_is_waiting(at)) {
        at = at->next;
    }
    if (at != NULL) { // no second one waits on a connection
        exchange_stop_waiting(at);
        settle(session);
    }
}

static void on_close(void *context) {
    struct session *session = context;
    while (session->first != NULL) {
        struct exchange *exchange = session->first;
        if (exchange->is_ready || exchange_is_waiting(exchange)) {
            remove_first(session);
        } else {
            // Its reply is still to come, and frees it.
            session->first = exchange->next;
            exchange->session = NULL;
        }
    }
    http_parser_free(session->parser);
    free(session);
}

static void on_refused(void *server_context, const char *peer_address,
                       const struct error *err) {
    (void)server_context;
    log_event(LOG_LEVEL_DEBUG, "connection refused", "peer", peer_address, "code", err->code,
              "reason", err->message, NULL);
}

void session_reply(struct exchange *exchange, const struct frame *reply) {
    struct session *session = exchange->session;
    if (session == NULL) {
        exchange_end(exchange, reply);
        return;
    }
    const struct exchange_peer peer = peer_of(session, true);
    exchange_complete(exchange, session->services, &peer, reply);
    settle(session);
}

void session_wake(void *owner, enum parked_event event) {
    struct exchange *exchange = owner;
    struct session *session = exchange->session; // what waits has one
    if (event == PARKED_NOTICED) {
        const struct exchange_peer peer = peer_of(session, true);
        exchange_ask_again(exchange, session->services, &peer);
    } else {
        exchange_stop_waiting(exchange);
    }
    settle(session);
}

#define NOT_TLS_BODY                                                                           \
    "{\"error\":{\"code\":\"not_tls\",\"message\":\"this port speaks HTTPS, and the request "  \
    "came as plain HTTP\",\"hint\":\"Use https:// in the address.\"}}"
_Static_assert(sizeof(NOT_TLS_BODY) - 1 == 137, "the Content-Length below is that of the body");

const struct server_events session_events = {
    .on_open = on_open,
    .on_bytes = on_bytes,
    .on_end = on_end,
    .on_failure = on_failure,
    .on_close = on_close,
    .on_room = on_room,
    .on_refused = on_refused,
    .not_tls_answer = "HTTP/1.1 400 Bad Request\r\n"
                      "Content-Type: application/json\r\n"
                      "Content-Length: 137\r\n"
                      "Connection: close\r\n\r\n" NOT_TLS_BODY,
};
