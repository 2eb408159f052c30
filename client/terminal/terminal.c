// Asking without echo, and telling, through /dev/tty.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "client/terminal/terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#define TERMINAL "/dev/tty"

static void descriptor_close(const int *descriptor) {
    if (*descriptor >= 0) {
        (void)close(*descriptor);
    }
}

static int open_terminal(void) {
    return open(TERMINAL, O_RDWR | O_CLOEXEC | O_NOCTTY);
}

static enum result no_terminal(struct error *err) {
    (void)error_set_code(err, RESULT_NOT_FOUND, "no_terminal", "there is no terminal here");
    return RESULT_NOT_FOUND;
}

static enum result write_all(int descriptor, struct bytes text, struct error *err) {
    while (text.size > 0) {
        ssize_t count = write(descriptor, text.data, text.size);
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count < 0) {
            return error_from_errno(err, errno, "cannot write to the terminal");
        }
        text = bytes_slice(text, (size_t)count, text.size);
    }
    return RESULT_OK;
}

bool terminal_exists(void) {
    AUTO(descriptor_close) int descriptor = open_terminal();
    return descriptor >= 0;
}

enum result terminal_tell(struct bytes text, struct error *err) {
    AUTO(descriptor_close) int descriptor = open_terminal();
    return descriptor >= 0 ? write_all(descriptor, text, err) : no_terminal(err);
}

// --- signals while the echo is off -------------------------------------------------------------

// Those that end or stop a process at its terminal. Not the two for background processes: such a one
// stops before it touches the echo of another's terminal.
static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGALRM, SIGTSTP};
#define SIGNAL_COUNT (sizeof(signals) / sizeof(signals[0]))

static volatile sig_atomic_t caught;

static void catch_signal(int number) {
    caught = number;
}

// How signals were handled before.
struct handling {
    sigset_t mask;
    struct sigaction actions[SIGNAL_COUNT];
};

// From now on they are held back, but while wait_for_input waits: one that came just before would be
// forgotten otherwise.
static void catch_signals(struct handling *out_usual) {
    struct sigaction action = {.sa_handler = catch_signal};
    sigset_t held;
    (void)sigemptyset(&action.sa_mask);
    (void)sigemptyset(&held);
    for (size_t i = 0; i < SIGNAL_COUNT; i++) {
        (void)sigaddset(&held, signals[i]);
    }
    caught = 0;
    (void)sigprocmask(SIG_BLOCK, &held, &out_usual->mask);
    for (size_t i = 0; i < SIGNAL_COUNT; i++) {
        (void)sigaction(signals[i], &action, &out_usual->actions[i]);
    }
}

// The one that was caught has its usual effect now.
static void release_signals(const struct handling *usual) {
    for (size_t i = 0; i < SIGNAL_COUNT; i++) {
        (void)sigaction(signals[i], &usual->actions[i], NULL);
    }
    if (caught != 0) {
        (void)raise(caught);
    }
    (void)sigprocmask(SIG_SETMASK, &usual->mask, NULL);
}

static bool wait_for_input(int descriptor, const struct handling *usual) {
    struct pollfd waiting = {.fd = descriptor, .events = POLLIN};
    while (caught == 0) {
        if (ppoll(&waiting, 1, NULL, &usual->mask) > 0) {
            return true;
        }
    }
    return false;
}

// --- asking --------------------------------------------------------------------------------

// One character at a time, so that nothing of the next line is taken. Bytes beyond the buffer's maximum
// are an error, not cut off: half a password is another password.
static enum result read_line(int descriptor, const struct handling *usual, struct buf *out,
                             struct error *err) {
    for (;;) {
        uint8_t character = 0;
        if (!wait_for_input(descriptor, usual) || read(descriptor, &character, 1) != 1) {
            return error_set_code(err, RESULT_UNAVAILABLE, "interrupted",
                                  "nothing was typed to the end");
        }
        if (character == '\n' || character == '\r') {
            return RESULT_OK;
        }
        if (buf_append_byte(out, character) != RESULT_OK) {
            (void)tcflush(descriptor, TCIFLUSH);
            return error_set_code(err, RESULT_LIMIT, "password",
                                  "that is too long: at most %zu characters", out->maximum);
        }
    }
}

static enum result ask_silently(int descriptor, const char *question,
                                const struct handling *usual, struct buf *out,
                                struct error *err) {
    TRY(write_all(descriptor, bytes_of_string(question), err));
    enum result result = read_line(descriptor, usual, out, err);
    (void)write_all(descriptor, BYTES_LITERAL("\n"), NULL); // in place of the one not echoed
    return result;
}

static enum result ask_without_echo(int descriptor, const char *question, struct buf *out,
                                    struct error *err) {
    struct termios usual;
    struct handling handling;
    if (tcgetattr(descriptor, &usual) != 0) {
        return no_terminal(err);
    }
    struct termios silent = usual;
    silent.c_lflag &= ~(tcflag_t)(ECHO | ECHONL);
    catch_signals(&handling);
    enum result result =
        tcsetattr(descriptor, TCSAFLUSH, &silent) == 0
            ? ask_silently(descriptor, question, &handling, out, err)
            : error_from_errno(err, errno, "cannot switch the terminal's echo off");
    (void)tcsetattr(descriptor, TCSAFLUSH, &usual);
    release_signals(&handling);
    return result;
}

enum result terminal_ask_secret(const char *question, struct buf *out, struct error *err) {
    AUTO(descriptor_close) int descriptor = open_terminal();
    if (descriptor < 0) {
        return no_terminal(err);
    }
    return ask_without_echo(descriptor, question, out, err);
}

size_t terminal_width(void) {
    struct winsize size = {0};
    bool is_known = isatty(STDOUT_FILENO) && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0;
    return is_known ? size.ws_col : 0;
}
