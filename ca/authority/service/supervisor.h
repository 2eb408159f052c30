// Telling the service manager what this process does (sd_notify's protocol, without its
// library). SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stdint.h>

// Reads NOTIFY_SOCKET and WATCHDOG_USEC and removes them from the environment, so that no child
// speaks in this process's name. To be called once, before children are started.
void supervisor_open(void);
// Sends lines such as "READY=1"; does nothing without a service manager.
void supervisor_notify(const char *state);
// How often "WATCHDOG=1" is due, in milliseconds; 0 when nobody waits for it.
uint64_t supervisor_watchdog_milliseconds(void);
