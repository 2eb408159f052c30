// What a hostile process sends over a channel: frames, errors, and messages in binary form.
// SPDX-License-Identifier: GPL-3.0-or-later
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "wire/frame.h"
#include "wire/messages.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct message_type *const types[] = {
#define MESSAGE_TYPE(message) &message##_type,
    MESSAGES(MESSAGE_TYPE)
#undef MESSAGE_TYPE
};
#define TYPE_COUNT (sizeof(types) / sizeof(types[0]))
#define ROOM ((size_t)4 * 1024 * 1024)

static void need(bool condition) {
    if (!condition) {
        abort();
    }
}

// Every message has one encoding: what was read is written as the same bytes.
static void read_message(const struct message_type *type, struct bytes body) {
    void *message = calloc(1, type->size + 1);
    need(message != NULL);
    struct error err = {0};
    enum result result = message_from_binary(type, body, message, &err);
    need(result == err.result);
    if (result == RESULT_OK) {
        struct buf again = {0};
        buf_init(&again, ROOM);
        need(message_to_binary(type, message, &again, NULL) == RESULT_OK);
        need(bytes_equal(buf_bytes(&again), body));
        buf_clear(&again);
    }
    message_clear(type, message);
    free(message);
}

static void read_error(struct bytes body) {
    struct error error = {0};
    if (frame_read_error(body, &error) == RESULT_OK) {
        struct buf again = {0};
        buf_init(&again, 4096);
        need(frame_write_error(&error, &again) == RESULT_OK);
        need(bytes_equal(buf_bytes(&again), body));
        buf_clear(&again);
    }
}

static void read_body(const struct frame *frame) {
    if (frame->kind == FRAME_REQUEST) {
        const struct operation *operation = operation_find(frame->number);
        read_message(operation != NULL ? operation->request : types[frame->number % TYPE_COUNT],
                     frame->body);
    } else if (frame->result != RESULT_OK) {
        read_error(frame->body);
    } else {
        read_message(types[frame->number % TYPE_COUNT], frame->body);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct bytes left = bytes_of(data, size);
    struct frame frame = {0};
    size_t used = 0;
    while (frame_read(left, LIMIT_FRAME_REQUEST_BYTES, &frame, &used, NULL) == RESULT_OK) {
        need(used > 0 && used <= left.size);
        struct buf again = {0};
        buf_init(&again, ROOM);
        need(frame_write(&frame, LIMIT_FRAME_REQUEST_BYTES, &again, NULL) == RESULT_OK);
        need(bytes_equal(buf_bytes(&again), bytes_slice(left, 0, used)));
        buf_clear(&again);
        read_body(&frame);
        left = bytes_slice(left, used, left.size);
    }
    return 0;
}
