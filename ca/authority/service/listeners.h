// Listening sockets, made by the authority and inherited by its gateways.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stddef.h>

#include "authority/config/config.h"
#include "base/error.h"

struct listeners {
    int *descriptors;
    size_t count;
};

// Binds and listens on each address. A port in use is RESULT_CONFLICT, and names address and
// cure.
enum result listeners_open(const char *role, const struct config_list *addresses,
                           struct listeners *out_listeners, struct error *err);
void listeners_close(struct listeners *listeners);
