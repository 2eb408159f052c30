// Tests of XMPP addresses: only the form that servers compare is taken.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "support/test.h"

#include "authority/jid.h"

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
        assert_result(jids[i].result, jid_check(jids[i].jid, jids[i].is_bare, &err), &err);
        if (jids[i].hint != NULL) {
            assert_string_equal(err.hint, jids[i].hint);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(only_prepared_addresses_are_taken)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
