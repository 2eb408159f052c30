// Making values fit to be shown.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "client/terminal/display.h"

#include <stdbool.h>
#include <string.h>

#include "base/clock.h"
#include "base/lookalike.h"
#include "base/text.h"

// The bytes of the UTF-8 character at the start of `text`; 0 when there is none that may be
// shown.
static size_t shown_character(struct bytes text) {
    for (size_t size = 1; size <= 4 && size <= text.size; size++) {
        struct bytes character = bytes_slice(text, 0, size);
        if (text_is_utf8(character)) {
            return text_has_hidden(character) ? 0 : size;
        }
    }
    return 0;
}

// Behind a character that is not shown: past its continuation bytes.
static size_t skipped_bytes(struct bytes text) {
    size_t size = 1;
    while (size < text.size && (text.data[size] & 0xc0) == 0x80) {
        size++;
    }
    return size;
}

enum result display_text(const char *text, struct buf *out) {
    struct bytes left = bytes_of_string(text);
    while (left.size > 0) {
        size_t shown = shown_character(left);
        if (shown > 0) {
            TRY(buf_append(out, bytes_slice(left, 0, shown)));
        } else {
            TRY(buf_append_byte(out, '?'));
        }
        left = bytes_slice(left, shown > 0 ? shown : skipped_bytes(left), left.size);
    }
    return RESULT_OK;
}

enum result display_time(int64_t time, struct buf *out) {
    return time == 0 ? buf_append_byte(out, '-') : time_format_plain(time, out);
}

enum result display_names(const struct text_list *names, struct buf *out) {
    if (names->count == 0) {
        return buf_append_byte(out, '-');
    }
    for (size_t i = 0; i < names->count; i++) {
        TRY(buf_append_string(out, i > 0 ? " " : ""));
        TRY(display_text(names->items[i], out));
    }
    return RESULT_OK;
}
