// What an administrator should think twice about before approving a request.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/error.h"
#include "store/store.h"
#include "wire/messages.h"
#include "x509/names.h"

struct authority;

// Adds a sentence for each: a name that stands in a valid certificate of another key, a key that
// was certified before, fewer names than granted, another address than before, a profile that
// changed or is gone, a token that was revoked. `asked` are the CSR's names, `granted` those of
// the grant; NULL when there is none.
enum result request_warn(struct authority *authority, const struct request_record *record,
                         const struct names *asked, const struct names *granted, int64_t now,
                         struct text_list *out_warnings, struct error *err);
