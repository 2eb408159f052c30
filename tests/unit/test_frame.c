// Frames: read back, cut off at every byte, tampered with, and at both sides of limits.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "support/test.h"

#include <stdlib.h>

#include "wire/frame.h"

#define MAXIMUM 4096

static struct frame sample(void) {
    return (struct frame){
        .kind = FRAME_REQUEST,
        .number = 0x0203,
        .id = 0x04050607,
        .peer_address = BYTES_LITERAL("192.0.2.7"),
        .peer_certificate = BYTES_LITERAL("\x30\x03\x02\x01\x05"),
        .body = BYTES_LITERAL("body"),
    };
}

// Reads a copy of exactly this size, so that a sanitizer sees a read behind it. The frame's
// views do not outlive this call.
static enum result read_copy(struct bytes input, size_t *out_used, struct error *err) {
    struct frame frame = {0};
    uint8_t *copy = malloc(input.size > 0 ? input.size : 1);
    assert_non_null(copy);
    if (input.size > 0) {
        memcpy(copy, input.data, input.size);
    }
    enum result result = frame_read(bytes_of(copy, input.size), MAXIMUM, &frame, out_used, err);
    if (result == RESULT_OK) {
        // Touch every byte of every view.
        AUTO(buf_clear) struct buf again = {0};
        buf_init(&again, MAXIMUM + 4);
        assert_ok(frame_write(&frame, MAXIMUM, &again, err), err);
        assert_bytes_equal(buf_bytes(&again), bytes_of(copy, *out_used));
    }
    free(copy);
    return result;
}

static void assert_frames_equal(const struct frame *a, const struct frame *b) {
    assert_int_equal(a->kind, b->kind);
    assert_int_equal(a->result, b->result);
    assert_int_equal(a->number, b->number);
    assert_int_equal(a->id, b->id);
    assert_bytes_equal(a->peer_address, b->peer_address);
    assert_bytes_equal(a->peer_certificate, b->peer_certificate);
    assert_bytes_equal(a->body, b->body);
}

static void a_frame_has_the_documented_bytes(void **state) {
    (void)state;
    static const char expected[] = "\x00\x00\x00\x20" // 32 bytes follow
                                   "\x01\x00\x02\x03"
                                   "\x04\x05\x06\x07"
                                   "\x00\x09"
                                   "192.0.2.7"
                                   "\x00\x00\x00\x05"
                                   "\x30\x03\x02\x01\x05"
                                   "body";
    struct error err = {0};
    struct frame frame = sample();
    AUTO(buf_clear) struct buf out = {0};
    buf_init(&out, MAXIMUM);
    assert_ok(frame_write(&frame, MAXIMUM, &out, &err), &err);
    assert_bytes_equal(buf_bytes(&out), BYTES_LITERAL(expected));
}

static void every_kind_is_read_back_and_the_next_one_is_left(void **state) {
    (void)state;
    struct frame frames[] = {
        sample(),
        {.kind = FRAME_REPLY, .result = RESULT_DENIED, .id = UINT32_MAX, .number = UINT16_MAX},
        {.kind = FRAME_NOTICE, .number = 3, .body = BYTES_LITERAL("n")},
        {.kind = FRAME_REPLY, .result = RESULT_COUNT - 1},
    };
    size_t count = sizeof(frames) / sizeof(frames[0]);
    struct error err = {0};
    AUTO(buf_clear) struct buf out = {0};
    buf_init(&out, MAXIMUM);
    for (size_t i = 0; i < count; i++) {
        assert_ok(frame_write(&frames[i], MAXIMUM, &out, &err), &err);
    }
    struct bytes left = buf_bytes(&out);
    for (size_t i = 0; i < count; i++) {
        struct frame frame = {0};
        size_t used = 0;
        assert_ok(frame_read(left, MAXIMUM, &frame, &used, &err), &err);
        assert_frames_equal(&frame, &frames[i]);
        left = bytes_slice(left, used, left.size);
    }
    assert_int_equal(left.size, 0);
}

static void every_truncation_waits_for_more(void **state) {
    (void)state;
    struct error err = {0};
    struct frame frame = sample();
    AUTO(buf_clear) struct buf out = {0};
    buf_init(&out, MAXIMUM);
    assert_ok(frame_write(&frame, MAXIMUM, &out, &err), &err);
    for (size_t size = 0; size < out.size; size++) {
        size_t used = 77;
        assert_result(RESULT_PENDING,
                      read_copy(bytes_slice(buf_bytes(&out), 0, size), &used, &err), &err);
        assert_int_equal(used, 77);
    }
}

static void a_size_that_does_not_fit_is_refused(void **state) {
    (void)state;
    static const struct {
        const char *bytes;
        size_t size;
        enum result expected;
    } cases[] = {
        // as soon as the size is there
        {"\x00\x00\x00\x00", 4, RESULT_INVALID},
        {"\x00\x00\x00\x0d", 4, RESULT_INVALID}, // below the fixed part
        {"\x00\x00\x00\x0e", 4, RESULT_PENDING},
        {"\x00\x00\x10\x00", 4, RESULT_PENDING}, // MAXIMUM
        {"\x00\x00\x10\x01", 4, RESULT_INVALID},
        {"\xff\xff\xff\xff", 4, RESULT_INVALID},
        // an address or a certificate longer than the frame
        {"\x00\x00\x00\x0e\x01\x00\x00\x01\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00", 18,
         RESULT_OK},
        {"\x00\x00\x00\x0e\x01\x00\x00\x01\x00\x00\x00\x01\x00\x01\x00\x00\x00\x00", 18,
         RESULT_INVALID},
        {"\x00\x00\x00\x0e\x01\x00\x00\x01\x00\x00\x00\x01\xff\xff\x00\x00\x00\x00", 18,
         RESULT_INVALID},
        {"\x00\x00\x00\x0e\x01\x00\x00\x01\x00\x00\x00\x01\x00\x00\x00\x00\x00\x01", 18,
         RESULT_INVALID},
        {"\x00\x00\x00\x0e\x01\x00\x00\x01\x00\x00\x00\x01\x00\x00\xff\xff\xff\xff", 18,
         RESULT_INVALID},
        // an unknown kind or result
        {"\x00\x00\x00\x0e\x00\x00\x00\x01\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00", 18,
         RESULT_INVALID},
        {"\x00\x00\x00\x0e\x04\x00\x00\x01\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00", 18,
         RESULT_INVALID},
        {"\x00\x00\x00\x0e\x02\xff\x00\x01\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00", 18,
         RESULT_INVALID},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct error err = {0};
        size_t used = 0;
        print_message("case %zu\n", i);
        assert_result(cases[i].expected,
                      read_copy(bytes_of(cases[i].bytes, cases[i].size), &used, &err), &err);
    }
}

static void any_tampered_byte_is_refused_or_read_within_its_bounds(void **state) {
    (void)state;
    struct error err = {0};
    struct frame frame = sample();
    AUTO(buf_clear) struct buf out = {0};
    buf_init(&out, MAXIMUM);
    assert_ok(frame_write(&frame, MAXIMUM, &out, &err), &err);
    size_t refused = 0;
    for (size_t i = 0; i < out.size; i++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            size_t used = 0;
            out.data[i] = (uint8_t)(out.data[i] ^ (1u << bit));
            enum result result = read_copy(buf_bytes(&out), &used, &err);
            assert_true(result == RESULT_OK || result == RESULT_INVALID ||
                        result == RESULT_PENDING);
            refused += result != RESULT_OK;
            out.data[i] = (uint8_t)(out.data[i] ^ (1u << bit));
        }
    }
    assert_true(refused > 60); // sizes, kind and result
}

static void a_frame_is_written_up_to_its_maximum(void **state) {
    (void)state;
    static const uint8_t zeros[MAXIMUM];
    size_t room = MAXIMUM - 14;
    for (size_t extra = 0; extra <= 1; extra++) {
        struct error err = {0};
        struct frame frame = {.kind = FRAME_NOTICE, .body = bytes_of(zeros, room + extra)};
        AUTO(buf_clear) struct buf out = {0};
        buf_init(&out, 2 * MAXIMUM);
        assert_ok(buf_append_string(&out, "before"), &err);
        assert_result(extra == 0 ? RESULT_OK : RESULT_LIMIT,
                      frame_write(&frame, MAXIMUM, &out, &err), &err);
        assert_int_equal(out.size, extra == 0 ? 6 + 4 + MAXIMUM : 6);
    }
    struct error err = {0};
    static const uint8_t long_address[UINT16_MAX + 1];
    struct frame frame = {.kind = FRAME_REQUEST,
                          .peer_address = bytes_of(long_address, sizeof(long_address))};
    AUTO(buf_clear) struct buf out = {0};
    buf_init(&out, 1 << 20);
    assert_result(RESULT_LIMIT, frame_write(&frame, 1 << 20, &out, &err), &err);
    frame.peer_address.size--;
    assert_ok(frame_write(&frame, 1 << 20, &out, &err), &err);
    struct buf small = {0};
    buf_init(&small, 100);
    assert_result(RESULT_LIMIT, frame_write(&frame, 1 << 20, &small, &err), &err);
    assert_int_equal(small.size, 0);
    buf_clear(&small);
}

static void an_error_travels_whole(void **state) {
    (void)state;
    struct error err = {0}, sent = {0}, read = {0};
    (void)error_set_code(&sent, RESULT_DENIED, "token_spent", "this token has been used");
    error_field(&sent, "token");
    error_hint(&sent, "Ask for a new one.");
    AUTO(buf_clear) struct buf body = {0};
    buf_init(&body, 1024);
    assert_ok(frame_write_error(&sent, &body), &err);
    assert_ok(frame_read_error(buf_bytes(&body), &read), &err);
    assert_int_equal(read.result, RESULT_DENIED);
    assert_string_equal(read.code, sent.code);
    assert_string_equal(read.field, sent.field);
    assert_string_equal(read.message, sent.message);
    assert_string_equal(read.hint, sent.hint);

    // The fullest one, too.
    memset(sent.code, 'c', sizeof(sent.code) - 1);
    memset(sent.field, 'f', sizeof(sent.field) - 1);
    memset(sent.message, 'm', sizeof(sent.message) - 1);
    memset(sent.hint, 'h', sizeof(sent.hint) - 1);
    buf_reset(&body);
    assert_ok(frame_write_error(&sent, &body), &err);
    assert_ok(frame_read_error(buf_bytes(&body), &read), &err);
    assert_string_equal(read.hint, sent.hint);
    // A text that is one longer than its array.
    body.data[2]++;
    assert_result(RESULT_INVALID, frame_read_error(buf_bytes(&body), &read), &err);
}

static void a_damaged_error_is_refused(void **state) {
    (void)state;
    struct error err = {0}, sent = {0}, read = {0};
    (void)error_set_code(&sent, RESULT_LIMIT, "too_long", "m");
    AUTO(buf_clear) struct buf body = {0};
    buf_init(&body, 1024);
    assert_ok(frame_write_error(&sent, &body), &err);
    for (size_t size = 0; size < body.size; size++) {
        assert_result(RESULT_INVALID,
                      frame_read_error(bytes_slice(buf_bytes(&body), 0, size), &read), &err);
    }
    static const uint8_t results[] = {RESULT_OK, RESULT_COUNT, 0xff};
    for (size_t i = 0; i < sizeof(results); i++) {
        body.data[0] = results[i];
        assert_result(RESULT_INVALID, frame_read_error(buf_bytes(&body), &read), &err);
    }
    body.data[0] = RESULT_LIMIT;
    body.data[3] = 0; // a zero byte in the code
    assert_result(RESULT_INVALID, frame_read_error(buf_bytes(&body), &read), &err);
    body.data[3] = 't';
    assert_ok(frame_read_error(buf_bytes(&body), &read), &err);
    assert_ok(buf_append_byte(&body, 0), &err);
    assert_result(RESULT_INVALID, frame_read_error(buf_bytes(&body), &read), &err);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_frame_has_the_documented_bytes),
        cmocka_unit_test(every_kind_is_read_back_and_the_next_one_is_left),
        cmocka_unit_test(every_truncation_waits_for_more),
        cmocka_unit_test(a_size_that_does_not_fit_is_refused),
        cmocka_unit_test(any_tampered_byte_is_refused_or_read_within_its_bounds),
        cmocka_unit_test(a_frame_is_written_up_to_its_maximum),
        cmocka_unit_test(an_error_travels_whole),
        cmocka_unit_test(a_damaged_error_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
