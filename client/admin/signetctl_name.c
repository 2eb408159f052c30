// signetctl name release.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "client/terminal/display.h"
#include "client/terminal/program.h"
#include "client/admin/signetctl.h"

static enum result print_released(const struct arguments *arguments,
                                  const struct name_released *reply, struct error *err) {
    bool is_printed = false;
    TRY(print_if_json(arguments, &name_released_type, reply, &is_printed, err));
    if (is_printed) {
        return RESULT_OK;
    }
    AUTO(buf_clear) struct buf text = {0};
    buf_init(&text, PRINT_BYTES);
    TRY(buf_append_string(&text, "Released "));
    TRY(display_text(reply->name, &text));
    TRY(buf_printf(&text,
                   ", which %lld certificate%s carried. Another device may have it now.\n",
                   (long long)reply->certificates, reply->certificates == 1 ? "" : "s"));
    return program_print(&text, err);
}

enum result run_name_release(const struct arguments *arguments, struct error *err) {
    struct name_release request = {0};
    struct name_released reply = {0};
    enum result result = text_set(&request.name, arguments->operands[0]);
    if (result == RESULT_OK) {
        result = session_call(arguments, OPERATION_NAME_RELEASE, &request, &reply, err);
    }
    if (result == RESULT_OK) {
        result = print_released(arguments, &reply, err);
    }
    message_clear(&name_release_type, &request);
    message_clear(&name_released_type, &reply);
    return result;
}
