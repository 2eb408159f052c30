// The authority as a daemon: loop, signals, timers, gateways; everything else is in plain
// functions. SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/error.h"

// Runs the authority in this folder until SIGTERM or SIGINT (drains, then RESULT_OK; a second
// one ends it at once). SIGHUP reloads the configuration. Tells the service manager through
// NOTIFY_SOCKET.
enum result authority_run(const char *folder, struct error *err);
