// A gateway in a process of its own, and the authority's end of its channel, played by the
// test. SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "support/gateway_pki.h"
#include "support/network_peer.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "gateway/gateway.h"
#include "wire/frame.h"
#include "wire/json.h"

struct gateway_fixture {
    pid_t process;
    int channel;
    uint16_t port;
    struct buf input; // from the gateway
    size_t used;      // of it, by the frame that was read last
};

static const struct setup fixture_setup = {.connections = 1000,
                                           .connections_per_address = 1000,
                                           .handshake_seconds = 60,
                                           .request_seconds = 60,
                                           .idle_seconds = 60};

// In the child: the descriptors where a gateway expects them, and nothing else.
static inline void gateway_become(enum channel role, int channel, int listener) {
    int high_channel = fcntl(channel, F_DUPFD, 100);
    int high_listener = fcntl(listener, F_DUPFD, 100);
    if (dup2(high_channel, GATEWAY_CHANNEL_DESCRIPTOR) < 0 ||
        dup2(high_listener, GATEWAY_FIRST_LISTENER_DESCRIPTOR) < 0) {
        _exit(99);
    }
    for (int descriptor = GATEWAY_FIRST_LISTENER_DESCRIPTOR + 1; descriptor < 200;
         descriptor++) {
        (void)close(descriptor);
    }
    struct error err = {0};
    enum result result = gateway_run(role, 1, &err);
    exit((int)result); // not _exit: the leak checker wants to look
}

static inline void gateway_send_frame(struct gateway_fixture *g, const struct frame *frame) {
    struct error err = {0};
    AUTO(buf_clear) struct buf bytes;
    buf_init(&bytes, (size_t)LIMIT_FRAME_REPLY_BYTES + 64);
    assert_ok(frame_write(frame, LIMIT_FRAME_REPLY_BYTES, &bytes, &err), &err);
    for (size_t sent = 0; sent < bytes.size;) {
        const struct bytes rest = bytes_slice(buf_bytes(&bytes), sent, SIZE_MAX);
        ssize_t count = send(g->channel, rest.data, rest.size, MSG_NOSIGNAL);
        assert_true(count > 0);
        sent += (size_t)count;
    }
}

static inline void gateway_notice(struct gateway_fixture *g, enum notice_id notice,
                                  const struct message_type *type, const void *message) {
    struct error err = {0};
    AUTO(buf_clear) struct buf body;
    buf_init(&body, (size_t)LIMIT_FRAME_REPLY_BYTES);
    if (type != NULL) {
        assert_ok(message_to_binary(type, message, &body, &err), &err);
    }
    gateway_send_frame(g, &(struct frame){.kind = FRAME_NOTICE,
                                          .number = (uint16_t)notice,
                                          .body = buf_bytes(&body)});
}

static inline void gateway_set_up(struct gateway_fixture *g, const struct setup *limits) {
    struct setup setup = *limits;
    setup.log_level = (char[]){"error"};
    setup.log_format = (char[]){"text"};
    gateway_notice(g, NOTICE_SETUP, &setup_type, &setup);
}

// Forks it; it waits for its notices. Connections are queued by the kernel until then.
static inline void gateway_start_silent(struct gateway_fixture *g, enum channel role) {
    int ends[2];
    *g = (struct gateway_fixture){0};
    buf_init(&g->input, 4 * LIMIT_FRAME_REQUEST_BYTES);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    int listener = peer_listen(&g->port);
    (void)fflush(NULL);
    g->process = fork();
    assert_true(g->process >= 0);
    if (g->process == 0) {
        gateway_become(role, ends[1], listener);
    }
    (void)close(ends[1]);
    (void)close(listener);
    g->channel = ends[0];
}

static inline void gateway_start(struct gateway_fixture *g, enum channel role,
                                 const struct setup *limits) {
    gateway_start_silent(g, role);
    gateway_set_up(g, limits);
}

static inline void gateway_publish(struct gateway_fixture *g, const char *path,
                                   const char *etag, struct bytes body) {
    struct publication publication = {.last_modified = 1700000000, .max_age = 60};
    assert_int_equal(text_set(&publication.path, path), RESULT_OK);
    assert_int_equal(text_set(&publication.etag, etag), RESULT_OK);
    assert_int_equal(text_set(&publication.content_type, "application/pkix-crl"), RESULT_OK);
    assert_int_equal(blob_set(&publication.body, body), RESULT_OK);
    gateway_notice(g, NOTICE_PUBLICATION, &publication_type, &publication);
    message_clear(&publication_type, &publication);
}

// A server's identity for the gateway, and the CA whose client certificates it takes.
static inline void gateway_identify(struct gateway_fixture *g, const struct credential *server,
                                    const struct credential *ca) {
    struct identity identity = {0};
    AUTO(buf_clear) struct buf key;
    buf_init_secret(&key, LIMIT_KEY_FILE_BYTES);
    assert_int_equal(key_save_pkcs8(server->key, &key), RESULT_OK);
    assert_int_equal(blob_set(&identity.key, buf_bytes(&key)), RESULT_OK);
    assert_int_equal(blob_set(&identity.chain, buf_bytes(&server->der)), RESULT_OK);
    assert_int_equal(blob_set(&identity.trust, buf_bytes(&ca->der)), RESULT_OK);
    gateway_notice(g, NOTICE_IDENTITY, &identity_type, &identity);
    message_clear(&identity_type, &identity);
}

// Waits for its end; the exit status, or -1 for a signal.
static inline int gateway_wait(struct gateway_fixture *g) {
    int status = 0;
    const int64_t deadline = peer_deadline();
    pid_t ended = 0;
    while ((ended = waitpid(g->process, &status, WNOHANG)) == 0 &&
           clock_monotonic_milliseconds() < deadline) {
        (void)poll(NULL, 0, 5);
    }
    if (ended == 0) {
        (void)kill(g->process, SIGKILL);
        (void)waitpid(g->process, &status, 0);
    }
    g->process = 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

// The authority goes away; the gateway must end by itself, without a leak.
static inline void gateway_stop(struct gateway_fixture *g) {
    if (g->channel > 0) {
        (void)close(g->channel);
    }
    if (g->process > 0) {
        assert_int_equal(gateway_wait(g), RESULT_UNAVAILABLE);
    }
    buf_clear(&g->input);
    *g = (struct gateway_fixture){0};
}

// --- the authority's part --------------------------------------------------------------------

// Whether the gateway says something within that time.
static inline bool gateway_speaks_within(const struct gateway_fixture *g, int milliseconds) {
    struct pollfd wait = {.fd = g->channel, .events = POLLIN};
    return g->input.size > g->used || poll(&wait, 1, milliseconds) > 0;
}

// The next request; its views live until the next call.
static inline struct frame gateway_next(struct gateway_fixture *g) {
    struct frame frame = {0};
    struct error err = {0};
    buf_consume(&g->input, g->used);
    g->used = 0;
    enum result result = RESULT_PENDING;
    while ((result = frame_read(buf_bytes(&g->input), LIMIT_FRAME_REQUEST_BYTES, &frame,
                                &g->used, &err)) == RESULT_PENDING) {
        struct pollfd wait = {.fd = g->channel, .events = POLLIN};
        assert_int_equal(poll(&wait, 1, PEER_PATIENCE_MILLISECONDS), 1);
        uint8_t bytes[65536];
        ssize_t count = recv(g->channel, bytes, sizeof(bytes), 0);
        assert_true(count > 0);
        assert_int_equal(buf_append(&g->input, bytes_of(bytes, (size_t)count)), RESULT_OK);
    }
    assert_ok(result, &err);
    assert_int_equal(frame.kind, FRAME_REQUEST);
    return frame;
}

static inline void gateway_reply(struct gateway_fixture *g, uint32_t id,
                                 const struct message_type *type, const void *message) {
    struct error err = {0};
    AUTO(buf_clear) struct buf body;
    buf_init(&body, LIMIT_HTTP_RESPONSE_BODY_BYTES * 2);
    assert_ok(message_to_binary(type, message, &body, &err), &err);
    gateway_send_frame(
        g, &(struct frame){.kind = FRAME_REPLY, .id = id, .body = buf_bytes(&body)});
}

static inline void gateway_refuse(struct gateway_fixture *g, uint32_t id,
                                  const struct error *error) {
    AUTO(buf_clear) struct buf body;
    buf_init(&body, 4096);
    assert_int_equal(frame_write_error(error, &body), RESULT_OK);
    gateway_send_frame(g, &(struct frame){.kind = FRAME_REPLY,
                                          .result = (uint8_t)error->result,
                                          .id = id,
                                          .body = buf_bytes(&body)});
}

// A token_info with that id, which is easy to tell apart.
static inline void gateway_reply_token(struct gateway_fixture *g, uint32_t id,
                                       const char *token) {
    struct token_info info = {.uses = 1, .created = 1700000000, .expires = 1800000000};
    assert_int_equal(text_set(&info.id, token), RESULT_OK);
    assert_int_equal(text_set(&info.profile, "client"), RESULT_OK);
    assert_int_equal(text_set(&info.state, "open"), RESULT_OK);
    gateway_reply(g, id, &token_info_type, &info);
    message_clear(&token_info_type, &info);
}

// --- what came back --------------------------------------------------------------------------

static inline void assert_body_has(const struct http_message *response, const char *text) {
    assert_non_null(response);
    AUTO(string_free_at) char *body = string_copy_bytes(buf_bytes(&response->body));
    if (strstr(body, text) == NULL) {
        print_error("no \"%s\" in %s\n", text, body);
        fail();
    }
}

static inline void assert_header(const struct http_message *response, const char *name,
                                 const char *value) {
    assert_non_null(response);
    const char *found = http_message_header(response, name);
    if (value == NULL) {
        assert_null(found);
    } else {
        assert_non_null(found);
        assert_string_equal(found, value);
    }
}

// An error answer of this status and code, with a message and this in its hint.
static inline void assert_error(const struct http_message *response, int status,
                                const char *code, const char *hint) {
    struct error err = {0};
    AUTO(json_free_at) struct json *json = NULL;
    assert_non_null(response);
    assert_int_equal(response->status, status);
    assert_header(response, "content-type", "application/json");
    assert_ok(json_parse(buf_bytes(&response->body), &json, &err), &err);
    const struct json *error = json_member(json, "error");
    assert_non_null(error);
    if (code != NULL) {
        assert_string_equal(json_string(json_member(error, "code")), code);
    }
    assert_true(json_string(json_member(error, "message"))[0] != '\0');
    if (hint != NULL) {
        const struct json *member = json_member(error, "hint");
        assert_non_null(member);
        if (strstr(json_string(member), hint) == NULL) {
            print_error("the hint is: %s\n", json_string(member));
            fail();
        }
    }
}
