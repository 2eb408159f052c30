// HTTP requests to one server, one after the other, over a connection that is kept alive.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/bytes.h"
#include "base/error.h"
#include "client/connect/endpoint.h"
#include "client/connect/url.h"
#include "wire/http.h"
#include "wire/tls.h"

// Zeroed memory is a valid cleared one.
struct exchange {
    struct url url;
    struct tls_context *tls;           // borrowed; NULL for http
    const struct transport *transport; // borrowed; NULL: the system's sockets
    struct endpoint *endpoint;         // NULL: not connected
    struct http_parser *parser;
    size_t answer_maximum;
    const char *url_file; // borrowed: where a person corrects the address; NULL: elsewhere
};

struct http_question {
    const char *method;
    const char *target;
    const char *extra_headers; // whole lines with CRLF, or NULL
    const char *content_type;  // NULL without a body
    struct bytes body;
};

// Connects at the first request. `tls` must outlive it and be NULL for a plain http address.
void exchange_init(struct exchange *exchange, const struct url *url, struct tls_context *tls,
                   size_t answer_maximum);
void exchange_clear(struct exchange *exchange);

// Sends one request and waits for the whole answer, whatever its status. The message lives
// until the next request. Errors as endpoint.h says, and code "answer" for what is not HTTP. A
// request is sent once; only a GET or HEAD on a kept-alive connection that turns out to be closed is
// repeated, over a new one.
enum result exchange_ask(struct exchange *exchange, const struct http_question *question,
                         const struct http_message **out_answer, struct error *err);

// Seconds of a Retry-After in delta-seconds form, within our limit; 0 without.
int64_t exchange_retry_after(const struct http_message *answer);
