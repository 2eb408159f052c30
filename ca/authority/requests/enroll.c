// Enrollment: read the request, find the grant behind it, issue or hold.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "authority/requests/enroll.h"

#include <string.h>

#include "authority/authority.h"
#include "authority/certificate_text.h"
#include "authority/decide/grant.h"
#include "authority/decide/issuance.h"
#include "authority/decide/lineage.h"
#include "authority/peer.h"
#include "authority/requests/request.h"
#include "authority/decide/token.h"
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

// --- an answer that was lost -----------------------------------------------------------------

static enum result give_again(struct authority *authority,
                              const struct certificate_record *given, int64_t now,
                              struct issued *reply, struct error *err) {
    if (given->revoked_at != 0) {
        (void)certificate_refuse_revoked(given, "the certificate for this request",
                                         "Make a new key and ask for a new token.", err);
        error_field(err, "csr");
        return RESULT_DENIED;
    }
    if (now > given->not_after) {
        return RESULT_NOT_FOUND;
    }
    return issuance_reply(authority, given, reply, err);
}

static enum result repeat_of_token(struct authority *authority,
                                   const struct token_record *token, struct bytes csr_hash,
                                   int64_t now, struct issued *reply, struct error *err) {
    AUTO(certificate_record_clear) struct certificate_record given = {0};
    TRY(store_find_certificate_of_token(authority->store, buf_bytes(&token->id), csr_hash,
                                        &given, err));
    return give_again(authority, &given, now, reply, err);
}

struct earlier {
    const char *profile;
    struct bytes csr_hash;
    int64_t id; // 0: none
};

// The newest comes first.
static enum result find_earlier(void *context, const struct certificate_record *record,
                                struct error *err) {
    struct earlier *earlier = context;
    (void)err;
    bool is_same = record->predecessor_id == 0 && record->token_id.size == 0 &&
                   strcmp(record->profile, earlier->profile) == 0 &&
                   bytes_equal(buf_bytes(&record->csr_hash), earlier->csr_hash);
    if (is_same && earlier->id == 0) {
        earlier->id = record->id;
    }
    return RESULT_OK;
}

// Who has a certificate instead of a token: a request is known again by its key and hash.
static enum result repeat_of_key(struct authority *authority, const struct csr *csr,
                                 const struct profile *profile, struct bytes csr_hash,
                                 int64_t now, struct issued *reply, struct error *err) {
    uint8_t key_hash[SHA256_SIZE];
    TRY(hash_sha256(csr->spki, key_hash));
    struct earlier earlier = {.profile = profile->name, .csr_hash = csr_hash};
    TRY(store_each_certificate_of_key(authority->store, bytes_of(key_hash, SHA256_SIZE),
                                      find_earlier, &earlier, err));
    if (earlier.id == 0) {
        return RESULT_NOT_FOUND;
    }
    AUTO(certificate_record_clear) struct certificate_record given = {0};
    TRY(store_find_certificate_by_id(authority->store, earlier.id, &given, err));
    return give_again(authority, &given, now, reply, err);
}

// --- a request -------------------------------------------------------------------------------

// Everything an enrollment is about. All but the source's and the CSR's own is borrowed.
struct enrollment {
    const struct enroll *request;
    struct grant_source source;
    struct csr csr;
    struct bytes csr_hash;
    int64_t now;
};

static void enrollment_clear(struct enrollment *enrollment) {
    grant_source_clear(&enrollment->source);
    csr_clear(&enrollment->csr);
}

// RESULT_NOT_FOUND when this is the first time.
static enum result repeat(struct authority *authority, struct peer *peer,
                          const struct enrollment *enrollment, struct issued *reply,
                          struct error *err) {
    const struct grant_source *source = &enrollment->source;
    enum result result = RESULT_NOT_FOUND;
    if (source->kind == ASK_ANYONE) {
        return RESULT_NOT_FOUND; // request_ask looks by itself
    }
    if (source->kind == ASK_TOKEN) {
        result = repeat_of_token(authority, &source->token, enrollment->csr_hash,
                                 enrollment->now, reply, err);
    } else {
        result = repeat_of_key(authority, &enrollment->csr, source->profile,
                               enrollment->csr_hash, enrollment->now, reply, err);
    }
    if (result != RESULT_NOT_FOUND) {
        return result;
    }
    return request_repeat(authority, peer, enrollment->csr_hash, enrollment->request->claim,
                          enrollment->now, reply, err);
}

// With a grant that is NULL the requester chose the names.
static struct hold_request hold_of(const struct enrollment *enrollment,
                                   const struct grant *grant, const struct names *names) {
    const struct grant_source *source = &enrollment->source;
    return (struct hold_request){
        .profile = source->profile,
        .csr = &enrollment->csr,
        .csr_hash = enrollment->csr_hash,
        .names = names,
        .grant = grant,
        .claim = enrollment->request->claim,
        .token_id = buf_bytes(&source->token.id),
        .responsible = source->token.created_by,
        .holder_id = source->holder_id,
        .now = enrollment->now,
    };
}

static enum result issue(struct authority *authority, const struct peer *peer,
                         const struct enrollment *enrollment, const struct grant *grant,
                         const struct names *names, struct issued *reply, struct error *err) {
    const struct grant_source *source = &enrollment->source;
    if (source->kind == ASK_TOKEN) {
        // Refuses (and undoes nothing, for nothing was written yet) when another took the last
        // use.
        TRY(store_spend_token(authority->store, buf_bytes(&source->token.id), err));
    }
    const struct issuance issuance = {
        .profile = source->profile,
        .grant = grant,
        .names = names,
        .spki = enrollment->csr.spki,
        .csr_hash = enrollment->csr_hash,
        .token_id = buf_bytes(&source->token.id),
        .device = source->device,
        .holder_id = source->holder_id,
        .now = enrollment->now,
    };
    AUTO(certificate_record_clear) struct certificate_record record = {0};
    TRY(issuance_run(authority, peer, "certificate issued", &issuance, &record, err));
    return issuance_reply(authority, &record, reply, err);
}

static enum result issue_or_hold(struct authority *authority, struct peer *peer,
                                 const struct enrollment *enrollment, struct issued *reply,
                                 struct error *err) {
    const struct grant_source *source = &enrollment->source;
    AUTO(names_clear) struct names granted = {0};
    TRY(grant_names(authority, source, &enrollment->csr, enrollment->now, &granted, err));
    const struct grant grant = {.names = &granted, .lifetime = source->token.lifetime};
    AUTO(names_clear) struct names names = {0};
    TRY(policy_choose_names(&enrollment->csr, &grant, &names, err));
    if (source->kind == ASK_MANUFACTURER) {
        // The maker's certificate is on the device for good, also when the device is stolen.
        TRY(lineage_check_names(authority, &names, err));
    }
    if (source->profile->approvals > 0) {
        const struct hold_request hold = hold_of(enrollment, &grant, &names);
        return request_hold(authority, peer, &hold, err);
    }
    TRY(issuance_check_key(authority, enrollment->csr.spki, &granted, err));
    return issue(authority, peer, enrollment, &grant, &names, reply, err);
}

enum result enroll_device(struct authority *authority, struct peer *peer,
                          const struct enroll *request, struct issued *reply,
                          struct error *err) {
    uint8_t hash[SHA256_SIZE];
    TRY(hash_sha256(blob_bytes(&request->csr), hash));
    AUTO(enrollment_clear)
    struct enrollment enrollment = {
        .request = request,
        .csr_hash = bytes_of(hash, SHA256_SIZE),
        .now = clock_now(),
    };
    TRY(grant_find_source(authority, peer, request, enrollment.now, &enrollment.source, err));
    TRY(read_request(blob_bytes(&request->csr), &enrollment.csr, err));
    enum result repeated = repeat(authority, peer, &enrollment, reply, err);
    if (repeated != RESULT_NOT_FOUND) {
        return repeated;
    }
    if (enrollment.source.kind == ASK_TOKEN) {
        TRY(token_check_usable(&enrollment.source.token, enrollment.now, err));
    }
    if (enrollment.source.kind == ASK_ANYONE) {
        const struct hold_request hold = hold_of(&enrollment, NULL, &enrollment.csr.names);
        return request_ask(authority, peer, &hold, reply, err);
    }
    return issue_or_hold(authority, peer, &enrollment, reply, err);
}
