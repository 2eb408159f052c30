// Characters that nobody sees, and names in letters of several scripts.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/lookalike.h"

#include "base/text.h"
#include "support/test.h"

static void what_is_seen_is_told_from_what_is_not(void **state) {
    (void)state;
    static const struct {
        const char *text;
        bool is_hidden;
    } texts[] = {
        {"phone-7", false},
        {"Zo\u00eb M\u00fcller", false},
        {"\u732b \u0645\u0647\u0631", false},
        {"\U0001f431", false},
        {"a\u00a0b", true},      // no-break space
        {"phone\u200b-7", true}, // zero width space
        {"\u202egnp.exe", true}, // right-to-left override
        {"a\u2028b", true},
        {"a\u00adb", true}, // line separator, soft hyphen
        {"a\ufeff", true},
        {"\u3164", true}, // byte order mark, Hangul filler
        {"a\U000e0041", true},
        {"a\x7f", true}, // tag, DEL
        {"a\u2067b", true},
        {"a\u3000b", true}, // isolate, ideographic space
        {"a\ufe0f", true},  // variation selector
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        print_message("%s\n", texts[i].text);
        assert_true(text_is_utf8(bytes_of_string(texts[i].text)));
        assert_int_equal(text_has_hidden(bytes_of_string(texts[i].text)), texts[i].is_hidden);
    }
}

static void one_script_is_fine_and_two_that_look_alike_are_not(void **state) {
    (void)state;
    static const struct {
        const char *text;
        bool is_mixed;
    } texts[] = {
        {"phone-7", false},
        {"Zo\u00eb", false},
        {"\u0442\u0435\u043b\u0435\u0444\u043e\u043d-7", false}, // all Cyrillic
        {"ph\u043ene-7", true},
        {"\u0391lice", true}, // Cyrillic o, Greek Alpha
        {"\u732b-cat", false},
        {"7-7", false},
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        assert_int_equal(text_mixes_scripts(bytes_of_string(texts[i].text)), texts[i].is_mixed);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_seen_is_told_from_what_is_not),
        cmocka_unit_test(one_script_is_fine_and_two_that_look_alike_are_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
