// Channels: both ends of a socketpair in one loop, and a raw end that misbehaves.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "support/test.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

#include "base/limits.h"
#include "wire/channel.h"

#define MAXIMUM ((size_t)64 * 1024)
// Turns of the loop before a test gives up: none needs more than a few thousand.
#define TURNS 200000

struct end {
    struct channel_pipe *channel;
    size_t frames;
    uint32_t next_id; // ids have to arrive in order
    size_t bytes;
    size_t ends;
    struct error err;
    bool answers;
    size_t close_after; // frames; 0 for never
};

static void on_frame(void *context, const struct frame *frame) {
    struct end *end = context;
    assert_non_null(end->channel); // nothing comes after channel_close
    assert_int_equal(frame->id, end->next_id);
    end->next_id++;
    end->frames++;
    end->bytes += frame->body.size;
    for (size_t i = 0; i < frame->body.size; i++) {
        assert_int_equal(frame->body.data[i], (uint8_t)(frame->id + i));
    }
    if (end->answers) {
        struct frame reply = *frame;
        reply.kind = FRAME_REPLY;
        struct error err = {0};
        assert_ok(channel_send(end->channel, &reply, &err), &err);
    }
    if (end->frames == end->close_after) {
        channel_close(end->channel);
        end->channel = NULL;
    }
}

static void on_end(void *context, const struct error *err) {
    struct end *end = context;
    end->ends++;
    end->err = *err;
    channel_close(end->channel);
    end->channel = NULL;
}

static const struct channel_events events = {on_frame, on_end};

static void make_pair(int descriptors[2]) {
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, descriptors), 0);
}

static void open_end(uv_loop_t *loop, int descriptor, size_t maximum, struct end *end) {
    struct error err = {0};
    assert_ok(
        channel_open(loop, descriptor, maximum, maximum, &events, end, &end->channel, &err),
        &err);
}

// Closes what is left, lets the loop free it, and wants the loop empty then.
static void finish(uv_loop_t *loop, struct end *a, struct end *b) {
    channel_close(a->channel);
    a->channel = NULL;
    if (b != NULL) {
        channel_close(b->channel);
        b->channel = NULL;
    }
    for (int i = 0; i < 100 && uv_run(loop, UV_RUN_NOWAIT) != 0; i++) {
    }
    assert_int_equal(uv_loop_close(loop), 0);
}

static void send_body(struct end *end, uint32_t id, size_t size) {
    struct error err = {0};
    uint8_t *body = malloc(size > 0 ? size : 1);
    assert_non_null(body);
    for (size_t i = 0; i < size; i++) {
        body[i] = (uint8_t)(id + i);
    }
    struct frame frame = {.kind = FRAME_REQUEST, .id = id, .body = bytes_of(body, size)};
    assert_ok(channel_send(end->channel, &frame, &err), &err);
    free(body);
}

static void thousands_of_frames_arrive_whole_and_in_order(void **state) {
    (void)state;
    uv_loop_t loop;
    int descriptors[2];
    struct end a = {0}, b = {.answers = true};
    assert_int_equal(uv_loop_init(&loop), 0);
    make_pair(descriptors);
    open_end(&loop, descriptors[0], MAXIMUM, &a);
    open_end(&loop, descriptors[1], MAXIMUM, &b);
    const uint32_t count = 5000;
    size_t bytes = 0;
    for (uint32_t id = 0; id < count; id++) {
        send_body(&a, id, id * 7 % 2000);
        bytes += id * 7 % 2000;
        if (id % 64 == 0) {
            (void)uv_run(&loop, UV_RUN_NOWAIT);
        }
    }
    for (int i = 0; i < TURNS && a.frames < count; i++) {
        (void)uv_run(&loop, UV_RUN_NOWAIT);
    }
    assert_int_equal(b.frames, count);
    assert_int_equal(b.bytes, bytes);
    assert_int_equal(a.frames, count);
    assert_int_equal(a.bytes, bytes);
    assert_int_equal(channel_waiting(a.channel), 0);
    assert_int_equal(a.ends + b.ends, 0);
    finish(&loop, &a, &b);
}

static void what_the_kernel_does_not_take_waits_and_arrives(void **state) {
    (void)state;
    uv_loop_t loop;
    int descriptors[2];
    struct end a = {0}, b = {0};
    const size_t maximum = 8 * 1024 * 1024;
    assert_int_equal(uv_loop_init(&loop), 0);
    make_pair(descriptors);
    open_end(&loop, descriptors[0], maximum, &a);
    // Nobody reads yet: far more than a socket buffer.
    send_body(&a, 0, 3 * 1024 * 1024);
    send_body(&a, 1, 10);
    send_body(&a, 2, 1024 * 1024);
    assert_true(channel_waiting(a.channel) > 3 * 1024 * 1024);
    open_end(&loop, descriptors[1], maximum, &b);
    for (int i = 0; i < TURNS && b.frames < 3; i++) {
        (void)uv_run(&loop, UV_RUN_NOWAIT);
    }
    assert_int_equal(b.frames, 3);
    assert_int_equal(b.bytes, 4 * 1024 * 1024 + 10);
    assert_int_equal(channel_waiting(a.channel), 0);
    // And small ones after it go as before.
    send_body(&a, 3, 5);
    for (int i = 0; i < TURNS && b.frames < 4; i++) {
        (void)uv_run(&loop, UV_RUN_NOWAIT);
    }
    assert_int_equal(b.frames, 4);
    finish(&loop, &a, &b);
}

// The raw other end writes into the socket, and the loop runs until the channel has ended or,
// where `frames` are expected, until they are there.
static void write_raw(uv_loop_t *loop, int descriptor, const struct end *end,
                      struct bytes bytes, size_t step, size_t frames) {
    for (size_t offset = 0; offset < bytes.size && end->ends == 0; offset += step) {
        struct bytes part = bytes_slice(bytes, offset, step);
        assert_int_equal(write(descriptor, part.data, part.size), part.size);
        (void)uv_run(loop, UV_RUN_NOWAIT);
    }
    for (int i = 0; i < TURNS && end->ends == 0 && end->frames < frames; i++) {
        (void)uv_run(loop, UV_RUN_NOWAIT);
    }
}

static void a_frame_may_come_byte_by_byte(void **state) {
    (void)state;
    uv_loop_t loop;
    int descriptors[2];
    struct end a = {0};
    struct error err = {0};
    assert_int_equal(uv_loop_init(&loop), 0);
    make_pair(descriptors);
    open_end(&loop, descriptors[0], MAXIMUM, &a);
    AUTO(buf_clear) struct buf bytes = {0};
    buf_init(&bytes, 4096);
    for (uint32_t id = 0; id < 3; id++) {
        uint8_t body[] = {(uint8_t)id, (uint8_t)(id + 1)};
        struct frame frame = {.kind = FRAME_REQUEST, .id = id, .body = bytes_of(body, 2)};
        assert_ok(frame_write(&frame, MAXIMUM, &bytes, &err), &err);
    }
    write_raw(&loop, descriptors[1], &a, buf_bytes(&bytes), 1, 3);
    assert_int_equal(a.frames, 3);
    assert_int_equal(a.ends, 0);
    close(descriptors[1]);
    finish(&loop, &a, NULL);
}

static void a_frame_above_the_maximum_ends_the_channel(void **state) {
    (void)state;
    for (uint32_t extra = 0; extra <= 1; extra++) {
        uv_loop_t loop;
        int descriptors[2];
        struct end a = {0};
        struct error err = {0};
        assert_int_equal(uv_loop_init(&loop), 0);
        make_pair(descriptors);
        open_end(&loop, descriptors[0], 1000, &a);
        uint8_t body[1000];
        for (size_t i = 0; i < sizeof(body); i++) {
            body[i] = (uint8_t)i;
        }
        struct frame frame = {.kind = FRAME_REQUEST, .body = bytes_of(body, 986 + extra)};
        AUTO(buf_clear) struct buf bytes = {0};
        buf_init(&bytes, 4096);
        assert_ok(frame_write(&frame, 2000, &bytes, &err), &err);
        write_raw(&loop, descriptors[1], &a, buf_bytes(&bytes), bytes.size, 1);
        assert_int_equal(a.frames, extra == 0 ? 1 : 0);
        assert_int_equal(a.ends, extra == 0 ? 0 : 1);
        if (extra == 1) {
            assert_int_equal(a.err.result, RESULT_INVALID);
        }
        close(descriptors[1]);
        finish(&loop, &a, NULL);
    }
}

static void noise_ends_the_channel_after_the_frames_before_it(void **state) {
    (void)state;
    uv_loop_t loop;
    int descriptors[2];
    struct end a = {0};
    struct error err = {0};
    assert_int_equal(uv_loop_init(&loop), 0);
    make_pair(descriptors);
    open_end(&loop, descriptors[0], MAXIMUM, &a);
    struct frame frame = {.kind = FRAME_REQUEST};
    AUTO(buf_clear) struct buf bytes = {0};
    buf_init(&bytes, 4096);
    assert_ok(frame_write(&frame, MAXIMUM, &bytes, &err), &err);
    assert_ok(buf_append_string(&bytes, "GET / HTTP/1.1\r\n\r\n"), &err);
    write_raw(&loop, descriptors[1], &a, buf_bytes(&bytes), bytes.size, 2);
    assert_int_equal(a.frames, 1);
    assert_int_equal(a.ends, 1);
    assert_int_equal(a.err.result, RESULT_INVALID);
    close(descriptors[1]);
    finish(&loop, &a, NULL);
}

static void the_death_of_the_other_side_is_told_once(void **state) {
    (void)state;
    static const struct {
        struct bytes sent;
        const char *word;
    } cases[] = {
        {{NULL, 0}, "closed the channel"},
        {{(const uint8_t *)"\0\0", 2}, "within a frame"},
    };
    for (size_t i = 0; i < 2; i++) {
        uv_loop_t loop;
        int descriptors[2];
        struct end a = {0};
        assert_int_equal(uv_loop_init(&loop), 0);
        make_pair(descriptors);
        open_end(&loop, descriptors[0], MAXIMUM, &a);
        write_raw(&loop, descriptors[1], &a, cases[i].sent, 2, 0);
        close(descriptors[1]);
        for (int turn = 0; turn < TURNS && a.ends == 0; turn++) {
            (void)uv_run(&loop, UV_RUN_NOWAIT);
        }
        for (int turn = 0; turn < 10; turn++) {
            (void)uv_run(&loop, UV_RUN_NOWAIT);
        }
        assert_int_equal(a.ends, 1);
        assert_int_equal(a.err.result, RESULT_UNAVAILABLE);
        assert_non_null(strstr(a.err.message, cases[i].word));
        finish(&loop, &a, NULL);
    }
}

static void sending_to_the_dead_ends_by_the_event_and_not_in_the_call(void **state) {
    (void)state;
    uv_loop_t loop;
    int descriptors[2];
    struct end a = {0};
    const size_t maximum = 8 * 1024 * 1024;
    assert_int_equal(uv_loop_init(&loop), 0);
    make_pair(descriptors);
    open_end(&loop, descriptors[0], maximum, &a);
    send_body(&a, 0, 4 * 1024 * 1024); // a write is under way when the peer goes
    close(descriptors[1]);
    send_body(&a, 1, 10);
    assert_int_equal(a.ends, 0);
    for (int i = 0; i < TURNS && a.ends == 0; i++) {
        (void)uv_run(&loop, UV_RUN_NOWAIT);
    }
    assert_int_equal(a.ends, 1);
    assert_int_equal(a.err.result, RESULT_UNAVAILABLE);
    finish(&loop, &a, NULL);
}

static void a_frame_that_is_too_large_to_send_is_refused(void **state) {
    (void)state;
    uv_loop_t loop;
    int descriptors[2];
    struct end a = {0};
    struct error err = {0};
    static const uint8_t zeros[1000];
    assert_int_equal(uv_loop_init(&loop), 0);
    make_pair(descriptors);
    open_end(&loop, descriptors[0], 1000, &a);
    struct frame frame = {.kind = FRAME_REQUEST, .body = bytes_of(zeros, 987)};
    assert_result(RESULT_LIMIT, channel_send(a.channel, &frame, &err), &err);
    frame.body.size = 986;
    assert_ok(channel_send(a.channel, &frame, &err), &err);
    close(descriptors[1]);
    finish(&loop, &a, NULL);
}

static void closing_within_an_event_is_the_last_of_it(void **state) {
    (void)state;
    uv_loop_t loop;
    int descriptors[2];
    struct end a = {0}, b = {.close_after = 2};
    assert_int_equal(uv_loop_init(&loop), 0);
    make_pair(descriptors);
    open_end(&loop, descriptors[0], MAXIMUM, &a);
    open_end(&loop, descriptors[1], MAXIMUM, &b);
    for (uint32_t id = 0; id < 5; id++) {
        send_body(&a, id, 3);
    }
    for (int i = 0; i < TURNS && a.ends == 0; i++) {
        (void)uv_run(&loop, UV_RUN_NOWAIT);
    }
    assert_int_equal(b.frames, 2);
    assert_int_equal(b.ends, 0);
    assert_int_equal(a.ends, 1);
    finish(&loop, &a, &b);
}

static void a_descriptor_that_is_no_pipe_is_refused_and_closed(void **state) {
    (void)state;
    uv_loop_t loop;
    struct end a = {0};
    struct error err = {0};
    assert_int_equal(uv_loop_init(&loop), 0);
    int descriptor = open("/dev/null", O_RDONLY | O_PATH | O_CLOEXEC);
    assert_true(descriptor >= 0);
    assert_result(
        RESULT_INTERNAL,
        channel_open(&loop, descriptor, MAXIMUM, MAXIMUM, &events, &a, &a.channel, &err), &err);
    assert_null(a.channel);
    for (int i = 0; i < 100 && uv_run(&loop, UV_RUN_NOWAIT) != 0; i++) {
    }
    assert_int_equal(uv_loop_close(&loop), 0);
    assert_int_equal(fcntl(descriptor, F_GETFD), -1);
    channel_close(NULL);
}

int main(void) {
    (void)signal(SIGPIPE, SIG_IGN);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(thousands_of_frames_arrive_whole_and_in_order),
        cmocka_unit_test(what_the_kernel_does_not_take_waits_and_arrives),
        cmocka_unit_test(a_frame_may_come_byte_by_byte),
        cmocka_unit_test(a_frame_above_the_maximum_ends_the_channel),
        cmocka_unit_test(noise_ends_the_channel_after_the_frames_before_it),
        cmocka_unit_test(the_death_of_the_other_side_is_told_once),
        cmocka_unit_test(sending_to_the_dead_ends_by_the_event_and_not_in_the_call),
        cmocka_unit_test(a_frame_that_is_too_large_to_send_is_refused),
        cmocka_unit_test(closing_within_an_event_is_the_last_of_it),
        cmocka_unit_test(a_descriptor_that_is_no_pipe_is_refused_and_closed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
