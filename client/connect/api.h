// Calling an administrator's operation of the authority by its number.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "client/connect/route.h"

// As route_call, on the operation's own route. What devices ask is in client/connect/ask.h.
enum result api_call(struct exchange *exchange, enum operation_id operation,
                     const void *request, void *reply, struct error *err);
