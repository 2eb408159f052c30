// What the client programs share around their commands.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "client/terminal/program.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "client/terminal/terminal.h"
#include "wire/message.h"
#include "x509/key_pkcs11.h"

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

static void warn_of_pin(const struct arguments *arguments) {
    for (size_t i = 0; i < arguments->value_count; i++) {
        const char *text = arguments->values[i].text;
        if (text != NULL && key_is_uri(text) && key_uri_has_pin(text)) {
            (void)fprintf(stderr, "%s: " KEY_PIN_WARNING "\n", arguments->program->name);
        }
    }
}

static enum result run(const struct program *program, int argc, char **argv,
                       struct error *err) {
    AUTO(arguments_clear) struct arguments arguments = {0};
    TRY(arguments_read(program, argc, argv, &arguments, err));
    if (!arguments.wants_help && !arguments.wants_version) {
        warn_of_pin(&arguments);
        key_pin_prompt_set(terminal_ask_secret);
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
