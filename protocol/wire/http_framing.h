// The bytes of an HTTP message that are not body (head, chunk lines, trailers), checked
// strictly. SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// The last byte of the request target, then " HTTP/1.1".
#define HTTP_FRAMING_TAIL 10

// llhttp is lenient about what stands between the parts (bare CR or LF, folded lines). Here
// every such byte is looked at a second time, by rules that leave nothing to interpretation.
struct http_framing {
    size_t size;
    bool after_cr;
    bool at_line_start;
    bool has_begun; // behind the empty lines that may precede a start line (RFC 9112, 2.2)
    bool in_start_line;
    char tail[HTTP_FRAMING_TAIL]; // of the start line
};

void http_framing_begin(struct http_framing *framing);
// NULL, or why the byte may not stand there.
const char *http_framing_take(struct http_framing *framing, uint8_t byte);
// Body bytes were skipped.
void http_framing_skip(struct http_framing *framing);
// The start line ended in one space and "HTTP/1.x".
bool http_framing_is_request(const struct http_framing *framing);
