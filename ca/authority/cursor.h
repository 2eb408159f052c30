// Where a page of a list ends and the next begins.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

// `text` is the `next` of the page before, or NULL for the first (0).
enum result cursor_read(const char *text, int64_t *out_position, struct error *err);
enum result cursor_write(int64_t position, char **out_text);
// What was asked for, or the default for 0.
size_t cursor_page_size(int64_t asked);
