// What a gateway serves from memory: path to bytes, with conditional requests (RFC 9110, 13).
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stdbool.h>

#include "base/bytes.h"
#include "base/error.h"
#include "wire/http.h"
#include "wire/messages.h"

// One version of one document. Counted: an answer that is under way keeps its version when the
// next replaces it.
struct published;

struct published *published_hold(struct published *published);
// NULL is fine.
void published_release(struct published *published);
const char *published_path(const struct published *published);
struct bytes published_body(const struct published *published);

// Zeroed memory is an empty set.
struct publications {
    struct published **items; // sorted by path
    size_t count;
};

void publications_clear(struct publications *publications);
// Takes body, path and so on out of the message. Replaces what was under that path.
// RESULT_INVALID for a path that no request can have or header values that would end their
// line; RESULT_LIMIT above LIMIT_PUBLICATIONS.
enum result publications_put(struct publications *publications, struct publication *message,
                             struct error *err);
// NULL when there is none.
struct published *publications_find(const struct publications *publications, const char *path);

// Appends the head of the answer to a GET or HEAD: 200, or 304 when the request's conditions
// say that the peer has these bytes. *out_has_body: published_body follows.
enum result published_answer(const struct published *published,
                             const struct http_message *request, bool keep_alive,
                             struct buf *out_head, bool *out_has_body);
