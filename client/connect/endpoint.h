// One connection to a server: TCP, TLS or plain, every wait bounded by a deadline.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/bytes.h"
#include "base/error.h"
#include "client/connect/url.h"
#include "wire/tls.h"

struct endpoint;
struct transport; // client/connect/transport.h

// Connects by way of `transport`, NULL being the system's sockets. `tls` is NULL for plain HTTP. Errors have these
// codes: "unreachable" (no address, refused, silence, cut off), "untrusted" (the server's
// certificate), "not_tls", "interrupted" (a signal handler ran).
enum result endpoint_open(const struct transport *transport, const struct url *url,
                          struct tls_context *tls, struct endpoint **out_endpoint,
                          struct error *err);
// The alert by which the server refused our own certificate, like "certificate_revoked"
// (RFC 8446, 6.2); NULL when `err` tells of something else.
const char *endpoint_alert(const struct error *err);
// As endpoint_open on a connected stream socket, which it takes over, also when it fails.
enum result endpoint_open_socket(int descriptor, const struct url *url, struct tls_context *tls,
                                 struct endpoint **out_endpoint, struct error *err);
// Begins TLS on a plain connection, as STARTTLS wants it; `host` must be in the server's
// certificate. When it fails, the endpoint can only be closed.
enum result endpoint_start_tls(struct endpoint *endpoint, struct tls_context *tls,
                               const char *host, struct error *err);
// Says goodbye if it can, without waiting.
void endpoint_close(struct endpoint *endpoint);
void endpoint_close_at(struct endpoint **endpoint);

// From now on all reading and writing must be over within this time.
void endpoint_set_deadline(struct endpoint *endpoint, int64_t milliseconds);
enum result endpoint_write(struct endpoint *endpoint, struct bytes bytes, struct error *err);
// Appends at least one byte, waiting for it; none when the peer ended the stream cleanly.
enum result endpoint_read(struct endpoint *endpoint, struct buf *out, struct error *err);
// Nothing has come unasked: neither bytes nor the end. Look before using it once more.
bool endpoint_is_quiet(const struct endpoint *endpoint);
