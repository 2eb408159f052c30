// The certificates of the account one is logged in to (XEP-0257), by questions to its server.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/error.h"
#include "client/xmpp/registered.h"
#include "client/xmpp/xmpp_stream.h"
#include "client/xmpp/xmpp_text.h"

// All of them say: RESULT_NOT_FOUND, code "unsupported", for a server that keeps no certificates
// for accounts; "server_denied", "conflict", "server_limit" or "server_refused" for what it
// answers else; errors of the stream as xmpp_stream.h has them.

// *out_page is zeroed memory, and judged by `now`. Of a list that is longer than is read here it is the
// beginning, and says so.
enum result xmpp_certificates_list(struct xmpp_stream *stream,
                                   const struct xmpp_address *account, int64_t now,
                                   struct registered_page *out_page, struct error *err);
// That went wrong because of the list itself: too long to be read, even its beginning, or in time. The
// stream has ended with it.
bool xmpp_certificates_unreadable(enum result result, const struct error *err);
// "conflict" when the server keeps unique names and has this one.
enum result xmpp_certificates_append(struct xmpp_stream *stream,
                                     const struct xmpp_address *account, const char *name,
                                     struct bytes certificate, struct error *err);
// `ends_sessions` revokes: sessions that came in by it are closed. Servers say yes to a name that
// they do not know.
enum result xmpp_certificates_remove(struct xmpp_stream *stream,
                                     const struct xmpp_address *account, const char *name,
                                     bool ends_sessions, struct error *err);
