// Which requests may wait, and for what.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "gateway/poll.h"

#include <stdlib.h>

#include "base/limits.h"

static enum result fill(struct poll *poll, const char *key, int64_t seconds,
                        struct bytes request, struct error *err) {
    poll->wait_seconds = seconds;
    poll->key = string_copy(key);
    buf_init_secret(&poll->request, LIMIT_FRAME_REQUEST_BYTES);
    return poll->key != NULL && buf_append(&poll->request, request) == RESULT_OK
               ? RESULT_OK
               : error_out_of_memory(err);
}

static enum result make(const char *key, int64_t seconds, struct bytes request,
                        struct poll **out_poll, struct error *err) {
    struct poll *poll = calloc(1, sizeof(*poll));
    if (poll == NULL) {
        return error_out_of_memory(err);
    }
    const enum result result = fill(poll, key, seconds, request, err);
    if (result != RESULT_OK) {
        poll_free(poll);
        return result;
    }
    *out_poll = poll;
    return RESULT_OK;
}

// Waits for NOTICE_DECIDED with the request's id.
static enum result make_of_claim(struct bytes request, struct poll **out_poll,
                                 struct error *err) {
    struct claim claim = {0};
    enum result result = message_from_binary(&claim_type, request, &claim, err);
    if (result == RESULT_OK && claim.wait > 0) {
        result = make(claim.id, claim.wait, request, out_poll, err);
    }
    message_clear(&claim_type, &claim);
    return result;
}

enum result poll_new(enum operation_id operation, struct bytes request, struct poll **out_poll,
                     struct error *err) {
    *out_poll = NULL;
    return operation == OPERATION_CLAIM ? make_of_claim(request, out_poll, err) : RESULT_OK;
}

enum result poll_new_published(const char *path, int64_t after, const char *tags,
                               int64_t seconds, struct poll **out_poll, struct error *err) {
    struct poll *poll = NULL;
    TRY(make(path, seconds, (struct bytes){0}, &poll, err));
    poll->after = after;
    if (tags != NULL) {
        poll->tags = string_copy(tags);
        if (poll->tags == NULL) {
            poll_free(poll);
            return error_out_of_memory(err);
        }
    }
    *out_poll = poll;
    return RESULT_OK;
}

bool poll_is_for_publication(const struct poll *poll) {
    return poll->request.size == 0;
}

void poll_free(struct poll *poll) {
    if (poll != NULL) {
        parked_leave(&poll->place);
        string_free_at(&poll->key);
        string_free_at(&poll->tags);
        buf_clear(&poll->request);
        free(poll);
    }
}
