// Reading command lines against their table.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/options.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/text.h"

#define MOST_CANDIDATES 64
#define CHOICES_BYTES 4096

static const struct option no_options[] = {{0}};

const char *const revocation_reasons[] = {
    "unspecified", "keyCompromise",        "affiliationChanged",
    "superseded",  "cessationOfOperation", "privilegeWithdrawn",
    NULL};

static enum result usage_error(struct error *err, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static enum result usage_error(struct error *err, const char *format, ...) {
    char message[256];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(message, sizeof(message), format, arguments);
    va_end(arguments);
    return error_set_code(err, RESULT_INVALID, "usage", "%s", message);
}

enum result arguments_refuse(struct error *err, const char *option, const char *format, ...) {
    char message[256];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(message, sizeof(message), format, arguments);
    va_end(arguments);
    (void)error_set_code(err, RESULT_INVALID, "usage", "--%s: %s", option, message);
    error_field(err, option);
    return RESULT_INVALID;
}

// --- options -----------------------------------------------------------------------------

static const struct option *options_or_none(const struct option *options) {
    return options != NULL ? options : no_options;
}

static const struct option *find_in(const struct option *options, struct bytes name) {
    for (const struct option *at = options_or_none(options); at->name != NULL; at++) {
        if (bytes_equal(bytes_of_string(at->name), name)) {
            return at;
        }
    }
    return NULL;
}

static const struct option *find_option(const struct arguments *arguments, struct bytes name) {
    const struct option *found = find_in(arguments->program->options, name);
    if (found == NULL && arguments->command != NULL) {
        found = find_in(arguments->command->options, name);
    }
    return found;
}

static size_t add_candidates(const struct option *options, const char **out, size_t count) {
    for (const struct option *at = options_or_none(options);
         at->name != NULL && count < MOST_CANDIDATES; at++) {
        out[count++] = at->name;
    }
    return count;
}

static enum result refuse_option(const struct arguments *arguments, struct bytes name,
                                 struct error *err) {
    const char *candidates[MOST_CANDIDATES] = {"help", "version"};
    size_t count = add_candidates(arguments->program->options, candidates, 2);
    if (arguments->command != NULL) {
        count = add_candidates(arguments->command->options, candidates, count);
    }
    AUTO(string_free_at) char *word = string_copy_bytes(name);
    if (word == NULL) {
        return error_out_of_memory(err);
    }
    (void)usage_error(err, "there is no option --%s", word);
    const char *nearest = text_nearest(word, candidates, count);
    if (nearest != NULL) {
        error_hint(err, "Did you mean --%s?", nearest);
    } else if (arguments->command != NULL) {
        error_hint(err, "%s %s --help lists the options.", arguments->program->name,
                   arguments->command->name);
    } else {
        error_hint(err, "Options of a command stand behind it; %s --help lists the commands.",
                   arguments->program->name);
    }
    return RESULT_INVALID;
}

static enum result add_value(struct arguments *arguments, const struct option *option,
                             const char *text, struct error *err) {
    if (!option->may_repeat && arguments_have(arguments, option->name)) {
        return arguments_refuse(err, option->name, "given twice");
    }
    arguments->values[arguments->value_count++] =
        (struct option_value){.option = option, .text = text};
    return RESULT_OK;
}

// Reads the option at argv[*at] and moves *at to its last word.
static enum result read_option(struct arguments *arguments, int argc, char **argv, int *at,
                               struct error *err) {
    const char *word = argv[*at] + 2;
    size_t length = strcspn(word, "=");
    struct bytes name = bytes_of(word, length);
    const char *attached = word[length] == '=' ? word + length + 1 : NULL;
    if (attached == NULL && strcmp(word, "help") == 0) {
        arguments->wants_help = true;
        return RESULT_OK;
    }
    if (attached == NULL && strcmp(word, "version") == 0) {
        arguments->wants_version = true;
        return RESULT_OK;
    }
    const struct option *option = find_option(arguments, name);
    if (option == NULL) {
        return refuse_option(arguments, name, err);
    }
    if (option->value == NULL) {
        return attached != NULL ? arguments_refuse(err, option->name, "takes no value")
                                : add_value(arguments, option, NULL, err);
    }
    if (option->swallows_rest) {
        if (attached != NULL || *at + 1 >= argc) {
            return arguments_refuse(err, option->name,
                                    "expected %s behind it, up to the end of the line",
                                    option->value);
        }
        arguments->rest = &argv[*at + 1];
        *at = argc - 1;
        return add_value(arguments, option, arguments->rest[0], err);
    }
    if (attached == NULL && *at + 1 >= argc) {
        return arguments_refuse(err, option->name, "expected %s behind it", option->value);
    }
    return add_value(arguments, option, attached != NULL ? attached : argv[++*at], err);
}

// --- commands ----------------------------------------------------------------------------

// The words of a command's name that `words` starts with; 0 unless all of the name are there.
static size_t match_command(const struct command *command, int count, char **words) {
    const char *space = strchr(command->name, ' ');
    size_t first = space != NULL ? (size_t)(space - command->name) : strlen(command->name);
    if (count < 1 || strlen(words[0]) != first || memcmp(words[0], command->name, first) != 0) {
        return 0;
    }
    if (space == NULL) {
        return 1;
    }
    return count > 1 && strcmp(words[1], space + 1) == 0 ? 2 : 0;
}

static bool is_topic(const struct program *program, const char *word) {
    size_t length = strlen(word);
    for (const struct command *at = program->commands; at->name != NULL; at++) {
        if (strncmp(at->name, word, length) == 0 && at->name[length] == ' ') {
            return true;
        }
    }
    return false;
}

// Of the words that may stand at this place: first words, or second words behind a topic.
// RESULT_NOT_FOUND when none is near.
static enum result find_nearest_word(const struct program *program, const char *topic,
                                     const char *word, struct buf *out) {
    const char *candidates[MOST_CANDIDATES] = {0};
    char firsts[MOST_CANDIDATES][32];
    size_t count = 0;
    size_t length = topic != NULL ? strlen(topic) : 0;
    for (const struct command *at = program->commands;
         at->name != NULL && count < MOST_CANDIDATES; at++) {
        if (topic != NULL) {
            if (strncmp(at->name, topic, length) == 0 && at->name[length] == ' ') {
                candidates[count++] = at->name + length + 1;
            }
            continue;
        }
        (void)snprintf(firsts[count], sizeof(firsts[count]), "%.*s",
                       (int)strcspn(at->name, " "), at->name);
        candidates[count] = firsts[count];
        count++;
    }
    const char *nearest = text_nearest(word, candidates, count);
    return nearest == NULL ? RESULT_NOT_FOUND : buf_append_string(out, nearest);
}

static enum result refuse_command(const struct program *program, int count, char **words,
                                  struct error *err) {
    const char *topic = is_topic(program, words[0]) ? words[0] : NULL;
    if (topic != NULL && (count < 2 || words[1][0] == '-')) {
        (void)usage_error(err, "%s needs a command behind it", topic);
        error_hint(err, "%s %s --help lists them.", program->name, topic);
        return RESULT_INVALID;
    }
    const char *word = topic != NULL ? words[1] : words[0];
    (void)usage_error(err, "there is no command '%s%s%s'", topic != NULL ? topic : "",
                      topic != NULL ? " " : "", word);
    AUTO(buf_clear) struct buf nearest = {0};
    buf_init(&nearest, sizeof(err->hint));
    if (find_nearest_word(program, topic, word, &nearest) == RESULT_OK) {
        error_hint(err, "Did you mean '%s%s%s'?", topic != NULL ? topic : "",
                   topic != NULL ? " " : "", buf_string(&nearest));
    } else {
        error_hint(err, "%s --help lists the commands.", program->name);
    }
    return RESULT_INVALID;
}

static bool asks_for_help(const char *word) {
    return strcmp(word, "help") == 0 || strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0;
}

// Finds the command at argv[*at] and moves *at behind its words.
static enum result read_command(struct arguments *arguments, int argc, char **argv, int *at,
                                struct error *err) {
    for (const struct command *command = arguments->program->commands; command->name != NULL;
         command++) {
        size_t words = match_command(command, argc - *at, &argv[*at]);
        if (words > 0) {
            arguments->command = command;
            *at += (int)words;
            return RESULT_OK;
        }
    }
    bool is_alone = is_topic(arguments->program, argv[*at]) && argc - *at == 2;
    if (is_alone && asks_for_help(argv[*at + 1])) {
        arguments->wants_help = true;
        arguments->help_topic = argv[*at];
        *at = argc;
        return RESULT_OK;
    }
    if (arguments->wants_help && argc - *at == 1 && is_topic(arguments->program, argv[*at])) {
        arguments->help_topic = argv[(*at)++];
        return RESULT_OK;
    }
    return refuse_command(arguments->program, argc - *at, &argv[*at], err);
}

static enum result check_operands(const struct arguments *arguments, struct error *err) {
    const struct command *command = arguments->command;
    if (command == NULL) {
        (void)usage_error(err, "expected a command");
        error_hint(err, "%s --help lists them.", arguments->program->name);
        return RESULT_INVALID;
    }
    if (arguments->operand_count < command->least_arguments) {
        (void)usage_error(err, "%s: expected %s", command->name, command->arguments);
        error_hint(err, "%s %s --help", arguments->program->name, command->name);
        return RESULT_INVALID;
    }
    if (arguments->operand_count > command->most_arguments) {
        (void)usage_error(err, "%s: '%s' is one argument too many", command->name,
                          arguments->operands[command->most_arguments]);
        error_hint(err, "%s %s --help", arguments->program->name, command->name);
        return RESULT_INVALID;
    }
    return RESULT_OK;
}

// --- the whole line ----------------------------------------------------------------------

static enum result read_words(struct arguments *arguments, int argc, char **argv,
                              struct error *err) {
    bool options_ended = false;
    for (int at = 1; at < argc; at++) {
        const char *word = argv[at];
        if (!options_ended && strcmp(word, "--") == 0) {
            options_ended = true;
        } else if (!options_ended && strcmp(word, "-h") == 0) {
            arguments->wants_help = true;
        } else if (!options_ended && word[0] == '-' && word[1] == '-') {
            TRY(read_option(arguments, argc, argv, &at, err));
        } else if (!options_ended && word[0] == '-' && word[1] != '\0') {
            (void)usage_error(err, "there is no option %s", word);
            error_hint(err, "Options are written with two dashes.");
            return RESULT_INVALID;
        } else if (arguments->command != NULL) {
            arguments->operands[arguments->operand_count++] = word;
        } else if (strcmp(word, "help") == 0 && !options_ended) {
            arguments->wants_help = true;
        } else {
            TRY(read_command(arguments, argc, argv, &at, err));
            at--;
        }
    }
    if (arguments->wants_help || arguments->wants_version) {
        return RESULT_OK;
    }
    return check_operands(arguments, err);
}

enum result arguments_read(const struct program *program, int argc, char **argv,
                           struct arguments *out_arguments, struct error *err) {
    struct arguments arguments = {.program = program};
    size_t most = (size_t)argc + 1;
    arguments.operands = calloc(most, sizeof(*arguments.operands));
    arguments.values = calloc(most, sizeof(*arguments.values));
    enum result result = arguments.operands != NULL && arguments.values != NULL
                             ? read_words(&arguments, argc, argv, err)
                             : error_out_of_memory(err);
    if (result != RESULT_OK) {
        arguments_clear(&arguments);
        return result;
    }
    *out_arguments = arguments;
    return RESULT_OK;
}

void arguments_clear(struct arguments *arguments) {
    free(arguments->operands);
    free(arguments->values);
    *arguments = (struct arguments){0};
}

// --- what was given ----------------------------------------------------------------------

static const struct option_value *find_value(const struct arguments *arguments,
                                             const char *option) {
    for (size_t i = 0; i < arguments->value_count; i++) {
        if (strcmp(arguments->values[i].option->name, option) == 0) {
            return &arguments->values[i];
        }
    }
    return NULL;
}

bool arguments_have(const struct arguments *arguments, const char *option) {
    return find_value(arguments, option) != NULL;
}

const char *arguments_value(const struct arguments *arguments, const char *option) {
    const struct option_value *value = find_value(arguments, option);
    return value != NULL ? value->text : NULL;
}

enum result arguments_duration(const struct arguments *arguments, const char *option,
                               int64_t otherwise, int64_t *out_seconds, struct error *err) {
    const char *text = arguments_value(arguments, option);
    if (text == NULL) {
        *out_seconds = otherwise;
        return RESULT_OK;
    }
    struct error reason = {0};
    if (text_read_duration(text, out_seconds, &reason) != RESULT_OK || *out_seconds == 0) {
        (void)arguments_refuse(err, option,
                               "expected a time like 90s, 15m, 24h or 30d, not '%s'", text);
        return RESULT_INVALID;
    }
    return RESULT_OK;
}

enum result arguments_integer(const struct arguments *arguments, const char *option,
                              int64_t least, int64_t most, int64_t otherwise,
                              int64_t *out_value, struct error *err) {
    const char *text = arguments_value(arguments, option);
    if (text == NULL) {
        *out_value = otherwise;
        return RESULT_OK;
    }
    if (text_read_int64(bytes_of_string(text), least, most, out_value) != RESULT_OK) {
        return arguments_refuse(err, option, "expected a number from %lld to %lld, not '%s'",
                                (long long)least, (long long)most, text);
    }
    return RESULT_OK;
}

enum result arguments_choice(const struct arguments *arguments, const char *option,
                             const char *const *choices, struct error *err) {
    const char *text = arguments_value(arguments, option);
    if (text == NULL) {
        return RESULT_OK;
    }
    AUTO(buf_clear) struct buf all = {0};
    buf_init(&all, CHOICES_BYTES);
    for (size_t i = 0; choices[i] != NULL; i++) {
        if (strcmp(choices[i], text) == 0) {
            return RESULT_OK;
        }
        TRY(buf_printf(&all, "%s%s", i == 0 ? "" : ", ", choices[i]));
    }
    return arguments_refuse(err, option, "'%s' is none of %s", text, buf_string(&all));
}
