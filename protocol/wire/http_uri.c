// Request targets, query parameters and percent-encoding (RFC 3986).
// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/http_uri.h"

#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/text.h"
#include "wire/http.h"

static bool is_unreserved(uint8_t c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           c == '-' || c == '.' || c == '_' || c == '~';
}

// pchar without "%" (RFC 3986, 3.3), and "/".
static bool is_path_character(uint8_t c) {
    return is_unreserved(c) || (c != '\0' && strchr("!$&'()*+,;=:@/", c) != NULL);
}

static int hex_digit(uint8_t c) {
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static bool percent_triplet(struct bytes text, size_t at, uint8_t *out_byte) {
    if (text.size - at < 3) {
        return false;
    }
    int high = hex_digit(text.data[at + 1]);
    int low = hex_digit(text.data[at + 2]);
    if (high < 0 || low < 0) {
        return false;
    }
    *out_byte = (uint8_t)(high * 16 + low);
    return true;
}

// Appends the decoded text, which must be UTF-8 without control characters: it will be
// compared, logged and shown.
static enum result percent_decode(struct bytes text, struct buf *out, struct error *err) {
    const size_t start = out->size;
    for (size_t i = 0; i < text.size; i++) {
        uint8_t byte = text.data[i];
        if (byte == '%') {
            if (!percent_triplet(text, i, &byte)) {
                return error_set(err, RESULT_INVALID,
                                 "expected two hex digits after \"%%\" at character %zu",
                                 i + 1);
            }
            i += 2;
        }
        if (buf_append_byte(out, byte) != RESULT_OK) {
            return error_set(err, RESULT_LIMIT, "a decoded value is longer than %zu bytes",
                             out->maximum);
        }
    }
    struct bytes decoded = bytes_slice(buf_bytes(out), start, out->size);
    if (!text_is_utf8(decoded) || text_has_control(decoded)) {
        return error_set(err, RESULT_INVALID,
                         "the decoded text is not UTF-8 or holds a control character");
    }
    return RESULT_OK;
}

enum result http_percent_encode(struct bytes text, struct buf *out) {
    uint8_t *room = NULL;
    // All or nothing: three characters at most for each byte.
    size_t size = 0;
    for (size_t i = 0; i < text.size; i++) {
        size += is_unreserved(text.data[i]) ? 1 : 3;
    }
    TRY(buf_reserve(out, size, &room));
    for (size_t i = 0; i < text.size; i++) {
        if (is_unreserved(text.data[i])) {
            TRY(buf_append_byte(out, text.data[i]));
        } else {
            TRY(buf_printf(out, "%%%02X", text.data[i]));
        }
    }
    return RESULT_OK;
}

bool http_host_is_sane(const char *host) {
    for (const char *c = host; *c != '\0'; c++) {
        if (!is_unreserved((uint8_t)*c) && strchr("!$&'()*+,;=:[]%", *c) == NULL) {
            return false;
        }
    }
    return true;
}

// --- targets -----------------------------------------------------------------------------

// Cuts "http://authority" off an absolute-form target (RFC 9112, 3.2.2). Only the authority
// that Host names as well is taken: we are an origin server, not a proxy.
static enum result strip_authority(struct bytes *target, const char *host, struct error *err) {
    char text[LIMIT_HTTP_TARGET_BYTES + 1];
    memcpy(text, target->data, target->size);
    text[target->size] = '\0';
    const char *authority = strstr(text, "://");
    if (authority == NULL ||
        !(text_starts_with(text, "http://") || text_starts_with(text, "https://"))) {
        return error_set(err, RESULT_INVALID,
                         "expected a request target that begins with \"/\"");
    }
    authority += 3;
    size_t authority_size = strcspn(authority, "/?");
    size_t path_at = (size_t)(authority - text) + authority_size;
    text[path_at] = '\0';
    if (host == NULL || !text_equal_ignoring_case(authority, host)) {
        return error_set(err, RESULT_INVALID,
                         "the request target names another host than the Host field");
    }
    *target = bytes_slice(*target, path_at, target->size);
    if (target->size == 0 || target->data[0] != '/') {
        return error_set(err, RESULT_INVALID, "expected a path in the request target");
    }
    return RESULT_OK;
}

static bool is_dot_segment(struct bytes segment) {
    return bytes_equal(segment, BYTES_LITERAL(".")) ||
           bytes_equal(segment, BYTES_LITERAL(".."));
}

static enum result check_segments(struct bytes path, bool may_be_empty, struct error *err) {
    size_t start = 1;
    for (size_t i = 1; i <= path.size; i++) {
        if (i < path.size && path.data[i] != '/') {
            continue;
        }
        struct bytes segment = bytes_slice(path, start, i - start);
        if (is_dot_segment(segment)) {
            return error_set(err, RESULT_INVALID, "the path holds \".\" or \"..\"");
        }
        if (segment.size == 0 && !may_be_empty && path.size > 1) {
            return error_set(err, RESULT_INVALID,
                             "the path holds an empty segment (\"//\" or a \"/\" at its end)");
        }
        start = i + 1;
    }
    return RESULT_OK;
}

static enum result check_characters(struct bytes part, const char *also, const char *what,
                                    struct error *err) {
    for (size_t i = 0; i < part.size; i++) {
        uint8_t c = part.data[i];
        uint8_t ignored = 0;
        bool is_fine = c == '%' ? percent_triplet(part, i, &ignored)
                                : is_path_character(c) || (c != '\0' && strchr(also, c));
        if (!is_fine) {
            return error_set(err, RESULT_INVALID,
                             "the %s holds byte 0x%02x at character %zu, which must be "
                             "percent-encoded",
                             what, c, i + 1);
        }
    }
    return RESULT_OK;
}

// A proxy in front may let pass or hold up by the path as it is written, and must not see another
// one than we do: "/v1%2fauthority", "/%76%31/authority". So what could hide something stands there
// plainly. Requests of OCSP are base64 in a path, encoded by whoever asks (RFC 6960, appendix A.1).
static enum result check_encoded(struct bytes path, struct error *err) {
    static const char ocsp[] = "/ocsp/";
    const bool is_ocsp =
        bytes_equal(bytes_slice(path, 0, sizeof(ocsp) - 1), bytes_of_string(ocsp));
    for (size_t i = 0; i < path.size; i++) {
        uint8_t byte = 0;
        if (path.data[i] != '%' || !percent_triplet(path, i, &byte)) {
            continue;
        }
        const bool may_be_plain = is_unreserved(byte) || byte == '/';
        if (byte == '\0' || byte == '\\' || (may_be_plain && !is_ocsp)) {
            (void)error_set(
                err, RESULT_INVALID,
                "the path holds %%%02x at character %zu, which is not taken encoded", byte,
                i + 1);
            error_hint(err, "Letters, digits, \"/\" and - . _ ~ stand in a path as they are.");
            return RESULT_INVALID;
        }
    }
    return RESULT_OK;
}

enum result http_target_read(struct bytes target, const char *host, bool may_be_asterisk,
                             char **out_path, char **out_query, struct error *err) {
    AUTO(buf_clear) struct buf path = {0};
    buf_init(&path, LIMIT_HTTP_TARGET_BYTES);
    struct bytes query = {0};
    if (target.size == 0 || target.size > LIMIT_HTTP_TARGET_BYTES) {
        return error_set(err, RESULT_INVALID, "the request target has %zu bytes", target.size);
    }
    if (may_be_asterisk && bytes_equal(target, BYTES_LITERAL("*"))) {
        TRY(buf_append(&path, target));
    } else {
        if (target.data[0] != '/') {
            TRY(strip_authority(&target, host, err));
        }
        const uint8_t *mark = memchr(target.data, '?', target.size);
        size_t path_size = mark != NULL ? (size_t)(mark - target.data) : target.size;
        query = bytes_slice(target, path_size + 1, target.size);
        target = bytes_slice(target, 0, path_size);
        TRY(check_characters(target, "", "path", err));
        // Browsers and tools leave some of these as they are in a query.
        TRY(check_characters(query, "?[]{}|\"<>^`\\", "query", err));
        TRY(check_segments(target, false, err));
        TRY(check_encoded(target, err));
        TRY(percent_decode(target, &path, err));
        TRY(check_segments(buf_bytes(&path), true, err));
    }
    char *path_copy = string_copy_bytes(buf_bytes(&path));
    char *query_copy = string_copy_bytes(query);
    if (path_copy == NULL || query_copy == NULL) {
        free(path_copy);
        free(query_copy);
        return error_out_of_memory(err);
    }
    *out_path = path_copy;
    *out_query = query_copy;
    return RESULT_OK;
}

// --- query parameters --------------------------------------------------------------------

enum result http_query_next(const char **query, struct buf *out_name, struct buf *out_value,
                            struct error *err) {
    const char *at = *query + strspn(*query, "&");
    if (*at == '\0') {
        *query = at;
        return error_set(err, RESULT_NOT_FOUND, "no query parameter is left");
    }
    size_t size = strcspn(at, "&");
    struct bytes parameter = bytes_of(at, size);
    const uint8_t *equals = memchr(parameter.data, '=', size);
    size_t name_size = equals != NULL ? (size_t)(equals - parameter.data) : size;
    *query = at + size;
    buf_reset(out_name);
    buf_reset(out_value);
    TRY(percent_decode(bytes_slice(parameter, 0, name_size), out_name, err));
    return percent_decode(bytes_slice(parameter, name_size + 1, size), out_value, err);
}
