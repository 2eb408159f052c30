// One datagram per message to the socket that NOTIFY_SOCKET names.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "authority/service/supervisor.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/text.h"

static struct sockaddr_un notify_address;
static socklen_t notify_address_size; // 0: nobody listens
static uint64_t watchdog_milliseconds;

static void read_socket(const char *path) {
    size_t size = strlen(path);
    if ((path[0] != '/' && path[0] != '@') || size >= sizeof(notify_address.sun_path)) {
        return;
    }
    notify_address.sun_family = AF_UNIX;
    memcpy(notify_address.sun_path, path, size);
    if (path[0] == '@') {
        notify_address.sun_path[0] = '\0'; // Linux's abstract names
    }
    notify_address_size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + size);
}

static void read_watchdog(const char *period, const char *process) {
    int64_t microseconds = 0;
    int64_t id = 0;
    if (text_read_int64(bytes_of_string(period), 1, INT64_MAX, &microseconds) != RESULT_OK) {
        return;
    }
    if (process != NULL &&
        (text_read_int64(bytes_of_string(process), 1, INT32_MAX, &id) != RESULT_OK ||
         id != getpid())) {
        return;
    }
    // Twice as often as it must be.
    watchdog_milliseconds = (uint64_t)(microseconds / 2000);
}

void supervisor_open(void) {
    const char *socket_path = getenv("NOTIFY_SOCKET");
    if (socket_path != NULL) {
        read_socket(socket_path);
    }
    const char *period = getenv("WATCHDOG_USEC");
    if (period != NULL) {
        read_watchdog(period, getenv("WATCHDOG_PID"));
    }
    (void)unsetenv("NOTIFY_SOCKET");
    (void)unsetenv("WATCHDOG_USEC");
    (void)unsetenv("WATCHDOG_PID");
}

void supervisor_notify(const char *state) {
    if (notify_address_size == 0) {
        return;
    }
    int descriptor = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (descriptor < 0) {
        return;
    }
    // A manager that does not listen must not keep the authority from working.
    (void)sendto(descriptor, state, strlen(state), MSG_NOSIGNAL | MSG_DONTWAIT,
                 (const struct sockaddr *)&notify_address, notify_address_size);
    (void)close(descriptor);
}

uint64_t supervisor_watchdog_milliseconds(void) {
    return watchdog_milliseconds;
}
