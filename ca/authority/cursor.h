// Where a page of a list ends and the next begins.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "store/store.h"
#include "wire/message.h"

// `text` is the `next` of the page before, or NULL for the first (0).
enum result cursor_read(const char *text, int64_t *out_position, struct error *err);
enum result cursor_write(int64_t position, char **out_text);
// As these, for a list that can be walked in several ways: the cursor fits the very search that
// made it and no other, nor one that was changed. `search` is that request, whose `after` and
// `limit` (members that may change from page to page) are NULL and 0.
enum result cursor_read_search(const char *text, const struct message_type *type,
                               const void *search, struct list_position *out_position,
                               struct error *err);
// Nothing is written for the end of the list.
enum result cursor_write_search(const struct list_position *position,
                                const struct message_type *type, const void *search,
                                char **out_text, struct error *err);
// What was asked for, or the default for 0.
size_t cursor_page_size(int64_t asked);
