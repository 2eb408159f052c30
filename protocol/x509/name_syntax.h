// What a valid name of each type looks like, and its canonical form.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/bytes.h"
#include "base/error.h"
#include "x509/names.h"

// Checks the value by the rules at names_add and appends its canonical form. RESULT_INVALID
// says what was expected.
enum result name_canonicalize(enum name_type type, struct bytes value, struct buf *out,
                              struct error *err);
