// How connections are made and carried: the system's sockets, or what firmware has instead.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/error.h"
#include "client/connect/url.h"

// Errors have the codes "unreachable" (no address, refused, silence, cut off) and "interrupted" (a
// signal handler ran). `deadline` is a time of clock_monotonic_milliseconds; one that is over
// means not to wait. `name` is the peer's, for messages.
struct transport {
    void *context; // of open
    enum result (*open)(void *context, const struct url *url, const char *name,
                        int64_t deadline, void **out_connection, struct error *err);
    enum result (*write)(void *connection, struct bytes bytes, int64_t deadline,
                         struct error *err);
    // Appends what is there, waiting for it; *out_is_end when the peer closed.
    enum result (*read)(void *connection, struct buf *out, bool *out_is_end, int64_t deadline,
                        struct error *err);
    // Neither bytes nor the end have come. NULL: nobody can tell, so it is never used again.
    bool (*is_quiet)(void *connection);
    void (*close)(void *connection);
};

// Room that `read` has to make for one piece.
#define TRANSPORT_READ_BYTES 16384

enum result transport_unreachable(const char *name, const char *what, struct error *err);
