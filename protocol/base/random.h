// The only source of randomness.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

// Fills `out` from the system's generator; RESULT_UNAVAILABLE when it has none.
enum result random_bytes(uint8_t *out, size_t size, struct error *err);

// For tests and fuzzers only: a repeatable stream instead of the system's generator.
void random_use_insecure_seed(uint64_t seed);
void random_use_system(void);
