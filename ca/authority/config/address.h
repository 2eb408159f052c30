// The addresses of a configuration: sockets to listen on, and the URLs that peers use.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

// "0.0.0.0:8443" or "[::]:8443".
struct listen_address {
    char host[46]; // canonical text of the address, without brackets
    bool is_ipv6;
    uint16_t port; // 0 lets the system choose
};

// RESULT_INVALID says what was expected; host names are not taken, for they may mean several
// addresses.
enum result listen_address_read(const char *text, struct listen_address *out_address,
                                struct error *err);

// "https://HOST[:PORT][/PATH]"; nothing else: no user, query or fragment.
struct url {
    bool is_https;
    char host[256]; // name in lower case, IPv4 or IPv6 address without brackets
    uint16_t port;  // the scheme's own when the text has none
    bool has_path;  // more than "/" follows
};

enum result url_read(const char *text, struct url *out_url, struct error *err);
