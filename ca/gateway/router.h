// Which operation a method and path ask for, and how the request becomes that operation's
// message. SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stddef.h>

#include "base/bytes.h"
#include "base/error.h"
#include "wire/messages.h"

// One line of the table. A "{name}" in `path` stands for one segment and fills the field of
// that name; in an OCSP request it takes the rest of the path. HEAD is answered wherever GET is.
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

// The parts of a request that its message is made of.
struct route_input {
    const char *path;
    const char *query;
    struct bytes body;         // JSON
    const char *authorization; // the header of that name; NULL without
};

// Joins them into the operation's request message and appends its binary form. A field that comes
// twice is refused, wherever it comes from. What "Authorization: Bearer …" fills, where a route has it,
// nothing else fills. Every refusal of what the peer sent is
// RESULT_INVALID, with field and hint, but RESULT_DENIED with the code "claim_missing" where a
// bearer is needed.
enum result router_read_request(const struct route *route, const struct route_input *input,
                                struct buf *out_binary, struct error *err);
