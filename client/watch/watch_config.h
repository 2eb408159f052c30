// watch.conf: which relying parties this machine keeps fresh, and how.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "client/watch/watch.h"

#define WATCH_CONFIG_FILE "/etc/signet/watch.conf"
#define WATCH_STATE_FOLDER "/var/lib/signet/watch"

// A list of words; `items` is ended by NULL, as execvp wants it. NULL: not given.
struct watch_words {
    char **items;
    size_t count;
};

// A [target NAME]; also what [watch] says for all of them. Texts are owned; NULL: not given.
struct watch_target {
    char *name;
    char *preset, *crl, *ca, *file, *folder, *pid_file, *socket, *sessions_map;
    char *proof, *proof_name, *proof_ca, *canary, *state;
    struct watch_words reload, restart, revoked, shell;
    int64_t interval_seconds, socket_bytes, warn_percent;
    struct watch_options options; // made of the above, into which it points
};

struct watch_config {
    struct watch_target common; // [watch]
    struct watch_target *targets;
    size_t target_count;
};

void watch_config_clear(struct watch_config *config);
// RESULT_INVALID, code "misconfigured", with "PATH:LINE: …" and, for a misspelled word, the
// nearest as hint. Does not look whether files or programs are there.
enum result watch_config_read(const char *path, struct watch_config *out_config,
                              struct error *err);
// From text; `path` is for messages.
enum result watch_config_parse(const char *path, struct bytes text,
                               struct watch_config *out_config, struct error *err);
