// Profiles as everybody and as administrators see them.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "authority/config/profile.h"
#include "base/error.h"
#include "wire/messages.h"

struct authority;
struct peer;

// What a requester needs to know.
enum result profile_fill_info(const struct profile *profile, struct profile_info *info);
// All profiles, the authority's own ones included, with everything that decides.
enum result inspect_profiles(struct authority *authority, const struct peer *peer,
                             const struct nothing *request, struct profile_page *reply,
                             struct error *err);
