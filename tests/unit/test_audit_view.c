// The audit trail as administrators see it: pages, filters, checkpoints, and what never is in it.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "authority/authority_open.h"
#include "authority/inspect/audit_view.h"
#include "authority/peer.h"
#include "base/text.h"
#include "support/authority_fixture.h"
#include "wire/audit_chain.h"

static void ask_page(struct fixture *f, const struct audit_list *request,
                     struct audit_page *out_page) {
    fixture_expect_ok(
        fixture_ask(f, CHANNEL_ADMIN, OPERATION_AUDIT_LIST, request, buf_bytes(&f->admin)),
        &audit_page_type, out_page);
}

static const struct audit_info *at(const struct audit_page *page, size_t index) {
    const struct audit_info *infos = page->records.items;
    assert_true(index < page->records.count);
    return &infos[index];
}

static int64_t last_sequence(struct fixture *f) {
    AUTO(audit_record_clear) struct audit_record last = {0};
    assert_ok(store_last_audit(f->authority.store, &last, &f->err), &f->err);
    return last.sequence;
}

// As a decision of the authority would.
static void append(struct fixture *f, const char *event, const char *subject,
                   const char *detail) {
    assert_ok(store_begin(f->authority.store, &f->err), &f->err);
    assert_ok(audit_append(f->authority.store, FIXTURE_NOW, "authority", event, subject, detail,
                           &f->err),
              &f->err);
    assert_ok(store_commit(f->authority.store, &f->err), &f->err);
}

// --- pages -----------------------------------------------------------------------------------

static void the_newest_come_first_and_pages_follow_without_gap(void **state) {
    struct fixture *f = *state;
    for (int i = 0; i < 7; i++) {
        append(f, "test", "x", "");
    }
    int64_t expected = last_sequence(f);
    struct audit_list request = {.limit = 3};
    for (;;) {
        struct audit_page page = {0};
        ask_page(f, &request, &page);
        for (size_t i = 0; i < page.records.count; i++) {
            assert_int_equal(expected--, at(&page, i)->sequence);
        }
        string_free_at(&request.after);
        request.after = page.next;
        page.next = NULL;
        message_clear(&audit_page_type, &page);
        if (request.after == NULL) {
            break;
        }
    }
    assert_int_equal(0, expected);
}

static void from_a_record_on_they_come_in_order_and_the_chain_holds(void **state) {
    struct fixture *f = *state;
    for (int i = 0; i < 7; i++) {
        append(f, "test", "x", "");
    }
    struct audit_list request = {.from = 2, .limit = 3};
    struct audit_chain chain = {.is_open = true};
    for (;;) {
        struct audit_page page = {0};
        ask_page(f, &request, &page);
        for (size_t i = 0; i < page.records.count; i++) {
            assert_ok(audit_chain_follow_info(&chain, at(&page, i), &f->err), &f->err);
        }
        string_free_at(&request.after);
        request.after = page.next;
        page.next = NULL;
        message_clear(&audit_page_type, &page);
        if (request.after == NULL) {
            break;
        }
    }
    assert_int_equal(last_sequence(f), chain.sequence);
    // Behind the end there is nothing.
    request.from = last_sequence(f) + 1;
    struct audit_page page = {0};
    ask_page(f, &request, &page);
    assert_int_equal(0, page.records.count);
    message_clear(&audit_page_type, &page);
    struct audit_list strange = {.after = (char[]){"x7"}};
    fixture_expect_refusal(
        fixture_ask(f, CHANNEL_ADMIN, OPERATION_AUDIT_LIST, &strange, buf_bytes(&f->admin)),
        RESULT_INVALID, "cursor_invalid");
}

static void long_records_make_a_page_shorter_and_none_gets_lost(void **state) {
    struct fixture *f = *state;
    AUTO(buf_clear) struct buf longest = {0};
    buf_init(&longest, LIMIT_AUDIT_DETAIL);
    while (longest.size < LIMIT_AUDIT_DETAIL) {
        assert_ok(buf_append_byte(&longest, 'x'), &f->err);
    }
    const size_t count = LIMIT_AUDIT_PAGE_BYTES / LIMIT_AUDIT_DETAIL + 8;
    for (size_t i = 0; i < count; i++) {
        append(f, "test", "", buf_string(&longest));
    }
    struct audit_list request = {
        .event = (char[]){"test"}, .from = 1, .limit = LIMIT_LIST_PAGE};
    struct audit_page page = {0};
    ask_page(f, &request, &page);
    assert_true(page.records.count < count);
    assert_true(page.records.count > count / 2);
    size_t seen = page.records.count;
    request.after = page.next;
    page.next = NULL;
    message_clear(&audit_page_type, &page);
    assert_non_null(request.after);
    ask_page(f, &request, &page);
    assert_int_equal(count, seen + page.records.count);
    assert_null(page.next);
    string_free_at(&request.after);
    message_clear(&audit_page_type, &page);
}

static void filters_leave_exactly_what_they_name(void **state) {
    struct fixture *f = *state;
    append(f, "one", "a", "");
    append(f, "two", "a", "");
    append(f, "two", "b", "");
    append(f, "two*", "a", "");
    static const struct {
        const char *event, *actor, *subject;
        size_t count;
    } cases[] = {
        {"two", NULL, NULL, 2},        {"two", NULL, "a", 1},
        {NULL, NULL, "a", 3},          {"two", "authority", "b", 1},
        {"two", "admin:jane", "b", 0}, {"tw", NULL, NULL, 0},
        {"two*", NULL, NULL, 1},       {NULL, "admin:admin", NULL, 0},
        {"one", "authority", NULL, 1}, {NULL, "authority", "b", 1},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        for (int64_t from = 0; from <= 1; from++) {
            struct audit_list request = {.event = (char *)(uintptr_t)cases[i].event,
                                         .actor = (char *)(uintptr_t)cases[i].actor,
                                         .subject = (char *)(uintptr_t)cases[i].subject,
                                         .from = from};
            struct audit_page page = {0};
            ask_page(f, &request, &page);
            print_message("%zu\n", i);
            assert_int_equal(cases[i].count, page.records.count);
            message_clear(&audit_page_type, &page);
        }
    }
}

// --- records ---------------------------------------------------------------------------------

static void whatever_is_quoted_can_be_shown(void **state) {
    struct fixture *f = *state;
    append(f, "test", "broken \xc3", "line\nfeed \x1b[31m \xc2\x85 \xc3\xa9");
    struct audit_list request = {.event = (char[]){"test"}};
    struct audit_page page = {0};
    ask_page(f, &request, &page);
    assert_string_equal("broken ?", at(&page, 0)->subject);
    assert_string_equal("line feed  [31m    \xc3\xa9", at(&page, 0)->detail);
    message_clear(&audit_page_type, &page);
}

static void texts_are_cut_to_what_their_message_carries(void **state) {
    struct fixture *f = *state;
    AUTO(buf_clear) struct buf text = {0};
    buf_init(&text, LIMIT_AUDIT_DETAIL + 16);
    assert_ok(buf_append_byte(&text, 'x'), &f->err); // so that the limit falls into a character
    while (text.size < LIMIT_AUDIT_DETAIL + 2) {
        assert_ok(buf_append_string(&text, "\xc3\xa9"), &f->err);
    }
    append(f, "test", "", buf_string(&text));
    struct audit_list request = {.event = (char[]){"test"}};
    struct audit_page page = {0};
    ask_page(f, &request, &page);
    assert_int_equal(LIMIT_AUDIT_DETAIL - 1, strlen(at(&page, 0)->detail));
    assert_true(text_is_utf8(bytes_of_string(at(&page, 0)->detail)));
    message_clear(&audit_page_type, &page);
}

struct secret_search {
    char *const *secrets;
    size_t count;
    int records;
};

static enum result search_secrets(void *context, const struct audit_record *record,
                                  struct error *err) {
    struct secret_search *search = context;
    (void)err;
    const char *const texts[] = {record->actor, record->event, record->subject, record->detail};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        for (size_t k = 0; k < search->count; k++) {
            assert_null(strstr(texts[i], search->secrets[k]));
        }
        assert_null(strstr(texts[i], "PRIVATE KEY"));
    }
    search->records++;
    return RESULT_OK;
}

// The part behind the dot is the secret.
static char *secret_of(const char *credential) {
    char *secret = string_copy(strchr(credential, '.') + 1);
    assert_non_null(secret);
    assert_true(strlen(secret) > 20);
    return secret;
}

static void no_secret_is_in_the_trail_of_a_busy_authority(void **state) {
    struct fixture *f = *state;
    AUTO(key_free_at) struct key *key = fixture_key();
    AUTO(key_free_at) struct key *second = fixture_key();
    AUTO(key_free_at) struct key *third = fixture_key();
    struct issued device = {0}, jane = {0}, renewed = {0};
    char *token = fixture_token(f, "cn:phone-7", 1, NULL);
    char *invitation = fixture_invitation(f, "jane", "operator");
    char claim[] = "a-claim-of-the-devices-own-making";
    fixture_expect_ok(fixture_enroll(f, token, key, NULL), &issued_type, &device);
    fixture_expect_ok(fixture_enroll(f, invitation, second, NULL), &issued_type, &jane);
    // Refused in each way that is noted: used up, a wrong secret, other names, with a claim.
    fixture_expect_refusal(fixture_enroll(f, token, third, NULL), RESULT_DENIED, "token_spent");
    char *wrong = string_copy(token);
    wrong[strlen(wrong) - 2] = wrong[strlen(wrong) - 2] == 'A' ? 'B' : 'A';
    fixture_expect_refusal(fixture_enroll(f, wrong, third, NULL), RESULT_DENIED,
                           "token_unknown");
    char *other = fixture_token(f, "cn:phone-8", 1, NULL);
    fixture_expect_refusal(fixture_enroll(f, other, third, "cn:phone-9"), RESULT_DENIED,
                           "name_not_granted");
    struct enroll request = {.token = token, .claim = claim};
    fixture_csr(third, NULL, &request.csr);
    fixture_expect_refusal(
        fixture_ask(f, CHANNEL_ENROLL, OPERATION_ENROLL, &request, (struct bytes){0}),
        RESULT_DENIED, "token_spent");
    fixture_expect_ok(fixture_renew(f, blob_bytes(&device.certificate), third, NULL),
                      &issued_type, &renewed);
    struct certificate_info info = {0};
    fixture_expect_ok(fixture_revoke(f, device.serial, NULL), &certificate_info_type, &info);
    struct admin_remove removal = {.name = (char[]){"jane"}};
    struct admin_info removed = {0};
    fixture_expect_ok(
        fixture_ask(f, CHANNEL_ADMIN, OPERATION_ADMIN_REMOVE, &removal, buf_bytes(&f->admin)),
        &admin_info_type, &removed);
    char *secrets[] = {secret_of(token), secret_of(invitation), secret_of(wrong),
                       secret_of(other), string_copy(claim)};
    struct secret_search search = {.secrets = secrets, .count = 5};
    assert_ok(store_each_audit(f->authority.store, 1, search_secrets, &search, &f->err),
              &f->err);
    assert_true(search.records > 15);
    for (size_t i = 0; i < 5; i++) {
        string_free_secret_at(&secrets[i]);
    }
    string_free_secret_at(&wrong);
    string_free_secret_at(&other);
    string_free_secret_at(&token);
    string_free_secret_at(&invitation);
    request.token = request.claim = NULL;
    message_clear(&enroll_type, &request);
    message_clear(&certificate_info_type, &info);
    message_clear(&admin_info_type, &removed);
    message_clear(&issued_type, &device);
    message_clear(&issued_type, &jane);
    message_clear(&issued_type, &renewed);
}

// --- checkpoints -----------------------------------------------------------------------------

static void a_checkpoint_names_the_last_record_and_is_one_itself(void **state) {
    struct fixture *f = *state;
    struct nothing nothing = {};
    struct audit_checkpoint checkpoint = {0};
    int64_t before = last_sequence(f);
    fixture_expect_ok(fixture_ask(f, CHANNEL_ADMIN, OPERATION_AUDIT_CHECKPOINT, &nothing,
                                  buf_bytes(&f->admin)),
                      &audit_checkpoint_type, &checkpoint);
    assert_int_equal(before, checkpoint.sequence);
    assert_int_equal(before + 1, last_sequence(f));
    assert_int_equal(1, fixture_audited(f, "audit checkpoint signed"));
    assert_ok(audit_trust_checkpoint(f->authority.store, &checkpoint, &f->err), &f->err);
    struct audit_chain end = {0};
    assert_ok(audit_verify_to(f->authority.store, &checkpoint, &end, &f->err), &f->err);
    checkpoint.sequence += 2; // not reached yet
    assert_result(RESULT_INVALID,
                  audit_verify_to(f->authority.store, &checkpoint, &end, &f->err), &f->err);
    assert_string_equal("audit_cut", f->err.code);
    checkpoint.sequence -= 3; // another record than the one that was signed
    assert_result(RESULT_INVALID,
                  audit_verify_to(f->authority.store, &checkpoint, &end, &f->err), &f->err);
    assert_string_equal("audit_broken", f->err.code);
    message_clear(&audit_checkpoint_type, &checkpoint);
}

static void a_checkpoint_of_another_authority_is_refused(void **state) {
    struct fixture *f = *state;
    void *other_state = NULL;
    assert_int_equal(0, fixture_set_up(&other_state));
    struct fixture *other = other_state;
    struct nothing nothing = {};
    struct audit_checkpoint checkpoint = {0};
    fixture_expect_ok(fixture_ask(other, CHANNEL_ADMIN, OPERATION_AUDIT_CHECKPOINT, &nothing,
                                  buf_bytes(&other->admin)),
                      &audit_checkpoint_type, &checkpoint);
    assert_result(RESULT_DENIED,
                  audit_trust_checkpoint(f->authority.store, &checkpoint, &f->err), &f->err);
    assert_string_equal("checkpoint_invalid", f->err.code);
    message_clear(&audit_checkpoint_type, &checkpoint);
    assert_int_equal(0, fixture_tear_down(&other_state));
    clock_use_manual(FIXTURE_NOW);
}

// --- profiles --------------------------------------------------------------------------------

static void configure(struct fixture *f, const char *text) {
    char path[128];
    (void)snprintf(path, sizeof(path), "%s/%s", f->folder, LAYOUT_CONFIG);
    assert_ok(file_replace(path, bytes_of_string(text), 0600, &f->err), &f->err);
}

static void read_configuration(struct fixture *f, struct buf *out) {
    char path[128];
    (void)snprintf(path, sizeof(path), "%s/%s", f->folder, LAYOUT_CONFIG);
    buf_init(out, LIMIT_CONFIG_BYTES);
    assert_ok(file_read(path, out, &f->err), &f->err);
}

static int count_of(struct fixture *f, const char *event, const char *profile) {
    struct audit_list request = {.event = (char *)(uintptr_t)event,
                                 .subject = (char *)(uintptr_t)profile};
    struct audit_page page = {0};
    ask_page(f, &request, &page);
    int count = (int)page.records.count;
    message_clear(&audit_page_type, &page);
    return count;
}

static void profiles_are_noticed_when_they_come_change_and_go(void **state) {
    struct fixture *f = *state;
    AUTO(buf_clear) struct buf plain = {0};
    AUTO(buf_clear) struct buf more = {0};
    bool needs_restart = false;
    read_configuration(f, &plain);
    assert_ok(authority_record_start(&f->authority, &f->err), &f->err);
    assert_int_equal(1, count_of(f, "authority started", NULL));
    assert_int_equal(1, count_of(f, "profile added", "mqtt"));
    assert_ok(authority_record_start(&f->authority, &f->err), &f->err);
    assert_int_equal(1, count_of(f, "profile added", "mqtt")); // nothing new
    buf_init(&more, LIMIT_CONFIG_BYTES);
    assert_ok(buf_append(&more, buf_bytes(&plain)), &f->err);
    assert_ok(buf_append_string(&more, "\n[profile extra]\nextended_key_usages = clientAuth\n"
                                       "common_name = 1\nlifetime = 30d\n"),
              &f->err);
    configure(f, buf_string(&more));
    assert_ok(authority_reload(&f->authority, &needs_restart, &f->err), &f->err);
    assert_int_equal(1, count_of(f, "configuration reloaded", NULL));
    assert_int_equal(1, count_of(f, "profile added", "extra"));
    assert_int_equal(0, count_of(f, "profile changed", NULL));
    // Edited while the authority did not run.
    assert_ok(buf_append_string(&more, "backdate = 7m\n"), &f->err);
    configure(f, buf_string(&more));
    authority_clear(&f->authority);
    fixture_open(f);
    assert_ok(authority_record_start(&f->authority, &f->err), &f->err);
    assert_int_equal(1, count_of(f, "profile changed", "extra"));
    assert_int_equal(1, count_of(f, "profile changed", NULL));
    // Gone, and come back.
    configure(f, buf_string(&plain));
    assert_ok(authority_reload(&f->authority, &needs_restart, &f->err), &f->err);
    assert_ok(authority_reload(&f->authority, &needs_restart, &f->err), &f->err);
    assert_int_equal(1, count_of(f, "profile removed", "extra"));
    configure(f, buf_string(&more));
    assert_ok(authority_reload(&f->authority, &needs_restart, &f->err), &f->err);
    assert_int_equal(2, count_of(f, "profile added", "extra"));
    assert_ok(authority_record_stop(&f->authority, &f->err), &f->err);
    assert_int_equal(1, count_of(f, "authority stopped", NULL));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(the_newest_come_first_and_pages_follow_without_gap),
        TEST(from_a_record_on_they_come_in_order_and_the_chain_holds),
        TEST(long_records_make_a_page_shorter_and_none_gets_lost),
        TEST(filters_leave_exactly_what_they_name),
        TEST(whatever_is_quoted_can_be_shown),
        TEST(texts_are_cut_to_what_their_message_carries),
        TEST(no_secret_is_in_the_trail_of_a_busy_authority),
        TEST(a_checkpoint_names_the_last_record_and_is_one_itself),
        TEST(a_checkpoint_of_another_authority_is_refused),
        TEST(profiles_are_noticed_when_they_come_change_and_go),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
