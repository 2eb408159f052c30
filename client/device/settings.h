// What a person sets for one credential, kept beside it: who may read the key, and what is run
// after a renewal.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/error.h"
#include "client/device/folder.h"
#include "wire/messages.h"

// DIR/NAME/settings.json, for its owner alone: whoever can write it chooses a command that the
// agent runs.
#define SETTINGS_FILE "settings.json"
// `mode` is that of the files with the key, in octal. `hook` is an argv; empty: none. It is
// killed after `hook_seconds`; 0: LIMIT_RELOAD_SECONDS. `keep_key`: renewals keep the key.
#define settings_FIELDS(F, R)                                                                  \
    F(TEXT, owner, 64, OPTIONAL)                                                               \
    F(TEXT, group, 64, OPTIONAL)                                                               \
    F(TEXT, mode, 8, OPTIONAL)                                                                 \
    F(TEXTS, hook, LIMIT_HOOK_ARGUMENTS, OPTIONAL)                                             \
    F(INTEGER, hook_seconds, LIMIT_HOOK_SECONDS, OPTIONAL)                                     \
    F(BOOLEAN, keep_key, 0, OPTIONAL)

MESSAGE_DECLARE(settings);

void settings_clear(struct settings *settings);
// Zeroed settings when there is no file. Code "not_private" when others could have written it.
enum result settings_read(const char *folder, struct settings *out_settings, struct error *err);
// Durable on return.
enum result settings_write(const char *folder, const struct settings *settings,
                           struct error *err);
// Moves what `from` sets over `settings`, and leaves the rest.
void settings_take(struct settings *settings, struct settings *from);
// Whether anything is set.
bool settings_are_empty(const struct settings *settings);
// Looks up owner and group. Code "usage", with the name, when there is no such user or group, or
// the mode would let others than owner and group read the key, or anyone but the owner write it.
enum result settings_access(const struct settings *settings, struct folder_access *out_access,
                            struct error *err);
