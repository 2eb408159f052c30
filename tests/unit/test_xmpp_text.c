// Passwords, domains and addresses in the forms that XMPP compares.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "client/xmpp/xmpp_text.h"
#include "support/test.h"

#include "base/limits.h"

static void secrets_are_prepared_as_rfc_4013_says(void **state) {
    (void)state;
    static const struct {
        const char *text, *prepared; // NULL: refused
    } cases[] = {
        {"pencil", "pencil"},
        {"I\xc2\xadX", "IX"}, // a soft hyphen is mapped to nothing
        {"USER", "USER"},     // case stays
        {"\xc2\xaa", "a"},    // compatibility forms do not
        {"\xe2\x85\xa8", "IX"},
        {"a\xc2\xa0"
         "b",
         "a b"}, // a blank that does not break
        {"\x07", NULL},
        {"\xd8\xa7"
         "1",
         NULL}, // bidirectional check
        {"", NULL},
        {"\xc2\xad", NULL}, // nothing is left
        {"\xff", NULL},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct error err = {0};
        AUTO(buf_clear) struct buf out = {0};
        buf_init_secret(&out, LIMIT_XMPP_PASSWORD_BYTES);
        assert_result(cases[i].prepared != NULL ? RESULT_OK : RESULT_INVALID,
                      xmpp_prepare_secret(cases[i].text, &out, &err), &err);
        if (cases[i].prepared != NULL) {
            assert_string_equal(buf_string(&out), cases[i].prepared);
        } else {
            assert_string_equal(err.code, "password");
        }
    }
}

static void a_secret_has_a_greatest_length(void **state) {
    (void)state;
    char text[LIMIT_XMPP_PASSWORD_BYTES + 2];
    for (size_t more = 0; more < 2; more++) {
        struct error err = {0};
        AUTO(buf_clear) struct buf out = {0};
        buf_init_secret(&out, LIMIT_XMPP_PASSWORD_BYTES);
        memset(text, 'x', sizeof(text));
        text[LIMIT_XMPP_PASSWORD_BYTES + more] = '\0';
        assert_result(more == 0 ? RESULT_OK : RESULT_INVALID,
                      xmpp_prepare_secret(text, &out, &err), &err);
    }
}

static void addresses_are_taken_apart(void **state) {
    (void)state;
    static const struct {
        const char *text, *bare, *user, *domain; // NULL: refused
    } cases[] = {
        {"hamlet@shakespeare.lit", "hamlet@shakespeare.lit", "hamlet", "shakespeare.lit"},
        {"hamlet@Shakespeare.LIT/a@b/c", "hamlet@shakespeare.lit", "hamlet", "shakespeare.lit"},
        {"jürgen@müller.example", "jürgen@müller.example", "jürgen", "müller.example"},
        {"shakespeare.lit", NULL, NULL, NULL},
        {"shakespeare.lit/hamlet@home", NULL, NULL, NULL},
        {"@shakespeare.lit", NULL, NULL, NULL},
        {"ham let@shakespeare.lit", NULL, NULL, NULL},
        {"hamlet@", NULL, NULL, NULL},
        {"", NULL, NULL, NULL},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct error err = {0};
        AUTO(xmpp_address_clear) struct xmpp_address address = {0};
        assert_result(cases[i].bare != NULL ? RESULT_OK : RESULT_INVALID,
                      xmpp_address_read(cases[i].text, &address, &err), &err);
        if (cases[i].bare == NULL) {
            assert_string_equal(err.code, "usage");
            continue;
        }
        assert_string_equal(buf_string(&address.bare), cases[i].bare);
        assert_string_equal(buf_string(&address.user), cases[i].user);
        assert_string_equal(buf_string(&address.domain), cases[i].domain);
    }
}

static void domains_become_ascii(void **state) {
    (void)state;
    struct error err = {0};
    AUTO(buf_clear) struct buf out = {0};
    buf_init(&out, LIMIT_JID_BYTES);
    assert_ok(xmpp_ascii_domain("shakespeare.lit", &out, &err), &err);
    assert_string_equal(buf_string(&out), "shakespeare.lit");
    buf_reset(&out);
    assert_ok(xmpp_ascii_domain("müller.example", &out, &err), &err);
    assert_string_equal(buf_string(&out), "xn--mller-kva.example");
    assert_result(RESULT_INVALID, xmpp_ascii_domain("\xff", &out, &err), &err);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(secrets_are_prepared_as_rfc_4013_says),
        cmocka_unit_test(a_secret_has_a_greatest_length),
        cmocka_unit_test(addresses_are_taken_apart),
        cmocka_unit_test(domains_become_ascii),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
