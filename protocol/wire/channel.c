// Frames over a libuv pipe.
// SPDX-License-Identifier: GPL-3.0-or-later
// Holds one uv_pipe_t; its memory is freed in the close callback.
#include "wire/channel.h"

#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/limits.h"

#define READ_SIZE ((size_t)64 * 1024)
// What a buffer may keep once it is empty: a publication makes it hundreds of megabytes large.
#define IDLE_CAPACITY (4 * READ_SIZE)
#define FRAME_SIZE_SIZE 4

struct channel_pipe {
    uv_pipe_t pipe;
    uv_write_t write;
    const struct channel_events *events;
    void *context;
    size_t read_maximum;
    size_t write_maximum;
    // All three are secret: tokens and private keys pass through.
    struct buf input;  // received and not handed out: less than a frame
    struct buf output; // queued behind `in_flight`
    struct buf in_flight;
    bool is_writing;
    bool has_ended;
    bool is_closed;
};

static uv_stream_t *stream_of(struct channel_pipe *channel) {
    return (uv_stream_t *)&channel->pipe;
}

// --- the end ---------------------------------------------------------------------------------

static void on_closed(uv_handle_t *handle) {
    struct channel_pipe *channel = handle->data;
    buf_clear(&channel->input);
    buf_clear(&channel->output);
    buf_clear(&channel->in_flight);
    free(channel);
}

void channel_close(struct channel_pipe *channel) {
    if (channel != NULL && !channel->is_closed) {
        channel->is_closed = true;
        uv_close((uv_handle_t *)&channel->pipe, on_closed);
    }
}

static void end(struct channel_pipe *channel, const struct error *err) {
    if (channel->has_ended || channel->is_closed) {
        return;
    }
    channel->has_ended = true;
    (void)uv_read_stop(stream_of(channel)); // always 0 (libuv's documentation)
    channel->events->on_end(channel->context, err);
}

static void end_with_status(struct channel_pipe *channel, int status) {
    struct error err = {0};
    if (status == UV_EOF && channel->input.size == 0) {
        (void)error_set(&err, RESULT_UNAVAILABLE, "the other process closed the channel");
    } else if (status == UV_EOF) {
        (void)error_set(&err, RESULT_UNAVAILABLE,
                        "the other process closed the channel within a frame");
    } else {
        (void)error_set(&err, RESULT_UNAVAILABLE, "the channel broke: %s", uv_strerror(status));
    }
    end(channel, &err);
}

static void shrink_when_empty(struct buf *buf) {
    if (buf->size == 0 && buf->capacity > IDLE_CAPACITY) {
        size_t maximum = buf->maximum;
        buf_clear(buf);
        buf_init_secret(buf, maximum);
    }
}

// --- reading ---------------------------------------------------------------------------------

static void give_room(uv_handle_t *handle, size_t suggested, uv_buf_t *out_room) {
    (void)suggested;
    struct channel_pipe *channel = handle->data;
    uint8_t *room = NULL;
    if (buf_reserve(&channel->input, READ_SIZE, &room) != RESULT_OK) {
        *out_room = uv_buf_init(NULL, 0); // on_read is told UV_ENOBUFS
        return;
    }
    *out_room = uv_buf_init((char *)room, READ_SIZE);
}

// Hands out every whole frame. Whoever receives one may close the channel.
static void deliver(struct channel_pipe *channel) {
    size_t consumed = 0;
    struct error err = {0};
    enum result result = RESULT_OK;
    while (result == RESULT_OK && !channel->is_closed) {
        struct bytes left = bytes_slice(buf_bytes(&channel->input), consumed, SIZE_MAX);
        struct frame frame = {0};
        size_t used = 0;
        result = frame_read(left, channel->read_maximum, &frame, &used, &err);
        if (result == RESULT_OK) {
            channel->events->on_frame(channel->context, &frame);
            consumed += used;
        }
    }
    buf_consume(&channel->input, consumed);
    shrink_when_empty(&channel->input);
    if (result != RESULT_OK && result != RESULT_PENDING) {
        end(channel, &err);
    }
}

static void on_read(uv_stream_t *stream, ssize_t count, const uv_buf_t *room) {
    (void)room;
    struct channel_pipe *channel = stream->data;
    if (count < 0) {
        end_with_status(channel, (int)count);
        return;
    }
    buf_commit(&channel->input, (size_t)count);
    deliver(channel);
}

// --- writing ---------------------------------------------------------------------------------

static void flush(struct channel_pipe *channel);

static void on_written(uv_write_t *request, int status) {
    struct channel_pipe *channel = request->data;
    channel->is_writing = false;
    if (status != 0) {
        end_with_status(channel, status); // does nothing when it was closed
        return;
    }
    buf_reset(&channel->in_flight);
    shrink_when_empty(&channel->in_flight);
    if (!channel->is_closed && !channel->has_ended) {
        flush(channel);
    }
}

// What the kernel takes goes at once, mostly everything. The rest is given to libuv as one
// write, and what is queued meanwhile becomes the next one. Failures show in on_written, so
// that on_end is never called from within channel_send.
static void flush(struct channel_pipe *channel) {
    if (channel->is_writing || channel->output.size == 0) {
        return;
    }
    uv_buf_t view = uv_buf_init((char *)channel->output.data, (unsigned)channel->output.size);
    int taken = uv_try_write(stream_of(channel), &view, 1);
    if (taken > 0) {
        buf_consume(&channel->output, (size_t)taken);
        shrink_when_empty(&channel->output);
    }
    if (channel->output.size == 0) {
        return;
    }
    struct buf empty = channel->in_flight;
    channel->in_flight = channel->output;
    channel->output = empty;
    view = uv_buf_init((char *)channel->in_flight.data, (unsigned)channel->in_flight.size);
    channel->write.data = channel;
    channel->is_writing =
        uv_write(&channel->write, stream_of(channel), &view, 1, on_written) == 0;
    if (!channel->is_writing) {
        buf_reset(&channel->in_flight); // the descriptor is no more: on_read tells
    }
}

enum result channel_send(struct channel_pipe *channel, const struct frame *frame,
                         struct error *err) {
    if (channel->has_ended || channel->is_closed) {
        return error_set(err, RESULT_UNAVAILABLE, "the channel has ended");
    }
    TRY(frame_write(frame, channel->write_maximum, &channel->output, err));
    flush(channel);
    return RESULT_OK;
}

size_t channel_waiting(const struct channel_pipe *channel) {
    size_t in_kernel_queue =
        channel->is_writing
            ? uv_stream_get_write_queue_size((const uv_stream_t *)&channel->pipe)
            : 0;
    return channel->output.size + in_kernel_queue;
}

// --- opening ---------------------------------------------------------------------------------

static struct channel_pipe *make(size_t read_maximum, size_t write_maximum,
                                 const struct channel_events *events, void *context) {
    struct channel_pipe *channel = calloc(1, sizeof(*channel));
    if (channel == NULL) {
        return NULL;
    }
    channel->events = events;
    channel->context = context;
    channel->read_maximum = read_maximum;
    channel->write_maximum = write_maximum;
    // An incomplete frame, and room for a read.
    buf_init_secret(&channel->input, read_maximum + FRAME_SIZE_SIZE + READ_SIZE);
    // The owner bounds what waits by channel_waiting; this only keeps it from having no end.
    // uv_buf_t's size is passed as unsigned.
    size_t queue = write_maximum + FRAME_SIZE_SIZE > UINT32_MAX / LIMIT_FRAMES_WAITING
                       ? UINT32_MAX
                       : (write_maximum + FRAME_SIZE_SIZE) * LIMIT_FRAMES_WAITING;
    buf_init_secret(&channel->output, queue);
    buf_init_secret(&channel->in_flight, queue);
    return channel;
}

enum result channel_open(uv_loop_t *loop, int descriptor, size_t read_maximum,
                         size_t write_maximum, const struct channel_events *events,
                         void *context, struct channel_pipe **out_channel, struct error *err) {
    struct channel_pipe *channel = make(read_maximum, write_maximum, events, context);
    if (channel == NULL) {
        (void)close(descriptor);
        return error_out_of_memory(err);
    }
    int status = uv_pipe_init(loop, &channel->pipe, 0);
    if (status != 0) {
        (void)close(descriptor);
        free(channel);
        return error_set(err, RESULT_INTERNAL, "cannot make a pipe: %s", uv_strerror(status));
    }
    channel->pipe.data = channel;
    status = uv_pipe_open(&channel->pipe, descriptor);
    if (status != 0) {
        (void)close(descriptor);
    } else {
        status = uv_read_start(stream_of(channel), give_room, on_read);
    }
    if (status != 0) {
        channel_close(channel);
        return error_set(err, RESULT_INTERNAL, "cannot use descriptor %d as a channel: %s",
                         descriptor, uv_strerror(status));
    }
    *out_channel = channel;
    return RESULT_OK;
}
