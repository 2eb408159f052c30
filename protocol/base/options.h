// Command lines: one table of subcommands and options that is dispatch, checks and help at
// once. SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/bytes.h"
#include "base/error.h"

// `value` names the value in the help ("DIR"); NULL for a flag. `swallows_rest`: everything
// behind it on the line is its value, as it is.
struct option {
    const char *name; // without the dashes
    const char *value;
    const char *help;
    bool may_repeat;
    bool swallows_rest;
};

struct arguments;

struct command {
    const char *name;      // one word, or two: "token create"
    const char *arguments; // in the help: "TOKEN"
    size_t least_arguments;
    size_t most_arguments;
    const struct option *options; // ended by a NULL name; may be NULL
    const char *help;             // first line: the summary in the list of commands
    enum result (*run)(const struct arguments *arguments, struct error *err);
};

struct program {
    const char *name;
    const char *summary;
    const struct option *options;   // before and after the command; ended by a NULL name
    const struct command *commands; // ended by a NULL name
    const char *footer;             // last lines of the help
};

struct option_value {
    const struct option *option;
    const char *text; // NULL of a flag
};

// What a command line said. Texts point into argv.
struct arguments {
    const struct program *program;
    const struct command *command; // NULL: only help or version is wanted
    const char **operands;
    size_t operand_count;
    struct option_value *values;
    size_t value_count;
    char **rest; // behind the option that swallows it, ended by NULL; NULL without
    bool wants_help;
    bool wants_version;
    const char *help_topic; // a word that several commands begin with, or NULL
};

// RESULT_INVALID, code "usage": an unknown command or option (the hint names the nearest), a
// missing or unexpected value, an option given twice, too few or too many operands.
enum result arguments_read(const struct program *program, int argc, char **argv,
                           struct arguments *out_arguments, struct error *err);
void arguments_clear(struct arguments *arguments);

bool arguments_have(const struct arguments *arguments, const char *option);
// NULL when it was not given.
const char *arguments_value(const struct arguments *arguments, const char *option);
// An error with the code "usage" about one option; returns RESULT_INVALID.
enum result arguments_refuse(struct error *err, const char *option, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

// Seconds of an option like "24h"; `otherwise` when it was not given.
enum result arguments_duration(const struct arguments *arguments, const char *option,
                               int64_t otherwise, int64_t *out_seconds, struct error *err);
// RESULT_INVALID, code "usage", naming the choices, when the option was given with a value that
// is none of them. `choices` is ended by NULL.
enum result arguments_choice(const struct arguments *arguments, const char *option,
                             const char *const *choices, struct error *err);
// For arguments_choice: the reasons that devices are revoked for, as the protocol has them.
extern const char *const revocation_reasons[];
enum result arguments_integer(const struct arguments *arguments, const char *option,
                              int64_t least, int64_t most, int64_t otherwise,
                              int64_t *out_value, struct error *err);

// The help of the command, of the commands that share a first word, or of the whole program.
enum result arguments_write_help(const struct arguments *arguments, struct buf *out);
