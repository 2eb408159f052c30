// One line per event, as text for people or JSON for machines, on standard error.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stdbool.h>

#include "base/error.h"

enum log_level { LOG_LEVEL_DEBUG, LOG_LEVEL_INFO, LOG_LEVEL_WARNING, LOG_LEVEL_ERROR };
enum log_format { LOG_FORMAT_TEXT, LOG_FORMAT_JSON };

// `component` names the process in each line ("authority", "gateway-enroll"); it is borrowed
// for the life of the process.
void log_configure(enum log_level least, enum log_format format, const char *component);

// `event` is a stable phrase ("certificate issued"); then name, value pairs of C strings, ended
// by NULL. A NULL value is left out. Values are escaped: a line stays one line whatever they
// hold. Never pass a secret.
void log_event(enum log_level level, const char *event, ...) __attribute__((sentinel));

// An event with an error's code, message, field and hint behind it.
void log_error(enum log_level level, const char *event, const struct error *err);

bool log_level_from_name(const char *name, enum log_level *out_level);
