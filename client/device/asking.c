// The loop around the polls.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "client/device/asking.h"

#include <poll.h>
#include <string.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/random.h"
#include "client/connect/ask.h"

// Below what an exchange may take, with room for a slow line.
#define POLL_SECONDS 50
#define LONGEST_PAUSE_SECONDS 60
// Who was not parked is answered at once, and must not ask again at once.
#define LEAST_PAUSE_SECONDS 1

_Static_assert(POLL_SECONDS + 5 < LIMIT_CLIENT_EXCHANGE_SECONDS, "a poll ends in time");

int64_t asking_pause(unsigned failures, int64_t retry_after) {
    int64_t longest = 1;
    while (failures-- > 1 && longest < LONGEST_PAUSE_SECONDS) {
        longest *= 2;
    }
    longest = longest < LONGEST_PAUSE_SECONDS ? longest : LONGEST_PAUSE_SECONDS;
    uint8_t chance = 0;
    (void)!random_bytes(&chance, sizeof(chance), NULL);
    const int64_t pause = longest - longest * chance / 512; // at least half of it
    return pause > retry_after ? pause : retry_after;
}

static void pause_for(int64_t seconds) {
    const int64_t end = clock_monotonic_milliseconds() + seconds * 1000;
    int64_t left = seconds * 1000;
    while (left > 0) {
        (void)poll(NULL, 0, (int)left);
        left = end - clock_monotonic_milliseconds();
    }
}

static enum result ask_once(const struct asking *asking, int64_t wait,
                            struct issued *out_issued, struct api_delay *delay,
                            struct error *err) {
    struct ticket *ticket = asking->ticket;
    const struct enrollment_question question = {.csr = buf_bytes(&asking->pending->request),
                                                 .token = ticket->token,
                                                 .profile = ticket->profile,
                                                 .claim = ticket->claim};
    return ask_certificate(asking->exchange, &question, &ticket->id, wait, out_issued, delay,
                           err);
}

// --- the loop ----------------------------------------------------------------------------

// What the loop knows between two questions.
struct progress {
    int64_t start;       // monotonic, in milliseconds
    unsigned failures;   // in a row
    bool is_told;        // on_held was called
    int64_t poll_wanted; // seconds asked of the last question
    int64_t poll_start;
};

static int64_t seconds_since(int64_t milliseconds) {
    return (clock_monotonic_milliseconds() - milliseconds) / 1000;
}

static int64_t seconds_left(const struct asking *asking, const struct progress *progress) {
    const int64_t waited = seconds_since(progress->start);
    return asking->wait_seconds > waited ? asking->wait_seconds - waited : 0;
}

static enum result still_pending(const struct asking *asking, struct error *err) {
    (void)error_set_code(err, RESULT_PENDING, "pending",
                         "the request %s waits for approval by an administrator",
                         asking->ticket->code);
    error_hint(err,
               "Go on with signet enroll --resume, or with the same command; until then key "
               "and request are kept.");
    return RESULT_PENDING;
}

static void tell_held(const struct asking *asking, struct progress *progress,
                      const struct held *held) {
    const struct enroll_events *events = asking->events;
    if (!progress->is_told && events->on_held != NULL) {
        events->on_held(held, asking->ticket->url);
    } else if (progress->is_told && events->on_wait != NULL) {
        events->on_wait(held, seconds_since(progress->start));
    }
    progress->is_told = true;
}

// The request is held. RESULT_OK: ask again.
static enum result after_held(const struct asking *asking, struct progress *progress,
                              const struct held *held, struct error *err) {
    TRY(ticket_note_held(asking->ticket, buf_string(&asking->pending->path), held, err));
    progress->failures = 0;
    tell_held(asking, progress, held);
    const int64_t left = seconds_left(asking, progress);
    if (left == 0) {
        return still_pending(asking, err);
    }
    if (progress->poll_wanted > 0 &&
        seconds_since(progress->poll_start) < progress->poll_wanted / 2) {
        const int64_t wanted =
            held->retry_after > LEAST_PAUSE_SECONDS ? held->retry_after : LEAST_PAUSE_SECONDS;
        pause_for(wanted < left ? wanted : left);
    }
    return RESULT_OK;
}

static bool is_trouble(enum result result, const struct error *err) {
    return result == RESULT_LIMIT ||
           (result == RESULT_UNAVAILABLE && strcmp(err->code, "interrupted") != 0);
}

// Only who waits tries again; and only once the request is held, so that a wrong address shows at
// once. RESULT_OK: ask again.
static enum result after_trouble(const struct asking *asking, struct progress *progress,
                                 int64_t retry_after, const struct error *reason,
                                 struct error *err) {
    const int64_t left = seconds_left(asking, progress);
    if (asking->ticket->id == NULL || asking->wait_seconds == 0) {
        *err = *reason;
        return reason->result;
    }
    if (left == 0) {
        return still_pending(asking, err);
    }
    progress->failures++;
    const int64_t wanted = asking_pause(progress->failures, retry_after);
    const int64_t pause = wanted < left ? wanted : left;
    if (asking->events->on_trouble != NULL) {
        asking->events->on_trouble(reason, pause);
    }
    pause_for(pause);
    return RESULT_OK;
}

// One question and what it leads to; *out_is_over when there is a certificate.
static enum result step(const struct asking *asking, struct progress *progress,
                        struct issued *out_issued, bool *out_is_over, struct error *err) {
    AUTO(api_delay_clear) struct api_delay delay = {0};
    struct error reason = {0};
    const int64_t left = seconds_left(asking, progress);
    // The first one tells how things are; a person does not want to wait for that.
    progress->poll_wanted =
        !progress->is_told ? 0 : (left < POLL_SECONDS ? left : POLL_SECONDS);
    progress->poll_start = clock_monotonic_milliseconds();
    const enum result result =
        ask_once(asking, progress->poll_wanted, out_issued, &delay, &reason);
    *out_is_over = result == RESULT_OK;
    if (result == RESULT_PENDING) {
        return after_held(asking, progress, &delay.held, err);
    }
    if (is_trouble(result, &reason)) {
        return after_trouble(asking, progress, delay.retry_after, &reason, err);
    }
    *err = reason;
    return result;
}

enum result asking_run(const struct asking *asking, struct issued *out_issued,
                       struct error *err) {
    struct progress progress = {.start = clock_monotonic_milliseconds()};
    bool is_over = false;
    while (!is_over) { // ends with the time to wait, or the request's own end
        TRY(step(asking, &progress, out_issued, &is_over, err));
    }
    return RESULT_OK;
}
