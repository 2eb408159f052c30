// Cursors are opaque to those who hold them: the record's number behind a letter.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "authority/cursor.h"

#include "base/limits.h"
#include "base/text.h"
#include "wire/message.h"

enum result cursor_read(const char *text, int64_t *out_position, struct error *err) {
    if (text == NULL) {
        *out_position = 0;
        return RESULT_OK;
    }
    struct bytes whole = bytes_of_string(text);
    struct bytes digits = bytes_slice(whole, 1, whole.size);
    if (text[0] != 'p' || text_read_int64(digits, 1, INT64_MAX, out_position) != RESULT_OK) {
        (void)error_set_code(err, RESULT_INVALID, "cursor_invalid",
                             "this is not where a page ended");
        error_field(err, "after");
        error_hint(err, "Use the member next of the page before, unchanged.");
        return RESULT_INVALID;
    }
    return RESULT_OK;
}

enum result cursor_write(int64_t position, char **out_text) {
    AUTO(buf_clear) struct buf text = {0};
    buf_init(&text, 32);
    TRY(buf_printf(&text, "p%lld", (long long)position));
    return text_set(out_text, buf_string(&text));
}

size_t cursor_page_size(int64_t asked) {
    if (asked <= 0) {
        return LIMIT_LIST_PAGE_DEFAULT;
    }
    return asked > LIMIT_LIST_PAGE ? LIMIT_LIST_PAGE : (size_t)asked;
}
