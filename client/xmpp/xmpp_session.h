// Getting into an XMPP account in the ways that there are: a certificate, the one before it, a
// password.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/error.h"
#include "client/connect/credential.h"
#include "client/xmpp/xmpp_stream.h"
#include "client/xmpp/xmpp_text.h"

// What is trusted when no file and no credential says it.
#define XMPP_SYSTEM_TRUST "/etc/ssl/certs/ca-certificates.crt"

// What a command line says; all borrowed, NULL for what it does not.
struct xmpp_session_options {
    const char *credential; // DIR/NAME; with it or `jid`, or both
    const char *jid;        // the account; NULL: the only one that the certificate names
    const char *password_file;
    const char *trust_file;    // NULL: the credential's root, or what the system trusts
    struct xmpp_server server; // `domain` is filled here
    // Told why a certificate did not get in before the next way is tried.
    void (*on_note)(const struct error *reason);
};

// Zeroed memory is a valid cleared one.
struct xmpp_session {
    struct xmpp_address account;
    struct credential credential; // zeroed without one
    struct buf shown;             // DER of the certificate that it came in with; else empty
    struct xmpp_stream stream;
};

// With a password file by that password alone. Else, with a credential, by its certificate, then by
// the others that are kept (install_others), which servers know that do not know the present one yet; and
// last, when there is somebody at the terminal, by a password that is asked for. Code "usage" when
// no way is left that could be tried.
enum result xmpp_session_open(const struct xmpp_session_options *options,
                              struct xmpp_session *out_session, struct error *err);
void xmpp_session_close(struct xmpp_session *session);
