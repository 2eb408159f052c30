// Calling one route: paths and query strings, the body, and the error object of an answer.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "client/connect/route.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "wire/json.h"

// --- target ------------------------------------------------------------------------------

// Appends a member's text; RESULT_NOT_FOUND when it is absent.
static enum result format_member(const struct field *field, const void *message,
                                 struct buf *out) {
    const uint8_t *member = (const uint8_t *)message + field->offset;
    if (field->type == FIELD_TEXT) {
        const char *text = NULL;
        memcpy(&text, member, sizeof(text));
        return text == NULL ? RESULT_NOT_FOUND : buf_append_string(out, text);
    }
    int64_t number = 0;
    if (field->type == FIELD_INTEGER) {
        memcpy(&number, member, sizeof(number));
    }
    return number == 0 ? RESULT_NOT_FOUND : buf_printf(out, "%" PRId64, number);
}

static const struct field *find_field(const struct message_type *type, struct bytes name) {
    for (size_t i = 0; i < type->field_count; i++) {
        if (bytes_equal(bytes_of_string(type->fields[i].name), name)) {
            return &type->fields[i];
        }
    }
    return NULL;
}

static enum result append_member(const struct field *field, const void *message,
                                 struct buf *out) {
    AUTO(buf_clear) struct buf value = {0};
    buf_init(&value, LIMIT_HTTP_TARGET_BYTES);
    TRY(format_member(field, message, &value));
    return http_percent_encode(buf_bytes(&value), out);
}

// The path with its member put in; *out_field is that member, NULL without one.
static enum result write_path(const struct route *route, const void *message, struct buf *out,
                              const struct field **out_field) {
    *out_field = NULL;
    const char *open = strchr(route->path, '{');
    if (open == NULL) {
        return buf_append_string(out, route->path);
    }
    struct bytes whole = bytes_of_string(route->path);
    size_t start = (size_t)(open - route->path);
    size_t length = strcspn(open, "}") - 1;
    *out_field = find_field(route->request, bytes_slice(whole, start + 1, length));
    if (*out_field == NULL) {
        return RESULT_INTERNAL;
    }
    TRY(buf_append(out, bytes_slice(whole, 0, start)));
    TRY(append_member(*out_field, message, out));
    return buf_append(out, bytes_slice(whole, start + length + 2, whole.size));
}

static enum result write_query(const struct message_type *type, const void *message,
                               const struct field *in_path, struct buf *out) {
    const char *separator = "?";
    for (size_t i = 0; i < type->field_count; i++) {
        const struct field *field = &type->fields[i];
        AUTO(buf_clear) struct buf pair = {0};
        buf_init(&pair, LIMIT_HTTP_TARGET_BYTES);
        TRY(buf_printf(&pair, "%s%s=", separator, field->name));
        enum result result =
            field == in_path ? RESULT_NOT_FOUND : append_member(field, message, &pair);
        if (result == RESULT_NOT_FOUND) {
            continue;
        }
        TRY(result);
        TRY(buf_append(out, buf_bytes(&pair)));
        separator = "&";
    }
    return RESULT_OK;
}

// --- headers -----------------------------------------------------------------------------

static enum result write_headers(const struct message_type *type, const void *message,
                                 bool is_get, struct buf *out) {
    TRY(buf_append_string(out, "Accept: application/json\r\n"));
    for (size_t i = 0; is_get && i < type->field_count; i++) {
        const char *secret = NULL;
        if (type->fields[i].type == FIELD_SECRET) {
            memcpy(&secret, (const uint8_t *)message + type->fields[i].offset, sizeof(secret));
        }
        if (secret != NULL) {
            TRY(buf_printf(out, "Authorization: Bearer %s\r\n", secret));
        }
    }
    return RESULT_OK;
}

// --- body --------------------------------------------------------------------------------

// The JSON of a request without the member that the path carries.
static enum result write_body(const struct message_type *type, const void *message,
                              const struct field *in_path, struct buf *out, struct error *err) {
    if (in_path == NULL) {
        return message_to_json(type, message, out, err);
    }
    struct field others[16];
    size_t count = 0;
    for (size_t i = 0; i < type->field_count && count < 16; i++) {
        if (&type->fields[i] != in_path) {
            others[count++] = type->fields[i];
        }
    }
    struct message_type rest = *type;
    rest.fields = others;
    rest.field_count = count;
    return message_to_json(&rest, message, out, err);
}

// --- answers -----------------------------------------------------------------------------

static enum result result_of_status(int status) {
    if (status == 401) {
        return RESULT_DENIED;
    }
    for (int result = RESULT_INVALID; result < RESULT_COUNT; result++) {
        if (result_http_status((enum result)result) == status) {
            return (enum result)result;
        }
    }
    return status >= 502 ? RESULT_UNAVAILABLE
                         : (status >= 500 ? RESULT_INTERNAL : RESULT_INVALID);
}

static const char *local_code(const char *code) {
    if (strcmp(code, "denied") == 0) {
        return "server_denied";
    }
    return strcmp(code, "unavailable") == 0 ? "server_unavailable" : code;
}

static const char *text_member(const struct json *object, const char *name) {
    const struct json *member = json_member(object, name);
    const char *text = member != NULL ? json_string(member) : NULL;
    return text != NULL ? text : "";
}

enum result api_read_error(const struct http_message *answer, struct error *err) {
    enum result result = result_of_status(answer->status);
    AUTO(json_free_at) struct json *json = NULL;
    const struct json *object = NULL;
    if (json_parse(buf_bytes(&answer->body), &json, NULL) == RESULT_OK &&
        json_is_object(json)) {
        object = json_member(json, "error");
    }
    if (object == NULL || !json_is_object(object) || *text_member(object, "message") == '\0') {
        (void)error_set_code(err, result,
                             result == RESULT_UNAVAILABLE ? "server_unavailable" : "answer",
                             "the server answered with status %d (%s)", answer->status,
                             http_status_text(answer->status));
        error_hint(err, "Is this the address of a Signet gateway that answers such requests?");
        return result;
    }
    const char *code = text_member(object, "code");
    (void)error_set_code(err, result, *code != '\0' ? local_code(code) : "answer", "%s",
                         text_member(object, "message"));
    if (err != NULL) {
        err->is_answer = true;
    }
    if (*text_member(object, "field") != '\0') {
        error_field(err, text_member(object, "field"));
    }
    if (*text_member(object, "hint") != '\0') {
        error_hint(err, "%s", text_member(object, "hint"));
    }
    return result;
}

bool api_is_refusal(enum result result, const struct error *err) {
    static const char *const codes_of_this_side[] = {"untrusted", "not_tls",     "tls",
                                                     "answer",    "unreachable", "interrupted"};
    for (size_t i = 0; i < sizeof(codes_of_this_side) / sizeof(codes_of_this_side[0]); i++) {
        if (strcmp(err->code, codes_of_this_side[i]) == 0) {
            return false;
        }
    }
    return result == RESULT_DENIED || result == RESULT_CONFLICT || result == RESULT_INVALID;
}

static enum result not_expected(const struct route *route, enum result result,
                                struct error *err) {
    struct error reason = {0};
    if (err != NULL) {
        reason = *err;
    }
    // What the server sent wrongly is not the user's mistake.
    (void)error_set_code(err, result, "answer", "the answer to %s is not as expected: %s",
                         route->name, reason.message);
    error_hint(err, "Do the versions of client and authority fit?");
    return result;
}

static enum result read_held(const struct route *route, const struct http_message *answer,
                             struct api_delay *out_delay, struct error *err) {
    const enum result result =
        message_from_json(&held_type, buf_bytes(&answer->body), &out_delay->held, err);
    if (result != RESULT_OK) {
        return not_expected(route, result, err);
    }
    return error_set(err, RESULT_PENDING, "the request waits for approval");
}

static enum result read_reply(const struct route *route, const struct http_message *answer,
                              void *reply, struct api_delay *out_delay, struct error *err) {
    if (answer->status < 200 || answer->status > 299) {
        out_delay->retry_after = exchange_retry_after(answer);
        return api_read_error(answer, err);
    }
    if (answer->status == result_http_status(RESULT_PENDING)) {
        return read_held(route, answer, out_delay, err);
    }
    const enum result result =
        message_from_json(route->reply, buf_bytes(&answer->body), reply, err);
    return result == RESULT_OK ? result : not_expected(route, result, err);
}

void api_delay_clear(struct api_delay *delay) {
    message_clear(&held_type, &delay->held);
    delay->retry_after = 0;
}

// What goes before the body: the address with path and query, and the headers.
static enum result write_head(const struct route *route, const void *request, bool is_get,
                              struct buf *target, struct buf *headers,
                              const struct field **out_in_path) {
    TRY(write_path(route, request, target, out_in_path));
    if (is_get) {
        TRY(write_query(route->request, request, *out_in_path, target));
    }
    return write_headers(route->request, request, is_get, headers);
}

enum result route_ask(struct exchange *exchange, const struct route *route, const void *request,
                      void *reply, struct api_delay *out_delay, struct error *err) {
    bool is_get = strcmp(route->method, "GET") == 0;
    AUTO(buf_clear) struct buf target = {0};
    buf_init(&target, LIMIT_HTTP_TARGET_BYTES);
    AUTO(buf_clear) struct buf headers = {0};
    buf_init_secret(&headers, LIMIT_HTTP_HEADER_BYTES);
    AUTO(buf_clear) struct buf body = {0};
    buf_init_secret(&body, LIMIT_HTTP_REQUEST_BODY_BYTES);
    const struct field *in_path = NULL;
    enum result written = write_head(route, request, is_get, &target, &headers, &in_path);
    if (written != RESULT_OK) {
        return error_set(err, written, "the request does not fit into an address");
    }
    if (!is_get) {
        TRY(write_body(route->request, request, in_path, &body, err));
    }
    struct http_question question = {.method = route->method,
                                     .target = buf_string(&target),
                                     .extra_headers = buf_string(&headers),
                                     .content_type = is_get ? NULL : "application/json",
                                     .body = buf_bytes(&body)};
    const struct http_message *answer = NULL;
    TRY(exchange_ask(exchange, &question, &answer, err));
    return read_reply(route, answer, reply, out_delay, err);
}

enum result route_call(struct exchange *exchange, const struct route *route,
                       const void *request, void *reply, struct error *err) {
    AUTO(api_delay_clear) struct api_delay delay = {0};
    return route_ask(exchange, route, request, reply, &delay, err);
}
