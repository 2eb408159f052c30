// A stream to an XMPP server (RFC 6120): the connection, TLS on it, stanzas both ways.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/bytes.h"
#include "base/error.h"
#include "client/connect/endpoint.h"
#include "client/connect/url.h"
#include "client/xmpp/xml_stream.h"
#include "wire/tls.h"

#define XMPP_TLS_NAMESPACE "urn:ietf:params:xml:ns:xmpp-tls"
#define XMPP_SASL_NAMESPACE "urn:ietf:params:xml:ns:xmpp-sasl"
#define XMPP_BIND_NAMESPACE "urn:ietf:params:xml:ns:xmpp-bind"
#define XMPP_STREAM_NAMESPACE "http://etherx.jabber.org/streams"
#define XMPP_CLIENT_NAMESPACE "jabber:client"

// Where an account is. Zeroed memory is a valid cleared one.
struct xmpp_server {
    const char *domain;   // of the account
    const char *host;     // where the server is; NULL: at the domain
    uint16_t port;        // 0: 5222, or 5223 with is_direct_tls
    bool is_direct_tls;   // TLS from the first byte, instead of STARTTLS
    int64_t milliseconds; // for each answer; 0: LIMIT_XMPP_ANSWER_SECONDS
};

// Zeroed memory is a valid cleared one.
struct xmpp_stream {
    const char *domain; // borrowed
    int64_t milliseconds;
    struct endpoint *endpoint;
    struct xml_stream *xml;
};

// Connects, and does not come back before TLS stands and the server has proven to be the domain's
// to `tls`: nothing is sent in clear but the wish for TLS. *out_features is what the server offers
// then, for the caller to free. Errors as endpoint.h says; RESULT_DENIED, code "untrusted", for a
// server that does no STARTTLS; codes "answer" and "stream_error" for what is no proper XMPP.
enum result xmpp_stream_open(const struct xmpp_server *server, struct tls_context *tls,
                             struct xmpp_stream *out_stream, struct xml_element **out_features,
                             struct error *err);
// Says goodbye if it can, without waiting.
void xmpp_stream_close(struct xmpp_stream *stream);
// Begins the stream anew, as after a login; *out_features as above.
enum result xmpp_stream_restart(struct xmpp_stream *stream, struct xml_element **out_features,
                                struct error *err);
// From here on an answer has its time to come.
enum result xmpp_stream_send(struct xmpp_stream *stream, const struct buf *text,
                             struct error *err);
// The next stanza, for the caller to free. A stream error is an error with the code
// "stream_error".
enum result xmpp_stream_receive(struct xmpp_stream *stream, struct xml_element **out_stanza,
                                struct error *err);
