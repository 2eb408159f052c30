// Fills messages of any type with values: what the tests and fuzzers of the codecs share.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stdbool.h>

#include "wire/message.h"

// The smallest DER that passes for a certificate or CSR here: SEQUENCE { INTEGER 5 }.
#define SAMPLE_DER "\x30\x03\x02\x01\x05"

enum sample { SAMPLE_REQUIRED, SAMPLE_ALL, SAMPLE_LARGEST };

// Sets every field (with SAMPLE_REQUIRED only those that have to be), each to another value,
// with SAMPLE_LARGEST to the limit of the cheap ones. Ends the program when memory is out.
void message_sample(const struct message_type *type, enum sample sample, void *message);
