// The system's generator differs each time; the tests' one repeats.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/random.h"
#include "support/test.h"

static void seeds_repeat_and_the_system_does_not(void **state) {
    (void)state;
    struct error err = {0};
    uint8_t a[32], b[32];
    random_use_insecure_seed(1);
    assert_ok(random_bytes(a, sizeof(a), &err), &err);
    random_use_insecure_seed(1);
    assert_ok(random_bytes(b, sizeof(b), &err), &err);
    assert_memory_equal(a, b, sizeof(a));
    random_use_system();
    assert_ok(random_bytes(a, sizeof(a), &err), &err);
    assert_ok(random_bytes(b, sizeof(b), &err), &err);
    assert_memory_not_equal(a, b, sizeof(a));
}

static bool is_broken;

static bool board_random(uint8_t *out, size_t size) {
    memset(out, 7, size);
    return !is_broken;
}

static void a_board_brings_its_own_generator(void **state) {
    (void)state;
    struct error err = {0};
    uint8_t sevens[32];
    random_use_source(board_random);
    assert_ok(random_bytes(sevens, sizeof(sevens), &err), &err);
    assert_int_equal(sevens[31], 7);
    is_broken = true;
    assert_result(RESULT_UNAVAILABLE, random_bytes(sevens, sizeof(sevens), &err), &err);
    random_use_source(NULL);
    assert_ok(random_bytes(sevens, sizeof(sevens), &err), &err);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(seeds_repeat_and_the_system_does_not),
        cmocka_unit_test(a_board_brings_its_own_generator),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
