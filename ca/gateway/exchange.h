// One request and its answer: what it asks for decides who answers, here or the authority.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stdbool.h>

#include "base/bytes.h"
#include "base/error.h"
#include "gateway/answer.h"
#include "gateway/publications.h"
#include "gateway/requests.h"
#include "wire/frame.h"
#include "wire/http.h"

// What all connections of a gateway share.
struct services {
    enum channel role;
    struct publications *publications;
    struct requests *requests;
};

struct session;

struct exchange {
    struct exchange *next;             // in the order in which the answers are due
    struct session *session;           // NULL when its connection is gone
    const struct operation *operation; // of a forwarded request
    bool is_ready;                     // the answer is here
    struct answer_form form;
    struct buf bytes; // head, and the body unless it is published
    size_t bytes_sent;
    struct published *body; // NULL without
    size_t body_sent;
};

// Who asks, as far as the authority wants to know.
struct exchange_peer {
    const char *address;
    struct bytes certificate; // empty without
};

// NULL when memory is out.
struct exchange *exchange_new(struct session *session);
void exchange_free(struct exchange *exchange);

// Answers, or forwards. Always ends in one of the two, whatever goes wrong.
void exchange_begin(struct exchange *exchange, const struct services *services,
                    const struct http_message *request, const struct exchange_peer *peer);
// The authority's reply to what was forwarded.
void exchange_complete(struct exchange *exchange, const struct frame *reply);
// An answer without a request that could be understood: the connection closes behind it.
void exchange_refuse(struct exchange *exchange, int status, const struct error *error);
// "100 Continue", which is not the last word.
void exchange_continue(struct exchange *exchange);
