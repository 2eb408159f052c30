// Held requests as administrators see them.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stdint.h>

#include "base/error.h"
#include "store/store.h"
#include "wire/messages.h"

struct authority;

// "pending", "approved", "denied", "expired".
const char *request_state_name(enum request_state state);
// NULL gives 0, any.
enum result request_state_read(const char *text, int *out_state, struct error *err);

// All but the CSR itself.
enum result request_info_fill(struct authority *authority, const struct request_record *record,
                              int64_t now, struct request_info *info, struct error *err);
