// Reading HTTP/1.1 messages: llhttp finds their parts, this file decides what is acceptable.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/http.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// llhttp's enum of parser types has constants of the same names as ours.
#define HTTP_REQUEST LLHTTP_REQUEST
#define HTTP_RESPONSE LLHTTP_RESPONSE
#include <llhttp.h>
#undef HTTP_REQUEST
#undef HTTP_RESPONSE

#include "base/limits.h"
#include "base/text.h"
#include "wire/http_framing.h"
#include "wire/http_uri.h"

struct http_parser {
    llhttp_t llhttp;
    enum http_kind kind;
    int (*check_head)(struct http_parser *parser); // of that kind
    size_t body_maximum;
    struct http_message message;
    struct http_framing framing;
    const char *unchecked; // during a feed: framing from here on was not looked at yet
    struct buf target;
    struct buf header; // the field being read: its name, then its value
    size_t name_size;
    bool has_headers;
    bool is_complete;
    bool is_interim; // a 1xx response was read and will be dropped
    unsigned interim_count;
    bool is_failed;
    bool expects_no_body; // says the caller, of the next final response
    bool has_no_body;
    bool wants_continue;
    int status;
    enum result result;
    struct error *err; // during a feed: where a callback reports
};

// --- refusing ----------------------------------------------------------------------------

static const struct {
    int status;
    enum result result;
    const char *code;
} refusals[] = {
    {400, RESULT_INVALID, "bad_request"},     {413, RESULT_LIMIT, "body_too_large"},
    {414, RESULT_LIMIT, "target_too_long"},   {417, RESULT_INVALID, "expectation_unknown"},
    {431, RESULT_LIMIT, "headers_too_large"}, {500, RESULT_INTERNAL, "internal"},
    {501, RESULT_INVALID, "not_implemented"}, {505, RESULT_INVALID, "http_version"},
};

// Marks the parser failed; -1 is what llhttp's callbacks return to stop.
static int refuse(struct http_parser *parser, int status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static int refuse(struct http_parser *parser, int status, const char *format, ...) {
    size_t at = 0;
    while (refusals[at].status != status) {
        at++;
    }
    char message[sizeof(((struct error *)NULL)->message)];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof(message), format, arguments);
    va_end(arguments);
    parser->is_failed = true;
    parser->status = status;
    parser->result =
        error_set_code(parser->err, refusals[at].result, refusals[at].code, "%s", message);
    return -1;
}

static int refuse_out_of_memory(struct http_parser *parser) {
    return refuse(parser, 500, "memory is out");
}

// A buffer took no more: it was full, or memory is out.
static int refuse_append(struct http_parser *parser, enum result result, int status,
                         const char *what, size_t maximum) {
    return result == RESULT_LIMIT
               ? refuse(parser, status, "the %s has more than %zu bytes", what, maximum)
               : refuse_out_of_memory(parser);
}

// --- framing -----------------------------------------------------------------------------

// Checks what lies between the last body bytes and `to`.
static int check_framing(struct http_parser *parser, const char *to) {
    for (; parser->unchecked < to; parser->unchecked++) {
        const char *reason = http_framing_take(&parser->framing, (uint8_t)*parser->unchecked);
        if (reason != NULL) {
            return refuse(parser, 400, "%s", reason);
        }
        // Chunk lines may take as much as the body, so that small chunks are possible.
        if (parser->framing.size > LIMIT_HTTP_HEADER_BYTES + parser->message.body.size) {
            return refuse(parser, 431, "the header has more than %d bytes",
                          LIMIT_HTTP_HEADER_BYTES);
        }
    }
    return 0;
}

// llhttp reads "GET / RTSP/1.0" and several spaces as well.
static int check_start_line(struct http_parser *parser) {
    if (parser->kind == HTTP_REQUEST && !http_framing_is_request(&parser->framing)) {
        return refuse(parser, 400, "expected \"METHOD target HTTP/1.1\" in the request line");
    }
    return 0;
}

// --- what the head says ------------------------------------------------------------------

const char *http_message_header(const struct http_message *message, const char *name) {
    for (size_t i = 0; i < message->header_count; i++) {
        if (strcmp(message->headers[i].name, name) == 0) {
            return message->headers[i].value;
        }
    }
    return NULL;
}

static size_t count_headers(const struct http_message *message, const char *name) {
    size_t count = 0;
    for (size_t i = 0; i < message->header_count; i++) {
        count += strcmp(message->headers[i].name, name) == 0;
    }
    return count;
}

static const char *const methods[] = {"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"};

static int read_method(struct http_parser *parser) {
    const char *name = llhttp_method_name((llhttp_method_t)parser->llhttp.method);
    for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
        if (strcmp(name, methods[i]) == 0) {
            snprintf(parser->message.method, sizeof(parser->message.method), "%s", name);
            return 0;
        }
    }
    return refuse(parser, 501, "the method %s is not known here", name);
}

// RFC 9112, 3.2.
static int check_host(struct http_parser *parser) {
    const size_t count = count_headers(&parser->message, "host");
    if (count > 1 || (count == 0 && !parser->message.is_http_1_0)) {
        return refuse(parser, 400, "expected one Host field, found %zu", count);
    }
    const char *host = http_message_header(&parser->message, "host");
    if (host != NULL && !http_host_is_sane(host)) {
        return refuse(parser, 400, "the Host field is not a name or address with a port");
    }
    return 0;
}

static int read_target(struct http_parser *parser) {
    const bool may_be_asterisk = strcmp(parser->message.method, "OPTIONS") == 0;
    const enum result result = http_target_read(
        buf_bytes(&parser->target), http_message_header(&parser->message, "host"),
        may_be_asterisk, &parser->message.path, &parser->message.query, parser->err);
    if (result == RESULT_OK) {
        return 0;
    }
    // The error has said more than refuse could.
    parser->is_failed = true;
    parser->status = result == RESULT_INTERNAL ? 500 : 400;
    parser->result = result;
    return -1;
}

// RFC 9112, 6.3: one way to tell the length, and only one.
static int check_length(struct http_parser *parser) {
    const struct http_message *message = &parser->message;
    const size_t lengths = count_headers(message, "content-length");
    const size_t encodings = count_headers(message, "transfer-encoding");
    if (lengths > 1) {
        return refuse(parser, 400, "Content-Length is repeated");
    }
    if (lengths > 0 && encodings > 0) {
        return refuse(parser, 400,
                      "Content-Length and Transfer-Encoding contradict each other");
    }
    if (encodings > 1) {
        return refuse(parser, 400, "Transfer-Encoding is repeated");
    }
    if (encodings == 1) {
        const char *encoding = http_message_header(message, "transfer-encoding");
        if (message->is_http_1_0) {
            return refuse(parser, 400, "HTTP/1.0 has no Transfer-Encoding");
        }
        if (!text_equal_ignoring_case(encoding, "chunked")) {
            return refuse(parser, 501, "expected \"chunked\" as the only transfer coding");
        }
    }
    if (lengths == 1 && !parser->has_no_body &&
        parser->llhttp.content_length > parser->body_maximum) {
        return refuse(parser, 413, "the body has %llu bytes, at most %zu are taken",
                      (unsigned long long)parser->llhttp.content_length, parser->body_maximum);
    }
    return 0;
}

// RFC 9110, 10.1.1.
static int check_expect(struct http_parser *parser) {
    const char *expect = http_message_header(&parser->message, "expect");
    if (expect == NULL || parser->message.is_http_1_0) {
        return 0;
    }
    if (count_headers(&parser->message, "expect") > 1 ||
        !text_equal_ignoring_case(expect, "100-continue")) {
        return refuse(parser, 417, "the only expectation known is \"100-continue\"");
    }
    parser->wants_continue = true;
    return 0;
}

static int check_request(struct http_parser *parser) {
    // An offer to change the protocol is one to decline (RFC 9110, 7.8).
    parser->llhttp.upgrade = 0;
    if (read_method(parser) != 0 || check_host(parser) != 0 || read_target(parser) != 0 ||
        check_length(parser) != 0) {
        return -1;
    }
    return check_expect(parser);
}

static int check_response(struct http_parser *parser) {
    const int status = parser->llhttp.status_code;
    parser->message.status = status;
    parser->llhttp.upgrade = 0;
    if (status < 100 || status > 599 || status == 101) {
        return refuse(parser, 400, "the answer has status %d", status);
    }
    parser->has_no_body =
        parser->expects_no_body || status < 200 || status == 204 || status == 304;
    return check_length(parser);
}

// --- llhttp's callbacks ------------------------------------------------------------------

static int on_url(llhttp_t *llhttp, const char *at, size_t size) {
    struct http_parser *parser = llhttp->data;
    const enum result result = buf_append(&parser->target, bytes_of(at, size));
    return result == RESULT_OK
               ? 0
               : refuse_append(parser, result, 414, "request target", LIMIT_HTTP_TARGET_BYTES);
}

static int append_header(struct http_parser *parser, const char *at, size_t size) {
    const enum result result = buf_append(&parser->header, bytes_of(at, size));
    return result == RESULT_OK
               ? 0
               : refuse_append(parser, result, 431, "header", LIMIT_HTTP_HEADER_BYTES);
}

// Fields behind a chunked body are counted as framing and dropped.
static int on_header_field(llhttp_t *llhttp, const char *at, size_t size) {
    struct http_parser *parser = llhttp->data;
    if (parser->has_headers) {
        return 0;
    }
    const int failed = append_header(parser, at, size);
    parser->name_size = parser->header.size;
    return failed;
}

static int on_header_value(llhttp_t *llhttp, const char *at, size_t size) {
    struct http_parser *parser = llhttp->data;
    return parser->has_headers ? 0 : append_header(parser, at, size);
}

// RFC 9110, 5.6.2.
static bool is_token(struct bytes text) {
    for (size_t i = 0; i < text.size; i++) {
        const uint8_t c = text.data[i];
        const bool is_alphanumeric =
            (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!is_alphanumeric && (c == '\0' || strchr("!#$%&'*+-.^_`|~", c) == NULL)) {
            return false;
        }
    }
    return text.size > 0;
}

static struct bytes trim_right(struct bytes text) {
    while (text.size > 0 &&
           (text.data[text.size - 1] == ' ' || text.data[text.size - 1] == '\t')) {
        text.size--;
    }
    return text;
}

// Memory for the headers grows in steps of this many.
#define HEADER_STEP 8

static int add_header(struct http_parser *parser, struct bytes name, struct bytes value) {
    struct http_message *message = &parser->message;
    if (message->header_count % HEADER_STEP == 0) {
        struct http_header *grown =
            realloc(message->headers,
                    (message->header_count + HEADER_STEP) * sizeof(*message->headers));
        if (grown == NULL) {
            return refuse_out_of_memory(parser);
        }
        message->headers = grown;
    }
    struct http_header header = {.name = string_copy_bytes(name),
                                 .value = string_copy_bytes(value)};
    if (header.name == NULL || header.value == NULL) {
        free(header.name);
        free(header.value);
        return refuse_out_of_memory(parser);
    }
    text_lower(header.name);
    message->headers[message->header_count++] = header;
    return 0;
}

static int on_header_value_complete(llhttp_t *llhttp) {
    struct http_parser *parser = llhttp->data;
    if (parser->has_headers) {
        return 0;
    }
    const struct bytes whole = buf_bytes(&parser->header);
    const struct bytes name = bytes_slice(whole, 0, parser->name_size);
    const struct bytes value = bytes_slice(whole, parser->name_size, whole.size);
    if (!is_token(name)) {
        return refuse(parser, 400, "a header name holds a character that is not allowed");
    }
    if (parser->message.header_count == LIMIT_HTTP_HEADERS) {
        return refuse(parser, 431, "there are more than %d headers", LIMIT_HTTP_HEADERS);
    }
    const int failed = add_header(parser, name, trim_right(value));
    buf_reset(&parser->header);
    parser->name_size = 0;
    return failed;
}

// 1 tells llhttp that there is no body.
static int on_headers_complete(llhttp_t *llhttp) {
    struct http_parser *parser = llhttp->data;
    if (llhttp->http_major != 1) {
        return refuse(parser, 505, "expected HTTP/1.1, got version %d.%d", llhttp->http_major,
                      llhttp->http_minor);
    }
    parser->message.is_http_1_0 = llhttp->http_minor == 0;
    buf_clear(&parser->header);
    if (parser->check_head(parser) != 0) {
        return -1;
    }
    parser->has_headers = true;
    return parser->kind == HTTP_RESPONSE && parser->has_no_body ? 1 : 0;
}

static int on_body(llhttp_t *llhttp, const char *at, size_t size) {
    struct http_parser *parser = llhttp->data;
    if (check_framing(parser, at) != 0) {
        return -1;
    }
    parser->unchecked = at + size;
    http_framing_skip(&parser->framing);
    const enum result result = buf_append(&parser->message.body, bytes_of(at, size));
    return result == RESULT_OK
               ? 0
               : refuse_append(parser, result, 413, "body", parser->body_maximum);
}

static int on_message_complete(llhttp_t *llhttp) {
    struct http_parser *parser = llhttp->data;
    // An HTTP/1.0 client would need a field of its own to keep the connection; it is rare
    // enough.
    parser->message.keep_alive =
        llhttp_should_keep_alive(llhttp) != 0 && !parser->message.is_http_1_0;
    parser->is_complete = true;
    parser->is_interim = parser->kind == HTTP_RESPONSE && parser->message.status < 200;
    return HPE_PAUSED;
}

static const llhttp_settings_t settings = {
    .on_url = on_url,
    .on_header_field = on_header_field,
    .on_header_value = on_header_value,
    .on_header_value_complete = on_header_value_complete,
    .on_headers_complete = on_headers_complete,
    .on_body = on_body,
    .on_message_complete = on_message_complete,
};

// --- the parser --------------------------------------------------------------------------

static void message_clear(struct http_message *message) {
    for (size_t i = 0; i < message->header_count; i++) {
        free(message->headers[i].name);
        free(message->headers[i].value);
    }
    free(message->headers);
    free(message->path);
    free(message->query);
    buf_clear(&message->body);
    *message = (struct http_message){0};
}

// Ready for the first byte of a message. An idle connection holds no memory beside the struct.
static void begin(struct http_parser *parser) {
    message_clear(&parser->message);
    buf_clear(&parser->target);
    buf_clear(&parser->header);
    buf_init(&parser->message.body, parser->body_maximum);
    buf_init(&parser->target, LIMIT_HTTP_TARGET_BYTES);
    buf_init(&parser->header, LIMIT_HTTP_HEADER_BYTES);
    http_framing_begin(&parser->framing);
    parser->name_size = 0;
    parser->has_headers = false;
    parser->has_no_body = false;
    parser->is_complete = false;
    parser->is_interim = false;
    parser->wants_continue = false;
    llhttp_reset(&parser->llhttp);
}

static enum result parser_new(enum http_kind kind, int (*check_head)(struct http_parser *),
                              size_t body_maximum, struct http_parser **out_parser,
                              struct error *err) {
    struct http_parser *parser = calloc(1, sizeof(*parser));
    if (parser == NULL) {
        return error_out_of_memory(err);
    }
    parser->kind = kind;
    parser->check_head = check_head;
    parser->body_maximum = body_maximum;
    llhttp_init(&parser->llhttp, kind == HTTP_REQUEST ? LLHTTP_REQUEST : LLHTTP_RESPONSE,
                &settings);
    parser->llhttp.data = parser;
    begin(parser);
    *out_parser = parser;
    return RESULT_OK;
}

enum result http_parser_new(enum http_kind kind, size_t body_maximum,
                            struct http_parser **out_parser, struct error *err) {
    return parser_new(kind, kind == HTTP_REQUEST ? check_request : check_response, body_maximum,
                      out_parser, err);
}

enum result http_response_parser_new(size_t body_maximum, struct http_parser **out_parser,
                                     struct error *err) {
    return parser_new(HTTP_RESPONSE, check_response, body_maximum, out_parser, err);
}

void http_parser_free(struct http_parser *parser) {
    if (parser != NULL) {
        message_clear(&parser->message);
        buf_clear(&parser->target);
        buf_clear(&parser->header);
        free(parser);
    }
}

void http_parser_free_at(struct http_parser **parser) {
    http_parser_free(*parser);
    *parser = NULL;
}

static bool is_method_character(char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-' || c == '_';
}

// What llhttp refused by itself.
static int refuse_llhttp(struct http_parser *parser, llhttp_errno_t code, const char *data,
                         const char *end) {
    const char *at = llhttp_get_error_pos(&parser->llhttp);
    if (!parser->framing.has_begun && data[0] == 0x16) {
        return refuse(parser, 400, "these bytes are TLS, but this port speaks plain HTTP");
    }
    switch (code) {
    case HPE_INVALID_METHOD:
        if (at != NULL && at >= data && at < end && is_method_character(*at)) {
            return refuse(parser, 501, "the method is not known here");
        }
        return refuse(parser, 400, "expected an HTTP request");
    case HPE_INVALID_VERSION:
    case HPE_PAUSED_H2_UPGRADE:
        return refuse(parser, 505, "expected HTTP/1.1");
    default:
        return refuse(parser, 400, "not well-formed HTTP: %s",
                      llhttp_get_error_reason(&parser->llhttp));
    }
}

// Parses until a message is complete, which may be an interim one.
static enum result feed_once(struct http_parser *parser, struct bytes input, size_t *out_used) {
    const char *data = (const char *)input.data;
    const char *end = data + input.size;
    parser->unchecked = data;
    const llhttp_errno_t code = llhttp_execute(&parser->llhttp, data, input.size);
    if (parser->is_failed) {
        return parser->result;
    }
    if (code != HPE_OK && !parser->is_complete) {
        (void)refuse_llhttp(parser, code, data, end);
        return parser->result;
    }
    const char *stop = parser->is_complete ? llhttp_get_error_pos(&parser->llhttp) : end;
    if (check_framing(parser, stop) != 0 ||
        (parser->has_headers && check_start_line(parser) != 0)) {
        parser->is_complete = false;
        return parser->result;
    }
    *out_used = (size_t)(stop - data);
    return parser->is_complete ? RESULT_OK : RESULT_PENDING;
}

// RFC 9110, 15.2: a client takes any number of them; no server needs many.
static enum result drop_interim(struct http_parser *parser) {
    if (++parser->interim_count > LIMIT_HTTP_INTERIM) {
        parser->is_complete = false;
        (void)refuse(parser, 400, "more than %d interim answers came before the answer",
                     LIMIT_HTTP_INTERIM);
        return parser->result;
    }
    begin(parser);
    return RESULT_PENDING;
}

enum result http_parser_feed(struct http_parser *parser, struct bytes input, size_t *out_used,
                             struct error *err) {
    if (parser->is_failed) {
        return error_set(err, parser->result, "this HTTP connection has failed before");
    }
    size_t used = 0;
    enum result result = parser->is_complete ? RESULT_OK : RESULT_PENDING;
    parser->err = err;
    while (result == RESULT_PENDING && used < input.size) {
        size_t more = 0;
        result = feed_once(parser, bytes_slice(input, used, input.size), &more);
        used += more;
        if (result == RESULT_OK && parser->is_interim) {
            result = drop_interim(parser);
        }
    }
    parser->err = NULL;
    if (result == RESULT_OK || result == RESULT_PENDING) {
        *out_used = used;
    }
    return result;
}

enum result http_parser_finish(struct http_parser *parser, struct error *err) {
    if (parser->is_complete || (!parser->is_failed && !parser->framing.has_begun)) {
        return RESULT_OK;
    }
    // A body whose length only the end tells has nothing behind it and may end anywhere.
    if (!parser->is_failed && parser->has_headers &&
        llhttp_message_needs_eof(&parser->llhttp)) {
        parser->err = err;
        (void)llhttp_finish(&parser->llhttp);
        parser->err = NULL;
    }
    if (!parser->is_complete) {
        parser->is_failed = true;
        parser->status = 400;
        parser->result = RESULT_INVALID;
        return error_set(err, RESULT_INVALID,
                         "the connection ended in the middle of an HTTP message");
    }
    return RESULT_OK;
}

const struct http_message *http_parser_message(const struct http_parser *parser) {
    return parser->is_complete ? &parser->message : NULL;
}

void http_parser_next(struct http_parser *parser) {
    parser->expects_no_body = false;
    parser->interim_count = 0;
    begin(parser);
}

bool http_parser_is_busy(const struct http_parser *parser) {
    return parser->framing.has_begun && !parser->is_complete;
}

bool http_parser_take_continue(struct http_parser *parser) {
    const bool wants = parser->wants_continue && !parser->is_complete && !parser->is_failed;
    parser->wants_continue = false;
    return wants;
}

int http_parser_status(const struct http_parser *parser) {
    return parser->status;
}

void http_parser_expect_no_body(struct http_parser *parser) {
    parser->expects_no_body = true;
}
