// The queue as administrators see it: filters, pages, and what to think twice about.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "support/request_fixture.h"

static void list(struct fixture *f, const struct request_list *request,
                 struct request_page *out_page) {
    fixture_expect_ok(
        fixture_ask(f, CHANNEL_ADMIN, OPERATION_REQUEST_LIST, request, buf_bytes(&f->admin)),
        &request_page_type, out_page);
}

static void expect_listed(struct fixture *f, const struct request_list *request,
                          size_t expected) {
    struct request_page page = {0};
    list(f, request, &page);
    assert_int_equal(expected, page.requests.count);
    message_clear(&request_page_type, &page);
}

static void refuse_listing(struct fixture *f, const struct request_list *request,
                           const char *code) {
    fixture_expect_refusal(
        fixture_ask(f, CHANNEL_ADMIN, OPERATION_REQUEST_LIST, request, buf_bytes(&f->admin)),
        RESULT_INVALID, code);
}

static void requests_are_found_by_what_people_know_of_them(void **state) {
    struct fixture *f = *state;
    AUTO(key_free_at) struct key *first = NULL;
    AUTO(key_free_at) struct key *second = NULL;
    char id[REQUEST_ID_TEXT_SIZE], denied[REQUEST_ID_TEXT_SIZE];
    request_hold_one(f, OPEN_PROFILE, "cn:phone-7", &first, id);
    request_hold_one(f, PAIR_PROFILE, "cn:phone-8", &second, denied);
    request_expect_state(request_deny_as(f, buf_bytes(&f->admin), denied, NULL), "denied");
    struct request_info info = {0};
    request_shown(f, id, &info);
    assert_int_equal(1, info.asked.count);
    assert_int_equal(0, info.granted.count);
    assert_true(info.csr.size > 0);
    assert_string_equal("192.0.2.7", info.address);
    assert_string_equal("anyone", info.requested_by);
    expect_listed(f, &(struct request_list){0}, 2);
    expect_listed(f, &(struct request_list){.state = (char[]){"pending"}}, 1);
    expect_listed(f, &(struct request_list){.state = (char[]){"denied"}}, 1);
    expect_listed(f, &(struct request_list){.state = (char[]){"approved"}}, 0);
    expect_listed(f, &(struct request_list){.profile = (char[]){PAIR_PROFILE}}, 1);
    expect_listed(f, &(struct request_list){.name = (char[]){"cn:phone-7"}}, 1);
    expect_listed(f, &(struct request_list){.name = (char[]){"phone-7"}}, 1);
    expect_listed(f, &(struct request_list){.name = (char[]){"dns:phone-7"}}, 0);
    expect_listed(f, &(struct request_list){.name = (char[]){"phone"}}, 0);
    expect_listed(f, &(struct request_list){.prefix = (char[]){"cn:phone-"}}, 2);
    expect_listed(f, &(struct request_list){.prefix = (char[]){"phone-8"}}, 1);
    expect_listed(f, &(struct request_list){.prefix = (char[]){"phone_"}}, 0);
    expect_listed(f, &(struct request_list){.address = (char[]){"192.0.2.7"}}, 2);
    expect_listed(f, &(struct request_list){.address = (char[]){"192.0.2.8"}}, 0);
    expect_listed(f, &(struct request_list){.key = info.key_fingerprint}, 1);
    expect_listed(f, &(struct request_list){.code = info.code}, 1);
    expect_listed(f, &(struct request_list){.code = info.code, .prefix = (char[]){"phone-8"}},
                  0);
    expect_listed(f, &(struct request_list){.code = info.code, .name = (char[]){"phone-7"}}, 1);
    expect_listed(
        f, &(struct request_list){.name = (char[]){"phone-7"}, .prefix = (char[]){"phone"}}, 1);
    clock_use_manual(FIXTURE_NOW + 2 * FIXTURE_DAY);
    expect_listed(f, &(struct request_list){.state = (char[]){"pending"}}, 0);
    expect_listed(f, &(struct request_list){.state = (char[]){"expired"}}, 1);
    refuse_listing(f, &(struct request_list){.state = (char[]){"open"}}, "state_unknown");
    refuse_listing(f, &(struct request_list){.key = (char[]){"12"}}, "fingerprint_invalid");
    refuse_listing(f, &(struct request_list){.after = (char[]){"7"}}, "cursor_invalid");
    refuse_listing(f, &(struct request_list){.address = (char[]){"phone"}}, "address_invalid");
    refuse_listing(f, &(struct request_list){.prefix = (char[]){"cn:"}}, "name_invalid");
    refuse_listing(f, &(struct request_list){.name = (char[]){"dns:a..b"}}, "name_invalid");
    message_clear(&request_info_type, &info);
}

static void pages_hold_every_request_once(void **state) {
    struct fixture *f = *state;
    enum { COUNT = 7, PAGE = 3 };
    for (int i = 0; i < COUNT; i++) {
        AUTO(key_free_at) struct key *key = NULL;
        char id[REQUEST_ID_TEXT_SIZE];
        request_hold_one(f, OPEN_PROFILE, "cn:phone-7", &key, id);
    }
    size_t seen = 0;
    char after[64] = "";
    do {
        struct request_list request = {.limit = PAGE, .after = after[0] == '\0' ? NULL : after};
        struct request_page page = {0};
        list(f, &request, &page);
        seen += page.requests.count;
        if (page.next != NULL) {
            // It fits this search and no other.
            refuse_listing(f, &(struct request_list){.after = page.next, .code = (char[]){"A"}},
                           "cursor_invalid");
        }
        (void)snprintf(after, sizeof(after), "%s", page.next == NULL ? "" : page.next);
        message_clear(&request_page_type, &page);
    } while (after[0] != '\0' && seen < 100);
    assert_int_equal(COUNT, seen);
}

#define XMPP_PROFILES                                                                          \
    HELD_PROFILES "\n[profile chat-test]\nextended_key_usages = clientAuth\n"                  \
                  "common_name = 0\nxmpp = 1\nxmpp_form = bare\nask = anyone\n"                \
                  "approvals = 1\nlifetime = 30d\nlifetime_maximum = 60d\n"

static void names_are_searched_in_the_form_in_which_they_are_kept(void **state) {
    struct fixture *f = *state;
    AUTO(key_free_at) struct key *chat = NULL;
    AUTO(key_free_at) struct key *host = NULL;
    char id[REQUEST_ID_TEXT_SIZE];
    request_configure(f, XMPP_PROFILES);
    request_hold_one(f, "chat-test", "xmpp:jane@example.org", &chat, id);
    expect_listed(f, &(struct request_list){.name = (char[]){"xmpp:Jane@Example.ORG"}}, 1);
    expect_listed(f, &(struct request_list){.prefix = (char[]){"xmpp:JANE@"}}, 1);
    expect_listed(f, &(struct request_list){.name = (char[]){"xmpp:jane@example.com"}}, 0);
    expect_listed(f, &(struct request_list){.name = (char[]){"Jane@Example.ORG"}}, 0);
    refuse_listing(f, &(struct request_list){.name = (char[]){"xmpp:@example.org"}},
                   "name_invalid");
}

static bool warns_of(const struct request_info *info, const char *words) {
    for (size_t i = 0; i < info->warnings.count; i++) {
        if (strstr(info->warnings.items[i], words) != NULL) {
            return true;
        }
    }
    return false;
}

static void a_name_of_another_key_is_warned_of(void **state) {
    struct fixture *f = *state;
    AUTO(key_free_at) struct key *owner = fixture_key();
    AUTO(key_free_at) struct key *other = NULL;
    AUTO(key_free_at) struct key *stranger = NULL;
    struct issued issued = {0};
    struct request_info info = {0};
    char id[REQUEST_ID_TEXT_SIZE];
    fixture_device(f, "cn:phone-7", owner, &issued);
    request_hold_one(f, OPEN_PROFILE, "cn:phone-7", &other, id);
    request_shown(f, id, &info);
    assert_true(warns_of(&info, issued.serial));
    assert_true(warns_of(&info, "of another key"));
    message_clear(&request_info_type, &info);
    request_hold_one(f, OPEN_PROFILE, "cn:phone-8", &stranger, id);
    request_shown(f, id, &info);
    assert_int_equal(0, info.warnings.count);
    message_clear(&request_info_type, &info);
    message_clear(&issued_type, &issued);
}

static void a_key_that_was_certified_before_is_warned_of(void **state) {
    struct fixture *f = *state;
    AUTO(key_free_at) struct key *key = fixture_key();
    struct issued issued = {0};
    struct held held = {0};
    struct request_info info = {0};
    fixture_device(f, "cn:phone-7", key, &issued);
    request_expect_held(request_ask_for(f, OPEN_PROFILE, key, "cn:phone-7", CLAIM), &held);
    request_shown(f, held.id, &info);
    assert_true(warns_of(&info, "certified before"));
    assert_false(warns_of(&info, "of another key"));
    message_clear(&request_info_type, &info);
    message_clear(&held_type, &held);
    message_clear(&issued_type, &issued);
}

static void fewer_names_than_the_token_grants_are_warned_of(void **state) {
    struct fixture *f = *state;
    AUTO(key_free_at) struct key *key = fixture_key();
    struct token_create create = {.uses = 1, .profile = (char[]){PAIR_PROFILE}};
    struct token_created created = {0};
    char *credential = NULL;
    assert_int_equal(RESULT_OK, text_list_add(&create.names, "cn:phone-7"));
    assert_int_equal(RESULT_OK, text_list_add(&create.names, "dns:phone-7.example"));
    fixture_expect_ok(
        fixture_ask(f, CHANNEL_ADMIN, OPERATION_TOKEN_CREATE, &create, buf_bytes(&f->admin)),
        &token_created_type, &created);
    fixture_credential(created.token, &credential);
    struct enroll request = {0};
    struct held held = {0};
    struct request_info info = {0};
    assert_int_equal(RESULT_OK, text_set(&request.token, credential));
    assert_int_equal(RESULT_OK, text_set(&request.claim, CLAIM));
    fixture_csr(key, "cn:phone-7", &request.csr);
    request_expect_held(
        fixture_ask(f, CHANNEL_ENROLL, OPERATION_ENROLL, &request, (struct bytes){0}), &held);
    request_shown(f, held.id, &info);
    assert_int_equal(1, info.names.count);
    assert_int_equal(1, info.asked.count);
    assert_int_equal(2, info.granted.count);
    assert_true(warns_of(&info, "dns:phone-7.example"));
    create.profile = NULL; // not on the heap
    message_clear(&token_create_type, &create);
    message_clear(&token_created_type, &created);
    message_clear(&request_info_type, &info);
    message_clear(&held_type, &held);
    message_clear(&enroll_type, &request);
    string_free_secret_at(&credential);
}

int main(void) {
#define TEST(test) cmocka_unit_test_setup_teardown(test, request_set_up, fixture_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(requests_are_found_by_what_people_know_of_them),
        TEST(names_are_searched_in_the_form_in_which_they_are_kept),
        TEST(pages_hold_every_request_once),
        TEST(a_name_of_another_key_is_warned_of),
        TEST(a_key_that_was_certified_before_is_warned_of),
        TEST(fewer_names_than_the_token_grants_are_warned_of),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
