// Encodings are strict both ways; numbers, durations and suggestions are exact.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/text.h"
#include "support/test.h"

static void utf8_is_judged_as_rfc_3629_says(void **state) {
    (void)state;
    static const struct {
        const char *text;
        bool is_valid;
    } cases[] = {
        {"", true},
        {"abc", true},
        {"Zo\xc3\xab", true},
        {"\xe2\x82\xac", true},
        {"\xf0\x9f\x94\x91", true},
        {"\xf4\x8f\xbf\xbf", true},
        {"\xf4\x90\x80\x80", false}, // above U+10FFFF
        {"\xc0\x80", false},         // overlong NUL
        {"\xc1\xbf", false},
        {"\xe0\x80\xaf", false}, // overlong slash
        {"\xf0\x80\x80\xaf", false},
        {"\xed\xa0\x80", false}, // surrogate
        {"\xc3", false},         // cut off
        {"\xe2\x82", false},
        {"\x80", false},
        {"\xff", false},
        {"a\xc3(", false},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(text_is_utf8(bytes_of_string(cases[i].text)), cases[i].is_valid);
    }
}

static void control_characters_are_seen(void **state) {
    (void)state;
    assert_false(text_has_control(BYTES_LITERAL("Zo\xc3\xab M\xc3\xbcller")));
    assert_true(text_has_control(BYTES_LITERAL("a\0b")));
    assert_true(text_has_control(BYTES_LITERAL("a\nb")));
    assert_true(text_has_control(BYTES_LITERAL("\x7f")));
    assert_true(text_has_control(BYTES_LITERAL("\xc2\x85"))); // C1
    assert_false(text_has_control(BYTES_LITERAL("\xc2\xa0")));
    assert_int_equal(text_count_characters(BYTES_LITERAL("Zo\xc3\xab")), 3);
}

static void ucs2_holds_the_basic_plane_only(void **state) {
    (void)state;
    static const struct {
        const char *text;
        struct bytes expected;
    } cases[] = {
        {"", BYTES_LITERAL("")},
        {"a\xc3\xab", BYTES_LITERAL("\0a\0\xeb")},
        {"\xef\xbf\xbf", BYTES_LITERAL("\xff\xff")},
    };
    AUTO(buf_clear) struct buf none = {0};
    buf_init(&none, 16);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        AUTO(buf_clear) struct buf out = {0};
        buf_init(&out, 16);
        assert_int_equal(text_ucs2_encode(bytes_of_string(cases[i].text), &out), RESULT_OK);
        assert_bytes_equal(buf_bytes(&out), cases[i].expected);
    }
    assert_int_equal(text_ucs2_encode(BYTES_LITERAL("\xf0\x90\x80\x80"), &none),
                     RESULT_INVALID);
    assert_int_equal(text_ucs2_encode(BYTES_LITERAL("\xed\xa0\x80"), &none), RESULT_INVALID);
}

static void base64_round_trips_every_length(void **state) {
    (void)state;
    uint8_t data[40];
    for (size_t i = 0; i < sizeof(data); i++) {
        data[i] = (uint8_t)(i * 37 + 251);
    }
    for (size_t size = 0; size <= sizeof(data); size++) {
        AUTO(buf_clear) struct buf text;
        AUTO(buf_clear) struct buf back;
        buf_init(&text, 100);
        buf_init(&back, 100);
        assert_int_equal(text_base64_encode(bytes_of(data, size), &text), RESULT_OK);
        assert_int_equal(text.size, (size + 2) / 3 * 4);
        assert_int_equal(text_base64_decode(buf_bytes(&text), &back), RESULT_OK);
        assert_bytes_equal(buf_bytes(&back), bytes_of(data, size));
        buf_reset(&text);
        buf_reset(&back);
        assert_int_equal(text_base64url_encode(bytes_of(data, size), &text), RESULT_OK);
        assert_int_equal(text_base64url_decode(buf_bytes(&text), &back), RESULT_OK);
        assert_bytes_equal(buf_bytes(&back), bytes_of(data, size));
        buf_reset(&text);
        buf_reset(&back);
        assert_int_equal(text_hex_encode(bytes_of(data, size), &text), RESULT_OK);
        assert_int_equal(text_hex_decode(buf_bytes(&text), &back), RESULT_OK);
        assert_bytes_equal(buf_bytes(&back), bytes_of(data, size));
    }
}

static void loose_encodings_are_refused(void **state) {
    (void)state;
    static const char *const base64[] = {
        "A", "AA", "AAA", "A===", "AB==", "AAB=", "AA=A", "AA AA", "AAA-A", "====", "AA\nA"};
    AUTO(buf_clear) struct buf out;
    buf_init(&out, 100);
    for (size_t i = 0; i < sizeof(base64) / sizeof(base64[0]); i++) {
        assert_int_equal(text_base64_decode(bytes_of_string(base64[i]), &out), RESULT_INVALID);
    }
    assert_int_equal(text_base64_decode(BYTES_LITERAL("AA=="), &out), RESULT_OK);
    static const char *const base64url[] = {"A", "AB", "AA==", "A+", "A/"};
    for (size_t i = 0; i < sizeof(base64url) / sizeof(base64url[0]); i++) {
        assert_int_equal(text_base64url_decode(bytes_of_string(base64url[i]), &out),
                         RESULT_INVALID);
    }
    assert_int_equal(text_base64url_decode(BYTES_LITERAL("_w"), &out), RESULT_OK);
    static const char *const hex[] = {"a", "0g", "0x", "a b"};
    for (size_t i = 0; i < sizeof(hex) / sizeof(hex[0]); i++) {
        assert_int_equal(text_hex_decode(bytes_of_string(hex[i]), &out), RESULT_INVALID);
    }
    assert_int_equal(text_hex_decode(BYTES_LITERAL("aF"), &out), RESULT_OK);
}

static void octets_are_read_as_people_copy_them(void **state) {
    (void)state;
    static const char *const good[] = {"AB:cd:01", "abCD01", "AB:CD01"};
    static const char *const bad[] = {"",    ":",     ":AB",  "AB:",  "AB::CD", "A:BCD",
                                      "ABC", "AB CD", "AB:C", "0xAB", "AB:CD:"};
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        AUTO(buf_clear) struct buf out = {0};
        buf_init(&out, 3);
        assert_int_equal(text_read_octets(good[i], &out), RESULT_OK);
        assert_true(bytes_equal(buf_bytes(&out), BYTES_LITERAL("\xab\xcd\x01")));
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        AUTO(buf_clear) struct buf out = {0};
        buf_init(&out, 3);
        assert_int_equal(text_read_octets(bad[i], &out), RESULT_INVALID);
    }
    AUTO(buf_clear) struct buf small = {0};
    buf_init(&small, 2);
    assert_int_equal(text_read_octets("AB:CD:01", &small), RESULT_LIMIT);
}

static void numbers_keep_their_range(void **state) {
    (void)state;
    int64_t value = -7;
    assert_int_equal(
        text_read_int64(BYTES_LITERAL("9223372036854775807"), 0, INT64_MAX, &value), RESULT_OK);
    assert_int_equal(value, INT64_MAX);
    static const char *const wrong[] = {
        "", "-1", "+1", " 1", "1 ", "0x1", "9223372036854775808", "11"};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        int64_t maximum = i + 1 < sizeof(wrong) / sizeof(wrong[0]) ? INT64_MAX : 10;
        assert_int_equal(text_read_int64(bytes_of_string(wrong[i]), 0, maximum, &value),
                         RESULT_INVALID);
    }
    assert_int_equal(value, INT64_MAX);
}

static void durations_have_units(void **state) {
    (void)state;
    static const struct {
        const char *text;
        int64_t seconds;
        const char *back;
    } cases[] = {{"90s", 90, "90s"},      {"15m", 900, "15m"},    {"24h", 86400, "1d"},
                 {"30d", 2592000, "30d"}, {"2w", 1209600, "14d"}, {"1y", 31536000, "1y"},
                 {"7", 7, "7s"},          {"0", 0, "0s"}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct error err = {0};
        int64_t seconds = -1;
        assert_ok(text_read_duration(cases[i].text, &seconds, &err), &err);
        assert_int_equal(seconds, cases[i].seconds);
        AUTO(buf_clear) struct buf back;
        buf_init(&back, 30);
        assert_int_equal(text_format_duration(seconds, &back), RESULT_OK);
        assert_string_equal(buf_string(&back), cases[i].back);
    }
    static const char *const wrong[] = {"",    "d",   "-1d",  "1.5h",
                                        "1dd", "1 d", "soon", "99999999999999999y"};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        struct error err = {0};
        int64_t seconds = 0;
        assert_result(RESULT_INVALID, text_read_duration(wrong[i], &seconds, &err), &err);
        assert_non_null(strstr(err.hint, "30d"));
    }
}

static void addresses_are_canonical(void **state) {
    (void)state;
    static const struct {
        const char *text, *canonical;
    } cases[] = {
        {"10.0.0.1", "10.0.0.1"}, {"2001:DB8:0:0:0:0:0:1", "2001:db8::1"}, {"::1", "::1"}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint8_t address[16];
        size_t size = 0;
        assert_int_equal(text_read_ip(cases[i].text, address, &size), RESULT_OK);
        AUTO(buf_clear) struct buf text;
        buf_init(&text, 64);
        assert_int_equal(text_format_ip(bytes_of(address, size), &text), RESULT_OK);
        assert_string_equal(buf_string(&text), cases[i].canonical);
    }
    static const char *const wrong[] = {"",    "10.0.0",     "10.0.0.256",
                                        "::g", "10.0.0.1/8", "fe80::1%eth0"};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        uint8_t address[16];
        size_t size = 0;
        assert_int_equal(text_read_ip(wrong[i], address, &size), RESULT_INVALID);
    }
}

static void the_nearest_word_is_suggested_and_a_far_one_is_not(void **state) {
    (void)state;
    static const char *const words[] = {"listen", "lifetime", "name"};
    assert_string_equal(text_nearest("listne", words, 3), "listen");
    assert_string_equal(text_nearest("lifetme", words, 3), "lifetime");
    assert_string_equal(text_nearest("nam", words, 3), "name");
    assert_null(text_nearest("colour", words, 3));
    static const char *const commands[] = {"root", "init"};
    assert_null(text_nearest("foo", commands, 2)); // two letters of three are others
    assert_string_equal(text_nearest("rot", commands, 2), "root");
    assert_string_equal(text_nearest("inti", commands, 2), "init");
    assert_null(text_nearest("x", words, 0));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ucs2_holds_the_basic_plane_only),
        cmocka_unit_test(utf8_is_judged_as_rfc_3629_says),
        cmocka_unit_test(control_characters_are_seen),
        cmocka_unit_test(base64_round_trips_every_length),
        cmocka_unit_test(loose_encodings_are_refused),
        cmocka_unit_test(octets_are_read_as_people_copy_them),
        cmocka_unit_test(numbers_keep_their_range),
        cmocka_unit_test(durations_have_units),
        cmocka_unit_test(addresses_are_canonical),
        cmocka_unit_test(the_nearest_word_is_suggested_and_a_far_one_is_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
