// When the agent tries: jitter that stays, pauses that grow, and what is forgotten.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "client/device/agent_state.h"

#include "base/file.h"
#include "base/limits.h"
#include "support/client_fixture.h"

static struct about about_of(const char *serial) {
    static char text[64];
    snprintf(text, sizeof(text), "%s", serial);
    return (struct about){
        .serial = text, .not_before = 0, .renew_after = 60 * DAY, .not_after = 100 * DAY};
}

static void the_first_try_is_within_the_first_quarter_of_the_window(void **state) {
    (void)state;
    const struct about about = about_of("01");
    struct agent_state early = {.jitter = 0};
    struct agent_state late = {.jitter = 1000};
    assert_int_equal(agent_due(&early, &about), 60 * DAY);
    assert_int_equal(agent_due(&late, &about), 70 * DAY);
    struct about whole = {.renew_after = 0, .not_after = INT64_MAX / 2};
    assert_true(agent_due(&late, &whole) <= whole.not_after);
}

static void jitter_is_drawn_once_for_a_certificate(void **state) {
    (void)state;
    struct error err = {0};
    AUTO(agent_state_clear) struct agent_state kept = {0};
    struct about about = about_of("01");
    assert_ok(agent_state_follow(&kept, &about, 50 * DAY, 700), &err);
    assert_int_equal(kept.jitter, 700);
    assert_ok(agent_state_follow(&kept, &about, 50 * DAY, 100), &err);
    assert_int_equal(kept.jitter, 700);
    about = about_of("02");
    assert_ok(agent_state_follow(&kept, &about, 50 * DAY, 100), &err);
    assert_int_equal(kept.jitter, 100);
}

static void jitter_survives_the_file_and_a_damaged_file_is_none(void **state) {
    (void)state;
    struct error err = {0};
    AUTO(agent_state_clear) struct agent_state kept = {0};
    AUTO(agent_state_clear) struct agent_state read = {0};
    struct about about = about_of("01");
    assert_ok(agent_state_follow(&kept, &about, 50 * DAY, 321), &err);
    assert_ok(agent_state_write(test_folder, &kept, &err), &err);
    agent_state_read(test_folder, &read);
    assert_int_equal(read.jitter, 321);
    assert_string_equal(read.serial, "01");
    assert_ok(
        file_replace(in_test_folder("agent.json"), BYTES_LITERAL("{\"serial\":"), 0644, &err),
        &err);
    agent_state_clear(&read);
    agent_state_read(test_folder, &read);
    assert_null(read.serial);
    assert_int_equal(read.jitter, 0);
}

static void pauses_double_up_to_a_limit(void **state) {
    (void)state;
    static const struct {
        int64_t failures, seconds;
    } cases[] = {{1, 60}, {2, 120}, {3, 240}, {7, 3840}, {8, 7200}, {9, 7200}, {1000000, 7200}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        int64_t longest = cases[i].seconds;
        assert_int_equal(agent_pause(cases[i].failures, 0, 100 * DAY, 0), longest);
        for (uint64_t chance = 1; chance < 5000; chance += 37) {
            int64_t pause = agent_pause(cases[i].failures, 0, 100 * DAY, chance);
            assert_true(pause <= longest && pause >= longest - longest / 4);
        }
    }
}

static void
the_authority_is_asked_for_cas_once_a_day_and_the_first_time_within_one(void **state) {
    (void)state;
    struct error err = {0};
    const struct about about = about_of("01");
    for (uint64_t chance = 0; chance < 1000000000; chance += 7654321) {
        AUTO(agent_state_clear) struct agent_state kept = {0};
        assert_ok(agent_state_follow(&kept, &about, 50 * DAY, chance), &err);
        assert_true(agent_next_check(&kept) > 50 * DAY && agent_next_check(&kept) <= 51 * DAY);
        assert_ok(agent_state_check(&kept, NULL, 51 * DAY), &err);
        assert_ok(agent_state_follow(&kept, &about, 51 * DAY, chance), &err);
        assert_int_equal(agent_next_check(&kept), 52 * DAY);
        // A clock that was ahead and was set back.
        assert_ok(agent_state_follow(&kept, &about, 20 * DAY, chance), &err);
        assert_true(agent_next_check(&kept) <= 21 * DAY);
    }
}

static void what_the_server_asks_for_is_the_least(void **state) {
    (void)state;
    assert_int_equal(agent_pause(1, 1800, 100 * DAY, 0), 1800);
    assert_int_equal(agent_pause(1, 30, 100 * DAY, 0), 60);
    assert_int_equal(agent_pause(1, LIMIT_RETRY_AFTER_SECONDS, 40, 0),
                     LIMIT_RETRY_AFTER_SECONDS);
}

static void near_the_end_the_pauses_are_shorter_and_never_nothing(void **state) {
    (void)state;
    assert_int_equal(agent_pause(9, 0, 8000, 0), 1000);
    assert_int_equal(agent_pause(9, 0, 80, 0), 10);
    assert_int_equal(agent_pause(9, 0, 1, 0), 5);
    assert_int_equal(agent_pause(9, 0, -1, 0), 7200); // it is over: no hurry any more
}

static void an_authority_that_says_pending_for_ever_is_asked_ever_more_seldom(void **state) {
    (void)state;
    AUTO(agent_state_clear) struct agent_state kept = {0};
    struct error err = {0};
    struct error pending = {.result = RESULT_PENDING, .code = "pending", .message = "waits"};
    const struct about about = about_of("01");
    int64_t now = 61 * DAY;
    int tries = 0;
    for (; now < 62 * DAY; tries++) {
        assert_ok(agent_state_fail(&kept, &about, &pending, 10, now, 0), &err);
        now = agent_next(&kept, &about);
    }
    assert_in_range(tries, 12, 24); // in a day
    assert_string_equal(kept.code, "pending");
}

static void a_new_certificate_ends_the_failures_of_the_old_one(void **state) {
    (void)state;
    AUTO(agent_state_clear) struct agent_state kept = {0};
    struct error err = {0};
    struct error reason = {.code = "unreachable", .message = "no\x1b[31m way"};
    struct about about = about_of("01");
    assert_ok(agent_state_follow(&kept, &about, 50 * DAY, 0), &err);
    assert_ok(agent_state_fail(&kept, &about, &reason, 0, 61 * DAY, 0), &err);
    assert_int_equal(agent_next(&kept, &about), 61 * DAY + 60);
    assert_string_equal(kept.problem, "no?[31m way");
    assert_null(kept.hint);
    about = about_of("02");
    assert_ok(agent_state_follow(&kept, &about, 50 * DAY, 0), &err);
    assert_int_equal(kept.failures, 0);
    assert_null(kept.problem);
    assert_int_equal(agent_next(&kept, &about), 60 * DAY);
}

static void what_is_due_again_at_once_is_left_alone_for_a_while(void **state) {
    (void)state;
    AUTO(agent_state_clear) struct agent_state kept = {0};
    struct error err = {0};
    const struct about about = about_of("01");
    assert_ok(agent_state_renewed(&kept, &about, 80 * DAY, 0), &err);
    assert_int_equal(agent_next(&kept, &about), 80 * DAY + 60);
    assert_ok(agent_state_renewed(&kept, &about, 50 * DAY, 0), &err);
    assert_int_equal(agent_next(&kept, &about), 60 * DAY);
}

static void hooks_are_repeated_with_pauses_until_they_succeed(void **state) {
    (void)state;
    AUTO(agent_state_clear) struct agent_state kept = {0};
    struct error err = {0};
    struct error reason = {.message = "ended with status 9"};
    assert_ok(agent_state_hook(&kept, "generations/2:01", &reason, 1000, 0), &err);
    assert_ok(agent_state_hook(&kept, "generations/2:01", &reason, 1060, 0), &err);
    assert_int_equal(kept.hook_next, 1060 + 120);
    assert_null(kept.hooked);
    assert_ok(agent_state_hook(&kept, "generations/2:01", NULL, 1180, 0), &err);
    assert_int_equal(kept.hook_next, 0);
    assert_string_equal(kept.hooked, "generations/2:01");
    assert_null(kept.hook_problem);
}

// A hold is lifted again, a network comes back: neither ends what was said for good.
static void revoked_is_said_once_and_holds_until_there_is_another_certificate(void **state) {
    (void)state;
    static const struct {
        const char *code;
        int64_t revoked;
    } cases[] = {{"certificate_held", 0},
                 {"unreachable", 0},
                 {"certificate_revoked", 3000},
                 {"unreachable", 3000},
                 {"issuer_revoked", 3000}};
    struct error err = {0};
    AUTO(agent_state_clear) struct agent_state kept = {0};
    struct about about = about_of("01");
    assert_ok(agent_state_follow(&kept, &about, 50, 0), &err);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct error reason = {0};
        (void)error_set_code(&reason, RESULT_DENIED, cases[i].code, "no");
        assert_ok(agent_state_fail(&kept, &about, &reason, 0, 1000 + 1000 * (int64_t)i, 0),
                  &err);
        assert_int_equal(kept.revoked, cases[i].revoked);
    }
    about = about_of("02");
    assert_ok(agent_state_follow(&kept, &about, 9000, 0), &err);
    assert_int_equal(kept.revoked, 0);
}

#define IN_FOLDER(test)                                                                        \
    cmocka_unit_test_setup_teardown(test, make_test_folder, remove_test_folder)

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_try_is_within_the_first_quarter_of_the_window),
        cmocka_unit_test(jitter_is_drawn_once_for_a_certificate),
        IN_FOLDER(jitter_survives_the_file_and_a_damaged_file_is_none),
        cmocka_unit_test(pauses_double_up_to_a_limit),
        cmocka_unit_test(
            the_authority_is_asked_for_cas_once_a_day_and_the_first_time_within_one),
        cmocka_unit_test(what_the_server_asks_for_is_the_least),
        cmocka_unit_test(near_the_end_the_pauses_are_shorter_and_never_nothing),
        cmocka_unit_test(an_authority_that_says_pending_for_ever_is_asked_ever_more_seldom),
        cmocka_unit_test(a_new_certificate_ends_the_failures_of_the_old_one),
        cmocka_unit_test(what_is_due_again_at_once_is_left_alone_for_a_while),
        cmocka_unit_test(hooks_are_repeated_with_pauses_until_they_succeed),
        cmocka_unit_test(revoked_is_said_once_and_holds_until_there_is_another_certificate),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
