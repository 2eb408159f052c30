// Lists of words in the configuration.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stddef.h>

#include "base/error.h"

// Owned.
struct config_list {
    char **items;
    size_t count;
};

void config_list_clear(struct config_list *list);
// Adds a copy; RESULT_INVALID for an item that is there already, and above a hundred.
enum result config_list_add(struct config_list *list, const char *item, struct error *err);
