// Tests of XMPP addresses: only the form that servers compare is taken.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "support/test.h"

#include "authority/config/jid.h"

static const struct {
    const char *jid;
    bool is_bare;
    enum result result;
    const char *hint; // NULL: any
} jids[] = {
    {"hamlet@shakespeare.lit", true, RESULT_OK, NULL},
    {"shakespeare.lit", true, RESULT_OK, NULL},
    {"fran\xc3\xa7oise@example.org", true, RESULT_OK, NULL},
    {"hamlet@shakespeare.lit/phone/1@home", false, RESULT_OK, NULL},
    {"hamlet@shakespeare.lit/phone", true, RESULT_INVALID, "use hamlet@shakespeare.lit"},
    {"Hamlet@shakespeare.lit", true, RESULT_INVALID, "use hamlet@shakespeare.lit"},
    {"hamlet@Shakespeare.lit", true, RESULT_INVALID, "use hamlet@shakespeare.lit"},
    // A full-width letter, which nodeprep folds.
    {"\xef\xbd\x88"
     "amlet@example.org",
     true, RESULT_INVALID, "use hamlet@example.org"},
    {"hamlet@b\xc3\xbc"
     "cher.example",
     true, RESULT_OK, NULL},
    {"hamlet@xn--bcher-kva.example", true, RESULT_INVALID,
     "use hamlet@b\xc3\xbc"
     "cher.example"},
    // U+2100 stands for "a/c": no domain holds a separator.
    {"hamlet@example.\xe2\x84\x80", true, RESULT_INVALID, NULL},
    {"hamlet@192.0.2.1", true, RESULT_OK, NULL},
    {"hamlet@[2001:db8::1]", true, RESULT_OK, NULL},
    {"ham let@example.org", true, RESULT_INVALID, NULL},
    {"ham\"let@example.org", true, RESULT_INVALID, NULL},
    {"@example.org", true, RESULT_INVALID, NULL},
    {"hamlet@", true, RESULT_INVALID, NULL},
    {"hamlet@example.org/", false, RESULT_INVALID, NULL},
    {"", true, RESULT_INVALID, NULL},
};

static void only_prepared_addresses_are_taken(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof(jids) / sizeof(jids[0]); i++) {
        struct error err = {0};
        assert_result(jids[i].result,
                      jid_check(jids[i].jid, jids[i].is_bare ? JID_BARE : JID_EITHER, &err),
                      &err);
        if (jids[i].hint != NULL) {
            assert_string_equal(err.hint, jids[i].hint);
        }
    }
}

static void the_form_says_whether_there_is_a_resource(void **state) {
    (void)state;
    struct error err = {0};
    assert_ok(jid_check("a@example.org/x", JID_FULL, &err), &err);
    assert_result(RESULT_INVALID, jid_check("a@example.org", JID_FULL, &err), &err);
    assert_string_equal(err.hint, "use a@example.org/RESOURCE");
    assert_ok(jid_check("a@example.org", JID_EITHER, &err), &err);
    assert_ok(jid_check("a@example.org/x", JID_EITHER, &err), &err);
}

// What comes out is prepared: a second time changes nothing.
static void preparing_is_done_once(void **state) {
    (void)state;
    static const char *const all[] = {"Hamlet@Shakespeare.LIT/Phone", "xn--bcher-kva.Example",
                                      "\xef\xbd\x88@example.org",
                                      "\xc3\x9f@stra\xc3\x9f"
                                      "e.example"};
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        AUTO(buf_clear) struct buf once = {0};
        AUTO(buf_clear) struct buf twice = {0};
        struct error err = {0};
        buf_init(&once, 4096);
        buf_init(&twice, 4096);
        assert_ok(jid_prepare(all[i], &once, &err), &err);
        assert_ok(jid_prepare(buf_string(&once), &twice, &err), &err);
        assert_string_equal(buf_string(&once), buf_string(&twice));
        assert_ok(jid_check(buf_string(&once), JID_EITHER, &err), &err);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_prepared_addresses_are_taken),
        cmocka_unit_test(the_form_says_whether_there_is_a_resource),
        cmocka_unit_test(preparing_is_done_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
