// Command lines against their table: what is taken, what is refused and with which hint.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/options.h"
#include "support/test.h"

static enum result run_nothing(const struct arguments *arguments, struct error *err) {
    (void)arguments;
    (void)err;
    return RESULT_OK;
}

static const struct option common[] = {
    {"credential", "DIR", "whose", false, false},
    {"json", NULL, "for programs", false, false},
    {0},
};
static const struct option create_options[] = {
    {"profile", "NAME", "the kind", false, false},
    {"dns", "VALUE", "a name", true, false},
    {"uses", "N", "how often", false, false},
    {"expires", "TIME", "how long", false, false},
    {"reload", "CMD ARG…", "all that follows", false, true},
    {0},
};
static const struct command commands[] = {
    {"token create", "", 0, 0, create_options, "make a token\n\nMore about it.", run_nothing},
    {"token revoke", "ID", 1, 1, NULL, "end a token", run_nothing},
    {"status", "[NAME]", 0, 1, NULL, "show", run_nothing},
    {0},
};
static const struct program program = {.name = "prog",
                                       .summary = "Does things.",
                                       .options = common,
                                       .commands = commands,
                                       .footer = "The end.\n"};

#define MOST_WORDS 16

// Reads a line of words split at single spaces.
static enum result read_line(const char *line, char *copy, size_t size,
                             struct arguments *out_arguments, struct error *err) {
    static char *words[MOST_WORDS + 1]; // the arguments point into it, as into main's
    memset(words, 0, sizeof(words));
    int count = 0;
    snprintf(copy, size, "%s", line);
    for (char *at = copy; at != NULL && count < MOST_WORDS;) {
        words[count++] = at;
        at = strchr(at, ' ');
        if (at != NULL) {
            *at++ = '\0';
        }
    }
    return arguments_read(&program, count, words, out_arguments, err);
}

static void a_command_its_options_and_operands_are_found(void **state) {
    (void)state;
    struct error err = {0};
    char line[200];
    AUTO(arguments_clear) struct arguments arguments = {0};
    assert_ok(read_line("prog --credential /x token create --profile=mqtt --dns a --dns=b "
                        "--json",
                        line, sizeof(line), &arguments, &err),
              &err);
    assert_string_equal(arguments.command->name, "token create");
    assert_string_equal(arguments_value(&arguments, "credential"), "/x");
    assert_string_equal(arguments_value(&arguments, "profile"), "mqtt");
    assert_true(arguments_have(&arguments, "json"));
    assert_null(arguments_value(&arguments, "uses"));
    assert_int_equal(arguments.value_count, 5);
    assert_string_equal(arguments.values[2].text, "a");
    assert_string_equal(arguments.values[3].text, "b");
}

static void two_dashes_end_the_options_and_an_empty_value_is_a_value(void **state) {
    (void)state;
    struct error err = {0};
    char line[200];
    AUTO(arguments_clear) struct arguments arguments = {0};
    assert_ok(read_line("prog status -- --odd", line, sizeof(line), &arguments, &err), &err);
    assert_int_equal(arguments.operand_count, 1);
    assert_string_equal(arguments.operands[0], "--odd");
    arguments_clear(&arguments);
    assert_ok(read_line("prog token create --profile=", line, sizeof(line), &arguments, &err),
              &err);
    assert_string_equal(arguments_value(&arguments, "profile"), "");
}

static void an_option_that_swallows_the_rest_takes_it_as_it_is(void **state) {
    (void)state;
    struct error err = {0};
    char line[200];
    AUTO(arguments_clear) struct arguments arguments = {0};
    assert_ok(read_line("prog token create --uses 2 --reload cmd --json -x", line, sizeof(line),
                        &arguments, &err),
              &err);
    assert_false(arguments_have(&arguments, "json"));
    assert_string_equal(arguments.rest[0], "cmd");
    assert_string_equal(arguments.rest[1], "--json");
    assert_string_equal(arguments.rest[2], "-x");
    assert_null(arguments.rest[3]);
}

static void wrong_lines_are_refused_as_usage_with_a_hint(void **state) {
    (void)state;
    static const struct {
        const char *line, *message, *hint;
    } cases[] = {
        {"prog", "expected a command", "--help"},
        {"prog statsu", "no command 'statsu'", "'status'"},
        {"prog tokn create", "no command 'tokn'", "'token'"},
        {"prog token creat", "no command 'token creat'", "'token create'"},
        {"prog token", "token needs a command", "prog token --help"},
        {"prog zzzzzzzz", "no command", "lists the commands"},
        {"prog token create --profil x", "no option --profil", "--profile"},
        {"prog --profile x token create", "no option --profile", "behind it"},
        {"prog token create -p x", "no option -p", "two dashes"},
        {"prog token create --profile", "--profile: expected NAME", ""},
        {"prog token create --json=1", "--json: takes no value", ""},
        {"prog token create --uses 1 --uses 2", "--uses: given twice", ""},
        {"prog token create --reload", "--reload: expected CMD", ""},
        {"prog token create extra", "'extra' is one argument too many", "--help"},
        {"prog token revoke", "expected ID", "--help"},
        {"prog token revoke a b", "'b' is one argument too many", "--help"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct error err = {0};
        char line[200];
        AUTO(arguments_clear) struct arguments arguments = {0};
        assert_result(RESULT_INVALID,
                      read_line(cases[i].line, line, sizeof(line), &arguments, &err), &err);
        assert_string_equal(err.code, "usage");
        if (strstr(err.message, cases[i].message) == NULL ||
            strstr(err.hint, cases[i].hint) == NULL) {
            print_error("%s: '%s' hint '%s'\n", cases[i].line, err.message, err.hint);
            fail();
        }
    }
}

static void numbers_and_times_are_read_within_their_limits(void **state) {
    (void)state;
    struct error err = {0};
    char line[200];
    int64_t value = 0;
    AUTO(arguments_clear) struct arguments arguments = {0};
    assert_ok(read_line("prog token create --uses 7 --expires 2h", line, sizeof(line),
                        &arguments, &err),
              &err);
    assert_ok(arguments_integer(&arguments, "uses", 1, 7, 0, &value, &err), &err);
    assert_int_equal(value, 7);
    assert_result(RESULT_INVALID, arguments_integer(&arguments, "uses", 1, 6, 0, &value, &err),
                  &err);
    assert_string_equal(err.code, "usage");
    assert_ok(arguments_duration(&arguments, "expires", 5, &value, &err), &err);
    assert_int_equal(value, 7200);
    arguments_clear(&arguments);
    assert_ok(
        read_line("prog token create --expires soon", line, sizeof(line), &arguments, &err),
        &err);
    assert_result(RESULT_INVALID, arguments_duration(&arguments, "expires", 5, &value, &err),
                  &err);
    assert_ok(arguments_integer(&arguments, "uses", 1, 7, 3, &value, &err), &err);
    assert_int_equal(value, 3);
}

static void a_choice_takes_its_words_alone(void **state) {
    (void)state;
    static const char *const choices[] = {"open", "spent", NULL};
    static const struct {
        const char *line;
        bool is_taken;
    } cases[] = {
        {"prog token create --profile open", true},
        {"prog token create --profile spent", true},
        {"prog token create", true},
        {"prog token create --profile spen", false},
        {"prog token create --profile Open", false},
        {"prog token create --profile=", false},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct error err = {0};
        char line[200];
        AUTO(arguments_clear) struct arguments arguments = {0};
        assert_ok(read_line(cases[i].line, line, sizeof(line), &arguments, &err), &err);
        enum result result = arguments_choice(&arguments, "profile", choices, &err);
        assert_int_equal(result, cases[i].is_taken ? RESULT_OK : RESULT_INVALID);
        if (!cases[i].is_taken) {
            assert_string_equal(err.code, "usage");
            assert_non_null(strstr(err.message, "is none of open, spent"));
        }
    }
}

static void help_texts_stand_in_one_column(void **state) {
    (void)state;
    struct error err = {0};
    char line[200];
    AUTO(arguments_clear) struct arguments arguments = {0};
    AUTO(buf_clear) struct buf help = {0};
    buf_init(&help, 8192);
    assert_ok(read_line("prog token create --help", line, sizeof(line), &arguments, &err),
              &err);
    assert_ok(arguments_write_help(&arguments, &help), &err);
    assert_non_null(strstr(buf_string(&help), "  --profile NAME          the kind"));
    assert_non_null(strstr(buf_string(&help), "  --reload CMD ARG…       all that follows"));
}

static void help_is_there_on_every_level(void **state) {
    (void)state;
    static const struct {
        const char *line, *with, *without;
    } cases[] = {
        {"prog --help", "status", "More about it"},
        {"prog help", "token create", "More about it"},
        {"prog -h", "--credential DIR", "--profile"},
        {"prog token --help", "token revoke", "status"},
        {"prog help token", "token create", "status"},
        {"prog token create --help", "--profile NAME", "token revoke"},
        {"prog help token create", "More about it", "token revoke"},
        {"prog token revoke --help", "usage: prog token revoke ID", "[OPTION]"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct error err = {0};
        char line[200];
        AUTO(arguments_clear) struct arguments arguments = {0};
        AUTO(buf_clear) struct buf help = {0};
        buf_init(&help, 8192);
        assert_ok(read_line(cases[i].line, line, sizeof(line), &arguments, &err), &err);
        assert_true(arguments.wants_help);
        assert_ok(arguments_write_help(&arguments, &help), &err);
        if (strstr(buf_string(&help), cases[i].with) == NULL ||
            strstr(buf_string(&help), cases[i].without) != NULL) {
            print_error("%s:\n%s\n", cases[i].line, buf_string(&help));
            fail();
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_command_its_options_and_operands_are_found),
        cmocka_unit_test(two_dashes_end_the_options_and_an_empty_value_is_a_value),
        cmocka_unit_test(an_option_that_swallows_the_rest_takes_it_as_it_is),
        cmocka_unit_test(wrong_lines_are_refused_as_usage_with_a_hint),
        cmocka_unit_test(numbers_and_times_are_read_within_their_limits),
        cmocka_unit_test(a_choice_takes_its_words_alone),
        cmocka_unit_test(help_texts_stand_in_one_column),
        cmocka_unit_test(help_is_there_on_every_level),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
