// The certificates of an account: their names, which are superseded, and what cannot be read.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "client/xmpp/registered.h"
#include "support/client_fixture.h"

#define JID "xmpp:hamlet@shakespeare.lit"

static struct test_ca ca;

static int make_all(void **state) {
    (void)state;
    make_test_ca(&ca);
    return 0;
}

static int remove_all(void **state) {
    (void)state;
    test_ca_clear(&ca);
    return 0;
}

static void add(struct registered_page *page, const char *name, struct bytes certificate) {
    struct error err = {0};
    const struct text_list none = {0};
    assert_ok(registered_add(page, name, certificate, &none, &err), &err);
}

// Adds one under the name that we give; the certificate is made for it.
static void add_ours(struct registered_page *page, const char *label, int64_t not_before,
                     int64_t not_after) {
    struct error err = {0};
    AUTO(test_identity_clear) struct test_identity leaf = {0};
    AUTO(buf_clear) struct buf name = {0};
    buf_init(&name, LIMIT_XMPP_NAME_BYTES);
    make_identity(&leaf, (struct test_names){{JID}}, &ca.issuing, false, not_before, not_after);
    assert_ok(registered_name(label, buf_bytes(&leaf.certificate), &name, &err), &err);
    add(page, buf_string(&name), buf_bytes(&leaf.certificate));
}

static const struct registered *line(const struct registered_page *page, size_t index) {
    return &((const struct registered *)page->certificates.items)[index];
}

static void what_a_certificate_says_is_shown(void **state) {
    (void)state;
    struct error err = {0};
    AUTO(registered_page_clear) struct registered_page page = {0};
    add_ours(&page, "phone", NOW - 10, NOW + DAY);
    assert_ok(registered_judge(&page, NOW, &err), &err);
    const struct registered *only = line(&page, 0);
    assert_string_equal(only->state, "valid");
    assert_string_equal(only->label, "phone");
    assert_int_equal(strlen(only->name), strlen("phone-12345678"));
    assert_memory_equal(&only->name[6], only->serial, 8);
    assert_string_equal(only->names.items[0], JID);
    assert_string_equal(only->issuer, "CN=Test Issuing");
    assert_int_equal(only->not_after, NOW + DAY);
    assert_ptr_equal(registered_find(&page, blob_bytes(&only->certificate)), only);
    assert_null(registered_find(&page, buf_bytes(&ca.root.certificate)));
}

static void states_follow_time_and_label(void **state) {
    (void)state;
    static const struct {
        const char *label;
        int64_t not_before, not_after;
        const char *state;
    } cases[] = {
        {"phone", -30, 100, "superseded"},
        {"phone", -20, 100, "valid"}, // as old as the next
        {"phone", -20, 100, "valid"},
        {"phone", 1, 100, "future"},    // supersedes nothing yet
        {"laptop", -40, 100, "valid"},  // of another name
        {"tablet", -20, 0, "valid"},    // its last second
        {"tablet", -10, -1, "expired"}, // newer, but of no use
        {"-", -5, 100, "valid"},
    };
    struct error err = {0};
    AUTO(registered_page_clear) struct registered_page page = {0};
    const size_t count = sizeof(cases) / sizeof(cases[0]);
    for (size_t i = 0; i < count; i++) {
        add_ours(&page, cases[i].label, NOW + cases[i].not_before, NOW + cases[i].not_after);
    }
    assert_ok(registered_judge(&page, NOW, &err), &err);
    for (size_t i = 0; i < count; i++) {
        assert_string_equal(line(&page, i)->state, cases[i].state);
    }
}

static void names_that_others_gave_have_no_label(void **state) {
    (void)state;
    static const char *const names[] = {"phone", "phone-00000000", "-00000000",
                                        "Mobile Client"};
    struct error err = {0};
    AUTO(registered_page_clear) struct registered_page page = {0};
    AUTO(test_identity_clear) struct test_identity leaf = {0};
    make_identity(&leaf, (struct test_names){{JID}}, &ca.issuing, false, NOW - 9, NOW + 9);
    for (size_t i = 0; i < 4; i++) {
        add(&page, names[i], buf_bytes(&leaf.certificate));
    }
    assert_ok(registered_judge(&page, NOW, &err), &err);
    for (size_t i = 0; i < 4; i++) {
        assert_string_equal(line(&page, i)->name, names[i]);
        assert_null(line(&page, i)->label);
        assert_string_equal(line(&page, i)->state, "valid");
    }
}

static void what_cannot_be_read_is_kept_apart(void **state) {
    (void)state;
    struct error err = {0};
    AUTO(registered_page_clear) struct registered_page page = {0};
    struct bytes whole = buf_bytes(&ca.root.certificate);
    add(&page, "no certificate", BYTES_LITERAL("no certificate"));
    add(&page, "half", bytes_slice(whole, 0, whole.size / 2));
    add(&page, "nothing", (struct bytes){0});
    assert_ok(registered_judge(&page, NOW, &err), &err);
    for (size_t i = 0; i < page.certificates.count; i++) {
        assert_string_equal(line(&page, i)->state, "unreadable");
    }
}

// The server knows it by its own name only, so that is kept; the certificate is read all the same.
static void names_that_cannot_be_shown_are_kept_beside_what_is_shown(void **state) {
    (void)state;
    static const struct {
        const char *name, *shown;
    } cases[] = {
        {"plain", "plain"},
        {"escape\033[2J", "escape?[2J"},
        {"line\nbreak", "line?break"},
        {"next\xc2\x85line", "next?line"},
        {"\x85", "?"},
        {"", ""},
    };
    struct error err = {0};
    AUTO(registered_page_clear) struct registered_page page = {0};
    AUTO(buf_clear) struct buf json = {0};
    AUTO(test_identity_clear) struct test_identity leaf = {0};
    const size_t count = sizeof(cases) / sizeof(cases[0]);
    buf_init(&json, 1 << 20);
    make_identity(&leaf, (struct test_names){{JID}}, &ca.issuing, false, NOW - 9, NOW - 1);
    for (size_t i = 0; i < count; i++) {
        add(&page, cases[i].name, buf_bytes(&leaf.certificate));
    }
    assert_ok(registered_judge(&page, NOW, &err), &err);
    for (size_t i = 0; i < count; i++) {
        AUTO(buf_clear) struct buf name = {0};
        buf_init(&name, 64);
        assert_string_equal(line(&page, i)->name, cases[i].shown);
        assert_string_equal(line(&page, i)->state, "expired");
        assert_null(line(&page, i)->label);
        assert_ok(registered_server_name(line(&page, i), &name), &err);
        assert_bytes_equal(buf_bytes(&name), bytes_of_string(cases[i].name));
    }
    assert_int_equal(line(&page, 0)->server_name.size, 0);
    assert_ok(message_to_json(&registered_page_type, &page, &json, &err), &err);
}

static void a_name_that_is_too_long_is_shown_by_its_beginning(void **state) {
    (void)state;
    char text[LIMIT_XMPP_NAME_BYTES + 2];
    for (size_t more = 0; more < 2; more++) {
        struct error err = {0};
        AUTO(registered_page_clear) struct registered_page page = {0};
        AUTO(buf_clear) struct buf name = {0};
        buf_init(&name, sizeof(text));
        memset(text, 'x', sizeof(text));
        text[LIMIT_XMPP_NAME_BYTES + more] = '\0';
        add(&page, text, buf_bytes(&ca.root.certificate));
        const char *shown = line(&page, 0)->name;
        assert_int_equal(strlen(shown), LIMIT_XMPP_NAME_BYTES);
        assert_int_equal(strcmp(&shown[LIMIT_XMPP_NAME_BYTES - 3], "…") == 0, more == 1);
        assert_ok(registered_server_name(line(&page, 0), &name), &err);
        assert_string_equal(buf_string(&name), text);
    }
}

static void our_own_names_are_known_by_their_end(void **state) {
    (void)state;
    struct error err = {0};
    AUTO(buf_clear) struct buf name = {0};
    struct bytes certificate = buf_bytes(&ca.root.certificate);
    buf_init(&name, LIMIT_XMPP_NAME_BYTES);
    assert_ok(registered_name("phone", certificate, &name, &err), &err);
    assert_true(registered_is_name_of(buf_string(&name), certificate));
    assert_false(registered_is_name_of(buf_string(&name), buf_bytes(&ca.issuing.certificate)));
    assert_false(registered_is_name_of("phone", certificate));
    assert_false(registered_is_name_of(buf_string(&name), BYTES_LITERAL("no certificate")));
}

static void of_too_many_the_first_are_kept(void **state) {
    (void)state;
    AUTO(registered_page_clear) struct registered_page page = {0};
    for (size_t i = 0; i < LIMIT_XMPP_CERTIFICATES; i++) {
        add(&page, "x", (struct bytes){0});
    }
    assert_false(page.is_cut);
    add(&page, "one more", (struct bytes){0});
    assert_true(page.is_cut);
    assert_int_equal(page.certificates.count, LIMIT_XMPP_CERTIFICATES);
}

static void a_name_must_fit(void **state) {
    (void)state;
    char label[LIMIT_XMPP_NAME_BYTES];
    for (size_t more = 0; more < 2; more++) {
        struct error err = {0};
        AUTO(buf_clear) struct buf name = {0};
        buf_init(&name, LIMIT_XMPP_NAME_BYTES);
        memset(label, 'x', sizeof(label));
        label[LIMIT_XMPP_NAME_BYTES - 9 + more] = '\0';
        assert_result(more == 0 ? RESULT_OK : RESULT_INVALID,
                      registered_name(label, buf_bytes(&ca.root.certificate), &name, &err),
                      &err);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_certificate_says_is_shown),
        cmocka_unit_test(states_follow_time_and_label),
        cmocka_unit_test(names_that_others_gave_have_no_label),
        cmocka_unit_test(what_cannot_be_read_is_kept_apart),
        cmocka_unit_test(names_that_cannot_be_shown_are_kept_beside_what_is_shown),
        cmocka_unit_test(a_name_that_is_too_long_is_shown_by_its_beginning),
        cmocka_unit_test(our_own_names_are_known_by_their_end),
        cmocka_unit_test(of_too_many_the_first_are_kept),
        cmocka_unit_test(a_name_must_fit),
    };
    return cmocka_run_group_tests(tests, make_all, remove_all);
}
