// One connection of a gateway: requests in, answers out in the same order.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "gateway/exchange.h"
#include "wire/conn.h"

// The server context is a struct services.
extern const struct server_events session_events;

// A reply from the authority for the exchange that requests_take gave. One whose connection
// went away is dropped.
void session_reply(struct exchange *exchange, const struct frame *reply);
// What the exchange waited for, or the end of its time (a parked_handler).
void session_wake(void *exchange, enum parked_event event);
