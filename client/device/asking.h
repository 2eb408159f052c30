// Asking for a certificate until there is an answer: polls, pauses, and what comes of a claim.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "client/device/enroll.h"
#include "client/connect/exchange.h"
#include "client/device/pending.h"
#include "client/device/ticket.h"

struct asking {
    struct exchange *exchange;
    const struct pending *pending;
    struct ticket *ticket;
    int64_t wait_seconds;
    const struct enroll_events *events;
};

// Sends the request, or only its claim when it is held already, and waits as long as is wanted.
// Results as enroll_run's; RESULT_PENDING has the code "pending".
enum result asking_run(const struct asking *asking, struct issued *out_issued,
                       struct error *err);
// Seconds to pause after that many failures in a row: twice as long each time, up to a minute,
// and shortened by chance so that a fleet does not come back at once; but never shorter than the
// server wants.
int64_t asking_pause(unsigned failures, int64_t retry_after);
