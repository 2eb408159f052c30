// What an administrator should think twice about before approving a request.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/error.h"
#include "store/store.h"
#include "wire/messages.h"
#include "x509/csr.h"

struct authority;

// Adds a sentence for each: a name that stands in a valid certificate of another key, a key that
// was certified before, fewer names than granted, another address than before, a profile that
// changed or is gone, a token that was revoked, a rule for the device that does not serve it, a
// name in letters of several scripts.
// `granted` are the names of the grant; NULL when there is none.
enum result request_warn(struct authority *authority, const struct request_record *record,
                         const struct csr *csr, const struct names *granted, int64_t now,
                         struct text_list *out_warnings, struct error *err);
