// Names that people cannot tell apart: characters that nobody sees, and letters of several scripts.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stdbool.h>

#include "base/bytes.h"

// Both take valid UTF-8.

// Holds a control character, or one that is not seen or moves others about (Unicode's categories
// Cf, Zl and Zp, fillers, variation selectors), or a space other than U+0020.
bool text_has_hidden(struct bytes text);
// Has letters of more than one of Latin, Greek, Cyrillic and Armenian, which share their shapes.
bool text_mixes_scripts(struct bytes text);
