// What a gateway serves from memory, by path.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "gateway/publications.h"

#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "x509/pem.h"

void publications_clear(struct publications *publications) {
    for (size_t i = 0; i < publications->count; i++) {
        published_release(publications->items[i]);
    }
    free(publications->items);
    message_clear(&publication_type, &publications->incoming);
    *publications = (struct publications){0};
}

// The place of that path, or where it would be.
static size_t place_of(const struct publications *publications, const char *path,
                       bool *out_is_there) {
    size_t low = 0;
    size_t high = publications->count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        const int order = strcmp(published_path(publications->items[middle]), path);
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

// --- what has no body of its own ------------------------------------------------------------

static enum result find_part(const struct publications *publications, const char *path,
                             struct published **out_part, struct error *err) {
    *out_part = publications_find(publications, path);
    return *out_part != NULL
               ? RESULT_OK
               : error_set(err, RESULT_INVALID, "%s is to be made of, and is not here", path);
}

// Small ones are encoded once, large ones whenever they are sent: in PEM and bundles, a CRL would be
// there three times.
#define LIMIT_KEPT_PEM_BYTES ((size_t)256 * 1024)

static enum result find_parts(const struct publications *publications,
                              const struct text_list *paths, struct published *parts[],
                              size_t *out_size, struct error *err) {
    *out_size = 0;
    for (size_t i = 0; i < paths->count; i++) {
        TRY(find_part(publications, paths->items[i], &parts[i], err));
        *out_size += published_body(parts[i]).size;
    }
    return RESULT_OK;
}

static enum result make_pem(struct published *const parts[], size_t count, struct buf *out,
                            struct error *err) {
    for (size_t i = 0; i < count; i++) {
        if (pem_encode(PEM_CRL, published_body(parts[i]), out) != RESULT_OK) {
            return error_out_of_memory(err);
        }
    }
    return RESULT_OK;
}

static enum result make_published(const struct publications *publications,
                                  struct publication *message, struct published **out_published,
                                  struct error *err) {
    AUTO(buf_clear) struct buf pem = {0};
    struct published *parts[LIMIT_CHAIN_CERTIFICATES] = {0};
    struct published_content content = {.pem = &pem, .parts = parts};
    size_t size = 0;
    buf_init(&pem, 2 * LIMIT_KEPT_PEM_BYTES);
    TRY(find_parts(publications, &message->pem_of, parts, &size, err));
    if (size > LIMIT_KEPT_PEM_BYTES) {
        content.part_count = message->pem_of.count;
    } else {
        TRY(make_pem(parts, message->pem_of.count, &pem, err));
    }
    if (message->same_as != NULL) {
        TRY(find_part(publications, message->same_as, &content.shared, err));
    }
    return published_new(message, &content, out_published, err);
}

enum result publications_put(struct publications *publications, struct publication *message,
                             struct error *err) {
    struct published *published = NULL;
    TRY(make_published(publications, message, &published, err));
    bool is_there = false;
    const size_t place = place_of(publications, published_path(published), &is_there);
    if (!is_there) {
        const enum result result = make_place(publications, place, err);
        if (result != RESULT_OK) {
            published_release(published);
            return result;
        }
    }
    published_release(publications->items[place]);
    publications->items[place] = published;
    return RESULT_OK;
}

// --- in pieces ------------------------------------------------------------------------------

static enum result put_whole(struct publications *publications, struct publication *message,
                             struct published **out_published, struct error *err) {
    AUTO(string_free_at) char *path = string_copy(message->path);
    if (path == NULL) {
        return error_out_of_memory(err);
    }
    message->size = 0;
    TRY(publications_put(publications, message, err));
    *out_published = publications_find(publications, path);
    return RESULT_OK;
}

// Room for all of it at once, so that it is not moved while it grows.
static enum result make_room(struct blob *body, int64_t size, struct error *err) {
    if (size <= (int64_t)body->size || size > LIMIT_CRL_BYTES) {
        return error_set(err, RESULT_INVALID, "a body of %lld bytes cannot come in pieces",
                         (long long)size);
    }
    uint8_t *room = realloc(body->data, (size_t)size);
    if (room == NULL) {
        return error_out_of_memory(err);
    }
    body->data = room;
    return RESULT_OK;
}

enum result publications_take(struct publications *publications, struct publication *message,
                              struct published **out_published, struct error *err) {
    *out_published = NULL;
    message_clear(&publication_type, &publications->incoming);
    if (message->size == 0) {
        return put_whole(publications, message, out_published, err);
    }
    TRY(make_room(&message->body, message->size, err));
    publications->incoming = *message;
    *message = (struct publication){0};
    return RESULT_OK;
}

enum result publications_take_piece(struct publications *publications, struct bytes piece,
                                    struct published **out_published, struct error *err) {
    struct publication *incoming = &publications->incoming;
    struct blob *body = &incoming->body;
    *out_published = NULL;
    if (piece.size > (size_t)incoming->size - body->size) {
        return error_set(err, RESULT_INVALID, "a piece of a publication that has none to come");
    }
    memcpy(body->data + body->size, piece.data, piece.size);
    body->size += piece.size;
    return body->size < (size_t)incoming->size
               ? RESULT_OK
               : put_whole(publications, incoming, out_published, err);
}
