// The commands `signet run`, `set`, `rollback` and `revoke`.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/options.h"
#include "client/device/settings.h"

// What a person may set for a credential, when it is enrolled or later. `hook` takes the rest.
#define SETTINGS_OPTIONS                                                                       \
    {"owner", "USER", "of the files; empty: whose they are now", false, false},                \
        {"group", "GROUP", "of the files; empty: whose they are now", false, false},           \
        {"mode", "MODE", "of the files with the key: 0600, 0640, 0400 or 0440", false, false}, \
        {"hook-timeout", "TIME", "the hook is killed after so long (default: 60s)", false,     \
         false},                                                                               \
        {"keep-key", NULL, "renewals keep the key; the profile must have key_reuse", false,    \
         false},                                                                               \
    {                                                                                          \
        "hook", "CMD ARG…",                                                                    \
            "run this after each renewal, without a shell; up to the end of the line", false,  \
            true                                                                               \
    }

extern const struct option signet_run_options[];
extern const struct option signet_set_options[];
extern const struct option signet_rollback_options[];
extern const struct option signet_revoke_options[];

// Puts what the line gives over `settings`. Refused before it is kept: users and groups that are
// not there, modes that would let others read the key.
enum result signet_take_settings(const struct arguments *arguments, struct settings *settings,
                                 struct error *err);

enum result signet_run_agent(const struct arguments *arguments, struct error *err);
enum result signet_run_set(const struct arguments *arguments, struct error *err);
enum result signet_run_rollback(const struct arguments *arguments, struct error *err);
// Notes it for signet status; says which certificate before it stays.
enum result signet_run_revoke(const struct arguments *arguments, struct error *err);
