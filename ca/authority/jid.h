// XMPP addresses in certificates: prepared as servers compare them. The only doorway to libidn.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stdbool.h>

#include "base/error.h"

// RESULT_INVALID unless the JID (as x509/names.h takes it) is in the form servers prepare it to
// before they compare (RFC 7622, section 3; nodeprep, nameprep and resourceprep of RFC 6122,
// which is what servers use); the hint is the prepared form. `is_bare` refuses a resource.
enum result jid_check(const char *jid, bool is_bare, struct error *err);
