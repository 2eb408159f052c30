// One version of one document that is served from memory, and the answers to who asks for it.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stdbool.h>

#include "base/bytes.h"
#include "base/error.h"
#include "wire/http.h"
#include "wire/messages.h"

// Counted: an answer that is under way keeps its version when the next replaces it.
struct published;

// What a document is made of when it has no body of its own: of each its own `pem`, or the CRLs that
// it shows in PEM, or `shared`.
struct published_content {
    struct buf *pem;                // taken; NULL: none
    struct published *const *parts; // held; encoded whenever they are sent
    size_t part_count;
    struct published *shared; // held; NULL: none
};
// Takes path, body and so on out of the message, and the content. RESULT_INVALID for a path that no request can have
// or header values that would end their line.
enum result published_new(struct publication *message, const struct published_content *content,
                          struct published **out_published, struct error *err);
struct published *published_hold(struct published *published);
// NULL is fine.
void published_release(struct published *published);
const char *published_path(const struct published *published);
// DER, or what is kept as it is sent; empty when it is encoded as it goes.
struct bytes published_body(const struct published *published);
size_t published_size(const struct published *published);
// At most so many bytes from `offset` on: a view of the body, or of `room`, which is emptied first.
enum result published_read(const struct published *published, size_t offset, size_t at_most,
                           struct buf *room, struct bytes *out_bytes);

// The head of an answer and what follows it.
struct published_answer {
    struct buf *head; // the answer's head is appended to it
    size_t offset;    // what follows, of published_size
    size_t size;      // 0: nothing
};
// The answer to a GET or HEAD at `now`: 200; 304 when the request's conditions say that the peer has
// these bytes (RFC 9110, 13); 206 with the one range asked for, 416 when there is nothing in it (RFC
// 9110, 14). A list of ranges is answered with all, which the RFC allows.
enum result published_respond(const struct published *published,
                              const struct http_message *request, bool keep_alive, int64_t now,
                              struct published_answer *answer);

// --- waiting for the next version -----------------------------------------------------------

// "?after=NUMBER&wait=SECONDS": who has CRL NUMBER asks for a later one, and waits for it.
struct published_poll {
    bool is_poll; // false without "after": everything else in the query says nothing
    int64_t after;
    int64_t wait_seconds;
};
// RESULT_INVALID (codes "after_invalid", "wait_invalid") names the field.
enum result published_read_poll(const char *query, struct published_poll *out_poll,
                                struct error *err);
// Whether there is something for one who has number `after`, and `tags` (a value of If-None-Match;
// NULL: said nothing): a greater number, or another version of what else is in the document. A
// document without a number always is.
bool published_is_news(const struct published *published, int64_t after, const char *tags);
// 200 with the document, not to be stored because its address means something else soon.
enum result published_tell_news(const struct published *published, bool head_only,
                                bool keep_alive, struct published_answer *answer);
// 304 to one who said by tags what it has, else 204.
enum result published_tell_nothing_new(const struct published *published, bool has_tags,
                                       bool keep_alive, struct buf *out_head);
