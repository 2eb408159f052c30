// Asking and waiting for the answer.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "client/connect/exchange.h"

#include <string.h>

#include "base/limits.h"
#include "base/text.h"

// One read from the connection.
#define CHUNK_BYTES LIMIT_TLS_INPUT_BYTES

void exchange_init(struct exchange *exchange, const struct url *url, struct tls_context *tls,
                   size_t answer_maximum) {
    *exchange = (struct exchange){.url = *url, .tls = tls, .answer_maximum = answer_maximum};
}

static void disconnect(struct exchange *exchange) {
    endpoint_close_at(&exchange->endpoint);
}

void exchange_clear(struct exchange *exchange) {
    disconnect(exchange);
    http_parser_free_at(&exchange->parser);
    *exchange = (struct exchange){0};
}

static enum result connect_if_needed(struct exchange *exchange, struct error *err) {
    // A server may have ended a connection that was idle; what it said unasked is nothing to
    // us.
    if (exchange->endpoint != NULL && !endpoint_is_quiet(exchange->endpoint)) {
        disconnect(exchange);
    }
    if (exchange->endpoint != NULL) {
        return RESULT_OK;
    }
    enum result result = endpoint_open(exchange->transport, &exchange->url, exchange->tls,
                                       &exchange->endpoint, err);
    if (err != NULL && result == RESULT_UNAVAILABLE && err->hint[0] == '\0' &&
        exchange->url_file != NULL) {
        error_hint(err, "The address is from %s.", exchange->url_file);
    }
    return result;
}

static enum result write_question(const struct exchange *exchange,
                                  const struct http_question *question, struct buf *out) {
    AUTO(buf_clear) struct buf host = {0};
    buf_init(&host, URL_HOST_SIZE + 16);
    TRY(url_format_host(&exchange->url, &host));
    return http_write_request(question->method, question->target, buf_string(&host),
                              question->extra_headers, question->content_type, question->body,
                              out);
}

static enum result send_question(struct exchange *exchange,
                                 const struct http_question *question, struct error *err) {
    AUTO(buf_clear) struct buf wire = {0};
    // It may carry a token.
    buf_init_secret(&wire, question->body.size + LIMIT_HTTP_HEADER_BYTES);
    if (write_question(exchange, question, &wire) != RESULT_OK) {
        return error_out_of_memory(err);
    }
    return endpoint_write(exchange->endpoint, buf_bytes(&wire), err);
}

// Feeds all bytes of `chunk`; RESULT_PENDING while the answer is not complete.
static enum result feed(struct exchange *exchange, struct buf *chunk, struct error *err) {
    size_t used = 0;
    enum result result = http_parser_feed(exchange->parser, buf_bytes(chunk), &used, err);
    if (result == RESULT_OK && used < chunk->size) {
        return error_set_code(err, RESULT_INVALID, "answer",
                              "the server sent more than one answer to one request");
    }
    buf_reset(chunk);
    return result;
}

// The stream has ended: that completes an answer without length, and no other.
static enum result end_answer(struct exchange *exchange, struct error *err) {
    TRY(http_parser_finish(exchange->parser, err));
    if (http_parser_message(exchange->parser) == NULL) {
        return error_set_code(err, RESULT_UNAVAILABLE, "unreachable",
                              "%s closed the connection without an answer", exchange->url.host);
    }
    return RESULT_OK;
}

static enum result read_answer(struct exchange *exchange, struct error *err) {
    AUTO(buf_clear) struct buf chunk = {0};
    buf_init_secret(&chunk, CHUNK_BYTES);
    for (;;) {
        TRY(endpoint_read(exchange->endpoint, &chunk, err));
        enum result result =
            chunk.size == 0 ? end_answer(exchange, err) : feed(exchange, &chunk, err);
        if (result != RESULT_PENDING) {
            return result;
        }
    }
}

static enum result explain_answer(const struct exchange *exchange, enum result result,
                                  struct error *err) {
    if (err == NULL || result == RESULT_OK || result == RESULT_UNAVAILABLE ||
        strcmp(err->code, "untrusted") == 0 || strcmp(err->code, "tls") == 0 ||
        strcmp(err->code, "out_of_memory") == 0) {
        return result;
    }
    struct error reason = *err;
    (void)error_set_code(err, result, "answer", "%s gave no proper HTTP answer: %s",
                         exchange->url.host, reason.message);
    return result;
}

static enum result ask(struct exchange *exchange, const struct http_question *question,
                       struct error *err) {
    TRY(connect_if_needed(exchange, err));
    endpoint_set_deadline(exchange->endpoint, LIMIT_CLIENT_EXCHANGE_SECONDS * 1000);
    // A server that refuses early answers, then closes: the answer says more than a failed
    // write.
    enum result sent = send_question(exchange, question, err);
    struct error unread = {0};
    enum result result = read_answer(exchange, sent == RESULT_OK ? err : &unread);
    if (sent != RESULT_OK && result != RESULT_OK) {
        return sent;
    }
    return explain_answer(exchange, result, err);
}

// A server may close a kept-alive connection at the moment a request goes out on it. One that changes
// nothing is then asked again over a new connection (RFC 9110, 9.2.2).
static bool may_ask_again(const struct exchange *exchange, const struct http_question *question,
                          bool was_open) {
    bool is_safe =
        strcmp(question->method, "GET") == 0 || strcmp(question->method, "HEAD") == 0;
    return was_open && is_safe && !http_parser_is_busy(exchange->parser);
}

enum result exchange_ask(struct exchange *exchange, const struct http_question *question,
                         const struct http_message **out_answer, struct error *err) {
    if (exchange->parser == NULL) {
        TRY(http_response_parser_new(exchange->answer_maximum, &exchange->parser, err));
    }
    http_parser_next(exchange->parser);
    bool was_open = exchange->endpoint != NULL;
    enum result result = ask(exchange, question, err);
    if (result == RESULT_UNAVAILABLE && may_ask_again(exchange, question, was_open)) {
        disconnect(exchange);
        result = ask(exchange, question, err);
    }
    if (result != RESULT_OK) {
        disconnect(exchange);
        http_parser_free_at(&exchange->parser);
        return result;
    }
    const struct http_message *answer = http_parser_message(exchange->parser);
    if (!answer->keep_alive) {
        disconnect(exchange);
    }
    *out_answer = answer;
    return RESULT_OK;
}

int64_t exchange_retry_after(const struct http_message *answer) {
    const char *text = http_message_header(answer, "retry-after");
    int64_t seconds = 0;
    if (text == NULL ||
        text_read_int64(bytes_of_string(text), 0, INT64_MAX, &seconds) != RESULT_OK) {
        return 0;
    }
    return seconds < LIMIT_RETRY_AFTER_SECONDS ? seconds : LIMIT_RETRY_AFTER_SECONDS;
}
