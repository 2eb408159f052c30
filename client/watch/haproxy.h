// HAProxy's runtime socket: a new CRL without a reload, and the end of revoked sessions.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stddef.h>

#include "base/bytes.h"
#include "base/error.h"

// Asks one command (no line break at its end) and appends the whole answer. RESULT_UNAVAILABLE,
// code "reload_failed", when nobody answers within LIMIT_PROOF_SECONDS; code "interrupted" when a
// signal came while it waited.
enum result haproxy_ask(const char *socket, const char *command, struct buf *out_answer,
                        struct error *err);

// Replaces the CRLs that HAProxy read from `file`, the path as its configuration has it.
// RESULT_LIMIT, and nothing is sent, when the text does not fit into one command of
// `buffer_size` octets (tune.bufsize). RESULT_UNAVAILABLE, code "reload_failed", with its words
// when it refuses; it then keeps the old ones.
enum result haproxy_set_crl(const char *socket, const char *file, struct bytes pem,
                            size_t buffer_size, struct error *err);

// Ends the sessions of everybody whose certificate is in one of the CRLs (concatenated DER),
// found by a map that the configuration fills:
//     http-request reject if { ssl_c_serial,hex,map_str(MAP) -m str revoked }
//     http-request set-map(MAP) "%[src]:%[src_port]" %[ssl_c_serial,hex]
// Sessions that are under way are shut down; the serial is marked as revoked in the map, which
// refuses the next request of a connection that is idle, until no CRL lists it any more. Above
// LIMIT_HAPROXY_MAP_ENTRIES, addresses without a session are dropped. *out_count: sessions shut
// down and certificates marked.
enum result haproxy_end_sessions(const char *socket, const char *map, struct bytes crls,
                                 size_t *out_count, struct error *err);
