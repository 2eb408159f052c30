// What a gateway serves from memory, by path.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "gateway/publications.h"

#include <stdlib.h>
#include <string.h>

#include "base/limits.h"

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

enum result publications_put(struct publications *publications, struct publication *message,
                             struct error *err) {
    struct published *published = NULL;
    TRY(published_new(message, &published, err));
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
