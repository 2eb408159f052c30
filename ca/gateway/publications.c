// What a gateway serves from memory: path to bytes, with conditional requests (RFC 9110, 13).
// SPDX-License-Identifier: GPL-3.0-or-later
#include "gateway/publications.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

struct published {
    size_t references;
    struct publication message;
};

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
        message_clear(&publication_type, &published->message);
        free(published);
    }
}

const char *published_path(const struct published *published) {
    return published->message.path;
}

struct bytes published_body(const struct published *published) {
    return blob_bytes(&published->message.body);
}

// --- the set --------------------------------------------------------------------------------

void publications_clear(struct publications *publications) {
    for (size_t i = 0; i < publications->count; i++) {
        published_release(publications->items[i]);
    }
    free(publications->items);
    *publications = (struct publications){0};
}

// The place of that path, or where it would be.
static size_t place_of(const struct publications *publications, const char *path,
                       bool *out_is_there) {
    size_t low = 0;
    size_t high = publications->count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        const int order = strcmp(publications->items[middle]->message.path, path);
        if (order == 0) {
            *out_is_there = true;
            return middle;
        }
        if (order < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    *out_is_there = false;
    return low;
}

struct published *publications_find(const struct publications *publications, const char *path) {
    bool is_there = false;
    const size_t place = place_of(publications, path, &is_there);
    return is_there ? publications->items[place] : NULL;
}

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

static enum result make_place(struct publications *publications, size_t place,
                              struct error *err) {
    if (publications->count == LIMIT_PUBLICATIONS) {
        return error_set(err, RESULT_LIMIT, "there are %d publications already",
                         LIMIT_PUBLICATIONS);
    }
    struct published **grown =
        realloc(publications->items, (publications->count + 1) * sizeof(*grown));
    if (grown == NULL) {
        return error_out_of_memory(err);
    }
    publications->items = grown;
    memmove(&grown[place + 1], &grown[place], (publications->count - place) * sizeof(*grown));
    grown[place] = NULL;
    publications->count++;
    return RESULT_OK;
}

enum result publications_put(struct publications *publications, struct publication *message,
                             struct error *err) {
    TRY(check(message, err));
    struct published *published = calloc(1, sizeof(*published));
    if (published == NULL) {
        return error_out_of_memory(err);
    }
    bool is_there = false;
    const size_t place = place_of(publications, message->path, &is_there);
    if (!is_there) {
        const enum result result = make_place(publications, place, err);
        if (result != RESULT_OK) {
            free(published);
            return result;
        }
    }
    published->references = 1;
    published->message = *message;
    *message = (struct publication){0};
    published_release(publications->items[place]);
    publications->items[place] = published;
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

// RFC 9110, 13.2.2: If-Modified-Since counts only without If-None-Match, and a date that is
// none is ignored.
static bool is_unchanged(const struct published *published,
                         const struct http_message *request) {
    const char *tags = http_message_header(request, "if-none-match");
    if (tags != NULL) {
        return tag_matches(bytes_of_string(tags), bytes_of_string(published->message.etag));
    }
    const char *since = http_message_header(request, "if-modified-since");
    int64_t time = 0;
    return since != NULL && time_read_http(bytes_of_string(since), &time) == RESULT_OK &&
           published->message.last_modified <= time;
}

static enum result write_headers(const struct publication *message, struct buf *out) {
    TRY(buf_printf(out, "ETag: %s\r\nLast-Modified: ", message->etag));
    TRY(time_format_http(message->last_modified, out));
    if (message->expires != 0) {
        TRY(buf_append_string(out, "\r\nExpires: "));
        TRY(time_format_http(message->expires, out));
    }
    if (message->max_age > 0) {
        return buf_printf(out, "\r\nCache-Control: public, max-age=%lld\r\n",
                          (long long)message->max_age);
    }
    return buf_append_string(out, "\r\nCache-Control: no-cache\r\n");
}

enum result published_answer(const struct published *published,
                             const struct http_message *request, bool keep_alive,
                             struct buf *out_head, bool *out_has_body) {
    AUTO(buf_clear) struct buf headers;
    buf_init(&headers, 1024);
    TRY(write_headers(&published->message, &headers));
    const bool is_304 = is_unchanged(published, request);
    const struct http_response response = {
        .status = is_304 ? 304 : 200,
        .content_type = is_304 ? NULL : published->message.content_type,
        .extra_headers = buf_string(&headers),
        .body = published_body(published),
        .head_only = true, // the body is sent from where it lies
        .keep_alive = keep_alive,
    };
    TRY(http_write_response(&response, out_head));
    *out_has_body = !is_304 && strcmp(request->method, "HEAD") != 0;
    return RESULT_OK;
}
