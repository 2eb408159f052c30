// The only source of randomness.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

// Fills `out` from the system's generator; RESULT_UNAVAILABLE when it has none.
enum result random_bytes(uint8_t *out, size_t size, struct error *err);

// For firmware: from now on this generator instead of the system's, which must be as good; false
// when it cannot fill `out`. NULL: the system's after all.
typedef bool random_source(uint8_t *out, size_t size);
void random_use_source(random_source *source);

// For tests and fuzzers only: a repeatable stream instead of the system's generator.
void random_use_insecure_seed(uint64_t seed);
void random_use_system(void);
