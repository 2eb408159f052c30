// JSON text: what is taken, what is refused and by which code, and how strings are written.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "support/test.h"

#include <stdlib.h>

#include "base/limits.h"
#include "wire/json.h"

static enum result parse(const char *text, struct json **out_json, struct error *err) {
    // A copy of exactly its size, so that a sanitizer sees a read behind it.
    size_t size = strlen(text);
    char *copy = malloc(size > 0 ? size : 1);
    assert_non_null(copy);
    memcpy(copy, text, size);
    enum result result = json_parse(bytes_of(copy, size), out_json, err);
    free(copy);
    return result;
}

static void well_formed_text_is_taken(void **state) {
    (void)state;
    static const char *const texts[] = {
        "{}",
        "[]",
        " \t\r\n{ \"a\" : [ 1 , 2 ] } \n",
        "\"\"",
        "true",
        "false",
        "null",
        "0",
        "-0",
        "-1",
        "10",
        "1.5",
        "0.5",
        "1e5",
        "1E+5",
        "1e-5",
        "0e0",
        "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0041\"",
        "\"\\ud83d\\ude00\"",
        "\"\xf0\x9f\x98\x80\"",
        "\"\x7f\"",
        "{\"a\":1,\"A\":2}",
        "{\"\":1}",
        "{\"a\":{\"a\":1},\"b\":{\"a\":1}}",
        "[[[[[[[[1]]]]]]]]",
        "123456789012345678901234567890123456789012345678901234567890123",
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct error err = {0};
        AUTO(json_free_at) struct json *json = NULL;
        print_message("%s\n", texts[i]);
        assert_ok(parse(texts[i], &json, &err), &err);
        assert_non_null(json);
    }
}

static void malformed_text_is_refused(void **state) {
    (void)state;
    static const char *const texts[] = {
        "",
        " ",
        "{",
        "}",
        "[",
        "[1",
        "[1,",
        "[1,]",
        "[,1]",
        "[1 2]",
        "{\"a\"}",
        "{\"a\":}",
        "{\"a\":1,}",
        "{\"a\":1",
        "{\"a\" 1}",
        "{a:1}",
        "{'a':1}",
        "{1:1}",
        "{} {}",
        "{}x",
        "1 2",
        "\xef\xbb\xbf{}", // byte order mark
        "// comment\n{}",
        "tru",
        "True",
        "nul",
        "nullx",
        // numbers that cJSON takes
        "01",
        "-01",
        "00",
        "1.",
        ".5",
        "-.5",
        "+1",
        "-",
        "--1",
        "1e",
        "1e+",
        "1.e5",
        "0x10",
        "1_000",
        "NaN",
        "nan",
        "Infinity",
        "-Infinity",
        "1234567890123456789012345678901234567890123456789012345678901234",
        // strings
        "\"",
        "\"a",
        "\"\\",
        "\"\\\"",
        "\"\\x41\"",
        "\"\\u\"",
        "\"\\u12\"",
        "\"\\u12g4\"",
        "\"\\u 123\"",
        "\"\\U0041\"",
        "\"\\u0000\"",
        "\"a\\u0000b\"",
        "{\"a\\u0000b\":1}",
        "\"\\ud83d\"",
        "\"\\ud83dx\"",
        "\"\\ud83d\\n\"",
        "\"\\ud83d\\u0041\"",
        "\"\\ud83d\\ud83d\"",
        "\"\\ude00\"",
        "\"\n\"",
        "\"\t\"",
        "\"\x01\"",
        "\"\x80\"",
        "\"\xff\"",
        "\"\xc0\x80\"",
        "\"\xed\xa0\x80\"", // a surrogate in UTF-8
        "\"\xf4\x90\x80\x80\"",
        "\"\xe2\x82\"",
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct error err = {0};
        struct json *json = NULL;
        print_message("%s\n", texts[i]);
        assert_result(RESULT_INVALID, parse(texts[i], &json, &err), &err);
        assert_string_equal(err.code, "not_json");
        assert_null(json);
    }
}

static void a_zero_byte_is_refused(void **state) {
    (void)state;
    static const struct bytes texts[] = {
        {(const uint8_t *)"{}\0", 3},
        {(const uint8_t *)"\"a\0b\"", 5},
        {(const uint8_t *)"\0", 1},
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct error err = {0};
        struct json *json = NULL;
        assert_result(RESULT_INVALID, json_parse(texts[i], &json, &err), &err);
        assert_string_equal(err.code, "not_json");
    }
}

static void a_member_that_appears_twice_is_refused_at_every_depth(void **state) {
    (void)state;
    static const struct {
        const char *text;
        const char *field;
    } cases[] = {
        {"{\"a\":1,\"a\":1}", "a"},
        {"{\"a\":1,\"b\":2,\"a\":3}", "a"},
        {"{\"a\":{\"x\":1,\"x\":null}}", "x"},
        {"[{\"y\":1},{\"y\":1,\"z\":2,\"y\":1}]", "y"},
        {"{\"a\":1,\"\\u0061\":1}", "a"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct error err = {0};
        struct json *json = NULL;
        assert_result(RESULT_INVALID, parse(cases[i].text, &json, &err), &err);
        assert_string_equal(err.code, "duplicate_field");
        assert_string_equal(err.field, cases[i].field);
    }
}

static void nesting_is_taken_up_to_its_limit(void **state) {
    (void)state;
    for (size_t depth = LIMIT_JSON_DEPTH; depth <= LIMIT_JSON_DEPTH + 1; depth++) {
        struct error err = {0};
        AUTO(json_free_at) struct json *json = NULL;
        char text[64] = "";
        memset(text, '[', depth);
        memset(text + depth, ']', depth);
        enum result expected = depth <= LIMIT_JSON_DEPTH ? RESULT_OK : RESULT_LIMIT;
        assert_result(expected, parse(text, &json, &err), &err);
        assert_string_equal(err.code, expected == RESULT_OK ? "" : "too_deep");
    }
    struct error err = {0};
    struct json *json = NULL;
    AUTO(buf_clear) struct buf text = {0};
    buf_init(&text, 400000);
    for (size_t i = 0; i < 100000; i++) {
        assert_ok(buf_append_string(&text, "{\"\":"), &err);
    }
    assert_result(RESULT_LIMIT, json_parse(buf_bytes(&text), &json, &err), &err);
}

static enum result parse_members(size_t count, bool is_object, struct error *err) {
    AUTO(buf_clear) struct buf text = {0};
    buf_init(&text, 16 * 1024 * 1024);
    assert_ok(buf_append_string(&text, is_object ? "{" : "["), err);
    for (size_t i = 0; i < count; i++) {
        assert_ok(is_object ? buf_printf(&text, "%s\"m%zu\":0", i > 0 ? "," : "", i)
                            : buf_printf(&text, "%s0", i > 0 ? "," : ""),
                  err);
    }
    assert_ok(buf_append_string(&text, is_object ? "}" : "]"), err);
    AUTO(json_free_at) struct json *json = NULL;
    return json_parse(buf_bytes(&text), &json, err);
}

static void members_and_elements_are_counted(void **state) {
    (void)state;
    for (int is_object = 0; is_object <= 1; is_object++) {
        struct error err = {0};
        assert_ok(parse_members(LIMIT_JSON_MEMBERS, is_object == 1, &err), &err);
        assert_result(RESULT_LIMIT, parse_members(LIMIT_JSON_MEMBERS + 1, is_object == 1, &err),
                      &err);
        assert_string_equal(err.code, "too_many");
    }
}

static void values_are_read_by_their_type(void **state) {
    (void)state;
    struct error err = {0};
    AUTO(json_free_at) struct json *json = NULL;
    assert_ok(parse("{\"s\":\"\\u00e9\\n\",\"i\":-7,\"b\":true,\"n\":null,\"a\":[1,\"2\"],"
                    "\"o\":{\"S\":\"upper\"}}",
                    &json, &err),
              &err);
    assert_true(json_is_object(json));
    assert_false(json_is_array(json));
    const struct json *text = json_member(json, "s");
    assert_string_equal(json_string(text), "\xc3\xa9\n");
    assert_string_equal(json_name(text), "s");
    assert_null(json_member(json, "S")); // case matters
    assert_null(json_member(json, "missing"));

    int64_t number = 0;
    bool truth = false;
    assert_true(json_integer(json_member(json, "i"), &number));
    assert_int_equal(number, -7);
    assert_false(json_integer(text, &number));
    assert_null(json_string(json_member(json, "i")));
    assert_true(json_boolean(json_member(json, "b"), &truth));
    assert_true(truth);
    assert_false(json_boolean(json_member(json, "n"), &truth));
    assert_true(json_is_null(json_member(json, "n")));
    assert_false(json_is_null(json_member(json, "b")));

    const struct json *array = json_member(json, "a");
    assert_true(json_is_array(array));
    const struct json *first = json_first(array);
    assert_true(json_integer(first, &number));
    assert_int_equal(number, 1);
    assert_string_equal(json_string(json_next(first)), "2");
    assert_null(json_next(json_next(first)));
    assert_string_equal(json_string(json_member(json_member(json, "o"), "S")), "upper");
}

static void integers_are_those_that_a_double_holds(void **state) {
    (void)state;
    static const struct {
        const char *text;
        bool is_integer;
        int64_t value;
    } cases[] = {
        {"0", true, 0},
        {"-0", true, 0},
        {"1.0", true, 1},
        {"1e3", true, 1000},
        {"9007199254740991", true, 9007199254740991},
        {"-9007199254740991", true, -9007199254740991},
        {"9007199254740992", false, 0},
        {"9007199254740993", false, 0},
        {"-9007199254740992", false, 0},
        {"9223372036854775808", false, 0},
        {"1.5", false, 0},
        {"0.1", false, 0},
        {"1e400", false, 0},
        {"-1e400", false, 0},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct error err = {0};
        int64_t value = 0;
        AUTO(json_free_at) struct json *json = NULL;
        print_message("%s\n", cases[i].text);
        assert_ok(parse(cases[i].text, &json, &err), &err);
        assert_int_equal(json_integer(json, &value), cases[i].is_integer);
        assert_int_equal(value, cases[i].value);
    }
}

static void written_strings_are_read_back(void **state) {
    (void)state;
    static const struct {
        const char *text;
        const char *json;
    } cases[] = {
        {"", "\"\""},
        {"plain", "\"plain\""},
        {"\"\\/", "\"\\\"\\\\/\""},
        {"line\nline", "\"line\\nline\""},
        {"\r\t\x01\x1f", "\"\\u000d\\u0009\\u0001\\u001f\""},
        {"\xc3\xa9\xf0\x9f\x98\x80", "\"\xc3\xa9\xf0\x9f\x98\x80\""},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct error err = {0};
        AUTO(json_free_at) struct json *json = NULL;
        AUTO(buf_clear) struct buf written = {0};
        buf_init(&written, 256);
        assert_ok(json_write_string(&written, bytes_of_string(cases[i].text)), &err);
        assert_string_equal(buf_string(&written), cases[i].json);
        assert_ok(json_parse(buf_bytes(&written), &json, &err), &err);
        assert_string_equal(json_string(json), cases[i].text);
    }
    struct buf full = {0};
    buf_init(&full, 4);
    struct error err = {0};
    assert_result(RESULT_LIMIT, json_write_string(&full, BYTES_LITERAL("abc")), &err);
    buf_clear(&full);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(well_formed_text_is_taken),
        cmocka_unit_test(malformed_text_is_refused),
        cmocka_unit_test(a_zero_byte_is_refused),
        cmocka_unit_test(a_member_that_appears_twice_is_refused_at_every_depth),
        cmocka_unit_test(nesting_is_taken_up_to_its_limit),
        cmocka_unit_test(members_and_elements_are_counted),
        cmocka_unit_test(values_are_read_by_their_type),
        cmocka_unit_test(integers_are_those_that_a_double_holds),
        cmocka_unit_test(written_strings_are_read_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
