// Requests that wait, and the transaction they share.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "authority/service/group.h"

#include <stdlib.h>

#include "authority/authority.h"
#include "base/log.h"

// --- waiting requests ------------------------------------------------------------------------

// Copies the three views of a frame into one buffer, which then never moves.
static enum result keep(struct waiting *waiting, const struct frame *frame) {
    size_t size = frame->peer_address.size + frame->peer_certificate.size + frame->body.size;
    buf_init_secret(&waiting->storage, size + 1); // a token's secret passes here
    uint8_t *room = NULL;
    TRY(buf_reserve(&waiting->storage, size + 1, &room));
    TRY(buf_append(&waiting->storage, frame->peer_address));
    TRY(buf_append(&waiting->storage, frame->peer_certificate));
    TRY(buf_append(&waiting->storage, frame->body));
    struct bytes all = buf_bytes(&waiting->storage);
    size_t address_size = frame->peer_address.size;
    size_t certificate_size = frame->peer_certificate.size;
    waiting->frame = *frame;
    waiting->frame.peer_address = bytes_slice(all, 0, address_size);
    waiting->frame.peer_certificate = bytes_slice(all, address_size, certificate_size);
    waiting->frame.body = bytes_slice(all, address_size + certificate_size, frame->body.size);
    return RESULT_OK;
}

enum result waiting_new(enum channel channel, const struct frame *frame,
                        struct waiting **out_waiting, struct error *err) {
    struct waiting *waiting = calloc(1, sizeof(*waiting));
    if (waiting == NULL) {
        return error_out_of_memory(err);
    }
    waiting->channel = channel;
    if (keep(waiting, frame) != RESULT_OK) {
        waiting_free(waiting);
        return error_out_of_memory(err);
    }
    *out_waiting = waiting;
    return RESULT_OK;
}

void waiting_free(struct waiting *waiting) {
    if (waiting != NULL) {
        answer_clear(&waiting->answer);
        buf_clear(&waiting->storage);
        free(waiting);
    }
}

void waiting_line_add(struct waiting_line *line, struct waiting *waiting) {
    waiting->next = NULL;
    if (line->last == NULL) {
        line->first = waiting;
    } else {
        line->last->next = waiting;
    }
    line->last = waiting;
    line->count++;
}

struct waiting *waiting_line_take(struct waiting_line *line) {
    struct waiting *waiting = line->first;
    if (waiting == NULL) {
        return NULL;
    }
    line->first = waiting->next;
    if (line->first == NULL) {
        line->last = NULL;
    }
    line->count--;
    waiting->next = NULL;
    return waiting;
}

void waiting_line_clear(struct waiting_line *line) {
    for (struct waiting *waiting = waiting_line_take(line); waiting != NULL;
         waiting = waiting_line_take(line)) {
        waiting_free(waiting);
    }
}

// --- the transaction -------------------------------------------------------------------------

static void refuse_all(struct authority *authority, struct waiting *const *group, size_t count,
                       const struct error *cause) {
    authority_drop_decisions(authority, cause);
    log_error(LOG_LEVEL_ERROR, "group not committed", cause);
    for (size_t i = 0; i < count; i++) {
        struct error refusal = {0};
        store_trouble_refuse(&authority->store_trouble, group[i]->answer.is_for_admin,
                             &refusal);
        answer_refuse(&group[i]->answer, &refusal);
    }
}

void group_run(struct authority *authority, struct waiting *const *group, size_t count) {
    struct error err = {0};
    if (store_begin(authority->store, &err) != RESULT_OK) {
        refuse_all(authority, group, count, &err);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        dispatch(authority, group[i]->channel, &group[i]->frame, &group[i]->answer);
    }
    if (store_commit(authority->store, &err) != RESULT_OK) {
        store_rollback(authority->store);
        refuse_all(authority, group, count, &err);
        return;
    }
    authority_tell_decisions(authority);
}
