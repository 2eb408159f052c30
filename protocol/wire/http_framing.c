// Strict line discipline for what llhttp parses leniently.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/http_framing.h"

#include <string.h>

void http_framing_begin(struct http_framing *framing) {
    *framing = (struct http_framing){.at_line_start = true};
}

static const char *take_text(struct http_framing *framing, uint8_t byte) {
    if ((byte < 0x20 && byte != '\t') || byte == 0x7f) {
        return "a control character stands in the header";
    }
    if (framing->at_line_start && (byte == ' ' || byte == '\t')) {
        return "a line begins with white space (folded headers are obsolete)";
    }
    framing->at_line_start = false;
    if (!framing->has_begun) {
        framing->has_begun = true;
        framing->in_start_line = true;
    }
    if (framing->in_start_line) {
        memmove(framing->tail, framing->tail + 1, HTTP_FRAMING_TAIL - 1);
        framing->tail[HTTP_FRAMING_TAIL - 1] = (char)byte;
    }
    return NULL;
}

const char *http_framing_take(struct http_framing *framing, uint8_t byte) {
    framing->size++;
    if (framing->after_cr) {
        if (byte != '\n') {
            return "a carriage return stands alone, without line feed";
        }
        framing->after_cr = false;
        framing->at_line_start = true;
        framing->in_start_line = false;
        return NULL;
    }
    if (byte == '\r') {
        framing->after_cr = true;
        return NULL;
    }
    if (byte == '\n') {
        return "a line feed stands alone, without carriage return";
    }
    return take_text(framing, byte);
}

void http_framing_skip(struct http_framing *framing) {
    framing->at_line_start = false;
}

bool http_framing_is_request(const struct http_framing *framing) {
    return framing->tail[0] != ' ' && memcmp(framing->tail + 1, " HTTP/1.", 8) == 0;
}
