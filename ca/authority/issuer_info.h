// What administrators are told of the CAs and profiles.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/error.h"
#include "wire/messages.h"

struct authority;
struct peer;

// Operations.
enum result issuer_list(struct authority *authority, const struct peer *peer,
                        const struct nothing *request, struct issuer_page *reply,
                        struct error *err);
enum result profile_list_show(struct authority *authority, const struct peer *peer,
                              const struct nothing *request, struct profile_page *reply,
                              struct error *err);
