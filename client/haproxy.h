// HAProxy's runtime socket: a new CRL without a reload, and the end of revoked sessions.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stddef.h>

#include "base/bytes.h"
#include "base/error.h"

// Asks one command (no line break at its end) and appends the whole answer. RESULT_UNAVAILABLE,
// code "reload_failed", when nobody answers in time.
enum result haproxy_ask(const char *socket, const char *command, struct buf *out_answer,
                        struct error *err);

// Replaces the CRLs that HAProxy read from `file`, the path as its configuration has it.
// RESULT_LIMIT, and nothing is sent, when the text does not fit into one command of
// `buffer_size` octets (tune.bufsize). RESULT_UNAVAILABLE, code "reload_failed", with its words
// when it refuses; it then keeps the old ones.
enum result haproxy_set_crl(const char *socket, const char *file, struct bytes pem,
                            size_t buffer_size, struct error *err);

// Shuts down every session whose certificate is in one of the CRLs (concatenated DER), found by
// the map of "address:port" to serial in hex that the configuration fills; drops entries of
// sessions that are over. *out_count: how many were shut down.
enum result haproxy_end_sessions(const char *socket, const char *map, struct bytes crls,
                                 size_t *out_count, struct error *err);
