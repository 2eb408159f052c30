// One request and its answer: what it asks for decides who answers, here or the authority.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "gateway/exchange.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/text.h"
#include "gateway/router.h"

// A whole answer with its head.
#define ANSWER_MAXIMUM (LIMIT_HTTP_RESPONSE_BODY_BYTES + LIMIT_HTTP_HEADER_BYTES)

struct exchange *exchange_new(struct session *session) {
    struct exchange *exchange = calloc(1, sizeof(*exchange));
    if (exchange != NULL) {
        exchange->session = session;
        // An answer may hold a fresh enrollment token.
        buf_init_secret(&exchange->bytes, ANSWER_MAXIMUM);
    }
    return exchange;
}

void exchange_free(struct exchange *exchange) {
    if (exchange != NULL) {
        buf_clear(&exchange->bytes);
        published_release(exchange->published);
        poll_free(exchange->poll);
        ocsp_question_free(exchange->ocsp);
        free(exchange);
    }
}

// --- errors ---------------------------------------------------------------------------------

// The last resort when not even an error can be written: the connection ends without an answer.
static void give_up(struct exchange *exchange) {
    buf_reset(&exchange->bytes);
    exchange->form.keep_alive = false;
}

static void answer_with_error(struct exchange *exchange, int status, const struct error *error,
                              const char *allow) {
    exchange->is_ready = true;
    if (answer_error(&exchange->form, status, error, allow, &exchange->bytes) != RESULT_OK) {
        give_up(exchange);
    }
}

void exchange_refuse(struct exchange *exchange, int status, const struct error *error) {
    exchange->form.keep_alive = false;
    answer_with_error(exchange, status, error, NULL);
}

void exchange_continue(struct exchange *exchange) {
    const struct http_response response = {.status = 100};
    exchange->form.keep_alive = true;
    exchange->is_ready = true;
    if (http_write_response(&response, &exchange->bytes) != RESULT_OK) {
        give_up(exchange);
    }
}

static void refuse_method(struct exchange *exchange, const struct http_message *request,
                          const char *allow) {
    struct error error = {0};
    (void)error_set_code(&error, RESULT_INVALID, "method_not_allowed", "%s is not for %.200s",
                         request->method, request->path);
    error_hint(&error, "Allowed here: %s.", allow);
    answer_with_error(exchange, 405, &error, allow);
}

// --- paths that are not there ---------------------------------------------------------------

// What a mistyped path may have meant, or NULL.
static const char *nearest_path(const struct services *services, const char *path) {
    const char *candidates[LIMIT_PUBLICATIONS + 64];
    size_t count = 0;
    size_t route_count = 0;
    const struct route *routes = router_routes(&route_count);
    for (size_t i = 0; i < route_count && count < 64; i++) {
        const struct operation *operation = operation_find((unsigned)routes[i].operation);
        if ((operation->channels & (unsigned)services->role) != 0) {
            candidates[count++] = routes[i].path;
        }
    }
    const size_t published =
        services->role == CHANNEL_ADMIN ? 0 : services->publications->count;
    for (size_t i = 0; i < published; i++) {
        candidates[count++] = published_path(services->publications->items[i]);
    }
    return count == 0 ? NULL : text_nearest(path, candidates, count);
}

static void refuse_path(struct exchange *exchange, const struct services *services,
                        const struct http_message *request, const enum channel *other) {
    struct error error = {0};
    (void)error_set_code(&error, RESULT_NOT_FOUND, "unknown_path",
                         "there is nothing at %.200s on the %s gateway", request->path,
                         router_role_name(services->role));
    if (other != NULL) {
        error_hint(&error, "The %s gateway answers this.", router_role_name(*other));
    } else {
        const char *nearest = nearest_path(services, request->path);
        if (nearest != NULL) {
            error_hint(&error, "Did you mean %s?", nearest);
        } else if (services->role == CHANNEL_PUBLIC) {
            error_hint(&error, "This gateway publishes CRLs and CA certificates, such as "
                               "/ca.pem.");
        } else {
            error_hint(&error, "The paths are described in the protocol; GET /v1/authority is "
                               "one.");
        }
    }
    answer_with_error(exchange, 404, &error, NULL);
}

// --- waiting --------------------------------------------------------------------------------

static void place(struct exchange *exchange, const struct services *services) {
    struct poll *poll = exchange->poll;
    poll->due = parking_now(services->parking) + (uint64_t)poll->wait_seconds * 1000;
    parked_watch(services->parking, &poll->place, poll->key, exchange);
}

// --- publications ---------------------------------------------------------------------------

static bool is_get(const struct http_message *request) {
    return strcmp(request->method, "GET") == 0 || strcmp(request->method, "HEAD") == 0;
}

// What follows the head lies in the publication, which is kept until it is sent.
static void send_published(struct exchange *exchange, struct published *published,
                           enum result written, const struct published_answer *answer) {
    exchange->is_ready = true;
    if (written != RESULT_OK) {
        give_up(exchange);
    } else if (answer->size > 0) {
        exchange->published = published_hold(published);
        exchange->body_offset = answer->offset;
        exchange->body_size = answer->size;
    }
}

static void answer_published(struct exchange *exchange, struct published *published,
                             const struct http_message *request) {
    struct published_answer answer = {.head = &exchange->bytes};
    const enum result written =
        published_respond(published, request, exchange->form.keep_alive, clock_now(), &answer);
    send_published(exchange, published, written, &answer);
}

static void tell_news(struct exchange *exchange, struct published *published) {
    struct published_answer answer = {.head = &exchange->bytes};
    const enum result written = published_tell_news(published, exchange->form.head_only,
                                                    exchange->form.keep_alive, &answer);
    send_published(exchange, published, written, &answer);
}

// The answer of one who waits in vain is kept while it waits.
static void wait_for_news(struct exchange *exchange, const struct services *services,
                          const struct published *published, const char *tags,
                          const struct published_poll *poll) {
    struct error error = {0};
    exchange->is_ready = true;
    if (published_tell_nothing_new(published, tags != NULL, exchange->form.keep_alive,
                                   &exchange->bytes) != RESULT_OK) {
        give_up(exchange);
        return;
    }
    // Without memory it is answered at once.
    if (poll->wait_seconds > 0 &&
        poll_new_published(published_path(published), poll->after, tags, poll->wait_seconds,
                           &exchange->poll, &error) == RESULT_OK) {
        place(exchange, services);
        exchange->is_ready =
            parked_wait(&exchange->poll->place, exchange->poll->due) != PARKED_WAITS;
    }
}

static void answer_poll(struct exchange *exchange, const struct services *services,
                        struct published *published, const struct http_message *request,
                        const struct exchange_peer *peer, struct published_poll *poll) {
    const char *tags = http_message_header(request, "if-none-match");
    if (published_is_news(published, poll->after, tags)) {
        tell_news(exchange, published);
        return;
    }
    poll->wait_seconds = peer->may_wait ? poll->wait_seconds : 0;
    wait_for_news(exchange, services, published, tags, poll);
}

static void begin_published(struct exchange *exchange, const struct services *services,
                            struct published *published, const struct http_message *request,
                            const struct exchange_peer *peer) {
    struct published_poll poll = {0};
    struct error error = {0};
    if (!is_get(request)) {
        refuse_method(exchange, request, "GET, HEAD");
    } else if (published_read_poll(request->query, &poll, &error) != RESULT_OK) {
        answer_with_error(exchange, 0, &error, NULL);
    } else if (poll.is_poll) {
        answer_poll(exchange, services, published, request, peer, &poll);
    } else {
        answer_published(exchange, published, request);
    }
}

// A notice tells of a new version; one that was only sent again is waited past. What is published
// once stays: nothing takes a path away.
static void look_again(struct exchange *exchange, const struct services *services) {
    const struct poll *poll = exchange->poll;
    struct published *published = publications_find(services->publications, poll->key);
    if (published_is_news(published, poll->after, poll->tags)) {
        buf_reset(&exchange->bytes);
        tell_news(exchange, published);
    } else if (parked_wait(&exchange->poll->place, poll->due) != PARKED_WAITS) {
        exchange->is_ready = true;
    }
}

// --- operations -----------------------------------------------------------------------------

// "application/json", with parameters or without.
static bool is_json(const char *content_type) {
    AUTO(buf_clear) struct buf type;
    buf_init(&type, LIMIT_HTTP_HEADER_BYTES);
    const size_t size = strcspn(content_type, "; \t");
    return buf_append(&type, bytes_of(content_type, size)) == RESULT_OK &&
           text_equal_ignoring_case(buf_string(&type), "application/json");
}

// False when it has been answered.
static bool check_body(struct exchange *exchange, const struct http_message *request) {
    struct error error = {0};
    const char *content_type = http_message_header(request, "content-type");
    if (request->body.size == 0) {
        return true;
    }
    if (is_get(request)) {
        (void)error_set_code(&error, RESULT_INVALID, "unexpected_body",
                             "a %s request has no body", request->method);
        error_hint(&error, "Put the parameters into the query: ?name=value.");
        answer_with_error(exchange, 400, &error, NULL);
        return false;
    }
    if (content_type != NULL && !is_json(content_type)) {
        (void)error_set_code(&error, RESULT_INVALID, "wrong_content_type",
                             "expected a body of the type application/json, not %.100s",
                             content_type);
        error_hint(&error, "Send \"Content-Type: application/json\".");
        answer_with_error(exchange, 415, &error, NULL);
        return false;
    }
    return true;
}

// From before the request is sent, so that no notice is missed.
static enum result watch(struct exchange *exchange, const struct services *services,
                         struct bytes request, struct error *err) {
    TRY(poll_new(exchange->operation->id, request, &exchange->poll, err));
    if (exchange->poll != NULL) {
        place(exchange, services);
    }
    return RESULT_OK;
}

static enum result ask(struct exchange *exchange, const struct services *services,
                       const struct exchange_peer *peer, struct bytes request,
                       struct error *err) {
    return requests_send(services->requests, exchange->operation->id, peer->address,
                         peer->certificate, request, exchange, err);
}

static enum result forward(struct exchange *exchange, const struct services *services,
                           const struct route *route, const struct http_message *request,
                           const struct exchange_peer *peer, struct error *err) {
    AUTO(buf_clear) struct buf binary;
    buf_init_secret(&binary, LIMIT_FRAME_REQUEST_BYTES);
    const struct route_input input = {
        .path = request->path,
        .query = request->query,
        .body = buf_bytes(&request->body),
        .authorization = http_message_header(request, "authorization"),
    };
    TRY(router_read_request(route, &input, &binary, err));
    exchange->operation = operation_find((unsigned)route->operation);
    if (peer->may_wait) {
        TRY(watch(exchange, services, buf_bytes(&binary), err));
    }
    return ask(exchange, services, peer, buf_bytes(&binary), err);
}

static int status_of(const struct error *error) {
    return strcmp(error->code, "claim_missing") == 0 ? 401 : result_http_status(error->result);
}

// --- OCSP -----------------------------------------------------------------------------------

// What the authority cannot be asked, or has not answered, is refused in terms of OCSP.
static void refuse_ocsp(struct exchange *exchange, enum result failure) {
    exchange->is_ready = true;
    if (ocsp_question_refuse(failure, &exchange->form, &exchange->bytes) != RESULT_OK) {
        give_up(exchange);
    }
}

// One that waits no more leaves its place to others, however slowly its answer is read.
static void end_question(struct exchange *exchange) {
    ocsp_question_free(exchange->ocsp);
    exchange->ocsp = NULL;
}

static enum result send_question(struct exchange *exchange, const struct services *services,
                                 const struct exchange_peer *peer, struct bytes message,
                                 struct error *err) {
    return requests_send(services->requests, OPERATION_OCSP, peer->address, (struct bytes){0},
                         message, exchange, err);
}

// On nobody's behalf: an exchange without a session, whose answer is kept.
static void ask_ahead(struct ocsp_question *question, const struct services *services,
                      const struct exchange_peer *peer, struct bytes message) {
    struct exchange *exchange = exchange_new(NULL);
    if (exchange == NULL) {
        ocsp_question_free(question);
        return;
    }
    exchange->ocsp = question;
    if (send_question(exchange, services, peer, message, NULL) != RESULT_OK) {
        exchange_free(exchange); // it is asked when the kept answer has ended
    }
}

static void begin_ocsp(struct exchange *exchange, const struct services *services,
                       const struct http_message *request, const struct exchange_peer *peer) {
    struct error error = {0};
    AUTO(buf_clear) struct buf binary;
    buf_init(&binary, LIMIT_FRAME_REQUEST_BYTES);
    enum result result =
        ocsp_question_begin(services->ocsp, request, &exchange->form, &exchange->ocsp, &binary,
                            &exchange->bytes, &error);
    if (result == RESULT_CONFLICT) {
        exchange->is_ready = true;
        if (exchange->ocsp != NULL) {
            ask_ahead(exchange->ocsp, services, peer, buf_bytes(&binary));
            exchange->ocsp = NULL;
        }
    } else if (result == RESULT_INVALID || result == RESULT_LIMIT) {
        answer_with_error(exchange, result == RESULT_INVALID ? 415 : 413, &error, NULL);
    } else if (result == RESULT_OK) {
        result = send_question(exchange, services, peer, buf_bytes(&binary), &error);
    }
    if (result != RESULT_OK && !exchange->is_ready) {
        refuse_ocsp(exchange, result);
        end_question(exchange);
    }
}

static void answer_ocsp(struct exchange *exchange, const struct frame *reply) {
    struct error error = {0};
    if (reply->result == RESULT_NOT_FOUND) { // there is no OCSP here
        (void)frame_read_error(reply->body, &error);
        error.result = RESULT_NOT_FOUND;
        answer_with_error(exchange, 0, &error, NULL);
        return;
    }
    if (reply->result != RESULT_OK) {
        refuse_ocsp(exchange, (enum result)reply->result);
        return;
    }
    exchange->is_ready = true;
    if (ocsp_question_answer(exchange->ocsp, reply->body, &exchange->form, &exchange->bytes,
                             &error) != RESULT_OK) {
        log_error(LOG_LEVEL_ERROR, "reply not understood", &error);
        buf_reset(&exchange->bytes);
        refuse_ocsp(exchange, RESULT_INTERNAL);
    }
}

static void complete_ocsp(struct exchange *exchange, const struct frame *reply) {
    answer_ocsp(exchange, reply);
    end_question(exchange);
}

void exchange_end(struct exchange *exchange, const struct frame *reply) {
    if (exchange->ocsp != NULL && reply->result == RESULT_OK) {
        ocsp_question_keep(exchange->ocsp, reply->body);
    }
    exchange_free(exchange);
}

void exchange_begin(struct exchange *exchange, const struct services *services,
                    const struct http_message *request, const struct exchange_peer *peer) {
    exchange->form.head_only = strcmp(request->method, "HEAD") == 0;
    exchange->form.keep_alive = request->keep_alive;
    if (services->role != CHANNEL_ADMIN) {
        struct published *published = publications_find(services->publications, request->path);
        if (published != NULL) {
            begin_published(exchange, services, published, request, peer);
            return;
        }
    }
    const struct route *route = NULL;
    char allow[ROUTER_ALLOW_BYTES];
    enum channel other = services->role;
    struct error error = {0};
    switch (
        router_find(services->role, request->method, request->path, &route, allow, &other)) {
    case ROUTER_FOUND:
        if (route->operation == OPERATION_OCSP) {
            begin_ocsp(exchange, services, request, peer);
        } else if (check_body(exchange, request) &&
                   forward(exchange, services, route, request, peer, &error) != RESULT_OK) {
            answer_with_error(exchange, status_of(&error), &error, NULL);
        }
        break;
    case ROUTER_OTHER_METHOD:
        refuse_method(exchange, request, allow);
        break;
    case ROUTER_OTHER_GATEWAY:
        refuse_path(exchange, services, request, &other);
        break;
    case ROUTER_UNKNOWN:
        refuse_path(exchange, services, request, NULL);
        break;
    }
}

// --- replies --------------------------------------------------------------------------------

static enum result answer_message(struct exchange *exchange, const struct message_type *type,
                                  const void *message, struct error *err) {
    AUTO(buf_clear) struct buf json;
    buf_init_secret(&json, LIMIT_HTTP_RESPONSE_BODY_BYTES);
    TRY(message_to_json(type, message, &json, err));
    if (type == &held_type) {
        const struct held *held = message;
        return answer_held(&exchange->form, buf_bytes(&json), held->retry_after,
                           &exchange->bytes);
    }
    return answer_json(&exchange->form, buf_bytes(&json), &exchange->bytes);
}

static enum result write_reply(struct exchange *exchange, const struct frame *reply,
                               struct error *err) {
    const struct message_type *type =
        reply->result == RESULT_PENDING ? &held_type : exchange->operation->reply;
    void *message = calloc(1, type->size + 1);
    if (message == NULL) {
        return error_out_of_memory(err);
    }
    enum result result = message_from_binary(type, reply->body, message, err);
    if (result == RESULT_OK) {
        result = answer_message(exchange, type, message, err);
    }
    message_clear(type, message);
    free(message);
    return result;
}

static void refuse_as_told(struct exchange *exchange, const struct frame *reply) {
    struct error error = {0};
    if (frame_read_error(reply->body, &error) != RESULT_OK) {
        error.result = RESULT_INTERNAL;
    }
    answer_with_error(exchange, 0, &error, NULL);
}

// Parks an exchange whose request is held, its answer kept. False when that is sent now.
static bool wait_for_more(struct exchange *exchange, const struct services *services,
                          const struct exchange_peer *peer) {
    switch (parked_wait(&exchange->poll->place, exchange->poll->due)) {
    case PARKED_WAITS:
        return true;
    case PARKED_IS_STALE:
        exchange_ask_again(exchange, services, peer);
        return true;
    case PARKED_IS_LATE:
        break;
    }
    return false;
}

void exchange_complete(struct exchange *exchange, const struct services *services,
                       const struct exchange_peer *peer, const struct frame *reply) {
    struct error error = {0};
    if (exchange->ocsp != NULL) {
        complete_ocsp(exchange, reply);
    } else if (reply->result != RESULT_OK && reply->result != RESULT_PENDING) {
        refuse_as_told(exchange, reply);
    } else if (write_reply(exchange, reply, &error) != RESULT_OK) {
        // Not the peer's fault, whatever it is.
        log_error(LOG_LEVEL_ERROR, "reply not understood", &error);
        error = (struct error){.result = RESULT_INTERNAL};
        buf_reset(&exchange->bytes);
        answer_with_error(exchange, 0, &error, NULL);
    } else if (reply->result == RESULT_OK || exchange->poll == NULL || !peer->may_wait ||
               !wait_for_more(exchange, services, peer)) {
        exchange->is_ready = true;
    }
}

void exchange_ask_again(struct exchange *exchange, const struct services *services,
                        const struct exchange_peer *peer) {
    struct error error = {0};
    if (poll_is_for_publication(exchange->poll)) {
        look_again(exchange, services);
        return;
    }
    buf_reset(&exchange->bytes);
    if (ask(exchange, services, peer, buf_bytes(&exchange->poll->request), &error) !=
        RESULT_OK) {
        answer_with_error(exchange, 0, &error, NULL);
    }
}

void exchange_stop_waiting(struct exchange *exchange) {
    parked_leave(&exchange->poll->place);
    exchange->is_ready = true;
}

bool exchange_is_waiting(const struct exchange *exchange) {
    return exchange->poll != NULL && parked_is_waiting(&exchange->poll->place);
}
