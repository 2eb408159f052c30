// Decisions: each is audited in its transaction, and told to the log once that is durable.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/log.h"

struct authority;
struct peer;

struct decision {
    const char *event; // static text
    enum log_level level;
    char *actor;
    char *subject;
    char *detail;
    char *address;
};

// What was decided in the running transaction and is not in the log yet. Zeroed memory is
// empty.
struct decisions {
    struct decision *items;
    size_t count;
    size_t capacity;
};

void decisions_clear(struct decisions *decisions);

// Audits and remembers a decision. `event` is a literal; `peer` may be NULL for the authority
// itself; `detail` is one line without secrets, to which the peer's address is added.
enum result decision_record(struct authority *authority, const struct peer *peer,
                            enum log_level level, const char *event, const char *subject,
                            const char *detail, struct error *err);
// Forgets all behind the first `count`: what they tell of was rolled back.
void decisions_drop(struct decisions *decisions, size_t count);
// Logs and forgets all: what they tell of is durable.
void decisions_log(struct decisions *decisions);
