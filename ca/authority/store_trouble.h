// What is told while the store cannot be written: administrators hear why, peers when to come again.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stdint.h>

#include "base/error.h"
#include "wire/message.h"

// Zeroed memory is no trouble.
struct store_trouble {
    int64_t since;      // 0: there is none
    struct error cause; // the first failure since then
};

// Whether it is the store that failed, and not what was asked of it.
bool store_trouble_is(const struct error *err);
// Remembers `cause`, if it is of that kind and the first one.
void store_trouble_note(struct store_trouble *trouble, const struct error *cause);
// Something was written.
void store_trouble_end(struct store_trouble *trouble);
// RESULT_UNAVAILABLE, code "store_unavailable": nothing was kept.
void store_trouble_refuse(const struct store_trouble *trouble, bool is_for_admin,
                          struct error *out_refusal);
// Adds a line when there is one to tell. Fails without memory only.
enum result store_trouble_warn(const struct store_trouble *trouble, struct text_list *warnings);
