// What a person is told while a request waits for approval, where scripts do not read it.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "wire/messages.h"

// It is held: code, names, and where an administrator finds it.
void waiting_begins(const struct held *held, const char *url);
// It is still held, after so many seconds; on a terminal only.
void waiting_goes_on(const struct held *held, int64_t seconds);
// The authority cannot be asked; the next try is in `seconds`.
void waiting_has_trouble(const struct error *reason, int64_t seconds);
