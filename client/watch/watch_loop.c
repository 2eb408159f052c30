// Rounds, pauses and signals of `signet watch`.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "client/watch/watch_loop.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"
#include "client/watch/canary.h"
#include "client/watch/watch_state.h"

#define CHANGE_PAUSE_MILLISECONDS 1000

static volatile sig_atomic_t is_stopped;

// What waits at the moment is interrupted; what the round would wait for after that, a second
// later each.
static void on_signal(int number) {
    (void)number;
    is_stopped = 1;
    (void)alarm(1);
}

// --- log ---------------------------------------------------------------------------------

static void log_report(const struct watch_options *options, const struct watch_report *report) {
    char lists[24];
    char entries[24];
    (void)snprintf(lists, sizeof(lists), "%zu", report->summary.lists);
    (void)snprintf(entries, sizeof(entries), "%zu", report->summary.entries);
    if (report->is_replaced && report->was_damaged) {
        log_event(LOG_LEVEL_WARNING, "there was no usable CRL file", "file", options->file,
                  NULL);
    }
    if (report->is_replaced) {
        log_event(LOG_LEVEL_INFO, "CRL file replaced", "file", options->file, "lists", lists,
                  "revoked", entries, NULL);
    }
    if (report->is_reloaded) {
        log_event(LOG_LEVEL_INFO, "relying party reloaded", "command", report->reloaded_by,
                  NULL);
    }
    if (report->was_restored) {
        log_event(LOG_LEVEL_WARNING, "the CRL file was restored from the watcher's own copy",
                  "file", options->file, NULL);
    }
    if (report->is_restarted) {
        log_event(LOG_LEVEL_INFO, "relying party restarted to end open sessions", "command",
                  report->reloaded_by, NULL);
    }
    if (report->ended > 0) {
        char ended[24];
        (void)snprintf(ended, sizeof(ended), "%zu", report->ended);
        log_event(LOG_LEVEL_INFO, "sessions of revoked certificates ended", "sessions", ended,
                  NULL);
    }
    if (report->told > 0) {
        char told[24];
        (void)snprintf(told, sizeof(told), "%zu", report->told);
        log_event(LOG_LEVEL_INFO, "told who was revoked, to end their sessions", "command",
                  options->revoked[0], "serials", told, NULL);
    }
    if (report->untold > 0) {
        char untold[24];
        (void)snprintf(untold, sizeof(untold), "%zu", report->untold);
        log_event(LOG_LEVEL_WARNING, "more were revoked than can be told one by one", "serials",
                  untold, "cure", "restart the relying party to end their sessions", NULL);
    }
    if (report->was_repaired) {
        log_event(LOG_LEVEL_WARNING,
                  "the first proof failed, writing and telling once more "
                  "helped",
                  "target", options->name, NULL);
    }
    if (report->is_proven) {
        log_event(LOG_LEVEL_INFO, "proven: the good canary gets in, the revoked one does not",
                  "target", options->name, NULL);
    }
    if (report->expires_soon) {
        AUTO(buf_clear) struct buf when = {0};
        buf_init(&when, 64);
        (void)time_format_rfc3339(report->summary.next_update, &when);
        log_event(LOG_LEVEL_WARNING, "the CRL expires soon and there is no newer one", "at",
                  buf_string(&when), "cure",
                  "see whether the authority publishes, and can be reached", NULL);
    }
}

static bool is_code(const struct error *err, const char *code) {
    return strcmp(err->code, code) == 0;
}

// The event that each code is told as.
static const char *name_failure(const struct error *err) {
    static const struct {
        const char *code;
        const char *event;
    } events[] = {
        {"reload_failed", "reload failed"},
        {"proof_failed", "REVOCATION IS NOT ENFORCED, or good clients are refused"},
        {"canary", "nothing can be proven"},
        {"busy", "another watcher has this target"},
    };
    for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++) {
        if (is_code(err, events[i].code)) {
            return events[i].event;
        }
    }
    return "CRL not refreshed";
}

static void record(const struct watch_options *options, const struct watch_report *report,
                   enum result result, const struct error *round_error) {
    struct error err = {0};
    if (watch_state_record(options, report, result, round_error, &err) != RESULT_OK) {
        log_error(LOG_LEVEL_WARNING, "the state could not be written", &err);
    }
}

// Renewal is best effort: a canary that is of no use any more is told by the proof.
static void renew_canary(const struct watch_options *options) {
    struct error err = {0};
    if (options->canary == NULL || options->proof.host[0] == '\0' ||
        canary_renew(options->canary, &err) == RESULT_OK || is_code(&err, "unchanged")) {
        return;
    }
    log_error(LOG_LEVEL_WARNING, "the canaries could not be renewed", &err);
}

// --- rounds ------------------------------------------------------------------------------

enum result watch_once(const struct watch_options *options, struct error *err) {
    AUTO(watch_free_at) struct watch *watch = NULL;
    TRY(watch_new(options, &watch, err));
    log_configure(LOG_LEVEL_INFO, LOG_FORMAT_TEXT, "watch");
    struct watch_report report = {0};
    renew_canary(options);
    enum result result = watch_round(watch, 0, &report, err);
    log_report(options, &report);
    record(options, &report, result, err);
    return result;
}

// Sleeps with the signals let in only here, so that none is missed between looking and
// sleeping.
static void pause_for(int64_t milliseconds, const sigset_t *waiting_mask) {
    struct timespec time = {.tv_sec = milliseconds / 1000,
                            .tv_nsec = (milliseconds % 1000) * 1000000};
    (void)ppoll(NULL, 0, &time, waiting_mask);
}

// Blocks SIGTERM and SIGINT; *out_mask is the mask that lets them in.
static enum result take_signals(sigset_t *out_mask, struct error *err) {
    // File operations are restarted; waiting for the network is not, and ends the round.
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    sigset_t blocked;
    (void)sigemptyset(&blocked);
    (void)sigaddset(&blocked, SIGTERM);
    (void)sigaddset(&blocked, SIGINT);
    if (sigaction(SIGTERM, &action, NULL) != 0 || sigaction(SIGINT, &action, NULL) != 0 ||
        sigaction(SIGALRM, &action, NULL) != 0 ||
        sigprocmask(SIG_BLOCK, &blocked, out_mask) != 0) {
        return error_from_errno(err, errno, "cannot handle signals");
    }
    (void)sigdelset(out_mask, SIGTERM);
    (void)sigdelset(out_mask, SIGINT);
    return RESULT_OK;
}

// What the loop remembers between rounds.
struct rounds {
    struct watch *watch;
    const struct watch_options *options;
    unsigned failures; // in a row
    unsigned early;    // answers in a row that came at once and brought nothing
    bool has_version;  // the server can be asked for what comes after it
    sigset_t waiting_mask;
};

static int64_t wait_seconds(const struct rounds *rounds) {
    int64_t interval = rounds->options->interval_seconds;
    if (rounds->failures > 0) {
        return 0;
    }
    return interval < LIMIT_WATCH_WAIT_SECONDS ? interval : LIMIT_WATCH_WAIT_SECONDS;
}

static void end_round(struct rounds *rounds, enum result result, const struct error *err) {
    const struct watch_options *options = rounds->options;
    if (result != RESULT_OK && !is_code(err, "unchanged")) {
        rounds->failures++;
        log_error(LOG_LEVEL_ERROR, name_failure(err), err);
        return;
    }
    if (rounds->failures > 0) {
        log_event(LOG_LEVEL_INFO, "the CRL is fresh again", "file", options->file, NULL);
    }
    rounds->failures = 0;
}

// 1 s, 2 s, 4 s … up to the interval: one that answers early may have had its reasons once (it
// stopped, or was full), one that always does cannot wait.
static int64_t early_pause(unsigned early, int64_t interval) {
    int64_t pause = early < 20 ? (int64_t)CHANGE_PAUSE_MILLISECONDS << early : interval;
    return pause < interval ? pause : interval;
}

// Milliseconds until the next round. A server that waits with its answer is asked again at
// once, so that a revocation is known in the moment it is published; and so is one that had
// something new while it was asked to wait, or was not asked to: at the start, and after a
// failure.
static int64_t run_round(struct rounds *rounds) {
    struct watch_report report = {0};
    struct error err = {0};
    sigset_t blocked;
    int64_t wait = wait_seconds(rounds);
    renew_canary(rounds->options);
    int64_t begin = clock_monotonic_milliseconds();
    (void)sigprocmask(SIG_SETMASK, &rounds->waiting_mask, &blocked);
    enum result result = watch_round(rounds->watch, wait, &report, &err);
    (void)sigprocmask(SIG_SETMASK, &blocked, NULL);
    log_report(rounds->options, &report);
    if (is_stopped) {
        return 0;
    }
    record(rounds->options, &report, result, &err);
    end_round(rounds, result, &err);
    int64_t elapsed = clock_monotonic_milliseconds() - begin;
    int64_t pause = watch_pause(rounds->watch, rounds->failures);
    if (rounds->failures > 0) {
        return pause;
    }
    bool was_asked = wait > 0 && rounds->has_version;
    rounds->has_version = true;
    if (was_asked && elapsed >= wait * 1000 / 2) {
        rounds->early = 0;
        return 0;
    }
    unsigned early = report.is_replaced ? 0 : rounds->early;
    rounds->early = was_asked && !report.is_replaced ? early + 1 : early;
    return early_pause(early, pause);
}

enum result watch_loop(const struct watch_options *options, struct error *err) {
    AUTO(watch_free_at) struct watch *watch = NULL;
    TRY(watch_new(options, &watch, err));
    log_configure(LOG_LEVEL_INFO, LOG_FORMAT_TEXT,
                  options->name != NULL ? options->name : "watch");
    struct rounds rounds = {.watch = watch, .options = options};
    TRY(take_signals(&rounds.waiting_mask, err));
    log_event(LOG_LEVEL_INFO, "watching", "host", options->url.host, "path",
              options->url.target, "file", options->file, "folder", options->folder, NULL);
    while (!is_stopped) {
        int64_t pause = run_round(&rounds);
        if (!is_stopped) {
            pause_for(pause, &rounds.waiting_mask);
        }
    }
    log_event(LOG_LEVEL_INFO, "watching ended", "file", options->file, NULL);
    return RESULT_OK;
}
