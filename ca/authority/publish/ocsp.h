// Status of single certificates (OCSP, RFC 6960), told from the records.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/error.h"
#include "wire/messages.h"

struct authority;
struct peer;

// What gateways are still to be told: answers they keep about these are no longer true. Zeroed
// memory is valid and empty.
struct ocsp_changes {
    int64_t epoch;      // grows with each change
    struct buf serials; // each behind an octet with its size
    bool is_all;
};

void ocsp_changes_clear(struct ocsp_changes *changes);
// A certificate was revoked, held, or released: to be called within the transaction, before any
// later question is answered. One that is rolled back does no harm.
void ocsp_note_changed(struct authority *authority, struct bytes serial);
// Something was changed that concerns all answers.
void ocsp_note_all_changed(struct ocsp_changes *changes);
// Takes the oldest change as a message, which the caller clears; false when there is none.
bool ocsp_changes_take(struct ocsp_changes *changes, struct status_changed *out_changed);

// Operation. RESULT_INVALID (code "ocsp_malformed") for what is no request, RESULT_DENIED
// ("ocsp_unauthorized") when no certificate of this authority is asked about, RESULT_UNAVAILABLE
// while nobody can sign, RESULT_NOT_FOUND ("ocsp_disabled"); a gateway makes the unsigned
// responses of RFC 6960 of them. In one response there is one signer: of several certificates,
// those of other CAs than the first one's are unknown.
enum result ocsp_answer_query(struct authority *authority, const struct peer *peer,
                              const struct ocsp_query *query, struct ocsp_reply *reply,
                              struct error *err);
