// Request targets as the HTTP parser needs them: split, percent-decoded, checked.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stdbool.h>

#include "base/bytes.h"
#include "base/error.h"

// Splits a request target (RFC 9112, 3.2) into a decoded path and the query as sent.
// Origin-form always; absolute-form when its authority is `host` (NULL when no Host was sent);
// "*" when `may_be_asterisk`. RESULT_INVALID for a fragment, characters outside RFC 3986, a
// broken %XX, an encoded control character, bad UTF-8, and segments that are empty, "." or
// "..". An empty segment that only decoding made (base64 with %2F%2F in an OCSP request) is
// data and stays.
enum result http_target_read(struct bytes target, const char *host, bool may_be_asterisk,
                             char **out_path, char **out_query, struct error *err);
// Characters that a Host field may hold (RFC 3986, 3.2.2 and 3.2.3); no user information.
bool http_host_is_sane(const char *host);
