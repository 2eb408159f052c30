// The transport over the system's sockets.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "client/connect/transport.h"

// Connects to each address of the host in turn.
extern const struct transport socket_transport;

// A connection of that transport on a connected stream socket, which it takes over, also when it
// fails.
enum result socket_adopt(int descriptor, const char *name, void **out_connection,
                         struct error *err);
