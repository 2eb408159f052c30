// Binding the addresses of the configuration.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "authority/service/listeners.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "authority/config/address.h"
#include "base/log.h"

#define BACKLOG 1024

void listeners_close(struct listeners *listeners) {
    for (size_t i = 0; i < listeners->count; i++) {
        (void)close(listeners->descriptors[i]);
    }
    free(listeners->descriptors);
    *listeners = (struct listeners){0};
}

static socklen_t socket_address(const struct listen_address *address,
                                struct sockaddr_storage *out_storage) {
    struct sockaddr_storage storage = {0};
    if (address->is_ipv6) {
        struct sockaddr_in6 ipv6 = {.sin6_family = AF_INET6, .sin6_port = htons(address->port)};
        (void)inet_pton(AF_INET6, address->host, &ipv6.sin6_addr);
        memcpy(&storage, &ipv6, sizeof(ipv6));
        *out_storage = storage;
        return sizeof(ipv6);
    }
    struct sockaddr_in ipv4 = {.sin_family = AF_INET, .sin_port = htons(address->port)};
    (void)inet_pton(AF_INET, address->host, &ipv4.sin_addr);
    memcpy(&storage, &ipv4, sizeof(ipv4));
    *out_storage = storage;
    return sizeof(ipv4);
}

static enum result refuse(struct error *err, int reason, const char *role, const char *text,
                          uint16_t port) {
    if (reason == EADDRINUSE) {
        (void)error_set_code(err, RESULT_CONFLICT, "address_in_use",
                             "another program listens on %s already", text);
        error_hint(err,
                   "Stop it (who it is: ss -ltnp 'sport = :%u'), or change listen under "
                   "[gateway %s] in signetd.conf.",
                   port, role);
        return RESULT_CONFLICT;
    }
    enum result result = error_from_errno(err, reason, "listening on %s", text);
    if (reason == EACCES) {
        error_hint(err,
                   "Ports below 1024 need CAP_NET_BIND_SERVICE: choose a higher port under "
                   "[gateway %s] in signetd.conf.",
                   role);
    } else if (reason == EADDRNOTAVAIL) {
        error_hint(err,
                   "No interface of this machine has this address: correct listen under "
                   "[gateway %s] in signetd.conf.",
                   role);
    }
    return result;
}

// Returns 0, or errno.
static int bind_and_listen(int descriptor, const struct listen_address *address) {
    const int on = 1;
    struct sockaddr_storage storage;
    socklen_t size = socket_address(address, &storage);
    if (setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0) {
        return errno;
    }
    // "[::]" and "0.0.0.0" can then stand side by side, whatever the system's default is.
    if (address->is_ipv6 &&
        setsockopt(descriptor, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)) != 0) {
        return errno;
    }
    if (bind(descriptor, (struct sockaddr *)&storage, size) != 0 ||
        listen(descriptor, BACKLOG) != 0) {
        return errno;
    }
    return 0;
}

static enum result listener_open(const char *role, const char *text, int *out_descriptor,
                                 struct error *err) {
    struct listen_address address = {0};
    TRY(listen_address_read(text, &address, err));
    int descriptor = socket(address.is_ipv6 ? AF_INET6 : AF_INET,
                            SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (descriptor < 0) {
        return error_from_errno(err, errno, "a socket for %s", text);
    }
    int reason = bind_and_listen(descriptor, &address);
    if (reason != 0) {
        (void)close(descriptor);
        return refuse(err, reason, role, text, address.port);
    }
    *out_descriptor = descriptor;
    return RESULT_OK;
}

enum result listeners_open(const char *role, const struct config_list *addresses,
                           struct listeners *out_listeners, struct error *err) {
    AUTO(listeners_close) struct listeners listeners = {0};
    listeners.descriptors = calloc(addresses->count + 1, sizeof(*listeners.descriptors));
    if (listeners.descriptors == NULL) {
        return error_out_of_memory(err);
    }
    for (size_t i = 0; i < addresses->count; i++) {
        TRY(listener_open(role, addresses->items[i], &listeners.descriptors[i], err));
        listeners.count++;
    }
    *out_listeners = listeners;
    listeners = (struct listeners){0};
    return RESULT_OK;
}
