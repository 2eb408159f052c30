// Which operation a method and path ask for, and how the request becomes that operation's
// message. SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stddef.h>

#include "base/bytes.h"
#include "base/error.h"
#include "wire/messages.h"

// One line of the table. A "{name}" in `path` stands for one segment and fills the field of
// that name. HEAD is answered wherever GET is.
struct route {
    const char *method;
    const char *path;
    enum operation_id operation;
};

enum router_verdict {
    ROUTER_FOUND,
    ROUTER_OTHER_METHOD,  // the path exists here, with the methods in *allow
    ROUTER_OTHER_GATEWAY, // the path exists, but not in this role; *other is one it has
    ROUTER_UNKNOWN,
};

#define ROUTER_ALLOW_BYTES 64

// `role` is that of this gateway. Writes only what belongs to the verdict.
enum router_verdict router_find(enum channel role, const char *method, const char *path,
                                const struct route **out_route, char allow[ROUTER_ALLOW_BYTES],
                                enum channel *other);
const struct route *router_routes(size_t *out_count);
// "enroll", "admin", "public".
const char *router_role_name(enum channel role);

// Joins body (JSON), path and query parameters into the operation's request message and appends
// its binary form. A field that comes twice is refused, wherever it comes from. Every refusal
// of what the peer sent is RESULT_INVALID, with field and hint.
enum result router_read_request(const struct route *route, const char *path, const char *query,
                                struct bytes body, struct buf *out_binary, struct error *err);
