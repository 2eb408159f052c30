// Giving up a name, so that another device may have it.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/error.h"
#include "wire/messages.h"

struct authority;
struct peer;

// Operation: from now on fleet tokens may grant the name to another key. RESULT_NOT_FOUND (code
// "name_unknown") for one that no certificate ever carried, RESULT_CONFLICT with the codes
// "name_in_use" while a certificate that is valid, or renews within its grace, carries it, and
// "name_free" when nobody owns it any more.
enum result name_release(struct authority *authority, const struct peer *peer,
                         const struct name_release *request, struct name_released *reply,
                         struct error *err);
