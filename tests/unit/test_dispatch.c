// Dispatch: a closed table, bound to channels; hostile bodies; and the group that commits.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "authority/authority_open.h"
#include "support/authority_fixture.h"
#include "support/store_fixture.h"

#include <signal.h>
#include <sys/resource.h>

static const struct {
    unsigned number;
    unsigned channels;
} operations[] = {
#define OPERATION_ROW(constant, number, request, reply, channels) {number, channels},
    OPERATION_TABLE(OPERATION_ROW)
#undef OPERATION_ROW
};

#define OPERATION_COUNT (sizeof(operations) / sizeof(operations[0]))

static const enum channel channels[] = {CHANNEL_ENROLL, CHANNEL_ADMIN, CHANNEL_PUBLIC};

static void every_operation_is_refused_on_every_channel_but_its_own(void **state) {
    struct fixture *f = *state;
    int refused = 0;
    for (size_t i = 0; i < OPERATION_COUNT; i++) {
        for (size_t c = 0; c < sizeof(channels) / sizeof(channels[0]); c++) {
            if ((operations[i].channels & (unsigned)channels[c]) == 0) {
                // With an owner's certificate and a body that would do.
                fixture_expect_refusal(fixture_ask_bytes(f, channels[c], operations[i].number,
                                                         (struct bytes){0},
                                                         buf_bytes(&f->admin)),
                                       RESULT_DENIED, "wrong_channel");
                refused++;
            }
        }
    }
    assert_int_equal(OPERATION_COUNT * 3 - (OPERATION_COUNT + 3), refused);
}

static void every_number_outside_the_table_is_refused(void **state) {
    struct fixture *f = *state;
    for (unsigned number = 0; number < 300; number++) {
        if (operation_find(number) == NULL) {
            fixture_expect_refusal(fixture_ask_bytes(f, CHANNEL_ADMIN, number,
                                                     (struct bytes){0}, buf_bytes(&f->admin)),
                                   RESULT_INVALID, "operation_unknown");
        }
    }
    fixture_expect_refusal(
        fixture_ask_bytes(f, CHANNEL_ADMIN, 65535, (struct bytes){0}, buf_bytes(&f->admin)),
        RESULT_INVALID, "operation_unknown");
}

static void every_admin_operation_needs_an_administrator(void **state) {
    struct fixture *f = *state;
    AUTO(key_free_at) struct key *key = fixture_key();
    struct issued issued = {0};
    fixture_device(f, "cn:phone-7", key, &issued);
    int asked = 0;
    for (size_t i = 0; i < OPERATION_COUNT; i++) {
        if (operations[i].channels != CHANNEL_ADMIN) {
            continue;
        }
        const struct operation *operation = operation_find(operations[i].number);
        uint64_t zeroed[64] = {0};
        assert_true(operation->request->size <= sizeof(zeroed));
        AUTO(buf_clear) struct buf body = {0};
        buf_init(&body, 65536);
        if (message_to_binary(operation->request, zeroed, &body, NULL) != RESULT_OK) {
            continue; // an empty one lacks something that is required
        }
        asked++;
        struct waiting *nobody = fixture_ask_bytes(f, CHANNEL_ADMIN, operations[i].number,
                                                   buf_bytes(&body), (struct bytes){0});
        struct waiting *device =
            fixture_ask_bytes(f, CHANNEL_ADMIN, operations[i].number, buf_bytes(&body),
                              blob_bytes(&issued.certificate));
        fixture_expect_refusal(nobody, RESULT_DENIED, "certificate_required");
        fixture_expect_refusal(device, RESULT_DENIED, "admin_required");
    }
    assert_true(asked >= 5);
    message_clear(&issued_type, &issued);
}

static void hostile_bodies_are_refused_and_leave_nothing(void **state) {
    struct fixture *f = *state;
    uint8_t noise[512];
    uint32_t seed = 1;
    for (int round = 0; round < 400; round++) {
        size_t size = (size_t)round % sizeof(noise);
        for (size_t i = 0; i < size; i++) {
            seed = seed * 1664525U + 1013904223U;
            noise[i] = (uint8_t)(seed >> 24);
        }
        for (size_t i = 0; i < OPERATION_COUNT; i++) {
            enum channel channel =
                (operations[i].channels & CHANNEL_ENROLL) != 0 ? CHANNEL_ENROLL : CHANNEL_ADMIN;
            struct waiting *waiting = fixture_ask_bytes(
                f, channel, operations[i].number, bytes_of(noise, size), bytes_of(noise, size));
            assert_true(waiting->answer.result != RESULT_OK ||
                        operations[i].number == OPERATION_AUTHORITY);
            waiting_free(waiting);
        }
    }
    assert_int_equal(0, fixture_audited(f, "certificate issued"));
    assert_int_equal(0, fixture_audited(f, "enrollment refused"));
    assert_int_equal(0, fixture_audited(f, "request refused"));
}

static void anyone_may_see_the_public_profiles_only(void **state) {
    struct fixture *f = *state;
    struct nothing nothing = {};
    struct authority_info info = {0};
    fixture_expect_ok(
        fixture_ask(f, CHANNEL_ENROLL, OPERATION_AUTHORITY, &nothing, (struct bytes){0}),
        &authority_info_type, &info);
    assert_string_equal("Test CA", info.name);
    assert_string_equal(f->authority.root_fingerprint_text, info.fingerprint);
    assert_int_equal(FIXTURE_NOW, info.time);
    const struct profile_info *profiles = info.profiles.items;
    bool has_test_profile = false;
    for (size_t i = 0; i < info.profiles.count; i++) {
        assert_string_not_equal(PROFILE_ADMIN, profiles[i].name);
        assert_string_not_equal(PROFILE_SERVICE, profiles[i].name);
        has_test_profile |= strcmp(profiles[i].name, FIXTURE_PROFILE "-test") == 0;
    }
    assert_true(has_test_profile);
    message_clear(&authority_info_type, &info);
}

static void administrators_see_every_profile_whole(void **state) {
    struct fixture *f = *state;
    struct nothing nothing = {};
    struct profile_page page = {0};
    fixture_expect_ok(
        fixture_ask(f, CHANNEL_ADMIN, OPERATION_PROFILE_LIST, &nothing, buf_bytes(&f->admin)),
        &profile_page_type, &page);
    static const struct {
        const char *name;
        const char *ask;
    } internals[] = {
        {PROFILE_ADMIN, "token"}, {PROFILE_OCSP, "authority"}, {PROFILE_SERVICE, "authority"}};
    const struct profile_detail *found = NULL;
    size_t internal_count = 0;
    for (size_t i = 0; i < page.profiles.count; i++) {
        const struct profile_detail *detail =
            &((struct profile_detail *)page.profiles.items)[i];
        for (size_t j = 0; j < 3; j++) {
            if (strcmp(detail->name, internals[j].name) == 0) {
                internal_count++;
                assert_int_equal(detail->ask.count, 1);
                assert_string_equal(detail->ask.items[0], internals[j].ask);
            }
        }
        found = strcmp(detail->name, FIXTURE_PROFILE "-test") == 0 ? detail : found;
    }
    assert_int_equal(internal_count, 3);
    assert_non_null(found);
    assert_string_equal(found->issuer, "issuing");
    assert_int_equal(strlen(found->hash), 64);
    assert_string_equal(found->ask.items[0], "token");
    assert_string_equal(found->usages.items[0], "clientAuth");
    assert_string_equal(found->names.items[0], "cn: exactly 1");
    assert_string_equal(found->names.items[1], "dns: at most 3");
    assert_int_equal(found->lifetime, 30 * FIXTURE_DAY);
    message_clear(&profile_page_type, &page);
}

// A profile that no configuration may have: the lint stops what policy lets through, the refusal
// is in the audit trail, and nothing else happened.
static void what_the_lint_refuses_is_audited_and_undone(void **state) {
    struct fixture *f = *state;
    AUTO(key_free_at) struct key *key = fixture_key();
    struct profile *profile = (struct profile *)(uintptr_t)profile_find(
        &f->authority.config.profiles, FIXTURE_PROFILE "-test");
    char *credential = fixture_token(f, "cn:phone-7", 1, NULL);
    profile->key_usage = KEY_USAGE_DIGITAL_SIGNATURE | KEY_USAGE_KEY_ENCIPHERMENT;
    fixture_expect_refusal(fixture_enroll(f, credential, key, NULL), RESULT_DENIED,
                           "lint_failed");
    assert_int_equal(0, fixture_audited(f, "certificate issued"));
    assert_int_equal(1, fixture_audited(f, "enrollment refused"));
    profile->key_usage = KEY_USAGE_DIGITAL_SIGNATURE;
    struct issued issued = {0};
    fixture_expect_ok(fixture_enroll(f, credential, key, NULL), &issued_type, &issued);
    message_clear(&issued_type, &issued);
    string_free_secret_at(&credential);
}

static void refused_requests_of_administrators_are_audited(void **state) {
    struct fixture *f = *state;
    fixture_expect_refusal(fixture_revoke(f, "0102", NULL), RESULT_NOT_FOUND,
                           "certificate_unknown");
    assert_int_equal(1, fixture_audited(f, "request refused"));
}

static void the_status_counts_certificates_and_tokens(void **state) {
    struct fixture *f = *state;
    AUTO(key_free_at) struct key *key = fixture_key();
    AUTO(key_free_at) struct key *second_key = fixture_key();
    struct issued issued = {0}, second = {0};
    fixture_device(f, "cn:phone-7", key, &issued);
    fixture_device(f, "cn:phone-8", second_key, &second);
    char *credential = fixture_token(f, "cn:phone-9", 1, NULL);
    struct nothing nothing = {};
    struct status before = {0}, after = {0};
    fixture_expect_ok(
        fixture_ask(f, CHANNEL_ADMIN, OPERATION_STATUS, &nothing, buf_bytes(&f->admin)),
        &status_type, &before);
    assert_int_equal(1, before.tokens_open);
    assert_int_equal(0, before.certificates_revoked);
    struct certificate_info info = {0};
    fixture_expect_ok(fixture_revoke(f, issued.serial, NULL), &certificate_info_type, &info);
    fixture_expect_ok(
        fixture_ask(f, CHANNEL_ADMIN, OPERATION_STATUS, &nothing, buf_bytes(&f->admin)),
        &status_type, &after);
    assert_int_equal(1, after.certificates_revoked);
    assert_int_equal(before.certificates_valid - 1, after.certificates_valid);
    message_clear(&certificate_info_type, &info);
    message_clear(&status_type, &before);
    message_clear(&status_type, &after);
    message_clear(&issued_type, &issued);
    message_clear(&issued_type, &second);
    string_free_secret_at(&credential);
}

static size_t list(struct fixture *f, const char *name, const char *certificate_state) {
    struct certificate_list request = {.name = (char *)(uintptr_t)name,
                                       .state = (char *)(uintptr_t)certificate_state};
    struct certificate_page page = {0};
    fixture_expect_ok(fixture_ask(f, CHANNEL_ADMIN, OPERATION_CERTIFICATE_LIST, &request,
                                  buf_bytes(&f->admin)),
                      &certificate_page_type, &page);
    size_t count = page.certificates.count;
    message_clear(&certificate_page_type, &page);
    return count;
}

static void certificates_are_found_by_typed_and_by_bare_names(void **state) {
    struct fixture *f = *state;
    AUTO(key_free_at) struct key *key = fixture_key();
    struct issued issued = {0};
    fixture_device(f, "cn:phone-7", key, &issued);
    assert_int_equal(1, list(f, "cn:phone-7", NULL));
    assert_int_equal(1, list(f, "phone-7", "valid"));
    assert_int_equal(0, list(f, "phone-7", "revoked"));
    assert_int_equal(0, list(f, "dns:phone-7", NULL));
    assert_int_equal(0, list(f, "phone-*", NULL));
    assert_int_equal(0, list(f, "https://phone-7", NULL));
    struct certificate_list request = {.state = (char[]){"gone"}};
    fixture_expect_refusal(fixture_ask(f, CHANNEL_ADMIN, OPERATION_CERTIFICATE_LIST, &request,
                                       buf_bytes(&f->admin)),
                           RESULT_INVALID, "state_unknown");
    message_clear(&issued_type, &issued);
}

// What `signetctl status` warns of; NULL: of nothing about the store.
static void expect_store_warning(struct fixture *f, const char *text) {
    struct nothing nothing = {};
    struct status status = {0};
    bool has_text = false;
    fixture_expect_ok(
        fixture_ask(f, CHANNEL_ADMIN, OPERATION_STATUS, &nothing, buf_bytes(&f->admin)),
        &status_type, &status);
    for (size_t i = 0; i < status.warnings.count; i++) {
        has_text |= strstr(status.warnings.items[i], text == NULL ? "the store" : text) != NULL;
    }
    assert_int_equal(has_text, text != NULL);
    message_clear(&status_type, &status);
}

static bool is_told(const struct waiting *waiting, const char *text) {
    const struct buf *body = &waiting->answer.body;
    return memmem(body->data, body->size, text, strlen(text)) != NULL;
}

static void a_group_that_cannot_be_committed_is_unavailable_as_a_whole(void **state) {
    struct fixture *f = *state;
    AUTO(key_free_at) struct key *key = fixture_key();
    char *credential = fixture_token(f, "cn:phone-7", 1, NULL);
    struct enroll request = {0};
    assert_int_equal(RESULT_OK, text_set(&request.token, credential));
    fixture_csr(key, NULL, &request.csr);
    AUTO(buf_clear) struct buf body = {0};
    buf_init(&body, LIMIT_FRAME_REQUEST_BYTES);
    assert_ok(message_to_binary(&enroll_type, &request, &body, &f->err), &f->err);
    struct waiting *group[2] = {NULL, NULL};
    for (int i = 0; i < 2; i++) {
        struct frame frame = {.kind = FRAME_REQUEST,
                              .number = i == 0 ? OPERATION_AUTHORITY : OPERATION_ENROLL,
                              .peer_address = BYTES_LITERAL("192.0.2.7"),
                              .body = i == 0 ? (struct bytes){0} : buf_bytes(&body)};
        assert_ok(waiting_new(CHANNEL_ENROLL, &frame, &group[i], &f->err), &f->err);
    }
    // No file may grow: what a full disk is like.
    struct rlimit old_limit;
    assert_int_equal(0, getrlimit(RLIMIT_FSIZE, &old_limit));
    (void)signal(SIGXFSZ, SIG_IGN);
    struct rlimit no_growth = {.rlim_cur = 1, .rlim_max = old_limit.rlim_max};
    assert_int_equal(0, setrlimit(RLIMIT_FSIZE, &no_growth));
    log_configure(LOG_LEVEL_ERROR + 1, LOG_FORMAT_TEXT, "test");
    group_run(&f->authority, group, 2);
    struct token_create token = {0};
    assert_int_equal(RESULT_OK, text_set(&token.profile, FIXTURE_PROFILE "-test"));
    struct waiting *of_admin =
        fixture_ask(f, CHANNEL_ADMIN, OPERATION_TOKEN_CREATE, &token, buf_bytes(&f->admin));
    expect_store_warning(f, "the store cannot be written since 20");
    assert_int_equal(0, setrlimit(RLIMIT_FSIZE, &old_limit));
    for (int i = 0; i < 2; i++) {
        assert_false(is_told(group[i], "signet.db"));
        fixture_expect_refusal(group[i], RESULT_UNAVAILABLE, "store_unavailable");
    }
    assert_true(is_told(of_admin, "signet.db"));
    fixture_expect_refusal(of_admin, RESULT_UNAVAILABLE, "store_unavailable");
    message_clear(&token_create_type, &token);
    // With room again, the very same request succeeds: nothing of it was kept.
    struct issued issued = {0};
    fixture_expect_ok(
        fixture_ask(f, CHANNEL_ENROLL, OPERATION_ENROLL, &request, (struct bytes){0}),
        &issued_type, &issued);
    assert_int_equal(1, fixture_audited(f, "certificate issued"));
    expect_store_warning(f, NULL);
    message_clear(&issued_type, &issued);
    message_clear(&enroll_type, &request);
    string_free_secret_at(&credential);
}

static void what_is_damaged_on_this_side_is_for_the_log_and_not_for_peers(void **state) {
    struct fixture *f = *state;
    char path[300];
    snprintf(path, sizeof(path), "%s/" LAYOUT_DATABASE, f->folder);
    assert_int_equal(SQLITE_OK, run_sql(path,
                                        "DROP TRIGGER audit_refuses_update;"
                                        "CREATE TABLE kept AS SELECT hash FROM audit LIMIT 1;"
                                        "UPDATE audit SET hash = x'00' WHERE sequence = 1",
                                        NULL, 0));
    struct audit_list request = {0};
    struct waiting *answer =
        fixture_ask(f, CHANNEL_ADMIN, OPERATION_AUDIT_LIST, &request, buf_bytes(&f->admin));
    struct error told = {0};
    fixture_error(answer, &told);
    assert_null(strstr(told.message, "bytes"));
    assert_string_equal("The authority's log says more.", told.hint);
    fixture_expect_refusal(answer, RESULT_INTERNAL, "internal");
    assert_int_equal(SQLITE_OK, run_sql(path,
                                        "UPDATE audit SET hash = (SELECT hash FROM kept) "
                                        "WHERE sequence = 1",
                                        NULL, 0));
}

static void a_folder_serves_one_process_only(void **state) {
    struct fixture *f = *state;
    struct authority second = {0};
    assert_result(RESULT_CONFLICT, authority_open(f->folder, &second, &f->err), &f->err);
    assert_string_equal("already_running", f->err.code);
    authority_clear(&f->authority);
    assert_ok(authority_open(f->folder, &f->authority, &f->err), &f->err);
    assert_result(RESULT_NOT_FOUND, authority_open("/nonexistent", &second, &f->err), &f->err);
}

static void a_broken_configuration_leaves_the_old_one_in_place(void **state) {
    struct fixture *f = *state;
    char path[128];
    (void)snprintf(path, sizeof(path), "%s/%s", f->folder, LAYOUT_CONFIG);
    AUTO(buf_clear) struct buf text = {0};
    buf_init(&text, LIMIT_CONFIG_BYTES);
    assert_ok(file_read(path, &text, &f->err), &f->err);
    bool needs_restart = true;
    assert_ok(authority_reload(&f->authority, &needs_restart, &f->err), &f->err);
    assert_false(needs_restart);
    assert_ok(file_replace(path, BYTES_LITERAL("[authority]\nnam = x\n"), 0600, &f->err),
              &f->err);
    assert_true(authority_reload(&f->authority, &needs_restart, &f->err) != RESULT_OK);
    assert_string_equal("Test CA", f->authority.config.name);
    assert_non_null(profile_find(&f->authority.config.profiles, FIXTURE_PROFILE "-test"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(every_operation_is_refused_on_every_channel_but_its_own),
        TEST(every_number_outside_the_table_is_refused),
        TEST(every_admin_operation_needs_an_administrator),
        TEST(hostile_bodies_are_refused_and_leave_nothing),
        TEST(anyone_may_see_the_public_profiles_only),
        TEST(administrators_see_every_profile_whole),
        TEST(what_the_lint_refuses_is_audited_and_undone),
        TEST(refused_requests_of_administrators_are_audited),
        TEST(the_status_counts_certificates_and_tokens),
        TEST(certificates_are_found_by_typed_and_by_bare_names),
        TEST(a_group_that_cannot_be_committed_is_unavailable_as_a_whole),
        TEST(what_is_damaged_on_this_side_is_for_the_log_and_not_for_peers),
        TEST(a_folder_serves_one_process_only),
        TEST(a_broken_configuration_leaves_the_old_one_in_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
