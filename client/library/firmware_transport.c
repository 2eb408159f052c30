// The transport over the four functions that firmware supplies.
// SPDX-License-Identifier: GPL-3.0-or-later
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "client/library/signet_private.h"

struct carrier {
    const struct signet_transport *firmware;
    void *connection;
    char name[URL_HOST_SIZE + 16];
};

static int milliseconds_until(int64_t deadline) {
    const int64_t left = deadline - clock_monotonic_milliseconds();
    return left < 0 ? 0 : (left > INT_MAX ? INT_MAX : (int)left);
}

static enum result carrier_open(void *context, const struct url *url, const char *name,
                                int64_t deadline, void **out_connection, struct error *err) {
    const struct signet_transport *firmware = context;
    struct carrier *carrier = calloc(1, sizeof(*carrier));
    if (carrier == NULL) {
        return error_out_of_memory(err);
    }
    carrier->firmware = firmware;
    (void)snprintf(carrier->name, sizeof(carrier->name), "%s", name);
    if (firmware->open(firmware->context, url->host, url->port, milliseconds_until(deadline),
                       &carrier->connection) != 0 ||
        carrier->connection == NULL) {
        free(carrier);
        return transport_unreachable(name, "cannot connect", err);
    }
    *out_connection = carrier;
    return RESULT_OK;
}

static enum result carrier_write(void *connection, struct bytes bytes, int64_t deadline,
                                 struct error *err) {
    const struct carrier *carrier = connection;
    while (bytes.size > 0) {
        const long count = carrier->firmware->write(carrier->connection, bytes.data, bytes.size,
                                                    milliseconds_until(deadline));
        if (count <= 0 || (size_t)count > bytes.size) {
            return transport_unreachable(carrier->name, "the connection broke", err);
        }
        bytes = bytes_slice(bytes, (size_t)count, SIZE_MAX);
    }
    return RESULT_OK;
}

static enum result carrier_read(void *connection, struct buf *out, bool *out_is_end,
                                int64_t deadline, struct error *err) {
    const struct carrier *carrier = connection;
    uint8_t *room = NULL;
    if (buf_reserve(out, TRANSPORT_READ_BYTES, &room) != RESULT_OK) {
        return error_out_of_memory(err);
    }
    const int timeout = milliseconds_until(deadline);
    const long count = timeout == 0 ? -1
                                    : carrier->firmware->read(carrier->connection, room,
                                                              TRANSPORT_READ_BYTES, timeout);
    if (count < 0 || count > TRANSPORT_READ_BYTES) {
        return transport_unreachable(carrier->name,
                                     "the connection broke, or did not answer in time", err);
    }
    buf_commit(out, (size_t)count);
    *out_is_end = count == 0;
    return RESULT_OK;
}

static void carrier_close(void *connection) {
    struct carrier *carrier = connection;
    carrier->firmware->close(carrier->connection);
    free(carrier);
}

struct transport transport_of_firmware(const struct signet_transport *firmware) {
    return (struct transport){.context = (void *)firmware, // only read through
                              .open = carrier_open,
                              .write = carrier_write,
                              .read = carrier_read,
                              .close = carrier_close};
}
