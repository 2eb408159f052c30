// XMPP addresses in certificates: prepared as servers compare them. The only doorway to libidn.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/bytes.h"
#include "base/error.h"

// Which addresses a profile takes.
enum jid_form { JID_BARE, JID_FULL, JID_EITHER };

// Appends the JID (as x509/names.h takes it) in the form servers prepare it to before they
// compare (RFC 7622, section 3; nodeprep, nameprep and resourceprep of RFC 6122, which is what
// servers use). RESULT_INVALID (code "name_invalid") for code points that none may have: those
// prohibited, and those that Unicode 3.2 does not assign.
enum result jid_prepare(const char *jid, struct buf *out, struct error *err);
// Appends the domain of a prepared JID.
enum result jid_domain(const char *jid, struct buf *out);
// As jid_prepare, of a domain alone.
enum result jid_prepare_domain(const char *domain, struct buf *out, struct error *err);
// RESULT_INVALID unless the JID is prepared already (the hint is the prepared form) and has a
// resource exactly when the form says so.
enum result jid_check(const char *jid, enum jid_form form, struct error *err);
