// Fork, exec, wait.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "client/device/reload.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/limits.h"
#include "base/text.h"

#define WAIT_PAUSE_MILLISECONDS 20
#define STATUS_CANNOT_EXECUTE 127
#define PID_FILE_BYTES 64

// `output` becomes its standard output; -1: that of this process.
static _Noreturn void become(char *const *arguments, int output) {
    sigset_t none;
    (void)sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    (void)setpgid(0, 0); // so that what hangs can be killed with what it started
    if (output < 0 || dup2(output, STDOUT_FILENO) >= 0) {
        (void)execvp(arguments[0], arguments);
    }
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

static void stop_child(pid_t child) {
    int status = 0;
    (void)kill(-child, SIGKILL);
    (void)kill(child, SIGKILL);
    (void)waitpid(child, &status, 0);
}

// Takes what is there without waiting; what does not fit is dropped.
static void drain(int input, struct buf *out) {
    uint8_t piece[4096];
    ssize_t count = 0;
    while (input >= 0 && (count = read(input, piece, sizeof(piece))) > 0) {
        (void)buf_append(out, bytes_of(piece, (size_t)count));
    }
}

static enum result wait_for(pid_t child, char *const *arguments, int seconds, int input,
                            struct buf *out, struct error *err) {
    int64_t end = clock_monotonic_milliseconds() + seconds * 1000LL;
    int status = 0;
    while (!has_ended(child, &status)) {
        drain(input, out);
        if (clock_monotonic_milliseconds() > end) {
            stop_child(child);
            return error_set_code(err, RESULT_UNAVAILABLE, "reload_failed",
                                  "%s did not end within %d seconds", arguments[0], seconds);
        }
        (void)poll(NULL, 0, WAIT_PAUSE_MILLISECONDS);
    }
    drain(input, out);
    return explain(arguments[0], status, err);
}

enum result reload_run_within(char *const *arguments, int seconds, struct error *err) {
    pid_t child = fork();
    if (child < 0) {
        return error_from_errno(err, errno, "cannot start %s", arguments[0]);
    }
    if (child == 0) {
        become(arguments, -1);
    }
    return wait_for(child, arguments, seconds, -1, NULL, err);
}

enum result reload_run(char *const *arguments, struct error *err) {
    return reload_run_within(arguments, LIMIT_RELOAD_SECONDS, err);
}

enum result reload_capture(char *const *arguments, struct buf *out, struct error *err) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) {
        return error_from_errno(err, errno, "cannot make a pipe");
    }
    pid_t child = fork();
    if (child == 0) {
        become(arguments, ends[1]);
    }
    (void)close(ends[1]);
    enum result result = RESULT_OK;
    if (child < 0) {
        result = error_from_errno(err, errno, "cannot start %s", arguments[0]);
    } else {
        (void)fcntl(ends[0], F_SETFL, O_NONBLOCK);
        result = wait_for(child, arguments, LIMIT_RELOAD_SECONDS, ends[0], out, err);
    }
    (void)close(ends[0]);
    return result;
}

enum result reload_by_pid_file(const char *path, struct error *err) {
    AUTO(buf_clear) struct buf text = {0};
    buf_init(&text, PID_FILE_BYTES);
    enum result result = file_read(path, &text, err);
    if (result != RESULT_OK) {
        struct error reason = err != NULL ? *err : (struct error){0};
        return error_set_code(err, RESULT_UNAVAILABLE, "reload_failed", "%s", reason.message);
    }
    int64_t pid = 0;
    size_t digits = strspn(buf_string(&text), "0123456789");
    // Never 0, 1 or a group: a damaged file must not hit somebody else.
    if (text_read_int64(bytes_slice(buf_bytes(&text), 0, digits), 2, INT32_MAX, &pid) !=
        RESULT_OK) {
        return error_set_code(err, RESULT_UNAVAILABLE, "reload_failed",
                              "%s holds no process number", path);
    }
    if (kill((pid_t)pid, SIGHUP) != 0) {
        return error_set_code(err, RESULT_UNAVAILABLE, "reload_failed",
                              "cannot send HUP to process %d of %s: %s", (int)pid, path,
                              strerror(errno));
    }
    return RESULT_OK;
}
