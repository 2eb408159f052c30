// Fork, exec, wait.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "client/reload.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/limits.h"

#define WAIT_PAUSE_MILLISECONDS 20
#define STATUS_CANNOT_EXECUTE 127

static _Noreturn void become(char *const *arguments) {
    sigset_t none;
    (void)sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    (void)setpgid(0, 0); // so that what hangs can be killed with what it started
    (void)execvp(arguments[0], arguments);
    _exit(STATUS_CANNOT_EXECUTE);
}

// False while it runs.
static bool has_ended(pid_t child, int *out_status) {
    pid_t ended = waitpid(child, out_status, WNOHANG);
    return ended == child || (ended < 0 && errno != EINTR);
}

static enum result explain(const char *command, int status, struct error *err) {
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
        return RESULT_OK;
    }
    if (WIFEXITED(status) && WEXITSTATUS(status) == STATUS_CANNOT_EXECUTE) {
        return error_set_code(err, RESULT_UNAVAILABLE, "reload_failed",
                              "%s cannot be run, or says that it cannot (status 127)", command);
    }
    if (WIFEXITED(status)) {
        return error_set_code(err, RESULT_UNAVAILABLE, "reload_failed",
                              "%s ended with status %d", command, WEXITSTATUS(status));
    }
    return error_set_code(err, RESULT_UNAVAILABLE, "reload_failed", "%s was ended by signal %d",
                          command, WIFSIGNALED(status) ? WTERMSIG(status) : 0);
}

enum result reload_run(char *const *arguments, struct error *err) {
    pid_t child = fork();
    if (child < 0) {
        return error_from_errno(err, errno, "cannot start %s", arguments[0]);
    }
    if (child == 0) {
        become(arguments);
    }
    int64_t end = clock_monotonic_milliseconds() + LIMIT_RELOAD_SECONDS * 1000;
    int status = 0;
    while (!has_ended(child, &status)) {
        if (clock_monotonic_milliseconds() > end) {
            (void)kill(-child, SIGKILL);
            (void)kill(child, SIGKILL);
            (void)waitpid(child, &status, 0);
            return error_set_code(err, RESULT_UNAVAILABLE, "reload_failed",
                                  "%s did not end within %d seconds", arguments[0],
                                  LIMIT_RELOAD_SECONDS);
        }
        (void)poll(NULL, 0, WAIT_PAUSE_MILLISECONDS);
    }
    return explain(arguments[0], status, err);
}
