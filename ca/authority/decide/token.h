// Enrollment tokens: create, list, revoke, and accept them at an enrollment.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stdint.h>

#include "base/error.h"
#include "store/store.h"
#include "wire/enrollment_token.h"
#include "wire/messages.h"

struct authority;
struct peer;
struct profile;

#define TOKEN_ID_TEXT_SIZE (2 * TOKEN_ID_SIZE + 1)

// A token that could never be used (unknown or internal profile or one that takes no tokens,
// names, patterns or lifetime that the profile refuses) is refused here. The secret is in the reply and nowhere else afterwards.
enum result token_create(struct authority *authority, const struct peer *peer,
                         const struct token_create *request, struct token_created *reply,
                         struct error *err);
// In a profile that is found already, the administrators' too: for their invitations.
enum result token_create_in(struct authority *authority, const struct peer *peer,
                            const struct profile *profile, const struct token_create *request,
                            struct token_created *reply, struct error *err);
enum result token_list(struct authority *authority, const struct peer *peer,
                       const struct token_list *request, struct token_page *reply,
                       struct error *err);
// RESULT_CONFLICT (code "already_revoked") the second time.
enum result token_revoke(struct authority *authority, const struct peer *peer,
                         const struct token_revoke *request, struct token_info *reply,
                         struct error *err);

// Finds the token of a credential and compares its secret. RESULT_DENIED: "token_unknown" for
// an unknown id and for a wrong secret alike, "token_locked" after LIMIT_TOKEN_FAILURES of the
// latter, "token_revoked". Whether it is spent or expired is asked separately.
enum result token_authenticate(struct authority *authority, const char *credential,
                               struct token_record *out_token, struct error *err);
// RESULT_DENIED: "token_spent", "token_expired".
enum result token_check_usable(const struct token_record *token, int64_t now,
                               struct error *err);
// To be called after an enrollment with this credential was refused and undone: counts a wrong
// secret, and audits the refusal when the credential names a token that is not locked. Who
// sends made-up ids fills no audit trail.
enum result token_note_refusal(struct authority *authority, struct peer *peer,
                               const char *credential, const struct error *refusal,
                               struct error *err);
// NULL is any state; RESULT_INVALID (code "state_unknown") names the choices.
enum result token_state_read(const char *text, enum token_state *out_state, struct error *err);
enum result token_info_fill(const struct token_record *record, int64_t now,
                            struct token_info *info);
// Lower-case hex.
void token_id_text(struct bytes id, char out_text[TOKEN_ID_TEXT_SIZE]);
