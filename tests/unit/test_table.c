// Tables and shown texts: widths in characters, nothing that a terminal would obey.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "client/terminal/display.h"
#include "client/terminal/table.h"
#include "support/test.h"

static void columns_are_as_wide_as_their_widest_cell_in_characters(void **state) {
    (void)state;
    static const char *const headings[] = {"NAME", "STATE", NULL};
    struct error err = {0};
    AUTO(table_clear) struct table table = {0};
    AUTO(buf_clear) struct buf text = {0};
    buf_init(&text, 1000);
    assert_ok(table_init(&table, headings), &err);
    const char *cells[] = {"Zoë Müller", "valid", "b", "", "", "due"};
    for (size_t i = 0; i < 6; i++) {
        assert_ok(table_add(&table, cells[i]), &err);
    }
    assert_int_equal(table_rows(&table), 3);
    assert_ok(table_write(&table, &text), &err);
    assert_string_equal(buf_string(&text), "NAME        STATE\n"
                                           "Zoë Müller  valid\n"
                                           "b           -\n"
                                           "-           due\n");
}

static void a_table_without_rows_is_its_heading(void **state) {
    (void)state;
    static const char *const headings[] = {"A", "B", NULL};
    struct error err = {0};
    AUTO(table_clear) struct table table = {0};
    AUTO(buf_clear) struct buf text = {0};
    buf_init(&text, 100);
    assert_ok(table_init(&table, headings), &err);
    assert_int_equal(table_rows(&table), 0);
    assert_ok(table_write(&table, &text), &err);
    assert_string_equal(buf_string(&text), "A  B\n");
}

static void rows_that_are_wider_than_the_terminal_become_blocks(void **state) {
    (void)state;
    static const char *const headings[] = {"NAME", "ENDS", "STATE", NULL};
    const char *const columns = "NAME  ENDS        STATE\n"
                                "Zoë   2026-11-21  valid\n"
                                "b     -           due\n";
    const char *const blocks = "NAME   Zoë\n"
                               "ENDS   2026-11-21\n"
                               "STATE  valid\n"
                               "\n"
                               "NAME   b\n"
                               "STATE  due\n";
    const struct {
        size_t width;
        const char *text;
    } cases[] = {{0, columns}, {200, columns}, {23, columns}, {22, blocks}, {1, blocks}};
    struct error err = {0};
    AUTO(table_clear) struct table table = {0};
    AUTO(buf_clear) struct buf text = {0};
    buf_init(&text, 1000);
    assert_ok(table_init(&table, headings), &err);
    // Nothing but a heading is not taken apart.
    assert_ok(table_write_within(&table, 5, &text), &err);
    assert_string_equal(buf_string(&text), "NAME  ENDS  STATE\n");
    const char *cells[] = {"Zoë", "2026-11-21", "valid", "b", "", "due"};
    for (size_t i = 0; i < 6; i++) {
        assert_ok(table_add(&table, cells[i]), &err);
    }
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        buf_reset(&text);
        assert_ok(table_write_within(&table, cases[i].width, &text), &err);
        assert_string_equal(buf_string(&text), cases[i].text);
    }
}

static void what_a_terminal_would_obey_is_replaced(void **state) {
    (void)state;
    static const struct {
        const char *text, *shown;
    } cases[] = {
        {"plain", "plain"},
        {"a\x1b[31mred", "a?[31mred"},
        {"line\nbreak", "line?break"},
        {"c1 \xc2\x9b"
         "2J",
         "c1 ?2J"},
        {"del\x7f", "del?"},
        {"bad \xff\xfe end", "bad ?? end"},
        {"cut \xe2\x82", "cut ?"},
        {"€ 𝄞 stay", "€ 𝄞 stay"},
        {"", ""},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct error err = {0};
        AUTO(buf_clear) struct buf shown = {0};
        buf_init(&shown, 100);
        assert_ok(display_text(cases[i].text, &shown), &err);
        assert_string_equal(buf_string(&shown), cases[i].shown);
    }
}

static void times_and_names_have_a_form_for_nothing(void **state) {
    (void)state;
    struct error err = {0};
    AUTO(buf_clear) struct buf shown = {0};
    buf_init(&shown, 100);
    assert_ok(display_time(0, &shown), &err);
    assert_ok(display_time(1795247253, &shown), &err);
    const struct text_list none = {0};
    assert_ok(display_names(&none, &shown), &err);
    char *items[] = {"cn:a", "dns:b"};
    const struct text_list two = {.items = items, .count = 2};
    assert_ok(display_names(&two, &shown), &err);
    assert_string_equal(buf_string(&shown), "-2026-11-21 07:47:33 UTC-cn:a dns:b");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns_are_as_wide_as_their_widest_cell_in_characters),
        cmocka_unit_test(a_table_without_rows_is_its_heading),
        cmocka_unit_test(rows_that_are_wider_than_the_terminal_become_blocks),
        cmocka_unit_test(what_a_terminal_would_obey_is_replaced),
        cmocka_unit_test(times_and_names_have_a_form_for_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
