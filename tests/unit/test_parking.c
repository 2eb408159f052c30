// Waiting for a key: notices before and after, times, leaving in the middle of it all.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "support/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <uv.h>

#include "base/clock.h"
#include "base/limits.h"
#include "gateway/parking.h"

struct waiter {
    struct parked place;
    char key[16];
    int noticed;
    int over;
    struct waiter *takes_along; // leaves when this one is told
};

static uv_loop_t loop;
static struct parking *parking;

static void on_event(void *owner, enum parked_event event) {
    struct waiter *waiter = owner;
    waiter->noticed += event == PARKED_NOTICED;
    waiter->over += event == PARKED_OVER;
    if (waiter->takes_along != NULL) {
        parked_leave(&waiter->takes_along->place);
    }
}

static int set_up(void **state) {
    (void)state;
    struct error err = {0};
    assert_int_equal(uv_loop_init(&loop), 0);
    assert_ok(parking_new(&loop, on_event, &parking, &err), &err);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    parking_free(parking);
    assert_int_equal(uv_run(&loop, UV_RUN_DEFAULT), 0);
    assert_int_equal(uv_loop_close(&loop), 0);
    return 0;
}

static void watch(struct waiter *waiter, const char *key) {
    *waiter = (struct waiter){0};
    (void)snprintf(waiter->key, sizeof(waiter->key), "%s", key);
    parked_watch(parking, &waiter->place, waiter->key, waiter);
}

static enum parked_verdict wait_for(struct waiter *waiter, uint64_t milliseconds) {
    uv_update_time(&loop);
    return parked_wait(&waiter->place, parking_now(parking) + milliseconds);
}

static void run_for(int64_t milliseconds) {
    const int64_t end = clock_monotonic_milliseconds() + milliseconds;
    while (clock_monotonic_milliseconds() < end) {
        (void)uv_run(&loop, UV_RUN_NOWAIT);
        (void)usleep(1000);
    }
}

static void a_notice_wakes_those_of_its_key_once(void **state) {
    (void)state;
    struct waiter a, also_a, b;
    watch(&a, "a");
    watch(&also_a, "a");
    watch(&b, "b");
    assert_int_equal(wait_for(&a, 60000), PARKED_WAITS);
    assert_int_equal(wait_for(&also_a, 60000), PARKED_WAITS);
    assert_int_equal(wait_for(&b, 60000), PARKED_WAITS);
    assert_int_equal(parking_waiting(parking), 3);
    parking_notice(parking, "c");
    parking_notice(parking, "a");
    assert_int_equal(a.noticed, 1);
    assert_int_equal(also_a.noticed, 1);
    assert_int_equal(b.noticed, 0);
    assert_int_equal(parking_waiting(parking), 1);
    assert_false(parked_is_waiting(&a.place));
    parked_leave(&a.place);
    parked_leave(&also_a.place);
    parked_leave(&b.place);
    assert_int_equal(parking_waiting(parking), 0);
}

static void a_notice_that_comes_before_the_waiting_is_not_lost(void **state) {
    (void)state;
    struct waiter a;
    watch(&a, "a");
    parking_notice(parking, "a");
    parking_notice(parking, "a");
    assert_int_equal(a.noticed, 0); // it is asking
    assert_int_equal(wait_for(&a, 60000), PARKED_IS_STALE);
    assert_int_equal(wait_for(&a, 60000), PARKED_WAITS); // once for both
    parking_notice(parking, "a");
    assert_int_equal(a.noticed, 1);
    parking_notice(parking, "a"); // it is asking again
    assert_int_equal(a.noticed, 1);
    assert_int_equal(wait_for(&a, 60000), PARKED_IS_STALE);
    parked_leave(&a.place);
    parking_notice(parking, "a");
    assert_int_equal(a.noticed, 1);
}

static void a_notice_before_a_place_is_taken_is_none_of_its_business(void **state) {
    (void)state;
    struct waiter a;
    parking_notice(parking, "a");
    watch(&a, "a");
    assert_int_equal(wait_for(&a, 60000), PARKED_WAITS);
    parked_leave(&a.place);
}

static void each_time_ends_by_itself_in_order(void **state) {
    (void)state;
    struct waiter early, late, gone, longest;
    watch(&late, "a");
    watch(&early, "a");
    watch(&gone, "b");
    watch(&longest, "b");
    assert_int_equal(wait_for(&longest, LIMIT_POLL_SECONDS * 1000), PARKED_WAITS);
    assert_int_equal(wait_for(&late, 900), PARKED_WAITS);
    assert_int_equal(wait_for(&early, 100), PARKED_WAITS);
    assert_int_equal(wait_for(&gone, 100), PARKED_WAITS);
    parked_leave(&gone.place);
    run_for(60);
    assert_int_equal(early.over, 0);
    run_for(400);
    assert_int_equal(early.over, 1);
    assert_int_equal(late.over, 0);
    run_for(800);
    assert_int_equal(early.over, 1);
    assert_int_equal(late.over, 1);
    assert_int_equal(gone.over + longest.over, 0);
    assert_int_equal(parking_waiting(parking), 1);
    parked_leave(&early.place);
    parked_leave(&late.place);
    parked_leave(&longest.place);
}

static void the_wheel_starts_anew_after_a_rest(void **state) {
    (void)state;
    struct waiter a;
    watch(&a, "a");
    assert_int_equal(wait_for(&a, 50), PARKED_WAITS);
    run_for(400);
    assert_int_equal(a.over, 1);
    (void)usleep(600000); // nobody waits, nobody turns
    assert_int_equal(wait_for(&a, 50), PARKED_WAITS);
    run_for(400);
    assert_int_equal(a.over, 2);
    parked_leave(&a.place);
}

static void a_time_that_is_over_does_not_begin(void **state) {
    (void)state;
    struct waiter a;
    watch(&a, "a");
    assert_int_equal(wait_for(&a, 0), PARKED_IS_LATE);
    assert_int_equal(wait_for(&a, 1), PARKED_WAITS);
    parked_leave(&a.place);
}

static void who_is_told_may_make_others_leave(void **state) {
    (void)state;
    for (int by_notice = 0; by_notice < 2; by_notice++) {
        struct waiter places[3];
        for (int i = 0; i < 3; i++) {
            watch(&places[i], "a");
            assert_int_equal(wait_for(&places[i], 10), PARKED_WAITS);
        }
        places[0].takes_along = &places[1];
        places[2].takes_along = &places[1];
        if (by_notice == 1) {
            parking_notice(parking, "a");
        } else {
            run_for(400);
        }
        assert_int_equal(places[0].noticed + places[0].over, 1);
        assert_int_equal(places[1].noticed + places[1].over, 0);
        assert_int_equal(places[2].noticed + places[2].over, 1);
        assert_int_equal(parking_waiting(parking), 0);
        parked_leave(&places[0].place);
        parked_leave(&places[2].place);
    }
}

static void closing_ends_all_times_and_takes_no_more(void **state) {
    (void)state;
    struct waiter a, b;
    watch(&a, "a");
    watch(&b, "b");
    assert_int_equal(wait_for(&a, 60000), PARKED_WAITS);
    parking_close(parking);
    assert_int_equal(a.over, 1);
    assert_int_equal(wait_for(&b, 60000), PARKED_IS_LATE);
    parked_leave(&a.place);
    parked_leave(&b.place);
}

static void freeing_takes_every_place_without_an_event(void **state) {
    (void)state;
    struct waiter a, b;
    watch(&a, "a");
    watch(&b, "b");
    assert_int_equal(wait_for(&a, 60000), PARKED_WAITS);
    parking_free(parking);
    parking = NULL;
    (void)uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(a.noticed + a.over, 0);
    parked_leave(&a.place); // fine
    parked_leave(&b.place);
}

static void only_so_many_wait(void **state) {
    (void)state;
    struct waiter *places = calloc(LIMIT_PARKED + 1, sizeof(*places));
    assert_non_null(places);
    for (size_t i = 0; i <= LIMIT_PARKED; i++) {
        char key[16];
        (void)snprintf(key, sizeof(key), "%zu", i);
        watch(&places[i], key);
        assert_int_equal(wait_for(&places[i], 60000),
                         i < LIMIT_PARKED ? PARKED_WAITS : PARKED_IS_LATE);
    }
    parking_notice(parking, "7");
    assert_int_equal(places[7].noticed, 1);
    assert_int_equal(wait_for(&places[LIMIT_PARKED], 60000), PARKED_WAITS);
    // All wake, and each finds only its own.
    for (size_t i = 0; i <= LIMIT_PARKED; i++) {
        parking_notice(parking, places[i].key);
        parked_leave(&places[i].place);
    }
    assert_int_equal(parking_waiting(parking), 0);
    for (size_t i = 0; i <= LIMIT_PARKED; i++) {
        assert_int_equal(places[i].noticed, 1);
    }
    free(places);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_notice_wakes_those_of_its_key_once),
        TEST(a_notice_that_comes_before_the_waiting_is_not_lost),
        TEST(a_notice_before_a_place_is_taken_is_none_of_its_business),
        TEST(each_time_ends_by_itself_in_order),
        TEST(the_wheel_starts_anew_after_a_rest),
        TEST(a_time_that_is_over_does_not_begin),
        TEST(who_is_told_may_make_others_leave),
        TEST(closing_ends_all_times_and_takes_no_more),
        TEST(freeing_takes_every_place_without_an_event),
        TEST(only_so_many_wait),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
