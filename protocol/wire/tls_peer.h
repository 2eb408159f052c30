// Whether a TLS peer's certificate is good enough: chain, dates, usage, host name.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stdbool.h>

#include "base/bytes.h"
#include "base/error.h"

// What the peer has shown, and what it is held against.
struct tls_peer {
    struct bytes leaf;   // DER
    struct bytes others; // concatenated DER, as sent
    struct bytes trust;  // concatenated DER; each is an anchor
    const char *host;    // NULL: the peer is a client
    bool is_authority;   // the host must be an authority, not any server of its CA
};

// RESULT_DENIED with one of the codes issuer_unknown, certificate_expired,
// certificate_not_yet_valid, certificate_usage, host_mismatch, or another that
// certificate_verify_chain gives. A server must be valid now and meant for serverAuth; an
// authority says besides that it is one (cmcRA: RFC 6402, 2.10; RFC 7030, 3.6.1 asks the same), for
// it issues certificates with its own host names to other servers on its machine. Of a
// client's certificate only the chain counts, at the moment nearest to now at which the
// certificate itself was valid: what it may be used for is for those to decide who know it (a
// broker renews its serverAuth certificate with it).
enum result tls_peer_check(const struct tls_peer *peer, struct error *err);
