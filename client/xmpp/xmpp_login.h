// Logging in to an XMPP account: by password or certificate, up to a bound resource.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/error.h"
#include "client/xmpp/xmpp_stream.h"
#include "client/xmpp/xmpp_text.h"

// `password` is NULL for the certificate that the stream's TLS has shown; `is_named` says that
// the account is not the only address in it, so that the server must be told which one is meant.
struct xmpp_login {
    const struct xmpp_address *account;
    const char *password;
    bool is_named;
};

// SCRAM-SHA-256, SCRAM-SHA-1 or PLAIN, the best that is offered; or EXTERNAL. Then binds a
// resource; `features` are those of the stream's beginning. RESULT_DENIED, code "login_refused":
// the server does not take it, or offers no way. "untrusted": it is not the one it says.
// RESULT_CONFLICT, code "other_account": it let us in, but to another account than `account`.
enum result xmpp_log_in(struct xmpp_stream *stream, const struct xml_element *features,
                        const struct xmpp_login *login, struct error *err);
