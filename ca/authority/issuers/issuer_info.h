// What administrators are told of the CAs.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/error.h"
#include "wire/messages.h"

struct authority;
struct peer;

// Operation.
enum result issuer_list(struct authority *authority, const struct peer *peer,
                        const struct nothing *request, struct issuer_page *reply,
                        struct error *err);
