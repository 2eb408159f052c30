// Values as people read them on a terminal.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stdint.h>

#include "base/bytes.h"
#include "wire/message.h"

// Appends text that others chose: control characters (C0, DEL, C1) and broken UTF-8 become "?",
// so that a terminal obeys none of it and a line stays one line.
enum result display_text(const char *text, struct buf *out);
// "2026-11-21 07:47:33 UTC"; "-" for 0.
enum result display_time(int64_t time, struct buf *out);
// "cn:jjolie dns:broker.example"; "-" for none.
enum result display_names(const struct text_list *names, struct buf *out);
