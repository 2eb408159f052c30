// Holding requests, and telling their requesters what became of them.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "authority/requests/request.h"

#include <string.h>

#include "authority/authority.h"
#include "authority/certificate_text.h"
#include "authority/decide/issuance.h"
#include "authority/peer.h"
#include "authority/requests/request_approval.h"
#include "authority/requests/request_room.h"
#include "authority/requests/rule.h"
#include "base/clock.h"
#include "base/random.h"
#include "base/text.h"

// Between two questions of one that does not wait in a long poll.
#define HELD_RETRY_SECONDS 15
// Of requests whose time is over, recorded in one transaction.
#define EXPIRED_AT_ONCE 200
// Ids of decided requests that wait to be told; more than one group ever decides.
#define LIMIT_DECIDED_BYTES (64 * 1024)

// Of the names as much as fits.
#define EVENT_DETAIL_BYTES ((LIMIT_NAME_BYTES + 16) * 4)

void request_id_text(struct bytes id, char out_text[REQUEST_ID_TEXT_SIZE]) {
    char text[CERTIFICATE_SERIAL_TEXT_SIZE];
    serial_text(bytes_slice(id, 0, REQUEST_ID_SIZE), text);
    memcpy(out_text, text, strlen(text) + 1);
}

enum request_state request_state_at(const struct request_record *record, int64_t now) {
    enum request_state state = (enum request_state)record->state;
    return state == REQUEST_PENDING && now >= record->expires ? REQUEST_EXPIRED : state;
}

int64_t request_approvals_needed(const struct profile *profile) {
    return profile->approvals > 1 ? profile->approvals : 1;
}

void request_note_decided(struct authority *authority, const struct request_record *record) {
    if (authority->decided.maximum == 0) {
        buf_init(&authority->decided, LIMIT_DECIDED_BYTES);
    }
    (void)!buf_append(&authority->decided,
                      bytes_slice(buf_bytes(&record->id), 0, REQUEST_ID_SIZE));
}

// --- what the requester is told --------------------------------------------------------------

static enum result tell_held(struct authority *authority, struct peer *peer,
                             const struct request_record *record, struct error *err) {
    struct held held = {
        .approvals = record->approvals,
        .expires = record->expires,
        .retry_after = HELD_RETRY_SECONDS,
    };
    TRY(request_count_approvals(authority, record, &held.approved, err));
    char id[REQUEST_ID_TEXT_SIZE];
    request_id_text(buf_bytes(&record->id), id);
    message_clear(&held_type, &peer->held);
    peer->held = held;
    if (text_set(&peer->held.id, id) != RESULT_OK ||
        text_set(&peer->held.profile, record->profile) != RESULT_OK ||
        text_set(&peer->held.code, record->code) != RESULT_OK ||
        name_records_list(record->names, record->name_count, &peer->held.names) != RESULT_OK) {
        return error_out_of_memory(err);
    }
    return RESULT_PENDING;
}

static enum result tell_denied(const struct request_record *record, struct error *err) {
    (void)error_set_code(err, RESULT_DENIED, "request_denied", "the request was denied%s%s",
                         record->reason == NULL ? "" : ": ",
                         record->reason == NULL ? "" : record->reason);
    error_hint(err, "Ask the people who run the authority; a new request needs a new key.");
    return RESULT_DENIED;
}

static enum result tell_issued(struct authority *authority, const struct request_record *record,
                               struct issued *reply, struct error *err) {
    AUTO(certificate_record_clear) struct certificate_record given = {0};
    TRY(store_find_certificate_by_id(authority->store, record->certificate_id, &given, err));
    if (given.revoked_at != 0) {
        (void)certificate_refuse_revoked(&given, "the certificate for this request",
                                         "Make a new key and a new request.", err);
        error_field(err, "csr");
        return RESULT_DENIED;
    }
    return issuance_reply(authority, &given, reply, err);
}

static enum result tell(struct authority *authority, struct peer *peer,
                        const struct request_record *record, int64_t now, struct issued *reply,
                        struct error *err) {
    switch (request_state_at(record, now)) {
    case REQUEST_PENDING:
        return tell_held(authority, peer, record, err);
    case REQUEST_APPROVED:
        return tell_issued(authority, record, reply, err);
    case REQUEST_DENIED:
        return tell_denied(record, err);
    case REQUEST_EXPIRED:
        break;
    }
    (void)error_set_code(err, RESULT_DENIED, "request_expired",
                         "nobody decided about the request in time");
    error_hint(err, "Ask again: the same request may be sent once more.");
    return RESULT_DENIED;
}

// --- claims ----------------------------------------------------------------------------------

static enum result check_claim(const char *claim, struct error *err) {
    if (claim == NULL) {
        (void)error_set_code(
            err, RESULT_INVALID, "claim_missing",
            "the request has to wait for approval, and needs a claim for that");
        error_field(err, "claim");
        error_hint(err, "Send a random text of at least %d characters as claim, and keep it.",
                   LIMIT_CLAIM_LEAST_BYTES);
        return RESULT_INVALID;
    }
    if (strlen(claim) < LIMIT_CLAIM_LEAST_BYTES) {
        (void)error_set_code(err, RESULT_INVALID, "claim_short",
                             "a claim has at least %d characters, this has %zu",
                             LIMIT_CLAIM_LEAST_BYTES, strlen(claim));
        error_field(err, "claim");
        error_hint(err, "Make it from 16 random bytes in base64url.");
        return RESULT_INVALID;
    }
    return RESULT_OK;
}

static bool is_claim_of(const char *claim, const struct request_record *record) {
    uint8_t hash[SHA256_SIZE];
    return claim != NULL && hash_sha256(bytes_of_string(claim), hash) == RESULT_OK &&
           bytes_equal_secret(bytes_of(hash, SHA256_SIZE), buf_bytes(&record->claim_hash));
}

enum result request_repeat(struct authority *authority, struct peer *peer,
                           struct bytes csr_hash, const char *claim, int64_t now,
                           struct issued *reply, struct error *err) {
    AUTO(request_record_clear) struct request_record record = {0};
    enum result result =
        store_find_request_of_csr(authority->store, csr_hash, peer->actor, &record, NULL);
    if (result != RESULT_OK) {
        return result == RESULT_NOT_FOUND
                   ? result
                   : error_set(err, result, "earlier requests cannot be looked up");
    }
    if (request_state_at(&record, now) == REQUEST_EXPIRED) {
        return RESULT_NOT_FOUND;
    }
    if (!is_claim_of(claim, &record)) {
        (void)error_set_code(err, RESULT_DENIED, "claim_unknown",
                             "this request was sent before, with another claim");
        error_field(err, "claim");
        error_hint(err, "Send the same claim, or make a new key and a new request.");
        return RESULT_DENIED;
    }
    return tell(authority, peer, &record, now, reply, err);
}

// The id of a request in a path; whatever is not one names none.
static enum result find_by_text(struct authority *authority, const char *text,
                                struct request_record *out_record, struct error *err) {
    AUTO(buf_clear) struct buf id = {0};
    buf_init(&id, REQUEST_ID_SIZE);
    if (text_hex_decode(bytes_of_string(text), &id) != RESULT_OK) {
        return RESULT_NOT_FOUND;
    }
    return store_find_request(authority->store, buf_bytes(&id), out_record, err);
}

enum result request_claim(struct authority *authority, struct peer *peer,
                          const struct claim *claim, struct issued *reply, struct error *err) {
    AUTO(request_record_clear) struct request_record record = {0};
    enum result result = find_by_text(authority, claim->id, &record, err);
    if (result == RESULT_NOT_FOUND ||
        (result == RESULT_OK && !is_claim_of(claim->claim, &record))) {
        (void)error_set_code(err, RESULT_NOT_FOUND, "request_unknown",
                             "there is no such request, or its claim is another");
        error_hint(err,
                   "Send the request itself again, as signet enroll does (POST /v1/enroll).");
        return RESULT_NOT_FOUND;
    }
    TRY(result);
    return tell(authority, peer, &record, clock_now(), reply, err);
}

// --- holding ---------------------------------------------------------------------------------

// What can never be issued need not be looked at by people.
static enum result check_issuable(struct authority *authority, const struct hold_request *hold,
                                  struct error *err) {
    const struct grant grant = {
        .names = hold->grant == NULL ? hold->names : hold->grant->names,
        .lifetime = hold->grant == NULL ? 0 : hold->grant->lifetime,
    };
    const struct grant exactly = {.names = hold->names, .lifetime = grant.lifetime};
    AUTO(names_clear) struct names names = {0};
    TRY(policy_choose_names(hold->csr, &grant, &names, err));
    TRY(policy_check_grant(hold->profile, &exactly, err));
    TRY(policy_check_key_algorithm(hold->profile, hold->csr->algorithm, err));
    if (hold->names->count == 0) {
        (void)error_set_code(err, RESULT_DENIED, "name_count", "the request names nobody");
        error_field(err, "csr");
        error_hint(err, "Put the device's name into the request.");
        return RESULT_DENIED;
    }
    return issuance_check_key(authority, hold->csr->spki, grant.names, err);
}

// What is computed for a record, in one place for their lifetimes.
struct hold_identity {
    uint8_t id[REQUEST_ID_SIZE];
    uint8_t claim_hash[SHA256_SIZE];
    uint8_t key_hash[SHA256_SIZE];
    char code[PUBLIC_KEY_CODE_SIZE];
    struct request_origin origin;
};

static enum result make_identity(const struct hold_request *hold, const struct peer *peer,
                                 struct hold_identity *out_identity, struct error *err) {
    request_origin_of(peer->address, &out_identity->origin);
    TRY(random_bytes(out_identity->id, REQUEST_ID_SIZE, err));
    TRY(hash_sha256(bytes_of_string(hold->claim), out_identity->claim_hash));
    TRY(hash_sha256(hold->csr->spki, out_identity->key_hash));
    return public_key_code(hold->csr->spki, out_identity->code);
}

static struct buf borrowed(struct bytes bytes) {
    return (struct buf){.data = (uint8_t *)(uintptr_t)bytes.data, .size = bytes.size};
}

static char *borrowed_text(const char *text) {
    return (char *)(uintptr_t)text;
}

static enum result add(struct authority *authority, const struct peer *peer,
                       const struct hold_request *hold, const struct hold_identity *identity,
                       struct error *err) {
    const struct profile *profile = hold->profile;
    AUTO(name_records_free_at) struct name_record *names = NULL;
    TRY(name_records_borrow(hold->names, &names));
    struct request_record record = {
        .id = borrowed(bytes_of(identity->id, REQUEST_ID_SIZE)),
        .csr = borrowed(hold->csr->der),
        .csr_hash = borrowed(hold->csr_hash),
        .key_hash = borrowed(bytes_of(identity->key_hash, SHA256_SIZE)),
        .claim_hash = borrowed(bytes_of(identity->claim_hash, SHA256_SIZE)),
        .code = borrowed_text(identity->code),
        .profile = profile->name,
        .profile_hash = borrowed(bytes_of(profile->hash, SHA256_SIZE)),
        .token_id = borrowed(hold->token_id),
        .names = names,
        .name_count = hold->names->count,
        .is_granted = hold->grant != NULL,
        .lifetime = hold->grant == NULL ? 0 : hold->grant->lifetime,
        .requested_by = borrowed_text(peer->actor),
        .responsible = borrowed_text(hold->responsible),
        .address = borrowed_text(peer->address),
        .source = borrowed_text(identity->origin.source),
        .network = borrowed_text(identity->origin.network),
        .predecessor_id = hold->predecessor_id,
        .holder_id = hold->holder_id,
        .approvals = request_approvals_needed(profile),
        .created = hold->now,
        .expires = hold->now + profile->hold_seconds,
    };
    return store_add_request(authority->store, &record, err);
}

enum result request_record_event(struct authority *authority, const struct peer *peer,
                                 const char *event, const char *extra,
                                 const struct request_record *record, struct error *err) {
    AUTO(buf_clear) struct buf detail = {0};
    buf_init(&detail, EVENT_DETAIL_BYTES);
    TRY(buf_printf(&detail, "%sprofile=%s code=%s names=", extra, record->profile,
                   record->code));
    if (name_records_format(record->names, record->name_count, &detail) == RESULT_LIMIT) {
        TRY(buf_printf(&detail, "… (%zu in all)", record->name_count));
    }
    char id[REQUEST_ID_TEXT_SIZE];
    request_id_text(buf_bytes(&record->id), id);
    return decision_record(authority, peer, LOG_LEVEL_INFO, event, id, buf_string(&detail),
                           err);
}

enum result request_hold(struct authority *authority, struct peer *peer,
                         const struct hold_request *hold, struct error *err) {
    TRY(check_claim(hold->claim, err));
    TRY(check_issuable(authority, hold, err));
    struct hold_identity identity;
    TRY(make_identity(hold, peer, &identity, err));
    TRY(request_check_room(authority, &identity.origin, hold->now, err));
    if (hold->token_id.size > 0) {
        TRY(store_spend_token(authority->store, hold->token_id, err));
    }
    TRY(add(authority, peer, hold, &identity, err));
    AUTO(request_record_clear) struct request_record record = {0};
    TRY(store_find_request(authority->store, bytes_of(identity.id, REQUEST_ID_SIZE), &record,
                           err));
    TRY(request_record_event(authority, peer, "request held", "", &record, err));
    return tell_held(authority, peer, &record, err);
}

enum result request_ask(struct authority *authority, struct peer *peer,
                        const struct hold_request *hold, struct issued *reply,
                        struct error *err) {
    enum result repeated =
        request_repeat(authority, peer, hold->csr_hash, hold->claim, hold->now, reply, err);
    if (repeated != RESULT_NOT_FOUND) {
        return repeated;
    }
    enum result listed = rule_enroll(authority, peer, hold, reply, err);
    return listed == RESULT_NOT_FOUND ? request_hold(authority, peer, hold, err) : listed;
}

// --- the end of the time ---------------------------------------------------------------------

struct request_ids {
    uint8_t items[EXPIRED_AT_ONCE][REQUEST_ID_SIZE];
    size_t count;
};

static enum result collect(void *context, const struct request_record *record,
                           struct error *err) {
    (void)err;
    struct request_ids *ids = context;
    memcpy(ids->items[ids->count], record->id.data, REQUEST_ID_SIZE);
    ids->count++;
    return RESULT_OK;
}

static enum result note_due(void *context, const struct request_record *record,
                            struct error *err) {
    (void)record;
    (void)err;
    *(bool *)context = true;
    return RESULT_OK;
}

enum result request_is_due(struct authority *authority, int64_t now, bool *out_is_due,
                           struct error *err) {
    *out_is_due = false;
    return store_each_request_over(authority->store, now, 1, note_due, out_is_due, err);
}

static enum result expire(struct authority *authority, struct bytes id, int64_t now,
                          struct error *err) {
    AUTO(request_record_clear) struct request_record record = {0};
    TRY(store_find_request(authority->store, id, &record, err));
    TRY(store_decide_request(authority->store, id, REQUEST_EXPIRED, now, NULL, NULL, 0, err));
    if (record.token_id.size > 0) {
        TRY(store_give_token_back(authority->store, buf_bytes(&record.token_id), err));
    }
    request_note_decided(authority, &record);
    return request_record_event(authority, NULL, "request expired", "", &record, err);
}

enum result request_expire_due(struct authority *authority, int64_t now, struct error *err) {
    struct request_ids ids = {.count = 0};
    TRY(store_each_request_over(authority->store, now, EXPIRED_AT_ONCE, collect, &ids, err));
    for (size_t i = 0; i < ids.count; i++) {
        TRY(expire(authority, bytes_of(ids.items[i], REQUEST_ID_SIZE), now, err));
    }
    return RESULT_OK;
}
