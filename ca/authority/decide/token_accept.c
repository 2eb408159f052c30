// Enrollment tokens at an enrollment: whose secret it is, whether it may still be used.
// SPDX-License-Identifier: GPL-3.0-or-later
#include <string.h>

#include "authority/authority.h"
#include "authority/peer.h"
#include "authority/decide/token.h"
#include "base/clock.h"

#define CODE_TOKEN_UNKNOWN "token_unknown"

static enum result refuse(struct error *err, const char *code, const char *message) {
    (void)error_set_code(err, RESULT_DENIED, code, "%s", message);
    error_field(err, "token");
    error_hint(err, "Ask for a new token.");
    return RESULT_DENIED;
}

// The same for an unknown id and for a wrong secret: neither tells which ids exist.
static enum result unknown(struct error *err) {
    (void)refuse(err, CODE_TOKEN_UNKNOWN, "this token is not known");
    error_hint(err, "Copy the whole token once more, or ask for a new one.");
    return RESULT_DENIED;
}

struct credential {
    uint8_t id[TOKEN_ID_SIZE];
    uint8_t secret[TOKEN_SECRET_SIZE];
};

static void credential_clear(struct credential *credential) {
    memory_wipe(credential, sizeof(*credential));
}

enum result token_authenticate(struct authority *authority, const char *credential_text,
                               struct token_record *out_token, struct error *err) {
    AUTO(credential_clear) struct credential credential = {0};
    enum result result =
        token_credential_read(credential_text, credential.id, credential.secret, err);
    if (result != RESULT_OK) {
        error_field(err, "token");
        return result;
    }
    uint8_t secret_hash[SHA256_SIZE];
    TRY(hash_sha256(bytes_of(credential.secret, TOKEN_SECRET_SIZE), secret_hash));
    AUTO(token_record_clear) struct token_record token = {0};
    result =
        store_find_token(authority->store, bytes_of(credential.id, TOKEN_ID_SIZE), &token, err);
    if (result == RESULT_NOT_FOUND) {
        return unknown(err);
    }
    TRY(result);
    // Before the secret is looked at: a lock that answers guesses would be none.
    if (token.failures >= LIMIT_TOKEN_FAILURES) {
        return refuse(err, "token_locked", "this token is locked: too many wrong secrets");
    }
    if (!bytes_equal_secret(buf_bytes(&token.secret_hash),
                            bytes_of(secret_hash, SHA256_SIZE))) {
        return unknown(err);
    }
    if (token.revoked_at != 0) {
        return refuse(err, "token_revoked", "this token was revoked");
    }
    *out_token = token;
    token = (struct token_record){0};
    return RESULT_OK;
}

enum result token_check_usable(const struct token_record *token, int64_t now,
                               struct error *err) {
    if (token->uses_spent >= token->uses_allowed) {
        return refuse(err, "token_spent",
                      token->uses_allowed == 1 ? "this token has been used"
                                               : "every use of this token is spent");
    }
    if (now >= token->expires) {
        return refuse(err, "token_expired", "this token has expired");
    }
    return RESULT_OK;
}

enum result token_note_refusal(struct authority *authority, struct peer *peer,
                               const char *credential_text, const struct error *refusal,
                               struct error *err) {
    AUTO(credential_clear) struct credential credential = {0};
    if (token_credential_read(credential_text, credential.id, credential.secret, NULL) !=
        RESULT_OK) {
        return RESULT_OK;
    }
    struct bytes id = bytes_of(credential.id, TOKEN_ID_SIZE);
    AUTO(token_record_clear) struct token_record token = {0};
    enum result result = store_find_token(authority->store, id, &token, err);
    if (result == RESULT_NOT_FOUND ||
        (result == RESULT_OK && token.failures >= LIMIT_TOKEN_FAILURES)) {
        return RESULT_OK;
    }
    TRY(result);
    if (strcmp(refusal->code, CODE_TOKEN_UNKNOWN) == 0) {
        TRY(store_count_token_failure(authority->store, id, err));
    }
    char id_text[TOKEN_ID_TEXT_SIZE];
    token_id_text(id, id_text);
    peer_set_actor(peer, "token", id_text);
    AUTO(buf_clear) struct buf detail = {0};
    buf_init(&detail, 1024);
    TRY(buf_printf(&detail, "code=%s %s", refusal->code, refusal->message));
    return decision_record(authority, peer, LOG_LEVEL_WARNING, "enrollment refused", id_text,
                           buf_string(&detail), err);
}
