// How many connections each peer address has: a hash table of counters.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

// What a peer is counted by: an IPv4 address (also one mapped into IPv6), or the /64 of an IPv6
// address, because whoever has one of its addresses has all.
struct peer_key {
    uint8_t bytes[9];
};

// `address` is 4 or 16 bytes in network order.
struct peer_key peer_key_make(const uint8_t *address, size_t size);

struct server_peers;

enum result server_peers_new(struct server_peers **out_peers, struct error *err);
void server_peers_free(struct server_peers *peers);
// Counts one more. RESULT_LIMIT when `maximum` are counted already.
enum result server_peers_add(struct server_peers *peers, const struct peer_key *key,
                             size_t maximum, struct error *err);
void server_peers_remove(struct server_peers *peers, const struct peer_key *key);
