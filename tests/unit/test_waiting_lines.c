// Lines of waiting requests: fair among gateways, and a flood of OCSP starves nobody.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "authority/service/waiting_lines.h"

#include <stdlib.h>

#include "support/test.h"

static struct waiting *request(enum operation_id operation, uint32_t id) {
    const struct frame frame = {.kind = FRAME_REQUEST, .number = (uint16_t)operation, .id = id};
    struct waiting *waiting = NULL;
    struct error err = {0};
    assert_ok(waiting_new(CHANNEL_ENROLL, &frame, &waiting, &err), &err);
    return waiting;
}

static void add(struct waiting_lines *lines, size_t gateway, enum operation_id operation,
                size_t count) {
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(waiting_lines_add(lines, gateway, request(operation, (uint32_t)i)),
                         RESULT_OK);
    }
}

// How many of each kind the next group has, and frees them.
struct taken {
    size_t others;
    size_t status;
};

static struct taken take(struct waiting_lines *lines, size_t gateways) {
    struct waiting_group group = {.count = 0};
    struct taken taken = {0};
    waiting_lines_take(lines, gateways, &group);
    for (size_t i = 0; i < group.count; i++) {
        const bool is_status = group.requests[i]->frame.number == OPERATION_OCSP;
        assert_true(is_status || taken.status == 0); // the others come first
        taken.status += is_status;
        taken.others += !is_status;
        waiting_free(group.requests[i]);
    }
    return taken;
}

static void a_flood_of_status_does_not_keep_others_waiting(void **state) {
    (void)state;
    struct waiting_lines lines = {0};
    add(&lines, 0, OPERATION_OCSP, LIMIT_OCSP_WAITING);
    add(&lines, 1, OPERATION_OCSP, LIMIT_OCSP_WAITING);
    for (int round = 0; round < 5; round++) {
        add(&lines, 0, OPERATION_ENROLL, 2);
        const struct taken taken = take(&lines, 2);
        assert_int_equal(taken.others, 2); // at once, whoever came before
        assert_int_equal(taken.status, LIMIT_OCSP_PER_GROUP);
    }
    const struct taken alone = take(&lines, 2);
    assert_int_equal(alone.others, 0);
    assert_int_equal(alone.status, LIMIT_GROUP_COMMIT);
    waiting_lines_clear(&lines);
    assert_int_equal(waiting_lines_count(&lines), 0);
}

static void status_has_its_room_however_many_others_wait(void **state) {
    (void)state;
    struct waiting_lines lines = {0};
    add(&lines, 0, OPERATION_ENROLL, 200);
    add(&lines, 0, OPERATION_OCSP, 20);
    struct taken taken = take(&lines, 1);
    assert_int_equal(taken.others, LIMIT_GROUP_COMMIT - LIMIT_OCSP_PER_GROUP);
    assert_int_equal(taken.status, LIMIT_OCSP_PER_GROUP);
    (void)take(&lines, 1);
    taken = take(&lines, 1);
    assert_int_equal(taken.others, LIMIT_GROUP_COMMIT - 4);
    assert_int_equal(taken.status, 4);
    taken = take(&lines, 1);
    assert_int_equal(taken.others, 200 - 2 * (LIMIT_GROUP_COMMIT - LIMIT_OCSP_PER_GROUP) -
                                       (LIMIT_GROUP_COMMIT - 4));
    assert_int_equal(taken.status, 0);
    waiting_lines_clear(&lines);
}

static void lines_are_full_at_their_limits(void **state) {
    (void)state;
    struct waiting_lines lines = {0};
    struct waiting *more = request(OPERATION_OCSP, 0);
    add(&lines, 0, OPERATION_OCSP, LIMIT_OCSP_WAITING);
    assert_int_equal(waiting_lines_add(&lines, 0, more), RESULT_UNAVAILABLE);
    waiting_free(more);
    add(&lines, 1, OPERATION_OCSP, 1); // of another gateway
    add(&lines, 0, OPERATION_ENROLL, LIMIT_FRAMES_WAITING);
    more = request(OPERATION_ENROLL, 0);
    assert_int_equal(waiting_lines_add(&lines, 0, more), RESULT_UNAVAILABLE);
    waiting_free(more);
    assert_int_equal(waiting_lines_count(&lines),
                     LIMIT_OCSP_WAITING + 1 + LIMIT_FRAMES_WAITING);
    waiting_lines_clear(&lines);
}

static void each_gateway_takes_its_turn_and_one_that_is_gone_is_forgotten(void **state) {
    (void)state;
    struct waiting_lines lines = {0};
    add(&lines, 0, OPERATION_ENROLL, 100);
    add(&lines, 2, OPERATION_RENEW, 3);
    struct waiting_group group = {.count = 0};
    waiting_lines_take(&lines, 3, &group);
    assert_int_equal(group.count, LIMIT_GROUP_COMMIT);
    assert_int_equal(group.gateways[0], 0);
    assert_int_equal(group.gateways[1], 2);
    assert_int_equal(group.gateways[2], 0);
    assert_int_equal(group.gateways[5], 2);
    assert_int_equal(group.gateways[6], 0);
    for (size_t i = 0; i < group.count; i++) {
        waiting_free(group.requests[i]);
    }
    add(&lines, 1, OPERATION_ENROLL, 2);
    add(&lines, 0, OPERATION_OCSP, 2);
    waiting_lines_drop(&lines, 0);
    assert_int_equal(waiting_lines_count(&lines), 2);
    const struct taken taken = take(&lines, 3);
    assert_int_equal(taken.others, 2);
    assert_int_equal(taken.status, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_flood_of_status_does_not_keep_others_waiting),
        cmocka_unit_test(status_has_its_room_however_many_others_wait),
        cmocka_unit_test(lines_are_full_at_their_limits),
        cmocka_unit_test(each_gateway_takes_its_turn_and_one_that_is_gone_is_forgotten),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
