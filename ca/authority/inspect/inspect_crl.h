// The bytes of CRLs for administrators, part by part.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/error.h"
#include "wire/messages.h"

struct authority;
struct peer;

// RESULT_NOT_FOUND: no CA of that name ("issuer_unknown"), or no such CRL ("crl_unknown").
enum result inspect_read_crl(struct authority *authority, const struct peer *peer,
                             const struct crl_read *request, struct crl_part *reply,
                             struct error *err);
