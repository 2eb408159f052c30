// Answers from memory: conditions, ranges, and what caches are told.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "gateway/published.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "x509/pem.h"

struct published {
    size_t references;
    int64_t number; // of the CRL, or of the first in a bundle; 0: none
    struct publication message;
    struct buf pem;           // the body, when the gateway has made it
    struct published *shared; // whose body it is, when it is not the own one
    struct published *parts[LIMIT_CHAIN_CERTIFICATES]; // CRLs that are encoded as they are sent
    size_t part_count;
};

// --- life -----------------------------------------------------------------------------------

static bool is_header_value(const char *text) {
    for (size_t i = 0; text[i] != '\0'; i++) {
        if ((unsigned char)text[i] < 0x20 || (unsigned char)text[i] >= 0x7f) {
            return false;
        }
    }
    return true;
}

static bool is_entity_tag(const char *text) {
    const size_t size = strlen(text);
    return size >= 2 && text[0] == '"' && text[size - 1] == '"' &&
           memchr(&text[1], '"', size - 2) == NULL && is_header_value(text);
}

static enum result check(const struct publication *message, struct error *err) {
    if (message->path == NULL || message->path[0] != '/' || strstr(message->path, "..")) {
        return error_set(err, RESULT_INVALID, "a publication needs a path such as /ca.pem");
    }
    if (message->etag == NULL || !is_entity_tag(message->etag)) {
        return error_set(err, RESULT_INVALID, "%s: an ETag is a text in double quotes",
                         message->path);
    }
    if (message->content_type == NULL || !is_header_value(message->content_type)) {
        return error_set(err, RESULT_INVALID, "%s: this is no content type", message->path);
    }
    return RESULT_OK;
}

// The entity tag of a CRL is its number, that of a bundle its numbers with "." between; that of a
// certificate is a hash, of which the digits that it may begin with are no number.
static int64_t number_in(const char *etag) {
    int64_t number = 0;
    size_t i = 1;
    for (; etag[i] >= '0' && etag[i] <= '9' && number < INT64_MAX / 10 - 1; i++) {
        number = 10 * number + (etag[i] - '0');
    }
    return etag[i] == '"' || etag[i] == '.' ? number : 0;
}

enum result published_new(struct publication *message, const struct published_content *content,
                          struct published **out_published, struct error *err) {
    TRY(check(message, err));
    struct published *published = calloc(1, sizeof(*published));
    if (published == NULL) {
        return error_out_of_memory(err);
    }
    published->references = 1;
    published->number = number_in(message->etag);
    published->message = *message;
    *message = (struct publication){0};
    if (content->pem != NULL) {
        published->pem = *content->pem;
        *content->pem = (struct buf){0};
    }
    if (content->shared != NULL) {
        published->shared = published_hold(content->shared);
    }
    for (size_t i = 0; i < content->part_count && i < LIMIT_CHAIN_CERTIFICATES; i++) {
        published->parts[published->part_count++] = published_hold(content->parts[i]);
    }
    *out_published = published;
    return RESULT_OK;
}

struct published *published_hold(struct published *published) {
    published->references++;
    return published;
}

void published_release(struct published *published) {
    if (published == NULL) {
        return;
    }
    published->references--;
    if (published->references == 0) {
        buf_clear(&published->pem);
        published_release(published->shared);
        for (size_t i = 0; i < published->part_count; i++) {
            published_release(published->parts[i]);
        }
        message_clear(&publication_type, &published->message);
        free(published);
    }
}

const char *published_path(const struct published *published) {
    return published->message.path;
}

static const struct published *owner_of(const struct published *published) {
    return published->shared != NULL ? published->shared : published;
}

struct bytes published_body(const struct published *published) {
    const struct published *owner = owner_of(published);
    return owner->pem.size > 0 ? buf_bytes(&owner->pem) : blob_bytes(&owner->message.body);
}

// --- the body -------------------------------------------------------------------------------

static size_t part_size(const struct published *part) {
    return pem_size(PEM_CRL, published_body(part).size);
}

size_t published_size(const struct published *published) {
    const struct published *owner = owner_of(published);
    size_t size = published_body(owner).size;
    for (size_t i = 0; i < owner->part_count; i++) {
        size += part_size(owner->parts[i]);
    }
    return size;
}

enum result published_read(const struct published *published, size_t offset, size_t at_most,
                           struct buf *room, struct bytes *out_bytes) {
    const struct published *owner = owner_of(published);
    buf_reset(room);
    if (owner->part_count == 0) {
        *out_bytes = bytes_slice(published_body(owner), offset, at_most);
        return RESULT_OK;
    }
    size_t start = 0;
    for (size_t i = 0; i < owner->part_count && room->size < at_most; i++) {
        const size_t size = part_size(owner->parts[i]);
        const size_t at = offset + room->size;
        if (at < start + size) {
            TRY(pem_encode_part(PEM_CRL, published_body(owner->parts[i]), at - start,
                                at_most - room->size, room));
        }
        start += size;
    }
    *out_bytes = buf_bytes(room);
    return RESULT_OK;
}

// --- conditions -----------------------------------------------------------------------------

static struct bytes trim(struct bytes text) {
    size_t begin = 0;
    size_t end = text.size;
    while (begin < end && (text.data[begin] == ' ' || text.data[begin] == '\t')) {
        begin++;
    }
    while (end > begin && (text.data[end - 1] == ' ' || text.data[end - 1] == '\t')) {
        end--;
    }
    return bytes_slice(text, begin, end - begin);
}

// If-None-Match is "*" or a list of entity tags, compared weakly: "W/" does not count (RFC
// 9110, 13.1.2). A comma inside a tag cannot match: ours have none.
static bool tag_matches(struct bytes list, struct bytes tag) {
    if (bytes_equal(trim(list), BYTES_LITERAL("*"))) {
        return true;
    }
    while (list.size > 0) {
        const uint8_t *comma = memchr(list.data, ',', list.size);
        const size_t size = comma == NULL ? list.size : (size_t)(comma - list.data);
        struct bytes item = trim(bytes_slice(list, 0, size));
        if (item.size > 2 && bytes_equal(bytes_slice(item, 0, 2), BYTES_LITERAL("W/"))) {
            item = bytes_slice(item, 2, SIZE_MAX);
        }
        if (bytes_equal(item, tag)) {
            return true;
        }
        list = bytes_slice(list, size + 1, SIZE_MAX);
    }
    return false;
}

static bool has_tag(const struct published *published, const char *tags) {
    return tag_matches(bytes_of_string(tags), bytes_of_string(published->message.etag));
}

// RFC 9110, 13.2.2: If-Modified-Since counts only without If-None-Match, and a date that is
// none is ignored. So is one in the future: it comes from a clock that ran ahead, ours perhaps, and
// would keep the peer from what was made since.
static bool is_unchanged(const struct published *published, const struct http_message *request,
                         int64_t now) {
    const char *tags = http_message_header(request, "if-none-match");
    if (tags != NULL) {
        return has_tag(published, tags);
    }
    const char *since = http_message_header(request, "if-modified-since");
    int64_t time = 0;
    return since != NULL && time_read_http(bytes_of_string(since), &time) == RESULT_OK &&
           published->message.last_modified <= time && time <= now;
}

// --- ranges ---------------------------------------------------------------------------------

enum range { RANGE_ALL, RANGE_PART, RANGE_NOTHING };

static bool read_digits(const char **at, uint64_t *out_value) {
    const char *start = *at;
    uint64_t value = 0;
    for (; **at >= '0' && **at <= '9'; (*at)++) {
        value = value > UINT64_MAX / 10 - 10 ? value : 10 * value + (uint64_t)(**at - '0');
    }
    *out_value = value;
    return *at != start;
}

// "bytes=A-B", "bytes=A-" or "bytes=-N", the last N. Anything else says nothing (RFC 9110, 14.2).
static enum range read_range(const char *text, size_t size, size_t *out_from, size_t *out_to) {
    uint64_t first = 0;
    uint64_t last = 0;
    if (strncmp(text, "bytes=", 6) != 0) {
        return RANGE_ALL;
    }
    const char *at = &text[6];
    const bool has_first = read_digits(&at, &first);
    if (*at != '-') {
        return RANGE_ALL;
    }
    at++;
    const bool has_last = read_digits(&at, &last);
    if (*at != '\0' || (!has_first && !has_last) || (has_first && has_last && last < first)) {
        return RANGE_ALL;
    }
    if (has_first ? first >= size : last == 0 || size == 0) {
        return RANGE_NOTHING;
    }
    if (has_first) {
        *out_from = (size_t)first;
        *out_to = has_last && last < size - 1 ? (size_t)last : size - 1;
    } else {
        *out_from = last < size ? size - (size_t)last : 0;
        *out_to = size - 1;
    }
    return RANGE_PART;
}

// RFC 9110, 13.1.5: only the very same version, by its strong tag or exact date, is continued.
static bool is_same_version(const struct published *published,
                            const struct http_message *request) {
    const char *condition = http_message_header(request, "if-range");
    int64_t time = 0;
    return condition == NULL || strcmp(condition, published->message.etag) == 0 ||
           (time_read_http(bytes_of_string(condition), &time) == RESULT_OK &&
            time == published->message.last_modified);
}

static enum range range_of(const struct published *published,
                           const struct http_message *request, size_t *out_from,
                           size_t *out_to) {
    const char *range = http_message_header(request, "range");
    if (range == NULL || strcmp(request->method, "GET") != 0 ||
        !is_same_version(published, request)) {
        return RANGE_ALL;
    }
    return read_range(range, published_size(published), out_from, out_to);
}

// --- heads ----------------------------------------------------------------------------------

// How long a cache may answer by itself: max_age, but not beyond the end of what it has.
static int64_t fresh_for(const struct publication *message, int64_t now) {
    const int64_t left = message->expires == 0 ? INT64_MAX : message->expires - now;
    const int64_t most = left < 0 ? 0 : left;
    return message->max_age < most ? message->max_age : most;
}

// Expires says the same as max-age, to caches that know no other: the nextUpdate of a CRL would have
// them keep a revocation from their clients for days.
static enum result write_headers(const struct publication *message, int64_t now,
                                 struct buf *out) {
    TRY(buf_printf(out, "ETag: %s\r\nLast-Modified: ", message->etag));
    TRY(time_format_http(message->last_modified, out));
    const int64_t fresh = fresh_for(message, now);
    TRY(buf_append_string(out, "\r\nExpires: "));
    TRY(time_format_http(now + fresh, out));
    return fresh > 0
               ? buf_printf(out, "\r\nCache-Control: public, max-age=%" PRId64 "\r\n", fresh)
               : buf_append_string(out, "\r\nCache-Control: no-cache\r\n");
}

static enum result write_head(const struct published *published, int status,
                              const char *headers, bool keep_alive,
                              struct published_answer *answer) {
    const struct http_response response = {
        .status = status,
        .content_type = status == 200 || status == 206 ? published->message.content_type : NULL,
        .extra_headers = headers,
        .body = {.size = answer->size}, // which is sent from where it lies
        .head_only = true,
        .keep_alive = keep_alive,
    };
    return http_write_response(&response, answer->head);
}

static enum result write_range(enum range range, size_t from, size_t to, size_t size,
                               struct buf *out) {
    switch (range) {
    case RANGE_ALL:
        return buf_append_string(out, "Accept-Ranges: bytes\r\n");
    case RANGE_PART:
        return buf_printf(out, "Content-Range: bytes %zu-%zu/%zu\r\n", from, to, size);
    case RANGE_NOTHING:
        break;
    }
    return buf_printf(out, "Content-Range: bytes */%zu\r\n", size);
}

static enum result respond_with_body(const struct published *published,
                                     const struct http_message *request, bool keep_alive,
                                     struct buf *headers, struct published_answer *answer) {
    static const int statuses[] = {
        [RANGE_ALL] = 200, [RANGE_PART] = 206, [RANGE_NOTHING] = 416};
    const size_t whole = published_size(published);
    size_t from = 0;
    size_t to = 0;
    const enum range range = range_of(published, request, &from, &to);
    TRY(write_range(range, from, to, whole, headers));
    answer->offset = range == RANGE_PART ? from : 0;
    answer->size = range == RANGE_ALL ? whole : range == RANGE_PART ? to - from + 1 : 0;
    TRY(write_head(published, statuses[range], buf_string(headers), keep_alive, answer));
    answer->size = strcmp(request->method, "HEAD") == 0 ? 0 : answer->size;
    return RESULT_OK;
}

enum result published_respond(const struct published *published,
                              const struct http_message *request, bool keep_alive, int64_t now,
                              struct published_answer *answer) {
    AUTO(buf_clear) struct buf headers;
    buf_init(&headers, 1024);
    TRY(write_headers(&published->message, now, &headers));
    answer->offset = answer->size = 0;
    return is_unchanged(published, request, now)
               ? write_head(published, 304, buf_string(&headers), keep_alive, answer)
               : respond_with_body(published, request, keep_alive, &headers, answer);
}

// --- waiting for the next version -----------------------------------------------------------

static enum result read_number(const char *name, const char *code, const char *text,
                               int64_t most, int64_t *out_number, struct error *err) {
    const char *at = text;
    uint64_t number = 0;
    if (read_digits(&at, &number) && *at == '\0' && number <= (uint64_t)most) {
        *out_number = (int64_t)number;
        return RESULT_OK;
    }
    (void)error_set_code(err, RESULT_INVALID, code, "expected a number from 0 to %" PRId64,
                         most);
    error_field(err, name);
    error_hint(err, "As in ?after=NUMBER&wait=55, with the number of the CRL you have.");
    return RESULT_INVALID;
}

enum result published_read_poll(const char *query, struct published_poll *out_poll,
                                struct error *err) {
    struct published_poll poll = {0};
    AUTO(buf_clear) struct buf name;
    AUTO(buf_clear) struct buf value;
    buf_init(&name, LIMIT_HTTP_TARGET_BYTES);
    buf_init(&value, LIMIT_HTTP_TARGET_BYTES);
    while (*query != '\0' && http_query_next(&query, &name, &value, NULL) == RESULT_OK) {
        if (strcmp(buf_string(&name), "after") == 0) {
            TRY(read_number("after", "after_invalid", buf_string(&value), INT64_MAX,
                            &poll.after, err));
            poll.is_poll = true;
        } else if (strcmp(buf_string(&name), "wait") == 0) {
            TRY(read_number("wait", "wait_invalid", buf_string(&value), LIMIT_POLL_SECONDS,
                            &poll.wait_seconds, err));
        }
    }
    *out_poll = poll;
    return RESULT_OK;
}

bool published_is_news(const struct published *published, int64_t after, const char *tags) {
    return published->number == 0 || published->number > after ||
           (tags != NULL && !has_tag(published, tags));
}

static enum result write_poll_headers(const struct published *published, struct buf *out) {
    return buf_printf(out, "ETag: %s\r\nCache-Control: no-store\r\n", published->message.etag);
}

enum result published_tell_news(const struct published *published, bool head_only,
                                bool keep_alive, struct published_answer *answer) {
    AUTO(buf_clear) struct buf headers;
    buf_init(&headers, 512);
    TRY(write_poll_headers(published, &headers));
    answer->offset = 0;
    answer->size = published_size(published);
    TRY(write_head(published, 200, buf_string(&headers), keep_alive, answer));
    answer->size = head_only ? 0 : answer->size;
    return RESULT_OK;
}

enum result published_tell_nothing_new(const struct published *published, bool has_tags,
                                       bool keep_alive, struct buf *out_head) {
    AUTO(buf_clear) struct buf headers;
    struct published_answer answer = {.head = out_head};
    buf_init(&headers, 512);
    TRY(write_poll_headers(published, &headers));
    return write_head(published, has_tags ? 304 : 204, buf_string(&headers), keep_alive,
                      &answer);
}
