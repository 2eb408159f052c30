// A device that waits already when it is listed goes through at once.
// SPDX-License-Identifier: GPL-3.0-or-later
#include <string.h>

#include "authority/authority.h"
#include "authority/peer.h"
#include "authority/requests/rule.h"
#include "base/clock.h"
#include "base/text.h"

struct waiting_request {
    uint8_t id[REQUEST_ID_SIZE];
    bool is_found;
};

// The newest comes first. With a token it is the token's people who decide.
static enum result note(void *context, const struct request_record *record, struct error *err) {
    (void)err;
    struct waiting_request *waiting = context;
    if (!waiting->is_found && record->token_id.size == 0 && !record->is_granted) {
        memcpy(waiting->id, record->id.data, REQUEST_ID_SIZE);
        waiting->is_found = true;
    }
    return RESULT_OK;
}

static enum result find_waiting(struct authority *authority, const struct rule_record *rule,
                                int64_t now, struct waiting_request *out_waiting,
                                struct error *err) {
    AUTO(buf_clear) struct buf key_hash = {0};
    buf_init(&key_hash, SHA256_SIZE);
    TRY(text_hex_decode(bytes_of_string(rule->value), &key_hash));
    return store_each_held_of_key(authority->store, buf_bytes(&key_hash), rule->profile, now,
                                  note, out_waiting, err);
}

static enum result approve(struct authority *authority, const struct peer *peer,
                           const struct rule_record *rule, const struct profile *profile,
                           const struct request_record *request, int64_t now,
                           struct error *err) {
    int64_t certificate_id = 0;
    AUTO(buf_clear) struct buf extra = {0};
    buf_init(&extra, 128);
    TRY(buf_printf(&extra, "rule=%s:%s ", rule->kind, rule->value));
    TRY(request_record_event(authority, peer, "request approved", buf_string(&extra), request,
                             err));
    TRY(rule_issue_held(authority, peer, rule, profile, request, now, &certificate_id, err));
    return store_decide_request(authority->store, buf_bytes(&request->id), REQUEST_APPROVED,
                                now, peer->actor, NULL, certificate_id, err);
}

// What is refused undoes itself and nothing else: the rules are added all the same.
static enum result try_to_approve(struct authority *authority, const struct peer *peer,
                                  const struct rule_record *rule, const struct profile *profile,
                                  const struct request_record *request, int64_t now,
                                  bool *out_is_approved, struct error *err) {
    struct error refusal = {0};
    size_t decided = authority->decisions.count;
    TRY(store_savepoint(authority->store, err));
    enum result result = approve(authority, peer, rule, profile, request, now, &refusal);
    *out_is_approved = result == RESULT_OK;
    if (result == RESULT_OK) {
        return store_release(authority->store, err);
    }
    store_rollback_to_savepoint(authority->store);
    decisions_drop(&authority->decisions, decided);
    bool is_ours = result == RESULT_INTERNAL || result == RESULT_UNAVAILABLE;
    return is_ours ? error_set(err, result, "%s", refusal.message) : RESULT_OK;
}

enum result rule_approve_held(struct authority *authority, const struct peer *peer,
                              const struct rule_record *rule, const struct profile *profile,
                              bool *out_is_approved, struct error *err) {
    int64_t now = clock_now();
    struct waiting_request waiting = {0};
    *out_is_approved = false;
    TRY(find_waiting(authority, rule, now, &waiting, err));
    if (!waiting.is_found) {
        return RESULT_OK;
    }
    AUTO(request_record_clear) struct request_record request = {0};
    TRY(store_find_request(authority->store, bytes_of(waiting.id, REQUEST_ID_SIZE), &request,
                           err));
    TRY(try_to_approve(authority, peer, rule, profile, &request, now, out_is_approved, err));
    if (*out_is_approved) {
        request_note_decided(authority, &request);
    }
    return RESULT_OK;
}
