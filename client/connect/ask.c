// The device's questions, each with its route.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "client/connect/ask.h"

#include <string.h>

#include "base/random.h"
#include "base/text.h"

#define CLAIM_SIZE 16

enum result ask_authority(struct exchange *exchange, struct authority_info *out_info,
                          struct error *err) {
    static const struct route route = {"AUTHORITY", "GET", "/v1/authority", &nothing_type,
                                       &authority_info_type};
    const struct nothing question = {};
    return route_call(exchange, &route, &question, out_info, err);
}

static enum result fill_enroll(const struct enrollment_question *question,
                               struct enroll *request) {
    TRY(blob_set(&request->csr, question->csr));
    TRY(question->claim != NULL ? text_set(&request->claim, question->claim) : RESULT_OK);
    TRY(question->token != NULL ? text_set(&request->token, question->token) : RESULT_OK);
    return question->profile != NULL ? text_set(&request->profile, question->profile)
                                     : RESULT_OK;
}

static enum result send_request(struct exchange *exchange,
                                const struct enrollment_question *question,
                                struct issued *out_issued, struct api_delay *out_delay,
                                struct error *err) {
    static const struct route route = {"ENROLL", "POST", "/v1/enroll", &enroll_type,
                                       &issued_type};
    struct enroll request = {0};
    const enum result result =
        fill_enroll(question, &request) == RESULT_OK
            ? route_ask(exchange, &route, &request, out_issued, out_delay, err)
            : error_out_of_memory(err);
    message_clear(&enroll_type, &request);
    return result;
}

static enum result send_claim(struct exchange *exchange, const char *id, const char *claim,
                              int64_t wait, struct issued *out_issued,
                              struct api_delay *out_delay, struct error *err) {
    static const struct route route = {"CLAIM", "GET", "/v1/enroll/{id}", &claim_type,
                                       &issued_type};
    AUTO(string_free_at) char *own_id = string_copy(id);
    AUTO(string_free_secret_at) char *own_claim = string_copy(claim);
    if (own_id == NULL || own_claim == NULL) {
        return error_out_of_memory(err);
    }
    const struct claim request = {.id = own_id, .claim = own_claim, .wait = wait};
    return route_ask(exchange, &route, &request, out_issued, out_delay, err);
}

enum result ask_certificate(struct exchange *exchange,
                            const struct enrollment_question *question, char **held_id,
                            int64_t wait, struct issued *out_issued,
                            struct api_delay *out_delay, struct error *err) {
    if (*held_id == NULL) {
        return send_request(exchange, question, out_issued, out_delay, err);
    }
    const enum result result =
        send_claim(exchange, *held_id, question->claim, wait, out_issued, out_delay, err);
    if (result == RESULT_NOT_FOUND && strcmp(err->code, "request_unknown") == 0) {
        string_free_at(held_id);
        api_delay_clear(out_delay);
        return send_request(exchange, question, out_issued, out_delay, err);
    }
    return result;
}

enum result ask_renew(struct exchange *exchange, struct bytes csr, struct issued *out_issued,
                      struct api_delay *out_delay, struct error *err) {
    static const struct route route = {"RENEW", "POST", "/v1/renew", &renew_type, &issued_type};
    struct renew request = {0};
    if (blob_set(&request.csr, csr) != RESULT_OK) {
        return error_out_of_memory(err);
    }
    const enum result result =
        route_ask(exchange, &route, &request, out_issued, out_delay, err);
    message_clear(&renew_type, &request);
    if (result == RESULT_PENDING) {
        (void)error_set_code(err, RESULT_PENDING, "pending",
                             "the renewal waits for approval, with the code %.20s",
                             out_delay->held.code);
        error_hint(err, "An administrator sees it with signetctl request list.");
    }
    return result;
}

enum result ask_revoke(struct exchange *exchange, const char *reason, struct error *err) {
    static const struct route route = {"REVOKE_SELF", "POST", "/v1/revoke", &revoke_self_type,
                                       &certificate_info_type};
    struct revoke_self request = {0};
    struct certificate_info reply = {0};
    if (reason != NULL && text_set(&request.reason, reason) != RESULT_OK) {
        return error_out_of_memory(err);
    }
    const enum result result = route_call(exchange, &route, &request, &reply, err);
    message_clear(&certificate_info_type, &reply);
    message_clear(&revoke_self_type, &request);
    return result;
}

enum result claim_make(struct buf *out, struct error *err) {
    uint8_t secret[CLAIM_SIZE];
    TRY(random_bytes(secret, sizeof(secret), err));
    const enum result result = text_base64url_encode(bytes_of(secret, sizeof(secret)), out);
    memory_wipe(secret, sizeof(secret));
    return result == RESULT_OK ? result : error_out_of_memory(err);
}

enum result held_check(const struct held *held, const char *our_code, struct error *err) {
    if (strcmp(our_code, held->code) == 0) {
        return RESULT_OK;
    }
    (void)error_set_code(err, RESULT_DENIED, "untrusted",
                         "the authority holds a request with the code %.20s, ours is %s",
                         held->code, our_code);
    error_hint(err, "Somebody between changes what is sent. Tell an administrator.");
    return RESULT_DENIED;
}
