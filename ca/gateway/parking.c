// Places by key in a hash table, and by the end of their time in a wheel of slots.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "gateway/parking.h"

#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "base/bytes.h"
#include "base/limits.h"

// As many as places at most, so that a list holds hardly more than those of one key.
#define KEY_COUNT LIMIT_PARKED
// A time ends with its slot, so at most this much late.
#define SLOT_MILLISECONDS 250
// The wheel is longer than any time, so that a slot holds one turn only.
#define SLOT_COUNT 512
_Static_assert(LIMIT_POLL_SECONDS * 1000 < (SLOT_COUNT - 2) * SLOT_MILLISECONDS,
               "one turn of the wheel holds the longest time");

struct parking {
    uv_timer_t timer;
    uv_loop_t *loop;
    parked_handler *on_event;
    bool is_closed;
    size_t waiting;
    uint64_t looked_at; // the slot up to which all times have been ended
    uint64_t armed_for; // the slot the timer waits for; 0: none
    struct parked *keys[KEY_COUNT];
    struct parked *slots[SLOT_COUNT];
};

// --- lists ----------------------------------------------------------------------------------

// A place is in two lists; which of its links a list uses is said by a function.
typedef struct parked_link *link_of(struct parked *parked);

static struct parked_link *by_key(struct parked *parked) {
    return &parked->same_key;
}

static struct parked_link *by_end(struct parked *parked) {
    return &parked->same_end;
}

static void list_add(struct parked **list, struct parked *parked, link_of *link) {
    link(parked)->next = *list;
    link(parked)->at = list;
    if (*list != NULL) {
        link(*list)->at = &link(parked)->next;
    }
    *list = parked;
}

static void list_remove(struct parked *parked, link_of *link) {
    struct parked_link *own = link(parked);
    if (own->at == NULL) {
        return;
    }
    *own->at = own->next;
    if (own->next != NULL) {
        link(own->next)->at = own->at;
    }
    *own = (struct parked_link){0};
}

// --- places ---------------------------------------------------------------------------------

// FNV-1a. Keys are the authority's choice, so nobody can make them meet.
static struct parked **list_of_key(struct parking *parking, const char *key) {
    uint32_t hash = 2166136261U;
    for (struct bytes rest = bytes_of_string(key); rest.size > 0;
         rest = bytes_slice(rest, 1, SIZE_MAX)) {
        hash = (hash ^ rest.data[0]) * 16777619U;
    }
    return &parking->keys[hash % KEY_COUNT];
}

static void stop_waiting(struct parked *parked) {
    if (parked->same_end.at != NULL) {
        list_remove(parked, by_end);
        parked->parking->waiting--;
    }
}

void parked_watch(struct parking *parking, struct parked *parked, const char *key,
                  void *owner) {
    *parked = (struct parked){.parking = parking, .owner = owner, .key = key};
    list_add(list_of_key(parking, key), parked, by_key);
}

void parked_leave(struct parked *parked) {
    if (parked->parking != NULL) {
        stop_waiting(parked);
        list_remove(parked, by_key);
        *parked = (struct parked){0};
    }
}

// --- time -----------------------------------------------------------------------------------

static void on_timer(uv_timer_t *timer);

// The timer waits for the first slot that has a time in it. Those who leave do not move it: at
// worst it looks in vain.
static void arm(struct parking *parking, uint64_t slot) {
    if (parking->armed_for != 0 && parking->armed_for <= slot) {
        return;
    }
    const uint64_t now = uv_now(parking->loop);
    const uint64_t due = slot * SLOT_MILLISECONDS;
    parking->armed_for = slot;
    (void)uv_timer_start(&parking->timer, on_timer, due > now ? due - now : 0, 0);
}

static void arm_for_next(struct parking *parking) {
    parking->armed_for = 0;
    for (uint64_t slot = parking->looked_at + 1; slot <= parking->looked_at + SLOT_COUNT;
         slot++) {
        if (parking->slots[slot % SLOT_COUNT] != NULL) {
            arm(parking, slot);
            return;
        }
    }
}

// Ends the time of everyone in the list. Whoever is told may make others in it leave.
static void end_list(struct parking *parking, struct parked **list) {
    while (*list != NULL) {
        struct parked *parked = *list;
        stop_waiting(parked);
        parking->on_event(parked->owner, PARKED_OVER);
    }
}

static void on_timer(uv_timer_t *timer) {
    struct parking *parking = timer->data;
    const uint64_t now = uv_now(parking->loop) / SLOT_MILLISECONDS;
    while (parking->looked_at < now && parking->waiting > 0) {
        parking->looked_at++;
        end_list(parking, &parking->slots[parking->looked_at % SLOT_COUNT]);
    }
    parking->looked_at = now;
    arm_for_next(parking);
}

enum parked_verdict parked_wait(struct parked *parked, uint64_t due) {
    struct parking *parking = parked->parking;
    const uint64_t now = uv_now(parking->loop);
    if (parked->is_noticed) {
        parked->is_noticed = false;
        return PARKED_IS_STALE;
    }
    if (parking->is_closed || due <= now || parking->waiting >= LIMIT_PARKED) {
        return PARKED_IS_LATE;
    }
    if (parking->waiting == 0) {
        parking->looked_at = now / SLOT_MILLISECONDS; // the wheel stood still
    }
    const uint64_t slot = (due + SLOT_MILLISECONDS - 1) / SLOT_MILLISECONDS;
    const uint64_t last = parking->looked_at + SLOT_COUNT - 1;
    const uint64_t chosen = slot < last ? slot : last;
    list_add(&parking->slots[chosen % SLOT_COUNT], parked, by_end);
    parking->waiting++;
    arm(parking, chosen);
    return PARKED_WAITS;
}

bool parked_is_waiting(const struct parked *parked) {
    return parked->same_end.at != NULL;
}

uint64_t parking_now(const struct parking *parking) {
    return uv_now(parking->loop);
}

// --- events ---------------------------------------------------------------------------------

void parking_notice(struct parking *parking, const char *key) {
    struct parked *woken = NULL;
    struct parked *next = NULL;
    for (struct parked *at = *list_of_key(parking, key); at != NULL; at = next) {
        next = at->same_key.next;
        if (strcmp(at->key, key) != 0) {
            continue;
        }
        if (at->same_end.at == NULL) {
            at->is_noticed = true;
        } else {
            stop_waiting(at);
            list_add(&woken, at,
                     by_end); // for the moment: whoever leaves leaves this list, too
            parking->waiting++;
        }
    }
    while (woken != NULL) {
        struct parked *parked = woken;
        stop_waiting(parked);
        parking->on_event(parked->owner, PARKED_NOTICED);
    }
}

void parking_close(struct parking *parking) {
    parking->is_closed = true;
    for (size_t i = 0; i < SLOT_COUNT; i++) {
        end_list(parking, &parking->slots[i]);
    }
}

size_t parking_waiting(const struct parking *parking) {
    return parking->waiting;
}

// --- life -----------------------------------------------------------------------------------

enum result parking_new(struct uv_loop_s *loop, parked_handler *on_event,
                        struct parking **out_parking, struct error *err) {
    struct parking *parking = calloc(1, sizeof(*parking));
    if (parking == NULL) {
        return error_out_of_memory(err);
    }
    parking->loop = loop;
    parking->on_event = on_event;
    (void)uv_timer_init(loop, &parking->timer); // cannot fail
    parking->timer.data = parking;
    *out_parking = parking;
    return RESULT_OK;
}

static void on_closed(uv_handle_t *handle) {
    free(handle->data);
}

void parking_free(struct parking *parking) {
    if (parking == NULL) {
        return;
    }
    for (size_t i = 0; i < KEY_COUNT; i++) {
        while (parking->keys[i] != NULL) {
            parked_leave(parking->keys[i]);
        }
    }
    uv_close((uv_handle_t *)&parking->timer, on_closed);
}
