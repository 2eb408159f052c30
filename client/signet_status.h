// The command `signet status`.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/options.h"

extern const struct option signet_status_options[];

// Code "not_usable", after what is there was shown, when one of the credentials is of no use now.
enum result signet_run_status(const struct arguments *arguments, struct error *err);
