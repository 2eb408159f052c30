// Rounds, pauses and signals of `signet watch`.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "client/watch_loop.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"

static volatile sig_atomic_t is_stopped;

static void on_signal(int number) {
    (void)number;
    is_stopped = 1;
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
    if (report->expires_soon) {
        AUTO(buf_clear) struct buf when = {0};
        buf_init(&when, 64);
        (void)time_format_rfc3339(report->summary.next_update, &when);
        log_event(LOG_LEVEL_WARNING, "the CRL expires soon and there is no newer one", "at",
                  buf_string(&when), "cure", "see whether the authority publishes", NULL);
    }
}

static bool is_code(const struct error *err, const char *code) {
    return strcmp(err->code, code) == 0;
}

// --- rounds ------------------------------------------------------------------------------

enum result watch_once(const struct watch_options *options, struct error *err) {
    AUTO(watch_free_at) struct watch *watch = NULL;
    TRY(watch_new(options, &watch, err));
    log_configure(LOG_LEVEL_INFO, LOG_FORMAT_TEXT, "watch");
    struct watch_report report = {0};
    enum result result = watch_round(watch, 0, &report, err);
    log_report(options, &report);
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
        sigprocmask(SIG_BLOCK, &blocked, out_mask) != 0) {
        return error_from_errno(err, errno, "cannot handle signals");
    }
    (void)sigdelset(out_mask, SIGTERM);
    (void)sigdelset(out_mask, SIGINT);
    return RESULT_OK;
}

// The number of failures in a row.
static unsigned run_round(struct watch *watch, const struct watch_options *options,
                          unsigned failures, const sigset_t *waiting_mask) {
    struct watch_report report = {0};
    struct error err = {0};
    sigset_t blocked;
    (void)sigprocmask(SIG_SETMASK, waiting_mask, &blocked);
    enum result result = watch_round(watch, 0, &report, &err);
    (void)sigprocmask(SIG_SETMASK, &blocked, NULL);
    log_report(options, &report);
    if (is_stopped) {
        return failures;
    }
    if (result == RESULT_OK || is_code(&err, "unchanged")) {
        if (failures > 0) {
            log_event(LOG_LEVEL_INFO, "the CRL is fresh again", "file", options->file, NULL);
        }
        return 0;
    }
    log_error(LOG_LEVEL_ERROR,
              is_code(&err, "reload_failed") ? "reload failed" : "CRL not refreshed", &err);
    return failures + 1;
}

enum result watch_loop(const struct watch_options *options, struct error *err) {
    AUTO(watch_free_at) struct watch *watch = NULL;
    TRY(watch_new(options, &watch, err));
    log_configure(LOG_LEVEL_INFO, LOG_FORMAT_TEXT, "watch");
    sigset_t waiting_mask;
    TRY(take_signals(&waiting_mask, err));
    log_event(LOG_LEVEL_INFO, "watching", "host", options->url.host, "path",
              options->url.target, "file", options->file, NULL);
    unsigned failures = 0;
    while (!is_stopped) {
        failures = run_round(watch, options, failures, &waiting_mask);
        if (!is_stopped) {
            pause_for(watch_pause(watch, failures), &waiting_mask);
        }
    }
    log_event(LOG_LEVEL_INFO, "watching ended", "file", options->file, NULL);
    return RESULT_OK;
}
