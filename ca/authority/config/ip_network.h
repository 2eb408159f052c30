// IP networks: an address and how many of its bits count ("10.0.0.0/8", "2001:db8::/32").
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/error.h"

// Appends the canonical form. RESULT_INVALID for a wrong address, too many bits, and set bits
// behind those that count; an address alone is a network of one.
enum result ip_network_canonicalize(const char *text, struct buf *out, struct error *err);
// Whether the address (as text) lies in the network (canonical). An IPv4 address lies in no
// IPv6 network.
bool ip_network_contains(const char *network, const char *address);
// Appends the network of the first bits of an address, as many as for its kind. An IPv4 address in
// IPv6 form ("::ffff:192.0.2.7") is that IPv4 address. RESULT_INVALID for what is no address.
enum result ip_network_around(const char *address, int64_t ipv4_bits, int64_t ipv6_bits,
                              struct buf *out);
