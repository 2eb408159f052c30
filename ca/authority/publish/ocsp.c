// From a question about certificates to the signed answer.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "authority/publish/ocsp.h"

#include "authority/authority.h"
#include "authority/publish/ocsp_responder.h"
#include "base/clock.h"
#include "x509/ocsp.h"

// --- what gateways are told ------------------------------------------------------------------

// Serials of one transaction that are told one by one; behind this, everything is forgotten.
#define CHANGES_BYTES (1000 * (LIMIT_SERIAL_BYTES + 1))

void ocsp_changes_clear(struct ocsp_changes *changes) {
    buf_clear(&changes->serials);
    *changes = (struct ocsp_changes){0};
}

void ocsp_note_all_changed(struct ocsp_changes *changes) {
    changes->epoch++;
    changes->is_all = true;
}

static enum result add_serial(struct buf *serials, struct bytes serial) {
    if (serials->maximum == 0) {
        buf_init(serials, CHANGES_BYTES);
    }
    uint8_t *room = NULL;
    TRY(buf_reserve(serials, serial.size + 1, &room)); // both parts, or neither
    TRY(buf_append_byte(serials, (uint8_t)serial.size));
    return buf_append(serials, serial);
}

void ocsp_note_changed(struct authority *authority, struct bytes serial) {
    struct ocsp_changes *changes = &authority->status_changes;
    ocsp_responders_note_revoked(authority, serial);
    if (serial.size > LIMIT_SERIAL_BYTES ||
        add_serial(&changes->serials, serial) != RESULT_OK) {
        ocsp_note_all_changed(changes);
        return;
    }
    changes->epoch++;
}

bool ocsp_changes_take(struct ocsp_changes *changes, struct status_changed *out_changed) {
    struct status_changed changed = {.epoch = changes->epoch};
    if (changes->is_all) {
        changes->is_all = false;
        buf_reset(&changes->serials);
        *out_changed = changed;
        return true;
    }
    if (changes->serials.size == 0) {
        return false;
    }
    const size_t size = changes->serials.data[0];
    // Without memory it names no serial, and everything is forgotten.
    (void)blob_set(&changed.serial, bytes_slice(buf_bytes(&changes->serials), 1, size));
    buf_consume(&changes->serials, size + 1);
    *out_changed = changed;
    return true;
}

// --- one certificate -------------------------------------------------------------------------

// The answer's times are those of all answers and filled already.
static void set_from_record(const struct certificate_record *record,
                            struct ocsp_answer *answer) {
    if (record->revoked_at == 0) {
        answer->status = OCSP_GOOD;
        return;
    }
    answer->status = OCSP_REVOKED;
    answer->revoked_at = record->revoked_at;
    answer->reason = (enum crl_reason)record->revocation_reason;
}

// RFC 6960, 2.2: what was never issued may be told as held since 1970.
static void set_unissued(const struct config *config, struct ocsp_answer *answer) {
    if (!config->ocsp_unknown_is_revoked) {
        answer->status = OCSP_UNKNOWN;
        return;
    }
    answer->status = OCSP_REVOKED;
    answer->revoked_at = 0;
    answer->reason = CRL_REASON_CERTIFICATE_HOLD;
}

// The CAs that the authority began with stand in no record of a certificate.
static bool is_own_authority(const struct authority *authority, const struct issuer *parent,
                             struct bytes serial) {
    for (size_t i = 0; i < authority->issuers.count; i++) {
        const struct issuer *issuer = &authority->issuers.items[i];
        if (issuer_parent(&authority->issuers, issuer) == parent && !issuer->is_revoked &&
            bytes_equal(issuer->certificate.serial, serial)) {
            return true;
        }
    }
    return false;
}

static enum result look_up(const struct authority *authority, const struct issuer *issuer,
                           struct bytes serial, struct ocsp_answer *answer, struct error *err) {
    AUTO(certificate_record_clear) struct certificate_record record = {0};
    const enum result result =
        serial.size == 0
            ? RESULT_NOT_FOUND
            : store_find_certificate(authority->store, issuer->record.id, serial, &record, err);
    if (result == RESULT_OK) {
        set_from_record(&record, answer);
        return RESULT_OK;
    }
    if (result != RESULT_NOT_FOUND) {
        return result;
    }
    if (is_own_authority(authority, issuer, serial)) {
        answer->status = OCSP_GOOD;
    } else {
        set_unissued(&authority->config, answer);
    }
    return RESULT_OK;
}

// --- the answer ------------------------------------------------------------------------------

static enum result read_request(const struct ocsp_query *query,
                                struct ocsp_request *out_request, struct error *err) {
    struct error cause = {0};
    if (ocsp_request_read(blob_bytes(&query->request), out_request, &cause) != RESULT_OK) {
        (void)error_set_code(err, RESULT_INVALID, "ocsp_malformed", "%s", cause.message);
        error_hint(err, "Send an OCSPRequest in DER (RFC 6960, 4.1).");
        return RESULT_INVALID;
    }
    return RESULT_OK;
}

// Who answers is the CA of the first certificate that is one of ours.
static enum result find_issuer(const struct authority *authority,
                               const struct ocsp_request *request, size_t *out_index,
                               struct error *err) {
    for (size_t i = 0; i < request->count; i++) {
        if (ocsp_responders_find(authority, &request->ids[i], out_index) &&
            authority->issuers.items[*out_index].key != NULL) {
            return RESULT_OK;
        }
    }
    (void)error_set_code(err, RESULT_DENIED, "ocsp_unauthorized",
                         "no CA whose key is here issued these certificates");
    error_hint(err,
               "Ask about certificates of this authority, with hashes by SHA-1 or SHA-256.");
    return RESULT_DENIED;
}

struct answering {
    const struct ocsp_request *request;
    struct ocsp_answer answers[LIMIT_OCSP_CERTIFICATES];
    bool is_any_unissued;
};

static enum result answer_all(const struct authority *authority, size_t issuer_index,
                              int64_t now, int64_t next_update, struct answering *answering,
                              struct error *err) {
    const struct issuer *issuer = &authority->issuers.items[issuer_index];
    for (size_t i = 0; i < answering->request->count; i++) {
        const struct ocsp_certificate_id *id = &answering->request->ids[i];
        struct ocsp_answer *answer = &answering->answers[i];
        *answer = (struct ocsp_answer){
            .id = id->element,
            .status = OCSP_UNKNOWN,
            .this_update = now,
            .next_update = next_update,
        };
        size_t index = 0;
        if (ocsp_responders_find(authority, id, &index) && index == issuer_index) {
            TRY(look_up(authority, issuer, id->serial, answer, err));
        }
        answering->is_any_unissued |=
            answer->status == OCSP_UNKNOWN ||
            (answer->status == OCSP_REVOKED && answer->revoked_at == 0);
    }
    return RESULT_OK;
}

static enum result sign(const struct authority *authority, const struct answering *answering,
                        const struct ocsp_signer *signer, int64_t now, struct buf *out_der,
                        struct error *err) {
    const struct config *config = &authority->config;
    const struct ocsp_plan plan = {
        .produced_at = now,
        .answers = answering->answers,
        .answer_count = answering->request->count,
        .nonce = config->ocsp_nonce ? answering->request->nonce : (struct bytes){0},
        .is_extended_revoke = config->ocsp_unknown_is_revoked,
        .certificate = signer->certificate,
    };
    TRY(ocsp_response_build(&plan, signer->key, out_der, err));
    return ocsp_response_check(buf_bytes(out_der), answering->request, config->ocsp_nonce,
                               key_public(signer->key), err);
}

static int64_t earlier(int64_t a, int64_t b) {
    return a < b ? a : b;
}

// Only what is asked about again is worth keeping, and serials that were never issued are many.
static bool is_worth_keeping(const struct config *config, const struct answering *answering) {
    const bool has_nonce = config->ocsp_nonce && answering->request->nonce.size > 0;
    return answering->request->count == 1 && !has_nonce && !answering->is_any_unissued;
}

static enum result fill(const struct authority *authority, const struct answering *answering,
                        const struct buf *response, struct ocsp_reply *reply) {
    const struct ocsp_answer *first = &answering->answers[0];
    reply->this_update = first->this_update;
    reply->next_update = first->next_update;
    reply->max_age =
        earlier(authority->config.ocsp_max_age, first->next_update - first->this_update);
    reply->keep = is_worth_keeping(&authority->config, answering);
    reply->epoch = authority->status_changes.epoch;
    return blob_set(&reply->response, buf_bytes(response));
}

enum result ocsp_answer_query(struct authority *authority, const struct peer *peer,
                              const struct ocsp_query *query, struct ocsp_reply *reply,
                              struct error *err) {
    (void)peer; // whoever asks is answered
    if (!authority->config.ocsp_enabled) {
        (void)error_set_code(err, RESULT_NOT_FOUND, "ocsp_disabled",
                             "this authority tells no status by OCSP");
        error_hint(err, "Use the CRLs, or set enabled = yes in [ocsp] of signetd.conf.");
        return RESULT_NOT_FOUND;
    }
    struct ocsp_request request = {0};
    size_t index = 0;
    struct ocsp_signer signer = {0};
    const int64_t now = clock_now();
    TRY(read_request(query, &request, err));
    TRY(find_issuer(authority, &request, &index, err));
    TRY(ocsp_responders_signer(authority, index, now, &signer, err));
    const int64_t next_update =
        earlier(now + authority->config.ocsp_lifetime, signer.not_after);
    struct answering answering = {.request = &request};
    TRY(answer_all(authority, index, now, next_update, &answering, err));
    AUTO(buf_clear) struct buf response = {0};
    buf_init(&response, LIMIT_OCSP_RESPONSE_BYTES);
    TRY(sign(authority, &answering, &signer, now, &response, err));
    return fill(authority, &answering, &response, reply) == RESULT_OK
               ? RESULT_OK
               : error_out_of_memory(err);
}
