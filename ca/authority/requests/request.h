// Requests that are held until people decide, from the requester's side.
// SPDX-License-Identifier: GPL-3.0-or-later
//
//            request_hold            last approval
//   (asked) ─────────────▶ PENDING ───────────────▶ APPROVED, with a certificate
//                             │ deny                   DENIED, with a reason
//                             └────────────────────▶
//                               time is over           EXPIRED
//
// A request leaves PENDING once and for ever. One whose time is over counts as expired from that
// second on, and is recorded as such by the next tick.
#pragma once

#include <stdint.h>

#include "authority/decide/policy.h"
#include "base/error.h"
#include "store/store.h"
#include "wire/messages.h"
#include "x509/csr.h"

struct authority;
struct peer;

#define REQUEST_ID_SIZE 16
#define REQUEST_ID_TEXT_SIZE (2 * REQUEST_ID_SIZE + 1)

struct hold_request {
    const struct profile *profile;
    const struct csr *csr;
    struct bytes csr_hash;
    const struct names *names; // that the certificate would carry
    const struct grant *grant; // that holds them; NULL: the requester chose them
    const char *claim;         // of the message enroll; NULL is refused here
    struct bytes token_id;     // empty when not with a token
    const char *responsible;   // who made the token, as its created_by; NULL without
    int64_t predecessor_id;    // of a held renewal, else 0
    int64_t holder_id;         // the certificate of another profile that was shown, else 0
    int64_t now;
};

// Holds a request: fills peer->held and returns RESULT_PENDING. Who asks is peer->actor. What
// could never be issued is refused at once, with policy's codes (names, key, lifetime); beside
// them "claim_missing", "claim_short" (RESULT_INVALID), and those of request_check_room. A use of the token is spent here, so that no two requests wait
// on the same; it is given back when the time is over without a decision, but not by a denial.
enum result request_hold(struct authority *authority, struct peer *peer,
                         const struct hold_request *hold, struct error *err);

// What became of the same CSR that the same requester (peer->actor) sent before: RESULT_PENDING
// with peer->held, the certificate in *reply, or RESULT_DENIED with the codes "request_denied",
// "certificate_revoked", and "claim_unknown" when it came with another claim. RESULT_NOT_FOUND
// (error untouched) when it is the first time, or when the earlier one has expired.
enum result request_repeat(struct authority *authority, struct peer *peer,
                           struct bytes csr_hash, const char *claim, int64_t now,
                           struct issued *reply, struct error *err);

// Operation CLAIM: the same by the request's id and its claim. RESULT_NOT_FOUND (code
// "request_unknown") for an unknown id and for a wrong claim alike; an expired one is
// RESULT_DENIED (code "request_expired").
enum result request_claim(struct authority *authority, struct peer *peer,
                          const struct claim *claim, struct issued *reply, struct error *err);

// Enrollment without token where the profile allows anyone: the same CSR again gets what became
// of it, a device that a rule names gets its certificate, everything else is held.
enum result request_ask(struct authority *authority, struct peer *peer,
                        const struct hold_request *hold, struct issued *reply,
                        struct error *err);

// Whether a request waits whose time is over: asked before a transaction is opened for it.
enum result request_is_due(struct authority *authority, int64_t now, bool *out_is_due,
                           struct error *err);
// Records as expired what has waited for too long, a bounded number at a time, in the caller's
// transaction.
enum result request_expire_due(struct authority *authority, int64_t now, struct error *err);

// --- for the other files of the queue --------------------------------------------------------

// What it is in at this time: PENDING ends on its own.
enum request_state request_state_at(const struct request_record *record, int64_t now);
// At least one: a request that waits for nobody would not be held.
int64_t request_approvals_needed(const struct profile *profile);
void request_id_text(struct bytes id, char out_text[REQUEST_ID_TEXT_SIZE]);
// Audits an event of a request with its profile, code and names: what people recognise it by.
// `extra` comes before them, with a space behind it when it is not empty.
enum result request_record_event(struct authority *authority, const struct peer *peer,
                                 const char *event, const char *extra,
                                 const struct request_record *record, struct error *err);
// Gateways are told of every request that is decided, once that is durable. A notice too many
// (the transaction was undone) or too few (memory is out) costs a poll, nothing else.
void request_note_decided(struct authority *authority, const struct request_record *record);
