// Connecting to an authority: to find its root by a fingerprint, and from then on under that root.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "client/connect/transport.h"
#include "client/connect/exchange.h"
#include "wire/enrollment_token.h"
#include "x509/hash.h"
#include "x509/key.h"

// Where an authority is, and by which root it is known.
struct authority_place {
    struct url url;
    uint8_t fingerprint[SHA256_SIZE];
    const struct transport *transport; // NULL: the system's sockets
};

// Address and fingerprint of an enrollment token; `out_credential` is its secret part, "id.secret"
// (wire/enrollment_token.h), appended. Code "usage" for a damaged one.
enum result authority_read_token(const char *text, struct authority_place *out_place,
                                 struct buf *out_credential, struct error *err);

// Fetches the authority's chain without trusting anything, and finds the root with the expected
// fingerprint in it; code "untrusted" when there is none. *out_clock_error is how far our clock is
// behind the authority's, in seconds.
enum result authority_find_root(const struct authority_place *place, struct buf *out_root,
                                int64_t *out_clock_error, struct error *err);
// When `err` says that something is untrusted while the clocks differ, its hint names both: only
// a person can tell which of them is right. `cure` is what to do when it is ours.
void authority_explain_clock(int64_t clock_error, const char *cure, struct error *err);

// The certificate that we show, and what goes behind it; zeroed for none.
struct own_certificate {
    const struct key *key;
    struct bytes certificate, chain;
};

// An exchange with an authority that must chain to `trust`, and say that it is one: other servers
// have certificates of the same CA. `*out_tls` must outlive it.
enum result authority_connect(const struct url *url, const struct transport *transport,
                              struct bytes trust, const struct own_certificate *own,
                              struct tls_context **out_tls, struct exchange *out_exchange,
                              struct error *err);
