"""A program with a terminal of its own, and somebody who types."""
# SPDX-License-Identifier: GPL-3.0-or-later
import fcntl
import os
import pty
import select
import signal
import struct
import termios


def at_terminal(command, *typed, columns=0):
    """Runs it with a terminal of its own, that wide if it says so; types each line when it is asked. Returns (status, what was shown)."""
    child, terminal = pty.fork()
    if child == 0:
        if columns:
            fcntl.ioctl(1, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        os.execv(command[0], [str(part) for part in command])
    shown, left = b"", list(typed)
    while select.select([terminal], [], [], 20)[0]:
        try:
            data = os.read(terminal, 4096)
        except OSError:
            break  # the child closed it
        shown += data
        if left and shown.endswith(b": "):
            os.write(terminal, left.pop(0).encode())
    else:
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    os.close(terminal)
    return status, shown.decode()
