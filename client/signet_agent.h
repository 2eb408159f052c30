// The commands `signet run`, `set` and `rollback`.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/options.h"

extern const struct option signet_run_options[];
extern const struct option signet_set_options[];
extern const struct option signet_rollback_options[];

enum result signet_run_agent(const struct arguments *arguments, struct error *err);
enum result signet_run_set(const struct arguments *arguments, struct error *err);
enum result signet_run_rollback(const struct arguments *arguments, struct error *err);
