// How much of the queue one requester, one network, and all together may fill.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stdint.h>

#include "base/error.h"

struct authority;

// Where a request comes from, in networks: whoever has an IPv6 address has 2^64 of them, so its
// /64 counts as one requester; an IPv4 address in IPv6 form is that IPv4 address.
struct request_origin {
    char source[64];  // "192.0.2.7/32", "2001:db8:0:7::/64"
    char network[64]; // "192.0.2.0/24", "2001:db8::/48"
};
// What is no address counts as itself.
void request_origin_of(const char *address, struct request_origin *out_origin);

// RESULT_LIMIT with the codes "too_many_requests_from_address", "too_many_requests_from_network"
// and "queue_full".
enum result request_check_room(struct authority *authority, const struct request_origin *origin,
                               int64_t now, struct error *err);
