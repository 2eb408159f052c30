// The gateway processes: started with their sockets, watched, restarted, ended.
// SPDX-License-Identifier: GPL-3.0-or-later
// Holds a uv_process_t and a uv_timer_t for each gateway; their memory lives until
// gateways_free.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <uv.h>

#include "authority/config/config.h"
#include "base/error.h"
#include "wire/frame.h"
#include "wire/messages.h"

struct gateways;
struct gateway;

struct gateways_events {
    // The process runs and its channel is open: tell it what it needs.
    void (*on_start)(void *context, struct gateway *gateway);
    // A request; the frame's views end with the call.
    void (*on_request)(void *context, struct gateway *gateway, const struct frame *frame);
    // Whatever this one waited for has nobody to go to any more.
    void (*on_end)(void *context, struct gateway *gateway);
    // After gateways_drain: the last one has ended.
    void (*on_all_ended)(void *context);
};

// Opens every listening socket, so that a port in use is known before anything runs. `events`
// and `context` live as long as the gateways.
enum result gateways_open(uv_loop_t *loop, const struct config *config,
                          const struct gateways_events *events, void *context,
                          struct gateways **out_gateways, struct error *err);
enum result gateways_start(struct gateways *gateways, struct error *err);
size_t gateways_count(const struct gateways *gateways);
// Those whose process runs.
size_t gateways_running(const struct gateways *gateways);
struct gateway *gateways_at(struct gateways *gateways, size_t index);
// Closes the sockets and asks every gateway to finish; none is restarted any more.
void gateways_drain(struct gateways *gateways);
// Kills those that are left and closes every handle; run the loop until it has none, then free.
void gateways_close(struct gateways *gateways);
void gateways_free(struct gateways *gateways);

enum channel gateway_role(const struct gateway *gateway);
size_t gateway_index(const struct gateway *gateway);
// Bytes that were sent and that it has not taken; 0 for one that is gone.
size_t gateway_waiting(const struct gateway *gateway);
// A frame to a gateway that is gone is dropped. One that does not take what it is sent is
// killed.
void gateway_send(struct gateway *gateway, const struct frame *frame);
