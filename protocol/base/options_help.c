// The help that the option tables hold.
// SPDX-License-Identifier: GPL-3.0-or-later
#include <string.h>

#include "base/options.h"

#define OPTION_COLUMN 26
#define COMMAND_COLUMN 22

// Characters, not bytes: "…" fills one column.
static size_t width_from(const struct buf *out, size_t start) {
    size_t width = 0;
    for (size_t i = start; i < out->size; i++) {
        width += (out->data[i] & 0xC0) != 0x80;
    }
    return width;
}

static enum result write_padded(struct buf *out, size_t start, size_t column) {
    // A name too long for its column gets a line of its own.
    size_t width = width_from(out, start);
    if (width >= column) {
        TRY(buf_append_byte(out, '\n'));
        width = 0;
    }
    for (; width < column; width++) {
        TRY(buf_append_byte(out, ' '));
    }
    return RESULT_OK;
}

static enum result write_option(const struct option *option, struct buf *out) {
    size_t start = out->size;
    TRY(buf_printf(out, "  --%s", option->name));
    if (option->value != NULL) {
        TRY(buf_printf(out, " %s", option->value));
    }
    TRY(write_padded(out, start, OPTION_COLUMN));
    return buf_printf(out, "%s\n", option->help);
}

static enum result write_options(const struct option *options, struct buf *out) {
    for (const struct option *at = options; at != NULL && at->name != NULL; at++) {
        TRY(write_option(at, out));
    }
    return RESULT_OK;
}

static enum result write_command_help(const struct arguments *arguments, struct buf *out) {
    const struct command *command = arguments->command;
    bool has_options = command->options != NULL && command->options->name != NULL;
    TRY(buf_printf(out, "usage: %s %s%s%s%s\n\n%s\n", arguments->program->name, command->name,
                   has_options ? " [OPTION]…" : "", *command->arguments != '\0' ? " " : "",
                   command->arguments, command->help));
    TRY(buf_append_string(out, "\nOptions:\n"));
    TRY(write_options(command->options, out));
    TRY(write_options(arguments->program->options, out));
    return buf_append_string(out, "  --help                  this text\n");
}

static bool belongs_to(const struct command *command, const char *topic) {
    size_t length = topic != NULL ? strlen(topic) : 0;
    return topic == NULL ||
           (strncmp(command->name, topic, length) == 0 && command->name[length] == ' ');
}

static enum result write_commands(const struct arguments *arguments, struct buf *out) {
    for (const struct command *at = arguments->program->commands; at->name != NULL; at++) {
        if (!belongs_to(at, arguments->help_topic)) {
            continue;
        }
        size_t start = out->size;
        TRY(buf_printf(out, "  %s", at->name));
        TRY(write_padded(out, start, COMMAND_COLUMN));
        TRY(buf_printf(out, "%.*s\n", (int)strcspn(at->help, "\n"), at->help));
    }
    return RESULT_OK;
}

enum result arguments_write_help(const struct arguments *arguments, struct buf *out) {
    if (arguments->command != NULL) {
        return write_command_help(arguments, out);
    }
    const struct program *program = arguments->program;
    const char *topic = arguments->help_topic;
    TRY(buf_printf(out, "usage: %s %s%sCOMMAND [OPTION]… [ARGUMENT]…\n\n", program->name,
                   topic != NULL ? topic : "", topic != NULL ? " " : ""));
    if (topic == NULL) {
        TRY(buf_printf(out, "%s\n\n", program->summary));
    }
    TRY(buf_append_string(out, "Commands:\n"));
    TRY(write_commands(arguments, out));
    TRY(buf_append_string(out, "\nOptions:\n"));
    TRY(write_options(program->options, out));
    TRY(buf_append_string(out, "  --help                  this text, or that of a command\n"
                               "  --version               the version\n"));
    return buf_printf(out, "\n%s", program->footer);
}
