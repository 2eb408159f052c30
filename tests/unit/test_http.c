// HTTP messages: what is read, what is refused with which status, and what is written.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "support/test.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/limits.h"
#include "wire/http.h"

#define BODY_MAXIMUM 1000
#define HOST "Host: ca.example\r\n"

// Feeds a whole text in one go.
static enum result feed_text(struct http_parser *parser, const char *text, size_t *out_used,
                             struct error *err) {
    return http_parser_feed(parser, bytes_of_string(text), out_used, err);
}

static struct http_parser *new_parser(enum http_kind kind) {
    struct http_parser *parser = NULL;
    struct error err = {0};
    assert_ok(http_parser_new(kind, BODY_MAXIMUM, &parser, &err), &err);
    return parser;
}

// --- requests ----------------------------------------------------------------------------

static void a_request_is_read_with_its_parts(void **state) {
    (void)state;
    AUTO(http_parser_free_at) struct http_parser *parser = new_parser(HTTP_REQUEST);
    struct error err = {0};
    size_t used = 0;
    const char *text = "POST /v1/enroll?wait=5&x=%20 HTTP/1.1\r\n" HOST
                       "X-Empty:\r\nX-Padded: \t a b \t\r\nContent-Length: 5\r\n\r\nhello";
    assert_null(http_parser_message(parser));
    assert_ok(feed_text(parser, text, &used, &err), &err);
    assert_int_equal(used, strlen(text));
    const struct http_message *message = http_parser_message(parser);
    assert_string_equal(message->method, "POST");
    assert_string_equal(message->path, "/v1/enroll");
    assert_string_equal(message->query, "wait=5&x=%20");
    assert_int_equal(message->header_count, 4);
    assert_string_equal(http_message_header(message, "host"), "ca.example");
    assert_string_equal(http_message_header(message, "x-empty"), "");
    assert_string_equal(http_message_header(message, "x-padded"), "a b");
    assert_null(http_message_header(message, "x-other"));
    assert_bytes_equal(buf_bytes(&message->body), BYTES_LITERAL("hello"));
    assert_true(message->keep_alive);
    assert_false(message->is_http_1_0);
}

struct accepted {
    const char *text;
    const char *path;
    const char *query;
    const char *body;
    bool keep_alive;
};

static const struct accepted accepted[] = {
    {"GET / HTTP/1.1\r\n" HOST "\r\n", "/", "", "", true},
    {"\r\n\r\nGET / HTTP/1.1\r\n" HOST "\r\n", "/", "", "", true},
    {"GET / HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n", "/", "", "", false},
    {"GET / HTTP/1.0\r\n\r\n", "/", "", "", false},
    {"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", "/", "", "", false},
    {"GET /? HTTP/1.1\r\n" HOST "\r\n", "/", "", "", true},
    {"GET /a?b?c HTTP/1.1\r\n" HOST "\r\n", "/a", "b?c", "", true},
    {"GET http://ca.example/a?b HTTP/1.1\r\n" HOST "\r\n", "/a", "b", "", true},
    {"GET https://CA.example/a HTTP/1.1\r\n" HOST "\r\n", "/a", "", "", true},
    {"OPTIONS * HTTP/1.1\r\n" HOST "\r\n", "*", "", "", true},
    {"GET /ocsp/MFQ%2F%2FMa%2B%3D HTTP/1.1\r\n" HOST "\r\n", "/ocsp/MFQ//Ma+=", "", "", true},
    {"GET /ocsp/%4dFQ HTTP/1.1\r\n" HOST "\r\n", "/ocsp/MFQ", "", "", true},
    {"GET /caf%C3%A9 HTTP/1.1\r\n" HOST "\r\n", "/caf\xc3\xa9", "", "", true},
    {"GET /a%20b%3A%2B HTTP/1.1\r\n" HOST "\r\n", "/a b:+", "", "", true},
    {"GET /a?b=%2f%61%5c HTTP/1.1\r\n" HOST "\r\n", "/a", "b=%2f%61%5c", "", true},
    {"GET /... HTTP/1.1\r\n" HOST "\r\n", "/...", "", "", true},
    {"GET / HTTP/1.1\r\nHost: [2001:db8::1]:8443\r\n\r\n", "/", "", "", true},
    {"GET / HTTP/1.1\r\n" HOST "Upgrade: h2c\r\nConnection: Upgrade\r\n\r\n", "/", "", "",
     true},
    {"DELETE /x HTTP/1.1\r\n" HOST "Content-Length: 0\r\n\r\n", "/x", "", "", true},
    {"PUT /x HTTP/1.1\r\n" HOST "Content-Length: 3\r\n\r\nabc", "/x", "", "abc", true},
    {"POST /x HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n"
     "3\r\nabc\r\nA;name=value\r\n0123456789\r\n0\r\n\r\n",
     "/x", "", "abc0123456789", true},
    {"POST /x HTTP/1.1\r\n" HOST "Transfer-Encoding: Chunked\r\n\r\n"
     "1\r\n\n\r\n0\r\nTrailer: dropped\r\n\r\n",
     "/x", "", "\n", true},
    {"HEAD /x HTTP/1.1\r\nHost:\r\n\r\n", "/x", "", "", true},
};

static void well_formed_requests_are_read(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof(accepted) / sizeof(accepted[0]); i++) {
        AUTO(http_parser_free_at) struct http_parser *parser = new_parser(HTTP_REQUEST);
        struct error err = {0};
        size_t used = 0;
        assert_ok(feed_text(parser, accepted[i].text, &used, &err), &err);
        assert_int_equal(used, strlen(accepted[i].text));
        const struct http_message *message = http_parser_message(parser);
        assert_string_equal(message->path, accepted[i].path);
        assert_string_equal(message->query, accepted[i].query);
        assert_bytes_equal(buf_bytes(&message->body), bytes_of_string(accepted[i].body));
        assert_int_equal(message->keep_alive, accepted[i].keep_alive);
        assert_null(http_message_header(message, "trailer"));
    }
}

struct refused {
    const char *text;
    int status;
    const char *code;
};

#define POST "POST / HTTP/1.1\r\n" HOST
#define CHUNKED POST "Transfer-Encoding: chunked\r\n\r\n"

static const struct refused refused[] = {
    // the request line
    {"BREW / HTTP/1.1\r\n" HOST "\r\n", 501, "not_implemented"},
    {"PATCH / HTTP/1.1\r\n" HOST "\r\n", 501, "not_implemented"},
    {"TRACE / HTTP/1.1\r\n" HOST "\r\n", 501, "not_implemented"},
    {"CONNECT ca.example:443 HTTP/1.1\r\n" HOST "\r\n", 501, "not_implemented"},
    {"GET / HTTP/2.0\r\n" HOST "\r\n", 505, "http_version"},
    {"GET / HTTP/1.9\r\n" HOST "\r\n", 505, "http_version"},
    {"GET /\r\n\r\n", 505, "http_version"},
    {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505, "http_version"},
    {"GET / RTSP/1.0\r\n" HOST "\r\n", 400, "bad_request"},
    {"GET /  HTTP/1.1\r\n" HOST "\r\n", 400, "bad_request"},
    {" GET / HTTP/1.1\r\n" HOST "\r\n", 400, "bad_request"},
    {"\x16\x03\x01\x02", 400, "bad_request"},
    {"{\"json\":1}", 400, "bad_request"},
    // the target
    {"GET /a/../b HTTP/1.1\r\n" HOST "\r\n", 400, "invalid"},
    {"GET /a/%2e%2E/b HTTP/1.1\r\n" HOST "\r\n", 400, "invalid"},
    {"GET /a%2f..%2fb HTTP/1.1\r\n" HOST "\r\n", 400, "invalid"},
    {"GET /v1%2fauthority HTTP/1.1\r\n" HOST "\r\n", 400, "invalid"},
    {"GET /v1%2Fauthority HTTP/1.1\r\n" HOST "\r\n", 400, "invalid"},
    {"GET http://ca.example/v1%2fauthority HTTP/1.1\r\n" HOST "\r\n", 400, "invalid"},
    {"GET /v1%5cauthority HTTP/1.1\r\n" HOST "\r\n", 400, "invalid"},
    {"GET /%76%31/authority HTTP/1.1\r\n" HOST "\r\n", 400, "invalid"},
    {"GET /%6fcsp/MFQ%2F HTTP/1.1\r\n" HOST "\r\n", 400, "invalid"},
    {"GET /ocsp%2fMFQ HTTP/1.1\r\n" HOST "\r\n", 400, "invalid"},
    {"GET /ocsp/%5c HTTP/1.1\r\n" HOST "\r\n", 400, "invalid"},
    {"GET /ocsp/%00 HTTP/1.1\r\n" HOST "\r\n", 400, "invalid"},
    {"GET /ocsp/%2e%2e%2fv1/authority HTTP/1.1\r\n" HOST "\r\n", 400, "invalid"},
    {"GET /a/. HTTP/1.1\r\n" HOST "\r\n", 400, "invalid"},
    {"GET //a HTTP/1.1\r\n" HOST "\r\n", 400, "invalid"},
    {"GET /a/ HTTP/1.1\r\n" HOST "\r\n", 400, "invalid"},
    {"GET /%00 HTTP/1.1\r\n" HOST "\r\n", 400, "invalid"},
    {"GET /%0a HTTP/1.1\r\n" HOST "\r\n", 400, "invalid"},
    {"GET /%ff HTTP/1.1\r\n" HOST "\r\n", 400, "invalid"},
    {"GET /%2 HTTP/1.1\r\n" HOST "\r\n", 400, "invalid"},
    {"GET /%zz HTTP/1.1\r\n" HOST "\r\n", 400, "invalid"},
    {"GET /?%zz HTTP/1.1\r\n" HOST "\r\n", 400, "invalid"},
    {"GET /\\ HTTP/1.1\r\n" HOST "\r\n", 400, "invalid"},
    {"GET /#f HTTP/1.1\r\n" HOST "\r\n", 400, NULL},
    {"GET /\xc3\xa9 HTTP/1.1\r\n" HOST "\r\n", 400, NULL},
    {"GET * HTTP/1.1\r\n" HOST "\r\n", 400, "invalid"},
    {"GET http://other.example/ HTTP/1.1\r\n" HOST "\r\n", 400, "invalid"},
    {"GET http://ca.example HTTP/1.1\r\n" HOST "\r\n", 400, "invalid"},
    {"GET ftp://ca.example/ HTTP/1.1\r\n" HOST "\r\n", 400, "invalid"},
    // Host
    {"GET / HTTP/1.1\r\n\r\n", 400, "bad_request"},
    {"GET / HTTP/1.1\r\n" HOST HOST "\r\n", 400, "bad_request"},
    {"GET / HTTP/1.0\r\n" HOST HOST "\r\n", 400, "bad_request"},
    {"GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400, "bad_request"},
    {"GET / HTTP/1.1\r\nHost: a@b\r\n\r\n", 400, "bad_request"},
    // lengths
    {POST "Content-Length: 1\r\nContent-Length: 1\r\n\r\nx", 400, "bad_request"},
    {POST "Content-Length: 1, 1\r\n\r\nx", 400, "bad_request"},
    {POST "Content-Length: +1\r\n\r\nx", 400, "bad_request"},
    {POST "Content-Length: 0x1\r\n\r\nx", 400, "bad_request"},
    {POST "Content-Length:\r\n\r\nx", 400, "bad_request"},
    {POST "Content-Length: 99999999999999999999999\r\n\r\nx", 400, "bad_request"},
    {POST "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400, "bad_request"},
    {POST "Transfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n", 400, "bad_request"},
    {POST "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", 400,
     "bad_request"},
    {POST "Transfer-Encoding: gzip, chunked\r\n\r\n", 501, "not_implemented"},
    {POST "Transfer-Encoding: identity\r\n\r\n", 501, "not_implemented"},
    {POST "Transfer-Encoding: xchunked\r\n\r\n", 501, "not_implemented"},
    {"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 400, "bad_request"},
    {POST "Content-Length: 1001\r\n\r\n", 413, "body_too_large"},
    {POST "Expect: the-unexpected\r\nContent-Length: 1\r\n\r\n", 417, "expectation_unknown"},
    // lines
    {"GET / HTTP/1.1\n" HOST "\r\n", 400, "bad_request"},
    {"GET / HTTP/1.1\r\nHost: a\n\r\n", 400, "bad_request"},
    {"GET / HTTP/1.1\r\nHost: a\r\rX: b\r\n\r\n", 400, "bad_request"},
    {"GET / HTTP/1.1\r\n" HOST "X: a\r\n b\r\n\r\n", 400, "bad_request"},
    {"GET / HTTP/1.1\r\n" HOST "X: a\r\n\tb\r\n\r\n", 400, "bad_request"},
    {"GET / HTTP/1.1\r\n X: a\r\n" HOST "\r\n", 400, "bad_request"},
    {"GET / HTTP/1.1\r\n" HOST "X : a\r\n\r\n", 400, "bad_request"},
    {"GET / HTTP/1.1\r\n" HOST "X y: a\r\n\r\n", 400, "bad_request"},
    {"GET / HTTP/1.1\r\n" HOST ": a\r\n\r\n", 400, "bad_request"},
    {"GET / HTTP/1.1\r\n" HOST "no colon\r\n\r\n", 400, "bad_request"},
    {"GET / HTTP/1.1\r\n" HOST "X: a\x01\r\n\r\n", 400, "bad_request"},
    {"GET / HTTP/1.1\r\n" HOST "X: a\x7f\r\n\r\n", 400, "bad_request"},
    // chunks
    {CHUNKED "x\r\n", 400, "bad_request"},
    {CHUNKED "-1\r\n", 400, "bad_request"},
    {CHUNKED "1\nx\r\n0\r\n\r\n", 400, "bad_request"},
    {CHUNKED "1\r\nxy\r\n0\r\n\r\n", 400, "bad_request"},
    {CHUNKED "1\r\nx\n0\r\n\r\n", 400, "bad_request"},
    {CHUNKED "1\r\nx0\r\n\r\n", 400, "bad_request"},
    {CHUNKED "1;a\rb\r\nx\r\n0\r\n\r\n", 400, "bad_request"},
    {CHUNKED "ffffffffffffffffff\r\n", 400, "bad_request"},
    {CHUNKED "0\r\nA: b\r\n c\r\n\r\n", 400, "bad_request"},
};

// The refusal must be the same however the bytes arrive.
static void require_refusal(const struct refused *row, size_t step) {
    AUTO(http_parser_free_at) struct http_parser *parser = new_parser(HTTP_REQUEST);
    struct error err = {0};
    const struct bytes text = bytes_of_string(row->text);
    enum result result = RESULT_PENDING;
    for (size_t at = 0; at < text.size && result == RESULT_PENDING; at += step) {
        size_t used = 0;
        result = http_parser_feed(parser, bytes_slice(text, at, step), &used, &err);
    }
    if (http_parser_status(parser) != row->status ||
        (result != RESULT_INVALID && result != RESULT_LIMIT)) {
        print_error("%s: %s, status %d instead of %d: %s\n", row->text,
                    result_wire_name(result), http_parser_status(parser), row->status,
                    err.message);
        fail();
    }
    if (row->code != NULL) {
        assert_string_equal(err.code, row->code);
    }
    assert_null(http_parser_message(parser));
    size_t used = 0;
    assert_result(result, feed_text(parser, "GET / HTTP/1.1\r\n" HOST "\r\n", &used, &err),
                  &err);
}

static void malformed_requests_are_refused_with_their_status(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        require_refusal(&refused[i], strlen(refused[i].text));
        require_refusal(&refused[i], 1);
    }
}

static void a_zero_byte_in_a_header_is_refused(void **state) {
    (void)state;
    AUTO(http_parser_free_at) struct http_parser *parser = new_parser(HTTP_REQUEST);
    struct error err = {0};
    size_t used = 0;
    assert_result(RESULT_INVALID,
                  http_parser_feed(parser,
                                   BYTES_LITERAL("GET / HTTP/1.1\r\nHost: a\0b\r\n\r\n"), &used,
                                   &err),
                  &err);
    assert_int_equal(http_parser_status(parser), 400);
}

// --- limits ------------------------------------------------------------------------------

// Repeats a byte between two texts.
static void build_padded(struct buf *out, const char *before, size_t count, char byte,
                         const char *after) {
    buf_init(out, 1024 * 1024);
    assert_int_equal(buf_append_string(out, before), RESULT_OK);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(buf_append_byte(out, (uint8_t)byte), RESULT_OK);
    }
    assert_int_equal(buf_append_string(out, after), RESULT_OK);
}

// Requires OK up to `most` repetitions and the status above it.
static void require_limit(const char *before, const char *after, size_t most, int status) {
    for (size_t extra = 0; extra <= 1; extra++) {
        AUTO(buf_clear) struct buf text = {0};
        build_padded(&text, before, most + extra, 'a', after);
        AUTO(http_parser_free_at) struct http_parser *parser = new_parser(HTTP_REQUEST);
        struct error err = {0};
        size_t used = 0;
        assert_result(extra == 0 ? RESULT_OK : RESULT_LIMIT,
                      http_parser_feed(parser, buf_bytes(&text), &used, &err), &err);
        assert_int_equal(http_parser_status(parser), extra == 0 ? 0 : status);
    }
}

static void the_target_is_limited(void **state) {
    (void)state;
    require_limit("GET /", " HTTP/1.1\r\n" HOST "\r\n", LIMIT_HTTP_TARGET_BYTES - 1, 414);
}

static void the_header_is_limited(void **state) {
    (void)state;
    const char *before = "GET / HTTP/1.1\r\n" HOST "X: ";
    require_limit(before, "\r\n\r\n", LIMIT_HTTP_HEADER_BYTES - strlen(before) - 4, 431);
}

static void trailers_count_as_header(void **state) {
    (void)state;
    const char *before = CHUNKED "0\r\nX: ";
    require_limit(before, "\r\n\r\n", LIMIT_HTTP_HEADER_BYTES - strlen(before) - 4, 431);
}

static void chunk_extensions_are_limited(void **state) {
    (void)state;
    const char *before = CHUNKED "1;x=";
    // What follows the data is framing as well; one byte of body adds one.
    require_limit(before, "\r\nb\r\n0\r\n\r\n",
                  LIMIT_HTTP_HEADER_BYTES - strlen(before) - strlen("\r\n\r\n0\r\n\r\n") + 1,
                  431);
}

static void a_body_of_tiny_chunks_is_limited(void **state) {
    (void)state;
    for (size_t count = 500; count <= BODY_MAXIMUM + 1; count += BODY_MAXIMUM - 499) {
        AUTO(buf_clear) struct buf text = {0};
        buf_init(&text, 1024 * 1024);
        assert_int_equal(buf_append_string(&text, CHUNKED), RESULT_OK);
        for (size_t i = 0; i < count; i++) {
            assert_int_equal(buf_append_string(&text, "1\r\nx\r\n"), RESULT_OK);
        }
        assert_int_equal(buf_append_string(&text, "0\r\n\r\n"), RESULT_OK);
        AUTO(http_parser_free_at) struct http_parser *parser = new_parser(HTTP_REQUEST);
        struct error err = {0};
        size_t used = 0;
        assert_result(count == 500 ? RESULT_OK : RESULT_LIMIT,
                      http_parser_feed(parser, buf_bytes(&text), &used, &err), &err);
        assert_int_equal(http_parser_status(parser), count == 500 ? 0 : 413);
    }
}

static void the_number_of_headers_is_limited(void **state) {
    (void)state;
    for (size_t count = LIMIT_HTTP_HEADERS; count <= LIMIT_HTTP_HEADERS + 1; count++) {
        AUTO(buf_clear) struct buf text = {0};
        buf_init(&text, 65536);
        assert_int_equal(buf_append_string(&text, "GET / HTTP/1.1\r\n" HOST), RESULT_OK);
        for (size_t i = 1; i < count; i++) {
            assert_int_equal(buf_printf(&text, "x-%zu: %zu\r\n", i, i), RESULT_OK);
        }
        assert_int_equal(buf_append_string(&text, "\r\n"), RESULT_OK);
        AUTO(http_parser_free_at) struct http_parser *parser = new_parser(HTTP_REQUEST);
        struct error err = {0};
        size_t used = 0;
        const bool fits = count == LIMIT_HTTP_HEADERS;
        assert_result(fits ? RESULT_OK : RESULT_LIMIT,
                      http_parser_feed(parser, buf_bytes(&text), &used, &err), &err);
        assert_int_equal(http_parser_status(parser), fits ? 0 : 431);
    }
}

static void the_body_is_limited(void **state) {
    (void)state;
    AUTO(buf_clear) struct buf text = {0};
    build_padded(&text, POST "Content-Length: 1000\r\n\r\n", BODY_MAXIMUM, 'b', "");
    AUTO(http_parser_free_at) struct http_parser *parser = new_parser(HTTP_REQUEST);
    struct error err = {0};
    size_t used = 0;
    assert_ok(http_parser_feed(parser, buf_bytes(&text), &used, &err), &err);
    assert_int_equal(http_parser_message(parser)->body.size, BODY_MAXIMUM);
}

// --- streams -----------------------------------------------------------------------------

// A digest of a message as text, to compare streams with.
static void describe(const struct http_message *message, struct buf *out) {
    assert_int_equal(buf_printf(out, "%s %s %s %d %d\n", message->method,
                                message->path != NULL ? message->path : "",
                                message->query != NULL ? message->query : "", message->status,
                                message->keep_alive),
                     RESULT_OK);
    for (size_t i = 0; i < message->header_count; i++) {
        assert_int_equal(
            buf_printf(out, "%s=%s\n", message->headers[i].name, message->headers[i].value),
            RESULT_OK);
    }
    assert_int_equal(buf_append(out, buf_bytes(&message->body)), RESULT_OK);
    assert_int_equal(buf_append_string(out, "\n--\n"), RESULT_OK);
}

// Reads a stream cut at `split` the way a connection does, and describes every message.
static size_t read_stream(enum http_kind kind, struct bytes stream, size_t split,
                          struct buf *out) {
    AUTO(http_parser_free_at) struct http_parser *parser = new_parser(kind);
    struct error err = {0};
    size_t messages = 0;
    const struct bytes parts[2] = {bytes_slice(stream, 0, split),
                                   bytes_slice(stream, split, stream.size)};
    for (size_t i = 0; i < 2; i++) {
        struct bytes left = parts[i];
        while (left.size > 0) {
            size_t used = 0;
            const enum result result = http_parser_feed(parser, left, &used, &err);
            left = bytes_slice(left, used, left.size);
            if (result == RESULT_PENDING) {
                assert_int_equal(left.size, 0);
                break;
            }
            assert_result(RESULT_OK, result, &err);
            describe(http_parser_message(parser), out);
            messages++;
            http_parser_next(parser);
        }
    }
    assert_false(http_parser_is_busy(parser));
    assert_ok(http_parser_finish(parser, &err), &err);
    return messages;
}

static void require_same_at_every_split(enum http_kind kind, struct bytes stream,
                                        size_t messages) {
    AUTO(buf_clear) struct buf whole = {0};
    buf_init(&whole, 65536);
    assert_int_equal(read_stream(kind, stream, 0, &whole), messages);
    for (size_t split = 1; split < stream.size; split++) {
        AUTO(buf_clear) struct buf parts = {0};
        buf_init(&parts, 65536);
        assert_int_equal(read_stream(kind, stream, split, &parts), messages);
        assert_bytes_equal(buf_bytes(&parts), buf_bytes(&whole));
    }
}

static void pipelined_requests_are_the_same_at_every_split(void **state) {
    (void)state;
    require_same_at_every_split(
        HTTP_REQUEST,
        BYTES_LITERAL("GET /a?b=c HTTP/1.1\r\n" HOST "X-Y:  z \r\n\r\n"
                      "POST /b HTTP/1.1\r\n" HOST "Content-Length: 6\r\n\r\nGET /x"
                      "\r\nPOST /c HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n"
                      "4;e=\"q\"\r\n\r\n\r\n\r\n00002\r\nab\r\n0\r\nT: v\r\n\r\n"
                      "HEAD /d HTTP/1.1\r\n" HOST "\r\n"
                      "DELETE /e HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n"),
        5);
}

static void pipelined_responses_are_the_same_at_every_split(void **state) {
    (void)state;
    require_same_at_every_split(
        HTTP_RESPONSE,
        BYTES_LITERAL("HTTP/1.1 100 Continue\r\n\r\n"
                      "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"
                      "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
                      "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\nETag: \"1\"\r\n\r\n"
                      "HTTP/1.1 202 \r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
                      "HTTP/1.1 204 No Content\r\n\r\n"
                      "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"),
        5);
}

static void a_message_stops_before_the_next(void **state) {
    (void)state;
    AUTO(http_parser_free_at) struct http_parser *parser = new_parser(HTTP_REQUEST);
    struct error err = {0};
    size_t used = 0;
    const char *first = "GET /a HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n";
    AUTO(buf_clear) struct buf both = {0};
    build_padded(&both, first, 3, 'X', "");
    assert_ok(http_parser_feed(parser, buf_bytes(&both), &used, &err), &err);
    assert_int_equal(used, strlen(first));
    assert_false(http_parser_is_busy(parser));
    // Asked again without http_parser_next it takes nothing and keeps the message.
    assert_ok(http_parser_feed(parser, BYTES_LITERAL("XXX"), &used, &err), &err);
    assert_int_equal(used, 0);
    assert_string_equal(http_parser_message(parser)->path, "/a");
}

static void a_parser_is_busy_from_the_first_byte_to_the_last(void **state) {
    (void)state;
    AUTO(http_parser_free_at) struct http_parser *parser = new_parser(HTTP_REQUEST);
    struct error err = {0};
    size_t used = 0;
    assert_false(http_parser_is_busy(parser));
    assert_result(RESULT_PENDING, feed_text(parser, "\r\n", &used, &err), &err);
    assert_false(http_parser_is_busy(parser));
    assert_result(RESULT_PENDING, feed_text(parser, "G", &used, &err), &err);
    assert_true(http_parser_is_busy(parser));
    assert_result(RESULT_PENDING, feed_text(parser, "ET / HTTP/1.1\r\n" HOST, &used, &err),
                  &err);
    assert_true(http_parser_is_busy(parser));
    assert_ok(feed_text(parser, "\r\n", &used, &err), &err);
    assert_false(http_parser_is_busy(parser));
}

static void a_wanted_continue_is_told_once_and_only_before_the_body(void **state) {
    (void)state;
    const char *head = POST "Expect: 100-Continue\r\nContent-Length: 2\r\n\r\n";
    struct error err = {0};
    size_t used = 0;
    AUTO(http_parser_free_at) struct http_parser *parser = new_parser(HTTP_REQUEST);
    assert_false(http_parser_take_continue(parser));
    assert_result(RESULT_PENDING, feed_text(parser, head, &used, &err), &err);
    assert_true(http_parser_take_continue(parser));
    assert_false(http_parser_take_continue(parser));
    assert_ok(feed_text(parser, "ab", &used, &err), &err);

    AUTO(http_parser_free_at) struct http_parser *eager = new_parser(HTTP_REQUEST);
    AUTO(buf_clear) struct buf whole = {0};
    build_padded(&whole, head, 2, 'a', "");
    assert_ok(http_parser_feed(eager, buf_bytes(&whole), &used, &err), &err);
    assert_false(http_parser_take_continue(eager));
}

static void an_encoded_slash_is_refused_in_clear_words(void **state) {
    (void)state;
    static const struct {
        const char *text, *message;
    } rows[] = {
        {"GET /v1%2fauthority HTTP/1.1\r\n" HOST "\r\n",
         "the path holds %2f at character 4, which is not taken encoded"},
        {"GET /a%5Cb HTTP/1.1\r\n" HOST "\r\n",
         "the path holds %5c at character 3, which is not taken encoded"},
        {"GET /a/%00 HTTP/1.1\r\n" HOST "\r\n",
         "the path holds %00 at character 4, which is not taken encoded"},
        {"GET /%76 HTTP/1.1\r\n" HOST "\r\n",
         "the path holds %76 at character 2, which is not taken encoded"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        AUTO(http_parser_free_at) struct http_parser *parser = new_parser(HTTP_REQUEST);
        struct error err = {0};
        size_t used = 0;
        assert_result(RESULT_INVALID, feed_text(parser, rows[i].text, &used, &err), &err);
        assert_string_equal(err.message, rows[i].message);
        assert_int_equal(http_parser_status(parser), 400);
    }
}

// --- responses ---------------------------------------------------------------------------

static void a_response_without_length_ends_with_the_connection(void **state) {
    (void)state;
    AUTO(http_parser_free_at) struct http_parser *parser = new_parser(HTTP_RESPONSE);
    struct error err = {0};
    size_t used = 0;
    assert_result(RESULT_PENDING, feed_text(parser, "HTTP/1.1 200 OK\r\n\r\nall", &used, &err),
                  &err);
    assert_result(RESULT_PENDING, feed_text(parser, " of it", &used, &err), &err);
    assert_ok(http_parser_finish(parser, &err), &err);
    const struct http_message *message = http_parser_message(parser);
    assert_bytes_equal(buf_bytes(&message->body), BYTES_LITERAL("all of it"));
    assert_false(message->keep_alive);
}

static void a_few_interim_responses_are_dropped_and_no_more(void **state) {
    (void)state;
    static const char interim[] = "HTTP/1.1 100 Continue\r\n\r\n";
    static const char final[] = "HTTP/1.1 204 No Content\r\n\r\n";
    AUTO(http_parser_free_at) struct http_parser *parser = new_parser(HTTP_RESPONSE);
    struct error err = {0};
    size_t used = 0;
    // Each answer has its own few, whether they come one by one or at once.
    for (size_t answer = 0; answer < 3; answer++) {
        for (size_t i = 0; i < LIMIT_HTTP_INTERIM; i++) {
            assert_result(RESULT_PENDING, feed_text(parser, interim, &used, &err), &err);
            assert_int_equal(used, strlen(interim));
        }
        assert_ok(feed_text(parser, final, &used, &err), &err);
        assert_int_equal(http_parser_message(parser)->status, 204);
        http_parser_next(parser);
    }
    AUTO(buf_clear) struct buf many = {0};
    buf_init(&many, 4096);
    for (size_t i = 0; i <= LIMIT_HTTP_INTERIM; i++) {
        assert_int_equal(RESULT_OK, buf_append_string(&many, interim));
    }
    assert_int_equal(RESULT_OK, buf_append_string(&many, final));
    assert_result(RESULT_INVALID, http_parser_feed(parser, buf_bytes(&many), &used, &err),
                  &err);
    assert_string_equal(err.code, "bad_request");
    assert_string_equal(err.message, "more than 8 interim answers came before the answer");
    assert_null(http_parser_message(parser));
    assert_result(RESULT_INVALID, feed_text(parser, final, &used, &err), &err);
}

static void a_message_that_is_cut_off_is_refused(void **state) {
    (void)state;
    static const struct {
        enum http_kind kind;
        const char *text;
    } rows[] = {
        {HTTP_REQUEST, "GET / HT"},
        {HTTP_REQUEST, "GET / HTTP/1.1\r\n" HOST},
        {HTTP_REQUEST, POST "Content-Length: 2\r\n\r\na"},
        {HTTP_REQUEST, CHUNKED "1\r\na\r\n"},
        {HTTP_RESPONSE, "HTTP/1.1 200 OK\r\n"},
        {HTTP_RESPONSE, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\na"},
        {HTTP_RESPONSE, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        AUTO(http_parser_free_at) struct http_parser *parser = new_parser(rows[i].kind);
        struct error err = {0};
        size_t used = 0;
        assert_result(RESULT_PENDING, feed_text(parser, rows[i].text, &used, &err), &err);
        assert_result(RESULT_INVALID, http_parser_finish(parser, &err), &err);
        assert_null(http_parser_message(parser));
    }
}

static void a_response_to_head_has_no_body(void **state) {
    (void)state;
    AUTO(http_parser_free_at) struct http_parser *parser = new_parser(HTTP_RESPONSE);
    struct error err = {0};
    size_t used = 0;
    const char *head = "HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n";
    http_parser_expect_no_body(parser);
    assert_ok(feed_text(parser, head, &used, &err), &err);
    assert_int_equal(http_parser_message(parser)->body.size, 0);
    assert_true(http_parser_message(parser)->keep_alive);
    // The next one has a body again.
    http_parser_next(parser);
    assert_result(RESULT_LIMIT, feed_text(parser, head, &used, &err), &err);
    assert_string_equal(err.code, "body_too_large");
}

static void malformed_responses_are_refused(void **state) {
    (void)state;
    static const char *const rows[] = {
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
        "HTTP/1.1 99 Low\r\n\r\n",
        "HTTP/1.1 600 High\r\n\r\n",
        "HTTP/2.0 200 OK\r\n\r\n",
        "RTSP/1.0 200 OK\r\n\r\n",
        "SSH-2.0-OpenSSH_9.2\r\n",
        "HTTP/1.1 200 OK\nContent-Length: 0\n\n",
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        AUTO(http_parser_free_at) struct http_parser *parser = new_parser(HTTP_RESPONSE);
        struct error err = {0};
        size_t used = 0;
        assert_result(RESULT_INVALID, feed_text(parser, rows[i], &used, &err), &err);
    }
}

// --- writing -----------------------------------------------------------------------------

static void responses_are_written_with_date_and_length(void **state) {
    (void)state;
    clock_use_manual(1795247253);
    AUTO(buf_clear) struct buf out = {0};
    buf_init(&out, 4096);
    const struct http_response answer = {.status = 200,
                                         .content_type = "application/json",
                                         .extra_headers = "ETag: \"1\"\r\n",
                                         .body = BYTES_LITERAL("{}"),
                                         .keep_alive = true};
    assert_int_equal(http_write_response(&answer, &out), RESULT_OK);
    assert_string_equal(buf_string(&out),
                        "HTTP/1.1 200 OK\r\nDate: Sat, 21 Nov 2026 07:47:33 GMT\r\n"
                        "Content-Type: application/json\r\nContent-Length: 2\r\n"
                        "X-Content-Type-Options: nosniff\r\nETag: \"1\"\r\n\r\n{}");
    buf_reset(&out);
    struct http_response head = answer;
    head.head_only = true;
    head.keep_alive = false;
    assert_int_equal(http_write_response(&head, &out), RESULT_OK);
    assert_non_null(strstr(buf_string(&out), "Content-Length: 2\r\n"));
    assert_non_null(strstr(buf_string(&out), "Connection: close\r\n"));
    assert_string_equal(buf_string(&out) + out.size - 4, "\r\n\r\n");
    clock_use_system();
}

static void statuses_without_body_have_no_length(void **state) {
    (void)state;
    static const int statuses[] = {100, 204, 304};
    for (size_t i = 0; i < 3; i++) {
        AUTO(buf_clear) struct buf out = {0};
        buf_init(&out, 4096);
        const struct http_response answer = {
            .status = statuses[i], .body = BYTES_LITERAL("x"), .keep_alive = true};
        assert_int_equal(http_write_response(&answer, &out), RESULT_OK);
        assert_null(strstr(buf_string(&out), "Content-Length"));
        assert_string_equal(buf_string(&out) + out.size - 4, "\r\n\r\n");
    }
}

static void a_response_that_does_not_fit_leaves_nothing(void **state) {
    (void)state;
    AUTO(buf_clear) struct buf out = {0};
    buf_init(&out, 200);
    struct http_response answer = {.status = 200, .body = BYTES_LITERAL("fits")};
    assert_int_equal(http_write_response(&answer, &out), RESULT_OK);
    const size_t size = out.size;
    assert_int_equal(http_write_response(&answer, &out), RESULT_LIMIT);
    assert_int_equal(out.size, size);
}

static void what_is_written_is_read_again(void **state) {
    (void)state;
    AUTO(buf_clear) struct buf out = {0};
    buf_init(&out, 4096);
    struct error err = {0};
    size_t used = 0;
    assert_int_equal(http_write_request("POST", "/v1/enroll", "ca.example:443",
                                        "Expect: 100-continue\r\n", "application/json",
                                        BYTES_LITERAL("{}"), &out),
                     RESULT_OK);
    AUTO(http_parser_free_at) struct http_parser *parser = new_parser(HTTP_REQUEST);
    assert_ok(http_parser_feed(parser, buf_bytes(&out), &used, &err), &err);
    const struct http_message *message = http_parser_message(parser);
    assert_string_equal(http_message_header(message, "host"), "ca.example:443");
    assert_string_equal(http_message_header(message, "content-type"), "application/json");
    assert_bytes_equal(buf_bytes(&message->body), BYTES_LITERAL("{}"));
}

static void a_get_has_no_length_and_an_empty_post_has(void **state) {
    (void)state;
    AUTO(buf_clear) struct buf out = {0};
    buf_init(&out, 4096);
    assert_int_equal(http_write_request("GET", "/", "a", NULL, NULL, (struct bytes){0}, &out),
                     RESULT_OK);
    assert_string_equal(buf_string(&out), "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    buf_reset(&out);
    assert_int_equal(http_write_request("POST", "/", "a", NULL, NULL, (struct bytes){0}, &out),
                     RESULT_OK);
    assert_string_equal(buf_string(&out),
                        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n");
}

static void a_request_that_would_break_its_lines_is_not_written(void **state) {
    (void)state;
    static const char *const bad[] = {"/a b", "/a\r\nX: y", "", "/\x7f"};
    AUTO(buf_clear) struct buf out = {0};
    buf_init(&out, 4096);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(
            http_write_request("GET", bad[i], "a", NULL, NULL, (struct bytes){0}, &out),
            RESULT_INVALID);
        assert_int_equal(
            http_write_request("GET", "/", bad[i], NULL, NULL, (struct bytes){0}, &out),
            RESULT_INVALID);
    }
    assert_int_equal(out.size, 0);
}

// --- query and percent -------------------------------------------------------------------

static void query_parameters_are_walked_and_decoded(void **state) {
    (void)state;
    const char *query = "a=1&&b=%20x%3D&c&d=2+2=4";
    static const char *const expected[][2] = {
        {"a", "1"}, {"b", " x="}, {"c", ""}, {"d", "2+2=4"}};
    AUTO(buf_clear) struct buf name = {0};
    AUTO(buf_clear) struct buf value = {0};
    buf_init(&name, 64);
    buf_init(&value, 64);
    struct error err = {0};
    for (size_t i = 0; i < 4; i++) {
        assert_ok(http_query_next(&query, &name, &value, &err), &err);
        assert_string_equal(buf_string(&name), expected[i][0]);
        assert_string_equal(buf_string(&value), expected[i][1]);
    }
    assert_result(RESULT_NOT_FOUND, http_query_next(&query, &name, &value, &err), &err);
}

static void bad_query_parameters_are_refused(void **state) {
    (void)state;
    static const struct {
        const char *query;
        enum result result;
    } rows[] = {
        {"a=%", RESULT_INVALID},   {"a=%4", RESULT_INVALID},      {"%zz=1", RESULT_INVALID},
        {"a=%00", RESULT_INVALID}, {"a=%c3", RESULT_INVALID},     {"a=12345678", RESULT_OK},
        {"=1", RESULT_OK},         {"a=123456789", RESULT_LIMIT},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        AUTO(buf_clear) struct buf name = {0};
        AUTO(buf_clear) struct buf value = {0};
        buf_init(&name, 8);
        buf_init(&value, 8);
        struct error err = {0};
        const char *query = rows[i].query;
        assert_result(rows[i].result, http_query_next(&query, &name, &value, &err), &err);
    }
}

static void percent_encoding_keeps_only_unreserved_characters(void **state) {
    (void)state;
    AUTO(buf_clear) struct buf out = {0};
    buf_init(&out, 64);
    assert_int_equal(http_percent_encode(BYTES_LITERAL("aZ09-._~ /?&=+%\xc3\xa9\0"), &out),
                     RESULT_OK);
    assert_string_equal(buf_string(&out), "aZ09-._~%20%2F%3F%26%3D%2B%25%C3%A9%00");
    AUTO(buf_clear) struct buf tiny = {0};
    buf_init(&tiny, 5);
    assert_int_equal(http_percent_encode(BYTES_LITERAL("//"), &tiny), RESULT_LIMIT);
    assert_int_equal(tiny.size, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_is_read_with_its_parts),
        cmocka_unit_test(well_formed_requests_are_read),
        cmocka_unit_test(malformed_requests_are_refused_with_their_status),
        cmocka_unit_test(a_zero_byte_in_a_header_is_refused),
        cmocka_unit_test(the_target_is_limited),
        cmocka_unit_test(the_header_is_limited),
        cmocka_unit_test(trailers_count_as_header),
        cmocka_unit_test(chunk_extensions_are_limited),
        cmocka_unit_test(a_body_of_tiny_chunks_is_limited),
        cmocka_unit_test(the_number_of_headers_is_limited),
        cmocka_unit_test(the_body_is_limited),
        cmocka_unit_test(pipelined_requests_are_the_same_at_every_split),
        cmocka_unit_test(pipelined_responses_are_the_same_at_every_split),
        cmocka_unit_test(a_message_stops_before_the_next),
        cmocka_unit_test(a_parser_is_busy_from_the_first_byte_to_the_last),
        cmocka_unit_test(a_wanted_continue_is_told_once_and_only_before_the_body),
        cmocka_unit_test(a_response_without_length_ends_with_the_connection),
        cmocka_unit_test(an_encoded_slash_is_refused_in_clear_words),
        cmocka_unit_test(a_few_interim_responses_are_dropped_and_no_more),
        cmocka_unit_test(a_message_that_is_cut_off_is_refused),
        cmocka_unit_test(a_response_to_head_has_no_body),
        cmocka_unit_test(malformed_responses_are_refused),
        cmocka_unit_test(responses_are_written_with_date_and_length),
        cmocka_unit_test(statuses_without_body_have_no_length),
        cmocka_unit_test(a_response_that_does_not_fit_leaves_nothing),
        cmocka_unit_test(what_is_written_is_read_again),
        cmocka_unit_test(a_get_has_no_length_and_an_empty_post_has),
        cmocka_unit_test(a_request_that_would_break_its_lines_is_not_written),
        cmocka_unit_test(query_parameters_are_walked_and_decoded),
        cmocka_unit_test(bad_query_parameters_are_refused),
        cmocka_unit_test(percent_encoding_keeps_only_unreserved_characters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
