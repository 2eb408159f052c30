// All targets of a watch.conf: a process for each, so that one that hangs keeps no other waiting.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stdbool.h>

#include "client/watch/watch_config.h"

// Until SIGTERM or SIGINT, or until SIGHUP, when *out_is_reload says that the configuration is to be
// read anew; all of these are RESULT_OK. A process that ends by itself is started again.
enum result watch_fleet_run(const struct watch_config *config, bool *out_is_reload,
                            struct error *err);
// One round of each, one after the other. The first failure is the result, "unchanged" only
// when nothing was to do anywhere.
enum result watch_fleet_once(const struct watch_config *config, struct error *err);
