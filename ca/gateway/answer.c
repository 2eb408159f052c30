// The answers a gateway makes: JSON documents, and errors that name the cure.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "gateway/answer.h"

#include <inttypes.h>

#include "base/limits.h"
#include "base/text.h"
#include "wire/http.h"
#include "wire/json.h"

#define JSON_TYPE "application/json"
// An overloaded authority catches up within a transaction or two; whoever passed a limit of
// their own should think for longer.
#define RETRY_UNAVAILABLE_SECONDS 2
#define RETRY_LIMIT_SECONDS 30
// Each byte of an error's texts may become six ("\u001f").
#define ERROR_JSON_MAXIMUM (6 * sizeof(struct error) + 128)

#define NOT_STORED "Cache-Control: no-store\r\n"

static enum result write_json(const struct answer_form *form, int status, const char *headers,
                              struct bytes json, struct buf *out) {
    const struct http_response response = {
        .status = status,
        .content_type = JSON_TYPE,
        .extra_headers = headers,
        .body = json,
        .head_only = form->head_only,
        .keep_alive = form->keep_alive,
    };
    return http_write_response(&response, out);
}

enum result answer_json(const struct answer_form *form, struct bytes json, struct buf *out) {
    return write_json(form, 200, NOT_STORED, json, out);
}

enum result answer_held(const struct answer_form *form, struct bytes json,
                        int64_t retry_after_seconds, struct buf *out) {
    AUTO(buf_clear) struct buf headers;
    buf_init(&headers, 128);
    TRY(buf_printf(&headers, NOT_STORED "Retry-After: %" PRId64 "\r\n", retry_after_seconds));
    return write_json(form, 202, buf_string(&headers), json, out);
}

static enum result write_member(struct buf *out, const char *name, const char *text) {
    if (*text == '\0') {
        return RESULT_OK;
    }
    if (buf_bytes(out).data[out->size - 1] != '{') {
        TRY(buf_append_byte(out, ','));
    }
    TRY(buf_printf(out, "\"%s\":", name));
    const struct bytes bytes = bytes_of_string(text);
    // What a peer sent may be quoted in it.
    return json_write_string(out, text_is_utf8(bytes) ? bytes : BYTES_LITERAL("(not UTF-8)"));
}

static enum result write_error(struct buf *out, const struct error *error) {
    TRY(buf_append_string(out, "{\"error\":{"));
    TRY(write_member(out, "code",
                     *error->code != '\0' ? error->code : result_wire_name(error->result)));
    TRY(write_member(out, "message",
                     *error->message != '\0' ? error->message : result_text(error->result)));
    TRY(write_member(out, "field", error->field));
    TRY(write_member(out, "hint", error->hint));
    return buf_append_string(out, "}}");
}

enum result answer_error(const struct answer_form *form, int status, const struct error *error,
                         const char *allow, struct buf *out) {
    const int sent = status != 0 ? status : result_http_status(error->result);
    AUTO(buf_clear) struct buf json;
    buf_init(&json, ERROR_JSON_MAXIMUM);
    TRY(write_error(&json, error));
    AUTO(buf_clear) struct buf headers;
    buf_init(&headers, 256);
    TRY(buf_append_string(&headers, NOT_STORED));
    if (allow != NULL) {
        TRY(buf_printf(&headers, "Allow: %s\r\n", allow));
    }
    if (sent == 401) {
        TRY(buf_append_string(&headers, "WWW-Authenticate: Bearer\r\n"));
    }
    if (sent == 429 || sent == 503) {
        TRY(buf_printf(&headers, "Retry-After: %d\r\n",
                       sent == 429 ? RETRY_LIMIT_SECONDS : RETRY_UNAVAILABLE_SECONDS));
    }
    return write_json(form, sent, buf_string(&headers), buf_bytes(&json), out);
}
