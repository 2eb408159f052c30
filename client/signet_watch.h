// `signet watch`: its options and what they lead to.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/options.h"

extern const struct option signet_watch_options[];
enum result signet_run_watch(const struct arguments *arguments, struct error *err);
