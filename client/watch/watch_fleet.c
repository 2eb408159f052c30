// Starting, restarting and ending one process per target.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "client/watch/watch_fleet.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"
#include "client/watch/watch_loop.h"

#define RESTART_MILLISECONDS 10000
#define LOOK_MILLISECONDS 1000

struct worker {
    pid_t process; // 0: none
    int64_t started_at;
};

static volatile sig_atomic_t is_ended;
static volatile sig_atomic_t is_reload;

static void on_signal(int number) {
    if (number == SIGHUP) {
        is_reload = 1;
    } else {
        is_ended = 1;
    }
}

static void on_child(int number) {
    (void)number; // only to end the pause
}

static _Noreturn void become_worker(const struct watch_options *options, pid_t parent,
                                    const sigset_t *mask) {
    struct error err = {0};
    // A worker without its parent would be a second watcher as soon as that is started again.
    (void)prctl(PR_SET_PDEATHSIG, SIGTERM);
    (void)signal(SIGCHLD, SIG_DFL);
    if (getppid() != parent) {
        _exit(1);
    }
    (void)signal(SIGTERM, SIG_DFL);
    (void)signal(SIGINT, SIG_DFL);
    (void)signal(SIGHUP, SIG_IGN); // the parent's to act on
    (void)sigprocmask(SIG_SETMASK, mask, NULL);
    if (watch_loop(options, &err) != RESULT_OK) {
        log_error(LOG_LEVEL_ERROR, "this target cannot be watched", &err);
        _exit(1);
    }
    _exit(0);
}

static void start(struct worker *worker, const struct watch_options *options,
                  const sigset_t *mask) {
    pid_t parent = getpid();
    worker->started_at = clock_monotonic_milliseconds();
    pid_t child = fork();
    if (child == 0) {
        become_worker(options, parent, mask);
    }
    worker->process = child > 0 ? child : 0;
    if (child < 0) {
        log_event(LOG_LEVEL_ERROR, "no process for this target", "target", options->name, NULL);
    }
}

// Takes note of those that ended.
static void reap(struct worker *workers, const struct watch_config *config) {
    pid_t ended = 0;
    while ((ended = waitpid(-1, NULL, WNOHANG)) > 0) {
        for (size_t i = 0; i < config->target_count; i++) {
            if (workers[i].process == ended) {
                workers[i].process = 0;
                log_event(LOG_LEVEL_WARNING, "a watcher ended, it is started again", "target",
                          config->targets[i].name, NULL);
            }
        }
    }
}

static void stop_all(const struct worker *workers, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (workers[i].process > 0) {
            (void)kill(workers[i].process, SIGTERM);
        }
    }
    for (size_t i = 0; i < count; i++) {
        while (workers[i].process > 0 && waitpid(workers[i].process, NULL, 0) < 0 &&
               errno == EINTR) {
        }
    }
}

static enum result take_signals(sigset_t *out_mask, struct error *err) {
    const struct sigaction end = {.sa_handler = on_signal};
    const struct sigaction child = {.sa_handler = on_child};
    sigset_t blocked;
    (void)sigemptyset(&blocked);
    (void)sigaddset(&blocked, SIGTERM);
    (void)sigaddset(&blocked, SIGINT);
    (void)sigaddset(&blocked, SIGHUP);
    (void)sigaddset(&blocked, SIGCHLD);
    if (sigaction(SIGTERM, &end, NULL) != 0 || sigaction(SIGINT, &end, NULL) != 0 ||
        sigaction(SIGHUP, &end, NULL) != 0 || sigaction(SIGCHLD, &child, NULL) != 0 ||
        sigprocmask(SIG_BLOCK, &blocked, out_mask) != 0) {
        return error_from_errno(err, errno, "cannot handle signals");
    }
    return RESULT_OK;
}

enum result watch_fleet_run(const struct watch_config *config, bool *out_is_reload,
                            struct error *err) {
    struct worker workers[LIMIT_WATCH_TARGETS] = {0};
    sigset_t mask;
    log_configure(LOG_LEVEL_INFO, LOG_FORMAT_TEXT, "watch");
    TRY(take_signals(&mask, err));
    const struct timespec look = {.tv_sec = LOOK_MILLISECONDS / 1000};
    while (!is_ended && !is_reload) {
        reap(workers, config);
        int64_t now = clock_monotonic_milliseconds();
        for (size_t i = 0; i < config->target_count; i++) {
            bool is_new = workers[i].started_at == 0;
            if (workers[i].process == 0 &&
                (is_new || now - workers[i].started_at >= RESTART_MILLISECONDS)) {
                start(&workers[i], &config->targets[i].options, &mask);
            }
        }
        (void)ppoll(NULL, 0, &look, &mask);
    }
    stop_all(workers, config->target_count);
    *out_is_reload = !is_ended;
    is_reload = 0; // a signal from here on is another one
    (void)sigprocmask(SIG_SETMASK, &mask, NULL);
    return RESULT_OK;
}

enum result watch_fleet_once(const struct watch_config *config, struct error *err) {
    size_t done = 0;
    enum result result = RESULT_OK;
    for (size_t i = 0; i < config->target_count; i++) {
        struct error reason = {0};
        enum result one = watch_once(&config->targets[i].options, &reason);
        done += one == RESULT_OK;
        if (one == RESULT_OK || strcmp(reason.code, "unchanged") == 0) {
            continue;
        }
        error_context(&reason, "%s", config->targets[i].name);
        if (result != RESULT_OK) {
            log_error(LOG_LEVEL_ERROR, "target failed", &reason);
        } else {
            result = one;
            if (err != NULL) {
                *err = reason;
            }
        }
    }
    return result == RESULT_OK && done == 0
               ? error_set_code(err, RESULT_CONFLICT, "unchanged", "every target is up to date")
               : result;
}
