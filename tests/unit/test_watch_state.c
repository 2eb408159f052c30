// The state of a target after each round, as it is told later.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "client/watch/watch_state.h"

#include "base/file.h"
#include "support/client_fixture.h"

static struct watch_options options = {
    .name = "broker", .file = "/f", .interval_seconds = 60, .proof = {.host = "localhost"}};

static int start(void **state) {
    options.preset = watch_preset_find("mosquitto");
    clock_use_manual(NOW);
    int made = make_test_folder(state);
    options.state_folder = test_folder;
    return made;
}

static int stop(void **state) {
    clock_use_system();
    return remove_test_folder(state);
}

static struct watch_report report_of(int64_t this_update, int64_t next_update) {
    return (struct watch_report){.summary = {.lists = this_update > 0,
                                             .entries = 5,
                                             .this_update = this_update,
                                             .next_update = next_update}};
}

static void the_worst_is_told(void **state) {
    (void)state;
    const struct watch_report fresh = report_of(NOW - 10, NOW + DAY);
    struct watch_report proven = fresh;
    proven.is_proven = true;
    struct watch_report late = fresh;
    late.expires_soon = true;
    const struct {
        struct watch_report report;
        const char *code; // "": the round was fine
        const char *state, *proof;
    } cases[] = {
        {proven, "", "fresh", "passed"},
        {fresh, "unchanged", "fresh", "due"},
        {fresh, "busy", "fresh", "due"},
        {fresh, "unreachable", "failing", "due"},
        {fresh, "reload_failed", "failing", "due"},
        {fresh, "proof_failed", "unproven", "failed"},
        {fresh, "canary", "unproven", "failed"},
        {late, "unreachable", "late", "due"},
        {late, "unchanged", "late", "due"},
        {late, "proof_failed", "unproven", "failed"},
        {report_of(NOW - DAY, NOW), "unreachable", "expired", "due"},
        {report_of(0, 0), "server_unavailable", "missing", "due"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct watch_status status = {0};
        struct error err = {0};
        enum result result = RESULT_OK;
        if (cases[i].code[0] != '\0') {
            result = error_set_code(&err, RESULT_CONFLICT, cases[i].code, "why\n");
        }
        assert_int_equal(
            watch_status_follow(&status, &options, &cases[i].report, result, &err, NOW),
            RESULT_OK);
        assert_string_equal(status.state, cases[i].state);
        assert_string_equal(status.proof, cases[i].proof);
        assert_non_null(status.sessions);
        bool is_fine = strcmp(cases[i].state, "fresh") == 0 || cases[i].report.expires_soon;
        assert_true(is_fine || strncmp(status.problem, "why", 3) == 0);
        message_clear(&watch_status_type, &status);
    }
}

static void what_becomes_of_sessions_is_told_as_it_is_configured(void **state) {
    (void)state;
    char *command[] = {"a", NULL};
    const struct {
        const char *preset;
        struct watch_options options;
        const char *sessions; // part of it
    } cases[] = {
        {"mosquitto", {.interval_seconds = 60}, "stay until they end by themselves"},
        {"mosquitto", {.restart = command}, "everybody's"},
        {"mosquitto-capath", {.revoked = command}, "`revoked` is told"},
        {"command", {.interval_seconds = 60}, "`restart` or `revoked` would end them"},
        {"nginx", {.interval_seconds = 60}, "worker_shutdown_timeout"},
        {"haproxy",
         {.interval_seconds = 60},
         "stay until they end by themselves or by a reload"},
        {"haproxy", {.sessions_map = "/m"}, "shut down over the runtime socket"},
        {"prosody", {.interval_seconds = 60}, "closed by the admin shell"},
        {"prosody-capath", {.interval_seconds = 60}, "closed by the admin shell"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct watch_status status = {0};
        const struct watch_report report = report_of(NOW - 10, NOW + DAY);
        struct watch_options target = cases[i].options;
        target.name = "t";
        target.preset = watch_preset_find(cases[i].preset);
        assert_int_equal(
            watch_status_follow(&status, &target, &report, RESULT_OK, &(struct error){0}, NOW),
            RESULT_OK);
        assert_non_null(strstr(status.sessions, cases[i].sessions));
        message_clear(&watch_status_type, &status);
    }
}

static void a_state_ages(void **state) {
    (void)state;
    struct watch_status status = {0};
    struct error err = {0};
    struct watch_report report = report_of(NOW - 10, NOW + DAY);
    report.is_proven = true;
    assert_ok(watch_state_read(&options, NOW, &status, &err), &err);
    assert_string_equal(status.state, "unknown");
    message_clear(&watch_status_type, &status);
    assert_ok(watch_state_record(&options, &report, RESULT_OK, &(struct error){0}, &err), &err);
    static const struct {
        int64_t after;
        const char *state;
    } ages[] = {{0, "fresh"}, {300, "fresh"}, {361, "stopped"}, {DAY, "expired"}};
    for (size_t i = 0; i < sizeof(ages) / sizeof(ages[0]); i++) {
        assert_ok(watch_state_read(&options, NOW + ages[i].after, &status, &err), &err);
        assert_string_equal(status.state, ages[i].state);
        assert_int_equal(status.proven, NOW);
        assert_int_equal(status.revoked, 5);
        message_clear(&watch_status_type, &status);
    }
}

static void a_change_needs_another_proof(void **state) {
    (void)state;
    struct watch_status status = {0};
    struct watch_report report = report_of(NOW - 10, NOW + DAY);
    const struct error none = {0};
    report.is_proven = true;
    assert_int_equal(watch_status_follow(&status, &options, &report, RESULT_OK, &none, NOW),
                     RESULT_OK);
    report.is_proven = false;
    report.is_replaced = true;
    assert_int_equal(watch_status_follow(&status, &options, &report, RESULT_OK, &none, NOW),
                     RESULT_OK);
    assert_string_equal(status.proof, "due");
    assert_int_equal(status.changed, NOW);
    message_clear(&watch_status_type, &status);
}

static void a_damaged_state_is_begun_anew(void **state) {
    (void)state;
    struct error err = {0};
    struct watch_status status = {0};
    struct watch_report report = report_of(NOW - 10, NOW + DAY);
    assert_ok(file_replace(in_test_folder("broker.json"), BYTES_LITERAL("{"), 0644, &err),
              &err);
    assert_ok(watch_state_read(&options, NOW, &status, &err), &err);
    assert_string_equal(status.state, "unknown");
    message_clear(&watch_status_type, &status);
    assert_ok(watch_state_record(&options, &report, RESULT_OK, &(struct error){0}, &err), &err);
    assert_ok(watch_state_read(&options, NOW, &status, &err), &err);
    assert_string_equal(status.state, "fresh");
    message_clear(&watch_status_type, &status);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_worst_is_told),
        cmocka_unit_test(what_becomes_of_sessions_is_told_as_it_is_configured),
        cmocka_unit_test(a_state_ages),
        cmocka_unit_test(a_change_needs_another_proof),
        cmocka_unit_test(a_damaged_state_is_begun_anew),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
