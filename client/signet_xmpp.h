// The commands `signet xmpp …`.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/options.h"

extern const struct option signet_xmpp_register_options[];
extern const struct option signet_xmpp_list_options[];
extern const struct option signet_xmpp_remove_options[];
extern const struct option signet_xmpp_prune_options[];

enum result signet_run_xmpp_register(const struct arguments *arguments, struct error *err);
enum result signet_run_xmpp_list(const struct arguments *arguments, struct error *err);
enum result signet_run_xmpp_disable(const struct arguments *arguments, struct error *err);
enum result signet_run_xmpp_revoke(const struct arguments *arguments, struct error *err);
enum result signet_run_xmpp_prune(const struct arguments *arguments, struct error *err);
