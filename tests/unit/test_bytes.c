// Buffers keep their maximum, views stay inside, secrets are wiped.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "support/test.h"

static void a_buffer_takes_its_maximum_and_not_a_byte_more(void **state) {
    (void)state;
    AUTO(buf_clear) struct buf buf;
    buf_init(&buf, 4);
    assert_int_equal(buf_append_string(&buf, "abcd"), RESULT_OK);
    assert_int_equal(buf_append_byte(&buf, 'e'), RESULT_LIMIT);
    assert_int_equal(buf_insert(&buf, 0, BYTES_LITERAL("e")), RESULT_LIMIT);
    assert_int_equal(buf_printf(&buf, "%d", 1), RESULT_LIMIT);
    assert_string_equal(buf_string(&buf), "abcd");
    assert_int_equal(buf_assign(&buf, BYTES_LITERAL("12345")), RESULT_LIMIT);
    assert_string_equal(buf_string(&buf), "abcd");
}

static void a_zeroed_buffer_refuses_everything(void **state) {
    (void)state;
    struct buf buf = {0};
    assert_int_equal(buf_append_byte(&buf, 1), RESULT_LIMIT);
    assert_string_equal(buf_string(&buf), "");
    buf_clear(&buf);
    buf_clear(&buf);
}

static void inserting_and_consuming_move_the_rest(void **state) {
    (void)state;
    AUTO(buf_clear) struct buf buf;
    buf_init(&buf, 100);
    assert_int_equal(buf_append_string(&buf, "held"), RESULT_OK);
    assert_int_equal(buf_insert(&buf, 3, BYTES_LITERAL("lo wor")), RESULT_OK);
    assert_string_equal(buf_string(&buf), "hello word");
    assert_int_equal(buf_insert(&buf, 99, BYTES_LITERAL("s")), RESULT_OK);
    buf_consume(&buf, 6);
    assert_string_equal(buf_string(&buf), "words");
    buf_consume(&buf, 99);
    assert_int_equal(buf.size, 0);
}

static void growing_a_secret_keeps_its_contents(void **state) {
    (void)state;
    AUTO(buf_clear) struct buf secret;
    buf_init_secret(&secret, 10000);
    for (int i = 0; i < 1000; i++) {
        assert_int_equal(buf_append_byte(&secret, (uint8_t)i), RESULT_OK);
    }
    for (size_t i = 0; i < 1000; i++) {
        assert_int_equal(secret.data[i], i & 0xff);
    }
    uint8_t *memory = secret.data;
    buf_reset(&secret);
    assert_int_equal(memory[999], 0);
}

static void moving_leaves_the_source_cleared(void **state) {
    (void)state;
    struct buf from;
    AUTO(buf_clear) struct buf to = {0};
    buf_init(&from, 10);
    assert_int_equal(buf_append_string(&from, "x"), RESULT_OK);
    buf_move(&to, &from);
    assert_null(from.data);
    assert_int_equal(from.maximum, 0);
    assert_string_equal(buf_string(&to), "x");
}

static void slices_never_leave_their_whole(void **state) {
    (void)state;
    struct bytes whole = BYTES_LITERAL("abcdef");
    assert_bytes_equal(bytes_slice(whole, 2, 2), BYTES_LITERAL("cd"));
    assert_bytes_equal(bytes_slice(whole, 4, SIZE_MAX), BYTES_LITERAL("ef"));
    assert_int_equal(bytes_slice(whole, 6, 1).size, 0);
    assert_int_equal(bytes_slice(whole, SIZE_MAX, SIZE_MAX).size, 0);
}

static void comparisons_agree(void **state) {
    (void)state;
    static const struct {
        const char *a, *b;
        int order;
    } cases[] = {{"", "", 0}, {"a", "a", 0}, {"a", "b", -1}, {"a", "ab", -1}, {"b", "ab", 1}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct bytes a = bytes_of_string(cases[i].a);
        struct bytes b = bytes_of_string(cases[i].b);
        int order = bytes_compare(a, b);
        assert_int_equal((order > 0) - (order < 0), cases[i].order);
        assert_int_equal(bytes_equal(a, b), cases[i].order == 0);
        assert_int_equal(bytes_equal_secret(a, b), cases[i].order == 0);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_buffer_takes_its_maximum_and_not_a_byte_more),
        cmocka_unit_test(a_zeroed_buffer_refuses_everything),
        cmocka_unit_test(inserting_and_consuming_move_the_rest),
        cmocka_unit_test(growing_a_secret_keeps_its_contents),
        cmocka_unit_test(moving_leaves_the_source_cleared),
        cmocka_unit_test(slices_never_leave_their_whole),
        cmocka_unit_test(comparisons_agree),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
