// Spawning this very program as gateways, and the life of each.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "authority/service/gateways.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/close_range.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "authority/service/listeners.h"
#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"
#include "wire/channel.h"

// As in ca/gateway/gateway.h, which this library does not see.
#define CHANNEL_DESCRIPTOR 3
#define FIRST_LISTENER_DESCRIPTOR 4
#define LIMIT_LISTENERS 64

#define FIRST_RESTART_MILLISECONDS 100
// One that lived this long did not fail at its start: the next restart is quick again.
#define HEALTHY_MILLISECONDS 60000
// What may wait for a gateway that does not read.
#define LIMIT_UNREAD_BYTES ((size_t)4 * LIMIT_FRAME_REPLY_BYTES)

enum { ROLE_ENROLL, ROLE_ADMIN, ROLE_PUBLIC, ROLE_COUNT };

static const struct {
    enum channel channel;
    const char *name;
} roles[ROLE_COUNT] = {
    [ROLE_ENROLL] = {CHANNEL_ENROLL, "enroll"},
    [ROLE_ADMIN] = {CHANNEL_ADMIN, "admin"},
    [ROLE_PUBLIC] = {CHANNEL_PUBLIC, "public"},
};

struct gateway {
    struct gateways *owner;
    int role;
    size_t index;
    uv_process_t process;
    uv_timer_t restart;
    bool is_running; // the process has not been seen to end
    struct channel_pipe *channel;
    int64_t started; // monotonic milliseconds
    unsigned failures;
};

struct gateways {
    uv_loop_t *loop;
    const struct gateways_events *events;
    void *context;
    struct listeners listeners[ROLE_COUNT];
    struct gateway items[LIMIT_GATEWAYS];
    size_t count;
    size_t running;
    bool is_ending;
    bool is_closed;
};

enum channel gateway_role(const struct gateway *gateway) {
    return roles[gateway->role].channel;
}

size_t gateway_index(const struct gateway *gateway) {
    return gateway->index;
}

size_t gateways_count(const struct gateways *gateways) {
    return gateways->count;
}

size_t gateways_running(const struct gateways *gateways) {
    return gateways->running;
}

struct gateway *gateways_at(struct gateways *gateways, size_t index) {
    return &gateways->items[index];
}

// --- the end of one --------------------------------------------------------------------------

static void start_again(uv_timer_t *timer);

// Takes the channel from a gateway that is of no more use; its process ends by that.
static void gateway_cut_off(struct gateway *gateway) {
    if (gateway->channel != NULL) {
        channel_close(gateway->channel);
        gateway->channel = NULL;
        gateway->owner->events->on_end(gateway->owner->context, gateway);
    }
}

static void gateway_kill(struct gateway *gateway, const char *why) {
    log_event(LOG_LEVEL_ERROR, "gateway killed", "role", roles[gateway->role].name, "reason",
              why, NULL);
    gateway_cut_off(gateway);
    if (gateway->is_running) {
        (void)uv_process_kill(&gateway->process, SIGKILL);
    }
}

static uint64_t restart_delay(const struct gateway *gateway) {
    unsigned doublings = gateway->failures < 16 ? gateway->failures : 16;
    uint64_t delay = (uint64_t)FIRST_RESTART_MILLISECONDS << doublings;
    return delay < LIMIT_GATEWAY_RESTART_MILLISECONDS ? delay
                                                      : LIMIT_GATEWAY_RESTART_MILLISECONDS;
}

static void arm_restart(struct gateway *gateway) {
    uint64_t delay = restart_delay(gateway);
    gateway->failures++;
    (void)uv_timer_start(&gateway->restart, start_again, delay, 0);
}

static void on_process_closed(uv_handle_t *handle) {
    struct gateway *gateway = handle->data;
    struct gateways *gateways = gateway->owner;
    if (!gateways->is_ending) {
        arm_restart(gateway);
    } else if (gateways->running == 0 && !gateways->is_closed) {
        gateways->events->on_all_ended(gateways->context);
    }
}

static void on_exit_of(uv_process_t *process, int64_t status, int term_signal) {
    struct gateway *gateway = process->data;
    gateway->is_running = false;
    gateway->owner->running--;
    gateway_cut_off(gateway);
    if (clock_monotonic_milliseconds() - gateway->started >= HEALTHY_MILLISECONDS) {
        gateway->failures = 0;
    }
    char status_text[24];
    char signal_text[24];
    (void)snprintf(status_text, sizeof(status_text), "%lld", (long long)status);
    (void)snprintf(signal_text, sizeof(signal_text), "%d", term_signal);
    log_event(gateway->owner->is_ending ? LOG_LEVEL_INFO : LOG_LEVEL_WARNING, "gateway ended",
              "role", roles[gateway->role].name, "status", status_text, "signal",
              term_signal == 0 ? NULL : signal_text, NULL);
    uv_close((uv_handle_t *)process, on_process_closed);
}

// --- its channel -----------------------------------------------------------------------------

static void on_frame(void *context, const struct frame *frame) {
    struct gateway *gateway = context;
    if (frame->kind != FRAME_REQUEST) {
        // Only a broken gateway sends anything else. It must not be closed from within its own
        // event.
        (void)uv_process_kill(&gateway->process, SIGKILL);
        return;
    }
    gateway->owner->events->on_request(gateway->owner->context, gateway, frame);
}

static void on_channel_end(void *context, const struct error *err) {
    struct gateway *gateway = context;
    gateway_cut_off(gateway);
    if (!gateway->owner->is_ending) {
        log_error(LOG_LEVEL_WARNING, "gateway channel ended", err);
        if (gateway->is_running) {
            // Without a channel it can answer nobody. One that is draining ends by itself.
            (void)uv_process_kill(&gateway->process, SIGKILL);
        }
    }
}

static const struct channel_events channel_events = {on_frame, on_channel_end};

size_t gateway_waiting(const struct gateway *gateway) {
    return gateway->channel == NULL ? 0 : channel_waiting(gateway->channel);
}

void gateway_send(struct gateway *gateway, const struct frame *frame) {
    if (gateway->channel == NULL) {
        return;
    }
    if (channel_waiting(gateway->channel) > LIMIT_UNREAD_BYTES) {
        gateway_kill(gateway, "it does not read what it is sent");
        return;
    }
    struct error err = {0};
    if (channel_send(gateway->channel, frame, &err) != RESULT_OK) {
        gateway_kill(gateway, err.message);
    }
}

// --- the start of one ------------------------------------------------------------------------

// Whatever is open in the authority ends at the exec. Our own descriptors say so by themselves; those
// of a PKCS#11 module may not, and a TPM's device or an HSM's connection in the hands of a gateway
// would be as good as the key. Kernels before 5.11 cannot; there it is left to the module.
static void close_at_exec(void) {
    (void)close_range(STDERR_FILENO + 1, UINT_MAX, CLOSE_RANGE_CLOEXEC);
}

static enum result spawn(struct gateway *gateway, int channel_descriptor, struct error *err) {
    const struct listeners *listeners = &gateway->owner->listeners[gateway->role];
    uv_stdio_container_t stdio[FIRST_LISTENER_DESCRIPTOR + LIMIT_LISTENERS] = {0};
    stdio[0].flags = UV_IGNORE;
    stdio[1].flags = UV_IGNORE;
    stdio[2] = (uv_stdio_container_t){.flags = UV_INHERIT_FD, .data.fd = STDERR_FILENO};
    stdio[CHANNEL_DESCRIPTOR] =
        (uv_stdio_container_t){.flags = UV_INHERIT_FD, .data.fd = channel_descriptor};
    for (size_t i = 0; i < listeners->count; i++) {
        stdio[FIRST_LISTENER_DESCRIPTOR + i] = (uv_stdio_container_t){
            .flags = UV_INHERIT_FD, .data.fd = listeners->descriptors[i]};
    }
    char count[24];
    (void)snprintf(count, sizeof(count), "%zu", listeners->count);
    char *arguments[] = {(char[]){"signetd"}, (char[]){"gateway"},
                         (char *)(uintptr_t)roles[gateway->role].name, count, NULL};
    uv_process_options_t options = {
        .exit_cb = on_exit_of,
        .file = "/proc/self/exe",
        .args = arguments,
        // A session of its own: Ctrl-C reaches the authority alone, which then drains it.
        .flags = UV_PROCESS_DETACHED,
        .stdio_count = FIRST_LISTENER_DESCRIPTOR + (int)listeners->count,
        .stdio = stdio,
    };
    gateway->process.data = gateway;
    close_at_exec();
    int status = uv_spawn(gateway->owner->loop, &gateway->process, &options);
    if (status != 0) {
        // libuv wants the handle closed even so; on_process_closed then arms the next attempt.
        uv_close((uv_handle_t *)&gateway->process, on_process_closed);
        return error_set(err, RESULT_UNAVAILABLE, "starting the gateway %s: %s",
                         roles[gateway->role].name, uv_strerror(status));
    }
    gateway->is_running = true;
    gateway->owner->running++;
    gateway->started = clock_monotonic_milliseconds();
    return RESULT_OK;
}

static enum result gateway_start(struct gateway *gateway, struct error *err) {
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
        int reason = errno;
        arm_restart(gateway);
        return error_from_errno(err, reason, "a channel for the gateway %s",
                                roles[gateway->role].name);
    }
    enum result result = spawn(gateway, ends[1], err);
    (void)close(ends[1]);
    if (result != RESULT_OK) {
        (void)close(ends[0]);
        return result;
    }
    result =
        channel_open(gateway->owner->loop, ends[0], LIMIT_FRAME_REQUEST_BYTES,
                     LIMIT_FRAME_REPLY_BYTES, &channel_events, gateway, &gateway->channel, err);
    if (result != RESULT_OK) {
        (void)uv_process_kill(&gateway->process, SIGKILL);
        return result;
    }
    log_event(LOG_LEVEL_INFO, "gateway started", "role", roles[gateway->role].name, NULL);
    gateway->owner->events->on_start(gateway->owner->context, gateway);
    return RESULT_OK;
}

static void start_again(uv_timer_t *timer) {
    struct gateway *gateway = timer->data;
    struct error err = {0};
    if (!gateway->owner->is_ending && gateway_start(gateway, &err) != RESULT_OK) {
        log_error(LOG_LEVEL_ERROR, "gateway not started", &err);
    }
}

// --- all of them -----------------------------------------------------------------------------

static enum result open_listeners(struct gateways *gateways, const struct config *config,
                                  struct error *err) {
    const struct config_list *addresses[ROLE_COUNT] = {
        [ROLE_ENROLL] = &config->enroll_listen,
        [ROLE_ADMIN] = &config->admin_listen,
        [ROLE_PUBLIC] = &config->public_listen,
    };
    for (int role = 0; role < ROLE_COUNT; role++) {
        if (addresses[role]->count > LIMIT_LISTENERS) {
            return error_set(err, RESULT_LIMIT, "[gateway %s] has more than %d addresses",
                             roles[role].name, LIMIT_LISTENERS);
        }
        TRY(listeners_open(roles[role].name, addresses[role], &gateways->listeners[role], err));
    }
    return RESULT_OK;
}

static size_t processes_of(int role, const struct config *config) {
    if (role != ROLE_ENROLL) {
        return 1;
    }
    size_t wanted = config->enroll_gateways > 0 ? (size_t)config->enroll_gateways
                                                : (size_t)uv_available_parallelism();
    // The other two roles need their places.
    return wanted < LIMIT_GATEWAYS - 2 ? wanted : LIMIT_GATEWAYS - 2;
}

static void add_gateways(struct gateways *gateways, const struct config *config) {
    for (int role = 0; role < ROLE_COUNT; role++) {
        size_t processes =
            gateways->listeners[role].count == 0 ? 0 : processes_of(role, config);
        for (size_t i = 0; i < processes; i++) {
            struct gateway *gateway = &gateways->items[gateways->count];
            gateway->owner = gateways;
            gateway->role = role;
            gateway->index = gateways->count;
            (void)uv_timer_init(gateways->loop, &gateway->restart); // cannot fail
            gateway->restart.data = gateway;
            gateways->count++;
        }
    }
}

enum result gateways_open(uv_loop_t *loop, const struct config *config,
                          const struct gateways_events *events, void *context,
                          struct gateways **out_gateways, struct error *err) {
    struct gateways *gateways = calloc(1, sizeof(*gateways));
    if (gateways == NULL) {
        return error_out_of_memory(err);
    }
    gateways->loop = loop;
    gateways->events = events;
    gateways->context = context;
    enum result result = open_listeners(gateways, config, err);
    if (result != RESULT_OK) {
        gateways_free(gateways);
        return result;
    }
    add_gateways(gateways, config);
    *out_gateways = gateways;
    return RESULT_OK;
}

enum result gateways_start(struct gateways *gateways, struct error *err) {
    for (size_t i = 0; i < gateways->count; i++) {
        TRY(gateway_start(&gateways->items[i], err));
    }
    return RESULT_OK;
}

static void close_listeners(struct gateways *gateways) {
    for (int role = 0; role < ROLE_COUNT; role++) {
        listeners_close(&gateways->listeners[role]);
    }
}

void gateways_drain(struct gateways *gateways) {
    gateways->is_ending = true;
    close_listeners(gateways);
    const struct frame drain = {.kind = FRAME_NOTICE, .number = NOTICE_DRAIN};
    for (size_t i = 0; i < gateways->count; i++) {
        (void)uv_timer_stop(&gateways->items[i].restart);
        gateway_send(&gateways->items[i], &drain);
    }
    if (gateways->running == 0) {
        gateways->events->on_all_ended(gateways->context);
    }
}

void gateways_close(struct gateways *gateways) {
    if (gateways == NULL) {
        return;
    }
    gateways->is_ending = true;
    gateways->is_closed = true;
    close_listeners(gateways);
    for (size_t i = 0; i < gateways->count; i++) {
        struct gateway *gateway = &gateways->items[i];
        uv_close((uv_handle_t *)&gateway->restart, NULL);
        gateway_cut_off(gateway);
        if (gateway->is_running) {
            (void)uv_process_kill(&gateway->process, SIGKILL);
        }
    }
}

void gateways_free(struct gateways *gateways) {
    if (gateways != NULL) {
        close_listeners(gateways);
        free(gateways);
    }
}
