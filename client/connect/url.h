// The http and https addresses that the client goes to, taken apart.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/error.h"

#define URL_HOST_SIZE 256
#define URL_TARGET_SIZE 1024

// `host` has no brackets around an IPv6 address; `target` is path and query as sent, at least
// "/".
struct url {
    bool is_https;
    char host[URL_HOST_SIZE];
    uint16_t port;
    char target[URL_TARGET_SIZE];
};

// RESULT_INVALID for another scheme, user information, a fragment, a bad host or port.
enum result url_read(const char *text, struct url *out_url, struct error *err);
// "name:port" or "[address]:port", as it goes into Host and into messages.
enum result url_format_host(const struct url *url, struct buf *out);
// "https://name:port", without a path.
enum result url_format_origin(const struct url *url, struct buf *out);
