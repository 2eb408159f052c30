// Reads listening addresses and URLs, strictly.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "authority/config/address.h"

#include <string.h>

#include "base/text.h"
#include "x509/names.h"

#define HTTPS_PORT 443
#define HTTP_PORT 80
#define PORT_MAXIMUM 65535

static enum result read_port(struct bytes text, int64_t minimum, uint16_t *out_port) {
    int64_t port = 0;
    TRY(text_read_int64(text, minimum, PORT_MAXIMUM, &port));
    *out_port = (uint16_t)port;
    return RESULT_OK;
}

// Splits "host:port", "[v6]:port", "host" and "[v6]"; *out_port is empty without one.
static enum result split_port(struct bytes text, struct bytes *out_host, bool *out_bracketed,
                              struct bytes *out_port) {
    bool bracketed = text.size > 0 && text.data[0] == '[';
    const uint8_t *end = memchr(text.data, bracketed ? ']' : ':', text.size);
    size_t host_end = end == NULL ? text.size : (size_t)(end - text.data);
    if (bracketed && end == NULL) {
        return RESULT_INVALID;
    }
    size_t host_start = bracketed ? 1 : 0;
    struct bytes rest = bytes_slice(text, host_end + host_start, text.size);
    if (rest.size > 0 && (rest.data[0] != ':' || rest.size == 1)) {
        return RESULT_INVALID;
    }
    *out_host = bytes_slice(text, host_start, host_end - host_start);
    *out_bracketed = bracketed;
    *out_port = bytes_slice(rest, 1, rest.size);
    return RESULT_OK;
}

static enum result copy_text(char *to, size_t room, struct bytes text) {
    if (text.size >= room) {
        return RESULT_INVALID;
    }
    memcpy(to, text.data, text.size);
    to[text.size] = '\0';
    return RESULT_OK;
}

static enum result read_ip(struct bytes text, bool *out_is_ipv6, struct buf *out_canonical) {
    char copy[64];
    uint8_t address[16];
    size_t size = 0;
    if (text.size == 0) {
        return RESULT_INVALID;
    }
    TRY(copy_text(copy, sizeof(copy), text));
    TRY(text_read_ip(copy, address, &size));
    *out_is_ipv6 = size == sizeof(address);
    return text_format_ip(bytes_of(address, size), out_canonical);
}

static enum result read_listen_parts(const char *text, struct listen_address *out_address) {
    struct bytes host = {0}, port = {0};
    bool bracketed = false;
    TRY(split_port(bytes_of_string(text), &host, &bracketed, &port));
    struct listen_address address = {0};
    AUTO(buf_clear) struct buf canonical = {0};
    buf_init(&canonical, sizeof(address.host) - 1);
    TRY(read_ip(host, &address.is_ipv6, &canonical));
    if (address.is_ipv6 != bracketed) {
        return RESULT_INVALID;
    }
    TRY(read_port(port, 0, &address.port));
    TRY(copy_text(address.host, sizeof(address.host), buf_bytes(&canonical)));
    *out_address = address;
    return RESULT_OK;
}

enum result listen_address_read(const char *text, struct listen_address *out_address,
                                struct error *err) {
    if (read_listen_parts(text, out_address) == RESULT_OK) {
        return RESULT_OK;
    }
    (void)error_set(err, RESULT_INVALID,
                    "expected an address and a port such as 0.0.0.0:8443 or [::]:8443, not "
                    "\"%s\"",
                    text);
    error_hint(err, "Host names and missing ports are not taken; IPv6 needs square brackets.");
    return RESULT_INVALID;
}

// A DNS name or an address in the form certificates carry it.
static enum result read_host(struct bytes text, bool bracketed, struct url *url) {
    bool is_ipv6 = false;
    AUTO(buf_clear) struct buf canonical = {0};
    buf_init(&canonical, sizeof(url->host) - 1);
    if (read_ip(text, &is_ipv6, &canonical) == RESULT_OK) {
        return is_ipv6 == bracketed
                   ? copy_text(url->host, sizeof(url->host), buf_bytes(&canonical))
                   : RESULT_INVALID;
    }
    AUTO(names_clear) struct names names = {0};
    if (bracketed || text.size == 0 || text.data[0] == '*') {
        return RESULT_INVALID;
    }
    TRY(names_add(&names, NAME_DNS, text, NULL));
    return copy_text(url->host, sizeof(url->host), bytes_of_string(names.items[0].value));
}

static bool is_path_text(struct bytes path) {
    for (size_t i = 0; i < path.size; i++) {
        uint8_t c = path.data[i];
        if (c <= ' ' || c >= 0x7f || strchr("?#\"<>\\^`{|}", c) != NULL) {
            return false;
        }
    }
    return true;
}

static enum result read_url_parts(const char *text, struct url *out_url) {
    struct url url = {.is_https = text_starts_with(text, "https://")};
    if (!url.is_https && !text_starts_with(text, "http://")) {
        return RESULT_INVALID;
    }
    size_t scheme_size = url.is_https ? sizeof("https://") - 1 : sizeof("http://") - 1;
    struct bytes rest = bytes_slice(bytes_of_string(text), scheme_size, SIZE_MAX);
    const uint8_t *slash = memchr(rest.data, '/', rest.size);
    size_t authority_size = slash == NULL ? rest.size : (size_t)(slash - rest.data);
    struct bytes path = bytes_slice(rest, authority_size, rest.size);
    struct bytes host = {0}, port = {0};
    bool bracketed = false;
    TRY(split_port(bytes_slice(rest, 0, authority_size), &host, &bracketed, &port));
    TRY(read_host(host, bracketed, &url));
    url.port = url.is_https ? HTTPS_PORT : HTTP_PORT;
    if (port.size > 0) {
        TRY(read_port(port, 1, &url.port));
    }
    if (!is_path_text(path)) {
        return RESULT_INVALID;
    }
    url.has_path = path.size > 1;
    *out_url = url;
    return RESULT_OK;
}

enum result url_read(const char *text, struct url *out_url, struct error *err) {
    if (read_url_parts(text, out_url) == RESULT_OK) {
        return RESULT_OK;
    }
    return error_set(err, RESULT_INVALID,
                     "expected a URL such as https://ca.example:8443, not \"%s\"", text);
}
