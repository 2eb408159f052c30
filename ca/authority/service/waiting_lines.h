// The requests that wait at each gateway, and which of them share the next transaction.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "authority/service/group.h"
#include "base/error.h"
#include "base/limits.h"

// Of each gateway one line, by its index; each takes its turn.
struct gateway_lines {
    struct waiting_line items[LIMIT_GATEWAYS];
    size_t next; // where the next group begins, for fairness
    size_t count;
};

// Whoever asks for a certificate's status stands in lines of their own: there are more of them
// than of those who enroll, anyone may be one, and none has reason to be served first.
struct waiting_lines {
    struct gateway_lines requests;
    struct gateway_lines status;
};

// What shares a transaction, and the gateways that it came from.
struct waiting_group {
    struct waiting *requests[LIMIT_GROUP_COMMIT];
    size_t gateways[LIMIT_GROUP_COMMIT];
    size_t count;
};

void waiting_lines_clear(struct waiting_lines *lines);
// Takes the request. RESULT_UNAVAILABLE when the line of this gateway is full.
enum result waiting_lines_add(struct waiting_lines *lines, size_t gateway,
                              struct waiting *waiting);
// Forgets what a gateway waited for that is gone.
void waiting_lines_drop(struct waiting_lines *lines, size_t gateway);
size_t waiting_lines_count(const struct waiting_lines *lines);
// One from each of the first `gateway_count` gateways in turn, so that a flood on one channel
// does not keep the others waiting; behind them, when there are any, at most LIMIT_OCSP_PER_GROUP
// questions for status, which also have that much room however many others wait.
void waiting_lines_take(struct waiting_lines *lines, size_t gateway_count,
                        struct waiting_group *out_group);
