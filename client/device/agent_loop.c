// The agent's loop: looking, sleeping, and a child for every turn, so that TLS and all it needs
// is in no memory while the agent sleeps.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "client/device/agent_loop.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/prctl.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/text.h"
#include "client/device/agent.h"
#include "client/connect/credential.h"
#include "client/device/folder.h"
#include "client/device/renew.h"
#include "client/device/settings.h"

#define AGENT_LOCK ".agent.lock"
// A turn after which the same is still due could not even be noted: the next is not at once.
#define UNNOTED_PAUSE_SECONDS 60
#define EVENT_BYTES 4096
// Told only when something is there that was not, or moved in place.
#define FOLDER_EVENTS (IN_CREATE | IN_MOVED_TO | IN_DELETE_SELF | IN_ONLYDIR)

struct home {
    const char *path;
    struct folder_lock lock;
    bool is_missing; // and this was told
};

struct agent {
    struct home *homes;
    size_t home_count;
    int events; // inotify
    int timer;
    int64_t next; // the earliest moment that something is due
    bool has_told_clock;
    sigset_t waiting_mask;
};

static volatile sig_atomic_t is_ended;

static void on_end(int number) {
    (void)number;
    is_ended = 1;
}

static void on_wake(int number) {
    (void)number; // only to end the sleep
}

// --- a turn ------------------------------------------------------------------------------

static void log_turn(const char *name, const struct agent_report *report, enum result result,
                     const struct error *err) {
    AUTO(buf_clear) struct buf end = {0};
    buf_init(&end, 64);
    if (report->is_renewed) {
        (void)time_format_rfc3339(report->about.not_after, &end);
        log_event(LOG_LEVEL_INFO, "certificate renewed", "name", name, "serial",
                  report->about.serial, "until", buf_string(&end), NULL);
    }
    if (report->has_new_cas) {
        log_event(LOG_LEVEL_INFO, "new CAs of the authority installed", "name", name, NULL);
    }
    if (report->is_hooked) {
        log_event(LOG_LEVEL_INFO, "hook run", "name", name, NULL);
    }
    if (result == RESULT_PENDING) {
        log_error(LOG_LEVEL_INFO, "renewal waits", err);
    } else if (result != RESULT_OK && strcmp(err->code, "unchanged") != 0) {
        log_error(LOG_LEVEL_ERROR, report->has_hook_failed ? "hook failed" : "renewal failed",
                  err);
    }
}

static _Noreturn void become_turn(const struct agent *agent, pid_t parent, const char *folder,
                                  const char *name) {
    struct agent_report report = {0};
    struct error err = {0};
    (void)prctl(PR_SET_PDEATHSIG, SIGTERM);
    (void)signal(SIGTERM, SIG_DFL);
    (void)signal(SIGINT, SIG_DFL);
    (void)signal(SIGHUP, SIG_IGN);
    (void)signal(SIGCHLD, SIG_DFL);
    (void)sigprocmask(SIG_SETMASK, &agent->waiting_mask, NULL);
    if (getppid() != parent) {
        _exit(1);
    }
    enum result result = agent_step(folder, name, AGENT_WHEN_DUE, &report, &err);
    log_turn(name, &report, result, &err);
    message_clear(&about_type, &report.about);
    _exit(result == RESULT_OK ? 0 : 1);
}

// Waits for the child without looking again and again; kills it when it takes too long, or when
// the agent is to end.
static void await_turn(pid_t child, const char *name) {
    const struct timespec patience = {.tv_sec = LIMIT_AGENT_STEP_SECONDS};
    int status = 0;
    sigset_t ends;
    (void)sigemptyset(&ends);
    (void)sigaddset(&ends, SIGCHLD);
    (void)sigaddset(&ends, SIGTERM);
    (void)sigaddset(&ends, SIGINT);
    while (waitpid(child, &status, WNOHANG) == 0) {
        int number = sigtimedwait(&ends, NULL, &patience);
        if (number == SIGTERM || number == SIGINT) {
            is_ended = 1;
            (void)kill(child, SIGTERM);
        } else if (number < 0 && errno == EAGAIN) {
            log_event(LOG_LEVEL_ERROR, "this credential takes too long", "name", name, NULL);
            (void)kill(child, SIGKILL);
        }
    }
}

static void give_turn(const struct agent *agent, const char *folder, const char *name) {
    pid_t parent = getpid();
    pid_t child = fork();
    if (child == 0) {
        become_turn(agent, parent, folder, name);
    }
    if (child > 0) {
        await_turn(child, name);
    } else {
        log_event(LOG_LEVEL_ERROR, "no process for this credential", "name", name, NULL);
    }
}

// --- looking -----------------------------------------------------------------------------

static void wait_until(struct agent *agent, int64_t time) {
    agent->next = time < agent->next ? time : agent->next;
}

// Gives a credential its turn when it is due, and notes when it is the next time.
static void look_at(struct agent *agent, const char *folder, const char *name) {
    struct error err = {0};
    int64_t next = 0;
    enum result result = agent_find_next(folder, &next, &err);
    if (result == RESULT_OK && next <= clock_now()) {
        give_turn(agent, folder, name);
        result = agent_find_next(folder, &next, &err);
        int64_t now = clock_now();
        next = next > now ? next : now + UNNOTED_PAUSE_SECONDS;
    }
    if (result == RESULT_OK) {
        wait_until(agent, next);
        return;
    }
    error_context(&err, "%s", name);
    log_error(LOG_LEVEL_ERROR, "this credential cannot be kept", &err);
    wait_until(agent, clock_now() + LIMIT_AGENT_LOOK_SECONDS);
}

// False when its changes cannot be heard of.
static bool listen_to(const struct agent *agent, const char *path) {
    return inotify_add_watch(agent->events, path, FOLDER_EVENTS) >= 0;
}

static void look_into(struct agent *agent, const struct home *home, const char *name) {
    AUTO(buf_clear) struct buf path = {0};
    AUTO(buf_clear) struct buf link = {0};
    buf_init(&path, LIMIT_PATH_BYTES);
    buf_init(&link, LIMIT_PATH_BYTES);
    if (path_join(&path, home->path, name) != RESULT_OK ||
        path_join(&link, buf_string(&path), CREDENTIAL_CURRENT) != RESULT_OK) {
        return;
    }
    // Listening comes before looking, so that nothing is missed between.
    bool is_heard = listen_to(agent, buf_string(&path));
    if (!file_exists(buf_string(&link))) {
        return;
    }
    if (!is_heard) {
        wait_until(agent, clock_now() + LIMIT_AGENT_LOOK_SECONDS);
    }
    look_at(agent, buf_string(&path), name);
}

// Locks what is there; what is not is looked for later.
static enum result take_home(const struct agent *agent, struct home *home, struct error *err) {
    if (!listen_to(agent, home->path)) {
        return error_from_errno(err, errno, "cannot look at %s", home->path);
    }
    return home->lock.is_held ? RESULT_OK
                              : folder_lock_now(home->path, AGENT_LOCK, &home->lock, err);
}

static void look_at_home(struct agent *agent, struct home *home) {
    AUTO(text_list_clear) struct text_list names = {0};
    struct error err = {0};
    enum result result = take_home(agent, home, &err);
    if (result == RESULT_OK) {
        result = folder_list(home->path, &names, &err);
    }
    if (result != RESULT_OK) {
        folder_unlock(&home->lock); // the one that comes back is another
        if (!home->is_missing) {
            log_error(LOG_LEVEL_WARNING, "this folder cannot be kept now", &err);
        }
        home->is_missing = true;
        wait_until(agent, clock_now() + LIMIT_AGENT_LOOK_SECONDS);
        return;
    }
    home->is_missing = false;
    for (size_t i = 0; i < names.count && !is_ended; i++) {
        look_into(agent, home, names.items[i]);
    }
}

// --- sleeping ----------------------------------------------------------------------------

// The agent's own files move in place, too, and change nothing.
static bool is_of_interest(const struct inotify_event *event) {
    if (event->len == 0) {
        return true;
    }
    if ((event->mask & IN_ISDIR) != 0) {
        return event->name[0] != '.' && !text_starts_with(event->name, RENEW_PENDING_PREFIX);
    }
    return strcmp(event->name, CREDENTIAL_CURRENT) == 0 ||
           strcmp(event->name, SETTINGS_FILE) == 0;
}

// Takes all that was heard; whether any of it is a reason to look.
static bool hear(const struct agent *agent) {
    union {
        struct inotify_event event;
        uint8_t bytes[EVENT_BYTES];
    } heard;
    bool is_reason = false;
    ssize_t count = 0;
    while ((count = read(agent->events, &heard, sizeof(heard))) > 0) {
        struct bytes rest = bytes_of(heard.bytes, (size_t)count);
        while (rest.size >= sizeof(struct inotify_event)) {
            struct inotify_event head;
            memcpy(&head, rest.data, sizeof(head));
            // The kernel aligns the events.
            is_reason = is_reason ||
                        is_of_interest((const struct inotify_event *)(const void *)rest.data);
            rest = bytes_slice(rest, sizeof(head) + head.len, SIZE_MAX);
        }
    }
    return is_reason;
}

// A timer of the wall clock: it is told when that is set, and counts the time of suspension.
static void set_timer(const struct agent *agent) {
    struct itimerspec time = {.it_value.tv_sec = (time_t)agent->next};
    if (agent->next == INT64_MAX) {
        time = (struct itimerspec){0}; // nothing to wait for but news
    }
    (void)timerfd_settime(agent->timer, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &time,
                          NULL);
}

static bool has_timer_ended(const struct agent *agent) {
    uint64_t times = 0;
    return read(agent->timer, &times, sizeof(times)) > 0 || errno == ECANCELED;
}

// Also lets signals in, which a descriptor that is ready at once would keep out.
static void pause_a_second(const struct agent *agent) {
    const struct timespec second = {.tv_sec = 1};
    (void)ppoll(NULL, 0, &second, &agent->waiting_mask);
}

static void sleep_until_reason(const struct agent *agent) {
    set_timer(agent);
    while (!is_ended) {
        struct pollfd waits[] = {{.fd = agent->events, .events = POLLIN},
                                 {.fd = agent->timer, .events = POLLIN}};
        if (ppoll(waits, 2, NULL, &agent->waiting_mask) < 0) {
            return; // a signal
        }
        bool is_reason = hear(agent);
        bool has_ended = has_timer_ended(agent);
        if (has_ended && clock_now() < agent->next) {
            // The clock was set; or it is another than the kernel's, and the timer of no use.
            pause_a_second(agent);
        }
        if (has_ended || is_reason) {
            return;
        }
    }
}

// Nothing is due in 1970, and the agent sleeps until the clock is set; a person should know why.
static void tell_of_clock(struct agent *agent) {
    AUTO(buf_clear) struct buf now = {0};
    buf_init(&now, 64);
    bool is_set = clock_now() >= CLOCK_LEAST;
    if (!is_set && !agent->has_told_clock &&
        time_format_rfc3339(clock_now(), &now) == RESULT_OK) {
        log_event(LOG_LEVEL_WARNING, "this machine's clock is not set", "time",
                  buf_string(&now), "cure", "set it; the agent goes on by itself then", NULL);
    }
    agent->has_told_clock = !is_set;
}

// --- the whole ---------------------------------------------------------------------------

static enum result take_signals(struct agent *agent, struct error *err) {
    const struct sigaction end = {.sa_handler = on_end};
    const struct sigaction wake = {.sa_handler = on_wake};
    sigset_t blocked;
    (void)sigemptyset(&blocked);
    (void)sigaddset(&blocked, SIGTERM);
    (void)sigaddset(&blocked, SIGINT);
    (void)sigaddset(&blocked, SIGHUP);
    (void)sigaddset(&blocked, SIGCHLD);
    if (sigaction(SIGTERM, &end, NULL) != 0 || sigaction(SIGINT, &end, NULL) != 0 ||
        sigaction(SIGHUP, &wake, NULL) != 0 || sigaction(SIGCHLD, &wake, NULL) != 0 ||
        sigprocmask(SIG_BLOCK, &blocked, &agent->waiting_mask) != 0) {
        return error_from_errno(err, errno, "cannot handle signals");
    }
    (void)sigdelset(&agent->waiting_mask, SIGTERM);
    (void)sigdelset(&agent->waiting_mask, SIGINT);
    (void)sigdelset(&agent->waiting_mask, SIGHUP);
    // Those that wait for a child take note of it themselves: it is no reason to wake.
    (void)sigaddset(&agent->waiting_mask, SIGCHLD);
    return RESULT_OK;
}

// Two agents on one folder would run its hooks twice: the second does not begin.
static enum result refuse_taken(const struct agent *agent, struct error *err) {
    for (size_t i = 0; i < agent->home_count; i++) {
        struct error reason = {0};
        struct home *home = &agent->homes[i];
        if (file_exists(home->path) &&
            folder_lock_now(home->path, AGENT_LOCK, &home->lock, &reason) != RESULT_OK) {
            if (err != NULL) {
                *err = reason;
            }
            return reason.result;
        }
    }
    return RESULT_OK;
}

static enum result run(struct agent *agent, struct error *err) {
    TRY(take_signals(agent, err));
    TRY(refuse_taken(agent, err));
    agent->events = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    agent->timer = timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK | TFD_CLOEXEC);
    if (agent->events < 0 || agent->timer < 0) {
        return error_from_errno(err, errno, "cannot prepare to sleep");
    }
    log_event(LOG_LEVEL_INFO, "keeping", "folder", agent->homes[0].path, NULL);
    while (!is_ended) {
        agent->next = INT64_MAX;
        tell_of_clock(agent);
        for (size_t i = 0; i < agent->home_count && !is_ended; i++) {
            look_at_home(agent, &agent->homes[i]);
        }
        if (!is_ended) {
            sleep_until_reason(agent);
        }
    }
    log_event(LOG_LEVEL_INFO, "keeping ended", NULL);
    return RESULT_OK;
}

enum result agent_run(const struct text_list *folders, struct error *err) {
    struct home homes[LIMIT_AGENT_FOLDERS] = {0};
    struct agent agent = {
        .homes = homes, .home_count = folders->count, .events = -1, .timer = -1};
    for (size_t i = 0; i < folders->count; i++) {
        homes[i].path = folders->items[i];
    }
    log_configure(LOG_LEVEL_INFO, LOG_FORMAT_TEXT, "agent");
    enum result result = run(&agent, err);
    for (size_t i = 0; i < folders->count; i++) {
        folder_unlock(&homes[i].lock);
    }
    if (agent.events >= 0) {
        (void)close(agent.events);
    }
    if (agent.timer >= 0) {
        (void)close(agent.timer);
    }
    return result;
}
