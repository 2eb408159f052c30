// Requests that wait for the authority: who asked, by the frame's id.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "gateway/requests.h"

#include <stdlib.h>

#include "base/limits.h"
#include "wire/channel.h"

// An id is the number of its slot and, above, how often the slot was used: a late or repeated
// reply never meets the wrong request.
struct slot {
    void *owner; // NULL: free
    uint32_t uses;
    size_t next_free;
};

struct requests {
    struct channel_pipe *const *channel;
    size_t first_free;
    struct slot slots[LIMIT_FRAMES_WAITING];
};

enum result requests_new(struct channel_pipe *const *channel, struct requests **out_requests,
                         struct error *err) {
    struct requests *requests = calloc(1, sizeof(*requests));
    if (requests == NULL) {
        return error_out_of_memory(err);
    }
    requests->channel = channel;
    for (size_t i = 0; i < LIMIT_FRAMES_WAITING; i++) {
        requests->slots[i].next_free = i + 1;
    }
    *out_requests = requests;
    return RESULT_OK;
}

void requests_free(struct requests *requests, void (*free_owner)(void *owner)) {
    if (requests == NULL) {
        return;
    }
    for (size_t i = 0; i < LIMIT_FRAMES_WAITING; i++) {
        if (requests->slots[i].owner != NULL) {
            free_owner(requests->slots[i].owner);
        }
    }
    free(requests);
}

static enum result overloaded(struct error *err) {
    (void)error_set_code(err, RESULT_UNAVAILABLE, "overloaded",
                         "more requests wait for the authority than it can take");
    error_hint(err, "Try again in a few seconds; nothing was done.");
    return RESULT_UNAVAILABLE;
}

enum result requests_send(struct requests *requests, enum operation_id operation,
                          const char *peer_address, struct bytes peer_certificate,
                          struct bytes body, void *owner, struct error *err) {
    struct channel_pipe *channel = *requests->channel;
    if (channel == NULL) {
        return error_set(err, RESULT_UNAVAILABLE, "the authority is not running");
    }
    const size_t index = requests->first_free;
    if (index == LIMIT_FRAMES_WAITING ||
        channel_waiting(channel) >= LIMIT_CHANNEL_OUTPUT_BYTES) {
        return overloaded(err);
    }
    struct slot *slot = &requests->slots[index];
    const struct frame frame = {
        .kind = FRAME_REQUEST,
        .number = (uint16_t)operation,
        .id = (slot->uses + 1) * LIMIT_FRAMES_WAITING + (uint32_t)index,
        .peer_address = bytes_of_string(peer_address),
        .peer_certificate = peer_certificate,
        .body = body,
    };
    TRY(channel_send(channel, &frame, err));
    slot->uses++;
    slot->owner = owner;
    requests->first_free = slot->next_free;
    return RESULT_OK;
}

void *requests_take(struct requests *requests, uint32_t id) {
    const size_t index = id % LIMIT_FRAMES_WAITING;
    struct slot *slot = &requests->slots[index];
    void *owner = slot->owner;
    if (owner == NULL || id != slot->uses * LIMIT_FRAMES_WAITING + (uint32_t)index) {
        return NULL;
    }
    slot->owner = NULL;
    slot->next_free = requests->first_free;
    requests->first_free = index;
    return owner;
}
