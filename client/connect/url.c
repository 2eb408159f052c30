// Reading and writing http and https addresses (RFC 3986, the parts the client needs).
// SPDX-License-Identifier: GPL-3.0-or-later
#include "client/connect/url.h"

#include <string.h>

#include "base/text.h"

static enum result refuse(const char *text, const char *why, struct error *err) {
    (void)error_set_code(err, RESULT_INVALID, "url", "'%.200s' is no usable address: %s", text,
                         why);
    error_hint(err, "Write it as https://host:port or http://host:port/path.");
    return RESULT_INVALID;
}

static bool is_target_character(char c) {
    return c > ' ' && c < 0x7f && strchr("\"<>\\^`{|}#", c) == NULL;
}

static bool is_host_character(char c, bool is_bracketed) {
    bool is_alphanumeric =
        (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    return is_alphanumeric || c == '.' || (is_bracketed ? c == ':' : c == '-' || c == '_');
}

// The host and what follows it: "" or ":port".
static enum result split_authority(struct bytes authority, struct bytes *out_host,
                                   struct bytes *out_rest, bool *out_is_bracketed) {
    if (authority.size > 0 && authority.data[0] == '[') {
        const uint8_t *end = memchr(authority.data, ']', authority.size);
        if (end == NULL) {
            return RESULT_INVALID;
        }
        size_t length = (size_t)(end - authority.data);
        *out_host = bytes_slice(authority, 1, length - 1);
        *out_rest = bytes_slice(authority, length + 1, authority.size);
        *out_is_bracketed = true;
        return RESULT_OK;
    }
    const uint8_t *colon = memchr(authority.data, ':', authority.size);
    size_t length = colon != NULL ? (size_t)(colon - authority.data) : authority.size;
    *out_host = bytes_slice(authority, 0, length);
    *out_rest = bytes_slice(authority, length, authority.size);
    *out_is_bracketed = false;
    return RESULT_OK;
}

static bool host_is_sane(struct bytes host, bool is_bracketed) {
    if (host.size == 0 || host.size >= URL_HOST_SIZE) {
        return false;
    }
    for (size_t i = 0; i < host.size; i++) {
        if (!is_host_character((char)host.data[i], is_bracketed)) {
            return false;
        }
    }
    return true;
}

static enum result read_authority(struct bytes authority, struct url *url, const char *text,
                                  struct error *err) {
    struct bytes host = {0};
    struct bytes rest = {0};
    bool is_bracketed = false;
    if (split_authority(authority, &host, &rest, &is_bracketed) != RESULT_OK ||
        !host_is_sane(host, is_bracketed)) {
        return refuse(text, "the host is missing or malformed", err);
    }
    memcpy(url->host, host.data, host.size);
    if (is_bracketed) {
        uint8_t address[16];
        size_t size = 0;
        if (text_read_ip(url->host, address, &size) != RESULT_OK || size != 16) {
            return refuse(text, "there is no IPv6 address between the brackets", err);
        }
    }
    int64_t port = url->is_https ? 443 : 80;
    if (rest.size > 0 &&
        (rest.data[0] != ':' ||
         text_read_int64(bytes_slice(rest, 1, rest.size), 1, UINT16_MAX, &port) != RESULT_OK)) {
        return refuse(text, "the port is not a number from 1 to 65535", err);
    }
    url->port = (uint16_t)port;
    return RESULT_OK;
}

enum result url_read(const char *text, struct url *out_url, struct error *err) {
    struct url url = {.is_https = text_starts_with(text, "https://")};
    if (!url.is_https && !text_starts_with(text, "http://")) {
        return refuse(text, "it starts with neither https:// nor http://", err);
    }
    const char *authority = strstr(text, "://") + strlen("://");
    size_t authority_length = strcspn(authority, "/?");
    TRY(read_authority(bytes_of(authority, authority_length), &url, text, err));
    struct bytes left = bytes_slice(bytes_of_string(authority), authority_length, SIZE_MAX);
    bool needs_slash = left.size == 0 || left.data[0] != '/';
    if (left.size + needs_slash >= sizeof(url.target)) {
        return refuse(text, "it is too long", err);
    }
    size_t length = 0;
    if (needs_slash) {
        url.target[length++] = '/';
    }
    for (size_t i = 0; i < left.size; i++) {
        if (!is_target_character((char)left.data[i])) {
            return refuse(text, "its path holds a fragment or a character that must be encoded",
                          err);
        }
        url.target[length++] = (char)left.data[i];
    }
    *out_url = url;
    return RESULT_OK;
}

enum result url_format_host(const struct url *url, struct buf *out) {
    bool is_ipv6 = strchr(url->host, ':') != NULL;
    return buf_printf(out, is_ipv6 ? "[%s]:%u" : "%s:%u", url->host, (unsigned)url->port);
}

enum result url_format_origin(const struct url *url, struct buf *out) {
    TRY(buf_append_string(out, url->is_https ? "https://" : "http://"));
    return url_format_host(url, out);
}
