// Fleet tokens: devices pick free names within patterns, and names stay whose they are.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "support/grant_fixture.h"

#include "authority/decide/fleet.h"

#define FLEET "cn:tracker-*"

static struct waiting *pick(struct fixture *f, const char *token, const struct key *key,
                            const char *name) {
    const struct asked asked = {.token = token, .names = {name}};
    return grant_ask(f, &asked, key);
}

// With a key of its own; *out_issued may be NULL.
static void expect_picked(struct fixture *f, const char *token, const struct key *key,
                          const char *name, struct issued *out_issued) {
    struct issued issued = {0};
    fixture_expect_ok(pick(f, token, key, name), &issued_type, &issued);
    assert_string_equal(name, issued.names.items[0]);
    if (out_issued != NULL) {
        *out_issued = issued;
    } else {
        message_clear(&issued_type, &issued);
    }
}

static struct waiting *release(struct fixture *f, const char *name) {
    struct name_release request = {.name = (char *)(uintptr_t)name};
    return fixture_ask(f, CHANNEL_ADMIN, OPERATION_NAME_RELEASE, &request,
                       buf_bytes(&f->admin));
}

static void expect_released(struct fixture *f, const char *name, int64_t certificates) {
    struct name_released reply = {0};
    fixture_expect_ok(release(f, name), &name_released_type, &reply);
    assert_string_equal(name, reply.name);
    assert_int_equal(certificates, reply.certificates);
    message_clear(&name_released_type, &reply);
}

static void revoke_serial(struct fixture *f, const char *serial) {
    struct certificate_info info = {0};
    fixture_expect_ok(fixture_revoke(f, serial, NULL), &certificate_info_type, &info);
    message_clear(&certificate_info_type, &info);
}

// --- sharing ---------------------------------------------------------------------------------

static void devices_share_a_token_and_each_picks_its_name(void **state) {
    struct fixture *f = *state;
    char *token = fleet_token(f, HOLDER_PROFILE, FLEET, 2);
    AUTO(key_free_at) struct key *first = fixture_key();
    AUTO(key_free_at) struct key *second = fixture_key();
    AUTO(key_free_at) struct key *next = fixture_key();
    AUTO(key_free_at) struct key *third = fixture_key();
    struct issued issued = {0}, renewed = {0};
    expect_picked(f, token, first, "cn:tracker-1", &issued);
    // A renewal spends no use.
    fixture_expect_ok(fixture_renew(f, blob_bytes(&issued.certificate), next, NULL),
                      &issued_type, &renewed);
    expect_picked(f, token, second, "cn:tracker-2", NULL);
    fixture_expect_refusal(pick(f, token, third, "cn:tracker-3"), RESULT_DENIED, "token_spent");
    message_clear(&issued_type, &issued);
    message_clear(&issued_type, &renewed);
    string_free_secret_at(&token);
}

static void a_name_is_not_given_to_another_key_until_it_is_released(void **state) {
    struct fixture *f = *state;
    char *token = fleet_token(f, HOLDER_PROFILE, FLEET, 100);
    AUTO(key_free_at) struct key *owner = fixture_key();
    AUTO(key_free_at) struct key *thief = fixture_key();
    struct issued issued = {0};
    expect_picked(f, token, owner, "cn:tracker-1", &issued);
    fixture_expect_refusal(pick(f, token, thief, "cn:tracker-1"), RESULT_CONFLICT,
                           "name_taken");
    fixture_expect_refusal(release(f, "cn:tracker-1"), RESULT_CONFLICT, "name_in_use");
    revoke_serial(f, issued.serial);
    fixture_expect_refusal(pick(f, token, thief, "cn:tracker-1"), RESULT_CONFLICT,
                           "name_taken");
    expect_released(f, "cn:tracker-1", 1);
    assert_int_equal(1, fixture_audited(f, "name released"));
    expect_picked(f, token, thief, "cn:tracker-1", NULL);
    // And now it belongs to that one.
    AUTO(key_free_at) struct key *other = fixture_key();
    fixture_expect_refusal(pick(f, token, other, "cn:tracker-1"), RESULT_CONFLICT,
                           "name_taken");
    message_clear(&issued_type, &issued);
    string_free_secret_at(&token);
}

static void an_expired_certificate_keeps_its_name(void **state) {
    struct fixture *f = *state;
    grant_profile(f, HOLDER_PROFILE)->renew_grace = 100;
    char *token = fleet_token(f, HOLDER_PROFILE, FLEET, 100);
    AUTO(key_free_at) struct key *owner = fixture_key();
    struct issued issued = {0};
    expect_picked(f, token, owner, "cn:tracker-1", &issued);
    string_free_secret_at(&token);
    clock_use_manual(issued.not_after + 100); // the last second in which it renews
    fixture_expect_refusal(release(f, "cn:tracker-1"), RESULT_CONFLICT, "name_in_use");
    clock_use_manual(issued.not_after + 101);
    token = fleet_token(f, HOLDER_PROFILE, FLEET, 100);
    AUTO(key_free_at) struct key *thief = fixture_key();
    fixture_expect_refusal(pick(f, token, thief, "cn:tracker-1"), RESULT_CONFLICT,
                           "name_taken");
    expect_released(f, "cn:tracker-1", 1);
    expect_picked(f, token, thief, "cn:tracker-1", NULL);
    message_clear(&issued_type, &issued);
    string_free_secret_at(&token);
}

static void the_key_that_has_the_name_gets_it_again(void **state) {
    struct fixture *f = *state;
    char *token = fleet_token(f, HOLDER_PROFILE, FLEET, 100);
    AUTO(key_free_at) struct key *key = fixture_key();
    AUTO(key_free_at) struct key *next = fixture_key();
    struct issued issued = {0}, renewed = {0}, again = {0};
    expect_picked(f, token, key, "cn:tracker-1", &issued);
    // The certificate is lost, the key is not; the request has another form this time.
    const struct asked asked = {.token = token, .names = {"cn:tracker-1", "dns:a.example"}};
    fixture_expect_refusal(grant_ask(f, &asked, key), RESULT_DENIED, "name_not_granted");
    char *other = fleet_token(f, HOLDER_PROFILE, FLEET, 1);
    expect_picked(f, other, key, "cn:tracker-1", &again);
    fixture_expect_ok(fixture_renew(f, blob_bytes(&again.certificate), next, NULL),
                      &issued_type, &renewed);
    // The name went on to the new key; a copy of the old one is worth nothing.
    string_free_secret_at(&other);
    other = fleet_token(f, HOLDER_PROFILE, FLEET, 2);
    fixture_expect_refusal(pick(f, other, key, "cn:tracker-1"), RESULT_CONFLICT, "name_taken");
    expect_picked(f, other, next, "cn:tracker-1", NULL);
    message_clear(&issued_type, &issued);
    message_clear(&issued_type, &again);
    message_clear(&issued_type, &renewed);
    string_free_secret_at(&other);
    string_free_secret_at(&token);
}

// Or a device that an administrator stopped would come back by itself.
static void a_revoked_device_does_not_get_its_name_again(void **state) {
    struct fixture *f = *state;
    char *token = fleet_token(f, HOLDER_PROFILE, FLEET, 100);
    AUTO(key_free_at) struct key *key = fixture_key();
    struct issued issued = {0};
    expect_picked(f, token, key, "cn:tracker-1", &issued);
    revoke_serial(f, issued.serial);
    fixture_expect_refusal(pick(f, token, key, "cn:tracker-1"), RESULT_CONFLICT, "name_taken");
    message_clear(&issued_type, &issued);
    string_free_secret_at(&token);
}

static void of_two_in_one_group_one_gets_the_name(void **state) {
    struct fixture *f = *state;
    char *token = fleet_token(f, HOLDER_PROFILE, FLEET, 100);
    struct waiting *waiting[2] = {NULL};
    for (size_t i = 0; i < 2; i++) {
        AUTO(key_free_at) struct key *key = fixture_key();
        struct enroll request = {0};
        assert_int_equal(RESULT_OK, text_set(&request.token, token));
        fixture_csr(key, "cn:tracker-1", &request.csr);
        AUTO(buf_clear) struct buf body = {0};
        buf_init(&body, LIMIT_FRAME_REQUEST_BYTES);
        assert_ok(message_to_binary(&enroll_type, &request, &body, &f->err), &f->err);
        const struct frame frame = {.kind = FRAME_REQUEST,
                                    .number = OPERATION_ENROLL,
                                    .id = (uint32_t)i,
                                    .peer_address = BYTES_LITERAL("192.0.2.7"),
                                    .body = buf_bytes(&body)};
        assert_ok(waiting_new(CHANNEL_ENROLL, &frame, &waiting[i], &f->err), &f->err);
        message_clear(&enroll_type, &request);
    }
    group_run(&f->authority, waiting, 2);
    struct issued issued = {0};
    fixture_expect_ok(waiting[0], &issued_type, &issued);
    fixture_expect_refusal(waiting[1], RESULT_CONFLICT, "name_taken");
    message_clear(&issued_type, &issued);
    string_free_secret_at(&token);
}

static void a_token_that_names_the_name_gives_it_whoever_has_it(void **state) {
    struct fixture *f = *state;
    char *token = fleet_token(f, HOLDER_PROFILE, FLEET, 100);
    AUTO(key_free_at) struct key *owner = fixture_key();
    AUTO(key_free_at) struct key *heir = fixture_key();
    struct issued issued = {0};
    expect_picked(f, token, owner, "cn:tracker-1", NULL);
    fixture_device(f, "cn:tracker-1", heir, &issued);
    message_clear(&issued_type, &issued);
    string_free_secret_at(&token);
}

static void names_that_wait_for_approval_are_taken_too(void **state) {
    struct fixture *f = *state;
    char *token = fleet_token(f, PAIR_PROFILE, FLEET, 100);
    AUTO(key_free_at) struct key *first = fixture_key();
    const struct asked asked = {.token = token, .claim = CLAIM, .names = {"cn:tracker-1"}};
    struct held held = {0};
    request_expect_held(grant_ask(f, &asked, first), &held);
    grant_expect_refusal(f, &asked, RESULT_CONFLICT, "name_taken");
    // What anybody may ask for blocks no name.
    struct held open = {0};
    AUTO(key_free_at) struct key *stranger = fixture_key();
    request_expect_held(request_ask_for(f, OPEN_PROFILE, stranger, "cn:tracker-2", CLAIM),
                        &open);
    const struct asked second = {.token = token, .claim = CLAIM, .names = {"cn:tracker-2"}};
    AUTO(key_free_at) struct key *key = fixture_key();
    struct held other = {0};
    request_expect_held(grant_ask(f, &second, key), &other);
    // Once it is over without a decision, the name is free.
    clock_use_manual(held.expires + 1);
    char *later = fleet_token(f, PAIR_PROFILE, FLEET, 100);
    const struct asked again = {.token = later, .claim = CLAIM, .names = {"cn:tracker-1"}};
    AUTO(key_free_at) struct key *last = fixture_key();
    struct held free = {0};
    request_expect_held(grant_ask(f, &again, last), &free);
    message_clear(&held_type, &held);
    message_clear(&held_type, &open);
    message_clear(&held_type, &other);
    message_clear(&held_type, &free);
    string_free_secret_at(&later);
    string_free_secret_at(&token);
}

// --- picking ---------------------------------------------------------------------------------

static void requests_are_held_against_the_patterns(void **state) {
    struct fixture *f = *state;
    static const struct {
        const char *fixed[2];
        const char *patterns[4];
        const char *asked[4];
        enum result result;
        const char *code; // NULL: issued
    } cases[] = {
        {{NULL}, {FLEET}, {"cn:tracker-7"}, RESULT_OK, NULL},
        {{NULL}, {FLEET}, {"cn:tracker-"}, RESULT_OK, NULL},
        {{NULL}, {FLEET}, {NULL}, RESULT_DENIED, "name_not_chosen"},
        {{NULL}, {FLEET}, {"cn:phone-7"}, RESULT_DENIED, "name_not_granted"},
        {{NULL}, {FLEET}, {"cn:Tracker-7"}, RESULT_DENIED, "name_not_granted"},
        {{NULL}, {FLEET}, {"cn:tracker-*"}, RESULT_DENIED, "name_not_granted"},
        {{NULL}, {FLEET}, {"cn:tracker-\xc3\xa9"}, RESULT_DENIED, "name_form"},
        {{NULL}, {FLEET}, {"cn:tracker-\xef\xbc\x91"}, RESULT_DENIED, "name_form"}, // １
        {{NULL}, {"cn:t\xc3\xbcr-*"}, {"cn:t\xc3\xbcr-7"}, RESULT_OK, NULL},
        {{NULL}, {FLEET}, {"cn:tracker-8", "dns:a.example"}, RESULT_DENIED, "name_not_granted"},
        {{NULL},
         {"cn:x-*", "dns:*.fleet.example"},
         {"cn:x-1", "dns:one.fleet.example"},
         RESULT_OK,
         NULL},
        {{NULL},
         {"cn:x-*", "dns:*.fleet.example"},
         {"cn:x-2"},
         RESULT_DENIED,
         "name_not_chosen"},
        {{NULL},
         {"cn:x-*", "dns:*.fleet.example"},
         {"cn:x-3", "dns:*.fleet.example"},
         RESULT_DENIED,
         "name_form"},
        {{NULL},
         {"cn:x-*", "dns:*.fleet.example"},
         {"cn:x-4", "dns:a.fleet.example", "dns:b.fleet.example"},
         RESULT_DENIED,
         "name_not_granted"},
        // Whatever the order, the one that fits both leaves room for the one that fits one.
        {{NULL},
         {"cn:y-*", "dns:a*.example", "dns:*.example"},
         {"cn:y-1", "dns:ab.example", "dns:ac.example"},
         RESULT_OK,
         NULL},
        {{NULL},
         {"cn:y-*", "dns:a*.example", "dns:*.example"},
         {"cn:y-2", "dns:ad.example", "dns:x.example"},
         RESULT_OK,
         NULL},
        {{NULL},
         {"cn:y-*", "dns:a*.example", "dns:*.example"},
         {"cn:y-3", "dns:y.example", "dns:z.example"},
         RESULT_DENIED,
         "name_not_granted"},
        {{"dns:fixed.example"}, {"cn:z-*"}, {"cn:z-1", "dns:fixed.example"}, RESULT_OK, NULL},
        {{"dns:fixed.example"}, {"cn:z-*"}, {"cn:z-2"}, RESULT_OK, NULL},
        {{"dns:fixed.example"},
         {"cn:z-*"},
         {"dns:fixed.example"},
         RESULT_DENIED,
         "name_not_chosen"},
    };
    grant_profile(f, HOLDER_PROFILE)->dns_wildcards = true;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct token_created created = {0};
        fixture_expect_ok(fleet_ask(f, HOLDER_PROFILE, cases[i].fixed, cases[i].patterns, 5),
                          &token_created_type, &created);
        char *token = NULL;
        fixture_credential(created.token, &token);
        struct asked asked = {.token = token};
        memcpy(asked.names, cases[i].asked, sizeof(asked.names));
        if (cases[i].code == NULL) {
            grant_expect_issued(f, &asked, cases[i].asked[0]);
        } else {
            grant_expect_refusal(f, &asked, cases[i].result, cases[i].code);
        }
        message_clear(&token_created_type, &created);
        string_free_secret_at(&token);
    }
}

// --- tokens ----------------------------------------------------------------------------------

static void patterns_are_checked_when_the_token_is_made(void **state) {
    struct fixture *f = *state;
    grant_profile(f, HOLDER_PROFILE)->common_name_fits_mqtt = true;
    static const struct {
        const char *patterns[4];
        const char *code; // NULL: made
    } cases[] = {
        {{"cn:*"}, NULL},
        {{"cn:a*b*c*d*"}, NULL},
        {{"cn:a*b*c*d*e*"}, "pattern_invalid"}, // a star too many
        {{"cn:a**b"}, "pattern_invalid"},
        {{"cn:"}, "pattern_invalid"},
        {{"tracker-*"}, "pattern_invalid"},
        {{"ip:192.0.2.*"}, "pattern_invalid"},
        {{"dns:*..example"}, "pattern_invalid"},
        {{"cn:a/*"}, "name_form"},                           // no MQTT user
        {{"email:*@example.org"}, "name_count"},             // not of this profile
        {{"dns:*.example"}, "name_count"},                   // a common name is missing
        {{"cn:a*", "cn:b*"}, "name_count"},                  // and two are too many
        {{"cn:a*", "dns:*.example", "dns:*.example"}, NULL}, // alike, for two names
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct waiting *waiting = fleet_ask(f, HOLDER_PROFILE, NULL, cases[i].patterns, 1);
        struct error err = {0};
        fixture_error(waiting, &err);
        if (strcmp(err.code, cases[i].code == NULL ? "" : cases[i].code) != 0) {
            print_error("%s: %s %s\n", cases[i].patterns[0], err.code, err.message);
            fail();
        }
        waiting_free(waiting);
    }
}

static void a_pattern_that_no_name_of_the_profile_fits_is_refused(void **state) {
    struct fixture *f = *state;
    struct config_list *allowed = &grant_profile(f, HOLDER_PROFILE)->patterns[NAME_CN];
    assert_ok(config_list_add(allowed, "tracker-*", &f->err), &f->err);
    static const struct {
        const char *pattern;
        const char *code;
    } cases[] = {
        {"cn:tracker-1*", ""},
        {"cn:*-7", ""},
        {"cn:*", ""},
        {"cn:phone-*", "name_pattern"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *patterns[] = {cases[i].pattern, NULL};
        struct waiting *waiting = fleet_ask(f, HOLDER_PROFILE, NULL, patterns, 1);
        struct error err = {0};
        fixture_error(waiting, &err);
        assert_string_equal(cases[i].code, err.code);
        waiting_free(waiting);
    }
    // The device's choice must fit both.
    char *token = fleet_token(f, HOLDER_PROFILE, "cn:*-7", 1);
    const struct asked other = {.token = token, .names = {"cn:phone-7"}};
    grant_expect_refusal(f, &other, RESULT_DENIED, "name_pattern");
    const struct asked fitting = {.token = token, .names = {"cn:tracker-7"}};
    grant_expect_issued(f, &fitting, "cn:tracker-7");
    string_free_secret_at(&token);
}

static void a_token_has_a_bounded_number_of_patterns(void **state) {
    (void)state;
    struct error err = {0};
    struct token_create request = {0};
    struct text_list *texts = &request.patterns;
    for (int i = 0; i < LIMIT_NAME_PATTERNS; i++) {
        assert_int_equal(RESULT_OK, text_list_add(texts, "dns:*.example"));
    }
    struct fleet fleet = {0};
    assert_ok(fleet_read(texts, &fleet, &err), &err);
    assert_int_equal(LIMIT_NAME_PATTERNS, fleet.count);
    fleet_clear(&fleet);
    assert_int_equal(RESULT_OK, text_list_add(texts, "dns:*.example"));
    assert_result(RESULT_LIMIT, fleet_read(texts, &fleet, &err), &err);
    assert_string_equal("patterns", err.field);
    message_clear(&token_create_type, &request);
}

static void a_fleet_token_is_listed_with_its_patterns(void **state) {
    struct fixture *f = *state;
    char *token = fleet_token(f, HOLDER_PROFILE, FLEET, LIMIT_TOKEN_USES);
    struct token_list request = {0};
    struct token_page page = {0};
    fixture_expect_ok(
        fixture_ask(f, CHANNEL_ADMIN, OPERATION_TOKEN_LIST, &request, buf_bytes(&f->admin)),
        &token_page_type, &page);
    const struct token_info *info = page.tokens.items;
    assert_int_equal(1, info->patterns.count);
    assert_string_equal(FLEET, info->patterns.items[0]);
    assert_int_equal(0, info->names.count);
    assert_int_equal(LIMIT_TOKEN_USES, info->uses);
    message_clear(&token_page_type, &page);
    string_free_secret_at(&token);
}

// --- releasing -------------------------------------------------------------------------------

static void what_cannot_be_released_is_refused(void **state) {
    struct fixture *f = *state;
    fixture_expect_refusal(release(f, "cn:tracker-1"), RESULT_NOT_FOUND, "name_unknown");
    fixture_expect_refusal(release(f, "tracker-1"), RESULT_INVALID, "invalid");
    AUTO(key_free_at) struct key *key = fixture_key();
    struct issued issued = {0};
    fixture_device(f, "cn:tracker-1", key, &issued);
    revoke_serial(f, issued.serial);
    expect_released(f, "cn:tracker-1", 1);
    fixture_expect_refusal(release(f, "cn:tracker-1"), RESULT_CONFLICT, "name_free");
    struct name_release request = {.name = (char[]){"cn:tracker-1"}};
    fixture_expect_refusal(
        fixture_ask(f, CHANNEL_ENROLL, OPERATION_NAME_RELEASE, &request, buf_bytes(&f->admin)),
        RESULT_DENIED, "wrong_channel");
    message_clear(&issued_type, &issued);
}

// A clock that went back makes an expired certificate valid again; its name may be another's.
static void a_released_name_is_not_renewed(void **state) {
    struct fixture *f = *state;
    AUTO(key_free_at) struct key *key = fixture_key();
    AUTO(key_free_at) struct key *next = fixture_key();
    struct issued issued = {0};
    fixture_device(f, "cn:tracker-1", key, &issued);
    clock_use_manual(issued.not_after + 1);
    expect_released(f, "cn:tracker-1", 1);
    clock_use_manual(FIXTURE_NOW);
    fixture_expect_refusal(fixture_renew(f, blob_bytes(&issued.certificate), next, NULL),
                           RESULT_DENIED, "name_released");
    message_clear(&issued_type, &issued);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, request_set_up, fixture_tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(devices_share_a_token_and_each_picks_its_name),
        TEST(a_name_is_not_given_to_another_key_until_it_is_released),
        TEST(an_expired_certificate_keeps_its_name),
        TEST(the_key_that_has_the_name_gets_it_again),
        TEST(a_revoked_device_does_not_get_its_name_again),
        TEST(of_two_in_one_group_one_gets_the_name),
        TEST(a_token_that_names_the_name_gives_it_whoever_has_it),
        TEST(names_that_wait_for_approval_are_taken_too),
        TEST(requests_are_held_against_the_patterns),
        TEST(patterns_are_checked_when_the_token_is_made),
        TEST(a_pattern_that_no_name_of_the_profile_fits_is_refused),
        cmocka_unit_test(a_token_has_a_bounded_number_of_patterns),
        TEST(a_fleet_token_is_listed_with_its_patterns),
        TEST(what_cannot_be_released_is_refused),
        TEST(a_released_name_is_not_renewed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
