// OCSP over HTTP: reading the question, finding a kept answer, writing the headers.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "gateway/ocsp.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/text.h"
#include "gateway/ocsp_store.h"
#include "x509/ocsp.h"

#define REQUEST_TYPE "application/ocsp-request"
#define RESPONSE_TYPE "application/ocsp-response"
#define PATH_BEFORE_REQUEST "/ocsp/"
// An answer to "try later": the queue is short, and so is the wait.
#define RETRY_SECONDS 1

struct ocsp_desk {
    struct ocsp_store *store;
    size_t waiting; // questions that the authority has
    bool ignores_nonce;
};

struct ocsp_question {
    struct ocsp_desk *desk;
    struct buf der;
    struct ocsp_request request; // views into it
    bool may_be_cached;          // by HTTP: it came as GET
};

enum result ocsp_desk_new(struct ocsp_desk **out_desk, struct error *err) {
    struct ocsp_desk *desk = calloc(1, sizeof(*desk));
    if (desk == NULL) {
        return error_out_of_memory(err);
    }
    const enum result result = ocsp_store_new(LIMIT_OCSP_KEPT, &desk->store, err);
    if (result != RESULT_OK) {
        free(desk);
        return result;
    }
    *out_desk = desk;
    return RESULT_OK;
}

void ocsp_desk_free(struct ocsp_desk *desk) {
    if (desk != NULL) {
        ocsp_store_free(desk->store);
        free(desk);
    }
}

void ocsp_desk_set_nonce(struct ocsp_desk *desk, bool is_ignored) {
    desk->ignores_nonce = is_ignored;
}

void ocsp_desk_forget(struct ocsp_desk *desk, const struct status_changed *changed) {
    ocsp_store_forget(desk->store, blob_bytes(&changed->serial), changed->epoch);
}

void ocsp_question_free(struct ocsp_question *question) {
    if (question != NULL) {
        question->desk->waiting--;
        buf_clear(&question->der);
        free(question);
    }
}

// --- answers ---------------------------------------------------------------------------------

static enum result write_response(struct bytes response, const char *headers,
                                  const struct answer_form *form, struct buf *out) {
    const struct http_response http = {
        .status = 200, // whatever the response says: it is one (RFC 6960, A.2)
        .content_type = RESPONSE_TYPE,
        .extra_headers = headers,
        .body = response,
        .head_only = form->head_only,
        .keep_alive = form->keep_alive,
    };
    return http_write_response(&http, out);
}

static enum result write_outcome(enum ocsp_outcome outcome, const struct answer_form *form,
                                 struct buf *out) {
    AUTO(buf_clear) struct buf response = {0}, headers = {0};
    buf_init(&response, 16);
    buf_init(&headers, 128);
    TRY(ocsp_response_refuse(outcome, &response));
    TRY(buf_append_string(&headers, "Cache-Control: no-store\r\n"));
    if (outcome == OCSP_TRY_LATER) {
        TRY(buf_printf(&headers, "Retry-After: %d\r\n", RETRY_SECONDS));
    }
    return write_response(buf_bytes(&response), buf_string(&headers), form, out);
}

enum result ocsp_question_refuse(enum result failure, const struct answer_form *form,
                                 struct buf *out) {
    switch (failure) {
    case RESULT_INVALID:
    case RESULT_LIMIT:
        return write_outcome(OCSP_MALFORMED_REQUEST, form, out);
    case RESULT_DENIED:
        return write_outcome(OCSP_UNAUTHORIZED, form, out);
    case RESULT_UNAVAILABLE:
        return write_outcome(OCSP_TRY_LATER, form, out);
    default:
        return write_outcome(OCSP_INTERNAL_ERROR, form, out);
    }
}

// RFC 5019, 6.2. How long is left of the answer's life bounds how long caches may keep it.
static enum result write_caching(const struct ocsp_kept *answer, struct buf *out) {
    const int64_t left = answer->next_update - clock_now();
    const int64_t wanted = answer->max_age < left ? answer->max_age : left;
    TRY(buf_printf(out, "ETag: %s\r\nLast-Modified: ", answer->etag));
    TRY(time_format_http(answer->this_update, out));
    TRY(buf_append_string(out, "\r\nExpires: "));
    TRY(time_format_http(answer->next_update, out));
    return buf_printf(out,
                      "\r\nCache-Control: max-age=%lld, public, no-transform, "
                      "must-revalidate\r\n",
                      (long long)(wanted > 0 ? wanted : 0));
}

static enum result write_answer(const struct ocsp_kept *answer, bool may_be_cached,
                                const struct answer_form *form, struct buf *out) {
    if (!may_be_cached) {
        return write_response(answer->response, "Cache-Control: no-store\r\n", form, out);
    }
    AUTO(buf_clear) struct buf headers = {0};
    buf_init(&headers, 512);
    TRY(write_caching(answer, &headers));
    return write_response(answer->response, buf_string(&headers), form, out);
}

// A list of tags, weak or strong: ours is a hash in quotes and is nowhere inside another.
static bool is_known(const struct http_message *request, const char *etag) {
    const char *tags = http_message_header(request, "if-none-match");
    return tags != NULL && (strcmp(tags, "*") == 0 || strstr(tags, etag) != NULL);
}

static enum result write_kept(const struct ocsp_kept *answer,
                              const struct http_message *request, bool may_be_cached,
                              const struct answer_form *form, struct buf *out) {
    if (!may_be_cached || !is_known(request, answer->etag)) {
        return write_answer(answer, may_be_cached, form, out);
    }
    AUTO(buf_clear) struct buf headers = {0};
    buf_init(&headers, 512);
    TRY(write_caching(answer, &headers));
    const struct http_response http = {
        .status = 304,
        .extra_headers = buf_string(&headers),
        .head_only = true,
        .keep_alive = form->keep_alive,
    };
    return http_write_response(&http, out);
}

// --- questions -------------------------------------------------------------------------------

static bool is_get(const struct http_message *request) {
    return strcmp(request->method, "POST") != 0;
}

static enum result refuse_type(const char *type, struct error *err) {
    (void)error_set_code(err, RESULT_INVALID, "wrong_content_type",
                         "expected a body of the type " REQUEST_TYPE ", not %.100s",
                         type == NULL ? "none" : type);
    error_hint(err, "Send \"Content-Type: " REQUEST_TYPE "\" and an OCSPRequest in DER.");
    return RESULT_INVALID;
}

static bool is_request_type(const char *type) {
    const size_t size = strlen(REQUEST_TYPE);
    return type != NULL && strncasecmp(type, REQUEST_TYPE, size) == 0 &&
           (type[size] == '\0' || strchr("; \t", type[size]) != NULL);
}

static enum result refuse_size(struct error *err) {
    (void)error_set_code(err, RESULT_LIMIT, "body_too_large",
                         "an OCSP request has at most %d bytes", LIMIT_OCSP_REQUEST_BYTES);
    error_hint(err, "Ask about fewer certificates at a time.");
    return RESULT_LIMIT;
}

// Leaves the DER empty when there is no base64.
static enum result read_der(const struct http_message *request, struct buf *out_der,
                            struct error *err) {
    if (is_get(request)) {
        const char *text = &request->path[strlen(PATH_BEFORE_REQUEST)];
        if (text_base64_decode(bytes_of_string(text), out_der) != RESULT_OK) {
            buf_reset(out_der);
        }
        return RESULT_OK;
    }
    const char *type = http_message_header(request, "content-type");
    if (!is_request_type(type)) {
        return refuse_type(type, err);
    }
    return request->body.size > LIMIT_OCSP_REQUEST_BYTES
               ? refuse_size(err)
               : buf_append(out_der, buf_bytes(&request->body));
}

// Whether the same answer may be given again: one certificate, and no nonce that wants its own.
static bool is_repeatable(const struct ocsp_desk *desk, const struct ocsp_request *request) {
    return request->count == 1 && (desk->ignores_nonce || request->nonce.size == 0);
}

static const struct ocsp_kept *find_kept(const struct ocsp_desk *desk,
                                         const struct ocsp_request *request) {
    return is_repeatable(desk, request) ? ocsp_store_find(desk->store, request->ids[0].element,
                                                          request->ids[0].serial, clock_now())
                                        : NULL;
}

static enum result question_new(struct ocsp_desk *desk, bool may_be_cached, struct buf *der,
                                struct ocsp_question **out_question, struct error *err) {
    struct ocsp_question *question = calloc(1, sizeof(*question));
    if (question == NULL) {
        return error_out_of_memory(err);
    }
    question->desk = desk;
    question->may_be_cached = may_be_cached;
    buf_move(&question->der, der);
    desk->waiting++;
    const enum result result =
        ocsp_request_read(buf_bytes(&question->der), &question->request, err);
    if (result != RESULT_OK) {
        ocsp_question_free(question);
        return result;
    }
    *out_question = question;
    return RESULT_OK;
}

// What was answered here is over, as far as the authority is concerned.
static enum result is_answered(enum result written) {
    return written == RESULT_OK ? RESULT_CONFLICT : RESULT_INTERNAL;
}

static enum result forward(struct ocsp_desk *desk, bool may_be_cached, struct buf *der,
                           struct ocsp_question **out_question, struct buf *out_message,
                           struct error *err) {
    struct ocsp_query query = {.request = {.data = der->data, .size = der->size}}; // borrows
    TRY(message_to_binary(&ocsp_query_type, &query, out_message, err));
    return question_new(desk, may_be_cached, der, out_question, err);
}

// Of an answer that was given and will end soon. Those who wait for theirs come first.
static void forward_ahead(struct ocsp_desk *desk, const struct ocsp_request *asked,
                          struct buf *der, struct ocsp_question **out_question,
                          struct buf *out_message) {
    const struct ocsp_certificate_id *id = &asked->ids[0];
    if (desk->waiting < LIMIT_OCSP_WAITING / 2 &&
        ocsp_store_wants_next(desk->store, id->element, id->serial, clock_now())) {
        (void)forward(desk, false, der, out_question, out_message,
                      NULL); // or when it has ended
    }
}

enum result ocsp_question_begin(struct ocsp_desk *desk, const struct http_message *request,
                                const struct answer_form *form,
                                struct ocsp_question **out_question, struct buf *out_message,
                                struct buf *out, struct error *err) {
    AUTO(buf_clear) struct buf der = {0};
    buf_init(&der, LIMIT_OCSP_REQUEST_BYTES);
    TRY(read_der(request, &der, err));
    struct ocsp_request asked = {0};
    if (ocsp_request_read(buf_bytes(&der), &asked, NULL) != RESULT_OK) {
        return is_answered(ocsp_question_refuse(RESULT_INVALID, form, out));
    }
    // Answers to nonces are of no use to anybody else.
    const bool may_be_cached = is_get(request) && is_repeatable(desk, &asked);
    const struct ocsp_kept *kept = find_kept(desk, &asked);
    if (kept != NULL) {
        const enum result written = write_kept(kept, request, may_be_cached, form, out);
        forward_ahead(desk, &asked, &der, out_question, out_message);
        return is_answered(written);
    }
    if (desk->waiting >= LIMIT_OCSP_WAITING) {
        return is_answered(ocsp_question_refuse(RESULT_UNAVAILABLE, form, out));
    }
    return forward(desk, may_be_cached, &der, out_question, out_message, err);
}

static struct ocsp_kept take_reply(const struct ocsp_question *question,
                                   const struct ocsp_reply *reply) {
    const struct ocsp_kept kept = {
        .response = blob_bytes(&reply->response),
        .this_update = reply->this_update,
        .next_update = reply->next_update,
        .max_age = reply->max_age,
    };
    if (reply->keep && is_repeatable(question->desk, &question->request)) {
        const struct ocsp_certificate_id *id = &question->request.ids[0];
        ocsp_store_put(question->desk->store, id->element, id->serial, reply->epoch, &kept);
    }
    return kept;
}

void ocsp_question_keep(struct ocsp_question *question, struct bytes reply_bytes) {
    struct ocsp_reply reply = {0};
    if (message_from_binary(&ocsp_reply_type, reply_bytes, &reply, NULL) == RESULT_OK) {
        (void)take_reply(question, &reply);
    }
    message_clear(&ocsp_reply_type, &reply);
}

static enum result answer(struct ocsp_question *question, const struct ocsp_reply *reply,
                          const struct answer_form *form, struct buf *out) {
    struct ocsp_kept kept = take_reply(question, reply);
    TRY(ocsp_etag(kept.response, kept.etag));
    return write_answer(&kept, question->may_be_cached, form, out);
}

enum result ocsp_question_answer(struct ocsp_question *question, struct bytes reply_bytes,
                                 const struct answer_form *form, struct buf *out,
                                 struct error *err) {
    struct ocsp_reply reply = {0};
    enum result result = message_from_binary(&ocsp_reply_type, reply_bytes, &reply, err);
    if (result == RESULT_OK) {
        result = answer(question, &reply, form, out);
    }
    message_clear(&ocsp_reply_type, &reply);
    return result;
}
