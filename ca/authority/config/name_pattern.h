// Patterns of names, which profiles and fleet tokens state: "*" stands for any run of characters.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stdbool.h>

#include "base/bytes.h"
#include "base/error.h"
#include "x509/names.h"

// Only a pattern has stars that mean something: a value is data, whatever characters it holds.
// A star stands for any run of characters, none included, but it never crosses from one part of
// a value into another: not "@" in e-mail addresses, not "@" and "/" in JIDs, not "/", "?", "#"
// and "@" in URIs. In a DNS name it may cover several labels, and the "*." of a wildcard (which
// profiles rule on by themselves); names of all other types that hold a "*" match no star.
// IP addresses have networks instead (ip_network.h).

// Appends the canonical form: lower case where names of the type have it. RESULT_INVALID (code
// "pattern_invalid") for one that is empty, longer than LIMIT_PATTERN_BYTES, holds more than
// LIMIT_PATTERN_STARS stars, two in a row, control characters, or could match no name of the
// type.
enum result name_pattern_canonicalize(enum name_type type, const char *pattern, struct buf *out,
                                      struct error *err);
// As name_pattern_canonicalize, from the form "prefix:pattern", and to it.
enum result name_pattern_read(const char *text, enum name_type *out_type, struct buf *out,
                              struct error *err);
// Whether the value (canonical) is one of those that the pattern (canonical) stands for. Takes
// at most LIMIT_PATTERN_BYTES * LIMIT_NAME_BYTES steps, whatever the two say.
bool name_pattern_matches(enum name_type type, const char *pattern, const char *value);
// Whether some value matches both patterns (canonical, or the domain of a JID with stars around
// it), in a time bounded by the product of their sizes.
bool name_pattern_overlaps(enum name_type type, const char *a, const char *b);
// The characters that no star of this type stands for.
const char *name_pattern_separators(enum name_type type);
