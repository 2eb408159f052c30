// A server of canned bytes in a child, plain or TLS, that answers every request alike.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <arpa/inet.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "client/connect/url.h"
#include "support/test.h"
#include "wire/http.h"
#include "wire/tls.h"

// What the server does with each connection, one after the other, until it is killed.
struct script {
    const char *answer;
    struct tls_context *tls;  // NULL: plain
    bool cuts_more_each_time; // connection n gets n bytes of the answer
    bool answers_twice;       // and stays open for a second request
    bool says_goodbye;        // close_notify
};

struct test_server {
    pid_t child;
    struct url url;
};

static inline void send_all(int peer, struct bytes bytes) {
    size_t sent = 0;
    while (sent < bytes.size) {
        ssize_t count = send(peer, bytes.data + sent, bytes.size - sent, MSG_NOSIGNAL);
        if (count <= 0) {
            return;
        }
        sent += (size_t)count;
    }
}

// Reads one whole request; false when the peer went away.
static inline bool read_request(int peer, struct tls *tls) {
    AUTO(http_parser_free_at) struct http_parser *parser = NULL;
    AUTO(buf_clear) struct buf plain = {0};
    buf_init(&plain, 65536);
    if (http_parser_new(HTTP_REQUEST, 65536, &parser, NULL) != RESULT_OK) {
        return false;
    }
    while (http_parser_message(parser) == NULL) {
        uint8_t bytes[4096];
        size_t used = 0;
        ssize_t count = recv(peer, bytes, sizeof(bytes), 0);
        if (count <= 0) {
            return false;
        }
        struct bytes came = bytes_of(bytes, (size_t)count);
        enum result result =
            tls != NULL ? tls_input(tls, came, &plain, NULL) : buf_append(&plain, came);
        if (tls != NULL) {
            send_all(peer, buf_bytes(tls_output(tls)));
            buf_reset(tls_output(tls));
        }
        if (result != RESULT_OK) {
            return false;
        }
        result = http_parser_feed(parser, buf_bytes(&plain), &used, NULL);
        if (result != RESULT_OK && result != RESULT_PENDING) {
            return false;
        }
        buf_reset(&plain);
    }
    return true;
}

static inline void canned_answer(int peer, struct tls *tls, struct bytes bytes) {
    const size_t piece = 65536;
    if (tls == NULL) {
        send_all(peer, bytes);
        return;
    }
    for (; bytes.size > 0; bytes = bytes_slice(bytes, piece, bytes.size)) {
        if (tls_write(tls, bytes_slice(bytes, 0, piece), NULL) != RESULT_OK) {
            return;
        }
        send_all(peer, buf_bytes(tls_output(tls)));
        buf_reset(tls_output(tls));
    }
}

static inline void serve_one(int peer, const struct script *script, size_t turn) {
    struct tls *tls = NULL;
    if (script->tls != NULL && tls_accept_new(script->tls, &tls, NULL) != RESULT_OK) {
        return;
    }
    struct bytes bytes = bytes_of_string(script->answer);
    bytes = bytes_slice(bytes, 0, script->cuts_more_each_time ? turn : bytes.size);
    for (int i = 0; i < (script->answers_twice ? 2 : 1) && read_request(peer, tls); i++) {
        canned_answer(peer, tls, bytes);
    }
    if (tls != NULL && script->says_goodbye) {
        tls_close(tls);
        send_all(peer, buf_bytes(tls_output(tls)));
    }
    tls_free(tls);
}

static _Noreturn inline void serve(int listener, const struct script *script) {
    for (size_t turn = 0;; turn++) {
        int peer = accept(listener, NULL, NULL);
        if (peer >= 0) {
            serve_one(peer, script, turn);
            close(peer);
        }
    }
}

static inline void start_server(struct test_server *server, const struct script *script) {
    struct sockaddr_in address = {.sin_family = AF_INET};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(listener, (struct sockaddr *)&address, size), 0);
    assert_int_equal(listen(listener, 16), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &size), 0);
    *server = (struct test_server){.url = {.is_https = script->tls != NULL,
                                           .host = "127.0.0.1",
                                           .port = ntohs(address.sin_port),
                                           .target = "/"}};
    server->child = fork();
    assert_true(server->child >= 0);
    if (server->child == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL); // whatever becomes of the test
        serve(listener, script);
    }
    close(listener);
}

static inline void stop_server(struct test_server *server) {
    kill(server->child, SIGKILL);
    waitpid(server->child, NULL, 0);
}
