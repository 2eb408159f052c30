// A strict validator of JSON text (RFC 8259), run before cJSON, which is more lenient.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/bytes.h"
#include "base/error.h"

// RESULT_INVALID for anything that is not JSON, for "\u0000", lone surrogates and bytes behind
// the value; RESULT_LIMIT beyond LIMIT_JSON_DEPTH or LIMIT_JSON_MEMBERS. Duplicates are not
// looked for.
enum result json_scan(struct bytes text, struct error *err);
