// Decisions on their way from the transaction to the audit trail and the log.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "authority/decision.h"

#include <stdlib.h>

#include "authority/audit.h"
#include "authority/authority.h"
#include "authority/peer.h"
#include "base/clock.h"

static char actor_authority[] = "authority";

static void decision_clear(struct decision *decision) {
    string_free_at(&decision->actor);
    string_free_at(&decision->subject);
    string_free_at(&decision->detail);
    string_free_at(&decision->address);
}

void decisions_drop(struct decisions *decisions, size_t count) {
    while (decisions->count > count) {
        decisions->count--;
        decision_clear(&decisions->items[decisions->count]);
    }
}

void decisions_clear(struct decisions *decisions) {
    decisions_drop(decisions, 0);
    free(decisions->items);
    *decisions = (struct decisions){0};
}

static enum result make_room(struct decisions *decisions, struct error *err) {
    if (decisions->count < decisions->capacity) {
        return RESULT_OK;
    }
    size_t capacity = decisions->capacity == 0 ? 16 : 2 * decisions->capacity;
    struct decision *items = realloc(decisions->items, capacity * sizeof(*items));
    if (items == NULL) {
        return error_out_of_memory(err);
    }
    decisions->items = items;
    decisions->capacity = capacity;
    return RESULT_OK;
}

static enum result remember(struct decisions *decisions, const struct decision *borrowed,
                            struct error *err) {
    TRY(make_room(decisions, err));
    struct decision decision = {
        .event = borrowed->event,
        .level = borrowed->level,
        .actor = string_copy(borrowed->actor),
        .subject = string_copy(borrowed->subject),
        .detail = string_copy(borrowed->detail),
        .address = borrowed->address == NULL ? NULL : string_copy(borrowed->address),
    };
    if (decision.actor == NULL || decision.subject == NULL || decision.detail == NULL ||
        (decision.address == NULL) != (borrowed->address == NULL)) {
        decision_clear(&decision);
        return error_out_of_memory(err);
    }
    decisions->items[decisions->count++] = decision;
    return RESULT_OK;
}

// The audit keeps the address with the rest; the log has a field of its own for it.
static enum result audit(struct authority *authority, const struct decision *decision,
                         struct error *err) {
    AUTO(buf_clear) struct buf detail = {0};
    buf_init(&detail, 64 * 1024);
    TRY(buf_append_string(&detail, decision->detail));
    if (decision->address != NULL) {
        TRY(buf_printf(&detail, "%saddress=%s", detail.size > 0 ? " " : "", decision->address));
    }
    return audit_append(authority->store, clock_now(), decision->actor, decision->event,
                        decision->subject, buf_string(&detail), err);
}

enum result decision_record(struct authority *authority, const struct peer *peer,
                            enum log_level level, const char *event, const char *subject,
                            const char *detail, struct error *err) {
    struct decision borrowed = {
        .event = event,
        .level = level,
        .actor = peer == NULL ? actor_authority : (char *)(uintptr_t)peer->actor,
        .subject = (char *)(uintptr_t)subject,
        .detail = (char *)(uintptr_t)detail,
        .address =
            peer == NULL || peer->address[0] == '\0' ? NULL : (char *)(uintptr_t)peer->address,
    };
    TRY(audit(authority, &borrowed, err));
    return remember(&authority->decisions, &borrowed, err);
}

void decisions_log(struct decisions *decisions) {
    for (size_t i = 0; i < decisions->count; i++) {
        const struct decision *decision = &decisions->items[i];
        log_event(decision->level, decision->event, "actor", decision->actor, "subject",
                  decision->subject, "detail", decision->detail, "address", decision->address,
                  NULL);
    }
    decisions_drop(decisions, 0);
}
