// OCSP over HTTP: what is forwarded, what is answered here, and with which headers.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "gateway/ocsp.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/text.h"
#include "support/ocsp_fixture.h"

#define NOW 1800000000

static struct ocsp_desk *desk;

static int set_up(void **state) {
    (void)state;
    clock_use_manual(NOW);
    return ocsp_desk_new(&desk, NULL) == RESULT_OK ? 0 : -1;
}

static int tear_down(void **state) {
    (void)state;
    ocsp_desk_free(desk);
    clock_use_system();
    return 0;
}

static void make_request(uint8_t serial, const char *nonce, struct buf *out) {
    AUTO(buf_clear) struct buf ids = {0};
    buf_init(&ids, 4096);
    ocsp_fixture_id(NULL, OID_SHA1, bytes_of(&serial, 1), &ids);
    ocsp_fixture_request(buf_bytes(&ids), bytes_of_string(nonce), out);
}

// What became of a request: a question for the authority, or an answer.
struct outcome {
    enum result result;
    struct ocsp_question *question;
    struct buf message, answer;
    struct error error;
};

static void outcome_clear(struct outcome *outcome) {
    ocsp_question_free(outcome->question);
    buf_clear(&outcome->message);
    buf_clear(&outcome->answer);
}

static const struct answer_form form = {.keep_alive = true};

static void begin(const struct http_message *request, struct outcome *out) {
    *out = (struct outcome){0};
    buf_init(&out->message, LIMIT_FRAME_REQUEST_BYTES);
    buf_init(&out->answer, 65536);
    out->result = ocsp_question_begin(desk, request, &form, &out->question, &out->message,
                                      &out->answer, &out->error);
}

static void get(struct bytes der, const char *if_none_match, struct outcome *out) {
    AUTO(buf_clear) struct buf path = {0};
    buf_init(&path, 32768);
    assert_int_equal(buf_append_string(&path, "/ocsp/"), RESULT_OK);
    assert_int_equal(text_base64_encode(der, &path), RESULT_OK);
    struct http_header header = {.name = (char[]){"if-none-match"},
                                 .value = (char *)(uintptr_t)if_none_match};
    const struct http_message request = {.method = "GET",
                                         .path = (char *)(uintptr_t)buf_string(&path),
                                         .headers = &header,
                                         .header_count = if_none_match == NULL ? 0 : 1};
    begin(&request, out);
}

static void post(struct bytes der, const char *type, struct outcome *out) {
    struct http_header header = {.name = (char[]){"content-type"},
                                 .value = (char *)(uintptr_t)type};
    struct http_message request = {.method = "POST",
                                   .path = (char[]){"/ocsp"},
                                   .headers = &header,
                                   .header_count = type == NULL ? 0 : 1};
    buf_init(&request.body, LIMIT_HTTP_REQUEST_BODY_BYTES);
    assert_int_equal(buf_append(&request.body, der), RESULT_OK);
    begin(&request, out);
    buf_clear(&request.body);
}

// The authority's reply.
static void reply(struct outcome *outcome, const char *response, bool keep, int64_t epoch) {
    struct error err = {0};
    struct ocsp_reply message = {.this_update = NOW,
                                 .next_update = NOW + 3600,
                                 .max_age = 60,
                                 .keep = keep,
                                 .epoch = epoch};
    AUTO(buf_clear) struct buf body = {0};
    buf_init(&body, 65536);
    assert_int_equal(blob_set(&message.response, bytes_of_string(response)), RESULT_OK);
    assert_ok(message_to_binary(&ocsp_reply_type, &message, &body, &err), &err);
    assert_int_equal(outcome->result, RESULT_OK);
    assert_ok(ocsp_question_answer(outcome->question, buf_bytes(&body), &form, &outcome->answer,
                                   &err),
              &err);
    message_clear(&ocsp_reply_type, &message);
}

static void make_reply(const char *response, int64_t from, struct buf *out) {
    struct ocsp_reply message = {
        .this_update = from, .next_update = from + 3600, .max_age = 60, .keep = true};
    assert_int_equal(blob_set(&message.response, bytes_of_string(response)), RESULT_OK);
    assert_int_equal(message_to_binary(&ocsp_reply_type, &message, out, NULL), RESULT_OK);
    message_clear(&ocsp_reply_type, &message);
}

static void require_in(const struct outcome *outcome, const char *text) {
    if (strstr(buf_string(&outcome->answer), text) == NULL) {
        print_error("\"%s\" is not in\n%s\n", text, buf_string(&outcome->answer));
        fail();
    }
}

// The three octets of an unsigned response end in its status.
static void require_refusal(const struct outcome *outcome, uint8_t status) {
    assert_int_equal(outcome->result, RESULT_CONFLICT);
    require_in(outcome, "HTTP/1.1 200 OK\r\n");
    require_in(outcome, "Content-Type: application/ocsp-response\r\n");
    require_in(outcome, "Content-Length: 5\r\n");
    require_in(outcome, "Cache-Control: no-store\r\n");
    assert_int_equal(outcome->answer.data[outcome->answer.size - 1], status);
}

static void a_question_is_forwarded_and_its_answer_kept(void **state) {
    (void)state;
    AUTO(buf_clear) struct buf request = {0};
    AUTO(outcome_clear) struct outcome first = {0}, second = {0}, posted = {0}, known = {0};
    make_request(7, "", &request);
    get(buf_bytes(&request), NULL, &first);
    struct ocsp_query query = {0};
    assert_ok(
        message_from_binary(&ocsp_query_type, buf_bytes(&first.message), &query, &first.error),
        &first.error);
    assert_bytes_equal(blob_bytes(&query.request), buf_bytes(&request));
    message_clear(&ocsp_query_type, &query);
    reply(&first, "signed", true, 0);
    require_in(&first, "HTTP/1.1 200 OK\r\n");
    require_in(&first, "Content-Type: application/ocsp-response\r\n");
    require_in(&first, "Last-Modified: Fri, 15 Jan 2027 08:00:00 GMT\r\n");
    require_in(&first, "Expires: Fri, 15 Jan 2027 09:00:00 GMT\r\n");
    require_in(&first, "Cache-Control: max-age=60, public, no-transform, must-revalidate\r\n");
    require_in(&first, "ETag: \"");
    require_in(&first, "\r\n\r\nsigned");
    // The same again, both ways, without the authority.
    get(buf_bytes(&request), NULL, &second);
    assert_int_equal(second.result, RESULT_CONFLICT);
    assert_bytes_equal(buf_bytes(&second.answer), buf_bytes(&first.answer));
    post(buf_bytes(&request), "application/ocsp-request", &posted);
    assert_int_equal(posted.result, RESULT_CONFLICT);
    require_in(&posted, "Cache-Control: no-store\r\n");
    require_in(&posted, "\r\n\r\nsigned");
    char etag[80] = "";
    assert_int_equal(sscanf(strstr(buf_string(&first.answer), "ETag: "), "ETag: %79s", etag),
                     1);
    get(buf_bytes(&request), etag, &known);
    assert_int_equal(known.result, RESULT_CONFLICT);
    require_in(&known, "HTTP/1.1 304 Not Modified\r\n");
    assert_null(strstr(buf_string(&known.answer), "signed"));
}

static void near_its_end_an_answer_is_kept_by_caches_for_less(void **state) {
    (void)state;
    AUTO(buf_clear) struct buf request = {0};
    AUTO(outcome_clear) struct outcome first = {0}, late = {0}, over = {0};
    make_request(7, "", &request);
    get(buf_bytes(&request), NULL, &first);
    reply(&first, "signed", true, 0);
    clock_use_manual(NOW + 3590);
    get(buf_bytes(&request), NULL, &late);
    require_in(&late, "Cache-Control: max-age=10, ");
    clock_use_manual(NOW + 3600);
    get(buf_bytes(&request), NULL, &over);
    assert_int_equal(over.result, RESULT_OK); // asked anew
}

static void what_is_asked_for_is_signed_anew_before_it_ends(void **state) {
    (void)state;
    AUTO(buf_clear) struct buf request = {0};
    AUTO(outcome_clear) struct outcome first = {0}, early = {0}, ahead = {0}, again = {0};
    AUTO(outcome_clear) struct outcome next = {0};
    make_request(7, "", &request);
    get(buf_bytes(&request), NULL, &first);
    reply(&first, "signed", true, 0);
    clock_use_manual(NOW + 2399);
    get(buf_bytes(&request), NULL, &early);
    assert_int_equal(early.result, RESULT_CONFLICT);
    assert_null(early.question);
    // The last third: the kept answer is given, and the next one asked for, once.
    clock_use_manual(NOW + 2400);
    get(buf_bytes(&request), NULL, &ahead);
    assert_int_equal(ahead.result, RESULT_CONFLICT);
    require_in(&ahead, "signed");
    assert_non_null(ahead.question);
    assert_true(ahead.message.size > 0);
    get(buf_bytes(&request), NULL, &again);
    assert_int_equal(again.result, RESULT_CONFLICT);
    assert_null(again.question);
    AUTO(buf_clear) struct buf body = {0};
    buf_init(&body, 65536);
    make_reply("anew", NOW + 2400, &body);
    ocsp_question_keep(ahead.question, buf_bytes(&body));
    clock_use_manual(NOW + 3600);
    get(buf_bytes(&request), NULL, &next);
    require_in(&next, "anew");
}

static void a_change_of_status_is_asked_about_anew(void **state) {
    (void)state;
    AUTO(buf_clear) struct buf request = {0};
    AUTO(outcome_clear) struct outcome first = {0}, under_way = {0}, second = {0}, third = {0};
    make_request(7, "", &request);
    get(buf_bytes(&request), NULL, &first);
    reply(&first, "good", true, 0);
    make_request(8, "", &request);
    get(buf_bytes(&request), NULL, &under_way);
    const struct status_changed changed = {.epoch = 1};
    ocsp_desk_forget(desk, &changed);
    reply(&under_way, "good", true, 0); // from before the change: given, and not kept
    get(buf_bytes(&request), NULL, &second);
    assert_int_equal(second.result, RESULT_OK);
    make_request(7, "", &request);
    get(buf_bytes(&request), NULL, &third);
    assert_int_equal(third.result, RESULT_OK);
}

static void answers_to_nonces_and_of_others_are_not_kept(void **state) {
    (void)state;
    AUTO(buf_clear) struct buf nonce = {0}, plain = {0};
    AUTO(outcome_clear) struct outcome first = {0}, second = {0}, third = {0}, fourth = {0};
    make_request(7, "once", &nonce);
    make_request(7, "", &plain);
    get(buf_bytes(&nonce), NULL, &first);
    reply(&first, "signed", true, 0);
    require_in(&first, "Cache-Control: no-store\r\n");
    get(buf_bytes(&nonce), NULL, &second);
    assert_int_equal(second.result, RESULT_OK);
    get(buf_bytes(&plain), NULL, &third);
    reply(&third, "never issued", false, 0); // the authority says so
    ocsp_desk_set_nonce(desk, true);
    get(buf_bytes(&nonce), NULL, &fourth); // now like any other
    assert_int_equal(fourth.result, RESULT_OK);
    reply(&fourth, "signed", true, 0);
    require_in(&fourth, "must-revalidate");
    outcome_clear(&fourth);
    get(buf_bytes(&plain), NULL, &fourth);
    assert_int_equal(fourth.result, RESULT_CONFLICT);
    require_in(&fourth, "\r\n\r\nsigned");
}

static void what_is_no_request_is_answered_here(void **state) {
    (void)state;
    static const char *const paths[] = {"/ocsp/****", "/ocsp/MAA=", "/ocsp/MFQ", "/ocsp/a b"};
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        AUTO(outcome_clear) struct outcome outcome = {0};
        const struct http_message request = {.method = "GET",
                                             .path = (char *)(uintptr_t)paths[i]};
        begin(&request, &outcome);
        require_refusal(&outcome, OCSP_MALFORMED_REQUEST);
    }
    AUTO(outcome_clear) struct outcome empty = {0};
    post((struct bytes){0}, "application/ocsp-request", &empty);
    require_refusal(&empty, OCSP_MALFORMED_REQUEST);
}

static void a_body_of_another_type_or_size_is_refused(void **state) {
    (void)state;
    static const struct {
        const char *type;
        enum result result;
    } cases[] = {
        {"application/ocsp-request", RESULT_OK},
        {"Application/OCSP-Request; x=y", RESULT_OK},
        {"application/ocsp-requests", RESULT_INVALID},
        {"application/json", RESULT_INVALID},
        {NULL, RESULT_INVALID},
    };
    AUTO(buf_clear) struct buf request = {0};
    make_request(7, "", &request);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        AUTO(outcome_clear) struct outcome outcome = {0};
        post(buf_bytes(&request), cases[i].type, &outcome);
        assert_int_equal(outcome.result, cases[i].result);
        assert_string_equal(outcome.error.code,
                            cases[i].result == RESULT_OK ? "" : "wrong_content_type");
    }
    uint8_t large[LIMIT_OCSP_REQUEST_BYTES + 1] = {0x30};
    AUTO(outcome_clear) struct outcome fits = {0}, too_large = {0};
    post(bytes_of(large, LIMIT_OCSP_REQUEST_BYTES), "application/ocsp-request", &fits);
    require_refusal(&fits, OCSP_MALFORMED_REQUEST);
    post(bytes_of(large, sizeof(large)), "application/ocsp-request", &too_large);
    assert_int_equal(too_large.result, RESULT_LIMIT);
    assert_string_equal(too_large.error.code, "body_too_large");
}

static void too_many_that_wait_are_told_to_try_later(void **state) {
    (void)state;
    static struct outcome waiting[LIMIT_OCSP_WAITING];
    AUTO(buf_clear) struct buf request = {0};
    make_request(7, "once", &request);
    for (size_t i = 0; i < LIMIT_OCSP_WAITING; i++) {
        get(buf_bytes(&request), NULL, &waiting[i]);
        assert_int_equal(waiting[i].result, RESULT_OK);
    }
    AUTO(outcome_clear) struct outcome more = {0}, again = {0};
    get(buf_bytes(&request), NULL, &more);
    require_refusal(&more, OCSP_TRY_LATER);
    require_in(&more, "Retry-After: 1\r\n");
    outcome_clear(&waiting[0]);
    get(buf_bytes(&request), NULL, &again);
    assert_int_equal(again.result, RESULT_OK);
    for (size_t i = 1; i < LIMIT_OCSP_WAITING; i++) {
        outcome_clear(&waiting[i]);
    }
}

static void failures_of_the_authority_have_their_responses(void **state) {
    (void)state;
    static const struct {
        enum result failure;
        uint8_t status;
    } cases[] = {
        {RESULT_INVALID, OCSP_MALFORMED_REQUEST}, {RESULT_LIMIT, OCSP_MALFORMED_REQUEST},
        {RESULT_DENIED, OCSP_UNAUTHORIZED},       {RESULT_UNAVAILABLE, OCSP_TRY_LATER},
        {RESULT_INTERNAL, OCSP_INTERNAL_ERROR},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        AUTO(outcome_clear) struct outcome outcome = {.result = RESULT_CONFLICT};
        buf_init(&outcome.answer, 4096);
        assert_int_equal(ocsp_question_refuse(cases[i].failure, &form, &outcome.answer),
                         RESULT_OK);
        require_refusal(&outcome, cases[i].status);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        TEST(a_question_is_forwarded_and_its_answer_kept),
        TEST(near_its_end_an_answer_is_kept_by_caches_for_less),
        TEST(what_is_asked_for_is_signed_anew_before_it_ends),
        TEST(a_change_of_status_is_asked_about_anew),
        TEST(answers_to_nonces_and_of_others_are_not_kept),
        TEST(what_is_no_request_is_answered_here),
        TEST(a_body_of_another_type_or_size_is_refused),
        TEST(too_many_that_wait_are_told_to_try_later),
        TEST(failures_of_the_authority_have_their_responses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
