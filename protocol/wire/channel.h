// A libuv pipe that carries frames, for both ends of the socketpair between the processes.
// SPDX-License-Identifier: GPL-3.0-or-later
// Holds one uv_pipe_t; its memory is freed in the close callback.
#pragma once

#include <uv.h>

#include "wire/frame.h"

struct channel_pipe;

struct channel_events {
    // One whole frame; its views end with the call.
    void (*on_frame)(void *context, const struct frame *frame);
    // The other side is gone or broke the rules (err says which); called once, after which
    // the owner calls channel_close.
    void (*on_end)(void *context, const struct error *err);
};

// Takes over the descriptor, also when it fails (then the loop has to run once more to free
// what was made). `read_maximum` and `write_maximum` bound a frame in each direction. The
// process has to ignore SIGPIPE.
enum result channel_open(uv_loop_t *loop, int descriptor, size_t read_maximum,
                         size_t write_maximum, const struct channel_events *events,
                         void *context, struct channel_pipe **out_channel, struct error *err);
// Queues a frame; bytes are copied. RESULT_LIMIT for one that is too large, RESULT_UNAVAILABLE
// after the end. A peer that is gone shows in on_end, never in here.
enum result channel_send(struct channel_pipe *channel, const struct frame *frame,
                         struct error *err);
// Bytes queued and not yet taken by the kernel; the owner keeps them within bounds.
size_t channel_waiting(const struct channel_pipe *channel);
// No events after this returns. Unsent frames are dropped. NULL is fine.
void channel_close(struct channel_pipe *channel);
