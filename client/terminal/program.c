// What the client programs share around their commands.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "client/terminal/program.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "wire/message.h"

#define HELP_BYTES 65536

enum result program_print(const struct buf *text, struct error *err) {
    if ((text->size > 0 && fwrite(text->data, 1, text->size, stdout) != text->size) ||
        fflush(stdout) != 0) {
        return error_from_errno(err, errno, "cannot write to standard output");
    }
    return RESULT_OK;
}

enum result program_print_json(const struct message_type *type, const void *message,
                               struct error *err) {
    AUTO(buf_clear) struct buf text = {0};
    // Only what the server sent in pages of limited size, and never without end.
    buf_init_secret(&text, 64 * (size_t)LIMIT_HTTP_RESPONSE_BODY_BYTES);
    TRY(message_to_json(type, message, &text, err));
    if (buf_append_byte(&text, '\n') != RESULT_OK) {
        return error_out_of_memory(err);
    }
    return program_print(&text, err);
}

static enum result run(const struct program *program, int argc, char **argv,
                       struct error *err) {
    AUTO(arguments_clear) struct arguments arguments = {0};
    TRY(arguments_read(program, argc, argv, &arguments, err));
    if (!arguments.wants_help && !arguments.wants_version) {
        return arguments.command->run(&arguments, err);
    }
    AUTO(buf_clear) struct buf text = {0};
    buf_init(&text, HELP_BYTES);
    enum result result = arguments.wants_help
                             ? arguments_write_help(&arguments, &text)
                             : buf_printf(&text, "%s %s\n", program->name, SIGNET_VERSION);
    if (result != RESULT_OK) {
        return error_out_of_memory(err);
    }
    return program_print(&text, err);
}

int program_main(const struct program *program, int argc, char **argv) {
    struct error err = {0};
    enum result result = run(program, argc, argv, &err);
    enum outcome outcome = outcome_of(result, &err);
    if (outcome != OUTCOME_DONE) {
        outcome_report(program->name, &err);
    }
    return (int)outcome;
}
