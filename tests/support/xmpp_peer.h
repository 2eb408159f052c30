// An XMPP server that follows a script, in a child: what it waits for, what it says then.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "support/canned_server.h"

// The steps of each connection, ended by one without `expects`. After the last one the server is
// silent until the peer goes.
struct peer_step {
    const char *expects; // somewhere in what has come since the last answer
    const char *answer;
    bool starts_tls; // behind the answer
};

struct peer_script {
    const struct peer_step *steps;
    struct tls_context *tls;
    bool cuts_more_each_time; // connection n gets n bytes of the answers, and its end
};

struct peer {
    int socket;
    struct tls *tls;
    struct buf received;
    size_t budget; // bytes that may still be said
};

// False when the peer went away.
static inline bool peer_receive(struct peer *peer) {
    uint8_t bytes[4096];
    ssize_t count = recv(peer->socket, bytes, sizeof(bytes), 0);
    if (count <= 0) {
        return false;
    }
    struct bytes came = bytes_of(bytes, (size_t)count);
    enum result result = peer->tls != NULL ? tls_input(peer->tls, came, &peer->received, NULL)
                                           : buf_append(&peer->received, came);
    if (peer->tls != NULL) {
        send_all(peer->socket, buf_bytes(tls_output(peer->tls)));
        buf_reset(tls_output(peer->tls));
    }
    return result == RESULT_OK;
}

// False when the conversation is over.
static inline bool peer_follow(struct peer *peer, const struct peer_step *step,
                               struct tls_context *tls) {
    while (strstr(buf_string(&peer->received), step->expects) == NULL) {
        if (!peer_receive(peer)) {
            return false;
        }
    }
    buf_reset(&peer->received);
    struct bytes answer = bytes_of_string(step->answer);
    struct bytes said = bytes_slice(answer, 0, peer->budget);
    canned_answer(peer->socket, peer->tls, said);
    peer->budget -= said.size;
    if (said.size < answer.size) {
        return false;
    }
    return !step->starts_tls || tls_accept_new(tls, &peer->tls, NULL) == RESULT_OK;
}

static inline void peer_serve_one(int socket, const struct peer_script *script, size_t turn) {
    struct peer peer = {.socket = socket,
                        .budget = script->cuts_more_each_time ? turn : SIZE_MAX};
    buf_init(&peer.received, 1 << 20);
    const struct peer_step *step = script->steps;
    while (step->expects != NULL && peer_follow(&peer, step, script->tls)) {
        step++;
    }
    while (step->expects == NULL && peer_receive(&peer)) {
        buf_reset(&peer.received);
    }
    tls_free(peer.tls);
    buf_clear(&peer.received);
}

static inline void start_peer(struct test_server *server, const struct peer_script *script) {
    struct sockaddr_in address = {.sin_family = AF_INET};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(listener, (struct sockaddr *)&address, size), 0);
    assert_int_equal(listen(listener, 16), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &size), 0);
    *server = (struct test_server){.url = {.port = ntohs(address.sin_port)}};
    server->child = fork();
    assert_true(server->child >= 0);
    if (server->child > 0) {
        close(listener);
        return;
    }
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL); // whatever becomes of the test
    for (size_t turn = 0;; turn++) {
        int socket = accept(listener, NULL, NULL);
        if (socket >= 0) {
            peer_serve_one(socket, script, turn);
            close(socket);
        }
    }
}
