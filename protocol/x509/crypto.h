// What the wolfCrypt callers of this library share: failures as errors, sizes as wolfCrypt's.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/bytes.h"
#include "base/error.h"

// The "crypto device" that seeds wolfCrypt's generators from base/random.h and leaves everything else to
// wolfCrypt. By itself wolfCrypt opens /dev/urandom for each generator, which a confined process cannot.
#define CRYPTO_RANDOM_DEVICE 0x7369676e
// Starts wolfCrypt and registers the device; the second call does nothing.
enum result crypto_prepare(struct error *err);

// RESULT_INTERNAL with wolfCrypt's text, or out of memory; `what` could not be done.
enum result crypto_failed(struct error *err, const char *what, int wolfcrypt_code);
// wolfCrypt counts in 32 bits: RESULT_LIMIT for more.
enum result crypto_check_size(struct bytes data, struct error *err);
