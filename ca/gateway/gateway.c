// A gateway process: the loop, the authority's channel and notices, and the listening sockets.
// SPDX-License-Identifier: GPL-3.0-or-later
// Owns the uv_loop_t; sockets and timers are held by protocol/wire (channel, conn).
#include "gateway/gateway.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <uv.h>

#include "base/limits.h"
#include "base/log.h"
#include "gateway/session.h"
#include "wire/channel.h"
#include "wire/conn.h"
#include "x509/key.h"

// Descriptors beside connections: standard ones, channel, epoll, libuv's spare and wake-up, and
// some for the libraries.
#define OTHER_DESCRIPTORS 32

struct listener {
    struct gateway *gateway;
    struct server *server; // NULL until listening and after the end
};

struct gateway {
    enum channel role;
    int listener_count;
    uv_loop_t loop;
    struct channel_pipe *channel;
    struct listener *listeners; // `listener_count` of them
    struct server_limits limits;
    struct tls_context *tls;
    struct publications publications;
    struct requests *requests;
    struct parking *parking;
    struct ocsp_desk *ocsp;
    struct services services;
    bool has_setup;
    bool is_listening;
    bool is_draining;
    int draining_count; // servers that still have connections
    enum result result;
    struct error error; // why it ended, unless by NOTICE_DRAIN
};

// --- the end --------------------------------------------------------------------------------

static void close_all(struct gateway *gateway) {
    for (int i = 0; i < gateway->listener_count; i++) {
        server_close(gateway->listeners[i].server);
        gateway->listeners[i].server = NULL;
    }
    channel_close(gateway->channel);
    gateway->channel = NULL;
    parking_free(gateway->parking); // behind the connections, whose ends give up their places
    gateway->parking = NULL;
}

static void fail(struct gateway *gateway, const struct error *err) {
    gateway->result = err->result;
    gateway->error = *err;
    close_all(gateway);
}

static void on_drained(void *context) {
    struct listener *listener = context;
    struct gateway *gateway = listener->gateway;
    listener->server = NULL;
    gateway->draining_count--;
    if (gateway->draining_count == 0) {
        channel_close(gateway->channel);
        gateway->channel = NULL;
        parking_free(gateway->parking);
        gateway->parking = NULL;
    }
}

// Answers that are under way leave first; the authority ends us when that takes too long.
static void drain(struct gateway *gateway) {
    if (gateway->is_draining) {
        return;
    }
    gateway->is_draining = true;
    if (!gateway->is_listening || gateway->listener_count == 0) {
        close_all(gateway);
        return;
    }
    gateway->draining_count = gateway->listener_count;
    for (int i = 0; i < gateway->listener_count; i++) {
        struct listener *listener = &gateway->listeners[i];
        server_drain(listener->server, on_drained, listener);
    }
    parking_close(gateway->parking);
}

// --- listening ------------------------------------------------------------------------------

// The soft limit is 1024 on most systems, for the sake of select(2), which nothing here uses.
static void raise_descriptor_limit(void) {
    struct rlimit descriptors;
    if (getrlimit(RLIMIT_NOFILE, &descriptors) == 0) {
        descriptors.rlim_cur = descriptors.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &descriptors); // else connections are clamped, below
    }
}

// Never more connections than descriptors: running out of them would refuse at random.
static size_t connections_within_descriptors(const struct gateway *gateway, size_t wanted) {
    struct rlimit descriptors;
    if (gateway->listener_count == 0 || getrlimit(RLIMIT_NOFILE, &descriptors) != 0) {
        return wanted;
    }
    const size_t listeners = (size_t)gateway->listener_count;
    const size_t other = OTHER_DESCRIPTORS + listeners;
    const size_t left = descriptors.rlim_cur > other ? descriptors.rlim_cur - other : 0;
    const size_t each = left / listeners > 0 ? left / listeners : 1;
    return wanted < each ? wanted : each;
}

// Listens once limits and, for TLS, an identity are here.
static enum result listen_if_ready(struct gateway *gateway, struct error *err) {
    const bool is_plain = gateway->role == CHANNEL_PUBLIC;
    if (gateway->is_listening || !gateway->has_setup || (!is_plain && gateway->tls == NULL)) {
        return RESULT_OK;
    }
    for (int i = 0; i < gateway->listener_count; i++) {
        TRY(server_open(&gateway->loop, GATEWAY_FIRST_LISTENER_DESCRIPTOR + i,
                        is_plain ? NULL : &gateway->tls, &gateway->limits, &session_events,
                        &gateway->services, &gateway->listeners[i].server, err));
    }
    gateway->is_listening = true;
    log_event(LOG_LEVEL_DEBUG, "listening", NULL);
    return RESULT_OK;
}

// --- notices --------------------------------------------------------------------------------

static const char *component(enum channel role) {
    return role == CHANNEL_ENROLL  ? "gateway-enroll"
           : role == CHANNEL_ADMIN ? "gateway-admin"
                                   : "gateway-public";
}

static unsigned at_least_one(int64_t seconds) {
    return seconds < 1 ? 1 : (unsigned)seconds;
}

static enum result take_setup(struct gateway *gateway, const struct setup *setup,
                              struct error *err) {
    enum log_level level = LOG_LEVEL_INFO;
    if (!log_level_from_name(setup->log_level, &level)) {
        return error_set(err, RESULT_INVALID, "unknown log level \"%s\"", setup->log_level);
    }
    const bool is_json = strcmp(setup->log_format, "json") == 0;
    log_configure(level, is_json ? LOG_FORMAT_JSON : LOG_FORMAT_TEXT, component(gateway->role));
    gateway->limits = (struct server_limits){
        .connections = connections_within_descriptors(gateway, (size_t)setup->connections),
        .connections_per_address = (size_t)setup->connections_per_address,
        .handshake_seconds = at_least_one(setup->handshake_seconds),
        .request_seconds = at_least_one(setup->request_seconds),
        .idle_seconds = at_least_one(setup->idle_seconds),
    };
    ocsp_desk_set_nonce(gateway->ocsp, setup->ocsp_ignores_nonce);
    gateway->has_setup = true;
    for (int i = 0; gateway->is_listening && i < gateway->listener_count; i++) {
        server_set_limits(gateway->listeners[i].server, &gateway->limits);
    }
    return RESULT_OK;
}

static enum result take_identity(struct gateway *gateway, const struct identity *identity,
                                 struct error *err) {
    if (gateway->role == CHANNEL_PUBLIC) {
        return RESULT_OK; // it speaks plain HTTP
    }
    AUTO(key_free_at) struct key *key = NULL;
    TRY(key_load_pkcs8(blob_bytes(&identity->key), &key, err));
    struct tls_context *tls = NULL;
    TRY(tls_server_context_new(blob_bytes(&identity->chain), key, blob_bytes(&identity->trust),
                               gateway->role == CHANNEL_ADMIN ? TLS_CLIENT_CERTIFICATE_REQUIRED
                                                              : TLS_CLIENT_CERTIFICATE_OPTIONAL,
                               &tls, err));
    tls_context_free(gateway->tls); // connections made from it live on
    gateway->tls = tls;
    return RESULT_OK;
}

static enum result read_setup(struct gateway *gateway, struct bytes body, struct error *err) {
    struct setup setup = {0};
    enum result result = message_from_binary(&setup_type, body, &setup, err);
    if (result == RESULT_OK) {
        result = take_setup(gateway, &setup, err);
    }
    message_clear(&setup_type, &setup);
    return result;
}

static enum result read_identity(struct gateway *gateway, struct bytes body,
                                 struct error *err) {
    struct identity identity = {0};
    enum result result = message_from_binary(&identity_type, body, &identity, err);
    if (result == RESULT_OK) {
        result = take_identity(gateway, &identity, err);
    }
    message_clear(&identity_type, &identity);
    return result;
}

// Those who wait for a next version have one.
static enum result tell_new(struct gateway *gateway, enum result result,
                            const struct published *published) {
    if (result == RESULT_OK && published != NULL) {
        parking_notice(gateway->parking, published_path(published));
    }
    return result;
}

static enum result read_publication(struct gateway *gateway, struct bytes body,
                                    struct error *err) {
    struct publication publication = {0};
    struct published *published = NULL;
    enum result result = message_from_binary(&publication_type, body, &publication, err);
    if (result == RESULT_OK) {
        result = publications_take(&gateway->publications, &publication, &published, err);
    }
    message_clear(&publication_type, &publication);
    return tell_new(gateway, result, published);
}

static enum result read_publication_piece(struct gateway *gateway, struct bytes body,
                                          struct error *err) {
    struct publication_piece piece = {0};
    struct published *published = NULL;
    enum result result = message_from_binary(&publication_piece_type, body, &piece, err);
    if (result == RESULT_OK) {
        result = publications_take_piece(&gateway->publications, blob_bytes(&piece.body),
                                         &published, err);
    }
    message_clear(&publication_piece_type, &piece);
    return tell_new(gateway, result, published);
}

static enum result read_decided(struct gateway *gateway, struct bytes body, struct error *err) {
    struct decided decided = {0};
    enum result result = message_from_binary(&decided_type, body, &decided, err);
    if (result == RESULT_OK) {
        parking_notice(gateway->parking, decided.id);
    }
    message_clear(&decided_type, &decided);
    return result;
}

static enum result read_status_changed(struct gateway *gateway, struct bytes body,
                                       struct error *err) {
    struct status_changed changed = {0};
    enum result result = message_from_binary(&status_changed_type, body, &changed, err);
    if (result == RESULT_OK) {
        ocsp_desk_forget(gateway->ocsp, &changed);
    }
    message_clear(&status_changed_type, &changed);
    return result;
}

static enum result on_notice(struct gateway *gateway, const struct frame *frame,
                             struct error *err) {
    switch (frame->number) {
    case NOTICE_SETUP:
        return read_setup(gateway, frame->body, err);
    case NOTICE_IDENTITY:
        return read_identity(gateway, frame->body, err);
    case NOTICE_PUBLICATION:
        return read_publication(gateway, frame->body, err);
    case NOTICE_PUBLICATION_PIECE:
        return read_publication_piece(gateway, frame->body, err);
    case NOTICE_DECIDED:
        return read_decided(gateway, frame->body, err);
    case NOTICE_STATUS_CHANGED:
        return read_status_changed(gateway, frame->body, err);
    case NOTICE_DRAIN:
        drain(gateway);
        return RESULT_OK;
    default:
        return error_set(err, RESULT_INVALID, "an unknown notice: %u", frame->number);
    }
}

// --- the channel ----------------------------------------------------------------------------

static void on_frame(void *context, const struct frame *frame) {
    struct gateway *gateway = context;
    struct error err = {0};
    if (frame->kind == FRAME_REPLY) {
        struct exchange *exchange = requests_take(gateway->requests, frame->id);
        if (exchange != NULL) {
            session_reply(exchange, frame);
        }
        return;
    }
    if (frame->kind != FRAME_NOTICE) {
        (void)error_set(&err, RESULT_INTERNAL, "the authority sent a request to a gateway");
        fail(gateway, &err);
        return;
    }
    // A notice that cannot be used leaves the one before it in force.
    if (on_notice(gateway, frame, &err) != RESULT_OK) {
        log_error(LOG_LEVEL_ERROR, "notice refused", &err);
        return;
    }
    if (!gateway->is_draining && listen_if_ready(gateway, &err) != RESULT_OK) {
        fail(gateway, &err);
    }
}

static void on_end(void *context, const struct error *err) {
    struct gateway *gateway = context;
    if (gateway->is_draining) {
        // The authority did not wait for our last answers; nobody can send others.
        uv_stop(&gateway->loop);
        return;
    }
    fail(gateway, err);
}

static const struct channel_events channel_events = {.on_frame = on_frame, .on_end = on_end};

// --- the process ----------------------------------------------------------------------------

// What a terminal or a service manager sends to the whole group is the authority's business; it
// ends us with NOTICE_DRAIN or by going away.
static void ignore_signals(void) {
    static const int signals[] = {SIGHUP, SIGTERM, SIGINT, SIGPIPE};
    for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
        (void)signal(signals[i], SIG_IGN);
    }
}

static enum result start(struct gateway *gateway, struct error *err) {
    gateway->services = (struct services){
        .role = gateway->role,
        .publications = &gateway->publications,
    };
    gateway->listeners = calloc((size_t)gateway->listener_count + 1, sizeof(struct listener));
    if (gateway->listeners == NULL) {
        return error_out_of_memory(err);
    }
    for (int i = 0; i < gateway->listener_count; i++) {
        gateway->listeners[i].gateway = gateway;
    }
    TRY(requests_new(&gateway->channel, &gateway->requests, err));
    gateway->services.requests = gateway->requests;
    TRY(parking_new(&gateway->loop, session_wake, &gateway->parking, err));
    gateway->services.parking = gateway->parking;
    TRY(ocsp_desk_new(&gateway->ocsp, err));
    gateway->services.ocsp = gateway->ocsp;
    return channel_open(&gateway->loop, GATEWAY_CHANNEL_DESCRIPTOR, LIMIT_FRAME_REPLY_BYTES,
                        LIMIT_FRAME_REQUEST_BYTES, &channel_events, gateway, &gateway->channel,
                        err);
}

static void run(struct gateway *gateway) {
    (void)uv_run(&gateway->loop, UV_RUN_DEFAULT);
    close_all(gateway);
    (void)uv_run(&gateway->loop, UV_RUN_DEFAULT); // the close callbacks
}

static void free_exchange(void *owner) {
    exchange_free(owner);
}

static void clear(struct gateway *gateway) {
    (void)uv_loop_close(&gateway->loop);
    requests_free(gateway->requests, free_exchange);
    ocsp_desk_free(gateway->ocsp); // behind the questions that were with the authority
    publications_clear(&gateway->publications);
    tls_context_free(gateway->tls);
    free(gateway->listeners);
}

enum result gateway_run(enum channel role, int listener_count, struct error *err) {
    struct gateway gateway = {.role = role, .listener_count = listener_count};
    ignore_signals();
    raise_descriptor_limit();
    log_configure(LOG_LEVEL_INFO, LOG_FORMAT_TEXT, component(role));
    const int status = uv_loop_init(&gateway.loop);
    if (status != 0) {
        return error_set(err, RESULT_UNAVAILABLE, "an event loop: %s", uv_strerror(status));
    }
    enum result result = start(&gateway, err);
    run(&gateway);
    if (result == RESULT_OK && gateway.result != RESULT_OK) {
        result = gateway.result;
        if (err != NULL) {
            *err = gateway.error;
        }
    }
    clear(&gateway);
    return result;
}
