// One request and its answer: what it asks for decides who answers, here or the authority.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stdbool.h>

#include "base/bytes.h"
#include "base/error.h"
#include "gateway/answer.h"
#include "gateway/poll.h"
#include "gateway/ocsp.h"
#include "gateway/publications.h"
#include "gateway/requests.h"
#include "wire/frame.h"
#include "wire/http.h"

// What all connections of a gateway share.
struct services {
    enum channel role;
    struct publications *publications;
    struct requests *requests;
    struct parking *parking; // its owners are exchanges
    struct ocsp_desk *ocsp;
};

struct session;

struct exchange {
    struct exchange *next;             // in the order in which the answers are due
    struct session *session;           // NULL when its connection is gone
    const struct operation *operation; // of a forwarded request
    struct poll *poll;                 // NULL when its answer is not waited for
    struct ocsp_question *ocsp;        // NULL when its answer is JSON
    bool is_ready;                     // the answer is here
    struct answer_form form;
    struct buf bytes; // head, and the body unless it is published
    size_t bytes_sent;
    struct published *published; // whose body follows; NULL: nothing
    size_t body_offset;
    size_t body_size;
    size_t body_sent;
};

// Who asks, as far as the authority wants to know.
struct exchange_peer {
    const char *address;
    struct bytes certificate; // empty without
    // False while an earlier request of its connection does: one at a time, so that the limit of
    // connections bounds what an address parks. And false when the peer has said its last word.
    bool may_wait;
};

// NULL when memory is out.
struct exchange *exchange_new(struct session *session);
void exchange_free(struct exchange *exchange);

// Answers, or forwards. Always ends in one of the two, whatever goes wrong.
void exchange_begin(struct exchange *exchange, const struct services *services,
                    const struct http_message *request, const struct exchange_peer *peer);
// The authority's reply to what was forwarded. For one who waits "held" is no answer yet: it is
// kept, and the exchange parked, until one of the two below.
void exchange_complete(struct exchange *exchange, const struct services *services,
                       const struct exchange_peer *peer, const struct frame *reply);
// The same when its connection is gone: what others can use of the answer is kept. Frees it.
void exchange_end(struct exchange *exchange, const struct frame *reply);
// Something has happened: the request is forwarded once more, or the publication looked at.
void exchange_ask_again(struct exchange *exchange, const struct services *services,
                        const struct exchange_peer *peer);
// No more waiting: what was kept is the answer.
void exchange_stop_waiting(struct exchange *exchange);
bool exchange_is_waiting(const struct exchange *exchange);
// An answer without a request that could be understood: the connection closes behind it.
void exchange_refuse(struct exchange *exchange, int status, const struct error *error);
// "100 Continue", which is not the last word.
void exchange_continue(struct exchange *exchange);
