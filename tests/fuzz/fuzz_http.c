// HTTP requests and responses: whatever comes, whole and in pieces give the same messages.
// SPDX-License-Identifier: GPL-3.0-or-later
#include <stdint.h>
#include <stdlib.h>

#include "wire/http.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct outcome {
    size_t messages;
    size_t body_bytes;
    size_t header_count;
    bool is_refused;
};

static void walk_query(const char *query) {
    AUTO(buf_clear) struct buf name = {0};
    AUTO(buf_clear) struct buf value = {0};
    buf_init(&name, 64);
    buf_init(&value, 64);
    while (http_query_next(&query, &name, &value, NULL) == RESULT_OK) {
    }
}

static struct outcome read_stream(enum http_kind kind, struct bytes stream, size_t step) {
    struct outcome outcome = {0};
    AUTO(http_parser_free_at) struct http_parser *parser = NULL;
    if (http_parser_new(kind, 512, &parser, NULL) != RESULT_OK) {
        abort();
    }
    size_t at = 0;
    while (at < stream.size) {
        size_t used = 0;
        const enum result result =
            http_parser_feed(parser, bytes_slice(stream, at, step), &used, NULL);
        if (result != RESULT_OK && result != RESULT_PENDING) {
            outcome.is_refused = true;
            return outcome;
        }
        at += used;
        if (result == RESULT_OK) {
            const struct http_message *message = http_parser_message(parser);
            outcome.messages++;
            outcome.body_bytes += message->body.size;
            outcome.header_count += message->header_count;
            if (message->query != NULL) {
                walk_query(message->query);
            }
            http_parser_next(parser);
        } else if (used == 0) {
            abort(); // pending must have taken all it was given
        }
    }
    outcome.is_refused = http_parser_finish(parser, NULL) != RESULT_OK;
    return outcome;
}

// The first byte: lowest bit the kind, the rest the size of the pieces.
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size == 0) {
        return 0;
    }
    const enum http_kind kind = (data[0] & 1) != 0 ? HTTP_RESPONSE : HTTP_REQUEST;
    const struct bytes stream = bytes_of(data + 1, size - 1);
    const struct outcome whole = read_stream(kind, stream, stream.size);
    const struct outcome pieces = read_stream(kind, stream, (size_t)(data[0] >> 1) + 1);
    if (whole.messages != pieces.messages || whole.body_bytes != pieces.body_bytes ||
        whole.header_count != pieces.header_count || whole.is_refused != pieces.is_refused) {
        abort();
    }
    return 0;
}
