// HTTP/1.1 messages (RFC 9112) as bytes in, messages out, through llhttp; and their writing.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/bytes.h"
#include "base/error.h"

enum http_kind { HTTP_REQUEST, HTTP_RESPONSE };

struct http_header {
    char *name; // lower case
    char *value;
};

// One received message. Owned by its parser; valid until http_parser_next or _free.
struct http_message {
    char method[16];
    char *path;  // percent-decoded, "/v1/enroll"; no "..", no empty segment
    char *query; // as sent, without "?"; "" when absent
    int status;  // of a response
    struct http_header *headers;
    size_t header_count;
    struct buf body;
    bool keep_alive; // never with HTTP/1.0
    bool is_http_1_0;
};

// NULL when absent. `name` in lower case.
const char *http_message_header(const struct http_message *message, const char *name);

struct http_parser;

enum result http_parser_new(enum http_kind kind, size_t body_maximum,
                            struct http_parser **out_parser, struct error *err);
// For responses alone: what firmware links then lacks all that reads requests.
enum result http_response_parser_new(size_t body_maximum, struct http_parser **out_parser,
                                     struct error *err);
void http_parser_free(struct http_parser *parser);
void http_parser_free_at(struct http_parser **parser);

// Feeds bytes. Stops behind one complete message: *out_used tells how many bytes were taken,
// the rest belongs to the next. RESULT_PENDING: more is needed. RESULT_OK: http_parser_message
// gives the message. Errors: http_parser_status gives the status to answer (400, 413, 414, 417,
// 431, 501, 505). A request with both Content-Length and Transfer-Encoding, a repeated
// Content-Length, a missing or repeated Host (HTTP/1.1) and obs-fold are refused, and more than
// LIMIT_HTTP_INTERIM interim responses before one.
enum result http_parser_feed(struct http_parser *parser, struct bytes input, size_t *out_used,
                             struct error *err);
// The peer closed: completes a response without length; RESULT_INVALID if a message was cut
// off.
enum result http_parser_finish(struct http_parser *parser, struct error *err);
// NULL while no message is complete.
const struct http_message *http_parser_message(const struct http_parser *parser);
// Forgets the message and is ready for the next on the same connection.
void http_parser_next(struct http_parser *parser);
// A message has begun and is not complete (so an idle timeout becomes a request timeout).
bool http_parser_is_busy(const struct http_parser *parser);
// The headers are in and ask for "100 Continue", once: true only the first time it is called.
bool http_parser_take_continue(struct http_parser *parser);
int http_parser_status(const struct http_parser *parser);
// A response to HEAD, or 204 and 304, has no body: tell the parser before feeding.
void http_parser_expect_no_body(struct http_parser *parser);

// --- writing -------------------------------------------------------------------------------

const char *http_status_text(int status);
// A response head and body. `extra_headers` is zero or more whole lines with CRLF, or NULL.
// With `head_only` Content-Length is written and the body is not. Date, Content-Length,
// Connection (when closing) and X-Content-Type-Options are added; content_type NULL for none.
struct http_response {
    int status;
    const char *content_type;
    const char *extra_headers;
    struct bytes body;
    bool head_only;
    bool keep_alive;
};
enum result http_write_response(const struct http_response *response, struct buf *out);
// `host` goes into Host, as "name:port". Content-Length is written when there is a body.
enum result http_write_request(const char *method, const char *target, const char *host,
                               const char *extra_headers, const char *content_type,
                               struct bytes body, struct buf *out);

// The next query parameter, percent-decoded ("+" stays "+"); walks "a=1&b=2" from *query,
// moving it. Both buffers are emptied first. RESULT_NOT_FOUND at the end.
enum result http_query_next(const char **query, struct buf *out_name, struct buf *out_value,
                            struct error *err);
// RFC 3986 unreserved characters stay, the rest becomes %XX.
enum result http_percent_encode(struct bytes text, struct buf *out);
