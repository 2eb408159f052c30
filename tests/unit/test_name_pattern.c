// Tests of patterns: what a star covers, what it never covers, and that matching stays cheap.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "support/test.h"

#include <stdlib.h>
#include <time.h>

#include "authority/config/name_pattern.h"
#include "base/limits.h"

static const struct {
    enum name_type type;
    const char *pattern;
    const char *value;
    bool matches;
} matches[] = {
    {NAME_CN, "tracker-*", "tracker-1", true},
    {NAME_CN, "tracker-*", "tracker-", true},
    {NAME_CN, "tracker-*", "tracker", false},
    {NAME_CN, "tracker-*", "Tracker-1", false},
    {NAME_CN, "tracker-*", "xtracker-1", false},
    {NAME_CN, "*", "anything at all", true},
    {NAME_CN, "a*b*c", "aXbYbZc", true},
    {NAME_CN, "a*b*c", "aXcYb", false},
    {NAME_CN, "exact", "exact", true},
    {NAME_CN, "exact", "exactly", false},
    {NAME_CN, "Zo\xc3\xab-*", "Zo\xc3\xab-1", true},
    // A value is data: its star stands for nothing, and no pattern grants it.
    {NAME_CN, "tracker-*", "tracker-*", false},
    {NAME_CN, "tracker-7", "tracker-*", false},
    {NAME_CN, "*", "*", false},
    {NAME_DNS, "*.example.org", "a.example.org", true},
    {NAME_DNS, "*.example.org", "a.b.example.org", true},
    {NAME_DNS, "*.example.org", "example.org", false},
    {NAME_DNS, "*.example.org", "a.example.org.evil.test", false},
    {NAME_DNS, "*.example.org", "*.iot.example.org", true},
    {NAME_DNS, "a*.example.org", "*.example.org", false},
    {NAME_EMAIL, "*@example.org", "a@example.org", true},
    {NAME_EMAIL, "*@example.org", "a@b@example.org", false},
    {NAME_EMAIL, "a@*.example.org", "a@x.example.org", true},
    {NAME_XMPP, "sensor-*@example.org", "sensor-1@example.org", true},
    // "sensor-1@evil.test" with a resource that looks like the domain.
    {NAME_XMPP, "sensor-*@example.org", "sensor-1@evil.test/@example.org", false},
    {NAME_XMPP, "*@example.org", "evil.test/@example.org", false},
    {NAME_XMPP, "*@example.org", "a@example.org/phone", false},
    {NAME_XMPP, "*@example.org/*", "a@example.org/phone", true},
    {NAME_URI, "urn:device:*", "urn:device:1:2", true},
    {NAME_URI, "https://*.example.org/*", "https://a.example.org/x", true},
    {NAME_URI, "https://*.example.org/*", "https://evil.test/.example.org/x", false},
    {NAME_URI, "https://*.example.org/x", "https://evil.test#.example.org/x", false},
    {NAME_URI, "https://*.example.org/x", "https://evil.test?.example.org/x", false},
    {NAME_URI, "a:b/*c", "a:b/b/c", false},
};

static void a_star_covers_a_run_of_one_part(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof(matches) / sizeof(matches[0]); i++) {
        bool found =
            name_pattern_matches(matches[i].type, matches[i].pattern, matches[i].value);
        if (found != matches[i].matches) {
            print_error("%s against %s\n", matches[i].pattern, matches[i].value);
        }
        assert_int_equal(found, matches[i].matches);
    }
}

static const struct {
    enum name_type type;
    const char *pattern;
    const char *canonical; // NULL: refused
    const char *why;
} patterns[] = {
    {NAME_CN, "Tracker-*", "Tracker-*", NULL},
    {NAME_CN, "*a*b*c*", "*a*b*c*", NULL},
    {NAME_CN, "*a*b*c*d*", NULL, "too many stars"},
    {NAME_CN, "a**", NULL, "side by side"},
    {NAME_CN, "", NULL, "empty or too long"},
    {NAME_CN, "a\nb", NULL, "control characters"},
    {NAME_CN, "a\xff", NULL, "control characters"},
    {NAME_CN, " a*", NULL, "no name could match"},
    {NAME_DNS, "*.Example.ORG", "*.example.org", NULL},
    {NAME_DNS, "*", "*", NULL},
    {NAME_DNS, "gw-*.example.org", "gw-*.example.org", NULL},
    {NAME_DNS, "*.exa mple.org", NULL, "no name could match"},
    {NAME_DNS,
     "*.b\xc3\xbc"
     "cher.example",
     NULL, "no name could match"},
    {NAME_EMAIL, "Ann.*@Example.org", "Ann.*@example.org", NULL},
    {NAME_EMAIL, "*@*", "*@*", NULL},
    {NAME_EMAIL, "ann", NULL, "no name could match"},
    {NAME_XMPP, "*@Example.org/Phone", "*@example.org/Phone", NULL},
    {NAME_URI, "urn:Device:*", "urn:Device:*", NULL},
    {NAME_URI, "*", "*", NULL},
    {NAME_URI, "device*", "device*", NULL},
    {NAME_URI, "1*", NULL, "no name could match"},
    {NAME_IP, "10.*", NULL, "networks"},
};

static void patterns_are_checked_and_made_canonical(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++) {
        AUTO(buf_clear) struct buf out = {0};
        struct error err = {0};
        buf_init(&out, LIMIT_PATTERN_BYTES);
        enum result result =
            name_pattern_canonicalize(patterns[i].type, patterns[i].pattern, &out, &err);
        if (patterns[i].canonical != NULL) {
            assert_ok(result, &err);
            assert_string_equal(buf_string(&out), patterns[i].canonical);
            continue;
        }
        if (result != RESULT_INVALID || strstr(err.message, patterns[i].why) == NULL) {
            print_error("\"%s\": %s\n", patterns[i].pattern, err.message);
        }
        assert_int_equal(result, RESULT_INVALID);
        assert_string_equal(err.code, "pattern_invalid");
        assert_non_null(strstr(err.message, patterns[i].why));
    }
}

static void patterns_have_a_longest_length(void **state) {
    (void)state;
    char text[LIMIT_PATTERN_BYTES + 2] = "urn:";
    AUTO(buf_clear) struct buf out = {0};
    struct error err = {0};
    buf_init(&out, 2 * LIMIT_PATTERN_BYTES);
    memset(&text[4], 'a', LIMIT_PATTERN_BYTES - 4);
    assert_ok(name_pattern_canonicalize(NAME_URI, text, &out, &err), &err);
    text[LIMIT_PATTERN_BYTES] = 'a';
    assert_result(RESULT_INVALID, name_pattern_canonicalize(NAME_URI, text, &out, &err), &err);
    assert_string_equal(err.code, "pattern_invalid");
}

static void the_type_stands_in_front(void **state) {
    (void)state;
    AUTO(buf_clear) struct buf out = {0};
    enum name_type type = NAME_CN;
    struct error err = {0};
    buf_init(&out, 512);
    assert_ok(name_pattern_read("dns:*.Example.org", &type, &out, &err), &err);
    assert_int_equal(type, NAME_DNS);
    assert_string_equal(buf_string(&out), "dns:*.example.org");
    static const char *const bad[] = {"tracker-*", "dms:*", ":*", ""};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_result(RESULT_INVALID, name_pattern_read(bad[i], &type, &out, &err), &err);
        assert_string_equal(err.code, "pattern_invalid");
        assert_non_null(strstr(err.hint, "cn:"));
    }
}

// Exponential matchers need longer than the universe has for this.
static void a_pattern_bomb_costs_little(void **state) {
    (void)state;
    char pattern[LIMIT_PATTERN_BYTES + 1] = {0}, value[LIMIT_NAME_BYTES + 1] = {0};
    memset(pattern, 'a', LIMIT_PATTERN_BYTES);
    for (size_t i = 0; i < LIMIT_PATTERN_STARS; i++) {
        pattern[i * (LIMIT_PATTERN_BYTES / LIMIT_PATTERN_STARS)] = '*';
    }
    pattern[LIMIT_PATTERN_BYTES - 1] = 'b';
    memset(value, 'a', LIMIT_NAME_BYTES);
    clock_t begin = clock();
    for (int i = 0; i < 100; i++) {
        assert_false(name_pattern_matches(NAME_CN, pattern, value));
    }
    assert_true((double)(clock() - begin) / CLOCKS_PER_SEC < 2.0);
}

static void patterns_overlap_when_a_value_matches_both(void **state) {
    (void)state;
    static const struct {
        enum name_type type;
        const char *a;
        const char *b;
        bool do_overlap;
    } cases[] = {
        {NAME_CN, "tracker-*", "*-7", true},
        {NAME_CN, "tracker-*", "tracker-*", true},
        {NAME_CN, "tracker-*", "phone-*", false},
        {NAME_CN, "*", "x", true},
        {NAME_CN, "x", "x", true},
        {NAME_CN, "x", "xy", false},
        {NAME_CN, "a*b", "*ab", true},
        {NAME_CN, "a*c*e", "*b*d*", true},
        {NAME_CN, "a*b", "b*a", false},
        {NAME_EMAIL, "*@example.org", "jane*", false}, // a star crosses no "@"
        {NAME_EMAIL, "*@example.org", "*@other.example", false},
        {NAME_EMAIL, "*@*.org", "jane@*", true},
        {NAME_URI, "urn:a:*", "urn:*", true},
        {NAME_URI, "https://*.example/x", "https://a.example/*", true},
        {NAME_URI, "https://*/x", "https://a/b/x", false}, // a star crosses no "/"
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        if (name_pattern_overlaps(cases[i].type, cases[i].a, cases[i].b) !=
                cases[i].do_overlap ||
            name_pattern_overlaps(cases[i].type, cases[i].b, cases[i].a) !=
                cases[i].do_overlap) {
            print_error("%s and %s\n", cases[i].a, cases[i].b);
            fail();
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_star_covers_a_run_of_one_part),
        cmocka_unit_test(patterns_are_checked_and_made_canonical),
        cmocka_unit_test(patterns_have_a_longest_length),
        cmocka_unit_test(the_type_stands_in_front),
        cmocka_unit_test(a_pattern_bomb_costs_little),
        cmocka_unit_test(patterns_overlap_when_a_value_matches_both),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
