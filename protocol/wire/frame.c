// Bounded binary frames.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/frame.h"

#include <stdbool.h>
#include <string.h>

// kind, result, number, id, size of the address
#define FIXED_SIZE (1 + 1 + 2 + 4 + 2)
#define CERTIFICATE_SIZE_SIZE 4

static enum result append_number(struct buf *out, uint64_t value, size_t size) {
    for (size_t i = size; i > 0; i--) {
        TRY(buf_append_byte(out, (uint8_t)(value >> (8 * (i - 1)))));
    }
    return RESULT_OK;
}

// Takes a big-endian number off the front; false when there is not enough.
static bool take_number(struct bytes *input, size_t size, uint32_t *out_value) {
    if (input->size < size) {
        return false;
    }
    uint32_t value = 0;
    for (size_t i = 0; i < size; i++) {
        value = value << 8 | input->data[i];
    }
    *input = bytes_slice(*input, size, input->size);
    *out_value = value;
    return true;
}

static bool take_bytes(struct bytes *input, size_t size, struct bytes *out_bytes) {
    if (input->size < size) {
        return false;
    }
    *out_bytes = bytes_slice(*input, 0, size);
    *input = bytes_slice(*input, size, input->size);
    return true;
}

static enum result write_frame(const struct frame *frame, size_t size, struct buf *out) {
    TRY(append_number(out, size, 4));
    TRY(append_number(out, (uint64_t)frame->kind, 1));
    TRY(append_number(out, frame->result, 1));
    TRY(append_number(out, frame->number, 2));
    TRY(append_number(out, frame->id, 4));
    TRY(append_number(out, frame->peer_address.size, 2));
    TRY(buf_append(out, frame->peer_address));
    TRY(append_number(out, frame->peer_certificate.size, 4));
    TRY(buf_append(out, frame->peer_certificate));
    return buf_append(out, frame->body);
}

enum result frame_write(const struct frame *frame, size_t maximum, struct buf *out,
                        struct error *err) {
    size_t head = FIXED_SIZE + CERTIFICATE_SIZE_SIZE + frame->peer_address.size +
                  frame->peer_certificate.size;
    if (frame->peer_address.size > UINT16_MAX || frame->peer_certificate.size > maximum ||
        frame->body.size > maximum || head + frame->body.size > maximum) {
        return error_set(err, RESULT_LIMIT, "a frame would be larger than %zu bytes", maximum);
    }
    // All of it or nothing: with this room nothing below can fail.
    uint8_t *room = NULL;
    enum result result = buf_reserve(out, 4 + head + frame->body.size, &room);
    if (result != RESULT_OK) {
        return error_set(err, result, "no room for a frame");
    }
    return write_frame(frame, head + frame->body.size, out);
}

static bool is_known_kind(uint32_t kind) {
    return kind == FRAME_REQUEST || kind == FRAME_REPLY || kind == FRAME_NOTICE;
}

static bool read_contents(struct bytes contents, struct frame *frame) {
    uint32_t kind = 0, result = 0, number = 0, size = 0;
    if (!take_number(&contents, 1, &kind) || !take_number(&contents, 1, &result) ||
        !take_number(&contents, 2, &number) || !take_number(&contents, 4, &frame->id) ||
        !take_number(&contents, 2, &size) ||
        !take_bytes(&contents, size, &frame->peer_address) ||
        !take_number(&contents, 4, &size) ||
        !take_bytes(&contents, size, &frame->peer_certificate)) {
        return false;
    }
    frame->kind = (enum frame_kind)kind;
    frame->result = (uint8_t)result;
    frame->number = (uint16_t)number;
    frame->body = contents;
    return is_known_kind(kind) && result < RESULT_COUNT;
}

enum result frame_read(struct bytes input, size_t maximum, struct frame *out_frame,
                       size_t *out_used, struct error *err) {
    struct bytes left = input;
    uint32_t size = 0;
    if (!take_number(&left, 4, &size)) {
        return RESULT_PENDING;
    }
    if (size > maximum || size < FIXED_SIZE + CERTIFICATE_SIZE_SIZE) {
        return error_set(err, RESULT_INVALID, "a frame of %u bytes, allowed are %d to %zu",
                         size, FIXED_SIZE + CERTIFICATE_SIZE_SIZE, maximum);
    }
    struct bytes contents = {0};
    if (!take_bytes(&left, size, &contents)) {
        return RESULT_PENDING;
    }
    struct frame frame = {0};
    if (!read_contents(contents, &frame)) {
        return error_set(err, RESULT_INVALID, "a frame whose parts do not fit its size");
    }
    *out_frame = frame;
    *out_used = 4 + (size_t)size;
    return RESULT_OK;
}

// --- errors as bodies ------------------------------------------------------------------------

enum result frame_write_error(const struct error *error, struct buf *out) {
    TRY(buf_append_byte(out, (uint8_t)error->result));
    const char *texts[] = {error->code, error->field, error->message, error->hint};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        size_t size = strlen(texts[i]);
        TRY(append_number(out, size, 2));
        TRY(buf_append(out, bytes_of(texts[i], size)));
    }
    return RESULT_OK;
}

static bool take_text(struct bytes *input, char *target, size_t target_size) {
    uint32_t size = 0;
    struct bytes text = {0};
    if (!take_number(input, 2, &size) || size >= target_size ||
        !take_bytes(input, size, &text) || bytes_contain_zero(text)) {
        return false;
    }
    if (size > 0) {
        memcpy(target, text.data, size);
    }
    target[size] = '\0';
    return true;
}

enum result frame_read_error(struct bytes body, struct error *out_error) {
    struct error error = {0};
    uint32_t result = 0;
    if (!take_number(&body, 1, &result) || result == RESULT_OK || result >= RESULT_COUNT ||
        !take_text(&body, error.code, sizeof(error.code)) ||
        !take_text(&body, error.field, sizeof(error.field)) ||
        !take_text(&body, error.message, sizeof(error.message)) ||
        !take_text(&body, error.hint, sizeof(error.hint)) || body.size != 0) {
        return RESULT_INVALID;
    }
    error.result = (enum result)result;
    *out_error = error;
    return RESULT_OK;
}
