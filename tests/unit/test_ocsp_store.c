// Kept OCSP answers: bounded, forgotten at once, never of an earlier epoch.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "gateway/ocsp_store.h"

#include <stdio.h>

#include "base/limits.h"
#include "support/test.h"

#define NOW 1800000000

static struct ocsp_store *make(size_t capacity) {
    struct ocsp_store *store = NULL;
    struct error err = {0};
    assert_ok(ocsp_store_new(capacity, &store, &err), &err);
    return store;
}

// The CertID is "id" and the serial.
static struct bytes id_of(uint32_t number, uint8_t room[6]) {
    const uint8_t id[] = {'i',
                          'd',
                          (uint8_t)(number >> 24),
                          (uint8_t)(number >> 16),
                          (uint8_t)(number >> 8),
                          (uint8_t)number};
    memcpy(room, id, sizeof(id));
    return bytes_of(room, sizeof(id));
}

static void put(struct ocsp_store *store, uint32_t number, int64_t epoch,
                const char *response) {
    uint8_t room[6];
    const struct bytes id = id_of(number, room);
    const struct ocsp_kept kept = {.response = bytes_of_string(response),
                                   .this_update = NOW,
                                   .next_update = NOW + 100,
                                   .max_age = 60};
    ocsp_store_put(store, id, bytes_slice(id, 2, 4), epoch, &kept);
}

static const struct ocsp_kept *find_at(const struct ocsp_store *store, uint32_t number,
                                       int64_t now) {
    uint8_t room[6];
    const struct bytes id = id_of(number, room);
    return ocsp_store_find(store, id, bytes_slice(id, 2, 4), now);
}

static void forget(struct ocsp_store *store, uint32_t number, int64_t epoch) {
    uint8_t room[6];
    ocsp_store_forget(store, bytes_slice(id_of(number, room), 2, 4), epoch);
}

static void an_answer_is_kept_as_long_as_it_holds(void **state) {
    (void)state;
    struct ocsp_store *store = make(10);
    put(store, 1, 0, "good");
    const struct ocsp_kept *kept = find_at(store, 1, NOW);
    assert_non_null(kept);
    assert_bytes_equal(kept->response, BYTES_LITERAL("good"));
    assert_int_equal(kept->max_age, 60);
    assert_int_equal(strlen(kept->etag), 66);
    assert_non_null(find_at(store, 1, NOW + 99));
    assert_null(find_at(store, 1, NOW + 100));
    assert_null(find_at(store, 1, NOW - 1));
    assert_null(find_at(store, 2, NOW));
    put(store, 1, 0, "newer");
    assert_int_equal(ocsp_store_count(store), 1);
    assert_bytes_equal(find_at(store, 1, NOW)->response, BYTES_LITERAL("newer"));
    ocsp_store_free(store);
}

static void a_changed_status_is_forgotten_and_no_other(void **state) {
    (void)state;
    struct ocsp_store *store = make(10);
    put(store, 1, 0, "good");
    put(store, 2, 0, "good");
    forget(store, 1, 1);
    assert_null(find_at(store, 1, NOW));
    assert_non_null(find_at(store, 2, NOW));
    // An answer of before the change that arrives behind it.
    put(store, 1, 0, "good");
    assert_null(find_at(store, 1, NOW));
    put(store, 1, 1, "revoked");
    assert_bytes_equal(find_at(store, 1, NOW)->response, BYTES_LITERAL("revoked"));
    ocsp_store_forget(store, (struct bytes){0}, 2);
    assert_int_equal(ocsp_store_count(store), 0);
    assert_null(find_at(store, 2, NOW));
    ocsp_store_free(store);
}

static void another_makes_room_and_large_ones_are_not_kept(void **state) {
    (void)state;
    struct ocsp_store *store = make(100);
    for (uint32_t i = 0; i < 250; i++) {
        put(store, i, 0, "good");
    }
    assert_int_equal(ocsp_store_count(store), 100);
    assert_null(find_at(store, 149, NOW));
    for (uint32_t i = 150; i < 250; i++) {
        assert_non_null(find_at(store, i, NOW));
    }
    char response[LIMIT_OCSP_KEPT_BYTES + 1];
    memset(response, 'x', sizeof(response));
    response[LIMIT_OCSP_KEPT_BYTES - 6] = '\0'; // with the CertID, the limit
    put(store, 1000, 0, response);
    assert_non_null(find_at(store, 1000, NOW));
    response[LIMIT_OCSP_KEPT_BYTES - 6] = 'x';
    response[LIMIT_OCSP_KEPT_BYTES - 5] = '\0';
    put(store, 1001, 0, response);
    assert_null(find_at(store, 1001, NOW));
    ocsp_store_free(store);
}

// Against a plain array: every answer is the last that was put and not forgotten since.
static void a_long_use_is_that_of_a_simple_table(void **state) {
    (void)state;
    enum { NUMBERS = 300 };
    struct ocsp_store *store = make(NUMBERS); // nothing is pushed out below twice as many puts
    int version[NUMBERS] = {0};
    uint32_t seed = 7;
    for (int step = 0; step < 20000; step++) {
        seed = seed * 1664525U + 1013904223U;
        const uint32_t number = (seed >> 8) % NUMBERS;
        char text[32];
        if (seed >> 30 == 0) {
            forget(store, number, 0);
            version[number] = 0;
        } else {
            version[number] = step + 1;
            (void)snprintf(text, sizeof(text), "%d", step + 1);
            put(store, number, 0, text);
        }
        const struct ocsp_kept *kept = find_at(store, number, NOW);
        (void)snprintf(text, sizeof(text), "%d", version[number]);
        assert_true(version[number] == 0 ? kept == NULL
                                         : bytes_equal(kept->response, bytes_of_string(text)));
    }
    assert_true(ocsp_store_count(store) <= NUMBERS);
    ocsp_store_free(store);
    ocsp_store_free(NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_is_kept_as_long_as_it_holds),
        cmocka_unit_test(a_changed_status_is_forgotten_and_no_other),
        cmocka_unit_test(another_makes_room_and_large_ones_are_not_kept),
        cmocka_unit_test(a_long_use_is_that_of_a_simple_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
