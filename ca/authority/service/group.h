// Group commit: many requests, one transaction, one fsync, and only then the answers.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stddef.h>

#include "authority/service/dispatch.h"

struct authority;

// One request that waits, and its answer when there is one.
struct waiting {
    struct waiting *next;
    enum channel channel;
    struct buf storage; // what the frame's views point into
    struct frame frame;
    struct answer answer;
};

// A copy of the frame and its bytes.
enum result waiting_new(enum channel channel, const struct frame *frame,
                        struct waiting **out_waiting, struct error *err);
void waiting_free(struct waiting *waiting);

// Answers all of them. When the commit fails, each is answered with RESULT_UNAVAILABLE,
// whatever it was before: nothing leaves that is not durable.
void group_run(struct authority *authority, struct waiting *const *group, size_t count);

// What waits, in order of arrival. Zeroed memory is empty.
struct waiting_line {
    struct waiting *first;
    struct waiting *last;
    size_t count;
};

void waiting_line_clear(struct waiting_line *line);
void waiting_line_add(struct waiting_line *line, struct waiting *waiting);
// NULL when nobody waits.
struct waiting *waiting_line_take(struct waiting_line *line);
