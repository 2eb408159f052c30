// What a device asks its authority: who it is, a certificate, what became of a request, renewal.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "client/connect/route.h"

// A request for a first certificate; all borrowed, and NULL where absent.
struct enrollment_question {
    struct bytes csr;
    const char *token; // "id.secret"; or
    const char *profile;
    const char *claim; // a secret of ours, with which to ask what became of it
};

// Errors, and what a delay says, as client/connect/route.h. Replies are zeroed memory, and the
// caller's to clear.
enum result ask_authority(struct exchange *exchange, struct authority_info *out_info,
                          struct error *err);
// Sends the request, or only its claim when it is held already as `*held_id` (owned by the
// caller; NULL: not held). An authority that has forgotten it, as after a restored backup, is sent
// the request again, and `*held_id` is freed. `wait` is seconds for a decision, of a held one.
enum result ask_certificate(struct exchange *exchange,
                            const struct enrollment_question *question, char **held_id,
                            int64_t wait, struct issued *out_issued,
                            struct api_delay *out_delay, struct error *err);
// The exchange shows the certificate that is renewed. RESULT_PENDING: code "pending", with the
// request's code in the message.
enum result ask_renew(struct exchange *exchange, struct bytes csr, struct issued *out_issued,
                      struct api_delay *out_delay, struct error *err);
// Revokes the certificate that the exchange shows; `reason` may be NULL.
enum result ask_revoke(struct exchange *exchange, const char *reason, struct error *err);

// Gives the claim of a new request: 128 bits in base64url, appended.
enum result claim_make(struct buf *out, struct error *err);
// RESULT_DENIED, code "untrusted", when what the authority holds is not our request.
enum result held_check(const struct held *held, const char *our_code, struct error *err);
