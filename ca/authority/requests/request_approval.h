// Approvals of a held request: what each is bound to, and which of them count.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stdint.h>

#include "base/error.h"
#include "store/store.h"
#include "wire/messages.h"
#include "x509/hash.h"

struct authority;

// SHA-256 over the CSR's hash, the profile's hash, the names and the lifetime that would be
// granted, and the issuer's name: whoever approves it has seen all of that.
enum result request_digest(const struct authority *authority,
                           const struct request_record *record, struct bytes profile_hash,
                           uint8_t out_digest[SHA256_SIZE], struct error *err);
// The same of a request that waits, by its profile as it is now; of a decided one, by the profile
// that it was decided for.
enum result request_current_digest(const struct authority *authority,
                                   const struct request_record *record,
                                   uint8_t out_digest[SHA256_SIZE], struct error *err);

// The names of those whose approval of the current digest counts, each once. While a request
// waits, that of an administrator who was removed since, or lost the role, does not, nor one
// given with a certificate that is revoked or on hold.
enum result request_approvers(struct authority *authority, const struct request_record *record,
                              struct text_list *out_names, struct error *err);

enum result request_count_approvals(struct authority *authority,
                                    const struct request_record *record, int64_t *out_count,
                                    struct error *err);
