// Approving and denying held requests.
// SPDX-License-Identifier: GPL-3.0-or-later
#include <string.h>

#include "authority/authority.h"
#include "authority/certificate_text.h"
#include "authority/decide/issuance.h"
#include "authority/peer.h"
#include "authority/requests/request.h"
#include "authority/requests/request_approval.h"
#include "authority/requests/request_info.h"
#include "authority/requests/request_own.h"
#include "authority/requests/request_review.h"
#include "base/clock.h"
#include "base/text.h"
#include "x509/csr.h"

// --- who may decide --------------------------------------------------------------------------

static enum result check_undecided(const struct request_record *record, int64_t now,
                                   struct error *err) {
    enum request_state state = request_state_at(record, now);
    if (state == REQUEST_PENDING) {
        return RESULT_OK;
    }
    if (state == REQUEST_EXPIRED) {
        (void)error_set_code(err, RESULT_CONFLICT, "request_expired",
                             "the time for a decision about this request is over");
        error_hint(err,
                   "The device may ask again; hold in the profile says how long it waits.");
        return RESULT_CONFLICT;
    }
    (void)error_set_code(err, RESULT_CONFLICT, "already_decided",
                         "the request was %s before, by %s", request_state_name(state),
                         record->decided_by);
    error_hint(err, state == REQUEST_APPROVED
                        ? "Revoke the certificate if it should not have been."
                        : "The device has to ask again, with a new key.");
    return RESULT_CONFLICT;
}

// --- what is decided -------------------------------------------------------------------------

static enum result find_profile(struct authority *authority,
                                const struct request_record *record,
                                const struct profile **out_profile, struct error *err) {
    const struct profile *profile = profile_find(&authority->config.profiles, record->profile);
    if (profile == NULL) {
        (void)error_set_code(err, RESULT_NOT_FOUND, "profile_unknown",
                             "the request's profile %s does not exist any more",
                             record->profile);
        error_hint(err, "Deny the request, or put the profile back into signetd.conf.");
        return RESULT_NOT_FOUND;
    }
    *out_profile = profile;
    return RESULT_OK;
}

static enum result check_token(struct authority *authority, const struct request_record *record,
                               struct error *err) {
    if (record->token_id.size == 0) {
        return RESULT_OK;
    }
    AUTO(token_record_clear) struct token_record token = {0};
    TRY(store_find_token(authority->store, buf_bytes(&record->token_id), &token, err));
    if (token.revoked_at == 0) {
        return RESULT_OK;
    }
    (void)error_set_code(err, RESULT_DENIED, "token_revoked",
                         "the token that the request came with was revoked");
    error_hint(err, "Deny the request; the device needs a new token.");
    return RESULT_DENIED;
}

// Whether what was shown is what would be issued now.
static enum result check_digest(struct authority *authority,
                                const struct request_record *record,
                                const struct profile *profile, const char *digest,
                                uint8_t out_digest[SHA256_SIZE], struct error *err) {
    AUTO(buf_clear) struct buf current = {0};
    buf_init(&current, 2 * SHA256_SIZE + 1);
    TRY(request_current_digest(authority, record, out_digest, err));
    TRY(text_hex_encode(bytes_of(out_digest, SHA256_SIZE), &current));
    if (text_equal_ignoring_case(buf_string(&current), digest)) {
        return RESULT_OK;
    }
    bool is_profile_changed =
        !bytes_equal(bytes_of(profile->hash, SHA256_SIZE), buf_bytes(&record->profile_hash));
    (void)error_set_code(
        err, RESULT_CONFLICT, is_profile_changed ? "profile_changed" : "request_changed",
        is_profile_changed ? "profile %s was changed since the request came"
                           : "the digest is not that of this request for profile %s",
        profile->name);
    error_field(err, "digest");
    error_hint(err, "Show the request again, and approve with the digest it has now.");
    return RESULT_CONFLICT;
}

// --- issuing ---------------------------------------------------------------------------------

static int64_t lesser(int64_t a, int64_t b) {
    return a < b ? a : b;
}

// A certificate that the request rests on; none for id 0.
static enum result find_shown(struct authority *authority, int64_t id,
                              struct certificate_record *out_record, struct error *err) {
    if (id == 0) {
        return RESULT_OK;
    }
    TRY(store_find_certificate_by_id(authority->store, id, out_record, err));
    if (out_record->revoked_at == 0) {
        return RESULT_OK;
    }
    return certificate_refuse_revoked(out_record, "the certificate that asked for this one",
                                      "Deny the request.", err);
}

static enum result issue(struct authority *authority, const struct peer *peer,
                         const struct request_record *record, const struct profile *profile,
                         int64_t now, int64_t *out_certificate_id, struct error *err) {
    AUTO(csr_clear) struct csr csr = {0};
    TRY(csr_read(buf_bytes(&record->csr), &csr, err));
    AUTO(names_clear) struct names names = {0};
    TRY(name_records_read(record->names, record->name_count, &names, err));
    const struct grant grant = {
        .names = &names,
        // May have been lowered since.
        .lifetime = lesser(record->lifetime, profile->lifetime_maximum),
    };
    AUTO(certificate_record_clear) struct certificate_record predecessor = {0};
    AUTO(certificate_record_clear) struct certificate_record holder = {0};
    TRY(find_shown(authority, record->predecessor_id, &predecessor, err));
    TRY(find_shown(authority, record->holder_id, &holder, err));
    TRY(policy_check_grant(profile, &grant, err));
    TRY(issuance_check_key(authority, csr.spki, &names, err));
    const struct issuance issuance = {
        .profile = profile,
        .grant = &grant,
        .names = &names,
        .spki = csr.spki,
        .csr_hash = buf_bytes(&record->csr_hash),
        .token_id = buf_bytes(&record->token_id),
        .request_id = buf_bytes(&record->id),
        .address = record->address,
        .predecessor = record->predecessor_id == 0 ? NULL : &predecessor,
        .holder_id = record->holder_id,
        .now = now,
    };
    AUTO(certificate_record_clear) struct certificate_record issued = {0};
    TRY(issuance_run(authority, peer, "certificate issued", &issuance, &issued, err));
    *out_certificate_id = issued.id;
    return RESULT_OK;
}

// --- approve ---------------------------------------------------------------------------------

static enum result record_approval(struct authority *authority, const struct peer *peer,
                                   const struct request_record *record,
                                   const struct profile *profile,
                                   const uint8_t digest[SHA256_SIZE], int64_t now,
                                   struct error *err) {
    const struct approval_record approval = {
        .admin = (char *)(uintptr_t)certificate_common_name(&peer->certificate),
        .certificate_id = peer->certificate.id,
        .digest = {.data = (uint8_t *)(uintptr_t)digest, .size = SHA256_SIZE},
        .approved_at = now,
    };
    TRY(store_refresh_request(authority->store, buf_bytes(&record->id),
                              bytes_of(profile->hash, SHA256_SIZE),
                              request_approvals_needed(profile), err));
    enum result result = store_add_approval(authority->store, record->sequence, &approval, err);
    if (result == RESULT_CONFLICT) {
        error_hint(err, "%lld different administrators have to approve it.",
                   (long long)request_approvals_needed(profile));
    }
    return result;
}

static enum result note_approval(struct authority *authority, const struct peer *peer,
                                 const struct request_record *record, int64_t given,
                                 int64_t needed, struct error *err) {
    AUTO(buf_clear) struct buf extra = {0};
    buf_init(&extra, 64);
    TRY(buf_printf(&extra, "approval=%lld/%lld ", (long long)given, (long long)needed));
    return request_record_event(authority, peer, "request approved", buf_string(&extra), record,
                                err);
}

static enum result approve(struct authority *authority, const struct peer *peer,
                           const struct request_record *record, const struct profile *profile,
                           int64_t now, struct error *err) {
    int64_t given = 0;
    int64_t needed = request_approvals_needed(profile);
    TRY(request_count_approvals(authority, record, &given, err));
    TRY(note_approval(authority, peer, record, given, needed, err));
    if (given < needed) {
        return RESULT_OK;
    }
    int64_t certificate_id = 0;
    TRY(issue(authority, peer, record, profile, now, &certificate_id, err));
    TRY(store_decide_request(authority->store, buf_bytes(&record->id), REQUEST_APPROVED, now,
                             peer->actor, NULL, certificate_id, err));
    request_note_decided(authority, record);
    return RESULT_OK;
}

static enum result fill_reply(struct authority *authority, struct bytes id, int64_t now,
                              struct request_info *reply, struct error *err) {
    AUTO(request_record_clear) struct request_record record = {0};
    TRY(store_find_request(authority->store, id, &record, err));
    return request_info_fill(authority, &record, now, reply, err);
}

enum result request_approve(struct authority *authority, const struct peer *peer,
                            const struct request_approve *request, struct request_info *reply,
                            struct error *err) {
    int64_t now = clock_now();
    AUTO(request_record_clear) struct request_record record = {0};
    const struct profile *profile = NULL;
    uint8_t digest[SHA256_SIZE];
    TRY(request_find_named(authority, request->id, &record, err));
    TRY(check_undecided(&record, now, err));
    TRY(request_refuse_own(authority, peer, &record, err));
    TRY(check_token(authority, &record, err));
    TRY(find_profile(authority, &record, &profile, err));
    TRY(check_digest(authority, &record, profile, request->digest, digest, err));
    TRY(record_approval(authority, peer, &record, profile, digest, now, err));
    TRY(approve(authority, peer, &record, profile, now, err));
    return fill_reply(authority, buf_bytes(&record.id), now, reply, err);
}

// --- deny ------------------------------------------------------------------------------------

enum result request_deny(struct authority *authority, const struct peer *peer,
                         const struct request_deny *request, struct request_info *reply,
                         struct error *err) {
    int64_t now = clock_now();
    AUTO(request_record_clear) struct request_record record = {0};
    TRY(request_find_named(authority, request->id, &record, err));
    TRY(check_undecided(&record, now, err));
    TRY(store_decide_request(authority->store, buf_bytes(&record.id), REQUEST_DENIED, now,
                             peer->actor, request->reason, 0, err));
    request_note_decided(authority, &record);
    AUTO(buf_clear) struct buf extra = {0};
    buf_init(&extra, LIMIT_LABEL_BYTES + 16);
    if (request->reason != NULL) {
        TRY(buf_printf(&extra, "reason=\"%s\" ", request->reason));
    }
    TRY(request_record_event(authority, peer, "request denied", buf_string(&extra), &record,
                             err));
    return fill_reply(authority, buf_bytes(&record.id), now, reply, err);
}
