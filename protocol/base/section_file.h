// Configuration files of sections, keys and values: the lines; what they mean is the caller's.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/bytes.h"
#include "base/error.h"

// Lines are "[section]", "key = value", empty, or comments: "#" at the start of a line or behind
// a blank. Titles, keys and values come without blanks around them.
struct section_reader {
    const char *path; // for messages
    size_t line;      // the one being read, from 1
    void *context;
    enum result (*begin_section)(void *context, const char *title, struct error *err);
    enum result (*set)(void *context, const char *key, const char *value, struct error *err);
};

// Calls the two functions in the order of the lines; the first that fails ends it.
// RESULT_INVALID, with path and line, for what is no such line, not UTF-8, or a control
// character.
enum result section_file_read(struct section_reader *reader, struct bytes text,
                              struct error *err);
// RESULT_INVALID with "PATH:LINE: MESSAGE".
enum result section_file_mistake(const struct section_reader *reader, struct error *err,
                                 const char *format, ...) __attribute__((format(printf, 3, 4)));
