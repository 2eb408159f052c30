// Those who wait for something to happen: woken by its key, or when their time is over.
// SPDX-License-Identifier: GPL-3.0-or-later
// Holds one uv_timer_t; it is freed with the parking in its close callback.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct parking;
struct parked;
struct uv_loop_s;

struct parked_link {
    struct parked *next;
    struct parked **at; // what points here; NULL: in no list
};

// A place, part of whoever has it. Zeroed memory is none. All members belong to parking.c.
//
//   (none) ──watch──▶ WATCHING ──wait──▶ WAITING ──notice, time──▶ WATCHING ──leave──▶ (none)
//
// WATCHING: it asks somebody right now how things are. A notice that arrives meanwhile may be
// newer than the answer, so it is remembered, and parked_wait refuses to wait.
struct parked {
    struct parking *parking;
    void *owner;
    const char *key;
    struct parked_link same_key; // all places whose keys have one hash
    struct parked_link same_end; // those that wait, by the end of their time
    bool is_noticed;
};

// What a place that waited is told, once; it watches again.
enum parked_event { PARKED_NOTICED, PARKED_OVER };
typedef void parked_handler(void *owner, enum parked_event event);

enum result parking_new(struct uv_loop_s *loop, parked_handler *on_event,
                        struct parking **out_parking, struct error *err);
// Every place becomes none, without an event; freed in the loop's next turn. NULL is fine.
void parking_free(struct parking *parking);

// Takes a place. `key` and `owner` live as long as it does.
void parked_watch(struct parking *parking, struct parked *parked, const char *key, void *owner);
enum parked_verdict {
    PARKED_WAITS,
    PARKED_IS_STALE, // there was a notice: ask again
    PARKED_IS_LATE,  // the time is over, or the parking full or closed: do not wait
};
// Waits until `due`, by parking_now and at most LIMIT_POLL_SECONDS away.
enum parked_verdict parked_wait(struct parked *parked, uint64_t due);
bool parked_is_waiting(const struct parked *parked);
// Milliseconds of the loop's clock.
uint64_t parking_now(const struct parking *parking);
// Gives the place up, whatever it does. Fine for none.
void parked_leave(struct parked *parked);

// Something happened to `key`: PARKED_NOTICED to each place that waits for it. Takes the time of
// those, however many others wait.
void parking_notice(struct parking *parking, const char *key);
// PARKED_OVER to all that wait; from now on nobody waits.
void parking_close(struct parking *parking);
// How many wait.
size_t parking_waiting(const struct parking *parking);
