// Writing HTTP/1.1 messages.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/http.h"

#include <string.h>

#include "base/clock.h"
#include "base/limits.h"

// Constant lines: every status this project sends or explains.
static const struct {
    int status;
    const char *text;
} statuses[] = {
    {100, "Continue"},
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {204, "No Content"},
    {206, "Partial Content"},
    {304, "Not Modified"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {406, "Not Acceptable"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {410, "Gone"},
    {411, "Length Required"},
    {412, "Precondition Failed"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {416, "Range Not Satisfiable"},
    {417, "Expectation Failed"},
    {421, "Misdirected Request"},
    {426, "Upgrade Required"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
    {505, "HTTP Version Not Supported"},
};

const char *http_status_text(int status) {
    for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
        if (statuses[i].status == status) {
            return statuses[i].text;
        }
    }
    return "Unknown";
}

// Room for the lines of our own beside those of the caller.
#define HEAD_MAXIMUM (LIMIT_HTTP_HEADER_BYTES + LIMIT_HTTP_TARGET_BYTES + 1024)

// Both or nothing, so that a full buffer never holds half a message.
static enum result append_message(struct buf *out, const struct buf *head, struct bytes body) {
    uint8_t *room = NULL;
    if (body.size > SIZE_MAX - head->size) {
        return RESULT_LIMIT;
    }
    TRY(buf_reserve(out, head->size + body.size, &room));
    TRY(buf_append(out, buf_bytes(head)));
    return buf_append(out, body);
}

static enum result write_date(struct buf *head) {
    TRY(buf_append_string(head, "Date: "));
    TRY(time_format_http(clock_now(), head));
    return buf_append_string(head, "\r\n");
}

// RFC 9110, 8.6: none in 204; 304 would have to repeat that of the 200.
static bool has_content_length(int status) {
    return status != 204 && status != 304;
}

enum result http_write_response(const struct http_response *response, struct buf *out) {
    AUTO(buf_clear) struct buf head = {0};
    buf_init(&head, HEAD_MAXIMUM);
    TRY(buf_printf(&head, "HTTP/1.1 %d %s\r\n", response->status,
                   http_status_text(response->status)));
    if (response->status < 200) {
        // An interim answer: nothing but the line.
        TRY(buf_append_string(&head, "\r\n"));
        return append_message(out, &head, (struct bytes){0});
    }
    TRY(write_date(&head));
    if (response->content_type != NULL) {
        TRY(buf_printf(&head, "Content-Type: %s\r\n", response->content_type));
    }
    const bool has_length = has_content_length(response->status);
    if (has_length) {
        TRY(buf_printf(&head, "Content-Length: %zu\r\n", response->body.size));
    }
    if (!response->keep_alive) {
        TRY(buf_append_string(&head, "Connection: close\r\n"));
    }
    TRY(buf_append_string(&head, "X-Content-Type-Options: nosniff\r\n"));
    if (response->extra_headers != NULL) {
        TRY(buf_append_string(&head, response->extra_headers));
    }
    TRY(buf_append_string(&head, "\r\n"));
    const bool has_body = has_length && !response->head_only;
    return append_message(out, &head, has_body ? response->body : (struct bytes){0});
}

// A space or control character in one of these would end the line it stands in.
static bool is_one_word(const char *text) {
    for (const char *c = text; *c != '\0'; c++) {
        if ((unsigned char)*c <= 0x20 || (unsigned char)*c >= 0x7f) {
            return false;
        }
    }
    return *text != '\0';
}

enum result http_write_request(const char *method, const char *target, const char *host,
                               const char *extra_headers, const char *content_type,
                               struct bytes body, struct buf *out) {
    if (!is_one_word(method) || !is_one_word(target) || !is_one_word(host)) {
        return RESULT_INVALID;
    }
    AUTO(buf_clear) struct buf head = {0};
    buf_init(&head, HEAD_MAXIMUM);
    TRY(buf_printf(&head, "%s %s HTTP/1.1\r\nHost: %s\r\n", method, target, host));
    if (content_type != NULL) {
        TRY(buf_printf(&head, "Content-Type: %s\r\n", content_type));
    }
    if (body.size > 0 || strcmp(method, "POST") == 0 || strcmp(method, "PUT") == 0) {
        TRY(buf_printf(&head, "Content-Length: %zu\r\n", body.size));
    }
    if (extra_headers != NULL) {
        TRY(buf_append_string(&head, extra_headers));
    }
    TRY(buf_append_string(&head, "\r\n"));
    return append_message(out, &head, body);
}
