// A gateway process: sockets on one side, the authority's channel on the other.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/error.h"
#include "wire/messages.h"

// The descriptors a gateway is started with: 0 to 2 as usual, then these.
#define GATEWAY_CHANNEL_DESCRIPTOR 3
#define GATEWAY_FIRST_LISTENER_DESCRIPTOR 4

// Runs until the authority goes away or says NOTICE_DRAIN. `role` is one enum channel;
// `listener_count` sockets are inherited, already listening. It speaks to nobody before
// NOTICE_SETUP and (unless public) NOTICE_IDENTITY have arrived.
enum result gateway_run(enum channel role, int listener_count, struct error *err);
