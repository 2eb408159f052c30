// Calling one route of the protocol: request message out, reply message in.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "client/connect/exchange.h"
#include "wire/messages.h"

// `{member}` in a path is replaced by that member of the request. The members of a GET go into
// its query, but a secret goes as "Authorization: Bearer …".
struct route {
    const char *name; // of the operation, for messages
    const char *method;
    const char *path;
    const struct message_type *request;
    const struct message_type *reply;
};

// What may come instead of a reply; cleared by the caller.
struct api_delay {
    struct held held; // with RESULT_PENDING: the request waits for a decision
    // With an error: seconds that the server wants us to wait; 0: it did not say.
    int64_t retry_after;
};
void api_delay_clear(struct api_delay *delay);

// `request` and `reply` are structs of the route's message types; `reply` is zeroed memory, and
// the caller's to clear. A refusal of the server becomes its error: code, message, field and
// hint as it sent them. The generic codes "denied" and "unavailable" become "server_denied" and
// "server_unavailable", because a local file that may not be opened is "denied" too.
enum result route_call(struct exchange *exchange, const struct route *route,
                       const void *request, void *reply, struct error *err);
// The same where the request may be held or has to be asked again later.
enum result route_ask(struct exchange *exchange, const struct route *route, const void *request,
                      void *reply, struct api_delay *out_delay, struct error *err);
// The server understood the question and said no: asking the same again is useless. False for
// transport errors, answers that were refused here, and "later".
bool api_is_refusal(enum result result, const struct error *err);
// Reads the error object of an answer that is not 2xx; always gives an error.
enum result api_read_error(const struct http_message *answer, struct error *err);
