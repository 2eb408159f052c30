// Searching as administrators do: terms in canonical form, refusals by field, cursors that fit.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "authority/search.h"
#include "support/authority_fixture.h"

// --- terms -----------------------------------------------------------------------------------

struct term {
    const char *text;
    const char *type; // NULL: any
    const char *value;
};

static void assert_term(const struct term *term, bool is_prefix) {
    struct error err = {0};
    AUTO(search_texts_clear) struct search_texts texts = {0};
    struct name_filter filter = {0};
    assert_ok(is_prefix ? search_read_prefix(term->text, &texts, &filter, &err)
                        : search_read_name(term->text, &texts, &filter, &err),
              &err);
    assert_string_equal(term->value, filter.value);
    assert_string_equal(term->type == NULL ? "" : term->type,
                        filter.type == NULL ? "" : filter.type);
}

static void names_are_searched_in_canonical_form(void **state) {
    (void)state;
    static const struct term names[] = {
        {"cn:JJolie", "cn", "JJolie"},
        {"jjolie", NULL, "jjolie"},
        {"dns:Broker.Example", "dns", "broker.example"},
        {"ip:2001:DB8:0::7", "ip", "2001:db8::7"},
        {"email:Jane@Example.ORG", "email", "Jane@example.org"},
        {"xmpp:Romeo@Montague.LIT", "xmpp", "romeo@montague.lit"},
        {"xmpp:Romeo@Montague.LIT/Balcony", "xmpp", "romeo@montague.lit/Balcony"},
        {"xmpp:\xef\xbc\xb2omeo@montague.lit", "xmpp", "romeo@montague.lit"}, // full width R
        {"xmpp:STRA\xc3\x9f"
         "E@montague.lit",
         "xmpp", "strasse@montague.lit"},
        {"fe80::1", NULL, "fe80::1"},
        {"https://a.example/", NULL, "https://a.example/"},
        {"CN:x", NULL, "CN:x"},
        {"%", NULL, "%"},
    };
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        assert_term(&names[i], false);
    }
    static const struct term prefixes[] = {
        {"cn:Tracker-", "cn", "Tracker-"},
        {"tracker-", NULL, "tracker-"},
        {"dns:Broker.Ex", "dns", "broker.ex"},
        {"ip:2001:DB8", "ip", "2001:db8"},
        {"email:Jane@Exa", "email", "Jane@exa"},
        {"email:Ja", "email", "Ja"},
        {"xmpp:Rom", "xmpp", "rom"},
        {"xmpp:Romeo@", "xmpp", "romeo@"},
        {"xmpp:Romeo@Mon", "xmpp", "romeo@mon"},
        {"xmpp:Romeo@Montague.lit/", "xmpp", "romeo@montague.lit/"},
        {"xmpp:Romeo@Montague.lit/Bal", "xmpp", "romeo@montague.lit/Bal"},
        {"cn:%", "cn", "%"},
    };
    for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
        assert_term(&prefixes[i], true);
    }
}

static void terms_that_no_name_can_fit_are_refused(void **state) {
    (void)state;
    static const struct {
        const char *text;
        bool is_prefix;
    } cases[] = {
        {"dns:bad_name.example", false},
        {"ip:300.1.1.1", false},
        {"xmpp:a b@example.net", false},
        {"xmpp:romeo@", false},
        {"cn:", false},
        {"cn:", true},
        {"", true},
        {"xmpp:@", true},
        {"xmpp:a b@example.net", true},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct error err = {0};
        AUTO(search_texts_clear) struct search_texts texts = {0};
        struct name_filter filter = {0};
        assert_result(RESULT_INVALID,
                      cases[i].is_prefix
                          ? search_read_prefix(cases[i].text, &texts, &filter, &err)
                          : search_read_name(cases[i].text, &texts, &filter, &err),
                      &err);
        assert_string_equal("name_invalid", err.code);
        assert_string_equal(cases[i].is_prefix ? "prefix" : "name", err.field);
        assert_null(filter.value);
    }
}

static void addresses_are_searched_in_canonical_form(void **state) {
    (void)state;
    struct error err = {0};
    AUTO(search_texts_clear) struct search_texts texts = {0};
    const char *address = NULL;
    assert_ok(search_read_address("2001:0DB8::0007", &texts, &address, &err), &err);
    assert_string_equal("2001:db8::7", address);
    assert_result(RESULT_INVALID, search_read_address("ca.example", &texts, &address, &err),
                  &err);
    assert_string_equal("address_invalid", err.code);
    assert_string_equal("address", err.field);
}

// --- certificates ----------------------------------------------------------------------------

#define TEXT(text) ((char *)(uintptr_t)(text))

static struct waiting *ask(struct fixture *f, const struct certificate_list *request) {
    return fixture_ask(f, CHANNEL_ADMIN, OPERATION_CERTIFICATE_LIST, request,
                       buf_bytes(&f->admin));
}

// Asks, and gives the number of certificates; `out_next` (may be NULL) is owned.
static size_t list(struct fixture *f, const struct certificate_list *request, char **out_next) {
    struct certificate_page page = {0};
    fixture_expect_ok(ask(f, request), &certificate_page_type, &page);
    size_t count = page.certificates.count;
    if (out_next != NULL) {
        *out_next = page.next;
        page.next = NULL;
    }
    message_clear(&certificate_page_type, &page);
    return count;
}

static void enroll_named(struct fixture *f, const char *name) {
    AUTO(key_free_at) struct key *key = fixture_key();
    struct issued issued = {0};
    fixture_device(f, name, key, &issued);
    message_clear(&issued_type, &issued);
}

static void certificates_are_found_by_what_is_known_of_them(void **state) {
    struct fixture *f = *state;
    enroll_named(f, "cn:tracker-1");
    enroll_named(f, "cn:tracker-2");
    enroll_named(f, "cn:camera-1");
    struct certificate_page page = {0};
    const struct certificate_list one = {.name = TEXT("cn:tracker-1")};
    fixture_expect_ok(ask(f, &one), &certificate_page_type, &page);
    assert_int_equal(1, page.certificates.count);
    const struct certificate_info *info = page.certificates.items;
    assert_string_equal("192.0.2.7", info->address);
    const struct {
        struct certificate_list request;
        size_t count;
    } cases[] = {
        {{.prefix = TEXT("cn:tracker-")}, 2},
        {{.prefix = TEXT("tracker-2")}, 1},
        {{.prefix = TEXT("dns:tracker-")}, 0},
        {{.prefix = TEXT("cn:tracker-*")}, 0},
        {{.key = info->key_fingerprint}, 1},
        {{.key = info->key_fingerprint, .prefix = TEXT("camera")}, 0},
        {{.address = TEXT("192.0.2.7"), .profile = TEXT(FIXTURE_PROFILE "-test")}, 3},
        {{.address = TEXT("192.0.2.8")}, 0},
        {{.issuer = info->issuer, .prefix = TEXT("tracker-")}, 2},
        {{.issuer = TEXT("root"), .prefix = TEXT("tracker-")}, 0},
        {{.profile = TEXT(FIXTURE_PROFILE "-test"), .expiring_in = 30LL * FIXTURE_DAY}, 3},
        {{.profile = TEXT(FIXTURE_PROFILE "-test"), .expiring_in = 29LL * FIXTURE_DAY}, 0},
        {{.profile = TEXT(FIXTURE_PROFILE "-test"), .state = TEXT("revoked")}, 0},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(cases[i].count, list(f, &cases[i].request, NULL));
    }
    message_clear(&certificate_page_type, &page);
}

static void what_cannot_be_searched_by_is_refused_with_its_field(void **state) {
    struct fixture *f = *state;
    const struct {
        struct certificate_list request;
        enum result result;
        const char *code;
    } cases[] = {
        {{.key = TEXT("abcd")}, RESULT_INVALID, "fingerprint_invalid"},
        {{.key = TEXT("zz15a5a8356de33c786e09d92ec46f83e89a6eaa87f414e60329c7b7a0ed6886")},
         RESULT_INVALID,
         "fingerprint_invalid"},
        {{.address = TEXT("here")}, RESULT_INVALID, "address_invalid"},
        {{.issuer = TEXT("issuing-2")}, RESULT_NOT_FOUND, "issuer_unknown"},
        {{.state = TEXT("gone")}, RESULT_INVALID, "state_unknown"},
        {{.state = TEXT("expired"), .expiring_in = 5}, RESULT_INVALID, "filter_conflict"},
        {{.name = TEXT("dns:a_b")}, RESULT_INVALID, "name_invalid"},
        {{.prefix = TEXT("cn:")}, RESULT_INVALID, "name_invalid"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        fixture_expect_refusal(ask(f, &cases[i].request), cases[i].result, cases[i].code);
    }
    const struct certificate_list unknown = {.issuer = TEXT("issuing-2")};
    struct waiting *waiting = ask(f, &unknown);
    struct error err = {0};
    fixture_error(waiting, &err);
    assert_non_null(strstr(err.hint, f->authority.issuers.issuing->record.name));
    assert_string_equal("issuer", err.field);
    waiting_free(waiting);
}

// --- cursors ---------------------------------------------------------------------------------

static void refuse_cursor(struct fixture *f, struct certificate_list request, char *cursor) {
    request.after = cursor;
    fixture_expect_refusal(ask(f, &request), RESULT_INVALID, "cursor_invalid");
}

static void a_cursor_fits_its_own_search_only(void **state) {
    struct fixture *f = *state;
    enroll_named(f, "cn:tracker-1");
    enroll_named(f, "cn:tracker-2");
    enroll_named(f, "cn:tracker-3");
    const struct certificate_list searches[] = {
        {.limit = 2, .profile = TEXT(FIXTURE_PROFILE "-test")},
        {.limit = 2, .prefix = TEXT("cn:tracker-")},
        {.limit = 2, .address = TEXT("192.0.2.7")},
        {.limit = 2,
         .expiring_in = 30LL * FIXTURE_DAY,
         .profile = TEXT(FIXTURE_PROFILE "-test")},
        {.limit = 2,
         .expiring_in = 31LL * FIXTURE_DAY,
         .profile = TEXT(FIXTURE_PROFILE "-test")},
        {.limit = 2, .issuer = TEXT("issuing"), .prefix = TEXT("cn:tracker-")},
    };
    enum { SEARCHES = sizeof(searches) / sizeof(searches[0]) };
    char *cursors[SEARCHES] = {0};
    for (size_t i = 0; i < SEARCHES; i++) {
        assert_int_equal(2, list(f, &searches[i], &cursors[i]));
        assert_non_null(cursors[i]);
    }
    for (size_t i = 0; i < SEARCHES; i++) {
        for (size_t other = 0; other < SEARCHES; other++) {
            struct certificate_list request = searches[i];
            if (other != i) {
                refuse_cursor(f, request, cursors[other]);
            }
        }
        struct certificate_list request = searches[i];
        request.after = cursors[i];
        request.limit = 100; // may change
        char *next = NULL;
        assert_int_equal(1, list(f, &request, &next));
        assert_null(next);
        const struct token_list tokens = {.after = cursors[i]};
        fixture_expect_refusal(
            fixture_ask(f, CHANNEL_ADMIN, OPERATION_TOKEN_LIST, &tokens, buf_bytes(&f->admin)),
            RESULT_INVALID, "cursor_invalid");
    }
    for (size_t i = 0; i < SEARCHES; i++) {
        string_free_at(&cursors[i]);
    }
}

static void a_cursor_that_was_tampered_with_is_refused(void **state) {
    struct fixture *f = *state;
    enroll_named(f, "cn:tracker-1");
    enroll_named(f, "cn:tracker-2");
    const struct certificate_list search = {.limit = 1, .prefix = TEXT("cn:tracker-")};
    char *cursor = NULL;
    assert_int_equal(1, list(f, &search, &cursor));
    for (size_t i = 0; cursor[i] != '\0'; i++) {
        static const char others[] = {'0', '7', 'a', '.', ' ', '-'};
        for (size_t k = 0; k < sizeof(others); k++) {
            char kept = cursor[i];
            if (kept != others[k]) {
                cursor[i] = others[k];
                refuse_cursor(f, search, cursor);
                cursor[i] = kept;
            }
        }
        char kept = cursor[i];
        cursor[i] = '\0';
        if (i > 0) { // an empty one is none
            refuse_cursor(f, search, cursor);
        }
        cursor[i] = kept;
    }
    char longer[80];
    (void)snprintf(longer, sizeof(longer), "%s0", cursor);
    refuse_cursor(f, search, longer);
    refuse_cursor(f, search, TEXT("p1"));
    refuse_cursor(f, search, TEXT("s99999999999999999999.0.0123456789abcdef"));
    string_free_at(&cursor);
}

// --- tokens ----------------------------------------------------------------------------------

static size_t list_tokens(struct fixture *f, const struct token_list *request) {
    struct token_page page = {0};
    fixture_expect_ok(
        fixture_ask(f, CHANNEL_ADMIN, OPERATION_TOKEN_LIST, request, buf_bytes(&f->admin)),
        &token_page_type, &page);
    size_t count = page.tokens.count;
    message_clear(&token_page_type, &page);
    return count;
}

static void tokens_are_found_by_what_they_grant_and_who_made_them(void **state) {
    struct fixture *f = *state;
    static const char *const names[] = {"cn:tracker-1", "cn:tracker-2", "cn:camera-1"};
    for (size_t i = 0; i < 3; i++) {
        char *credential = fixture_token(f, names[i], 1, NULL);
        string_free_secret_at(&credential);
    }
    struct token_page page = {0};
    const struct token_list one = {.name = TEXT("cn:camera-1")};
    fixture_expect_ok(
        fixture_ask(f, CHANNEL_ADMIN, OPERATION_TOKEN_LIST, &one, buf_bytes(&f->admin)),
        &token_page_type, &page);
    assert_int_equal(1, page.tokens.count);
    const struct token_info *info = page.tokens.items;
    assert_int_equal(0, strncmp("admin:", info->created_by, 6));
    char *admin = info->created_by + 6;
    const struct {
        struct token_list request;
        size_t count;
    } cases[] = {
        {{.name = TEXT("tracker-1")}, 1},
        {{.name = TEXT("dns:tracker-1.example")}, 0},
        {{.prefix = TEXT("cn:tracker-")}, 2},
        {{.prefix = TEXT("cn:t")}, 2},
        {{.prefix = TEXT("cn:T")}, 0},
        {{.created_by = admin, .prefix = TEXT("cn:tracker-")}, 2},
        {{.created_by = info->created_by}, 3},
        {{.created_by = TEXT("nobody")}, 0},
        {{.expiring_in = 365LL * FIXTURE_DAY}, 3},
        {{.expiring_in = 1}, 0},
        {{.expiring_in = 365LL * FIXTURE_DAY, .name = TEXT("tracker-1")}, 1},
        {{.expiring_in = 365LL * FIXTURE_DAY, .state = TEXT("revoked")}, 0},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(cases[i].count, list_tokens(f, &cases[i].request));
    }
    const struct token_list conflict = {.state = TEXT("expired"), .expiring_in = 1};
    fixture_expect_refusal(
        fixture_ask(f, CHANNEL_ADMIN, OPERATION_TOKEN_LIST, &conflict, buf_bytes(&f->admin)),
        RESULT_INVALID, "filter_conflict");
    message_clear(&token_page_type, &page);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_searched_in_canonical_form),
        cmocka_unit_test(terms_that_no_name_can_fit_are_refused),
        cmocka_unit_test(addresses_are_searched_in_canonical_form),
        TEST(certificates_are_found_by_what_is_known_of_them),
        TEST(what_cannot_be_searched_by_is_refused_with_its_field),
        TEST(a_cursor_fits_its_own_search_only),
        TEST(a_cursor_that_was_tampered_with_is_refused),
        TEST(tokens_are_found_by_what_they_grant_and_who_made_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
