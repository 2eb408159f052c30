// What a gateway serves from memory, by path.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stdbool.h>

#include "base/error.h"
#include "gateway/published.h"
#include "wire/messages.h"

// Zeroed memory is an empty set.
struct publications {
    struct published **items; // sorted by path
    size_t count;
    struct publication incoming; // its body is not whole yet; without path: none
};

void publications_clear(struct publications *publications);
// Takes body, path and so on out of the message. Replaces what was under that path. What has no body
// is made of what is here: its parts come before it.
// RESULT_INVALID for a path that no request can have or header values that would end their
// line; RESULT_LIMIT above LIMIT_PUBLICATIONS.
enum result publications_put(struct publications *publications, struct publication *message,
                             struct error *err);
// The same for one that may come in pieces: a message with a `size` begins it, pieces of the body
// follow. *out_published is what has become new by it, NULL as long as more is to come. Another
// message instead of a piece gives up what has come so far; a piece of nothing and one that is too
// much are RESULT_INVALID.
enum result publications_take(struct publications *publications, struct publication *message,
                              struct published **out_published, struct error *err);
enum result publications_take_piece(struct publications *publications, struct bytes piece,
                                    struct published **out_published, struct error *err);
// NULL when there is none.
struct published *publications_find(const struct publications *publications, const char *path);
