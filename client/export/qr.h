// QR codes for terminals: the only doorway to libqrencode.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/bytes.h"
#include "base/error.h"

// The largest code, 177 modules and the zone around it, in characters of three octets.
#define QR_TEXT_BYTES (64 * 1024)

// RESULT_UNAVAILABLE, code "no_qr", in a program that was built without libqrencode.
enum result qr_check(struct error *err);
// Appends the code of `text` with a quiet zone, two modules in each character of UTF-8, dark on light
// whatever the terminal's colours are. RESULT_LIMIT when `text` is longer than a code holds (2,331 bytes).
enum result qr_write(struct bytes text, struct buf *out, struct error *err);
