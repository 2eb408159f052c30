// `signet watch` around its rounds: once, or until a signal ends it, with log lines.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "client/watch/watch.h"

// One round; its error and, by code "unchanged", that there was nothing to do.
enum result watch_once(const struct watch_options *options, struct error *err);
// Until SIGTERM or SIGINT, which is RESULT_OK. Fails only before the first round.
enum result watch_loop(const struct watch_options *options, struct error *err);
