// Remembering that the store cannot be written, until it can.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "authority/store_trouble.h"

#include <string.h>

#include "base/clock.h"

bool store_trouble_is(const struct error *err) {
    static const char *const codes[] = {"store_full", "store_io", "store_busy",
                                        "transaction_lost"};
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        if (strcmp(err->code, codes[i]) == 0) {
            return true;
        }
    }
    return false;
}

void store_trouble_note(struct store_trouble *trouble, const struct error *cause) {
    if (trouble->since == 0 && store_trouble_is(cause)) {
        trouble->since = clock_now();
        trouble->cause = *cause;
    }
}

void store_trouble_end(struct store_trouble *trouble) {
    *trouble = (struct store_trouble){0};
}

void store_trouble_refuse(const struct store_trouble *trouble, bool is_for_admin,
                          struct error *out_refusal) {
    const bool is_told = is_for_admin && trouble->since != 0;
    *out_refusal = (struct error){0};
    (void)error_set_code(out_refusal, RESULT_UNAVAILABLE, "store_unavailable",
                         "the authority cannot write its records at the moment%s%s",
                         is_told ? ": " : "", is_told ? trouble->cause.message : "");
    error_hint(out_refusal, "Try again later; nothing of this request was kept.");
}

enum result store_trouble_warn(const struct store_trouble *trouble,
                               struct text_list *warnings) {
    AUTO(buf_clear) struct buf line = {0};
    buf_init(&line, 512);
    if (trouble->since == 0) {
        return RESULT_OK;
    }
    TRY(buf_append_string(&line, "the store cannot be written since "));
    TRY(time_format_rfc3339(trouble->since, &line));
    TRY(buf_printf(&line, ": %s", trouble->cause.message));
    return text_list_add(warnings, buf_string(&line));
}
