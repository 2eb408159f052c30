// Calling an operation of the authority: request message out, reply message in.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "client/connect/exchange.h"
#include "wire/messages.h"

// `request` and `reply` are structs of the operation's message types; `reply` is zeroed memory,
// and the caller's to clear. A refusal of the server becomes its error: code, message, field
// and hint as it sent them. The generic codes "denied" and "unavailable" become "server_denied"
// and "server_unavailable", because a local file that may not be opened is "denied" too.
enum result api_call(struct exchange *exchange, enum operation_id operation,
                     const void *request, void *reply, struct error *err);
// What may come instead of a reply; cleared by the caller.
struct api_delay {
    struct held held; // with RESULT_PENDING: the request waits for a decision
    int64_t
        retry_after; // with an error: seconds that the server wants us to wait; 0: it did not say
};
void api_delay_clear(struct api_delay *delay);
// As api_call, where the request may be held or has to be asked again later.
enum result api_ask(struct exchange *exchange, enum operation_id operation, const void *request,
                    void *reply, struct api_delay *out_delay, struct error *err);
// The server understood the question and said no: asking the same again is useless. False for
// transport errors, answers that were refused here, and "later".
bool api_is_refusal(enum result result, const struct error *err);
// Reads the error object of an answer that is not 2xx; always gives an error.
enum result api_read_error(const struct http_message *answer, struct error *err);
