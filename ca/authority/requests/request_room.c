// Counts the held requests of an address, of the network around it, and of all.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "authority/requests/request_room.h"

#include <stdio.h>

#include "authority/authority.h"
#include "authority/config/ip_network.h"
#include "base/limits.h"

// What one customer of a provider has: an address, or an IPv6 network with its own addresses.
#define SOURCE_BITS_IPV4 32
#define SOURCE_BITS_IPV6 64
// What one organisation easily gets.
#define NETWORK_BITS_IPV4 24
#define NETWORK_BITS_IPV6 48

static void write_network(const char *address, int64_t ipv4_bits, int64_t ipv6_bits,
                          char out_text[64]) {
    AUTO(buf_clear) struct buf text = {0};
    buf_init(&text, 63);
    bool is_address = ip_network_around(address, ipv4_bits, ipv6_bits, &text) == RESULT_OK;
    (void)snprintf(out_text, 64, "%s", is_address ? buf_string(&text) : address);
}

void request_origin_of(const char *address, struct request_origin *out_origin) {
    write_network(address, SOURCE_BITS_IPV4, SOURCE_BITS_IPV6, out_origin->source);
    write_network(address, NETWORK_BITS_IPV4, NETWORK_BITS_IPV6, out_origin->network);
}

static enum result refuse(const char *code, const char *where, int limit, struct error *err) {
    (void)error_set_code(err, RESULT_LIMIT, code, "%d requests%s wait for approval already",
                         limit, where);
    error_hint(err, "Try again when administrators have decided some, or use a token.");
    return RESULT_LIMIT;
}

enum result request_check_room(struct authority *authority, const struct request_origin *origin,
                               int64_t now, struct error *err) {
    struct store *store = authority->store;
    int64_t count = 0;
    TRY(store_count_held_of_source(store, origin->source, now, &count, err));
    if (count >= LIMIT_REQUESTS_HELD_PER_ADDRESS) {
        return refuse("too_many_requests_from_address", " from this address",
                      LIMIT_REQUESTS_HELD_PER_ADDRESS, err);
    }
    TRY(store_count_held_of_network(store, origin->network, now, &count, err));
    if (count >= LIMIT_REQUESTS_HELD_PER_NETWORK) {
        return refuse("too_many_requests_from_network", " from this network",
                      LIMIT_REQUESTS_HELD_PER_NETWORK, err);
    }
    TRY(store_count_held_requests(store, now, &count, err));
    if (count >= LIMIT_REQUESTS_HELD) {
        return refuse("queue_full", "", LIMIT_REQUESTS_HELD, err);
    }
    return RESULT_OK;
}
