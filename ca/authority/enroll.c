// Enrollment with a token, or without one for a request that is held.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "authority/enroll.h"

#include "authority/authority.h"
#include "authority/certificate_text.h"
#include "authority/issuance.h"
#include "authority/peer.h"
#include "authority/request.h"
#include "authority/token.h"
#include "base/clock.h"
#include "x509/csr.h"

static enum result read_request(struct bytes der, struct csr *out_csr, struct error *err) {
    AUTO(csr_clear) struct csr csr = {0};
    enum result result = csr_read(der, &csr, err);
    if (result == RESULT_OK) {
        result = csr_verify(&csr, err);
    }
    if (result != RESULT_OK) {
        error_field(err, "csr");
        return result;
    }
    *out_csr = csr;
    csr = (struct csr){0};
    return RESULT_OK;
}

// The certificate of an answer that was lost. RESULT_NOT_FOUND when this is the first time.
static enum result repeat(struct authority *authority, const struct token_record *token,
                          struct bytes csr_hash, int64_t now, struct issued *reply,
                          struct error *err) {
    AUTO(certificate_record_clear) struct certificate_record given = {0};
    TRY(store_find_certificate_of_token(authority->store, buf_bytes(&token->id), csr_hash,
                                        &given, err));
    if (given.revoked_at != 0) {
        (void)error_set_code(err, RESULT_DENIED, "certificate_revoked",
                             "the certificate for this request has been revoked");
        error_field(err, "csr");
        error_hint(err, "Make a new key and ask for a new token.");
        return RESULT_DENIED;
    }
    if (now > given.not_after) {
        return RESULT_NOT_FOUND;
    }
    return issuance_reply(authority, &given, reply, err);
}

static enum result issue(struct authority *authority, struct peer *peer,
                         const struct token_record *token, const struct enroll *request,
                         struct bytes csr_hash, int64_t now, struct issued *reply,
                         struct error *err) {
    AUTO(csr_clear) struct csr csr = {0};
    TRY(read_request(blob_bytes(&request->csr), &csr, err));
    const struct profile *profile = NULL;
    TRY(authority_find_token_profile(authority, token->profile, &profile, err));
    AUTO(names_clear) struct names granted = {0};
    TRY(name_records_read(token->names, token->name_count, &granted, err));
    struct grant grant = {.names = &granted, .lifetime = token->lifetime};
    AUTO(names_clear) struct names names = {0};
    TRY(policy_choose_names(&csr, &grant, &names, err));
    if (profile->approvals > 0) {
        const struct hold_request hold = {
            .profile = profile,
            .csr = &csr,
            .csr_hash = csr_hash,
            .names = &names,
            .grant = &grant,
            .claim = request->claim,
            .token_id = buf_bytes(&token->id),
            .responsible = token->created_by,
            .now = now,
        };
        return request_hold(authority, peer, &hold, err);
    }
    TRY(issuance_check_key(authority, csr.spki, &granted, err));
    // Refuses (and undoes nothing, for nothing was written yet) when another took the last use.
    TRY(store_spend_token(authority->store, buf_bytes(&token->id), err));
    struct issuance issuance = {
        .profile = profile,
        .grant = &grant,
        .names = &names,
        .spki = csr.spki,
        .csr_hash = csr_hash,
        .token_id = buf_bytes(&token->id),
        .now = now,
    };
    AUTO(certificate_record_clear) struct certificate_record record = {0};
    TRY(issuance_run(authority, peer, "certificate issued", &issuance, &record, err));
    return issuance_reply(authority, &record, reply, err);
}

static enum result token_required(const struct profile *profile, struct error *err) {
    (void)error_set_code(err, RESULT_DENIED, "token_required",
                         "profile %s takes requests with a token only", profile->name);
    error_field(err, "token");
    error_hint(err, "Ask for a token.");
    return RESULT_DENIED;
}

static enum result find_asked_profile(struct authority *authority, const struct enroll *request,
                                      const struct profile **out_profile, struct error *err) {
    if (request->profile == NULL) {
        (void)error_set_code(err, RESULT_INVALID, "missing_field",
                             "without a token the request says which profile it wants");
        error_field(err, "profile");
        error_hint(err, "Choose one of those that GET /v1/authority lists, or send a token.");
        return RESULT_INVALID;
    }
    return authority_find_profile(authority, request->profile, out_profile, err);
}

static enum result enroll_without_token(struct authority *authority, struct peer *peer,
                                        const struct enroll *request, struct bytes csr_hash,
                                        int64_t now, struct issued *reply, struct error *err) {
    const struct profile *profile = NULL;
    TRY(find_asked_profile(authority, request, &profile, err));
    if ((profile->ask.kinds & ASK_ANYONE) == 0) {
        return token_required(profile, err);
    }
    AUTO(csr_clear) struct csr csr = {0};
    TRY(read_request(blob_bytes(&request->csr), &csr, err));
    const struct hold_request hold = {
        .profile = profile,
        .csr = &csr,
        .csr_hash = csr_hash,
        .names = &csr.names,
        .claim = request->claim,
        .now = now,
    };
    return request_ask(authority, peer, &hold, reply, err);
}

enum result enroll_device(struct authority *authority, struct peer *peer,
                          const struct enroll *request, struct issued *reply,
                          struct error *err) {
    int64_t now = clock_now();
    uint8_t hash[SHA256_SIZE];
    TRY(hash_sha256(blob_bytes(&request->csr), hash));
    struct bytes csr_hash = bytes_of(hash, SHA256_SIZE);
    if (request->token == NULL) {
        return enroll_without_token(authority, peer, request, csr_hash, now, reply, err);
    }
    AUTO(token_record_clear) struct token_record token = {0};
    TRY(token_authenticate(authority, request->token, &token, err));
    char id_text[TOKEN_ID_TEXT_SIZE];
    token_id_text(buf_bytes(&token.id), id_text);
    peer_set_actor(peer, "token", id_text);
    enum result repeated = repeat(authority, &token, csr_hash, now, reply, err);
    if (repeated != RESULT_NOT_FOUND) {
        return repeated;
    }
    repeated = request_repeat(authority, peer, csr_hash, request->claim, now, reply, err);
    if (repeated != RESULT_NOT_FOUND) {
        return repeated;
    }
    TRY(token_check_usable(&token, now, err));
    return issue(authority, peer, &token, request, csr_hash, now, reply, err);
}
