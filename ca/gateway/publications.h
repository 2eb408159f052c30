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
};

void publications_clear(struct publications *publications);
// Takes body, path and so on out of the message. Replaces what was under that path. What has no body
// is made of what is here: its parts come before it.
// RESULT_INVALID for a path that no request can have or header values that would end their
// line; RESULT_LIMIT above LIMIT_PUBLICATIONS.
enum result publications_put(struct publications *publications, struct publication *message,
                             struct error *err);
// NULL when there is none.
struct published *publications_find(const struct publications *publications, const char *path);
