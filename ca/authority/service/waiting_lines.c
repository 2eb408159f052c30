// Lines of waiting requests, taken from in turn.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "authority/service/waiting_lines.h"

static struct gateway_lines *lines_for(struct waiting_lines *lines,
                                       const struct waiting *waiting) {
    return waiting->frame.number == OPERATION_OCSP ? &lines->status : &lines->requests;
}

static void drop(struct gateway_lines *lines, size_t gateway) {
    lines->count -= lines->items[gateway].count;
    waiting_line_clear(&lines->items[gateway]);
}

void waiting_lines_drop(struct waiting_lines *lines, size_t gateway) {
    drop(&lines->requests, gateway);
    drop(&lines->status, gateway);
}

void waiting_lines_clear(struct waiting_lines *lines) {
    for (size_t i = 0; i < LIMIT_GATEWAYS; i++) {
        waiting_lines_drop(lines, i);
    }
}

enum result waiting_lines_add(struct waiting_lines *lines, size_t gateway,
                              struct waiting *waiting) {
    struct gateway_lines *kind = lines_for(lines, waiting);
    const size_t most = kind == &lines->status ? LIMIT_OCSP_WAITING : LIMIT_FRAMES_WAITING;
    if (kind->items[gateway].count >= most) {
        return RESULT_UNAVAILABLE;
    }
    waiting_line_add(&kind->items[gateway], waiting);
    kind->count++;
    return RESULT_OK;
}

size_t waiting_lines_count(const struct waiting_lines *lines) {
    return lines->requests.count + lines->status.count;
}

static void take(struct gateway_lines *lines, size_t gateway_count, size_t most,
                 struct waiting_group *group) {
    while (lines->count > 0 && group->count < most) {
        const size_t index = lines->next % gateway_count;
        lines->next = (index + 1) % gateway_count;
        struct waiting *waiting = waiting_line_take(&lines->items[index]);
        if (waiting != NULL) {
            group->gateways[group->count] = index;
            group->requests[group->count++] = waiting;
            lines->count--;
        }
    }
}

static size_t least(size_t a, size_t b) {
    return a < b ? a : b;
}

void waiting_lines_take(struct waiting_lines *lines, size_t gateway_count,
                        struct waiting_group *out_group) {
    out_group->count = 0;
    const size_t reserved = least(lines->status.count, LIMIT_OCSP_PER_GROUP);
    take(&lines->requests, gateway_count, LIMIT_GROUP_COMMIT - reserved, out_group);
    const bool others_wait = out_group->count > 0;
    const size_t room = others_wait ? LIMIT_OCSP_PER_GROUP : LIMIT_GROUP_COMMIT;
    take(&lines->status, gateway_count, least(out_group->count + room, LIMIT_GROUP_COMMIT),
         out_group);
}
