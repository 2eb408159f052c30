// Lists of devices in CSV: what is read, and how each mistake is told.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "support/test.h"

#include <stdio.h>

#include "base/limits.h"
#include "client/admin/csv.h"
#include "client/admin/device_list.h"

#define KEY "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

// --- CSV -------------------------------------------------------------------------------------

// The fields of all records, "a|b/c|d"; a record that is refused is "!".
static void assert_csv(struct bytes text, const char *expected) {
    AUTO(csv_clear) struct csv csv;
    AUTO(buf_clear) struct buf found;
    buf_init(&found, 4096);
    csv_init(&csv, text);
    for (size_t records = 0;; records++) {
        struct error err = {0};
        const enum result result = csv_next(&csv, &err);
        if (result == RESULT_NOT_FOUND) {
            break;
        }
        assert_int_equal(buf_append_string(&found, records == 0 ? "" : "/"), RESULT_OK);
        if (result != RESULT_OK) {
            assert_result(RESULT_INVALID, result, &err);
            assert_int_equal(buf_append_string(&found, "!"), RESULT_OK);
            continue;
        }
        for (size_t i = 0; i < csv.count; i++) {
            assert_int_equal(
                buf_printf(&found, "%s%s", i == 0 ? "" : "|", buf_string(&csv.fields[i])),
                RESULT_OK);
        }
    }
    assert_string_equal(buf_string(&found), expected);
}

static void records_are_read_as_spreadsheets_write_them(void **state) {
    (void)state;
    static const struct {
        const char *text, *expected;
    } cases[] = {
        {"", ""},
        {"a", "a"},
        {"a,b\nc,d\n", "a|b/c|d"},
        {"a,b\r\nc,d\r\n", "a|b/c|d"},
        {"\xef\xbb\xbf"
         "a,b",
         "a|b"},
        {"# note, with comma\n\n\na,b\n#c\n", "a|b"},
        {" a\t, b c ,\n", "a|b c|"},
        {"\"a\",\"b,c\",\"d\"\"e\"\n", "a|b,c|d\"e"},
        {" \"a\" , b\n", "a|b"},
        {"\" a \"\n", " a "},
        {"a,\"\"\n", "a|"},
        {",\n", "|"},
        {"a;b\nc,d;\"e;f\"\n", "a|b/c,d|e;f"},
        {"# a,b\n\"a,b\";c\n", "a,b|c"},
        {"a\tb\n c\t\td \n", "a|b/c||d"},
        {"a,b;c\nd;e,f\n", "a|b;c/d;e|f"},
        {"a;b\n\"c\",d\n", "a|b/!"},
        {"\"a\"b,c\nd\n", "!/d"},
        {"a\"b,c\nd\n", "!/d"},
        {"a,\"b\nc,d\n", "!"},
        {"a\rb\nc\n", "!/c"},
        {"a\x1b[2J\nc\n", "!/c"},
        {"\xff\nc\n", "!/c"},
        {"1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16\n", "1|2|3|4|5|6|7|8|9|10|11|12|13|14|15|16"},
        {"1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17\nc\n", "!/c"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        print_message("%s\n", cases[i].text);
        assert_csv(bytes_of_string(cases[i].text), cases[i].expected);
    }
    assert_csv(BYTES_LITERAL("a\0b\nc\n"), "!/c");
}

static void a_record_knows_its_line(void **state) {
    (void)state;
    AUTO(csv_clear) struct csv csv;
    csv_init(&csv, BYTES_LITERAL("# one\r\n\r\na,b\nc\"\nd\n"));
    assert_int_equal(csv_next(&csv, NULL), RESULT_OK);
    assert_int_equal(csv.line, 3);
    assert_int_equal(csv_next(&csv, NULL), RESULT_INVALID);
    assert_int_equal(csv.line, 4);
    assert_int_equal(csv_next(&csv, NULL), RESULT_OK);
    assert_int_equal(csv.line, 5);
    assert_int_equal(csv_next(&csv, NULL), RESULT_NOT_FOUND);
}

static void a_field_has_its_limit(void **state) {
    (void)state;
    for (size_t over = 0; over < 2; over++) {
        AUTO(csv_clear) struct csv csv;
        AUTO(buf_clear) struct buf text;
        buf_init(&text, CSV_FIELD_BYTES + 16);
        for (size_t i = 0; i < CSV_FIELD_BYTES + over; i++) {
            assert_int_equal(buf_append_byte(&text, 'x'), RESULT_OK);
        }
        csv_init(&csv, buf_bytes(&text));
        assert_int_equal(csv_next(&csv, NULL), over == 0 ? RESULT_OK : RESULT_INVALID);
    }
}

// --- lists -----------------------------------------------------------------------------------

static struct error reports[8];
static size_t report_count;

static void report(const struct error *reason) {
    assert_true(report_count < 8);
    reports[report_count++] = *reason;
}

static enum result read_list(const char *text, struct rule_add *out, struct error *err) {
    *out = (struct rule_add){0};
    report_count = 0;
    return device_list_read(bytes_of_string(text), report, &out->entries, err);
}

static void rows_become_entries_in_their_canonical_form(void **state) {
    (void)state;
    struct error err = {0};
    struct rule_add all;
    assert_ok(read_list("Names , VALUE,kind\n"
                        "cn:a  dns:A.example,SN-1,serial\n"
                        "   \n"
                        ",00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:"
                        "00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF,key\n",
                        &all, &err),
              &err);
    const struct rule_entry *entries = all.entries.items;
    assert_int_equal(report_count, 0);
    assert_int_equal(all.entries.count, 2);
    assert_string_equal(entries[0].kind, "serial");
    assert_string_equal(entries[0].value, "SN-1");
    assert_int_equal(entries[0].names.count, 2);
    assert_string_equal(entries[0].names.items[0], "cn:a");
    assert_string_equal(entries[0].names.items[1], "dns:a.example");
    assert_string_equal(entries[1].kind, "key");
    assert_string_equal(entries[1].value, KEY);
    assert_int_equal(entries[1].names.count, 0);
    message_clear(&rule_add_type, &all);
    assert_ok(read_list("kind,value\n", &all, &err), &err);
    assert_int_equal(all.entries.count, 0);
    message_clear(&rule_add_type, &all);
}

static void each_bad_row_is_told_with_its_line(void **state) {
    (void)state;
    static const struct {
        const char *row, *word;
    } cases[] = {
        {"key,0011,cn:a", "fingerprint"},   {"key," KEY "00,cn:a", "fingerprint"},
        {"key," KEY ",cn", "cn"},           {"key," KEY ",nc:a", "nc"},
        {"serial,,cn:a", "missing"},        {"mac,1,cn:a", "kind"},
        {"serial,1,cn:a,cn:b", "4 fields"}, {"serial,1,cn:a cn:a", "line 3"},
        {"serial,\"1\"x,cn:a", "quote"},    {"serial", "missing"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char text[512];
        struct error err = {0};
        struct rule_add all;
        print_message("%s\n", cases[i].row);
        (void)snprintf(text, sizeof(text), "kind,value,names\nserial,9,cn:z\n%s\n",
                       cases[i].row);
        assert_result(RESULT_INVALID, read_list(text, &all, &err), &err);
        assert_int_equal(report_count, 1);
        assert_non_null(strstr(reports[0].message, "line 3: "));
        assert_non_null(strstr(reports[0].message, cases[i].word));
        assert_non_null(strstr(err.message, "1 row "));
        assert_int_equal(all.entries.count, 0);
    }
}

static void a_device_stands_there_once(void **state) {
    (void)state;
    struct error err = {0};
    struct rule_add all;
    assert_result(
        RESULT_INVALID,
        read_list("kind,value\nserial,1\nserial,2\nkey," KEY "\nserial,1\n", &all, &err), &err);
    assert_int_equal(report_count, 1);
    assert_non_null(strstr(reports[0].message, "line 5: "));
    assert_non_null(strstr(reports[0].message, "line 2"));
    assert_ok(read_list("kind,value\nserial," KEY "\nkey," KEY "\n", &all, &err), &err);
    message_clear(&rule_add_type, &all);
}

static void a_header_is_needed(void **state) {
    (void)state;
    static const char *texts[] = {"",
                                  "# only this\n",
                                  "value,names\n",
                                  "kind,names\n",
                                  "kind,value,kind\n",
                                  "kind,value,name\n",
                                  "serial,1,cn:a\n",
                                  "\"kind,value\n"};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct error err = {0};
        struct rule_add all;
        print_message("%s\n", texts[i]);
        assert_result(RESULT_INVALID, read_list(texts[i], &all, &err), &err);
        assert_non_null(strstr(err.message, "line "));
        assert_true(err.hint[0] != '\0');
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_are_read_as_spreadsheets_write_them),
        cmocka_unit_test(a_record_knows_its_line),
        cmocka_unit_test(a_field_has_its_limit),
        cmocka_unit_test(rows_become_entries_in_their_canonical_form),
        cmocka_unit_test(each_bad_row_is_told_with_its_line),
        cmocka_unit_test(a_device_stands_there_once),
        cmocka_unit_test(a_header_is_needed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
